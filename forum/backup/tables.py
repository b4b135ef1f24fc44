"""A database read whole: which tables it has, what is in each in one order, and its sequences.

Nothing is known of the forum's tables but what the catalogue says, so that none can be forgotten. Whoever reads owns
them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, ParamSpec, TypeVar

from forum.backup.manifest import Sequence as SequenceState
from forum.db import FAILURES, RawConnection, connect, one_line
from forum.errors import CommandError

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the columns that are written (none that the server computes), and its key as SQL to order by.

    `filenode` changes when the table is emptied or written anew as a whole, after which older snapshots see no rows.
    """

    name: str
    columns: tuple[str, ...]
    key: str
    filenode: int

    @property
    def content(self) -> str:
        """The query that gives every row in the order of the key, the same in every database."""
        columns = ", ".join(map(quoted, self.columns))
        return f"SELECT {columns} FROM public.{quoted(self.name)} ORDER BY {self.key}"


def quoted(name: str) -> str:
    """Return a name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


async def layout(connection: RawConnection) -> list[Table]:
    """Return every table, in the order of their names."""
    return [
        Table(row["name"], tuple(row["columns"]), row["key"], row["filenode"])
        for row in await connection.fetch(_TABLES)
    ]


# Collations are those of the machine: ordered by code points, the same rows come in the same order everywhere.
_TABLES: Final = """
SELECT pg_class.relname AS name,
       pg_class.relfilenode AS filenode,
       (
           SELECT array_agg(pg_attribute.attname::text ORDER BY pg_attribute.attnum)
           FROM pg_attribute
           WHERE pg_attribute.attrelid = pg_class.oid AND pg_attribute.attnum > 0
               AND NOT pg_attribute.attisdropped AND pg_attribute.attgenerated = ''
       ) AS columns,
       (
           SELECT string_agg(
               format('%I', pg_attribute.attname)
                   || CASE WHEN pg_attribute.attcollation = 0 THEN '' ELSE ' COLLATE "C"' END,
               ', ' ORDER BY array_position(pg_constraint.conkey, pg_attribute.attnum)
           )
           FROM pg_constraint
           JOIN pg_attribute
               ON pg_attribute.attrelid = pg_class.oid AND pg_attribute.attnum = ANY (pg_constraint.conkey)
           WHERE pg_constraint.conrelid = pg_class.oid AND pg_constraint.contype = 'p'
       ) AS key
FROM pg_class
WHERE pg_class.relnamespace = 'public'::regnamespace AND pg_class.relkind IN ('r', 'p')
    AND NOT EXISTS (
        SELECT 1 FROM pg_depend
        WHERE pg_depend.classid = 'pg_class'::regclass AND pg_depend.objid = pg_class.oid AND pg_depend.deptype = 'e'
    )
ORDER BY pg_class.relname COLLATE "C"
"""


async def sequences(connection: RawConnection) -> list[SequenceState]:
    """Return where every sequence stands, in the order of their names."""
    names = [str(row["relname"]) for row in await connection.fetch(_SEQUENCES)]
    states = []
    for name in names:
        row = await connection.fetchrow(f"SELECT last_value, is_called FROM public.{quoted(name)}")
        if row is not None:
            states.append(SequenceState(name=name, last_value=row["last_value"], is_called=row["is_called"]))
    return states


_SEQUENCES: Final = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
ORDER BY relname COLLATE "C"
"""


@contextlib.asynccontextmanager
async def unhurried(url: str, what: str) -> AsyncIterator[RawConnection]:
    """Open a connection on which nothing that takes long is ended; `what` the server refuses is a CommandError."""
    connection = await connect(url, application_name="koinon backup", **_AS_TEXT, lock_timeout="60s")
    try:
        await connection.execute(_UNHURRIED)
        yield connection
    except FAILURES as error:
        raise CommandError(f"{what}: {one_line(error)}") from None
    finally:
        await connection.close()


# How values are written, whatever the server's own settings are.
_AS_TEXT: Final = {"timezone": "UTC", "datestyle": "ISO", "intervalstyle": "postgres", "bytea_output": "hex"}

# Those of them that this version has.
_UNHURRIED: Final = """
SELECT set_config(name, '0', false) FROM pg_settings
WHERE name IN (
    'statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout', 'idle_session_timeout'
)
"""


async def pour(
    connection: RawConnection, table: Table, size: int, into: Callable[[bytearray], Awaitable[None]]
) -> None:
    """Give all rows of a table, in COPY's text format, in pieces of at least `size` bytes but for the last."""
    piece = bytearray()

    async def take(data: bytes) -> None:
        nonlocal piece
        piece += data
        if len(piece) >= size:
            full, piece = piece, bytearray()
            await into(full)

    await connection.copy_from_query(table.content, output=take, format="text")
    if piece:
        await into(piece)


async def beside(act: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Do something in a thread, and be done with it before a cancellation goes on."""
    doing = asyncio.ensure_future(asyncio.to_thread(act, *args, **kwargs))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing])
        raise
