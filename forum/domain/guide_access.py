"""The door to the files of guides, beside `access.py`: it alone makes these grants, and answers as that one does."""

from __future__ import annotations

from dataclasses import dataclass

from forum.db import Card, Conn, Query, Tx
from forum.domain import access, permissions
from forum.domain.access import AttachmentGrant
from forum.domain.actors import Actor
from forum.domain.entities import AttachmentId, GuideFile, GuideFileId, Topic, TopicId
from forum.domain.permissions import Verdict
from forum.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class GuideGrant:
    """May add files to a guide."""

    actor: Actor
    topic: Topic


@dataclass(frozen=True, slots=True)
class VersionGrant:
    """May add a version of a guide's file."""

    actor: Actor
    topic: Topic
    file: GuideFile


@dataclass(frozen=True, slots=True)
class DeleteGuideFileGrant:
    """May take a file of a guide away, with all its versions."""

    actor: Actor
    topic: Topic
    file: GuideFile


_VERSION = Query(
    "guide_access.version",
    """
    SELECT guide_versions.attachment_id
    FROM guide_versions
    WHERE guide_versions.guide_file_id = $1 AND ($2::integer IS NULL OR guide_versions.number = $2)
    ORDER BY guide_versions.number DESC
    LIMIT 1
    """,
    returns=int,
    card=Card.ZERO_OR_ONE,
)

_GUIDE_FILE = Query(
    "guide_access.guide_file",
    """
    SELECT guide_files.id, guide_files.topic_id, guide_files.title,
           (
               SELECT count(*)::integer FROM guide_versions WHERE guide_versions.guide_file_id = guide_files.id
           )
    FROM guide_files
    WHERE guide_files.id = $1
    """,
    returns=GuideFile,
    card=Card.ZERO_OR_ONE,
)


async def version_to_read(conn: Conn, actor: Actor, file_id: GuideFileId, number: int | None = None) -> AttachmentGrant:
    """Return the right to read a version of a guide's file, of the newest where none is named."""
    found = await conn.maybe(_VERSION, file_id, number)
    if found is None:
        raise NotFound
    return await access.attachment_to_read(conn, actor, AttachmentId(found))


async def guide_file_to_read(conn: Conn, actor: Actor, file_id: GuideFileId) -> tuple[Topic, GuideFile]:
    """Return a file of a guide with its topic, for pages that ask whether something is to be done to it."""
    file = await conn.maybe(_GUIDE_FILE, file_id)
    if file is None:
        raise NotFound
    return (await access.topic_to_read(conn, actor, file.topic_id)).topic, file


async def guide_to_extend(tx: Tx, actor: Actor, topic_id: TopicId) -> GuideGrant:
    topic = await access.locked_topic(tx, actor, topic_id)
    _require(permissions.can_add_guide_file(actor, topic))
    return GuideGrant(actor, topic)


async def guide_file_to_renew(tx: Tx, actor: Actor, file_id: GuideFileId) -> VersionGrant:
    topic, file = await _locked_guide_file(tx, actor, file_id)
    _require(permissions.can_add_guide_file(actor, topic))
    return VersionGrant(actor, topic, file)


async def guide_file_to_delete(tx: Tx, actor: Actor, file_id: GuideFileId) -> DeleteGuideFileGrant:
    topic, file = await _locked_guide_file(tx, actor, file_id)
    _require(permissions.can_delete_guide_file(actor, topic))
    return DeleteGuideFileGrant(actor, topic, file)


async def _locked_guide_file(tx: Tx, actor: Actor, file_id: GuideFileId) -> tuple[Topic, GuideFile]:
    """Read the file again once its topic is locked: it may have gone, or have got another version, meanwhile."""
    found, _ = await guide_file_to_read(tx, actor, file_id)
    topic = await access.locked_topic(tx, actor, found.id)
    file = await tx.maybe(_GUIDE_FILE, file_id)
    if file is None:
        raise NotFound
    return topic, file


def _require(verdict: Verdict) -> None:
    if not verdict:
        raise Forbidden(verdict.code)
