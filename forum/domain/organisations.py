"""Organisations: what a member belongs to, exactly one. A municipality of a region, an association, or a partner."""

from __future__ import annotations

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, groups
from forum.domain.entities import (
    Language,
    MemberId,
    Organisation,
    OrganisationId,
    OrganisationKind,
    OrganisationState,
)
from forum.errors import Conflict, Invalid, NotFound

_SELECT = """
    SELECT organisations.id, organisations.slug, organisations.kind, organisations.name_el, organisations.name_en,
           regions.slug, regions.name_el, regions.name_en, organisations.district_el, organisations.district_en,
           organisations.is_displaced, organisations.population, organisations.population_year,
           (
               SELECT count(*)
               FROM members
               WHERE members.organisation_id = organisations.id
           ),
           organisations.closed_at, successors.slug, successors.name_el, successors.name_en
    FROM organisations
    LEFT JOIN regions ON regions.id = organisations.region_id
    LEFT JOIN organisations AS successors ON successors.id = organisations.merged_into_id
"""

_LIST = Query(
    "organisations.list",
    f"""
    {_SELECT}
    WHERE ($1::text IS NULL OR organisations.kind = $1) AND ($2::text IS NULL OR regions.slug = $2)
        AND ($4::text IS NULL OR $4 = CASE
            WHEN organisations.merged_into_id IS NOT NULL THEN 'merged'
            WHEN organisations.closed_at IS NOT NULL THEN 'closed'
            ELSE 'open'
        END)
        AND (
            position(fold($5) IN fold(organisations.name_el)) > 0
            OR position(fold($5) IN fold(organisations.name_en)) > 0
            OR organisations.slug = $5
        )
    ORDER BY
        fold(CASE WHEN $3 = 'el' THEN organisations.name_el ELSE organisations.name_en END) COLLATE "C",
        organisations.id
    """,
    returns=Organisation,
    card=Card.MANY,
)

_ONE = Query(
    "organisations.organisation",
    f"""
    {_SELECT}
    WHERE
        organisations.slug = $1
        OR organisations.id = (SELECT former_slugs.organisation_id FROM former_slugs WHERE former_slugs.slug = $1)
    ORDER BY organisations.slug = $1 DESC
    LIMIT 1
    """,
    returns=Organisation,
    card=Card.ZERO_OR_ONE,
)

_BY_ID = Query(
    "organisations.by_id", f"{_SELECT} WHERE organisations.id = $1", returns=Organisation, card=Card.ZERO_OR_ONE
)

_PREDECESSORS = Query(
    "organisations.predecessors",
    f"{_SELECT} WHERE organisations.merged_into_id = $1 ORDER BY organisations.closed_at, organisations.id",
    returns=Organisation,
    card=Card.MANY,
)

