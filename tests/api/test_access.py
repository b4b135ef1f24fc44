"""Who gets in: a token and nothing else, and what is not open to its member looks like what is not there."""

from __future__ import annotations

import re
from typing import Final

from forum.db import RawConnection
from forum.handlers.api.routes import ROUTES
from forum.web.access import Access
from tests.api.arrange import problem, reply, start
from tests.site import Answer, Program, Site

_CHANGING: Final = {"date", "x-request-id"}
_BODIES: Final[dict[str, dict[str, object]]] = {
    "api.topics.update": {"title": "Άλλος τίτλος"},
    "api.topics.lock": {"reason": "Τέλος"},
    "api.topics.mark_answer": {"post": 1},
    "api.posts.create": {"body": "Απάντηση"},
    "api.files.create": {"title": "Αρχείο", "attachment": 1},
    "api.files.create_version": {"attachment": 1},
    "api.interests.create": {"role": "partner", "contact": "Γραφείο"},
    "api.interests.update": {"role": "partner"},
    "api.interests.leave": {"reason": "Λόγος"},
    "api.topic_states.update": {"state": "submitted"},
    "api.validations.create": {"verdict": "submitted"},
    "api.adoptions.create": {"stage": "interested"},
    "api.adoptions.update": {"stage": "in_use"},
    "api.posts.update": {"body": "Άλλο κείμενο"},
}


async def _ask(program: Program, name: str, method: str, path: str) -> Answer:
    body = _BODIES.get(name)
    return await program.request(method, path, **({"json": body} if body else {}))


def _lasting(answer: Answer) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items() if name.lower() not in _CHANGING}


async def test_without_a_token_every_call_but_the_public_ones_is_401(site: Site) -> None:
    guest = await site.program()
    asked = [route for route in ROUTES if route.access is not Access.PUBLIC]
    assert len(asked) > 20
    for route in asked:
        path = route.path.replace("{id}", "1").replace("{slug}", "questions")
        answer = await guest.request(route.method, path)
        assert problem(answer, 401) == "unauthenticated", route.name
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_the_public_calls_are_a_new_token_and_the_document(site: Site) -> None:
    assert {route.name for route in ROUTES if route.access is Access.PUBLIC} == {
        "api.tokens.create",
        "api.document.show",
        "api.document.page",
    }
    guest = await site.program()
    assert (await guest.get("/api/v1/openapi.json")).status == 200


async def test_a_guest_does_not_learn_which_addresses_there_are(site: Site) -> None:
    guest, member = await site.program(), await site.program("maria")
    for method, path in (("GET", "/api/v1/nothing"), ("GET", "/api/v2/me"), ("POST", "/api/v1/me")):
        assert problem(await guest.request(method, path), 401) == "unauthenticated"
    assert problem(await member.get("/api/v1/nothing"), 404) == "not_found"
    assert problem(await member.get("/api/v2/me"), 404) == "not_found"
    refused = await member.post("/api/v1/me", json={})
    assert problem(refused, 405) == "method_not_allowed"
    assert refused.headers["Allow"] == "GET, HEAD"


async def test_no_token_but_the_right_one_is_taken(site: Site) -> None:
    maria = await site.program("maria")
    assert (await maria.get("/api/v1/me")).status == 200
    token = maria.token or ""
    for header in ("", "Bearer", "Bearer ", f"Basic {token}", f"Bearer {token}x", f"Bearer {token[:-1]}", token):
        answer = await maria.get("/api/v1/me", headers={"Authorization": header})
        assert problem(answer, 401) == "unauthenticated", header
    assert (await maria.get("/api/v1/me", headers={"Authorization": f"bearer {token}"})).status == 200


async def test_cookies_count_for_nothing(site: Site) -> None:
    browser = await site.visitor("administrator")
    assert (await browser.get("/settings")).status == 200
    assert problem(await browser.get("/api/v1/me"), 401) == "unauthenticated"
    maria = await site.program("maria")
    answer = await browser.get("/api/v1/me", headers={"Authorization": f"Bearer {maria.token}"})
    assert answer.json["id"] == site.cast.maria.member_id
    assert "Set-Cookie" not in answer.headers


