"""An administrator looks as a group or a member would: with those rights alone, unable to write, and it is logged."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest

from forum.config import Config
from forum.db import RawConnection
from forum.routes import ROUTES
from forum.web import looking
from tests.domain.opening import PARTNER
from tests.site import Answer, Site, Visitor
from tests.web import content


async def _look(site: Site, owner: RawConnection, group: str = "", member: str = "") -> Visitor:
    administrator = await site.visitor("administrator")
    number = await owner.fetchval("SELECT id FROM groups WHERE slug = $1", group)
    sent = {"group": str(number) if group else "", "member": member}
    assert (await administrator.submit("/admin/look", sent)).location == "/"
    return administrator


def _categories(answer: Answer) -> set[str]:
    return set(re.findall(r'href="/categories/([a-z-]+)"', answer.text))


async def test_a_category_is_there_as_it_is_for_the_group(site: Site, owner: RawConnection) -> None:
    started = await content.start(site, "maria", title="Φωτισμός")
    looker = await _look(site, owner, "region-cyprus")
    home = await looker.get("/")
    assert "Φωτισμός" in home.text
    assert "Βλέπετε το φόρουμ όπως" in home.text
    assert _categories(home) == _categories(await (await site.visitor("maria")).get("/"))
    await looker.submit("/look/delete")
    looker = await _look(site, owner, PARTNER)
    home = await looker.get("/")
    assert "Φωτισμός" not in home.text
    assert _categories(home) == set()
    path = f"/topics/{started.topic_id}/{started.slug}"
    for hidden in (path, "/categories/questions", f"/posts/{started.first_post_id}", f"{path[:9]}{started.topic_id}"):
        assert (await looker.get(hidden)).status == 404, hidden
    search = f"/search?q={quote('Φωτισμός')}"
    found = f'href="/posts/{started.first_post_id}"'
    assert found not in (await looker.get(search)).text
    await looker.submit("/look/delete")
    assert (await looker.get(path)).status == 200
    assert found in (await looker.get(search)).text


async def test_nothing_that_is_the_members_own_is_shown(site: Site, owner: RawConnection) -> None:
    started = await content.start(site, "nikos", title="Λιμάνια")
    maria = await site.visitor("maria")
    place = f"topic:{started.topic_id}"
    saved = await maria.submit("/drafts", {"place": place, "body": "Μισοτελειωμένη σκέψη"})
    assert saved.status < 400, saved.text
    path = f"/topics/{started.topic_id}/{started.slug}"
    assert "Μισοτελειωμένη σκέψη" in (await maria.get(path)).text
    looker = await _look(site, owner, member=str(site.cast.maria.member_id))
    page = await looker.get(path)
    assert page.status == 200
    assert "Μισοτελειωμένη" not in page.text
    assert site.cast.maria.name in page.text, "the banner says as whom"
    for own in ("/drafts", "/settings", "/notifications", "/settings/sessions", "/settings/tokens", "/events"):
        assert (await looker.get(own)).status == 403, own
    stream = await looker.get("/events", headers={"Accept": "text/event-stream"})
    assert stream.status == 204, "a word to the page's script to ask no more"
    reads = "SELECT count(*) FROM topic_reads WHERE member_id = $1"
    assert await owner.fetchval(reads, site.cast.administrator.member_id) == 0
    assert await owner.fetchval("SELECT count(*) FROM topic_reads WHERE member_id < 0") == 0


async def test_nothing_can_be_written_and_no_page_of_the_administration_is_there(
    site: Site, owner: RawConnection
) -> None:
    started = await content.start(site, "maria")
    looker = await _look(site, owner, "region-cyprus")
    for route in ROUTES:
        if route.is_api or route.method == "GET" or route.name in looking.OWN:
            continue
        values = {name: "999999" for name in re.findall(r"{(\w+)}", route.path)} | {"slug": "questions"}
        values["topic_id"] = str(started.topic_id)
        answer = await looker.submit(route.path.format(**values), {"body": "Κι εγώ"})
        assert answer.status in {403, 404}, route.name
    assert (await looker.get("/admin")).status == 403
    assert (await looker.get("/admin/look")).status == 403
    assert await owner.fetchval("SELECT count(*) FROM posts") == 1
    refused = await looker.submit(f"/topics/{started.topic_id}/posts", {"body": "Κι εγώ"})
    assert "Δείτε πάλι ως ο εαυτός σας" in refused.text
    assert (await looker.get("/help")).status == 200


async def test_rights_hold_from_the_next_request_on(site: Site, owner: RawConnection) -> None:
    looker = await _look(site, owner, "region-cyprus")
    assert (await looker.get("/categories/questions")).status == 200
    await owner.execute(
        "UPDATE grants SET valid_until = now() FROM groups, categories WHERE groups.id = group_id "
        "AND categories.id = category_id AND groups.slug = 'region-cyprus' AND categories.slug = 'questions'"
    )
    assert (await looker.get("/categories/questions")).status == 404


async def test_another_session_of_the_same_administrator_is_not_concerned(site: Site, owner: RawConnection) -> None:
    other = await site.visitor("administrator")
    await _look(site, owner, PARTNER)
    assert (await other.get("/admin")).status == 200
    assert "questions" in _categories(await other.get("/"))


async def test_who_is_no_administrator_any_more_looks_as_themselves(site: Site, owner: RawConnection) -> None:
    looker = await _look(site, owner, PARTNER)
    await owner.execute("DELETE FROM group_members WHERE member_id = $1", site.cast.administrator.member_id)
    home = await looker.get("/")
    assert "questions" in _categories(home), "by the association"
    assert "όπως θα το έβλεπε" not in home.text


async def test_a_suspended_member_sees_nothing(site: Site, owner: RawConnection) -> None:
    looker = await _look(site, owner, member=str(site.cast.suspended.member_id))
    assert _categories(await looker.get("/")) == set()


@pytest.mark.parametrize(
    "sent", [{}, {"group": "1", "member": "1"}, {"group": "999999"}, {"group": "x"}, {"member": "Κανένας"}]
)
async def test_what_is_no_one_is_refused_and_kept(site: Site, sent: dict[str, str]) -> None:
    administrator = await site.visitor("administrator")
    answer = await administrator.submit("/admin/look", sent)
    assert answer.status == 422
    assert f'value="{sent.get("member", "")}"' in answer.text


async def test_beginning_and_end_are_in_the_log(site: Site, owner: RawConnection) -> None:
    looker = await _look(site, owner, member=str(site.cast.maria.member_id))
    await looker.submit("/look/delete")
    rows = await owner.fetch("SELECT actor_id, act, after::text FROM audit_entries WHERE act LIKE 'look.%' ORDER BY id")
    assert [(row["act"], json.loads(row["after"] or "{}")) for row in rows] == [
        ("look.began", {"member_id": site.cast.maria.member_id}),
        ("look.ended", {}),
    ]
    assert {row["actor_id"] for row in rows} == {site.cast.administrator.member_id}


async def test_every_page_that_is_shown_is_one_of_the_routes() -> None:
    assert {route.name for route in ROUTES} >= looking.PAGES | looking.OWN


class TestWithLimits:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return config.model_copy(update={"rate_limits": 1.0})

    async def test_what_is_counted_can_be_looked_at_all_the_same(self, site: Site, owner: RawConnection) -> None:
        looker = await _look(site, owner, "region-cyprus")
        for path in ("/search?q=a", "/members?q=a", "/municipalities"):
            assert (await looker.get(path)).status == 200, path
