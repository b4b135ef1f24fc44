"""A write that the standby has not confirmed is acknowledged to nobody, however long it is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from forum.db import REGISTRY, Card, Database, Statement
from forum.errors import Unavailable
from tests.drills.replication import Pair, pair

_SAY: Final = Statement("audit.say", "UPDATE network SET tagline_en = $1", returns=int, card=Card.NONE)
del REGISTRY[_SAY.name]  # the registry is the forum's, and other tests walk it


@pytest.fixture
def servers() -> Iterator[Pair]:
    with pair() as made:
        yield made


async def _say(db: Database, word: str) -> None:
    async with db.write() as tx:
        await tx.run(_SAY, word)


async def test_without_its_standby_a_synchronous_primary_acknowledges_nothing(servers: Pair) -> None:
    await servers.wait_for_nobody_but()
    db = Database(servers.primary_url)
    await db.open()
    await _say(db, "with the standby")
    servers.stop_standby()
    with pytest.raises(Unavailable):
        await _say(db, "without it")
    servers.start_standby()
    await _say(db, "with it again")
    await db.close()
