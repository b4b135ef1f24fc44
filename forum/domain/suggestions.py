"""What closes within a week, and what fits a member's municipality: for the home page and for the head of digests.

Each suggestion says why it is one. Rights are asked as it is made, for one member or for the recipients of many
letters in one query; nothing is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from forum.db import Card, Conn, Query
from forum.domain import leading, readable
from forum.domain.actors import Actor
from forum.domain.entities import MemberId, OrganisationId, TopicId
from forum.i18n import next_day

CLOSING: Final = 5
FITTING: Final = 3
"""Of each at most: they stand before what is new, and should not hide it."""

LOOKED_AT: Final = 500
"""Topics of a category, the next to close or the newest, among which what fits is looked for: a bounded cost."""

DAYS: Final = 7

Sort = Literal["closing", "proposal", "good_practice"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A topic, and why it is suggested: it closes soon, or shares themes, or the setting, with the municipality."""

    member_id: MemberId
    sort: Sort
    topic_id: TopicId
    title: str
    slug: str
    language: str | None
    translated_titles: dict[str, str]
    """As `Topic.translated_titles`."""
    fields: dict[str, Any]
    deadline_at: datetime | None
    """What closes next: where `is_of_interest`, expressing interest, else the call itself."""
    is_of_interest: bool
    themes_el: str
    themes_en: str
    """The themes that the topic shares with the municipality, or that the member follows; with commas between them."""
    settings: list[str]
    """Where both municipalities lie: island, coast, mountain, inland."""

    def title_in(self, language: str) -> str:
        """Return the title in a language where its author has said it so, else the original one."""
        return self.title if language == self.language else self.translated_titles.get(language, self.title)


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom; `until` is when the week ends by their clocks."""

    member_id: MemberId
    organisation_id: OrganisationId
    until: datetime


_WRITTEN: Final = """(to_char({instant} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') COLLATE "C")"""
"""The SQL of an instant as fields of topics hold it: a text that sorts as the instants do."""

_INTEREST_AT: Final = """((topics.fields -> 'interest_deadline' ->> 'at') COLLATE "C")"""

_IS_JOINED: Final = f"""EXISTS (
    SELECT 1
    FROM interests
    WHERE interests.topic_id = topics.id AND interests.withdrawn_at IS NULL
        AND {leading.is_of(organisation="wanted.organisation_id")}
)"""
"""Whether the member's organisation has expressed interest; it speaks of `topics` and `wanted`."""


def _open(*, holds: str, limit: int, at: str = "topics.deadline_at") -> str:
    """Return the SELECT of proposals that `wanted` may read and that are open, those that close next by `at`."""
    return f"""
    SELECT topics.id, topics.title, topics.slug, topics.language,
           topics.translated_titles, topics.fields, topics.deadline_at
    FROM category_rights AS rights
    CROSS JOIN LATERAL (
        SELECT topics.id, topics.title, topics.slug, topics.language,
               topics.translated_titles, topics.fields, topics.deadline_at
        FROM topics
        WHERE topics.category_id = rights.category_id AND topics.deleted_at IS NULL AND {holds}
            AND topics.fields @> '{{"state": "open"}}'
            AND topics.created_at >= {readable.SINCE.format(rights="rights")}
        ORDER BY {at}, topics.id
        LIMIT {limit}
    ) AS topics
    WHERE rights.member_id = wanted.member_id AND rights.can_read
    """


_CLOSING: Final = _open(holds="topics.deadline_at > now() AND topics.deadline_at < wanted.until", limit=CLOSING)

_CLOSING_TO_INTEREST: Final = _open(
    holds=f"""topics.fields ? 'interest_deadline'
            AND {_INTEREST_AT} > {_WRITTEN.format(instant="now()")}
            AND {_INTEREST_AT} < {_WRITTEN.format(instant="wanted.until")}
            AND NOT {_IS_JOINED}""",
    at=_INTEREST_AT,
    limit=CLOSING,
)

_LATER: Final = _open(holds="topics.deadline_at > now() AND topics.deadline_at >= wanted.until", limit=LOOKED_AT)

_SHARED: Final = """
    CROSS JOIN LATERAL (
        SELECT string_agg(themes.name_el, ', ' ORDER BY themes.position) AS names_el,
               string_agg(themes.name_en, ', ' ORDER BY themes.position) AS names_en,
               count(*) AS count
        FROM themes
        WHERE themes.slug = ANY (wanted.themes) AND topics.fields -> 'themes' ? themes.slug
    ) AS shared
"""

_SUGGEST = Query(
    "suggestions.suggest",
    f"""
    WITH wanted AS MATERIALIZED (
        SELECT asked.member_id, asked.organisation_id, asked.until, organisations.slug, regions.country,
               coalesce(profiles.themes, '{{}}') || ARRAY(
                   SELECT themes.slug
                   FROM theme_subscriptions
                   JOIN themes ON themes.id = theme_subscriptions.theme_id
                   WHERE theme_subscriptions.member_id = asked.member_id
               ) AS themes,
               coalesce(profiles.settings, '{{}}') AS settings
        FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) AS asked (member_id, organisation_id, until)
        JOIN organisations ON organisations.id = asked.organisation_id
        LEFT JOIN regions ON regions.id = organisations.region_id
        LEFT JOIN profiles ON profiles.organisation_id = organisations.id
    )
    SELECT wanted.member_id, found.sort, found.id, found.title, found.slug, found.language, found.translated_titles,
           found.fields, found.deadline_at, found.is_of_interest, found.names_el, found.names_en, found.settings
    FROM wanted
    CROSS JOIN LATERAL (
        (
            SELECT 'closing' AS sort, topics.id, topics.title, topics.slug, topics.language,
                   topics.translated_titles, topics.fields, topics.deadline_at, topics.is_of_interest,
                   '' AS names_el, '' AS names_en, '{{}}'::text[] AS settings
            FROM (
                SELECT DISTINCT ON (topics.id) topics.*
                FROM (
                    SELECT calls.*, false AS is_of_interest
                    FROM ({_CLOSING}) AS calls
                    UNION ALL
                    SELECT calls.id, calls.title, calls.slug, calls.language, calls.translated_titles, calls.fields,
                           (calls.fields -> 'interest_deadline' ->> 'at')::timestamptz, true
                    FROM ({_CLOSING_TO_INTEREST}) AS calls
                ) AS topics
                ORDER BY topics.id, topics.deadline_at
            ) AS topics
            ORDER BY topics.deadline_at, topics.id
            LIMIT {CLOSING}
        )
        UNION ALL
        (
            SELECT 'proposal', topics.id, topics.title, topics.slug, topics.language,
                   topics.translated_titles, topics.fields, topics.deadline_at, false,
                   shared.names_el, shared.names_en, '{{}}'
            FROM ({_LATER}) AS topics
            {_SHARED}
            WHERE shared.count > 0 AND {leading.IS_OPEN}
                AND topics.fields ->> 'lead' IS DISTINCT FROM wanted.slug AND NOT {_IS_JOINED}
                AND (NOT topics.fields ? 'countries' OR topics.fields -> 'countries' ? wanted.country)
            ORDER BY shared.count DESC, topics.deadline_at, topics.id
            LIMIT {FITTING}
        )
        UNION ALL
        (
            SELECT 'good_practice', topics.id, topics.title, topics.slug, topics.language,
                   topics.translated_titles, topics.fields, NULL, false,
                   shared.names_el, shared.names_en, alike.settings
            FROM category_rights AS rights
            CROSS JOIN LATERAL (
                SELECT topics.id, topics.title, topics.slug, topics.language,
                       topics.translated_titles, topics.fields, topics.created_at
                FROM topics
                WHERE topics.category_id = rights.category_id AND topics.kind = 'good_practice'
                    AND topics.deleted_at IS NULL
                    AND topics.created_at >= {readable.SINCE.format(rights="rights")}
                ORDER BY topics.created_at DESC, topics.id DESC
                LIMIT {LOOKED_AT}
            ) AS topics
            {_SHARED}
            LEFT JOIN organisations AS owners ON owners.slug = topics.fields ->> 'owner'
            LEFT JOIN profiles AS theirs ON theirs.organisation_id = owners.id
            CROSS JOIN LATERAL (
                SELECT ARRAY(
                    SELECT unnest(theirs.settings) INTERSECT SELECT unnest(wanted.settings) ORDER BY 1
                ) AS settings
            ) AS alike
            WHERE rights.member_id = wanted.member_id AND rights.can_read
                AND shared.count > 0
                AND topics.fields ->> 'owner' IS DISTINCT FROM wanted.slug
                AND topics.fields ->> 'state' IS DISTINCT FROM 'returned'
            ORDER BY shared.count DESC, cardinality(alike.settings) DESC, topics.created_at DESC, topics.id DESC
            LIMIT {FITTING}
        )
    ) AS found
    """,
    returns=Suggestion,
    card=Card.MANY,
)


def end_of_week(now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the last of the DAYS days ends that begin with today, by the clocks of a zone."""
    return next_day(now + timedelta(days=DAYS - 1), zone)


async def list_for(conn: Conn, actor: Actor, now: datetime) -> list[Suggestion]:
    """Return what to suggest to a member now: first what closes within the week, then what fits."""
    asked = Asked(actor.member_id, actor.organisation_id, end_of_week(now, ZoneInfo(actor.zone)))
    return (await for_many(conn, [asked]))[actor.member_id]


async def for_many(conn: Conn, asked: Sequence[Asked]) -> dict[MemberId, list[Suggestion]]:
    """Return the same for several members, in one query; each of them stands in it."""
    found: dict[MemberId, list[Suggestion]] = {one.member_id: [] for one in asked}
    if not found:
        return found
    for suggestion in await conn.many(
        _SUGGEST,
        [one.member_id for one in asked],
        [one.organisation_id for one in asked],
        [one.until for one in asked],
    ):
        found[suggestion.member_id].append(suggestion)
    return found
