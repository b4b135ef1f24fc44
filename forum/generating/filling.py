"""How a generated database comes about: one transaction, through COPY, and never over anybody's real forum.

Indexes and foreign keys of the tables that are filled are taken away before and put back after, which takes less time
than keeping them up to date row by row; all in the one transaction, so that whatever fails leaves the database as it
was. Runs as the owner of the tables.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from forum.db import RawConnection, RawError, connect, one_line
from forum.errors import CommandError
from forum.generating import people, stock, writing
from forum.generating.plan import Period, Size, timeline
from forum.passwords import Hasher

_FILLED: Final = (
    "members", "group_members", "topics", "posts", "post_revisions", "topic_notices", "topic_reads", "audit_entries",
)  # fmt: skip
_STEP: Final = 500
"""Rows between two looks at the bar."""
_SALT_BYTES: Final = 16

# Only for this transaction: room to sort a million keys in.
_ROOM: Final = "SET LOCAL maintenance_work_mem = '512MB'"


async def fill(owner_url: str, size: Size, *, seed: int, until: date) -> list[people.SignIn]:
    """Fill an empty database and return whom to sign in as.

    Raise CommandError when anybody is a member of it, or when it begins with more than is asked for.
    """
    period = Period(until)
    password_hash = await _hash(seed)
    async with _connection(owner_url) as connection:
        with _progress() as progress:
            async with connection.transaction():
                # Nobody becomes a member meanwhile, and of two who fill it one finds it filled.
                await connection.execute("LOCK TABLE members IN SHARE ROW EXCLUSIVE MODE")
                if await connection.fetchval("SELECT EXISTS (SELECT 1 FROM members)"):
                    raise CommandError(
                        "this database holds members already, so nothing was touched; "
                        "name another folder with FORUM_DATA_DIR, or an empty database with FORUM_DATABASE_URL"
                    )
                await connection.execute(_ROOM)
                kept = await _take_away(connection)
                everybody = await people.settle(connection, size, period, password_hash, _chance(seed, "people"))
                await _write(connection, progress, size, period, everybody, seed)
                await _put_back(connection, progress, kept)
            await _look_over(connection, progress)
    return everybody.sign_ins()


async def _write(
    connection: RawConnection, progress: Progress, size: Size, period: Period, everybody: people.People, seed: int
) -> None:
    bar = progress.add_task("Rendering texts", total=size.posts)
    await stock.take_binary_vectors(connection)
    paragraphs = await stock.gather(connection)
    moments = timeline(size, _chance(seed, "plan"))
    written = writing.Writing(period, moments, everybody, paragraphs, _chance(seed, "writing"))
    progress.reset(bar, description="Writing posts")
    await _copy(connection, "posts", writing.POSTS, _shown(written.posts(), progress, bar))
    bar = progress.add_task("Writing topics", total=size.topics)
    await _copy(connection, "topics", writing.TOPICS, _shown(written.topics(), progress, bar))
    await _copy(connection, "post_revisions", writing.REVISIONS, written.revisions)
    await _copy(connection, "topic_notices", writing.NOTICES, written.notices)
    in_time = sorted(written.audit_entries, key=lambda row: (row[-1], row[3]))
    await _copy(connection, "audit_entries", writing.AUDIT_ENTRIES, in_time)
    bar = progress.add_task("Writing what was read", total=None)
    await _copy(connection, "topic_reads", writing.READS, _shown(written.reads(), progress, bar))
    await connection.execute(_CATEGORY_COUNTS)
    for table in _NUMBERED:
        await connection.execute(_SEQUENCE.format(table=table))


async def _copy(connection: RawConnection, table: str, columns: tuple[str, ...], rows: Iterable[writing.Row]) -> None:
    await connection.copy_records_to_table(table, records=rows, columns=columns)


_CATEGORY_COUNTS: Final = """
UPDATE categories
SET topic_count = counted.topics
FROM (SELECT category_id, count(*) AS topics FROM topics GROUP BY category_id) AS counted
WHERE counted.category_id = categories.id
"""

# The ids were given by us: the next ones go on from there.
_NUMBERED: Final = ("members", "groups", "categories", "topics", "posts")
_SEQUENCE: Final = "SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was taken away: the statement that did, and the one that puts it back."""

    drop: str
    create: str


