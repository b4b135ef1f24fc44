"""The one-time link that creates the first administrator; void for good once anybody is a member.

Only the SHA-256 of a link's token is kept. Issuing and using are serialised, so that of two who use it at once one
becomes administrator and the other finds nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, members
from forum.domain.entities import Language, MemberId, OrganisationId, Role
from forum.errors import NotFound

LIFETIME: Final = timedelta(hours=24)

_LOCK: Final = 0x6B6F7365
"""The number of the advisory lock that setting up is done under, in every process."""

_SERIALISE = Statement(
    "setup.serialise",
    "SELECT pg_advisory_xact_lock($1) IS NULL",
    returns=bool,
    card=Card.ONE,
)

_ISSUE = Statement(
    "setup.issue",
    "INSERT INTO setup_links (token_hash, expires_at) VALUES ($1, now() + $2::interval)",
    returns=int,
    card=Card.NONE,
)

_IS_VALID = Query(
    "setup.is_valid",
    """
    SELECT EXISTS (
        SELECT 1
        FROM setup_links
        WHERE setup_links.token_hash = $1 AND setup_links.expires_at > now()
    ) AND NOT EXISTS (SELECT 1 FROM members)
    """,
    returns=bool,
    card=Card.ONE,
)

_VOID = Statement("setup.void", "DELETE FROM setup_links", returns=int, card=Card.NONE)


async def issue(tx: Tx) -> str | None:
    """Make a new link in place of earlier ones and return its token; None when there already is a member."""
    await tx.one(_SERIALISE, _LOCK)
    await tx.run(_VOID)
    if await members.any_exists(tx):
        return None
    token = secrets.token_urlsafe(32)
    await tx.run(_ISSUE, _hash(token), LIFETIME)
    return token


async def is_valid(conn: Conn, token: str) -> bool:
    return await conn.one(_IS_VALID, _hash(token))


async def create_administrator(
    tx: Tx,
    token: str,
    *,
    email: str,
    name: str,
    organisation_id: OrganisationId,
    password_hash: str,
    language: Language,
) -> MemberId:
    """Make the first member an administrator and void the link; raise NotFound when it is void already."""
    await tx.one(_SERIALISE, _LOCK)
    if not await is_valid(tx, token):
        raise NotFound
    member_id = await members.create(
        tx,
        email=email,
        name=name,
        organisation_id=organisation_id,
        password_hash=password_hash,
        role=Role.ADMINISTRATOR,
        language=language,
        zone=None,
    )
    await tx.run(_VOID)
    await audit.record(
        tx,
        actor_id=member_id,
        act="setup.completed",
        subject="member",
        subject_id=member_id,
        after={"organisation_id": organisation_id, "role": Role.ADMINISTRATOR.value},
    )
    return member_id


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
