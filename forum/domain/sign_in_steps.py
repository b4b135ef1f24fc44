"""Browsers from which the right password came, and the second factor did not yet: a step of a sign-in, no session.

It opens nothing but the page that asks for the code. Only the SHA-256 of its key is kept; it ends after LIFETIME, when
the code is accepted, and when the password is changed. Whose codes are right is `second_factors`'s to say.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain.entities import MemberId
from forum.domain.sessions import NOT_SUSPENDED, digest

LIFETIME: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Step:
    """Whose sign-in it is, and the account its guesses are counted by."""

    member_id: MemberId
    email: str


_OPEN = Statement(
    "sign_in_steps.open",
    "INSERT INTO sign_in_steps (key_hash, member_id, expires_at) VALUES ($1, $2, now() + $3::interval)",
    returns=int,
    card=Card.NONE,
)

_FIND = Query(
    "sign_in_steps.find",
    f"""
    SELECT members.id, members.email
    FROM sign_in_steps
    JOIN members ON members.id = sign_in_steps.member_id
    WHERE sign_in_steps.key_hash = $1 AND sign_in_steps.expires_at > now() AND {NOT_SUSPENDED}
    """,
    returns=Step,
    card=Card.ZERO_OR_ONE,
)

_TAKE = Statement(
    "sign_in_steps.take",
    "DELETE FROM sign_in_steps WHERE key_hash = $1 AND expires_at > now()",
    returns=int,
    card=Card.NONE,
)

_CLOSE_ALL = Statement(
    "sign_in_steps.close_all",
    "DELETE FROM sign_in_steps WHERE member_id = $1",
    returns=int,
    card=Card.NONE,
)


async def open(tx: Tx, member_id: MemberId) -> str:
    """Begin a step and return its key, 256 random bits as url-safe text."""
    key = secrets.token_urlsafe(32)
    await tx.run(_OPEN, digest(key), member_id, LIFETIME)
    return key


async def find(conn: Conn, key: str) -> Step | None:
    """Return whose step has this key, None when it has ended or its member is suspended."""
    return await conn.maybe(_FIND, digest(key))


async def take(tx: Tx, key: str) -> bool:
    """End a step for good, and say whether it was still there."""
    return bool(await tx.run(_TAKE, digest(key)))


async def close_all(tx: Tx, member_id: MemberId) -> None:
    """End all steps of a member: the password they were opened with is no longer theirs."""
    await tx.run(_CLOSE_ALL, member_id)
