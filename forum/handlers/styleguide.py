"""The style guide: every token and component with its states, in both schemes, made by the macros that pages use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from aiohttp import web

from forum import clock
from forum.domain.opening_figures import Count, Week
from forum.web import week_chart
from forum.web.forms import FormState
from forum.web.pages import Page, render
from forum.web.week_chart import WeekChart

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


_READ_AND_WROTE: Final = ((0, 0), (2, 0), (1, 1), (9, 3), (14, 6), (12, 4), (17, 8), (15, 3))
"""Members by week; the opening is before the fourth."""

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
    weeks: list[Week]
    chart: WeekChart | None


async def show(request: web.Request) -> web.Response:
    schemes = ("light", "dark")  # each shows the same fields, whose ids have to differ
    values = {f"{scheme}-{name}": value for scheme in schemes for name, value in _VALUES.items()}
    form = FormState(values, {f"{scheme}-deadline": ("bad_value",) for scheme in schemes})
    moment = clock.now() - timedelta(minutes=12)
    weeks = [
        Week(moment.date() + timedelta(weeks=number - len(_READ_AND_WROTE)), number >= 3, Count(read, wrote, wrote, 0))
        for number, (read, wrote) in enumerate(_READ_AND_WROTE)
    ]
    page = StyleguidePage(
        colours=COLOURS, icons=ICONS, form=form, moment=moment, weeks=weeks, chart=week_chart.draw(weeks)
    )
    return await render(request, page)
