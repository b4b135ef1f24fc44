"""The mark that a topic is not meant for a wider circle."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from forum.domain.topics import Started
from tests.site import Site
from tests.web import content, doors


@pytest.fixture
async def topic(site: Site) -> Started:
    return await content.start(site, "maria")


async def _is_internal(owner: RawConnection) -> bool:
    found: bool = await owner.fetchval("SELECT is_internal FROM topics")
    return found


@pytest.mark.parametrize("person", ["maria", "moderator", "administrator"])
async def test_its_author_and_moderators_mark_a_topic(
    site: Site, topic: Started, owner: RawConnection, person: str
) -> None:
    path = f"/topics/{topic.topic_id}"
    visitor = await site.visitor(person)
    answer = await visitor.submit(f"{path}/internal")
    assert (answer.status, answer.location) == (303, f"{path}/{topic.slug}")
    assert await _is_internal(owner)
    assert f'action="{path}/internal/delete"' in (await visitor.follow(answer)).text
    assert (await visitor.submit(f"{path}/internal")).status == 303
    assert (await visitor.submit(f"{path}/internal/delete")).status == 303
    assert not await _is_internal(owner)
    assert await content.acts(owner) == ["topic.mark_internal", "topic.unmark_internal"]


async def test_another_member_does_not_mark(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos = await site.visitor("nikos")
    assert (await nikos.submit(f"/topics/{topic.topic_id}/internal")).status == 403
    assert (await nikos.submit(f"/topics/{topic.topic_id}/internal/delete")).status == 403
    assert not await _is_internal(owner)


async def test_in_a_locked_topic_only_moderators_mark(site: Site, topic: Started, owner: RawConnection) -> None:
    await content.lock(site, topic.topic_id)
    assert (await (await site.visitor("maria")).submit(f"/topics/{topic.topic_id}/internal")).status == 403
    assert not await _is_internal(owner)
    assert (await (await site.visitor("moderator")).submit(f"/topics/{topic.topic_id}/internal")).status == 303
    assert await _is_internal(owner)


async def test_the_mark_is_closed_to_outsiders(site: Site, topic: Started, owner: RawConnection) -> None:
    for tail in ("/internal", "/internal/delete"):
        path, absent = f"/topics/{topic.topic_id}{tail}", f"/topics/{doors.ABSENT}{tail}"
        await doors.closed_to_outsiders(site, "POST", path, absent)
    assert not await _is_internal(owner)


async def test_what_is_no_topic_cannot_be_marked(site: Site) -> None:
    maria = await site.visitor("maria")
    assert (await maria.submit(f"/topics/{doors.ABSENT}/internal")).status == 404
    assert (await maria.submit("/topics/abc/internal/delete")).status == 400


async def test_the_mark_asks_for_the_token(site: Site, topic: Started, owner: RawConnection) -> None:
    await doors.asks_for_the_token(site, "maria", f"/topics/{topic.topic_id}/internal")
    assert not await _is_internal(owner)
    await doors.takes_no_other_method(site, "maria", f"/topics/{topic.topic_id}/internal/delete", "GET", "PUT")
