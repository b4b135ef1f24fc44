"""Drafts: what a member is writing and has not published, one a place, for nobody's eyes but their own.

A place says which form the words were typed in: a reply (`topic:ID`), an edit (`post:ID`) or a new topic
(`category:SLUG`, with its kind `category:SLUG:KIND`). It is a label and no right: whether anything may be published
there is asked at the door when it is, so that words are kept also where the right was lost while they were written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NewType

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import kinds, pages
from forum.domain.entities import CategoryId, MemberId, PostId, TopicId
from forum.domain.pages import Page
from forum.errors import Invalid

Place = NewType("Place", str)

LIFETIME: Final = timedelta(days=90)
"""How long a draft is kept that nobody touches."""

DRAFTS_A_MEMBER: Final = 100
"""More than anybody has open at once; a member can fill no more than 5 million characters."""

DRAFTS_A_PAGE: Final = 20

FIELDS_LIMIT: Final = 100_000
"""Characters of all that is typed in the fields of a kind."""

_CHOSEN: Final = frozenset({"language", "owner"})

_PLACE: Final = re.compile(
    r"(?:topic|post):([1-9][0-9]{0,18})|category:[a-z0-9-]{1,80}(?::(?:" + "|".join(kinds.KINDS) + "))?", re.ASCII
)
_INT8: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Words:
    """What is typed in the form of a place; `reply_to` is the number of the post that is answered."""

    place: Place
    title: str = ""
    body: str = ""
    reply_to: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    """What is typed in the fields of a kind, by the names of the form."""

    @property
    def are_empty(self) -> bool:
        return not self.title.strip() and not self.body.strip() and not any(map(self._is_typed, self.fields))

    def _is_typed(self, name: str) -> bool:
        """Say whether a field holds words: what is chosen in a form from the start is none."""
        return "." not in name and name not in _CHOSEN and bool(self.fields[name].strip())


@dataclass(frozen=True, slots=True)
class Draft:
    place: Place
    title: str
    body: str
    reply_to: int | None
    fields: dict[str, str]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft in the list of one's own; names of its place are None where the member may not read them any more."""

    place: Place
    title: str
    body: str
    updated_at: datetime
    topic_title: str | None
    topic_language: str | None
    post_number: int | None
    category_el: str | None
    category_en: str | None

    @property
    def kind(self) -> str:
        """Return what the place is: topic, post or category."""
        return self.place.partition(":")[0]

    @property
    def is_place_gone(self) -> bool:
        return self.category_el is None


_FIND = Query(
    "drafts.find",
    """
    SELECT drafts.place, drafts.title, drafts.body, drafts.reply_to, drafts.fields, drafts.updated_at
    FROM drafts
    WHERE drafts.member_id = $1 AND drafts.place = $2
    """,
    returns=Draft,
    card=Card.ZERO_OR_ONE,
)

# A deleted topic or post has no form any more; its name is left out as that of a place the member may not read.
_LIST = Query(
    "drafts.list",
    """
    SELECT drafts.place, drafts.title, drafts.body, drafts.updated_at,
           readable.title, readable.language, readable.number, readable.name_el, readable.name_en
    FROM (
        SELECT drafts.place, drafts.title, drafts.body, drafts.updated_at,
               CASE WHEN drafts.place LIKE 'topic:%' THEN split_part(drafts.place, ':', 2)::bigint END AS topic_id,
               CASE WHEN drafts.place LIKE 'post:%' THEN split_part(drafts.place, ':', 2)::bigint END AS post_id,
               CASE WHEN drafts.place LIKE 'category:%' THEN split_part(drafts.place, ':', 2) END AS category_slug
        FROM drafts
        WHERE drafts.member_id = $1
            AND ($2::timestamptz IS NULL OR (drafts.updated_at, drafts.place) < ($2::timestamptz, $3::text))
        ORDER BY drafts.updated_at DESC, drafts.place DESC
        LIMIT $4
    ) AS drafts
    LEFT JOIN LATERAL (
        SELECT topics.title, topics.language, posts.number, categories.name_el, categories.name_en
        FROM topics
        JOIN topic_rights AS rights ON rights.member_id = $1 AND rights.topic_id = topics.id
        JOIN categories ON categories.id = topics.category_id
        LEFT JOIN posts ON posts.id = drafts.post_id
        WHERE topics.deleted_at IS NULL AND posts.deleted_at IS NULL AND topics.id = coalesce(
            drafts.topic_id, (SELECT posts.topic_id FROM posts WHERE posts.id = drafts.post_id)
        )
        UNION ALL
        SELECT NULL, NULL, NULL, categories.name_el, categories.name_en
        FROM categories
        JOIN category_rights AS rights ON rights.member_id = $1 AND rights.category_id = categories.id
        WHERE categories.slug = drafts.category_slug AND rights.can_read
    ) AS readable ON true
    ORDER BY drafts.updated_at DESC, drafts.place DESC
    """,
    returns=DraftRow,
    card=Card.MANY,
)

