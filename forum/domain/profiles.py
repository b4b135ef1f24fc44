"""What municipalities tell of themselves: setting, languages, themes, contact, the twins they have, what they seek.

Population and name stand with the organisation. Who may write is asked in `twinning_access.py`; twinnings that are
made here are `twinnings`' own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Literal, NewType

from forum import territories
from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, organisations, themes, twinned
from forum.domain.entities import Language, MemberId, OrganisationId
from forum.domain.twinning_access import ProfileGrant
from forum.errors import Invalid, NotFound

TwinId = NewType("TwinId", int)
Setting = Literal["island", "coast", "mountain", "inland"]
TwinState = Literal["signed", "active", "dormant", "ended"]

SETTINGS: Final[tuple[Setting, ...]] = ("island", "coast", "mountain", "inland")
TWIN_STATES: Final[tuple[TwinState, ...]] = ("signed", "active", "dormant", "ended")

LANGUAGES: Final = (
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu",
    "it", "lt", "lv", "mt", "nl", "pl", "pt", "ro", "sk", "sl", "sv", "tr",
)  # fmt: skip
"""The official languages of the Union, and Turkish, which is one of Cyprus; by ISO 639-1."""

WEBSITE_LIMIT: Final = 300
ABOUT_LIMIT: Final = 2000
TOWN_LIMIT: Final = 160
NOTE_LIMIT: Final = 300
THEMES_LIMIT: Final = 10
LANGUAGES_LIMIT: Final = 10
LARGEST_AREA: Final = 9_999_999.9
"""Square kilometres; what the column holds, and more than the Union has."""

SIZES: Final = {
    "small": (1, 4_999),
    "middle": (5_000, 19_999),
    "large": (20_000, 49_999),
    "largest": (50_000, 2**31 - 1),
}
"""Inhabitants by which a list can be narrowed down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a municipality says of itself; `area` in square kilometres, inhabitants from and to both included."""

    area: float | None = None
    settings: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    website: str | None = None
    contact: str | None = None
    about: str | None = None
    is_seeking: bool = False
    seeks_countries: tuple[str, ...] = ()
    seeks_from: int | None = None
    seeks_to: int | None = None
    seeks_themes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A municipality with what it says of itself; `updated_at` is None where it has said nothing yet."""

    id: OrganisationId
    slug: str
    name_el: str
    name_en: str
    region_name_el: str
    region_name_en: str
    country: str
    population: int | None
    area: float | None
    settings: list[str]
    languages: list[str]
    themes: list[str]
    website: str | None
    contact: str | None
    about: str | None
    is_seeking: bool
    seeks_countries: list[str]
    seeks_from: int | None
    seeks_to: int | None
    seeks_themes: list[str]
    updated_at: datetime | None
    updated_by_id: MemberId | None
    updated_by_name: str | None


@dataclass(frozen=True, slots=True)
class TwinFacts:
    """A twin as a municipality tells of it: `partner`, a municipality here by its slug, or a town and its country."""

    partner: str
    town: str
    country: str
    since_year: int | None
    state: TwinState
    note: str | None


@dataclass(frozen=True, slots=True)
class Twin:
    """A twin of a municipality; without a slug it is a town outside the forum, of the same name in both languages.

    `is_own` says whether the municipality tells of it itself: else the twin does, or the two were twinned here.
    """

    id: TwinId
    other_id: OrganisationId | None
    slug: str | None
    name_el: str
    name_en: str
    country: str
    since_year: int | None
    state: TwinState
    note: str | None
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which municipalities are meant: all that fit what is given. A theme fits that they have or seek."""

    country: str = ""
    setting: str = ""
    theme: str = ""
    language: str = ""
    size: str = ""


_COLUMNS: Final = """
    organisations.id, organisations.slug, organisations.name_el, organisations.name_en,
    regions.name_el, regions.name_en, regions.country, organisations.population,
    profiles.area::double precision,
    coalesce(profiles.settings, '{}'), coalesce(profiles.languages, '{}'), coalesce(profiles.themes, '{}'),
    profiles.website, profiles.contact, profiles.about,
    coalesce(profiles.is_seeking, false), coalesce(profiles.seeks_countries, '{}'),
    profiles.seeks_population_from, profiles.seeks_population_to, coalesce(profiles.seeks_themes, '{}'),
    profiles.updated_at, profiles.updated_by_id, writers.name
