"""A post that reaches many: who posts waits for none of them; each is told once and gets one letter, whoever is killed.

In the audit ten thousand, by two workers and at a measured pace.
"""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from forum.db import RawConnection
from forum.mailing import SENDERS
from tests.drills.forum_process import ROOT, ForumProcess, Person, forum, until
from tests.lengths import IS_AUDIT
from tests.mail.post_office import post_office

_WRITER: Final = "anna@larnaca.example"
_COUNT: Final = 10_000 if IS_AUDIT else 400
_SECONDS: Final = _COUNT / 20 + 60

_READERS: Final = """
    WITH readers AS (
        INSERT INTO members (organisation_id, email, name, password_hash)
        SELECT organisations.id, 'reader-' || number || '@larnaca.example', 'Αναγνώστης ' || number, 'x'
        FROM organisations, generate_series(1, $1::integer) AS number
        WHERE organisations.slug = 'larnaca'
        RETURNING id
    ),
    settings AS (
        INSERT INTO notification_settings (member_id, kind, frequency)
        SELECT readers.id, 'new_topic', 'immediately' FROM readers
    )
    INSERT INTO category_subscriptions (member_id, category_id, level)
    SELECT readers.id, categories.id, 'watch' FROM readers, categories WHERE categories.slug = 'questions'
"""


@asynccontextmanager
async def _worker(process: ForumProcess) -> AsyncIterator[Process]:
    """Have a second process do jobs beside the forum's own."""
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "run.py", "worker"), cwd=ROOT, env=process.environment, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield worker
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()


async def _seconds(person: Person, title: str) -> float:
    began = time.perf_counter()
    await person.start_topic(title)
    return time.perf_counter() - began


async def test_each_of_many_is_told_once_though_one_who_tells_is_killed(data_dir: Path) -> None:
    async with AsyncExitStack() as stack:
        office, url = stack.enter_context(post_office())
        process = stack.enter_context(forum(data_dir, FORUM_SMTP_URL=url, FORUM_WORKERS="2"))
        process.create_member(_WRITER, "larnaca")
        owner: RawConnection = await process.connect_as_owner()

        async def are_told() -> bool:
            return not await owner.fetchval("SELECT count(*) FROM fanouts")

        second = await stack.enter_async_context(_worker(process))
        async with Person(process.url) as person:
            await person.sign_in(_WRITER)
            alone = min([await _seconds(person, f"Χωρίς κανέναν {number}") for number in range(3)])
            await until(are_told, 60, "nobody is told of these")
            await owner.execute(_READERS, _COUNT)
            among_many = await _seconds(person, "Προς όλους")

        told = await until(are_told, 60, "all are told in the application")
        assert await owner.fetchval("SELECT count(*) FROM notifications") == _COUNT
        # Letters wait two minutes for more to say; here they are due at once.
        await owner.execute("UPDATE notifications SET mail_due_at = now()")

        async def has_begun() -> bool:
            return len(office.letters) > _COUNT // 8

        await until(has_begun, _SECONDS, "sending has begun")
        began, before = time.perf_counter(), len(office.letters)
        (jobs,) = process.processes("jobs")
        jobs.kill()
        jobs.wait(10)
        assert len(office.letters) < _COUNT, "the premise: it was killed in the middle"
        # What the dead one had is due again after its lease; here it is not waited for.
        await owner.execute("UPDATE mails SET due_at = now() WHERE due_at > now()")

        async def is_done() -> bool:
            return bool(await owner.fetchval("SELECT count(*) = $1 FROM mails WHERE outcome = 'sent'", _COUNT))

        await until(is_done, _SECONDS, "all letters are sent")
        pace = (len(office.letters) - before) / (time.perf_counter() - began)
        print(f"\n{_COUNT:,} recipients: posting {among_many * 1000:.0f} ms, without any {alone * 1000:.0f} ms; ")
        print(f"all told in {told:.1f} s; {pace:.0f} letters a second")
        second.terminate()
        assert await asyncio.wait_for(second.wait(), 30) == 0
        recipients = Counter(letter.recipient for letter in office.letters)
        assert len(recipients) == _COUNT
        assert recipients.total() - _COUNT <= SENDERS, "those in hand of who was killed may come again"
        assert len({letter.message_id for letter in office.letters}) == _COUNT, "under the number they had"
        await owner.close()
        assert process.stop() == 0
