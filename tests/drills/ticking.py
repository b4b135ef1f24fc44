"""A ticker on every loop of a forum that serves: what its lags were can be read while it runs, and after.

`site/sitecustomize.py` begins it in the processes of a forum whose environment says so.

The lag of a tick is how much later than asked for it came, less the time that the process's threads, any of which may
hold Python's lock, were ready and waited for a processor, and that the machine's own host took from it. That is not the
forum's doing: so a test may judge the rest where much else is done too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import uvloop

TICK: Final = 0.05
"""Seconds from one tick to the next."""

ALLOWED: Final = 3
"""Late ticks that say nothing: a disk that is busy holds up a look at a file for 0.2 s, and no counter tells."""

FOLDER: Final = "KOINON_DRILL_LAGS"
_THREADS: Final = Path("/proc/self/task")
_MACHINE: Final = Path("/proc/stat")


def lags(environment: Mapping[str, str]) -> list[float]:
    """Return every lag that was noted where the environment says, in seconds, smallest first."""
    folder = Path(environment[FOLDER])
    return sorted(float(line) for file in folder.glob("*.lags") for line in file.read_text().split())


def too_late(environment: Mapping[str, str], limit: float) -> list[float]:
    """Return what of the lags makes more than one of a hundred longer than `limit`; nothing where that is held.

    In a drill too short for some hundred ticks ALLOWED may be.
    """
    noted = lags(environment)
    worst = [lag for lag in noted if lag > limit]
    return worst if len(worst) > max(ALLOWED, len(noted) // 100) else []


def environment(folder: Path) -> dict[str, str]:
    """Return what tells the program where to note its lags."""
    here = Path(__file__).parent
    return {FOLDER: str(folder), "PYTHONPATH": os.pathsep.join((str(here / "site"), str(here.parents[1])))}


class Ticker:
    """Notes the lags of the loop it was begun on."""

    def __init__(self, loop: asyncio.AbstractEventLoop, folder: Path) -> None:
        self._loop, self._folder = loop, folder
        self._file = -1
        self._due = self._waited = 0.0

    def begin(self) -> None:
        self._file = os.open(self._folder / f"{os.getpid()}.lags", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        self._next()

    def _next(self) -> None:
        self._waited = _waited_for_a_processor()
        self._due = time.monotonic() + TICK
        self._loop.call_later(TICK, self._tick)

    def _tick(self) -> None:
        lag = time.monotonic() - self._due  # read first: what is read next takes its time, more where threads compute
        lag -= _waited_for_a_processor() - self._waited
        os.write(self._file, f"{max(lag, 0):.4f}\n".encode())
        self._next()


def _waited_for_a_processor() -> float:
    """Return how many seconds the threads have been ready to run in vain, or the host ran something else; 0 where the
    system does not say.
    """
    waited = 0
    with contextlib.suppress(OSError, IndexError):
        # cpu user nice system idle iowait irq softirq steal …, all processors together
        waited = int(_MACHINE.read_bytes().split(maxsplit=9)[8]) * (1_000_000_000 // os.sysconf("SC_CLK_TCK"))
    for schedule in _THREADS.glob("*/schedstat"):
        with contextlib.suppress(OSError):
            waited += int(schedule.read_bytes().split()[1])
    return waited / 1e9


def listen() -> None:
    """Have every loop of this process that comes to serve noted, from the moment on that it does."""
    folder = Path(os.environ[FOLDER])

    class Loop(uvloop.Loop):
        is_listened_to = False

        def add_reader(self, *arguments: Any) -> None:  # type: ignore[override]  # whatever they are
            if not self.is_listened_to:  # nobody waits for a loop that does not serve yet
                self.is_listened_to = True
                Ticker(self, folder).begin()
            super().add_reader(*arguments)

    uvloop.new_event_loop = Loop
