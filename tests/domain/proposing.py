"""Proposals as the tests begin with them, and what is done in them, in a line each."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from forum.db import Database, RawConnection
from forum.domain import access, interests, proposal_access, topic_states
from forum.domain.actors import Actor
from forum.domain.entities import InterestId, MemberId, TopicId
from forum.domain.interests import Consortium, Decided
from forum.domain.topics import Started
from tests.domain import writing

FAR: Final = {"at": "2199-01-31T16:00:00Z", "zone": "Europe/Brussels"}

FIELDS: Final[dict[str, Any]] = {
    "type": "partner_search",
    "programme": "CERV",
    "summary": "Δίκτυο πόλεων για το νερό",
    "deadline": FAR,
    "contact": "brussels@union.example",
}


async def propose(
    db: Database, actor: Actor, *, title: str = "Δίκτυο πόλεων", category: str = "proposals", **fields: Any
) -> Started:
    """Start a proposal, of an association unless told otherwise: they may start there. Its deadline may be past."""
    said = {name: value for name, value in (FIELDS | fields).items() if value is not None}
    return await writing.start(
        db,
        actor,
        category=category,
        title=title,
        body="",
        kind="proposal",
        fields=said,
        language="el",
        may_be_past=True,
    )


async def express(
    db: Database,
    actor: Actor,
    topic_id: TopicId,
    *,
    role: str = "partner",
    note: str = "Έχουμε μετρητές",
    contact: str = "nero@mytilene.example",
    **options: Any,
) -> InterestId:
    """Express the interest of the actor's organisation."""
    async with db.write() as tx:
        grant = await proposal_access.topic_to_join(tx, actor, topic_id)
        return await interests.express(tx, grant, role=role, note=note, contact=contact, **options)


async def decide(
    db: Database, actor: Actor, topic_id: TopicId, interest_id: InterestId, decision: Decided, answer: str = ""
) -> None:
    """Answer an expression of interest as the lead."""
    async with db.write() as tx:
        grant = await proposal_access.topic_to_lead(tx, actor, topic_id)
        await interests.decide(tx, grant, interest_id, decision, answer)


async def withdraw(db: Database, actor: Actor, topic_id: TopicId, interest_id: InterestId) -> None:
    """Take back what the actor's organisation said."""
    async with db.write() as tx:
        await interests.withdraw(tx, await proposal_access.interest_to_change(tx, actor, topic_id, interest_id))


async def leave(db: Database, actor: Actor, topic_id: TopicId, interest_id: InterestId, reason: str) -> None:
    """Withdraw the actor's organisation after it was answered, with a reason."""
    async with db.write() as tx:
        grant = await proposal_access.interest_to_leave(tx, actor, topic_id, interest_id)
        await interests.leave(tx, grant, reason)


async def move(db: Database, actor: Actor, topic_id: TopicId, *states: str, note: str = "") -> None:
    """Have a proposal come to one state after the other."""
    for state in states:
        async with db.write() as tx:
            await topic_states.change(tx, await proposal_access.topic_to_lead(tx, actor, topic_id), state, note)


async def seen(db: Database, actor: Actor, topic_id: TopicId) -> Consortium:
    """Return the partners of a proposal as somebody sees them."""
    async with db.read() as conn:
        return await interests.consortium(conn, await access.topic_to_read(conn, actor, topic_id))


async def close(owner: RawConnection, topic_id: TopicId, *, seconds: float, field: str = "deadline") -> None:
    """Have a deadline of a proposal come in so many seconds, or have come so long ago."""
    at = (await owner.fetchval("SELECT clock_timestamp()")) + timedelta(seconds=seconds)
    value = json.dumps({"at": at.astimezone(UTC).isoformat(), "zone": "Europe/Brussels"})
    deadline: datetime | None = at if field == "deadline" else None
    await owner.execute(
        "UPDATE topics SET fields = fields || jsonb_build_object($2::text, $3::jsonb), "
        "deadline_at = coalesce($4, deadline_at) WHERE id = $1",
        topic_id,
        field,
        value,
        deadline,
    )


async def colleague(owner: RawConnection, of: Actor, name: str = "Ελένη Παππά") -> Actor:
    """Return another member of somebody's organisation, made for it."""
    member_id = await owner.fetchval(
        "INSERT INTO members (name, email, organisation_id, password_hash, language, created_at, read_before) "
        "VALUES ($1, $2, $3, 'x', 'el', now() - interval '1 day', now() - interval '1 day') RETURNING id",
        name,
        f"colleague{of.member_id}@example.org",
        of.organisation_id,
    )
    return replace(of, member_id=MemberId(member_id), name=name)


async def pass_on(owner: RawConnection, actor: Actor, to: Actor) -> None:
    """Have somebody belong to another's organisation."""
    await owner.execute("UPDATE members SET organisation_id = $2 WHERE id = $1", actor.member_id, to.organisation_id)
