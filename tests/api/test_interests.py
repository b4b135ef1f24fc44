"""Expressions of interest and the state of a proposal, by programs: the same rights, and nothing told to others."""

from __future__ import annotations

from forum.db import RawConnection
from forum.keys import DB
from tests.domain import proposing
from tests.site import Site
from tests.web import proposals
from tests.web.proposals import SAID


async def test_interest_is_expressed_changed_answered_and_counted(site: Site) -> None:
    made = await proposals.propose(site, partners_min=2, countries_min=2)
    nikos, maria = await site.program("nikos"), await site.program("maria")
    path = f"/api/v1/topics/{made.topic_id}/interests"
    created = await nikos.post(path, json=SAID)
    assert created.status == 201
    one = created.headers["Location"].partition("/api/")[2]
    assert one == f"v1/topics/{made.topic_id}/interests/{created.json['id']}"
    assert (await nikos.get(f"/api/{one}")).json == created.json
    assert (await nikos.post(path, json=SAID)).json["code"] == "interest_there"
    changed = await nikos.patch(f"/api/{one}", json={"note": "Νέο"})
    assert (changed.json["note"], changed.json["contact"], changed.json["decision"]) == (
        "Νέο",
        SAID["contact"],
        "waiting",
    )
    assert (await maria.get(f"/api/v1/topics/{made.topic_id}")).json["partners"] == {
        "found": 1,
        "needed": 2,
        "countries_found": 1,
        "countries_needed": 2,
    }
    answered = await maria.patch(f"/api/{one}", json={"decision": "accepted", "answer": "Ναι"})
    assert (answered.json["decision"], answered.json["answer"]) == ("accepted", "Ναι")
    again = await maria.patch(f"/api/{one}", json={"decision": "reserved"})
    assert again.json["answer"] == "Ναι", "what is left out stays"
    assert (await nikos.delete(f"/api/{one}")).json["code"] == "interest_decided"
    await maria.patch(f"/api/{one}", json={"decision": "accepted"})
    assert (await nikos.get(f"/api/v1/topics/{made.topic_id}")).json["partners"]["found"] == 2
    told = (await nikos.get("/api/v1/notifications")).json["items"][0]
    assert (told["kind"], told["decision"], told["interest_id"], told["post_id"]) == (
        "interest",
        "accepted",
        created.json["id"],
        None,
    )


async def test_others_are_told_of_accepted_ones_alone_and_without_what_is_not_theirs(
    site: Site, owner: RawConnection
) -> None:
    made = await proposals.propose(site)
    db, cast = site.app[DB], site.cast
    await owner.execute("UPDATE members SET suspended_until = NULL, suspension_reason = NULL")
    outsider, nikos, maria = [await site.program(name) for name in ("suspended", "nikos", "maria")]
    path = f"/api/v1/topics/{made.topic_id}/interests"
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    for decision in ("waiting", "declined"):
        if decision == "declined":
            await proposing.decide(db, cast.maria, made.topic_id, interest_id, "declined")
        assert (await outsider.get(path)).json == {"items": [], "next": None}
        hidden, never = await outsider.get(f"{path}/{interest_id}"), await outsider.get(f"{path}/999999")
        assert (hidden.status, hidden.json) == (never.status, never.json) == (404, never.json)
        for program in (nikos, maria):
            assert [one["decision"] for one in (await program.get(path)).json["items"]] == [decision]
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "accepted", "Ναι")
    (shown,) = (await outsider.get(path)).json["items"]
    assert {name for name, value in shown.items() if value is not None} == {
        "id",
        "organisation",
        "organisation_name",
        "country",
        "role",
        "decision",
    }
    assert (await (await site.program("stranger")).get(path)).status == 404


