"""Those who listen: an event stream for each of many members, and when what was sent has reached all of them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tools.bench.cases import stream
from tools.bench.scene import Scene

_EVENT: Final = b"event: post.created"
_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Reach:
    """How many milliseconds after a reply was asked for it had reached the first and the last of so many streams.

    Medians, and the worst of all; `application` and `postgres` are milliseconds of the processor a reply, the reply
    itself included.
    """

    streams: int
    first: float
    last: float
    worst: float
    application: float
    postgres: float


class Listeners:
    """The streams, read in a thread of their own."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._arrived: list[float] = []
        self._is_complete = threading.Event()

    def forget(self) -> None:
        self._arrived = []
        self._is_complete.clear()

    def all_arrived(self) -> list[float]:
        """Return when each stream was told of the reply, once all have been."""
        if not self._is_complete.wait(_SECONDS):
            raise RuntimeError(f"only {len(self._arrived)} of {self._count} streams were told")
        return self._arrived

    async def listen(self, port: int, requests: list[bytes], opened: threading.Event, end: asyncio.Event) -> None:
        lines = []
        for request in requests:  # one after the other: how many can be opened at once is another question
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            if b" 200 " not in await reader.readuntil(b"\r\n\r\n"):
                raise RuntimeError("a stream was refused")
            lines.append((reader, writer))
        opened.set()
        reading = [asyncio.create_task(self._read(reader)) for reader, _ in lines]
        await end.wait()
        for _, writer in lines:
            writer.close()
        for task in reading:
            task.cancel()
        await asyncio.wait(reading)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if _EVENT in line:
                self._arrived.append(time.monotonic())
                if len(self._arrived) == self._count:
                    self._is_complete.set()


@contextlib.contextmanager
def listening(port: int, scene: Scene) -> Iterator[Listeners]:
    """Open a stream for each listener, of the first of the topics that are replied in."""
    requests = [stream(reader, scene.own_topics[0]) for reader in scene.listeners]
    listeners, opened = Listeners(len(requests)), threading.Event()
    loop, end = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(
        target=loop.run_until_complete, args=(listeners.listen(port, requests, opened, end),), name="listeners"
    )
    thread.start()
    try:
        if not opened.wait(_SECONDS):
            raise RuntimeError("not all streams could be opened")
        yield listeners
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()
