"""Transactions that stay open: found, and named in the log with the process that an operator may end.

While one is open, nothing that was deleted or changed since can be cleared away, and a migration waits. Those of the
forum end after 15 seconds of doing nothing (`forum/db.py`); here it is about a console, a report, a forgotten backup.
Nothing is ended here: what a stranger's transaction is worth, only a person knows.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from forum.db import Card, Conn, Query

_log = logging.getLogger("forum.transactions")

LONG: Final = 300.0
"""Seconds after which an open transaction is named; and again each time it has become twice as old."""


@dataclass(frozen=True, slots=True)
class _Open:
    pid: int
    transaction: str
    name: str
    state: str
    seconds: float


# A role that may not see what others do sees yet who holds a transaction: its age is then counted from the first look.
LIST_OPEN = Query(
    "transactions.list_open",
    """
    SELECT pg_locks.pid::int8, pg_locks.virtualtransaction,
           coalesce(nullif(pg_stat_activity.application_name, ''), pg_stat_activity.usename::text),
           coalesce(pg_stat_activity.state, ''),
           coalesce(extract(epoch FROM clock_timestamp() - pg_stat_activity.xact_start), 0)::float8
    FROM pg_locks
    JOIN pg_stat_activity ON pg_stat_activity.pid = pg_locks.pid
    WHERE pg_locks.locktype = 'virtualxid'
        AND pg_locks.mode = 'ExclusiveLock'
        AND pg_locks.pid <> pg_backend_pid()
        AND pg_stat_activity.datname = current_database()
        AND pg_stat_activity.usename IS NOT NULL
    ORDER BY pg_locks.pid
    """,
    returns=_Open,
    card=Card.MANY,
)


class Watch:
    """Looks at what is open, and remembers since when."""

    def __init__(self, *, long: float = LONG) -> None:
        self._long = long
        self._since: dict[tuple[int, str], float] = {}
        self._due: dict[tuple[int, str], float] = {}

    async def look(self, conn: Conn, now: float) -> None:
        """Name in the log what is open too long; `now` is in seconds of a clock that only goes forward."""
        listed = {(found.pid, found.transaction): found for found in await conn.many(LIST_OPEN)}
        self._since = {key: min(self._since.get(key, now), now - found.seconds) for key, found in listed.items()}
        self._due = {key: due for key, due in self._due.items() if key in listed}
        for key, found in listed.items():
            age = now - self._since[key]
            if age >= self._due.get(key, self._long):
                self._due[key] = age * 2
                _log.warning(
                    "process %d of the database (%s%s) has had a transaction open for %d s: nothing deleted since can "
                    "be cleared away, and migrations wait; SELECT pg_terminate_backend(%d) ends it",
                    found.pid,
                    found.name,
                    f", {found.state}" if found.state else "",
                    age,
                    found.pid,
                )
