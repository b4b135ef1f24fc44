"""The answer to a question: one of its replies, marked by whoever asked or a moderator.

The mark is kept at the topic, so that there is one at most. It goes with the reply when that is deleted, and an edit
leaves it. Who is told of it is `fanouts`' affair.
"""

from __future__ import annotations

from forum.db import Card, Statement, Tx
from forum.domain import audit, events, fanouts, permissions
from forum.domain.access import POST, AnswerGrant, DeletePostGrant
from forum.domain.entities import PostId
from forum.domain.events import Event, Kind
from forum.errors import Forbidden, Invalid

# With the notice of it, and whom it reaches. Marking what is marked writes nothing.
_MARK = Statement(
    "answers.mark",
    f"""
    WITH marked AS (
        UPDATE topics
        SET answer_post_id = $2, answered_at = now(), answered_by_id = $3
        WHERE topics.id = $1 AND topics.answer_post_id IS DISTINCT FROM $2
        RETURNING topics.id, topics.post_count
    ),
    announced AS (
        {fanouts.entering_answer(source="marked", post="$2", actor="$3")}
    )
    INSERT INTO topic_notices (topic_id, after_number, actor_id, act)
    SELECT marked.id, marked.post_count, $3, 'mark_answer'
    FROM marked
    """,
    returns=int,
    card=Card.NONE,
)

_UNMARK = Statement(
    "answers.unmark",
    """
    WITH unmarked AS (
        UPDATE topics
        SET answer_post_id = NULL, answered_at = NULL, answered_by_id = NULL
        WHERE topics.id = $1 AND topics.answer_post_id IS NOT NULL
        RETURNING topics.id, topics.post_count
    )
    INSERT INTO topic_notices (topic_id, after_number, actor_id, act)
    SELECT unmarked.id, unmarked.post_count, $2, 'unmark_answer'
    FROM unmarked
    """,
    returns=int,
    card=Card.NONE,
)


async def mark(tx: Tx, grant: AnswerGrant, post_id: PostId) -> None:
    """Mark a reply as the answer, in the place of another that was.

    Raise Invalid where it is no post of the topic, and Forbidden where it is one that cannot be the answer.
    """
    post = await tx.maybe(POST, post_id)
    if post is None or post.topic_id != grant.topic.id:
        raise Invalid({"post": ("unknown",)})
    verdict = permissions.can_mark_answer(grant.actor, grant.topic, post)
    if not verdict:
        raise Forbidden(verdict.code)
    if await tx.run(_MARK, grant.topic.id, post.id, grant.actor.member_id):
        await _record(tx, grant, "mark_answer", post.id)


async def unmark(tx: Tx, grant: AnswerGrant | DeletePostGrant) -> None:
    """Take the mark away, so that the question waits for an answer again; whoever deletes the reply takes it too."""
    if await tx.run(_UNMARK, grant.topic.id, grant.actor.member_id):
        await _record(tx, grant, "unmark_answer", None)


async def _record(tx: Tx, grant: AnswerGrant | DeletePostGrant, act: str, answer: PostId | None) -> None:
    actor, topic = grant.actor, grant.topic
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act=f"topic.{act}",
        subject="topic",
        subject_id=topic.id,
        before={"answer_post_id": topic.answer_post_id},
        after={"answer_post_id": answer},
    )
    await events.announce(tx, Event(Kind.TOPIC_UPDATED, topic.id, actor.member_id, act=act))
