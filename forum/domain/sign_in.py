"""Signing in: who somebody says they are, how often that may be tried, and what an answer leaves behind.

Guessing is slowed per account and per address, in every process alike, and never for good. Every attempt is counted
before its password is looked at, so that many at once are no way round, and given back when it was right. An account
is slowed after ACCOUNT_THRESHOLD attempts; an address only after ADDRESS_THRESHOLD, since a town hall shares one.
From an address the account is known at (it has a session there, or had one within a day), attempts are counted apart
and nothing else slows them: strangers cannot lock out the owner. Known and unknown accounts take the same way here.
Passwords are checked by the caller, between `reserve` and `failed` or `succeeded`. Source: OWASP ASVS 5.0, 6.3.1.

Who has a second factor gets a step instead of a session (`begin`), which a code turns into one (`finish`). Codes are
counted as passwords are, apart from them; the address becomes known by the code alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import attempts, audit, second_factors, sessions, sign_in_steps
from forum.domain.attempts import Limits
from forum.domain.entities import MemberId
from forum.domain.members import plain_email
from forum.domain.sign_in_steps import Step
from forum.errors import Conflict, Invalid

ACCOUNT_THRESHOLD: Final = 5
ADDRESS_THRESHOLD: Final = 20

KNOWN_FOR: Final = timedelta(hours=24)
"""How long an address stays known to an account after signing out there: until the next morning."""

_KNOWN: Final = "sign_in.known"


@dataclass(frozen=True, slots=True)
class Kind:
    """What is guessed at: the names its attempts are counted under, and what the audit log calls a wrong one."""

    address: str
    account: str
    pair: str
    failure: str


PASSWORD: Final = Kind("sign_in.address", "sign_in.account", "sign_in.pair", "sign_in.failed")
CODE: Final = Kind("code.address", "code.account", "code.pair", "sign_in.code_failed")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a password is checked against."""

    member_id: MemberId
    password_hash: str
    is_suspended: bool
    has_second_factor: bool


@dataclass(frozen=True, slots=True)
class _Buckets:
    """Under which names one attempt is counted."""

    account: bytes
    address: bytes
    pair: bytes
    network: str


_CREDENTIALS = Query(
    "sign_in.credentials",
    f"""
    SELECT members.id, members.password_hash, NOT {sessions.NOT_SUSPENDED}, {second_factors.IS_ON}
    FROM members
    WHERE members.email = $1
    """,
    returns=Credentials,
    card=Card.ZERO_OR_ONE,
)

_HAS_SESSION = Query(
    "sign_in.has_session",
    """
    SELECT EXISTS (
        SELECT 1
        FROM sessions
        JOIN members ON members.id = sessions.member_id
        WHERE members.email = $1 AND sessions.address <<= $2::inet
    )
    """,
    returns=bool,
    card=Card.ONE,
)

_CONFIRM = Statement(
    "sign_in.confirm",
    f"""
    SELECT members.id
    FROM members
    WHERE members.id = $1 AND members.password_hash = $2 AND {sessions.NOT_SUSPENDED}
    FOR NO KEY UPDATE
    """,
    returns=int,
    card=Card.ZERO_OR_ONE,
)


async def reserve(tx: Tx, limits: Limits, email: str, address: str, kind: Kind = PASSWORD) -> float:
    """Count an attempt and return how many seconds to wait before checking it, at most ten.

    Raise RateLimited when it would have to wait longer. Commit before waiting: the row's lock is held until then.
    """
    if limits.are_off:
        return 0.0
    buckets = _buckets(limits, email, address)
    if await _is_known(tx, buckets, email):
        # Counted against the address too, for those who are not known there, but not slowed by it.
        await attempts.note(tx, kind.address, buckets.address)
        return await attempts.reserve(tx, limits, kind.pair, buckets.pair, threshold=ACCOUNT_THRESHOLD)
    # Always the address first: two attempts that share both would otherwise wait for each other.
    by_address = await attempts.reserve(tx, limits, kind.address, buckets.address, threshold=ADDRESS_THRESHOLD)
    by_account = await attempts.reserve(tx, limits, kind.account, buckets.account, threshold=ACCOUNT_THRESHOLD)
    return max(by_address, by_account)


async def credentials(conn: Conn, email: str) -> Credentials | None:
    """Return what to check a password against, None when nobody has that address (then check against a dummy)."""
    return await conn.maybe(_CREDENTIALS, plain_email(email))


async def failed(tx: Tx, limits: Limits, email: str, address: str, kind: Kind = PASSWORD) -> None:
    """Note that an attempt was wrong: its count lasts from now on, and the audit log says whose account it was."""
    if not limits.are_off:
        buckets = _buckets(limits, email, address)
        await attempts.prolong(tx, kind.address, buckets.address)
        if await _is_known(tx, buckets, email):
            await attempts.prolong(tx, kind.pair, buckets.pair)
        else:
            await attempts.prolong(tx, kind.account, buckets.account)
    found = await credentials(tx, email)
    await audit.record(
        tx,
        actor_id=None,
        act=kind.failure,
        subject="member",
        subject_id=found.member_id if found else None,
    )


