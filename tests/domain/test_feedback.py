"""Messages to the moderators: from members and guests, open ones first, settled and reopened."""

from __future__ import annotations

import pytest

from forum.db import Database, RawConnection
from forum.domain import access, feedback
from forum.domain.actors import Actor
from forum.domain.feedback import A_PAGE, Feedback, FeedbackId
from forum.errors import BadRequest, Forbidden, NotFound
from tests.cast import Cast

ABSENT = FeedbackId(999_999)


async def _send(db: Database, actor: Actor | None = None, body: str = "Δεν διαβάζεται", **more: str) -> FeedbackId:
    async with db.write() as tx:
        return await feedback.send(tx, actor, body=body, page=more.get("page", ""), contact=more.get("contact", ""))


async def _settle(db: Database, actor: Actor, feedback_id: FeedbackId) -> None:
    async with db.write() as tx:
        await feedback.settle(tx, access.to_settle_feedback(actor), feedback_id)


async def _reopen(db: Database, actor: Actor, feedback_id: FeedbackId) -> None:
    async with db.write() as tx:
        await feedback.reopen(tx, access.to_settle_feedback(actor), feedback_id)


async def _all(db: Database, cast: Cast) -> list[Feedback]:
    found: list[Feedback] = []
    cursor: str | None = None
    while True:
        async with db.read() as conn:
            page = await feedback.list_feedback(conn, access.to_settle_feedback(cast.moderator), cursor=cursor)
        found += page.items
        if page.next is None:
            return found
        assert len(page.items) == A_PAGE
        cursor = page.next


async def test_a_member_is_known_and_a_guest_says_how_to_be_answered(db: Database, cast: Cast) -> None:
    await _send(db, cast.maria, page="/help", contact="maria@elsewhere.example")
    await _send(db, None, contact=" eleni@example.org ")
    await _send(db, None)
    member, guest, silent = await _all(db, cast)
    assert (member.member_id, member.member_name, member.contact) == (cast.maria.member_id, cast.maria.name, None)
    assert (member.organisation_en, member.page) == (cast.maria.organisation_en, "/help")
    assert (guest.member_id, guest.member_name, guest.organisation_el) == (None, None, None)
    assert (guest.contact, guest.page, silent.contact) == ("eleni@example.org", None, None)
    assert not member.is_settled


async def test_the_log_says_that_a_message_came_and_not_what_it_says(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    first = await _send(db, cast.maria, "Μυστικό")
    await _send(db, None, "Μυστικό", contact="Μυστικό")
    await _settle(db, cast.moderator, first)
    await _settle(db, cast.administrator, first)
    await _reopen(db, cast.administrator, first)
    await _reopen(db, cast.administrator, first)
    entries = await owner.fetch("SELECT actor_id, act, subject, subject_id, before, after FROM audit_entries")
    maria, moderator, administrator = cast.maria, cast.moderator, cast.administrator
    assert [(entry["act"], entry["actor_id"]) for entry in entries] == [
        ("feedback.sent", maria.member_id),
        ("feedback.sent", None),
        ("feedback.settled", moderator.member_id),
        ("feedback.reopened", administrator.member_id),
    ]
    assert [(entry["before"], entry["after"]) for entry in entries[1:]] == [
        (None, '{"member_id": null, "is_settled": false}'),
        ('{"is_settled": false}', '{"is_settled": true}'),
        ('{"is_settled": true}', '{"is_settled": false}'),
    ]
    assert "Μυστικό" not in str(entries)


async def test_the_open_come_first_and_the_settled_newest_first(db: Database, cast: Cast) -> None:
    sent = [await _send(db) for _ in range(2 * A_PAGE + 5)]
    settled = sent[::2]
    for feedback_id in settled:
        await _settle(db, cast.moderator, feedback_id)
    found = await _all(db, cast)
    assert [message.id for message in found] == sent[1::2] + settled[::-1]
    assert {message.settled_by_name for message in found if message.is_settled} == {cast.moderator.name}
    await _reopen(db, cast.moderator, settled[0])
    assert [message.id for message in await _all(db, cast)] == [sent[0], *sent[1::2], *settled[:0:-1]]


async def test_what_is_not_there_cannot_be_settled(db: Database, cast: Cast) -> None:
    for act in (_settle, _reopen):
        with pytest.raises(NotFound):
            await act(db, cast.moderator, ABSENT)


async def test_only_staff_may_look(db: Database, cast: Cast) -> None:
    for person in (cast.maria, cast.sophie, cast.stranger):
        with pytest.raises(Forbidden, match="not_moderator"):
            access.to_settle_feedback(person)


async def test_a_forged_cursor_is_refused(db: Database, cast: Cast) -> None:
    async with db.read() as conn:
        for cursor in ("x", "WzFd", "W3RydWUsMS41XQ"):
            with pytest.raises(BadRequest):
                await feedback.list_feedback(conn, access.to_settle_feedback(cast.moderator), cursor=cursor)
