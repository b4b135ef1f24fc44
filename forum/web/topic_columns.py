"""The columns of a list of topics: what the definition of a kind shows, and what other modules know of the topics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from forum.domain.entities import TopicId, TopicRow
from forum.domain.interests import Meter
from forum.domain.kinds import Kind, Values
from forum.domain.kinds.proposal import PROPOSAL
from forum.domain.references import Names
from forum.i18n import Translator, mark
from forum.web import field_views


@dataclass(frozen=True, slots=True)
class Column:
    """A column with the cells of the topics that say something.

    `type` is what topics/_rows.html writes a cell by: `text`, `name` for what is kept in Greek and English, or
    `instant` for a deadline.
    """

    label: str
    type: str
    cells: Mapping[TopicId, object]
    order: str = ""
    """“ascending” or “descending” where the list is in the order of this column."""


_NAMED: Final = {"themes", "organisation"}

BADGE: Final = "choice"
"""One of a few words stands in the line under the title, not in a column of its own."""


def shown(kind: Kind, topics: Iterable[TopicRow]) -> list[tuple[str, Values]]:
    """Return what `references.names` is asked about for the columns of some topics."""
    return [
        (topic.kind, {name: topic.fields[name] for name in kind.columns if name in topic.fields}) for topic in topics
    ]


def columns(
    kind: Kind, topics: list[TopicRow], names: Names, words: Translator, zone: ZoneInfo, *, by_deadline: str = ""
) -> list[Column]:
    """Return the columns of a kind for some topics; `by_deadline` is the order of the list where it is one by that."""
    found = []
    for name in kind.columns:
        field = kind.field(name)
        if field.type == BADGE:
            continue
        said = {topic.id: topic.fields[name] for topic in topics if name in topic.fields}
        label = words.gettext(field.label)
        if field.type == "instant":
            found.append(Column(label, "instant", said, by_deadline))
        else:
            texts = {id: field_views.text_of(field, value, names, words, zone) for id, value in said.items()}
            found.append(Column(label, "name" if field.type in _NAMED else "text", texts))
    return found


def proposals(topics: Iterable[TopicRow]) -> list[TopicId]:
    """Return which of some topics are proposals."""
    return [topic.id for topic in topics if topic.kind == PROPOSAL.code]


def partners(kind: Kind, meters: Mapping[TopicId, Meter], words: Translator) -> list[Column]:
    """Return the column of how many partners proposals have; none where other topics are listed."""
    if kind is not PROPOSAL:
        return []
    return [
        Column(
            words.gettext(mark("Partners so far")), "text", {id: _found(meter, words) for id, meter in meters.items()}
        )
    ]


def _found(meter: Meter, words: Translator) -> str:
    found = words.number(meter.found)
    if not meter.needed:
        return found
    return words.gettext(mark("%(found)s of %(needed)s"), found=found, needed=words.number(meter.needed))
