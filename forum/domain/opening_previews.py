"""What opening a category to a group would do, or closing it, to whom: worked out for all their members at once.

Each member's rights there are compared with and without the change, as the views of rights would say them. What comes
of it is `openings`'.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.db import Card, Conn, Query
from forum.domain import groups, stages
from forum.domain.entities import RIGHTS, CategoryId, GroupId, MemberId, OrganisationId, TopicId
from forum.errors import Conflict, Invalid

INTERNAL_LIMIT: Final = 100
"""Internal topics that a preview lists by their titles."""


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
class Change:
    """How many members of an organisation gain and lose a right."""

    right: str
    organisation_id: OrganisationId
    organisation_slug: str
    organisation_el: str
    organisation_en: str
    gained: tuple[MemberId, ...]
    lost: tuple[MemberId, ...]


@dataclass(frozen=True, slots=True)
class InternalTopic:
    id: TopicId
    title: str
    slug: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Reach:
    """What becomes visible to somebody, or ceases to be."""

    topic_count: int
    post_count: int
    author_count: int
    """Whose names are seen with it."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an opening does; `digest` is what is confirmed. Changes stand by right, then by organisation."""

    changes: tuple[Change, ...]
    gaining: Reach
    losing: Reach
    internal: tuple[InternalTopic, ...]
    """Internal topics that are there, whoever may read them then; at most INTERNAL_LIMIT."""
    internal_count: int
    digest: str

    @property
    def gained_member_ids(self) -> list[MemberId]:
        """Those who gain the right to read, in order."""
        return sorted({member for change in self.changes if change.right == "read" for member in change.gained})


@dataclass(frozen=True, slots=True)
class Held:
    """A group's grant at an instant."""

    valid_from: datetime | None
    rights: list[str]
    can_read: bool
    topics_since: datetime | None
    internal_since: datetime | None


@dataclass(frozen=True, slots=True)
class _Affected:
    """A member of the group, with and without the change; horizons are None where nothing can be read."""

    id: MemberId
    organisation_id: OrganisationId
    organisation_slug: str
    organisation_el: str
    organisation_en: str
    before: list[str]
    after: list[str]
    before_since: datetime | None
    before_internal: datetime | None
    after_since: datetime | None
    after_internal: datetime | None


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

_AFTER: Final = stages.each("coalesce(bool_or(held.can_{right}), false) OR '{right}' = ANY ($4::text[]) AS can_{right}")

# In sets and not member by member: a region has thousands.
_AFFECTED = Query(
    "opening_previews.affected",
    f"""
    WITH people AS MATERIALIZED (
        SELECT members.id, members.organisation_id
        FROM members
        WHERE members.id IN ({groups.members_of("$2")})
            AND (members.suspended_until IS NULL OR members.suspended_until <= now())
    ),
    held AS MATERIALIZED (
        SELECT people.id AS member_id, grants.group_id <> $2 AS is_others, {stages.each("grants.can_{right}")},
               grants.topics_since, grants.internal_since
        FROM people
        CROSS JOIN LATERAL (
            SELECT memberships.group_id FROM memberships WHERE memberships.member_id = people.id
        ) AS joined
        JOIN grants ON grants.group_id = joined.group_id AND grants.category_id = $1
            AND grants.valid_from <= coalesce($3, now()) AND grants.valid_until > coalesce($3, now())
    ),
    before AS (
        SELECT people.id, {stages.each("coalesce(bool_or(held.can_{right}), false) AS can_{right}")},
               min(held.topics_since) FILTER (WHERE held.can_read) AS topics_since,
               min(held.internal_since) FILTER (WHERE held.can_read) AS internal_since
        FROM people
        LEFT JOIN held ON held.member_id = people.id
        GROUP BY people.id
    ),
    after AS (
        SELECT people.id, {_AFTER},
               least(
                   min(held.topics_since) FILTER (WHERE held.can_read),
                   CASE WHEN 'read' = ANY ($4::text[]) THEN coalesce($5::timestamptz, '-infinity') END
               ) AS topics_since,
               least(
                   min(held.internal_since) FILTER (WHERE held.can_read),
                   CASE WHEN 'read' = ANY ($4::text[]) THEN coalesce($6::timestamptz, '-infinity') END
               ) AS internal_since
        FROM people
        LEFT JOIN held ON held.member_id = people.id AND held.is_others
        GROUP BY people.id
    )
    SELECT people.id, organisations.id, organisations.slug, organisations.name_el, organisations.name_en,
           {stages.held("before")}, {stages.held("after")},
           before.topics_since, before.internal_since, after.topics_since, after.internal_since
    FROM people
    JOIN before ON before.id = people.id
    JOIN after ON after.id = people.id
    JOIN organisations ON organisations.id = people.organisation_id
    ORDER BY organisations.id, people.id
    """,
    returns=_Affected,
    card=Card.MANY,
)

