"""The door to what members do with proposals: expressing interest, answering as the lead, and what comes of it.

As in `access.py`, of which it is a part: the topic is locked first and read then, and what is absent, what may not be
seen and what is no proposal raise the same NotFound.
"""

from __future__ import annotations

from dataclasses import dataclass

from forum.db import Card, Conn, Query, Tx
from forum.domain import access, leading, permissions
from forum.domain.actors import Actor
from forum.domain.entities import Decision, InterestId, Standing, Topic, TopicId
from forum.domain.permissions import Verdict
from forum.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class InterestGrant:
    """May express the interest of their organisation in a proposal, which is locked, and change what it said."""

    actor: Actor
    topic: Topic
    standing: Standing


@dataclass(frozen=True, slots=True)
class LeaveGrant:
    """May withdraw their organisation, which was answered, from a proposal, which is locked."""

    actor: Actor
    topic: Topic
    interest_id: InterestId
    decision: Decision


@dataclass(frozen=True, slots=True)
class LeadGrant:
    """May answer expressions of interest in a proposal, which is locked, and say its state."""

    actor: Actor
    topic: Topic
    standing: Standing


@dataclass(frozen=True, slots=True)
class GrowGrant:
    """May tell of a proposal that was carried out as a good practice."""

    actor: Actor
    topic: Topic


STANDING_COLUMNS = f"""
    {leading.LEAD}, coalesce(topics.fields ->> 'state', ''), {leading.CLOSES_AT}, {leading.IS_OPEN},
    topics.author_id = $1 OR $4 OR {leading.LEAD} = $3, {leading.LEAD} = $3
"""
"""All of a Standing but the actor's own interest: `$1` the actor, `$3` their organisation, `$4` if they moderate."""

_STANDING = Query(
    "proposal_access.standing",
    f"""
    SELECT {STANDING_COLUMNS}, own.id, own.decision
    FROM topics
    LEFT JOIN LATERAL (
        SELECT interests.id, interests.decision
        FROM interests
        WHERE interests.topic_id = topics.id AND interests.withdrawn_at IS NULL AND {leading.is_of(organisation="$3")}
        ORDER BY interests.organisation_id = $3 DESC, interests.id
        LIMIT 1
    ) AS own ON true
    WHERE topics.id = $2 AND topics.kind = 'proposal'
    """,
    returns=Standing,
    card=Card.ZERO_OR_ONE,
)


async def topic_to_join(tx: Tx, actor: Actor, topic_id: TopicId) -> InterestGrant:
    """Return the right to express interest in a proposal, or to change what was said; what is no proposal is absent."""
    topic = await _locked_topic(tx, actor, topic_id)
    standing = await standing_in(tx, actor, topic)
    _require(permissions.can_express_interest(topic, standing))
    return InterestGrant(actor, topic, standing)


async def interest_to_change(tx: Tx, actor: Actor, topic_id: TopicId, interest_id: InterestId) -> InterestGrant:
    """Return the right to change or withdraw what one's own organisation said; others' is absent."""
    topic = await _locked_topic(tx, actor, topic_id)
    standing = await standing_in(tx, actor, topic)
    if standing.own_id != interest_id or standing.own_decision == "withdrawn":
        raise NotFound
    _require(permissions.can_express_interest(topic, standing))
    return InterestGrant(actor, topic, standing)


async def interest_to_leave(tx: Tx, actor: Actor, topic_id: TopicId, interest_id: InterestId) -> LeaveGrant:
    """Return the right to withdraw one's own organisation after it was answered; others' is absent."""
    topic = await _locked_topic(tx, actor, topic_id)
    standing = await standing_in(tx, actor, topic)
    if standing.own_id != interest_id or standing.own_decision is None:
        raise NotFound
    _require(permissions.can_leave_proposal(topic, standing))
    return LeaveGrant(actor, topic, interest_id, standing.own_decision)


async def topic_to_lead(tx: Tx, actor: Actor, topic_id: TopicId) -> LeadGrant:
    """Return the right to answer expressions of interest in a proposal and to say its state."""
    topic = await _locked_topic(tx, actor, topic_id)
    standing = await standing_in(tx, actor, topic)
    _require(permissions.can_lead_proposal(topic, standing))
    return LeadGrant(actor, topic, standing)


async def topic_to_grow(conn: Conn, actor: Actor, topic_id: TopicId) -> GrowGrant:
    """Return the right to make a good practice of a proposal."""
    topic = (await access.topic_to_read(conn, actor, topic_id)).topic
    _require(permissions.can_make_practice(await standing_in(conn, actor, topic)))
    return GrowGrant(actor, topic)


async def standing_in(conn: Conn, actor: Actor, topic: Topic) -> Standing:
    """Return where an actor stands in a proposal that they may read; raise NotFound where it is none."""
    organisation_id = leading.organisation_of(actor)
    found = await conn.maybe(_STANDING, actor.member_id, topic.id, organisation_id, topic.can_moderate)
    if found is None:
        raise NotFound
    return found


async def _locked_topic(tx: Tx, actor: Actor, topic_id: TopicId) -> Topic:
    await access.lock_topic(tx, topic_id)
    return (await access.topic_to_read(tx, actor, topic_id)).topic


def _require(verdict: Verdict) -> None:
    if not verdict:
        raise Forbidden(verdict.code)
