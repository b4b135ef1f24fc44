"""A twinning from search to signature, between two municipalities and nobody else, with scripts and without."""

from __future__ import annotations

import re
from typing import Final

import pytest

from forum.db import RawConnection
from forum.i18n import Language
from forum.keys import DB
from tests.browser.conftest import OpenPage
from tests.browser.test_accessibility import looks_right
from tests.browser.window import Window, everywhere
from tests.domain import telling
from tests.site import Site

_WATER: Final = {"el": "Νερό", "en": "Water"}
_MESSAGE: Final = "Ας γνωριστούμε: και οι δύο δουλεύουμε για το νερό."
_ANSWER: Final = "Με χαρά. Πότε έρχεστε;"
_NOTE: Final = "Υπογράψαμε στο δημαρχείο."
_EVENT: Final = "Επίσκεψη των σχολείων στη Μυτιλήνη"
_COURSE: Final = {
    "from_decision_number": "12/2027",
    "from_decided_on": "2027-01-10",
    "to_decision_number": "7/2027",
    "to_decided_on": "2027-02-11",
}


async def _tell(window: Window, slug: str, settings: tuple[str, ...], country: str) -> None:
    """Write the profile of a municipality that seeks a twin, from its own page."""
    await window.go(f"/municipalities/{slug}")
    await window.follow(window.say("Change the profile"))
    await window.main.locator("#about").fill("Θέλουμε να μάθουμε από άλλους.")
    await window.main.locator("#area").fill("πολλά")
    for box in (*(f"settings-{one}" for one in settings), "languages-el", "themes-water", "seeks_themes-water"):
        await window.main.locator(f"#{box}").check()
    await window.main.locator("#is_seeking").check()
    await window.main.locator(f"#seeks_countries-{country}").check()
    await window.press(window.say("Save the profile"), status=422)
    assert await window.main.locator("#seeks_themes-water").is_checked()
    await looks_right(window, "twinning-profile")
    await window.main.locator("#area").fill("107,5")
    await window.press(window.say("Save the profile"))
    await window.says("The profile is saved.")
    await window.says("Seeks a twin")
    await looks_right(window, "twinning-municipality")


async def _search(window: Window) -> None:
    """Look among those who seek, and follow what is suggested to the page of Mytilene."""
    await window.go("/twinnings")
    suggestions, seeking = (window.main.locator(f"section:has(> * #{name})") for name in ("suggestions", "seeking"))
    for reason in (
        window.say("Both seek: %(themes)s", themes=_WATER[window.language]),
        window.say("Both: %(settings)s", settings=window.say("On the coast")),
    ):
        assert await suggestions.get_by_text(reason).is_visible(), reason
    await looks_right(window, "twinning-search")
    for setting, found in (("mountain", 0), ("island", 1)):
        filters = window.main.locator("form.filters")
        if not await filters.is_visible():
            await window.main.locator(".sifting summary").click()
        await filters.locator("#setting").select_option(setting)
        await window.press(window.say("Apply"), within=filters)
        assert await seeking.get_by_role("heading", level=3).count() == found, setting
        await looks_right(window, f"twinning-{setting}")
    await suggestions.get_by_role("link").first.click()
    await window.page.wait_for_url("**/municipalities/mytilene")


async def _invite(window: Window) -> str:
    """Invite from the page of the other municipality; return the path of the topic."""
    await window.follow(window.say("Invite to a twinning"), within=window.main)
    assert await window.main.locator("#to").input_value() == "mytilene"
    await window.press(window.say("Send the invitation"), status=422)
    await looks_right(window, "twinning-invite")
    await window.main.locator("#message").fill(_MESSAGE)
    await window.press(window.say("Send the invitation"))
    await window.says("The invitation is made. Members of both municipalities have a topic of their own now.")
    await looks_right(window, "twinning-topic")
    return window.path.partition("#")[0]


async def _accept(window: Window) -> str:
    """Hear of the invitation, read it and accept it; return the path of the twinning."""
    await window.go("/notifications")
    await looks_right(window, "twinning-told")
    await window.follow(window.say("invites your municipality to a twinning"), within=window.main)
    await window.shows(_MESSAGE)
    await window.go("/twinnings")
    await window.main.locator('section:has(> * #own) a[href^="/twinnings/"]').click()
    await window.page.wait_for_url(re.compile(r"/twinnings/\d+$"))
    await looks_right(window, "twinning-invited")
    path = window.path
    await window.press(window.say("Accept the invitation"))
    await window.says("The invitation is accepted. You are in contact now.")
    await looks_right(window, "twinning-contact")
    return path


async def _move(window: Window, stage: str, **typed: str) -> None:
    await window.main.locator("#state").select_option(stage)
    for name, value in typed.items():
        await window.main.locator(f"#{name}").fill(value)
    await window.press(window.say("Save"), within=window.main)
    await window.says("Your changes are saved.")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@everywhere
async def test_a_twinning_comes_from_search_to_signature(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int, scripts: bool
) -> None:
    async def window_of(person: str) -> Window:
        return await open_page(person, language=language, width=width, scripts=scripts)

    await owner.execute("UPDATE organisations SET population = 51000, population_year = 2021 WHERE slug = 'larnaca'")
    maria, nikos = await window_of("maria"), await window_of("nikos")
    await _tell(nikos, "mytilene", ("coast", "island"), "CY")
    await _tell(maria, "larnaca", ("coast",), "GR")
    await _search(maria)
    topic = await _invite(maria)
    await telling.fan_out(site.app[DB])
    twinning = await _accept(nikos)
    await nikos.follow(nikos.say("To your topic"))
    await nikos.field("Text").fill(_ANSWER)
    async with nikos.without_scripts():
        await nikos.press(nikos.say("Publish the reply"))
    await looks_right(nikos)

    await maria.go(topic)
    await maria.shows(_ANSWER)
    for person in ("administrator", "moderator", "sophie"):
        other = await window_of(person)
        for path in (topic, twinning):
            await other.go(path, status=404)
            await other.hides(_MESSAGE)

    await maria.go(twinning)
    await _move(maria, "letter_of_intent")
    await nikos.go(twinning)
    await _move(nikos, "council_decisions", **_COURSE, next_event=_EVENT, next_event_at="2098-05-01T09:00")
    await looks_right(nikos, "twinning-decided")
    await maria.go(twinning)
    for name, value in _COURSE.items():
        assert await maria.main.locator(f"#{name}").input_value() == value, name
    await maria.main.locator("#state").select_option("signed")
    await maria.press(maria.say("Save"), within=maria.main, status=422)
    await looks_right(maria, "twinning-unsigned")
    await _move(maria, "signed", signed_on="2027-03-12", note=_NOTE)
    assert await maria.page.get_by_text(_EVENT).first.is_visible()
    await looks_right(maria, "twinning-signed")
    await nikos.go(topic)
    await nikos.shows(_NOTE)
    await looks_right(nikos, "twinning-topic-signed")

    sophie = await window_of("sophie")
    for slug, twin in (("larnaca", "mytilene"), ("mytilene", "larnaca")):
        await sophie.go(f"/municipalities/{slug}")
        twins = sophie.main.locator("section:has(> * #twins)")
        assert await twins.locator(f'a[href="/municipalities/{twin}"]').is_visible()
        await sophie.says("Signed")
        await sophie.hides(_EVENT)
        await looks_right(sophie, f"twinning-page-{slug}")
    await sophie.go("/twinnings/network")
    ties = sophie.main.locator(".ties tbody tr")
    assert await ties.count() == 1
    assert "2027" in await ties.inner_text()
    await looks_right(sophie, "twinning-network")
