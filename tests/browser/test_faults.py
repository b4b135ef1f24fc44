"""The windows of these tests do see what they are there to see: a page that misbehaves in every way fails its visit."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Route

from forum.web.middleware import POLICY
from tests.browser.conftest import new_window

_ADDRESS = "http://127.0.0.1:9"
_PAGES = {
    "/": """<!doctype html><title>x</title><p style="color: red">x<img src="http://evil.example/x.png">
            <img src="/missing.svg"><script>window.ran = 1</script><script src="/loud.js"></script>""",
    "/loud.js": "alert('ran'); throw new Error('broken')",
}


async def _answer(route: Route) -> None:
    path = route.request.url.removeprefix(_ADDRESS)
    kind = "text/javascript" if path.endswith(".js") else "text/html"
    headers = {"Content-Type": kind, "Content-Security-Policy": POLICY}
    await route.fulfill(status=200 if path in _PAGES else 404, headers=headers, body=_PAGES.get(path, ""))


async def _faults(chromium: Browser, *, scripts: bool) -> str:
    with pytest.raises(AssertionError) as raised:
        await _visit(chromium, scripts=scripts)
    return str(raised.value)


async def _visit(chromium: Browser, *, scripts: bool) -> None:
    async with new_window(chromium, _ADDRESS, language="en", width=1280, scripts=scripts) as window:
        await window.page.route("**/*", _answer)
        await window.go("/")


async def test_everything_a_page_may_not_do_is_seen(chromium: Browser) -> None:
    faults = await _faults(chromium, scripts=True)
    for fault in ("dialog: ran", "script: broken", "404 for", "inline style", "inline script", "evil.example"):
        assert fault in faults, faults


async def test_what_the_policy_stops_is_seen_without_scripts_too(chromium: Browser) -> None:
    faults = await _faults(chromium, scripts=False)
    for fault in ("inline style", "evil.example", "404 for"):
        assert fault in faults, faults
    assert "dialog" not in faults
