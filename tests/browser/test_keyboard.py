"""What only a keyboard tells: each step is seen, in the order of reading, and whole journeys need nothing else."""

from __future__ import annotations

from typing import Any, Final

import pytest

from forum.db import RawConnection
from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen
from tests.browser.window import Window, halfway
from tests.cast import PASSWORD, email
from tests.site import Site

_OUTLINE: Final = """() => {
  const element = document.activeElement, style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    what: element.outerHTML.replace(/\\s+/g, ' ').slice(0, 100),
    is_body: element === document.body,
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    is_in_view: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    at: [Math.round(box.top + scrollY), Math.round(box.left)],
  };
}"""


@halfway
async def test_the_first_tab_leads_past_the_masthead(open_page: OpenPage, language: Language, width: int) -> None:
    for person in (None, "maria"):
        window = await open_page(person, language=language, width=width)
        await window.go("/help")
        await _skips(window)


async def _skips(window: Window) -> None:
    await window.page.keyboard.press("Tab")
    skip = window.page.locator(":focus")
    assert await skip.inner_text() == window.say("Skip to the content")
    box = await skip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    await window.page.keyboard.press("Enter")
    assert await window.page.evaluate("document.activeElement.id") == "main"
    await window.page.keyboard.press("Tab")
    assert await window.page.evaluate("document.querySelector('main').contains(document.activeElement)")


