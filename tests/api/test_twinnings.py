"""Profiles and twinnings by the API, with the rights of the pages."""

from __future__ import annotations

from typing import Any, Final

import pytest

from forum.db import RawConnection
from tests.api.arrange import faulty, problem
from tests.site import Program, Site

PROFILE: Final = "/api/v1/municipalities/larnaca/profile"
TWINNINGS: Final = "/api/v1/twinnings"

FACTS: Final = {
    "area": 107.5,
    "settings": ["coast"],
    "languages": ["el"],
    "themes": ["water"],
    "website": "https://www.larnaka.example.org",
    "is_seeking": True,
    "seeks_countries": ["GR"],
    "seeks_from": 10_000,
}

SIGNED: Final = {
    "state": "signed",
    "from_decision_number": "12/2027",
    "from_decided_on": "2027-01-10",
    "to_decision_number": "7/2027",
    "to_decided_on": "2027-02-11",
    "signed_on": "2027-03-12",
}


async def _invited(site: Site) -> tuple[Program, Program, str]:
    maria, nikos = await site.program("maria"), await site.program("nikos")
    made = await maria.post(TWINNINGS, json={"to": "mytilene", "message": "Ας γνωριστούμε."})
    assert made.status == 201, made.text
    assert made.headers["Location"].endswith(f"/twinnings/{made.json['id']}")
    return maria, nikos, f"{TWINNINGS}/{made.json['id']}"


async def test_a_profile_is_set_whole_and_read_by_all(site: Site) -> None:
    maria, nikos = await site.program("maria"), await site.program("nikos")
    answer = await maria.put(PROFILE, json=FACTS)
    assert answer.status == 200, answer.text
    read = (await nikos.get(PROFILE)).json
    assert {name: read[name] for name in FACTS} == FACTS
    assert read["country"] == "CY"
    assert (await maria.put(PROFILE, json={"settings": ["island"]})).json["themes"] == []
    problem(await nikos.put(PROFILE, json=FACTS), 403)
    problem(await nikos.get("/api/v1/municipalities/union-of-cyprus-municipalities/profile"), 404)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"area": -1}, "area"),
        ({"settings": ["desert"]}, "settings.0"),
        ({"languages": ["xx"]}, "languages"),
        ({"themes": ["chess"]}, "themes"),
        ({"seeks_countries": ["US"]}, "seeks_countries"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"seeks_to": 9}, "seeks_to"),
        ({"population": 1}, "population"),
    ],
)
async def test_a_profile_that_cannot_be_is_refused(site: Site, changed: dict[str, Any], field: str) -> None:
    answer = await (await site.program("maria")).put(PROFILE, json={**FACTS, **changed})
    assert faulty(answer) == {field}


async def test_an_invitation_is_made_once_and_answered_by_the_other_side(site: Site) -> None:
    maria, nikos, path = await _invited(site)
    problem(await maria.patch(path, json={"state": "in_contact"}), 403)
    problem(await nikos.patch(path, json={"state": "signed"}), 403)
    accepted = await nikos.patch(path, json={"state": "in_contact", "note": "Με χαρά."})
    assert (accepted.status, accepted.json["state"]) == (200, "in_contact")
    posts = await maria.get(f"/api/v1/topics/{accepted.json['topic_id']}/posts")
    assert "Με χαρά." in posts.json["items"][1]["body"]
    again = await maria.post(TWINNINGS, json={"to": "mytilene", "message": "Πάλι."})
    assert faulty(again) == {"to"}


async def test_the_same_key_invites_once(site: Site, owner: RawConnection) -> None:
    maria = await site.program("maria")
    sent = {"json": {"to": "mytilene", "message": "Ας γνωριστούμε."}, "headers": {"Idempotency-Key": "a"}}
    first, second = [await maria.post(TWINNINGS, **sent) for _ in range(2)]
    assert first.json["id"] == second.json["id"]
    assert await owner.fetchval("SELECT count(*) FROM twinnings") == 1


async def test_stages_are_moved_and_others_see_what_is_signed_alone(site: Site) -> None:
    maria, nikos, path = await _invited(site)
    await nikos.patch(path, json={"state": "in_contact"})
    stranger = await site.program("stranger")
    assert (await stranger.get(TWINNINGS)).json["items"] == []
    assert (await nikos.get(TWINNINGS)).json["items"][0]["state"] == "in_contact"
    missing = await maria.patch(path, json={**SIGNED, "signed_on": None})
    assert faulty(missing) == {"signed_on"}
    signed = await maria.patch(path, json={**SIGNED, "next_event": "Επίσκεψη", "next_event_at": "2027-05-01T10:30Z"})
    assert (signed.status, signed.json["signed_on"]) == (200, "2027-03-12"), signed.text
    (seen,) = (await stranger.get(TWINNINGS)).json["items"]
    assert {name for name, value in seen.items() if value is not None} == {
        "id",
        "inviting",
        "invited",
        "state",
        "since_year",
    }
    kept = await nikos.patch(path, json={"state": "active"})
    assert (kept.json["next_event"], kept.json["from_decision_number"]) == ("Επίσκεψη", "12/2027")
    cleared = await nikos.patch(path, json={"next_event": None, "next_event_at": None})
    assert cleared.json["next_event_at"] is None


async def test_nobody_else_finds_it(site: Site) -> None:
    _, _, path = await _invited(site)
    for person in ("stranger", "moderator", "administrator"):
        program = await site.program(person)
        never = await program.get(f"{TWINNINGS}/999999")
        for answer in (await program.get(path), await program.patch(path, json={"state": "declined"})):
            assert (answer.status, answer.json["code"]) == (404, never.json["code"])
        problem(await program.post(TWINNINGS, json={"to": "mytilene", "message": "Α"}), 403)