_SAVE = Statement(
    "drafts.save",
    """
    INSERT INTO drafts (member_id, place, title, body, reply_to, fields)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (member_id, place) DO UPDATE
    SET title = excluded.title, body = excluded.body, reply_to = excluded.reply_to, fields = excluded.fields,
        updated_at = now()
    """,
    returns=int,
    card=Card.NONE,
)

# Whoever may not see the category keeps theirs where they are: its slug is not for them.
_PASS_ON = Statement(
    "drafts.pass_on",
    """
    UPDATE drafts
    SET place = overlay(drafts.place PLACING $3 FROM 1 FOR length($2))
    WHERE drafts.place IN ($2, $2 || ':' || split_part(drafts.place, ':', 3))
        AND drafts.member_id IN (
            SELECT rights.member_id FROM category_rights AS rights WHERE rights.category_id = $1
        )
        AND NOT EXISTS (
            SELECT 1 FROM drafts AS others WHERE others.member_id = drafts.member_id
                AND others.place = overlay(drafts.place PLACING $3 FROM 1 FOR length($2))
        )
    """,
    returns=int,
    card=Card.NONE,
)

# The one just saved is among the newest, so it is never its own victim.
_TRIM = Statement(
    "drafts.trim",
    """
    DELETE FROM drafts
    WHERE drafts.member_id = $1 AND drafts.place IN (
        SELECT kept.place
        FROM drafts AS kept
        WHERE kept.member_id = $1 AND kept.place <> $3
        ORDER BY kept.updated_at DESC, kept.place DESC
        OFFSET $2
    )
    """,
    returns=int,
    card=Card.NONE,
)

_DELETE = Statement(
    "drafts.delete",
    "DELETE FROM drafts WHERE drafts.member_id = $1 AND drafts.place = $2",
    returns=int,
    card=Card.NONE,
)

DISCARDING_REPLY: Final = "DELETE FROM drafts WHERE drafts.member_id = $1 AND drafts.place = 'topic:' || $2::bigint"
"""What discards member `$1`'s draft of a reply in topic `$2`, as a part of the statement that publishes it."""

_SWEEP = Statement(
    "drafts.sweep",
    "DELETE FROM drafts WHERE drafts.updated_at < now() - $1::interval",
    returns=int,
    card=Card.NONE,
)


def of_topic(topic_id: TopicId) -> Place:
    """Return the place of a reply."""
    return Place(f"topic:{topic_id}")


def of_post(post_id: PostId) -> Place:
    """Return the place of an edit."""
    return Place(f"post:{post_id}")


def of_category(slug: str, kind: str = "") -> Place:
    """Return the place of a new topic of a kind; of a plain one where none is named."""
    return Place(f"category:{slug}" if kind in ("", kinds.DEFAULT.code) else f"category:{slug}:{kind}")


def place(text: str) -> Place:
    """Return the place that a text names; raise Invalid when no form of ours has that name."""
    found = _PLACE.fullmatch(text)
    if found is None or (found[1] and int(found[1]) > _INT8):
        raise Invalid({"place": ("bad_value",)})
    return Place(text)


async def find(conn: Conn, member_id: MemberId, place: Place) -> Draft | None:
    """Return the member's draft for a place, None when there is none."""
    return await conn.maybe(_FIND, member_id, place)


async def list_drafts(
    conn: Conn, member_id: MemberId, *, cursor: str | None = None, limit: int = DRAFTS_A_PAGE
) -> Page[DraftRow]:
    """Return a page of the member's drafts, the last touched first."""
    after = pages.decode(cursor, datetime, str) if cursor else (None, None)
    rows = await conn.many(_LIST, member_id, *after, limit + 1)
    return pages.cut(rows, limit, lambda row: (row.updated_at, row.place))


async def save(tx: Tx, member_id: MemberId, words: Words) -> None:
    """Keep words as the draft of their place, in the stead of what was kept there; empty words discard it.

    A member keeps the newest DRAFTS_A_MEMBER; the oldest goes.
    """
    if words.are_empty:
        await delete(tx, member_id, words.place)
        return
    await tx.run(_SAVE, member_id, words.place, words.title, words.body, words.reply_to, dict(words.fields))
    await tx.run(_TRIM, member_id, DRAFTS_A_MEMBER - 1, words.place)


async def delete(tx: Tx, member_id: MemberId, place: Place) -> None:
    """Discard the member's draft of a place, if there is one."""
    await tx.run(_DELETE, member_id, place)


async def pass_on(tx: Tx, category_id: CategoryId, from_slug: str, to_slug: str) -> None:
    """Have drafts of new topics go with a category to another slug, where their members may see it."""
    await tx.run(_PASS_ON, category_id, of_category(from_slug), of_category(to_slug))


async def sweep(tx: Tx) -> int:
    """Delete the drafts nobody has touched for LIFETIME and return how many."""
    return await tx.run(_SWEEP, LIFETIME)
