"""The audit log holds what was done, with the request that caused it, and takes no change."""

from __future__ import annotations

import pytest

from forum.db import Database, RawConnection, RawError
from forum.domain import audit
from forum.logs import REQUEST_ID
from tests.cast import Cast


async def test_an_entry_says_who_did_what_to_what(db: Database, cast: Cast, owner: RawConnection) -> None:
    token = REQUEST_ID.set("0d3f")
    try:
        async with db.write() as tx:
            await audit.record(
                tx,
                actor_id=cast.moderator.member_id,
                act="topic.locked",
                subject="topic",
                subject_id=7,
                before={"is_locked": False},
                after={"is_locked": True, "reason": None},
            )
    finally:
        REQUEST_ID.reset(token)
    [row] = await owner.fetch(
        "SELECT actor_id, act, subject, subject_id, before::text, after::text, request_id FROM audit_entries"
    )
    assert tuple(row) == (
        cast.moderator.member_id,
        "topic.locked",
        "topic",
        7,
        '{"is_locked": false}',
        '{"reason": null, "is_locked": true}',
        "0d3f",
    )


async def test_outside_a_request_and_without_details_the_columns_are_empty(db: Database, owner: RawConnection) -> None:
    async with db.write() as tx:
        await audit.record(tx, actor_id=None, act="setup.issued", subject="setup_link", subject_id=None)
    [row] = await owner.fetch("SELECT actor_id, subject_id, before, after, request_id FROM audit_entries")
    assert tuple(row) == (None, None, None, None, None)


async def test_an_entry_goes_with_the_act_that_is_rolled_back(db: Database, owner: RawConnection) -> None:

    async def act_and_fail() -> None:
        async with db.write() as tx:
            await audit.record(tx, actor_id=None, act="setup.issued", subject="setup_link", subject_id=None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await act_and_fail()
    assert await owner.fetchval("SELECT count(*) FROM audit_entries") == 0


async def test_an_act_that_is_not_a_noun_and_a_verb_is_refused(db: Database) -> None:
    with pytest.raises(RawError, match="audit_entries_act_check"):
        async with db.write() as tx:
            await audit.record(tx, actor_id=None, act="Locked", subject="topic", subject_id=1)