"""

_ONE = Query(
    "profiles.one",
    f"""
    SELECT {_COLUMNS}
    FROM organisations
    JOIN regions ON regions.id = organisations.region_id
    LEFT JOIN profiles ON profiles.organisation_id = organisations.id
    LEFT JOIN members AS writers ON writers.id = profiles.updated_by_id
    WHERE organisations.id = $1
    """,
    returns=Profile,
    card=Card.ZERO_OR_ONE,
)

_LIST_SEEKING = Query(
    "profiles.list_seeking",
    f"""
    SELECT {_COLUMNS}
    FROM profiles
    JOIN organisations ON organisations.id = profiles.organisation_id AND organisations.closed_at IS NULL
    JOIN regions ON regions.id = organisations.region_id
    JOIN members AS writers ON writers.id = profiles.updated_by_id
    WHERE profiles.is_seeking
        AND ($1 = '' OR regions.country = $1)
        AND ($2 = '' OR $2 = ANY (profiles.settings))
        AND ($3 = '' OR $3 = ANY (profiles.themes) OR $3 = ANY (profiles.seeks_themes))
        AND ($4 = '' OR $4 = ANY (profiles.languages))
        AND ($5::integer IS NULL OR organisations.population BETWEEN $5 AND $6::integer)
    ORDER BY
        fold(CASE WHEN $7 = 'el' THEN organisations.name_el ELSE organisations.name_en END) COLLATE "C",
        organisations.id
    """,
    returns=Profile,
    card=Card.MANY,
)

_LOCK = Statement(
    "profiles.lock",
    "SELECT organisations.id FROM organisations WHERE organisations.id = $1 FOR NO KEY UPDATE",
    returns=int,
    card=Card.ZERO_OR_ONE,
)

_SET = Statement(
    "profiles.set",
    """
    INSERT INTO profiles (
        organisation_id, area, settings, languages, themes, website, contact, about, is_seeking, seeks_countries,
        seeks_population_from, seeks_population_to, seeks_themes, updated_by_id
    )
    VALUES ($1, $2::double precision, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT (organisation_id) DO UPDATE
    SET area = excluded.area, settings = excluded.settings, languages = excluded.languages,
        themes = excluded.themes, website = excluded.website, contact = excluded.contact, about = excluded.about,
        is_seeking = excluded.is_seeking, seeks_countries = excluded.seeks_countries,
        seeks_population_from = excluded.seeks_population_from, seeks_population_to = excluded.seeks_population_to,
        seeks_themes = excluded.seeks_themes, updated_by_id = excluded.updated_by_id, updated_at = now()
    """,
    returns=int,
    card=Card.NONE,
)

# Twinned here; else told by the municipality itself, or of it by another one. Each twin stands once.
_LIST_TWINS = Query(
    "profiles.list_twins",
    f"""
    SELECT found.id, others.id, others.slug, coalesce(others.name_el, found.town), coalesce(others.name_en, found.town),
           coalesce(regions.country, found.country), found.since_year, found.state, found.note, found.is_own
    FROM (
        SELECT DISTINCT ON (known.other_id, CASE WHEN known.other_id IS NULL THEN known.id END) known.*
        FROM (
            SELECT 1 AS rank, twinnings.id, null::text AS town, null::text AS country,
                   extract(YEAR FROM twinnings.signed_on)::smallint AS since_year, twinnings.state, null::text AS note,
                   false AS is_own, CASE
                       WHEN twinnings.from_organisation_id = $1 THEN twinnings.to_organisation_id
                       ELSE twinnings.from_organisation_id
                   END AS other_id
            FROM twinnings
            WHERE $1 IN (twinnings.from_organisation_id, twinnings.to_organisation_id) AND {twinned.IS_PUBLIC}
            UNION ALL
            SELECT 2, twins.id, twins.town, twins.country, twins.since_year, twins.state, twins.note, true,
                   twins.partner_id
            FROM twins
            WHERE twins.organisation_id = $1
            UNION ALL
            SELECT 3, twins.id, null, null, twins.since_year, twins.state, twins.note, false, twins.organisation_id
            FROM twins
            WHERE twins.partner_id = $1
        ) AS known
        ORDER BY known.other_id, CASE WHEN known.other_id IS NULL THEN known.id END, known.rank
    ) AS found
    LEFT JOIN organisations AS others ON others.id = found.other_id
    LEFT JOIN regions ON regions.id = others.region_id
    ORDER BY found.since_year NULLS LAST, found.id
    """,
    returns=Twin,
    card=Card.MANY,
)

_ADD_TWIN = Statement(
    "profiles.add_twin",
    """
    INSERT INTO twins (organisation_id, partner_id, town, country, since_year, state, note)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    RETURNING id
    """,
    returns=TwinId,
    card=Card.ONE,
)

_CHANGE_TWIN = Statement(
    "profiles.change_twin",
    """
    UPDATE twins
    SET partner_id = $3, town = $4, country = $5, since_year = $6, state = $7, note = $8
    WHERE twins.organisation_id = $1 AND twins.id = $2
    """,
    returns=int,
    card=Card.NONE,
)

_REMOVE_TWIN = Statement(
    "profiles.remove_twin",
    "DELETE FROM twins WHERE twins.organisation_id = $1 AND twins.id = $2",
    returns=int,
    card=Card.NONE,
)


async def profile(conn: Conn, organisation_id: OrganisationId) -> Profile:
    """Return what a municipality says of itself, if only its name; raise NotFound for what is no municipality."""
    found = await conn.maybe(_ONE, organisation_id)
    if found is None:
        raise NotFound
    return found


async def list_seeking(conn: Conn, filters: Filters | None = None, *, language: Language = "el") -> list[Profile]:
    """Return the municipalities that seek a twin, by their name in the language."""
    wanted = filters or Filters()
    least, most = SIZES.get(wanted.size, (None, None))
    return await conn.many(
        _LIST_SEEKING, wanted.country, wanted.setting, wanted.theme, wanted.language, least, most, language
    )


async def list_twins(conn: Conn, organisation_id: OrganisationId) -> list[Twin]:
    """Return the twins that are told of a municipality, by itself or by them, the oldest first."""
    return await conn.many(_LIST_TWINS, organisation_id)


async def set_facts(tx: Tx, grant: ProfileGrant, facts: Facts) -> None:
    """Have a municipality say this of itself; nothing is written when all is as it was. Raise Invalid."""
    await _check(tx, facts)
    await tx.maybe(_LOCK, grant.organisation.id)
    before = await profile(tx, grant.organisation.id)
    said = asdict(facts)
    changed = [name for name, value in said.items() if _plain(value) != _plain(getattr(before, name))]
    if not changed:
        return
    listed = [list(value) if isinstance(value, tuple) else value for value in said.values()]
    await tx.run(_SET, before.id, *listed, grant.actor.member_id)
    # Which fields, and never what they say: contacts and texts are no matter of the log.
    await _record(tx, grant, "profile.changed", after={"fields": changed})


async def add_twin(tx: Tx, grant: ProfileGrant, facts: TwinFacts) -> TwinId:
    """Tell of a twin. Raise Invalid for none or two, for itself, and for one that is told of already."""
    made = await tx.one(_ADD_TWIN, grant.organisation.id, *await _twin(tx, grant, facts))
    await _record(tx, grant, "twin.added", after={"twin_id": made, "state": facts.state})
    return made


async def change_twin(tx: Tx, grant: ProfileGrant, twin_id: TwinId, facts: TwinFacts) -> None:
    """Tell otherwise of a twin. Raise NotFound, Invalid as `add_twin`."""
    if not await tx.run(_CHANGE_TWIN, grant.organisation.id, twin_id, *await _twin(tx, grant, facts)):
        raise NotFound
    await _record(tx, grant, "twin.changed", after={"twin_id": twin_id, "state": facts.state})


async def remove_twin(tx: Tx, grant: ProfileGrant, twin_id: TwinId) -> None:
    """Tell nothing more of a twin. Raise NotFound."""
    if not await tx.run(_REMOVE_TWIN, grant.organisation.id, twin_id):
        raise NotFound
    await _record(tx, grant, "twin.removed", before={"twin_id": twin_id})


async def _check(conn: Conn, facts: Facts) -> None:
    faults: dict[str, tuple[str, ...]] = {}
    known_themes = await themes.known(conn, (*facts.themes, *facts.seeks_themes))
    for name, allowed, limit in (
        ("settings", SETTINGS, len(SETTINGS)),
        ("languages", LANGUAGES, LANGUAGES_LIMIT),
        ("themes", known_themes, THEMES_LIMIT),
        ("seeks_countries", territories.countries(), len(territories.countries())),
        ("seeks_themes", known_themes, THEMES_LIMIT),
    ):
        faults |= _list_faults(name, getattr(facts, name), allowed, limit)
    if facts.area is not None and not 0 < facts.area <= LARGEST_AREA:
        faults["area"] = ("out_of_range",)
    if facts.seeks_from and facts.seeks_to and facts.seeks_from > facts.seeks_to:
        faults["seeks_to"] = ("out_of_range",)
    if faults:
        raise Invalid(faults)


def _list_faults(
    name: str, values: tuple[str, ...], allowed: Collection[str], limit: int
) -> dict[str, tuple[str, ...]]:
    if not set(values) <= set(allowed):
        return {name: ("unknown",)}
    return {name: ("too_many",)} if len(values) > limit else {}


async def _twin(conn: Conn, grant: ProfileGrant, facts: TwinFacts) -> tuple[object, ...]:
    """Return what a twin is kept as: its organisation, or its town and country; then the rest."""
    rest = (facts.since_year, facts.state, facts.note)
    if bool(facts.partner) == bool(facts.town):
        raise Invalid({"town": ("one_twin",)})
    if not facts.partner:
        if not territories.is_country(facts.country):
            raise Invalid({"country": ("unknown",)})
        return (None, facts.town, facts.country, *rest)
    try:
        partner = await organisations.organisation(conn, facts.partner)
    except NotFound:
        raise Invalid({"partner": ("unknown",)}) from None
    if partner.kind != "municipality" or partner.id == grant.organisation.id:
        raise Invalid({"partner": ("not_allowed",)})
    return (partner.id, None, None, *rest)


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


async def _record(
    tx: Tx,
    grant: ProfileGrant,
    act: str,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act=act,
        subject="organisation",
        subject_id=grant.organisation.id,
        before=before,
        after=after,
    )
