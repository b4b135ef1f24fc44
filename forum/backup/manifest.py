"""What a backup says of itself, `manifest.json` in the file: what is in it, how much of it, and its checksums."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

FORMAT: Final = 1
"""Raised when an older program could not read the file any more."""


class Digest:
    """Size, lines and SHA-256 of bytes that come piece by piece."""

    def __init__(self) -> None:
        self.bytes = self.lines = 0
        self._hash = hashlib.sha256()

    def update(self, piece: bytes | bytearray) -> None:
        self.bytes += len(piece)
        self.lines += piece.count(b"\n")
        self._hash.update(piece)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Table(_Part):
    """A table: its rows in the order of its primary key, in COPY's text format, have this size and checksum.

    The same rows have the same checksum in every database, of whatever version.
    """

    name: str
    columns: tuple[str, ...]
    rows: int
    bytes: int
    sha256: str

    def differs(self, found: Digest) -> str:
        """Say how what was found differs from the table; empty when it does not."""
        if found.lines != self.rows:
            return f"{self.name} has {found.lines:,} rows instead of {self.rows:,}"
        return "" if found.sha256 == self.sha256 else f"the rows of {self.name} are others"


class Sequence(_Part):
    """A sequence: the last value it gave, or the first it will give if it has given none."""

    name: str
    last_value: int
    is_called: bool


class Kept(_Part):
    """A file of the data directory, by its path in it."""

    path: str
    bytes: int
    sha256: str

    def differs(self, found: Digest) -> str:
        """Say how what was found differs from the file; empty when it does not."""
        return "" if (found.bytes, found.sha256) == (self.bytes, self.sha256) else f"{self.path} is another"


class Manifest(_Part):
    """The whole."""

    format: Literal[1] = FORMAT
    made_at: AwareDatetime
    network: tuple[str, ...]
    """What the network calls itself, in each language that its name is kept in."""
    postgres: str
    migrations: tuple[str, ...]
    tables: tuple[Table, ...]
    sequences: tuple[Sequence, ...]
    files: tuple[Kept, ...]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    def describe(self) -> str:
        """Return in one line what it holds."""
        amount = f"{self.rows:,} rows in {len(self.tables)} tables, files: {len(self.files)}"
        return f"{' / '.join(self.network)} as of {_moment(self.made_at)}, {amount}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
