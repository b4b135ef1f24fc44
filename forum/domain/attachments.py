"""Attachments: files that members bring and posts take up, what room they take, and what becomes of the others.

The bytes lie in the storage; here is who brought them, and to which post they belong. Who may read one is asked in
`access.py`. Their bytes are put before the row that tells of them, and deleted after it: what a crash leaves between
the two is bytes without a row, which a job clears away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import addressed, idempotency, pages
from forum.domain.access import AttachGrant, DeleteAttachmentGrant
from forum.domain.actors import Actor
from forum.domain.entities import AttachmentId, MemberId, PostId
from forum.domain.idempotency import Key
from forum.domain.pages import Page
from forum.errors import Crowded, Forbidden, Invalid

ATTACHMENTS_A_POST: Final = 20

ATTACHMENTS_A_MEMBER: Final = 5_000
"""However small they are."""

ATTACHMENTS_A_PAGE: Final = 20

LOOSE: Final = timedelta(days=1)
"""How long a file is kept that neither a post nor a draft of its author's names."""

SWEPT_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class New:
    """A file that was looked into and lies in the storage under `key`; sizes are in bytes."""

    key: UUID
    name: str
    content_type: str
    size: int
    preview_size: int | None
    sha256: bytes
    has_words: bool

    @property
    def stored(self) -> Stored:
        return Stored(self.key, self.preview_size is not None)


@dataclass(frozen=True, slots=True)
class Entered:
    """The file that was entered, or the one that the same key entered before."""

    id: AttachmentId
    is_new: bool


@dataclass(frozen=True, slots=True)
class Room:
    """How many bytes the files of a member may take, and those of all; None for any number."""

    member: int
    all: int | None


@dataclass(frozen=True, slots=True)
class Usage:
    """What the files of a member take."""

    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class OwnRow:
    """A file in the list of one's own; the title is None where its topic may not be read any more, or there is none."""

    id: AttachmentId
    name: str
    content_type: str
    size: int
    created_at: datetime
    post_id: PostId | None
    is_version: bool
    topic_title: str | None
    topic_language: str | None


@dataclass(frozen=True, slots=True)
class Stored:
    """What of a file lies in the storage."""

    key: UUID
    has_preview: bool

    @property
    def names(self) -> tuple[str, ...]:
        return (self.key.hex, f"{self.key.hex}.preview") if self.has_preview else (self.key.hex,)


@dataclass(frozen=True, slots=True)
class Unread:
    """A document whose words nobody has read yet."""

    id: AttachmentId
    key: UUID
    content_type: str
    size: int


_TAKE_ROOM = Statement(
    "attachments.take_room",
    """
    UPDATE storage_room
    SET taken = storage_room.taken + $1
    WHERE $2::bigint IS NULL OR storage_room.taken + $1 <= $2
    RETURNING storage_room.taken
    """,
    returns=int,
    card=Card.ZERO_OR_ONE,
)

_USAGE = Query(
    "attachments.usage",
    """
    SELECT count(*)::integer, coalesce(sum(attachments.size + coalesce(attachments.preview_size, 0)), 0)::bigint
    FROM attachments
    WHERE attachments.author_id = $1
    """,
    returns=Usage,
    card=Card.ONE,
)

_INSERT = Statement(
    "attachments.insert",
    """
    INSERT INTO attachments (key, author_id, name, content_type, size, preview_size, sha256, is_text_due)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    RETURNING attachments.id
    """,
    returns=int,
    card=Card.ONE,
)

_LOOSE_OF = Query(
    "attachments.loose_of",
    """
    SELECT attachments.id
    FROM attachments
    WHERE attachments.id = ANY ($1::bigint[]) AND attachments.author_id = $2 AND attachments.post_id IS NULL
    """,
    returns=int,
    card=Card.MANY,
)

# Versions of a guide's files are not its text's affair.
_COUNT_OF_POST = Query(
    "attachments.count_of_post",
    """
    SELECT count(*)::integer
    FROM attachments
    LEFT JOIN guide_versions ON guide_versions.attachment_id = attachments.id
    WHERE attachments.post_id = $1 AND guide_versions.id IS NULL
    """,
    returns=int,
    card=Card.ONE,
)

