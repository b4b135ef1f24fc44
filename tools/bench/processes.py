"""The processes that are measured: the forum as `run.py serve` starts it and the bare handler, and what they cost."""

from __future__ import annotations

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from tools.bench.databases import ROOT, environment, run_py

START_SECONDS: Final = 120
PROCESSORS: Final = psutil.cpu_count() or 1
_READY: Final = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of the processor: of the application's processes, of the renderers among its children, of PostgreSQL, and
    of everything that ran on the machine.
    """

    application: float
    renderers: float
    postgres: float
    machine: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(
            self.application - other.application,
            self.renderers - other.renderers,
            self.postgres - other.postgres,
            self.machine - other.machine,
        )

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.application + other.application,
            self.renderers + other.renderers,
            self.postgres + other.postgres,
            self.machine + other.machine,
        )


@dataclass(frozen=True, slots=True)
class Memory:
    """MB (a million bytes) that are resident in a process, now and at most."""

    process: str
    resident: float
    peak: float


class Server:
    """A process that answers on a port of 127.0.0.1, with its children; it is started in the data directory."""

    def __init__(self, command: list[str], data_dir: Path, port: int, log: Path, **settings: str) -> None:
        self.port = port
        with log.open("ab") as output:
            self.began = time.monotonic()
            self._popen = subprocess.Popen(
                command, cwd=data_dir, env=environment(data_dir, **settings), stdout=output, stderr=output
            )
        self._log = log

    def wait(self, request: bytes = _READY) -> float:
        """Wait for an answer of 200, and return how many seconds after the process was started it came.

        What the process has others do beside, templates to begin with, is waited for too: it is no request's cost.
        """
        ready = self._answered(request)
        while any("forum.templating" in _command(process) for process in self._processes()):
            time.sleep(0.05)
        return ready

    def _answered(self, request: bytes) -> float:
        while True:
            if self._popen.poll() is not None or time.monotonic() > self.began + START_SECONDS:
                raise RuntimeError(f"a server did not start:\n{self._log.read_text(encoding='utf-8')[-4000:]}")
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), START_SECONDS) as line,
            ):
                line.sendall(request)
                if line.recv(64).startswith(b"HTTP/1.1 200"):
                    return time.monotonic() - self.began
            time.sleep(0.005)

    def stop(self) -> None:
        self._popen.terminate()
        try:
            self._popen.wait(30)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait(30)

    def cost(self, cluster: Path) -> Cost:
        """Return what has been used since the processes began, those of the database in this folder among them."""
        used = {True: 0.0, False: 0.0}
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                used[_is_renderer(process)] += _seconds(process)
        machine = psutil.cpu_times()
        busy = sum(machine) - machine.idle - getattr(machine, "iowait", 0.0) - getattr(machine, "guest", 0.0)
        return Cost(used[False], used[True], _postgres(cluster), busy)

    def memory(self) -> list[Memory]:
        """Return what each of the processes holds."""
        found = []
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError):
                status = Path(f"/proc/{process.pid}/status").read_text()
                peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
                name = " ".join(process.cmdline()[1:]).rpartition("/")[2].removeprefix("-P ").removeprefix("-m ")
                found.append(Memory(name, process.memory_info().rss / 1e6, peak * 1024 / 1e6))
        return found

    def forget_peaks(self) -> None:
        """Have the most that each process holds counted from now on (proc(5), clear_refs)."""
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError):
                Path(f"/proc/{process.pid}/clear_refs").write_text("5")

    def _processes(self) -> list[psutil.Process]:
        first = psutil.Process(self._popen.pid)
        return [first, *first.children(recursive=True)]


def _postgres(cluster: Path) -> float:
    """Add up the postmaster, those of its children that live, and those that have ended."""
    postmaster = psutil.Process(int((cluster / "data" / "postmaster.pid").read_text().splitlines()[0]))
    ended = postmaster.cpu_times()
    total = _seconds(postmaster) + ended.children_user + ended.children_system
    for child in postmaster.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            total += _seconds(child)
    return total


def _is_renderer(process: psutil.Process) -> bool:
    return "forum.markup" in _command(process)


def _command(process: psutil.Process) -> list[str]:
    """Return the command line, empty when the process has ended."""
    try:
        return list(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def _seconds(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


@contextlib.contextmanager
def forum(data_dir: Path, port: int) -> Iterator[Server]:
    """Serve a data directory with one process; it is ready when this yields."""
    server = Server(
        run_py("serve"), data_dir, port, data_dir / "forum.log", FORUM_PORT=str(port), FORUM_RATE_LIMITS="0"
    )
    try:
        server.wait()
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def bare(data_dir: Path, database_url: str) -> Iterator[Server]:
    """Serve the bare handler on a database of the same PostgreSQL."""
    port = free_port()
    command = [sys.executable, "-m", "tools.bench.bare", str(port), database_url]
    server = Server(command, data_dir, port, data_dir / "bare.log", PYTHONPATH=str(ROOT))
    try:
        server.wait(b"GET /2 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        yield server
    finally:
        server.stop()


def start_seconds(data_dir: Path, times: int) -> float:
    """Return the median of the seconds from the start of the process, with its database, to `/readyz`."""
    return statistics.median(_start(data_dir) for _ in range(times))


def first_start_seconds() -> float:
    """Return how long the very first start takes, in a folder with nothing in it."""
    with tempfile.TemporaryDirectory(prefix="koinon-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - as root PostgreSQL runs under an account that has to get in
        return _start(Path(folder))


def _start(data_dir: Path) -> float:
    port = free_port()
    server = Server(run_py("serve"), data_dir, port, data_dir / "forum.log", FORUM_PORT=str(port))
    try:
        return server.wait()
    finally:
        server.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
