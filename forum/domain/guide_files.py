"""The files of guides: each under one address that gives its newest version, the earlier ones kept beside it.

A version is an attachment of the guide's first post, whatever the text names: who may read the topic may have it, it
counts in its author's room, and no sweep takes it. Here is which file it is a version of, under which number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import attachments, audit, events, fanouts, idempotency, topics
from forum.domain.access import ReadGrant
from forum.domain.actors import Actor
from forum.domain.attachments import Stored
from forum.domain.entities import AttachmentId, GuideFileId, GuideVersionId, MemberId, PostId, TopicId
from forum.domain.events import Event, Kind
from forum.domain.guide_access import DeleteGuideFileGrant, GuideGrant, VersionGrant
from forum.domain.idempotency import Key
from forum.errors import Invalid, NotFound

TITLE_LIMIT: Final = 160
NOTE_LIMIT: Final = 500

FILES_A_GUIDE: Final = 20

VERSIONS_A_FILE: Final = 200
"""A page lists them all: one a week for four years."""


@dataclass(frozen=True, slots=True)
class New:
    """A version to be added: an attachment of the author's that no post has taken up, and what is new in it."""

    attachment_id: AttachmentId
    note: str = ""
    valid_from: date | None = None
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """The version that was added, or the one that the same key added before."""

    id: GuideVersionId
    file_id: GuideFileId
    number: int
    topic_id: TopicId
    topic_slug: str


@dataclass(frozen=True, slots=True)
class Version:
    """A version as the page of its guide shows it; the organisation is what its author belonged to then."""

    number: int
    attachment_id: AttachmentId
    name: str
    content_type: str
    size: int
    sha256: bytes
    note: str | None
    valid_from: date | None
    created_at: datetime
    author_id: MemberId
    author_name: str
    author_organisation_el: str
    author_organisation_en: str


@dataclass(frozen=True, slots=True)
class File:
    """A file of a guide with all its versions, the newest first: there is always one."""

    id: GuideFileId
    title: str
    versions: tuple[Version, ...]

    @property
    def newest(self) -> Version:
        return self.versions[0]


@dataclass(frozen=True, slots=True)
class _Listed(Version):
    file_id: GuideFileId
    title: str


_LIST = Query(
    "guide_files.list",
    """
    SELECT versions.number, attachments.id, attachments.name, attachments.content_type, attachments.size,
           attachments.sha256, versions.note, versions.valid_from, versions.created_at, authors.id, authors.name,
           organisations.name_el, organisations.name_en, guide_files.id, guide_files.title
    FROM guide_files
    JOIN guide_versions AS versions ON versions.guide_file_id = guide_files.id
    JOIN attachments ON attachments.id = versions.attachment_id
    JOIN members AS authors ON authors.id = versions.author_id
    JOIN organisations ON organisations.id = versions.organisation_id
    WHERE guide_files.topic_id = $1
    ORDER BY guide_files.position, guide_files.id, versions.number DESC
    """,
    returns=_Listed,
    card=Card.MANY,
)

# Its topic is locked: of two files at once, the second sees the first.
_INSERT = Statement(
    "guide_files.insert",
    f"""
    INSERT INTO guide_files (topic_id, position, title)
    SELECT $1, coalesce(max(beside.position), 0) + 1, $2
    FROM guide_files AS beside
    WHERE beside.topic_id = $1
    HAVING count(*) < {FILES_A_GUIDE}
    RETURNING guide_files.id
    """,
    returns=int,
    card=Card.ZERO_OR_ONE,
)

_INSERT_VERSION = Statement(
    "guide_files.insert_version",
    """
    INSERT INTO guide_versions (guide_file_id, number, attachment_id, author_id, organisation_id, note, valid_from)
    VALUES ($1, $2, $3, $4, $5, nullif($6, ''), $7)
    RETURNING guide_versions.id
    """,
    returns=int,
    card=Card.ONE,
)

_FIRST_POST = Query(
    "guide_files.first_post",
    "SELECT posts.id FROM posts WHERE posts.topic_id = $1 AND posts.number = 1",
    returns=int,
    card=Card.ONE,
)

_ADDED = Query(
    "guide_files.added",
    """
    SELECT versions.id, guide_files.id, versions.number, topics.id, topics.slug
    FROM guide_versions AS versions
    JOIN guide_files ON guide_files.id = versions.guide_file_id
    JOIN topics ON topics.id = guide_files.topic_id
    WHERE versions.id = $1
    """,
    returns=Added,
    card=Card.ZERO_OR_ONE,
)

