"""The supervisor: starts processes, replaces those that die, renews them one by one, and ends them all.

It knows what they are to do only by name and orders. One that dies is replaced at once, one that dies again and again
after ever longer pauses. On SIGHUP each is replaced by a fresh interpreter, which reads code and settings anew, and
the old one leaves when the new one is ready; a new one that does not get ready leaves everything as it was. It holds
the other end of every lifeline: when it is killed, all the others end.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from forum import config as settings
from forum.config import Config
from forum.errors import CommandError
from forum.metrics import Metrics
from forum.processes.child import END_SECONDS, READY, Orders

_log = logging.getLogger("forum.supervisor")

_ROOT: Final = Path(__file__).parents[2]
"""Where the code is looked up; not resolved, so that a link to another version counts from the next renewal on."""

LIVED_SECONDS: Final = 30.0
"""Who was ready for so long died of something new: the pauses begin anew."""

LONGEST_PAUSE: Final = 15.0

DISMISS_SECONDS: Final = 30.0
"""How long a renewal waits for a process that leaves before it goes on with the next."""

Beside = Callable[[], Coroutine[Any, Any, None]]
"""What goes on in the supervisor's own process."""

BESIDE_SECONDS: Final = 10.0
"""How long after a failure it is begun anew."""

START_SECONDS: Final = 60.0
"""How long a new process may take to get ready: a cold disk under load."""


@dataclass(frozen=True, slots=True)
class Role:
    """What one process is for; of a name there is one."""

    name: str
    module: str
    does_jobs: bool


def roles(config: Config, *, answers: bool) -> list[Role]:
    """Return who is needed: with one process that answers, it does the jobs too."""
    if not answers:
        return [Role("jobs", "jobs", does_jobs=True)]
    if config.workers == 1:
        return [Role("web 1", "web", does_jobs=True)]
    web = [Role(f"web {number}", "web", does_jobs=False) for number in range(1, config.workers + 1)]
    return [*web, Role("jobs", "jobs", does_jobs=True)]


