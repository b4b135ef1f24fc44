"""What groups hear of: for administrators."""

from __future__ import annotations

from forum.db import RawConnection
from tests.site import Site


async def test_an_administrator_sets_and_takes_back_a_level(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    page = await administrator.get("/admin/levels")
    assert page.status == 200
    assert "(@region-cyprus)" in page.text
    category = str(await owner.fetchval("SELECT id FROM categories WHERE slug = 'announcements'"))
    group = str(await owner.fetchval("SELECT id FROM groups WHERE slug = 'region-cyprus'"))
    sent = {"category": category, "group": group, "level": "watch"}
    answer = await administrator.submit("/admin/levels", sent)
    assert (answer.status, answer.location) == (303, "/admin/levels")
    page = await administrator.follow(answer)
    assert 'role="status"' in page.text
    assert 'action="/admin/levels/delete"' in page.text
    assert await owner.fetchval("SELECT level FROM group_levels") == "watch"
    assert (await administrator.submit("/admin/levels", {**sent, "level": "mute"})).status == 303
    assert await owner.fetchval("SELECT level FROM group_levels") == "mute"
    assert (await administrator.submit("/admin/levels/delete", {"category": category, "group": group})).status == 303
    assert await owner.fetchval("SELECT count(*) FROM group_levels") == 0
    assert (await administrator.submit("/admin/levels/delete", {"category": category, "group": group})).status == 404


async def test_a_level_for_nothing_is_refused(site: Site) -> None:
    administrator = await site.visitor("administrator")
    answer = await administrator.submit("/admin/levels", {"category": "x", "group": "1", "level": "shout"})
    assert answer.status == 422
    assert 'role="alert"' in answer.text
    answer = await administrator.submit("/admin/levels", {"category": "1", "group": "999999", "level": "watch"})
    assert answer.status == 404


async def test_nobody_else_gets_there(site: Site) -> None:
    for person in ("maria", "moderator"):
        visitor = await site.visitor(person)
        assert (await visitor.get("/admin/levels")).status == 403
        assert (await visitor.submit("/admin/levels", {})).status == 403
