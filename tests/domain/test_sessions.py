"""Sessions: whose they are, how long they last, and that they end at once."""

from __future__ import annotations

import hashlib

import pytest

from forum.db import Database, RawConnection
from forum.domain import api_tokens, attempts, idempotency, sessions, setup
from forum.domain.actors import Actor
from forum.errors import BadRequest, NotFound
from tests.cast import Cast


async def _open(db: Database, actor: Actor, *, address: str = "192.0.2.1", agent: str = "Firefox") -> str:
    async with db.write() as tx:
        return await sessions.open(tx, actor.member_id, address=address, agent=agent)


async def _actor(db: Database, key: str) -> Actor:
    async with db.read() as conn:
        found = await sessions.actor(conn, key)
    assert found is not None
    return found.actor


async def _is_alive(db: Database, key: str) -> bool:
    async with db.read() as conn:
        return await sessions.actor(conn, key) is not None


async def test_a_key_leads_to_the_member_it_was_made_for(db: Database, cast: Cast) -> None:
    for name, person in cast.everyone().items():
        if name == "suspended":
            continue
        actor = await _actor(db, await _open(db, person))
        assert actor.session_id is not None
        expected = {slot: getattr(person, slot) for slot in ("member_id", "name", "organisation_id")}
        assert {slot: getattr(actor, slot) for slot in expected} == expected
        assert (actor.is_moderator, actor.is_administrator) == (person.is_moderator, person.is_administrator)
        assert (actor.role, actor.region_slug, actor.zone) == (person.role, person.region_slug, person.zone)
        assert type(actor) is Actor


async def test_only_the_hash_of_a_long_random_key_is_kept(db: Database, cast: Cast, owner: RawConnection) -> None:
    keys = {await _open(db, cast.maria) for _ in range(3)}
    assert len(keys) == 3
    assert all(len(key) == 43 for key in keys)
    kept = {row["key_hash"] for row in await owner.fetch("SELECT key_hash FROM sessions")}
    assert kept == {hashlib.sha256(key.encode()).digest() for key in keys}


@pytest.mark.parametrize("key", ["", "x", "\0", "\ud800", "φ" * 5000])
async def test_a_key_that_was_never_made_is_nobodys(db: Database, cast: Cast, key: str) -> None:
    await _open(db, cast.maria)
    assert not await _is_alive(db, key)


@pytest.mark.parametrize(
    ("aged", "is_alive"),
    [
        ("seen_at = now() - interval '6 days 23 hours'", True),
        ("seen_at = now() - interval '7 days 1 second'", False),
        ("expires_at = now() + interval '1 minute'", True),
        ("expires_at = now() - interval '1 second'", False),
    ],
)
async def test_a_session_ends_when_idle_or_old(
    db: Database, cast: Cast, owner: RawConnection, aged: str, is_alive: bool
) -> None:
    key = await _open(db, cast.maria)
    await owner.execute(f"UPDATE sessions SET {aged}")
    assert await _is_alive(db, key) is is_alive
    async with db.read() as conn:
        assert bool(await sessions.list_sessions(conn, cast.maria)) is is_alive


async def test_a_session_lasts_thirty_days_however_it_is_used(db: Database, cast: Cast, owner: RawConnection) -> None:
    await _open(db, cast.maria)
    assert await owner.fetchval("SELECT expires_at - created_at FROM sessions") == sessions.ABSOLUTE
    async with db.write() as tx:
        await sessions.touch(tx, await owner.fetchval("SELECT id FROM sessions"))
    assert await owner.fetchval("SELECT expires_at - created_at FROM sessions") == sessions.ABSOLUTE


async def test_use_is_noted_at_most_every_five_minutes(db: Database, cast: Cast, owner: RawConnection) -> None:
    key = await _open(db, cast.maria)
    async with db.read() as conn:
        found = await sessions.actor(conn, key)
    assert found is not None
    assert not found.needs_touch
    written = await owner.fetchval("SELECT xmin::text FROM sessions")
    async with db.write() as tx:
        await sessions.touch(tx, found.actor.session_id)
    assert await owner.fetchval("SELECT xmin::text FROM sessions") == written
    await owner.execute("UPDATE sessions SET seen_at = now() - interval '5 minutes 1 second'")
    async with db.write() as tx:
        found = await sessions.actor(tx, key)
        assert found is not None
        assert found.needs_touch
        await sessions.touch(tx, found.actor.session_id)
        found = await sessions.actor(tx, key)
        assert found is not None
        assert not found.needs_touch


async def test_the_suspended_are_refused_while_they_are(db: Database, cast: Cast, owner: RawConnection) -> None:
    key = await _open(db, cast.suspended)
    assert not await _is_alive(db, key)
    await owner.execute(
        "UPDATE members SET suspended_until = now() - interval '1 second' WHERE id = $1", cast.suspended.member_id
    )
    assert await _is_alive(db, key)


async def test_a_change_of_role_holds_from_the_next_request_on(db: Database, cast: Cast, owner: RawConnection) -> None:
    key = await _open(db, cast.moderator)
    assert (await _actor(db, key)).is_moderator
    await owner.execute("DELETE FROM group_members")
    assert not (await _actor(db, key)).is_moderator


