"""Regions of member states whose municipalities take part, each with the group of everyone in them."""

from __future__ import annotations

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, groups
from forum.domain.entities import Language, MemberId, Region, RegionId
from forum.errors import NotFound

_COLUMNS = """
    regions.id, regions.slug, regions.name_el, regions.name_en, regions.country, regions.subdivision, regions.nuts,
    (
        SELECT count(*)
        FROM organisations
        WHERE organisations.region_id = regions.id
    )
"""

_LIST = Query(
    "regions.list",
    f"""
    SELECT {_COLUMNS}
    FROM regions
    ORDER BY fold(CASE WHEN $1 = 'el' THEN regions.name_el ELSE regions.name_en END) COLLATE "C", regions.id
    """,
    returns=Region,
    card=Card.MANY,
)

_ONE = Query(
    "regions.region",
    f"SELECT {_COLUMNS} FROM regions WHERE regions.slug = $1",
    returns=Region,
    card=Card.ZERO_OR_ONE,
)

_CREATE = Statement(
    "regions.create",
    """
    INSERT INTO regions (slug, name_el, name_en, country, subdivision, nuts)
    VALUES ($1, $2, $3, $4, $5, $6)
    RETURNING id
    """,
    returns=int,
    card=Card.ONE,
)

_BY_ID = Query(
    "regions.by_id", f"SELECT {_COLUMNS} FROM regions WHERE regions.id = $1", returns=Region, card=Card.ZERO_OR_ONE
)

_LOCK = Statement(
    "regions.lock",
    "SELECT regions.id FROM regions WHERE regions.slug = $1 FOR NO KEY UPDATE",
    returns=int,
    card=Card.ZERO_OR_ONE,
)

_UPDATE = Statement(
    "regions.update",
    """
    UPDATE regions
    SET name_el = $2, name_en = $3, country = $4, subdivision = $5, nuts = $6
    WHERE regions.id = $1
    """,
    returns=int,
    card=Card.NONE,
)


async def list_regions(conn: Conn, *, language: Language = "el") -> list[Region]:
    """Return all regions by their name in the language."""
    return await conn.many(_LIST, language)


async def region(conn: Conn, slug: str) -> Region:
    found = await conn.maybe(_ONE, slug)
    if found is None:
        raise NotFound
    return found


async def by_id(conn: Conn, region_id: RegionId) -> Region:
    found = await conn.maybe(_BY_ID, region_id)
    if found is None:
        raise NotFound
    return found


async def locked(tx: Tx, slug: str) -> Region:
    await tx.maybe(_LOCK, slug)
    return await region(tx, slug)


async def update(
    tx: Tx,
    before: Region,
    *,
    name_el: str,
    name_en: str,
    country: str,
    subdivision: str | None,
    nuts: str | None,
) -> None:
    """Change what a region, which is locked, and its group are called; its slug stays."""
    await tx.run(_UPDATE, before.id, name_el, name_en, country, subdivision, nuts)
    await groups.rename_of_region(tx, before.id, slug=before.slug, name_el=name_el, name_en=name_en)


async def create(
    tx: Tx,
    *,
    slug: str,
    name_el: str,
    name_en: str,
    country: str,
    subdivision: str | None = None,
    nuts: str | None = None,
    actor_id: MemberId | None = None,
) -> RegionId:
    """Add a region and its group; codes are ISO 3166-1 alpha-2, ISO 3166-2 and NUTS. Raise Invalid for a taken slug."""
    region_id = RegionId(await tx.one(_CREATE, slug, name_el, name_en, country, subdivision, nuts))
    await groups.create_of_region(tx, region_id, slug=slug, name_el=name_el, name_en=name_en)
    await audit.record(
        tx,
        actor_id=actor_id,
        act="region.created",
        subject="region",
        subject_id=region_id,
        after={"slug": slug, "country": country, "subdivision": subdivision, "nuts": nuts},
    )
    return region_id
