"""The life of a process under the supervisor: its orders, its being ready, its end.

Standard input is the lifeline: one line of orders comes by it, and when it ends, so has the supervisor, however it
died; the process then ends too. Standard output says once that the process is ready. SIGTERM tells it to stop; SIGHUP
tells it to leave: another has taken its place, so it may finish what it has begun in its own time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeVar

import uvloop

from forum import config as settings
from forum import logs
from forum.config import Config
from forum.errors import CommandError, ForumError

T = TypeVar("T")

READY: Final = b"ready\n"

END_SECONDS: Final = 8.5
"""From being told to stop to the end; what still runs then is killed."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a process is told: settings given on the command line, and what it cannot find out by itself."""

    given: Mapping[str, object]
    database_url: str
    """Where the embedded server listens; empty: where the settings say."""
    listening: int | None
    """The descriptor of the socket to answer on."""
    does_jobs: bool

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


class Child:
    """This process, as the supervisor sees it."""

    def __init__(self) -> None:
        # The programs it starts itself inherit neither the lifeline nor the word.
        self._lifeline, self._word = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        self._stop = asyncio.Event()
        self._leave = asyncio.Event()

    def run(self, main: Main) -> int:
        """Live until told to end and return the exit status; what cannot be said elsewhere is said in one line."""
        line = self._orders()
        if not line:
            return 1
        orders = Orders(**json.loads(line))
        try:
            config = settings.load(**orders.given)
            logs.configure(config.log)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._live(main, config, orders))
        except CommandError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        except ForumError as error:
            print(f"error: {error.code}", file=sys.stderr)
            return 1
        return 0

    def ready(self) -> None:
        """Tell the supervisor that the work has begun."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._word, READY)

    @property
    def is_leaving(self) -> bool:
        """Whether the process is to end, now or in its own time."""
        return self._leave.is_set() or self._stop.is_set()

    @property
    def is_stopping(self) -> bool:
        """Whether the process is to end now."""
        return self._stop.is_set()

    async def told(self, *tasks: asyncio.Task[None]) -> None:
        """Wait until told to stop or to leave; raise what a task failed with that ended before."""
        await self._first_of(tasks, self._stop, self._leave)

    async def finished(self, *tasks: asyncio.Task[None]) -> None:
        """Wait until all tasks have ended, raising what one failed with, or until told to stop."""
        for task in tasks:
            await self._first_of((task,), self._stop)

    async def _first_of(self, tasks: tuple[asyncio.Task[None], ...], *events: asyncio.Event) -> None:
        async with contextlib.AsyncExitStack() as stack:
            waits = [await stack.enter_async_context(ended(event.wait())) for event in events]
            done, _ = await asyncio.wait([*waits, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _live(self, main: Main, config: Config, orders: Orders) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        loop.add_signal_handler(signal.SIGINT, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._leave.set)
        threading.Thread(target=self._watch, args=(loop,), name="lifeline", daemon=True).start()
        await main(self, config, orders)

    def _orders(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            piece = os.read(self._lifeline, 65536)
            if not piece:
                return b""
            line += piece
        return line

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """End with the supervisor; a thread's wait, so that a loop that is stuck does not outlive it either."""
        while os.read(self._lifeline, 65536):
            pass
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._stop.set)
        time.sleep(END_SECONDS)
        os._exit(1)


Main = Callable[[Child, Config, Orders], Coroutine[Any, Any, None]]
"""What a process does: it calls `ready` and returns after it was told to end."""


@contextlib.asynccontextmanager
async def ended(work: Coroutine[Any, Any, T]) -> AsyncIterator[asyncio.Task[T]]:
    """Do something beside the block; what is not done by its end is cancelled and waited for."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})
