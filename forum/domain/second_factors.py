"""The second factor of a member: a secret shared with an app on their telephone, and codes for the day it is lost.

The app makes a code of the secret and the time, every 30 seconds another (RFC 6238, as all such apps do). A code is
good in its own time step and the one on either side of it, by the database's clock, and once: the last step that was
spent is kept, and none up to it is taken again. A recovery code is 120 random bits, kept as a hash, and deleted when it
is used. How often may be guessed is `sign_in`'s to say. Source: OWASP ASVS 5.0, 6.5.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pyotp

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, groups
from forum.domain.actors import Actor
from forum.domain.entities import MemberId
from forum.errors import Conflict, Invalid, NotFound

STEP_SECONDS: Final = 30
DIGITS: Final = 6

WINDOW: Final = 1
"""Steps on either side of the present one: clocks differ, and a code takes time to be typed."""

RECOVERY_CODES: Final = 10

REPEATED: Final = timedelta(minutes=1)
"""How long after it was switched on the same form, sent once more, is answered with codes anew."""

PENDING: Final = timedelta(hours=1)
"""How long a secret may wait for its first code, before another has to be made."""

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: five bits a character, none of which is taken for another."""

_CODE_LENGTH: Final = 24
"""120 bits: from 112 on a plain hash is enough (ASVS 6.5.2)."""

_MISREAD: Final = str.maketrans({"o": "0", "i": "1", "l": "1"})


class Used(enum.StrEnum):
    """What a member showed beside their password."""

    APP = "app"
    RECOVERY_CODE = "recovery_code"


@dataclass(frozen=True, slots=True)
class State:
    """What a member is told about their second factor; `confirmed_at` is None while they have none."""

    confirmed_at: datetime | None
    code_count: int

    @property
    def is_on(self) -> bool:
        return self.confirmed_at is not None


@dataclass(frozen=True, slots=True)
class StaffCount:
    """How many moderators and administrators there are, and how many of them have a second factor."""

    staff: int
    protected: int


@dataclass(frozen=True, slots=True)
class _Factor:
    secret: str
    last_step: int
    is_confirmed: bool
    is_stale: bool
    step: int
    """The present one."""


IS_ON: Final = """EXISTS (
    SELECT 1
    FROM second_factors
    WHERE second_factors.member_id = members.id AND second_factors.confirmed_at IS NOT NULL
)"""
"""SQL that says whether a member has a second factor."""

_STATE = Query(
    "second_factors.state",
    """
    SELECT (
        SELECT second_factors.confirmed_at FROM second_factors WHERE second_factors.member_id = $1
    ), (
        SELECT count(*) FROM recovery_codes WHERE recovery_codes.member_id = $1
    )
    """,
    returns=State,
    card=Card.ONE,
)

_PENDING = Query(
    "second_factors.pending",
    """
    SELECT second_factors.secret
    FROM second_factors
    WHERE second_factors.member_id = $1 AND second_factors.confirmed_at IS NULL
        AND second_factors.created_at > now() - $2::interval
    """,
    returns=str,
    card=Card.ZERO_OR_ONE,
)

_BEGIN = Statement(
    "second_factors.begin",
    """
    INSERT INTO second_factors AS factor (member_id, secret)
    VALUES ($1, $2)
    ON CONFLICT (member_id) DO UPDATE
    SET secret = excluded.secret, last_step = 0, created_at = now()
    WHERE factor.confirmed_at IS NULL
    """,
    returns=int,
    card=Card.NONE,
)

_IS_JUST_NOW = Query(
    "second_factors.is_just_now",
    """
    SELECT EXISTS (
        SELECT 1
        FROM second_factors
        WHERE second_factors.member_id = $1 AND second_factors.confirmed_at > now() - $2::interval
    )
    """,
    returns=bool,
    card=Card.ONE,
)

