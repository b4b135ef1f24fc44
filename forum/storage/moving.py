"""Files on their way between the data directory's folder and a store: for moving there, and for a backup's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from forum.storage.names import is_name
from forum.storage.objects import ObjectStorage


async def move(folder: Path, storage: ObjectStorage, tell: Callable[[int, int], None]) -> int:
    """Put every file of a folder into a store and delete it from the folder; return how many.

    `tell` is told how many are done, of how many. Begun anew, it goes on with what is left. Raise StorageError.
    """
    paths = await asyncio.to_thread(_files, folder)
    for number, path in enumerate(paths, 1):
        await storage.put(path.name, path)
        await asyncio.to_thread(path.unlink, missing_ok=True)
        tell(number, len(paths))
    return len(paths)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("??/*") if is_name(path.name) and path.is_file())


async def fetch(storage: ObjectStorage, name: str, into: Path) -> None:
    """Write what a store has under a name into a file. Raise Missing or StorageError."""
    with await asyncio.to_thread(into.open, "wb") as file:
        async for piece in storage.read(name, 0, 2**62):
            await asyncio.to_thread(file.write, piece)
