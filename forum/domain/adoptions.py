"""Adoptions: good practices that other municipalities take up, how far they have come, and what came of it.

One a practice and municipality, with every step that was said of it. Half a year and a year after it began its people
are asked for a line. Lists on the pages of municipalities name only what their reader may read. Who may do what is
said in `practice_access.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, events, idempotency, practice_access, practice_news, readable
from forum.domain.access import ReadGrant
from forum.domain.actors import Actor
from forum.domain.entities import MemberId, OrganisationId, Topic, TopicId
from forum.domain.events import Event, Kind
from forum.domain.idempotency import Key
from forum.domain.practice_access import AdoptGrant, MoveAdoptionGrant
from forum.domain.practices import Adoption, AdoptionId, Stage, Step
from forum.errors import Conflict, Invalid

LISTED: Final = 50
"""Adoptions that the page of a municipality shows at most."""

ONE_DAY: Final = timedelta(days=1)
"""How far ahead of the database's day a beginning may be: it is already tomorrow for readers in the east."""


@dataclass(frozen=True, slots=True)
class Use:
    """An adoption as the pages of municipalities list it: of which practice, whose it is, and who adopts it."""

    topic_id: TopicId
    title: str
    slug: str
    language: str | None
    translated_titles: dict[str, str]
    owner_slug: str
    owner_el: str
    owner_en: str
    adopter_slug: str
    adopter_el: str
    adopter_en: str
    stage: Stage
    is_adopter: bool
    """Whether the municipality of the page is the one that adopts."""


@dataclass(frozen=True, slots=True)
class _Asked:
    id: AdoptionId
    topic_id: TopicId
    member_id: MemberId


_FIRST_ASKED: Final = "interval '6 months'"
_LAST_ASKED: Final = "interval '12 months'"

_COLUMNS: Final = """
    adoptions.id, adoptions.topic_id, organisations.id, organisations.slug, organisations.name_el,
    organisations.name_en, adoptions.member_id, members.name, adoptions.stage, adoptions.note, adoptions.outcome,
    adoptions.started_on, adoptions.staged_at, adoptions.created_at, adoptions.updated_at, adoptions.asked_at
"""

_JOINS: Final = f"""
    JOIN members ON members.id = adoptions.member_id
    JOIN organisations ON organisations.id = {practice_access.successor("adoptions.organisation_id")}
"""

_LIST = Query(
    "adoptions.list",
    f"""
    SELECT {_COLUMNS}
    FROM adoptions
    {_JOINS}
    WHERE adoptions.topic_id = $1
    ORDER BY array_position(ARRAY['in_use', 'adapting', 'understanding', 'interested', 'stopped'], adoptions.stage),
             adoptions.staged_at, adoptions.id
    """,
    returns=Adoption,
    card=Card.MANY,
)

_FIND = Query(
    "adoptions.find",
    f"SELECT {_COLUMNS} FROM adoptions {_JOINS} WHERE adoptions.id = $1",
    returns=Adoption,
    card=Card.ONE,
)

_STEPS = Query(
    "adoptions.steps",
    """
    SELECT adoption_steps.adoption_id, adoption_steps.stage, adoption_steps.note, members.name,
           adoption_steps.created_at
    FROM adoption_steps
    JOIN members ON members.id = adoption_steps.member_id
    WHERE adoption_steps.adoption_id = $1
    ORDER BY adoption_steps.id DESC
    """,
    returns=Step,
    card=Card.MANY,
)

_OF_ORGANISATION = Query(
    "adoptions.of_organisation",
    """
    SELECT adoptions.id
    FROM organisations
    JOIN organisations AS places ON places.id = organisations.id OR places.merged_into_id = organisations.id
    JOIN adoptions ON adoptions.organisation_id = places.id
    WHERE organisations.id = $2 AND adoptions.topic_id = $1
    ORDER BY adoptions.id
    LIMIT 1
    """,
    returns=AdoptionId,
    card=Card.ZERO_OR_ONE,
)

