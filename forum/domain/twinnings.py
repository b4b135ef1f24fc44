"""Twinnings: an invitation from municipality to municipality, the private topic of the two, and the stages it passes.

Each has a private category of its own, whose grants name the groups of the two and nobody else, moderators and
administrators included: so that whatever asks for rights (lists, counts, search, mail, files, live events) keeps it to
them by itself (docs/adr/0038-twinnings.md). Here it is made, and closed when nothing comes of the invitation; it is
never opened to others. Once a twinning is signed, everybody sees who the two are, its state and its year.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import uuid4

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import access, audit, idempotency, stages, topics, twinned
from forum.domain.actors import Actor
from forum.domain.entities import CategoryId, MemberId, Organisation, OrganisationId, PostId, TopicId, TwinningId
from forum.domain.twinned import PUBLIC, STAGES, Stage, State, Twinning
from forum.domain.twinning_access import (
    AnswerTwinningGrant,
    ChangeTwinningGrant,
    InviteGrant,
    TwinningGrant,
    WithdrawTwinningGrant,
)
from forum.errors import Invalid
from forum.markup import Rendered

_Answer = Literal["in_contact", "declined", "withdrawn"]

NUMBER_LIMIT: Final = 100
EVENT_LIMIT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How far a twinning has come: its stage, both councils' decisions, the signature, and what happens next."""

    state: Stage
    from_decision_number: str | None = None
    from_decided_on: date | None = None
    to_decision_number: str | None = None
    to_decided_on: date | None = None
    signed_on: date | None = None
    next_event: str | None = None
    next_event_at: datetime | None = None
    next_event_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A stage that a twinning came to; `post_id` is the post that tells of it, None where none does."""

    state: State
    actor_id: MemberId
    actor_name: str
    actor_organisation_el: str
    actor_organisation_en: str
    post_id: PostId | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Signed:
    """A twinning as everybody sees it."""

    id: TwinningId
    from_slug: str
    to_slug: str
    state: State
    since_year: int


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that was just made."""

    twinning_id: TwinningId
    topic_id: TopicId
    topic_slug: str


_MAKE_CATEGORY = Statement(
    "twinnings.make_category",
    """
    INSERT INTO categories (slug, position, name_el, name_en, is_private)
    VALUES ($1, 0, 'Αδελφοποιήσεις', 'Twinnings', true)
    RETURNING id
    """,
    returns=int,
    card=Card.ONE,
)

_HELD: Final = stages.each("'{right}' = ANY ($3::text[])")

_GRANT = Statement(
    "twinnings.grant",
    f"""
    INSERT INTO grants (category_id, group_id, {stages.each("can_{right}")})
    SELECT $1, groups.id, {_HELD}
    FROM groups
    WHERE groups.organisation_id = ANY ($2::bigint[])
    """,
    returns=int,
    card=Card.NONE,
)

# Whoever comes into one of the two later hears of it as well.
_HAVE_WATCHED = Statement(
    "twinnings.have_watched",
    """
    INSERT INTO group_levels (category_id, group_id, level)
    SELECT $1, groups.id, 'watch'
    FROM groups
    WHERE groups.organisation_id = ANY ($2::bigint[])
    """,
    returns=int,
    card=Card.NONE,
)

_MAKE = Statement(
    "twinnings.make",
    """
    INSERT INTO twinnings (from_organisation_id, to_organisation_id, category_id, topic_id, invited_by_id)
    VALUES ($1, $2, $3, $4, $5)
    RETURNING id
    """,
    returns=int,
    card=Card.ONE,
)

_INVITED = Query(
    "twinnings.invited",
    """
    SELECT twinnings.id, topics.id, topics.slug
    FROM twinnings
    JOIN topics ON topics.id = twinnings.topic_id
    WHERE twinnings.id = $1
    """,
    returns=Invited,
    card=Card.ONE,
)

_ANSWER = Statement(
    "twinnings.answer",
    """
    UPDATE twinnings
    SET state = $2, answered_at = now(), updated_at = now(), revision_count = twinnings.revision_count + 1
    WHERE twinnings.id = $1
    """,
    returns=int,
    card=Card.NONE,
)

_CLOSE_CATEGORY = Statement(
    "twinnings.close_category",
    """
    UPDATE categories
    SET archived_at = now()
    WHERE categories.id = (SELECT twinnings.category_id FROM twinnings WHERE twinnings.id = $1)
    """,
    returns=int,
    card=Card.NONE,
)

