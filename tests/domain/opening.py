"""Opening categories in tests, as an administrator does: looked at, and confirmed as it was shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from forum.db import Database, RawConnection
from forum.domain import access, opening_effects, openings, stages
from forum.domain.access import AdministerGrant
from forum.domain.entities import CategoryId, GroupId, OpeningId
from forum.domain.opening_previews import Preview, Wanted
from forum.errors import NotFound

PARTNER: Final = "organisation-adriatic-cities"
"""The group of the cast's stranger, which holds no right anywhere."""


@dataclass
class Opener:
    """An administrator who opens the category `questions`, unless told otherwise."""

    db: Database
    owner: RawConnection
    grant: AdministerGrant

    async def wanted(self, group: str, stage: str, category: str = "questions", **options: Any) -> Wanted:
        return Wanted(
            CategoryId(await self.owner.fetchval("SELECT id FROM categories WHERE slug = $1", category)),
            GroupId(await self.owner.fetchval("SELECT id FROM groups WHERE slug = $1", group)),
            frozenset(stages.STAGES[stage]),
            **options,
        )

    async def preview(self, wanted: Wanted) -> Preview:
        async with self.db.read() as conn:
            return await openings.preview(conn, self.grant, wanted)

    async def open(self, group: str, stage: str, **options: Any) -> OpeningId:
        wanted = await self.wanted(group, stage, **options)
        digest = (await self.preview(wanted)).digest
        async with self.db.write() as tx:
            return await openings.open(tx, self.grant, wanted, digest=digest)

    async def undo(self, opening_id: OpeningId) -> None:
        async with self.db.write() as tx:
            await openings.undo(tx, self.grant, opening_id)

    async def settle(self) -> int:
        count = 0
        while True:
            async with self.db.write() as tx:
                if not await opening_effects.settle(tx):
                    return count
            count += 1

    async def rights(self, actor: Any, category: str = "questions") -> tuple[str, ...]:
        async with self.db.read() as conn:
            try:
                return (await access.category_to_see(conn, actor, category)).rights.names()
            except NotFound:
                return ()

    async def now(self) -> datetime:
        found = await self.owner.fetchval("SELECT clock_timestamp()")
        assert isinstance(found, datetime)
        return found
