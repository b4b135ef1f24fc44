"""Clients that keep a connection waiting, or open too many: they lose it, and nobody else waits for them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import statistics
import time
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Final

import pytest

from forum.config import Config
from forum.keys import ASSETS
from forum.web.connections import Admission, Connections, Deadlines
from tests.drills.serving import ALIVE, SHORT, Client, Serving, serving, worst_share_of_the_loop

FORM = (
    b"POST /login HTTP/1.1\r\nHost: forum.example\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Accept-Language: en\r\n"
)
HALF = b"GET /healthz HTTP/1.1\r\nHost: forum.exa"


SLACK: Final = 1.0
"""Seconds that a machine with much else to do may take longer."""


@pytest.fixture
async def server(config: Config, database_url: str) -> AsyncIterator[Serving]:
    async with serving(config, database_url) as running:
        yield running


async def _closing(client: Client) -> float:
    """Return how long the server takes to close a connection."""
    began = time.monotonic()
    async with asyncio.timeout(10):
        await client.rest()
    return time.monotonic() - began


async def test_half_a_header_is_waited_for_until_the_deadline(server: Serving) -> None:
    client = await server.client()
    await client.say(HALF)
    assert SHORT.header <= await _closing(client) < SHORT.header + SLACK


async def test_a_connection_that_says_nothing_has_the_same_deadline(server: Serving) -> None:
    assert SHORT.header <= await _closing(await server.client()) < SHORT.header + SLACK


async def test_a_byte_now_and_then_does_not_buy_time(server: Serving) -> None:
    client = await server.client()

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            for byte in HALF * 10:
                await client.say(bytes([byte]))
                await asyncio.sleep(0.03)

    dripping = asyncio.create_task(drip())
    assert await _closing(client) < SHORT.header + SLACK
    dripping.cancel()


async def test_a_connection_rests_between_requests_and_the_next_header_has_the_deadline_again(server: Serving) -> None:
    client = await server.client()
    for _ in range(2):
        await client.say(ALIVE)
        assert b" 200 " in await client.answer()
        await asyncio.sleep(SHORT.header * 1.5)
    await client.say(HALF)
    assert SHORT.header <= await _closing(client) < SHORT.header + SLACK


async def test_a_connection_that_rests_too_long_is_closed(config: Config, database_url: str) -> None:
    async with serving(config, database_url, deadlines=Deadlines(idle=0.3)) as server:
        client = await server.client()
        await client.say(ALIVE)
        assert b" 200 " in await client.answer()
        assert await _closing(client) < 1


async def test_requests_one_behind_the_other_are_all_answered(server: Serving) -> None:
    client = await server.client()
    await client.say(ALIVE * 20 + HALF)
    for _ in range(20):
        assert b" 200 " in await client.answer()
    await client.say(b"mple\r\n\r\n")
    assert b" 200 " in await client.answer()


async def test_a_body_that_does_not_come_is_answered_408_and_the_connection_closed(server: Serving) -> None:
    client = await server.client()
    began = time.monotonic()
    await client.say(FORM + b"Content-Length: 100\r\n\r\nemail=")
    answer = (await client.rest()).decode()
    assert SHORT.body <= time.monotonic() - began < SHORT.body + SLACK
    assert answer.startswith("HTTP/1.1 408 ")
    assert "took too long to arrive" in answer
    assert "default-src 'none'" in answer


async def test_programs_are_told_so_in_their_own_shape(server: Serving) -> None:
    client = await server.client()
    head = b"POST /api/v1/tokens HTTP/1.1\r\nHost: forum.example\r\nContent-Type: application/json\r\n"
    await client.say(head + b"Content-Length: 100\r\n\r\n{")
    answer = (await client.rest()).decode()
    assert answer.startswith("HTTP/1.1 408 ")
    assert '"code": "too_slow"' in answer


async def test_a_body_that_comes_too_slowly_is_not_waited_for(server: Serving) -> None:
    client = await server.client()
    await client.say(FORM + b"Content-Length: 100000\r\n\r\n")

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await client.say(b"x" * 10)
                await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    assert await _closing(client) < SHORT.body + SLACK
    dripping.cancel()


async def test_a_long_body_that_comes_steadily_is_taken(server: Serving) -> None:
    client = await server.client()
    size = 90_000
    await client.say(FORM + f"Content-Length: {size}\r\n\r\n".encode())
    began = time.monotonic()
    for _ in range(30):
        await client.say(b"x" * (size // 30))
        await asyncio.sleep(0.04)
    assert time.monotonic() - began > SHORT.body
    assert b" 403 " in (await client.answer())[:20], "it was read to its end, and has no token"


async def test_a_body_that_nobody_reads_holds_no_connection(server: Serving) -> None:
    client = await server.client()
    await client.say(b"POST /healthz HTTP/1.1\r\nHost: forum.example\r\nContent-Length: 1000\r\n\r\nx")
    assert b" 405 " in await client.answer()
    assert await _closing(client) < SHORT.body + SLACK


async def test_an_endless_body_is_refused_at_its_limit(server: Serving) -> None:
    client = await server.client()
    await client.say(FORM + b"Transfer-Encoding: chunked\r\n\r\n")
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"

    async def flood() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await client.say(piece)

    flooding = asyncio.create_task(flood())
    async with asyncio.timeout(5):
        assert b" 413 " in await client.answer()
        # The rest is read and thrown away for as long as a client may need to see the answer.
        flooding.cancel()
        await client.rest()


async def test_whoever_takes_nothing_of_an_answer_is_let_go(server: Serving) -> None:
    client = await server.client(window=4096)
    font = server.app.router["assets.show"].url_for(file=_font(server))
    asked = f"GET {font} HTTP/1.1\r\nHost: forum.example\r\n\r\n".encode()
    with contextlib.suppress(ConnectionError):
        await asyncio.wait_for(client.say(asked * 400), 1)
    assert server.open_count == 1, "the premise: there is more to send than the system takes"
    async with asyncio.timeout(5):
        while server.open_count:  # noqa: ASYNC110 - nothing sets an event when a connection is lost
            await asyncio.sleep(0.02)


async def test_whoever_takes_an_answer_slowly_gets_the_whole_of_it(server: Serving) -> None:
    client = await server.client(window=4096)
    font = server.app.router["assets.show"].url_for(file=_font(server))
    count = 100
    await client.say(f"GET {font} HTTP/1.1\r\nHost: forum.example\r\n\r\n".encode() * count)
    began = time.monotonic()
    for number in range(count):
        assert b" 200 " in (await client.answer())[:20]
        if number % 10 == 0:
            await asyncio.sleep(0.15)
    assert time.monotonic() - began > SHORT.stall


def _font(server: Serving) -> str:
    return server.app[ASSETS].name("source-sans-3-latin.woff2")


async def test_nobody_waits_for_two_hundred_slow_clients(server: Serving) -> None:
    slow = [await server.client() for _ in range(200)]
    for number, client in enumerate(slow):
        await client.say(HALF if number % 2 else FORM + b"Content-Length: 100\r\n\r\nemail=")
    other = await server.client()
    waits = []
    while server.open_count > 1:
        began = time.monotonic()
        await other.say(ALIVE)
        assert b" 200 " in await other.answer()
        waits.append(time.monotonic() - began)
        await asyncio.sleep(0.005)
    assert len(waits) > 20
    assert statistics.median(waits) < 0.05


@pytest.mark.parametrize("leaves", [False, True], ids=["stays", "leaves"])
async def test_the_end_of_many_half_bodies_at_once_holds_nobody_up(server: Serving, leaves: bool) -> None:
    slow = [await server.client() for _ in range(150)]
    for client in slow:
        await client.say(FORM + b"Content-Length: 100\r\n\r\nemail=")
    watching = asyncio.create_task(worst_share_of_the_loop())
    if leaves:
        await asyncio.sleep(SHORT.body / 2)
        for client in slow:
            client.leave()
    async with asyncio.timeout(20):
        while server.open_count:  # noqa: ASYNC110 - nothing sets an event when a connection is lost
            await asyncio.sleep(0.02)
    watching.cancel()
    assert await watching < 0.05
    if not leaves:
        assert (await slow[-1].rest()).startswith(b"HTTP/1.1 408 ")


async def _five(server: Serving) -> list[Client]:
    """Return as many connections as there may be, each of which has been answered."""
    held = [await server.client() for _ in range(5)]
    for client in held:
        await client.say(ALIVE)
        assert b" 200 " in await client.answer()
    return held


async def _assert_who_leaves_makes_room(server: Serving, held: list[Client]) -> None:
    await held[0].say(ALIVE)
    assert b" 200 " in await held[0].answer(), "the others stay"
    held[0].leave()
    await asyncio.sleep(0.05)
    again = await server.client()
    await again.say(ALIVE)
    assert b" 200 " in await again.answer(), "who leaves makes room"


class TestConnectionsOfAnAddress:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return config.model_copy(update={"connections_per_address": 5})

    @pytest.fixture
    async def server(self, config: Config, database_url: str) -> AsyncIterator[Serving]:
        async with serving(config, database_url, deadlines=Deadlines()) as running:
            yield running

    async def test_those_beyond_the_number_are_closed_at_once(
        self, server: Serving, caplog: pytest.LogCaptureFixture
    ) -> None:
        held = await _five(server)
        with caplog.at_level(logging.WARNING, "forum.connections"):
            for _ in range(20):
                began = time.monotonic()
                assert await (await server.client()).rest() == b""
                assert time.monotonic() - began < SLACK
        (line,) = [record.getMessage() for record in caplog.records]
        assert line.startswith("127.0.0.1 has 5 connections open"), "one line, not twenty"
        await _assert_who_leaves_makes_room(server, held)

    async def test_a_trusted_proxy_opens_as_many_as_it_needs(self, config: Config, database_url: str) -> None:
        behind = config.model_copy(update={"trusted_proxies": (ip_network("127.0.0.0/8"),)})
        async with serving(behind, database_url, deadlines=Deadlines()) as server:
            for client in [await server.client() for _ in range(20)]:
                await client.say(ALIVE)
                assert b" 200 " in await client.answer()


class TestAllConnections:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return config.model_copy(update={"connections": 5, "trusted_proxies": (ip_network("127.0.0.0/8"),)})

    @pytest.fixture
    async def server(self, config: Config, database_url: str) -> AsyncIterator[Serving]:
        async with serving(config, database_url, deadlines=Deadlines()) as running:
            yield running

    async def test_who_comes_when_there_is_no_room_is_told_so(
        self, server: Serving, caplog: pytest.LogCaptureFixture
    ) -> None:
        held = await _five(server)
        with caplog.at_level(logging.WARNING, "forum.connections"):
            late = [await server.client() for _ in range(10)]
            for client in late:
                await client.say(ALIVE)
                answer = (await client.answer()).decode()
                assert answer.startswith("HTTP/1.1 503 ")
                assert "\r\nRetry-After: 5\r\n" in answer
                assert "default-src 'none'" in answer
            for client in late:
                assert await _closing(client) < SLACK * 2
        (line,) = [record.getMessage() for record in caplog.records]
        assert line.startswith("5 connections are open"), "one line, not ten"
        await _assert_who_leaves_makes_room(server, held)

    async def test_a_flood_of_those_who_are_told_is_closed_without_a_word(self, server: Serving) -> None:
        for _ in range(5):
            await server.client()
        async with asyncio.timeout(5):
            while server.open_count < 5:  # noqa: ASYNC110 - nothing sets an event when a connection is taken
                await asyncio.sleep(0.02)
        flood = [await server.client() for _ in range(300)]
        answers = await asyncio.gather(*(client.rest() for client in flood))
        assert answers.count(b"") == 100
        assert sum(answer.startswith(b"HTTP/1.1 503 ") for answer in answers) == 200


class _Open:
    def look(self, now: float) -> None:
        """Nothing is too slow here."""


async def _admitted(connections: Connections, addresses: list[str]) -> list[bool]:
    return [connections.admit(_Open(), (address, 5000)) is Admission.TAKEN for address in addresses]


async def test_of_ipv6_it_is_the_subscriber_who_is_counted() -> None:
    connections = Connections(2)
    same = ["2001:db8:1:1::1", "2001:db8:1:1::2", "2001:db8:1:1:ffff::3", "2001:db8:1:2::1"]
    assert await _admitted(connections, same) == [True, True, False, True]


async def test_an_address_is_the_same_one_in_either_dress() -> None:
    connections = Connections(1, exempt=(ip_network("10.0.0.0/8"),))
    assert await _admitted(connections, ["192.0.2.7", "::ffff:192.0.2.7", "10.1.1.1", "::ffff:10.1.1.1"]) == [
        True,
        False,
        True,
        True,
    ]


async def test_no_number_means_no_limit() -> None:
    assert all(await _admitted(Connections(0), ["192.0.2.7"] * 50))


async def test_there_are_never_more_connections_than_files() -> None:
    files, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
    try:
        connections = Connections(0)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    assert sum(await _admitted(connections, ["192.0.2.7"] * 60)) == 44


async def test_of_an_address_that_has_left_nothing_is_kept() -> None:
    connections = Connections(1)
    first = _Open()
    for _ in range(3):
        assert connections.admit(first, ("192.0.2.7", 5000)) is Admission.TAKEN
        assert connections.admit(_Open(), ("192.0.2.7", 5001)) is Admission.CLOSED
        connections.forget(first)
