"""What the tests of the embedded server look at and live in: a folder, the servers and processes in it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

from forum.errors import CommandError
from forum.postgres import EmbeddedServer, Endpoint, find_bindirs
from forum.postgres.programs import version_of

IS_ROOT = os.geteuid() == 0
TREE = Path(__file__).parents[2]
LONG_NAME = "Δημοτικό συμβούλιο της Λεμεσού, φάκελος διαβουλεύσεων"  # 102 bytes, with blanks and a comma


def installed_programs() -> dict[int, Path]:
    """Return the best folder of programs for each major version on this machine."""
    found: dict[int, Path] = {}
    for bindir in find_bindirs():
        found.setdefault(version_of(bindir)[0], bindir)
    return found


PROGRAMS = installed_programs()

_PATIENCE = 90  # seconds; a start may take 60, a revival 30


def query(endpoint: Endpoint, sql: str) -> Any:
    """Return the first value that a statement gives."""

    async def ask() -> Any:
        connection = await asyncpg.connect(endpoint.url("postgres", EmbeddedServer.SUPERUSER))
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


def process(pid: int) -> Any:
    """Return the process of this number, as psutil knows it."""
    return psutil.Process(pid)


def is_running(candidate: Any) -> bool:
    """Tell whether the process runs; one that only waits to be reaped does not."""
    try:
        return bool(candidate.is_running() and candidate.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def kill(*victims: Any) -> None:
    """Kill processes without warning, but for those that were quicker to end."""
    for victim in victims:
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()


def postmaster_of(data_dir: Path) -> Any:
    """Return the process of the server that runs over the data."""
    text = (data_dir / "postgres" / "data" / "postmaster.pid").read_text()
    return process(int(text.splitlines()[0]))


def processes_in(folder: Path) -> list[Any]:
    """Return the processes that work in the folder, or were started with it among their arguments."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                is_inside = Path(process.cwd()).is_relative_to(folder)
                if is_inside or any(str(folder) in word for word in process.cmdline()):
                    found.append(process)
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.005)


def refusal(server: EmbeddedServer, timeout: float = 20) -> str:
    """Return the single line with which the server refuses to start."""
    with pytest.raises(CommandError) as caught:
        server.start(timeout)
    line = str(caught.value)
    assert "\n" not in line
    return line


@contextlib.contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[None]:
    """Mount a disk in memory over a folder; raise OSError where this user may not."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PermissionError(done.stderr)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, megabytes_left: int) -> Path:
    """Fill the disk but for a little, with a file that can be removed."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(100_000))
        except OSError:
            file.truncate(max(0, file.tell() - megabytes_left * 1_000_000))
    return ballast


def can_mount() -> bool:
    """Tell whether this user may mount a disk; in many containers not even root may."""
    folder = Path(tempfile.mkdtemp(prefix="koinon-pg-"))
    try:
        with mounted(folder, megabytes=1):
            return True
    except OSError:
        return False
    finally:
        folder.rmdir()


class Resident:
    """A process of its own that uses the server."""

    def __init__(
        self, data_dir: Path, *, pg_bin: Path | None = None, pg_user: str = "", uid: int = 0, file_size: int = 0
    ) -> None:
        wishes = {
            "data_dir": str(data_dir),
            "pg_bin": str(pg_bin) if pg_bin else "",
            "pg_user": pg_user,
            "uid": uid,
            "file_size": file_size,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.postgres.resident", json.dumps(wishes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            cwd=TREE,
            start_new_session=True,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        assert self.hear() == "here"

    def say(self, wish: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{wish}\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        """Return the next line it says; one that says nothing for too long is ended, and has said nothing."""
        assert self.process.stdout is not None
        end = threading.Timer(_PATIENCE, self.process.kill)
        end.start()
        try:
            return self.process.stdout.readline().strip()
        finally:
            end.cancel()

    def ask(self, wish: str) -> str:
        self.say(wish)
        return self.hear()

    def kill(self) -> None:
        """Kill it without warning, and reap it."""
        self.process.kill()
        self.process.wait(_PATIENCE)

    def end(self) -> None:
        """Let it leave the server and end; end by force what it forked."""
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(_PATIENCE)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a test's own, the servers and processes that live in it."""

    folder: Path
    template: Path
    residents: list[Resident]
    servers: list[EmbeddedServer]

    def settle(self, data_dir: Path | None = None) -> None:
        """Lay a cluster made before, where how it is made does not matter: a copy costs a fifth."""
        base = (data_dir or self.folder) / "postgres"
        subprocess.run(["cp", "--archive", str(self.template), str(base)], check=True)

    def server(self, data_dir: Path | None = None, **options: Any) -> EmbeddedServer:
        server = EmbeddedServer(data_dir or self.folder, **options)
        self.servers.append(server)
        return server

    def resident(self, data_dir: Path | None = None, **options: Any) -> Resident:
        resident = Resident(data_dir or self.folder, **options)
        self.residents.append(resident)
        return resident
