"""The address of the database may say that nothing is prepared on it, as old PgBouncers need it."""

from __future__ import annotations

from typing import Final

import pytest

from forum.db import REGISTRY, Card, Database, Query, connect
from forum.errors import CommandError

_PREPARED: Final = Query("address.prepared", "SELECT count(*) FROM pg_prepared_statements", returns=int, card=Card.ONE)
del REGISTRY[_PREPARED.name]  # the registry is the forum's, and other tests walk it


async def _prepared(url: str) -> int:
    """Ask twice, and return how many statements the connection keeps."""
    db = Database(url, pool_size=1)
    await db.open()
    try:
        async with db.read() as conn:
            await conn.one(_PREPARED)
            return await conn.one(_PREPARED)
    finally:
        await db.close()


async def test_statements_are_prepared_unless_the_address_says_otherwise(database_url: str) -> None:
    assert await _prepared(database_url) > 0
    assert await _prepared(f"{database_url}&statement_cache_size=0") == 0
    assert await _prepared(database_url.replace("?", "?statement_cache_size=0&")) == 0


async def test_commands_and_migrations_heed_it_too(database_url: str) -> None:
    connection = await connect(f"{database_url}&statement_cache_size=0")
    try:
        assert await connection.fetchval(_PREPARED.sql) == 0
    finally:
        await connection.close()


@pytest.mark.parametrize("size", ["", "none", "-1", "0.5"])
async def test_what_is_no_number_is_told_in_one_line(database_url: str, size: str) -> None:
    with pytest.raises(CommandError, match="statement_cache_size must be a number"):
        await connect(f"{database_url}&statement_cache_size={size}")
