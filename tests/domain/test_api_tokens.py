"""API tokens: whose they are, that one request makes one, and that a deleted one never comes back."""

from __future__ import annotations

import asyncio

import pytest

from forum.db import Database, RawConnection
from forum.domain import api_tokens
from forum.domain.actors import Actor
from forum.domain.api_tokens import CreatedToken
from forum.errors import Conflict, Invalid, NotFound
from tests.cast import Cast

SECRET = b"a secret of thirty-two bytes...."


async def _create(db: Database, actor: Actor, *, name: str = "script", key: str | None = None) -> CreatedToken:
    async with db.write() as tx:
        return await api_tokens.create(tx, actor.member_id, name=name, secret=SECRET, key=key)


async def _whose(db: Database, token: str) -> Actor | None:
    async with db.read() as conn:
        return await api_tokens.actor(conn, token)


async def test_a_token_acts_for_the_member_it_was_made_for(db: Database, cast: Cast, owner: RawConnection) -> None:
    for person in (cast.moderator, cast.administrator, cast.sophie, cast.stranger):
        created = await _create(db, person)
        actor = await _whose(db, created.token)
        assert actor is not None
        assert (actor.member_id, actor.role) == (person.member_id, person.role)
        assert (actor.token_id, actor.session_id) == (created.id, None)
    acts = await owner.fetch(
        "SELECT DISTINCT act, subject, actor_id = (after->'member_id')::bigint, before FROM audit_entries"
    )
    assert [tuple(row) for row in acts] == [("token.created", "api_token", True, None)]


async def test_neither_the_token_nor_what_makes_it_is_kept(db: Database, cast: Cast, owner: RawConnection) -> None:
    token = (await _create(db, cast.maria)).token
    assert token.startswith("koinon_")
    assert len(token) == len("koinon_") + 43
    kept = await owner.fetch("SELECT api_tokens::text, audit_entries::text FROM api_tokens, audit_entries")
    assert kept
    assert token.removeprefix("koinon_") not in str(kept)


@pytest.mark.parametrize("token", ["", "koinon_", "\0", "\ud800", "x" * 10_000])
async def test_a_token_that_was_never_made_is_nobodys(db: Database, cast: Cast, token: str) -> None:
    await _create(db, cast.maria)
    assert await _whose(db, token) is None


async def test_the_same_request_again_gives_the_same_token_and_no_second_row(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    answers = await asyncio.gather(*(_create(db, cast.maria, key="k1") for _ in range(4)))
    assert len(set(answers)) == 1
    assert await owner.fetchval("SELECT count(*) FROM api_tokens") == 1
    assert await owner.fetchval("SELECT count(*) FROM audit_entries") == 1
    other = await _create(db, cast.nikos, key="k1")
    assert other.token != answers[0].token


async def test_without_a_key_every_request_makes_a_token(db: Database, cast: Cast) -> None:
    assert len({(await _create(db, cast.maria)).token for _ in range(3)}) == 3


async def test_a_key_that_stood_for_another_name_is_refused(db: Database, cast: Cast) -> None:
    await _create(db, cast.maria, key="k1")
    with pytest.raises(Invalid) as refused:
        await _create(db, cast.maria, name="another", key="k1")
    assert refused.value.code == "idempotency_mismatch"


async def test_a_deleted_token_never_comes_back(db: Database, cast: Cast, owner: RawConnection) -> None:
    created = await _create(db, cast.maria, key="k1")
    async with db.write() as tx:
        await api_tokens.delete(tx, cast.maria, created.id)
    assert await _whose(db, created.token) is None
    with pytest.raises(Conflict):
        await _create(db, cast.maria, key="k1")
    await owner.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    again = await _create(db, cast.maria, key="k1")
    assert again.token != created.token
    assert await _whose(db, created.token) is None
    assert await _whose(db, again.token) is not None


async def test_a_token_made_under_another_secret_is_not_given_out_again(db: Database, cast: Cast) -> None:
    await _create(db, cast.maria, key="k1")
    async with db.write() as tx:
        with pytest.raises(Conflict):
            await api_tokens.create(tx, cast.maria.member_id, name="script", secret=b"rotated" * 5, key="k1")


async def test_members_list_and_delete_their_own_tokens_only(db: Database, cast: Cast, owner: RawConnection) -> None:
    first, second = await _create(db, cast.maria, name=" first "), await _create(db, cast.maria, name="second")
    async with db.write() as tx:
        rows = await api_tokens.list_tokens(tx, cast.maria)
        assert [(row.id, row.name, row.used_at) for row in rows] == [
            (second.id, "second", None),
            (first.id, "first", None),
        ]
        assert await api_tokens.list_tokens(tx, cast.nikos) == []
        with pytest.raises(NotFound):
            await api_tokens.delete(tx, cast.nikos, first.id)
        await api_tokens.delete(tx, cast.maria, first.id)
        with pytest.raises(NotFound):
            await api_tokens.delete(tx, cast.maria, first.id)
    assert await _whose(db, first.token) is None
    assert await _whose(db, second.token) is not None
    [entry] = await owner.fetch(
        "SELECT actor_id, subject_id, before::text FROM audit_entries WHERE act = 'token.deleted'"
    )
    assert tuple(entry) == (cast.maria.member_id, first.id, f'{{"member_id": {cast.maria.member_id}}}')


async def test_the_suspended_are_refused_by_token_too(db: Database, cast: Cast, owner: RawConnection) -> None:
    created = await _create(db, cast.suspended)
    assert await _whose(db, created.token) is None
    await owner.execute("UPDATE members SET suspended_until = NULL, suspension_reason = NULL")
    assert await _whose(db, created.token) is not None


async def test_use_is_noted_at_most_every_five_minutes(db: Database, cast: Cast, owner: RawConnection) -> None:
    created = await _create(db, cast.maria)
    for aged, is_due in [
        ("used_at", True),
        ("used_at - interval '4 minutes'", False),
        ("now() - interval '5 minutes 1 second'", True),
    ]:
        await owner.execute(f"UPDATE api_tokens SET used_at = {aged}")
        async with db.write() as tx:
            found = await api_tokens.actor(tx, created.token)
            assert found is not None
            assert found.needs_touch is is_due
            await api_tokens.touch(tx, found.token_id)
        is_fresh = await owner.fetchval("SELECT used_at > now() - interval '1 minute' FROM api_tokens")
        assert is_fresh is is_due
