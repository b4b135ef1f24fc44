"""The secret address of a member's feeds and calendar: one each, which opens them to whoever has it, with their rights.

Only the SHA-256 of its token is kept. A token is derived from the server's secret and the key of the form that asks for
it, so that a form sent twice shows the same address; one that was renewed or given up never comes back.
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
from forum.errors import Conflict

TOUCH: Final = timedelta(hours=1)
"""How exactly `used_at` is kept: programs ask for it all day."""


@dataclass(frozen=True, slots=True)
class FeedReader(Actor):
    """Whose address it is; `needs_touch` when its `used_at` is due to be written again."""

    member_since: datetime
    needs_touch: bool


@dataclass(frozen=True, slots=True)
class FeedToken:
    """A member's address as they see it: not the address itself, which is not kept."""

    created_at: datetime
    used_at: datetime | None


_READER = Query(
    "feed_tokens.reader",
    f"""
    SELECT {ACTOR_COLUMNS}, NULL::bigint, NULL::bigint, members.created_at,
           feed_tokens.used_at IS NULL OR feed_tokens.used_at < now() - $2::interval
    FROM feed_tokens
    JOIN members ON members.id = feed_tokens.member_id
    {ACTOR_JOINS}
    WHERE feed_tokens.token_hash = $1 AND {NOT_SUSPENDED}
    """,
    returns=FeedReader,
    card=Card.ZERO_OR_ONE,
)

_TOUCH = Statement(
    "feed_tokens.touch",
    """
    UPDATE feed_tokens
    SET used_at = now()
    WHERE member_id = $1 AND (used_at IS NULL OR used_at < now() - $2::interval)
    """,
    returns=int,
    card=Card.NONE,
)

_OWN = Query(
    "feed_tokens.own",
    "SELECT feed_tokens.created_at, feed_tokens.used_at FROM feed_tokens WHERE feed_tokens.member_id = $1",
    returns=FeedToken,
    card=Card.ZERO_OR_ONE,
)

_MAKE = Statement(
    "feed_tokens.make",
    """
    INSERT INTO feed_tokens (member_id, token_hash)
    VALUES ($1, $2)
    ON CONFLICT (member_id) DO UPDATE SET token_hash = excluded.token_hash, created_at = now(), used_at = NULL
    """,
    returns=int,
    card=Card.NONE,
)

_IS_ALIVE = Query(
    "feed_tokens.is_alive",
    "SELECT EXISTS (SELECT 1 FROM feed_tokens WHERE feed_tokens.member_id = $1 AND feed_tokens.token_hash = $2)",
    returns=bool,
    card=Card.ONE,
)

_DELETE = Statement(
    "feed_tokens.delete",
    "DELETE FROM feed_tokens WHERE member_id = $1",
    returns=int,
    card=Card.NONE,
)


async def make(tx: Tx, actor: Actor, *, secret: bytes, key: str | None) -> str:
    """Give the actor a new address in the place of the old one, which opens nothing from now on; return its token.

    The same idempotency key gives the same token again. Raise Conflict where that is no longer the address.
    """
    member_id = actor.member_id
    if key is None:
        return await _replace(tx, member_id, _derive(secret, member_id, secrets.token_urlsafe(32)))
    token = _derive(secret, member_id, key)
    claimed = idempotency.make(key, "feed_tokens.make")
    if await idempotency.claim(tx, actor, claimed) is None:
        await idempotency.settle(tx, actor, claimed, member_id)
        return await _replace(tx, member_id, token)
    if not await tx.one(_IS_ALIVE, member_id, _hash(token)):
        raise Conflict
    return token


async def _replace(tx: Tx, member_id: MemberId, token: str) -> str:
    await tx.run(_MAKE, member_id, _hash(token))
    await audit.record(
        tx,
        actor_id=member_id,
        act="feed_token.created",
        subject="member",
        subject_id=member_id,
        after={"member_id": member_id},
    )
    return token


async def reader(conn: Conn, token: str) -> FeedReader | None:
    """Return whose address it is, None when there is none such or its member is suspended; one query."""
    return await conn.maybe(_READER, _hash(token), TOUCH)


async def touch(tx: Once | Tx, member_id: MemberId) -> None:
    """Note that the address is in use, unless that was done within TOUCH."""
    await tx.run(_TOUCH, member_id, TOUCH)


async def own(conn: Conn, actor: Actor) -> FeedToken | None:
    """Return since when the actor has their address, None where they have none."""
    return await conn.maybe(_OWN, actor.member_id)


async def delete(tx: Tx, actor: Actor) -> None:
    """Give up the actor's address; nothing changes where there is none."""
    if await delete_of(tx, actor.member_id):
        await audit.record(
            tx,
            actor_id=actor.member_id,
            act="feed_token.deleted",
            subject="member",
            subject_id=actor.member_id,
            before={"member_id": actor.member_id},
        )


async def delete_of(tx: Tx, member_id: MemberId) -> int:
    """Give up a member's address and return how many there were; the act that asks for it is the audited."""
    return await tx.run(_DELETE, member_id)


def _derive(secret: bytes, member_id: MemberId, seed: str) -> str:
    message = f"feed token\0{member_id}\0{seed}".encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(hmac.digest(secret, message, hashlib.sha256)).rstrip(b"=").decode()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
