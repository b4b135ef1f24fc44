"""Attacks that were tried on the API and once worked, or nearly did; each must fail for good."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from forum.config import Config
from forum.db import RawConnection
from forum.domain import moderation
from forum.domain.access import AdministerGrant
from forum.errors import Forbidden
from forum.keys import DB
from tests.api.arrange import problem, start
from tests.site import Site


class TestWithLimits:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        """A twentieth of the usual limits: three posts a minute."""
        return config.model_copy(update={"rate_limits": 0.05})

    async def test_changes_are_counted_as_posts_are(self, site: Site) -> None:
        maria = await site.program("maria")
        topic = await start(maria)
        post = f"/api/v1/posts/{topic['first_post_id']}"
        answers = [await maria.patch(post, json={"body": f"Άλλο {number}"}) for number in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 429, 429]
        assert problem(await maria.patch(f"/api/v1/topics/{topic['id']}", json={"title": "Νέο"}), 429) == "rate_limited"
        assert (await maria.get(f"{post}/revisions")).json["items"][0]["body"] == "Άλλο 1"
        browser = await site.visitor("maria")
        await browser.get(f"/posts/{topic['first_post_id']}/edit")
        page = await browser.submit(f"/posts/{topic['first_post_id']}/edit", {"title": "Νέο", "body": "Άλλο 5"})
        assert page.status == 429

    async def test_a_mark_that_leaves_a_notice_each_time_is_counted_too(self, site: Site, owner: RawConnection) -> None:
        maria = await site.program("maria")
        topic = f"/topics/{(await start(maria))['id']}"
        answers = [await maria.patch(f"/api/v1{topic}", json={"internal": bool(turn % 2)}) for turn in (1, 2, 3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        browser = await site.visitor("maria")
        await browser.get(f"{topic}/posts/new")
        assert (await browser.submit(f"{topic}/internal")).status == 429
        assert (await browser.submit(f"{topic}/internal/delete")).status == 429
        assert await owner.fetchval("SELECT count(*) FROM topic_notices") == 2


async def test_of_two_administrators_who_suspend_each_other_one_remains(site: Site, owner: RawConnection) -> None:
    first, second = site.cast.administrator, site.cast.moderator
    await owner.execute(
        "INSERT INTO group_members (group_id, member_id) SELECT id, $1 FROM groups WHERE slug = 'administrators'",
        second.member_id,
    )
    until = datetime.now(UTC) + timedelta(days=1)
    async with site.app[DB].write() as tx:
        await moderation.suspend(tx, AdministerGrant(first), second.member_id, until=until, reason="Πρώτος")

        async def answer_in_kind() -> None:
            async with site.app[DB].write() as later:
                await moderation.suspend(
                    later, AdministerGrant(second), first.member_id, until=until, reason="Δεύτερος"
                )

        reply = asyncio.create_task(answer_in_kind())
        await asyncio.sleep(0.3)
    with pytest.raises(Forbidden):
        await reply
    assert await owner.fetchval("SELECT suspended_until IS NULL FROM members WHERE id = $1", first.member_id)


async def test_who_is_no_longer_an_administrator_suspends_nobody(site: Site, owner: RawConnection) -> None:
    administrator = site.cast.administrator
    await owner.execute("DELETE FROM group_members WHERE member_id = $1", administrator.member_id)
    with pytest.raises(Forbidden):
        async with site.app[DB].write() as tx:
            await moderation.unsuspend(tx, AdministerGrant(administrator), site.cast.suspended.member_id)
    assert await owner.fetchval(
        "SELECT suspended_until = 'infinity' FROM members WHERE id = $1", site.cast.suspended.member_id
    )


@pytest.mark.parametrize("piece", ["{}", "1.5"])
async def test_a_body_of_countless_pieces_is_not_read_to_its_end(site: Site, piece: str) -> None:
    guest = await site.program()
    answer = await guest.post(
        "/api/v1/tokens",
        data=f"[{','.join([piece] * 200_000)}]".encode(),
        headers={"Content-Type": "application/json"},
    )
    assert problem(answer, 400) == "bad_value"