_LOCK = Statement(
    "second_factors.lock",
    f"""
    SELECT second_factors.secret, second_factors.last_step, second_factors.confirmed_at IS NOT NULL,
           second_factors.created_at <= now() - $2::interval,
           floor(extract(epoch FROM clock_timestamp()) / {STEP_SECONDS})::bigint
    FROM second_factors
    WHERE second_factors.member_id = $1
    FOR NO KEY UPDATE
    """,
    returns=_Factor,
    card=Card.ZERO_OR_ONE,
)

_CONFIRM = Statement(
    "second_factors.confirm",
    "UPDATE second_factors SET confirmed_at = now(), last_step = $2 WHERE member_id = $1",
    returns=int,
    card=Card.NONE,
)

_SPEND = Statement(
    "second_factors.spend",
    "UPDATE second_factors SET last_step = $2 WHERE member_id = $1",
    returns=int,
    card=Card.NONE,
)

_DELETE = Statement(
    "second_factors.delete",
    "DELETE FROM second_factors WHERE member_id = $1",
    returns=int,
    card=Card.NONE,
)

_ADD_CODES = Statement(
    "second_factors.add_codes",
    "INSERT INTO recovery_codes (member_id, code_hash) SELECT $1, unnest($2::bytea[])",
    returns=int,
    card=Card.NONE,
)

_SPEND_CODE = Statement(
    "second_factors.spend_code",
    "DELETE FROM recovery_codes WHERE member_id = $1 AND code_hash = $2",
    returns=int,
    card=Card.NONE,
)

_DELETE_CODES = Statement(
    "second_factors.delete_codes",
    "DELETE FROM recovery_codes WHERE member_id = $1",
    returns=int,
    card=Card.NONE,
)

_STAFF = Query(
    "second_factors.staff",
    f"""
    SELECT count(*), count(*) FILTER (WHERE {IS_ON})
    FROM members
    WHERE members.id IN (
        SELECT group_members.member_id
        FROM group_members
        JOIN groups ON groups.id = group_members.group_id
        WHERE groups.slug IN ('{groups.MODERATORS}', '{groups.ADMINISTRATORS}')
    )
    """,
    returns=StaffCount,
    card=Card.ONE,
)


async def state(conn: Conn, actor: Actor) -> State:
    return await conn.one(_STATE, actor.member_id)


async def pending(conn: Conn, actor: Actor) -> str | None:
    """Return the secret that waits for its first code, None when there is none such."""
    return await conn.maybe(_PENDING, actor.member_id, PENDING)


async def staff_count(conn: Conn) -> StaffCount:
    return await conn.one(_STAFF)


async def begin(tx: Tx, actor: Actor) -> None:
    """Make a secret for the actor's app, in the place of one that waits; raise Conflict when they have a factor."""
    if not await tx.run(_BEGIN, actor.member_id, pyotp.random_base32(32)):
        raise Conflict


async def confirm(tx: Tx, actor: Actor, code: str) -> list[str]:
    """Switch the factor on by the first code of its app and return the recovery codes, which are known only now.

    Raise NotFound when no secret waits for a code, Invalid when the code is not the app's.
    """
    factor = await tx.maybe(_LOCK, actor.member_id, PENDING)
    if factor is None or factor.is_confirmed or factor.is_stale:
        raise NotFound
    step = _step_of(factor, plain(code))
    if step is None:
        raise Invalid({"code": ("wrong_code",)})
    await tx.run(_CONFIRM, actor.member_id, step)
    codes = await _new_codes(tx, actor.member_id)
    await _record_switch(tx, actor.member_id, True, actor_id=actor.member_id)
    return codes


async def repeat_codes(tx: Tx, actor: Actor) -> list[str]:
    """Return recovery codes anew to who switched the factor on a moment ago, with a form that was sent twice.

    A browser shows the last answer alone: without this, the codes of the first would be good and unknown. Raise
    NotFound when it was not just now.
    """
    factor = await tx.maybe(_LOCK, actor.member_id, PENDING)
    if factor is None or not factor.is_confirmed or not await tx.one(_IS_JUST_NOW, actor.member_id, REPEATED):
        raise NotFound
    return await _new_codes(tx, actor.member_id)


