"""The process that answers requests, on a socket that others may answer on too."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import logging
import socket
from typing import Final

from aiohttp import hdrs, web

from forum import templating
from forum.app import create_app
from forum.config import Config
from forum.keys import COMPILED, DB, METRICS, SECRET, STREAMS
from forum.mailing import Mailing
from forum.notifying import Notifying
from forum.processes.accepting import Accepting
from forum.processes.child import Child, Orders, ended
from forum.processes.compiling import Compiling
from forum.web.access_log import AccessLogger
from forum.web.connections import Connections
from forum.web.protocol import Protocol
from forum.worker import Worker

SHUTDOWN_SECONDS: Final = 7.0
"""How long requests under way may take once the process is told to stop: the database's end is within ten seconds."""

LEAVE_SECONDS: Final = 20.0
"""How long a process that another replaces waits for those who rest between two requests, to tell them so with the
next answer; who rests longer finds the connection closed, as after any long rest."""

_LAST_CALL_SECONDS: Final = 0.2
"""The same for a process that is told to stop: so long a request that is on its way may arrive."""


async def main(compiling: Compiling, child: Child, config: Config, orders: Orders) -> None:
    """Answer until told to end."""
    if orders.listening is None:
        raise RuntimeError("no socket was given to answer on")
    app = create_app(config, orders.database_url or config.database_url.get_secret_value())
    app[COMPILED].clear()

    async def say_goodbye(request: web.Request, response: web.StreamResponse) -> None:
        if child.is_leaving:
            response.force_close()
            response.headers[hdrs.CONNECTION] = "close"

    app.on_response_prepare.append(say_goodbye)
    runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_SECONDS, handler_cancellation=False)
    await runner.setup()
    # What is there from the start stays: no collection need look through it again, which takes tens of milliseconds.
    gc.collect()
    gc.freeze()
    connections = Connections(config.connections_per_address, total=config.connections, exempt=config.trusted_proxies)
    accepting = Accepting(
        socket.socket(fileno=orders.listening),
        lambda: connection(runner, connections),
        lambda: len(runner.server.connections) if runner.server and config.workers > 1 else 0,
    )
    try:
        async with contextlib.AsyncExitStack() as stack:
            worker = Worker(app[DB], config, metrics=app[METRICS])
            mailing = Mailing(app[DB], config, app[SECRET])
            notifying = Notifying(app[DB])
            works = (worker.run, mailing.run, notifying.run) if orders.does_jobs else ()
            tasks = [await stack.enter_async_context(ended(work())) for work in works]
            await stack.enter_async_context(ended(_take_templates(app, compiling)))
            child.ready()
            await child.told(*tasks)
            accepting.close()
            app[STREAMS].leave()
            worker.leave()
            mailing.leave()
            notifying.leave()
            await _see_off(child, runner)
            await child.finished(*tasks)
    finally:
        accepting.close()
        await runner.cleanup()


async def _take_templates(app: web.Application, compiling: Compiling) -> None:
    """Take what is compiled beside; pages wait for it, since to compile one when it is shown holds up everybody."""
    try:
        templating.take(await asyncio.to_thread(compiling.finish))
    finally:
        app[COMPILED].set()


async def _see_off(child: Child, runner: web.AppRunner) -> None:
    """Answer those who are connected once more, with the word that the connection is closed then."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while runner.server and runner.server.connections:
        if loop.time() - began > (_LAST_CALL_SECONDS if child.is_stopping else LEAVE_SECONDS):
            return
        await asyncio.sleep(0.02)


def connection(runner: web.AppRunner, connections: Connections) -> Protocol:
    """Return what takes one client's connection to a runner's application."""
    if runner.server is None:
        raise RuntimeError("the runner is not set up")
    return Protocol(
        runner.server,
        connections,
        loop=asyncio.get_running_loop(),
        access_log_class=functools.partial(AccessLogger, runner.app[METRICS]),
        access_log=logging.getLogger("forum.access"),
    )
