"""What is done by the clock with attachments: what nothing names goes, and the words of documents are read.

Each bears being begun anew: a row goes before its bytes, and bytes without a row go a day later.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from forum.config import Config
from forum.db import Database
from forum.domain import attachments
from forum.domain.attachments import SWEPT_AT_ONCE, Unread
from forum.files.looking import Looking
from forum.storage import Missing, Storage, storage_of

_log = logging.getLogger("forum.attachments")

STRAY: Final = timedelta(days=1)
"""How old bytes without a row are at least when they go: a file that has just arrived has none yet."""

_ASKED_AT_ONCE: Final = 500


async def sweep(db: Database, config: Config) -> None:
    """Delete files that for a day neither a post nor a draft has named, then bytes that no row tells of."""
    storage = _storage(config)
    while True:
        async with db.write() as tx:
            swept = await attachments.sweep(tx)
        for one in swept:
            for name in one.names:
                await storage.delete(name)
        if len(swept) < SWEPT_AT_ONCE:
            break
    before = await _clear_strays(db, storage)
    await storage.tidy(before)
    await asyncio.to_thread(_clear_arrivals, config.arrivals_folder, before)


async def _clear_strays(db: Database, storage: Storage) -> datetime:
    """Return before when what is no use any more was put."""
    async with db.read() as conn:
        before = await attachments.before(conn, STRAY)
    asked: list[str] = []
    async for name, put_at in storage.list_names():
        if put_at < before:
            asked.append(name)
        if len(asked) == _ASKED_AT_ONCE:
            await _clear(db, storage, asked)
            asked = []
    await _clear(db, storage, asked)
    return before


async def _clear(db: Database, storage: Storage, names: list[str]) -> None:
    if not names:
        return
    keys = {name: uuid.UUID(name[:32]) for name in names}
    async with db.read() as conn:
        known = await attachments.known(conn, list(set(keys.values())))
    for name in names:
        if keys[name] not in known:
            _log.warning("%s belongs to no file and is deleted", name)
            await storage.delete(name)


def _clear_arrivals(folder: Path, before: datetime) -> None:
    """Delete what a process that was killed had begun to take."""
    for path in folder.glob("*"):
        if path.is_file() and path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)


async def read_words(db: Database, config: Config) -> None:
    """Read the words of documents that have come since."""
    storage, looking = _storage(config), Looking()
    while True:
        async with db.read() as conn:
            due = await attachments.list_unread(conn)
        if not due:
            return
        for unread in due:
            text = await _words(storage, looking, config.arrivals_folder, unread)
            async with db.write() as tx:
                await attachments.keep_text(tx, unread.id, text)


async def _words(storage: Storage, looking: Looking, folder: Path, unread: Unread) -> str:
    """Return the words of a document; none where its bytes are lost, since nobody will find them later."""
    path = folder / f"words-{unread.key.hex}"
    try:
        await asyncio.to_thread(folder.mkdir, 0o700, parents=True, exist_ok=True)
        with await asyncio.to_thread(path.open, "wb") as file:
            async for piece in storage.read(unread.key.hex, 0, unread.size):
                await asyncio.to_thread(file.write, piece)
        return await looking.words(path, unread.content_type)
    except Missing:
        _log.error("%s is not in the storage", unread.key.hex)
        return ""
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


def _storage(config: Config) -> Storage:
    return storage_of(config.storage_url.get_secret_value(), config.data_dir)
