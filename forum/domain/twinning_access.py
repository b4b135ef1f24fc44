"""The door to the profiles of municipalities and to twinnings, as `access.py` is to topics: Grants are made here alone.

A twinning is there for members of its two municipalities; for everybody else it is as absent as one that never was.
Functions that take a `Tx` lock the twinning, before its topic.
"""

from __future__ import annotations

from dataclasses import dataclass

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import organisations, permissions, twinned
from forum.domain.actors import Actor
from forum.domain.entities import Organisation, TwinningId
from forum.domain.permissions import Verdict
from forum.domain.twinned import Twinning
from forum.errors import Forbidden, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class ProfileGrant:
    """May say what a municipality is like, and which twins it has."""

    actor: Actor
    organisation: Organisation


@dataclass(frozen=True, slots=True)
class InviteGrant:
    """May invite a municipality to a twinning, for one's own."""

    actor: Actor
    organisation: Organisation


@dataclass(frozen=True, slots=True)
class TwinningGrant:
    """May read a twinning."""

    actor: Actor
    twinning: Twinning


@dataclass(frozen=True, slots=True)
class AnswerTwinningGrant:
    """May accept or decline an invitation."""

    actor: Actor
    twinning: Twinning


@dataclass(frozen=True, slots=True)
class WithdrawTwinningGrant:
    """May take an invitation back."""

    actor: Actor
    twinning: Twinning


@dataclass(frozen=True, slots=True)
class ChangeTwinningGrant:
    """May move a twinning's stage, and change its decisions and dates."""

    actor: Actor
    twinning: Twinning


_TWINNING = Query(
    "twinning_access.twinning",
    f"SELECT {twinned.COLUMNS} {twinned.JOINS} WHERE twinnings.id = $2",
    returns=Twinning,
    card=Card.ZERO_OR_ONE,
)

_TWINNING_LOCK = Statement(
    "twinning_access.twinning_lock",
    "SELECT twinnings.id FROM twinnings WHERE twinnings.id = $1 FOR NO KEY UPDATE",
    returns=int,
    card=Card.ZERO_OR_ONE,
)


async def profile_to_edit(conn: Conn, actor: Actor, slug: str) -> ProfileGrant:
    """Return the right to write a municipality's profile; other organisations have none."""
    found = await organisations.organisation(conn, slug)
    if found.kind != "municipality":
        raise NotFound
    _require(permissions.can_edit_profile(actor, found))
    return ProfileGrant(actor, found)


async def municipality_to_invite(tx: Tx, actor: Actor, slug: str) -> InviteGrant:
    """Return the right to invite a municipality; raise Invalid (to) for what is none or cannot be."""
    _require(permissions.can_invite(actor))
    try:
        found = await organisations.organisation(tx, slug)
    except NotFound:
        raise Invalid({"to": ("unknown",)}) from None
    if not permissions.can_invite_municipality(actor, found):
        raise Invalid({"to": ("not_allowed",)})
    return InviteGrant(actor, found)


async def twinning_to_read(conn: Conn, actor: Actor, twinning_id: TwinningId) -> TwinningGrant:
    """Return the right to read a twinning: members of its two municipalities have it, and nobody else."""
    found = await conn.maybe(_TWINNING, actor.member_id, twinning_id)
    if found is None:
        raise NotFound
    return TwinningGrant(actor, found)


async def twinning_to_answer(tx: Tx, actor: Actor, twinning_id: TwinningId) -> AnswerTwinningGrant:
    """Return the right to accept or decline an invitation; the twinning is locked."""
    twinning = await _locked_twinning(tx, actor, twinning_id)
    _require(permissions.can_answer_twinning(twinning))
    return AnswerTwinningGrant(actor, twinning)


async def twinning_to_withdraw(tx: Tx, actor: Actor, twinning_id: TwinningId) -> WithdrawTwinningGrant:
    """Return the right to take an invitation back; the twinning is locked."""
    twinning = await _locked_twinning(tx, actor, twinning_id)
    _require(permissions.can_withdraw_twinning(twinning))
    return WithdrawTwinningGrant(actor, twinning)


async def twinning_to_change(tx: Tx, actor: Actor, twinning_id: TwinningId) -> ChangeTwinningGrant:
    """Return the right to move a twinning's stage and change its dates; it is locked."""
    twinning = await _locked_twinning(tx, actor, twinning_id)
    _require(permissions.can_change_twinning(twinning))
    return ChangeTwinningGrant(actor, twinning)


async def _locked_twinning(tx: Tx, actor: Actor, twinning_id: TwinningId) -> Twinning:
    await tx.maybe(_TWINNING_LOCK, twinning_id)
    return (await twinning_to_read(tx, actor, twinning_id)).twinning


def _require(verdict: Verdict) -> None:
    if not verdict:
        raise Forbidden(verdict.code)
