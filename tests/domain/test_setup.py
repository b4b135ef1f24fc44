"""The set-up link makes one administrator, once, while nobody is a member."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from forum.db import Database, RawConnection
from forum.domain import members, setup
from forum.domain.entities import MemberId, OrganisationId, Role
from forum.errors import Invalid, NotFound


@pytest.fixture
async def empty(owner: RawConnection) -> RawConnection:
    """A forum nobody has joined yet."""
    await owner.execute("DELETE FROM members")
    return owner


async def _issue(db: Database) -> str | None:
    async with db.write() as tx:
        return await setup.issue(tx)


async def _is_valid(db: Database, token: str) -> bool:
    async with db.read() as conn:
        return await setup.is_valid(conn, token)


async def _use(db: Database, owner: RawConnection, token: str, *, email: str = "first@union.example") -> MemberId:
    organisation_id = await owner.fetchval("SELECT id FROM organisations WHERE slug = 'union-of-cyprus-municipalities'")
    async with db.write() as tx:
        return await setup.create_administrator(
            tx,
            token,
            email=email,
            name="Πρώτη Διαχειρίστρια",
            organisation_id=OrganisationId(organisation_id),
            password_hash="a hash",
            language="el",
        )


async def test_the_link_makes_an_administrator_and_is_void_afterwards(db: Database, empty: RawConnection) -> None:
    token = await _issue(db)
    assert token is not None
    assert await _is_valid(db, token)
    member_id = await _use(db, empty, token)
    async with db.read() as conn:
        assert (await members.member(conn, member_id)).role == Role.ADMINISTRATOR
    assert not await _is_valid(db, token)
    with pytest.raises(NotFound):
        await _use(db, empty, token, email="second@union.example")
    assert await empty.fetchval("SELECT count(*) FROM setup_links") == 0
    [entry] = await empty.fetch(
        "SELECT actor_id, subject_id, after->>'role' FROM audit_entries WHERE act = 'setup.completed'"
    )
    assert tuple(entry) == (member_id, member_id, "administrator")


async def test_of_many_who_use_the_link_at_once_one_becomes_administrator(db: Database, empty: RawConnection) -> None:
    token = await _issue(db)
    assert token is not None
    organisation_id = await empty.fetchval("SELECT id FROM organisations ORDER BY id LIMIT 1")

    async def use(number: int) -> MemberId:
        async with db.write() as tx:
            return await setup.create_administrator(
                tx,
                token,
                email=f"n{number}@union.example",
                name="Ν",
                organisation_id=organisation_id,
                password_hash="a hash",
                language="el",
            )

    answers = await asyncio.gather(*map(use, range(5)), return_exceptions=True)
    assert sum(isinstance(answer, NotFound) for answer in answers) == 4
    assert await empty.fetchval("SELECT count(*) FROM members") == 1


async def test_a_form_that_was_refused_leaves_the_link_as_it_was(db: Database, empty: RawConnection) -> None:
    token = await _issue(db)
    assert token is not None
    with pytest.raises(Invalid):
        async with db.write() as tx:
            await setup.create_administrator(
                tx,
                token,
                email="first@union.example",
                name="Π",
                organisation_id=OrganisationId(999_999),
                password_hash="a hash",
                language="el",
            )
    assert await _is_valid(db, token)


async def test_a_newer_link_replaces_the_earlier_ones(db: Database, empty: RawConnection) -> None:
    tokens = [await _issue(db) for _ in range(3)]
    assert [await _is_valid(db, token or "") for token in tokens] == [False, False, True]
    await asyncio.gather(*(_issue(db) for _ in range(4)))
    assert await empty.fetchval("SELECT count(*) FROM setup_links") == 1


async def test_only_the_hash_of_a_long_random_token_is_kept(db: Database, empty: RawConnection) -> None:
    token = await _issue(db)
    assert token is not None
    assert len(token) == 43
    assert await empty.fetchval("SELECT token_hash FROM setup_links") == hashlib.sha256(token.encode()).digest()


async def test_a_link_lasts_a_day(db: Database, empty: RawConnection) -> None:
    token = await _issue(db)
    assert token is not None
    assert await empty.fetchval("SELECT expires_at - created_at FROM setup_links") == setup.LIFETIME
    await empty.execute("UPDATE setup_links SET expires_at = now() - interval '1 second'")
    assert not await _is_valid(db, token)
    with pytest.raises(NotFound):
        await _use(db, empty, token)


async def test_there_is_no_link_once_anybody_is_a_member(db: Database, empty: RawConnection) -> None:
    token = await _issue(db)
    assert token is not None
    await empty.execute(
        "INSERT INTO members (organisation_id, email, name, password_hash) "
        "SELECT min(id), 'first@example.org', 'Π', 'x' FROM organisations"
    )
    assert not await _is_valid(db, token)
    with pytest.raises(NotFound):
        await _use(db, empty, token)
    assert await _issue(db) is None
    assert await empty.fetchval("SELECT count(*) FROM setup_links") == 0


@pytest.mark.parametrize("token", ["", "x", "\0", "\ud800"])
async def test_a_token_that_was_never_issued_is_void(db: Database, empty: RawConnection, token: str) -> None:
    assert await _issue(db)
    assert not await _is_valid(db, token)
    with pytest.raises(NotFound):
        await _use(db, empty, token)
