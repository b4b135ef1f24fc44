"""Lists of topics, as members may read them: of a category, of an organisation, of the whole forum; a page at a time.

A category's list has three orders and is sifted by what topics say of themselves (docs/adr/0040-lists.md).
What is done to a topic belongs to `topics.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Literal

from forum.db import Card, Conn, Database, Query
from forum.domain import kinds, pages, readable, unread
from forum.domain.access import CategoryGrant
from forum.domain.actors import Actor
from forum.domain.entities import TOPICS_A_PAGE, TopicRow
from forum.domain.pages import Page

Sort = Literal["activity", "created", "deadline"]

COUNT_LIMIT: Final = 1000
"""Topics of a list are counted up to here, so that saying how many there are costs the same for any list."""

TABLE_LIMIT: Final = 10_000
"""Topics of a table that is taken away: as many as a table that is brought in may have."""

_PIECE: Final = 200
"""Topics of a table that are read at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieve:
    """Which topics of a category are wanted; by itself all of them."""

    kind: str | None = None
    fields: kinds.Values = field(default_factory=dict)
    """What its fields must hold: a code, all of several codes, or all words of a line of text."""
    tag: str | None = None
    municipality: str | None = None
    """The slug of an organisation whose members started them; of an unknown one there are none."""
    is_open: bool | None = None
    """Whether their deadline is still to come; what has none never closes."""

    @property
    def is_wide(self) -> bool:
        """Say whether nothing is asked for but, at most, that they are open or closed."""
        return replace(self, is_open=None) == ALL


ALL: Final = Sieve()

# The rows of a page are found first, from an index alone; names and unread counts are joined to those few only.

_KEPT = """
    topics.id, topics.category_id, topics.author_id, topics.title, topics.slug, topics.kind, topics.language,
    topics.is_internal, topics.locked_at, topics.pinned_at, topics.reply_count, topics.last_post_number,
    topics.last_post_at, topics.last_author_id, topics.created_at, topics.organisation_id, topics.last_organisation_id,
    topics.fields, topics.tags, topics.deadline_at, topics.answer_post_id
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
           topics.deadline_at, topics.answer_post_id
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
    topics.organisation_id = ANY ({_PLACES_OF.format(slug="$6")})
    OR (topics.organisation_id IS NULL AND topics.author_id = ANY ({_MEMBERS_OF.format(slug="$6")}))
)"""

_CLOSING = "coalesce(topics.deadline_at, 'infinity'::timestamptz)"

# Planned for its values, so that what is not asked for costs nothing and the planner knows how rare the rest is.
_PASSES = f"""
    ($3::text IS NULL OR topics.kind = $3)
    AND ($4::jsonb IS NULL OR (topics.facets <> '{{}}' AND topics.facets @> facets_of($4)))
    AND ($5::text IS NULL OR (topics.tags <> '{{}}' AND topics.tags @> ARRAY[$5::text]))
    AND ($6::text IS NULL OR {_OF_ORGANISATION})
    AND ($7::boolean IS NULL OR ({_CLOSING} > now()) = $7)
    AND ($8::text[] IS NULL OR (topics.facets <> '{{}}' AND topics.facets && $8))
"""

# Category `$2` as member `$1` may read it.
_OF_CATEGORY = f"""
    topics.category_id = $2 AND topics.deleted_at IS NULL
    AND topics.created_at >= (SELECT {readable.SINCE.format(rights="rights")} FROM rights)
"""

_RIGHTS = """
    WITH rights AS MATERIALIZED (
        SELECT category_rights.topics_since, category_rights.internal_since
        FROM category_rights
        WHERE category_rights.member_id = $1 AND category_rights.category_id = $2 AND category_rights.can_read
    )
"""


@dataclass(frozen=True, slots=True)
class _Order:
    """An order of a category's topics.

    `after` compares with a place in it, whose values are of `types` and begin with parameter `{0}`; `of` gives the
    place of a topic. `wide` narrows the list when nothing is asked for.
    """

    by: str
    after: str
    types: tuple[type, ...]
    of: Callable[[TopicRow], tuple[object, ...]]
    wide: str = "true"


_NEVER: Final = datetime.max.replace(tzinfo=UTC)
"""What PostgreSQL calls infinity."""


