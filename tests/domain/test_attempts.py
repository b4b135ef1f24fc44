"""Limits hold across connections, by the database's clock, and forget in time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from forum.db import Database, RawConnection
from forum.domain import attempts
from forum.domain.attempts import Budget, Limits
from forum.errors import RateLimited

LIMITS = Limits(1.0, b"a secret of thirty-two bytes....")
OFF = Limits(0.0, LIMITS.secret)
WHO = attempts.subject(LIMITS, "member", "1")


async def _count(db: Database, limits: Limits = LIMITS, who: bytes = WHO, act: str = "post", limit: int = 3) -> None:
    async with db.write() as tx:
        await attempts.count(tx, limits, (Budget(act, limit, 60), who))


async def _reserve(db: Database, limits: Limits = LIMITS, who: bytes = WHO, threshold: int = 2) -> float:
    async with db.write() as tx:
        return await attempts.reserve(tx, limits, "guess", who, threshold=threshold)


async def test_a_window_takes_its_limit_and_no_more(db: Database) -> None:
    for _ in range(3):
        await _count(db)
    with pytest.raises(RateLimited) as refused:
        await _count(db)
    assert 50 <= refused.value.retry_after <= 60


async def test_subjects_and_acts_are_counted_apart(db: Database) -> None:
    for _ in range(3):
        await _count(db)
    await _count(db, who=attempts.subject(LIMITS, "member", "2"))
    await _count(db, act="search")


async def test_a_window_that_is_over_begins_anew(db: Database, owner: RawConnection) -> None:
    for _ in range(3):
        await _count(db)
    await owner.execute("UPDATE attempts SET expires_at = now() - interval '1 millisecond'")
    for _ in range(3):
        await _count(db)
    with pytest.raises(RateLimited):
        await _count(db)


async def test_attempts_at_once_are_all_counted(db: Database) -> None:
    answers = await asyncio.gather(*(_count(db) for _ in range(9)), return_exceptions=True)
    assert sum(isinstance(answer, RateLimited) for answer in answers) == 6
    assert answers.count(None) == 3


async def test_what_is_rolled_back_was_not_counted(db: Database, owner: RawConnection) -> None:

    async def act_and_fail() -> None:
        async with db.write() as tx:
            await attempts.count(tx, LIMITS, (Budget("post", 3, 60), WHO))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await act_and_fail()
    assert await owner.fetchval("SELECT count(*) FROM attempts") == 0


async def test_the_multiplier_scales_limits_and_zero_switches_them_off(db: Database, owner: RawConnection) -> None:
    for _ in range(50):
        await _count(db, OFF)
        assert await _reserve(db, OFF) == 0
    assert await owner.fetchval("SELECT count(*) FROM attempts") == 0
    twice = Limits(2.0, LIMITS.secret)
    for _ in range(6):
        await _count(db, twice)
    with pytest.raises(RateLimited):
        await _count(db, twice)
    assert Limits(0.001, LIMITS.secret).scale(5) == 1


async def test_guesses_beyond_the_threshold_wait_ever_longer_and_are_then_refused(db: Database) -> None:
    assert [await _reserve(db) for _ in range(2)] == [0, 0]
    waits = [await _reserve(db) for _ in range(3)]
    assert [round(wait) for wait in waits] == [1, 3, 7]
    with pytest.raises(RateLimited) as refused:
        await _reserve(db)
    assert 14 <= refused.value.retry_after <= 15


async def test_the_refused_push_nobodys_slot_away(db: Database, owner: RawConnection) -> None:
    for _ in range(5):
        await _reserve(db)
    before = await owner.fetchrow("SELECT * FROM attempts")
    for _ in range(4):
        with pytest.raises(RateLimited):
            await _reserve(db)
    assert await owner.fetchrow("SELECT * FROM attempts") == before


async def test_guesses_at_once_get_slots_one_after_the_other(db: Database) -> None:
    answers = await asyncio.gather(*(_reserve(db) for _ in range(10)), return_exceptions=True)
    waits = sorted(round(answer) for answer in answers if isinstance(answer, float))
    assert waits == [0, 0, 1, 3, 7]
    assert sum(isinstance(answer, RateLimited) for answer in answers) == 5


async def test_who_has_waited_by_themselves_is_let_through(db: Database, owner: RawConnection) -> None:
    for _ in range(5):
        await _reserve(db)
    await owner.execute("UPDATE attempts SET next_at = now() - interval '8 seconds'")
    assert await _reserve(db) == 0
    assert round(await _reserve(db)) == 8


async def test_the_delay_never_grows_beyond_eight_seconds(db: Database, owner: RawConnection) -> None:
    await _reserve(db)
    await owner.execute("UPDATE attempts SET count = 100000, next_at = now()")
    assert 7.5 <= await _reserve(db) <= 8


async def test_a_slot_is_remembered_for_a_quarter_of_an_hour(db: Database, owner: RawConnection) -> None:
    for _ in range(5):
        await _reserve(db)
    kept = await owner.fetchval("SELECT expires_at - next_at FROM attempts")
    assert kept == timedelta(minutes=15)
    await owner.execute(
        "UPDATE attempts SET next_at = now() - kept, expires_at = now() - interval '1 millisecond' "
        "FROM (SELECT interval '15 minutes' AS kept) AS k"
    )
    assert [await _reserve(db) for _ in range(2)] == [0, 0]


async def test_a_good_attempt_is_taken_off_and_never_below_nothing(db: Database, owner: RawConnection) -> None:
    await _reserve(db)
    async with db.write() as tx:
        for _ in range(3):
            await attempts.give_back(tx, "guess", WHO)
    assert await owner.fetchval("SELECT count FROM attempts") == 0


async def test_what_is_noted_is_remembered_for_its_time(db: Database, owner: RawConnection) -> None:
    async with db.write() as tx:
        assert not await attempts.is_noted(tx, "seen", WHO)
        await attempts.note(tx, "seen", WHO, timedelta(hours=1))
        assert await attempts.is_noted(tx, "seen", WHO)
        await attempts.note(tx, "seen", WHO)
    assert await owner.fetchval("SELECT count FROM attempts") == 2
    assert await owner.fetchval("SELECT expires_at > now() + interval '59 minutes' FROM attempts")
    await owner.execute("UPDATE attempts SET expires_at = now()")
    async with db.write() as tx:
        assert not await attempts.is_noted(tx, "seen", WHO)


async def test_forgetting_and_sweeping_delete_rows(db: Database, owner: RawConnection) -> None:
    await _reserve(db)
    await _reserve(db, who=attempts.subject(LIMITS, "member", "2"))
    await _count(db)
    async with db.write() as tx:
        await attempts.forget(tx, "guess", WHO)
        assert await attempts.sweep(tx) == 0
    await owner.execute("UPDATE attempts SET expires_at = now() - interval '1 second' WHERE act = 'guess'")
    async with db.write() as tx:
        assert await attempts.sweep(tx) == 1
    assert await owner.fetchval("SELECT act FROM attempts") == "post"


def test_a_subject_is_a_keyed_hash_of_its_parts() -> None:
    assert len(WHO) == 32
    assert attempts.subject(LIMITS, "a", "bc") != attempts.subject(LIMITS, "ab", "c")
    assert attempts.subject(LIMITS, "a") != attempts.subject(Limits(1.0, b"another secret"), "a")
    assert len(attempts.subject(LIMITS, "\ud800\0")) == 32
