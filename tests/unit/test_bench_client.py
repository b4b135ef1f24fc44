"""The load of `make bench`: it counts whole answers and takes no wrong one for a right one."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tools.bench.cases import bare_plan
from tools.bench.client import KEY, Asked, carry_out

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serving = Callable[[Talk], Awaitable[int]]

_GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
_FOUND = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nX: y\r\n\r\n" + b"x" * 1000


@pytest.fixture
async def serving() -> AsyncIterator[Serving]:
    """Serve connections on a port until they end."""
    servers: list[asyncio.Server] = []
    ended: list[asyncio.Event] = []

    async def serve(talk: Talk) -> int:
        async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            over = asyncio.Event()
            ended.append(over)
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await talk(reader, writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            over.set()

        server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield serve
    for over in ended:
        await over.wait()
    for server in servers:
        server.close()
        await server.wait_closed()


def _saying(*pieces: bytes) -> Talk:
    """Return what answers every request with these pieces, one after the other."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.001)

    return talk


async def _asked(port: int, *asked: Asked, limit: int | None = 3, seconds: float = 0.05) -> dict[str, Any]:
    requests = [(base64.b64encode(one.sent).decode(), one.is_keyed, one.status, one.length) for one in asked]
    plan = {"port": port, "seconds": seconds, "limit": limit, "is_cycle": True, "connections": [requests, requests]}
    answer, _ = await carry_out(plan, 0)
    return answer


@pytest.mark.parametrize("cuts", [[], [5], [40, 60], [44, 46, 1000]])
async def test_an_answer_is_counted_when_all_of_it_is_there(serving: Serving, cuts: list[int]) -> None:
    edges = [0, *cuts, len(_FOUND)]
    port = await serving(_saying(*(_FOUND[one:other] for one, other in itertools.pairwise(edges))))
    answer = await _asked(port, Asked(_GET, False, 200, None))
    assert answer["fault"] == ""
    assert answer["lengths"] == [[1000] * 3] * 2
    assert [len(line) for line in answer["latencies"]] == [3, 3]


@pytest.mark.parametrize("end", [[b"5\r\nworld\r\n0\r\n\r\n"], [b"5\r\nworld\r\n0\r", b"\n\r\n"]])
async def test_an_answer_in_chunks_is_counted_without_their_frames(serving: Serving, end: list[bytes]) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"
    answer = await _asked(await serving(_saying(head, b"lo\r\n", *end)), Asked(_GET, False, 200, None))
    assert answer["fault"] == ""
    assert answer["lengths"] == [[10] * 3] * 2


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        (Asked(_GET, False, 200, 1000), ""),
        (Asked(_GET, False, 200, 990), ""),
        (Asked(_GET, False, 200, 900), "1000 bytes"),
        (Asked(_GET, False, 303, None), "200 OK"),
    ],
)
async def test_what_was_not_asked_for_is_a_fault(serving: Serving, asked: Asked, fault: str) -> None:
    answer = await _asked(await serving(_saying(_FOUND)), asked, limit=None)
    assert fault in answer["fault"]
    assert bool(fault) == bool(answer["fault"])


async def test_a_connection_that_is_lost_is_a_fault(serving: Serving) -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_FOUND[:100])

    answer = await _asked(await serving(leave), Asked(_GET, False, 200, None))
    assert "lost" in answer["fault"]


async def test_keys_are_never_used_again(serving: Serving) -> None:
    seen: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            seen.append(await reader.readexactly(len(b"POST ") + 32))
            writer.write(b"HTTP/1.1 303 See Other\r\nContent-Length: 0\r\n\r\n")

    answer = await _asked(await serving(note), Asked(b"POST " + KEY, True, 303, None), limit=50)
    assert answer["fault"] == ""
    assert len(seen) == len(set(seen)) == 100


def test_the_bare_handler_is_asked_for_as_many_bytes_and_for_the_same_form() -> None:
    page = Asked(b"GET /topics/1/a HTTP/1.1\r\nCookie: a\r\n\r\n", False, 200, None)
    reply = Asked(b"POST /topics/1/posts HTTP/1.1\r\n\r\nbody=/topics/1/posts&key=", True, 303, None)
    assert bare_plan([[page], [reply]], [[12_345], [0]]) == [
        [Asked(b"GET /12345 HTTP/1.1\r\nCookie: a\r\n\r\n", False, 200, 12_345)],
        [Asked(b"POST / HTTP/1.1\r\n\r\nbody=/topics/1/posts&key=", True, 303, None)],
    ]