async def test_members_see_their_own_sessions_and_which_is_the_present_one(db: Database, cast: Cast) -> None:
    here = await _actor(db, await _open(db, cast.maria, agent="Firefox"))
    await _open(db, cast.maria, address="2001:db8::7", agent="Safari")
    await _open(db, cast.nikos)
    async with db.read() as conn:
        rows = await sessions.list_sessions(conn, here)
    assert [(row.address, row.agent, row.is_current) for row in rows] == [
        ("2001:db8::7", "Safari", False),
        ("192.0.2.1", "Firefox", True),
    ]


async def test_one_ends_ones_own_session_and_nobody_elses(db: Database, cast: Cast, owner: RawConnection) -> None:
    key, elsewhere = await _open(db, cast.maria), await _open(db, cast.maria)
    here, there = await _actor(db, key), await _actor(db, elsewhere)
    nikos = await _actor(db, await _open(db, cast.nikos))
    assert nikos.session_id is not None
    assert there.session_id is not None
    async with db.write() as tx:
        with pytest.raises(NotFound):
            await sessions.close(tx, here, nikos.session_id)
        await sessions.close(tx, here, there.session_id)
        with pytest.raises(NotFound):
            await sessions.close(tx, here, there.session_id)
    assert not await _is_alive(db, elsewhere)
    assert await _is_alive(db, key)
    [entry] = await owner.fetch("SELECT act, actor_id, subject, subject_id, before::text FROM audit_entries")
    said = f'{{"member_id": {here.member_id}}}'
    assert tuple(entry) == ("session.closed", here.member_id, "session", there.session_id, said)


async def test_ending_the_present_session_is_a_sign_out(db: Database, cast: Cast, owner: RawConnection) -> None:
    key = await _open(db, cast.maria)
    here = await _actor(db, key)
    assert here.session_id is not None
    async with db.write() as tx:
        await sessions.close(tx, here, here.session_id)
    assert not await _is_alive(db, key)
    assert await owner.fetchval("SELECT act FROM audit_entries") == "sign_out.succeeded"


async def test_ending_the_others_leaves_the_present_one(db: Database, cast: Cast, owner: RawConnection) -> None:
    key, elsewhere, nikos = await _open(db, cast.maria), await _open(db, cast.maria), await _open(db, cast.nikos)
    here = await _actor(db, key)
    async with db.write() as tx:
        assert await sessions.close_others(tx, here) == 1
        assert await sessions.close_others(tx, here) == 0
    assert [await _is_alive(db, each) for each in (key, elsewhere, nikos)] == [True, False, True]
    [entry] = await owner.fetch("SELECT before::text, after::text FROM audit_entries")
    assert tuple(entry) == ('{"sessions": 2}', '{"sessions": 1}')
    async with db.write() as tx:
        assert await sessions.close_all(tx, here.member_id, but=None) == 1
    assert not await _is_alive(db, key)


async def test_sweeping_deletes_what_has_ended_and_nothing_that_lives(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    limits = attempts.Limits(1.0, b"s" * 32)
    await owner.execute("INSERT INTO setup_links (token_hash, expires_at) VALUES (sha256('a'), now() + interval '1 h')")
    living = await _open(db, cast.maria)
    for person in (cast.nikos, cast.sophie):
        await _open(db, person)
    async with db.write() as tx:
        token = await api_tokens.create(tx, cast.maria.member_id, name="a", secret=b"s" * 32, key="k1")
        await idempotency.claim(tx, cast.nikos, idempotency.make("k2", "posts.reply"))
        await attempts.count(tx, limits, (attempts.Budget("post", 1, 60), attempts.subject(limits, "1")))
    async with db.write() as tx:
        assert await sessions.sweep(tx) == 0
    await owner.execute("""
        UPDATE sessions SET expires_at = now() - interval '1 second' WHERE member_id = (
            SELECT id FROM members WHERE name LIKE 'Sophie%');
        UPDATE sessions SET seen_at = now() - interval '8 days' WHERE member_id = (
            SELECT id FROM members WHERE name LIKE 'Νίκος%');
        UPDATE setup_links SET expires_at = now() - interval '1 second';
        UPDATE attempts SET expires_at = now() - interval '1 second';
        UPDATE idempotency_keys SET created_at = now() - interval '25 hours';
    """)
    async with db.write() as tx:
        assert await sessions.sweep(tx) == 6
        assert await api_tokens.actor(tx, token.token) is not None
        assert not await setup.is_valid(tx, "a")
    assert await _is_alive(db, living)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_an_address_is_kept_plain(given: str, kept: str) -> None:
    assert sessions.plain_address(given) == kept


async def test_what_a_browser_calls_itself_is_kept_printable_and_short(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    await _open(db, cast.maria, agent="a\r\nb\0\ud800" + "x" * 1000)
    agent = await owner.fetchval("SELECT agent FROM sessions")
    assert agent.startswith("a\ufffd\ufffdb\ufffd\ufffdxxx")
    assert len(agent) == sessions.AGENT_LIMIT
    with pytest.raises(BadRequest):
        await _open(db, cast.maria, address="somewhere")
