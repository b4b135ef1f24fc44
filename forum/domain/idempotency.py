"""Idempotency keys: a form sent twice, or a request retried, does once what it asks for.

The key is claimed in the transaction that does the act and settled with the row it made, so it stands exactly when
the act does. A twin in another process waits on the key's row and then finds the result. What the act is, and how
its row is shown again, is the caller's affair.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from forum.db import Card, Query, Statement, Tx
from forum.domain.entities import MemberId
from forum.errors import BadRequest, Conflict, Invalid

LIFETIME: Final = timedelta(hours=24)
"""How long a key is remembered; after that it is as good as new."""

KEY_LIMIT: Final = 200
"""Characters of a key."""


class Owner(Protocol):
    """Whose key it is: an Actor, or whoever else is known by a member's id."""

    @property
    def member_id(self) -> MemberId: ...


@dataclass(frozen=True, slots=True)
class Key:
    """What a request calls itself, which act it asks for, and a hash of what else it says."""

    value: str
    act: str
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class _Earlier:
    act: str
    request_hash: bytes
    result_id: int | None


_CLAIM = Statement(
    "idempotency.claim",
    """
    INSERT INTO idempotency_keys (member_id, key, act, request_hash)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (member_id, key) DO UPDATE
    SET act = excluded.act, request_hash = excluded.request_hash, result_id = NULL, created_at = now()
    WHERE idempotency_keys.created_at < now() - $5::interval
    RETURNING true
    """,
    returns=bool,
    card=Card.ZERO_OR_ONE,
)


def claiming(*, member: str, key: str, act: str, request_hash: str, lifetime: str, row: str) -> str:
    """Return the SQL that takes a key for the row whose id the relation `row` holds, as a part of an act's statement.

    It returns a row where the key was free or its time is over; there is nothing to take where the key is NULL.
    """
    return f"""
        INSERT INTO idempotency_keys (member_id, key, act, request_hash, result_id)
        SELECT {member}, {key}, {act}, {request_hash}, {row}.id
        FROM {row}
        WHERE {key}::text IS NOT NULL
        ON CONFLICT (member_id, key) DO UPDATE
        SET act = excluded.act, request_hash = excluded.request_hash, result_id = excluded.result_id, created_at = now()
        WHERE idempotency_keys.created_at < now() - {lifetime}::interval
        RETURNING true
    """


_EARLIER = Query(
    "idempotency.earlier",
    """
    SELECT idempotency_keys.act, idempotency_keys.request_hash, idempotency_keys.result_id
    FROM idempotency_keys
    WHERE idempotency_keys.member_id = $1 AND idempotency_keys.key = $2
    """,
    returns=_Earlier,
    card=Card.ONE,
)

_SETTLE = Statement(
    "idempotency.settle",
    "UPDATE idempotency_keys SET result_id = $3 WHERE member_id = $1 AND key = $2",
    returns=int,
    card=Card.NONE,
)

_SWEEP = Statement(
    "idempotency.sweep",
    "DELETE FROM idempotency_keys WHERE created_at < now() - $1::interval",
    returns=int,
    card=Card.NONE,
)


def make(value: str, act: str, *parts: str) -> Key:
    """Return the key of a request; raise BadRequest when it is empty or longer than KEY_LIMIT."""
    if not 1 <= len(value) <= KEY_LIMIT:
        raise BadRequest("bad_idempotency_key")
    digest = hashlib.sha256()
    for part in parts:
        text = part.encode("utf-8", "surrogatepass")
        digest.update(len(text).to_bytes(8, "big") + text)
    return Key(value, act, digest.digest())


async def claim(tx: Tx, actor: Owner, key: Key) -> int | None:
    """Take the key and return None, or return the id that the same request made earlier.

    Raise Invalid when the key stood for another request, Conflict when its act left no result.
    """
    if await tx.maybe(_CLAIM, actor.member_id, key.value, key.act, key.request_hash, LIFETIME):
        return None
    return await earlier(tx, actor, key)


def values(key: Key | None) -> tuple[str | None, str | None, bytes | None]:
    """Return what `claiming` takes: the key, its act and its hash."""
    return (key.value, key.act, key.request_hash) if key else (None, None, None)


async def earlier(tx: Tx, actor: Owner, key: Key | None) -> int:
    """Return the id that the same request made earlier; raises as `claim` does."""
    if key is None:
        raise Conflict
    found = await tx.one(_EARLIER, actor.member_id, key.value)
    if (found.act, found.request_hash) != (key.act, key.request_hash):
        raise Invalid({}, "idempotency_mismatch")
    if found.result_id is None:
        raise Conflict
    return found.result_id


async def settle(tx: Tx, actor: Owner, key: Key, result_id: int) -> None:
    """Remember which row the act made."""
    await tx.run(_SETTLE, actor.member_id, key.value, result_id)


async def sweep(tx: Tx) -> int:
    """Delete the keys that have had their time and return how many."""
    return await tx.run(_SWEEP, LIFETIME)
