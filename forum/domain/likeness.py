"""Good practices of municipalities like the reader's in population, setting, region or themes; the most alike first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from forum.db import Card, Conn, Query
from forum.domain import readable
from forum.domain.actors import Actor
from forum.domain.entities import TopicId

NEAR: Final = 0.5
"""Populations are near each other where they differ by no more than this part of the reader's."""

LISTED: Final = 50


@dataclass(frozen=True, slots=True)
class LikePractice:
    """A practice of a municipality like the reader's, and in what the two are alike."""

    topic_id: TopicId
    title: str
    slug: str
    language: str | None
    translated_titles: dict[str, str]
    teaser: str
    state: str
    owner_slug: str
    owner_el: str
    owner_en: str
    population: int | None
    region_el: str
    region_en: str
    is_near: bool
    is_same_region: bool
    settings: list[str]
    """Those of both municipalities' profiles: `island`, `coast`, `mountain`, `inland`."""
    themes_el: list[str]
    themes_en: list[str]
    """Those of the practice that the reader's own municipality works on: by its profile, or what it did or takes up."""
    user_count: int
    """Municipalities that use it."""


# OFFSET: the practices of each municipality are found from the index on fields, and not all of them at once.
_LIKE = Query(
    "likeness.list",
    f"""
    WITH {readable.CTE},
    mine AS MATERIALIZED (
        SELECT organisations.id, organisations.slug, organisations.population, organisations.region_id,
               coalesce(profiles.settings, '{{}}') AS settings, coalesce(profiles.themes, '{{}}') AS themes
        FROM organisations
        LEFT JOIN profiles ON profiles.organisation_id = organisations.id
        WHERE organisations.id = $2
    ),
    my_themes AS MATERIALIZED (
        SELECT themes.slug
        FROM (
            SELECT topics.id
            FROM mine
            JOIN topics
                ON topics.fields @> jsonb_build_object('owner', mine.slug) AND topics.fields <> '{{}}'
                    AND topics.deleted_at IS NULL
            UNION
            SELECT adoptions.topic_id
            FROM mine
            JOIN adoptions ON adoptions.organisation_id = mine.id
        ) AS own
        JOIN topics ON topics.id = own.id AND topics.deleted_at IS NULL AND {readable.IS}
        JOIN themes ON topics.fields -> 'themes' ? themes.slug
        UNION
        SELECT unnest(mine.themes)
        FROM mine
    )
    SELECT topics.id, topics.title, topics.slug, topics.language, topics.translated_titles,
           coalesce(topics.fields ->> 'teaser', ''), coalesce(topics.fields ->> 'state', 'submitted'),
           owners.slug, owners.name_el, owners.name_en,
           owners.population, regions.name_el, regions.name_en, likeness.is_near, likeness.is_same_region,
           likeness.settings, shared.names_el, shared.names_en,
           (SELECT count(*) FROM adoptions WHERE adoptions.topic_id = topics.id AND adoptions.stage = 'in_use')
    FROM mine
    CROSS JOIN organisations AS owners
    JOIN regions ON regions.id = owners.region_id
    LEFT JOIN profiles ON profiles.organisation_id = owners.id
    CROSS JOIN LATERAL (
        SELECT coalesce(abs(owners.population - mine.population) <= {NEAR} * mine.population, false) AS is_near,
               coalesce(owners.region_id = mine.region_id, false) AS is_same_region,
               ARRAY(
                   SELECT setting
                   FROM unnest(profiles.settings) AS setting
                   WHERE setting = ANY (mine.settings)
               ) AS settings
    ) AS likeness
    CROSS JOIN LATERAL (
        SELECT topics.id, topics.title, topics.slug, topics.language, topics.translated_titles, topics.fields
        FROM topics
        WHERE topics.fields @> jsonb_build_object('owner', owners.slug) AND topics.fields <> '{{}}'
            AND topics.deleted_at IS NULL AND topics.kind = 'good_practice' AND {readable.IS}
        OFFSET 0
    ) AS topics
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(themes.name_el ORDER BY themes.position), '{{}}') AS names_el,
               coalesce(array_agg(themes.name_en ORDER BY themes.position), '{{}}') AS names_en
        FROM themes
        JOIN my_themes ON my_themes.slug = themes.slug
        WHERE topics.fields -> 'themes' ? themes.slug
    ) AS shared
    WHERE owners.id <> mine.id
        AND (
            likeness.is_near OR likeness.is_same_region OR cardinality(likeness.settings) > 0
            OR cardinality(shared.names_el) > 0
        )
    ORDER BY (
        likeness.is_near::integer + likeness.is_same_region::integer + (cardinality(likeness.settings) > 0)::integer
        + (cardinality(shared.names_el) > 0)::integer
    ) DESC, (topics.fields @> '{{"state": "validated"}}') DESC, topics.id DESC
    LIMIT {LISTED}
    """,
    returns=LikePractice,
    card=Card.MANY,
)


async def list_practices(conn: Conn, actor: Actor) -> list[LikePractice]:
    """Return the practices of municipalities like the actor's that they may read, the most alike first."""
    return await conn.many(_LIKE, actor.member_id, actor.organisation_id)
