"""How often a member may write: refused with the time to wait, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from forum.config import Config
from forum.db import RawConnection
from tests.site import Site
from tests.web import content


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A thirtieth of the usual limits: two a minute, ten an hour."""
    return Config(_env_file=None, data_dir=tmp_path, secret_key=SecretStr("k" * 64), rate_limits=1 / 30)


async def test_topics_and_replies_are_counted_together(site: Site, owner: RawConnection) -> None:
    started = await content.start(site, "nikos")
    maria = await site.visitor("maria")
    path = f"/topics/{started.topic_id}/posts"
    assert (await maria.submit("/categories/questions/new", {"title": "Ένα", "body": "Κείμενο"})).status == 303
    assert (await maria.submit(path, {"body": "Δύο"})).status == 303
    refused = await maria.submit(path, {"body": "Τρία"})
    assert refused.status == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert await owner.fetchval("SELECT count(*) FROM posts") == 3


async def test_another_member_is_not_held_back(site: Site) -> None:
    started = await content.start(site, "nikos")
    path = f"/topics/{started.topic_id}/posts"
    maria, sophie = await site.visitor("maria"), await site.visitor("sophie")
    for _ in range(3):
        last = await maria.submit(path, {"body": "Πολλά"})
    assert last.status == 429
    assert (await sophie.submit(path, {"body": "Ένα"})).status == 303


async def test_a_stranger_learns_nothing_from_the_limit(site: Site) -> None:
    started = await content.start(site, "nikos")
    stranger = await site.visitor("stranger")
    for _ in range(4):
        assert (await stranger.submit(f"/topics/{started.topic_id}/posts", {"body": "Μέσα"})).status == 404
