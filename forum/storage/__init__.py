"""Where the bytes of attachments lie: a folder of the data directory, or an object store of any kind.

What is put under a name is on the disk, whole, when `put` returns, and never changed. Nothing here knows whose bytes
they are, or who may read them: that is `domain/access.py`'s.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from forum.storage.folder import FolderStorage
from forum.storage.names import FOLDER, PIECE, SCHEMES, Missing, StorageError


class Storage(Protocol):
    """What keeps bytes under names of 32 hexadecimal digits, or such a name with `.preview` behind it."""

    async def put(self, name: str, path: Path) -> None:
        """Keep the bytes of a file, which may be gone afterwards. Raise StorageError."""

    def read(self, name: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Give the bytes from `start` to before `end`. Raise Missing or StorageError, before the first or later."""

    async def delete(self, name: str) -> None:
        """Forget a name; one that is not there is forgotten already. Raise StorageError."""

    async def tidy(self, before: datetime) -> None:
        """Delete what a process that was killed had begun to put before an instant. Raise StorageError."""

    def list_names(self) -> AsyncGenerator[tuple[str, datetime], None]:
        """Give every name, and when it was put. Raise StorageError."""


def storage_of(url: str, data_dir: Path) -> Storage:
    """Return the storage that a setting names, the folder where it is empty. Raise ValueError for what is no such."""
    if not url:
        return FolderStorage(data_dir / FOLDER)
    from forum.storage.objects import ObjectStorage  # noqa: PLC0415 - 12 MB, for who names a store

    return ObjectStorage(url)


__all__ = ["FOLDER", "PIECE", "SCHEMES", "FolderStorage", "Missing", "Storage", "StorageError", "storage_of"]
