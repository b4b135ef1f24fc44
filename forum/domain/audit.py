"""Writing the audit log: who did what to what, and when. Append-only; the act's own transaction writes its entry.

It holds ids and the values of rights, states and settings; never names, mail addresses, texts, passwords or tokens,
since nothing can be erased here but what is older than it is kept, all of it alike. Reading is `audit_log`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from forum.db import Card, Statement, Tx
from forum.domain.entities import MemberId
from forum.logs import REQUEST_ID

Facts = Mapping[str, object]
"""What an entry says of its subject: ids, and values of rights, states and settings, by their names."""

_INSERT = Statement(
    "audit.insert",
    """
    INSERT INTO audit_entries (actor_id, act, subject, subject_id, before, after, request_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    """,
    returns=int,
    card=Card.NONE,
)

_INSERT_FOR_ALL = Statement(
    "audit.insert_for_all",
    """
    INSERT INTO audit_entries (actor_id, act, subject, subject_id, after, request_id)
    SELECT $1, $2, $3, subjects.id, $5, $6
    FROM unnest($4::bigint[]) AS subjects (id)
    """,
    returns=int,
    card=Card.NONE,
)

# The one way by which anything leaves the log; the database refuses a time of less than a year.
_EXPIRE = Statement("audit.expire", "SELECT expire_audit_entries($1::interval)", returns=int, card=Card.ONE)


async def record(
    tx: Tx,
    *,
    actor_id: MemberId | None,
    act: str,
    subject: str,
    subject_id: int | None,
    before: Facts | None = None,
    after: Facts | None = None,
) -> None:
    """Write an entry: `act` is `noun.verbed`, `subject` the kind of thing, before and after what JSON can hold."""
    await tx.run(_INSERT, actor_id, act, subject, subject_id, before, after, REQUEST_ID.get() or None)


async def record_for_all(
    tx: Tx, *, actor_id: MemberId | None, act: str, subject: str, subject_ids: Sequence[int], after: dict[str, object]
) -> None:
    """Write an entry for each of several things to which the same was done."""
    await tx.run(_INSERT_FOR_ALL, actor_id, act, subject, list(subject_ids), after, REQUEST_ID.get() or None)


async def expire(tx: Tx, kept: timedelta) -> int:
    """Delete some thousands of the entries that are older than that; return how many, 0 when none is left."""
    return await tx.one(_EXPIRE, kept)
