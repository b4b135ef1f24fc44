"""What becomes of files by the clock: what nothing names goes, a document's words are read, and only then."""

from __future__ import annotations

import os
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest

from forum import attachment_jobs
from forum.config import Config
from forum.db import Database, RawConnection
from forum.domain import access, attachments, drafts, topics
from forum.domain.actors import Actor
from forum.domain.attachments import New, Room
from forum.domain.drafts import Place, Words
from forum.domain.entities import AttachmentId
from forum.errors import Forbidden
from forum.markup import render
from forum.storage import FOLDER, FolderStorage
from tests import files
from tests.cast import Cast

_ROOM = Room(10**9, None)
_PDF = "application/pdf"


@pytest.fixture
def storage(config: Config) -> FolderStorage:
    return FolderStorage(config.data_dir / FOLDER)


async def bring(
    db: Database, config: Config, author: Actor, sent: bytes = b"x", content_type: str = "text/plain"
) -> AttachmentId:
    """Put a file into the storage and enter it."""
    key = uuid.uuid4()
    path = config.data_dir / "sent"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sent)
    await FolderStorage(config.data_dir / FOLDER).put(key.hex, path)
    new = New(key, "α.txt", content_type, len(sent), None, bytes(32), content_type == _PDF)
    async with db.write() as tx:
        return (await attachments.create(tx, await access.to_attach(tx, author), new, _ROOM, key=None)).id


async def age(owner: RawConnection, by: timedelta = timedelta(hours=25)) -> None:
    await owner.execute("UPDATE attachments SET created_at = created_at - $1::interval", by)


def lying(config: Config) -> list[Path]:
    return sorted(path for path in (config.data_dir / FOLDER).rglob("*") if path.is_file())


async def ids(owner: RawConnection) -> list[int]:
    return [row["id"] for row in await owner.fetch("SELECT id FROM attachments ORDER BY id")]


async def test_a_file_that_nothing_names_goes_after_a_day(
    db: Database, config: Config, cast: Cast, owner: RawConnection
) -> None:
    loose, drafted, other, posted = [await bring(db, config, cast.maria, b"%d" % number) for number in range(4)]
    async with db.write() as tx:
        named = Words(Place("topic:1"), "", f"[α](/attachments/{drafted}) και όχι /attachments/{loose}0")
        await drafts.save(tx, cast.maria.member_id, named)
        await drafts.save(tx, cast.nikos.member_id, Words(Place("topic:1"), "", f"/attachments/{other}"))
    body = f"[α](/attachments/{posted})"
    async with db.write() as tx:
        grant = await access.category_to_start(tx, cast.maria, "questions")
        await topics.start(tx, grant, title="Θέμα", body=body, rendered=render(body), key=None)
    await attachment_jobs.sweep(db, config)
    assert len(await ids(owner)) == len(lying(config)) == 4
    await age(owner)
    await attachment_jobs.sweep(db, config)
    assert await ids(owner) == [drafted, posted]
    assert len(lying(config)) == 2
    assert await owner.fetchval("SELECT taken FROM storage_room") == 2
    async with db.write() as tx:
        await drafts.delete(tx, cast.maria.member_id, Place("topic:1"))
    await attachment_jobs.sweep(db, config)
    assert await ids(owner) == [posted]


async def test_bytes_without_a_row_go_a_day_later(
    db: Database, config: Config, cast: Cast, storage: FolderStorage
) -> None:
    await bring(db, config, cast.maria)
    (known,) = lying(config)
    stray, fresh = uuid.uuid4().hex, uuid.uuid4().hex
    for name in (stray, f"{stray}.preview", fresh):
        path = config.data_dir / "sent"
        path.write_bytes(b"stray")
        await storage.put(name, path)
    long_ago = time.time() - 25 * 3600
    for path in lying(config):
        if path.name != fresh:
            os.utime(path, (long_ago, long_ago))
    config.arrivals_folder.mkdir()
    for name, at in (("killed", long_ago), ("under-way", time.time())):
        (config.arrivals_folder / name).write_text("x")
        os.utime(config.arrivals_folder / name, (at, at))
    await attachment_jobs.sweep(db, config)
    assert {path.name for path in lying(config)} == {known.name, fresh}
    assert [path.name for path in config.arrivals_folder.iterdir()] == ["under-way"]


async def test_the_words_of_documents_are_kept(db: Database, config: Config, cast: Cast, owner: RawConnection) -> None:
    document = await bring(db, config, cast.maria, files.pdf(), _PDF)
    broken = await bring(db, config, cast.maria, b"%PDF-1.4 nothing", _PDF)
    lost = await bring(db, config, cast.maria, files.pdf(), _PDF)
    plain = await bring(db, config, cast.maria)
    key = await owner.fetchval("SELECT key FROM attachments WHERE id = $1", lost)
    await FolderStorage(config.data_dir / FOLDER).delete(key.hex)
    await attachment_jobs.read_words(db, config)
    found = {row["id"]: row["text"] for row in await owner.fetch("SELECT id, text FROM attachments")}
    assert found == {document: "Regeneration of the old harbour", broken: "", lost: "", plain: None}
    assert await owner.fetchval("SELECT count(*) FROM attachments WHERE is_text_due") == 0
    assert list(config.arrivals_folder.iterdir()) == []


async def test_who_may_attach_nowhere_has_no_grant(db: Database, cast: Cast) -> None:
    async with db.read() as conn:
        with pytest.raises(Forbidden) as refused:
            await access.to_attach(conn, cast.stranger)
    assert refused.value.code == "cannot_attach"


async def test_many_that_nothing_names_go_in_turns(
    db: Database, config: Config, cast: Cast, owner: RawConnection
) -> None:
    count = 2 * attachments.SWEPT_AT_ONCE + 1
    await owner.execute(
        "INSERT INTO attachments (key, author_id, name, content_type, size, sha256, created_at) "
        "SELECT gen_random_uuid(), $1, 'α', 'text/plain', 1, $2, now() - interval '2 days' FROM generate_series(1, $3)",
        cast.maria.member_id,
        bytes(32),
        count,
    )
    await owner.execute("UPDATE storage_room SET taken = $1", count)
    await attachment_jobs.sweep(db, config)
    assert await ids(owner) == []
    assert await owner.fetchval("SELECT taken FROM storage_room") == 0
