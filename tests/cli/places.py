"""Empty places that backups are restored into, and what a database holds, reckoned without the code under test."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from forum.backup.archive import opened
from forum.backup.restoring import Place, restore
from forum.db import RawConnection, connect
from forum.errors import CommandError
from forum.postgres import EmbeddedServer, Endpoint
from tests.cli.running import Run


@dataclass(frozen=True, slots=True)
class EmptyPlace:
    """An empty database and data directory, and the commands on them."""

    superuser_url: str
    owner_url: str
    url: str
    data_dir: Path
    run: Run

    async def restore(self, saved: Path, key: Path | None = None) -> list[str]:
        """Restore and verify in this process, which takes a second less than the command."""
        found = opened(saved, key, lambda count: None)
        return await restore(Place(self.owner_url, "koinon", self.data_dir), found, is_verified=True)

    async def refusal(self, saved: Path, key: Path | None = None) -> str:
        """Return the one line with which it is not restored."""
        with pytest.raises(CommandError) as refused:
            await self.restore(saved, key)
        assert "\n" not in str(refused.value)
        return str(refused.value)

    async def holds_nothing(self) -> bool:
        async with to(self.owner_url) as connection:
            tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        return bool(tables == 0) and [path for path in self.data_dir.rglob("*") if path.is_file()] == []


@contextlib.asynccontextmanager
async def empty_place(postgres: Endpoint, folder: Path, name: str = "restored") -> AsyncIterator[EmptyPlace]:
    """Make an empty place and take it away again."""
    async with to(postgres.url("postgres", EmbeddedServer.SUPERUSER)) as superuser:
        await superuser.execute(f"CREATE DATABASE {name} OWNER koinon_owner")
        try:
            data_dir, url = folder / f"{name}-data", postgres.url(name, "koinon")
            yield EmptyPlace(
                superuser_url=postgres.url(name, EmbeddedServer.SUPERUSER),
                owner_url=postgres.url(name, "koinon_owner"),
                url=url,
                data_dir=data_dir,
                run=Run(url, data_dir),
            )
        finally:
            await superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.asynccontextmanager
async def to(url: str) -> AsyncIterator[RawConnection]:
    """Give a connection on which every value is written in one way."""
    connection = await connect(url, timezone="UTC", datestyle="ISO", bytea_output="hex")
    try:
        yield connection
    finally:
        await connection.close()


async def content(url: str) -> dict[str, str]:
    """Return a checksum for every table, whatever the order of its rows, and where every sequence stands."""
    async with to(url) as connection:
        names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = {
            name: await connection.fetchval(
                f"""SELECT count(*) || md5(string_agg(t::text, '|' ORDER BY t::text COLLATE "C")) FROM {name} t"""
            )
            for (name,) in names
        }
        found |= {
            row["sequencename"]: str(row["last_value"])
            for row in await connection.fetch(
                "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
            )
        }
    return found


async def until(connection: RawConnection, condition: str, *values: object) -> None:
    """Wait until the database says that a condition is true."""
    deadline = time.monotonic() + 120
    while not await connection.fetchval(f"SELECT {condition}", *values):
        assert time.monotonic() < deadline, condition
        await connection.execute("SELECT pg_sleep(0.05)")


WAITS_FOR_A_LOCK: Final = """EXISTS (
    SELECT 1 FROM pg_stat_activity WHERE application_name = 'koinon backup' AND wait_event_type = 'Lock'
)"""
"""What is true while a backup waits for a table that somebody holds."""


def one_line(said: str) -> str:
    """Return the one line of an error, without its first word."""
    assert said.startswith("error: "), said
    assert said.count("\n") == 1, said
    return said.removeprefix("error: ").rstrip("\n")
