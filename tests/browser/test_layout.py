"""Every page fits a narrow window, and is built so that it can be heard, walked by keyboard and touched."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import forum
from forum.db import RawConnection
from forum.i18n import LANGUAGES, Language
from forum.routes import ROUTES
from forum.web.access import Access, Route
from forum.web.pages import environments
from tests.browser.conftest import OpenPage
from tests.browser.families import every_family
from tests.browser.family import Family
from tests.browser.window import HEIGHT, Window
from tests.lengths import IS_AUDIT
from tests.site import Site

_WIDE: Final = 1280
_NARROW: Final = (360, 320)
"""A telephone, and 1280 pixels magnified four times (WCAG 1.4.10)."""

_SIDEWAYS: Final = """() => {
  const page = document.scrollingElement, width = page.clientWidth;
  const visible = box => box.width > 1 && box.height > 1;
  const scrolls = element => element.closest('.scroll, .vh, .skip');
  const beyond = [...document.body.querySelectorAll('*')].filter(element => {
    const box = element.getBoundingClientRect();
    const left = box.left + parseFloat(getComputedStyle(element).paddingLeft);
    return visible(box) && element.checkVisibility() && !scrolls(element) && (box.right > width + 1 || left < -1);
  });
  return {by: page.scrollWidth - width, beyond: beyond.slice(-3).map(e => e.outerHTML.slice(0, 150))};
}"""

_CLIPPED: Final = """() => {
  const cuts = overflow => ['hidden', 'clip'].includes(overflow);
  const isCut = element => {
    const style = getComputedStyle(element);
    return cuts(style.overflowX) && element.scrollWidth > element.clientWidth + 1
      || cuts(style.overflowY) && element.scrollHeight > element.clientHeight + 1;
  };
  const words = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  const hides = element => element.closest('.vh, .skip, .scroll, svg, input, select, textarea')
    || (element.closest('thead') && getComputedStyle(element.closest('thead')).clipPath !== 'none')
    || !element.checkVisibility({checkVisibilityCSS: true});
  const spills = element => {
    const style = getComputedStyle(element);
    return words(element) && style.display !== 'inline' && !cuts(style.overflowX)
      && (element.scrollWidth > element.clientWidth + 1
        || (style.display.includes('flex') && element.scrollHeight > element.clientHeight + 1));
  };
  return [...document.body.querySelectorAll('*')]
    .filter(element => !hides(element) && (isCut(element) || spills(element)))
    .map(element => element.outerHTML.replace(/\\s+/g, ' ').slice(0, 120));
}"""
"""What shows less than it holds, or whose words stand outside it."""

_ADJUST: Final = """rules => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rules);
  document.adoptedStyleSheets = [sheet];
}"""
"""Styles of the reader's own, which no policy of the page stops."""

_ADJUSTED: Final = {
    "as it is": "",
    "at 200 % text": "html { font-size: 200% !important; }",
    "with spaced text": """
        * { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
        p { margin-block-end: 2em !important; }""",
}
"""How readers change text: its size (WCAG 1.4.4) and its spacing (1.4.12)."""

_BUILD: Final = """() => {
  const shown = element => element.checkVisibility({checkVisibilityCSS: true});
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const label = element => element.outerHTML.replace(/\\s+/g, ' ').slice(0, 120);
  const levels = all('h1, h2, h3, h4, h5, h6').filter(shown).map(h => Number(h.localName[1]));
  const faults = [];
  const say = (fault, found) => { for (const element of found) faults.push(`${fault}: ${label(element)}`); };

  if (all('h1').length !== 1) faults.push(`${all('h1').length} h1`);
  levels.reduce((above, level) => {
    if (level > above + 1) faults.push(`h${level} after h${above}`);
    return level;
  }, 0);
  const parts = 'article, aside, main, nav, section';
  for (const name of ['main', 'header', 'footer']) {
    const count = all(name).filter(e => name === 'main' || !e.parentElement.closest(parts)).length;
    if (count !== 1) faults.push(`${count} ${name}`);
  }
  const ids = all('[id]').map(element => element.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) faults.push(`twice: id ${id}`);

  const fields = all('input, select, textarea').filter(shown);
  say('no label', fields.filter(field => field.labels && !field.labels.length && !field.getAttribute('aria-label')));
  say('says only in a placeholder', all('[placeholder]').filter(field => !field.labels.length));
  for (const name of ['aria-describedby', 'aria-labelledby', 'for']) say(`${name} of nothing`,
    all(`[${name}]`).filter(e => e.getAttribute(name).split(' ').some(id => !document.getElementById(id))));
  say('a link within the page to nothing', all('a[href^="#"]').filter(a => !document.getElementById(a.hash.slice(1))));
  const words = element => element.innerText.trim() || element.getAttribute('aria-label');
  say('nothing to say', all('a, button').filter(shown).filter(e => !words(e)));
  say('a form among words', all('span form'));
  say('a form without a token', all('form[method=post]').filter(f => !f.elements.csrf_token?.value));
  say('faulty, but does not say how', all('[aria-invalid=true]').filter(e => !e.getAttribute('aria-describedby')));
  say('inline style or script', all('[style], style, script:not([src]), [onclick], [onload]'));
  say('a table without headers', all('table').filter(table => !table.querySelector('th[scope]')));
  say('no heading or label', all('article, nav, aside').filter(e =>
    !e.getAttribute('aria-label') && !e.getAttribute('aria-labelledby')));

  // WCAG 2.5.8: 24 pixels, but for links within a sentence
  const inline = a => a.localName === 'a' && getComputedStyle(a).display === 'inline';
  say('a target under 24 pixels', all('a, button, input:not([type=hidden]), select, summary').filter(shown)
    .filter(e => !inline(e) && !e.closest('.vh, .skip')).filter(e => {
      const box = e.getBoundingClientRect();
      return box.width < 24 || box.height < 24;
    }));
  return {lang: document.documentElement.lang, title: document.title, faults};
}"""