@halfway
async def test_every_step_of_the_keyboard_is_seen_and_none_is_a_trap(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    nikos = await Pen.of(site, "nikos")
    topic = await nikos.start(
        "Πίνακες και κώδικας", "| α | β |\n| - | - |\n| 1 | 2 |\n\n```\nx = 1\n```\n\nhttps://example.org"
    )
    await nikos.reply(topic, "Απάντηση.", to=1)
    window = await open_page("maria", language=language, width=width)
    for path in ("/", topic.path, "/categories/questions/new", "/settings/sessions"):
        await window.go(path)
        seen: list[tuple[str, list[int]]] = []
        while True:
            await window.page.keyboard.press("Tab")
            found: dict[str, Any] = await window.page.evaluate(_OUTLINE)
            if found["is_body"]:
                break
            assert found["outline"] >= 2, (path, found)
            assert found["is_in_view"], (path, found)
            step = (found["what"], found["at"])
            assert step not in seen, f"{path} leads back to {step}"
            seen.append(step)
        assert len(seen) > 8, (path, seen)


@halfway
async def test_an_error_summary_takes_the_focus_and_leads_to_each_field(
    open_page: OpenPage, language: Language, width: int
) -> None:
    window = await open_page("maria", language=language, width=width)
    await window.go("/categories/questions/new")
    await window.press(window.say("Publish the topic"), status=422)
    assert await window.page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    links = window.main.get_by_role("alert").get_by_role("link")
    assert await links.count() == 2
    for number, field in enumerate(("title", "body")):
        await links.nth(number).focus()
        await window.page.keyboard.press("Enter")
        assert await window.page.evaluate("document.activeElement.id") == field
        assert await window.page.locator(f"#{field}").is_visible()


async def test_the_menu_of_a_narrow_window_opens_and_closes_by_keyboard(open_page: OpenPage) -> None:
    window = await open_page("maria", width=360)
    await window.go("/")
    menu = window.page.get_by_role("button", name=window.say("Menu"), exact=True)
    way = window.page.get_by_role("navigation", name=window.say("Main navigation"))
    assert not await way.is_visible()
    await menu.focus()
    await window.page.keyboard.press("Enter")
    assert await way.is_visible()
    await window.page.keyboard.press("Tab")
    assert await way.locator(":focus").inner_text() == window.say("Home")
    await window.page.keyboard.press("Escape")
    assert not await way.is_visible()
    assert await window.page.locator(":focus").inner_text() == window.say("Menu")


_STEP: Final = """() => {
  const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
  const label = element.labels?.[0] ?? element, before = window.stepBefore;
  const follows = !before?.isConnected || before === document.body
    || before.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
  const above = before?.isConnected && before.getBoundingClientRect();
  window.stepBefore = element;
  return {
    what: element.outerHTML.replace(/\\s+/g, ' ').slice(0, 120),
    kind: element.localName,
    name: label.innerText.trim() || element.getAttribute('aria-label') || '',
    is_lost: element === document.body || !element.checkVisibility({checkVisibilityCSS: true}),
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    is_in_view: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    is_next: Boolean(follows),
    goes_up: Boolean(above) && box.bottom <= above.top && box.left <= above.left,
  };
}"""
"""Where the focus is, and how it got there from the step before: on in the text, and up only into another column."""


class Keys:
    """Somebody who has a keyboard and nothing else, and looks where the focus is after every key."""

    def __init__(self, window: Window) -> None:
        self.window, self._keyboard = window, window.page.keyboard

    async def to(self, name: str, *, kind: str = "", back: bool = False) -> None:
        """Tab until the focus is on what is called so, and is an element of a kind if one is named."""
        passed: list[str] = []
        for _ in range(80):
            await self._keyboard.press("Shift+Tab" if back else "Tab")
            step: dict[str, Any] = await self.window.page.evaluate(_STEP)
            where = (self.window.path, step, passed)
            assert not step["is_lost"], where
            assert step["outline"] >= 2, where
            assert step["is_in_view"], where
            assert back or (step["is_next"] and not step["goes_up"]), where
            if name in step["name"] and kind in {"", step["kind"]}:
                return
            passed.append(step["what"])
        raise AssertionError(f"{name} is not reached on {self.window.path}: {passed}")

    async def press(self, key: str) -> None:
        """Press a key that leads to another page."""
        async with self.window.page.expect_navigation():
            await self._keyboard.press(key)

    async def type(self, text: str) -> None:
        await self._keyboard.type(text)

    async def shows(self, post: int) -> None:
        """Wait for a post, which may come without a new page, and see that the next step begins at it."""
        await self.window.post(post).wait_for()
        await self._keyboard.press("Tab")
        follows = """article => article.contains(document.activeElement) || Boolean(
          article.compareDocumentPosition(document.activeElement) & Node.DOCUMENT_POSITION_FOLLOWING)"""
        assert await self.window.post(post).evaluate(follows)


@pytest.mark.parametrize("scripts", [False, True], ids=["scripts-off", "scripts-on"])
@halfway
async def test_one_signs_in_finds_replies_and_locks_with_the_keyboard_alone(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int, scripts: bool
) -> None:
    nikos = await Pen.of(site, "nikos")
    topic = await nikos.start("Διαχείριση υδάτων", "Η **αφαλάτωση** κοστίζει.\n\nhttps://example.org")
    await owner.execute("UPDATE members SET language = $1", language)
    window = await open_page(None, language=language, width=width, scripts=scripts)
    keys, say = Keys(window), window.say

    await window.go("/")
    await keys.to(say("E-mail address"))
    await keys.type(email("moderator"))
    await keys.to(say("Password"))
    await keys.type(PASSWORD)
    await keys.press("Enter")
    assert window.path == "/"

    if width < 1000:
        await keys.to(say("Search"))
        await keys.press("Enter")
        await keys.to(say("Words to look for"))
    else:
        await keys.to(say("Search in Koinon"))
    await keys.type("αφαλατωση")
    await keys.press("Enter")
    await keys.to(topic.title)
    await keys.press("Enter")
    assert window.path == f"{topic.path}#post-1"

    await keys.to(say("Text"), kind="textarea")
    await keys.type("Στη Χίο 0,40 € το κυβικό.")
    await keys.to(say("Publish the reply"))
    await window.page.keyboard.press("Space")
    await keys.shows(2)
    assert await window.post(2).get_by_text("0,40").is_visible()

    await keys.to(say("Lock"), back=True)
    await keys.press("Enter")
    await keys.to(say("Reason"))
    await keys.type("Απαντήθηκε.")
    await keys.to(say("Lock the topic"))
    await keys.press("Space")
    await window.says("The topic was locked")
    assert await owner.fetchval("SELECT locked_at IS NOT NULL FROM topics WHERE id = $1", topic.id)
