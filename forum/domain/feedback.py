"""Messages about what is hard to use, from members and guests, and what the moderators did with them.

How often one may be sent is the edge's to say. The audit log notes that one came or was settled, never what it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NewType

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, pages
from forum.domain.access import FeedbackGrant
from forum.domain.actors import Actor
from forum.domain.entities import MemberId
from forum.domain.pages import Page
from forum.errors import NotFound

FeedbackId = NewType("FeedbackId", int)


@dataclass(frozen=True, slots=True)
class Feedback:
    """A message as moderators see it; without a member it is a guest's."""

    id: FeedbackId
    member_id: MemberId | None
    member_name: str | None
    organisation_el: str | None
    organisation_en: str | None
    contact: str | None
    page: str | None
    body: str
    created_at: datetime
    settled_at: datetime | None
    settled_by_name: str | None

    @property
    def is_settled(self) -> bool:
        return self.settled_at is not None


_INSERT = Statement(
    "feedback.insert",
    "INSERT INTO feedback (member_id, contact, page, body) VALUES ($1, $2, $3, $4) RETURNING id",
    returns=int,
    card=Card.ONE,
)

A_PAGE: Final = 20

# Two walks of one index: what waits, longest first, and then what was settled, the newest first. The limit is written
# out so that a plan made without values knows how few rows are joined.
_LIST = Query(
    "feedback.list",
    f"""
    SELECT listed.id, listed.member_id, senders.name, organisations.name_el, organisations.name_en,
           listed.contact, listed.page, listed.body, listed.created_at, listed.settled_at, settlers.name
    FROM (
        (
            SELECT feedback.id, feedback.member_id, feedback.contact, feedback.page, feedback.body,
                   feedback.created_at, feedback.settled_at, feedback.settled_by_id, feedback.id AS place
            FROM feedback
            WHERE (feedback.settled_at IS NOT NULL, feedback.id) > ($1::boolean, $2::bigint)
                AND (feedback.settled_at IS NOT NULL, feedback.id) < (true, 0)
            ORDER BY (feedback.settled_at IS NOT NULL), feedback.id
            LIMIT {A_PAGE + 1}
        )
        UNION ALL
        (
            SELECT feedback.id, feedback.member_id, feedback.contact, feedback.page, feedback.body,
                   feedback.created_at, feedback.settled_at, feedback.settled_by_id, -feedback.id AS place
            FROM feedback
            WHERE (feedback.settled_at IS NOT NULL, feedback.id)
                    < (true, CASE WHEN $1 THEN $2 ELSE 9223372036854775807 END)
                AND (feedback.settled_at IS NOT NULL, feedback.id) > (true, 0)
            ORDER BY (feedback.settled_at IS NOT NULL) DESC, feedback.id DESC
            LIMIT {A_PAGE + 1}
        )
    ) AS listed
    LEFT JOIN members AS senders ON senders.id = listed.member_id
    LEFT JOIN organisations ON organisations.id = senders.organisation_id
    LEFT JOIN members AS settlers ON settlers.id = listed.settled_by_id
    ORDER BY listed.settled_at IS NOT NULL, listed.place
    LIMIT {A_PAGE + 1}
    """,
    returns=Feedback,
    card=Card.MANY,
)

_LOCK = Statement(
    "feedback.lock",
    "SELECT feedback.settled_at IS NOT NULL FROM feedback WHERE feedback.id = $1 FOR NO KEY UPDATE",
    returns=bool,
    card=Card.ZERO_OR_ONE,
)

_SETTLE = Statement(
    "feedback.settle",
    "UPDATE feedback SET settled_at = now(), settled_by_id = $2 WHERE id = $1",
    returns=int,
    card=Card.NONE,
)

_REOPEN = Statement(
    "feedback.reopen",
    "UPDATE feedback SET settled_at = NULL, settled_by_id = NULL WHERE id = $1",
    returns=int,
    card=Card.NONE,
)


async def send(tx: Tx, actor: Actor | None, *, body: str, page: str, contact: str) -> FeedbackId:
    """Leave a message for the moderators; a member is known, a guest may say how to be answered."""
    member_id = actor.member_id if actor else None
    known_contact = None if actor else contact.strip() or None
    feedback_id = FeedbackId(await tx.one(_INSERT, member_id, known_contact, page.strip() or None, body))
    await audit.record(
        tx,
        actor_id=member_id,
        act="feedback.sent",
        subject="feedback",
        subject_id=feedback_id,
        after={"member_id": member_id, "is_settled": False},
    )
    return feedback_id


async def list_feedback(conn: Conn, grant: FeedbackGrant, *, cursor: str | None = None) -> Page[Feedback]:
    """Return a page of the messages: the open ones first, longest waiting on top, then the settled, newest on top."""
    after = pages.decode(cursor, bool, int) if cursor else (False, 0)
    rows = await conn.many(_LIST, *after)
    return pages.cut(rows, A_PAGE, lambda row: (row.is_settled, row.id))


async def settle(tx: Tx, grant: FeedbackGrant, feedback_id: FeedbackId) -> None:
    """Say that nothing remains to be done; raise NotFound. What was settled stays as it was."""
    if await _is_settled(tx, feedback_id):
        return
    await tx.run(_SETTLE, feedback_id, grant.actor.member_id)
    await _record(tx, grant, feedback_id, is_settled=True)


async def reopen(tx: Tx, grant: FeedbackGrant, feedback_id: FeedbackId) -> None:
    """Put a settled message back among the open ones; raise NotFound."""
    if not await _is_settled(tx, feedback_id):
        return
    await tx.run(_REOPEN, feedback_id)
    await _record(tx, grant, feedback_id, is_settled=False)


async def _is_settled(tx: Tx, feedback_id: FeedbackId) -> bool:
    found = await tx.maybe(_LOCK, feedback_id)
    if found is None:
        raise NotFound
    return found


async def _record(tx: Tx, grant: FeedbackGrant, feedback_id: FeedbackId, *, is_settled: bool) -> None:
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act="feedback.settled" if is_settled else "feedback.reopened",
        subject="feedback",
        subject_id=feedback_id,
        before={"is_settled": not is_settled},
        after={"is_settled": is_settled},
    )
