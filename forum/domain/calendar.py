"""The dates of a member's calendar: of all that they may read at present, whatever it is that has them.

Each source is a function here that returns its entries, and has its place in `list_entries`. How a calendar is written
is the web's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from forum.db import Card, Conn, Query
from forum.domain import excerpts, readable, twinned
from forum.domain.actors import Actor
from forum.domain.entities import TopicId, TwinningId, in_language

Kind = Literal["deadline", "interest_deadline", "twinning_event"]

BEFORE: Final = timedelta(days=31)
AHEAD: Final = timedelta(days=731)
"""From a month ago to two years ahead: what is over is looked up for a while, and calls are not published earlier."""

LIMIT: Final = 500
"""Entries of one source, the earliest first: more than a network plans in two years, and written in a moment."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something with a date. It is where it is by the clocks of its zone; without an end it is a moment."""

    uid: str
    """Names it for ever, within this forum."""
    kind: Kind
    title: str
    starts_at: datetime
    ends_at: datetime | None
    zone: str
    route: str
    """The name of the route of its page, and the parts of its address."""
    parts: Mapping[str, object] = field(hash=False)
    group: str
    """What it belongs to, for the reader to sort by: a category, or the other municipality."""
    description: str
    """Plain text."""
    updated_at: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class _Deadline:
    topic_id: TopicId
    slug: str
    title: str
    at: datetime
    zone: str | None
    category_el: str
    category_en: str
    summary: str | None
    html: str
    updated_at: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class _TwinningEvent:
    id: TwinningId
    title: str
    at: datetime
    zone: str
    other_el: str
    other_en: str
    updated_at: datetime
    revision: int


def _deadlines(*, at: str, zone: str, holds: str) -> str:
    """Return the SQL of the topics that have a deadline between two instants, the earliest first."""
    return f"""
        WITH {readable.CTE}
        SELECT topics.id, topics.slug, topics.title, topics.at, topics.zone, categories.name_el, categories.name_en,
               topics.summary, left(posts.html, {excerpts.SOURCE}),
               coalesce(posts.edited_at, topics.created_at), posts.revision_count
        FROM (
            SELECT topics.id, topics.category_id, topics.slug, topics.title, topics.created_at,
                   {at} AS at, {zone} AS zone, topics.fields ->> 'summary' AS summary
            FROM topics
            WHERE {holds} AND topics.deleted_at IS NULL AND {readable.IS}
            ORDER BY 6, topics.id
            LIMIT {LIMIT}
        ) AS topics
        JOIN categories ON categories.id = topics.category_id
        JOIN posts ON posts.topic_id = topics.id AND posts.number = 1
        ORDER BY topics.at, topics.id
    """


_DEADLINES = Query(
    "calendar.deadlines",
    _deadlines(
        at="topics.deadline_at",
        zone="topics.fields -> 'deadline' ->> 'zone'",
        holds="topics.deadline_at BETWEEN $2 AND $3",
    ),
    returns=_Deadline,
    card=Card.MANY,
)

# Compared as it is kept, a text that sorts as the instants do: an index holds it so.
_INTEREST_DEADLINES = Query(
    "calendar.interest_deadlines",
    _deadlines(
        at="(topics.fields -> 'interest_deadline' ->> 'at')::timestamptz",
        zone="topics.fields -> 'interest_deadline' ->> 'zone'",
        holds="""topics.fields ? 'interest_deadline'
                AND (topics.fields -> 'interest_deadline' ->> 'at') COLLATE "C" BETWEEN $2::text AND $3::text""",
    ),
    returns=_Deadline,
    card=Card.MANY,
)

_TWINNING_EVENTS = Query(
    "calendar.twinning_events",
    f"""
    SELECT twinnings.id, twinnings.next_event, twinnings.next_event_at, twinnings.next_event_zone,
           {twinned.other("name_el")}, {twinned.other("name_en")}, twinnings.updated_at, twinnings.revision_count
    {twinned.JOINS}
    WHERE twinnings.next_event_at BETWEEN $2 AND $3 AND twinnings.state <> 'ended'
    ORDER BY twinnings.next_event_at, twinnings.id
    LIMIT {LIMIT}
    """,
    returns=_TwinningEvent,
    card=Card.MANY,
)


async def list_entries(conn: Conn, actor: Actor, now: datetime) -> list[Entry]:
    """Return what the actor's calendar holds, in the order of time."""
    since, until = now - BEFORE, now + AHEAD
    entries = [
        *await _topic_deadlines(conn, actor, since, until),
        *await _interest_deadlines(conn, actor, since, until),
        *await _twinning_events(conn, actor, since, until),
    ]
    return sorted(entries, key=lambda entry: (entry.starts_at, entry.uid))


async def _topic_deadlines(conn: Conn, actor: Actor, since: datetime, until: datetime) -> list[Entry]:
    found = await conn.many(_DEADLINES, actor.member_id, since, until)
    return [_entry(actor, "deadline", deadline) for deadline in found]


async def _interest_deadlines(conn: Conn, actor: Actor, since: datetime, until: datetime) -> list[Entry]:
    found = await conn.many(_INTEREST_DEADLINES, actor.member_id, _written(since), _written(until))
    return [_entry(actor, "interest_deadline", deadline) for deadline in found]


async def _twinning_events(conn: Conn, actor: Actor, since: datetime, until: datetime) -> list[Entry]:
    found = await conn.many(_TWINNING_EVENTS, actor.member_id, since, until)
    return [
        Entry(
            uid=f"twinning-event-{event.id}",
            kind="twinning_event",
            title=f"{event.title} ({other})",
            starts_at=event.at,
            ends_at=None,
            zone=event.zone,
            route="twinnings.show",
            parts={"twinning_id": event.id},
            group=other,
            description="",
            updated_at=event.updated_at,
            revision=event.revision,
        )
        for event in found
        for other in [in_language(actor.language, event.other_el, event.other_en)]
    ]


def _entry(actor: Actor, kind: Kind, deadline: _Deadline) -> Entry:
    return Entry(
        uid=f"{kind.replace('_', '-')}-{deadline.topic_id}",
        kind=kind,
        title=deadline.title,
        starts_at=deadline.at,
        ends_at=None,
        zone=deadline.zone or actor.zone,
        route="topics.show",
        parts={"topic_id": deadline.topic_id, "slug": deadline.slug},
        group=in_language(actor.language, deadline.category_el, deadline.category_en),
        description=deadline.summary or excerpts.excerpt(deadline.html),
        updated_at=deadline.updated_at,
        revision=deadline.revision,
    )


def _written(instant: datetime) -> str:
    """Return an instant as fields of topics hold it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
