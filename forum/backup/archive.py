"""The file: a tar under gzip, which `tar -xzf` opens too.

    tables/TABLE/000001 …   rows in COPY's text format, in pieces; together they are what `\\copy TABLE FROM` takes
    secret.key              the key that the forum made for itself, where it did
    files/…                 what lies in the data directory's folder of that name
    manifest.json           what must have been there before (`manifest`)

It is written and read from front to back, a few MB of it in memory at any time. Each table and file has its SHA-256 in
the manifest, and gzip a checksum over everything, the manifest included.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, cast

from pydantic import ValidationError

from forum.backup import sealing
from forum.backup.manifest import Digest, Kept, Manifest, Table
from forum.backup.sealing import Damaged
from forum.errors import CommandError

PIECE: Final = 4_000_000
"""Bytes of a table or a file that are taken at once."""

TABLES: Final = "tables/"
FILES: Final = ("secret.key", "files/")
"""What is kept of the data directory, folders ending in a slash."""

_MANIFEST: Final = "manifest.json"
_LEVEL: Final = 4
"""Of gzip: a third of the time of level 6, for posts that take a fourteenth more."""


class Writer:
    """An archive that is being written; `file` is closed by whoever opened it."""

    def __init__(self, file: BinaryIO, made_at: datetime) -> None:
        self._gzip = gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=_LEVEL, mtime=0)
        self._tar = tarfile.TarFile(fileobj=self._gzip, mode="w", format=tarfile.PAX_FORMAT, copybufsize=1 << 20)
        self._made_at = int(made_at.timestamp())

    def add_piece(self, table: str, number: int, rows: bytes | bytearray) -> None:
        """Add a piece of a table, numbered from 1."""
        self._add(f"{TABLES}{table}/{number:06}", io.BytesIO(rows), len(rows))

    def add_file(self, path: str, file: BinaryIO, size: int) -> Digest:
        """Add the first `size` bytes of a file. Raise OSError if there are fewer."""
        digesting = _Digesting(file)
        self._add(path, digesting, size)
        return digesting.digest

    def finish(self, manifest: Manifest) -> None:
        """Write the end, without which it is none."""
        said = manifest.model_dump_json(indent=1).encode()
        self._add(_MANIFEST, io.BytesIO(said), len(said))
        self._tar.close()
        self._gzip.close()

    def _add(self, name: str, content: io.BytesIO | _Digesting, size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = size, 0o600, self._made_at
        self._tar.addfile(member, content)


class _Digesting:
    """A file whose bytes are counted and summed as they are read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = Digest()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece


Pieces = Iterator[tuple[str, bytes]]
"""Names (`tables/TABLE`, `files/…`) and bytes; those that follow one another under one name belong together."""


@dataclass(frozen=True, slots=True)
class File:
    """A backup that was read to its end and found whole."""

    path: Path
    key: Path | None
    manifest: Manifest

    @contextlib.contextmanager
    def pieces(self) -> Iterator[Pieces]:
        """Give its content once more. Raise CommandError if it does not hold what it did."""
        with _read(self.path, self.key, _ignore) as pieces:
            yield _compared(pieces, self.manifest)


def opened(path: Path, key: Path | None, tell: Callable[[int], None]) -> File:
    """Read a backup to its end and return it, telling how many bytes of the file were read.

    Raise CommandError if it is none, is cut or changed, is encrypted and `key` does not open it, or if its format is
    newer than this program.
    """
    found: dict[str, Digest] = {}
    said = bytearray()
    with _read(path, key, tell) as pieces:
        for name, piece in pieces:
            if _MANIFEST in found and name != _MANIFEST:
                raise Damaged("something follows its end")
            found.setdefault(name, Digest()).update(piece)
            if name == _MANIFEST:
                said += piece
        if not said:
            raise Damaged("its end is missing")
        manifest = _manifest(bytes(said))
        del found[_MANIFEST]
        _compare(found, manifest)
    return File(path, key, manifest)


