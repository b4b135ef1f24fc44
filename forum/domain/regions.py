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


async def list_regions(conn: Conn, *, language: Language = "el") -> list[Region]:
    """Return all regions by their name in the language."""
    return await conn.many(_LIST, language)


async def region(conn: Conn, slug: str) -> Region:
    found = await conn.maybe(_ONE, slug)
    if found is None:
        raise NotFound
    return found


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