_CHANGE = Statement(
    "twinnings.change",
    """
    UPDATE twinnings
    SET state = $2, from_decision_number = $3, from_decided_on = $4, to_decision_number = $5, to_decided_on = $6,
        signed_on = $7, next_event = $8, next_event_at = $9, next_event_zone = $10,
        updated_at = now(), revision_count = twinnings.revision_count + 1
    WHERE twinnings.id = $1
    """,
    returns=int,
    card=Card.NONE,
)

_NOTE_STEP = Statement(
    "twinnings.note_step",
    "INSERT INTO twinning_steps (twinning_id, actor_id, state, post_id) VALUES ($1, $2, $3, $4)",
    returns=int,
    card=Card.NONE,
)

_LIST_STEPS = Query(
    "twinnings.list_steps",
    """
    SELECT twinning_steps.state, members.id, members.name, organisations.name_el, organisations.name_en,
           twinning_steps.post_id, twinning_steps.created_at
    FROM twinning_steps
    JOIN members ON members.id = twinning_steps.actor_id
    JOIN organisations ON organisations.id = members.organisation_id
    WHERE twinning_steps.twinning_id = $1
    ORDER BY twinning_steps.id DESC
    """,
    returns=Step,
    card=Card.MANY,
)

_LIST_SIGNED = Query(
    "twinnings.list_signed",
    f"""
    SELECT twinnings.id, inviting.slug, invited.slug, twinnings.state,
           extract(YEAR FROM twinnings.signed_on)::smallint
    FROM twinnings
    JOIN organisations AS inviting ON inviting.id = twinnings.from_organisation_id
    JOIN organisations AS invited ON invited.id = twinnings.to_organisation_id
    WHERE {twinned.IS_PUBLIC}
    ORDER BY twinnings.id DESC
    """,
    returns=Signed,
    card=Card.MANY,
)

_LIST_OWN = Query(
    "twinnings.list_own",
    f"""
    SELECT {twinned.COLUMNS}
    {twinned.JOINS}
    ORDER BY array_position(ARRAY['declined', 'withdrawn', 'ended'], twinnings.state) NULLS FIRST, twinnings.id DESC
    """,
    returns=Twinning,
    card=Card.MANY,
)

# What a municipality that merged had agreed on is its successor's to go on with.
_PASS_GRANTS = Statement(
    "twinnings.pass_grants",
    f"""
    INSERT INTO grants (category_id, group_id, {stages.each("can_{right}")})
    SELECT grants.category_id, successors.id, {stages.each("grants.can_{right}")}
    FROM categories
    JOIN grants ON grants.category_id = categories.id
    JOIN groups ON groups.id = grants.group_id AND groups.organisation_id = $1
    JOIN groups AS successors ON successors.organisation_id = $2
    WHERE categories.is_private AND NOT EXISTS (
        SELECT 1
        FROM grants AS held
        WHERE held.category_id = categories.id AND held.group_id = successors.id
    )
    """,
    returns=int,
    card=Card.NONE,
)

_PASS_LEVELS = Statement(
    "twinnings.pass_levels",
    """
    INSERT INTO group_levels (category_id, group_id, level)
    SELECT group_levels.category_id, successors.id, group_levels.level
    FROM categories
    JOIN group_levels ON group_levels.category_id = categories.id
    JOIN groups ON groups.id = group_levels.group_id AND groups.organisation_id = $1
    JOIN groups AS successors ON successors.organisation_id = $2
    WHERE categories.is_private
    ON CONFLICT (category_id, group_id) DO NOTHING
    """,
    returns=int,
    card=Card.NONE,
)


async def invite(
    tx: Tx, grant: InviteGrant, *, title: str, message: str, rendered: Rendered, key: idempotency.Key | None
) -> Invited:
    """Invite a municipality: its members and one's own get a topic of the two, which begins with the message.

    The same key again gives the invitation that was made before. Raise Invalid (to) where the two are twins, or one has
    invited the other, already.
    """
    actor, invited = grant.actor, grant.organisation
    if key and (earlier := await idempotency.claim(tx, actor, key)) is not None:
        return await tx.one(_INVITED, earlier)
    two = [actor.organisation_id, invited.id]
    category_id = CategoryId(await tx.one(_MAKE_CATEGORY, f"twinning-{uuid4().hex}"))
    await tx.run(_GRANT, category_id, two, list(stages.STAGES["participants"]))
    await tx.run(_HAVE_WATCHED, category_id, two)
    start = await access.private_category_to_start(tx, actor, category_id)
    started = await topics.start(
        tx, start, title=title, body=message, rendered=rendered, language=actor.language, key=None
    )
    made = TwinningId(await tx.one(_MAKE, *two, category_id, started.topic_id, actor.member_id))
    await tx.run(_NOTE_STEP, made, actor.member_id, "invited", started.first_post_id)
    await _record(
        tx,
        actor,
        "invited",
        made,
        after={"from_organisation_id": actor.organisation_id, "to_organisation_id": invited.id},
    )
    if key:
        await idempotency.settle(tx, actor, key, made)
    return Invited(made, started.topic_id, started.slug)