_TAKE_UP = Statement(
    "attachments.take_up",
    """
    UPDATE attachments
    SET post_id = $1
    WHERE attachments.id = ANY ($2::bigint[]) AND attachments.author_id = $3 AND attachments.post_id IS NULL
    """,
    returns=int,
    card=Card.NONE,
)

_LIST_OWN = Query(
    "attachments.list_own",
    """
    SELECT own.id, own.name, own.content_type, own.size, own.created_at, own.post_id,
           EXISTS (SELECT 1 FROM guide_versions WHERE guide_versions.attachment_id = own.id),
           readable.title, readable.language
    FROM (
        SELECT attachments.id, attachments.name, attachments.content_type, attachments.size, attachments.created_at,
               attachments.post_id
        FROM attachments
        WHERE attachments.author_id = $1 AND attachments.id < coalesce($2, 9223372036854775807)
        ORDER BY attachments.id DESC
        LIMIT $3
    ) AS own
    LEFT JOIN LATERAL (
        SELECT topics.title, topics.language
        FROM posts
        JOIN topics ON topics.id = posts.topic_id
        JOIN topic_rights AS rights ON rights.member_id = $1 AND rights.topic_id = topics.id
        WHERE posts.id = own.post_id AND rights.can_read
            AND (topics.deleted_at IS NULL OR rights.can_moderate OR topics.author_id = $1)
    ) AS readable ON true
    ORDER BY own.id DESC
    """,
    returns=OwnRow,
    card=Card.MANY,
)

_DISCARD = Statement(
    "attachments.discard",
    """
    WITH gone AS (
        DELETE FROM attachments
        WHERE attachments.id = ANY ($1::bigint[])
        RETURNING attachments.key, attachments.preview_size, attachments.size
    ),
    given AS (
        UPDATE storage_room
        SET taken = storage_room.taken - freed.bytes
        FROM (SELECT sum(gone.size + coalesce(gone.preview_size, 0))::bigint AS bytes FROM gone) AS freed
        WHERE freed.bytes IS NOT NULL
    )
    SELECT gone.key, gone.preview_size IS NOT NULL FROM gone
    """,
    returns=Stored,
    card=Card.MANY,
)

_SWEEP = Statement(
    "attachments.sweep",
    """
    WITH swept AS (
        DELETE FROM attachments
        WHERE attachments.id IN (
            SELECT loose.id
            FROM attachments AS loose
            WHERE loose.post_id IS NULL AND loose.created_at < now() - $1::interval AND NOT EXISTS (
                SELECT 1
                FROM drafts
                WHERE drafts.member_id = loose.author_id AND drafts.body ~ ('/attachments/' || loose.id || '(?![0-9])')
            )
            ORDER BY loose.created_at
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING attachments.key, attachments.preview_size, attachments.size
    ),
    given AS (
        UPDATE storage_room
        SET taken = storage_room.taken - freed.bytes
        FROM (SELECT sum(swept.size + coalesce(swept.preview_size, 0))::bigint AS bytes FROM swept) AS freed
        WHERE freed.bytes IS NOT NULL
    )
    SELECT swept.key, swept.preview_size IS NOT NULL FROM swept
    """,
    returns=Stored,
    card=Card.MANY,
)

_BEFORE = Query(
    "attachments.before",
    "SELECT now() - $1::interval",
    returns=datetime,
    card=Card.ONE,
)

_KNOWN = Query(
    "attachments.known",
    "SELECT attachments.key FROM attachments WHERE attachments.key = ANY ($1::uuid[])",
    returns=UUID,
    card=Card.MANY,
)

_LIST_UNREAD = Query(
    "attachments.list_unread",
    """
    SELECT attachments.id, attachments.key, attachments.content_type, attachments.size
    FROM attachments
    WHERE attachments.is_text_due
    ORDER BY attachments.id
    LIMIT 10
    """,
    returns=Unread,
    card=Card.MANY,
)

_KEEP_TEXT = Statement(
    "attachments.keep_text",
    "UPDATE attachments SET text = $2, is_text_due = false WHERE attachments.id = $1",
    returns=int,
    card=Card.NONE,
)


