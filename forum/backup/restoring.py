"""Restoring: a backup into a place where nothing is, whole or not at all.

The database gets the migrations that the file's had, then the rows, then indexes and keys, for which the server looks
through every row, then the migrations that came since; all of it in one transaction, by the owner of the tables, who
need not be a superuser. The files get their names just before it is committed; those that are there already must be
the very same, so that what was interrupted can be begun again.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from rich.progress import Progress

from forum import indexes, migrations, progress
from forum.backup import archive
from forum.backup.manifest import Digest, Kept, Manifest
from forum.backup.tables import Table, beside, layout, pour, quoted, sequences, unhurried
from forum.db import FAILURES, RawConnection, one_line
from forum.errors import CommandError

_FAILED: Final = "the backup could not be restored, nothing was changed"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a forum is restored to: the database as its owner reaches it, the role it is used under, the folder."""

    owner_url: str
    application_role: str | None
    data_dir: Path


async def restore(place: Place, file: archive.File, *, is_verified: bool) -> list[str]:
    """Restore a forum and return the migrations that were applied beyond those it had.

    If it is to be verified, everything is read again from where it was written, and compared, before it counts.
    Raise CommandError if the place is not empty, or if anything is refused on the way; nothing is changed then.
    """
    _require_known(file.manifest)
    with progress.bars() as bars:
        async with unhurried(place.owner_url, _FAILED) as connection:
            await migrations.check_server(connection)
            with _Drafts(place.data_dir, file.manifest) as drafts:
                async with connection.transaction():
                    await migrations.take_turn(connection)
                    await _require_empty(connection)
                    await migrations.apply(connection, file.manifest.migrations, is_planted=False)
                    await _fill(connection, file, drafts, bars)
                    if is_verified:
                        await _verify(connection, file.manifest, drafts, bars)
                    later = await migrations.apply(connection, is_planted=False)
                    if place.application_role:
                        await migrations.grant(connection, place.application_role)
                    drafts.name()
            await _look_over(connection, bars)
    return later


def _require_known(manifest: Manifest) -> None:
    if foreign := sorted(set(manifest.migrations) - set(migrations.names())):
        raise CommandError(f"the backup is newer than this program (it has {foreign[-1]}); install the newer one")


async def _require_empty(connection: RawConnection) -> None:
    found = await connection.fetchval(_FIRST_RELATION)
    if found is not None:
        raise CommandError(
            f"this database is not empty (it holds the table {found}), so nothing was touched; "
            "name another folder with FORUM_DATA_DIR, or an empty database with FORUM_DATABASE_URL"
        )


_FIRST_RELATION: Final = """
SELECT pg_class.relname FROM pg_class
WHERE pg_class.relnamespace = 'public'::regnamespace AND pg_class.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND NOT EXISTS (
        SELECT 1 FROM pg_depend
        WHERE pg_depend.classid = 'pg_class'::regclass AND pg_depend.objid = pg_class.oid AND pg_depend.deptype = 'e'
    )
ORDER BY pg_class.relkind <> 'r', pg_class.relname
LIMIT 1
"""


async def _fill(connection: RawConnection, file: archive.File, drafts: _Drafts, bars: Progress) -> None:
    """Bring the content into tables as the migrations left them, which is what they hold nothing of after it."""
    manifest = file.manifest
    tables = await layout(connection)
    if {table.name: table.columns for table in tables} != {table.name: table.columns for table in manifest.tables}:
        raise CommandError(f"{_FAILED}: its tables are not those that its migrations make")
    before = await _shape(connection)
    kept = await indexes.take_away(connection, [table.name for table in tables])
    async with _without_triggers(connection):
        await connection.execute(f"TRUNCATE {', '.join(f'public.{quoted(table.name)}' for table in tables)}")
        await _load(connection, file, drafts, bars)
    bar = bars.add_task("Building indexes", total=len(kept))
    await indexes.put_back(connection, kept, lambda: bars.advance(bar))
    if await _shape(connection) != before:
        raise CommandError(f"{_FAILED}: an index or a constraint did not come back as it was")
    for sequence in manifest.sequences:
        name = f"public.{quoted(sequence.name)}"
        await connection.execute(
            "SELECT setval($1::text::regclass, $2, $3)", name, sequence.last_value, sequence.is_called
        )


async def _load(connection: RawConnection, file: archive.File, drafts: _Drafts, bars: Progress) -> None:
    bar = bars.add_task("Restoring rows", total=file.manifest.rows)
    columns = {table.name: table.columns for table in file.manifest.tables}
    with file.pieces() as pieces:
        for name, group in itertools.groupby(pieces, key=lambda piece: piece[0]):
            if not name.startswith(archive.TABLES):
                await beside(drafts.write, name, group)
                continue
            table = name.removeprefix(archive.TABLES)

            async def rows(group: Iterator[tuple[str, bytes]] = group) -> AsyncIterator[bytes]:
                while found := await beside(next, group, None):
                    yield found[1]
                    bars.advance(bar, found[1].count(b"\n"))

            # Rows in a table that was emptied in this transaction can be frozen as they come.
            await connection.copy_to_table(
                table, schema_name="public", columns=columns[table], source=rows(), format="text", freeze=True
            )


