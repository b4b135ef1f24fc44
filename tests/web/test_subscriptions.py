"""Choosing how much one wants to hear of a topic and of a category."""

from __future__ import annotations

import re

import pytest

from forum.db import RawConnection
from forum.domain.topics import Started
from tests.site import Answer, Site
from tests.web import content


@pytest.fixture
async def topic(site: Site) -> Started:
    return await content.start(site, "maria")


def _pressed(answer: Answer) -> str:
    found = re.findall(r'name="level" value="(\w+)" aria-pressed="true"', answer.text)
    assert len(found) == 1
    return str(found[0])


@pytest.mark.parametrize("place", ["topic", "category"])
async def test_a_member_watches_follows_mutes_and_takes_it_back(
    site: Site, topic: Started, owner: RawConnection, place: str
) -> None:
    page = f"/topics/{topic.topic_id}/{topic.slug}" if place == "topic" else "/categories/questions"
    action = f"/topics/{topic.topic_id}/subscription" if place == "topic" else f"{page}/subscription"
    nikos = await site.visitor("nikos")
    shown = await nikos.get(page)
    assert _pressed(shown) == "follow", "what is usual"
    assert 'value="usual"' not in shown.text
    for level in ("watch", "follow", "mute"):
        answer = await nikos.submit(action, {"level": level})
        assert (answer.status, answer.location) == (303, page)
        shown = await nikos.follow(answer)
        assert 'role="status"' in shown.text
        assert _pressed(shown) == level
        assert _pressed(await nikos.get(page)) == level, "also on a page that was kept"
        assert await owner.fetchval(f"SELECT level FROM {place}_subscriptions") == level
    shown = await nikos.follow(await nikos.submit(action, {"level": "usual"}))
    assert _pressed(shown) == "follow"
    assert 'value="usual"' not in shown.text


async def test_each_reader_sees_their_own_choice_on_the_same_page(site: Site, topic: Started) -> None:
    path = f"/topics/{topic.topic_id}/{topic.slug}"
    maria, nikos, sophie = [await site.visitor(person) for person in ("maria", "nikos", "sophie")]
    assert (await nikos.submit(f"/topics/{topic.topic_id}/subscription", {"level": "mute"})).status == 303
    for _ in range(2):
        assert [_pressed(await visitor.get(path)) for visitor in (maria, nikos, sophie)] == ["watch", "mute", "follow"]


async def test_a_choice_for_the_category_shows_on_its_topics(site: Site, topic: Started) -> None:
    path = f"/topics/{topic.topic_id}/{topic.slug}"
    nikos = await site.visitor("nikos")
    assert _pressed(await nikos.get(path)) == "follow"
    await nikos.submit("/categories/questions/subscription", {"level": "watch"})
    assert _pressed(await nikos.get(path)) == "watch"


@pytest.mark.parametrize("sent", [{}, {"level": ""}, {"level": "shout"}])
async def test_another_level_is_none(site: Site, topic: Started, sent: dict[str, str]) -> None:
    nikos = await site.visitor("nikos")
    assert (await nikos.submit(f"/topics/{topic.topic_id}/subscription", sent)).status == 422
    assert (await nikos.submit("/categories/questions/subscription", sent)).status == 422


async def test_strangers_find_nothing_to_choose_for_and_get_is_no_way(site: Site, topic: Started) -> None:
    stranger, nikos = await site.visitor("stranger"), await site.visitor("nikos")
    for path in (f"/topics/{topic.topic_id}/subscription", "/categories/questions/subscription"):
        assert (await stranger.submit(path, {"level": "watch"})).status == 404
        assert (await nikos.get(path)).status in {404, 405, 301}
        assert (await nikos.request("POST", path, data={"level": "watch"})).status == 403
    assert (await nikos.submit("/topics/999999/subscription", {"level": "watch"})).status == 404


async def test_it_leads_back_to_where_the_form_stands_and_nowhere_else(site: Site, topic: Started) -> None:
    nikos = await site.visitor("nikos")
    action = f"/topics/{topic.topic_id}/subscription"
    answer = await nikos.submit(action, {"level": "watch", "next": "/settings/notifications"})
    assert answer.location == "/settings/notifications"
    answer = await nikos.submit(action, {"level": "watch", "next": "//evil.example"})
    assert answer.location == "/"
