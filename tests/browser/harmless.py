"""What a page that shows hostile texts must be: nothing of them is an element that could act, and nothing has run."""

from __future__ import annotations

from typing import Final

from playwright.async_api import Browser

from tests.browser.window import Window
from tests.unit import test_markup_hostile as allowed

# What the payloads call, where it is not a dialog; a call that the policy stops is a message in the console.
_SENTINEL: Final = "window.ran = 0; window.alert = window.confirm = window.prompt = window.print = () => window.ran++"
_FOREIGN: Final = ":is(script:not(head > [src]), style, iframe, object, embed, meta[http-equiv], base)"
_ACTING: Final = (
    ":is(img, math, video, audio, form[action*=evil], a[ping], a[target], .post-body [style], [onerror], [onload])"
)


async def watch(window: Window) -> None:
    """Have the window tell whether a text on a page has run."""
    await window.page.add_init_script(_SENTINEL)


async def look(window: Window, path: str, *, status: int = 200) -> None:
    """Open a page, and assert that the browser stays there and nothing on it is a member's but text and links."""
    await window.go(path, status=status)
    page = window.page
    assert await page.evaluate("window.ran") == 0, path
    assert await page.locator(_FOREIGN).count() == 0, path
    assert await window.main.locator(_ACTING).count() == 0, path
    schemes = await window.main.locator("a").evaluate_all("links => links.map(a => a.protocol)")
    assert set(schemes) <= {"http:", "https:", "mailto:"}, path
    assert window.path.partition("#")[0] == path.partition("#")[0], "it has not been led elsewhere"
    assert not window.faults, "\n".join([path, *window.faults])


_WALK: Final = """
({htmls, tags, attributes}) => {
  const faults = [];
  for (const html of htmls) {
    const box = document.createElement('div');
    document.body.append(box);
    box.innerHTML = html;
    for (const element of box.querySelectorAll('*')) {
      const names = element.getAttributeNames(), may = attributes[element.localName] ?? [];
      const isForeign = element.namespaceURI !== 'http://www.w3.org/1999/xhtml';
      if (isForeign || !tags.includes(element.localName) || names.some(name => !may.includes(name)))
        faults.push(`${html}: ${element.cloneNode().outerHTML}`);
      if (element.href && !['http:', 'https:', 'mailto:'].includes(new URL(element.href).protocol))
        faults.push(`${html}: ${element.href}`);
    }
    if (box.innerHTML !== html) faults.push(`${html} became ${box.innerHTML}`);
    box.remove();
  }
  return [faults, document.body.childElementCount, window.ran];
}
"""


async def read_as_it_stands(chromium: Browser, address: str, htmls: list[str]) -> list[str]:
    """Have the browser's own parser read pieces of stored HTML, in a page without a policy that would stop a script.

    Return what is not on the allow-list, would not be written the same again, has run, or asked for something.
    """
    context = await chromium.new_context(service_workers="block")
    try:
        page = await context.new_page()
        await page.route(f"{address}/", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        await page.add_init_script(_SENTINEL)
        await page.goto(f"{address}/")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(f"a request to {request.url}"))
        page.on("pageerror", lambda error: asked.append(f"script: {error}"))
        known = {
            "tags": sorted(allowed.TAGS),
            "attributes": {tag: sorted(names) for tag, names in allowed.ATTRIBUTES.items()},
        }
        faults, left, ran = await page.evaluate(_WALK, {"htmls": htmls, **known})
        await page.wait_for_timeout(0)
        assert left == 0
        assert page.url == f"{address}/"
        return [*faults, *asked, *(["something ran"] if ran else [])]
    finally:
        await context.close()