async def accept(tx: Tx, grant: AnswerTwinningGrant, post_id: PostId | None) -> None:
    """Accept an invitation: the two are in contact. `post_id` is the post that says so."""
    await _answer(tx, grant.actor, grant.twinning, "in_contact", post_id)


async def decline(tx: Tx, grant: AnswerTwinningGrant, post_id: PostId | None) -> None:
    """Decline an invitation: nothing more is written in its topic."""
    await _answer(tx, grant.actor, grant.twinning, "declined", post_id)


async def withdraw(tx: Tx, grant: WithdrawTwinningGrant, post_id: PostId | None) -> None:
    """Take an invitation back: nothing more is written in its topic."""
    await _answer(tx, grant.actor, grant.twinning, "withdrawn", post_id)


async def change(tx: Tx, grant: ChangeTwinningGrant, course: Course, post_id: PostId | None) -> None:
    """Say how far a twinning has come, forward or back; `post_id` is the post that tells of another stage.

    Raise Invalid for a signed one without both decisions and the day it was signed.
    """
    before = course_of(grant.twinning)
    if course == before:
        return
    check(course)
    await tx.run(_CHANGE, grant.twinning.id, *asdict(course).values())
    if course.state != before.state:
        await tx.run(_NOTE_STEP, grant.twinning.id, grant.actor.member_id, course.state, post_id)
    was = asdict(before)
    changed = [name for name, value in asdict(course).items() if value != was[name]]
    # The log is read by administrators: it says that something changed, and nothing of what the two know alone.
    await _record(tx, grant.actor, "changed", grant.twinning.id, after={"fields": changed})


def course_of(twinning: Twinning) -> Course:
    """Return how far an open twinning has come."""
    names = Course.__dataclass_fields__
    return Course(**{name: getattr(twinning, name) for name in names})


def check(course: Course) -> None:
    """Raise Invalid for a signed twinning without both decisions and its day, and for half an event."""
    faults: dict[str, tuple[str, ...]] = {}
    if course.state in PUBLIC:
        needed = ("from_decision_number", "from_decided_on", "to_decision_number", "to_decided_on", "signed_on")
        faults = {name: ("needed_when_signed",) for name in needed if getattr(course, name) is None}
    if (course.next_event is None) != (course.next_event_at is None):
        faults["next_event" if course.next_event is None else "next_event_at"] = ("required",)
    if faults:
        raise Invalid(faults)


async def list_own(conn: Conn, actor: Actor) -> list[Twinning]:
    """Return the invitations and twinnings of the actor's municipality, what is over last."""
    return await conn.many(_LIST_OWN, actor.member_id)


async def list_signed(conn: Conn) -> list[Signed]:
    """Return what everybody sees of twinnings from their signature on, the newest first."""
    return await conn.many(_LIST_SIGNED)


async def list_steps(conn: Conn, grant: TwinningGrant) -> list[Step]:
    """Return the stages a twinning came to, the last first."""
    return await conn.many(_LIST_STEPS, grant.twinning.id)


def is_over(twinning: Twinning) -> bool:
    """Say whether the two may invite each other anew."""
    return twinning.state in {"declined", "withdrawn", "ended"}


async def pass_on(tx: Tx, gone: OrganisationId, into: Organisation) -> None:
    """Have the members of another municipality go on with what one that merges into it had begun."""
    await tx.run(_PASS_GRANTS, gone, into.id)
    await tx.run(_PASS_LEVELS, gone, into.id)


async def _answer(
    tx: Tx,
    actor: Actor,
    twinning: Twinning,
    state: _Answer,
    post_id: PostId | None,
) -> None:
    await tx.run(_ANSWER, twinning.id, state)
    if state not in STAGES:
        await tx.run(_CLOSE_CATEGORY, twinning.id)
    await tx.run(_NOTE_STEP, twinning.id, actor.member_id, state, post_id)
    await _record(tx, actor, "withdrawn" if state == "withdrawn" else "answered", twinning.id)


async def _record(
    tx: Tx, actor: Actor, act: str, twinning_id: TwinningId, *, after: dict[str, object] | None = None
) -> None:
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act=f"twinning.{act}",
        subject="twinning",
        subject_id=twinning_id,
        after=after,
    )
