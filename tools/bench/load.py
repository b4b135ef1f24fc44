"""How the load is asked for: plans of requests for the client's process, and what it answers."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.bench.client import Asked
from tools.bench.databases import ROOT

Plan = list[list[Asked]]
"""For each connection what it asks for, one after the other and over again."""


class WrongAnswerError(Exception):
    """A server answered something else than what was asked for, such as that it is too busy."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a plan: latencies in seconds and lengths in bytes by connection, and what the client itself used."""

    latencies: list[list[float]]
    lengths: list[list[int]]
    seconds: float
    client_seconds: float

    @property
    def count(self) -> int:
        return sum(map(len, self.latencies))


class Client:
    """The process that asks."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def press(self, port: int, plan: Plan, seconds: float, *, is_cycle: bool = True) -> Answered:
        """Ask for some seconds, or until one connection has asked for everything once."""
        return self._carry_out(port, plan, {"seconds": seconds, "limit": None, "is_cycle": is_cycle})

    def ask(self, port: int, plan: Plan, limit: int) -> Answered:
        """Ask so many times on each connection, and note how long the answers are."""
        return self._carry_out(port, plan, {"seconds": 0, "limit": limit, "is_cycle": True})

    def _carry_out(self, port: int, plan: Plan, how: dict[str, Any]) -> Answered:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the client has no pipes")
        connections = [
            [(base64.b64encode(one.sent).decode(), one.is_keyed, one.status, one.length) for one in requests]
            for requests in plan
        ]
        self._process.stdin.write(json.dumps({"port": port, "connections": connections, **how}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the client ended")
        answer = json.loads(line)
        if answer["fault"]:
            raise WrongAnswerError(answer["fault"])
        return Answered(answer["latencies"], answer["lengths"], answer["seconds"], answer["processor"])


@contextlib.contextmanager
def client() -> Iterator[Client]:
    """Start the client's process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.bench.client"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Unbuffered, what a full pipe does not take at once would be lost.
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        text=True,
    )
    try:
        yield Client(process)
    finally:
        if process.stdin:
            process.stdin.close()
        process.wait(30)
        if process.stdout:
            process.stdout.close()
