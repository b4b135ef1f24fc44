"""Categories over the API: added and changed, opened as it was shown, their rights set against a version."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forum.db import RawConnection
from tests.domain.opening import PARTNER
from tests.site import Program, Site

_OPENINGS = "/api/v1/categories/questions/openings"
_GRANTS = "/api/v1/categories/questions/grants"
_CYPRUS = {"stage": "readers", "region": "cyprus", "preview": True}


async def _group(owner: RawConnection, slug: str) -> int:
    found = await owner.fetchval("SELECT id FROM groups WHERE slug = $1", slug)
    assert isinstance(found, int)
    return found


async def _ask(program: Program, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
    options: dict[str, Any] = {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}
    if body is not None:
        options["json"] = body
    answer = await program.request(method, path, **options)
    return answer.status, json.loads(answer.text) if answer.text else None, answer.headers


async def test_an_opening_is_shown_and_then_done(site: Site, owner: RawConnection) -> None:
    administrator, stranger = await site.program("administrator"), await site.program("stranger")
    wanted = {"group": await _group(owner, PARTNER), "stage": "commenters"}
    status, shown, headers = await _ask(administrator, "POST", _OPENINGS, {**wanted, "preview": True})
    assert (status, "Location" in headers) == (200, False)
    assert [(one["right"], one["count"]) for one in shown["members_gaining"]] == [("see", 1), ("read", 1), ("reply", 1)]
    assert shown["members_gaining"][0]["by_municipality"][0]["organisation"] == "adriatic-cities"
    assert shown["members_losing"] == []
    assert (await stranger.request("GET", "/api/v1/categories/questions")).status == 404
    status, made, headers = await _ask(administrator, "POST", _OPENINGS, {**wanted, "digest": shown["digest"]})
    assert (status, made["stage"]) == (201, "commenters")
    assert headers["Location"].endswith(f"/api/v1/openings/{made['id']}")
    _, category, _ = await _ask(stranger, "GET", "/api/v1/categories/questions")
    assert category["rights"] == ["see", "read", "reply"]
    status, again, _ = await _ask(administrator, "GET", f"/api/v1/openings/{made['id']}")
    assert (status, again) == (200, made)
    assert (await _ask(administrator, "DELETE", f"/api/v1/openings/{made['id']}"))[0] == 204
    assert (await stranger.request("GET", "/api/v1/categories/questions")).status == 404
    assert (await _ask(administrator, "DELETE", f"/api/v1/openings/{made['id']}"))[0] == 409


async def test_the_same_request_opens_once_and_another_is_refused(site: Site, owner: RawConnection) -> None:
    administrator = await site.program("administrator")
    wanted = {"region": "north-aegean", "stage": "readers"}
    _, shown, _ = await _ask(administrator, "POST", _OPENINGS, {**wanted, "preview": True})
    assert {one["right"] for one in shown["members_losing"]} == {"start", "reply", "vote", "attach"}
    sent = {**wanted, "digest": shown["digest"]}
    first = await _ask(administrator, "POST", _OPENINGS, sent, Idempotency_Key="a")
    again = await _ask(administrator, "POST", _OPENINGS, sent, Idempotency_Key="a")
    assert (first[0], first[:2]) == (201, again[:2])
    assert await owner.fetchval("SELECT count(*) FROM openings") == 1
    status, problem, _ = await _ask(administrator, "POST", _OPENINGS, sent)
    assert (status, problem["code"]) == (409, "preview_changed")


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"stage": "readers", "preview": True}, {"group"}),
        ({"stage": "readers", "group": 1, "region": "cyprus", "preview": True}, {"group"}),
        ({"stage": "readers", "region": "atlantis", "preview": True}, {"region"}),
        ({"stage": "readers", "group": 999_999, "preview": True}, {"group"}),
        ({"stage": "kings", "region": "cyprus", "preview": True}, {"stage"}),
        ({"stage": "readers", "region": "cyprus", "moderates": True, "preview": True}, {"moderates"}),
        ({"stage": "readers", "region": "cyprus"}, {"digest"}),
        ({**_CYPRUS, "effective_at": "2001-01-01T00:00Z"}, {"effective_at"}),
        ({**_CYPRUS, "keep_older_than": "yesterday"}, {"keep_older_than"}),
    ],
)  # fmt: skip
async def test_what_cannot_be_taken_is_named(site: Site, sent: dict[str, Any], fields: set[str]) -> None:
    status, problem, _ = await _ask(await site.program("administrator"), "POST", _OPENINGS, sent)
    assert (status, set(problem["errors"])) == (422, fields)


async def test_all_rights_are_set_against_the_version_that_was_seen(site: Site, owner: RawConnection) -> None:
    administrator, nikos = await site.program("administrator"), await site.program("nikos")
    status, held, headers = await _ask(administrator, "GET", _GRANTS)
    assert status == 200
    version = headers["ETag"]
    items = [{"group": one["group"], "rights": one["rights"]} for one in held["items"]]
    aegean, partner = await _group(owner, "region-north-aegean"), await _group(owner, PARTNER)
    changed = [one for one in items if one["group"] != aegean] + [{"group": partner, "rights": ["reply"]}]
    assert (await _ask(administrator, "PUT", _GRANTS, {"items": changed}))[1]["code"] == "unversioned"
    status, problem, _ = await _ask(administrator, "PUT", _GRANTS, {"items": changed}, If_Match='"other"')
    assert (status, problem["code"]) == (412, "outdated")
    status, after, headers = await _ask(administrator, "PUT", _GRANTS, {"items": changed}, If_Match=version)
    assert status == 200
    assert {one["group"]: one["rights"] for one in after["items"]}[partner] == ["see", "read", "reply"]
    assert aegean not in {one["group"] for one in after["items"]}
    assert (await nikos.request("GET", "/api/v1/categories/questions")).status == 404
    assert headers["ETag"] != version
    assert (await _ask(administrator, "PUT", _GRANTS, {"items": items}, If_Match=version))[0] == 412
    assert await owner.fetchval("SELECT count(*) FROM openings") == 2, "each change can be taken back by itself"
    status, same, _ = await _ask(administrator, "PUT", _GRANTS, {"items": changed}, If_Match=headers["ETag"])
    assert (status, same) == (200, after)


@pytest.mark.parametrize("group", [999_999, None])
async def test_a_group_that_is_none_or_named_twice_is_refused(
    site: Site, owner: RawConnection, group: int | None
) -> None:
    administrator = await site.program("administrator")
    version = (await _ask(administrator, "GET", _GRANTS))[2]["ETag"]
    items = [{"group": group or await _group(owner, PARTNER), "rights": ["read"]}] * (1 if group else 2)
    status, problem, _ = await _ask(administrator, "PUT", _GRANTS, {"items": items}, If_Match=version)
    assert (status, set(problem["errors"])) == (422, {f"items.{len(items) - 1}.group"})


async def test_categories_are_added_and_changed(site: Site) -> None:
    administrator, maria = await site.program("administrator"), await site.program("maria")
    sent = {"name_el": "Νερό", "name_en": "Water", "parent": "questions", "kinds": ["question"]}
    status, made, headers = await _ask(administrator, "POST", "/api/v1/categories", sent, Idempotency_Key="w")
    assert (status, made["slug"], made["parent"], made["inherits_grants"]) == (201, "water", "questions", True)
    assert made["kinds"] == ["discussion", "question"]
    assert headers["Location"].endswith("/api/v1/categories/water")
    assert (await _ask(administrator, "POST", "/api/v1/categories", sent, Idempotency_Key="w"))[1] == made
    _, seen, _ = await _ask(maria, "GET", "/api/v1/categories/water")
    assert (seen["parent"], seen["archived_at"]) == ("questions", None)
    assert "start" in seen["rights"]
    _, held, _ = await _ask(administrator, "GET", "/api/v1/categories/water/grants")
    assert all(one["inherited"] for one in held["items"])
    change = {"slug": "waters", "is_archived": True, "description_en": "Networks"}
    status, changed, _ = await _ask(administrator, "PATCH", "/api/v1/categories/water", change)
    assert (status, changed["slug"], changed["name_el"]) == (200, "waters", "Νερό")
    assert changed["archived_at"]
    _, seen, _ = await _ask(maria, "GET", "/api/v1/categories/waters")
    assert seen["rights"] == ["see", "read"]
    status, changed, _ = await _ask(administrator, "PATCH", "/api/v1/categories/waters", {"is_archived": False})
    assert (status, changed["archived_at"], changed["description_en"]) == (200, None, "Networks")


async def test_setting_rights_in_a_sub_category_gives_it_its_own(site: Site, owner: RawConnection) -> None:
    administrator, maria = await site.program("administrator"), await site.program("maria")
    await _ask(administrator, "POST", "/api/v1/categories", {"name_el": "Ν", "name_en": "Water", "parent": "questions"})
    path = "/api/v1/categories/water/grants"
    version = (await _ask(administrator, "GET", path))[2]["ETag"]
    items = [{"group": await _group(owner, "region-cyprus"), "rights": ["read"]}]
    status, after, _ = await _ask(administrator, "PUT", path, {"items": items}, If_Match=version)
    assert (status, [one["inherited"] for one in after["items"]]) == (200, [False])
    assert (await _ask(maria, "GET", "/api/v1/categories/water"))[1]["rights"] == ["see", "read"]
    assert "start" in (await _ask(maria, "GET", "/api/v1/categories/questions"))[1]["rights"]


async def test_nothing_is_set_through_a_slug_that_a_category_had(site: Site, owner: RawConnection) -> None:
    administrator = await site.program("administrator")
    headers = (await _ask(administrator, "GET", _GRANTS))[2]
    assert (await _ask(administrator, "PATCH", "/api/v1/categories/questions", {"slug": "talk"}))[0] == 200
    before = await owner.fetchval("SELECT count(*) FROM openings")
    items = [{"group": await _group(owner, PARTNER), "rights": ["see", "read"]}]
    assert (await _ask(administrator, "PUT", _GRANTS, {"items": items}, If_Match=headers["ETag"]))[0] == 404
    assert (await _ask(administrator, "PATCH", "/api/v1/categories/questions", {"is_archived": True}))[0] == 404
    assert await owner.fetchval("SELECT count(*) FROM openings") == before
    assert await owner.fetchval("SELECT archived_at FROM categories WHERE slug = 'talk'") is None
    words = {"category": "questions", "title": "Α", "body": "Β"}
    status, problem, _ = await _ask(administrator, "POST", "/api/v1/topics", words)
    assert (status, problem["code"]) == (403, "category_changed")
