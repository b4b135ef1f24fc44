"""Suspension of members by administrators, and their roles; both hold from the next request on, everywhere.

What moderators do to topics is in `topics`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forum.db import Card, Query, Statement, Tx
from forum.domain import audit, groups, members, sessions
from forum.domain.access import AdministerGrant
from forum.domain.entities import REASON_LIMIT, MemberId, Role
from forum.errors import Detailed, Forbidden, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class _Suspension:
    until: datetime | None
    reason: str | None


# Both of them by id, so that of two administrators who suspend each other one waits and is then refused.
_LOCK = Statement(
    "moderation.lock",
    "SELECT members.id FROM members WHERE members.id IN ($1, $2) ORDER BY members.id FOR NO KEY UPDATE",
    returns=int,
    card=Card.MANY,
)

_IS_ADMINISTRATOR = Query(
    "moderation.is_administrator",
    f"""
    SELECT EXISTS (
        SELECT 1
        FROM members
        JOIN group_members ON group_members.member_id = members.id
        JOIN groups ON groups.id = group_members.group_id
        WHERE members.id = $1 AND groups.slug = '{groups.ADMINISTRATORS}' AND {sessions.NOT_SUSPENDED}
    )
    """,
    returns=bool,
    card=Card.ONE,
)

_SUSPENSION = Query(
    "moderation.suspension",
    "SELECT members.suspended_until, members.suspension_reason FROM members WHERE members.id = $1",
    returns=_Suspension,
    card=Card.ZERO_OR_ONE,
)

_IS_TO_COME = Query(
    "moderation.is_to_come",
    "SELECT $1::timestamptz > now()",
    returns=bool,
    card=Card.ONE,
)

_SUSPEND = Statement(
    "moderation.suspend",
    "UPDATE members SET suspended_until = $2, suspension_reason = $3 WHERE id = $1",
    returns=int,
    card=Card.NONE,
)


async def suspend(tx: Tx, grant: AdministerGrant, member_id: MemberId, *, until: datetime, reason: str) -> None:
    """Keep a member out until an instant; their sessions end at once, their tokens are refused meanwhile.

    Raise NotFound, Forbidden for oneself (so that an administrator always remains), Invalid for an instant that has
    passed or a reason that is missing or too long. The same suspension again changes nothing.
    """
    faults: dict[str, tuple[str, ...]] = {}
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_LIMIT:
        faults["reason"] = (Detailed("too_long", limit=REASON_LIMIT, length=len(reason)) if reason else "required",)
    if not await tx.one(_IS_TO_COME, until):
        faults["until"] = ("past",)
    if faults:
        raise Invalid(faults)
    if member_id == grant.actor.member_id:
        raise Forbidden("cannot_suspend_self")
    before = await _lock(tx, grant, member_id)
    if before == _Suspension(until, reason):
        return
    await tx.run(_SUSPEND, member_id, until, reason)
    await sessions.close_all(tx, member_id, but=None)
    await _record(tx, grant, "member.suspended", member_id, before, until)


async def unsuspend(tx: Tx, grant: AdministerGrant, member_id: MemberId) -> None:
    """Let a member back in; nothing happens when they are not suspended. Raise NotFound."""
    before = await _lock(tx, grant, member_id)
    if before.until is None:
        return
    await tx.run(_SUSPEND, member_id, None, None)
    await _record(tx, grant, "member.unsuspended", member_id, before, None)


async def set_role(tx: Tx, grant: AdministerGrant, member_id: MemberId, role: Role) -> bool:
    """Make a member a moderator, an administrator or neither; return whether they were something else.

    Raise NotFound, Forbidden for oneself: so nobody promotes themselves, and an administrator always remains.
    """
    if member_id == grant.actor.member_id:
        raise Forbidden("cannot_change_own_role")
    await _lock(tx, grant, member_id)
    before = (await members.member(tx, member_id)).role
    if before is role:
        return False
    for group in members.GROUP_OF_ROLE.values():
        if group == members.GROUP_OF_ROLE.get(role):
            await groups.add_member(tx, group, member_id, actor_id=grant.actor.member_id)
        else:
            await groups.remove_member(tx, group, member_id, actor_id=grant.actor.member_id)
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act="member.role_changed",
        subject="member",
        subject_id=member_id,
        before={"role": before.value},
        after={"role": role.value},
    )
    return True


async def _lock(tx: Tx, grant: AdministerGrant, member_id: MemberId) -> _Suspension:
    """Hold both members and return the suspension; Forbidden when the actor has stopped being an administrator."""
    await tx.many(_LOCK, grant.actor.member_id, member_id)
    if not await tx.one(_IS_ADMINISTRATOR, grant.actor.member_id):
        raise Forbidden("not_administrator")
    found = await tx.maybe(_SUSPENSION, member_id)
    if found is None:
        raise NotFound
    return found


async def _record(
    tx: Tx, grant: AdministerGrant, act: str, member_id: MemberId, before: _Suspension, until: datetime | None
) -> None:
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act=act,
        subject="member",
        subject_id=member_id,
        before={"suspended_until": _text(before.until)},
        after={"suspended_until": _text(until)},
    )


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