def _closing(topic: TopicRow) -> tuple[object, ...]:
    return topic.deadline_at or _NEVER, -topic.id


def _by_closing(wide: str) -> _Order:
    """Return the order of what closes next first; of what never does, which stands last, the newest first."""
    return _Order(
        f"{_CLOSING}, - topics.id",
        f"""({_CLOSING}, - topics.id)
            > (coalesce(${{0}}, '-infinity'::timestamptz), coalesce(${{1}}, -9223372036854775808))""",
        (datetime, int),
        _closing,
        wide,
    )


_ORDERS: Final = {
    # Pinned topics first, then the last moved.
    "activity": _Order(
        "(topics.pinned_at IS NOT NULL) DESC, topics.last_post_at DESC, topics.id DESC",
        """((topics.pinned_at IS NOT NULL), topics.last_post_at, topics.id) < (
            coalesce(${0}, true), coalesce(${1}, 'infinity'::timestamptz), coalesce(${2}, 9223372036854775807)
        )""",
        (bool, datetime, int),
        lambda topic: (topic.is_pinned, topic.last_post_at, topic.id),
    ),
    "created": _Order(
        "topics.created_at DESC, topics.id DESC",
        """(topics.created_at, topics.id)
            < (coalesce(${0}, 'infinity'::timestamptz), coalesce(${1}, 9223372036854775807))""",
        (datetime, int),
        lambda topic: (topic.created_at, topic.id),
    ),
    "deadline": _by_closing("true"),
    "open": _by_closing(f"{_CLOSING} > now()"),
    # What closed last first.
    "closed": _Order(
        f"{_CLOSING} DESC, (- topics.id) DESC",
        f"""({_CLOSING}, - topics.id)
            < (coalesce(${{0}}, 'infinity'::timestamptz), coalesce(${{1}}, 9223372036854775807))""",
        (datetime, int),
        _closing,
        f"{_CLOSING} <= now()",
    ),
}


def _list(order: _Order, passes: str, limit: int) -> str:
    """Return the SQL of a page of a category in an order; the parameter of its size comes before those of the place."""
    after = order.after.format(*range(limit + 1, limit + 4))
    return f"""
        {_RIGHTS}
        {_ROW}
        FROM (
            SELECT {_KEPT}
            FROM topics
            WHERE {_OF_CATEGORY} AND {passes} AND {after}
            ORDER BY {order.by}
            LIMIT ${limit}
        ) AS topics
        {_ROW_JOINS}
        ORDER BY {order.by}
    """


# A whole list is as a generic plan has it; what is sifted would by the same plan read the whole category.
_LISTS: Final = {
    name: Query(f"topic_lists.list_{name}", _list(order, order.wide, 3), returns=TopicRow, card=Card.MANY)
    for name, order in _ORDERS.items()
}
_SIFTED: Final = {
    name: Query(
        f"topic_lists.sift_{name}",
        _list(order, _PASSES, 9),
        returns=TopicRow,
        card=Card.MANY,
        is_planned_anew=True,
    )
    for name, order in _ORDERS.items()
    if order.wide == "true" or name == "closed"
}

_IS_UNANSWERED = "topics.kind = 'question' AND topics.answer_post_id IS NULL"

_UNANSWERED = Query(
    "topic_lists.unanswered", _list(_ORDERS["created"], _IS_UNANSWERED, 3), returns=TopicRow, card=Card.MANY
)
_SIFTED_UNANSWERED = Query(
    "topic_lists.sift_unanswered",
    _list(_ORDERS["created"], f"{_IS_UNANSWERED} AND {_PASSES}", 9),
    returns=TopicRow,
    card=Card.MANY,
    is_planned_anew=True,
)

_COUNT = Query(
    "topic_lists.count",
    f"""
    {_RIGHTS}
    SELECT count(*) FROM (SELECT 1 FROM topics WHERE {_OF_CATEGORY} AND {_PASSES} LIMIT $9) AS found
    """,
    returns=int,
    card=Card.MANY,
    is_planned_anew=True,
)

