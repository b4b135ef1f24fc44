"""Jobs: what the forum does by the clock. JOBS is the list; a further job is a further line.

A job is an async function and a rule that says when it is due, counted from when it was last done. Any number of
processes may run a Worker: of several, one does each job (`domain/jobs.py`). A job that fails is put off and tried
again; it must bear being begun anew, since the process that does it may be killed in the middle.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from datetime import time as time_of_day
from typing import Any, Final

from forum import attachment_jobs
from forum.config import Config
from forum.db import Database, Tx
from forum.domain import (
    address_changes,
    adoptions,
    applications,
    audit,
    category_visits,
    fanouts,
    imports,
    instants,
    invitations,
    jobs,
    mails,
    notifications,
    opening_effects,
    opening_reviews,
    password_resets,
    sessions,
)
from forum.errors import ForumError
from forum.mailer import FileMailer
from forum.metrics import Metrics
from forum.transactions import Watch

_log = logging.getLogger("forum.worker")

LOOK_SECONDS: Final = 60.0
"""How often it is looked whether a job is due: so late it is at most, also after a jump of the clock."""

PUT_OFF: Final = timedelta(minutes=5)
"""How long a job is left be after it failed."""

PROLONG_SECONDS: Final = jobs.LEASE.total_seconds() / 4
"""How often the claim on a job under way is prolonged."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is done by the clock: `due` says when, given when it was last done; both are instants with a zone."""

    name: str
    due: Callable[[datetime], datetime]
    run: Callable[[Database, Config], Coroutine[Any, Any, object]]


def every(interval: timedelta) -> Callable[[datetime], datetime]:
    """Return the rule of a job that is due so long after it was done."""
    return lambda done_at: done_at + interval


def daily(at: time_of_day, zone: tzinfo) -> Callable[[datetime], datetime]:
    """Return the rule of a job that is due once a day at a time of a place's clocks; a missed day is made up."""

    def due(done_at: datetime) -> datetime:
        local = done_at.astimezone(zone)
        today = datetime.combine(local.date(), at, zone)
        # Compared as instants: two times of one zone are compared by their hands, which turn back once a year.
        if today.timestamp() > done_at.timestamp():
            return today
        return datetime.combine(local.date() + timedelta(days=1), at, zone)

    return due


async def _sweep(db: Database, config: Config) -> None:
    async with db.write() as tx:
        await sessions.sweep(tx)
        await password_resets.sweep(tx)
        await invitations.sweep(tx)
        await imports.sweep(tx)
        await applications.sweep(tx)
        await address_changes.sweep(tx)
        await mails.sweep(tx)
        await notifications.sweep(tx)
        await fanouts.sweep(tx)
        await category_visits.sweep(tx)
        await instants.sweep(tx)
    await asyncio.to_thread(FileMailer(config.mail_folder).sweep, mails.KEPT.total_seconds())


class _Watching:
    """Looks for transactions that somebody has forgotten, and remembers what it saw."""

    def __init__(self) -> None:
        self._watch = Watch()

    async def look(self, db: Database, config: Config) -> None:
        async with db.read() as conn:
            await self._watch.look(conn, time.monotonic())


async def _see_to_openings(db: Database, config: Config) -> None:
    """Do what follows from openings that have taken effect, and remind of those to be reviewed."""
    await _do_all(db, opening_effects.settle)
    await _do_all(db, opening_reviews.remind)


async def _ask_adopters(db: Database, config: Config) -> None:
    """Ask the municipalities that take up a good practice how it goes, half a year and a year after they began."""
    await _do_all(db, adoptions.ask)


async def _do_all(db: Database, act: Callable[[Tx], Awaitable[bool]]) -> None:
    """Do an act, each time in a transaction of its own, until there is nothing left to do."""
    is_done = False
    while not is_done:
        async with db.write() as tx:
            is_done = not await act(tx)


async def _expire_audit_entries(db: Database, config: Config) -> None:
    while True:
        async with db.write() as tx:
            if not await audit.expire(tx, timedelta(days=config.audit_days)):
                return


JOBS: Final = (
    Job("adoptions", every(timedelta(hours=1)), _ask_adopters),
    Job("attachments", every(timedelta(hours=1)), attachment_jobs.sweep),
    Job("attachment_words", every(timedelta(minutes=1)), attachment_jobs.read_words),
    Job("audit", every(timedelta(days=1)), _expire_audit_entries),
    Job("openings", every(timedelta(minutes=1)), _see_to_openings),
    Job("sweep", every(timedelta(hours=1)), _sweep),
    Job("watch", every(timedelta(minutes=1)), _Watching().look),
)


