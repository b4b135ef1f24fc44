"""Brings a database to the shape this code expects: numbered files, forward only, each once.

All pending files run in one transaction under an advisory lock, so that of two processes one migrates and the other
waits, and a killed migration leaves nothing behind. No lock is waited for longer than a few seconds, since everybody
who reads the table queues up behind the one who waits: the transaction is given up and begun anew after a pause. A
database newer than the code is refused. The first places and people-less groups (`forum/seeds.py`) enter in the same
transaction as the first file.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Collection
from importlib import resources
from typing import Final

from forum import transactions
from forum.db import Card, Query, RawConnection, RawError, RawLockError, connect, one_line
from forum.errors import CommandError
from forum.seeds import plant

OLDEST, NEWEST = 15, 18
"""Major versions of PostgreSQL this code is written for."""

_log = logging.getLogger("forum.migrations")

PATIENCE: Final = 60.0
"""Seconds until a migration that finds what it needs locked, again and again, is given up."""

LOCK_SECONDS: Final = 3.0
"""How long one lock is waited for, and a third of it until the next try."""

_LOCK: Final = 0x6B6F696E  # "koin": one number for everyone who migrates this database


def names() -> list[str]:
    """Return the names of all migrations in order."""
    files = resources.files(__name__).iterdir()
    return sorted(file.name for file in files if file.name.endswith(".sql"))


async def migrate(
    url: str,
    *,
    application_role: str | None = None,
    patience: float = PATIENCE,
    lock_seconds: float = LOCK_SECONDS,
) -> list[str]:
    """Apply what is missing and return its names; `application_role` gets the rights it needs, when it is another.

    Raises CommandError when the server will not do, or a lock is not to be had within `patience` seconds.
    """
    connection = await connect(
        url,
        application_name="koinon migrate",
        lock_timeout=f"{lock_seconds * 1000:.0f}ms",
        statement_timeout="0",
        timezone="UTC",
    )
    try:
        await check_server(connection)
        # So that a migration whose process was killed ends in the middle of a long statement too, not after it.
        with contextlib.suppress(RawError):  # a server on Windows has no such thing
            await connection.execute("SET client_connection_check_interval = '1s'")
        return await _insist(connection, application_role, time.monotonic() + patience, pause=lock_seconds / 3)
    except RawError as error:
        raise CommandError(f"migration failed, nothing was changed: {one_line(error)}") from None
    finally:
        await connection.close()


async def _insist(connection: RawConnection, application_role: str | None, until: float, *, pause: float) -> list[str]:
    """Migrate as soon as nobody holds what is needed for it."""
    while True:
        try:
            async with connection.transaction():
                await take_turn(connection)
                applied = await apply(connection)
                if application_role:
                    await grant(connection, application_role)
            return applied
        except RawLockError:
            busy = await _oldest(connection)
            if time.monotonic() > until:
                raise CommandError(f"the database is in use by others, and was not migrated: {busy}") from None
        _log.warning("the database is in use by others, trying again in a moment: %s", busy)
        await asyncio.sleep(pause)


async def _oldest(connection: RawConnection) -> str:
    """Name those who are in a transaction now, any of whom may be in the way."""
    rows = await connection.fetch(transactions.LIST_OPEN.sql)
    return "; ".join(f"process {row[0]} ({row[2]}) has a transaction open" for row in rows)


async def take_turn(connection: RawConnection) -> None:
    """Be the only one who changes the database's shape, until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def apply(
    connection: RawConnection, only: Collection[str] | None = None, *, is_planted: bool = True
) -> list[str]:
    """Apply what is missing, of those named only if any are, and return the names.

    Unless told not to, a database that is new gets the first places and groups.
    """
    await connection.execute(_LEDGER)
    done = {str(row["name"]) for row in await connection.fetch("SELECT name FROM schema_migrations")}
    known = names()
    if foreign := sorted(done - set(known)):
        raise CommandError(f"the database is newer than this program (it has {foreign[-1]}); install the newer one")
    pending = [name for name in known if name not in done and (only is None or name in only)]
    for name in pending:
        await connection.execute(resources.files(__name__).joinpath(name).read_text(encoding="utf-8"))
        await connection.execute("INSERT INTO schema_migrations (name) VALUES ($1)", name)
    if is_planted and known[0] in pending:
        await plant(connection)
    return pending


_LEDGER: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE schema_migrations IS 'The migrations this database has had, by file name.';
"""


APPLIED: Final = Query(
    "migrations.applied", "SELECT name FROM schema_migrations ORDER BY name", returns=str, card=Card.MANY
)


async def check_server(connection: RawConnection) -> None:
    """Raise CommandError unless this server can hold a forum."""
    major = connection.get_server_version().major
    if major < OLDEST:
        raise CommandError(f"PostgreSQL {major} is too old: Koinon needs {OLDEST} to {NEWEST}")
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise CommandError(f"the database is encoded in {encoding}; create it with ENCODING 'UTF8'")
    # With an LC_CTYPE that knows no Greek, search would silently find nothing.
    if await connection.fetchval("SELECT lower('Ώ') <> 'ώ'"):
        locale = await connection.fetchval("SELECT datctype FROM pg_database WHERE datname = current_database()")
        raise CommandError(
            f"the database's LC_CTYPE is {locale}, which knows no Greek letters; "
            "create it with LC_CTYPE 'C.UTF-8' or 'el_GR.UTF-8'"
        )


async def grant(connection: RawConnection, role: str) -> None:
    """Let the application read and write everything, but the audit log only append, and forget what is old."""
    name = await connection.fetchval("SELECT quote_ident($1)", role)
    await connection.execute(f"""
        GRANT USAGE ON SCHEMA public TO {name};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name};
        REVOKE UPDATE, DELETE ON audit_entries, schema_migrations FROM {name};
        REVOKE INSERT ON schema_migrations FROM {name};
        GRANT EXECUTE ON FUNCTION expire_audit_entries TO {name};
    """)
