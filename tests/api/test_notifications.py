"""A program reads what its member was told, and counts it as seen."""

from __future__ import annotations

from forum.db import RawConnection
from forum.keys import DB
from tests.domain import telling
from tests.site import Program, Site

_PATH = "/api/v1/notifications"


async def _told(site: Site, count: int = 1) -> Program:
    """Have nikos mention maria in topics of his own."""
    for _ in range(count):
        await telling.start(
            site.app[DB], site.cast.nikos, telling.mention(site.cast.maria), telling.known(site.cast.maria)
        )
    await telling.fan_out(site.app[DB])
    return await site.program("maria")


async def test_what_was_told_is_listed_the_newest_first(site: Site) -> None:
    program = await _told(site, 3)
    first = (await program.get(f"{_PATH}?limit=2")).json
    rest = (await program.get(f"{_PATH}?limit=2&cursor={first['next']}")).json
    items = [*first["items"], *rest["items"]]
    assert [item["id"] for item in items] == sorted((item["id"] for item in items), reverse=True)
    assert len(items) == 3
    assert rest["next"] is None
    item = items[0]
    assert (item["kind"], item["title"], item["number"], item["read_at"]) == ("mention", "Δίκτυα", 1, None)
    assert item["actor_name"] == site.cast.nikos.name
    assert (await program.get(f"/api/v1/posts/{item['post_id']}")).status == 200


async def test_some_or_all_are_counted_as_seen_and_never_those_of_others(site: Site) -> None:
    program = await _told(site, 3)
    ids = [item["id"] for item in (await program.get(_PATH)).json["items"]]
    nikos = await site.program("nikos")
    assert (await nikos.put(f"{_PATH}/read", json={"ids": ids})).status == 204
    assert (await program.put(f"{_PATH}/read", json={"ids": ids[:1]})).status == 204
    assert [item["read_at"] is None for item in (await program.get(_PATH)).json["items"]] == [False, True, True]
    assert (await program.put(f"{_PATH}/read", json={})).status == 204
    assert all(item["read_at"] for item in (await program.get(_PATH)).json["items"])


async def test_what_one_may_not_read_any_more_has_no_title_and_no_way(site: Site, owner: RawConnection) -> None:
    program = await _told(site)
    await owner.execute("DELETE FROM grants")
    (item,) = (await program.get(_PATH)).json["items"]
    for name in ("topic_id", "title", "post_id", "number", "url", "actor_id", "actor_name"):
        assert item[name] is None
