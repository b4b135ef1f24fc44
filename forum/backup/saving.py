"""Saving: every table as it was at one instant, and the files, into one new file while the forum is used.

One connection holds the snapshot and touches no table; another reads table after table in it, each in a transaction of
its own, so that a migration waits for one table at most. What no snapshot protects from, a table that was emptied or
written anew meanwhile, is found out at the end and said. The file gets its name when it is whole and on the disk.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from rich.progress import Progress, TaskID

from forum import clock, progress
from forum.backup import archive, sealing
from forum.backup.manifest import Digest, Kept, Manifest, Table
from forum.backup.nightly import made, name_of, outlived
from forum.backup.tables import Table as Source
from forum.backup.tables import beside, layout, pour, quoted, sequences, unhurried
from forum.db import RawConnection
from forum.errors import CommandError
from forum.storage import FOLDER, Missing, StorageError

_FAILED: Final = "the database could not be saved, no backup was made"


async def save(owner_url: str, data_dir: Path, target: Path, *, key: str = "", storage_url: str = "") -> Manifest:
    """Save a forum into a new file, encrypted to a public key if given, and return what is in it.

    With `storage_url` the files that members attached are fetched from that store.

    Raise CommandError if the file exists, cannot be written or finds no room, if the database holds no forum, or if it
    was migrated meanwhile. Whatever goes wrong, there is no file of this name then.
    """
    recipient = sealing.public_key(key) if key else None
    with _new(target) as raw, contextlib.ExitStack() as stack:
        file = stack.enter_context(sealing.sealing(raw, recipient)) if recipient else raw
        return await _save(owner_url, data_dir, file, storage_url)


async def save_nightly(
    owner_url: str, data_dir: Path, folder: Path, *, key: str, nights: int, storage_url: str = ""
) -> tuple[Path, Manifest]:
    """Save into the folder under the moment's name, and remove what has outlived its nights.

    Raise CommandError if another process is at it, or if it cannot be saved; nothing is removed then.
    """
    with _alone(folder):
        target = folder / name_of(clock.now(), is_sealed=bool(key))
        manifest = await save(owner_url, data_dir, target, key=key, storage_url=storage_url)
        for path in outlived(made(folder), max(nights, 1)):
            path.unlink(missing_ok=True)
        return target, manifest


async def _save(owner_url: str, data_dir: Path, file: BinaryIO, storage_url: str) -> Manifest:
    async with unhurried(owner_url, _FAILED) as holding, unhurried(owner_url, _FAILED) as connection:
        async with holding.transaction(isolation="repeatable_read", readonly=True):
            snapshot = str(await holding.fetchval("SELECT pg_export_snapshot()"))
            made_at = clock.now()
            async with _in(connection, snapshot):
                found = await layout(connection)
                _require_forum(found)
                migrations = [str(row["name"]) for row in await connection.fetch(_MIGRATIONS)]
                network = await connection.fetchrow(_NETWORK) if _NETWORK_TABLE in _names(found) else None
            # What a sequence gave is in no snapshot: read now, it is at least what any row that is saved has.
            standing = await sequences(connection)
            counts: dict[str, int] = {}
            for table in found:
                async with _in(connection, snapshot):
                    counts[table.name] = await _count(connection, table)
            writer = archive.Writer(file, made_at)
            with progress.bars() as bars:
                bar = bars.add_task("Saving rows", total=sum(counts.values()))
                tables = []
                for table in found:
                    async with _in(connection, snapshot):
                        tables.append(await _table(connection, table, writer, bars, bar))
        if differing := [table.name for table in tables if table.rows != counts[table.name]]:
            raise CommandError(f"{_FAILED}: {differing[0]} was read twice and had another number of rows")
        if {table.name: table.filenode for table in found} != {
            table.name: table.filenode for table in await layout(connection)
        }:
            raise CommandError(f"{_FAILED}: it was migrated or emptied meanwhile; save it again")
        files = await _files(writer, data_dir)
        files += await _stored(writer, data_dir, storage_url) if storage_url else []
        manifest = Manifest(
            made_at=made_at,
            network=tuple(network or ()),
            postgres=str(await connection.fetchval("SHOW server_version")),
            migrations=tuple(migrations),
            tables=tuple(tables),
            sequences=tuple(standing),
            files=tuple(files),
        )
        await beside(writer.finish, manifest)
        return manifest


_LEDGER, _NETWORK_TABLE = "schema_migrations", "network"
_MIGRATIONS: Final = 'SELECT name FROM public.schema_migrations ORDER BY name COLLATE "C"'
_NETWORK: Final = "SELECT name_el, name_en FROM public.network"


def _names(found: list[Source]) -> set[str]:
    return {table.name for table in found}


def _require_forum(found: list[Source]) -> None:
    if _LEDGER not in _names(found):
        raise CommandError(f"{_FAILED}: there is no forum in it")
    if keyless := [table.name for table in found if not table.key]:
        raise CommandError(f"{_FAILED}: the table {keyless[0]} has no primary key")


@contextlib.asynccontextmanager
async def _in(connection: RawConnection, snapshot: str) -> AsyncIterator[None]:
    """See the database as the snapshot does."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
        yield


