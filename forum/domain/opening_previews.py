"""What opening a category to a group would do, or closing it, to whom: worked out for all their members at once.

Each member's rights there, and in its sub-categories, are compared with and without the change, as the views of rights
would say them. What comes of it is `openings`'.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.db import Card, Conn, Query
from forum.domain import groups, stages
from forum.domain.entities import CategoryId, GroupId, MemberId, OrganisationId, TopicId
from forum.domain.right_changes import (
    GRANTED_IN,
    INTERNAL_LIMIT,
    Affected,
    Change,
    Reach,
    changes,
    reach,
    require_none_waiting,
)
from forum.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be granted: `rights` by name, from `effective_at` on or, where it is None, at once.

    `topics_since` leaves topics that are older with those who could read them before; internal ones that are there when
    it takes effect are left with them too, unless `includes_internal`.
    """

    category_id: CategoryId
    group_id: GroupId
    rights: frozenset[str]
    effective_at: datetime | None = None
    topics_since: datetime | None = None
    includes_internal: bool = False
    tells: bool = False


@dataclass(frozen=True, slots=True)
class InternalTopic:
    id: TopicId
    title: str
    slug: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What an opening does; `digest` is what is confirmed. Changes stand by category, right and organisation."""

    category_id: CategoryId
    changes: tuple[Change, ...]
    gaining: Reach
    losing: Reach
    internal: tuple[InternalTopic, ...]
    """Internal topics that are there, whoever may read them then; at most INTERNAL_LIMIT."""
    internal_count: int
    digest: str

    @property
    def gained_member_ids(self) -> list[MemberId]:
        """Those who gain the right to read the category itself, in order."""
        return sorted(
            {
                member
                for change in self.changes
                if change.right == "read" and change.category_id == self.category_id
                for member in change.gained
            }
        )


@dataclass(frozen=True, slots=True)
class Held:
    """A group's grant at an instant."""

    valid_from: datetime | None
    rights: list[str]
    can_read: bool
    topics_since: datetime | None
    internal_since: datetime | None


AT_ONCE: Final = 1000
"""Members whose rights are put together at a time: others' requests are answered in between."""

Horizons = tuple[datetime | None, datetime | None]
"""Since when topics are meant, and internal ones; None for all."""

_NOW = Query("opening_previews.now", "SELECT now()", returns=datetime, card=Card.ONE)

HELD = Query(
    "opening_previews.held",
    f"""
    SELECT nullif(grants.valid_from, '-infinity'), {stages.held("grants")}, grants.can_read,
           nullif(grants.topics_since, '-infinity'), nullif(grants.internal_since, '-infinity')
    FROM grants
    WHERE grants.category_id = $1 AND grants.group_id = $2
        AND grants.valid_from <= coalesce($3, now()) AND grants.valid_until > coalesce($3, now())
    """,
    returns=Held,
    card=Card.ZERO_OR_ONE,
)

_IS_SCHEDULED = Query(
    "opening_previews.is_scheduled",
    """
    SELECT EXISTS (
        SELECT 1
        FROM grants
        WHERE grants.category_id = $1 AND grants.group_id = $2
            AND (grants.valid_from > now() OR (grants.valid_until > now() AND grants.valid_until < 'infinity'))
    )
    """,
    returns=bool,
    card=Card.ONE,
)


@dataclass(frozen=True, slots=True)
class _Person:
    id: MemberId
    organisation_id: OrganisationId
    organisation_slug: str
    organisation_el: str
    organisation_en: str


@dataclass(frozen=True, slots=True)
class _Place:
    """The category, or one below it with grants of its own."""

    id: CategoryId
    slug: str
    name_el: str
    name_en: str
    is_archived: bool
    parent_id: CategoryId | None


@dataclass(frozen=True, slots=True)
class _Holding:
    """What a member holds in a category, with and without the group's present grant there."""

    member_id: MemberId
    category_id: CategoryId
    before: list[str]
    before_since: datetime | None
    before_internal: datetime | None
    stays: bool
    after: list[str]
    after_since: datetime | None
    after_internal: datetime | None


_PEOPLE = Query(
    "opening_previews.people",
    f"""
    SELECT members.id, organisations.id, organisations.slug, organisations.name_el, organisations.name_en
    FROM members
    JOIN organisations ON organisations.id = members.organisation_id
    WHERE members.id IN ({groups.members_of("$1")})
        AND (members.suspended_until IS NULL OR members.suspended_until <= now())
    ORDER BY organisations.id, members.id
    """,
    returns=_Person,
    card=Card.MANY,
)

