"""Of several workers one does each job, when it is due; what a killed or failing one leaves is done by another."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from forum.config import Config
from forum.db import Database, RawConnection
from forum.domain import jobs
from forum.worker import JOBS, Job, Worker, daily, every

_HOUR = every(timedelta(hours=1))


class _Counted:
    """A job that counts how often it is begun and waits until it is let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_end = asyncio.Event()
        self.job = Job("counted", _HOUR, self._run)

    async def _run(self, db: Database, config: Config) -> None:
        self.begun += 1
        await self.may_end.wait()


async def _make_due(owner: RawConnection) -> None:
    await owner.execute("INSERT INTO jobs (name, done_at) VALUES ('counted', now() - interval '2 hours')")


async def test_a_job_counts_as_done_when_it_becomes_known_and_is_due_by_its_rule(
    db: Database, config: Config, owner: RawConnection
) -> None:
    counted = _Counted()
    counted.may_end.set()
    worker = Worker(db, config, (counted.job,))
    assert 3590 < await worker.attempt(counted.job) <= 3600
    assert counted.begun == 0
    await owner.execute("UPDATE jobs SET done_at = now() - interval '1 hour' WHERE name = 'counted'")
    await worker.attempt(counted.job)
    await worker.attempt(counted.job)
    assert counted.begun == 1
    assert await owner.fetchval("SELECT now() - done_at FROM jobs WHERE name = 'counted'") < timedelta(minutes=1)


async def test_of_several_workers_one_does_it(db: Database, config: Config, owner: RawConnection) -> None:
    await _make_due(owner)
    counted = _Counted()
    workers = [Worker(db, config, (counted.job,)) for _ in range(5)]
    attempts = [asyncio.create_task(worker.attempt(counted.job)) for worker in workers]
    await asyncio.wait(attempts, return_when=asyncio.FIRST_COMPLETED)
    counted.may_end.set()
    await asyncio.gather(*attempts)
    await asyncio.gather(*(worker.attempt(counted.job) for worker in workers))
    assert counted.begun == 1


async def test_what_a_killed_worker_had_is_taken_over_once_its_claim_is_over(
    db: Database, config: Config, owner: RawConnection
) -> None:
    await _make_due(owner)
    async with db.write() as tx:
        row = await jobs.find(tx, "counted")
        assert await jobs.claim(tx, "counted", row.done_at)
    counted = _Counted()
    counted.may_end.set()
    worker = Worker(db, config, (counted.job,))
    await worker.attempt(counted.job)
    assert counted.begun == 0, "its claim holds"
    await owner.execute("UPDATE jobs SET claimed_until = now() WHERE name = 'counted'")
    await worker.attempt(counted.job)
    assert counted.begun == 1


async def test_a_claim_is_prolonged_while_the_job_runs_and_one_that_was_lost_ends_it(
    db: Database,
    config: Config,
    owner: RawConnection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await _make_due(owner)
    counted = _Counted()
    attempt = asyncio.create_task(Worker(db, config, (counted.job,), prolong_seconds=0.05).attempt(counted.job))
    seen: set[datetime] = set()
    async with asyncio.timeout(10):
        while len(seen) < 3:
            if until := await owner.fetchval("SELECT claimed_until FROM jobs WHERE name = 'counted'"):
                seen.add(until)
    assert counted.begun == 1
    await owner.execute("UPDATE jobs SET claimed_until = now() + interval '1 day' WHERE name = 'counted'")
    async with asyncio.timeout(10):
        await attempt
    assert "cut off" in caplog.text
    assert await owner.fetchval("SELECT claimed_until > now() + interval '1 hour' FROM jobs"), (
        "the other's claim stands"
    )


async def test_a_job_that_fails_is_told_in_the_log_and_put_off(
    db: Database, config: Config, owner: RawConnection, caplog: pytest.LogCaptureFixture
) -> None:
    await _make_due(owner)

    async def fail(db: Database, config: Config) -> None:
        raise RuntimeError("the disk is full")

    job = Job("counted", _HOUR, fail)
    await Worker(db, config, (job,)).attempt(job)
    assert "the disk is full" in caplog.text
    minutes = await owner.fetchval("SELECT extract(epoch FROM claimed_until - now()) / 60 FROM jobs")
    assert 4 < minutes <= 5
    assert await owner.fetchval("SELECT now() - done_at > interval '1 hour' FROM jobs"), "it is not done"


async def test_told_to_leave_it_finishes_and_cancelled_it_gives_the_job_back(
    db: Database, config: Config, owner: RawConnection
) -> None:
    await _make_due(owner)
    counted = _Counted()
    cancelled = asyncio.create_task(Worker(db, config, (counted.job,)).run())
    async with asyncio.timeout(10):
        while not counted.begun:  # noqa: ASYNC110 - the job has no event for it
            await asyncio.sleep(0.01)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    worker = Worker(db, config, (counted.job,))
    leaving = asyncio.create_task(worker.run())
    async with asyncio.timeout(10):
        while counted.begun < 2:  # noqa: ASYNC110 - the job has no event for it
            await asyncio.sleep(0.01)
        worker.leave()
        counted.may_end.set()
        await leaving
    assert await owner.fetchval("SELECT now() - done_at < interval '1 minute' FROM jobs")


async def test_the_sweep_deletes_what_has_expired(
    db: Database, config: Config, owner: RawConnection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "forum.worker")
    (sweep,) = (job for job in JOBS if job.name == "sweep")
    await owner.execute(
        "INSERT INTO setup_links (token_hash, expires_at) VALUES (sha256('x'), now() - interval '1 minute')"
    )
    await owner.execute("INSERT INTO jobs (name, done_at) VALUES ('sweep', now() - interval '1 hour')")
    await Worker(db, config).attempt(sweep)
    assert await owner.fetchval("SELECT count(*) FROM setup_links") == 0
    assert "sweep done" in caplog.text


@pytest.mark.parametrize(
    ("done_at", "due_at"),
    [
        (datetime(2026, 6, 1, 23, 29, tzinfo=UTC), datetime(2026, 6, 1, 23, 30, tzinfo=UTC)),
        (datetime(2026, 6, 1, 23, 30, tzinfo=UTC), datetime(2026, 6, 2, 23, 30, tzinfo=UTC)),
        (datetime(2026, 6, 2, 15, 0, tzinfo=UTC), datetime(2026, 6, 2, 23, 30, tzinfo=UTC)),
        (datetime(2026, 3, 28, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 23, 30, tzinfo=UTC)),
        (datetime(2026, 10, 24, 23, 30, tzinfo=UTC), datetime(2026, 10, 26, 0, 30, tzinfo=UTC)),
    ],
)
def test_what_is_due_daily_keeps_to_the_clocks_of_its_place(done_at: datetime, due_at: datetime) -> None:
    assert daily(time(2, 30), ZoneInfo("Europe/Athens"))(done_at).astimezone(UTC) == due_at