async def _count(connection: RawConnection, table: Source) -> int:
    return int(await connection.fetchval(f"SELECT count(*) FROM public.{quoted(table.name)}"))


async def _table(
    connection: RawConnection, table: Source, writer: archive.Writer, bars: Progress, bar: TaskID
) -> Table:
    digest = Digest()
    number = 0

    def write(piece: bytearray) -> None:
        nonlocal number
        number += 1
        digest.update(piece)
        writer.add_piece(table.name, number, piece)

    async def add(piece: bytearray) -> None:
        before = digest.lines
        await beside(write, piece)
        bars.advance(bar, digest.lines - before)

    await pour(connection, table, archive.PIECE, add)
    return Table(name=table.name, columns=table.columns, rows=digest.lines, bytes=digest.bytes, sha256=digest.sha256)


async def _files(writer: archive.Writer, data_dir: Path) -> list[Kept]:
    """Add the files of the data directory; one that was removed since they were listed is left out."""
    kept: list[Kept] = []
    paths = archive.kept_files(data_dir)
    with progress.bars() as bars:
        bar = bars.add_task("Saving files", total=len(paths))
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                kept.append(await beside(_file, writer, data_dir, path))
            bars.advance(bar)
    return kept


async def _stored(writer: archive.Writer, data_dir: Path, storage_url: str) -> list[Kept]:
    """Add the files of a store, as if they lay in the folder; each is fetched beside the folder first."""
    from forum.storage.moving import fetch  # noqa: PLC0415 - for who names a store
    from forum.storage.objects import ObjectStorage  # noqa: PLC0415

    storage, kept = ObjectStorage(storage_url), []
    fetched = data_dir / ".fetched"
    try:
        names = sorted([name async for name, _ in storage.list_names()])
        with progress.bars() as bars:
            bar = bars.add_task("Saving files of the store", total=len(names))
            for name in names:
                with contextlib.suppress(Missing):  # deleted since they were listed
                    await fetch(storage, name, fetched)
                    path = f"{FOLDER}/{name[:2]}/{name}"
                    with fetched.open("rb") as file:
                        digest = await beside(writer.add_file, path, file, os.fstat(file.fileno()).st_size)
                    kept.append(Kept(path=path, bytes=digest.bytes, sha256=digest.sha256))
                bars.advance(bar)
    except StorageError as error:
        raise CommandError(f"the store of attachments cannot be read, no backup was made: {error}") from None
    finally:
        fetched.unlink(missing_ok=True)
    return kept


def _file(writer: archive.Writer, data_dir: Path, path: str) -> Kept:
    try:
        file = (data_dir / path).open("rb")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise CommandError(f"{data_dir / path}: {error.strerror}") from None
    with file:
        size = os.fstat(file.fileno()).st_size
        digest = writer.add_file(path, file, size)
    return Kept(path=path, bytes=digest.bytes, sha256=digest.sha256)


@contextlib.contextmanager
def _new(target: Path) -> Iterator[BinaryIO]:
    """Give a file that gets its name at the end, when it is whole and on the disk; else nothing of it stays.

    What a killed process left of it is begun anew.
    """
    try:
        if target.exists() or target.is_symlink():
            raise CommandError(f"{target} exists already; name another file")
        draft = target.with_name(f".{target.name}.partial")
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CommandError(f"{target} is being written by another process") from None
            if target.exists():  # the other process was done between our two looks
                raise CommandError(f"{target} exists already; name another file")
            try:
                file.truncate()
                yield file
                file.flush()
                os.fsync(file.fileno())
                os.replace(draft, target)
            except BaseException:
                draft.unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # what it could not take is not tried again
                    file.truncate(0)
                raise
        archive.sync(target.parent)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise CommandError(
                f"there is no room for the backup where {target} should be; no backup was made"
            ) from None
        raise CommandError(f"{target}: {error.strerror or error}; no backup was made") from None


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Have the folder for this process alone, made if there is none, without what a killed one left in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CommandError(f"{folder}: {error.strerror}; FORUM_BACKUP_DIR must be a writable folder") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandError(f"another process is saving into {folder}") from None
    else:
        for path in folder.glob(".koinon-*.partial"):
            path.unlink(missing_ok=True)
        yield
    finally:
        os.close(lock)
