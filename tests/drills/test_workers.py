"""Several processes on one port under a supervisor: they share the load, are replaced, renewed and ended by it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import shutil
import signal
import sys
import termios
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import aiohttp
import psutil
import pytest

from tests.drills.forum_process import ROOT, ForumProcess, Person, forum, has_ended, until
from tests.drills.serving import ALIVE, Client

_WRITER: Final = "anna@larnaca.example"

BURST: Final = 60


def _connections(process: psutil.Process) -> int:
    return sum(line.status == psutil.CONN_ESTABLISHED for line in process.net_connections())


async def _replaced(process: ForumProcess, former: psutil.Process, module: str, count: int) -> None:
    async def is_replaced() -> bool:
        now = process.processes(module)
        return len(now) == count and former.pid not in {one.pid for one in now}

    await until(is_replaced, 30, f"another {module} process takes its place")


@pytest.mark.audit
async def test_processes_on_one_port_share_the_load_and_know_the_same(data_dir: Path) -> None:
    with forum(data_dir, FORUM_WORKERS="2") as process:
        web = process.processes("web")
        assert len(web) == 2
        assert len(process.processes("jobs")) == 1

        shares = [0, 0]
        for _ in range(5):
            clients = [await Client.open(process.port) for _ in range(BURST)]
            for client in clients:
                await client.say(ALIVE)
            for client in clients:
                assert b" 200 " in await client.answer()
            shares = [share + _connections(one) for share, one in zip(shares, web, strict=True)]
            for client in clients:
                client.leave()
        assert sum(shares) == 5 * BURST
        assert min(shares) > BURST, f"of {sum(shares)} connections each has its share: {shares}"

        # What one process does counts in the other at once: who is halted takes no connection.
        process.create_member(_WRITER, "larnaca")
        first, second = web
        async with Person(process.url) as person:
            async with _halted(second):
                await person.sign_in(_WRITER)
                topic = await person.start_topic("Πρώτο")
            await _drop_connections(person)
            async with _halted(first):
                assert (await person.get(f"/topics/{topic}/proto"))[0] == 200, "the session and the topic are there"
                assert (await person.submit(f"/topics/{topic}/posts", body="Απάντηση"))[0] == 303, "the token too"
                assert (await person.submit("/logout"))[0] == 303
            await _drop_connections(person)
            async with _halted(second), person.http.get(process.url + "/", allow_redirects=False) as response:
                assert response.status == 303, "it is a guest's again"
        assert process.stop() == 0


@contextlib.asynccontextmanager
async def _halted(process: psutil.Process) -> AsyncIterator[None]:
    process.suspend()
    try:
        yield
    finally:
        process.resume()


async def _drop_connections(person: Person) -> None:
    """Make the next request come by a new connection."""
    jar = person.http.cookie_jar
    await person.http.close()
    person.http = aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=15))


async def test_whatever_dies_is_replaced(data_dir: Path) -> None:
    with forum(data_dir, FORUM_WORKERS="2") as process:
        killed = process.processes("web")[0]
        killed.kill()
        await _replaced(process, killed, "web", 2)

        jobs = process.processes("jobs")[0]
        jobs.kill()
        await _replaced(process, jobs, "jobs", 1)

        postmaster = process.postmaster()
        for victim in (*postmaster.children(recursive=True), postmaster):
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()
        async with Person(process.url) as person:

            async def is_ready() -> bool:
                return (await person.get("/readyz"))[0] == 200

            await until(is_ready, 30, "the database is back")
            for _ in range(5):
                assert (await person.get("/login"))[0] == 200
        assert process.stop() == 0
        assert process.said().count("was started again") == 1, "one process brought it back"


@pytest.mark.audit
async def test_what_takes_the_place_of_the_jobs_process_does_what_is_due(data_dir: Path) -> None:
    with forum(data_dir, FORUM_WORKERS="2") as process:
        _make_the_sweep_due(process)
        jobs = process.processes("jobs")[0]
        jobs.kill()
        await _replaced(process, jobs, "jobs", 1)

        async def is_swept() -> bool:
            return "sweep done" in process.said()

        await until(is_swept, 30, "the new process does what is due")
        assert process.stop() == 0


def _make_the_sweep_due(process: ForumProcess) -> None:
    """Say in the database that it was done two hours ago."""
    script = (
        "import asyncio\nfrom forum import config, server\nfrom forum.db import connect\n"
        "async def main(url):\n"
        "    connection = await connect(url)\n"
        "    await connection.execute(\"INSERT INTO jobs (name, done_at) VALUES ('sweep', now() - interval '2 hours') "
        'ON CONFLICT (name) DO UPDATE SET done_at = excluded.done_at")\n'
        "    await connection.close()\n"
        "with server.database(config.load()) as ready:\n    asyncio.run(main(ready.url))\n"
    )
    done = process.run_python("-c", script)
    assert done.returncode == 0, done.stderr


@pytest.mark.audit
async def test_jobs_may_be_done_by_a_process_apart(data_dir: Path) -> None:
    with forum(data_dir) as process:
        assert not process.processes("jobs"), "with one process, it does them too"
        _make_the_sweep_due(process)
        output = data_dir.parent / "worker.log"
        with output.open("w") as log:
            worker = await asyncio.create_subprocess_exec(
                *(sys.executable, "run.py", "worker"), cwd=ROOT, env=process.environment, stdout=log, stderr=log
            )

        async def is_swept() -> bool:
            return "sweep done" in output.read_text() + process.said()

        await until(is_swept, 60, "it does what is due")
        worker.terminate()
        assert await asyncio.wait_for(worker.wait(), 30) == 0
        async with Person(process.url) as person:
            assert (await person.get("/login"))[0] == 200, "the database was not its alone to stop"
        assert process.stop() == 0
        assert (output.read_text() + process.said()).count("sweep done") == 1


@pytest.mark.audit
async def test_when_the_supervisor_is_killed_all_the_others_end_and_the_port_is_free(data_dir: Path) -> None:
    with forum(data_dir, FORUM_WORKERS="2") as process:
        children = [*process.processes("web"), *process.processes("jobs")]

        def everybody_there() -> list[psutil.Process]:
            return [*children, *(grandchild for child in children for grandchild in child.children())]

        async def is_settled() -> bool:
            return len(everybody_there()) == 3 + 4

        # What compiles the templates at the start may not have ended yet.
        await until(is_settled, 30, "each that answers has two that render")
        everybody = everybody_there()
        assert process.process is not None
        process.process.kill()
        process.process.wait(10)

        async def is_over() -> bool:
            return all(map(has_ended, everybody))

        await until(is_over, 15, "nothing of it lives on")
        process.start()
        async with Person(process.url) as person:
            assert (await person.get("/login"))[0] == 200
        assert process.stop() == 0


@pytest.mark.audit
async def test_told_to_stop_under_load_all_processes_end_in_ten_seconds(data_dir: Path) -> None:
    with forum(data_dir, FORUM_WORKERS="2") as process:
        load = _Load(process)
        slow = [await Client.open(process.port) for _ in range(4)]
        for client in slow[:3]:
            await client.say(b"GET / HTTP/1.1\r\nHost: ")
        async with load.running():
            await until(load.is_under_way, 30, "requests are answered")
            everybody = [process.postmaster(), *psutil.Process(process.pid).children(recursive=True)]
            began = time.monotonic()
            assert await asyncio.to_thread(process.stop) == 0
            assert time.monotonic() - began < 10
            # Whoever connects now is refused, and that ends the load.
        assert all(map(has_ended, everybody))
        assert set(load.statuses) == {200}, "what was answered at all was answered well"
        for client in slow:
            client.leave()
        assert "Traceback" not in process.said()


class _Load:
    """Clients that ask one request after the other, half of them by a new connection each, and forgive nothing."""

    def __init__(self, process: ForumProcess) -> None:
        self._process = process
        self.statuses: list[int] = []
        self.failures: list[str] = []
        self.is_over = False

    async def is_under_way(self, count: int = 50) -> bool:
        return len(self.statuses) >= count

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        clients = [asyncio.create_task(self._ask(keeps=number % 2 == 0)) for number in range(8)]
        try:
            yield
        finally:
            self.is_over = True
            await asyncio.gather(*clients)

    async def _ask(self, *, keeps: bool) -> None:
        client: Client | None = None
        while not self.is_over:
            client = client or await self._connect()
            if client is None:
                return
            try:
                await client.say(ALIVE)
                answer = await client.answer()
            except (OSError, EOFError) as error:
                self.failures.append(f"{type(error).__name__} after {len(self.statuses)} answers")
                client.leave()
                return
            self.statuses.append(int(answer[9:12]))
            if not keeps or b"\r\nConnection: close" in answer:
                client.leave()
                client = None
        if client is not None:
            client.leave()

    async def _connect(self) -> Client | None:
        try:
            return await Client.open(self._process.port)
        except OSError as error:
            self.failures.append(f"not connected: {error}")
            return None


@pytest.fixture
def checkout(data_dir: Path) -> Path:
    """A copy of the code that a test may change, with room for a `.env` beside it."""
    root = data_dir.parent / "checkout"
    shutil.copytree(ROOT / "forum", root / "forum")
    shutil.copy2(ROOT / "run.py", root)
    return root


@pytest.mark.audit
async def test_on_hangup_all_are_renewed_with_new_code_and_settings_and_no_request_fails(
    data_dir: Path, checkout: Path
) -> None:
    settings, health = checkout / ".env", checkout / "forum" / "handlers" / "health.py"
    settings.write_text("FORUM_LANGUAGE=el\nFORUM_WORKERS=2\n")
    with forum(data_dir, root=checkout) as process:
        process.create_member(_WRITER, "larnaca")
        before = [*process.processes("web"), *process.processes("jobs")]
        assert len(before) == 3
        load = _Load(process)
        async with Person(process.url) as person, load.running():
            await person.sign_in(_WRITER)
            topic = await person.start_topic("Πρώτο")
            settings.write_text("FORUM_LANGUAGE=en\nFORUM_WORKERS=3\n")
            health.write_text(health.read_text().replace('"status": "ok"', '"status": "renewed"'))
            psutil.Process(process.pid).send_signal(signal.SIGHUP)
            posted = 0

            async def is_renewed() -> bool:
                nonlocal posted
                assert (await person.submit(f"/topics/{topic}/posts", body=f"Απάντηση {posted}"))[0] == 303
                posted += 1
                return "all processes are renewed" in process.said()

            await until(is_renewed, 120, "all are renewed")
            assert posted > 3
        assert not load.failures
        assert set(load.statuses) == {200}
        assert len(load.statuses) > 50
        assert all(map(has_ended, before))
        assert len(process.processes("web")) == 3, "the number of processes is a setting too"
        async with Person(process.url) as guest:
            assert "renewed" in (await guest.get("/healthz"))[1]
            async with guest.http.get(process.url + "/login") as response:
                assert 'lang="en"' in await response.text()

        # What cannot start replaces nothing.
        present = {one.pid for one in process.processes("web")}
        health.write_text("this is no Python\n")
        psutil.Process(process.pid).send_signal(signal.SIGHUP)

        async def is_refused() -> bool:
            return "renewing ends here" in process.said()

        await until(is_refused, 60, "the new code is refused")
        assert {one.pid for one in process.processes("web")} == present
        async with Person(process.url) as guest:
            assert (await guest.get("/login"))[0] == 200
        assert process.stop() == 0


@pytest.mark.audit
async def test_what_dies_again_and_again_is_started_after_ever_longer_pauses(data_dir: Path, checkout: Path) -> None:
    settings = checkout / ".env"
    settings.write_text("FORUM_LANGUAGE=el\n")
    with forum(data_dir, root=checkout) as process:
        settings.write_text("FORUM_SECRET_KEY=short\n")
        process.processes("web")[0].kill()

        def pauses() -> list[int]:
            return [int(found) for found in re.findall(r"another starts in (\d+) s", process.said())]

        async def has_died_twice_more() -> bool:
            return len(pauses()) >= 3

        await until(has_died_twice_more, 60, "it dies while starting again and again")
        assert pauses()[:3] == [0, 1, 2]
        assert "FORUM_SECRET_KEY: must be at least 32 bytes long" in process.said()
        settings.write_text("FORUM_LANGUAGE=el\n")
        async with Person(process.url) as guest:

            async def answers() -> bool:
                with contextlib.suppress(TimeoutError, aiohttp.ClientError):
                    return (await guest.get("/login"))[0] == 200
                return False

            await until(answers, 60, "once it can start it answers again")
        assert process.stop() == 0


@pytest.mark.audit
async def test_a_forum_ends_with_the_terminal_it_was_started_in(data_dir: Path) -> None:
    process = ForumProcess(data_dir)
    data_dir.mkdir()
    ours, its = pty.openpty()

    def take_the_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    try:
        process.start(stdin=its, preexec_fn=take_the_terminal)
        os.close(its)
        os.close(ours)
        assert process.process is not None
        assert await asyncio.to_thread(process.process.wait, 30) == 0
    finally:
        process.clean_up()


@pytest.mark.audit
async def test_what_cannot_start_at_first_is_no_forum(data_dir: Path, checkout: Path) -> None:
    health = checkout / "forum" / "handlers" / "health.py"
    health.write_text("this is no Python\n")
    process = ForumProcess(data_dir, root=checkout)
    data_dir.mkdir()
    started = process.run("serve")
    assert started.returncode == 1
    assert "SyntaxError" in started.stderr
    assert started.stderr.splitlines()[-1].startswith("error: the forum does not start")
