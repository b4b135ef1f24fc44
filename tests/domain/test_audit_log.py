"""Reading the audit log: by who, what and when, the newest first, in pages; and as a whole, a thousand at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forum.db import Database, RawConnection
from forum.domain import audit_log, groups
from forum.domain.access import AdministerGrant
from forum.domain.audit_log import Entry, Filters
from forum.errors import BadRequest
from tests.cast import Cast

_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def grant(cast: Cast) -> AdministerGrant:
    return AdministerGrant(cast.administrator)


async def _enter(owner: RawConnection, act: str, at: datetime, **columns: Any) -> int:
    values = {"actor_id": None, "subject": act.partition(".")[0], "subject_id": None, **columns}
    return int(
        await owner.fetchval(
            "INSERT INTO audit_entries (act, created_at, actor_id, subject, subject_id)"
            " VALUES ($1, $2, $3, $4, $5) RETURNING id",
            act,
            at,
            *values.values(),
        )
    )


async def _listed(db: Database, grant: AdministerGrant, filters: Filters) -> list[Entry]:
    async with db.read() as conn:
        return (await audit_log.list_entries(conn, grant, filters)).items


async def test_an_entry_says_who_by_the_name_of_today(
    db: Database, grant: AdministerGrant, cast: Cast, owner: RawConnection
) -> None:
    async with db.write() as tx:
        await groups.add_member(tx, "moderators", cast.maria.member_id, actor_id=cast.administrator.member_id)
    await owner.execute("UPDATE members SET name = 'Χριστίνα Νέα' WHERE id = $1", cast.administrator.member_id)
    [entry] = await _listed(db, grant, Filters())
    assert (entry.actor_id, entry.actor_name) == (cast.administrator.member_id, "Χριστίνα Νέα")
    assert (entry.act, entry.subject) == ("group.member_added", "group")
    assert (entry.before, entry.after) == (None, {"member_id": cast.maria.member_id})
    assert entry.created_at.tzinfo is not None


async def test_the_newest_comes_first_whatever_its_number(
    db: Database, grant: AdministerGrant, owner: RawConnection
) -> None:
    late = await _enter(owner, "topic.lock", _NOON + timedelta(hours=1))
    early = await _enter(owner, "topic.pin", _NOON)
    same = await _enter(owner, "topic.unpin", _NOON)
    assert [entry.id for entry in await _listed(db, grant, Filters())] == [late, same, early]


async def test_each_filter_leaves_out_what_does_not_fit(
    db: Database, grant: AdministerGrant, cast: Cast, owner: RawConnection
) -> None:
    maria, nikos = cast.maria.member_id, cast.nikos.member_id
    a = await _enter(owner, "topic.lock", _NOON, actor_id=maria, subject_id=7)
    b = await _enter(owner, "topic.pin", _NOON + timedelta(days=1), actor_id=nikos, subject_id=7)
    c = await _enter(owner, "post.delete", _NOON + timedelta(days=2), actor_id=nikos, subject_id=7)
    d = await _enter(owner, "sign_in.failed", _NOON + timedelta(days=3), subject="member", subject_id=8)
    for filters, expected in (
        (Filters(), [d, c, b, a]),
        (Filters(actor_id=nikos), [c, b]),
        (Filters(act="topic.lock"), [a]),
        (Filters(subject="topic"), [b, a]),
        (Filters(subject="topic", subject_id=7, actor_id=maria), [a]),
        (Filters(subject_id=8), [d]),
        (Filters(since=_NOON + timedelta(days=2)), [d, c]),
        (Filters(until=_NOON + timedelta(days=1)), [a]),
        (Filters(since=_NOON, until=_NOON), []),
        (Filters(act="member.moved"), []),
    ):
        assert [entry.id for entry in await _listed(db, grant, filters)] == expected, filters


async def test_pages_follow_each_other_without_gap_while_the_log_grows(
    db: Database, grant: AdministerGrant, owner: RawConnection
) -> None:
    entered = [await _enter(owner, "topic.lock", _NOON + timedelta(minutes=n // 3)) for n in range(10)]
    seen: list[int] = []
    cursor: str | None = None
    while True:
        async with db.read() as conn:
            page = await audit_log.list_entries(conn, grant, Filters(act="topic.lock"), cursor=cursor, limit=4)
        seen += [entry.id for entry in page.items]
        cursor = page.next
        if cursor is None:
            break
        await _enter(owner, "topic.lock", datetime.now(UTC))
    assert seen == entered[::-1]


@pytest.mark.parametrize("cursor", ["x", "WzFd", "WyJhIiwxXQ"])
async def test_a_cursor_that_is_none_is_refused(db: Database, grant: AdministerGrant, cursor: str) -> None:
    async with db.read() as conn:
        with pytest.raises(BadRequest):
            await audit_log.list_entries(conn, grant, Filters(), cursor=cursor)


async def test_what_is_found_by_its_words_brings_them_and_only_what_has_a_page(
    db: Database, grant: AdministerGrant, owner: RawConnection
) -> None:
    for subject, table, where in (
        ("organisation", "organisations", "slug = 'larnaca'"),
        ("region", "regions", "slug = 'cyprus'"),
        ("category", "categories", "slug = 'questions'"),
        ("group", "groups", "slug = 'moderators'"),
    ):
        found = await owner.fetchval(f"SELECT id FROM {table} WHERE {where}")
        await _enter(owner, f"{subject}.changed", _NOON, subject_id=found)
    await owner.execute("INSERT INTO groups (slug, kind, name_el, name_en) VALUES ('mayors', 'free', 'Δ', 'M')")
    await _enter(owner, "group.made", _NOON, subject_id=await owner.fetchval("SELECT max(id) FROM groups"))
    await _enter(owner, "group.deleted", _NOON, subject_id=999_999)
    slugs = [entry.subject_slug for entry in reversed(await _listed(db, grant, Filters()))]
    assert slugs == ["larnaca", "cyprus", "questions", None, "mayors", None]


async def test_the_whole_log_comes_in_parts_and_holds_no_connection_between_them(
    db: Database, grant: AdministerGrant, owner: RawConnection
) -> None:
    await owner.execute(
        "INSERT INTO audit_entries (act, subject, subject_id) SELECT 'topic.lock', 'topic', n"
        " FROM generate_series(1, 2500) AS n"
    )
    parts: list[list[Entry]] = []
    async for part in audit_log.stream_entries(db, grant, Filters(subject="topic")):
        assert db.idle == db.size, "whoever is slow to take the part keeps nobody else waiting"
        parts.append(part)
    assert [len(part) for part in parts] == [1000, 1000, 500]
    assert [entry.subject_id for part in parts for entry in part] == list(range(2500, 0, -1))


async def test_taking_the_log_away_is_written_down_with_what_was_asked_for(
    db: Database, grant: AdministerGrant, cast: Cast
) -> None:
    async with db.write() as tx:
        await audit_log.note_export(tx, grant, Filters(actor_id=cast.maria.member_id, act="topic.lock", since=_NOON))
    [entry] = await _listed(db, grant, Filters(act="audit.exported"))
    assert entry.actor_id == cast.administrator.member_id
    assert entry.after == {
        "actor_id": cast.maria.member_id,
        "act": "topic.lock",
        "since": "2026-03-01T12:00:00+00:00",
    }
