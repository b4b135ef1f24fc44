"""The recipes of docs/operations.md as they stand there, and the programs they are for, run in a folder of a test's."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import psutil
import pytest

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "operations.md"
PG_BIN: Final = Path("/usr/lib/postgresql/15/bin")
START_SECONDS: Final = 90.0

_BLOCK: Final = re.compile(r"^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def recipe(name: str, *places: str) -> str:
    """Return the block whose first line names it, with the test's own places, each given as `old -> new`."""
    blocks = [
        block for block in _BLOCK.findall(DOCUMENT.read_text(encoding="utf-8")) if name in block.split("\n", 1)[0]
    ]
    assert len(blocks) == 1, f"{len(blocks)} recipes are called {name}"
    return moved(blocks[0], *places)


def moved(text: str, *places: str) -> str:
    """Return a text with other places in it, each given as `old -> new`; each must be there."""
    for place in places:
        old, _, new = place.partition(" -> ")
        assert old in text, f"{old!r} is not in the recipe"
        text = text.replace(old, new)
    return text


def settings(text: str) -> dict[str, str]:
    """Return the settings of a recipe for the environment."""
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))


def free_ports(count: int) -> list[int]:
    """Return ports that are free now."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def program(name: str) -> str:
    """Return where a program is."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert found, f"{name} is not installed; `make audit` as root installs what the recipes are for"
    return found


class Machine:
    """A folder with the programs of a recipe, which end with it; those of others run without root's rights."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        self.give_away(path)
        return path

    def place(self, name: str, mode: int = 0o700) -> Path:
        """Make a folder that the programs may write to."""
        path = self.folder / name
        path.mkdir()
        path.chmod(mode)
        self.give_away(path)
        return path

    def give_away(self, path: Path) -> None:
        """Let the programs write to it."""
        if os.geteuid() == 0:
            shutil.chown(path, "postgres", "postgres")

    def command(self, *command: str | Path) -> list[str]:
        dropped = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        return [*dropped, *map(str, command)]

    def run(self, *command: str | Path, given: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*command), input=given, capture_output=True, text=True, timeout=120, check=False, cwd="/"
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def start(self, name: str, *command: str | Path, is_up: Callable[[], bool]) -> subprocess.Popen[bytes]:
        """Start a program and wait until it is up."""
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            running = subprocess.Popen(
                self.command(*command), stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd="/",
                env={**os.environ, "HOME": str(self.folder)}, start_new_session=True,
            )  # fmt: skip
        self._running.append(running)
        wait_for(is_up, f"{name} is up", log, running)
        return running

    def kill(self, running: subprocess.Popen[bytes]) -> None:
        """Kill a program with all that it has started, as when its machine dies."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait(30)

    def end(self) -> None:
        for running in reversed(self._running):
            if running.poll() is None:
                running.send_signal(signal.SIGINT)
        for running in reversed(self._running):
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(20)
            self.kill(running)


def wait_for(check: Callable[[], bool], what: str, log: Path, running: subprocess.Popen[bytes] | None = None) -> None:
    """Wait until something is so, or show the log of what does not come."""
    deadline = time.monotonic() + START_SECONDS
    while not check():
        ended = running is not None and running.poll() is not None
        if ended or time.monotonic() > deadline:
            pytest.fail(f"not so: {what}\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.2)


def listens(port: int) -> Callable[[], bool]:
    """Return a check whether something takes connections."""

    def check() -> bool:
        with socket.socket() as probe:
            probe.settimeout(2)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return check


@contextlib.contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    made = Machine(folder)
    made.give_away(folder)
    try:
        yield made
    finally:
        made.end()


def postgres(place: Machine, port: int) -> str:
    """Run a PostgreSQL of the test's own and return the address of its superuser."""
    data = place.place("data")
    secret = place.write("superuser", "superuser\n", 0o600)
    place.run(
        PG_BIN / "initdb", "-D", data, "--auth=scram-sha-256", f"--pwfile={secret}", "--username=postgres",
        "--encoding=UTF8", "--locale=C.UTF-8",
    )  # fmt: skip
    place.start(
        "postgres", PG_BIN / "postgres", "-D", data, "-c", f"port={port}", "-c", "listen_addresses=127.0.0.1",
        "-c", f"unix_socket_directories={place.folder}", "-c", "fsync=off", is_up=listens(port),
    )  # fmt: skip
    return f"postgresql://postgres:superuser@127.0.0.1:{port}/postgres"


def kill_postgres(data: Path) -> None:
    """Kill a server that runs over this data with all its processes, as when the power goes."""
    postmaster = psutil.Process(int((data / "postmaster.pid").read_text().splitlines()[0]))
    for victim in (postmaster, *postmaster.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()


def carry_out(url: str, sql: str) -> None:
    """Give a recipe of SQL to psql."""
    for _ in range(50):
        done = subprocess.run(
            ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-d", url], input=sql, capture_output=True, text=True, check=False
        )
        if "starting up" not in done.stderr and "refused" not in done.stderr:
            break
        time.sleep(0.2)
    assert done.returncode == 0, done.stderr