_INSERT = Statement(
    "adoptions.insert",
    f"""
    WITH begun AS (
        INSERT INTO adoptions (topic_id, organisation_id, member_id, stage, note, outcome, started_on, ask_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $4 <> 'stopped' THEN now() + {_FIRST_ASKED} END)
        ON CONFLICT (topic_id, organisation_id) DO NOTHING
        RETURNING adoptions.id
    ),
    noted AS (
        INSERT INTO adoption_steps (adoption_id, member_id, stage, note)
        SELECT begun.id, $3, $4, $5
        FROM begun
    )
    SELECT begun.id
    FROM begun
    """,
    returns=AdoptionId,
    card=Card.ZERO_OR_ONE,
)

# Who stops is not asked any more; who takes it up again is, as long as there is something left to ask.
_MOVE = Statement(
    "adoptions.move",
    f"""
    WITH noted AS (
        INSERT INTO adoption_steps (adoption_id, member_id, stage, note)
        VALUES ($1, $2, $3, $4)
    )
    UPDATE adoptions
    SET member_id = $2, stage = $3, note = $4, outcome = $5, started_on = $6, updated_at = now(),
        staged_at = CASE WHEN adoptions.stage = $3 THEN adoptions.staged_at ELSE now() END,
        ask_at = CASE
            WHEN $3 = 'stopped' THEN NULL
            WHEN adoptions.stage <> 'stopped' THEN adoptions.ask_at
            WHEN adoptions.created_at + {_FIRST_ASKED} > now() THEN adoptions.created_at + {_FIRST_ASKED}
            WHEN adoptions.created_at + {_LAST_ASKED} > now() THEN adoptions.created_at + {_LAST_ASKED}
        END
    WHERE adoptions.id = $1
    """,
    returns=int,
    card=Card.NONE,
)

_IS_TO_COME = Query(
    "adoptions.is_to_come",
    "SELECT $1::date > (now() + $2::interval)::date",
    returns=bool,
    card=Card.ONE,
)

# What was missed while nothing ran is asked once, not twice: the next question is the one that is still to come.
_ASK = Statement(
    "adoptions.ask",
    f"""
    UPDATE adoptions
    SET asked_at = now(),
        ask_at = CASE
            WHEN adoptions.created_at + {_LAST_ASKED} > now() THEN adoptions.created_at + {_LAST_ASKED}
        END
    WHERE adoptions.id = (
        SELECT due.id
        FROM adoptions AS due
        WHERE due.ask_at <= now()
        ORDER BY due.ask_at, due.id
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING adoptions.id, adoptions.topic_id, adoptions.member_id
    """,
    returns=_Asked,
    card=Card.ZERO_OR_ONE,
)

_LIST_OF_MUNICIPALITY = Query(
    "adoptions.list_of_municipality",
    f"""
    WITH {readable.CTE},
    places AS MATERIALIZED (
        SELECT organisations.id, organisations.slug
        FROM organisations
        WHERE organisations.id = $2 OR organisations.merged_into_id = $2
    ),
    known AS (
        SELECT places.slug
        FROM places
        UNION ALL
        SELECT former_slugs.slug
        FROM places
        JOIN former_slugs ON former_slugs.organisation_id = places.id
    )
    SELECT topics.id, topics.title, topics.slug, topics.language, topics.translated_titles,
           coalesce(owners.slug, ''), coalesce(owners.name_el, ''), coalesce(owners.name_en, ''),
           adopters.slug, adopters.name_el, adopters.name_en, adoptions.stage, adopters.id = $2
    FROM (
        SELECT adoptions.id
        FROM places
        JOIN adoptions ON adoptions.organisation_id = places.id
        UNION
        SELECT adoptions.id
        FROM known
        JOIN topics
            ON topics.fields @> jsonb_build_object('owner', known.slug) AND topics.fields <> '{{}}'
                AND topics.deleted_at IS NULL AND topics.kind = 'good_practice'
        JOIN adoptions ON adoptions.topic_id = topics.id
    ) AS found
    JOIN adoptions ON adoptions.id = found.id
    JOIN topics ON topics.id = adoptions.topic_id
    JOIN organisations AS adopters ON adopters.id = {practice_access.successor("adoptions.organisation_id")}
    LEFT JOIN organisations AS owners ON owners.id = {practice_access.owner()}
    WHERE topics.deleted_at IS NULL AND {readable.IS}
    ORDER BY adoptions.updated_at DESC, adoptions.id DESC
    LIMIT {LISTED}
    """,
    returns=Use,
    card=Card.MANY,
)


