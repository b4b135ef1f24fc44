"""Who is twinned with whom, as everybody sees it: what was signed here, and what municipalities tell of themselves.

Invitations and what comes before a signature are never in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from forum.db import Card, Conn, Query
from forum.domain import twinned
from forum.domain.profiles import TwinState


@dataclass(frozen=True, slots=True)
class Tie:
    """Two that are twins; the second has no slug and no region where it is a town outside the forum."""

    slug: str
    name_el: str
    name_en: str
    region_slug: str
    region_el: str
    region_en: str
    other_slug: str | None
    other_el: str
    other_en: str
    other_region_slug: str | None
    other_region_el: str | None
    other_region_en: str | None
    other_country: str
    since_year: int | None
    state: TwinState


# Each pair once: what was signed here before what is told, and of two that tell of each other the one of the first.
_LIST = Query(
    "twinning_network.list",
    f"""
    SELECT organisations.slug, organisations.name_el, organisations.name_en,
           regions.slug, regions.name_el, regions.name_en,
           others.slug, coalesce(others.name_el, ties.town), coalesce(others.name_en, ties.town),
           other_regions.slug, other_regions.name_el, other_regions.name_en,
           coalesce(other_regions.country, ties.country), ties.since_year, ties.state
    FROM (
        SELECT DISTINCT ON (known.first_id, known.second_id, CASE WHEN known.second_id IS NULL THEN known.id END)
               known.*
        FROM (
            SELECT 1 AS rank, twinnings.id,
                   least(twinnings.from_organisation_id, twinnings.to_organisation_id) AS first_id,
                   greatest(twinnings.from_organisation_id, twinnings.to_organisation_id) AS second_id,
                   null::text AS town, null::text AS country,
                   extract(YEAR FROM twinnings.signed_on)::smallint AS since_year, twinnings.state
            FROM twinnings
            WHERE {twinned.IS_PUBLIC}
            UNION ALL
            SELECT CASE WHEN twins.organisation_id < twins.partner_id THEN 2 ELSE 3 END, twins.id,
                   CASE
                       WHEN twins.partner_id IS NULL THEN twins.organisation_id
                       ELSE least(twins.organisation_id, twins.partner_id)
                   END,
                   CASE WHEN twins.partner_id IS NOT NULL THEN greatest(twins.organisation_id, twins.partner_id) END,
                   twins.town, twins.country, twins.since_year, twins.state
            FROM twins
            WHERE twins.state <> 'ended'
        ) AS known
        ORDER BY
            known.first_id, known.second_id, CASE WHEN known.second_id IS NULL THEN known.id END, known.rank
    ) AS ties
    JOIN organisations ON organisations.id = ties.first_id AND organisations.closed_at IS NULL
    JOIN regions ON regions.id = organisations.region_id
    LEFT JOIN organisations AS others ON others.id = ties.second_id
    LEFT JOIN regions AS other_regions ON other_regions.id = others.region_id
    WHERE others.closed_at IS NULL
    ORDER BY
        fold(CASE WHEN $1 = 'el' THEN organisations.name_el ELSE organisations.name_en END) COLLATE "C",
        organisations.id, ties.since_year NULLS LAST, ties.id
    """,
    returns=Tie,
    card=Card.MANY,
)


async def list_ties(conn: Conn, *, language: str) -> list[Tie]:
    """Return all who are twins, by the name of the first in the language."""
    return await conn.many(_LIST, language)
