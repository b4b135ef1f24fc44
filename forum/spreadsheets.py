"""Reading a table that somebody wrote in a spreadsheet program and saved as CSV, as Greek Excel writes it too.

And writing one that such programs open as it is meant. Owns the encoding (UTF-8 with or without a mark, UTF-16 with
one, Windows-1253), what parts the cells (comma, semicolon, tab) and the names of columns, in any language and order.
What the cells mean is for whoever asked for them.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from forum.characters import is_piled
from forum.errors import Detailed
from forum.i18n import fold

LINES_LIMIT: Final = 10_000
"""Lines of a table below its head; more are several files."""

COLUMNS_LIMIT: Final = 500
"""Columns of a table, those that are left out among them: twice what old spreadsheet programs could have."""

CELL_LIMIT: Final = 1_000
"""Characters of a cell: beyond, a quotation mark was opened and not closed."""

NAME_LIMIT: Final = 80
NAMES_LIMIT: Final = 20
"""Characters of a column's name, and names, that are told back of those that are not known."""

MEDIA: Final = "text/csv; charset=utf-8"

MARK: Final = codecs.BOM_UTF8
"""What a table that we write begins with: without it Excel takes Greek for something else."""

_DELIMITERS: Final = ";,\t"
_SAID: Final = re.compile(r"sep=([;,\t])\s*", re.IGNORECASE)
"""A first line by which Excel tells itself what parts the cells."""
_BINARY: Final = re.compile("[\x00-\x08\x0e-\x1f]")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet program compute a cell, or ask another machine. Source: OWASP, CSV Injection."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table by the keys of its columns; `line` is the number that a spreadsheet program shows beside it.

    A value is one line of text, empty where the cell is or is not there.
    """

    line: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be said of the table, a line of it or a cell; a column is named by its key, or as its head has it."""

    line: int
    column: str | None
    code: str
    value: str = ""
    hint: str = ""
    """What may have been meant."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What could be read, and what was wrong; without its columns it has no rows."""

    rows: list[Row] = field(default_factory=list)
    faults: list[Finding] = field(default_factory=list)


def read_rows(
    content: bytes,
    columns: Mapping[str, tuple[str, ...]],
    *,
    required: Collection[str] = (),
    cell_limit: int = CELL_LIMIT,
    has_paragraphs: bool = False,
    lines_limit: int = LINES_LIMIT,
) -> Sheet:
    """Return the rows of a table whose first line names its columns.

    `columns` maps a key to the names it may have, accents and capitals aside; columns that are not among them are left
    out, those that are `required` must be there. A cell is one line, unless it `has_paragraphs`. Codes of faults:
    not_csv, empty_table, too_many_lines, too_many_columns, missing_column, unknown_columns (beside a missing one),
    repeated_column, too_many_cells, too_long, bad_characters. Source: RFC 4180.
    """
    text = _text(content)
    if text is None:
        return Sheet(faults=[Finding(1, None, "not_csv")])
    keys = {fold(name): key for key, names in columns.items() for name in (key, *names)}
    delimiter, text = _delimiter(text, keys)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    sheet, head, number = Sheet(), None, 0
    try:
        for number, cells in enumerate(lines, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            if head is None and len(cells) > COLUMNS_LIMIT:
                return Sheet(faults=[Finding(number, None, "too_many_columns")])
            if head is None:
                head = [keys.get(fold(_value(cell))) for cell in cells]
                if faults := _faults_of_head(head, cells, number, required):
                    return Sheet(faults=faults)
            elif len(sheet.rows) + len(sheet.faults) == lines_limit:
                return Sheet(faults=[Finding(number, None, "too_many_lines")])
            else:
                _read_line(sheet, head, cells, number, cell_limit, has_paragraphs)
    except csv.Error:
        sheet.faults.append(Finding(number + 1, None, "not_csv"))
    if not sheet.rows and not sheet.faults:
        return Sheet(faults=[Finding(1, None, "empty_table")])
    return sheet


def written(rows: Iterable[Sequence[object]]) -> bytes:
    """Return lines of a table as Greek Excel opens them; no cell of them is computed. None is an empty cell.

    Source: RFC 4180, with semicolons.
    """
    lines = io.StringIO(newline="")
    csv.writer(lines, delimiter=";").writerows([_harmless(cell) for cell in row] for row in rows)
    return lines.getvalue().encode()


def _harmless(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(content: bytes) -> str | None:
    """Return what the bytes say, None where they are no text."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1253")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if _BINARY.search(text) or is_piled(text) else text
    return None


def _delimiter(text: str, keys: Mapping[str, str]) -> tuple[str, str]:
    """Return what parts the cells, by which most columns are known, and the text without a line that says so."""
    if said := _SAID.match(text):
        return said[1], text[said.end() :]
    head = text.lstrip().partition("\n")[0].partition("\r")[0]

    def known(delimiter: str) -> int:
        return sum(
            fold(_value(cell.strip('"'))) in keys for cell in head.split(delimiter, COLUMNS_LIMIT)[:COLUMNS_LIMIT]
        )

    return max(_DELIMITERS, key=known), text


def _faults_of_head(head: list[str | None], cells: list[str], line: int, required: Collection[str]) -> list[Finding]:
    faults = [Finding(line, key, "missing_column") for key in required if key not in head]
    unknown = [_value(cell)[:NAME_LIMIT] for key, cell in zip(head, cells, strict=True) if key is None and cell.strip()]
    if faults and unknown:
        faults.append(Finding(line, None, "unknown_columns", ", ".join(unknown[:NAMES_LIMIT])))
    seen: set[str] = set()
    for key, cell in zip(head, cells, strict=True):
        if key in seen:
            faults.append(Finding(line, key, "repeated_column", _value(cell)))
        if key:
            seen.add(key)
    return faults


def _read_line(
    sheet: Sheet, head: list[str | None], cells: list[str], number: int, limit: int, has_paragraphs: bool
) -> None:
    if any(cell.strip() for cell in cells[len(head) :]):
        sheet.faults.append(Finding(number, None, "too_many_cells"))
        return
    values = dict.fromkeys((key for key in head if key), "")
    for key, cell in zip(head, cells, strict=False):
        if key is None:
            continue
        if len(cell) > limit:
            sheet.faults.append(Finding(number, key, Detailed("too_long", limit=limit, length=len(cell))))
            return
        lines = cell.splitlines() if has_paragraphs else [cell]
        values[key] = "\n".join(map(_value, lines)).strip()
        if not values[key].replace("\n", "").isprintable():
            sheet.faults.append(Finding(number, key, "bad_characters"))
            return
    sheet.rows.append(Row(number, values))


def _value(cell: str) -> str:
    return " ".join(unicodedata.normalize("NFC", cell).split())
