"""Indexes and keys of tables that are filled with many rows: taken away before, put back after.

That takes less time than keeping them up to date row by row, and putting a foreign key back has the server look through
every row. Primary keys stay. To be done by the owner of the tables, in one transaction with the filling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from forum.db import RawConnection


@dataclass(frozen=True, slots=True)
class Kept:
    """What was taken away: the statement that did, and the one that puts it back."""

    drop: str
    create: str


async def take_away(connection: RawConnection, tables: Sequence[str]) -> list[Kept]:
    """Drop foreign keys, unique constraints and indexes of tables, all but primary keys; return them.

    Room to sort a million keys in is made for the rest of the transaction.
    """
    await connection.execute(_ROOM)
    kept = [Kept(**dict(row)) for row in await connection.fetch(_CONSTRAINTS, tables)]
    for one in kept:  # foreign keys first: they stand on the unique constraints
        await connection.execute(one.drop)
    indexes = [Kept(**dict(row)) for row in await connection.fetch(_INDEXES, tables)]
    for one in indexes:
        await connection.execute(one.drop)
    return [*indexes, *reversed(kept)]


async def put_back(connection: RawConnection, kept: Sequence[Kept], each: Callable[[], None]) -> None:
    """Build again what was taken away, telling of each that is done."""
    for one in kept:
        await connection.execute(one.create)
        each()


_ROOM: Final = "SET LOCAL maintenance_work_mem = '512MB'"

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