async def create(tx: Tx, grant: AttachGrant, new: New, room: Room, *, key: Key | None) -> Entered:
    """Enter a file that nobody but its author sees yet; the same key gives the one that was entered before.

    Raise Crowded (own_room_taken, no_room_for_files) where there is no room for it.
    """
    if key is not None:
        earlier = await idempotency.claim(tx, grant.actor, key)
        if earlier is not None:
            return Entered(AttachmentId(earlier), is_new=False)
    size = new.size + (new.preview_size or 0)
    # The row of the room is locked from here on: of two files at once, the second sees the first.
    if await tx.maybe(_TAKE_ROOM, size, room.all) is None:
        raise Crowded("no_room_for_files")
    used = await tx.one(_USAGE, grant.actor.member_id)
    if used.count >= ATTACHMENTS_A_MEMBER or used.bytes + size > room.member:
        raise Crowded("own_room_taken")
    values = (new.key, grant.actor.member_id, new.name, new.content_type, new.size, new.preview_size, new.sha256)
    attachment_id = AttachmentId(await tx.one(_INSERT, *values, new.has_words))
    if key is not None:
        await idempotency.settle(tx, grant.actor, key, attachment_id)
    return Entered(attachment_id, is_new=True)


async def take_up(tx: Tx, author: Actor, post_id: PostId, html: str, *, can_attach: bool) -> None:
    """Have a post take up the files of its author that its text names and no other post has.

    Raise Forbidden (cannot_attach) where its category takes none of theirs, Invalid where they are too many.
    """
    named = addressed.attachments(html)
    if not named:
        return
    loose = await tx.many(_LOOSE_OF, named, author.member_id)
    if not loose:
        return
    if not can_attach:
        raise Forbidden("cannot_attach")
    if await tx.one(_COUNT_OF_POST, post_id) + len(loose) > ATTACHMENTS_A_POST:
        raise Invalid({"body": ("too_many_files",)})
    await tx.run(_TAKE_UP, post_id, loose, author.member_id)


async def take_up_version(tx: Tx, author: Actor, post_id: PostId, attachment_id: AttachmentId) -> None:
    """Have the first post of a guide take up a version of one of its files, which its text need not name.

    Raise Invalid (attachment) where it is not a file of the author's, or some post has taken it up already.
    """
    if not await tx.run(_TAKE_UP, post_id, [attachment_id], author.member_id):
        raise Invalid({"attachment": ("unknown",)})


async def usage(conn: Conn, member_id: MemberId) -> Usage:
    """Return what the files of a member take."""
    return await conn.one(_USAGE, member_id)


async def list_own(
    conn: Conn, member_id: MemberId, *, cursor: str | None = None, limit: int = ATTACHMENTS_A_PAGE
) -> Page[OwnRow]:
    """Return a page of the files that a member brought, newest first."""
    (after,) = pages.decode(cursor, int) if cursor else (None,)
    rows = await conn.many(_LIST_OWN, member_id, after, limit + 1)
    return pages.cut(rows, limit, lambda row: (row.id,))


async def delete(tx: Tx, grant: DeleteAttachmentGrant) -> Stored:
    """Take a file away for good, and return what of it is to be deleted from the storage afterwards."""
    await discard(tx, [grant.attachment.id])
    return Stored(grant.attachment.key, grant.attachment.preview_size is not None)


async def discard(tx: Tx, attachment_ids: list[AttachmentId]) -> list[Stored]:
    """Take files away that nothing names any more, and return what of them is to be deleted from the storage."""
    return await tx.many(_DISCARD, attachment_ids)


async def sweep(tx: Tx) -> list[Stored]:
    """Take away some of the files that nothing names any more, and return what is to be deleted of them."""
    return await tx.many(_SWEEP, LOOSE, SWEPT_AT_ONCE)


async def before(conn: Conn, age: timedelta) -> datetime:
    """Return the instant that is so long ago, by the database's clock."""
    return await conn.one(_BEFORE, age)


async def known(conn: Conn, keys: list[UUID]) -> set[UUID]:
    """Return those of the keys that a file has."""
    return set(await conn.many(_KNOWN, keys))


async def list_unread(conn: Conn) -> list[Unread]:
    """Return some documents whose words are to be read."""
    return await conn.many(_LIST_UNREAD)


async def keep_text(tx: Tx, attachment_id: AttachmentId, text: str) -> None:
    """Keep the words of a document, so that it is found by them."""
    await tx.run(_KEEP_TEXT, attachment_id, text)
