"""Themes by the API: a discussion may name them, and a member's program follows them."""

from __future__ import annotations

from forum.db import RawConnection
from tests.api.arrange import faulty, problem, start
from tests.site import Site


async def test_a_discussion_names_themes_and_nothing_else(site: Site) -> None:
    maria = await site.program("maria")
    topic = await start(maria, fields={"themes": ["water", "energy"]})
    path = f"/api/v1/topics/{topic['id']}"
    assert (await maria.get(path)).json["fields"] == {"themes": ["energy", "water"]}
    sent = {"category": "questions", "title": "Α", "body": "Β"}
    for wrong in (["nonsense"], "water", []):
        answer = await maria.post("/api/v1/topics", json={**sent, "fields": {"themes": wrong}})
        assert faulty(answer) == {"fields.themes"}
    assert faulty(await maria.post("/api/v1/topics", json={**sent, "fields": {"type": "call"}})) == {"fields.type"}
    assert (await maria.patch(path, json={"fields": {"themes": None}})).json["fields"] == {}


async def test_themes_are_listed_with_what_the_caller_may_read_and_followed(site: Site, owner: RawConnection) -> None:
    maria, stranger = await site.program("maria"), await site.program("stranger")
    await start(maria, fields={"themes": ["water"]})
    listed = (await maria.get("/api/v1/themes?limit=100")).json
    assert listed["next"] is None
    assert len(listed["items"]) == 20
    assert listed["items"][1] == {
        "slug": "water",
        "name": "Νερό",
        "name_el": "Νερό",
        "name_en": "Water",
        "topic_count": 1,
        "is_followed": False,
    }
    for _ in range(2):
        assert (await maria.put("/api/v1/themes/water/subscription")).status == 204
    assert (await maria.get("/api/v1/themes")).json["items"][1]["is_followed"]
    assert (await stranger.get("/api/v1/themes")).json["items"][1]["topic_count"] == 0
    assert await owner.fetchval("SELECT count(*) FROM theme_subscriptions") == 1
    for _ in range(2):
        assert (await maria.delete("/api/v1/themes/water/subscription")).status == 204
    assert not await owner.fetchval("SELECT count(*) FROM theme_subscriptions")
    assert problem(await maria.put("/api/v1/themes/nonsense/subscription"), 404) == "not_found"
