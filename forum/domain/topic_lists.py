"""Lists of topics, as members may read them: of a category, of an organisation, of the whole forum; a page at a time.

What is done to a topic belongs to `topics.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from forum.db import Card, Conn, Query
from forum.domain import kinds, pages, readable, unread
from forum.domain.access import CategoryGrant
from forum.domain.actors import Actor
from forum.domain.entities import TOPICS_A_PAGE, TopicRow
from forum.domain.pages import Page

Sort = Literal["activity", "created"]

# The rows of a page are found first, from an index alone; names and unread counts are joined to those few only.

_KEPT = """
    topics.id, topics.category_id, topics.author_id, topics.title, topics.slug, topics.kind, topics.language,
    topics.is_internal, topics.locked_at, topics.pinned_at, topics.reply_count, topics.last_post_number,
    topics.last_post_at, topics.last_author_id, topics.created_at, topics.organisation_id, topics.last_organisation_id,
    topics.fields, topics.tags, topics.deadline_at, topics.translated_titles
"""

_ROW = f"""
    SELECT topics.id, topics.title, topics.slug, topics.kind, topics.language,
           categories.slug, categories.name_el, categories.name_en,
           authors.id, authors.name,
           author_organisations.slug, author_organisations.name_el, author_organisations.name_en,
           topics.is_internal, topics.locked_at IS NOT NULL, topics.pinned_at IS NOT NULL,
           topics.reply_count, {unread.COUNT},
           topics.last_post_at, last_authors.id, last_authors.name,
           last_author_organisations.name_el, last_author_organisations.name_en,
           topics.created_at, topics.fields - '{{{",".join(sorted(kinds.LONG))}}}'::text[], topics.tags,
           topics.deadline_at, topics.translated_titles
"""

_ROW_JOINS = f"""
    JOIN categories ON categories.id = topics.category_id
    JOIN members AS authors ON authors.id = topics.author_id
    JOIN organisations AS author_organisations
        ON author_organisations.id = coalesce(topics.organisation_id, authors.organisation_id)
    JOIN members AS last_authors ON last_authors.id = topics.last_author_id
    JOIN organisations AS last_author_organisations
        ON last_author_organisations.id = coalesce(topics.last_organisation_id, last_authors.organisation_id)
    {unread.JOIN}