async def test_what_cannot_be_taken_is_refused(site: Site) -> None:
    made = await proposals.propose(site, roles=["observer"])
    nikos = await site.program("nikos")
    path = f"/api/v1/topics/{made.topic_id}/interests"
    for wrong in ({"role": "partner"}, {"role": "king"}, {"contact": ""}, {"note": "α" * 1001}, {"more": 1}):
        assert (await nikos.post(path, json={**SAID, "role": "observer", **wrong})).status == 422
    created = (await nikos.post(path, json={**SAID, "role": "observer"})).json
    one = f"{path}/{created['id']}"
    assert (await nikos.patch(one, json={"role": "observer", "decision": "accepted"})).status == 422
    assert (await nikos.patch(one, json={"answer": "Ναι"})).status == 422
    assert (await nikos.patch(one, json={"decision": "accepted"})).json["code"] == "not_lead"
    assert (await nikos.delete(one)).status == 204
    assert (await nikos.get(one)).status == 404


async def test_who_was_answered_withdraws_with_a_reason(site: Site) -> None:
    made = await proposals.propose(site)
    nikos, maria = await site.program("nikos"), await site.program("maria")
    path = f"/api/v1/topics/{made.topic_id}/interests"
    one = f"{path}/{(await nikos.post(path, json=SAID)).json['id']}"
    reason = {"reason": "Δεν έχουμε προσωπικό"}
    assert (await nikos.put(f"{one}/withdrawal", json=reason)).json["code"] == "interest_waiting"
    await maria.patch(one, json={"decision": "accepted"})
    assert (await nikos.put(f"{one}/withdrawal", json={"reason": " "})).status == 422
    assert (await maria.put(f"{one}/withdrawal", json=reason)).status == 404
    left = await nikos.put(f"{one}/withdrawal", json=reason)
    assert (left.json["decision"], left.json["withdrawal_reason"]) == ("withdrawn", reason["reason"])
    assert (await maria.get(one)).json["withdrawal_reason"] == reason["reason"]
    assert (await maria.get("/api/v1/notifications")).json["items"][0]["decision"] == "withdrawn"
    assert (await maria.patch(one, json={"decision": "accepted"})).json["code"] == "interest_withdrawn"


async def test_a_request_that_is_repeated_under_its_key_is_carried_out_once(site: Site, owner: RawConnection) -> None:
    made = await proposals.propose(site)
    nikos = await site.program("nikos")
    path, headers = f"/api/v1/topics/{made.topic_id}/interests", {"Idempotency-Key": "δις".encode().hex()}
    first = await nikos.post(path, json=SAID, headers=headers)
    again = await nikos.post(path, json=SAID, headers=headers)
    assert (first.status, first.json) == (again.status, again.json) == (201, first.json)
    assert await owner.fetchval("SELECT count(*) FROM interests") == 1


async def test_the_state_is_said_by_the_lead(site: Site) -> None:
    made = await proposals.propose(site)
    nikos, maria = await site.program("nikos"), await site.program("maria")
    path = f"/api/v1/topics/{made.topic_id}/state"
    assert (await nikos.put(path, json={"state": "withdrawn"})).json["code"] == "not_lead"
    assert (await maria.put(path, json={"state": "funded"})).json["code"] == "no_such_move"
    assert (await maria.put(path, json={"state": "nonsense"})).status == 422
    moved = await maria.put(path, json={"state": "consortium_complete", "note": "Έξι"})
    assert moved.json["fields"]["state"] == "consortium_complete"
    question = await maria.post("/api/v1/topics", json={"category": "questions", "title": "Α", "body": "Β"})
    shown = await maria.get(f"/api/v1/topics/{question.json['id']}")
    assert shown.json["partners"] is None
    assert (await maria.put(f"/api/v1/topics/{shown.json['id']}/state", json={"state": "open"})).status == 404


async def test_another_lead_gets_no_contacts_that_were_left_to_the_first(site: Site) -> None:
    made = await proposals.propose(site)
    await proposing.express(site.app[DB], site.cast.nikos, made.topic_id)
    sophie, path = await site.program("sophie"), f"/api/v1/topics/{made.topic_id}"
    for lead in ("chios", None):
        refused = await sophie.patch(path, json={"fields": {"lead": lead}})
        assert (refused.status, list(refused.json["errors"])) == (422, ["fields.lead"])
    assert (await sophie.patch(path, json={"fields": {"programme": "LIFE"}})).status == 200