class Process:
    """One process from its start to its end."""

    def __init__(self, role: Role, listening: socket.socket | None) -> None:
        self.role = role
        self.settled = asyncio.Event()
        """Set when it is known whether it gets ready."""
        self.ready_at: float | None = None
        self._popen = subprocess.Popen(  # noqa: S603 - this program again
            [sys.executable, "-P", "-m", "forum.processes", role.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
            pass_fds=() if listening is None else (listening.fileno(),),
            # Ctrl-C is the supervisor's to hear.
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def order(self, orders: Orders) -> None:
        """Tell it what to do; one that is dead already is found so by who follows it."""
        if self._popen.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._popen.stdin.fileno(), orders.line())

    async def follow(self) -> int:
        """Note when it is ready, wait for its end and return its exit status, negative for the signal it died of."""
        said = asyncio.StreamReader()
        reading, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(said), self._popen.stdout
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                if await said.readline() == READY:
                    self.ready_at = time.monotonic()
        except TimeoutError:
            self.tell(signal.SIGKILL)
        self.settled.set()
        await said.read()
        # Its end of the pipe is closed, so it is about to end.
        status = await asyncio.to_thread(self._popen.wait)
        reading.close()
        self._close()
        return status

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal; one that has ended hears nothing."""
        self._popen.send_signal(number)

    def abandon(self) -> None:
        """Kill it if it lives; for an end in disorder."""
        self._popen.kill()
        self._popen.wait()
        self._close()

    def _close(self) -> None:
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                pipe.close()


class Supervisor:
    """Holds the processes of one forum; used as a context, which none of them outlives.

    `given` are settings from the command line. Without a socket there is nobody who answers, only who does the jobs.
    The first processes are started at once and wait for their orders.
    """

    def __init__(self, config: Config, given: Mapping[str, object], listening: socket.socket | None) -> None:
        self._given, self._listening = given, listening
        self.metrics = Metrics()
        self._database_url = ""
        self._stop, self._renewal = asyncio.Event(), asyncio.Event()
        self._is_up = False
        self._has_terminal = os.isatty(0)
        self._current: dict[str, Process] = {}
        self._living: dict[Process, asyncio.Task[None] | None] = {}
        self._failures: dict[str, int] = {}
        for role in roles(config, answers=listening is not None):
            self._current[role.name] = self._start(role)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self._living:
            process.abandon()

    def run(
        self,
        database_url: str,
        *,
        announce: Callable[[], None],
        beside: Sequence[Beside] = (),
    ) -> None:
        """Give the orders, announce that all are ready, and keep them until told to stop; `beside` goes on meanwhile.

        `database_url` is the embedded server's, else empty. Raise CommandError when one does not get ready at first.
        """
        self._database_url = database_url
        asyncio.run(self._run(announce, beside))

    async def _run(self, announce: Callable[[], None], beside: Sequence[Beside]) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        for process in self._living:
            self._put_to_work(process)
        tasks = [asyncio.create_task(work) for work in (self._stop_told(), self._keep(announce), *map(_go_on, beside))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await self._end()
        for task in done:
            task.result()

    async def _stop_told(self) -> None:
        await self._stop.wait()

    def _hang_up(self) -> None:
        """Renew the processes; but a terminal that was closed has hung up on a forum that was started in it."""
        is_gone = self._has_terminal and not os.isatty(0)
        (self._stop if is_gone else self._renewal).set()

    async def _keep(self, announce: Callable[[], None]) -> None:
        """Wait until all are ready; then renew them whenever told to."""
        for process in self._current.values():
            await process.settled.wait()
        if any(process.ready_at is None for process in self._current.values()):
            raise CommandError("the forum does not start: one of its processes ended, and says above why")
        self._is_up = True
        announce()
        while True:
            await self._renewal.wait()
            self._renewal.clear()
            try:
                await self._renew()
                _log.info("all processes are renewed")
            except CommandError as error:
                _log.error("renewing ends here: %s", error)

    async def _renew(self) -> None:
        """Put a fresh process in the place of each, one by one; raise CommandError where one does not start."""
        config = settings.load(**self._given)
        await _migrate()
        wanted = roles(config, answers=self._listening is not None)
        for role in wanted:
            fresh = self._start(role)
            self._put_to_work(fresh)
            await fresh.settled.wait()
            if fresh.ready_at is None:
                raise CommandError(
                    f"the new process {role.name} did not start; those not renewed yet go on as they are"
                )
            former = self._current.get(role.name)
            self._current[role.name] = fresh
            await self._dismiss(former)
        for name in self._current.keys() - {role.name for role in wanted}:
            await self._dismiss(self._current.pop(name))

    async def _dismiss(self, process: Process | None) -> None:
        """Tell a process to leave and wait for it, but not for a long job."""
        if process is None or (following := self._living.get(process)) is None:
            return
        process.tell(signal.SIGHUP)
        await asyncio.wait({following}, timeout=DISMISS_SECONDS)

    def _start(self, role: Role) -> Process:
        try:
            process = Process(role, self._listening)
        except OSError as error:
            raise CommandError(f"{role.name} cannot be started: {error.strerror}") from None
        self._living[process] = None
        return process

    def _put_to_work(self, process: Process) -> None:
        listening = self._listening.fileno() if self._listening else None
        process.order(Orders(self._given, self._database_url, listening, process.role.does_jobs))
        self._living[process] = asyncio.create_task(self._follow(process), name=process.role.name)

    async def _follow(self, process: Process) -> None:
        """Be there at its end, and put another in its place if it was not told to end."""
        status = await process.follow()
        lived = 0.0 if process.ready_at is None else time.monotonic() - process.ready_at
        del self._living[process]
        if self._is_up and self._is_wanted(process):
            told = f"ended with status {status} after {lived:.0f} s"
            await self._replace(process, told, has_lived=lived >= LIVED_SECONDS)

    def _is_wanted(self, process: Process) -> bool:
        return not self._stop.is_set() and self._current.get(process.role.name) is process

    async def _replace(self, process: Process, told: str, *, has_lived: bool) -> None:
        """Put another process in the place of one that ended, after a pause that grows while that does not help."""
        name = process.role.name
        failures = 0 if has_lived else self._failures.get(name, 0)
        while True:
            self._failures[name] = failures + 1
            pause = min(2.0 ** (failures - 1), LONGEST_PAUSE) if failures else 0.0
            _log.warning("%s (process %d) %s, another starts in %.0f s", name, process.pid, told, pause)
            self.metrics.worker_restarts.inc()
            await asyncio.sleep(pause)
            if not self._is_wanted(process):
                return
            try:
                fresh = self._start(process.role)
            except CommandError as error:
                told, failures = f"is gone and {error}", failures + 1
                continue
            self._current[name] = fresh
            self._put_to_work(fresh)
            return

    async def _end(self) -> None:
        """Have them all end in order; kill whoever does not in time."""
        self._stop.set()
        if self._listening is not None:
            self._listening.close()
        for process in self._living:
            process.tell(signal.SIGTERM)
        following = {task for task in self._living.values() if task is not None}
        if following and (late := (await asyncio.wait(following, timeout=END_SECONDS))[1]):
            for process in self._living:
                _log.warning("%s (process %d) does not end and is killed", process.role.name, process.pid)
                process.tell(signal.SIGKILL)
            await asyncio.wait(late)


async def _go_on(work: Beside) -> None:
    """Do something all the while: a failure in it is no reason to end the forum."""
    while True:
        try:
            await work()
        except Exception:
            _log.exception("what goes on beside the processes failed, it is begun anew")
        await asyncio.sleep(BESIDE_SECONDS)


async def _migrate() -> None:
    """Bring the database to the shape that the code of today expects; the old one goes on with it for the while."""
    command = [sys.executable, "-P", "-c", "from forum.cli import main; main()", "migrate"]
    migration = await asyncio.create_subprocess_exec(*command, stdin=subprocess.DEVNULL, env=environment())
    try:
        status = await migration.wait()
    except asyncio.CancelledError:
        migration.terminate()
        raise
    if status:
        raise CommandError("the database could not be brought up to date, everything stays as it is")


def environment() -> dict[str, str]:
    """Return the environment of a process that finds the code where it lies today."""
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{_ROOT}{os.pathsep}{path}" if path else str(_ROOT)}