async def renew_codes(tx: Tx, actor: Actor) -> list[str]:
    """Return ten new recovery codes in the place of the old ones; raise NotFound when there is no factor."""
    factor = await tx.maybe(_LOCK, actor.member_id, PENDING)
    if factor is None or not factor.is_confirmed:
        raise NotFound
    codes = await _new_codes(tx, actor.member_id)
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act="recovery_codes.renewed",
        subject="member",
        subject_id=actor.member_id,
        after={"count": len(codes)},
    )
    return codes


async def delete(tx: Tx, actor: Actor) -> None:
    """Switch the actor's own factor off; raise NotFound when there is none."""
    await _delete(tx, actor.member_id, actor_id=actor.member_id)


async def reset(tx: Tx, member_id: MemberId) -> None:
    """Switch off the factor of a member who has lost app and codes, by the operator's command; raise NotFound."""
    await _delete(tx, member_id, actor_id=None)


async def spend(tx: Tx, member_id: MemberId, code: str) -> Used | None:
    """Take a code of the member's app or one of their recovery codes, and say which; None when it is neither.

    The member's row is locked until the transaction ends, so that of two who show the same code one is refused.
    """
    factor = await tx.maybe(_LOCK, member_id, PENDING)
    if factor is None or not factor.is_confirmed:
        return None
    given = plain(code)
    step = _step_of(factor, given)
    if step is not None:
        await tx.run(_SPEND, member_id, step)
        return Used.APP
    return Used.RECOVERY_CODE if await tx.run(_SPEND_CODE, member_id, _hash(member_id, given)) else None


def plain(code: str) -> str:
    """Return a code as it is compared: without what people put between its parts, in lower case."""
    return "".join(character for character in code if character.isascii() and character.isalnum()).lower()


def uri(secret: str, *, account: str, issuer: str) -> str:
    """Return what an app reads from the picture (otpauth)."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(name=account, issuer_name=issuer)


def _step_of(factor: _Factor, code: str) -> int | None:
    """Return the step whose code it is, None when it is that of no step that may still be spent."""
    otp = pyotp.TOTP(factor.secret, digits=DIGITS, interval=STEP_SECONDS)
    found = None
    for step in range(factor.step - WINDOW, factor.step + WINDOW + 1):
        if hmac.compare_digest(otp.generate_otp(step), code) and step > factor.last_step:
            found = step
    return found


async def _new_codes(tx: Tx, member_id: MemberId) -> list[str]:
    await tx.run(_DELETE_CODES, member_id)
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH)) for _ in range(RECOVERY_CODES)]
    await tx.run(_ADD_CODES, member_id, [_hash(member_id, code) for code in codes])
    return ["-".join(code[start : start + 6] for start in range(0, _CODE_LENGTH, 6)) for code in codes]


async def _delete(tx: Tx, member_id: MemberId, *, actor_id: MemberId | None) -> None:
    factor = await tx.maybe(_LOCK, member_id, PENDING)
    if factor is None or not factor.is_confirmed:
        raise NotFound
    await tx.run(_DELETE_CODES, member_id)
    await tx.run(_DELETE, member_id)
    await _record_switch(tx, member_id, False, actor_id=actor_id)


async def _record_switch(tx: Tx, member_id: MemberId, is_on: bool, *, actor_id: MemberId | None) -> None:
    await audit.record(
        tx,
        actor_id=actor_id,
        act="second_factor.switched_on" if is_on else "second_factor.switched_off",
        subject="member",
        subject_id=member_id,
        before={"is_on": not is_on},
        after={"is_on": is_on},
    )


def _hash(member_id: MemberId, code: str) -> bytes:
    return hashlib.sha256(f"recovery code\0{member_id}\0{code.translate(_MISREAD)}".encode()).digest()
