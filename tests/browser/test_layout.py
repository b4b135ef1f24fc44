"""Every page fits a narrow window, and is built so that it can be heard, walked by keyboard and touched."""

from __future__ import annotations

from typing import Any, Final

import pytest

from forum.db import RawConnection
from forum.i18n import LANGUAGES, Language
from tests.browser.conftest import OpenPage
from tests.browser.families import Family, families, fill
from tests.browser.window import HEIGHT, Window
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
    return visible(box) && !scrolls(element) && (box.right > width + 1 || box.left < -1);
  });
  return {by: page.scrollWidth - width, beyond: beyond.slice(-3).map(e => e.outerHTML.slice(0, 150))};
}"""

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
  say('no label', fields.filter(field => field.labels && !field.labels.length));
  say('says only in a placeholder', all('[placeholder]').filter(field => !field.labels.length));
  for (const name of ['aria-describedby', 'aria-labelledby', 'for']) say(`${name} of nothing`,
    all(`[${name}]`).filter(e => e.getAttribute(name).split(' ').some(id => !document.getElementById(id))));
  say('a link within the page to nothing', all('a[href^="#"]').filter(a => !document.getElementById(a.hash.slice(1))));
  const words = element => element.innerText.trim() || element.getAttribute('aria-label');
  say('nothing to say', all('a, button').filter(shown).filter(e => !words(e)));
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


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_fits_a_narrow_window_and_can_be_heard_and_touched(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language
) -> None:
    filled = await fill(site, owner)
    windows: dict[str | None, Window] = {}
    faults: list[str] = []
    titles: set[str] = set()
    for family in families(filled, site):
        if family.person not in windows:
            windows[family.person] = await open_page(family.person, language=language)
        window = windows[family.person]
        await window.page.set_viewport_size({"width": _WIDE, "height": HEIGHT})
        await family.visit(window)
        found = [f"{fault}, at {_WIDE}" for fault in await _ill_built(window, family)]
        for width in _NARROW:
            await window.page.set_viewport_size({"width": width, "height": HEIGHT})
            found += [f"{fault}, at {width}" for fault in await _sideways(window)]
        found += [f"{fault}, at {_NARROW[-1]}" for fault in await _ill_built(window, family)]
        faults += [f"{family.name}: {fault}" for fault in found]
        titles.add(await window.page.title())
    assert not faults, "\n".join(faults)
    assert len(titles) > 30, "most pages are called by a name of their own"


async def _sideways(window: Window) -> list[str]:
    found: dict[str, Any] = await window.page.evaluate(_SIDEWAYS)
    is_wide = found["by"] > 0 or found["beyond"]
    return [f"wider than the window by {found['by']}: {found['beyond']}"] if is_wide else []


async def _ill_built(window: Window, family: Family) -> list[str]:
    found: dict[str, Any] = await window.page.evaluate(_BUILD)
    faults: list[str] = found["faults"]
    if found["lang"] != window.language:
        faults.append(f"lang={found['lang']}")
    if not found["title"].endswith(f" — {window.say('Koinon')}"):
        faults.append(f"title: {found['title']}")
    if family.press and family.status >= 400 and not found["title"].startswith(f"{window.say('Error:')} "):
        faults.append(f"the title of a form that was refused: {found['title']}")
    return faults