_NAMED = Query(
    "organisations.named",
    f"""
    {_SELECT}
    WHERE
        organisations.closed_at IS NULL
        AND (
            fold(organisations.name_el) IN (fold($1), fold('Δήμος ' || $1))
            OR fold(organisations.name_en) IN (fold($1), fold('Municipality of ' || $1))
        )
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

_IS_FORMER = Query(
    "organisations.is_former",
    "SELECT EXISTS (SELECT 1 FROM former_slugs WHERE former_slugs.slug = $1 AND former_slugs.organisation_id <> $2)",
    returns=bool,
    card=Card.ONE,
)

# FOR UPDATE, since a member who comes in holds their organisation for as long as that takes.
_LOCK = Statement(
    "organisations.lock",
    "SELECT organisations.id FROM organisations WHERE organisations.slug = ANY ($1::text[]) ORDER BY id FOR UPDATE",
    returns=int,
    card=Card.MANY,
)

_UPDATE = Statement(
    "organisations.update",
    """
    UPDATE organisations
    SET slug = $2, name_el = $3, name_en = $4, district_el = $5, district_en = $6, is_displaced = $7,
        population = $8, population_year = $9
    WHERE organisations.id = $1
    """,
    returns=int,
    card=Card.NONE,
)

_KEEP_SLUG = Statement(
    "organisations.keep_slug",
    """
    INSERT INTO former_slugs (slug, organisation_id)
    VALUES ($1, $2)
    ON CONFLICT (slug) DO UPDATE SET organisation_id = excluded.organisation_id
    """,
    returns=int,
    card=Card.NONE,
)

_TAKE_SLUG_BACK = Statement(
    "organisations.take_slug_back",
    "DELETE FROM former_slugs WHERE former_slugs.slug = $1 AND former_slugs.organisation_id = $2",
    returns=int,
    card=Card.NONE,
)

_MOVE = Statement(
    "organisations.move",
    """
    UPDATE organisations
    SET region_id = (SELECT regions.id FROM regions WHERE regions.slug = $2)
    WHERE organisations.id = $1
    """,
    returns=int,
    card=Card.NONE,
)

_CLOSE = Statement(
    "organisations.close",
    "UPDATE organisations SET closed_at = now() WHERE organisations.id = $1 AND organisations.closed_at IS NULL",
    returns=int,
    card=Card.NONE,
)

_REOPEN = Statement(
    "organisations.reopen",
    "UPDATE organisations SET closed_at = NULL WHERE organisations.id = $1 AND organisations.closed_at IS NOT NULL",
    returns=int,
    card=Card.NONE,
)

# Whatever had merged into it before leads on to where its own members go.
_MERGE = Statement(
    "organisations.merge",
    """
    UPDATE organisations
    SET merged_into_id = $2, closed_at = coalesce(organisations.closed_at, now())
    WHERE organisations.id = $1 OR organisations.merged_into_id = $1
    """,
    returns=int,
    card=Card.NONE,
)


async def list_organisations(
    conn: Conn,
    *,
    kind: OrganisationKind | None = None,
    region: str | None = None,
    state: OrganisationState | None = None,
    query: str = "",
    language: Language = "el",
) -> list[Organisation]:
    """Return the organisations of a kind, region (by slug) or state, by their name in the language, as in a directory.

    With a query: those in whose names it stands, accents aside, or whose slug it is.
    """
    return await conn.many(_LIST, kind, region, language, state, " ".join(query.split()))


async def organisation(conn: Conn, slug: str) -> Organisation:
    """Return the organisation that has a slug, or had it before; raise NotFound."""
    found = await conn.maybe(_ONE, slug)
    if found is None:
        raise NotFound
    return found


async def by_id(conn: Conn, organisation_id: OrganisationId) -> Organisation:
    found = await conn.maybe(_BY_ID, organisation_id)
    if found is None:
        raise NotFound
    return found


async def list_predecessors(conn: Conn, organisation_id: OrganisationId) -> list[Organisation]:
    """Return the organisations that merged into this one, the earliest first."""
    return await conn.many(_PREDECESSORS, organisation_id)


async def locked(tx: Tx, *slugs: str) -> list[Organisation]:
    """Return organisations in the order of their slugs as given, locked; nobody comes into them meanwhile."""
    await tx.many(_LOCK, list(slugs))
    return [await organisation(tx, slug) for slug in slugs]


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
    await _refuse_former(tx, slug, organisation_id)
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


async def update(
    tx: Tx,
    before: Organisation,
    *,
    slug: str,
    name_el: str,
    name_en: str,
    district_el: str | None,
    district_en: str | None,
    is_displaced: bool,
    population: int | None,
    population_year: int | None,
) -> None:
    """Change what an organisation, which is locked, and its group are called; its old slug leads to the new one."""
    values = (name_el, name_en, district_el, district_en, is_displaced, population, population_year)
    await tx.run(_UPDATE, before.id, slug, *values)
    if slug != before.slug:
        await _refuse_former(tx, slug, before.id)
        await tx.run(_TAKE_SLUG_BACK, slug, before.id)
        await tx.run(_KEEP_SLUG, before.slug, before.id)
    await groups.rename_of_organisation(tx, before.id, slug=slug, name_el=name_el, name_en=name_en)


async def move(tx: Tx, municipality: Organisation, region: str) -> None:
    """Put a municipality into another region (by slug); raise Invalid when there is none."""
    if not await tx.one(_REGION_EXISTS, region):
        raise Invalid({"region": ("unknown",)})
    await tx.run(_MOVE, municipality.id, region)


async def close(tx: Tx, organisation_id: OrganisationId) -> None:
    """Let nobody come in any more; raise Conflict when it is closed."""
    if not await tx.run(_CLOSE, organisation_id):
        raise Conflict("organisation_closed")


async def reopen(tx: Tx, organisation_id: OrganisationId) -> None:
    await tx.run(_REOPEN, organisation_id)


async def merge(tx: Tx, organisation_id: OrganisationId, into: OrganisationId) -> None:
    """Close an organisation and have it, and what had merged into it, lead to another."""
    await tx.run(_MERGE, organisation_id, into)


async def _refuse_former(tx: Tx, slug: str, organisation_id: OrganisationId) -> None:
    """Raise Invalid for a slug that leads to another organisation; asked once it is taken, so that none slips in."""
    if await tx.one(_IS_FORMER, slug, organisation_id):
        raise Invalid({"slug": ("taken",)})


_REGION_EXISTS = Query(
    "organisations.region_exists",
    "SELECT EXISTS (SELECT 1 FROM regions WHERE regions.slug = $1)",
    returns=bool,
    card=Card.ONE,
)