async def test_a_form_of_another_site_can_do_nothing_with_the_browsers_session(site: Site) -> None:
    browser = await site.visitor("maria")
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
        answer = await browser.request(
            "POST",
            "/api/v1/topics",
            data='{"category": "questions", "title": "t", "body": "b"}',
            headers={"Content-Type": content_type, "Origin": "https://evil.example"},
        )
        assert problem(answer, 401) == "unauthenticated"


async def test_no_other_site_may_read_an_answer(site: Site) -> None:
    maria = await site.program("maria")
    for headers in ({"Origin": "https://evil.example"}, {}):
        answer = await maria.get("/api/v1/me", headers=headers)
        assert answer.status == 200
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


async def test_suspended_a_member_is_out_at_the_next_request(site: Site, owner: RawConnection) -> None:
    maria = await site.program("maria")
    assert (await maria.get("/api/v1/me")).status == 200
    await owner.execute(
        "UPDATE members SET suspended_until = now() + interval '1 hour', suspension_reason = 'x' WHERE id = $1",
        site.cast.maria.member_id,
    )
    assert problem(await maria.get("/api/v1/me"), 401) == "unauthenticated"
    await owner.execute(
        "UPDATE members SET suspended_until = NULL, suspension_reason = NULL WHERE id = $1",
        site.cast.maria.member_id,
    )
    assert (await maria.get("/api/v1/me")).status == 200


async def test_for_a_stranger_what_is_there_is_as_what_is_not(site: Site) -> None:
    maria, stranger = await site.program("maria"), await site.program("stranger")
    topic = await start(maria, title="Απόρρητο")
    post = await reply(maria, topic["id"])
    there = {"topics": topic["id"], "posts": post["id"]}
    asked = [route for route in ROUTES if re.match(r"/api/v1/(topics|posts)/{id}", route.path)]
    assert len(asked) > 10
    for route in asked:
        family = route.path.split("/")[3]
        path = re.sub(r"\{\w+_id\}", "1", route.path)
        hidden = await _ask(stranger, route.name, route.method, path.replace("{id}", str(there[family])))
        absent = await _ask(stranger, route.name, route.method, path.replace("{id}", "999999999"))
        assert problem(hidden, 404) == "not_found", route.name
        assert hidden.text == absent.text
        assert _lasting(hidden) == _lasting(absent)


async def test_a_strangers_lists_hold_nothing_of_it(site: Site) -> None:
    maria, stranger = await site.program("maria"), await site.program("stranger")
    await start(maria, title="Απόρρητο")
    assert (await maria.get("/api/v1/search?q=%CE%B1%CF%80%CF%8C%CF%81%CF%81%CE%B7%CF%84%CE%BF")).json["items"]
    assert (await stranger.get("/api/v1/search?q=%CE%B1%CF%80%CF%8C%CF%81%CF%81%CE%B7%CF%84%CE%BF")).json == {
        "items": [],
        "next": None,
    }
    assert (await stranger.get("/api/v1/categories")).json == {"items": [], "next": None}
    hidden = await stranger.get("/api/v1/categories/questions/topics")
    absent = await stranger.get("/api/v1/categories/nothing/topics")
    assert problem(hidden, 404) == problem(absent, 404) == "not_found"
    assert hidden.text == absent.text


async def test_the_api_lists_the_same_topics_as_the_page(site: Site) -> None:
    maria, stelios = await site.program("maria"), await site.program("moderator")
    topics = [(await start(maria, title=f"Θέμα {number}"))["id"] for number in range(4)]
    assert (await stelios.put(f"/api/v1/topics/{topics[1]}/pin")).status == 200
    for person in ("maria", "nikos", "moderator"):
        page = await (await site.visitor(person)).get("/categories/questions")
        assert page.status == 200
        listed = (await (await site.program(person)).get("/api/v1/categories/questions/topics")).json["items"]
        on_page = list(dict.fromkeys(int(found) for found in re.findall(r'href="/topics/(\d+)/', page.text)))
        assert [topic["id"] for topic in listed] == on_page == [topics[1], topics[3], topics[2], topics[0]]


async def test_every_answer_is_private_and_never_taken_for_a_page(site: Site) -> None:
    maria = await site.program("maria")
    for path in ("/api/v1/me", "/api/v1/nothing"):
        answer = await maria.get(path)
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
