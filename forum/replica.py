"""The database with a replica beside it: reads go there where it shows what the primary shows.

Before each the primary says how far it has written, and the replica whether it has come as far; else, or when it
fails, the primary is read. Which reads are worth that question is for those who ask: `Database.browse`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from forum.db import REFUSALS, Card, Conn, Database, Query, one_line
from forum.errors import Unavailable, Undone

_log = logging.getLogger("forum.replica")

T = TypeVar("T")

ANSWER_SECONDS: Final = 0.25
"""How long the replica may take to say how far it is: the primary is there too."""

PAUSE: Final = 5.0
"""How long a replica that failed is left be."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far the primary has written: all that it has acknowledged lies before; nothing where it is no primary."""

    lsn: str | None
    timeline: int | None


# What is acknowledged is flushed. A standby that a change of primaries left behind may have come further, but on a way
# of its own: the timeline tells.
_POSITION: Final = Query(
    "replica.position",
    """
    SELECT position.lsn::text, ('x' || left(pg_walfile_name(position.lsn), 8))::bit(32)::integer
    FROM (SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() END AS lsn) AS position
    """,
    returns=Position,
    card=Card.ONE,
)

_HAS_CAUGHT_UP: Final = Query(
    "replica.has_caught_up",
    """
    SELECT coalesce(
        pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= $1::text::pg_lsn
        AND (SELECT checkpoint.timeline_id = $2::integer FROM pg_control_checkpoint() AS checkpoint),
        false
    )
    """,
    returns=bool,
    card=Card.ONE,
)


class ReplicatedDatabase(Database):
    """A pool to the primary, and one to the replica, which is asked when it is needed."""

    def __init__(
        self,
        url: str,
        replica_url: str,
        *,
        pool_size: int = 10,
        has_room: Callable[[], bool] = lambda: True,
        pause: float = PAUSE,
    ) -> None:
        super().__init__(url, pool_size=pool_size, has_room=has_room)
        self._replica = Database(replica_url, pool_size=pool_size)
        self._pause, self._usable_from = pause, 0.0

    async def open(self, *, first: int = 1) -> None:
        await super().open(first=first)
        await self._replica.open(first=0)

    async def close(self) -> None:
        await self._replica.close()
        await super().close()

    async def browse(self, act: Callable[[Conn], Awaitable[T]]) -> T:
        """Read with `act` on the replica, if that has everything that was committed anywhere when it is asked."""
        if time.monotonic() >= self._usable_from:
            async with self.read() as conn:
                position = await conn.one(_POSITION)
            try:
                async with caught_up(self._replica, position) as replica:
                    if replica is not None:
                        return await act(replica)
            except (Unavailable, Undone, TimeoutError, *REFUSALS) as error:
                self._usable_from = time.monotonic() + self._pause
                _log.warning("the replica fails, the primary is read: %s", one_line(error))
        return await super().browse(act)


@contextlib.asynccontextmanager
async def caught_up(replica: Database, position: Position) -> AsyncIterator[Conn | None]:
    """Lend a connection to a replica that has come to this position, None where it has not yet or is none."""
    async with contextlib.AsyncExitStack() as stack:
        async with asyncio.timeout(ANSWER_SECONDS):
            conn = await stack.enter_async_context(replica.read())
            is_fit = await conn.one(_HAS_CAUGHT_UP, position.lsn, position.timeline)
        yield conn if is_fit else None