class Worker:
    """Does the jobs in this process, each when it is due and no other process has it."""

    def __init__(
        self,
        db: Database,
        config: Config,
        listed: Sequence[Job] = JOBS,
        *,
        metrics: Metrics | None = None,
        prolong_seconds: float = PROLONG_SECONDS,
    ) -> None:
        self._db, self._config, self._jobs, self._metrics = db, config, listed, metrics
        self._prolong_seconds = prolong_seconds
        self._is_leaving = asyncio.Event()

    async def run(self) -> None:
        """Do jobs until told to leave; cancelled, give back at once what is not done."""
        async with asyncio.TaskGroup() as group:
            for job in self._jobs:
                group.create_task(self._keep(job), name=f"job {job.name}")

    def leave(self) -> None:
        """Begin no further job; `run` returns when those under way are done."""
        self._is_leaving.set()

    async def _keep(self, job: Job) -> None:
        while not self._is_leaving.is_set():
            pause = LOOK_SECONDS
            try:
                pause = min(await self.attempt(job), LOOK_SECONDS)
            except ForumError as error:
                _log.warning("cannot see whether %s is due, looking again: %s", job.name, error.code)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_leaving.wait(), pause)

    async def attempt(self, job: Job) -> float:
        """Do the job if it is due and nobody has it; return in how many seconds to look again, at the earliest."""
        async with self._db.write() as tx:
            row = await jobs.find(tx, job.name)
            left = (job.due(row.done_at) - row.now).total_seconds()
            if left > 0 or row.is_claimed:
                return max(left, 1.0)
            claimed_until = await jobs.claim(tx, job.name, row.done_at)
        if claimed_until is not None:
            await _Claim(self._db, job, claimed_until, self._prolong_seconds).carry_out(self._run(job))
        return 1.0

    async def _run(self, job: Job) -> None:
        with self._metrics.job(job.name) if self._metrics else contextlib.nullcontext():
            await job.run(self._db, self._config)


class _Claim:
    """A job that this process has, and until when."""

    def __init__(self, db: Database, job: Job, until: datetime, prolong_seconds: float) -> None:
        self._db, self._job, self._until, self._prolong_seconds = db, job, until, prolong_seconds

    async def carry_out(self, work: Coroutine[Any, Any, object]) -> None:
        """Do the job, keeping the claim; then note that it is done, or put it off."""
        began = time.monotonic()
        running = asyncio.create_task(work, name=f"running {self._job.name}")
        try:
            await self._hold(running)
        except asyncio.CancelledError:
            await _end(running)
            await self._put_off(timedelta(0))
            raise
        if running.cancelled():
            _log.error("%s was cut off: the claim on it is over", self._job.name)
            return
        if (error := running.exception()) is None:
            async with self._db.write() as tx:
                await jobs.finish(tx, self._job.name, self._until)
            _log.info("%s done in %.1f s", self._job.name, time.monotonic() - began)
            return
        _log.error("%s failed, will be tried again", self._job.name, exc_info=error)
        await self._put_off(PUT_OFF)

    async def _hold(self, running: asyncio.Task[object]) -> None:
        """Wait for the end of the job, prolonging the claim; a job whose claim is over is cut off."""
        held_until = time.monotonic() + jobs.LEASE.total_seconds()
        while not (await asyncio.wait({running}, timeout=self._prolong_seconds))[0]:
            asked = time.monotonic()
            try:
                async with self._db.write() as tx:
                    until = await jobs.prolong(tx, self._job.name, self._until)
            except ForumError as error:
                _log.warning("cannot prolong the claim on %s: %s", self._job.name, error.code)
                if time.monotonic() < held_until - self._prolong_seconds:
                    continue
                until = None
            if until is None:
                await _end(running)
                return
            self._until, held_until = until, asked + jobs.LEASE.total_seconds()

    async def _put_off(self, pause: timedelta) -> None:
        try:
            async with self._db.write() as tx:
                await jobs.put_off(tx, self._job.name, self._until, pause)
        except ForumError as error:
            _log.warning("cannot give %s back, it is free when its claim is over: %s", self._job.name, error.code)


async def _end(running: asyncio.Task[object]) -> None:
    running.cancel()
    await asyncio.wait({running})
