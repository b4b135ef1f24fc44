"""The indicators of a good practice as pairs of bars, before and after: lengths in hundredths of the room there is.

Pure: it knows neither colours nor words. Units differ from row to row, so each pair has a scale of its own. A row is
drawn where both its cells are numbers, as Greeks or as English write them, none of them below nought.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

ROOM: Final = 62
"""Hundredths that the longest bar takes: to its right stands its number."""

GAP: Final = 2
"""Hundredths between a bar and its number."""

_NUMBER: Final = re.compile(r"[≈~]?\s*€?\s*(\d[\d.,\s\u2009]*)\s*[%€]?")
_GROUPS: Final = re.compile(r"\d{1,3}([.,]\d{3})+")


@dataclass(frozen=True, slots=True)
class Bar:
    """A number as it was typed, the length of its bar, and where the number stands."""

    text: str
    width: str
    text_x: str


@dataclass(frozen=True, slots=True)
class Pair:
    """What was measured, in what unit, before and after."""

    name: str
    unit: str
    before: Bar
    after: Bar


def draw(rows: Sequence[Mapping[str, str]]) -> list[Pair]:
    """Return the pairs of those rows that can be drawn, of the columns name, before, after and unit."""
    pairs = []
    for row in rows:
        before, after = number(row.get("before", "")), number(row.get("after", ""))
        if before is None or after is None or not (longest := max(before, after)):
            continue
        pairs.append(
            Pair(
                name=row.get("name", ""),
                unit=row.get("unit", ""),
                before=_bar(row["before"], before / longest),
                after=_bar(row["after"], after / longest),
            )
        )
    return pairs


def number(text: str) -> Decimal | None:
    """Return the number that a cell holds, None where it holds something else.

    Of `.` and `,` the one that comes last divides off the decimals, as long as it comes once; one that has three
    digits behind it and stands alone divides thousands in both languages, since nobody measures in thousandths.
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    digits = re.sub(r"\s", "", found[1]).rstrip(".,")
    marks = [mark for mark in digits if mark in ".,"]
    if not marks:
        return Decimal(digits)
    if len(set(marks)) == 1 and _GROUPS.fullmatch(digits) and not digits.startswith("0"):
        return Decimal(re.sub("[.,]", "", digits))
    whole, _, decimals = digits.rpartition(marks[-1])
    if marks[-1] in whole:
        return None
    groups = re.fullmatch(r"\d+|\d{1,3}([.,]\d{3})+", whole)
    return Decimal(f"{re.sub('[.,]', '', whole)}.{decimals}") if groups else None


def _bar(text: str, share: Decimal) -> Bar:
    width = float(share) * ROOM
    return Bar(text, f"{width:.2f}%", f"{width + GAP:.2f}%")