async def succeeded(
    tx: Tx, limits: Limits, email: str, address: str, member_id: MemberId, agent: str, *, password_hash: str
) -> str:
    """Open a session for who gave the right password and return its key; see `confirm` for what is checked again."""
    await confirm(tx, limits, email, address, member_id, password_hash=password_hash)
    key = await sessions.open(tx, member_id, address=address, agent=agent)
    await audit.record(tx, actor_id=member_id, act="sign_in.succeeded", subject="member", subject_id=member_id)
    return key


async def begin(tx: Tx, limits: Limits, email: str, address: str, member_id: MemberId, *, password_hash: str) -> str:
    """Open the step of who gave the right password and has a second factor, and return its key; see `confirm`."""
    await settle(tx, limits, email, address, PASSWORD)
    await _hold(tx, member_id, password_hash)
    key = await sign_in_steps.open(tx, member_id)
    await audit.record(tx, actor_id=None, act="sign_in.code_asked", subject="member", subject_id=member_id)
    return key


async def finish(tx: Tx, limits: Limits, key: str, step: Step, address: str, agent: str, code: str) -> str | None:
    """Open the session of a step for a right code and return the session's key, None when the code is not right.

    Raise Invalid when the step has ended meanwhile; the code is then not spent.
    """
    used = await second_factors.spend(tx, step.member_id, code)
    if used is None:
        return None
    if not await sign_in_steps.take(tx, key):
        raise Invalid({}, "sign_in_expired")
    await settle(tx, limits, step.email, address, CODE)
    await _note_known(tx, limits, step.email, address)
    opened = await sessions.open(tx, step.member_id, address=address, agent=agent)
    await audit.record(
        tx,
        actor_id=step.member_id,
        act="sign_in.succeeded",
        subject="member",
        subject_id=step.member_id,
        after={"second_factor": used.value},
    )
    return opened


async def confirm(tx: Tx, limits: Limits, email: str, address: str, member_id: MemberId, *, password_hash: str) -> None:
    """Clear the counters of an attempt that was right, without opening a session (the way to an API token).

    `password_hash` is the one the password was checked against. Checking takes time: when the password was changed or
    the member suspended meanwhile, raise Conflict, or a session would outlive what ended all others.
    """
    await settle(tx, limits, email, address, PASSWORD)
    await _note_known(tx, limits, email, address)
    await _hold(tx, member_id, password_hash)


async def confirm_code(
    tx: Tx, limits: Limits, email: str, address: str, member_id: MemberId, code: str, *, password_hash: str
) -> bool:
    """Do as `confirm` for who has a second factor and whose password was settled; say whether the code is right.

    A wrong one is noted, so that the transaction has to stand.
    """
    if await second_factors.spend(tx, member_id, code) is None:
        await failed(tx, limits, email, address, CODE)
        return False
    await settle(tx, limits, email, address, CODE)
    await _note_known(tx, limits, email, address)
    await _hold(tx, member_id, password_hash)
    return True


async def settle(tx: Tx, limits: Limits, email: str, address: str, kind: Kind) -> None:
    """Clear the counters of an attempt that was right, whatever else is still asked for."""
    if limits.are_off:
        return
    buckets = _buckets(limits, email, address)
    is_known = await _is_known(tx, buckets, email)
    await attempts.give_back(tx, kind.address, buckets.address)
    if is_known:
        await attempts.forget(tx, kind.pair, buckets.pair)
    else:
        await attempts.forget(tx, kind.account, buckets.account)


async def _note_known(tx: Tx, limits: Limits, email: str, address: str) -> None:
    if not limits.are_off:
        await attempts.note(tx, _KNOWN, _buckets(limits, email, address).pair, KNOWN_FOR)


async def _hold(tx: Tx, member_id: MemberId, password_hash: str) -> None:
    if await tx.maybe(_CONFIRM, member_id, password_hash) is None:
        raise Conflict("try_again")


async def _is_known(tx: Tx, buckets: _Buckets, email: str) -> bool:
    has_session = await tx.one(_HAS_SESSION, plain_email(email), buckets.network)
    return await attempts.is_noted(tx, _KNOWN, buckets.pair) or has_session


def _buckets(limits: Limits, email: str, address: str) -> _Buckets:
    account, network = plain_email(email), network_of(address)
    return _Buckets(
        attempts.subject(limits, "account", account),
        attempts.subject(limits, "address", network),
        attempts.subject(limits, "account and address", account, network),
        network,
    )


def network_of(address: str) -> str:
    """Return what one subscriber holds: an IPv4 address, or the /64 an IPv6 host may pick addresses from at will."""
    parsed = ip_address(sessions.plain_address(address))
    return str(parsed) if isinstance(parsed, IPv4Address) else str(ip_network((parsed, 64), strict=False))
