"""The parent's side of rendering: owns the worker processes and their time limit.

Markdown and the sanitisers run in children that are killed when they take too long; the event loop only waits on
pipes. Whatever happens to a child, the member's text is kept: rendered by the next one, or shown as typed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from forum.markup import simple
from forum.markup.inline import NOBODY, Known
from forum.markup.rendering import BODY_LIMIT, Rendered, plain
from forum.markup.turns import Turns
from forum.markup.worker import HEADER, READY, pack_request, unpack_rendered

TIME_LIMIT: Final = 2.0
"""Seconds a text may take in a child; the caps keep what members write below 0.2."""
MEMORY_LIMIT: Final = 512 * 1024 * 1024
"""Bytes of address space of a child; it uses about 40 MiB."""

_START_LIMIT: Final = 30.0  # seconds until a child must be ready: a cold disk under load
_ATTEMPTS: Final = 2
_ROOT: Final = Path(__file__).resolve().parents[2]  # what `-m forum.markup` is looked up in
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    source: str
    known: Known
    owner: Hashable
    answer: asyncio.Future[Rendered]


class Renderer:
    """Render texts in worker processes; owners take turns, each one's texts first come first served.

    `limit` is in seconds a text, `memory` in bytes a child. `eager=False` starts a child when a text first needs it.
    `capped=False` switches off the limits on what is rendered, so that tests can reach the limit on time.
    """

    def __init__(
        self,
        *,
        children: int = 2,
        limit: float = TIME_LIMIT,
        memory: int = MEMORY_LIMIT,
        eager: bool = True,
        capped: bool = True,
    ) -> None:
        arguments = ["--seconds", str(limit), "--memory", str(memory)] + ([] if capped else ["--uncapped"])
        self._limit = limit
        self._eager = eager
        self._capped = capped
        self._children = [_Child(arguments) for _ in range(children)]
        self._tasks: list[asyncio.Task[None]] = []
        self._jobs: Turns[_Job] = Turns()

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the children that run now."""
        return tuple(child.process.pid for child in self._children if child.process)

    @property
    def waiting(self) -> int:
        """How many texts wait for a child."""
        return self._jobs.qsize()

    async def start(self) -> None:
        """Start the children and wait until they are ready; raises OSError when one cannot be started."""
        if self._tasks:
            return
        is_up = False
        try:
            # all are waited for, also when one fails: whoever ends a child must not meet its start half-way
            early = self._children if self._eager else []
            outcomes = await asyncio.gather(*(child.start() for child in early), return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
            is_up = True
        finally:
            if not is_up:
                await self._end_children()
        self._tasks = [asyncio.create_task(self._serve(child), name="markup") for child in self._children]

    async def close(self) -> None:
        """End the children; texts still waiting come back plain."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while not self._jobs.empty():
            _settle(self._jobs.get_nowait(), None)
        await self._end_children()

    async def render(self, source: str, known: Known = NOBODY, *, owner: Hashable = None) -> Rendered:
        """Return `source` rendered by a child, or plain where no child could do it in time.

        Raises RuntimeError when the renderer is not started, RateLimited when too many of the owner's texts wait.
        """
        if not self._tasks:
            raise RuntimeError("the renderer is not started")
        if self._capped and len(source) > BODY_LIMIT:
            return plain(source)
        if (rendered := simple.render(source)) is not None:
            return rendered
        job = _Job(source, known, owner, asyncio.get_running_loop().create_future())
        self._jobs.put_nowait(job)
        return await job.answer

    async def _serve(self, child: _Child) -> None:
        """Answer one job after the other with this child, started anew whenever it is lost."""
        while True:
            job = await self._jobs.get()
            if job.answer.done():
                continue  # whoever asked has gone
            rendered: Rendered | None = None
            try:
                rendered = await self._attempt(child, job)
            finally:
                _settle(job, rendered)

    async def _attempt(self, child: _Child, job: _Job) -> Rendered | None:
        """Return what the child makes of the text; None when it took too long or was lost twice."""
        for _ in range(_ATTEMPTS):
            try:
                process = await child.start()
                async with asyncio.timeout(self._limit):
                    return await _exchange(process, job)
            except TimeoutError:
                _log.warning("a text of %d characters took over %g s: shown plain", len(job.source), self._limit)
                await child.end()
                return None
            except Exception as failure:  # broken pipe, killed, unreadable answer: the next child may do better
                _log.warning("a markup worker was lost: %r", failure)
                await child.end()
        return None

    async def _end_children(self) -> None:
        for child in self._children:
            await child.end()


class _Child:
    """One worker process, or the place for it."""

    def __init__(self, arguments: list[str]) -> None:
        self._arguments = arguments
        self.process: Process | None = None

    async def start(self) -> Process:
        """Return a process that is ready; raises OSError when it does not come up."""
        if self.process:
            return self.process
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "forum.markup", *self._arguments, stdin=PIPE, stdout=PIPE, cwd=_ROOT
        )
        try:
            async with asyncio.timeout(_START_LIMIT):
                await _output(self.process).readexactly(len(READY))
        except (TimeoutError, EOFError) as failure:
            await self.end()
            raise ChildProcessError("the markup worker does not start") from failure
        return self.process

    async def end(self) -> None:
        """Kill the process and wait for it; it holds nothing that could be lost."""
        process, self.process = self.process, None
        if process is None:
            return
        # One that has closed its output is dead or dying: it is left to the loop to reap.
        if not _output(process).at_eof():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        # reads to the end, so that both pipes are closed when this returns
        with contextlib.suppress(OSError):
            await process.communicate()


async def _exchange(process: Process, job: _Job) -> Rendered:
    """Send one text and return the answer; raises OSError, EOFError or ValueError when the child is gone."""
    stdin, stdout = cast("asyncio.StreamWriter", process.stdin), _output(process)
    stdin.write(pack_request(job.source, job.known))
    await stdin.drain()
    size = int.from_bytes(await stdout.readexactly(HEADER), "big")
    return unpack_rendered(await stdout.readexactly(size))


def _output(process: Process) -> asyncio.StreamReader:
    return cast("asyncio.StreamReader", process.stdout)  # there is one, since PIPE was asked for


def _settle(job: _Job, rendered: Rendered | None) -> None:
    """Answer whoever asked, plain where there is nothing better."""
    if not job.answer.done():
        job.answer.set_result(rendered or plain(job.source))
