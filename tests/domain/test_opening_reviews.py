"""Openings are looked at again on their day: once reminded, kept with a word in the log, over when another follows."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from forum.db import Database, RawConnection
from forum.domain import opening_reviews
from forum.domain.access import AdministerGrant
from forum.domain.entities import OpeningId
from forum.errors import Conflict, Invalid, NotFound
from tests.cast import Cast
from tests.domain.opening import PARTNER, Opener


@pytest.fixture
def opener(db: Database, owner: RawConnection, cast: Cast) -> Opener:
    return Opener(db, owner, AdministerGrant(cast.administrator))


async def _plan(opener: Opener, opening_id: OpeningId, at: datetime | None) -> None:
    async with opener.db.write() as tx:
        await opening_reviews.plan(tx, opener.grant, opening_id, at)


async def _keep(opener: Opener, opening_id: OpeningId, again_at: datetime | None = None) -> None:
    async with opener.db.write() as tx:
        await opening_reviews.keep(tx, opener.grant, opening_id, again_at)


async def _remind(opener: Opener) -> int:
    count = 0
    while True:
        async with opener.db.write() as tx:
            if not await opening_reviews.remind(tx):
                return count
        count += 1


async def _due(opener: Opener) -> list[OpeningId]:
    async with opener.db.read() as conn:
        return [review.opening_id for review in await opening_reviews.list_due(conn, opener.grant)]


async def _pass_to_the_day(opener: Opener) -> None:
    await opener.owner.execute("UPDATE openings SET review_at = now() - interval '1 minute' WHERE review_at > now()")


async def _planned(opener: Opener, stage: str = "readers") -> OpeningId:
    """Open a category and choose a day, which comes."""
    opening = await opener.open(PARTNER, stage)
    await _plan(opener, opening, await opener.now() + timedelta(days=30))
    assert await _due(opener) == []
    assert await _remind(opener) == 0
    await _pass_to_the_day(opener)
    return opening


async def test_every_administrator_is_reminded_once_on_the_day(opener: Opener, cast: Cast) -> None:
    opening = await _planned(opener)
    assert await _due(opener) == [opening]
    assert (await _remind(opener), await _remind(opener)) == (1, 0)
    rows = await opener.owner.fetch("SELECT kind, member_id, facts FROM mails")
    assert [(row[0], row[1], json.loads(row[2])) for row in rows] == [
        ("opening_review", cast.administrator.member_id, {"opening_id": opening})
    ]
    assert await _due(opener) == [opening], "it is still to be decided"


async def test_another_day_is_another_reminder_and_the_same_day_none(opener: Opener) -> None:
    opening = await _planned(opener)
    await _remind(opener)
    await _plan(opener, opening, await opener.now() + timedelta(days=1))
    assert await _due(opener) == []
    await _pass_to_the_day(opener)
    assert await _remind(opener) == 1
    await _plan(opener, opening, None)
    assert (await _due(opener), await _remind(opener)) == ([], 0)


async def test_keeping_it_ends_the_review_or_puts_it_off(opener: Opener, cast: Cast) -> None:
    opening = await _planned(opener)
    again = await opener.now() + timedelta(days=90)
    await _keep(opener, opening, again)
    assert await _due(opener) == []
    row = await opener.owner.fetchrow("SELECT review_at, reviewed_by_id FROM openings")
    assert row is not None
    assert tuple(row) == (again, cast.administrator.member_id)
    await _keep(opener, opening)
    assert await opener.owner.fetchval("SELECT review_at FROM openings") is None
    rows = await opener.owner.fetch(
        "SELECT before->>'review_at' IS NULL, after->>'review' FROM audit_entries "
        "WHERE act = 'category.opening_reviewed' ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [(False, "kept"), (False, "kept")]


async def test_it_is_over_when_another_follows_and_waits_again_when_that_is_taken_back(opener: Opener) -> None:
    opening = await _planned(opener)
    widening = await opener.open(PARTNER, "commenters")
    assert (await _due(opener), await _remind(opener)) == ([], 0)
    with pytest.raises(Conflict, match="nothing_to_review"):
        await _keep(opener, opening)
    await opener.undo(widening)
    assert (await _due(opener), await _remind(opener)) == ([opening], 1)
    await opener.undo(opening)
    assert await _due(opener) == []
    with pytest.raises(Conflict, match="nothing_to_review"):
        await _plan(opener, opening, await opener.now() + timedelta(days=1))


async def test_a_day_that_is_past_or_too_early_is_refused(opener: Opener) -> None:
    effective_at = await opener.now() + timedelta(days=10)
    opening = await opener.open(PARTNER, "readers", effective_at=effective_at)
    for at in (await opener.now() - timedelta(days=1), effective_at):
        with pytest.raises(Invalid) as refused:
            await _plan(opener, opening, at)
        assert refused.value.fields == {"review_at": ("too_soon",)}
    await _plan(opener, opening, effective_at + timedelta(seconds=1))
    with pytest.raises(Conflict, match="nothing_to_review"):
        await _keep(opener, opening)
    with pytest.raises(NotFound):
        await _plan(opener, OpeningId(999_999), None)
