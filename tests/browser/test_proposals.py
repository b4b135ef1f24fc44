"""A call is posted, joined, answered and filled, by three organisations, with scripts and without."""

from __future__ import annotations

import pytest

from forum.i18n import Language
from forum.keys import DB
from tests.browser.conftest import OpenPage
from tests.browser.window import everywhere
from tests.domain import proposing
from tests.site import Site
from tests.web import proposals


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@everywhere
async def test_a_call_finds_its_partners(
    open_page: OpenPage, site: Site, language: Language, width: int, scripts: bool
) -> None:
    made = await proposals.propose(site, partners_min=2, countries_min=2)
    path = proposals.page(made)
    nikos = await open_page("nikos", language=language, width=width, scripts=scripts)
    maria = await open_page("maria", language=language, width=width, scripts=scripts)
    await nikos.go(path)
    await nikos.main.locator(f'a[href$="/topics/{made.topic_id}/interests/new"]').click()
    await nikos.main.locator("#note").fill("Έχουμε μετρητές σε όλο το δίκτυο.")
    await nikos.press(nikos.say("Express interest"), status=422)
    await nikos.main.locator("#contact").fill("nero@mytilene.example")
    await nikos.press(nikos.say("Express interest"))
    await nikos.says("The lead is told that your organisation is interested.")

    await maria.go(path)
    await maria.main.locator('a[href$="/decision/new"]').click()
    await maria.shows("nero@mytilene.example")
    await maria.main.locator("#answer").fill("Καλώς ήρθατε.")
    await maria.press(maria.say("Accept"))
    await maria.says("The organisation takes part. Its people are told.")
    await maria.follow(maria.say("Mark the consortium as complete"))
    await maria.press(maria.say("Change the state"))
    await maria.says("The consortium is complete")

    await nikos.go(path)
    await nikos.shows("Καλώς ήρθατε.")
    await nikos.says("Takes part")
    assert (await proposing.seen(site.app[DB], site.cast.nikos, made.topic_id)).meter.found == 2