"""

_MEMBERS_OF = """ARRAY(
    SELECT members.id
    FROM members
    WHERE members.organisation_id = (SELECT organisations.id FROM organisations WHERE organisations.slug = {slug})
)"""

# What was written in an organisation, or in one that merged into it, by members who have passed on since.
_PLACES_OF = """ARRAY(
    SELECT places.id
    FROM organisations
    JOIN organisations AS places ON places.id = organisations.id OR places.merged_into_id = organisations.id
    WHERE organisations.slug = {slug}
)"""

_OF_ORGANISATION = f"""(
    topics.organisation_id = ANY ({_PLACES_OF.format(slug="$4")})
    OR (topics.organisation_id IS NULL AND topics.author_id = ANY ({_MEMBERS_OF.format(slug="$4")}))
)"""


def _of_category(order: str, after: str, further: str = "true") -> str:
    """Return the SQL of a page of category `$2`: `$3` topics in an order, after a place in it."""
    return f"""
        WITH rights AS MATERIALIZED (
            SELECT category_rights.topics_since, category_rights.internal_since
            FROM category_rights
            WHERE category_rights.member_id = $1 AND category_rights.category_id = $2 AND category_rights.can_read
        )
        {_ROW}
        FROM (
            SELECT {_KEPT}
            FROM topics
            WHERE topics.category_id = $2 AND topics.deleted_at IS NULL AND {further} AND {after}
                AND topics.created_at >= (SELECT {readable.SINCE.format(rights="rights")} FROM rights)
            ORDER BY {order}
            LIMIT $3
        ) AS topics
        {_ROW_JOINS}
        ORDER BY {order}
    """


def _by_activity(first: int) -> tuple[str, str]:
    """Return the order of pinned topics first, then the last moved; `first` begins the parameters of a place in it."""
    return (
        "(topics.pinned_at IS NOT NULL) DESC, topics.last_post_at DESC, topics.id DESC",
        f"""((topics.pinned_at IS NOT NULL), topics.last_post_at, topics.id) < (
            coalesce(${first}, true), coalesce(${first + 1}, 'infinity'::timestamptz),
            coalesce(${first + 2}, 9223372036854775807)
        )""",
    )


def _by_created(first: int) -> tuple[str, str]:
    """Return the order of the newest first; `first` begins the parameters of a place in it."""
    return (
        "topics.created_at DESC, topics.id DESC",
        f"""(topics.created_at, topics.id) < (
            coalesce(${first}, 'infinity'::timestamptz), coalesce(${first + 1}, 9223372036854775807)
        )""",
    )


# With and without an organisation are different questions: one plan for both would read the whole category.
_LIST_BY_ACTIVITY = Query(
    "topic_lists.list_by_activity", _of_category(*_by_activity(4)), returns=TopicRow, card=Card.MANY
)
_LIST_BY_CREATED = Query("topic_lists.list_by_created", _of_category(*_by_created(4)), returns=TopicRow, card=Card.MANY)
_LIST_OF_ORGANISATION_BY_ACTIVITY = Query(
    "topic_lists.list_of_organisation_by_activity",
    _of_category(*_by_activity(5), _OF_ORGANISATION),
    returns=TopicRow,
    card=Card.MANY,
)
_LIST_OF_ORGANISATION_BY_CREATED = Query(
    "topic_lists.list_of_organisation_by_created",
    _of_category(*_by_created(5), _OF_ORGANISATION),
    returns=TopicRow,
    card=Card.MANY,
)

# The condition on cardinality spares the walk where it would find nothing; the rights are looked up once.
_LIST_LATEST = Query(
    "topic_lists.list_latest",
    f"""
    WITH {readable.CTE}
    {_ROW}
    FROM (
        SELECT {_KEPT}
        FROM topics
        WHERE topics.deleted_at IS NULL AND {readable.IS}
            AND (SELECT cardinality(readable.ids) FROM readable) > 0
        ORDER BY topics.last_post_at DESC, topics.id DESC
        LIMIT $2
    ) AS topics
    {_ROW_JOINS}
    ORDER BY topics.last_post_at DESC, topics.id DESC
    """,
    returns=TopicRow,
    card=Card.MANY,
)

# The newest of each member first, so that the cost follows the number of members and not that of their topics.
_LIST_OF_ORGANISATION = Query(
    "topic_lists.list_of_organisation",
    f"""
    WITH {readable.CTE}
    {_ROW}
    FROM (
        SELECT {_KEPT}
        FROM (
            SELECT {_KEPT}
            FROM unnest({_MEMBERS_OF.format(slug="$2")}) AS colleagues (id)
            CROSS JOIN LATERAL (
                SELECT {_KEPT}
                FROM topics
                WHERE topics.author_id = colleagues.id AND topics.organisation_id IS NULL
                    AND topics.deleted_at IS NULL AND {readable.IS}
                ORDER BY topics.id DESC
                LIMIT $3
            ) AS topics
            UNION ALL
            SELECT {_KEPT}
            FROM unnest({_PLACES_OF.format(slug="$2")}) AS places (id)
            CROSS JOIN LATERAL (
                SELECT {_KEPT}
                FROM topics
                WHERE topics.organisation_id = places.id
                    AND topics.deleted_at IS NULL AND {readable.IS}
                ORDER BY topics.id DESC
                LIMIT $3
            ) AS topics
        ) AS topics
        ORDER BY topics.id DESC
        LIMIT $3
    ) AS topics
    {_ROW_JOINS}
    ORDER BY topics.id DESC
    """,
    returns=TopicRow,
    card=Card.MANY,
)


# Whether many topics name the theme decides which way is the short one, and so the plan is made for it each time.
_LIST_OF_THEME = Query(
    "topic_lists.list_of_theme",
    f"""
    WITH {readable.CTE}
    {_ROW}
    FROM (
        SELECT {_KEPT}
        FROM topics
        WHERE topics.fields <> '{{}}' AND topics.deleted_at IS NULL
            AND topics.fields @> jsonb_build_object('themes', jsonb_build_array($2::text))
            AND topics.id < coalesce($3, 9223372036854775807)
            AND {readable.IS}
        ORDER BY topics.id DESC
        LIMIT $4
    ) AS topics
    {_ROW_JOINS}
    ORDER BY topics.id DESC
    """,
    returns=TopicRow,
    card=Card.MANY,
    is_planned_anew=True,
)


async def list_topics(
    conn: Conn,
    grant: CategoryGrant,
    *,
    sort: Sort = "activity",
    municipality: str | None = None,
    cursor: str | None = None,
    limit: int = TOPICS_A_PAGE,
) -> Page[TopicRow]:
    """Return a page of a category's topics: pinned ones first and then by last post, or the newest first.

    `municipality` is the slug of an organisation whose members' topics are wanted; an unknown one has none.
    """
    values: tuple[object, ...] = (grant.actor.member_id, grant.category.id, limit + 1)
    if municipality is not None:
        values = (*values, municipality)
    if sort == "created":
        after = pages.decode(cursor, datetime, int) if cursor else (None, None)
        query = _LIST_BY_CREATED if municipality is None else _LIST_OF_ORGANISATION_BY_CREATED
        rows = await conn.many(query, *values, *after)
        return pages.cut(rows, limit, lambda row: (row.created_at, row.id))
    after = pages.decode(cursor, bool, datetime, int) if cursor else (None, None, None)
    query = _LIST_BY_ACTIVITY if municipality is None else _LIST_OF_ORGANISATION_BY_ACTIVITY
    rows = await conn.many(query, *values, *after)
    return pages.cut(rows, limit, lambda row: (row.is_pinned, row.last_post_at, row.id))


async def list_latest(conn: Conn, actor: Actor, *, limit: int = 10) -> list[TopicRow]:
    """Return the topics that moved last, over all categories the actor may read."""
    return await conn.many(_LIST_LATEST, actor.member_id, limit)


async def list_of_organisation(conn: Conn, actor: Actor, organisation_slug: str, *, limit: int = 10) -> list[TopicRow]:
    """Return the newest topics started by members of an organisation, as far as the actor may read them."""
    return await conn.many(_LIST_OF_ORGANISATION, actor.member_id, organisation_slug, limit)


async def list_of_theme(
    conn: Conn, actor: Actor, theme_slug: str, *, cursor: str | None = None, limit: int = TOPICS_A_PAGE
) -> Page[TopicRow]:
    """Return a page of the topics that name a theme, over all categories the actor may read, the newest first."""
    (after,) = pages.decode(cursor, int) if cursor else (None,)
    rows = await conn.many(_LIST_OF_THEME, actor.member_id, theme_slug, after, limit + 1)
    return pages.cut(rows, limit, lambda row: (row.id,))
