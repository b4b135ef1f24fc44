"""A page of the forum as the tests of layout visit it.

A family that needs something sent first (a form that is refused) says which button of its page is pressed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.browser.window import Window

_UNFOLD: Final = "document.querySelectorAll('main details').forEach(one => (one.open = true))"


@dataclass(frozen=True, slots=True)
class Family:
    """A page: who looks at it, what the forum answers, and the button that is pressed on it with the form as it is.

    Before it is pressed, fields are typed into (`typed`, by their ids); `to` sends the form to another address, as if
    what it is about had changed meanwhile; `lost` is what the reader's browser no longer has when it is sent. A page
    that `is_unfolded` is looked at with all that it folds away open.
    """

    name: str
    path: str
    person: str | None = "maria"
    status: int = 200
    press: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    to: str = ""
    lost: Literal["", "session", "token"] = ""
    is_unfolded: bool = False

    @property
    def has_scripts(self) -> bool:
        """Say whether readers with scripts see it too: theirs preview in place and keep what is typed."""
        return not self.typed and self.press != "Preview"

    async def visit(self, window: Window) -> None:
        if not self.press:
            await window.go(self.path, status=self.status)
        elif self.has_scripts:
            await self._send(window)
        else:
            async with window.without_scripts():
                await self._send(window)
        if self.is_unfolded:
            await window.page.evaluate(_UNFOLD)

    async def fetch(self, window: Window) -> None:
        """Ask for the page as the reader's browser would, and let nobody draw it."""
        answer = await window.page.request.get(window.address + self.path)
        assert answer.status == self.status, (self.name, answer.status)

    async def _send(self, window: Window) -> None:
        await window.go(self.path)
        for name, text in self.typed.items():
            await window.main.locator(f"#{name}").fill(text)
        await window.page.evaluate(_UNFOLD)
        button = window.main.get_by_role("button", name=window.say(self.press)).first
        if self.to:
            await button.evaluate("(button, to) => button.form.setAttribute('action', to)", self.to)
        if self.lost == "token":
            await button.evaluate("button => { button.form.elements.csrf_token.value = 'x'; }")
        context = window.page.context
        cookies = await context.cookies()
        if self.lost == "session":
            await context.clear_cookies()
        await window.press(window.say(self.press), within=window.main, status=self.status)
        if self.lost == "session":
            await context.add_cookies([{**cookie, "sameSite": "Lax"} for cookie in cookies])  # type: ignore[typeddict-item]
