"""WCAG 2.2 AA: what axe can see on every page, in both languages, narrow and wide, light and dark."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, Literal

from axe_playwright_python.async_playwright import Axe

from forum.db import RawConnection
from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen, Topic
from tests.browser.families import every_family
from tests.browser.window import HEIGHT, Window, halfway
from tests.lengths import IS_AUDIT
from tests.site import Site

_LANGUAGES: Final[tuple[Language, ...]] = ("el", "en")
_NARROW: Final = (320, 360)
_WIDE: Final = 1280
_SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")

_AXE: Final = Axe()
_OPTIONS: Final = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
    "preload": False,
}


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is looked at."""

    language: Language
    width: int
    scheme: Literal["light", "dark"]


_ALL: Final = tuple(Look(*values) for values in product(_LANGUAGES, (*_NARROW, _WIDE), _SCHEMES))


def _looks(number: int) -> tuple[Look, ...]:
    """Return how the page of a number is looked at: in the audit in all ways, else every eighth page in one."""
    if IS_AUDIT:
        return _ALL
    return () if number % 8 else (_ALL[number // 8 * 5 % len(_ALL)],)


def test_twelve_pages_that_are_looked_at_are_seen_in_all_ways() -> None:
    assert {look for number in range(8 * len(_ALL)) for look in _looks(number)} == set(_ALL)


async def violations(window: Window) -> list[str]:
    found: dict[str, Any] = (await _AXE.run(window.page, options=_OPTIONS)).response
    return [
        f"{violation['id']}, {len(violation['nodes'])} times, {violation['nodes'][0]['target']} "
        f"{violation['nodes'][0]['failureSummary']}"
        for violation in found["violations"]
    ]


async def looks_right(window: Window, name: str = "") -> None:
    """Assert that axe finds nothing and nothing is wider than the window; with a name, leave a picture if asked to."""
    if name and (pictures := os.environ.get("KOINON_PICTURES")):
        way = "scripts" if window.has_scripts else "plain"
        wide = await window.page.evaluate("innerWidth")
        await window.page.screenshot(path=f"{pictures}/{name}-{window.language}-{wide}-{way}.png", full_page=True)
    if window.has_scripts:  # without scripts nothing of axe would ever come to an end
        assert await violations(window) == [], window.path
    assert await window.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), window.path


async def test_axe_finds_nothing(open_page: OpenPage, site: Site, owner: RawConnection) -> None:
    windows: dict[tuple[str | None, Language], Window] = {}
    faults: list[str] = []
    number = 0
    async for family in every_family(site, owner):
        for look in _looks(number):
            key = family.person, look.language
            if key not in windows:
                windows[key] = await open_page(family.person, language=look.language, scripts=True)
            window = windows[key]
            await owner.execute("UPDATE members SET language = $1", look.language)
            # Seen in all ways they take longer than a grave page leaves them without asking for the password again.
            await owner.execute("UPDATE sessions SET authenticated_at = now()")
            await window.page.set_viewport_size({"width": look.width, "height": HEIGHT})
            await window.page.emulate_media(color_scheme=look.scheme)
            await family.visit(window)
            faults += [f"{family.name}, {look}: {it}" for it in await violations(window)]
        number += 1
    assert number > 60, "the families are walked"
    assert not faults, "\n".join(faults)


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
