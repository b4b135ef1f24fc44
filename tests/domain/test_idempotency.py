"""A request under a key does once what it asks for, however often and wherever it comes."""

from __future__ import annotations

import asyncio

import pytest

from forum.db import Database, RawConnection
from forum.domain import idempotency
from forum.domain.actors import Actor
from forum.errors import BadRequest, Conflict, Invalid
from tests.cast import Cast


async def _ask(db: Database, actor: Actor, key: idempotency.Key, result_id: int) -> int | None:
    """Do an act that makes `result_id`, and return what an earlier one made."""
    async with db.write() as tx:
        earlier = await idempotency.claim(tx, actor, key)
        if earlier is None:
            await asyncio.sleep(0.05)
            await idempotency.settle(tx, actor, key, result_id)
        return earlier


async def test_the_second_request_finds_what_the_first_made(db: Database, cast: Cast) -> None:
    key = idempotency.make("k1", "posts.reply", "7", "Καλημέρα")
    assert await _ask(db, cast.maria, key, 41) is None
    assert await _ask(db, cast.maria, key, 42) == 41


async def test_of_twins_at_once_one_acts_and_the_others_find_its_result(db: Database, cast: Cast) -> None:
    key = idempotency.make("k1", "posts.reply", "7", "Καλημέρα")
    answers = await asyncio.gather(*(_ask(db, cast.maria, key, number) for number in range(1, 6)))
    acted = [number for number, earlier in enumerate(answers, 1) if earlier is None]
    assert len(acted) == 1
    assert [earlier for earlier in answers if earlier is not None] == acted * 4


async def test_a_key_is_its_members_own(db: Database, cast: Cast) -> None:
    key = idempotency.make("k1", "posts.reply", "7", "Καλημέρα")
    assert await _ask(db, cast.maria, key, 41) is None
    assert await _ask(db, cast.nikos, key, 42) is None


@pytest.mark.parametrize(
    "other",
    [
        idempotency.make("k1", "posts.reply", "7", "Καλησπέρα"),
        idempotency.make("k1", "topics.start", "7", "Καλημέρα"),
        idempotency.make("k1", "posts.reply", "7Καλ", "ημέρα"),
    ],
    ids=["other text", "other act", "same letters otherwise divided"],
)
async def test_a_key_that_stood_for_another_request_is_refused(
    db: Database, cast: Cast, other: idempotency.Key
) -> None:
    assert await _ask(db, cast.maria, idempotency.make("k1", "posts.reply", "7", "Καλημέρα"), 41) is None
    with pytest.raises(Invalid) as refused:
        await _ask(db, cast.maria, other, 42)
    assert refused.value.code == "idempotency_mismatch"


async def test_an_act_that_failed_leaves_its_key_free(db: Database, cast: Cast) -> None:
    key = idempotency.make("k1", "posts.reply", "7", "Καλημέρα")

    async def act_and_fail() -> None:
        async with db.write() as tx:
            assert await idempotency.claim(tx, cast.maria, key) is None
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await act_and_fail()
    assert await _ask(db, cast.maria, key, 41) is None


async def test_a_key_without_a_result_is_a_conflict_rather_than_a_second_act(db: Database, cast: Cast) -> None:
    key = idempotency.make("k1", "posts.reply", "7")
    async with db.write() as tx:
        await idempotency.claim(tx, cast.maria, key)
    with pytest.raises(Conflict):
        await _ask(db, cast.maria, key, 41)


async def test_after_a_day_a_key_is_as_good_as_new(db: Database, cast: Cast, owner: RawConnection) -> None:
    key = idempotency.make("k1", "posts.reply", "7")
    await _ask(db, cast.maria, key, 41)
    await owner.execute("UPDATE idempotency_keys SET created_at = now() - interval '23 hours 59 minutes'")
    assert await _ask(db, cast.maria, key, 42) == 41
    await owner.execute("UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 minute'")
    assert await _ask(db, cast.maria, idempotency.make("k1", "topics.start"), 43) is None
    assert await _ask(db, cast.maria, idempotency.make("k1", "topics.start"), 44) == 43


async def test_sweeping_deletes_keys_older_than_a_day_only(db: Database, cast: Cast, owner: RawConnection) -> None:
    await _ask(db, cast.maria, idempotency.make("old", "posts.reply"), 1)
    await owner.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    await _ask(db, cast.maria, idempotency.make("new", "posts.reply"), 2)
    async with db.write() as tx:
        assert await idempotency.sweep(tx) == 1
    assert await owner.fetchval("SELECT key FROM idempotency_keys") == "new"


@pytest.mark.parametrize("value", ["", "x" * 201])
def test_a_key_of_the_wrong_length_is_a_bad_request(value: str) -> None:
    with pytest.raises(BadRequest):
        idempotency.make(value, "posts.reply")


async def test_the_longest_key_fits_and_half_a_surrogate_pair_is_a_bad_request(db: Database, cast: Cast) -> None:
    assert await _ask(db, cast.maria, idempotency.make("κ" * 200, "posts.reply", "\ud800"), 1) is None
    for hostile in ("\ud800", "a\0b"):
        with pytest.raises(BadRequest):
            await _ask(db, cast.maria, idempotency.make(hostile, "posts.reply"), 2)
