"""A call is posted, found by its deadline, joined, answered and filled, by three people, with scripts and without."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

import pytest
from playwright.async_api import expect

from forum.domain.entities import TopicId
from forum.i18n import Language
from forum.keys import DB
from tests.browser.conftest import OpenPage
from tests.browser.test_accessibility import looks_right
from tests.browser.window import PATIENCE, Window, everywhere
from tests.domain import proposing
from tests.site import Site

_LIST: Final = "/categories/proposals"
_NEW: Final = f"{_LIST}/new?kind=proposal"
_TITLE: Final = "Κοινός σχεδιασμός για την ξηρασία"
_SUMMARY: Final = "Σχέδια για τη λειψυδρία σε νησιά και παράκτιους δήμους."


async def _draft(window: Window) -> None:
    """Begin with the call and leave it as a draft."""
    await window.go(_LIST)
    await window.follow(window.say("New proposal"))
    await window.main.locator("#title").fill(_TITLE)
    await window.main.locator("#type").select_option("call")
    await window.main.locator("#programme").fill("Interreg Euro-MED")
    await looks_right(window, "call-new")
    save = window.main.get_by_role("button", name=window.say("Save as draft"))
    if window.has_scripts:
        await save.click()
        await expect(window.page.locator(".draft-note")).to_be_visible(timeout=PATIENCE)
        await expect(window.page.locator(".draft-note")).not_to_be_empty(timeout=PATIENCE)
    else:
        await window.press(window.say("Save as draft"))
        await window.says("Your draft is saved.")


async def _post(window: Window) -> tuple[TopicId, str]:
    """Go on with the draft, be refused, and publish; return the topic and its path."""
    await _draft(window)
    await window.go(_NEW)
    assert await window.main.locator("#title").input_value() == _TITLE
    await window.main.locator("#summary").fill(_SUMMARY)
    await window.main.locator("[name='themes.water']").check()
    for country in ("CY", "GR"):
        await window.main.locator(f"[name='countries.{country}']").check()
    moment = window.main.locator("fieldset:has(#deadline)")
    await moment.get_by_label(window.say("Time"), exact=True).fill("17:00")
    await moment.get_by_label(window.say("Time zone"), exact=True).select_option("Europe/Brussels")
    await window.main.locator("#lead").select_option("larnaca")
    await window.main.locator("#partners_min").fill("2")
    await window.main.locator("#countries_min").fill("2")
    await window.press(window.say("Publish the topic"), status=422)
    assert (await window.page.title()).startswith(window.say("Error:"))
    summary = window.main.get_by_role("alert")
    for label in ("Deadline", "Contact"):
        assert await summary.get_by_role("link", name=window.say(label)).count() == 1, label
    assert await summary.get_by_role("link").count() == 2
    await looks_right(window, "call-refused")
    for name, value in {
        "title": _TITLE,
        "type": "call",
        "programme": "Interreg Euro-MED",
        "summary": _SUMMARY,
        "deadline.time": "17:00",
        "deadline.zone": "Europe/Brussels",
        "lead": "larnaca",
        "partners_min": "2",
        "countries_min": "2",
    }.items():
        assert await window.main.locator(f"[name='{name}']").input_value() == value, name
    for name in ("themes.water", "countries.CY", "countries.GR"):
        assert await window.main.locator(f"[name='{name}']").is_checked(), name
    await summary.get_by_role("link", name=window.say("Deadline")).click()
    assert await window.page.evaluate("document.activeElement.id") == "deadline"
    await window.main.locator("#deadline").fill("2098-12-15")
    await window.main.locator("#contact").fill("brussels@union.example")
    await window.press(window.say("Publish the topic"))
    await window.says("Your topic is published.")
    await window.shows("15/12/2098, 17:00")
    await looks_right(window, "call-posted")
    found = re.search(r"/topics/(\d+)/", window.path)
    assert found
    return TopicId(int(found[1])), window.path.partition("#")[0]


async def _find(window: Window) -> None:
    """Find the call among those that close sooner and later."""
    await window.go(_LIST)
    titles = window.main.locator("a.t-title")
    assert await titles.all_inner_texts() == ["Κλείνει νωρίτερα", _TITLE, "Κλείνει αργότερα"]
    await looks_right(window, "call-list")
    await window.follow(window.say("Have closed"), within=window.main)
    assert await titles.count() == 0
    await looks_right(window)
    await window.follow(window.say("Closing next"), within=window.main)
    filters = window.main.locator("form.filters")
    if not await filters.is_visible():
        await window.main.locator(".sifting summary").click()
    await filters.locator("#type").select_option("call")
    await filters.locator("#state").select_option("open")
    await window.press(window.say("Apply"), within=filters)
    assert await titles.all_inner_texts() == [_TITLE]
    await looks_right(window, "call-found")
    await window.follow(_TITLE, within=window.main)


async def _table(window: Window) -> list[list[str]]:
    """Take the consortium home as a table."""
    async with window.page.expect_download() as download:
        await window.main.get_by_role("link", name=window.say("As a table (CSV)")).click()
    path = await (await download.value).path()
    return list(csv.reader(io.StringIO(path.read_text("utf-8-sig")), delimiter=";"))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@everywhere
async def test_a_call_is_posted_and_finds_its_partners(
    open_page: OpenPage, site: Site, language: Language, width: int, scripts: bool
) -> None:
    db = site.app[DB]
    for title, year in (("Κλείνει αργότερα", 2099), ("Κλείνει νωρίτερα", 2097)):
        deadline = {"at": f"{year}-01-31T16:00:00Z", "zone": "Europe/Brussels"}
        await proposing.propose(db, site.cast.sophie, title=title, deadline=deadline)
    sophie = await open_page("sophie", language=language, width=width, scripts=scripts)
    nikos = await open_page("nikos", language=language, width=width, scripts=scripts)
    maria = await open_page("maria", language=language, width=width, scripts=scripts)
    topic_id, path = await _post(sophie)

    await _find(nikos)
    assert nikos.path == path
    await nikos.shows("15/12/2098, 18:00")
    await looks_right(nikos, "call-read")
    await nikos.main.locator(f'a[href$="/topics/{topic_id}/interests/new"]').first.click()
    assert await nikos.main.locator("#role").input_value() == "partner"
    await nikos.main.locator("#note").fill("Έχουμε μετρητές σε όλο το δίκτυο.")
    await nikos.press(nikos.say("Express interest"), status=422)
    await looks_right(nikos, "call-join-refused")
    await nikos.main.locator("#contact").fill("nero@mytilene.example")
    await nikos.press(nikos.say("Express interest"))
    await nikos.says("The lead is told that your organisation is interested.")
    await looks_right(nikos, "call-joined")

    await maria.go("/notifications")
    await maria.says("expresses interest")
    await looks_right(maria)
    await maria.go(path)
    await maria.says("%(found)s of %(needed)s partners, the lead included", found=1, needed=2)
    await maria.main.locator('a[href$="/decision/new"]').click()
    await maria.shows("nero@mytilene.example")
    await looks_right(maria, "call-answer")
    await maria.main.locator("#answer").fill("Καλώς ήρθατε.")
    await maria.press(maria.say("Accept"))
    await maria.says("The organisation takes part. Its people are told.")
    await maria.says("%(found)s of %(needed)s partners, the lead included", found=2, needed=2)
    await maria.says("%(found)s of %(needed)s countries", found=2, needed=2)
    await looks_right(maria, "call-full")
    await maria.follow(maria.say("Mark the consortium as complete"))
    await looks_right(maria, "call-complete")
    await maria.press(maria.say("Change the state"))
    await maria.says("The consortium is complete")
    table = await _table(maria)
    assert len(table) == 3
    assert "nero@mytilene.example" in table[2]

    await nikos.go(path)
    await nikos.shows("Καλώς ήρθατε.")
    await nikos.says("Takes part")
    await nikos.says("Consortium complete")
    await looks_right(nikos, "call-filled")
    assert (await proposing.seen(db, site.cast.nikos, topic_id)).meter.found == 2
