"""Expressions of interest: who may say what and until when, who learns of it, and what the consortium comes to."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from forum.db import Card, Database, RawConnection, Statement
from forum.domain import access, idempotency, interests, kinds, notifications, posts, proposal_access
from forum.domain.actors import Actor
from forum.domain.entities import MemberId, TopicId
from forum.domain.interests import Decided, Meter
from forum.domain.kinds.fields import Instant, at
from forum.domain.kinds.proposal import PROPOSAL, ROLES
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from tests.cast import Cast
from tests.domain import proposing, telling, writing
from tests.domain.test_successions import _merge

_CLOSE_NOW = Statement(
    "test_interests.close_now",
    "UPDATE topics SET deadline_at = clock_timestamp() WHERE id = $1",
    returns=int,
    card=Card.NONE,
)


async def _told(owner: RawConnection) -> dict[MemberId, str | None]:
    """Return who has been told of an expression of interest, and what was decided on it."""
    rows = await owner.fetch("SELECT member_id, decision FROM notifications WHERE kind = 'interest'")
    return {row["member_id"]: row["decision"] for row in rows}


async def _meter(db: Database, actor: Actor, topic_id: TopicId) -> Meter:
    """Return the meter, having seen that the page, lists and single topics agree."""
    async with db.read() as conn:
        topic = (await access.topic_to_read(conn, actor, topic_id)).topic
        alone = await interests.meter(conn, topic)
        listed = await interests.meters(conn, [topic_id])
    shown = (await proposing.seen(db, actor, topic_id)).meter
    assert shown == alone == listed[topic_id]
    return shown


# Expressing ----------------------------------------------------------------------------------------


async def test_a_municipality_expresses_interest_and_the_lead_accepts_it(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca", partners_min=2, countries_min=2)
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    own = (await proposing.seen(db, cast.nikos, made.topic_id)).own
    assert own is not None
    assert (own.organisation_slug, own.country, own.role, own.decision) == ("mytilene", "GR", "partner", "waiting")
    assert (own.note, own.contact, own.member_name) == ("Έχουμε μετρητές", "nero@mytilene.example", cast.nikos.name)
    assert await _meter(db, cast.maria, made.topic_id) == Meter(1, 2, 1, 2)
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "accepted", "Καλώς ήρθατε")
    seen = await proposing.seen(db, cast.maria, made.topic_id)
    assert [(one.decision, one.answer, one.decided_by_name) for one in seen.interests] == [
        ("accepted", "Καλώς ήρθατε", cast.maria.name)
    ]
    assert seen.lead.organisation_slug == "larnaca"
    assert await _meter(db, cast.moderator, made.topic_id) == Meter(2, 2, 2, 2)
    acts = await owner.fetch("SELECT act, before->>'decision', after->>'decision' FROM audit_entries ORDER BY id")
    assert [tuple(row) for row in acts if row["act"].startswith("interest.")] == [
        ("interest.expressed", None, "waiting"),
        ("interest.decided", "waiting", "accepted"),
    ]


async def test_without_a_lead_organisation_the_authors_leads(db: Database, cast: Cast) -> None:
    made = await proposing.propose(db, cast.sophie)
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    colleague = cast.administrator
    assert colleague.organisation_id == cast.sophie.organisation_id
    seen = await proposing.seen(db, cast.sophie, made.topic_id)
    assert seen.lead.organisation_slug == "union-of-cyprus-municipalities"
    assert seen.lead.country is None
    await proposing.decide(db, colleague, made.topic_id, interest_id, "reserved")
    with pytest.raises(Forbidden, match="leads_proposal"):
        await proposing.express(db, cast.sophie, made.topic_id)


async def test_who_may_only_read_expresses_nothing_and_strangers_find_nothing(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    made = await proposing.propose(db, cast.sophie)
    await proposing.express(db, cast.maria, made.topic_id)
    await owner.execute(
        "UPDATE grants SET can_reply = false WHERE group_id IN (SELECT id FROM groups WHERE kind = 'region')"
    )
    with pytest.raises(Forbidden, match="cannot_reply"):
        await proposing.express(db, cast.nikos, made.topic_id)
    with pytest.raises(NotFound):
        await proposing.express(db, cast.stranger, made.topic_id)
    with pytest.raises(NotFound):
        await proposing.seen(db, cast.stranger, made.topic_id)


async def test_what_is_no_proposal_takes_no_interest(db: Database, cast: Cast) -> None:
    question = await writing.start(db, cast.maria)
    for act in (
        proposing.express(db, cast.nikos, question.topic_id),
        proposing.seen(db, cast.nikos, question.topic_id),
        proposing.move(db, cast.maria, question.topic_id, "withdrawn"),
    ):
        with pytest.raises(NotFound):
            await act
    async with db.read() as conn:
        assert await interests.meters(conn, [question.topic_id]) == {}
        assert await interests.meters(conn, []) == {}


async def test_a_role_must_be_sought(db: Database, cast: Cast) -> None:
    made = await proposing.propose(db, cast.sophie, roles=["associate", "observer"])
    with pytest.raises(Invalid) as refused:
        await proposing.express(db, cast.nikos, made.topic_id, role="partner")
    assert refused.value.fields == {"role": ("unknown",)}
    await proposing.express(db, cast.nikos, made.topic_id, role="associate")
    assert interests.roles_sought({"roles": ["observer"]}) == (("observer", dict(ROLES)["observer"]),)
    assert interests.roles_sought({}) == ROLES


async def test_colleagues_change_and_withdraw_it_until_it_is_answered(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    colleague = await proposing.colleague(owner, cast.nikos)
    async with db.write() as tx:
        grant = await proposal_access.interest_to_change(tx, colleague, made.topic_id, interest_id)
        await interests.change(tx, grant, role="observer", note="", contact="20")
    own = (await proposing.seen(db, cast.nikos, made.topic_id)).own
    assert own is not None
    assert (own.role, own.note, own.contact, own.member_name) == ("observer", "", "20", colleague.name)
    for other in (cast.maria, cast.moderator):
        with pytest.raises(NotFound):
            await proposing.withdraw(db, other, made.topic_id, interest_id)
    await proposing.withdraw(db, cast.nikos, made.topic_id, interest_id)
    assert (await proposing.seen(db, cast.maria, made.topic_id)).interests == [], "nobody sees what was withdrawn"
    with pytest.raises(NotFound):
        await proposing.decide(db, cast.maria, made.topic_id, interest_id, "accepted")
    assert await proposing.express(db, colleague, made.topic_id) == interest_id, "the same row, taken up again"
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "declined")
    for act in (
        proposing.withdraw(db, cast.nikos, made.topic_id, interest_id),
        proposing.express(db, cast.nikos, made.topic_id),
    ):
        with pytest.raises(Forbidden, match="interest_decided"):
            await act
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "accepted", "Τελικά ναι")
    assert await owner.fetchval("SELECT count(*) FROM interests") == 1


@pytest.mark.parametrize("decision", ["accepted", "reserved"])
async def test_an_organisation_that_was_answered_withdraws_with_a_reason_that_the_lead_is_told(
    db: Database, cast: Cast, owner: RawConnection, decision: Decided
) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca", partners_min=2)
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    with pytest.raises(Forbidden, match="interest_waiting"):
        await proposing.leave(db, cast.nikos, made.topic_id, interest_id, "Αλλάξαμε γνώμη")
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, decision, "Καλώς ήρθατε")
    await proposing.move(db, cast.maria, made.topic_id, "consortium_complete")
    await owner.execute("DELETE FROM notifications")
    for other in (cast.maria, cast.moderator):
        with pytest.raises(NotFound):
            await proposing.leave(db, other, made.topic_id, interest_id, "Όχι")
    await proposing.leave(db, cast.nikos, made.topic_id, interest_id, "Δεν έχουμε προσωπικό")
    for side in (cast.maria, cast.sophie, cast.nikos):
        (left,) = (await proposing.seen(db, side, made.topic_id)).interests
        assert (left.decision, left.withdrawal_reason) == ("withdrawn", "Δεν έχουμε προσωπικό")
    outsider = await proposing.colleague(owner, cast.suspended)
    assert (await proposing.seen(db, outsider, made.topic_id)).interests == []
    assert await _meter(db, cast.maria, made.topic_id) == Meter(1, 2, 1, None)
    assert await _told(owner) == {cast.maria.member_id: "withdrawn", cast.sophie.member_id: "withdrawn"}
    with pytest.raises(Conflict, match="interest_withdrawn"):
        await proposing.decide(db, cast.maria, made.topic_id, interest_id, "accepted")
    with pytest.raises(NotFound):
        await proposing.withdraw(db, cast.nikos, made.topic_id, interest_id)
    with pytest.raises(Forbidden, match="interest_decided"):
        await proposing.leave(db, cast.nikos, made.topic_id, interest_id, "Πάλι")
    acts = await owner.fetch(
        "SELECT before->>'decision', after->>'decision' FROM audit_entries ORDER BY id DESC LIMIT 1"
    )
    assert [tuple(row) for row in acts] == [(decision, "withdrawn")]
    await proposing.move(db, cast.maria, made.topic_id, "open")
    assert await proposing.express(db, cast.nikos, made.topic_id) == interest_id, "it may come again"
    own = (await proposing.seen(db, cast.nikos, made.topic_id)).own
    assert own is not None
    assert (own.decision, own.answer, own.withdrawal_reason) == ("waiting", "", None)


async def test_who_was_declined_or_is_in_what_was_submitted_does_not_withdraw(db: Database, cast: Cast) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "declined")
    with pytest.raises(Forbidden, match="interest_decided"):
        await proposing.leave(db, cast.nikos, made.topic_id, interest_id, "Όχι")
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "accepted")
    await proposing.move(db, cast.maria, made.topic_id, "consortium_complete", "submitted")
    with pytest.raises(Forbidden, match="proposal_settled"):
        await proposing.leave(db, cast.nikos, made.topic_id, interest_id, "Όχι")


async def test_the_same_decision_once_more_changes_and_tells_nothing(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    made = await proposing.propose(db, cast.sophie)
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    await proposing.decide(db, cast.sophie, made.topic_id, interest_id, "accepted", "Ναι")
    before = await owner.fetchrow("SELECT * FROM interests")
    await owner.execute("DELETE FROM notifications")
    await proposing.decide(db, cast.sophie, made.topic_id, interest_id, "accepted", "Ναι")
    assert await owner.fetchrow("SELECT * FROM interests") == before
    assert await _told(owner) == {}


async def test_who_does_not_lead_decides_nothing(db: Database, cast: Cast) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    with pytest.raises(Forbidden, match="not_lead"):
        await proposing.decide(db, cast.nikos, made.topic_id, interest_id, "accepted")
    with pytest.raises(NotFound):
        await proposing.decide(db, cast.stranger, made.topic_id, interest_id, "accepted")
    other = await proposing.propose(db, cast.sophie, lead="larnaca")
    with pytest.raises(NotFound):
        await proposing.decide(db, cast.maria, other.topic_id, interest_id, "accepted")
    for leader in (cast.sophie, cast.maria, cast.moderator):
        await proposing.decide(db, leader, made.topic_id, interest_id, "accepted", leader.name)


# Time ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["deadline", "interest_deadline"])
async def test_one_second_before_the_deadline_is_in_time_and_one_second_after_it_is_late(
    db: Database, cast: Cast, owner: RawConnection, field: str
) -> None:
    made = await proposing.propose(db, cast.sophie)
    await proposing.close(owner, made.topic_id, seconds=-1, field=field)
    with pytest.raises(Forbidden, match="interest_closed"):
        await proposing.express(db, cast.nikos, made.topic_id)
    await proposing.close(owner, made.topic_id, seconds=1, field=field)
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    await proposing.close(owner, made.topic_id, seconds=-1, field=field)
    with pytest.raises(Forbidden, match="interest_closed"):
        await proposing.withdraw(db, cast.nikos, made.topic_id, interest_id)
    assert not (await proposing.seen(db, cast.nikos, made.topic_id)).standing.is_open
    await proposing.decide(db, cast.sophie, made.topic_id, interest_id, "accepted")


async def test_who_waited_for_the_topic_past_the_deadline_is_late(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    made = await proposing.propose(db, cast.sophie)
    async with db.write() as tx:
        await access.lock_topic(tx, made.topic_id)
        waiting = asyncio.create_task(proposing.express(db, cast.nikos, made.topic_id))
        await asyncio.sleep(0.3)
        assert not waiting.done(), "the premise: it began before the deadline"
        await tx.run(_CLOSE_NOW, made.topic_id)
    with pytest.raises(Forbidden, match="interest_closed"):
        await waiting


async def test_a_state_beyond_open_takes_no_interest(db: Database, cast: Cast) -> None:
    made = await proposing.propose(db, cast.sophie)
    await proposing.move(db, cast.sophie, made.topic_id, "consortium_complete")
    with pytest.raises(Forbidden, match="proposal_not_open"):
        await proposing.express(db, cast.nikos, made.topic_id)


@pytest.mark.parametrize("zone", ["Europe/Athens", "Asia/Nicosia", "Europe/Brussels"])
@pytest.mark.parametrize(
    ("day", "offset"),
    [("2027-03-27", "winter"), ("2027-03-28", "summer"), ("2027-10-30", "summer"), ("2027-10-31", "winter")],
)
async def test_the_clocks_of_a_zone_name_the_instant_on_the_days_they_change(
    db: Database, cast: Cast, owner: RawConnection, zone: str, day: str, offset: str
) -> None:
    typed = {"f": day, "f.time": "17:00", "f.zone": zone}
    value = Instant(name="f", label="F").read(typed)
    assert value is not None
    hours = {"winter": 1, "summer": 2}[offset] + (zone != "Europe/Brussels")
    closes_at = at(value)
    assert closes_at == datetime.fromisoformat(f"{day}T17:00:00+0{hours}:00")
    made = await proposing.propose(db, cast.sophie, deadline=value)
    assert (await proposing.seen(db, cast.nikos, made.topic_id)).standing.closes_at == closes_at
    asked = "SELECT $2::timestamptz < deadline_at FROM topics WHERE id = $1"
    for moment, is_in_time in ((f"{day}T16:59:59", True), (f"{day}T17:00:00", False), (f"{day}T17:00:01", False)):
        local = Instant(name="f", label="F").check({"local": moment, "zone": zone})
        assert await owner.fetchval(asked, made.topic_id, at(local)) is is_in_time


# Races ---------------------------------------------------------------------------------------------


async def test_two_colleagues_at_once_leave_one_row(db: Database, cast: Cast, owner: RawConnection) -> None:
    made = await proposing.propose(db, cast.sophie)
    colleague = await proposing.colleague(owner, cast.nikos)
    done = await asyncio.gather(
        *(proposing.express(db, person, made.topic_id, note=person.name) for person in (cast.nikos, colleague) * 4),
        return_exceptions=True,
    )
    refused = [one for one in done if isinstance(one, BaseException)]
    assert len(refused) == 7
    assert {type(one) for one in refused} == {Conflict}
    assert {str(one) for one in refused} == {"interest_there"}
    assert await owner.fetchval("SELECT count(*) FROM interests") == 1


async def test_one_key_eight_times_at_once_expresses_interest_once(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    made = await proposing.propose(db, cast.sophie)
    key = idempotency.make("δις", "interests.express", str(made.topic_id))
    done = await asyncio.gather(*(proposing.express(db, cast.nikos, made.topic_id, key=key) for _ in range(8)))
    assert len(set(done)) == 1
    assert await owner.fetchval("SELECT count(*) FROM audit_entries WHERE act = 'interest.expressed'") == 1


async def test_a_withdrawal_and_an_answer_at_once_leave_one_of_the_two(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    for _ in range(5):
        made = await proposing.propose(db, cast.sophie)
        interest_id = await proposing.express(db, cast.nikos, made.topic_id)
        done = await asyncio.gather(
            proposing.withdraw(db, cast.nikos, made.topic_id, interest_id),
            proposing.decide(db, cast.sophie, made.topic_id, interest_id, "accepted"),
            return_exceptions=True,
        )
        assert sum(one is None for one in done) == 1, done
    assert (
        await owner.fetchval("SELECT count(*) FROM interests WHERE withdrawn_at IS NOT NULL AND decided_at IS NOT NULL")
        == 0
    )


# Who sees what -------------------------------------------------------------------------------------


async def test_waiting_reserved_and_declined_ones_are_for_the_two_sides_alone(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca", partners_min=2, countries_min=1)
    interest_id = await proposing.express(db, cast.nikos, made.topic_id, note="Μυστικό")
    others = [await proposing.colleague(owner, of) for of in (cast.suspended, cast.moderator)]
    outsider, association = others
    decisions: tuple[Decided | None, ...] = (None, "reserved", "declined")
    for decision in decisions:
        if decision:
            await proposing.decide(db, cast.maria, made.topic_id, interest_id, decision)
        for other in (outsider, association):
            seen = await proposing.seen(db, other, made.topic_id)
            assert seen.interests == [], decision
            assert seen.meter == Meter(1, 2, 1, 1), "and no count tells of it"
            assert seen.standing.own_id is None
        for side in (cast.maria, cast.sophie, cast.moderator, cast.nikos):
            assert [one.note for one in (await proposing.seen(db, side, made.topic_id)).interests] == ["Μυστικό"]
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "accepted", "Ναι")
    (shown,) = (await proposing.seen(db, outsider, made.topic_id)).interests
    told = replace(
        shown,
        note=None,
        contact=None,
        answer=None,
        member_id=None,
        member_name=None,
        decided_by_name=None,
        decided_at=None,
        created_at=None,
        updated_at=None,
    )
    assert shown == told, "of an accepted one only who and in what role"
    assert (shown.organisation_slug, shown.role) == ("mytilene", "partner")


async def test_who_looks_as_others_speaks_for_no_organisation(db: Database, cast: Cast) -> None:
    made = await proposing.propose(db, cast.sophie)
    await proposing.express(db, cast.nikos, made.topic_id)
    async with db.read() as conn:
        grant = await access.topic_to_read(conn, cast.nikos, made.topic_id)
        looker = replace(cast.administrator, member_id=MemberId(-1), is_administrator=False)
        seen = await interests.consortium(conn, replace(grant, actor=looker))
    assert not seen.standing.is_leading
    assert not seen.standing.is_of_lead
    assert seen.interests == []


# The meter -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected", "is_full"),
    [
        ({}, Meter(2, None, 2, None), True),
        ({"partners_min": 2, "partners_max": 6}, Meter(2, 2, 2, None), True),
        ({"partners_max": 4}, Meter(2, 4, 2, None), False),
        ({"partners_min": 2, "countries_min": 3}, Meter(2, 2, 2, 3), False),
    ],
)
async def test_the_lead_counts_as_a_partner_and_its_country_counts(
    db: Database, cast: Cast, fields: dict[str, Any], expected: Meter, is_full: bool
) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca", **fields)
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    assert not (await _meter(db, cast.nikos, made.topic_id)).is_full
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "accepted")
    assert await _meter(db, cast.nikos, made.topic_id) == expected
    assert expected.is_full is is_full


async def test_organisations_that_merge_count_once_and_their_people_stay_a_party(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "accepted")
    await _merge(db, cast, "mytilene", "west-lesvos")
    nikos = await _now(owner, cast.nikos)
    own = (await proposing.seen(db, nikos, made.topic_id)).own
    assert own is not None
    assert (own.organisation_slug, own.note) == ("west-lesvos", "Έχουμε μετρητές")
    await _merge(db, cast, "larnaca", "limassol")
    maria = await _now(owner, cast.maria)
    seen = await proposing.seen(db, maria, made.topic_id)
    assert seen.standing.is_leading
    assert seen.lead.organisation_slug == "limassol"
    assert await _meter(db, maria, made.topic_id) == Meter(2, None, 2, None)
    with pytest.raises(Forbidden, match="leads_proposal"):
        await proposing.express(db, maria, made.topic_id)


async def _now(owner: RawConnection, actor: Actor) -> Actor:
    """Return an actor as they are after their organisation has merged."""
    row = await owner.fetchrow("SELECT organisation_id FROM members WHERE id = $1", actor.member_id)
    assert row is not None
    return replace(actor, organisation_id=row["organisation_id"])


# Another lead --------------------------------------------------------------------------------------


async def _name_lead(db: Database, actor: Actor, topic_id: TopicId, lead: str | None) -> tuple[str, ...]:
    """Have the author name another lead, or none; return what is wrong with that."""
    fields = {**proposing.FIELDS, "lead": lead} if lead else proposing.FIELDS
    try:
        async with db.write() as tx:
            grant = await access.first_post_to_edit(tx, actor, topic_id)
            await posts.edit(tx, grant, body="", rendered=writing.rendered(""), title=None, fields=fields)
    except Invalid as invalid:
        return invalid.fields["lead"]
    return ()


async def test_the_lead_stays_while_somebody_has_expressed_interest_to_it(db: Database, cast: Cast) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    for decision in (None, "accepted", "reserved", "declined"):
        if decision:
            await proposing.decide(db, cast.maria, made.topic_id, interest_id, decision)
        for lead in ("chios", None):
            assert await _name_lead(db, cast.sophie, made.topic_id, lead) == ("lead_bound",), decision
        assert (await proposing.seen(db, cast.maria, made.topic_id)).lead.organisation_slug == "larnaca"
        assert await _name_lead(db, cast.sophie, made.topic_id, "larnaca") == ()


async def test_another_lead_is_named_before_and_after_and_where_it_is_none_other(db: Database, cast: Cast) -> None:
    made = await proposing.propose(db, cast.sophie)
    assert await _name_lead(db, cast.sophie, made.topic_id, "larnaca") == ()
    assert await _name_lead(db, cast.sophie, made.topic_id, None) == ()
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    own = cast.sophie.organisation_slug
    assert await _name_lead(db, cast.sophie, made.topic_id, own) == (), "who leads without being named"
    assert await _name_lead(db, cast.sophie, made.topic_id, "larnaca") == ("lead_bound",)
    await proposing.withdraw(db, cast.nikos, made.topic_id, interest_id)
    assert await _name_lead(db, cast.sophie, made.topic_id, "larnaca") == ()


# Being told ----------------------------------------------------------------------------------------


async def test_the_leads_people_and_the_author_are_told_and_then_the_organisation(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    quiet = await proposing.colleague(owner, cast.maria)
    await telling.choose(db, quiet, made.topic_id, "mute")
    watcher = await proposing.colleague(owner, cast.nikos)
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    assert await _told(owner) == {cast.maria.member_id: None, cast.sophie.member_id: None}
    await owner.execute("DELETE FROM notifications")
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "reserved")
    assert await _told(owner) == {cast.nikos.member_id: "reserved"}
    await telling.choose(db, watcher, made.topic_id, "watch")
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "accepted")
    assert await _told(owner) == {cast.nikos.member_id: "accepted", watcher.member_id: "accepted"}
    async with db.read() as conn:
        ((item,),) = [topic.items for topic in (await notifications.list_topics(conn, cast.nikos)).items]
        assert (item.interest_id, item.decision, item.post_id) == (interest_id, "accepted", None)
        assert (item.topic_id, item.actor_name, item.is_unread) == (made.topic_id, cast.maria.name, True)
    seen: list[int] = []
    async with db.write() as tx:
        await notifications.read_topic(tx, cast.nikos, made.topic_id, 1, seen)  # type: ignore[arg-type]  # runs alike
    assert seen == [1]


async def test_what_one_is_told_of_is_hidden_once_one_is_no_party_to_it_any_more(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)

    async def is_readable() -> bool:
        async with db.read() as conn:
            (item,) = (await notifications.list_notifications(conn, cast.maria)).items
            assert (item.topic_title is not None) is item.is_readable
            return item.is_readable

    assert await is_readable()
    await owner.execute(
        "UPDATE members SET organisation_id = $2 WHERE id = $1", cast.maria.member_id, cast.suspended.organisation_id
    )
    assert not await is_readable(), "somebody of another municipality"
    await owner.execute(
        "UPDATE members SET organisation_id = $2 WHERE id = $1", cast.maria.member_id, cast.maria.organisation_id
    )
    assert await is_readable()
    await proposing.withdraw(db, cast.nikos, made.topic_id, interest_id)
    assert not await is_readable(), "nobody is told of what was withdrawn"


async def test_every_act_gives_the_topic_another_version(db: Database, cast: Cast) -> None:
    made = await proposing.propose(db, cast.sophie)
    seen = [0]

    async def see(what: str) -> None:
        async with db.read() as conn:
            version = (await access.topic_to_read(conn, cast.sophie, made.topic_id)).topic.version
        assert version > max(seen), what
        seen.append(version)

    await see("start")
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    await see("express")
    await proposing.withdraw(db, cast.nikos, made.topic_id, interest_id)
    await see("withdraw")
    await proposing.express(db, cast.nikos, made.topic_id)
    await see("express again")
    await proposing.decide(db, cast.sophie, made.topic_id, interest_id, "accepted")
    await see("decide")
    await proposing.move(db, cast.sophie, made.topic_id, "consortium_complete")
    await see("move")


def test_every_role_that_is_sought_can_be_offered() -> None:
    assert kinds.of("proposal") is PROPOSAL
    assert [code for code, _ in interests.roles_sought({"roles": [code for code, _ in ROLES]})] == [
        "lead",
        "partner",
        "associate",
        "observer",
    ]
