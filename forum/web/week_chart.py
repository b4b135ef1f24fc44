"""Bars by week, as an SVG draws them: places and lengths in hundredths of the drawing, so that it fits any width.

Pure: it knows neither colours nor words. Each week is one bar, of those who read; the part of it from the ground up
are those who wrote, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from forum.domain.opening_figures import Week

LEFT: Final = 7.0
"""What stands left of it are the numbers of the scale."""
_TOP: Final = 13.0
"""Above is the word for the opening."""
_GROUND: Final = 87.0
"""Below are the dates."""

_BAR: Final = 0.68
"""The part of a week's room that its bar takes."""
_TICKS: Final = 4
_LEFT_HALF: Final = 55.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A week's bar; of a length of nought nothing is drawn."""

    x: str
    width: str
    read_y: str
    read_height: str
    wrote_y: str
    wrote_height: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A number of the scale, and how far down it stands."""

    count: int
    y: str


@dataclass(frozen=True, slots=True)
class WeekChart:
    """What is drawn; `opening` is where the weeks before the opening end, None where it is not among those shown."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    opening: str | None
    before_width: str
    is_opening_left: bool
    """Whether there is room for its word to the right of it."""


def draw(weeks: Sequence[Week]) -> WeekChart | None:
    """Return the chart of some weeks, None where there is nothing to see."""
    highest = max((_reached(week) for week in weeks), default=0)
    if not highest:
        return None
    ticks = _ticks(highest)
    room = (100 - LEFT) / len(weeks)
    before = sum(not week.is_after for week in weeks)
    opening = LEFT + before * room
    return WeekChart(
        bars=tuple(_bars(weeks, room, ticks[-1])),
        ticks=tuple(Tick(count, _percent(_height_of(count, ticks[-1]))) for count in ticks),
        opening=_percent(opening) if before < len(weeks) else None,
        before_width=_percent(opening - LEFT),
        is_opening_left=opening < _LEFT_HALF,
    )


def _bars(weeks: Iterable[Week], room: float, top: int) -> Iterable[Bar]:
    for number, week in enumerate(weeks):
        read, wrote = _height_of(_reached(week), top), _height_of(week.count.wrote_count, top)
        yield Bar(
            x=_percent(LEFT + (number + (1 - _BAR) / 2) * room),
            width=_percent(_BAR * room),
            read_y=_percent(read),
            read_height=_percent(_GROUND - read),
            wrote_y=_percent(wrote),
            wrote_height=_percent(_GROUND - wrote),
        )


def _reached(week: Week) -> int:
    """Return how many read; where that is not known, those who wrote have."""
    return week.count.wrote_count if week.count.read_count is None else week.count.read_count


def _ticks(highest: int) -> list[int]:
    """Return the numbers of a scale that reaches up to a number: from nought, in steps that people count in."""
    step, factors = 1, (2, 5, 10)
    while highest > step * _TICKS:
        step = next(step_ for power in range(10) for factor in factors if (step_ := factor * 10**power) > step)
    return [count * step for count in range(-(-highest // step) + 1)]


def _height_of(count: int, top: int) -> float:
    """Return how far down from the upper edge a bar of that many begins."""
    return _GROUND - (_GROUND - _TOP) * count / top


def _percent(value: float) -> str:
    return f"{value:.2f}%"
