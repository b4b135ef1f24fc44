"""Signing in: guessing is slowed per account and address, in every process alike, and the owner is never locked out."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from forum.db import Database, RawConnection
from forum.domain import attempts, members, sessions, sign_in
from forum.domain.attempts import Limits
from forum.errors import BadRequest, Conflict, RateLimited
from tests import cast as people
from tests.cast import Cast

LIMITS = Limits(1.0, b"a secret of thirty-two bytes....")
MARIA = people.email("maria")
NIKOS = people.email("nikos")
HOME, TOWN_HALL, ABROAD = "192.0.2.1", "198.51.100.7", "203.0.113.9"


async def _reserve(db: Database, email: str = MARIA, address: str = ABROAD, limits: Limits = LIMITS) -> float:
    async with db.write() as tx:
        return await sign_in.reserve(tx, limits, email, address)


async def _fail(db: Database, email: str = MARIA, address: str = ABROAD) -> float:
    """Try a wrong password, without waiting, and return what the wait would have been."""
    wait = await _reserve(db, email, address)
    async with db.write() as tx:
        await sign_in.failed(tx, LIMITS, email, address)
    return wait


async def _succeed(db: Database, email: str = MARIA, address: str = HOME, limits: Limits = LIMITS) -> str:
    """Try the right password and return the session's key."""
    await _reserve(db, email, address, limits)
    async with db.write() as tx:
        found = await sign_in.credentials(tx, email)
        assert found is not None
        return await sign_in.succeeded(
            tx, limits, email, address, found.member_id, "Firefox", password_hash=found.password_hash
        )


async def _sign_out(db: Database, key: str) -> None:
    async with db.write() as tx:
        found = await sessions.actor(tx, key)
        assert found is not None
        assert found.actor.session_id is not None
        await sessions.close(tx, found.actor, found.actor.session_id)


