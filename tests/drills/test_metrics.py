"""What /metrics tells is what happened: of one process, and of several on one port, while they live and after."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import aiohttp
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from forum.config import Config
from forum.keys import DB, METRICS
from forum.web.connections import Deadlines
from tests.drills.forum_process import forum, until
from tests.drills.serving import Serving, serving
from tests.drills.test_pool import exhausted

Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]


def _read(text: str) -> Numbers:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _sum(numbers: Numbers, name: str, **labels: str) -> float:
    """Return the sum of all samples of a name that carry these labels."""
    return sum(
        value
        for (known, carried), value in numbers.items()
        if known == name and labels.items() <= dict(carried).items()
    )


async def _ask(server: Serving, *requests: bytes) -> Numbers:
    for request in requests:
        client = await server.client()
        await client.say(request)
        await client.answer()
    return _read(server.app[METRICS].text().decode())


def _request(path: str, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


async def test_each_request_is_counted_once_by_route_method_and_class(config: Config, database_url: str) -> None:
    async with serving(config, database_url, deadlines=Deadlines()) as server:
        numbers = await _ask(
            server,
            _request("/healthz"),
            _request("/healthz?a=b"),
            _request("/nowhere/secret-title"),
            _request("/login"),
            _request("/topics/1/a-title"),
            _request("/login", "BREW"),
        )
    assert _sum(numbers, "koinon_requests_total", route="health.live", method="GET", status="2xx") == 2
    assert _sum(numbers, "koinon_requests_total", route="none", status="3xx") == 1
    assert _sum(numbers, "koinon_requests_total", route="sessions.new", status="2xx") == 1
    assert _sum(numbers, "koinon_requests_total", route="topics.show", status="3xx") == 1
    assert _sum(numbers, "koinon_requests_total", method="other") == 1
    assert _sum(numbers, "koinon_requests_total") == 6
    assert _sum(numbers, "koinon_request_seconds_count", route="health.live") == 2
    assert _sum(numbers, "koinon_request_seconds_bucket", route="health.live", le="+Inf") == 2
    assert 0 < _sum(numbers, "koinon_request_seconds_sum", route="sessions.new") < 60


async def test_no_client_can_add_series(config: Config, database_url: str) -> None:
    async with serving(config, database_url, deadlines=Deadlines()) as server:
        few = len(await _ask(server, _request("/nowhere"), _request("/nowhere", "A")))
        many = len(await _ask(server, *(_request(f"/nowhere/{number}", f"METHOD-{number}") for number in range(50))))
    assert many - few <= 20, "those of one further status"


async def test_the_pool_is_told_as_it_is(config: Config, database_url: str) -> None:
    async with serving(config, database_url, deadlines=Deadlines()) as server:
        metrics, db = server.app[METRICS], server.app[DB]

        async def told(name: str, value: float) -> bool:
            return _sum(_read(metrics.text().decode()), name) == value

        async with exhausted(db):
            waiting = [asyncio.create_task(_wait(server)) for _ in range(3)]
            await until(lambda: told("koinon_pool_waiting", 3), 20, "three wait")
            await until(lambda: told("koinon_pool_connections", 10), 20, "ten are open")
            await until(lambda: told("koinon_pool_idle", 0), 20, "none is idle")
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        await until(lambda: told("koinon_pool_idle", 10), 20, "all are back")
        await until(lambda: told("koinon_pool_waiting", 0), 20, "nobody waits")


async def _wait(server: Serving) -> None:
    while True:
        async with server.app[DB].read():
            pass


async def test_a_held_loop_shows_in_its_lag(config: Config, database_url: str) -> None:
    async with serving(config, database_url, deadlines=Deadlines()) as server:
        metrics = server.app[METRICS]

        def late() -> float:
            numbers = _read(metrics.text().decode())
            return _sum(numbers, "koinon_loop_lag_seconds_count") - _sum(
                numbers, "koinon_loop_lag_seconds_bucket", le="0.25"
            )

        async def is_late() -> bool:
            time.sleep(0.8)
            return late() > before

        before = late()
        await until(is_late, 30, "a tick that came over a quarter of a second late")


@pytest.mark.audit
async def test_several_processes_answer_as_one_and_the_dead_leave_their_sums(data_dir: Path) -> None:
    with forum(data_dir, FORUM_WORKERS="2") as running:

        async def numbers() -> Numbers:
            async with aiohttp.ClientSession() as http, http.get(f"{running.url}/metrics") as answer:
                assert answer.status == 200
                return _read(await answer.text())

        async def ask(count: int) -> None:
            for _ in range(count):
                # A connection each, so that it is any of them who answers.
                async with aiohttp.ClientSession() as http, http.get(f"{running.url}/healthz") as answer:
                    assert answer.status == 200

        async def alive() -> bool:
            return _sum(await numbers(), "koinon_processes") == 2

        await until(alive, 60, "two processes")
        # A process that has just begun to make its files, or died while it did.
        folder = next(
            child for child in psutil.Process(running.pid).children() if "postgres" not in child.name()
        ).environ()["PROMETHEUS_MULTIPROC_DIR"]
        (Path(folder) / "counter_99.db").touch()
        await ask(30)
        assert _sum(await numbers(), "koinon_requests_total", route="health.live") == 30
        first = await numbers()
        victim = next(child for child in psutil.Process(running.pid).children() if "postgres" not in child.name())
        victim.send_signal(signal.SIGSTOP)
        victim.kill()
        victim.wait(20)
        await until(lambda: _replaced(numbers), 60, "the dead one is replaced")
        await until(alive, 60, "two again: what the dead one held is gone")
        await ask(10)
        second = await numbers()
        assert _sum(second, "koinon_requests_total", route="health.live") == 40
        assert _memories(second) <= 2
        assert _series(second) <= _series(first) + 20
        assert running.stop() == 0


async def _replaced(numbers: object) -> bool:
    found: Numbers = await numbers()  # type: ignore[operator]
    return _sum(found, "koinon_worker_restarts_total") == 1


def _memories(numbers: Numbers) -> int:
    return sum(name == "koinon_resident_memory_bytes" for name, _ in numbers)


def _series(numbers: Numbers) -> int:
    return len(numbers)
