"""WCAG 2.2 AA: what axe can see on every page in both schemes, and what only a keyboard tells."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from axe_playwright_python.async_playwright import Axe

from forum.db import RawConnection
from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen, Topic
from tests.browser.families import families, fill
from tests.browser.window import Window, halfway
from tests.site import Site

_AXE: Final = Axe()
_ALL: Final = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    # the way through the pages of a topic stands above and below them, with the same name for the same links
    "rules": {"landmark-unique": {"enabled": False}},
    "resultTypes": ["violations"],
    "preload": False,
}
_CONTRAST: Final = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
    "preload": False,
}
"""All that a change of scheme can change."""

_ALSO_NARROW: Final = frozenset(
    {"sign-in refused", "home", "category", "new topic refused", "topic", "municipality", "sessions", "error 404"}
)
"""Narrow windows fold the masthead and tables, in the same way on every page."""

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


async def _violations(window: Window, options: dict[str, Any]) -> list[str]:
    found: dict[str, Any] = (await _AXE.run(window.page, options=options)).response
    return [
        f"{violation['id']}, {len(violation['nodes'])} times, {violation['nodes'][0]['target']} "
        f"{violation['nodes'][0]['failureSummary']}"
        for violation in found["violations"]
    ]


@halfway
async def test_axe_finds_nothing(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int
) -> None:
    filled = await fill(site, owner)
    windows: dict[str | None, Window] = {}
    faults: list[str] = []
    for family in families(filled, site):
        if width < 1000 and family.name not in _ALSO_NARROW:
            continue
        if family.person not in windows:
            windows[family.person] = await open_page(family.person, language=language, width=width, scripts=True)
        window = windows[family.person]
        await window.page.emulate_media(color_scheme="light")
        await family.visit(window)
        faults += [f"{family.name}: {fault}" for fault in await _violations(window, _ALL)]
        await window.page.emulate_media(color_scheme="dark")
        faults += [f"{family.name}, dark: {fault}" for fault in await _violations(window, _CONTRAST)]
    assert not faults, "\n".join(faults)


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


async def test_a_text_in_another_language_than_the_page_says_so(open_page: OpenPage, site: Site) -> None:
    nikos = await Pen.of(site, "nikos")
    english = await nikos.start("Search for partners", "We look for two islands.", language="en")
    greek = await nikos.start("Αναζήτηση εταίρων", "Αναζητούμε δύο νησιά.", language="el")
    readers: tuple[tuple[Language, Language, Topic, Topic], ...] = (
        ("el", "en", english, greek),
        ("en", "el", greek, english),
    )
    for language, other, marked, plain in readers:
        window = await open_page("maria", language=language)
        await window.go("/categories/questions")
        assert await window.main.get_by_role("link", name=marked.title, exact=True).get_attribute("lang") == other
        assert await window.main.get_by_role("link", name=plain.title, exact=True).get_attribute("lang") is None
        await window.go(marked.path)
        assert await window.page.locator("h1").get_attribute("lang") == other
        assert await window.post(1).locator(".post-body").get_attribute("lang") == other
        await window.go(plain.path)
        assert await window.page.locator("h1[lang], .post-body[lang]").count() == 0


@halfway
async def test_a_table_that_looks_like_cards_is_still_told_as_a_table(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    """Browsers once took a table with another `display` for no table; those that know our colours do not any more."""
    nikos = await Pen.of(site, "nikos")
    await nikos.start("Διαχείριση υδάτων", "Κείμενο.")
    await nikos.start("Διαχείριση αποβλήτων", "Κείμενο.")
    window = await open_page("maria", language=language, width=width)
    await window.go("/categories/questions")
    looks = await window.main.get_by_role("table").evaluate("table => getComputedStyle(table).display")
    assert looks == ("block" if width < 768 else "table")
    browser = await window.page.context.new_cdp_session(window.page)
    tree = await browser.send("Accessibility.getFullAXTree")
    told = Counter(node["role"]["value"] for node in tree["nodes"] if not node["ignored"])
    assert [told[role] for role in ("table", "row", "columnheader", "rowheader", "cell")] == [1, 3, 3, 2, 4]
