"""Reviews of openings: on a day that was chosen, it is looked at whether a stage proves itself.

A review ends in one of three ways. That the stage is kept is said here; that it is widened or closed is another opening
of the category to the group (`openings`), and where one stands, nothing is left to review: taken back, it waits again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, mails, members, stages
from forum.domain.access import AdministerGrant
from forum.domain.entities import CategoryId, GroupId, MailKind, MemberId, OpeningId
from forum.domain.openings import LATER
from forum.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Review:
    """An opening that is to be looked at: `rights` is what the group holds by it."""

    opening_id: OpeningId
    category_el: str
    category_en: str
    group_el: str
    group_en: str
    rights: list[str]
    effective_at: datetime
    review_at: datetime

    @property
    def stage(self) -> str:
        return stages.stage_of(self.rights)


@dataclass(frozen=True, slots=True)
class _Found:
    category_id: CategoryId
    group_id: GroupId
    effective_at: datetime
    is_scheduled: bool
    review_at: datetime | None
    is_standing: bool


_STANDS = f"openings.undone_at IS NULL AND NOT {LATER}"

_REVIEW = f"""
    SELECT openings.id, categories.name_el, categories.name_en, groups.name_el, groups.name_en, openings.rights,
           openings.effective_at, openings.review_at
    FROM openings
    JOIN categories ON categories.id = openings.category_id
    JOIN groups ON groups.id = openings.group_id
    WHERE openings.review_at <= now() AND {_STANDS}
"""

_DUE = Query(
    "opening_reviews.due",
    f"{_REVIEW} ORDER BY openings.review_at, openings.id LIMIT 100",
    returns=Review,
    card=Card.MANY,
)

_ONE_DUE = Query(
    "opening_reviews.one_due",
    f"{_REVIEW} AND openings.id = $1",
    returns=Review,
    card=Card.ZERO_OR_ONE,
)

_IS_LATER = Query(
    "opening_reviews.is_later",
    "SELECT $1::timestamptz > greatest(now(), $2::timestamptz)",
    returns=bool,
    card=Card.ONE,
)

_FIND = Statement(
    "opening_reviews.find",
    f"""
    SELECT openings.category_id, openings.group_id, openings.effective_at, openings.effective_at > now(),
           openings.review_at, {_STANDS}
    FROM openings
    WHERE openings.id = $1
    FOR NO KEY UPDATE
    """,
    returns=_Found,
    card=Card.ZERO_OR_ONE,
)

_PLAN = Statement(
    "opening_reviews.plan",
    """
    UPDATE openings
    SET review_at = $2, reminded_at = CASE WHEN openings.review_at = $2 THEN openings.reminded_at END
    WHERE openings.id = $1
    """,
    returns=int,
    card=Card.NONE,
)

_KEEP = Statement(
    "opening_reviews.keep",
    "UPDATE openings SET reviewed_at = now(), reviewed_by_id = $2 WHERE openings.id = $1",
    returns=int,
    card=Card.NONE,
)

_REMIND = Statement(
    "opening_reviews.remind",
    f"""
    UPDATE openings
    SET reminded_at = now()
    WHERE openings.id = (
        SELECT openings.id
        FROM openings
        WHERE openings.review_at <= now() AND openings.reminded_at IS NULL AND {_STANDS}
        ORDER BY openings.review_at, openings.id
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING openings.id
    """,
    returns=OpeningId,
    card=Card.ZERO_OR_ONE,
)


async def check(conn: Conn, review_at: datetime, effective_at: datetime | None) -> None:
    """Raise Invalid for an instant that is past, or at which the opening has not taken effect; None for at once."""
    if not await conn.one(_IS_LATER, review_at, effective_at):
        raise Invalid({"review_at": ("too_soon",)})


async def plan(tx: Tx, grant: AdministerGrant, opening_id: OpeningId, review_at: datetime | None) -> None:
    """Choose when an opening is to be looked at, or that it is not.

    Raise NotFound, Invalid as `check`, Conflict where it was taken back or another one followed.
    """
    found = await _find(tx, opening_id)
    await _plan(tx, opening_id, found, review_at)
    await _record(tx, grant, opening_id, found, "category.opening_review_planned", {"review_at": _written(review_at)})


async def keep(tx: Tx, grant: AdministerGrant, opening_id: OpeningId, again_at: datetime | None) -> None:
    """Say that the stage stays as it is, and when it is to be looked at again, if it is.

    Raise as `plan`, and Conflict where it has not taken effect.
    """
    found = await _find(tx, opening_id)
    if found.is_scheduled:
        raise Conflict("nothing_to_review")
    await _plan(tx, opening_id, found, again_at)
    await tx.run(_KEEP, opening_id, grant.actor.member_id)
    after = {"review_at": _written(again_at), "review": "kept"}
    await _record(tx, grant, opening_id, found, "category.opening_reviewed", after)


async def list_due(conn: Conn, grant: AdministerGrant) -> list[Review]:
    """Return the openings whose day has come, the longest waiting first."""
    del grant
    return await conn.many(_DUE)


async def remind(tx: Tx) -> bool:
    """Have every administrator written to about an opening whose day has come, once; False where there is none."""
    opening_id = await tx.maybe(_REMIND)
    if opening_id is None:
        return False
    people = await members.administrators(tx)
    await mails.enter_for_all(tx, MailKind.OPENING_REVIEW, people, facts={"opening_id": opening_id})
    return True


async def to_tell(conn: Conn, opening_id: OpeningId, member_id: MemberId) -> Review | None:
    """Return what a letter reminds of; None where it was reviewed by then, or its reader administers no more."""
    if member_id not in await members.administrators(conn):
        return None
    return await conn.maybe(_ONE_DUE, opening_id)


async def _find(tx: Tx, opening_id: OpeningId) -> _Found:
    found = await tx.maybe(_FIND, opening_id)
    if found is None:
        raise NotFound
    if not found.is_standing:
        raise Conflict("nothing_to_review")
    return found


async def _plan(tx: Tx, opening_id: OpeningId, found: _Found, review_at: datetime | None) -> None:
    if review_at is not None:
        await check(tx, review_at, found.effective_at)
    await tx.run(_PLAN, opening_id, review_at)


async def _record(
    tx: Tx, grant: AdministerGrant, opening_id: OpeningId, found: _Found, act: str, after: Mapping[str, object]
) -> None:
    """Write to the audit log what was decided, beside when it was to be looked at before."""
    place: dict[str, object] = {"group_id": found.group_id, "opening_id": opening_id}
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act=act,
        subject="category",
        subject_id=found.category_id,
        before={**place, "review_at": _written(found.review_at)},
        after={**place, **after},
    )


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