# Each pair of horizons stands for all members who have it: there are few, however many members.
_REACH = Query(
    "opening_previews.reach",
    """
    WITH reached AS MATERIALIZED (
        SELECT topics.id, topics.reply_count
        FROM topics
        WHERE topics.category_id = $1 AND topics.deleted_at IS NULL AND EXISTS (
            SELECT 1
            FROM unnest(
                $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[]
            ) AS seen (without_since, without_internal, with_since, with_internal)
            WHERE
                CASE WHEN topics.is_internal THEN topics.created_at >= seen.with_internal
                ELSE topics.created_at >= seen.with_since END
                AND NOT coalesce(
                    CASE WHEN topics.is_internal THEN topics.created_at >= seen.without_internal
                    ELSE topics.created_at >= seen.without_since END, false
                )
        )
    )
    SELECT
        (SELECT count(*) FROM reached),
        (SELECT coalesce(sum(reached.reply_count + 1), 0)::bigint FROM reached),
        (
            SELECT count(DISTINCT posts.author_id)
            FROM posts
            WHERE posts.topic_id IN (SELECT reached.id FROM reached) AND posts.deleted_at IS NULL
        )
    """,
    returns=Reach,
    card=Card.ONE,
)

_INTERNAL = Query(
    "opening_previews.internal",
    f"""
    SELECT topics.id, topics.title, topics.slug, topics.language
    FROM topics
    WHERE topics.category_id = $1 AND topics.is_internal AND topics.deleted_at IS NULL
    ORDER BY topics.created_at DESC, topics.id DESC
    LIMIT {INTERNAL_LIMIT}
    """,
    returns=InternalTopic,
    card=Card.MANY,
)

_INTERNAL_COUNT = Query(
    "opening_previews.internal_count",
    """
    SELECT count(*)
    FROM topics
    WHERE topics.category_id = $1 AND topics.is_internal AND topics.deleted_at IS NULL
    """,
    returns=int,
    card=Card.ONE,
)


async def look(conn: Conn, wanted: Wanted) -> tuple[Preview, Held | None, Horizons]:
    """Return what an opening would do, what the group holds before, and what topics it will mean.

    It speaks of the instant at which it takes effect, as things stand for then. Raise Invalid for one that has passed,
    Conflict (opening_scheduled) where one of the group in the category waits to take effect already.
    """
    place = (wanted.category_id, wanted.group_id)
    now = await conn.one(_NOW)
    if wanted.effective_at is not None and wanted.effective_at <= now:
        raise Invalid({"effective_at": ("past",)})
    if await conn.one(_IS_SCHEDULED, *place):
        raise Conflict("opening_scheduled")
    held = await conn.maybe(HELD, *place, wanted.effective_at)
    horizons = _horizons(wanted, held, wanted.effective_at or now)
    affected = await conn.many(_AFFECTED, *place, wanted.effective_at, stages.ordered(wanted.rights), *horizons)
    changes = _changes(affected)
    gaining = await conn.one(_REACH, wanted.category_id, *_columns({_with(one) for one in affected}))
    losing = await conn.one(_REACH, wanted.category_id, *_columns({_without(one) for one in affected}))
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
        changes,
        gaining.topic_count,
        losing.topic_count,
        [topic.id for topic in internal],
        internal_count,
    )
    digest = hashlib.sha256(repr(told).encode()).hexdigest()
    return Preview(changes, gaining, losing, tuple(internal), internal_count, digest), held, horizons


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


def _changes(affected: Iterable[_Affected]) -> tuple[Change, ...]:
    gained: dict[tuple[int, OrganisationId], list[MemberId]] = defaultdict(list)
    lost: dict[tuple[int, OrganisationId], list[MemberId]] = defaultdict(list)
    places: dict[OrganisationId, tuple[str, str, str]] = {}
    for one in affected:
        if one.before == one.after:
            continue
        places[one.organisation_id] = (one.organisation_slug, one.organisation_el, one.organisation_en)
        for position, right in enumerate(RIGHTS):
            if (right in one.before) != (right in one.after):
                (gained if right in one.after else lost)[position, one.organisation_id].append(one.id)
    return tuple(
        Change(RIGHTS[key[0]], key[1], *places[key[1]], tuple(gained.get(key, ())), tuple(lost.get(key, ())))
        for key in sorted(gained.keys() | lost.keys())
    )


Seen = tuple[datetime | None, datetime | None, datetime | None, datetime | None]


def _with(one: _Affected) -> Seen:
    return one.before_since, one.before_internal, one.after_since, one.after_internal


def _without(one: _Affected) -> Seen:
    return one.after_since, one.after_internal, one.before_since, one.before_internal


def _columns(seen: set[Seen]) -> tuple[list[datetime | None], ...]:
    rows = [row for row in seen if row[:2] != row[2:]]
    return tuple([row[place] for row in rows] for place in range(4))
