"""Files of guides: numbers without gaps, who keeps them, what becomes of their attachments, who is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from forum.db import Database, RawConnection, Tx
from forum.domain import access, attachments, fanouts, guide_access, guide_files, notifications, topics
from forum.domain.actors import Actor
from forum.domain.attachments import Room
from forum.domain.entities import AttachmentId, GuideFileId
from forum.domain.guide_files import FILES_A_GUIDE, Added, New
from forum.domain.notifications import Notification
from forum.domain.topics import Started
from forum.errors import Forbidden, Invalid, NotFound
from tests.cast import Cast
from tests.domain import writing

_SIZE = 7


async def start(db: Database, actor: Actor, **options: Any) -> Started:
    fields = {"language": "el"}
    return await writing.start(db, actor, category="guides", kind="guide", fields=fields, **options)


async def bring(db: Database, actor: Actor, room: Room = Room(10**9, None)) -> AttachmentId:  # noqa: B008 - frozen
    """Bring a file that nothing has taken up."""
    new = attachments.New(uuid4(), "α.txt", "text/plain", _SIZE, None, bytes(32), has_words=False)
    async with db.write() as tx:
        return (await attachments.create(tx, await access.to_attach(tx, actor), new, room, key=None)).id


async def add(db: Database, actor: Actor, guide: Started, attachment_id: AttachmentId | None = None) -> Added:
    found = attachment_id or await bring(db, actor)
    async with db.write() as tx:
        grant = await guide_access.guide_to_extend(tx, actor, guide.topic_id)
        return await guide_files.add(tx, grant, "Υπόδειγμα", New(found))


async def renew(
    db: Database, actor: Actor, file_id: GuideFileId, attachment_id: AttachmentId | None = None, note: str = ""
) -> Added:
    found = attachment_id or await bring(db, actor)
    async with db.write() as tx:
        grant = await guide_access.guide_file_to_renew(tx, actor, file_id)
        return await guide_files.add_version(tx, grant, New(found, note, date(2027, 1, 1)))


async def listed(db: Database, actor: Actor, guide: Started) -> list[guide_files.File]:
    async with db.read() as conn:
        return await guide_files.list_files(conn, await access.topic_to_read(conn, actor, guide.topic_id))


async def told(db: Database, actor: Actor) -> list[Notification]:
    """Return what somebody was told, once everybody was."""
    while True:
        async with db.write() as tx:
            if await fanouts.fan_out(tx) is None:
                break
    async with db.read() as conn:
        return (await notifications.list_notifications(conn, actor)).items


# Versions ----------------------------------------------------------------------------------------


async def test_versions_are_numbered_and_the_newest_stands_first(db: Database, cast: Cast) -> None:
    guide = await start(db, cast.sophie)
    added = await add(db, cast.sophie, guide)
    assert (added.number, added.topic_id) == (1, guide.topic_id)
    second = await renew(db, cast.administrator, added.file_id, note="Νέο άρθρο")
    other = await add(db, cast.sophie, guide)
    [first_file, last_file] = await listed(db, cast.nikos, guide)
    assert [version.number for version in first_file.versions] == [2, 1]
    assert (first_file.id, last_file.id) == (added.file_id, other.file_id)
    newest = first_file.newest
    assert (newest.number, newest.note, newest.valid_from) == (second.number, "Νέο άρθρο", date(2027, 1, 1))
    assert (newest.author_id, newest.author_organisation_en) == (
        cast.administrator.member_id,
        cast.administrator.organisation_en,
    )
    async with db.read() as conn:
        found = await guide_access.version_to_read(conn, cast.nikos, added.file_id)
        assert found.attachment.id == newest.attachment_id
        earlier = await guide_access.version_to_read(conn, cast.nikos, added.file_id, 1)
        assert earlier.attachment.id == first_file.versions[1].attachment_id
        with pytest.raises(NotFound):
            await guide_access.version_to_read(conn, cast.nikos, added.file_id, 3)


async def test_two_versions_at_once_leave_no_gap(db: Database, cast: Cast) -> None:
    guide = await start(db, cast.sophie)
    file_id = (await add(db, cast.sophie, guide)).file_id
    people = [cast.sophie, cast.administrator] * 4
    brought = [await bring(db, person) for person in people]
    made = await asyncio.gather(*(renew(db, person, file_id, one) for person, one in zip(people, brought, strict=True)))
    assert sorted(one.number for one in made) == list(range(2, 10))


async def test_files_at_once_keep_to_the_limit(db: Database, cast: Cast) -> None:
    guide = await start(db, cast.sophie)
    for _ in range(FILES_A_GUIDE - 1):
        await add(db, cast.sophie, guide)
    brought = [await bring(db, cast.sophie) for _ in range(2)]
    done = await asyncio.gather(*(add(db, cast.sophie, guide, one) for one in brought), return_exceptions=True)
    assert sum(isinstance(one, Added) for one in done) == 1
    [refused] = [one for one in done if isinstance(one, Invalid)]
    assert refused.code == "too_many_files"
    assert len(await listed(db, cast.sophie, guide)) == FILES_A_GUIDE


async def test_a_version_is_a_file_of_ones_own_that_nothing_has_taken_up(db: Database, cast: Cast) -> None:
    guide = await start(db, cast.sophie)
    added = await add(db, cast.sophie, guide)
    [file] = await listed(db, cast.sophie, guide)
    of_others = await bring(db, cast.administrator)
    for taken in (file.newest.attachment_id, of_others, AttachmentId(999_999)):
        with pytest.raises(Invalid) as refusal:
            await renew(db, cast.sophie, added.file_id, taken)
        assert refusal.value.fields == {"attachment": ("unknown",)}
    assert [len(one.versions) for one in await listed(db, cast.sophie, guide)] == [1]


# Rights ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "may_add", "may_delete"),
    [
        ("sophie", "", ""),
        ("administrator", "", ""),  # of the same organisation
        ("moderator", "", ""),
        ("maria", "not_guide_author", "not_guide_author"),
        ("nikos", "not_guide_author", "not_guide_author"),
        ("stranger", "not_found", "not_found"),
    ],
)
async def test_who_keeps_the_files_of_a_guide(
    db: Database, cast: Cast, person: str, may_add: str, may_delete: str
) -> None:
    guide = await start(db, cast.sophie)
    file_id = (await add(db, cast.sophie, guide)).file_id
    actor: Actor = getattr(cast, person)
    asked: tuple[tuple[str, Callable[[Tx], Awaitable[object]]], ...] = (
        (may_add, lambda tx: guide_access.guide_to_extend(tx, actor, guide.topic_id)),
        (may_add, lambda tx: guide_access.guide_file_to_renew(tx, actor, file_id)),
        (may_delete, lambda tx: guide_access.guide_file_to_delete(tx, actor, file_id)),
    )
    for expected, ask in asked:
        code = ""
        async with db.write() as tx:
            try:
                await ask(tx)
            except (Forbidden, NotFound) as refusal:
                code = refusal.code
        assert code == expected


async def test_a_locked_or_deleted_guide_gets_no_files_and_a_discussion_never(db: Database, cast: Cast) -> None:
    guide, discussion = await start(db, cast.sophie), await writing.start(db, cast.sophie)
    with pytest.raises(Forbidden) as refusal:
        await add(db, cast.sophie, discussion)
    assert refusal.value.code == "not_guide"
    await writing.lock(db, cast.moderator, guide.topic_id)
    with pytest.raises(Forbidden) as refusal:
        await add(db, cast.sophie, guide)
    assert refusal.value.code == "topic_locked"
    async with db.write() as tx:
        await topics.unlock(tx, await access.topic_to_moderate(tx, cast.moderator, guide.topic_id))
    await writing.delete_topic(db, cast.sophie, guide.topic_id)
    with pytest.raises(Forbidden) as refusal:
        await add(db, cast.sophie, guide)
    assert refusal.value.code == "topic_deleted"


async def test_who_may_not_attach_adds_nothing_but_may_take_away(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    guide = await start(db, cast.sophie)
    file_id, brought = (await add(db, cast.sophie, guide)).file_id, await bring(db, cast.sophie)
    await owner.execute("UPDATE grants SET can_attach = false")
    with pytest.raises(Forbidden) as refusal:
        await add(db, cast.sophie, guide, brought)
    assert refusal.value.code == "cannot_bring"
    async with db.write() as tx:
        await guide_files.delete(tx, await guide_access.guide_file_to_delete(tx, cast.sophie, file_id))


# The attachments ---------------------------------------------------------------------------------


async def test_versions_outlive_edits_of_the_text_and_every_sweep(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    guide = await start(db, cast.sophie)
    added = await add(db, cast.sophie, guide)
    await renew(db, cast.sophie, added.file_id)
    loose = await bring(db, cast.sophie)
    await writing.edit(db, cast.sophie, guide.first_post_id, "Άλλο κείμενο")
    await owner.execute("UPDATE attachments SET created_at = now() - interval '2 days'")
    async with db.write() as tx:
        assert len(await attachments.sweep(tx)) == 1
    left = {row["id"] for row in await owner.fetch("SELECT id FROM attachments")}
    [file] = await listed(db, cast.nikos, guide)
    assert left == {version.attachment_id for version in file.versions}
    assert loose not in left, "the premise: the sweep sweeps"


async def test_versions_count_in_the_room_of_who_brought_them_until_they_go(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    guide = await start(db, cast.sophie)
    added = await add(db, cast.sophie, guide)
    await renew(db, cast.sophie, added.file_id)
    async with db.read() as conn:
        assert (await attachments.usage(conn, cast.sophie.member_id)).bytes == 2 * _SIZE
    async with db.write() as tx:
        stored = await guide_files.delete(
            tx, await guide_access.guide_file_to_delete(tx, cast.moderator, added.file_id)
        )
    assert len(stored) == 2
    async with db.read() as conn:
        assert (await attachments.usage(conn, cast.sophie.member_id)).bytes == 0
    assert await owner.fetchval("SELECT taken FROM storage_room") == 0
    assert await listed(db, cast.sophie, guide) == []
    with pytest.raises(NotFound):
        await renew(db, cast.sophie, added.file_id)


async def test_the_text_of_a_guide_takes_its_twenty_files_beside_the_versions(db: Database, cast: Cast) -> None:
    guide = await start(db, cast.sophie)
    await add(db, cast.sophie, guide)
    named = [await bring(db, cast.sophie) for _ in range(attachments.ATTACHMENTS_A_POST)]
    html = "".join(f'<a href="/attachments/{one}">α</a>' for one in named)
    async with db.write() as tx:
        await attachments.take_up(tx, cast.sophie, guide.first_post_id, html, can_attach=True)
    extra = await bring(db, cast.sophie)
    async with db.write() as tx:
        with pytest.raises(Invalid):
            await attachments.take_up(
                tx, cast.sophie, guide.first_post_id, f'<a href="/attachments/{extra}">α</a>', can_attach=True
            )


async def test_a_version_cannot_be_deleted_as_an_attachment(db: Database, cast: Cast) -> None:
    guide = await start(db, cast.sophie)
    await add(db, cast.sophie, guide)
    [file] = await listed(db, cast.sophie, guide)
    async with db.write() as tx:
        with pytest.raises(Forbidden) as refusal:
            await access.attachment_to_delete(tx, cast.sophie, file.newest.attachment_id)
    assert refusal.value.code == "guide_version"


# Telling -----------------------------------------------------------------------------------------


async def test_a_new_version_is_told_to_whom_a_reply_would_reach(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    guide = await start(db, cast.sophie)
    for person, level in ((cast.nikos, "watch"), (cast.maria, "mute"), (cast.moderator, "watch")):
        await owner.execute(
            "INSERT INTO topic_subscriptions (member_id, topic_id, level) VALUES ($1, $2, $3)",
            person.member_id,
            guide.topic_id,
            level,
        )
    added = await add(db, cast.sophie, guide)
    assert [item.kind for item in await told(db, cast.nikos)] == ["new_topic"], "a first version is no news of its own"
    for _ in range(2):
        await renew(db, cast.administrator, added.file_id)
    items = await told(db, cast.nikos)
    assert [(item.kind, item.version, item.file_title, item.actor_id) for item in items] == [
        ("guide_version", 3, "Υπόδειγμα", cast.administrator.member_id),
        ("guide_version", 2, "Υπόδειγμα", cast.administrator.member_id),
        ("new_topic", None, None, cast.sophie.member_id),
    ]
    assert {item.version for item in await told(db, cast.sophie)} == {2, 3}, "it is told to who started the guide"
    assert await told(db, cast.maria) == [], "who muted it hears nothing"
    assert await told(db, cast.administrator) == [], "nor who did it"
    assert await told(db, cast.stranger) == []


async def test_what_is_told_of_a_version_goes_with_its_file(db: Database, cast: Cast) -> None:
    guide = await start(db, cast.sophie)
    added = await add(db, cast.sophie, guide)
    await renew(db, cast.administrator, added.file_id)
    assert len(await told(db, cast.sophie)) == 1
    await renew(db, cast.administrator, added.file_id)
    async with db.write() as tx:
        await guide_files.delete(tx, await guide_access.guide_file_to_delete(tx, cast.sophie, added.file_id))
    assert await told(db, cast.sophie) == []


async def test_what_was_told_is_seen_with_the_topic(db: Database, cast: Cast) -> None:
    guide = await start(db, cast.sophie)
    added = await add(db, cast.sophie, guide)
    await renew(db, cast.administrator, added.file_id)
    assert [item.is_unread for item in await told(db, cast.sophie)] == [True]
    seen: list[int] = []
    async with db.once() as once:
        await notifications.read_topic(once, cast.sophie, guide.topic_id, 1, seen)
    assert seen == [1]
    assert [item.is_unread for item in await told(db, cast.sophie)] == [False]


async def test_the_guide_keeps_its_place_in_lists(db: Database, cast: Cast) -> None:
    guide = await start(db, cast.sophie)
    await asyncio.sleep(0.01)
    later = await start(db, cast.sophie, title="Άλλος οδηγός")
    file_id = (await add(db, cast.sophie, guide)).file_id
    await renew(db, cast.sophie, file_id)
    rows = await writing.listed(db, cast.nikos, "guides")
    assert [row.id for row in rows] == [later.topic_id, guide.topic_id]
    assert rows[1].last_post_at - rows[1].created_at < timedelta(seconds=1)
