"""Validations of good practices: decided with an opinion or with reasons, handed in again, and what waits for that.

Each decision stays as it was given; the state of the practice stands in `topics.fields`, so that lists go by it. What
is changed after a validation stays validated, and its page says since when it is another text. Who may decide is said
in `practice_access.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, events, idempotency, practice_access, practice_news, practices, readable, topics
from forum.domain.access import ReadGrant
from forum.domain.actors import Actor
from forum.domain.entities import Topic, TopicId
from forum.domain.events import Event, Kind
from forum.domain.idempotency import Key
from forum.domain.practice_access import SubmitGrant, ValidateGrant
from forum.domain.practices import Decision, Standing, Validation, ValidationId
from forum.errors import Conflict

LISTED: Final = 50
"""Practices that the list of what waits shows at most."""


@dataclass(frozen=True, slots=True)
class Course:
    """How far the validation of a practice has come; `history` holds what its reader may read, the newest first."""

    history: list[Validation]
    revision: int
    """How often it was changed."""
    edited_at: datetime | None

    @property
    def changed_at(self) -> datetime | None:
        """When it was last changed after its validation; None where it was not, or was never validated."""
        last = next((each for each in self.history if each.verdict == "validated"), None)
        return self.edited_at if last is not None and last.revision < self.revision else None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A practice that waits for its reader's decision."""

    topic_id: TopicId
    title: str
    slug: str
    language: str | None
    translated_titles: dict[str, str]
    category_el: str
    category_en: str
    owner_el: str
    owner_en: str
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class _First:
    revision_count: int
    edited_at: datetime | None


_FIRST = Query(
    "validations.first",
    "SELECT posts.revision_count, posts.edited_at FROM posts WHERE posts.topic_id = $1 AND posts.number = 1",
    returns=_First,
    card=Card.ONE,
)

_LIST = Query(
    "validations.list",
    """
    SELECT validations.id, validations.topic_id, validations.member_id, members.name, organisations.name_el,
           organisations.name_en, validations.verdict, validations.opinion, validations.revision, validations.created_at
    FROM validations
    JOIN members ON members.id = validations.member_id
    JOIN organisations ON organisations.id = members.organisation_id
    WHERE validations.topic_id = $1 AND (validations.verdict = 'validated' OR $2)
    ORDER BY validations.id DESC
    """,
    returns=Validation,
    card=Card.MANY,
)

_INSERT = Statement(
    "validations.insert",
    """
    INSERT INTO validations (topic_id, member_id, verdict, opinion, revision)
    VALUES ($1, $2, $3, $4, $5)
    RETURNING validations.id
    """,
    returns=ValidationId,
    card=Card.ONE,
)

_SET_STATE = Statement(
    "validations.set_state",
    "UPDATE topics SET fields = topics.fields || jsonb_build_object('state', $2::text) WHERE topics.id = $1",
    returns=int,
    card=Card.NONE,
)

_IS_VALIDATOR: Final = practice_access.is_validator(
    member="$1", category="topics.category_id", can_moderate="rights.can_moderate"
)

# Since when: since it was last returned and handed in again, or else since it was started.
_LIST_WAITING = Query(
    "validations.list_waiting",
    f"""
    WITH {readable.CTE}
    SELECT topics.id, topics.title, topics.slug, topics.language, topics.translated_titles,
           categories.name_el, categories.name_en, coalesce(owners.name_el, ''), coalesce(owners.name_en, ''),
           coalesce(
               (
                   SELECT max(topic_notices.created_at)
                   FROM topic_notices
                   WHERE topic_notices.topic_id = topics.id AND topic_notices.act = 'submit'
               ),
               topics.created_at
           ) AS submitted_at
    FROM topics
    JOIN categories ON categories.id = topics.category_id
    JOIN members AS authors ON authors.id = topics.author_id
    JOIN members AS readers ON readers.id = $1
    JOIN category_rights AS rights ON rights.category_id = topics.category_id AND rights.member_id = $1
    LEFT JOIN organisations AS owners ON owners.id = {practice_access.owner()}
    WHERE topics.fields @> '{{"state": "submitted"}}' AND topics.fields <> '{{}}' AND topics.kind = 'good_practice'
        AND topics.deleted_at IS NULL AND categories.archived_at IS NULL AND {readable.IS}
        AND ({_IS_VALIDATOR})
        AND readers.organisation_id IS DISTINCT FROM {practice_access.AUTHOR_PLACE}
        AND readers.organisation_id IS DISTINCT FROM owners.id
    ORDER BY submitted_at, topics.id
    LIMIT {LISTED}
    """,
    returns=Waiting,
    card=Card.MANY,
)


