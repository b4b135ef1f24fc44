"""The lock: with a reason that everybody sees, set and taken off by moderators."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from forum.domain.topics import Started
from tests.site import Site
from tests.web import content, doors


@pytest.fixture
async def topic(site: Site) -> Started:
    return await content.start(site, "maria")


async def _reason(owner: RawConnection) -> str | None:
    found: str | None = await owner.fetchval("SELECT lock_reason FROM topics")
    return found


async def test_a_moderator_locks_with_a_reason_and_unlocks(site: Site, topic: Started, owner: RawConnection) -> None:
    path = f"/topics/{topic.topic_id}"
    moderator, maria = await site.visitor("moderator"), await site.visitor("maria")
    assert (await moderator.get(f"{path}/lock/new")).status == 200
    answer = await moderator.submit(f"{path}/lock", {"reason": "Περιμένουμε\r\nτην απόφαση"})
    assert (answer.status, answer.location) == (303, f"{path}/{topic.slug}")
    assert await _reason(owner) == "Περιμένουμε\nτην απόφαση"
    page = await maria.get(f"{path}/{topic.slug}")
    assert page.text.count("Περιμένουμε\nτην απόφαση") == 2
    assert (await maria.submit(f"{path}/posts", {"body": "Και όμως"})).status == 403
    answer = await moderator.submit(f"{path}/lock/delete")
    assert answer.status == 303
    assert await _reason(owner) is None
    assert (await maria.submit(f"{path}/posts", {"body": "Τώρα ναι"})).status == 303
    assert await content.acts(owner) == ["topic.lock", "topic.unlock"]


async def test_however_often_it_is_locked_the_page_tells_of_the_latest_times(site: Site, topic: Started) -> None:
    path = f"/topics/{topic.topic_id}"
    moderator = await site.visitor("moderator")
    await moderator.get(f"{path}/lock/new")
    for time in range(5):
        await moderator.submit(f"{path}/lock", {"reason": f"Λόγος {time}"})
        await moderator.submit(f"{path}/lock/delete")
    page = await moderator.get(f"{path}/{topic.slug}")
    assert [time for time in range(5) if f"Λόγος {time}" in page.text] == [5 - 3, 5 - 2, 5 - 1]


async def test_locking_twice_keeps_the_first_reason_and_one_entry(
    site: Site, topic: Started, owner: RawConnection
) -> None:
    moderator = await site.visitor("moderator")
    for reason in ("Πρώτη", "Δεύτερη"):
        assert (await moderator.submit(f"/topics/{topic.topic_id}/lock", {"reason": reason})).status == 303
    assert await _reason(owner) == "Πρώτη"
    assert await content.acts(owner) == ["topic.lock"]
    assert await owner.fetchval("SELECT count(*) FROM topic_notices") == 1


@pytest.mark.parametrize("reason", ["", "  \n ", "α" * 501, "α\x00"])
async def test_a_reason_that_cannot_be_taken_is_asked_for_again(
    site: Site, topic: Started, owner: RawConnection, reason: str
) -> None:
    moderator = await site.visitor("moderator")
    answer = await moderator.submit(f"/topics/{topic.topic_id}/lock", {"reason": reason})
    assert answer.status == 422
    assert 'href="#reason"' in answer.text
    if "\x00" not in reason:
        assert reason.strip() in answer.text
    assert await _reason(owner) is None
    assert await content.acts(owner) == []


async def test_members_do_not_lock_even_their_own(site: Site, topic: Started, owner: RawConnection) -> None:
    for person in ("maria", "nikos"):
        visitor = await site.visitor(person)
        assert (await visitor.get(f"/topics/{topic.topic_id}/lock/new")).status == 403
        assert (await visitor.submit(f"/topics/{topic.topic_id}/lock", {"reason": "Γιατί όχι"})).status == 403
        assert (await visitor.submit(f"/topics/{topic.topic_id}/lock", {})).status == 403
    await content.lock(site, topic.topic_id, "Έκλεισε")
    assert (await (await site.visitor("maria")).submit(f"/topics/{topic.topic_id}/lock/delete")).status == 403
    assert await _reason(owner) == "Έκλεισε"


async def test_the_lock_is_closed_to_outsiders(site: Site, topic: Started, owner: RawConnection) -> None:
    path, absent = f"/topics/{topic.topic_id}", f"/topics/{doors.ABSENT}"
    await doors.closed_to_outsiders(site, "GET", f"{path}/lock/new", f"{absent}/lock/new")
    await doors.closed_to_outsiders(site, "POST", f"{path}/lock", f"{absent}/lock", {"reason": "Εγώ"})
    await doors.closed_to_outsiders(site, "POST", f"{path}/lock", f"{absent}/lock", {})
    await doors.closed_to_outsiders(site, "POST", f"{path}/lock/delete", f"{absent}/lock/delete")
    assert await _reason(owner) is None


async def test_what_is_no_topic_cannot_be_locked(site: Site) -> None:
    moderator = await site.visitor("moderator")
    assert (await moderator.submit(f"/topics/{doors.ABSENT}/lock", {"reason": "Κενό"})).status == 404
    assert (await moderator.submit("/topics/abc/lock", {"reason": "Κενό"})).status == 400


async def test_a_deleted_topic_is_not_locked(site: Site, topic: Started, owner: RawConnection) -> None:
    await content.delete_topic(site, "maria", topic.topic_id)
    moderator = await site.visitor("moderator")
    assert (await moderator.submit(f"/topics/{topic.topic_id}/lock", {"reason": "Αργά"})).status == 403
    assert await _reason(owner) is None


async def test_the_lock_asks_for_the_token(site: Site, topic: Started, owner: RawConnection) -> None:
    path = f"/topics/{topic.topic_id}/lock"
    await doors.asks_for_the_token(site, "moderator", path, {"reason": "Κρυφά"})
    assert await _reason(owner) is None
    await content.lock(site, topic.topic_id, "Έκλεισε")
    await doors.asks_for_the_token(site, "moderator", f"{path}/delete")
    assert await _reason(owner) == "Έκλεισε"
    await doors.takes_no_other_method(site, "moderator", f"{path}/delete", "PUT", "DELETE")
