"""A folder of this machine; the files lie in 256 folders by their first two digits."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from forum.storage.names import PIECE, Missing, StorageError, is_name, known

_PARTIAL: Final = ".partial"

P = ParamSpec("P")
T = TypeVar("T")


class FolderStorage:
    """`forum.storage.Storage` in a folder, which is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, path: Path) -> None:
        await _beside(_put, self._place(name), path)

    async def read(self, name: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        try:
            file = await _beside(open, self._place(name), "rb")
        except FileNotFoundError:
            raise Missing(name) from None
        with file:
            await _beside(file.seek, start)
            while start < end and (piece := await _beside(file.read, min(PIECE, end - start))):
                start += len(piece)
                yield piece

    async def delete(self, name: str) -> None:
        await _beside(self._place(name).unlink, missing_ok=True)

    async def tidy(self, before: datetime) -> None:
        for folder in await _beside(_listed, self._folder):
            for path in await _beside(_listed, folder):
                if path.name.endswith(_PARTIAL) and await _beside(_is_older, path, before):
                    await _beside(path.unlink, missing_ok=True)

    async def list_names(self) -> AsyncGenerator[tuple[str, datetime], None]:
        for folder in await _beside(_listed, self._folder):
            for path in await _beside(_listed, folder):
                with contextlib.suppress(FileNotFoundError):
                    if is_name(path.name):
                        yield path.name, datetime.fromtimestamp((await _beside(path.stat)).st_mtime, UTC)

    def _place(self, name: str) -> Path:
        return self._folder / known(name)[:2] / name


def _put(place: Path, path: Path) -> None:
    """Move the file, or copy it from another file system; its name comes when its bytes are on the disk."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}{_PARTIAL}")
    try:
        try:
            path.replace(draft)
        except OSError:
            shutil.copyfile(path, draft)
        _sync(draft)
        draft.replace(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    for folder in (place.parent, place.parent.parent, place.parent.parent.parent):
        _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_older(path: Path, before: datetime) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mtime < before.timestamp()
    return False


async def _beside(act: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Do something with the disk in a thread; what the disk refuses is a StorageError."""
    try:
        return await asyncio.to_thread(act, *args, **kwargs)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageError(error.strerror or str(error)) from error