async def test_the_right_password_opens_a_session_and_is_audited(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    key = await _succeed(db, email=f" {MARIA.upper()} ")
    async with db.read() as conn:
        found = await sessions.actor(conn, key)
        assert found is not None
        rows = await sessions.list_sessions(conn, found.actor)
    assert found.actor.member_id == cast.maria.member_id
    assert [(row.address, row.agent, row.is_current) for row in rows] == [(HOME, "Firefox", True)]
    [entry] = await owner.fetch("SELECT act, actor_id, subject, subject_id, before, after FROM audit_entries")
    maria = cast.maria.member_id
    assert tuple(entry) == ("sign_in.succeeded", maria, "member", maria, None, None)


async def test_a_wrong_one_is_audited_with_the_member_only_when_there_is_one(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    await _fail(db, MARIA.upper())
    await _fail(db, "nobody@larnaca.example")
    rows = await owner.fetch("SELECT act, actor_id, subject, subject_id, after FROM audit_entries ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("sign_in.failed", None, "member", cast.maria.member_id, None),
        ("sign_in.failed", None, "member", None, None),
    ]


async def test_credentials_are_of_the_account_and_say_whether_it_is_suspended(db: Database, cast: Cast) -> None:
    async with db.read() as conn:
        maria = await sign_in.credentials(conn, f" {MARIA.upper()}")
        suspended = await sign_in.credentials(conn, people.email("suspended"))
        nobody = await sign_in.credentials(conn, "nobody@larnaca.example")
        assert maria is not None
        assert maria.password_hash == await members.password_hash(conn, cast.maria)
    assert suspended is not None
    assert (maria.member_id, maria.is_suspended) == (cast.maria.member_id, False)
    assert suspended.is_suspended
    assert nobody is None


@pytest.mark.parametrize("email", [MARIA, "nobody@larnaca.example"])
async def test_after_five_wrong_ones_an_account_is_slowed_whether_it_exists_or_not(db: Database, email: str) -> None:
    waits = [await _fail(db, email, f"203.0.113.{number}") for number in range(8)]
    assert [round(wait) for wait in waits] == [0, 0, 0, 0, 0, 1, 3, 7]
    with pytest.raises(RateLimited) as refused:
        await _fail(db, email, "203.0.113.99")
    assert 10 < refused.value.retry_after <= 15
    assert await _fail(db, NIKOS, "203.0.113.99") == 0


async def test_after_twenty_wrong_ones_on_different_accounts_an_address_is_slowed(db: Database) -> None:
    waits = [await _fail(db, f"member{number}@larnaca.example", TOWN_HALL) for number in range(22)]
    assert [round(wait) for wait in waits] == [0] * 20 + [1, 3]
    assert await _fail(db, "another@larnaca.example", ABROAD) == 0


async def test_right_ones_do_not_count_against_a_town_halls_address(db: Database, cast: Cast) -> None:
    for _ in range(15):
        for name in ("maria", "nikos", "sophie"):
            await _sign_out(db, await _succeed(db, people.email(name), TOWN_HALL))
    assert await _fail(db, "newcomer@larnaca.example", TOWN_HALL) == 0


async def test_one_right_password_does_not_open_an_address_for_guessing(db: Database) -> None:
    for number in range(20):
        await _fail(db, f"member{number}@larnaca.example", TOWN_HALL)
    await _succeed(db, NIKOS, TOWN_HALL)
    assert await _fail(db, "another@larnaca.example", TOWN_HALL) > 0


async def test_a_wide_network_counts_as_one_address(db: Database) -> None:
    """An IPv6 subscriber holds a whole /64, so that its last 64 bits tell nobody apart."""
    for number in range(20):
        await _fail(db, f"member{number}@larnaca.example", f"2001:db8:0:1::{number:x}")
    assert await _fail(db, "another@larnaca.example", "2001:db8:0:1:aaaa::1") > 0
    assert await _fail(db, "yet-another@larnaca.example", "2001:db8:0:2::1") == 0


async def test_guesses_at_once_through_many_processes_count_as_one_after_the_other(
    db: Database, database_url: str
) -> None:
    other = Database(database_url, pool_size=5)
    await other.open()
    try:
        guesses = [_reserve(process, MARIA) for process in (db, other) for _ in range(10)]
        answers = await asyncio.gather(*guesses, return_exceptions=True)
    finally:
        await other.close()
    waits = sorted(round(answer) for answer in answers if isinstance(answer, float))
    assert waits == [0, 0, 0, 0, 0, 1, 3, 7]
    assert sum(isinstance(answer, RateLimited) for answer in answers) == 12


async def test_attempts_that_share_an_address_and_accounts_do_not_deadlock(db: Database) -> None:
    addresses, accounts = (HOME, ABROAD), (MARIA, NIKOS)
    tries = [_fail(db, email, address) for _ in range(2) for address in addresses for email in accounts]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert {type(answer) for answer in answers} <= {float, RateLimited}


async def test_an_owner_is_not_locked_out_where_they_are_signed_in(db: Database) -> None:
    await _succeed(db, MARIA, HOME)
    for _ in range(8):
        await _fail(db, MARIA, ABROAD)
    with pytest.raises(RateLimited):
        await _reserve(db, MARIA, ABROAD)
    assert await _reserve(db, MARIA, HOME) == 0
    assert await _succeed(db, MARIA, HOME)


async def test_an_owner_who_signed_out_in_the_evening_is_not_locked_out_in_the_morning(
    db: Database, owner: RawConnection
) -> None:
    await _sign_out(db, await _succeed(db, MARIA, HOME))
    for _ in range(8):
        await _fail(db, MARIA, ABROAD)
    assert await _reserve(db, MARIA, HOME) == 0
    await owner.execute("UPDATE attempts SET expires_at = now() WHERE act = 'sign_in.known'")
    with pytest.raises(RateLimited):
        await _reserve(db, MARIA, HOME)


async def test_an_owner_is_not_locked_out_by_colleagues_behind_the_same_address(db: Database) -> None:
    await _succeed(db, MARIA, TOWN_HALL)
    for number in range(23):
        await _fail(db, f"member{number}@larnaca.example", TOWN_HALL)
    with pytest.raises(RateLimited):
        await _reserve(db, "another@larnaca.example", TOWN_HALL)
    assert await _reserve(db, MARIA, TOWN_HALL) == 0


async def test_guessing_is_slowed_at_a_known_address_too(db: Database) -> None:
    await _succeed(db, MARIA, TOWN_HALL)
    waits = [await _fail(db, MARIA, TOWN_HALL) for _ in range(8)]
    assert [round(wait) for wait in waits] == [0, 0, 0, 0, 0, 1, 3, 7]
    with pytest.raises(RateLimited):
        await _fail(db, MARIA, TOWN_HALL)
    assert await _reserve(db, MARIA, HOME) == 0


async def test_failures_at_known_addresses_count_against_the_address(db: Database) -> None:
    for name in ("maria", "nikos", "sophie", "stranger"):
        await _succeed(db, people.email(name), TOWN_HALL)
        for _ in range(5):
            await _fail(db, people.email(name), TOWN_HALL)
    assert await _reserve(db, "newcomer@larnaca.example", TOWN_HALL) > 0


async def test_the_right_password_begins_the_account_anew(db: Database) -> None:
    for _ in range(6):
        await _fail(db, MARIA, ABROAD)
    await _succeed(db, MARIA, ABROAD)
    assert [await _fail(db, MARIA, ABROAD) for _ in range(5)] == [0] * 5
    assert [await _fail(db, MARIA, HOME) for _ in range(5)] == [0] * 5


async def test_counts_are_forgotten_a_quarter_of_an_hour_after_the_last_wrong_one(
    db: Database, owner: RawConnection
) -> None:
    for _ in range(6):
        await _fail(db)
    left = await owner.fetch("SELECT act, expires_at - now() AS time FROM attempts ORDER BY act")
    assert [row["act"] for row in left] == ["sign_in.account", "sign_in.address"]
    assert all(timedelta(minutes=14) < row["time"] <= timedelta(minutes=15, seconds=2) for row in left)
    await owner.execute("UPDATE attempts SET expires_at = now(), next_at = now() - interval '15 minutes'")
    assert [await _fail(db) for _ in range(5)] == [0] * 5


async def test_nothing_is_remembered_beyond_a_day_and_no_address_is_kept(db: Database, owner: RawConnection) -> None:
    await _succeed(db, MARIA, HOME)
    await _fail(db, MARIA, ABROAD)
    assert await owner.fetchval("SELECT max(expires_at) - now() FROM attempts") <= timedelta(hours=24)
    kept = [bytes(row["subject"]) for row in await owner.fetch("SELECT subject FROM attempts")]
    assert len(kept) == 4
    plain = {attempts.subject(Limits(1.0, b""), what) for what in (MARIA, HOME, ABROAD)}
    assert not plain & set(kept)


async def test_the_multiplier_scales_the_thresholds_and_zero_switches_all_off(
    db: Database, owner: RawConnection
) -> None:
    twice, off = Limits(2.0, LIMITS.secret), Limits(0.0, LIMITS.secret)
    assert [await _reserve(db, limits=off) for _ in range(30)] == [0] * 30
    await _succeed(db, limits=off)
    async with db.write() as tx:
        await sign_in.failed(tx, off, MARIA, ABROAD)
    assert await owner.fetchval("SELECT count(*) FROM attempts") == 0
    waits = [await _reserve(db, limits=twice) for _ in range(11)]
    assert [round(wait) for wait in waits] == [0] * 10 + [1]


async def test_a_sign_in_that_a_new_password_overtook_opens_no_session(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    async with db.write() as tx:
        checked = await sign_in.credentials(tx, MARIA)
        assert checked is not None
        await members.change_password(tx, cast.maria, "another hash")

    async def sign_in_late() -> None:
        async with db.write() as tx:
            await sign_in.succeeded(
                tx, LIMITS, MARIA, HOME, checked.member_id, "Firefox", password_hash=checked.password_hash
            )

    with pytest.raises(Conflict):
        await sign_in_late()
    assert await owner.fetchval("SELECT count(*) FROM sessions") == 0


async def test_the_suspended_get_no_session(db: Database, cast: Cast, owner: RawConnection) -> None:
    with pytest.raises(Conflict):
        await _succeed(db, people.email("suspended"))
    assert await owner.fetchval("SELECT count(*) FROM sessions") == 0


async def test_confirming_opens_no_session(db: Database, cast: Cast, owner: RawConnection) -> None:
    for _ in range(4):
        await _fail(db, MARIA, HOME)
    await _reserve(db, MARIA, HOME)
    async with db.write() as tx:
        found = await sign_in.credentials(tx, MARIA)
        assert found is not None
        await sign_in.confirm(tx, LIMITS, MARIA, HOME, found.member_id, password_hash=found.password_hash)
    assert await owner.fetchval("SELECT count(*) FROM sessions") == 0
    assert [await _fail(db, MARIA, HOME) for _ in range(5)] == [0] * 5


@pytest.mark.parametrize("email", ["", "x" * 100_000, "' OR true --"])
async def test_an_address_that_cannot_be_is_nobodys(db: Database, email: str) -> None:
    assert await _fail(db, email) == 0
    async with db.read() as conn:
        assert await sign_in.credentials(conn, email) is None


@pytest.mark.parametrize("email", ["a\0b@example.org", "\ud800@example.org"])
async def test_an_address_that_no_database_can_hold_is_a_bad_request(db: Database, email: str) -> None:
    with pytest.raises(BadRequest):
        await _reserve(db, email)
    async with db.read() as conn:
        with pytest.raises(BadRequest):
            await sign_in.credentials(conn, email)


async def test_an_address_of_no_network_is_a_bad_request(db: Database) -> None:
    with pytest.raises(BadRequest):
        await _reserve(db, address="somewhere")