async def _take_away(connection: RawConnection) -> list[_Kept]:
    """Drop foreign keys, unique constraints and indexes of the filled tables, all but primary keys; return them."""
    kept = [_Kept(**dict(row)) for row in await connection.fetch(_CONSTRAINTS, _FILLED)]
    for one in kept:  # foreign keys first: they stand on the unique constraints
        await connection.execute(one.drop)
    indexes = [_Kept(**dict(row)) for row in await connection.fetch(_INDEXES, _FILLED)]
    for one in indexes:
        await connection.execute(one.drop)
    return [*indexes, *reversed(kept)]


async def _put_back(connection: RawConnection, progress: Progress, kept: list[_Kept]) -> None:
    bar = progress.add_task("Building indexes", total=len(kept))
    for one in kept:
        await connection.execute(one.create)
        progress.advance(bar)


_CONSTRAINTS: Final = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', pg_constraint.conrelid::regclass, pg_constraint.conname) AS drop,
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', pg_constraint.conrelid::regclass, pg_constraint.conname,
              pg_get_constraintdef(pg_constraint.oid)) AS create
FROM pg_constraint
WHERE pg_constraint.contype IN ('f', 'u')
    AND pg_constraint.conrelid = ANY (SELECT to_regclass(filled.name) FROM unnest($1::text[]) AS filled (name))
ORDER BY pg_constraint.contype, pg_constraint.oid DESC
"""

_INDEXES: Final = """
SELECT format('DROP INDEX %s', pg_index.indexrelid::regclass) AS drop,
       pg_get_indexdef(pg_index.indexrelid) AS create
FROM pg_index
WHERE pg_index.indrelid = ANY (SELECT to_regclass(filled.name) FROM unnest($1::text[]) AS filled (name))
    AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE pg_constraint.conindid = pg_index.indexrelid)
ORDER BY pg_index.indexrelid
"""


async def _look_over(connection: RawConnection, progress: Progress) -> None:
    """Give the planner its statistics, and index-only scans their map of pages that everybody sees."""
    tables = [*_FILLED, "groups", "categories", "grants"]
    bar = progress.add_task("Gathering statistics", total=len(tables))
    try:
        for table in tables:
            await connection.execute(f"VACUUM (ANALYZE) {table}")
            progress.advance(bar)
    except RawError as error:
        raise CommandError(f"the database is filled, but not looked over (VACUUM ANALYZE): {one_line(error)}") from None


async def _hash(seed: int) -> str:
    """Return the hash of the password, with a salt from the seed: the same seed gives the same database."""
    hasher = Hasher()
    try:
        return await hasher.hash(people.PASSWORD, salt=hashlib.sha256(f"{seed}".encode()).digest()[:_SALT_BYTES])
    finally:
        hasher.close()


def _chance(seed: int, what: str) -> Random:
    return Random(f"{seed}:{what}")  # noqa: S311 - invented lives, no secrets


@contextlib.asynccontextmanager
async def _connection(url: str) -> AsyncIterator[RawConnection]:
    connection = await connect(url, application_name="koinon generate", lock_timeout="10s", timezone="UTC")
    try:
        yield connection
    except RawError as error:
        raise CommandError(f"the database could not be filled, nothing was changed: {one_line(error)}") from None
    finally:
        await connection.close()


class _Speed(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s".rjust(10))


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description:22}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Speed(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def _shown(rows: Iterable[writing.Row], progress: Progress, bar: TaskID) -> Iterator[writing.Row]:
    count = 0
    for count, row in enumerate(rows, 1):
        yield row
        if count % _STEP == 0:
            progress.update(bar, completed=count)
    progress.update(bar, completed=count)
