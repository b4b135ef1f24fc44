"""The one connection of a process on which it hears what others announce: LISTEN, for as long as the process lives.

It is made when somebody first wants to hear, goes to the primary, and is made anew when the server has gone away or
only says nothing any more. What was announced meanwhile is lost: whoever listens is told that it heard nothing for a
while, and asks anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from typing import Final

from forum.db import FAILURES, RawConnection, connect, one_line
from forum.errors import CommandError

_log = logging.getLogger("forum.listening")

PULSE_SECONDS: Final = 15.0
"""How often the server is asked whether it is still there, and still the primary."""

ANSWER_SECONDS: Final = 5.0
"""How long it may take to answer that."""

LONGEST_PAUSE: Final = 15.0
"""How long it is waited at most before the next try to reach it."""


class Listener:
    """Hears one channel. `on_message` gets each message, `on_again` is called when hearing has begun, and begun again.

    Of an address that was named for this purpose, `is_named`, it is believed that no pooler stands between.
    """

    def __init__(
        self,
        url: str,
        channel: str,
        *,
        is_named: bool,
        on_message: Callable[[str], None],
        on_again: Callable[[], None],
        pulse_seconds: float = PULSE_SECONDS,
    ) -> None:
        self._url, self._channel, self._is_named = url, channel, is_named
        self._on_message, self._on_again = on_message, on_again
        self._pulse_seconds = pulse_seconds
        self.hears = asyncio.Event()
        """Set while messages come in."""
        self.is_deaf = False
        """Whether nothing can be heard at all: a pooler gives the connection to others between two transactions."""

    async def run(self) -> None:
        """Hear until cancelled, or until it is found that nothing can be heard."""
        pause = 0.5
        while not self.is_deaf:
            try:
                connection = await connect(self._url)
            except CommandError as error:
                _log.warning("no live events: %s", error)
            else:
                try:
                    if await self._hear(connection):
                        pause = 0.5
                finally:
                    self.hears.clear()
                    connection.terminate()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _hear(self, connection: RawConnection) -> bool:
        """Hear on a connection until it ends; say whether there was anything to hear it by."""
        is_lost = asyncio.Event()
        try:
            if not self._is_named and await _is_pooled(connection):
                self.is_deaf = True
                _log.warning(
                    "no live events: FORUM_DATABASE_URL leads to a pooler; "
                    "name the database itself in FORUM_DATABASE_LISTEN_URL"
                )
                return False
            connection.add_termination_listener(lambda _: is_lost.set())
            await connection.add_listener(self._channel, lambda _connection, _pid, _channel, text: self._take(text))
            self.hears.set()
            self._on_again()
            while not is_lost.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(is_lost.wait(), self._pulse_seconds)
                    break
                if await connection.fetchval("SELECT pg_is_in_recovery()", timeout=ANSWER_SECONDS):
                    break
            _log.warning("no live events for a moment: the connection to the database has ended")
        except (*FAILURES, OSError) as error:  # a time that has passed is an OSError too
            _log.warning("no live events for a moment: %s", one_line(error))
        except Exception:
            _log.exception("no live events for a moment")
        return self.hears.is_set()

    def _take(self, text: object) -> None:
        self._on_message(str(text))


async def _is_pooled(connection: RawConnection) -> bool:
    """Say whether something stands between: it invents the number of the process that it claims to be."""
    return bool(await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid())
