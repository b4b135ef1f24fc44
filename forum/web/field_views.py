"""The fields of a topic as pages, tables and letters show them: in the reader's language, with what slugs stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from forum.domain import kinds
from forum.domain.entities import Topic, TopicRow, in_language
from forum.domain.kinds.fields import (
    Choice,
    Choices,
    Countries,
    Day,
    Field,
    Instant,
    Links,
    Money,
    Number,
    Organisation,
    Percent,
    SpokenLanguage,
    Table,
    Themes,
    Value,
    at,
)
from forum.domain.references import Names, Sort
from forum.i18n import Translator
from forum.web import indicator_bars
from forum.web.indicator_bars import Pair

TONES: Final = {
    "open": "new",
    "consortium_complete": "good",
    "funded": "good",
    "validated": "good",
    "submitted": "plain",
    "returned": "warn",
    "rejected": "bad",
    "withdrawn": "plain",
}
"""How the badge of a state looks."""


_MEASURED: Final = {"before", "after"}


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field that says something: `text` is the value in words, `value` as it is kept.

    `themes` pairs the slug of each theme that it names with what that is called.
    """

    field: Field
    label: str
    text: str
    value: Value
    themes: list[tuple[str, str]]
    language: str = ""
    """Of a text that its author wrote, where it is known."""

    @property
    def bars(self) -> list[Pair]:
        """The rows of a table of what was before and after that can be drawn."""
        is_measured = isinstance(self.field, Table) and {column.name for column in self.field.columns} >= _MEASURED
        return indicator_bars.draw(self.value) if is_measured else []


@dataclass(frozen=True, slots=True)
class SectionView:
    """A heading with its fields; long texts and tables stand below the short facts."""

    title: str
    facts: list[FieldView]
    texts: list[FieldView]


LONG: Final = ("text", "table", "links")


def sections(
    kind: kinds.Kind,
    values: Mapping[str, Value],
    names: Names,
    words: Translator,
    zone: ZoneInfo,
    languages: Mapping[str, str] = MappingProxyType({}),
) -> list[SectionView]:
    """Return what the fields say, by section; the state, the lead and sections without anything are left out.

    `languages` are those of texts, by the names of their fields.
    """
    shown = []
    for section in kind.sections:
        views = [
            replace(view(field, values[field.name], names, words, zone), language=languages.get(field.name, ""))
            for field in section.fields
            if field.name in values and field.name not in (kinds.STATE, kind.lead)
        ]
        if views:
            facts = [each for each in views if each.field.type not in LONG]
            texts = [each for each in views if each.field.type in LONG]
            shown.append(SectionView(words.gettext(section.title), facts, texts))
    return shown


def view(field: Field, value: Value, names: Names, words: Translator, zone: ZoneInfo) -> FieldView:
    """Return a field and what it says."""
    themes = [(slug, _name(names, "theme", slug, words)) for slug in value] if isinstance(field, Themes) else []
    return FieldView(
        field, words.gettext(field.said or field.label), text_of(field, value, names, words, zone), value, themes
    )


def text_of(field: Field, value: Value, names: Names, words: Translator, zone: ZoneInfo) -> str:
    """Return a value in words, as one text."""
    match field:
        case Choice() | Choices():
            labels = dict(field.options)
            codes = [value] if isinstance(value, str) else value
            return words.join(words.gettext(labels.get(code, code)) for code in codes)
        case Countries():
            return words.join(sorted(words.country(code) for code in value))
        case Themes():
            return words.join(_name(names, "theme", slug, words) for slug in value)
        case Organisation():
            return _name(names, "organisation", value, words)
        case SpokenLanguage():
            return words.language_name(value)
        case Money():
            return words.money(value)
        case Number(unit="months"):
            return words.ngettext("%(n)s month", "%(n)s months", value)
        case Number():
            return words.number(value)
        case Percent():
            return f"{words.number(value)}%"
        case Day():
            return words.date(date.fromisoformat(value), zone)
        case Instant():
            return words.datetime(at(value), zone)
        case Links():
            return "\n".join(value)
        case Table():
            return "\n".join(" · ".join(row.values()) for row in value)
        case _:
            return str(value)


def cell_of(field: Field, value: Value, names: Names, words: Translator, zone: ZoneInfo) -> object:
    """Return a value as a spreadsheet program can count with it: bare numbers and days, local instants."""
    match field:
        case Number() | Day():
            return value
        case Percent():
            return words.number(value)
        case Instant():
            return f"{at(value).astimezone(zone):%Y-%m-%d %H:%M}"
        case _:
            return text_of(field, value, names, words, zone)


def _name(names: Names, sort: Sort, slug: str, words: Translator) -> str:
    """Return what a slug stands for, itself where that is gone."""
    found = names.get((sort, slug))
    return in_language(words.language, found.name_el, found.name_en) if found else slug


@dataclass(frozen=True, slots=True)
class Change:
    """A field that two versions of a topic differ in; an empty text means that it said nothing."""

    label: str
    before: str
    after: str


def changes(
    kind: kinds.Kind,
    before: Mapping[str, Value],
    after: Mapping[str, Value],
    names: Names,
    words: Translator,
    zone: ZoneInfo,
) -> list[Change]:
    """Return what changed in the fields from one version to the next, in the order of the kind."""
    found = []
    for field in kind:
        old, new = before.get(field.name), after.get(field.name)
        if old != new:
            said = [text_of(field, value, names, words, zone) if value is not None else "" for value in (old, new)]
            found.append(Change(words.gettext(field.said or field.label), *said))
    return found


def themes(kind: kinds.Kind, values: Mapping[str, Value], names: Names, words: Translator) -> list[tuple[str, str]]:
    """Return slugs and names of the themes of a topic whose kind has no form to tell them in, but of those gone."""
    if kind.has_form:
        return []
    listed = values.get(kinds.THEMES, ())
    return [(slug, _name(names, "theme", slug, words)) for slug in listed if ("theme", slug) in names]


def named(topics: Iterable[Topic | TopicRow]) -> list[tuple[str, kinds.Values]]:
    """Return what `references.names` is asked about some topics."""
    return [(topic.kind, topic.fields) for topic in topics]