async def test_every_page_fits_a_narrow_window_and_can_be_heard_and_touched(
    open_page: OpenPage, site: Site, owner: RawConnection
) -> None:
    """In the audit every page in every language; else every eighth, in one language after the other.

    Every page is asked for, so that none is forgotten; others are looked at with axe.
    """
    windows: dict[tuple[str | None, Language], Window] = {}
    faults: list[str] = []
    titles: set[str] = set()
    networks = {language: await owner.fetchval(f"SELECT name_{language} FROM network") for language in LANGUAGES}
    number = 0
    async for family in every_family(site, owner):
        for language in LANGUAGES if IS_AUDIT else (LANGUAGES[number // 8 % len(LANGUAGES)],):
            if (family.person, language) not in windows:
                windows[family.person, language] = await open_page(family.person, language=language)
            window = windows[family.person, language]
            await owner.execute("UPDATE members SET language = $1", language)
            if IS_AUDIT or number % 8 == 4:
                faults += [f"{family.name}: {fault}" for fault in await _faults(window, family, networks[language])]
                titles.add(await window.page.title())
            elif family.press:
                await family.visit(window)
            else:
                await family.fetch(window)
        number += 1
    assert not faults, "\n".join(faults)
    assert len(titles) > 25, "most pages are called by a name of their own"
    shown = {name for environment in environments(site.app).values() for _, name in environment.cache or ()}
    assert _pages() <= shown, f"pages of no family: {_pages() - shown}"


async def _faults(window: Window, family: Family, network: str) -> list[str]:
    await window.page.set_viewport_size({"width": _WIDE, "height": HEIGHT})
    await family.visit(window)
    found = [f"{fault}, at {_WIDE}" for fault in await _wider(window) + await _ill_built(window, family, network)]
    for width in _NARROW if IS_AUDIT else _NARROW[-1:]:
        await window.page.set_viewport_size({"width": width, "height": HEIGHT})
        for how, rules in _ADJUSTED.items():
            await window.page.evaluate(_ADJUST, rules)
            found += [f"{fault}, {how}, at {width}" for fault in await _sideways(window)]
        await window.page.evaluate(_ADJUST, "")
    return found + [f"{fault}, at {_NARROW[-1]}" for fault in await _ill_built(window, family, network)]


def _pages() -> set[str]:
    """Return the templates that are whole pages."""
    folder = Path(forum.__file__).parent / "templates"
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*.html")
        if path.read_text("utf-8").startswith('{% extends "base.html" %}')
    }


async def test_every_route_that_answers_with_a_page_has_a_family(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("administrator")
    routes = [route for route in ROUTES if route.method == "GET" and route.access not in {Access.OPEN, Access.FEED}]
    families = [family async for family in every_family(site, owner)]
    names = [family.name for family in families]
    assert not {name for name in names if names.count(name) > 1}, "a file is called by each of them"
    paths = {family.path.partition("?")[0] for family in families}
    missing = [route for route in routes if not _is_among(route, paths)]
    assert len(missing) < len(routes) / 2
    for route in missing:  # what answers with no page: data, or the way to another address
        answer = await visitor.get(re.sub(r"\{\w+\}", "1", route.path))
        is_page = answer.status not in {301, 302, 303} and "text/html" in answer.headers["Content-Type"]
        assert not is_page, f"{route.name} has no family in tests/browser/families.py"


def _is_among(route: Route, paths: set[str]) -> bool:
    """Say whether one of the paths is the route's and no earlier route's."""
    return any(
        next((other for other in ROUTES if other.method == "GET" and _fits(other, path)), None) is route
        for path in paths
    )


def _fits(route: Route, path: str) -> bool:
    return bool(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route.path), path))


async def _sideways(window: Window) -> list[str]:
    clipped = await window.page.evaluate(_CLIPPED)
    return [*await _wider(window), *([f"clipped: {clipped[:3]}"] if clipped else [])]


async def _wider(window: Window) -> list[str]:
    found: dict[str, Any] = await window.page.evaluate(_SIDEWAYS)
    is_wide = found["by"] > 0 or found["beyond"]
    return [f"wider than the window by {found['by']}: {found['beyond']}"] if is_wide else []


async def _ill_built(window: Window, family: Family, network: str) -> list[str]:
    found: dict[str, Any] = await window.page.evaluate(_BUILD)
    faults: list[str] = found["faults"]
    if found["lang"] != window.language:
        faults.append(f"lang={found['lang']}")
    if not found["title"].endswith(f" — {network}"):
        faults.append(f"title: {found['title']}")
    if (
        family.press
        and family.status >= 400
        and not family.lost
        and not found["title"].startswith(f"{window.say('Error:')} ")
    ):
        faults.append(f"the title of a form that was refused: {found['title']}")
    return faults


async def test_buttons_in_notices_read_as_buttons_elsewhere(open_page: OpenPage) -> None:
    window = await open_page("administrator")
    await window.go("/styleguide")
    colours = await window.page.evaluate("""() => {
      const kinds = ['btn', 'btn second', 'btn grave'];
      const link = kind => Object.assign(document.createElement('a'), {className: kind, href: '/', textContent: 'Α'});
      const colour = element => getComputedStyle(element).color;
      const notice = document.querySelector('.notice');
      return kinds.map(kind => {
        const [here, there] = [link(kind), link(kind)];
        notice.append(here);
        notice.after(there);
        return [colour(here), colour(there)];
      });
    }""")
    assert [kind for kind, (here, there) in enumerate(colours) if here != there] == []
