"""A good practice from its first draft to its use elsewhere, as its people do it in a browser, and on paper."""

from __future__ import annotations

import re

import pytest

from forum.db import RawConnection
from forum.domain.entities import TopicId
from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.test_accessibility import looks_right
from tests.browser.window import Window, everywhere
from tests.domain import practising
from tests.domain.practising import PRACTICE
from tests.site import Site

_TITLE = "Μισές διαρροές σε δύο χρόνια"
_FIRST, _SECOND = ("teaser", "problem"), ("solution", "resources")
_THIRD = ("transfer", "contact")


async def _sitting(window: Window, *names: str) -> None:
    """Go on with the draft, and save it."""
    async with window.without_scripts():  # with them it is saved in place
        await window.go("/categories/good-practices/new?kind=good_practice")
        for name in names:
            value = _TITLE if name == "title" else PRACTICE[name]
            await window.main.locator(f"#{name}").fill(value)
        await window.press(window.say("Save as draft"))
        await window.says("Your draft is saved.")


@pytest.mark.parametrize("has_scripts", [False, True], ids=["plain", "scripts"])
@everywhere
async def test_a_practice_is_written_returned_submitted_again_validated_and_taken_up(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int, has_scripts: bool
) -> None:
    async def window_of(person: str) -> Window:
        return await open_page(person, language=language, width=width, scripts=has_scripts)

    maria = await window_of("maria")
    await _sitting(maria, "title", *_FIRST)
    await _sitting(maria, *_SECOND)
    await maria.go("/categories/good-practices/new?kind=good_practice")
    assert await maria.main.locator("#title").input_value() == _TITLE
    for name in (*_FIRST, *_SECOND):
        assert await maria.main.locator(f"#{name}").input_value() == PRACTICE[name]
    for name in _THIRD:
        await maria.main.locator(f"#{name}").fill(PRACTICE[name])
    for name, value in PRACTICE["indicators"][0].items():
        await maria.main.locator(f"[name='indicators.1.{name}']").fill(value)
    await maria.press(maria.say("Submit for validation"))
    found = re.search(r"/topics/(\d+)/", maria.path)
    assert found
    topic_id, path = TopicId(int(found[1])), maria.path.partition("#")[0]
    await maria.says("Submitted")
    assert await maria.main.locator("figure.bars svg[role=img]").count() == 1
    await looks_right(maria)

    moderator = await window_of("moderator")
    await moderator.go("/validations")
    await moderator.follow(_TITLE, within=moderator.main)
    await moderator.follow(moderator.say("Validate or return"))
    await moderator.press(moderator.say("Decide"), status=422)
    await looks_right(moderator)
    await moderator.main.locator("#verdict-returned").check()
    await moderator.main.locator("#opinion").fill("Λείπει ποιος δούλεψε.")
    await moderator.press(moderator.say("Decide"))
    await moderator.shows("Λείπει ποιος δούλεψε.")
    assert await practising.state(owner, topic_id) == "returned"

    nikos = await window_of("nikos")
    await nikos.go(path)
    await nikos.says("The good practice was returned with reasons")
    await nikos.hides("Λείπει ποιος δούλεψε.")

    await maria.go(path)
    await maria.shows("Λείπει ποιος δούλεψε.")
    await maria.press(maria.say("Submit it again"))
    await maria.says("The good practice is submitted again. The validators are told.")

    await moderator.go(f"/topics/{topic_id}/validation/new")
    await moderator.main.locator("#verdict-validated").check()
    await moderator.main.locator("#opinion").fill("Σαφής και πλήρης.")
    await moderator.press(moderator.say("Decide"))

    await nikos.go(path)
    await nikos.shows("Σαφής και πλήρης.")
    await nikos.follow(nikos.say("Take it up for your municipality"))
    await looks_right(nikos)
    await nikos.main.locator("#note").fill("Πόσο κόστισε;")
    await nikos.press(nikos.say("Take it up"))
    await nikos.shows("Πόσο κόστισε;")
    await nikos.follow(nikos.say("Say how far your municipality is"))
    await nikos.main.locator("#stage").select_option("in_use")
    await nikos.main.locator("#outcome").fill("Μείον 12 %")
    await nikos.press(nikos.say("Save"), within=nikos.main)
    await looks_right(nikos)
    await nikos.go("/municipalities/mytilene")
    await nikos.shows(_TITLE)
    await looks_right(nikos)
    await maria.go(path)
    await maria.shows("Μείον 12 %")
    await looks_right(maria)
    await maria.go("/good-practices/like-mine")
    await looks_right(maria)
    administrator = await window_of("administrator")
    await administrator.go("/admin/categories/good-practices/validators")
    await looks_right(administrator)


@pytest.mark.parametrize("language", ["el", "en"])
async def test_a_practice_prints_on_one_page(open_page: OpenPage, site: Site, language: Language) -> None:
    words = "Το δίκτυο είναι του 1974 και κανείς δεν ήξερε πού χάνεται το νερό ως τη βρύση. " * 7
    texts = dict.fromkeys(("problem", "solution", "resources", "difficulties", "transfer"), words.strip())
    program = await site.program("maria")
    fields = PRACTICE | texts | {"links": ["https://example.org/water"], "from_day": "2023-01-01"}
    sent = {"category": "good-practices", "kind": "good_practice", "title": _TITLE, "fields": fields, "language": "el"}
    answer = await program.post("/api/v1/topics", json=sent)
    assert answer.status == 201, answer.text
    made = answer.json
    window = await open_page("nikos", language=language)
    await window.go(f"/topics/{made['id']}/{made['slug']}")
    pdf = await window.page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    await window.page.emulate_media(media="print")
    for hidden in ("nav", "form", ".post-foot", ".practice-users", ".editor"):
        for each in await window.page.locator(hidden).all():
            assert not await each.is_visible(), hidden
    for shown in (_TITLE, PRACTICE["teaser"], PRACTICE["contact"], f"/topics/{made['id']}/{made['slug']}"):
        assert await window.page.get_by_text(shown).first.is_visible(), shown
