"""What a new database begins with: two regions, two associations, forty municipalities, five categories, first rights.

It is planted once, with the first migration; from then on administrators keep it. Source: CATALOGUE, "Places and
people" and "Rights"; the municipalities are those of the two unions in 2026 (`forum/data/municipalities.csv`,
populations of the Greek ones from the census of 2011).
"""

from __future__ import annotations

import csv
from importlib import resources
from typing import Final, NamedTuple

from forum.db import RawConnection


class _Region(NamedTuple):
    slug: str
    name_el: str
    name_en: str
    country: str
    subdivision: str | None
    nuts: str | None


class _Association(NamedTuple):
    slug: str
    name_el: str
    name_en: str


class _Category(NamedTuple):
    slug: str
    name_el: str
    name_en: str
    description_el: str
    description_en: str
    kinds: list[str]
    regions_stage: str


REGIONS: Final = (
    _Region("cyprus", "Κύπρος", "Cyprus", "CY", None, "CY00"),
    _Region("north-aegean", "Βόρειο Αιγαίο", "North Aegean", "GR", "GR-K", "EL41"),
)

ASSOCIATIONS: Final = (
    _Association("union-of-cyprus-municipalities", "Ένωση Δήμων Κύπρου", "Union of Cyprus Municipalities"),
    _Association(
        "regional-union-of-municipalities-of-the-north-aegean",
        "Περιφερειακή Ένωση Δήμων Βορείου Αιγαίου",
        "Regional Union of Municipalities of the North Aegean",
    ),
)

SYSTEM_GROUPS: Final = (
    ("moderators", "Συντονιστές", "Moderators"),
    ("administrators", "Διαχειριστές", "Administrators"),
)

STAGES: Final[dict[str, frozenset[str]]] = {
    "readers": frozenset({"see", "read"}),
    "commenters": frozenset({"see", "read", "reply"}),
    "participants": frozenset({"see", "read", "reply", "start", "attach", "vote"}),
    "moderators": frozenset({"see", "read", "reply", "moderate"}),
    "everything": frozenset({"see", "read", "start", "reply", "vote", "attach", "moderate"}),
}
"""The stages of opening a category, and what the two system groups hold."""

CATEGORIES: Final = (
    _Category(
        "questions",
        "Ερωτήσεις και συζήτηση",
        "Questions and discussion",
        "Καθημερινά ζητήματα, απορίες και διαβουλεύσεις των δήμων.",
        "Everyday matters, questions and consultations of the municipalities.",
        ["discussion", "question", "consultation"],
        "participants",
    ),
    _Category(
        "proposals",
        "Προτάσεις συνεργασίας",
        "Cooperation proposals",
        "Ευρωπαϊκές προσκλήσεις, αναζήτηση εταίρων και προσφορές συνεργασίας.",
        "European calls, partner searches and offers of cooperation.",
        ["discussion", "proposal"],
        "commenters",
    ),
    _Category(
        "good-practices",
        "Καλές πρακτικές",
        "Good practices",
        "Ολοκληρωμένα έργα που μπορεί να επαναλάβει και άλλος δήμος.",
        "Finished projects that another municipality can repeat.",
        ["discussion", "good_practice"],
        "participants",
    ),
    _Category(
        "guides",
        "Οδηγοί",
        "Guides",
        "Υποδείγματα, εγχειρίδια και έντυπα.",
        "Templates, manuals and forms.",
        ["discussion", "guide"],
        "commenters",
    ),
    _Category(
        "announcements",
        "Ανακοινώσεις",
        "Announcements",
        "Ανακοινώσεις και εγκύκλιοι των ενώσεων προς τους δήμους.",
        "Announcements and circulars of the associations to the municipalities.",
        ["discussion", "circular"],
        "readers",
    ),
)


def organisation_names() -> dict[str, str]:
    """Return the English name of every organisation a new forum begins with, by slug."""
    names = {association.slug: association.name_en for association in ASSOCIATIONS}
    return names | {row["slug"]: row["name_en"] for row in _rows()}


async def plant(connection: RawConnection) -> None:
    """Write the first places, groups, categories and grants into an empty database."""
    await connection.executemany(
        "INSERT INTO regions (slug, name_el, name_en, country, subdivision, nuts) VALUES ($1, $2, $3, $4, $5, $6)",
        [tuple(region) for region in REGIONS],
    )
    await connection.executemany(
        "INSERT INTO organisations (slug, kind, name_el, name_en) VALUES ($1, 'association', $2, $3)",
        [tuple(association) for association in ASSOCIATIONS],
    )
    await connection.executemany(_MUNICIPALITY, _municipalities())
    await connection.execute(_PLACE_GROUPS)
    await connection.executemany(
        "INSERT INTO groups (slug, kind, name_el, name_en) VALUES ($1, 'system', $2, $3)", SYSTEM_GROUPS
    )
    await connection.executemany(
        "INSERT INTO categories (position, slug, name_el, name_en, description_el, description_en, kinds) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [(position, *category[:6]) for position, category in enumerate(CATEGORIES, 1)],
    )
    await connection.executemany(_GRANT, _first_grants())


_MUNICIPALITY: Final = """
INSERT INTO organisations (
    slug, kind, region_id, district_el, district_en, name_el, name_en, is_displaced, population, population_year
)
SELECT $1, 'municipality', regions.id, $3, $4, $5, $6, $7, $8, $9
FROM regions
WHERE regions.slug = $2
"""

_PLACE_GROUPS: Final = """
INSERT INTO groups (slug, kind, region_id, name_el, name_en)
SELECT 'region-' || regions.slug, 'region', regions.id, regions.name_el, regions.name_en
FROM regions
ORDER BY regions.id;
INSERT INTO groups (slug, kind, organisation_id, name_el, name_en)
SELECT 'organisation-' || organisations.slug, 'organisation', organisations.id,
    organisations.name_el, organisations.name_en
FROM organisations
ORDER BY organisations.id;
"""

_GRANT: Final = """
INSERT INTO grants (
    category_id, group_id, can_see, can_read, can_start, can_reply, can_vote, can_attach, can_moderate
)
SELECT categories.id, groups.id, $3, $4, $5, $6, $7, $8, $9
FROM categories
CROSS JOIN groups
WHERE categories.slug = $1 AND groups.slug = $2
"""


def _rows() -> list[dict[str, str]]:
    text = resources.files("forum").joinpath("data", "municipalities.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _municipalities() -> list[tuple[object, ...]]:
    return [
        (
            row["slug"],
            row["region"],
            row["district_el"],
            row["district_en"],
            row["name_el"],
            row["name_en"],
            row["is_displaced"] == "yes",
            int(row["population"]) if row["population"] else None,
            int(row["population_year"]) if row["population_year"] else None,
        )
        for row in _rows()
    ]


def _first_grants() -> list[tuple[object, ...]]:
    """Regions as each category says, associations participants everywhere, system groups by their nature."""
    stages = [(f"organisation-{association.slug}", "participants") for association in ASSOCIATIONS]
    stages += [("moderators", "moderators"), ("administrators", "everything")]
    grants: list[tuple[object, ...]] = []
    for category in CATEGORIES:
        regional = [(f"region-{region.slug}", category.regions_stage) for region in REGIONS]
        for group, stage in [*regional, *stages]:
            held = STAGES[stage]
            rights = ("see", "read", "start", "reply", "vote", "attach", "moderate")
            grants.append((category.slug, group, *(right in held for right in rights)))
    return grants
