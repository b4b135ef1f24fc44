"""The application behind the forum's own connections, with deadlines of tenths of a second, and raw clients."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from forum.app import create_app
from forum.config import Config
from forum.keys import DB
from forum.markup import Renderer
from forum.passwords import Hasher, Parameters
from forum.processes.web import connection
from forum.web.connections import Connections, Deadlines

SHORT: Final = Deadlines(header=0.4, body=0.6, body_rate=20_000, stall=0.5, linger=0.5, idle=30)

ALIVE: Final = b"GET /healthz HTTP/1.1\r\nHost: forum.example\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Serving:
    """A server of this process."""

    app: web.Application
    port: int
    connections: Connections
    runner: web.AppRunner
    clients: list[Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def open_count(self) -> int:
        """How many connections the application still holds."""
        return len(self.runner.server.connections) if self.runner.server else 0

    async def client(self, *, window: int = 0) -> Client:
        """Return a new connection to it, which ends with it at the latest."""
        client = await Client.open(self.port, window=window)
        self.clients.append(client)
        return client

    async def has_every_connection_to_the_database(self) -> bool:
        """Say whether as many can be borrowed at once as there are; one that leaked is missing."""
        try:
            async with contextlib.AsyncExitStack() as held:
                for _ in range(10):
                    await held.enter_async_context(self.app[DB].read())
        except Exception:
            return False
        return True


@contextlib.asynccontextmanager
async def serving(
    config: Config, database_url: str, *, deadlines: Deadlines = SHORT, patience: float = 5.0
) -> AsyncIterator[Serving]:
    """Serve the application on a free port; `patience` is what requests get when it is told to stop."""
    app = create_app(
        config,
        database_url,
        hasher=Hasher(parameters=Parameters.TESTING),
        renderer=Renderer(children=1, eager=False),
    )
    runner = web.AppRunner(app, shutdown_timeout=patience, handler_cancellation=False)
    await runner.setup()
    connections = Connections(
        config.connections_per_address, total=config.connections, exempt=config.trusted_proxies, deadlines=deadlines
    )
    accepting = await asyncio.get_running_loop().create_server(
        lambda: connection(runner, connections), "127.0.0.1", 0, backlog=512
    )
    server = Serving(app, accepting.sockets[0].getsockname()[1], connections, runner)
    try:
        yield server
    finally:
        accepting.close()
        await runner.cleanup()
        for client in server.clients:
            client.leave()
        await asyncio.sleep(0)


async def worst_share_of_the_loop() -> float:
    """Return, when cancelled, the most processor seconds that passed between two turns of the loop.

    What a collection of the tests' own garbage takes is not counted.
    """
    gc.collect()
    gc.disable()
    worst, before = 0.0, time.thread_time()
    try:
        while True:
            await asyncio.sleep(0.001)
            now = time.thread_time()
            worst, before = max(worst, now - before), now
    except asyncio.CancelledError:
        return worst
    finally:
        gc.enable()


class Client:
    """A connection that says and takes what a test tells it to, and nothing more."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int, *, window: int = 0) -> Client:
        """Connect; with a window, the system takes no more bytes for a client that does not read."""
        line = socket.socket()
        if window:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        line.setblocking(False)
        await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", port))
        return cls(*await asyncio.open_connection(sock=line, limit=max(window, 1024)))

    async def say(self, sent: bytes) -> None:
        self.writer.write(sent)
        await self.writer.drain()

    async def rest(self) -> bytes:
        """Return what comes until the server closes the connection."""
        taken = b""
        with contextlib.suppress(ConnectionError):
            while piece := await self.reader.read(65536):
                taken += piece
        return taken

    async def answer(self) -> bytes:
        """Return one whole answer."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        return head + await self.reader.readexactly(int(length.split(b":")[1]))

    def leave(self) -> None:
        self.writer.close()

    async def is_closed(self) -> bool:
        """Say whether the server has closed the connection already."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            return await asyncio.wait_for(self.reader.read(1), 0.02) == b""
        return False
