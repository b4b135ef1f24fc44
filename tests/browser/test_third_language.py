"""A third language, added by its catalogue alone: no page says anything that was not translated, and nothing is cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from pydantic import SecretStr

from forum import clock, i18n
from forum.config import Config
from forum.db import RawConnection
from tests import pseudo
from tests.browser.conftest import OpenPage
from tests.browser.families import LONG_ADDRESS, every_family
from tests.browser.window import HEIGHT, Window
from tests.lengths import IS_AUDIT
from tests.site import Site

_WIDTHS: Final = (1280, 360)

_SEEN: Final = """() => {
  const shown = element => element && element.checkVisibility({checkVisibilityCSS: true});
  // what members wrote, what stands in another language and says so, and places and times as the locale writes them
  const others = '.post-body, .said-text, .lines, .source, .snippet, textarea, time, code, pre, select[name=zone], '
    + '.network-chart text, [aria-hidden=true], [lang]:not(html)';
  // a title cannot say in which language a name in it is; on the page it does
  const foreign = [...document.querySelectorAll('[lang]:not(html)')].map(element => element.textContent.trim());
  const title = foreign.filter(Boolean).reduce((left, text) => left.replace(text, ''), document.title);
  const texts = [title];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const holder = walk.currentNode.parentElement;
    if (walk.currentNode.data.trim() && shown(holder) && !holder.closest(others)) texts.push(walk.currentNode.data);
  }
  for (const element of document.querySelectorAll('[aria-label], [placeholder], [alt], [title]')) {
    if (element.closest(others) || !shown(element)) continue;
    for (const name of ['aria-label', 'placeholder', 'alt', 'title']) texts.push(element.getAttribute(name) ?? '');
  }
  return texts;
}"""

_CUT: Final = """() => {
  const page = document.scrollingElement;
  const isCut = element => {
    const style = getComputedStyle(element);
    // the member's own name in the masthead gives way by design, a field scrolls what was typed into it
    if (element.closest('.vh, .skip, .scroll, .who, input, textarea')) return false;
    if (style.clipPath !== 'none' || style.clip !== 'auto') return false;  // there for the ear alone
    if (!element.checkVisibility({checkVisibilityCSS: true})) return false;
    const hides = value => value === 'hidden' || value === 'clip';
    return hides(style.overflowX) && element.scrollWidth > element.clientWidth + 1
      || hides(style.overflowY) && element.scrollHeight > element.clientHeight + 1;
  };
  const cut = [...document.body.querySelectorAll('*')].filter(isCut).map(e => e.outerHTML.slice(0, 150));
  if (page.scrollWidth > page.clientWidth) cut.push(`the page is wider by ${page.scrollWidth - page.clientWidth}`);
  return cut;
}"""

_NAMES: Final = (
    "Sophie Maertens",
    "Jean Dupont",
    "Interreg",
    "Search for partners",
    "In English.",
    "English",
    "test maria",
    "nero@mytilene.example",
    "Harbours",
    "Water",
    "Venezia",
    "CERV",
    "Tender template",
    "SHA-256",
    "TXT",
    "Apple",
    "Google Calendar",
    "Outlook",
    "networks",
    "lighting",
    LONG_ADDRESS,
    *(
        f"{part}@{place}.example"
        for part, place in (
            ("maria", "larnaca"),
            ("nikos", "mytilene"),
            ("eleni", "mytilene"),
            ("stelios", "aegean"),
            ("jean", "partner"),
        )
    ),
)
"""What the cast and their topics are called in Latin letters; everything else that members wrote is Greek."""

_PLACES: Final = Locale.parse(pseudo.CODE)
_LISTED: Final = sorted({*_PLACES.territories.values(), *map(str.capitalize, _PLACES.languages.values())}, key=len)
"""What the locale calls countries and languages, to be looked for from the longest on."""

_GIVEN: Final = re.compile(r"https://\S+|m\d+@larnaca\.example|\S+\.csv|[\d.,]+ [kMG]?B\b|GR-K|EL41|CY00")
"""What applicants and files say, and codes."""


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Config]:
    folder = pseudo.make(tmp_path / "languages")
    yield Config(_env_file=None, data_dir=tmp_path, secret_key=SecretStr("k" * 64), rate_limits=0, locale_dir=folder)
    i18n.speak(None)


async def test_every_page_speaks_it_and_has_room_for_it(open_page: OpenPage, site: Site, owner: RawConnection) -> None:
    """In the audit every page; else every twelfth."""
    assert list(i18n.languages()) == ["el", "en", pseudo.CODE]
    windows: dict[str | None, Window] = {}
    faults: list[str] = []
    marked = 0
    today = i18n.translator(pseudo.CODE).long_date(clock.now(), ZoneInfo("Europe/Athens"))
    number = -1
    async for family in every_family(site, owner):
        number += 1
        if number % 12 and not IS_AUDIT:
            continue
        if family.person not in windows:
            windows[family.person] = await open_page(family.person, language=pseudo.CODE)
        window = windows[family.person]
        await window.page.set_viewport_size({"width": _WIDTHS[0], "height": HEIGHT})
        await family.visit(window)
        for width in _WIDTHS:
            await window.page.set_viewport_size({"width": width, "height": HEIGHT})
            found: list[str] = await window.page.evaluate(_SEEN)
            marked += sum(pseudo.OPEN in text for text in found)
            left = {
                pseudo.untranslated(_GIVEN.sub("", text.replace(today, "")), names=(*_NAMES, *reversed(_LISTED)))
                for text in found
            } - {""}
            faults += [f"{family.name}: not translated: {text!r}" for text in sorted(left)]
            cut: list[Any] = await window.page.evaluate(_CUT)
            faults += [f"{family.name}, at {width}: cut: {text}" for text in cut]
        assert await window.page.evaluate("document.documentElement.lang") == pseudo.CODE
    assert marked > 500
    assert not faults, "\n".join(dict.fromkeys(faults))
