"""The storage: what is put is there, whole, and nothing leads out of its folder."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from forum import clock
from forum.storage import FolderStorage, Missing, StorageError, storage_of

_NAME = "0123456789abcdef0123456789abcdef"


async def read(storage: FolderStorage, name: str, start: int = 0, end: int = 10**9) -> bytes:
    return b"".join([piece async for piece in storage.read(name, start, end)])


async def test_what_is_put_is_read_in_whole_and_in_part(tmp_path: Path) -> None:
    storage, sent = FolderStorage(tmp_path / "files"), bytes(range(256)) * 4000
    path = tmp_path / "arrived"
    path.write_bytes(sent)
    await storage.put(_NAME, path)
    assert await read(storage, _NAME) == sent
    assert await read(storage, _NAME, 300_000, 900_001) == sent[300_000:900_001]
    ((name, at),) = [found async for found in storage.list_names()]
    assert name == _NAME
    assert abs(clock.now() - at) < timedelta(minutes=1)
    await storage.delete(_NAME)
    await storage.delete(_NAME)
    with pytest.raises(Missing):
        await read(storage, _NAME)


@pytest.mark.parametrize(
    "name", ["../secret.key", "", "abc", _NAME.upper(), f"{_NAME}/x", f"{_NAME}.exe", f"{_NAME}\n"]
)
async def test_nothing_leads_elsewhere(tmp_path: Path, name: str) -> None:
    storage = FolderStorage(tmp_path / "files")
    (tmp_path / "secret.key").write_text("x")
    for act in (read(storage, name), storage.put(name, tmp_path / "secret.key"), storage.delete(name)):
        with pytest.raises(ValueError) as refused:  # noqa: PT011 - the name is its text
            await act
        assert str(refused.value) == name


async def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file where the folder should be")
    path = tmp_path / "arrived"
    path.write_bytes(b"x")
    with pytest.raises(StorageError):
        await FolderStorage(tmp_path / "files").put(_NAME, path)


async def test_what_is_no_file_of_ours_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "files" / "01").mkdir(parents=True)
    (tmp_path / "files" / "01" / f".{_NAME}.partial").write_text("x")
    (tmp_path / "files" / "note.txt").write_text("x")
    assert [found async for found in FolderStorage(tmp_path / "files").list_names()] == []


@pytest.mark.parametrize("url", ["ftp://x/y", "s3://", "/srv/files", "s3://bucket?unknown_option=1"])
def test_what_names_no_store_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match=r"must be empty|names no store"):
        storage_of(url, tmp_path)