# Sub-categories that inherit go with the category; of those with grants of their own it decides who sees them at all.
_PLACES = Query(
    "opening_previews.places",
    """
    SELECT categories.id, categories.slug, categories.name_el, categories.name_en,
           categories.archived_at IS NOT NULL, categories.parent_id
    FROM categories
    WHERE categories.id = $1 OR (categories.parent_id = $1 AND NOT categories.inherits_grants)
    ORDER BY categories.position, categories.id
    """,
    returns=_Place,
    card=Card.MANY,
)

_STAYS: Final = "FILTER (WHERE held.stays)"
_BEFORE: Final = stages.each("bool_or(held.can_{right}) AS can_{right}")
_AFTER: Final = stages.each(f"bool_or(held.can_{{right}}) {_STAYS} AS after_{{right}}")

# For all members at once, and each of them with what is theirs put together here: joined in SQL, the planner, which
# takes a region for a handful of people, compares everybody with everybody.
_HOLDINGS = Query(
    "opening_previews.holdings",
    f"""
    SELECT summed.member_id, summed.category_id,
           {stages.held("summed")}, summed.topics_since, summed.internal_since, summed.stays,
           {stages.held("summed").replace("summed.can_", "summed.after_")}, summed.after_since, summed.after_internal
    FROM (
        SELECT held.member_id, held.category_id, {_BEFORE}, {_AFTER},
               min(held.topics_since) FILTER (WHERE held.can_read) AS topics_since,
               min(held.internal_since) FILTER (WHERE held.can_read) AS internal_since,
               bool_or(held.stays) AS stays,
               min(held.topics_since) FILTER (WHERE held.can_read AND held.stays) AS after_since,
               min(held.internal_since) FILTER (WHERE held.can_read AND held.stays) AS after_internal
        FROM (
            SELECT people.id AS member_id, grants.category_id,
                   NOT (grants.category_id = $1 AND grants.group_id = $2) AS stays,
                   {stages.each("grants.can_{right}")}, grants.topics_since, grants.internal_since
            FROM unnest($4::bigint[]) AS people (id)
            CROSS JOIN LATERAL (
                SELECT memberships.group_id FROM memberships WHERE memberships.member_id = people.id
            ) AS joined
            JOIN grants ON grants.group_id = joined.group_id AND grants.category_id = ANY ($5::bigint[])
                AND grants.valid_from <= coalesce($3, now()) AND grants.valid_until > coalesce($3, now())
        ) AS held
        GROUP BY held.member_id, held.category_id
    ) AS summed
    """,
    returns=_Holding,
    card=Card.MANY,
)

_INHERITS = Query(
    "opening_previews.inherits",
    "SELECT categories.inherits_grants FROM categories WHERE categories.id = $1 AND NOT categories.is_private",
    returns=bool,
    card=Card.ZERO_OR_ONE,
)

_INTERNAL = Query(
    "opening_previews.internal",
    f"""
    SELECT topics.id, topics.title, topics.slug, topics.language
    FROM categories
    JOIN topics ON topics.category_id = categories.id
    WHERE {GRANTED_IN} = $1 AND topics.is_internal AND topics.deleted_at IS NULL
    ORDER BY topics.created_at DESC, topics.id DESC
    LIMIT {INTERNAL_LIMIT}
    """,
    returns=InternalTopic,
    card=Card.MANY,
)

_INTERNAL_COUNT = Query(
    "opening_previews.internal_count",
    f"""
    SELECT count(*)
    FROM categories
    JOIN topics ON topics.category_id = categories.id
    WHERE {GRANTED_IN} = $1 AND topics.is_internal AND topics.deleted_at IS NULL
    """,
    returns=int,
    card=Card.ONE,
)


