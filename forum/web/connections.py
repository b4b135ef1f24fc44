"""Who is connected to this process: how many, how many from each address, and which of them keep it waiting too long.

aiohttp waits more than a minute for the rest of a header and for ever for the rest of a body, takes any number of
connections, from one address too, and keeps one whose client does not read. Here every connection is looked at in one
round, twice a second, so that a request costs no timer of its own. What is found too slow is `protocol.py`'s to end.
"""

from __future__ import annotations

import asyncio
import enum
import ipaddress
import logging
import resource
import sys
from dataclasses import dataclass
from typing import Final, Protocol

from forum.config import Network
from forum.web.middleware import plain_address

_log = logging.getLogger("forum.connections")

_SHARE: Final = 20
"""Rounds within the shortest deadline: a client is never given more than a twentieth of it in addition."""

_QUIET_SECONDS: Final = 10.0
"""That somebody is refused is said in the log this often at most: the log must not become what is flooded."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long a client may keep a connection waiting, in seconds. CWE-400; the numbers are those of mod_reqtimeout."""

    header: float = 10.0
    """For the headers: from the connection's opening, or from the first byte of a later request."""
    body: float = 20.0
    """For the body, and longer only while it arrives at `body_rate`."""
    body_rate: float = 1000.0
    """Bytes a second."""
    stall: float = 30.0
    """Without taking a byte of an answer."""
    linger: float = 5.0
    """For the rest of a body nobody reads, which is thrown away: so long the client may look for its answer."""
    idle: float = 75.0
    """Between two requests: longer than proxies keep what they do not use, so that it is they who close."""

    @property
    def round(self) -> float:
        """The time from one round to the next."""
        return min(self.header, self.body, self.stall) / _SHARE


class Admission(enum.Enum):
    """What becomes of a connection."""

    TAKEN = "taken"
    FULL = "full"
    """There are as many as the process may have: the client is told so."""
    CLOSED = "closed"
    """Its address has as many as one may, or even those who are to be told are too many: closed without a word."""


_TOLD: Final = 200
"""How many are told at a time that there is no room."""

_OTHER_FILES: Final = 256
"""Open files that are no clients: connections to the database, the log, what is being read; far more than there are."""


class Watched(Protocol):
    """A connection as the rounds see it."""

    def look(self, now: float) -> None:
        """End what has been waited for too long."""


class Connections:
    """The open connections of a process: `total` at most, and `limit` of one address.

    Those from `exempt` networks, the proxies, count only towards the total. 0 lifts a limit, but never that of files.
    """

    def __init__(
        self,
        limit: int,
        *,
        total: int = 0,
        exempt: tuple[Network, ...] = (),
        deadlines: Deadlines | None = None,
    ) -> None:
        self.deadlines = deadlines or Deadlines()
        self._limit, self._exempt = limit, exempt
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._total = min(
            total or sys.maxsize, sys.maxsize if files == resource.RLIM_INFINITY else files - _OTHER_FILES
        )
        self._told = 0
        self._open: dict[Watched, str] = {}
        self._counts: dict[str, int] = {}
        self._named: dict[str, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def admit(self, connection: Watched, peer: object) -> Admission:
        """Take a connection among the open ones, if there is room; for one that is FULL call `told` at its end."""
        address = self._counted(peer)
        count = self._counts.get(address, 0)
        if address and count >= self._limit:
            self._log(
                address,
                f"{address} has {count} connections open, as many as one address may: further ones are closed "
                "(a proxy belongs into FORUM_TRUSTED_PROXIES; FORUM_CONNECTIONS_PER_ADDRESS is the number)",
            )
            return Admission.CLOSED
        if len(self._open) >= self._total:
            self._log("", f"{len(self._open)} connections are open, as many as this process takes (FORUM_CONNECTIONS)")
            if self._told >= _TOLD:
                return Admission.CLOSED
            self._told += 1
            return Admission.FULL
        if address:
            self._counts[address] = count + 1
        self._open[connection] = address
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.deadlines.round, self._go_round)
        return Admission.TAKEN

    def told(self) -> None:
        """Note that one who was told that there is no room has gone."""
        self._told -= 1

    def forget(self, connection: Watched) -> None:
        """Note that a connection is closed; one that was refused is not known."""
        address = self._open.pop(connection, "")
        if not address:
            return
        self._counts[address] -= 1
        if not self._counts[address]:
            del self._counts[address]
            self._named.pop(address, None)

    def _counted(self, peer: object) -> str:
        """Return what counts as one address, or nothing for a peer that is not counted.

        Of IPv6 it is the /64, which is what one subscriber has.
        """
        if not self._limit or not isinstance(peer, tuple):
            return ""
        text = str(peer[0]).partition("%")[0]
        if not self._exempt and ":" not in text:
            return text
        address = plain_address(text)
        if any(address in network for network in self._exempt):
            return ""
        return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)

    def _log(self, about: str, line: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._named.get(about, -_QUIET_SECONDS) < _QUIET_SECONDS:
            return
        self._named[about] = now
        _log.warning("%s", line)

    def _go_round(self) -> None:
        self._timer = None
        if not self._open:
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.deadlines.round, self._go_round)
        now = loop.time()
        for connection in list(self._open):
            connection.look(now)
