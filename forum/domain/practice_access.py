"""The door to what is done with good practices, as `access` is to topics: here alone their Grants are made.

Each function locks the topic and asks in one query how the actor stands to it. Who validates in a category is asked
here, too: members of its validator groups who may read the practice and, where it has none, its moderators; a
sub-category that goes by the rights of the one above goes by its validators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import access, practices
from forum.domain.actors import Actor
from forum.domain.entities import OrganisationId, Topic, TopicId
from forum.domain.permissions import Verdict
from forum.domain.practices import NO_STANDING, AdoptionId, Standing
from forum.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class ValidateGrant:
    """May decide on a practice, which is locked in the transaction."""

    actor: Actor
    topic: Topic


@dataclass(frozen=True, slots=True)
class SubmitGrant:
    """May hand in a practice again."""

    actor: Actor
    topic: Topic


@dataclass(frozen=True, slots=True)
class AdoptGrant:
    """May take up a practice for their municipality."""

    actor: Actor
    topic: Topic


@dataclass(frozen=True, slots=True)
class MoveAdoptionGrant:
    """May say how far their municipality has come with a practice."""

    actor: Actor
    topic: Topic
    adoption_id: AdoptionId


_RULING_CATEGORY: Final = """(
    SELECT CASE WHEN ruled.inherits_grants THEN ruled.parent_id ELSE ruled.id END
    FROM categories AS ruled
    WHERE ruled.id = {category}
)"""


def is_validator(*, member: str, category: str, can_moderate: str) -> str:
    """Return the SQL of whether a member validates in a category, all given as SQL; that they may read is not asked."""
    ruling = _RULING_CATEGORY.format(category=category)
    return f"""
        CASE
            WHEN EXISTS (SELECT 1 FROM validator_groups WHERE validator_groups.category_id = {ruling}) THEN EXISTS (
                SELECT 1
                FROM validator_groups
                JOIN memberships
                    ON memberships.group_id = validator_groups.group_id AND memberships.member_id = {member}
                WHERE validator_groups.category_id = {ruling}
            )
            ELSE {can_moderate}
        END
    """


def successor(organisation: str) -> str:
    """Return the SQL of the organisation that one, given as SQL of its id, is now: another where it has merged."""
    return f"""(
        SELECT coalesce(places.merged_into_id, places.id)
        FROM organisations AS places
        WHERE places.id = {organisation}
    )"""


def owner(topics: str = "topics") -> str:
    """Return the SQL of the municipality whose practice it is, by the slug it has or had, or that it merged into."""
    slug = f"({topics}.fields ->> '{practices.OWNER}')"
    return successor(f"""coalesce(
        (SELECT named.id FROM organisations AS named WHERE named.slug = {slug}),
        (SELECT former.organisation_id FROM former_slugs AS former WHERE former.slug = {slug})
    )""")


AUTHOR_PLACE: Final = successor("coalesce(topics.organisation_id, authors.organisation_id)")
"""The organisation whose member wrote one of `topics` by one of `authors`."""

_STANDING = Query(
    "practice_access.standing",
    f"""
    SELECT {is_validator(member="$1", category="topics.category_id", can_moderate="rights.can_moderate")},
           coalesce(readers.organisation_id IN ({AUTHOR_PLACE}, {owner()}), false),
           organisations.kind = 'municipality',
           coalesce(readers.organisation_id = {owner()}, false)
    FROM topics
    JOIN topic_rights AS rights ON rights.topic_id = topics.id AND rights.member_id = $1
    JOIN members AS authors ON authors.id = topics.author_id
    JOIN members AS readers ON readers.id = $1
    JOIN organisations ON organisations.id = readers.organisation_id
    WHERE topics.id = $2
    """,
    returns=Standing,
    card=Card.ZERO_OR_ONE,
)

_LOCK = Statement(
    "practice_access.lock",
    "SELECT topics.id FROM topics WHERE topics.id = $1 FOR NO KEY UPDATE",
    returns=int,
    card=Card.ZERO_OR_ONE,
)

_ADOPTER = Query(
    "practice_access.adopter",
    f"""
    SELECT {successor("adoptions.organisation_id")}
    FROM adoptions
    WHERE adoptions.id = $1 AND adoptions.topic_id = $2
    """,
    returns=OrganisationId,
    card=Card.ZERO_OR_ONE,
)


async def standing(conn: Conn, actor: Actor, topic_id: TopicId) -> Standing:
    """Return how the actor stands to a practice."""
    return await conn.maybe(_STANDING, actor.member_id, topic_id) or NO_STANDING


async def topic_to_validate(tx: Tx, actor: Actor, topic_id: TopicId) -> ValidateGrant:
    topic, held = await _locked(tx, actor, topic_id)
    _require(practices.can_validate_practice(topic, held))
    return ValidateGrant(actor, topic)


async def topic_to_submit(tx: Tx, actor: Actor, topic_id: TopicId) -> SubmitGrant:
    topic, held = await _locked(tx, actor, topic_id)
    _require(practices.can_submit_practice(topic, held))
    return SubmitGrant(actor, topic)


async def topic_to_adopt(tx: Tx, actor: Actor, topic_id: TopicId) -> AdoptGrant:
    topic, held = await _locked(tx, actor, topic_id)
    _require(practices.can_adopt_practice(topic, held))
    return AdoptGrant(actor, topic)


async def adoption_to_move(tx: Tx, actor: Actor, topic_id: TopicId, adoption_id: AdoptionId) -> MoveAdoptionGrant:
    topic, _ = await _locked(tx, actor, topic_id)
    _require(await may_move_adoption(tx, actor, topic, adoption_id))
    return MoveAdoptionGrant(actor, topic, adoption_id)


async def may_move_adoption(conn: Conn, actor: Actor, topic: Topic, adoption_id: AdoptionId) -> Verdict:
    """Say whether the actor moves an adoption of a topic that they may read; raise NotFound where there is none."""
    adopter = await conn.maybe(_ADOPTER, adoption_id, topic.id)
    if adopter is None:
        raise NotFound
    return practices.can_move_adoption(topic, is_adopter=adopter == actor.organisation_id)


async def _locked(tx: Tx, actor: Actor, topic_id: TopicId) -> tuple[Topic, Standing]:
    """Lock first and read then, as `access` does."""
    await tx.maybe(_LOCK, topic_id)
    topic = (await access.topic_to_read(tx, actor, topic_id)).topic
    return topic, await standing(tx, actor, topic_id)


def _require(verdict: Verdict) -> None:
    if not verdict:
        raise Forbidden(verdict.code)
