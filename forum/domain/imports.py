"""Files that people send to add many things at once: a few kept for a day, for them to look at what they would do.

What a file holds and what comes of it is `member_imports`', `municipality_imports`' and `topic_imports`'; a file is its
sender's alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Generic, Literal, TypeVar

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain.access import AdministerGrant, ImportTopicsGrant
from forum.errors import NotFound
from forum.spreadsheets import Finding

KEPT: Final = timedelta(days=1)
"""How long a file is kept; what was made of it stands in the audit log."""

FILES_LIMIT: Final = 5
"""Files of a sender that are kept: whoever corrects a table needs the last."""

Ready = TypeVar("Ready")

ImportKind = Literal["members", "municipalities", "topics"]

Sender = AdministerGrant | ImportTopicsGrant
"""Whoever may send a file."""


@dataclass(frozen=True, slots=True)
class Import:
    """A file that was sent, and how many things were made of it so far."""

    id: int
    name: str
    content: bytes
    made_count: int


@dataclass(frozen=True, slots=True)
class Report(Generic[Ready]):
    """What a table would do now: what can be made of it, and what is said of lines of which nothing is."""

    ready: list[Ready] = field(default_factory=list)
    there: int = 0
    """Lines of what is there already as the table says."""
    differing: list[Finding] = field(default_factory=list)
    """What the table says otherwise of what is there; it is left as it is."""
    faulty: list[Finding] = field(default_factory=list)


_MAKE_ROOM = Statement(
    "imports.make_room",
    """
    DELETE FROM imports
    WHERE imports.id IN (
        SELECT files.id FROM imports AS files WHERE files.actor_id = $1 ORDER BY files.id DESC OFFSET $2
    )
    """,
    returns=int,
    card=Card.NONE,
)

_KEEP = Statement(
    "imports.keep",
    "INSERT INTO imports (kind, actor_id, name, content, place) VALUES ($1, $2, $3, $4, $5) RETURNING id",
    returns=int,
    card=Card.ONE,
)

_FIND = Query(
    "imports.find",
    """
    SELECT imports.id, imports.name, imports.content, imports.made_count
    FROM imports
    WHERE imports.id = $1 AND imports.actor_id = $2 AND imports.kind = $3 AND imports.place = $4
    """,
    returns=Import,
    card=Card.ZERO_OR_ONE,
)

_COUNT = Statement(
    "imports.count",
    "UPDATE imports SET made_count = imports.made_count + $2 WHERE imports.id = $1",
    returns=int,
    card=Card.NONE,
)

_DELETE = Statement(
    "imports.delete",
    "DELETE FROM imports WHERE imports.id = $1 AND imports.actor_id = $2 AND imports.kind = $3",
    returns=int,
    card=Card.NONE,
)

_SWEEP = Statement(
    "imports.sweep",
    "DELETE FROM imports WHERE imports.created_at < now() - $1::interval",
    returns=int,
    card=Card.NONE,
)


async def keep(tx: Tx, grant: Sender, kind: ImportKind, name: str, content: bytes, *, place: str = "") -> int:
    """Keep a file for its sender to look at what it would do; return its number. `place` is where its topics go.

    Beyond FILES_LIMIT, of whatever kind, the oldest of theirs goes.
    """
    await tx.run(_MAKE_ROOM, grant.actor.member_id, FILES_LIMIT - 1)
    return await tx.one(_KEEP, kind, grant.actor.member_id, name, content, place)


async def find(conn: Conn, grant: Sender, kind: ImportKind, import_id: int, *, place: str = "") -> Import:
    """Return a file that the actor sent; raise NotFound when there is none, or none any more."""
    found = await conn.maybe(_FIND, import_id, grant.actor.member_id, kind, place)
    if found is None:
        raise NotFound
    return found


async def count(tx: Tx, import_id: int, made: int) -> None:
    """Note that so many further things were made of a file."""
    await tx.run(_COUNT, import_id, made)


async def delete(tx: Tx, grant: Sender, kind: ImportKind, import_id: int) -> None:
    """Forget a file; what was made of it stays."""
    if not await tx.run(_DELETE, import_id, grant.actor.member_id, kind):
        raise NotFound


async def sweep(tx: Tx) -> int:
    """Forget files that are older than KEPT; return how many."""
    return await tx.run(_SWEEP, KEPT)
