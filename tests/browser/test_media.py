"""Colours that the reader's system forces, and paper: what is said stays said, and what cannot be used is left out."""

from __future__ import annotations

from typing import Any, Final

import pytest
from playwright.async_api import Locator

from forum.i18n import LANGUAGES, Language
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen, Topic
from tests.browser.window import Window
from tests.site import Site

_BOUNDS: Final = """element => {
  const style = getComputedStyle(element), ground = getComputedStyle(document.body).backgroundColor;
  const edges = ['Top', 'Right', 'Bottom', 'Left'].filter(side =>
    parseFloat(style[`border${side}Width`]) >= 1 && style[`border${side}Style`] !== 'none'
    && style[`border${side}Color`] !== ground);
  return edges.length === 4;
}"""
"""Whether a control is told from what is around it by a line, as it has no ground of its own."""

_FOCUS: Final = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
}"""

_ON_PAPER: Final = """() => {
  const seen = element => element.checkVisibility({checkVisibilityCSS: true}) && element.getClientRects().length > 0;
  const light = colour => Math.min(...colour.match(/[\\d.]+/g).slice(0, 3).map(Number)) > 200;
  const dark = colour => Math.max(...colour.match(/[\\d.]+/g).slice(0, 3).map(Number)) < 140;
  const grounds = [document.documentElement, document.body].map(e => getComputedStyle(e).backgroundColor);
  return {
    posts: [...document.querySelectorAll('.post-body')].filter(seen).length,
    tools: [...document.querySelectorAll('nav, form, button, textarea, input, select')].filter(seen)
      .map(e => e.outerHTML.slice(0, 120)),
    ground: grounds.every(colour => colour.endsWith(', 0)') || light(colour)),
    ink: [...document.querySelectorAll('h1, .post-body')].every(e => dark(getComputedStyle(e).color)),
    sideways: document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth,
  };
}"""


async def _states(site: Site) -> Topic:
    """Write a topic in every state at once, with a deleted reply, and another that nobody reads."""
    nikos, maria, moderator = [await Pen.of(site, person) for person in ("nikos", "maria", "moderator")]
    topic = await maria.start("Κοινή προμήθεια οχημάτων", "Κείμενο.\n\n| α | β |\n| - | - |\n| 1 | 2 |", internal=True)
    await nikos.start("Πρόσκληση", "Δεν διαβάζεται.")
    await nikos.reply(topic, "Απάντηση με [σύνδεσμο](https://example.org/prosklisi).", to=1)
    await nikos.reply(topic, "Θα διαγραφεί.")
    await nikos.delete(topic, 3)
    await moderator.pin(topic)
    await moderator.lock(topic, "Έληξε η προθεσμία.")
    return topic


async def _shown(window: Window, *words: str) -> list[str]:
    """Return which words are not to be seen on the page."""
    places: list[tuple[str, Locator]] = [(word, window.main.get_by_text(word)) for word in words]
    return [
        word
        for word, place in places
        if not any([await place.nth(number).is_visible() for number in range(await place.count())])
    ]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_forced_colours_leave_every_state_its_word_and_every_control_its_bounds(
    open_page: OpenPage, site: Site, language: Language
) -> None:
    topic = await _states(site)
    window = await open_page("moderator", language=language)
    for scheme in ("dark", "light"):
        await window.page.emulate_media(forced_colors="active", color_scheme=scheme)
        await window.go("/categories/questions")
        assert await window.page.evaluate("matchMedia('(forced-colors: active)').matches")
        states = [window.say(state) for state in ("Pinned", "Locked", "Internal")]
        assert await _shown(window, *states, window.count("%(n)s new", "%(n)s new", 1)) == []
        await window.go(topic.path)
        assert await _shown(window, *states, "Έληξε η προθεσμία.", window.say("This reply was deleted")) == []
        for path in (topic.path, "/settings", "/search"):
            await window.go(path)
            controls = window.main.locator(".btn:not(.quiet), .input, .badge, .notice").filter(visible=True)
            assert await controls.count()
            for control in await controls.all():
                assert await control.evaluate(_BOUNDS), (path, await control.evaluate("e => e.outerHTML"))
            for _ in range(6):
                await window.page.keyboard.press("Tab")
                assert await window.page.evaluate(_FOCUS) >= 2


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_topic_on_paper_is_its_posts_and_states_without_what_only_a_screen_can_do(
    open_page: OpenPage, site: Site, language: Language
) -> None:
    topic = await _states(site)
    window = await open_page("moderator", language=language, width=720)
    await window.page.emulate_media(media="print", color_scheme="dark")
    await window.go(topic.path)
    found: dict[str, Any] = await window.page.evaluate(_ON_PAPER)
    assert found == {"posts": 2, "tools": [], "ground": True, "ink": True, "sideways": 0}
    states = [window.say(state) for state in ("Pinned", "Locked", "Internal", "This reply was deleted")]
    assert await _shown(window, topic.title, *states, "Έληξε η προθεσμία.", "Μαρία Χατζηγιάννη") == []
    pages = await window.page.pdf(format="A4")
    assert pages.startswith(b"%PDF")
