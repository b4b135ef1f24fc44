"""The pages of good practices: deciding, submitting again, taking up; and that hidden ones are nowhere."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from forum.domain.topics import Started
from forum.keys import DB
from tests.domain import practising
from tests.site import Site


@pytest.fixture
async def practice(site: Site) -> Started:
    return await practising.start(site.app[DB], site.cast.maria)


def _path(practice: Started) -> str:
    return f"/topics/{practice.topic_id}"


async def test_a_practice_is_returned_submitted_again_and_validated(
    site: Site, practice: Started, owner: RawConnection
) -> None:
    moderator, maria, nikos = [await site.visitor(name) for name in ("moderator", "maria", "nikos")]
    path, page = _path(practice), f"{_path(practice)}/{practice.slug}"
    form = await moderator.get(f"{path}/validation/new")
    sent = {"verdict": "returned", "opinion": "Κρυφός λόγος", "revision": form.hidden("revision")}
    answer = await moderator.submit(f"{path}/validation", sent)
    assert (answer.status, answer.location) == (303, page)
    assert "Κρυφός λόγος" in (await maria.get(page)).text
    assert "Κρυφός λόγος" not in (await nikos.get(page)).text
    assert (await moderator.submit(f"{path}/validation", sent)).status == 409
    assert (await nikos.submit(f"{path}/submission")).status == 403
    assert (await maria.submit(f"{path}/submission")).status == 303
    sent |= {"verdict": "validated", "opinion": "Σαφής"}
    assert (await moderator.submit(f"{path}/validation", sent)).status == 303
    assert await practising.state(owner, practice.topic_id) == "validated"
    assert "Σαφής" in (await nikos.get(page)).text
    assert "Κρυφός λόγος" not in (await nikos.get(page)).text


async def test_a_member_publishes_practices_of_their_own_municipality_alone(site: Site, owner: RawConnection) -> None:
    form = "/categories/good-practices/new?kind=good_practice"
    sent = {name: value for name, value in practising.PRACTICE.items() if isinstance(value, str)}
    cells = {f"indicators.1.{name}": "1" for name in ("name", "before", "after", "unit")}
    sent |= {"kind": "good_practice", "title": "Νερό", **cells}
    maria, sophie = await site.visitor("maria"), await site.visitor("sophie")
    moderator = await site.visitor("moderator")
    offered = (await maria.get(form)).text
    assert 'value="larnaca"' in offered
    assert 'value="chios"' not in offered
    for visitor in (sophie, moderator):
        offered = (await visitor.get(form)).text
        assert 'value="chios"' in offered
        assert 'value="union-of-cyprus-municipalities"' not in offered
    refused = await maria.submit("/categories/good-practices/new", {**sent, "owner": "chios"})
    assert refused.status == 422
    assert 'href="#owner"' in refused.text
    for visitor in (sophie, moderator):
        assert (await visitor.submit("/categories/good-practices/new", {**sent, "owner": "chios"})).status == 303
    assert (await maria.submit("/categories/good-practices/new", {**sent, "owner": "larnaca"})).status == 303
    number = await owner.fetchval(
        "SELECT posts.id FROM posts JOIN topics ON topics.id = topic_id ORDER BY 1 DESC LIMIT 1"
    )
    edit = f"/posts/{number}/edit"
    assert 'value="chios"' not in (await maria.get(edit)).text
    assert (await maria.submit(edit, {**sent, "owner": "chios"})).status == 422
    await owner.execute("""UPDATE topics SET fields = fields || '{"owner": "chios"}' WHERE kind = 'good_practice'""")
    assert 'value="chios" selected' in (await maria.get(edit)).text, "what stands stays"
    assert (await maria.submit(edit, {**sent, "owner": "chios", "teaser": "Νέο"})).status == 303


async def test_a_faulty_form_keeps_what_was_typed(site: Site, practice: Started) -> None:
    moderator, nikos = await site.visitor("moderator"), await site.visitor("nikos")
    answer = await moderator.submit(f"{_path(practice)}/validation", {"opinion": "Γνώμη", "revision": "0"})
    assert answer.status == 422
    assert "Γνώμη" in answer.text
    sent = {"stage": "in_use", "note": "Πάει καλά", "started_on": "χθες"}
    answer = await nikos.submit(f"{_path(practice)}/adoptions", sent)
    assert answer.status == 422
    assert "Πάει καλά" in answer.text


async def test_a_municipality_takes_it_up_and_says_how_far_it_is(
    site: Site, practice: Started, owner: RawConnection
) -> None:
    nikos, maria = await site.visitor("nikos"), await site.visitor("maria")
    warning = "Η καλή πρακτική δεν έχει επικυρωθεί"
    assert warning in (await nikos.get(f"{_path(practice)}/adoptions/new")).text
    await owner.execute("""UPDATE topics SET fields = fields || '{"state": "validated"}'""")
    assert warning not in (await nikos.get(f"{_path(practice)}/adoptions/new")).text
    answer = await nikos.submit(f"{_path(practice)}/adoptions", {"stage": "interested", "note": "Πόσο κόστισε;"})
    assert answer.status == 303
    adoption = f"{_path(practice)}/adoptions/{await owner.fetchval('SELECT id FROM adoptions')}"
    assert (await nikos.get(f"{_path(practice)}/adoptions/new")).location == adoption
    assert (await maria.submit(adoption, {"stage": "stopped"})).status == 403
    assert (await nikos.submit(adoption, {"stage": "in_use", "outcome": "Μείον 12 %"})).status == 303
    assert "Μείον 12 %" in (await maria.get(f"{_path(practice)}/{practice.slug}")).text
    for place in ("mytilene", "larnaca"):
        assert "Μισές διαρροές" in (await maria.get(f"/municipalities/{place}")).text


async def test_a_hidden_practice_is_nowhere(site: Site, practice: Started) -> None:
    adoption = await practising.adopt(site.app[DB], site.cast.nikos, practice.topic_id, note="Κρυφή γραμμή")
    maria, stranger = await site.visitor("maria"), await site.visitor("stranger")
    places = ("/municipalities/mytilene", "/municipalities/larnaca", "/good-practices/like-mine", "/validations")
    assert "Μισές διαρροές" in (await maria.get(places[0])).text, "the premise: it is there"
    for path in places:
        answer = await stranger.get(path)
        assert answer.status == 200
        assert "Μισές διαρροές" not in answer.text
        assert "Κρυφή γραμμή" not in answer.text
    assert (await stranger.get(f"{_path(practice)}/adoptions/{adoption.id}")).status == 404


async def test_administrators_name_the_validators(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    group_id = await owner.fetchval("SELECT id FROM groups WHERE slug = 'region-cyprus'")
    path = "/admin/categories/good-practices/validators"
    assert (await administrator.submit(path, {f"group.{group_id}": "on"})).status == 303
    assert await owner.fetchval("SELECT group_id FROM validator_groups") == group_id
    assert (await administrator.submit(path, {"group.999999": "on"})).status == 422
    assert (await administrator.submit(path)).status == 303
    assert await owner.fetchval("SELECT count(*) FROM validator_groups") == 0


async def test_a_program_decides_takes_up_and_moves_on(site: Site, practice: Started) -> None:
    moderator, nikos, maria = [await site.program(name) for name in ("moderator", "nikos", "maria")]
    calls = f"/api/v1/topics/{practice.topic_id}"
    sent = {"json": {"verdict": "returned", "opinion": "Λόγος"}, "headers": {"Idempotency-Key": "return-1"}}
    returned = await moderator.post(f"{calls}/validations", **sent)
    assert (await moderator.post(f"{calls}/validations", **sent)).json == returned.json
    assert (returned.status, returned.json["state"]) == (200, "returned")
    assert (await nikos.get(f"{calls}/validations")).json["items"] == []
    assert [each["opinion"] for each in (await maria.get(f"{calls}/validations")).json["items"]] == ["Λόγος"]
    assert (await maria.post(f"{calls}/validations", json={"verdict": "submitted"})).json["state"] == "submitted"
    assert (await moderator.post(f"{calls}/validations", json={"verdict": "validated"})).status == 422
    headers = {"Idempotency-Key": "adopt-1"}
    made = await nikos.post(f"{calls}/adoptions", json={"note": "Πόσο;"}, headers=headers)
    again = await nikos.post(f"{calls}/adoptions", json={"note": "Πόσο;"}, headers=headers)
    assert (made.status, again.json) == (201, made.json)
    assert made.location.endswith(f"{calls}/adoptions/{made.json['id']}")
    assert (await maria.get(f"{calls}/adoptions/{made.json['id']}")).json == made.json
    assert (await maria.get(f"{calls}/adoptions/987654321")).status == 404
    moved = await nikos.patch(f"{calls}/adoptions/{made.json['id']}", json={"stage": "in_use"})
    assert (moved.json["stage"], moved.json["municipality"]) == ("in_use", "mytilene")
    assert len((await maria.get(f"{calls}/adoptions")).json["items"]) == 1
