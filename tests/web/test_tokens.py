"""One's own API tokens, on the pages."""

from __future__ import annotations

import re

import pytest

from forum.db import RawConnection
from forum.domain import api_tokens
from forum.keys import DB
from tests.cast import PASSWORD
from tests.site import Answer, Site, Visitor

GOOD = {"name": "Εβδομαδιαία αναφορά", "password_current": PASSWORD}


async def create(visitor: Visitor, **fields: str) -> Answer:
    page = await visitor.get("/settings/tokens")
    return await visitor.submit(
        "/settings/tokens", {**GOOD, "idempotency_key": page.hidden("idempotency_key"), **fields}
    )


def shown_token(answer: Answer) -> str:
    found = re.search(r'<code class="secret"[^>]*>([^<]+)</code>', answer.text)
    assert found
    return found[1]


async def test_token_is_shown_once_and_works(site: Site) -> None:
    visitor = await site.visitor("maria")
    answer = await create(visitor)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    token = shown_token(answer)
    program = await site.program()
    program.token = token
    me = await program.get("/api/v1/me")
    assert me.status == 200
    assert me.json["id"] == site.cast.maria.member_id
    listed = await visitor.get("/settings/tokens")
    assert GOOD["name"] in listed.text
    assert token not in listed.text


async def test_the_same_form_sent_twice_makes_one_token(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    key = (await visitor.get("/settings/tokens")).hidden("idempotency_key")
    answers = [await visitor.submit("/settings/tokens", {**GOOD, "idempotency_key": key}) for _ in range(2)]
    assert shown_token(answers[0]) == shown_token(answers[1])
    assert await owner.fetchval("SELECT count(*) FROM api_tokens") == 1


async def test_the_same_form_with_another_name_is_refused(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    key = (await visitor.get("/settings/tokens")).hidden("idempotency_key")
    assert (await create(visitor, idempotency_key=key)).status == 200
    answer = await create(visitor, idempotency_key=key, name="Another")
    assert answer.status == 422
    assert 'role="alert"' in answer.text
    assert await owner.fetchval("SELECT count(*) FROM api_tokens") == 1


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"password_current": ""}, "password_current"),
        ({"password_current": "not this one"}, "password_current"),
    ],
)
async def test_faulty_form_makes_no_token_and_keeps_the_name(
    site: Site, owner: RawConnection, changed: dict[str, str], faulty: str
) -> None:
    answer = await create(await site.visitor("maria"), **changed)
    assert answer.status == 422
    assert f'id="{faulty}-error"' in answer.text
    assert PASSWORD not in answer.text
    assert "not this one" not in answer.text
    if faulty != "name":
        assert f'value="{GOOD["name"]}"' in answer.text
    assert await owner.fetchval("SELECT count(*) FROM api_tokens") == 0


async def test_deleted_token_stops_working_at_once(site: Site) -> None:
    visitor, program = await site.visitor("maria"), await site.program("maria")
    assert (await program.get("/api/v1/me")).status == 200
    page = await visitor.get("/settings/tokens")
    path = re.findall(r"/settings/tokens/\d+/delete", page.text)[0]
    answer = await visitor.submit(path)
    assert (answer.status, answer.location) == (303, "/settings/tokens")
    assert (await program.get("/api/v1/me")).status == 401
    assert (await visitor.submit(path)).status == 404


async def test_a_token_of_somebody_else_is_not_found_and_works_on(site: Site) -> None:
    maria, program = await site.visitor("maria"), await site.program("nikos")
    async with site.app[DB].read() as conn:
        theirs = (await api_tokens.list_tokens(conn, site.cast.nikos))[0].id
    assert "test nikos" not in (await maria.get("/settings/tokens")).text
    assert (await maria.submit(f"/settings/tokens/{theirs}/delete")).status == 404
    assert (await program.get("/api/v1/me")).status == 200


@pytest.mark.parametrize("written", ["0", "-1", "abc", "9" * 20])
async def test_ids_that_are_no_ids_are_bad_requests(site: Site, written: str) -> None:
    visitor = await site.visitor("maria")
    assert (await visitor.submit(f"/settings/tokens/{written}/delete")).status == 400


async def test_making_and_deleting_need_the_token_of_the_form(site: Site, owner: RawConnection) -> None:
    visitor, program = await site.visitor("maria"), await site.program("maria")
    page = await visitor.get("/settings/tokens")
    assert (await visitor.request("POST", "/settings/tokens", data=GOOD)).status == 403
    path = re.findall(r"/settings/tokens/\d+/delete", page.text)[0]
    assert (await visitor.request("POST", path)).status == 403
    assert await owner.fetchval("SELECT count(*) FROM api_tokens") == 1
    assert (await program.get("/api/v1/me")).status == 200


async def test_guests_are_sent_to_sign_in(site: Site) -> None:
    visitor = await site.visitor()
    assert (await visitor.get("/settings/tokens")).location == "/login?next=/settings/tokens"
    assert (await visitor.submit("/settings/tokens", GOOD)).location == "/login"
