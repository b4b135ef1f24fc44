"""Bearer tokens: programs that act for a member, with the member's own rights.

Only the SHA-256 of a token is kept. A token is derived from the server's secret and its row's id, so that a request
retried under its idempotency key is answered with the same token, and a deleted token never comes back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forum.db import Card, Conn, Once, Query, Statement, Tx
from forum.domain import audit, idempotency
from forum.domain.actors import Actor
from forum.domain.entities import MemberId
from forum.domain.sessions import ACTOR_COLUMNS, ACTOR_JOINS, NOT_SUSPENDED
from forum.errors import Conflict, NotFound

PREFIX: Final = "koinon_"
"""Lets people and secret scanners see what a leaked token is."""

TOUCH: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A token just made; its text is not kept and cannot be shown again."""

    id: int
    token: str


@dataclass(frozen=True, slots=True)
class TokenActor(Actor):
    """Whose token it is; `needs_touch` when its `used_at` is due to be written again."""

    needs_touch: bool


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as its member sees it."""

    id: int
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Owner:
    member_id: MemberId


_ACTOR = Query(
    "api_tokens.actor",
    f"""
    SELECT {ACTOR_COLUMNS}, NULL::bigint, api_tokens.id,
           api_tokens.used_at IS NULL OR api_tokens.used_at < now() - $2::interval
    FROM api_tokens
    JOIN members ON members.id = api_tokens.member_id
    {ACTOR_JOINS}
    WHERE api_tokens.token_hash = $1 AND {NOT_SUSPENDED}
    """,
    returns=TokenActor,
    card=Card.ZERO_OR_ONE,
)

_STILL_GOOD = Query(
    "api_tokens.still_good",
    f"""
    SELECT api_tokens.id
    FROM api_tokens
    JOIN members ON members.id = api_tokens.member_id
    WHERE api_tokens.id = ANY ($1::bigint[]) AND {NOT_SUSPENDED}
    """,
    returns=int,
    card=Card.MANY,
)

_CREATE = Statement(
    "api_tokens.create",
    "INSERT INTO api_tokens (member_id, name, token_hash) VALUES ($1, $2, $3) RETURNING id",
    returns=int,
    card=Card.ONE,
)

_SET_HASH = Statement(
    "api_tokens.set_hash",
    "UPDATE api_tokens SET token_hash = $2 WHERE id = $1",
    returns=int,
    card=Card.NONE,
)

_IS_ALIVE = Query(
    "api_tokens.is_alive",
    "SELECT EXISTS (SELECT 1 FROM api_tokens WHERE api_tokens.id = $1 AND api_tokens.token_hash = $2)",
    returns=bool,
    card=Card.ONE,
)

_TOUCH = Statement(
    "api_tokens.touch",
    """
    UPDATE api_tokens
    SET used_at = now()
    WHERE id = $1 AND (used_at IS NULL OR used_at < now() - $2::interval)
    """,
    returns=int,
    card=Card.NONE,
)

_LIST = Query(
    "api_tokens.list",
    """
    SELECT api_tokens.id, api_tokens.name, api_tokens.created_at, api_tokens.used_at
    FROM api_tokens
    WHERE api_tokens.member_id = $1
    ORDER BY api_tokens.id DESC
    """,
    returns=TokenRow,
    card=Card.MANY,
)

_DELETE = Statement(
    "api_tokens.delete",
    "DELETE FROM api_tokens WHERE id = $1 AND member_id = $2",
    returns=int,
    card=Card.NONE,
)

_DELETE_ALL = Statement(
    "api_tokens.delete_all",
    "DELETE FROM api_tokens WHERE member_id = $1",
    returns=int,
    card=Card.NONE,
)


async def create(tx: Tx, member_id: MemberId, *, name: str, secret: bytes, key: str | None) -> CreatedToken:
    """Make a token; the same idempotency key and name give the same token again.

    Raise Invalid when the key stood for another request, Conflict when its token is no longer there.
    """
    if key is None:
        return await _insert(tx, member_id, name, secret, secrets.token_urlsafe(32))
    claimed = idempotency.make(key, "api_tokens.create", name)
    earlier = await idempotency.claim(tx, _Owner(member_id), claimed)
    if earlier is None:
        created = await _insert(tx, member_id, name, secret, key)
        await idempotency.settle(tx, _Owner(member_id), claimed, created.id)
        return created
    token = _derive(secret, member_id, earlier, key)
    if not await tx.one(_IS_ALIVE, earlier, _hash(token)):
        raise Conflict
    return CreatedToken(earlier, token)


async def _insert(tx: Tx, member_id: MemberId, name: str, secret: bytes, seed: str) -> CreatedToken:
    # The id is known only after the row is there, so it is first written with a hash that no token has.
    token_id = await tx.one(_CREATE, member_id, name.strip(), secrets.token_bytes(32))
    token = _derive(secret, member_id, token_id, seed)
    await tx.run(_SET_HASH, token_id, _hash(token))
    await audit.record(
        tx,
        actor_id=member_id,
        act="token.created",
        subject="api_token",
        subject_id=token_id,
        after={"member_id": member_id},
    )
    return CreatedToken(token_id, token)


async def actor(conn: Conn, token: str) -> TokenActor | None:
    """Return whose token it is, None when there is none such or its member is suspended; one query."""
    return await conn.maybe(_ACTOR, _hash(token), TOUCH)


async def still_good(conn: Conn, token_ids: list[int]) -> list[int]:
    """Return which of these tokens are still there and their members not suspended; one query for all of them."""
    return await conn.many(_STILL_GOOD, token_ids)


async def touch(tx: Once | Tx, token_id: int | None) -> None:
    """Note that the token is in use, unless that was done within TOUCH."""
    await tx.run(_TOUCH, token_id, TOUCH)


async def list_tokens(conn: Conn, actor: Actor) -> list[TokenRow]:
    """Return the actor's own tokens, newest first."""
    return await conn.many(_LIST, actor.member_id)


async def delete(tx: Tx, actor: Actor, token_id: int) -> None:
    """End one of the actor's own tokens at once; raise NotFound for anybody else's."""
    if not await tx.run(_DELETE, token_id, actor.member_id):
        raise NotFound
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act="token.deleted",
        subject="api_token",
        subject_id=token_id,
        before={"member_id": actor.member_id},
    )


async def delete_all(tx: Tx, member_id: MemberId) -> int:
    """End all tokens of a member and return how many there were; the act that asks for it is the audited."""
    return await tx.run(_DELETE_ALL, member_id)


def _derive(secret: bytes, member_id: MemberId, token_id: int, seed: str) -> str:
    message = f"api token\0{member_id}\0{token_id}\0{seed}".encode("utf-8", "surrogatepass")
    digest = hmac.new(secret, message, hashlib.sha256).digest()
    return PREFIX + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
