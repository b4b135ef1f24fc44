"""The state of a proposal: one step on, one back, by its lead's side, told in the topic; and what grows out of it."""

from __future__ import annotations

import asyncio

import pytest

from forum.db import Database, RawConnection
from forum.domain import access, origins, proposal_access, topics
from forum.domain.actors import Actor
from forum.domain.entities import TopicId
from forum.domain.kinds.proposal import MOVES, PROPOSAL, STATES
from forum.errors import Conflict, Forbidden, NotFound
from tests.cast import Cast
from tests.domain import proposing, writing


async def _state(db: Database, actor: Actor, topic_id: TopicId) -> str:
    async with db.read() as conn:
        return str((await access.topic_to_read(conn, actor, topic_id)).topic.fields["state"])


def test_every_state_has_its_ways_and_none_leads_out_of_the_list() -> None:
    codes = {code for code, _ in STATES}
    assert set(MOVES) == codes
    assert {code for ways in MOVES.values() for code in ways} == codes
    for state, ways in MOVES.items():
        assert state not in ways
    for before, after in (("open", "consortium_complete"), ("submitted", "funded"), ("submitted", "rejected")):
        assert after in MOVES[before]
        assert before in MOVES[after], "a step back corrects a mistake"
    assert PROPOSAL.first_state == "open"


async def test_the_lead_moves_on_step_by_step_and_every_reader_sees_it_in_the_topic(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    await proposing.move(db, cast.maria, made.topic_id, "consortium_complete", note="Έξι εταίροι")
    await proposing.move(db, cast.sophie, made.topic_id, "submitted", "funded")
    assert await _state(db, cast.nikos, made.topic_id) == "funded"
    async with db.read() as conn:
        grant = await access.topic_to_read(conn, cast.nikos, made.topic_id)
        notices = await topics.list_notices(conn, grant, first=1, last=20)
    assert [(notice.act, notice.state, notice.reason, notice.actor_name) for notice in notices] == [
        ("state", "consortium_complete", "Έξι εταίροι", cast.maria.name),
        ("state", "submitted", None, cast.sophie.name),
        ("state", "funded", None, cast.sophie.name),
    ]
    entries = await owner.fetch("SELECT before->>'state', after->>'state' FROM audit_entries WHERE act = 'topic.state'")
    assert [tuple(entry) for entry in entries] == [
        ("open", "consortium_complete"),
        ("consortium_complete", "submitted"),
        ("submitted", "funded"),
    ]


async def test_no_step_is_left_out_and_the_same_state_again_changes_nothing(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    made = await proposing.propose(db, cast.sophie)
    for state in ("submitted", "funded", "rejected"):
        with pytest.raises(Conflict, match="no_such_move"):
            await proposing.move(db, cast.sophie, made.topic_id, state)
    await proposing.move(db, cast.sophie, made.topic_id, "open")
    assert await owner.fetchval("SELECT count(*) FROM topic_notices") == 0
    await proposing.move(db, cast.sophie, made.topic_id, "withdrawn", "open", "consortium_complete", "open")
    assert await _state(db, cast.sophie, made.topic_id) == "open"


async def test_others_change_no_state(db: Database, cast: Cast) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    with pytest.raises(Forbidden, match="not_lead"):
        await proposing.move(db, cast.nikos, made.topic_id, "withdrawn")
    with pytest.raises(NotFound):
        await proposing.move(db, cast.stranger, made.topic_id, "withdrawn")
    await writing.lock(db, cast.moderator, made.topic_id)
    with pytest.raises(Forbidden, match="topic_locked"):
        await proposing.move(db, cast.maria, made.topic_id, "withdrawn")
    await proposing.move(db, cast.moderator, made.topic_id, "withdrawn")


async def test_two_at_once_move_on_once(db: Database, cast: Cast, owner: RawConnection) -> None:
    made = await proposing.propose(db, cast.sophie)
    await proposing.move(db, cast.sophie, made.topic_id, "consortium_complete", "submitted")
    done = await asyncio.gather(
        *(proposing.move(db, cast.sophie, made.topic_id, state) for state in ("funded", "rejected")),
        return_exceptions=True,
    )
    assert [type(one) for one in done if one] == [Conflict]
    assert await owner.fetchval("SELECT count(*) FROM topic_notices") == 3


async def test_an_edit_leaves_the_state_as_it_is(db: Database, cast: Cast) -> None:
    made = await proposing.propose(db, cast.sophie)
    await proposing.move(db, cast.sophie, made.topic_id, "consortium_complete")
    await writing.edit(db, cast.sophie, made.first_post_id, "Λόγια", "Νέος τίτλος")
    assert await _state(db, cast.sophie, made.topic_id) == "consortium_complete"


PRACTICE = {
    "teaser": "Δίκτυο",
    "owner": "larnaca",
    "problem": "Π",
    "solution": "Λ",
    "resources": "Ρ",
    "indicators": [{"name": "Νερό", "before": "2", "after": "1", "unit": "m³"}],
    "transfer": "Μ",
    "contact": "20",
}


async def _grow(db: Database, actor: Actor, origin_id: TopicId) -> TopicId:
    fields = PRACTICE | ({"owner": actor.organisation_slug} if actor.region_slug else {})
    made = await writing.start(
        db, actor, category="good-practices", title="Πρακτική", body="", kind="good_practice", fields=fields
    )
    async with db.write() as tx:
        await origins.note(tx, await proposal_access.topic_to_grow(tx, actor, origin_id), made.topic_id)
    return made.topic_id


async def _related(db: Database, actor: Actor, topic_id: TopicId) -> list[tuple[TopicId, bool]]:
    async with db.read() as conn:
        found = await origins.list_related(conn, await access.topic_to_read(conn, actor, topic_id))
    return [(one.id, one.is_origin) for one in found]


async def test_a_practice_and_its_proposal_lead_to_each_other_for_who_may_read_both(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    for state in ("open", "consortium_complete"):
        await proposing.move(db, cast.maria, made.topic_id, state)
        with pytest.raises(Forbidden, match="not_carried_out"):
            await _grow(db, cast.maria, made.topic_id)
    await proposing.move(db, cast.maria, made.topic_id, "submitted")
    with pytest.raises(Forbidden, match="not_lead"):
        await _grow(db, cast.nikos, made.topic_id)
    practice = await _grow(db, cast.maria, made.topic_id)
    assert await _related(db, cast.nikos, practice) == [(made.topic_id, True)]
    assert await _related(db, cast.nikos, made.topic_id) == [(practice, False)]
    await owner.execute(
        "DELETE FROM grants USING categories, groups WHERE groups.id = grants.group_id AND groups.kind = 'region' "
        "AND categories.id = grants.category_id AND categories.slug = 'proposals'"
    )
    assert await _related(db, cast.nikos, practice) == [], "the proposal is not for them any more"
    assert await _related(db, cast.sophie, practice) == [(made.topic_id, True)]
    await writing.delete_topic(db, cast.sophie, made.topic_id)
    assert await _related(db, cast.sophie, practice) == []