def _manifest(said: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(said)
    except ValidationError as error:
        if error.errors()[0]["loc"] == ("format",):
            raise CommandError("the backup was made by a newer program than this one; install the newer one") from None
        raise Damaged("its manifest cannot be read") from None


def _compared(pieces: Pieces, manifest: Manifest) -> Pieces:
    found: dict[str, Digest] = {}
    for name, piece in pieces:
        if name != _MANIFEST:
            found.setdefault(name, Digest()).update(piece)
            yield name, piece
    _compare(found, manifest)


def _compare(found: dict[str, Digest], manifest: Manifest) -> None:
    """Raise Damaged unless what was found is what the manifest says."""
    expected: dict[str, Table | Kept] = {
        **{TABLES + table.name: table for table in manifest.tables},
        **{file.path: file for file in manifest.files},
    }
    if unknown := found.keys() - expected.keys():
        raise Damaged(f"it holds {min(unknown)}, of which its manifest knows nothing")
    for name, part in expected.items():
        if difference := part.differs(found.get(name, Digest())):
            raise Damaged(difference)


def _ignore(count: int) -> None:
    """Tell nobody."""


@contextlib.contextmanager
def _read(path: Path, key: Path | None, tell: Callable[[int], None]) -> Iterator[Pieces]:
    """Give the pieces of a file; what is wrong with it is raised as CommandError."""
    try:
        with contextlib.ExitStack() as stack:
            file: BinaryIO = stack.enter_context(path.open("rb"))
            if file.read(len(sealing.MAGIC)) == sealing.MAGIC:
                if key is None:
                    raise CommandError(f"{path} is encrypted: name the file of the private key with --key")
                file.seek(0)
                file = stack.enter_context(sealing.unsealing(_telling(file, tell), sealing.private_keys(key)))
            else:
                file.seek(0)
                file = _telling(file, tell)
            yield _pieces(file)
    except (Damaged, tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CommandError(f"{path} is no whole backup of Koinon: {error}; nothing was restored from it") from None
    except OSError as error:
        raise CommandError(f"{error.filename or path}: {error.strerror or error}") from None


def _telling(file: BinaryIO, tell: Callable[[int], None]) -> BinaryIO:
    return cast("BinaryIO", _Telling(file, tell))


class _Telling(io.RawIOBase):
    """A file that tells how much of it was read."""

    def __init__(self, file: BinaryIO, tell: Callable[[int], None]) -> None:
        self._file, self._tell = file, tell

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self._tell(len(piece))
        return piece


_NUMBER: Final = re.compile(r"/\d{6,}$")


def _pieces(file: BinaryIO) -> Pieces:
    with gzip.GzipFile(fileobj=file, mode="rb") as unpacked:
        with tarfile.open(fileobj=unpacked, mode="r|", bufsize=1 << 20) as tar:
            while (member := tar.next()) is not None:
                content = tar.extractfile(member) if member.isreg() and _is_ours(member.name) else None
                if content is None:
                    raise Damaged(f"{member.name!r} does not belong in one")
                name = _NUMBER.sub("", member.name) if member.name.startswith(TABLES) else member.name
                yield name, content.read(PIECE)
                while piece := content.read(PIECE):
                    yield name, piece
                tar.members = []  # type: ignore[attr-defined]  # else it grows with every file
        while unpacked.read(PIECE):
            """Read on to the checksum at its end."""


def _is_ours(name: str) -> bool:
    """Tell whether a name can stand in an archive; none leads out of the data directory."""
    return name == _MANIFEST or name.startswith(TABLES) or is_kept(name)


def is_kept(path: str) -> bool:
    """Tell whether a path is one of those that are kept of the data directory."""
    parts = PurePosixPath(path).parts
    is_named = any(path.startswith(kept) if kept.endswith("/") else path == kept for kept in FILES)
    return is_named and ".." not in parts and "/" not in parts and str(PurePosixPath(path)) == path


def kept_files(data_dir: Path) -> list[str]:
    """Return the paths of all files that are kept of a data directory, in order; links are not followed."""
    found: list[str] = []
    for kept in FILES:
        if not kept.endswith("/"):
            found += [kept] if (data_dir / kept).is_file() else []
            continue
        for folder, _, names in os.walk(data_dir / kept):
            paths = [Path(folder, name) for name in names]
            found += [path.relative_to(data_dir).as_posix() for path in paths if _is_plain(path)]
    return sorted(found)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def sync(folder: Path) -> None:
    """Have the names in a folder on the disk, as their content is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
