"""Topics with fields by programs: started, read, changed, refused with the field that is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forum.db import RawConnection
from forum.domain import kinds
from tests.api.arrange import faulty, problem, start
from tests.domain import practising
from tests.site import Program, Site

CALL: dict[str, Any] = {
    "category": "proposals",
    "kind": "proposal",
    "title": "Καθαρή κινητικότητα σε μικρά λιμάνια",
    "body": "",
    "tags": ["Λιμάνια", "λιμάνια"],
    "fields": {
        "type": "partner_search",
        "programme": "CEF Transport",
        "summary": "Ηλεκτροδότηση πλοίων.",
        "deadline": {"at": "2099-03-29T15:00:00Z", "zone": "Europe/Brussels"},
        "partners_min": 4,
        "countries_min": 3,
        "countries": ["GR", "CY"],
        "themes": ["mobility", "energy"],
        "contact": "Γραφείο Βρυξελλών",
    },
}


async def _put(program: Program, fields: dict[str, Any]) -> Any:
    return await program.post("/api/v1/topics", json={**CALL, "fields": {**CALL["fields"], **fields}})


async def test_a_proposal_is_started_and_told_with_its_fields(site: Site) -> None:
    sophie = await site.program("sophie")
    topic = await start(sophie, **CALL)
    found = (await (await site.program("nikos")).get(f"/api/v1/topics/{topic['id']}")).json
    assert (found["kind"], found["tags"], found["deadline_at"]) == ("proposal", ["λιμάνια"], "2099-03-29T15:00:00Z")
    assert found["fields"] == {
        **CALL["fields"],
        "themes": ["energy", "mobility"],
        "countries": ["CY", "GR"],
        "state": "open",
    }
    listed = (await sophie.get("/api/v1/categories/proposals/topics")).json["items"][0]
    assert listed["fields"] == found["fields"]
    revisions = (await sophie.get(f"/api/v1/posts/{topic['first_post_id']}/revisions")).json["items"]
    assert revisions[0]["fields"] == found["fields"]


async def test_lists_leave_out_long_texts(site: Site) -> None:
    sophie = await site.program("sophie")
    await start(sophie, **{**CALL, "fields": {**CALL["fields"], "requirements": "Μελέτη. " * 100}})
    fields = (await sophie.get("/api/v1/categories/proposals/topics")).json["items"][0]["fields"]
    assert "requirements" not in fields
    assert fields["summary"] == "Ηλεκτροδότηση πλοίων."


async def test_what_is_sent_back_as_it_was_told_changes_nothing(site: Site) -> None:
    sophie = await site.program("sophie")
    topic = await start(sophie, **CALL)
    path = f"/api/v1/topics/{topic['id']}"
    told = (await sophie.get(path)).json["fields"]
    told.pop("state")
    assert (await sophie.request("PATCH", path, json={"fields": told})).json["fields"] == {**told, "state": "open"}
    revisions = (await sophie.get(f"/api/v1/posts/{topic['first_post_id']}/revisions")).json["items"]
    assert len(revisions) == 1


async def test_fields_are_changed_one_by_one_and_taken_out_by_null(site: Site) -> None:
    sophie = await site.program("sophie")
    topic = await start(sophie, **CALL)
    path = f"/api/v1/topics/{topic['id']}"
    sent = {"fields": {"countries": None, "budget": 2_000_000, "deadline": "2099-04-01T15:00:00Z"}, "tags": []}
    changed = (await sophie.request("PATCH", path, json=sent)).json
    assert "countries" not in changed["fields"]
    assert (changed["fields"]["budget"], changed["tags"]) == (2_000_000, [])
    assert changed["deadline_at"] == "2099-04-01T15:00:00Z"
    assert changed["fields"]["programme"] == "CEF Transport"
    refused = await sophie.request("PATCH", path, json={"fields": {"programme": None}})
    assert faulty(refused) == {"fields.programme"}
    assert faulty(await sophie.request("PATCH", path, json={"fields": {"state": "funded"}})) == {"fields.state"}
    nikos = await site.program("nikos")
    assert problem(await nikos.request("PATCH", path, json={"fields": {"budget": 1}}), 403) == "not_author"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"type": "gift"}, {"fields.type"}),
        ({"deadline": None}, {"fields.deadline"}),
        ({"deadline": "2099-03-29"}, {"fields.deadline"}),
        ({"themes": ["nothing"]}, {"fields.themes"}),
        ({"lead": "atlantis"}, {"fields.lead"}),
        ({"state": "funded"}, {"fields.state"}),
        ({"owner": "chios"}, {"fields.owner"}),
        ({"partners_max": 2}, {"fields.partners_max"}),
        ({"budget": 10**30}, {"fields.budget"}),
        ({"cofinancing": "a", "summary": "α" * 301}, {"fields.cofinancing", "fields.summary"}),
        ({"requirements": {"$gt": ""}}, {"fields.requirements"}),
        ({"contact": "\x00"}, {"fields.contact"}),
    ],
)
async def test_each_fault_is_told_by_the_name_of_its_field(site: Site, fields: dict[str, Any], wrong: set[str]) -> None:
    sophie = await site.program("sophie")
    assert faulty(await _put(sophie, fields)) == wrong


async def test_a_category_takes_its_own_kinds_alone(site: Site) -> None:
    sophie = await site.program("sophie")
    assert faulty(await sophie.post("/api/v1/topics", json={**CALL, "category": "guides"})) == {"kind"}
    for kind in ("circular", "consultation", "nonsense"):
        assert "kind" in faulty(await sophie.post("/api/v1/topics", json={**CALL, "kind": kind}))
    question = {"category": "questions", "kind": "question", "title": "Ποιος;", "body": "Ποιος γνωρίζει;"}
    topic = await start(sophie, **question)
    assert (await sophie.get(f"/api/v1/topics/{topic['id']}")).json["kind"] == "question"


async def test_a_text_is_needed_where_the_kind_has_nothing_else(site: Site) -> None:
    sophie = await site.program("sophie")
    assert faulty(await sophie.post("/api/v1/topics", json={"category": "questions", "title": "Α", "body": ""})) == {
        "body"
    }


async def test_a_title_is_as_long_as_the_kind_allows(site: Site) -> None:
    sophie = await site.program("sophie")
    fields = {
        "teaser": "Α",
        "owner": "chios",
        "problem": "Α",
        "solution": "Α",
        "resources": "Α",
        "indicators": [{"name": "Α", "before": 1, "after": 2.5, "unit": "t"}],
        "transfer": "Α",
        "contact": "Α",
    }
    practice = {"category": "good-practices", "kind": "good_practice", "body": "", "fields": fields}
    assert faulty(await sophie.post("/api/v1/topics", json={**practice, "title": "α" * 101})) == {"title"}
    topic = await start(sophie, **practice, title="α" * 100)
    found = (await sophie.get(f"/api/v1/topics/{topic['id']}")).json["fields"]
    assert found["indicators"] == [{"name": "Α", "before": "1", "after": "2.5", "unit": "t"}]
    path = f"/api/v1/topics/{topic['id']}"
    assert faulty(await sophie.request("PATCH", path, json={"title": "α" * 101})) == {"title"}


async def test_a_program_names_no_other_municipality_than_its_members(site: Site) -> None:
    nikos, sophie = await site.program("nikos"), await site.program("sophie")
    practice = {"category": "good-practices", "kind": "good_practice", "title": "Α", "body": ""}

    def fields(owner: str) -> dict[str, Any]:
        return {**practising.PRACTICE, "owner": owner}

    assert faulty(await nikos.post("/api/v1/topics", json={**practice, "fields": fields("chios")})) == {"fields.owner"}
    own = await start(nikos, **practice, fields=fields("mytilene"))
    path = f"/api/v1/topics/{own['id']}"
    assert faulty(await nikos.patch(path, json={"fields": {"owner": "chios"}})) == {"fields.owner"}
    assert (await nikos.patch(path, json={"fields": {"teaser": "Άλλα"}})).status == 200
    other = await start(sophie, **practice, fields=fields("chios"))
    assert (await sophie.patch(f"/api/v1/topics/{other['id']}", json={"fields": {"owner": "larnaca"}})).status == 200


@pytest.mark.parametrize("name", ["deadline", "interest_deadline"])
async def test_a_deadline_that_has_passed_is_refused_unless_it_stands(
    site: Site, owner: RawConnection, name: str
) -> None:
    sophie = await site.program("sophie")
    gone = {"at": "2026-01-31T16:00:00Z", "zone": "Europe/Brussels"}
    fields = {**CALL["fields"], name: gone}
    assert f"fields.{name}" in faulty(await sophie.post("/api/v1/topics", json={**CALL, "fields": fields}))
    topic = await start(sophie, **CALL)
    path = f"/api/v1/topics/{topic['id']}"
    assert f"fields.{name}" in faulty(await sophie.patch(path, json={"fields": {name: gone}}))
    await owner.execute("UPDATE topics SET fields = fields || $1::jsonb", json.dumps({name: gone}))
    assert (await sophie.patch(path, json={"fields": {"programme": "LIFE"}})).status == 200, "what stands stays"


async def test_the_document_tells_the_fields_of_every_kind(site: Site) -> None:
    document = (await (await site.program(None)).get("/api/v1/openapi.json")).json
    told = document["components"]["schemas"]["NewTopic"]["properties"]["fields"]["anyOf"]
    assert {each["title"] for each in told} == set(kinds.KINDS)
    proposal = next(each for each in told if each["title"] == "proposal")
    assert set(proposal["properties"]) == {field.name for field in kinds.of("proposal")}


async def test_a_limit_that_was_passed_is_named_to_programs_too(site: Site) -> None:
    answer = await _put(await site.program("sophie"), {"duration": 999, "summary": "α" * 425})
    assert problem(answer, 422) == "invalid"
    assert answer.json["errors"] == {
        "fields.duration": ["Please write a whole number from 1 to 240."],
        "fields.summary": ["This is too long: at most 300 characters, and it has 425."],
    }
