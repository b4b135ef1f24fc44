"""The picture of the network: municipalities as tesserae in two columns by region, and a line between each two twins.

Pure: it knows neither colours nor words. Lengths are those of the drawing's own view box; a name too long for its side
is cut, since the table beside has it whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 640
_ROW: Final = 26
_HEAD: Final = 34
_SIDE: Final = 14
"""Of a tessera."""
_LEFT: Final = 236
_RIGHT: Final = WIDTH - _LEFT - _SIDE
_BEND: Final = 70
"""How far a line between two of the same column bends out."""
_LETTERS: Final = 28


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality that is a twin: its slug, its name and its region as the reader reads them."""

    slug: str
    name: str
    region: str


@dataclass(frozen=True, slots=True)
class Tie:
    one: str
    other: str
    state: str


@dataclass(frozen=True, slots=True)
class Heading:
    text: str
    x: int
    y: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Tessera:
    text: str
    x: int
    y: int
    text_x: int
    text_y: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Line:
    path: str
    state: str


@dataclass(frozen=True, slots=True)
class NetworkChart:
    width: int
    height: int
    side: int
    headings: tuple[Heading, ...]
    tesserae: tuple[Tessera, ...]
    lines: tuple[Line, ...]


def draw(places: Sequence[Place], ties: Iterable[Tie]) -> NetworkChart | None:
    """Return the picture of some places in their order and the ties between them, None where there are none."""
    if not places:
        return None
    regions: dict[str, list[Place]] = {}
    for place in places:
        regions.setdefault(place.region, []).append(place)
    headings: list[Heading] = []
    tesserae: dict[str, Tessera] = {}
    heights = [0, 0]
    # The largest first, each into the column that is shorter so far.
    for region, found in sorted(regions.items(), key=lambda each: -len(each[1])):
        column = 0 if heights[0] <= heights[1] else 1
        x, anchor, text_x = (_LEFT, "end", _LEFT - 10) if column == 0 else (_RIGHT, "start", _RIGHT + _SIDE + 10)
        headings.append(Heading(region, text_x, heights[column] + _HEAD - 12, anchor))
        heights[column] += _HEAD
        for place in found:
            y = heights[column] + (_ROW - _SIDE) // 2
            tesserae[place.slug] = Tessera(_short(place.name), x, y, text_x, y + _SIDE - 2, anchor)
            heights[column] += _ROW
    lines = [
        Line(_path(tesserae[tie.one], tesserae[tie.other]), tie.state)
        for tie in ties
        if tie.one in tesserae and tie.other in tesserae
    ]
    return NetworkChart(WIDTH, max(heights) + 8, _SIDE, tuple(headings), tuple(tesserae.values()), tuple(lines))


def _path(one: Tessera, other: Tessera) -> str:
    start, end = sorted((one, other), key=lambda tessera: tessera.x)
    y, end_y = start.y + _SIDE // 2, end.y + _SIDE // 2
    if start.x != end.x:
        x, end_x = start.x + _SIDE, end.x
        middle = (x + end_x) // 2
        return f"M{x} {y}C{middle} {y} {middle} {end_y} {end_x} {end_y}"
    x, out = (start.x + _SIDE, _BEND) if start.x == _LEFT else (start.x, -_BEND)
    return f"M{x} {y}C{x + out} {y} {x + out} {end_y} {x} {end_y}"


def _short(name: str) -> str:
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1].rstrip()}…"
