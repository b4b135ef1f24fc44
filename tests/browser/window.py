"""A browser's window as a test drives it: in one language, by what a person sees, with no fault left unseen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import pytest
from playwright.async_api import BrowserContext, ConsoleMessage, Dialog, Locator, Page, Request, Response, Route

from forum.i18n import Language, translator
from tools import bootstrap

HEIGHT: Final = 800
PATIENCE: Final = 15_000
"""Milliseconds until what should be on a page counts as missing: the machine may be busy."""

AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

SETTLED: Final = """() => document.fonts.ready.then(() => new Promise(resolve =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)))))"""
"""Resolves when the fonts are there and the page was painted with them."""

halfway = pytest.mark.parametrize(("language", "width"), [("el", 360), ("en", 1280)], ids=["el-360", "en-1280"])
"""Each language and each width once: for what hangs on neither."""

everywhere = pytest.mark.parametrize(
    ("language", "width"),
    [("el", 360), ("el", 1280), ("en", 360), ("en", 1280)],
    ids=["el-360", "el-1280", "en-360", "en-1280"],
)
"""Each language on a telephone and on a desk. Outside the audit one of them is taken, the next by the next test."""


def chromium_path() -> str:
    """Return the Chromium of the system, or fail with the command that installs it."""
    if found := bootstrap.find_browser():
        return found
    pytest.fail("no Chromium: apt-get install --no-install-recommends chromium fonts-dejavu-core", pytrace=False)


def held_until(event: asyncio.Event) -> Callable[[Route], Awaitable[None]]:
    """Return what holds up the files of a route until something has happened."""

    async def hold(route: Route) -> None:
        await event.wait()
        await route.continue_()

    return hold


class Window:
    """A page with what its reader knows: where the forum is and what things are called in the reader's language.

    `faults` collects what no visit may cause: messages in the console (a stop of the content security policy is one),
    dialogs, scripts that fail, requests that fail and requests to anywhere else.
    """

    def __init__(self, page: Page, address: str, language: Language, *, has_scripts: bool = False) -> None:
        self.page, self.address, self.language, self.has_scripts = page, address, language, has_scripts
        self.faults: list[str] = []
        self._translator = translator(language)
        page.set_default_timeout(PATIENCE)
        _listen(page.context, address, self.faults.append)

    def say(self, message: str, **values: object) -> str:
        """Return a sentence as this reader sees it."""
        return self._translator.gettext(message, **values)

    def count(self, singular: str, plural: str, n: int) -> str:
        return self._translator.ngettext(singular, plural, n)

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.address)

    # Going ---------------------------------------------------------------------------------------

    async def go(self, path: str, *, status: int = 200) -> None:
        """Type an address."""
        answer = await self.page.goto(self.address + path)
        self._expect(answer, status)

    async def follow(self, words: str, *, within: Locator | None = None) -> None:
        """Follow the link that is called so."""
        await self._leave_by((within or self.page).get_by_role("link", name=words).first, 200)

    async def press(self, words: str, *, within: Locator | None = None, status: int = 200) -> None:
        """Press the button that is called so and wait for the page it leads to."""
        await self._leave_by((within or self.page).get_by_role("button", name=words).first, status)

    @asynccontextmanager
    async def without_scripts(self) -> AsyncIterator[None]:
        """Let the pages' own scripts rest for a while; a script of the test can look at what has come of it."""
        if not self.has_scripts:
            yield
            return
        cdp = await self.page.context.new_cdp_session(self.page)
        await cdp.send("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            yield
        finally:
            await cdp.detach()

    async def back(self, *, status: int = 200) -> None:
        self._expect(await self.page.go_back(), status)

    async def _leave_by(self, way: Locator, status: int) -> None:
        async with self.page.expect_navigation() as navigation:
            await way.click()
        self._expect(await navigation.value, status)

    @staticmethod
    def _expect(answer: Response | None, status: int) -> None:
        if answer is not None:  # None: the same page at another place
            assert answer.status == status, (answer.request.method, answer.url, answer.status)

    # Seeing --------------------------------------------------------------------------------------

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    async def heading(self) -> str:
        """Return the page's h1."""
        return await self.page.locator("h1").inner_text()

    async def says(self, message: str, **values: object) -> None:
        """Assert that the page shows a sentence of the forum."""
        await self.shows(self.say(message, **values))

    async def shows(self, text: str) -> None:
        """Assert that the page shows a text."""
        assert await self.main.get_by_text(text).first.is_visible(), f"{self.path} does not show {text!r}"

    async def hides(self, text: str) -> None:
        """Assert that a text is nowhere on the page."""
        assert text not in await self.page.content(), f"{self.path} holds {text!r}"

    def post(self, number: int) -> Locator:
        return self.page.locator(f"#post-{number}")

    # Filling in ----------------------------------------------------------------------------------

    def field(self, label: str) -> Locator:
        """Return the field of the page's own form that has this label."""
        return self.main.get_by_label(self.say(label), exact=True)

    async def open_menu(self) -> None:
        """Bring what is folded into the menu on narrow windows into view."""
        menu = self.page.get_by_role("button", name=self.say("Menu"), exact=True)
        if await menu.is_visible():
            await menu.click()


def _listen(context: BrowserContext, address: str, blame: Callable[[str], None]) -> None:
    def console(message: ConsoleMessage) -> None:
        # the browser notes every answer of 400 and more; whether one was due is told by `_expect` and `answered`
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            blame(f"console: {message.text}")

    def answered(response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            blame(f"{response.status} for {response.url}")
        if response.request.resource_type == "document" and "content-security-policy" not in response.headers:
            blame(f"no policy with {response.url}")

    def asked(url: str) -> None:
        if not url.startswith((f"{address}/", "data:")):
            blame(f"a request to {url}")

    def failed(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page was left before all of it had come
            blame(f"failed: {request.url}, {request.failure}")

    async def asked_back(dialog: Dialog) -> None:
        blame(f"dialog: {dialog.message}")
        await dialog.dismiss()  # the page waits for it

    context.on("console", console)
    context.on("response", answered)
    context.on("request", lambda request: asked(request.url))
    context.on("requestfailed", failed)
    context.on("weberror", lambda error: blame(f"script: {error.error}"))
    context.on("dialog", asked_back)
