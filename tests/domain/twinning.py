"""Two municipalities with a colleague each, and what they do together, in a line each."""

from __future__ import annotations

from typing import Final

from forum.db import Database, RawConnection, Tx
from forum.domain import access, posts, twinning_access, twinnings
from forum.domain.actors import Actor
from forum.domain.entities import MemberId, OrganisationId, PostId, TopicId, TwinningId
from forum.domain.posts import Reply
from forum.domain.twinnings import Course, Invited
from tests.domain.writing import rendered

PEOPLE: Final = {"chios": "Χριστόφορος Λούης", "paphos": "Αφροδίτη Κινύρα"}
"""One member of each of two municipalities that nobody of the cast belongs to."""


async def bring_colleagues(owner: RawConnection) -> None:
    """Put the two into the database."""
    for slug, name in PEOPLE.items():
        await owner.execute(
            "INSERT INTO members (name, email, organisation_id, password_hash, created_at, read_before) "
            "SELECT $1, $2 || '@' || $2 || '.example', id, 'x', now() - interval '1 day', now() - interval '1 day' "
            "FROM organisations WHERE slug = $2",
            name,
            slug,
        )


async def actor(owner: RawConnection, slug: str) -> Actor:
    """Return the colleague of a municipality."""
    row = await owner.fetchrow(
        "SELECT members.id, members.name, organisations.id AS organisation_id, organisations.name_el, "
        "organisations.name_en, regions.slug AS region, members.language, members.zone FROM members "
        "JOIN organisations ON organisations.id = members.organisation_id "
        "JOIN regions ON regions.id = organisations.region_id WHERE organisations.slug = $1 AND members.name = $2",
        slug,
        PEOPLE[slug],
    )
    assert row is not None
    return Actor(
        MemberId(row["id"]),
        row["name"],
        OrganisationId(row["organisation_id"]),
        slug,
        row["name_el"],
        row["name_en"],
        row["region"],
        row["language"],
        row["zone"],
        "auto",
        is_moderator=False,
        is_administrator=False,
        session_id=None,
        token_id=None,
    )


async def invite(
    db: Database,
    owner: RawConnection,
    *,
    title: str = "Αδελφοποίηση",
    message: str = "Ας γνωριστούμε.",
    by: Actor | None = None,
    to: str = "paphos",
) -> Invited:
    """Have Chios, or another, invite Paphos, or another."""
    inviting = by or await actor(owner, "chios")
    async with db.write() as tx:
        grant = await twinning_access.municipality_to_invite(tx, inviting, to)
        return await twinnings.invite(tx, grant, title=title, message=message, rendered=rendered(message), key=None)


async def accept(db: Database, by: Actor, twinning_id: TwinningId) -> None:
    """Accept an invitation, and say so in the topic."""
    async with db.write() as tx:
        grant = await twinning_access.twinning_to_answer(tx, by, twinning_id)
        await twinnings.accept(tx, grant, await _say(tx, by, grant.twinning.topic_id))


async def change(db: Database, by: Actor, twinning_id: TwinningId, course: Course) -> None:
    """Move a twinning, without a word."""
    async with db.write() as tx:
        grant = await twinning_access.twinning_to_change(tx, by, twinning_id)
        await twinnings.change(tx, grant, course, None)


async def _say(tx: Tx, by: Actor, topic_id: TopicId) -> PostId:
    grant = await access.topic_to_reply(tx, by, topic_id)
    return (await posts.reply(tx, grant, Reply("Ναι.", rendered("Ναι.")))).id
