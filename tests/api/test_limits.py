"""How often a program may ask: as often as its member may on the pages, and then 429 with when to come back."""

from __future__ import annotations

import pytest

from forum.config import Config
from forum.db import RawConnection
from tests.api.arrange import problem, start
from tests.cast import PASSWORD, email
from tests.site import Site


@pytest.fixture
def config(config: Config) -> Config:
    """Settings under which the limits hold, a twentieth of what they are, so that the tests are short."""
    return config.model_copy(update={"rate_limits": 0.05})


async def test_posts_are_limited_over_all_of_a_members_programs(site: Site) -> None:
    maria, other, nikos = await site.program("maria"), await site.program("maria"), await site.program("nikos")
    topic = await start(maria)
    for _ in range(2):
        assert (await maria.post(f"/api/v1/topics/{topic['id']}/posts", json={"body": "x"})).status == 201
    for refused in (
        await other.post(f"/api/v1/topics/{topic['id']}/posts", json={"body": "x"}),
        await other.post("/api/v1/topics", json={"category": "questions", "title": "t", "body": "b"}),
    ):
        assert problem(refused, 429) == "rate_limited"
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
    await start(nikos)
    assert (await maria.get(f"/api/v1/topics/{topic['id']}")).json["reply_count"] == 2


async def test_searches_are_limited(site: Site) -> None:
    maria = await site.program("maria")
    for _ in range(3):
        assert (await maria.get("/api/v1/search?q=a")).status == 200
    assert problem(await maria.get("/api/v1/search?q=a"), 429) == "rate_limited"


async def test_guessing_passwords_is_slowed_together_with_signing_in(site: Site, owner: RawConnection) -> None:
    browser, guest = await site.visitor(), await site.program()
    refused = await browser.submit("/login", {"email": email("maria"), "password": "λάθος"})
    assert refused.status == 422
    counted = "UPDATE attempts SET next_at = clock_timestamp() + interval '1 minute' WHERE act LIKE 'sign_in.%'"
    assert await owner.execute(counted) != "UPDATE 0"
    answer = await guest.post("/api/v1/tokens", json={"email": email("maria"), "password": PASSWORD, "name": "x"})
    assert problem(answer, 429) == "rate_limited"
    assert 50 <= int(answer.headers["Retry-After"]) <= 62
    assert await owner.fetchval("SELECT count(*) FROM api_tokens") == 0
