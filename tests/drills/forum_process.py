"""The forum as an operator runs it: a process of its own with an embedded database, which tests may kill."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import psutil

from forum.db import RawConnection, connect
from tests.cast import PASSWORD
from tests.drills import ticking

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 60.0

LAG_SECONDS: Final = 0.05
"""That 99 of 100 turns of the loop that serves may come too late."""

_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


class ForumProcess:
    """`python run.py` of the checkout, or of a copy of it, on a free port with its own data directory.

    The lags of its loops are noted. The setting ERRORS is a test's own: the file its log goes to, if not to its output.
    """

    def __init__(self, data_dir: Path, *, root: Path | str = ROOT, **settings: str) -> None:
        self.root = Path(root)
        self.port = _free_port()
        self.data_dir = data_dir
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FORUM_")},
            "FORUM_DATA_DIR": str(data_dir),
            "FORUM_PORT": str(self.port),
            "FORUM_RATE_LIMITS": "0",
            "PYTHONUNBUFFERED": "1",
            **ticking.environment(data_dir.parent),
            **settings,
        }
        self.process: subprocess.Popen[str] | None = None
        self.output = data_dir.parent / f"forum-{self.port}.log"

    def start(self, **how: Any) -> None:
        """Start and wait until it announces itself; `how` is subprocess's to understand."""
        with contextlib.ExitStack() as files:
            log = files.enter_context(self.output.open("w", encoding="utf-8"))
            named = self.environment.get("ERRORS")
            errors = files.enter_context(Path(named).open("w", encoding="utf-8")) if named else log
            self.process = subprocess.Popen(
                [sys.executable, "run.py"],
                cwd=self.root,
                env=self.environment,
                stdout=log,
                stderr=errors,
                text=True,
                **how,
            )
        deadline = time.monotonic() + START_SECONDS
        while "Ctrl-C" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run another command on the same data, by the machine's own clock."""
        return self.run_python("run.py", *arguments, given=given)

    def run_python(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run something else with the same settings."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env={name: value for name, value in self.environment.items() if name != "LD_PRELOAD"},
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def create_member(self, email: str, organisation: str, role: str = "member", name: str = "Άννα Δοκιμή") -> None:
        made = self.run(
            "member", "create", "--email", email, "--name", name, "--organisation", organisation,
            "--role", role, "--password-stdin", given=PASSWORD + "\n",
        )  # fmt: skip
        assert made.returncode == 0, made.stderr

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def processes(self, module: str) -> list[psutil.Process]:
        """Return the processes under the supervisor that do one thing: `web` or `jobs`."""
        found: list[psutil.Process] = []
        for child in psutil.Process(self.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if child.status() != psutil.STATUS_ZOMBIE and child.cmdline()[-2:] == ["forum.processes", module]:
                    found.append(child)
        return found

    def postmaster(self) -> psutil.Process:
        """Return the database's first process."""
        pid = int((self.data_dir / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
        return psutil.Process(pid)

    async def connect_as_owner(self) -> RawConnection:
        """Connect to the embedded database as its owner, to arrange and to look."""
        done = self.run_python(
            "-c",
            "from forum import config; from forum.postgres import EmbeddedServer as S; c = config.load(); "
            "s = S(c.data_dir, pg_bin=c.pg_bin, pg_user=c.pg_user); "
            "print(s.start().url('koinon', 'koinon_owner')); s.stop()",
        )
        assert done.returncode == 0, done.stderr
        return await connect(done.stdout.strip())

    def kill(self) -> None:
        """Kill the application alone, with its workers."""
        assert self.process is not None
        for child in psutil.Process(self.pid).children(recursive=True):
            if "postgres" not in child.name():
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
        self.process.kill()
        self.process.wait(10)

    def kill_everything(self) -> None:
        """Kill the application and the database, as when the power goes."""
        postmaster = self.postmaster()
        victims = [postmaster, *postmaster.children(recursive=True)]
        self.kill()
        for victim in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()

    def stop(self) -> int:
        """Tell it to stop and return its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def clean_up(self) -> None:
        with contextlib.suppress(Exception):
            self.kill()
        with contextlib.suppress(Exception):
            self.postmaster().kill()


@contextlib.contextmanager
def forum(data_dir: Path, *, root: Path | str = ROOT, **settings: str) -> Iterator[ForumProcess]:
    """A running forum that leaves nothing behind."""
    data_dir.mkdir(parents=True, exist_ok=True)
    process = ForumProcess(data_dir, root=root, **settings)
    try:
        process.start()
        yield process
        late = ticking.too_late(process.environment, LAG_SECONDS)
        assert not late, f"whatever it is put through, its loop turns: {late}"
    finally:
        process.clean_up()


class Person:
    """Somebody who uses a running forum through its pages."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(total=15)
        )
        self.token = ""

    async def __aenter__(self) -> Person:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.http.close()

    async def get(self, path: str) -> tuple[int, str]:
        async with self.http.get(self.base + path) as response:
            text = await response.text()
            if found := _TOKEN.search(text):
                self.token = found[1]
            return response.status, text

    async def submit(self, path: str, **fields: str) -> tuple[int, str]:
        """Send a form; return the status and where it leads."""
        data = {"csrf_token": self.token, **fields}
        async with self.http.post(self.base + path, data=data, allow_redirects=False) as response:
            await response.read()
            return response.status, response.headers.get("Location", "")

    async def sign_in(self, email: str) -> None:
        await self.get("/login")
        status, _ = await self.submit("/login", email=email, password=PASSWORD)
        assert status == 303, status
        await self.get("/")

    async def start_topic(self, title: str) -> str:
        """Start a topic in the first category and return its id."""
        await self.get("/categories/questions/new")
        status, location = await self.submit("/categories/questions/new", title=title, body="Κείμενο του θέματος.")
        assert status == 303, status
        found = re.search(r"/topics/(\d+)/", location)
        assert found, location
        return found[1]


async def until(check: object, seconds: float, what: str) -> float:
    """Wait until an async check is true and return how long it took."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if await check():  # type: ignore[operator]  # any coroutine function without arguments
            return time.monotonic() - started
        await asyncio.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


def has_ended(process: psutil.Process) -> bool:
    """Say whether a process is no more; where nobody reaps orphans, as in a container, it still has a name."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
