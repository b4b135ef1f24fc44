"""What opening a category to a group would do, or closing it, to whom: worked out for all their members at once.

Each member's rights there, and in its sub-categories, are compared with and without the change, as the views of rights
would say them. What comes of it is `openings`'.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.db import Card, Conn, Query
from forum.domain import groups, stages
from forum.domain.entities import CategoryId, GroupId, MemberId, TopicId
from forum.domain.right_changes import GRANTED_IN, INTERNAL_LIMIT, Affected, Change, Reach, changes, reach
from forum.errors import Conflict, Invalid


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

_AFTER: Final = stages.each(
    "coalesce(bool_or(held.can_{right}), false) OR (places.id = $1 AND '{right}' = ANY ($4::text[])) AS can_{right}"
)

# In sets and not member by member: a region has thousands. Sub-categories that inherit go with the category; of those
# with grants of their own it decides who sees them at all.
_AFFECTED = Query(
    "opening_previews.affected",
    f"""
    WITH people AS MATERIALIZED (
        SELECT members.id, members.organisation_id
        FROM members
        WHERE members.id IN ({groups.members_of("$2")})
            AND (members.suspended_until IS NULL OR members.suspended_until <= now())
    ),
    places AS MATERIALIZED (
        SELECT categories.id, categories.parent_id
        FROM categories
        WHERE categories.id = $1 OR (categories.parent_id = $1 AND NOT categories.inherits_grants)
    ),
    held AS MATERIALIZED (
        SELECT people.id AS member_id, grants.category_id,
               NOT (grants.category_id = $1 AND grants.group_id = $2) AS stays, {stages.each("grants.can_{right}")},
               grants.topics_since, grants.internal_since
        FROM people
        CROSS JOIN LATERAL (
            SELECT memberships.group_id FROM memberships WHERE memberships.member_id = people.id
        ) AS joined
        JOIN grants ON grants.group_id = joined.group_id
            AND grants.category_id = ANY (ARRAY(
                SELECT places.id FROM places
                UNION
                SELECT places.parent_id FROM places WHERE places.parent_id IS NOT NULL
            ))
            AND grants.valid_from <= coalesce($3, now()) AND grants.valid_until > coalesce($3, now())
    ),
    seen AS (
        SELECT held.member_id, held.category_id, bool_or(held.stays) AS stays
        FROM held
        GROUP BY held.member_id, held.category_id
    ),
    before AS (
        SELECT people.id, places.id AS category_id,
               {stages.each("coalesce(bool_or(held.can_{right}), false) AS can_{right}")},
               min(held.topics_since) FILTER (WHERE held.can_read) AS topics_since,
               min(held.internal_since) FILTER (WHERE held.can_read) AS internal_since
        FROM people
        CROSS JOIN places
        LEFT JOIN held ON held.member_id = people.id AND held.category_id = places.id
        GROUP BY people.id, places.id
    ),
    after AS (
        SELECT people.id, places.id AS category_id, {_AFTER},
               least(
                   min(held.topics_since) FILTER (WHERE held.can_read),
                   CASE
                       WHEN places.id = $1 AND 'read' = ANY ($4::text[]) THEN coalesce($5::timestamptz, '-infinity')
                   END
               ) AS topics_since,
               least(
                   min(held.internal_since) FILTER (WHERE held.can_read),
                   CASE
                       WHEN places.id = $1 AND 'read' = ANY ($4::text[]) THEN coalesce($6::timestamptz, '-infinity')
                   END
               ) AS internal_since
        FROM people
        CROSS JOIN places
        LEFT JOIN held ON held.member_id = people.id AND held.category_id = places.id AND held.stays
        GROUP BY people.id, places.id
    ),
    shown AS (
        SELECT people.id AS member_id, people.organisation_id, places.id AS category_id,
               places.parent_id IS NULL OR seen.member_id IS NOT NULL AS is_before,
               places.parent_id IS NULL OR coalesce(seen.stays, false)
               OR (places.parent_id = $1 AND 'see' = ANY ($4::text[])) AS is_after
        FROM people
        CROSS JOIN places
        LEFT JOIN seen ON seen.member_id = people.id AND seen.category_id = places.parent_id
    )
    SELECT shown.member_id, categories.id, categories.slug, categories.name_el, categories.name_en,
           categories.archived_at IS NOT NULL,
           organisations.id, organisations.slug, organisations.name_el, organisations.name_en,
           CASE WHEN shown.is_before THEN {stages.held("before")} ELSE ARRAY[]::text[] END,
           CASE WHEN shown.is_after THEN {stages.held("after")} ELSE ARRAY[]::text[] END,
           CASE WHEN shown.is_before THEN before.topics_since END,
           CASE WHEN shown.is_before THEN before.internal_since END,
           CASE WHEN shown.is_after THEN after.topics_since END,
           CASE WHEN shown.is_after THEN after.internal_since END
    FROM shown
    JOIN before ON before.id = shown.member_id AND before.category_id = shown.category_id
    JOIN after ON after.id = shown.member_id AND after.category_id = shown.category_id
    JOIN organisations ON organisations.id = shown.organisation_id
    JOIN categories ON categories.id = shown.category_id
    ORDER BY categories.position, categories.id, organisations.id, shown.member_id
    """,
    returns=Affected,
    card=Card.MANY,
)

_INHERITS = Query(
    "opening_previews.inherits",
    "SELECT categories.inherits_grants FROM categories WHERE categories.id = $1",
    returns=bool,
    card=Card.ONE,
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
    Conflict where one of the group in the category waits to take effect already (opening_scheduled), or the category
    has no grants of its own (grants_inherited).
    """
    place = (wanted.category_id, wanted.group_id)
    now = await conn.one(_NOW)
    if wanted.effective_at is not None and wanted.effective_at <= now:
        raise Invalid({"effective_at": ("past",)})
    if await conn.one(_INHERITS, wanted.category_id):
        raise Conflict("grants_inherited")
    if await conn.one(_IS_SCHEDULED, *place):
        raise Conflict("opening_scheduled")
    held = await conn.maybe(HELD, *place, wanted.effective_at)
    horizons = _horizons(wanted, held, wanted.effective_at or now)
    affected = await conn.many(_AFFECTED, *place, wanted.effective_at, stages.ordered(wanted.rights), *horizons)
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
