"""Attachments in an object store that speaks Amazon's interface: put, read, listed, moved there and backed up."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from forum.storage import Missing, StorageError, storage_of
from tests.cli.running import Run

_NAME: Final = "0123456789abcdef0123456789abcdef"
_SENT: Final = bytes(range(256)) * 80_000


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """Return the address of a bucket on a server of the test's own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _make_bucket(f"http://127.0.0.1:{port}/files")
        yield f"s3://key:secret@files/forum?endpoint=http://127.0.0.1:{port}&region=us-east-1"
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def run(database_url: str, tmp_path: Path) -> Run:
    return Run(database_url, tmp_path)


def _make_bucket(address: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(address, method="PUT"), timeout=5):  # noqa: S310 - ours
                return
        except urllib.error.URLError:
            assert time.monotonic() < until, "the store does not start"
            time.sleep(0.2)


async def test_what_is_put_is_read_in_whole_and_in_part(store: str, tmp_path: Path) -> None:
    storage = storage_of(store, tmp_path)
    path = tmp_path / "sent"
    path.write_bytes(_SENT)
    await storage.put(_NAME, path)
    assert b"".join([piece async for piece in storage.read(_NAME, 0, len(_SENT))]) == _SENT
    assert b"".join([piece async for piece in storage.read(_NAME, 1_000, 300_001)]) == _SENT[1_000:300_001]
    assert [name async for name, _ in storage.list_names()] == [_NAME]
    await storage.delete(_NAME)
    await storage.delete(_NAME)
    with pytest.raises(Missing):
        await anext(storage.read(_NAME, 0, 5))


async def test_a_bucket_that_is_not_there_takes_nothing(store: str, tmp_path: Path) -> None:
    path = tmp_path / "sent"
    path.write_bytes(b"x")
    with pytest.raises(StorageError, match="bucket"):
        await storage_of(store.replace("@files/", "@others/"), tmp_path).put(_NAME, path)


async def test_files_are_moved_there_and_a_backup_fetches_them(run: Run, store: str, tmp_path: Path) -> None:
    (tmp_path / "files" / "01").mkdir(parents=True)
    (tmp_path / "files" / "01" / _NAME).write_bytes(_SENT)
    moved = await asyncio.to_thread(run, "store-files", FORUM_STORAGE_URL=store)
    assert (moved.returncode, moved.stderr) == (0, "")
    assert "1 files" in moved.stdout
    assert not (tmp_path / "files" / "01" / _NAME).exists()
    saved = await asyncio.to_thread(run, "backup", str(tmp_path / "b.tar.gz"), FORUM_STORAGE_URL=store)
    assert (saved.returncode, saved.stderr) == (0, "")
    listed = subprocess.run(["tar", "-tzf", tmp_path / "b.tar.gz"], capture_output=True, text=True, check=True).stdout
    assert f"files/01/{_NAME}" in listed
    storage = storage_of(store, tmp_path)
    assert b"".join([piece async for piece in storage.read(_NAME, 0, len(_SENT))]) == _SENT
    checked = await asyncio.to_thread(run, "check", FORUM_STORAGE_URL=store)
    assert "ok      storage: the store of attachments answers" in checked.stdout
    assert "secret@" not in checked.stdout


async def test_without_a_store_there_is_nothing_to_put_files_into(run: Run) -> None:
    done = await asyncio.to_thread(run, "store-files")
    assert done.returncode == 1
    assert "FORUM_STORAGE_URL" in done.stderr
