"""What a kind of topic is: its words, its fields in sections, and by which of them its topics are listed and sifted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from forum.domain.entities import TITLE_LIMIT
from forum.domain.kinds.fields import Fault, Field, Instant, Value, at
from forum.domain.kinds.rules import Rule
from forum.errors import Invalid

Values = dict[str, Value]
"""The fields of a topic that say something, by name."""

DEADLINE: Final = "deadline"
STATE: Final = "state"
THEMES: Final = "themes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Fields that belong together, under a heading."""

    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One definition, from which page form, checks, API schema, lists, filters, CSV, print and help are made.

    Words are in English, as they stand in the catalogues of translations.
    """

    code: str
    name: str
    plural: str
    new: str
    """What the button and the form for a new one are called."""
    about: str
    """What it is for, in a sentence or two, for who starts one and for the handbook."""
    submit: str = ""
    """What the button of the form says, where it does more than publish the topic."""
    wait: str = ""
    """What it waits for once it is started, and who sees it meanwhile."""
    icon: str
    sections: tuple[Section, ...] = ()
    rules: tuple[Rule, ...] = ()
    title_limit: int = TITLE_LIMIT
    title_hint: str = ""
    body: Literal["required", "optional"] = "required"
    """Whether it has a text of its own beside its fields."""
    body_label: str = ""
    lead: str = ""
    """The field that says in short what it is about."""
    columns: tuple[str, ...] = ()
    """The fields its lists show."""
    filters: tuple[str, ...] = ()
    """The fields by which its lists are sifted."""
    sort: Literal["activity", "deadline"] = "activity"
    first_state: str = ""
    """The state it begins in, where it has a field `state`."""

    def __iter__(self) -> Iterator[Field]:
        return (field for section in self.sections for field in section.fields)

    def field(self, name: str) -> Field:
        """Return the field of this name; KeyError where there is none."""
        return {field.name: field for field in self}[name]

    @property
    def has_form(self) -> bool:
        """Whether it asks for more than a title, a text, themes and tags, which any topic has."""
        return any(field.name != THEMES for field in self)

    @property
    def closes(self) -> bool:
        """Say whether it has a deadline, past which an open one is closed."""
        return any(field.name == DEADLINE for field in self)

    def read(self, sent: Mapping[str, str]) -> Values:
        """Return the fields of a form; raise Invalid with the codes of the faulty ones."""
        return self._gathered({field.name: (field.read, sent) for field in self if field.is_typed})

    def check(self, sent: Mapping[str, object]) -> Values:
        """Return the fields that a program sent; null is as good as left out. Raise Invalid, as `read` does."""
        strange = {name: ("not_expected",) for name in sent if name not in self.typed}
        if strange:
            raise Invalid(strange)
        return self._gathered({field.name: (_or_none(field), sent.get(field.name)) for field in self if field.is_typed})

    def _gathered(self, readers: Mapping[str, tuple[Any, Any]]) -> Values:
        values: Values = {}
        faults: dict[str, tuple[str, ...]] = {}
        for field in self:
            if field.name not in readers:
                continue
            read, sent = readers[field.name]
            try:
                value = read(sent)
            except Fault as fault:
                faults[field.name] = (fault.code,)
                continue
            if value is not None:
                values[field.name] = value
            elif field.is_required:
                faults[field.name] = ("required",)
        labels = {field.name: field.label for field in self}
        for rule in self.rules:
            faults |= {name: (code,) for name, code in rule(values, labels).items() if name not in faults}
        if faults:
            raise Invalid(faults)
        return values

    def write(self, values: Mapping[str, Value]) -> dict[str, str]:
        """Return what a form shows of the fields, by the names of its inputs."""
        shown: dict[str, str] = {}
        for field in self:
            if field.is_typed and field.name in values:
                shown |= field.write(values[field.name])
        return shown

    def unchanged(self, values: Values, stands: Mapping[str, Value]) -> Values:
        """Return what was typed, with moments as they stand where the form shows them just so.

        It has no seconds and cannot tell which of two like hours is meant: whoever changes something else moves none.
        """
        typed = [moment for moment in self.moments if moment.name in values and moment.name in stands]
        same = [each.name for each in typed if each.write(values[each.name]) == each.write(stands[each.name])]
        return values | {name: stands[name] for name in same}

    def words(self, values: Mapping[str, Value]) -> str:
        """Return what a topic is found by in its fields."""
        return "\n".join(words for field in self if field.name in values and (words := field.words(values[field.name])))

    def acts(self, values: Mapping[str, Value]) -> Values:
        """Return the fields that acts upon the topic have set: an edit leaves them as they are."""
        return {field.name: values[field.name] for field in self if not field.is_typed and field.name in values}

    def begun(self, values: Values) -> Values:
        """Return the fields of a new topic: what was typed, and the state it begins in."""
        return {**values, STATE: self.first_state} if self.first_state else values

    def deadline(self, values: Mapping[str, Value]) -> datetime | None:
        """Return when it closes, None where it does not."""
        return at(values[DEADLINE]) if DEADLINE in values else None

    def schema(self) -> dict[str, Any]:
        """Return the type of its fields as a JSON schema; what acts set is only read."""
        properties = {}
        for field in self:
            properties[field.name] = field.schema() | ({} if field.is_typed else {"readOnly": True})
        required = [field.name for field in self if field.is_required and field.is_typed]
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    @property
    def typed(self) -> frozenset[str]:
        """Return the names of the fields that whoever writes the topic says."""
        return frozenset(field.name for field in self if field.is_typed)

    @property
    def moments(self) -> tuple[Instant, ...]:
        return tuple(field for field in self if isinstance(field, Instant))


def _or_none(field: Field) -> Any:
    return lambda value: None if value is None else field.check(value)