_WHOLE_FIELDS = Query(
    "topic_lists.whole_fields",
    """
    SELECT topics.fields
    FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, place)
    JOIN topics ON topics.id = wanted.id
    ORDER BY wanted.place
    """,
    returns=dict,
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


async def list_topics(
    conn: Conn,
    grant: CategoryGrant,
    *,
    sort: Sort = "activity",
    sieve: Sieve = ALL,
    cursor: str | None = None,
    limit: int = TOPICS_A_PAGE,
) -> Page[TopicRow]:
    """Return a page of a category's topics that pass a sieve.

    By `activity` pinned ones come first and then the last moved, by `created` the newest, by `deadline` what closes
    next and then what never does; of closed ones alone what closed last.
    """
    name: str = sort
    if sort == "deadline" and sieve.is_open is False:
        name = "closed"
    order = _ORDERS[name]
    after = pages.decode(cursor, *order.types) if cursor else (None,) * len(order.types)
    if sieve == ALL or (sort == "deadline" and sieve.is_wide):
        whole = _LISTS["open" if sort == "deadline" and sieve.is_open else name]
        rows = await conn.many(whole, grant.actor.member_id, grant.category.id, limit + 1, *after)
    else:
        rows = await conn.many(_SIFTED[name], *_values(grant, sieve), limit + 1, *after)
    return pages.cut(rows, limit, order.of)


async def list_unanswered(
    conn: Conn, grant: CategoryGrant, *, sieve: Sieve = ALL, cursor: str | None = None, limit: int = TOPICS_A_PAGE
) -> Page[TopicRow]:
    """Return a page of a category's questions that wait for an answer and pass a sieve, the newest first."""
    order = _ORDERS["created"]
    after = pages.decode(cursor, *order.types) if cursor else (None,) * len(order.types)
    if sieve == ALL:
        rows = await conn.many(_UNANSWERED, grant.actor.member_id, grant.category.id, limit + 1, *after)
    else:
        rows = await conn.many(_SIFTED_UNANSWERED, *_values(grant, sieve), limit + 1, *after)
    return pages.cut(rows, limit, order.of)


async def count_topics(conn: Conn, grant: CategoryGrant, sieve: Sieve) -> int:
    """Return how many topics of a category pass a sieve, COUNT_LIMIT + 1 where there are more than COUNT_LIMIT."""
    (count,) = await conn.many(_COUNT, *_values(grant, sieve), COUNT_LIMIT + 1)
    return count


def _values(grant: CategoryGrant, sieve: Sieve) -> tuple[object, ...]:
    fields = dict(sieve.fields)
    # What names no country is open to all of them.
    countries = [f"countries:{code}" for code in (*fields.pop("countries"), "any")] if "countries" in fields else None
    return (
        grant.actor.member_id,
        grant.category.id,
        sieve.kind,
        fields or None,
        sieve.tag,
        sieve.municipality,
        sieve.is_open,
        countries,
    )


async def stream_topics(
    db: Database, grant: CategoryGrant, *, sort: Sort, sieve: Sieve, limit: int = TABLE_LIMIT
) -> AsyncIterator[tuple[list[TopicRow], bool]]:
    """Yield the topics of a list with all their fields, some at a time, and whether more remain beyond `limit`.

    Rights are asked for anew each time.
    """
    cursor, remaining = None, limit
    while remaining:
        async with db.read() as conn:
            page = await list_topics(conn, grant, sort=sort, sieve=sieve, cursor=cursor, limit=min(_PIECE, remaining))
            fields = await conn.many(_WHOLE_FIELDS, [topic.id for topic in page.items])
        remaining -= len(page.items)
        topics = [replace(topic, fields=whole) for topic, whole in zip(page.items, fields, strict=True)]
        yield topics, page.next is not None and not remaining
        cursor = page.next
        if cursor is None:
            return


async def list_latest(conn: Conn, actor: Actor, *, limit: int = 10) -> list[TopicRow]:
    """Return the topics that moved last, over all categories the actor may read."""
    return await conn.many(_LIST_LATEST, actor.member_id, limit)


async def list_of_organisation(conn: Conn, actor: Actor, organisation_slug: str, *, limit: int = 10) -> list[TopicRow]:
    """Return the newest topics started by members of an organisation, as far as the actor may read them."""
    return await conn.many(_LIST_OF_ORGANISATION, actor.member_id, organisation_slug, limit)
