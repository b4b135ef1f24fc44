"""The state of a proposal, which acts of the lead's side change: each with its audit entry and its notice in the topic.

That an open one is closed past its deadline is only shown: nothing is written when the time comes.
"""

from __future__ import annotations

from forum.db import Card, Statement, Tx
from forum.domain import audit, events
from forum.domain.events import Event, Kind
from forum.domain.kinds.proposal import MOVES
from forum.domain.proposal_access import LeadGrant
from forum.errors import Conflict

_SET = Statement(
    "topic_states.set",
    """
    WITH changed AS (
        UPDATE topics
        SET fields = jsonb_set(topics.fields, '{state}', to_jsonb($2::text))
        WHERE topics.id = $1
        RETURNING topics.id, topics.post_count
    )
    INSERT INTO topic_notices (topic_id, after_number, actor_id, act, reason, state)
    SELECT changed.id, changed.post_count, $3, 'state', nullif($4, ''), $2
    FROM changed
    """,
    returns=int,
    card=Card.NONE,
)


async def change(tx: Tx, grant: LeadGrant, state: str, note: str = "") -> None:
    """Say that a proposal has come to a state; the one it has changes nothing. Raise Conflict where no way leads."""
    actor, topic, before = grant.actor, grant.topic, grant.standing.state
    if state == before:
        return
    if state not in MOVES.get(before, ()):
        raise Conflict("no_such_move")
    await tx.run(_SET, topic.id, state, actor.member_id, note)
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act="topic.state",
        subject="topic",
        subject_id=topic.id,
        before={"state": before},
        after={"state": state},
    )
    await events.announce(tx, Event(Kind.TOPIC_UPDATED, topic.id, actor.member_id, act="state"))
