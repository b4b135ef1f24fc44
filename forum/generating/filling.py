"""How a generated database comes about: one transaction, through COPY, and never over anybody's real forum.

Indexes and foreign keys of the tables that are filled are taken away before and put back after, which takes less time
than keeping them up to date row by row; all in the one transaction, so that whatever fails leaves the database as it
was. Runs as the owner of the tables.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import date
from random import Random
from typing import Final

from rich.progress import Progress, TaskID

from forum import indexes, progress
from forum.db import RawConnection, RawError, connect, one_line
from forum.errors import CommandError
from forum.generating import people, proposals, stock, writing
from forum.generating.plan import Period, Size, Timeline, timeline
from forum.passwords import Hasher

_FILLED: Final = (
    "members", "group_members", "topics", "posts", "post_revisions", "topic_notices", "topic_reads", "audit_entries",
)  # fmt: skip
_STEP: Final = 500
"""Rows between two looks at the bar."""
_SALT_BYTES: Final = 16


async def fill(owner_url: str, size: Size, *, seed: int, until: date) -> list[people.SignIn]:
    """Fill an empty database and return whom to sign in as.

    Raise CommandError when anybody is a member of it, or when it begins with more than is asked for.
    """
    period = Period(until)
    password_hash = await _hash(seed)
    async with _connection(owner_url) as connection:
        with progress.bars() as bars:
            async with connection.transaction():
                # Nobody becomes a member meanwhile, and of two who fill it one finds it filled.
                await connection.execute("LOCK TABLE members IN SHARE ROW EXCLUSIVE MODE")
                if await connection.fetchval("SELECT EXISTS (SELECT 1 FROM members)"):
                    raise CommandError(
                        "this database holds members already, so nothing was touched; "
                        "name another folder with FORUM_DATA_DIR, or an empty database with FORUM_DATABASE_URL"
                    )
                kept = await indexes.take_away(connection, _FILLED)
                everybody = await people.settle(connection, size, period, password_hash, _chance(seed, "people"))
                await _write(connection, bars, size, period, everybody, seed)
                bar = bars.add_task("Building indexes", total=len(kept))
                await indexes.put_back(connection, kept, lambda: bars.advance(bar))
            await _look_over(connection, bars)
    return everybody.sign_ins()


async def _write(
    connection: RawConnection, bars: Progress, size: Size, period: Period, everybody: people.People, seed: int
) -> None:
    bar = bars.add_task("Rendering texts", total=size.posts)
    await stock.take_binary_vectors(connection)
    paragraphs = await stock.gather(connection)
    moments = timeline(size, _chance(seed, "plan"))
    some = await _proposals(connection, size, everybody, moments, seed)
    written = writing.Writing(period, moments, everybody, paragraphs, _chance(seed, "writing"), some)
    bars.reset(bar, description="Writing posts")
    await _copy(connection, "posts", writing.POSTS, _shown(written.posts(), bars, bar))
    bar = bars.add_task("Writing topics", total=size.topics)
    await _copy(connection, "topics", writing.TOPICS, _shown(written.topics(), bars, bar))
    await _copy(connection, "post_revisions", writing.REVISIONS, written.revisions)
    await _copy(connection, "topic_notices", writing.NOTICES, written.notices)
    in_time = sorted(written.audit_entries, key=lambda row: (row[-1], row[3]))
    await _copy(connection, "audit_entries", writing.AUDIT_ENTRIES, in_time)
    bar = bars.add_task("Writing what was read", total=None)
    await _copy(connection, "topic_reads", writing.READS, _shown(written.reads(), bars, bar))
    await connection.execute(_CATEGORY_COUNTS)
    for table in _NUMBERED:
        await connection.execute(_SEQUENCE.format(table=table))


async def _proposals(
    connection: RawConnection, size: Size, everybody: people.People, moments: Timeline, seed: int
) -> proposals.Proposals:
    """Choose which topics are proposals: in the first category that takes them, the longest topic at last."""
    if not size.proposals:
        return proposals.NONE
    categories = [place for place, category in enumerate(everybody.categories) if proposals.KIND in category.kinds]
    if not categories:
        raise CommandError("nobody may start a proposal anywhere: with --proposals there must be members enough")
    themes = [row["slug"] for row in await connection.fetch("SELECT slug FROM themes ORDER BY position")]
    longest, _ = Counter(moment % size.topics for moment in moments.moments).most_common(1)[0]
    places = [place for place in range(size.topics) if place != longest or size.proposals == size.topics]
    return proposals.Proposals(_chance(seed, "proposals"), themes, categories[0], places, size.proposals)


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


async def _look_over(connection: RawConnection, bars: Progress) -> None:
    """Give the planner its statistics, and index-only scans their map of pages that everybody sees."""
    tables = [*_FILLED, "groups", "categories", "grants"]
    bar = bars.add_task("Gathering statistics", total=len(tables))
    try:
        for table in tables:
            await connection.execute(f"VACUUM (ANALYZE) {table}")
            bars.advance(bar)
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


def _shown(rows: Iterable[writing.Row], bars: Progress, bar: TaskID) -> Iterator[writing.Row]:
    count = 0
    for count, row in enumerate(rows, 1):
        yield row
        if count % _STEP == 0:
            bars.update(bar, completed=count)
    bars.update(bar, completed=count)
