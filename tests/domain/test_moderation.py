"""Suspension keeps a member out at once, everywhere, and for as long as it says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forum.db import Database, RawConnection
from forum.domain import access, api_tokens, members, moderation, sessions
from forum.domain.actors import Actor
from forum.domain.entities import REASON_LIMIT, MemberId, Role
from forum.errors import Forbidden, Invalid, NotFound
from tests.cast import Cast

UNTIL = datetime(2999, 1, 1, tzinfo=UTC)


async def _suspend(
    db: Database, cast: Cast, member_id: MemberId, until: datetime = UNTIL, reason: str = "Ύβρεις"
) -> None:
    async with db.write() as tx:
        grant = access.to_administer(cast.administrator)
        await moderation.suspend(tx, grant, member_id, until=until, reason=reason)


async def _unsuspend(db: Database, cast: Cast, member_id: MemberId) -> None:
    async with db.write() as tx:
        await moderation.unsuspend(tx, access.to_administer(cast.administrator), member_id)


async def test_only_administrators_get_the_grant(cast: Cast) -> None:
    for name, person in cast.everyone().items():
        if name == "administrator":
            assert access.to_administer(person).actor == person
        else:
            with pytest.raises(Forbidden):
                access.to_administer(person)


async def test_a_suspended_members_sessions_end_and_tokens_are_refused(db: Database, cast: Cast) -> None:
    maria = cast.maria.member_id
    async with db.write() as tx:
        key = await sessions.open(tx, maria, address="192.0.2.1", agent="")
        other = await sessions.open(tx, cast.nikos.member_id, address="192.0.2.1", agent="")
        token = (await api_tokens.create(tx, maria, name="script", secret=b"s" * 32, key=None)).token
    await _suspend(db, cast, maria)
    async with db.read() as conn:
        assert await sessions.actor(conn, key) is None
        assert await api_tokens.actor(conn, token) is None
        assert await sessions.actor(conn, other) is not None
        assert (await members.member(conn, maria)).is_suspended
    await _unsuspend(db, cast, maria)
    async with db.read() as conn:
        assert await sessions.actor(conn, key) is None, "an ended session does not come back"
        assert await api_tokens.actor(conn, token) is not None
        assert not (await members.member(conn, maria)).is_suspended


async def test_both_acts_are_audited_once_without_the_reason(db: Database, cast: Cast, owner: RawConnection) -> None:
    for _ in range(2):
        await _suspend(db, cast, cast.maria.member_id)
    for _ in range(2):
        await _unsuspend(db, cast, cast.maria.member_id)
    rows = await owner.fetch(
        "SELECT act, actor_id, subject_id, before::text, after::text FROM audit_entries ORDER BY id"
    )
    none, until = '{"suspended_until": null}', '{"suspended_until": "2999-01-01T00:00:00+00:00"}'
    ids = (cast.administrator.member_id, cast.maria.member_id)
    assert [tuple(row) for row in rows] == [
        ("member.suspended", *ids, none, until),
        ("member.unsuspended", *ids, until, none),
    ]


async def test_a_suspension_can_be_prolonged(db: Database, cast: Cast, owner: RawConnection) -> None:
    await _suspend(db, cast, cast.maria.member_id)
    await _suspend(db, cast, cast.maria.member_id, UNTIL + timedelta(days=1), " Πάλι ")
    [row] = await owner.fetch(
        "SELECT suspended_until, suspension_reason FROM members WHERE id = $1", cast.maria.member_id
    )
    assert tuple(row) == (UNTIL + timedelta(days=1), "Πάλι")
    assert await owner.fetchval("SELECT count(*) FROM audit_entries") == 2


async def test_an_endless_suspension_is_lifted_too(db: Database, cast: Cast, owner: RawConnection) -> None:
    """The cast's suspension has no end."""
    await _unsuspend(db, cast, cast.suspended.member_id)
    assert await owner.fetchval("SELECT count(*) FROM members WHERE suspended_until IS NOT NULL") == 0


@pytest.mark.parametrize(
    ("until", "reason", "faults"),
    [
        (UNTIL, "  ", {"reason": ("required",)}),
        (UNTIL, "x" * (REASON_LIMIT + 1), {"reason": ("too_long",)}),
        (datetime(2020, 1, 1, tzinfo=UTC), "Ύβρεις", {"until": ("past",)}),
        (datetime(2020, 1, 1, tzinfo=UTC), "", {"reason": ("required",), "until": ("past",)}),
    ],
)
async def test_what_cannot_be_is_invalid(
    db: Database, cast: Cast, until: datetime, reason: str, faults: dict[str, tuple[str, ...]]
) -> None:
    with pytest.raises(Invalid) as refused:
        await _suspend(db, cast, cast.maria.member_id, until, reason)
    assert refused.value.fields == faults


async def test_nobody_suspends_themselves_or_nobody(db: Database, cast: Cast) -> None:
    with pytest.raises(Forbidden) as refused:
        await _suspend(db, cast, cast.administrator.member_id)
    assert refused.value.code == "cannot_suspend_self"
    for act in (_suspend, _unsuspend):
        with pytest.raises(NotFound):
            await act(db, cast, MemberId(999_999))


async def _set_role(db: Database, actor: Actor, member_id: MemberId, role: Role) -> None:
    async with db.write() as tx:
        await moderation.set_role(tx, access.to_administer(actor), member_id, role)


async def _role(db: Database, member_id: MemberId) -> Role:
    async with db.read() as conn:
        return (await members.member(conn, member_id)).role


async def test_a_role_is_changed_and_logged(db: Database, cast: Cast, owner: RawConnection) -> None:
    for role in (Role.MODERATOR, Role.ADMINISTRATOR, Role.ADMINISTRATOR, Role.MEMBER):
        await _set_role(db, cast.administrator, cast.maria.member_id, role)
        assert await _role(db, cast.maria.member_id) is role
    rows = await owner.fetch(
        "SELECT before->>'role', after->>'role' FROM audit_entries WHERE act = 'member.role_changed' ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [
        ("member", "moderator"),
        ("moderator", "administrator"),
        ("administrator", "member"),
    ]


async def test_nobody_changes_their_own_role_so_that_an_administrator_always_remains(db: Database, cast: Cast) -> None:
    for role in Role:
        with pytest.raises(Forbidden, match="cannot_change_own_role"):
            await _set_role(db, cast.administrator, cast.administrator.member_id, role)
    assert await _role(db, cast.administrator.member_id) is Role.ADMINISTRATOR
    with pytest.raises(NotFound):
        await _set_role(db, cast.administrator, MemberId(999_999), Role.MODERATOR)


async def test_of_two_who_take_the_role_from_each_other_one_remains(db: Database, cast: Cast) -> None:
    await _set_role(db, cast.administrator, cast.sophie.member_id, Role.ADMINISTRATOR)
    sophie = replace(cast.sophie, is_administrator=True)
    done = await asyncio.gather(
        _set_role(db, cast.administrator, sophie.member_id, Role.MEMBER),
        _set_role(db, sophie, cast.administrator.member_id, Role.MEMBER),
        return_exceptions=True,
    )
    assert sorted(str(one) for one in done) == ["None", "not_administrator"]
    roles = [await _role(db, one.member_id) for one in (cast.administrator, sophie)]
    assert sorted(roles) == [Role.ADMINISTRATOR, Role.MEMBER]
