"""A table of topics of a kind, as an association's spreadsheet has it: its columns, and what their cells may hold.

Columns are the kind's fields by their labels in any language of the forum, or by their names; what is chosen is written
by its label, in any language, or by its code. Owns the reading of cells; what a field takes is the kind's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from forum import spreadsheets
from forum.domain.entities import BODY_LIMIT, Organisation
from forum.domain.kinds import Kind, Values
from forum.domain.kinds.fields import (
    CLOSING_TIME,
    Choice,
    Choices,
    Countries,
    Day,
    Fault,
    Field,
    Instant,
    Links,
    Several,
    SpokenLanguage,
    Table,
    Text,
    Themes,
    Value,
    completed,
)
from forum.domain.kinds.fields import Organisation as OrganisationField
from forum.domain.themes import Theme
from forum.domain.topic_imports import Candidate
from forum.errors import Detailed, Invalid
from forum.i18n import fold, languages, mark, translator
from forum.spreadsheets import Finding, Row, Sheet
from forum.territories import countries
from forum.web.kind_forms import TAGS_LIMIT, list_tags

LINES_LIMIT: Final = 500
"""Topics of a file: a category that gains more at once is no longer read."""

CELL_LIMIT: Final = BODY_LIMIT

SHORT_LIMIT: Final = 2000
"""Characters of a cell that is no text of several lines, table or list of links: all names of a field and to spare."""

HEADS: Final = {"title": mark("Title"), "body": mark("Text"), "tags": mark("Tags")}

_IN_CELLS: Final = {"bad_date": "bad_day_cell", "bad_time": "bad_moment_cell"}
"""Codes of faults that are told otherwise of a cell, which has no calendar to choose from."""

_PARTS: Final = re.compile(r"[,;\n]")
_DAY: Final = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})", re.ASCII)
_TIME: Final = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Lookups:
    """What names in cells stand for: slugs of themes and organisations, by their names."""

    themes: Mapping[str, str] = field(default_factory=dict)
    organisations: Mapping[str, str] = field(default_factory=dict)


def lookups(themes: Iterable[Theme], organisations: Iterable[Organisation]) -> Lookups:
    """Return the slugs by every name that a cell may give them."""
    return Lookups(
        {fold(name): one.slug for one in themes for name in (one.slug, one.name_el, one.name_en)},
        {fold(name): one.slug for one in organisations for name in (one.slug, one.name_el, one.name_en)},
    )


def heads(kind: Kind) -> dict[str, str]:
    """Return the msgids of the columns, in the order of the form."""
    fields = {each.name: each.label for each in kind if each.is_typed}
    return {"title": HEADS["title"], **fields, "body": kind.body_label or HEADS["body"], "tags": HEADS["tags"]}


def read(kind: Kind, content: bytes) -> Sheet:
    """Return the rows of a file by the names of the fields, and what is wrong with it as a table."""
    columns = {
        name: tuple({translator(code).gettext(label) for code in languages()}) for name, label in heads(kind).items()
    }
    required = ("title", *(each.name for each in kind if each.is_required and each.is_typed))
    return spreadsheets.read_rows(
        content, columns, required=required, cell_limit=CELL_LIMIT, has_paragraphs=True, lines_limit=LINES_LIMIT
    )


def candidates(kind: Kind, rows: Iterable[Row], known: Lookups) -> tuple[list[Candidate], list[Finding]]:
    """Return the topics that the rows are, and what is wrong with those that are none."""
    found: list[Candidate] = []
    faults: list[Finding] = []
    names = {each.name: _named(each, known) for each in kind}
    for row in rows:
        values, wrong = _fields(kind, row, names)
        try:
            tags = _tags(row.values.get("tags", ""))
        except Invalid as invalid:
            tags, wrong = [], wrong | {name: codes[0] for name, codes in invalid.fields.items()}
        title, body = " ".join(row.values.get("title", "").split()), row.values.get("body", "")
        if not title or len(title) > kind.title_limit:
            wrong["title"] = Detailed("too_long", limit=kind.title_limit, length=len(title)) if title else "required"
        if kind.body == "required" and not body:
            wrong["body"] = "required"
        if wrong:
            faults.extend(Finding(row.line, name, code, row.values.get(name, "")[:80]) for name, code in wrong.items())
            continue
        found.append(Candidate(row.line, title, body, values.get("language"), tags, values))
    return found, faults


def _tags(text: str) -> list[str]:
    if len(text) > TAGS_LIMIT:
        raise Invalid({"tags": ("too_long",)})
    return list_tags(_PARTS.split(text))


def _fields(kind: Kind, row: Row, names: Mapping[str, Mapping[str, str]]) -> tuple[Values, dict[str, str]]:
    sent: dict[str, Value] = {}
    wrong: dict[str, str] = {}
    for each in kind:
        text = row.values.get(each.name, "")
        if text and each.is_typed:
            try:
                sent[each.name] = each.check(_meant(each, text, names[each.name]))
            except Fault as fault:
                wrong[each.name] = _IN_CELLS.get(fault.code, fault.code)
    try:
        values = kind.check(sent)
    except Invalid as invalid:
        return {}, {name: codes[0] for name, codes in invalid.fields.items()} | wrong
    return values, wrong


def _named(each: Field, known: Lookups) -> Mapping[str, str]:
    """Return the codes of a field by every name that a cell may give them."""
    words = [translator(language) for language in languages()]
    match each:
        case Choice() | Choices():
            named = {code: [one.gettext(label) for one in words] for code, label in each.options}
        case Countries():
            named = {code: [one.country(code) for one in words] for code in countries()}
        case SpokenLanguage():
            named = {code: [one.language_name(code) for one in words] for code in each.codes}
        case Themes():
            return known.themes
        case OrganisationField():
            return known.organisations
        case _:
            return {}
    return {fold(name): code for code, names in named.items() for name in (code, *names)}


def _meant(each: Field, text: str, names: Mapping[str, str]) -> Value:
    """Return what a cell says as a program would send it; what is too much is refused before it is looked at."""
    if len(text) > SHORT_LIMIT and not isinstance(each, Text | Table | Links):
        raise Fault(Detailed("too_long", limit=SHORT_LIMIT, length=len(text)))
    match each:
        case Choice() | SpokenLanguage() | OrganisationField():
            return _code(names, text)
        case Several():
            return [_code(names, part) for part in _bounded(_parts(text), each.most)]
        case Day():
            return _day(text)
        case Instant():
            return _instant(text)
        case Links():
            return [completed(part) for part in re.split(r"[\s;]+", text) if part]
        case Table():
            columns = [column.name for column in each.columns]
            lines = _bounded([line for line in text.split("\n") if line], each.rows)
            return [dict(zip(columns, map(str.strip, line.split("|")), strict=False)) for line in lines]
        case _:
            return text


def _bounded(parts: list[str], most: int) -> list[str]:
    if len(parts) > most:
        raise Fault(Detailed("too_many", limit=most))
    return parts


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _PARTS.split(text) if part.strip()]


def _code(names: Mapping[str, str], text: str) -> str:
    if (code := names.get(fold(text))) is None:
        raise Fault(Detailed("unknown", value=text[:80]))
    return code


def _day(text: str) -> str:
    """Return a day as 2027-03-28; 28/3/2027 and 28.3.2027 are understood too."""
    found = _DAY.fullmatch(text)
    return f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}" if found else text


def _instant(text: str) -> dict[str, str] | str:
    """Return the moment of a cell by the clocks of Brussels, at CLOSING_TIME where it says none; ISO 8601 as it is."""
    day, _, time = text.replace(",", " ").replace("T", " ").partition(" ")
    clock = _TIME.fullmatch(time.strip()) if time.strip() else _TIME.fullmatch(CLOSING_TIME)
    if clock is None:
        return text
    return {"local": f"{_day(day)}T{clock[1]:0>2}:{clock[2]}", "zone": "Europe/Brussels"}
