"""Rows as the server takes many of them in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def columns(rows: Iterable[Sequence[object]], width: int) -> list[list[object]]:
    """Return rows as columns, each an array for the server, which makes rows of them again."""
    found: list[list[object]] = [[] for _ in range(width)]
    for row in rows:
        for column, value in zip(found, row, strict=True):
            column.append(value)
    return found
