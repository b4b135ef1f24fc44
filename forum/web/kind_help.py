"""What the handbook says of the fields of each kind of topic: made of the kind itself, so that the two never differ."""

from __future__ import annotations

import re
from typing import Final

from forum.domain import kinds
from forum.domain.kinds.fields import Field, Line, Table, Text
from forum.i18n import Translator, mark

_PLACE: Final = re.compile(r"^\{fields:([a-z_]+)\}$", re.MULTILINE)
_HEAD: Final = (mark("Field"), mark("What it says"))


def filled(source: str, words: Translator) -> str:
    """Return a text of the handbook with a table of fields wherever it says `{fields:KIND}`."""
    return _PLACE.sub(lambda place: _table(kinds.KINDS[place[1]], words), source)


def _table(kind: kinds.Kind, words: Translator) -> str:
    head = " | ".join(map(words.gettext, _HEAD))
    rows = [f"| {_name(field, words)} | {_about(field, words)} |" for field in kind if field.is_typed]
    return "\n".join([f"| {head} |", "| --- | --- |", *rows])


def _name(field: Field, words: Translator) -> str:
    label = words.gettext(field.label)
    return f"**{label}**" if field.is_required else f"{label} {words.gettext('(optional)')}"


def _about(field: Field, words: Translator) -> str:
    said = [words.gettext(field.hint)] if field.hint else []
    if options := getattr(field, "options", ()):
        said.append(words.join(words.gettext(label) for _, label in options) + ".")
    if isinstance(field, Table):
        said.append(words.join(words.gettext(column.label) for column in field.columns) + ".")
    if isinstance(field, Line | Text):
        said.append(words.gettext(mark("At most %(n)s characters."), n=words.number(field.limit)))
    return " ".join(said).replace("|", "\\|")