async def list_adoptions(conn: Conn, grant: ReadGrant) -> list[Adoption]:
    """Return who takes up a practice, those that use it first."""
    return await conn.many(_LIST, grant.topic.id)


async def list_steps(conn: Conn, adoption: Adoption) -> list[Step]:
    """Return what was said of an adoption, the newest first; it was found through the practice it is of."""
    return await conn.many(_STEPS, adoption.id)


async def list_of_municipality(conn: Conn, actor: Actor, organisation_id: OrganisationId) -> list[Use]:
    """Return what a municipality takes up from others and others from it, as far as the actor may read the practice."""
    return await conn.many(_LIST_OF_MUNICIPALITY, actor.member_id, organisation_id)


async def adopt(
    tx: Tx,
    grant: AdoptGrant,
    stage: Stage,
    *,
    note: str = "",
    outcome: str = "",
    started_on: date | None = None,
    key: Key | None = None,
) -> Adoption:
    """Take up a practice for the actor's municipality; the same key gives what it made before.

    Raise Conflict where the municipality has taken it up already, Invalid where it began after today.
    """
    await _require_begun(tx, started_on)
    if key is not None and (earlier := await idempotency.claim(tx, grant.actor, key)) is not None:
        return await tx.one(_FIND, earlier)
    actor, topic_id = grant.actor, grant.topic.id
    if await tx.maybe(_OF_ORGANISATION, topic_id, actor.organisation_id) is not None:
        raise Conflict("adopted_already")
    values = (actor.member_id, stage, note.strip(), outcome.strip(), started_on)
    made = await tx.maybe(_INSERT, topic_id, actor.organisation_id, *values)
    if made is None:
        raise Conflict("adopted_already")
    if key is not None:
        await idempotency.settle(tx, actor, key, made)
    await _record(tx, actor, grant.topic, "adopt", None, stage)
    await practice_news.tell_owner(tx, topic_id, actor.member_id)
    return await tx.one(_FIND, made)


async def find(conn: Conn, grant: MoveAdoptionGrant) -> Adoption:
    """Return the adoption that is to be moved on, as it stands."""
    return await conn.one(_FIND, grant.adoption_id)


async def move(
    tx: Tx, grant: MoveAdoptionGrant, stage: Stage, *, note: str, outcome: str, started_on: date | None
) -> Adoption:
    """Say how far an adoption has come, with a line of it; the earlier ones stay. Raise Invalid as `adopt`."""
    await _require_begun(tx, started_on)
    before = await find(tx, grant)
    said = (stage, note.strip(), outcome.strip(), started_on)
    if said == (before.stage, before.note, before.outcome, before.started_on) and not before.is_asked:
        return before
    await tx.run(_MOVE, grant.adoption_id, grant.actor.member_id, *said)
    await _record(tx, grant.actor, grant.topic, "move_adoption", before.stage, stage)
    return await tx.one(_FIND, grant.adoption_id)


async def ask(tx: Tx) -> bool:
    """Ask the people of one municipality whose time has come for a line; False where there is none."""
    due = await tx.maybe(_ASK)
    if due is None:
        return False
    await practice_news.ask_adopters(tx, due.topic_id, due.id, due.member_id)
    return True


async def _require_begun(conn: Conn, started_on: date | None) -> None:
    if started_on is not None and await conn.one(_IS_TO_COME, started_on, ONE_DAY):
        raise Invalid({"started_on": ("not_begun",)})


async def _record(tx: Tx, actor: Actor, topic: Topic, act: str, before: Stage | None, after: Stage) -> None:
    place = {"organisation_id": actor.organisation_id}
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act=f"topic.{act}",
        subject="topic",
        subject_id=topic.id,
        before=None if before is None else {**place, "stage": before},
        after={**place, "stage": after},
    )
    await events.announce(tx, Event(Kind.TOPIC_UPDATED, topic.id, actor.member_id, act=act))
