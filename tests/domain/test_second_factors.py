"""Second factors: which codes are good, that each is so once, and what is kept of them."""

from __future__ import annotations

import asyncio
import hashlib
import re

import pyotp
import pytest

from forum.db import Database, RawConnection
from forum.domain import access, members, network, second_factors, sessions, sign_in, sign_in_steps
from forum.domain.actors import Actor
from forum.domain.attempts import Limits
from forum.domain.second_factors import STEP_SECONDS, Used
from forum.domain.sign_in import CODE
from forum.errors import Conflict, Invalid, NotFound, RateLimited
from tests.cast import Cast, email

LIMITS = Limits(1.0, b"a secret of thirty-two bytes....")
_STEP = f"SELECT floor(extract(epoch FROM clock_timestamp()) / {STEP_SECONDS})::bigint"


async def _code(owner: RawConnection, secret: str, later: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(await owner.fetchval(_STEP) + later)


async def _secret(db: Database, actor: Actor) -> str:
    async with db.write() as tx:
        await second_factors.begin(tx, actor)
        secret = await second_factors.pending(tx, actor)
    assert secret is not None
    return secret


async def _switch_on(db: Database, owner: RawConnection, actor: Actor) -> tuple[str, list[str]]:
    secret = await _secret(db, actor)
    async with db.write() as tx:
        codes = await second_factors.confirm(tx, actor, await _code(owner, secret))
    await owner.execute("UPDATE second_factors SET last_step = 0")
    return secret, codes


async def _spend(db: Database, actor: Actor, code: str) -> Used | None:
    async with db.write() as tx:
        return await second_factors.spend(tx, actor.member_id, code)


async def test_a_secret_has_160_bits_and_counts_only_once_confirmed(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    secrets = {await _secret(db, cast.maria) for _ in range(3)}
    assert len(secrets) == 3
    assert all(re.fullmatch("[A-Z2-7]{32}", secret) for secret in secrets)
    async with db.read() as conn:
        assert not (await second_factors.state(conn, cast.maria)).is_on
        found = await sign_in.credentials(conn, email("maria"))
    assert found is not None
    assert not found.has_second_factor
    assert await _spend(db, cast.maria, await _code(owner, await _secret(db, cast.maria))) is None


async def test_the_code_that_confirmed_it_is_spent(db: Database, cast: Cast, owner: RawConnection) -> None:
    secret = await _secret(db, cast.maria)
    code = await _code(owner, secret)
    async with db.write() as tx:
        await second_factors.confirm(tx, cast.maria, code)
        assert (await second_factors.state(tx, cast.maria)).is_on
    assert await _spend(db, cast.maria, code) is None


async def test_a_code_shown_twice_at_once_is_taken_once(db: Database, cast: Cast, owner: RawConnection) -> None:
    secret, codes = await _switch_on(db, owner, cast.maria)
    for code, used in ((await _code(owner, secret), Used.APP), (codes[0], Used.RECOVERY_CODE)):
        answers = await asyncio.gather(*(_spend(db, cast.maria, code) for _ in range(8)))
        assert answers.count(used) == 1
        assert answers.count(None) == 7


async def test_what_was_rolled_back_is_not_spent(db: Database, cast: Cast, owner: RawConnection) -> None:
    secret, _ = await _switch_on(db, owner, cast.maria)
    code = await _code(owner, secret)

    async def fail() -> None:
        async with db.write() as tx:
            assert await second_factors.spend(tx, cast.maria.member_id, code) is Used.APP
            raise Conflict

    with pytest.raises(Conflict):
        await fail()
    assert await _spend(db, cast.maria, code) is Used.APP


async def test_recovery_codes_are_long_random_and_kept_as_hashes(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    _, codes = await _switch_on(db, owner, cast.maria)
    assert len(set(codes)) == second_factors.RECOVERY_CODES
    assert all(re.fullmatch("([0-9a-hjkmnp-tv-z]{6}-){3}[0-9a-hjkmnp-tv-z]{6}", code) for code in codes)
    kept = {bytes(row["code_hash"]) for row in await owner.fetch("SELECT code_hash FROM recovery_codes")}
    number = cast.maria.member_id
    assert kept == {
        hashlib.sha256(f"recovery code\0{number}\0{second_factors.plain(code)}".encode()).digest() for code in codes
    }
    assert await _spend(db, cast.nikos, codes[0]) is None


@pytest.mark.parametrize("code", ["", "000", "\x00", "\ud800", "٠١٢٣٤٥", "x" * 10_000])
async def test_what_is_no_code_is_no_error(db: Database, cast: Cast, owner: RawConnection, code: str) -> None:
    await _switch_on(db, owner, cast.maria)
    assert await _spend(db, cast.maria, code) is None


async def test_nothing_can_be_done_to_a_factor_that_is_not_there(db: Database, cast: Cast) -> None:
    async with db.write() as tx:
        for act in (second_factors.delete, second_factors.renew_codes):
            with pytest.raises(NotFound):
                await act(tx, cast.maria)
        with pytest.raises(NotFound):
            await second_factors.confirm(tx, cast.maria, "000000")
        with pytest.raises(NotFound):
            await second_factors.reset(tx, cast.maria.member_id)


async def test_a_factor_that_is_on_is_not_begun_anew(db: Database, cast: Cast, owner: RawConnection) -> None:
    secret, _ = await _switch_on(db, owner, cast.maria)
    with pytest.raises(Conflict):
        await _secret(db, cast.maria)
    assert await owner.fetchval("SELECT secret FROM second_factors") == secret


async def test_the_operator_switches_it_off_for_who_lost_it(db: Database, cast: Cast, owner: RawConnection) -> None:
    await _switch_on(db, owner, cast.maria)
    async with db.write() as tx:
        await second_factors.reset(tx, cast.maria.member_id)
        assert not (await second_factors.state(tx, cast.maria)).is_on
    assert await owner.fetchval("SELECT count(*) FROM recovery_codes") == 0
    maria = cast.maria.member_id
    entries = await owner.fetch(
        "SELECT act, actor_id, subject_id, before::text, after::text FROM audit_entries ORDER BY id"
    )
    on, off = '{"is_on": true}', '{"is_on": false}'
    assert [tuple(entry) for entry in entries] == [
        ("second_factor.switched_on", maria, maria, off, on),
        ("second_factor.switched_off", None, maria, on, off),
    ]


async def test_staff_are_counted_with_and_without(db: Database, cast: Cast, owner: RawConnection) -> None:
    await _switch_on(db, owner, cast.moderator)
    await _switch_on(db, owner, cast.maria)
    await _secret(db, cast.administrator)
    async with db.read() as conn:
        count = await second_factors.staff_count(conn)
    assert (count.staff, count.protected) == (2, 1)


async def test_what_a_session_owes_moves_with_the_foundations(db: Database, cast: Cast, owner: RawConnection) -> None:
    """A session that was read before is only glanced at: all that says what is owed has to move what that looks at."""
    async with db.write() as tx:
        key = await sessions.open(tx, cast.moderator.member_id, address="192.0.2.1", agent="")
        known = await sessions.actor(tx, key)

    async def owes() -> bool:
        nonlocal known
        async with db.read() as conn:
            known = await sessions.actor(conn, key, known)
        assert known is not None
        return known.owes_second_factor

    assert not await owes()
    async with db.write() as tx:
        await network.require_second_factor(tx, access.to_administer(cast.administrator), True)
    assert await owes()
    secret = await _secret(db, cast.moderator)
    assert await owes()
    async with db.write() as tx:
        await second_factors.confirm(tx, cast.moderator, await _code(owner, secret))
    assert not await owes()
    async with db.write() as tx:
        await second_factors.delete(tx, cast.moderator)
    assert await owes()


async def test_spending_a_code_moves_no_foundations(db: Database, cast: Cast, owner: RawConnection) -> None:
    secret, _ = await _switch_on(db, owner, cast.maria)
    before = await owner.fetchval("SELECT version FROM foundations")
    assert await _spend(db, cast.maria, await _code(owner, secret)) is Used.APP
    assert await owner.fetchval("SELECT version FROM foundations") == before


async def test_a_step_is_taken_once_and_keeps_a_hash_only(db: Database, cast: Cast, owner: RawConnection) -> None:
    async with db.write() as tx:
        key = await sign_in_steps.open(tx, cast.maria.member_id)
    assert len(key) == 43
    kept = await owner.fetchval("SELECT key_hash FROM sign_in_steps")
    assert bytes(kept) == hashlib.sha256(key.encode()).digest()
    async with db.write() as tx:
        assert await sign_in_steps.find(tx, "another") is None
        found = await sign_in_steps.find(tx, key)
        assert found is not None
        assert found.email == email("maria")
        assert await sign_in_steps.take(tx, key)
        assert not await sign_in_steps.take(tx, key)
        assert await sign_in_steps.find(tx, key) is None


async def test_a_step_that_ended_meanwhile_spends_no_code(db: Database, cast: Cast, owner: RawConnection) -> None:
    secret, _ = await _switch_on(db, owner, cast.maria)
    code = await _code(owner, secret)
    async with db.write() as tx:
        key = await sign_in_steps.open(tx, cast.maria.member_id)
        step = await sign_in_steps.find(tx, key)
    assert step is not None
    async with db.write() as tx:
        await members.change_password(tx, cast.maria, "another hash")

    async def finish() -> None:
        async with db.write() as tx:
            await sign_in.finish(tx, LIMITS, key, step, "192.0.2.1", "Firefox", code)

    with pytest.raises(Invalid, match="sign_in_expired"):
        await finish()
    assert await owner.fetchval("SELECT count(*) FROM sessions") == 0
    assert await _spend(db, cast.maria, code) is Used.APP


async def test_old_steps_are_swept_away(db: Database, cast: Cast, owner: RawConnection) -> None:
    async with db.write() as tx:
        await sign_in_steps.open(tx, cast.maria.member_id)
        old = await sign_in_steps.open(tx, cast.maria.member_id)
    await owner.execute(
        "UPDATE sign_in_steps SET expires_at = now() - interval '1 second' WHERE key_hash = $1", sessions.digest(old)
    )
    async with db.write() as tx:
        assert await sessions.sweep(tx) == 1
    assert await owner.fetchval("SELECT count(*) FROM sign_in_steps") == 1


async def test_five_wrong_codes_slow_the_account_at_any_address_and_no_password(db: Database, cast: Cast) -> None:
    waits = []
    for number in range(8):
        async with db.write() as tx:
            waits.append(await sign_in.reserve(tx, LIMITS, email("maria"), f"203.0.113.{number}", CODE))
        async with db.write() as tx:
            await sign_in.failed(tx, LIMITS, email("maria"), f"203.0.113.{number}", CODE)
    assert [round(wait) for wait in waits] == [0, 0, 0, 0, 0, 1, 3, 7]
    async with db.write() as tx:
        with pytest.raises(RateLimited):
            await sign_in.reserve(tx, LIMITS, email("maria"), "203.0.113.99", CODE)
    async with db.write() as tx:
        assert await sign_in.reserve(tx, LIMITS, email("maria"), "203.0.113.99") == 0
        assert await sign_in.reserve(tx, LIMITS, email("nikos"), "203.0.113.99", CODE) == 0


async def test_the_password_alone_makes_no_address_known(db: Database, cast: Cast, owner: RawConnection) -> None:
    await _switch_on(db, owner, cast.maria)
    async with db.write() as tx:
        await sign_in.reserve(tx, LIMITS, email("maria"), "203.0.113.9")
        found = await sign_in.credentials(tx, email("maria"))
        assert found is not None
        await sign_in.begin(
            tx, LIMITS, email("maria"), "203.0.113.9", found.member_id, password_hash=found.password_hash
        )
    acts = {row["act"] for row in await owner.fetch("SELECT act FROM attempts")}
    assert acts == {"sign_in.address"}
