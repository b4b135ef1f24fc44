"""The audit log: who did what to what, and when. Append-only; the act's own transaction writes its entry.

It holds ids and the values of rights, states and settings; never names, mail addresses, texts, passwords or tokens,
since nothing can be erased here. Who may read it is not decided here.
"""

from __future__ import annotations

from forum.db import Card, Statement, Tx
from forum.domain.entities import MemberId
from forum.logs import REQUEST_ID

_INSERT = Statement(
    "audit.insert",
    """
    INSERT INTO audit_entries (actor_id, act, subject, subject_id, before, after, request_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    """,
    returns=int,
    card=Card.NONE,
)


async def record(
    tx: Tx,
    *,
    actor_id: MemberId | None,
    act: str,
    subject: str,
    subject_id: int | None,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    """Write an entry: `act` is `noun.verbed`, `subject` the kind of thing, before and after what JSON can hold."""
    await tx.run(_INSERT, actor_id, act, subject, subject_id, before, after, REQUEST_ID.get() or None)
