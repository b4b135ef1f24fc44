"""The pin that keeps a topic on top of its category."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from forum.domain.topics import Started
from tests.site import Site
from tests.web import content, doors


@pytest.fixture
async def topic(site: Site) -> Started:
    return await content.start(site, "maria")


async def _is_pinned(owner: RawConnection) -> bool:
    found: bool = await owner.fetchval("SELECT pinned_at IS NOT NULL FROM topics")
    return found


async def test_a_moderator_pins_and_unpins(site: Site, topic: Started, owner: RawConnection) -> None:
    path = f"/topics/{topic.topic_id}"
    moderator = await site.visitor("moderator")
    answer = await moderator.submit(f"{path}/pin")
    assert (answer.status, answer.location) == (303, f"{path}/{topic.slug}")
    assert await _is_pinned(owner)
    page = await moderator.follow(answer)
    assert 'role="status"' in page.text
    assert f'action="{path}/pin/delete"' in page.text
    assert (await moderator.submit(f"{path}/pin")).status == 303
    assert (await moderator.submit(f"{path}/pin/delete")).status == 303
    assert not await _is_pinned(owner)
    assert await content.acts(owner) == ["topic.pin", "topic.unpin"]


async def test_members_do_not_pin(site: Site, topic: Started, owner: RawConnection) -> None:
    for person in ("maria", "nikos"):
        assert (await (await site.visitor(person)).submit(f"/topics/{topic.topic_id}/pin")).status == 403
    assert not await _is_pinned(owner)
    await content.pin(site, topic.topic_id)
    assert (await (await site.visitor("maria")).submit(f"/topics/{topic.topic_id}/pin/delete")).status == 403
    assert await _is_pinned(owner)


async def test_the_pin_is_closed_to_outsiders(site: Site, topic: Started, owner: RawConnection) -> None:
    for tail in ("/pin", "/pin/delete"):
        path, absent = f"/topics/{topic.topic_id}{tail}", f"/topics/{doors.ABSENT}{tail}"
        await doors.closed_to_outsiders(site, "POST", path, absent)
    assert not await _is_pinned(owner)


async def test_what_is_no_topic_cannot_be_pinned(site: Site) -> None:
    moderator = await site.visitor("moderator")
    assert (await moderator.submit(f"/topics/{doors.ABSENT}/pin")).status == 404
    assert (await moderator.submit("/topics/99999999999999999999/pin")).status == 400


async def test_the_pin_asks_for_the_token(site: Site, topic: Started, owner: RawConnection) -> None:
    await doors.asks_for_the_token(site, "moderator", f"/topics/{topic.topic_id}/pin")
    assert not await _is_pinned(owner)
    await content.pin(site, topic.topic_id)
    await doors.asks_for_the_token(site, "moderator", f"/topics/{topic.topic_id}/pin/delete")
    assert await _is_pinned(owner)
    await doors.takes_no_other_method(site, "moderator", f"/topics/{topic.topic_id}/pin/delete", "GET", "PUT")