async def look(conn: Conn, wanted: Wanted) -> tuple[Preview, Held | None, Horizons]:
    """Return what an opening would do, what the group holds before, and what topics it will mean.

    It speaks of the instant at which it takes effect, as things stand for then. Raise Invalid for one that has passed,
    NotFound where the category is gone, Conflict where one of the group in it waits to take effect already
    (opening_scheduled), one waits above or below it (opening_waits), or it has no grants of its own (grants_inherited).
    """
    place = (wanted.category_id, wanted.group_id)
    now = await conn.one(_NOW)
    if wanted.effective_at is not None and wanted.effective_at <= now:
        raise Invalid({"effective_at": ("past",)})
    if wanted.topics_since is not None and wanted.topics_since > (wanted.effective_at or now):
        raise Invalid({"topics_since": ("to_come",)})
    inherits = await conn.maybe(_INHERITS, wanted.category_id)
    if inherits is None:
        raise NotFound
    if inherits:
        raise Conflict("grants_inherited")
    if await conn.one(_IS_SCHEDULED, *place):
        raise Conflict("opening_scheduled")
    await require_none_waiting(conn, wanted.category_id, in_itself=False)
    held = await conn.maybe(HELD, *place, wanted.effective_at)
    horizons = _horizons(wanted, held, wanted.effective_at or now)
    affected = await _affected(conn, wanted, horizons)
    changed = changes(affected)
    gaining, losing = await reach(conn, wanted.category_id, affected)
    internal = await conn.many(_INTERNAL, wanted.category_id)
    internal_count = await conn.one(_INTERNAL_COUNT, wanted.category_id)
    told = (
        place,
        stages.ordered(wanted.rights),
        wanted.effective_at,
        wanted.topics_since,
        wanted.includes_internal,
        wanted.tells,
        held,
        changed,
        gaining.topic_count,
        losing.topic_count,
        [topic.id for topic in internal],
        internal_count,
    )
    digest = hashlib.sha256(repr(told).encode()).hexdigest()
    return (
        Preview(wanted.category_id, changed, gaining, losing, tuple(internal), internal_count, digest),
        held,
        horizons,
    )


def _horizons(wanted: Wanted, held: Held | None, at: datetime) -> Horizons:
    """Return since when topics are meant, and internal ones, None for all: what the group reads already, it keeps."""
    since = wanted.topics_since
    internal = since if wanted.includes_internal else max(at, since or at)
    if held is None or not held.can_read:
        return since, internal
    if since is not None:
        since = None if held.topics_since is None else min(since, held.topics_since)
    if internal is not None:
        internal = None if held.internal_since is None else min(internal, held.internal_since)
    return since, internal


async def _affected(conn: Conn, wanted: Wanted, horizons: Horizons) -> list[Affected]:
    """Return what each member of the group holds with and without the change, in every category that it touches."""
    people, places = await conn.many(_PEOPLE, wanted.group_id), await conn.many(_PLACES, wanted.category_id)
    asked = {place.id for place in places} | {place.parent_id for place in places if place.parent_id is not None}
    compared: dict[CategoryId, list[Affected]] = {place.id: [] for place in places}
    for first in range(0, len(people), AT_ONCE):
        some = people[first : first + AT_ONCE]
        found = await conn.many(
            _HOLDINGS,
            wanted.category_id,
            wanted.group_id,
            wanted.effective_at,
            [person.id for person in some],
            sorted(asked),
        )
        held = {(one.member_id, one.category_id): one for one in found}
        for place in places:
            compared[place.id] += [_compared(wanted, horizons, place, person, held) for person in some]
    return [one for place in places for one in compared[place.id]]


def _compared(
    wanted: Wanted,
    horizons: Horizons,
    place: _Place,
    person: _Person,
    held: Mapping[tuple[MemberId, CategoryId], _Holding],
) -> Affected:
    here = held.get((person.id, place.id), _NOTHING)
    above = held.get((person.id, place.parent_id)) if place.parent_id is not None else here
    before, after, after_since, after_internal = here.before, here.after, here.after_since, here.after_internal
    if place.id == wanted.category_id:
        after = stages.ordered({*after, *wanted.rights})
        if "read" in wanted.rights:
            after_since = _earlier(after_since, horizons[0] or _EVER)
            after_internal = _earlier(after_internal, horizons[1] or _EVER)
    is_seen = place.parent_id is None or above is not None
    will_be_seen = (
        place.parent_id is None
        or (above is not None and above.stays)
        or (place.parent_id == wanted.category_id and "see" in wanted.rights)
    )
    return Affected(
        person.id,
        place.id,
        place.slug,
        place.name_el,
        place.name_en,
        place.is_archived,
        person.organisation_id,
        person.organisation_slug,
        person.organisation_el,
        person.organisation_en,
        before if is_seen else [],
        after if will_be_seen else [],
        here.before_since if is_seen else None,
        here.before_internal if is_seen else None,
        after_since if will_be_seen else None,
        after_internal if will_be_seen else None,
    )


_EVER: Final = datetime.min  # noqa: DTZ901 - what asyncpg has for the infinite
_NOTHING: Final = _Holding(MemberId(0), CategoryId(0), [], None, None, False, [], None, None)


def _earlier(one: datetime | None, other: datetime) -> datetime:
    """Return the earlier of two instants; the infinite one has no zone."""
    return other if one is None else min(one, other, key=lambda instant: instant.replace(tzinfo=None))
