"""Looking as a group or a member would: an administrator's session says so until it is ended, and both are logged.

It is for rights alone (docs/adr/0033-looking-as-others.md). What the rights are, the views `looked_…` say; that nothing
is written meanwhile, and which pages there are, is `web/looking.py`'s to see.
"""

from __future__ import annotations

from forum.db import Card, Statement, Tx
from forum.domain import audit
from forum.domain.access import AdministerGrant
from forum.domain.actors import Actor
from forum.domain.entities import GroupId, MemberId

_SET = Statement(
    "looks.set",
    "UPDATE sessions SET looks_as_group_id = $2, looks_as_member_id = $3 WHERE sessions.id = $1",
    returns=int,
    card=Card.NONE,
)


async def begin(tx: Tx, grant: AdministerGrant, as_: GroupId | MemberId, *, is_group: bool) -> None:
    """Look as a group would, or else as a member; the actor's present session alone does."""
    await tx.run(_SET, grant.actor.session_id, as_ if is_group else None, None if is_group else as_)
    await _record(tx, grant.actor, "began", {"group_id" if is_group else "member_id": as_})


async def end(tx: Tx, actor: Actor) -> None:
    """Look as oneself again; nothing happens for who does already."""
    if await tx.run(_SET, actor.session_id, None, None):
        await _record(tx, actor, "ended", None)


async def _record(tx: Tx, actor: Actor, act: str, after: dict[str, object] | None) -> None:
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act=f"look.{act}",
        subject="session",
        subject_id=actor.session_id,
        after=after,
    )
