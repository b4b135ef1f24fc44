"""What a change of rights does: which right each member gains or loses in which category, and what they see by it.

Owns the shapes of it and what makes them out of members' rights before and after; what changes them is `openings`' and
`category_mergers`'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import stages
from forum.domain.entities import RIGHTS, CategoryId, MemberId, OrganisationId
from forum.errors import Conflict

INTERNAL_LIMIT: Final = 100
"""Internal topics that a preview lists by their titles."""

GRANTED_IN: Final = "CASE WHEN categories.inherits_grants THEN categories.parent_id ELSE categories.id END"
"""The category whose grants say who may do what in one of `categories`, as the views of rights have it."""

_ENDED_BY_ARCHIVING: Final = frozenset({"start", "reply", "vote", "attach"})


@dataclass(frozen=True, slots=True)
class Change:
    """Who of an organisation gains and loses a right in a category; sub-categories that inherit go with theirs."""

    right: str
    category_id: CategoryId
    category_slug: str
    category_el: str
    category_en: str
    organisation_id: OrganisationId
    organisation_slug: str
    organisation_el: str
    organisation_en: str
    gained: tuple[MemberId, ...]
    lost: tuple[MemberId, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """What becomes visible to somebody, or ceases to be."""

    topic_count: int
    post_count: int
    author_count: int
    """Whose names are seen with it."""
    attachment_count: int


@dataclass(frozen=True, slots=True)
class Affected:
    """A member's rights in a category before and after; horizons are None where nothing can be read."""

    id: MemberId
    category_id: CategoryId
    category_slug: str
    category_el: str
    category_en: str
    is_archived: bool
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


_HOLD = Statement(
    "right_changes.hold",
    "SELECT foundations.version FROM foundations FOR NO KEY UPDATE",
    returns=int,
    card=Card.ONE,
)

_WAITS = Query(
    "right_changes.waits",
    """
    SELECT EXISTS (
        SELECT 1
        FROM categories
        JOIN categories AS related
            ON related.id IN (categories.id, categories.parent_id) OR related.parent_id = categories.id
        JOIN openings ON openings.category_id = related.id
        WHERE categories.id = ANY ($1::bigint[]) AND ($2 OR related.id <> categories.id)
            AND openings.effective_at > now() AND openings.undone_at IS NULL
    )
    """,
    returns=bool,
    card=Card.ONE,
)

# Each pair of horizons stands for all members who have it: there are few, however many members.
_REACH = Query(
    "right_changes.reach",
    f"""
    WITH reached AS MATERIALIZED (
        SELECT topics.id, topics.reply_count
        FROM categories
        JOIN topics ON topics.category_id = categories.id
        WHERE (categories.id = $1 OR categories.parent_id = $1) AND topics.deleted_at IS NULL AND EXISTS (
            SELECT 1
            FROM unnest(
                $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[]
            ) AS seen (category_id, without_since, without_internal, with_since, with_internal)
            WHERE
                seen.category_id IN (categories.id, {GRANTED_IN})
                AND CASE WHEN topics.is_internal THEN topics.created_at >= seen.with_internal
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
        ),
        (
            SELECT count(*)
            FROM attachments
            JOIN posts ON posts.id = attachments.post_id
            WHERE posts.topic_id IN (SELECT reached.id FROM reached) AND posts.deleted_at IS NULL
        )
    """,
    returns=Reach,
    card=Card.ONE,
)

# A member with no right before nor after is not asked about further.
_UNDER_RIGHTS_OF = Query(
    "right_changes.under_rights_of",
    f"""
    SELECT members.id, categories.id, categories.slug, categories.name_el, categories.name_en,
           $3 AND categories.archived_at IS NOT NULL,
           organisations.id, organisations.slug, organisations.name_el, organisations.name_en,
           {stages.held("before")}, {stages.held("after")},
           before.topics_since, before.internal_since, after.topics_since, after.internal_since
    FROM members
    JOIN organisations ON organisations.id = members.organisation_id
    CROSS JOIN categories
    LEFT JOIN category_rights AS before ON before.member_id = members.id AND before.category_id = categories.id
    LEFT JOIN category_rights AS after ON after.member_id = members.id AND after.category_id = $2
    WHERE categories.id = $1 AND (before.member_id IS NOT NULL OR after.member_id IS NOT NULL)
    ORDER BY organisations.id, members.id
    """,
    returns=Affected,
    card=Card.MANY,
)


async def hold(tx: Tx) -> None:
    """Have whoever changes members, groups, categories or grants wait: nothing moves between preview and act."""
    await tx.one(_HOLD)


async def require_none_waiting(conn: Conn, *category_ids: CategoryId, in_itself: bool = True) -> None:
    """Raise Conflict (opening_waits) while a change of rights waits above or below a category, or `in_itself`.

    Who sees a sub-category is decided above it as well: of two changes, each alone could show nothing.
    """
    if await conn.one(_WAITS, category_ids, in_itself):
        raise Conflict("opening_waits")


async def under_rights_of(
    conn: Conn, category_id: CategoryId, other_id: CategoryId, *, keeps_archive: bool
) -> list[Affected]:
    """Return what members may do in a category now, and when the rights in another one hold for its topics.

    An archived one is written in again by it unless it `keeps_archive`.
    """
    return await conn.many(_UNDER_RIGHTS_OF, category_id, other_id, keeps_archive)


async def reach(conn: Conn, category_id: CategoryId, affected: Iterable[Affected]) -> tuple[Reach, Reach]:
    """Return what becomes visible to somebody in a category and those below it, and what ceases to be."""
    seen = {
        (one.category_id, one.before_since, one.before_internal, one.after_since, one.after_internal)
        for one in affected
        if (one.before_since, one.before_internal) != (one.after_since, one.after_internal)
    }
    rows = list(seen)
    ids, before, before_internal, after, after_internal = ([row[place] for row in rows] for place in range(5))
    gaining = await conn.one(_REACH, category_id, ids, before, before_internal, after, after_internal)
    losing = await conn.one(_REACH, category_id, ids, after, after_internal, before, before_internal)
    return gaining, losing


def changes(affected: Iterable[Affected]) -> tuple[Change, ...]:
    """Return who gains and loses what, by category as it stands first in `affected`, right and organisation."""
    gained: dict[tuple[CategoryId, int, OrganisationId], list[MemberId]] = defaultdict(list)
    lost: dict[tuple[CategoryId, int, OrganisationId], list[MemberId]] = defaultdict(list)
    categories: dict[CategoryId, tuple[str, str, str]] = {}
    organisations: dict[OrganisationId, tuple[str, str, str]] = {}
    for one in affected:
        categories.setdefault(one.category_id, (one.category_slug, one.category_el, one.category_en))
        if one.before == one.after:
            continue
        organisations[one.organisation_id] = (one.organisation_slug, one.organisation_el, one.organisation_en)
        for position, right in enumerate(RIGHTS):
            if one.is_archived and right in _ENDED_BY_ARCHIVING:
                continue
            if (right in one.before) != (right in one.after):
                (gained if right in one.after else lost)[one.category_id, position, one.organisation_id].append(one.id)
    order = list(categories)
    return tuple(
        Change(
            RIGHTS[key[1]],
            key[0],
            *categories[key[0]],
            key[2],
            *organisations[key[2]],
            tuple(gained.get(key, ())),
            tuple(lost.get(key, ())),
        )
        for key in sorted(gained.keys() | lost.keys(), key=lambda key: (order.index(key[0]), *key[1:]))
    )
