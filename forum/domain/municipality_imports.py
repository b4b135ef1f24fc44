"""Municipalities of a table, added at once; those that are there already are left as they are.

What the table says otherwise of one that is there is told, not done: changing, moving and merging have ways of their
own. How a file becomes candidates is `web/municipality_sheets.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from forum.db import Conn, Tx
from forum.domain import imports, organisations, places, regions
from forum.domain.access import AdministerGrant
from forum.domain.entities import Organisation
from forum.domain.imports import Report
from forum.domain.places import OrganisationFacts
from forum.i18n import fold
from forum.spreadsheets import Finding


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line of the table whose cells are what they should be; the region is not looked up yet."""

    line: int
    facts: OrganisationFacts
    region: str
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """A municipality that can be added, to a region by its slug."""

    line: int
    facts: OrganisationFacts
    region_slug: str
    region_el: str
    region_en: str
    slug: str


async def look(conn: Conn, candidates: Sequence[Candidate], faults: Sequence[Finding] = ()) -> Report[Ready]:
    """Return what would become of the candidates now, beside the `faults` of other lines; nothing is changed."""
    known_regions = {
        fold(name): region
        for region in await regions.list_regions(conn)
        for name in (region.slug, region.name_el, region.name_en)
    }
    listed = await organisations.list_organisations(conn)
    known = {(one.region_slug, fold(name)): one for one in listed for name in (one.name_el, one.name_en)}
    taken = {one.slug for one in listed}
    report: Report[Ready] = Report()
    there, seen = 0, set[tuple[str, str]]()
    for candidate in candidates:
        region = known_regions.get(fold(candidate.region))
        if region is None:
            report.faulty.append(Finding(candidate.line, "region", "no_region", candidate.region))
            continue
        slug = candidate.slug or places.usual_slug(candidate.facts.name_en)
        found = known.get((region.slug, fold(candidate.facts.name_el)))
        if (region.slug, fold(candidate.facts.name_el)) in seen:
            report.faulty.append(Finding(candidate.line, "name_el", "twice_named", candidate.facts.name_el))
        elif found is not None:
            differences = _differences(candidate, found)
            report.differing.extend(differences)
            there += not differences
        elif slug in taken:
            report.faulty.append(Finding(candidate.line, "slug", "taken", slug))
        else:
            report.ready.append(
                Ready(candidate.line, candidate.facts, region.slug, region.name_el, region.name_en, slug)
            )
            taken.add(slug)
        seen.add((region.slug, fold(candidate.facts.name_el)))
    return replace(report, there=there, faulty=sorted([*report.faulty, *faults], key=lambda fault: fault.line))


async def carry_out(tx: Tx, grant: AdministerGrant, ready: Sequence[Ready], import_id: int | None = None) -> None:
    """Add municipalities, each with its group. Raise Invalid where one was added by somebody else meanwhile."""
    for one in ready:
        await places.add_organisation(
            tx, grant, "municipality", one.facts, region=one.region_slug, slug=one.slug, key=None
        )
    if import_id is not None:
        await imports.count(tx, import_id, len(ready))


def _differences(candidate: Candidate, found: Organisation) -> list[Finding]:
    said = {
        "name_en": (candidate.facts.name_en, found.name_en),
        "population": (candidate.facts.population, found.population),
        "population_year": (candidate.facts.population_year, found.population_year),
    }
    return [
        Finding(candidate.line, column, "differs", str(written))
        for column, (written, kept) in said.items()
        if written is not None and fold(str(written)) != fold(str(kept))
    ]
