"""A key makes a request safe to repeat: the same answer, and no second row; for every POST there is."""

from __future__ import annotations

import asyncio

import pytest

from forum.db import RawConnection
from tests.api.arrange import problem, start
from tests.cast import PASSWORD, email
from tests.site import Site

_TOPIC = {"category": "questions", "title": "Μία φορά", "body": "Μόνο."}


def _key(value: str = "7f0c2c1e-0001") -> dict[str, str]:
    return {"Idempotency-Key": value}


async def test_eight_equal_topics_at_once_are_one(site: Site, owner: RawConnection) -> None:
    maria = await site.program("maria")
    answers = await asyncio.gather(*(maria.post("/api/v1/topics", json=_TOPIC, headers=_key()) for _ in range(8)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert await owner.fetchval("SELECT count(*) FROM topics") == 1
    assert await owner.fetchval("SELECT topic_count FROM categories WHERE slug = 'questions'") == 1


async def test_eight_equal_replies_at_once_are_one(site: Site, owner: RawConnection) -> None:
    maria = await site.program("maria")
    topic = await start(maria)
    path = f"/api/v1/topics/{topic['id']}/posts"
    answers = await asyncio.gather(*(maria.post(path, json={"body": "Εδώ."}, headers=_key()) for _ in range(8)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert await owner.fetchval("SELECT count(*) FROM posts") == 2
    assert await owner.fetchval("SELECT reply_count FROM topics") == 1


async def test_eight_equal_requests_for_a_token_give_one_token(site: Site, owner: RawConnection) -> None:
    guest = await site.program()
    sent = {"email": email("maria"), "password": PASSWORD, "name": "Αναφορά"}
    answers = await asyncio.gather(*(guest.post("/api/v1/tokens", json=sent, headers=_key()) for _ in range(8)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert await owner.fetchval("SELECT count(*) FROM api_tokens") == 1


async def test_without_a_key_each_is_its_own(site: Site, owner: RawConnection) -> None:
    maria = await site.program("maria")
    for _ in range(2):
        assert (await maria.post("/api/v1/topics", json=_TOPIC)).status == 201
    assert await owner.fetchval("SELECT count(*) FROM topics") == 2


@pytest.mark.parametrize("other", [{"title": "Άλλο"}, {"body": "Άλλο"}, {"internal": True}, {"category": "proposals"}])
async def test_another_topic_under_the_same_key_is_422(
    site: Site, owner: RawConnection, other: dict[str, object]
) -> None:
    sophie = await site.program("sophie")
    assert (await sophie.post("/api/v1/topics", json=_TOPIC, headers=_key())).status == 201
    answer = await sophie.post("/api/v1/topics", json={**_TOPIC, **other}, headers=_key())
    assert problem(answer, 422) == "idempotency_mismatch"
    assert await owner.fetchval("SELECT count(*) FROM topics") == 1


async def test_another_call_or_topic_under_the_same_key_is_422(site: Site) -> None:
    maria = await site.program("maria")
    first, second = await start(maria), await start(maria)
    body = {"body": "Εδώ."}
    assert (await maria.post(f"/api/v1/topics/{first['id']}/posts", json=body, headers=_key())).status == 201
    for path, sent in ((f"/api/v1/topics/{second['id']}/posts", body), ("/api/v1/topics", _TOPIC)):
        assert problem(await maria.post(path, json=sent, headers=_key()), 422) == "idempotency_mismatch"


async def test_another_name_for_a_token_under_the_same_key_is_422(site: Site) -> None:
    guest = await site.program()
    sent = {"email": email("maria"), "password": PASSWORD, "name": "Αναφορά"}
    assert (await guest.post("/api/v1/tokens", json=sent, headers=_key())).status == 201
    answer = await guest.post("/api/v1/tokens", json={**sent, "name": "Άλλη"}, headers=_key())
    assert problem(answer, 422) == "idempotency_mismatch"


async def test_the_same_key_of_another_member_is_another_key(site: Site, owner: RawConnection) -> None:
    for person in ("maria", "nikos"):
        program = await site.program(person)
        assert (await program.post("/api/v1/topics", json=_TOPIC, headers=_key())).status == 201
    assert await owner.fetchval("SELECT count(*) FROM topics") == 2


async def test_a_failure_is_not_remembered(site: Site) -> None:
    maria = await site.program("maria")
    refused = await maria.post("/api/v1/topics", json={**_TOPIC, "category": "announcements"}, headers=_key())
    assert problem(refused, 403) == "cannot_start"
    assert (await maria.post("/api/v1/topics", json=_TOPIC, headers=_key())).status == 201


async def test_a_right_lost_meanwhile_is_not_given_back_by_a_key(site: Site, owner: RawConnection) -> None:
    maria = await site.program("maria")
    assert (await maria.post("/api/v1/topics", json=_TOPIC, headers=_key())).status == 201
    await owner.execute("DELETE FROM grants")
    assert problem(await maria.post("/api/v1/topics", json=_TOPIC, headers=_key()), 404) == "not_found"