async def course(conn: Conn, grant: ReadGrant, standing: Standing) -> Course:
    """Return how far the validation of a practice has come."""
    first = await conn.one(_FIRST, grant.topic.id)
    return Course(await list_validations(conn, grant, standing), first.revision_count, first.edited_at)


async def list_validations(conn: Conn, grant: ReadGrant, standing: Standing) -> list[Validation]:
    """Return what was decided on a practice, the newest first; returns only for those whom their reasons concern."""
    return await conn.many(_LIST, grant.topic.id, practices.can_read_reasons(standing))


async def list_waiting(conn: Conn, actor: Actor) -> list[Waiting]:
    """Return the practices that wait for the actor's decision, the longest waiting first."""
    return await conn.many(_LIST_WAITING, actor.member_id)


async def decide(
    tx: Tx, grant: ValidateGrant, verdict: Decision, opinion: str, *, revision: int | None = None
) -> ValidationId:
    """Validate a practice, or return it; `revision` is the one that was read, None for the one that stands.

    Raise Conflict where it does not wait for that, or was changed since it was read.
    """
    first = await tx.one(_FIRST, grant.topic.id)
    if revision is not None and revision != first.revision_count:
        raise Conflict("practice_changed")
    if not await is_waiting(tx, grant.topic, first.revision_count):
        raise Conflict("not_waiting")
    made = await tx.one(_INSERT, grant.topic.id, grant.actor.member_id, verdict, opinion.strip(), first.revision_count)
    await _set_state(tx, grant.actor, grant.topic, "validate" if verdict == "validated" else "return", verdict)
    await practice_news.tell_author_side(tx, grant.topic.id, grant.actor.member_id)
    return made


async def answer(
    tx: Tx,
    actor: Actor,
    topic_id: TopicId,
    verdict: Decision | Literal["submitted"],
    opinion: str,
    *,
    revision: int | None = None,
    key: Key | None = None,
) -> None:
    """Do what a program asks for: decide on a practice, or submit it again; the same key again does nothing more.

    Raise what `decide` and `submit` do, and Forbidden. The key is looked at before the rights: what was decided on does
    not wait any more.
    """
    if key is not None and await idempotency.claim(tx, actor, key) is not None:
        return
    if verdict == "submitted":
        await submit(tx, await practice_access.topic_to_submit(tx, actor, topic_id))
    else:
        await decide(
            tx, await practice_access.topic_to_validate(tx, actor, topic_id), verdict, opinion, revision=revision
        )
    if key is not None:
        await idempotency.settle(tx, actor, key, topic_id)


async def is_waiting(conn: Conn, topic: Topic, revision: int) -> bool:
    """Say whether a practice is to be decided on: handed in, or changed after its validation."""
    match practices.state_of(topic):
        case "submitted":
            return True
        case "validated":
            last = next((each for each in await conn.many(_LIST, topic.id, False)), None)
            return last is not None and last.revision < revision
        case _:
            return False


async def submit(tx: Tx, grant: SubmitGrant) -> None:
    """Hand in again what was returned."""
    await _set_state(tx, grant.actor, grant.topic, "submit", "submitted")
    await practice_news.tell_validators(tx, grant.topic.id, grant.actor.member_id)


async def _set_state(tx: Tx, actor: Actor, topic: Topic, act: str, state: str) -> None:
    await tx.run(_SET_STATE, topic.id, state)
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act=f"topic.{act}",
        subject="topic",
        subject_id=topic.id,
        before={"state": practices.state_of(topic)},
        after={"state": state},
    )
    await topics.note(tx, actor, topic, act)
    await events.announce(tx, Event(Kind.TOPIC_UPDATED, topic.id, actor.member_id, act=act))