@contextlib.asynccontextmanager
async def _without_triggers(connection: RawConnection) -> AsyncIterator[None]:
    """Have no trigger of ours do what it did when the rows were first written, or refuse."""
    triggers = [(str(row["relation"]), str(row["name"])) for row in await connection.fetch(_TRIGGERS)]
    for relation, name in triggers:
        await connection.execute(f"ALTER TABLE {relation} DISABLE TRIGGER {name}")
    yield
    for relation, name in triggers:
        await connection.execute(f"ALTER TABLE {relation} ENABLE TRIGGER {name}")


_TRIGGERS: Final = """
SELECT pg_trigger.tgrelid::regclass::text AS relation, quote_ident(pg_trigger.tgname) AS name
FROM pg_trigger
JOIN pg_class ON pg_class.oid = pg_trigger.tgrelid
WHERE NOT pg_trigger.tgisinternal AND pg_trigger.tgenabled = 'O'
    AND pg_class.relnamespace = 'public'::regnamespace AND pg_class.relkind IN ('r', 'p')
"""


async def _shape(connection: RawConnection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await connection.fetch(_SHAPE)]


_SHAPE: Final = """
SELECT tablename::text AS place, indexname::text AS name, indexdef AS definition
FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
ORDER BY place, name, definition
"""


async def _verify(connection: RawConnection, manifest: Manifest, drafts: _Drafts, bars: Progress) -> None:
    """Compare what the database and the disk hold now with the manifest. Raise CommandError if anything differs."""
    bar = bars.add_task("Verifying rows", total=manifest.rows)
    expected = {table.name: table for table in manifest.tables}
    for table in await layout(connection):
        found = await _digest(connection, table, lambda count: bars.advance(bar, count))
        if difference := expected[table.name].differs(found):
            raise CommandError(f"{_FAILED}: it does not verify, {difference}")
    if tuple(await sequences(connection)) != manifest.sequences:
        raise CommandError(f"{_FAILED}: it does not verify, a sequence stands elsewhere")
    if invalid := await connection.fetchval(_INVALID):
        raise CommandError(f"{_FAILED}: it does not verify, the constraint {invalid} is not valid")
    if difference := await beside(drafts.difference):
        raise CommandError(f"{_FAILED}: it does not verify, {difference}")


# Foreign keys and unique constraints were validated by being put back, checks by every row that came in.
_INVALID: Final = """
SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND NOT convalidated
UNION ALL
SELECT indexrelid::regclass::text FROM pg_index
JOIN pg_class ON pg_class.oid = indrelid
WHERE pg_class.relnamespace = 'public'::regnamespace AND NOT (indisvalid AND indisready)
LIMIT 1
"""


async def _digest(connection: RawConnection, table: Table, tell: Callable[[int], None]) -> Digest:
    digest = Digest()

    async def add(piece: bytearray) -> None:
        before = digest.lines
        await beside(digest.update, piece)
        tell(digest.lines - before)

    await pour(connection, table, archive.PIECE, add)
    return digest


async def _look_over(connection: RawConnection, bars: Progress) -> None:
    """Give the planner its statistics."""
    tables = await layout(connection)
    bar = bars.add_task("Gathering statistics", total=len(tables))
    try:
        for table in tables:
            await connection.execute(f"VACUUM (ANALYZE) public.{quoted(table.name)}")
            bars.advance(bar)
    except FAILURES as error:
        raise CommandError(f"the backup is restored, but not looked over (VACUUM ANALYZE): {one_line(error)}") from None


class _Drafts:
    """The files that are restored, each beside its place until all get their names; none of them stays if any fails."""

    def __init__(self, data_dir: Path, manifest: Manifest) -> None:
        self._data_dir = data_dir
        self._kept = {file.path: file for file in manifest.files}
        self._waiting: dict[Path, Path] = {}

    def __enter__(self) -> _Drafts:
        """Raise CommandError if another file is in the place of one."""
        for kept in self._kept.values():
            path = self._data_dir / kept.path
            if os.path.lexists(path) and not _is(path, kept):
                raise CommandError(
                    f"{path} is there already and another than that of the backup, so nothing was touched; "
                    "name another folder with FORUM_DATA_DIR"
                )
        return self

    def write(self, name: str, group: Iterator[tuple[str, bytes]]) -> None:
        """Write a file beside its place; one that is there already is left alone."""
        path = self._data_dir / name
        draft = path.with_name(f".{path.name}.restored")
        if path.exists():
            for _ in group:
                """Read on, since its checksum is asked for."""
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._waiting[draft] = path
            with _private(draft) as file:
                for _, piece in group:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise CommandError(f"{_FAILED}: {path}: {error.strerror}") from None

    def difference(self) -> str:
        """Say which file is not on the disk as the backup has it; empty when all are."""
        drafts = {path: draft for draft, path in self._waiting.items()}
        for kept in self._kept.values():
            path = self._data_dir / kept.path
            if not _is(drafts.get(path, path), kept):
                return f"{kept.path} is another"
        return ""

    def name(self) -> None:
        """Give every file its name."""
        for draft, path in self._waiting.items():
            draft.replace(path)
            archive.sync(path.parent)
        self._waiting.clear()

    def __exit__(self, *failure: object) -> None:
        for draft in self._waiting:
            draft.unlink(missing_ok=True)


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "wb")


def _is(path: Path, kept: Kept) -> bool:
    digest = Digest()
    try:
        with path.open("rb") as file:
            while piece := file.read(archive.PIECE):
                digest.update(piece)
    except OSError:
        return False
    return not kept.differs(digest)
