"""Mail outlives those who send it: killed in the middle, stopped, with the server away; each letter arrives once.

Between a mail server's word and the note of it lies a commit: of the letters that were in hand when a process was
killed, each sender's last may come again, under the number it had.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from forum.db import RawConnection
from forum.mailing import SENDERS
from tests.drills.forum_process import forum, until
from tests.mail.post_office import PostOffice, free_port, post_office

_ANNA = "anna@larnaca.example"
_COUNT = 400


async def _enter(owner: RawConnection, count: int) -> None:
    await owner.execute(
        "INSERT INTO mails (kind, member_id) "
        "SELECT 'password_changed', members.id FROM members, generate_series(1, $1::integer)",
        count,
    )


def _counted(office: PostOffice) -> Counter[str]:
    return Counter(letter.message_id for letter in office.letters)


@pytest.mark.audit
async def test_a_process_killed_while_it_sends_loses_no_letter_and_repeats_at_most_those_in_hand(
    data_dir: Path,
) -> None:
    with post_office() as (office, url), forum(data_dir, FORUM_SMTP_URL=url, FORUM_WORKERS="2") as process:
        process.create_member(_ANNA, "larnaca")
        owner = await process.connect_as_owner()
        office.seconds = 0.02
        await _enter(owner, _COUNT)

        async def has_begun() -> bool:
            return len(office.letters) > _COUNT // 8

        await until(has_begun, 60, "sending has begun")
        (jobs,) = process.processes("jobs")
        jobs.kill()
        jobs.wait(10)
        # What the dead one had is due again after its lease; here it is not waited for.
        await owner.execute("UPDATE mails SET due_at = now() WHERE due_at > now()")
        arrived = len(office.letters)
        assert arrived < _COUNT, "the premise: it was killed in the middle"

        async def goes_on() -> bool:
            return not await owner.fetchval("SELECT count(*) FROM mails WHERE due_at IS NOT NULL")

        await until(goes_on, 90, "all is sent")
        assert await owner.fetchval("SELECT count(*) FROM mails WHERE outcome = 'sent'") == _COUNT
        await owner.close()
        counted = _counted(office)
        assert len(counted) == _COUNT
        assert counted.total() - _COUNT <= SENDERS
        assert process.stop() == 0


@pytest.mark.audit
async def test_a_stop_while_mail_is_sent_is_in_time_and_gives_back_what_is_not_sent(data_dir: Path) -> None:
    with post_office() as (office, url), forum(data_dir, FORUM_SMTP_URL=url) as process:
        process.create_member(_ANNA, "larnaca")
        owner = await process.connect_as_owner()
        office.seconds = 0.05
        await _enter(owner, _COUNT)

        async def has_begun() -> bool:
            return len(office.letters) > 10

        await until(has_begun, 60, "sending has begun")
        await owner.close()
        assert process.stop() == 0
        office.seconds = 0.0
        process.start()

        async def is_done() -> bool:
            return len(_counted(office)) == _COUNT

        await until(is_done, 60, "the rest is sent at once, no lease is waited for")
        assert _counted(office).total() == _COUNT, "and nothing twice"
        assert process.stop() == 0


@pytest.mark.audit
async def test_a_server_that_is_away_holds_nobody_up_and_gets_all_when_it_is_back(data_dir: Path) -> None:
    port = free_port()
    with forum(data_dir, FORUM_SMTP_URL=f"smtp://127.0.0.1:{port}") as process:
        process.create_member(_ANNA, "larnaca")
        owner = await process.connect_as_owner()
        await _enter(owner, 5)

        async def is_told() -> bool:
            return "mail cannot be sent" in process.said()

        await until(is_told, 30, "it is told that the server is away")
        with post_office(port) as (office, _):

            async def is_done() -> bool:
                return len(_counted(office)) == 5

            assert await until(is_done, 60, "all is sent") <= 60
            assert _counted(office).total() == 5
            await owner.close()
            assert process.stop() == 0
