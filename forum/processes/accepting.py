"""Taking connections off a socket on which several processes wait, so that each gets its share.

The event loop's own server takes all that are there at once: of a burst the process that wakes first gets the most,
and keeps it, since connections last. Here who has more waits longer before it takes the next. The queue is the
kernel's and shared: what a process that ends has not taken off it is left to the others.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from typing import Final

_log = logging.getLogger("forum.connections")

_STEP: Final = 4
_STEP_SECONDS: Final = 0.001
_LONGEST_SECONDS: Final = 0.005
"""For every four connections that a process has it waits a millisecond before it takes more, up to five."""

_AT_ONCE: Final = 8
"""How many it takes then: what the others have left lying all the while is too much for them."""

_BREATH_SECONDS: Final = 0.5
"""How long nothing is accepted when the system has no more descriptors; some are given back meanwhile."""

_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Accepting:
    """Gives connections of a listening socket to a protocol until it is closed; `load` is how many there are."""

    def __init__(
        self, listening: socket.socket, protocol: Callable[[], asyncio.Protocol], load: Callable[[], int]
    ) -> None:
        self._listening, self._protocol, self._load = listening, protocol, load
        self._loop = asyncio.get_running_loop()
        self._taken: set[asyncio.Task[object]] = set()
        self._is_closed = False
        self._begin()

    def close(self) -> None:
        """Accept no more; the socket of the others stays as it is."""
        if not self._is_closed:
            self._is_closed = True
            self._loop.remove_reader(self._listening)
            self._listening.close()

    def _begin(self) -> None:
        self._loop.add_reader(self._listening, self._queued)

    def _queued(self) -> None:
        """Take what waits, or let the others do so first."""
        wait = min(self._load() // _STEP * _STEP_SECONDS, _LONGEST_SECONDS)
        if wait:
            self._rest(wait)
        else:
            self._accept()

    def _rest(self, seconds: float) -> None:
        self._loop.remove_reader(self._listening)
        self._loop.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        if self._is_closed:
            return
        self._begin()
        for _ in range(_AT_ONCE):
            if not self._accept():
                return

    def _accept(self) -> bool:
        """Take one connection; False where there is none to take."""
        try:
            line, _ = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False  # another was quicker, or the client has left
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            _log.error("no connection can be accepted for the moment: %s", error.strerror)
            self._rest(_BREATH_SECONDS)
            return False
        line.setblocking(False)
        taking = self._loop.create_task(self._take(line))
        self._taken.add(taking)
        taking.add_done_callback(self._taken.discard)
        return True

    async def _take(self, line: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, line)
        except OSError:
            line.close()  # the client has left
