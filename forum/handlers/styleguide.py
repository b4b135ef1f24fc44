"""The style guide: every token and component with its states, in both schemes, made by the macros that pages use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from aiohttp import web

from forum import clock
from forum.web.forms import FormState
from forum.web.pages import Page, render

COLOURS: Final = (
    ("paper", "surface", "sunken", "line", "edge"),
    ("ink", "ink-2", "ink-3"),
    ("sea", "sea-deep", "sea-soft", "mast"),
    ("copper", "copper-soft", "olive", "olive-soft", "ochre", "ochre-soft", "brick", "brick-soft"),
)
"""The colour tokens of koinon.css as they are shown: stone, ink, sea, copper and the meanings."""

ICONS: Final = (
    *("search", "user", "users", "globe", "menu", "lock", "lock-open", "pin", "eye", "shield", "reply", "pencil"),
    *("plus", "check", "x", "trash-2", "rotate-ccw", "history", "log-out", "info", "triangle-alert", "circle-check"),
    *("message-square", "handshake", "lightbulb", "book-open", "megaphone", "arrow-down"),
)


_VALUES: Final = {
    "title": "Αναζήτηση εταίρων για δίκτυο πόλεων",
    "deadline": "31/11/2026",
    "place": "Χίος",
    "internal": "on",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleguidePage(Page):
    template: ClassVar[str] = "styleguide/show.html"
    colours: tuple[tuple[str, ...], ...]
    icons: tuple[str, ...]
    form: FormState
    moment: datetime


async def show(request: web.Request) -> web.Response:
    schemes = ("light", "dark")  # each shows the same fields, whose ids have to differ
    values = {f"{scheme}-{name}": value for scheme in schemes for name, value in _VALUES.items()}
    form = FormState(values, {f"{scheme}-deadline": ("bad_value",) for scheme in schemes})
    page = StyleguidePage(colours=COLOURS, icons=ICONS, form=form, moment=clock.now() - timedelta(minutes=12))
    return await render(request, page)