_DELETE = Statement(
    "guide_files.delete",
    """
    WITH versions AS (
        DELETE FROM guide_versions WHERE guide_versions.guide_file_id = $1 RETURNING guide_versions.attachment_id
    ),
    gone AS (
        DELETE FROM guide_files WHERE guide_files.id = $1
    )
    SELECT versions.attachment_id FROM versions
    """,
    returns=int,
    card=Card.MANY,
)


async def list_files(conn: Conn, grant: ReadGrant) -> list[File]:
    """Return the files of a guide in the order in which they were added, each with all its versions."""
    rows = await conn.many(_LIST, grant.topic.id)
    return [
        File(file_id, title, tuple(versions))
        for (file_id, title), versions in groupby(rows, lambda row: (row.file_id, row.title))
    ]


async def add(tx: Tx, grant: GuideGrant, title: str, new: New) -> Added:
    """Add a file to a guide, with its first version; the same key gives the one that was added before.

    Raise Invalid: (attachment) where that is not a free one of the author's, (too_many_files) beyond FILES_A_GUIDE.
    """
    if earlier := await _earlier(tx, grant.actor, new.key):
        return earlier
    found = await tx.maybe(_INSERT, grant.topic.id, title)
    if found is None:
        raise Invalid({}, "too_many_files")
    file_id = GuideFileId(found)
    added = await _enter(tx, grant, await _first_post(tx, grant), file_id, 1, new)
    await _record(tx, grant, "add_file", file_id, title)
    return added


async def add_version(tx: Tx, grant: VersionGrant, new: New) -> Added:
    """Add a version to a file under the next number, and have those told who watch the guide; keys as in `add`.

    Raise Invalid: (attachment) where that is no free one of the author's, (too_many_versions) beyond VERSIONS_A_FILE.
    """
    if earlier := await _earlier(tx, grant.actor, new.key):
        return earlier
    file = grant.file
    if file.version_count >= VERSIONS_A_FILE:
        raise Invalid({}, "too_many_versions")
    post_id = await _first_post(tx, grant)
    added = await _enter(tx, grant, post_id, file.id, file.version_count + 1, new)
    await _record(tx, grant, "add_version", file.id, file.title, added.number)
    await fanouts.enter_version(tx, post_id, added.id)
    return added


async def delete(tx: Tx, grant: DeleteGuideFileGrant) -> list[Stored]:
    """Take a file away with all its versions; return what is to be deleted from the storage afterwards."""
    gone = [AttachmentId(found) for found in await tx.many(_DELETE, grant.file.id)]
    stored = await attachments.discard(tx, gone)
    await _record(tx, grant, "delete_file", grant.file.id, grant.file.title)
    return stored


async def _earlier(tx: Tx, actor: Actor, key: Key | None) -> Added | None:
    """Return what the same key added before; NotFound where that was taken away since."""
    earlier = await idempotency.claim(tx, actor, key) if key else None
    if earlier is None:
        return None
    added = await tx.maybe(_ADDED, earlier)
    if added is None:
        raise NotFound
    return added


async def _first_post(tx: Tx, grant: GuideGrant | VersionGrant) -> PostId:
    return PostId(await tx.one(_FIRST_POST, grant.topic.id))


async def _enter(
    tx: Tx, grant: GuideGrant | VersionGrant, post_id: PostId, file_id: GuideFileId, number: int, new: New
) -> Added:
    """Write a version, whose attachment the guide's first post takes up."""
    actor, topic = grant.actor, grant.topic
    await attachments.take_up_version(tx, actor, post_id, new.attachment_id)
    values = (file_id, number, new.attachment_id, actor.member_id, actor.organisation_id, new.note, new.valid_from)
    version_id = GuideVersionId(await tx.one(_INSERT_VERSION, *values))
    if new.key is not None:
        await idempotency.settle(tx, actor, new.key, version_id)
    return Added(version_id, file_id, number, topic.id, topic.slug)


async def _record(
    tx: Tx,
    grant: GuideGrant | VersionGrant | DeleteGuideFileGrant,
    act: str,
    file_id: GuideFileId,
    title: str,
    version: int | None = None,
) -> None:
    """Write the audit entry and the notice of an act. The topic keeps its place in lists: that of its last post."""
    actor, topic = grant.actor, grant.topic
    facts = {"file_id": file_id} | ({"version": version} if version else {})
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act=f"topic.{act}",
        subject="topic",
        subject_id=topic.id,
        before=facts if act == "delete_file" else {},
        after={} if act == "delete_file" else facts,
    )
    await topics.note(tx, actor, topic, act, title, version)
    await events.announce(tx, Event(Kind.TOPIC_UPDATED, topic.id, actor.member_id, act=act))
