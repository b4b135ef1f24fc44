"""The load: a process of its own that asks on kept connections, one request after the other on each.

Reads a plan as a line of JSON, carries it out and writes what it measured as a line of JSON, until its input ends. The
requests are ready bytes, and of an answer it reads the status and the length alone, so that it costs little beside the
servers it asks. What it costs is measured too.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import uvloop

KEY = b"K" * 32

SLACK = 0.02
"""How much longer or shorter than before an answer may be: numbers in words and dates move a little."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; in one that is keyed, 32 hexadecimal digits that are never used again take the place of KEY."""

    sent: bytes
    is_keyed: bool
    status: int
    length: int | None


@dataclass(slots=True)
class Run:
    """What all connections of a plan share."""

    until: float
    is_cycle: bool
    keys: int
    left: int
    over: asyncio.Future[None]
    fault: str = ""
    is_ending: bool = False

    def leave(self) -> None:
        self.left -= 1
        if not self.left and not self.over.done():
            self.over.set_result(None)


@dataclass(slots=True, eq=False)
class Line(asyncio.Protocol):
    """A connection: asks, reads the answer, asks again."""

    run: Run
    asked: list[Asked]
    limit: int | None
    latencies: list[float] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    ended: float = 0.0
    _transport: Any = None
    _began: float = 0.0
    _at: int = 0
    _head: bytes = b""
    _missing: int = -1
    _length: int = 0
    _chunks: list[bytes] | None = None
    _is_done: bool = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def ask(self) -> None:
        asked = self.asked[self._at]
        self._missing = -1
        self._began = time.perf_counter()
        if asked.is_keyed:
            self.run.keys += 1
            self._transport.write(asked.sent.replace(KEY, b"%032x" % self.run.keys))
        else:
            self._transport.write(asked.sent)

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            data = self._head + data if self._head else data
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._head = data
                return
            self._head = b""
            end += 4
            self._read_head(data[:end])
            if self._is_done:
                return
            data = data[end:]
        if self._chunks is not None:
            self._chunks.append(data)
            if data.endswith(b"0\r\n\r\n") or b"".join(self._chunks[-2:]).endswith(b"\r\n0\r\n\r\n"):
                self._length = _unchunked(b"".join(self._chunks))
                self._answered()
            return
        self._missing -= len(data)
        if self._missing <= 0:
            self._answered()

    def _read_head(self, head: bytes) -> None:
        asked = self.asked[self._at]
        if int(head[9:12]) != asked.status:
            self._fail(f"{head[:15]!r} to {asked.sent[:80]!r}, wanted {asked.status}")
            return
        lowered = head.lower()
        at = lowered.find(b"\r\ncontent-length:")
        if at >= 0:
            self._chunks = None
            self._missing = self._length = int(lowered[at + 17 : lowered.index(b"\r", at + 2)])
        else:
            self._chunks, self._missing = [], 1

    def _answered(self) -> None:
        now = time.perf_counter()
        run, asked = self.run, self.asked[self._at]
        self.latencies.append(now - self._began)
        if self.limit is not None:
            self.lengths.append(self._length)
        elif asked.length is not None and abs(self._length - asked.length) > asked.length * SLACK:
            self._fail(f"{self._length} bytes to {asked.sent[:80]!r}, wanted {asked.length}")
            return
        self._at += 1
        if self._at == len(self.asked):
            self._at = 0
            run.is_ending = run.is_ending or not run.is_cycle
        is_over = now >= run.until or run.is_ending
        if is_over if self.limit is None else len(self.latencies) == self.limit:
            self.ended = now
            self._leave()
        else:
            self.ask()

    def _fail(self, fault: str) -> None:
        self.run.fault = self.run.fault or fault
        self.run.is_ending = True
        self._leave()

    def _leave(self) -> None:
        self._is_done = True
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_done:
            self._fail(f"the connection was lost: {exc}")
        self.run.leave()


def _unchunked(body: bytes) -> int:
    """Return the length of what was sent in chunks."""
    at = total = 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end].split(b";")[0], 16)
        if not size:
            return total
        total += size
        at = end + 2 + size + 2


async def carry_out(plan: dict[str, Any], keys: int) -> tuple[dict[str, Any], int]:
    """Carry out a plan; return what came of it and the last number that was used."""
    loop = asyncio.get_running_loop()
    connections = [
        [Asked(base64.b64decode(sent), *rest) for sent, *rest in requests] for requests in plan["connections"]
    ]
    run = Run(0.0, plan["is_cycle"], keys, len(connections), loop.create_future())
    lines: list[Line] = []
    for requests in connections:
        line = Line(run, requests, plan["limit"])
        await loop.create_connection(lambda line=line: line, "127.0.0.1", plan["port"])  # type: ignore[misc]  # bound here and now
        lines.append(line)
    before = time.process_time()
    began = time.perf_counter()
    run.until = began + plan["seconds"]
    for line in lines:
        line.ask()
    await run.over
    answer = {
        "latencies": [line.latencies for line in lines],
        "lengths": [line.lengths for line in lines],
        "seconds": max((line.ended for line in lines), default=0.0) - began,
        "processor": time.process_time() - before,
        "fault": run.fault,
    }
    return answer, run.keys


def main() -> None:
    """Carry out plans until there are no more; no two processes use the same numbers."""
    keys = time.time_ns() << 64
    for line in sys.stdin:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            answer, keys = runner.run(carry_out(json.loads(line), keys))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
