"""A question, the reply that is marked as its answer, and what its readers see of it; with scripts and without."""

from __future__ import annotations

import os

import pytest
from axe_playwright_python.async_playwright import Axe

from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.content import UNWIELDY
from tests.browser.window import Window, everywhere
from tests.site import Site
from tests.web import content


async def _axe(window: Window) -> None:
    """See that axe finds nothing; it needs scripts."""
    if not window.has_scripts:
        return
    found = (await Axe().run(window.page)).response["violations"]
    assert found == [], [(one["id"], one["nodes"][0]["target"]) for one in found]


async def _fits(window: Window) -> None:
    wide = await window.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{window.path} is {wide} pixels too wide"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
@everywhere
async def test_whoever_asked_marks_the_answer_and_everybody_finds_it(
    open_page: OpenPage, site: Site, language: Language, width: int, scripts: bool
) -> None:
    topic = await content.start(site, "maria", title="Πώς βρίσκετε τις διαρροές;", kind="question")
    for _ in range(20):
        await content.reply(site, "sophie", topic.topic_id, "Και εμάς μας ενδιαφέρει.")
    await content.reply(site, "nikos", topic.topic_id, f"Με **γεωραντάρ**.\n\n{UNWIELDY}")
    path = f"/topics/{topic.topic_id}/{topic.slug}"
    maria = await open_page("maria", language=language, width=width, scripts=scripts)
    nikos = await open_page("nikos", language=language, width=width, scripts=scripts)

    await nikos.go("/categories/questions")
    await nikos.says("Unanswered")
    await nikos.follow(nikos.say("Questions without an answer"))
    assert await nikos.main.locator(".t-title").all_inner_texts() == ["Πώς βρίσκετε τις διαρροές;"]
    await _fits(nikos)

    await maria.go(f"{path}?page=2")
    await maria.press(maria.say("Mark as the answer"), within=maria.post(22))
    await maria.says("The reply is marked as the answer.")
    assert maria.path == path
    panel = maria.page.get_by_role("region", name=maria.say("Answer by %(name)s, %(organisation)s").partition("%")[0])
    assert await panel.get_by_text("γεωραντάρ").is_visible()
    above, below = await maria.post(1).bounding_box(), await maria.post(2).bounding_box()
    box = await panel.bounding_box()
    assert above
    assert below
    assert box
    assert above["y"] < box["y"] < below["y"]
    await _fits(maria)
    await _axe(maria)
    if shots := os.environ.get("SHOTS"):
        await maria.page.screenshot(path=f"{shots}/marked-{language}-{width}-{scripts}.png", full_page=True)

    await nikos.go(path)
    await nikos.says("Answered")
    await nikos.hides(nikos.say("Remove the mark"))
    await nikos.follow(nikos.say("In its place: post %(number)s", number="22"))
    assert await nikos.post(22).get_by_text(nikos.say("The answer"), exact=True).is_visible()
    await nikos.says("A reply was marked as the answer")
    await _axe(nikos)
    if shots:
        await nikos.page.screenshot(path=f"{shots}/place-{language}-{width}-{scripts}.png", full_page=True)
    await nikos.go("/categories/questions?filter=unanswered")
    await nikos.says("No question waits for an answer here.")
    await _axe(nikos)
    if shots:
        await nikos.page.screenshot(path=f"{shots}/filter-{language}-{width}-{scripts}.png", full_page=True)

    await maria.press(maria.say("Remove the mark"), within=panel)
    await maria.says("The mark of the answer is removed.")
    assert await panel.count() == 0
    await nikos.go("/categories/questions")
    await nikos.says("Unanswered")
    if shots:
        await nikos.page.screenshot(path=f"{shots}/list-{language}-{width}-{scripts}.png", full_page=True)
