"""Good practices as tests write, decide on and take them up; every act goes through the door as in real life."""

from __future__ import annotations

from typing import Any, Final

from forum.db import Database, RawConnection
from forum.domain import access, adoptions, posts, practice_access, validations
from forum.domain.access import AdministerGrant
from forum.domain.actors import Actor
from forum.domain.entities import CategoryId, GroupId, MemberId, TopicId
from forum.domain.practices import Adoption, AdoptionId, Decision, Stage
from forum.domain.topics import Started
from tests.domain import writing

PRACTICE: Final[dict[str, Any]] = {
    "teaser": "Μισές διαρροές σε δύο χρόνια, με αισθητήρες στα φρεάτια.",
    "owner": "larnaca",
    "themes": ["water"],
    "problem": "Το ένα τρίτο του νερού χανόταν πριν φτάσει στη βρύση.",
    "solution": "Αισθητήρες ήχου σε διακόσια φρεάτια και συνεργείο μέσα σε μία μέρα.",
    "resources": "180.000 €, τρεις τεχνίτες, από το ΕΣΠΑ.",
    "indicators": [
        {"name": "Νερό που χάνεται", "before": "31", "after": "17", "unit": "%"},
        {"name": "Παράπονα", "before": "πολλά", "after": "λίγα", "unit": "τον μήνα"},
    ],
    "transfer": "Χάρτης του δικτύου και ένας υπεύθυνος.",
    "contact": "Υπηρεσία ύδρευσης, ydreusi@larnaca.example",
}


async def start(db: Database, actor: Actor, **fields: Any) -> Started:
    """Start a practice in `good-practices`; `fields` take the place of PRACTICE's."""
    return await writing.start(
        db,
        actor,
        category="good-practices",
        title="Μισές διαρροές σε δύο χρόνια",
        body="",
        kind="good_practice",
        language="el",
        fields=PRACTICE | fields,
    )


async def edit(db: Database, actor: Actor, topic_id: TopicId, **fields: Any) -> None:
    """Change fields of a practice."""
    async with db.write() as tx:
        grant = await access.first_post_to_edit(tx, actor, topic_id)
        rendered = writing.rendered("")
        await posts.edit(tx, grant, body="", rendered=rendered, title=None, fields=PRACTICE | fields)


async def decide(
    db: Database,
    actor: Actor,
    topic_id: TopicId,
    verdict: Decision = "validated",
    opinion: str = "Σαφής.",
    *,
    revision: int | None = None,
) -> None:
    async with db.write() as tx:
        grant = await practice_access.topic_to_validate(tx, actor, topic_id)
        await validations.decide(tx, grant, verdict, opinion, revision=revision)


async def submit(db: Database, actor: Actor, topic_id: TopicId) -> None:
    async with db.write() as tx:
        await validations.submit(tx, await practice_access.topic_to_submit(tx, actor, topic_id))


async def adopt(db: Database, actor: Actor, topic_id: TopicId, stage: Stage = "interested", **said: Any) -> Adoption:
    async with db.write() as tx:
        return await adoptions.adopt(tx, await practice_access.topic_to_adopt(tx, actor, topic_id), stage, **said)


async def move(
    db: Database, actor: Actor, topic_id: TopicId, adoption_id: AdoptionId, stage: Stage, **said: Any
) -> Adoption:
    async with db.write() as tx:
        grant = await practice_access.adoption_to_move(tx, actor, topic_id, adoption_id)
        return await adoptions.move(tx, grant, stage, **({"note": "", "outcome": "", "started_on": None} | said))


async def state(owner: RawConnection, topic_id: TopicId) -> str:
    """Return the state of a practice, as it is kept."""
    return str(await owner.fetchval("SELECT fields ->> 'state' FROM topics WHERE id = $1", topic_id))


async def make_validators(owner: RawConnection, *people: Actor) -> GroupId:
    """Put people into a group that validates in `good-practices`."""
    group_id = await owner.fetchval(
        "INSERT INTO groups (slug, kind, name_el, name_en) VALUES ('validators', 'free', 'Επικυρωτές', 'Validators') "
        "RETURNING id"
    )
    for person in people:
        await owner.execute(
            "INSERT INTO group_members (group_id, member_id) VALUES ($1, $2)", group_id, person.member_id
        )
    await owner.execute(
        "INSERT INTO validator_groups (category_id, group_id) "
        "SELECT categories.id, $1 FROM categories WHERE categories.slug = 'good-practices'",
        group_id,
    )
    return GroupId(group_id)


async def category_id(owner: RawConnection) -> CategoryId:
    return CategoryId(await owner.fetchval("SELECT id FROM categories WHERE slug = 'good-practices'"))


async def hide(owner: RawConnection, group: str) -> None:
    """Take every right in `good-practices` from a group."""
    await owner.execute(
        "DELETE FROM grants USING categories, groups WHERE categories.id = grants.category_id "
        "AND groups.id = grants.group_id AND categories.slug = 'good-practices' AND groups.slug = $1",
        group,
    )


async def told(owner: RawConnection, kind: str) -> set[MemberId]:
    """Return who has an unread notification of a kind."""
    rows = await owner.fetch("SELECT member_id FROM notifications WHERE kind = $1 AND read_at IS NULL", kind)
    return {MemberId(row[0]) for row in rows}


def administering(actor: Actor) -> AdministerGrant:
    return access.to_administer(actor)
