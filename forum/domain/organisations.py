"""Organisations: what a member belongs to, exactly one. A municipality of a region, an association, or a partner."""

from __future__ import annotations

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, groups
from forum.domain.entities import Language, MemberId, Organisation, OrganisationId, OrganisationKind
from forum.errors import Invalid, NotFound

_SELECT = """
    SELECT organisations.id, organisations.slug, organisations.kind, organisations.name_el, organisations.name_en,
           regions.slug, regions.name_el, regions.name_en, organisations.district_el, organisations.district_en,
           organisations.is_displaced, organisations.population, organisations.population_year,
           (
               SELECT count(*)
               FROM members
               WHERE members.organisation_id = organisations.id
           )
    FROM organisations
    LEFT JOIN regions ON regions.id = organisations.region_id
"""

_LIST = Query(
    "organisations.list",
    f"""
    {_SELECT}
    WHERE ($1::text IS NULL OR organisations.kind = $1) AND ($2::text IS NULL OR regions.slug = $2)
    ORDER BY
        fold(CASE WHEN $3 = 'el' THEN organisations.name_el ELSE organisations.name_en END) COLLATE "C",
        organisations.id
    """,
    returns=Organisation,
    card=Card.MANY,
)

_ONE = Query(
    "organisations.organisation",
    f"{_SELECT} WHERE organisations.slug = $1",
    returns=Organisation,
    card=Card.ZERO_OR_ONE,
)

_NAMED = Query(
    "organisations.named",
    f"""
    {_SELECT}
    WHERE
        fold(organisations.name_el) IN (fold($1), fold('Δήμος ' || $1))
        OR fold(organisations.name_en) IN (fold($1), fold('Municipality of ' || $1))
    ORDER BY organisations.id
    LIMIT 2
    """,
    returns=Organisation,
    card=Card.MANY,
)

_CREATE = Statement(
    "organisations.create",
    """
    INSERT INTO organisations (
        slug, kind, region_id, name_el, name_en, district_el, district_en, is_displaced, population, population_year
    )
    VALUES ($1, $2, (SELECT regions.id FROM regions WHERE regions.slug = $3), $4, $5, $6, $7, $8, $9, $10)
    RETURNING id
    """,
    returns=int,
    card=Card.ONE,
)


async def list_organisations(
    conn: Conn, *, kind: OrganisationKind | None = None, region: str | None = None, language: Language = "el"
) -> list[Organisation]:
    """Return the organisations of a kind or region (by slug), by their name in the language, as in a directory."""
    return await conn.many(_LIST, kind, region, language)


async def organisation(conn: Conn, slug: str) -> Organisation:
    found = await conn.maybe(_ONE, slug)
    if found is None:
        raise NotFound
    return found


async def find(conn: Conn, text: str) -> Organisation:
    """Return the organisation somebody means: its slug, or its name in Greek or English, however it is accented.

    "Δήμος" and "Municipality of" may be left out. Raise NotFound, or Invalid when two are called so.
    """
    wanted = " ".join(text.split())
    by_slug = await conn.maybe(_ONE, wanted)
    if by_slug is not None:
        return by_slug
    found = await conn.many(_NAMED, wanted)
    if not found:
        raise NotFound
    if len(found) > 1:
        raise Invalid({"organisation": ("ambiguous",)})
    return found[0]


async def create(
    tx: Tx,
    *,
    slug: str,
    kind: OrganisationKind,
    name_el: str,
    name_en: str,
    region: str | None = None,
    district_el: str | None = None,
    district_en: str | None = None,
    is_displaced: bool = False,
    population: int | None = None,
    population_year: int | None = None,
    actor_id: MemberId | None = None,
) -> OrganisationId:
    """Add an organisation and its group; a municipality needs a region (by slug), the others have none.

    Raise Invalid for a taken slug, or a region that is unknown or not asked for.
    """
    if (kind == "municipality") != (region is not None):
        raise Invalid({"region": ("required" if region is None else "not_allowed",)})
    if region is not None and not await tx.one(_REGION_EXISTS, region):
        raise Invalid({"region": ("unknown",)})
    values = (name_el, name_en, district_el, district_en, is_displaced, population, population_year)
    organisation_id = OrganisationId(await tx.one(_CREATE, slug, kind, region, *values))
    await groups.create_of_organisation(tx, organisation_id, slug=slug, name_el=name_el, name_en=name_en)
    await audit.record(
        tx,
        actor_id=actor_id,
        act="organisation.created",
        subject="organisation",
        subject_id=organisation_id,
        after={"slug": slug, "kind": kind, "region": region},
    )
    return organisation_id


_REGION_EXISTS = Query(
    "organisations.region_exists",
    "SELECT EXISTS (SELECT 1 FROM regions WHERE regions.slug = $1)",
    returns=bool,
    card=Card.ONE,
)
