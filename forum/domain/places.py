"""What administrators do to places: regions and organisations added, changed, closed and opened again.

The tables are `regions`' and `organisations`'; here is who may change them, which codes a region can have, and the
entry in the audit log. Where members pass from one organisation to another is `successions`' to say.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from forum import slugs, territories
from forum.db import Tx
from forum.domain import audit, idempotency, organisations, regions
from forum.domain.access import AdministerGrant
from forum.domain.entities import (
    SLUG_LIMIT,
    Organisation,
    OrganisationId,
    OrganisationKind,
    Region,
    RegionId,
)
from forum.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True)
class RegionFacts:
    """What is said of a region; codes as typed, None where there is none."""

    name_el: str
    name_en: str
    country: str
    subdivision: str | None = None
    nuts: str | None = None


@dataclass(frozen=True, slots=True)
class OrganisationFacts:
    """What is said of an organisation, but for its kind, its region and its slug."""

    name_el: str
    name_en: str
    district_el: str | None = None
    district_en: str | None = None
    is_displaced: bool = False
    population: int | None = None
    population_year: int | None = None


async def add_region(
    tx: Tx, grant: AdministerGrant, facts: RegionFacts, *, slug: str = "", key: idempotency.Key | None
) -> RegionId:
    """Add a region with its group, which has no rights yet; without a slug it gets one of its English name.

    The same key again adds nothing and returns the region made. Raise Invalid for a taken slug or a code that is none.
    """
    _check_codes(facts)
    if key and (earlier := await idempotency.claim(tx, grant.actor, key)) is not None:
        return RegionId(earlier)
    made = await regions.create(
        tx, slug=slug or usual_slug(facts.name_en), **asdict(facts), actor_id=grant.actor.member_id
    )
    if key:
        await idempotency.settle(tx, grant.actor, key, made)
    return made


async def change_region(tx: Tx, grant: AdministerGrant, slug: str, facts: RegionFacts) -> Region:
    """Change a region's names and codes; raise NotFound, or Invalid for a code that is none."""
    _check_codes(facts)
    before = await regions.locked(tx, slug)
    await regions.update(tx, before, **asdict(facts))
    after = await regions.region(tx, slug)
    if after != before:
        codes = ("country", "subdivision", "nuts")
        await audit.record(
            tx,
            actor_id=grant.actor.member_id,
            act="region.changed",
            subject="region",
            subject_id=before.id,
            before={name: getattr(before, name) for name in codes},
            after={
                **{name: getattr(after, name) for name in codes},
                "is_renamed": (before.name_el, before.name_en) != (after.name_el, after.name_en),
            },
        )
    return after


async def add_organisation(
    tx: Tx,
    grant: AdministerGrant,
    kind: OrganisationKind,
    facts: OrganisationFacts,
    *,
    region: str | None,
    slug: str = "",
    key: idempotency.Key | None,
) -> OrganisationId:
    """Add an organisation with its group; a municipality belongs to a region (by slug), the others to none.

    The same key again adds nothing and returns the organisation made. Raise Invalid as `organisations.create` does.
    """
    _check_facts(kind, facts)
    if key and (earlier := await idempotency.claim(tx, grant.actor, key)) is not None:
        return OrganisationId(earlier)
    made = await organisations.create(
        tx,
        slug=slug or usual_slug(facts.name_en),
        kind=kind,
        region=region,
        **asdict(facts),
        actor_id=grant.actor.member_id,
    )
    if key:
        await idempotency.settle(tx, grant.actor, key, made)
    return made


async def change_organisation(
    tx: Tx, grant: AdministerGrant, slug: str, facts: OrganisationFacts, *, new_slug: str = ""
) -> Organisation:
    """Change what is said of an organisation, and its slug where a new one is given: the old one leads to it."""
    (before,) = await organisations.locked(tx, slug)
    _check_facts(before.kind, facts)
    await organisations.update(tx, before, slug=new_slug or before.slug, **asdict(facts))
    after = await organisations.by_id(tx, before.id)
    if after != before:
        names = ("slug", "is_displaced", "population", "population_year")
        await _record(
            tx,
            grant,
            "changed",
            before,
            before={name: getattr(before, name) for name in names},
            after={
                **{name: getattr(after, name) for name in names},
                "is_renamed": (before.name_el, before.name_en) != (after.name_el, after.name_en),
            },
        )
    return after


async def close(tx: Tx, grant: AdministerGrant, slug: str) -> None:
    """Let nobody come into an organisation any more; its members stay. Raise NotFound, Conflict when it is closed."""
    (found,) = await organisations.locked(tx, slug)
    await organisations.close(tx, found.id)
    await _record(tx, grant, "closed", found, before={"state": found.state}, after={"state": "closed"})


async def reopen(tx: Tx, grant: AdministerGrant, slug: str) -> None:
    """Open a closed organisation again; nothing happens when it is open. Raise Conflict for one that has merged."""
    (found,) = await organisations.locked(tx, slug)
    if found.state == "merged":
        raise Conflict("organisation_merged")
    if found.state == "open":
        return
    await organisations.reopen(tx, found.id)
    await _record(tx, grant, "reopened", found, before={"state": "closed"}, after={"state": "open"})


def usual_slug(name: str) -> str:
    """Return the slug that a place gets of its English name unless it is given another."""
    return slugs.slugify(name.removeprefix("Municipality of "), fallback="place", limit=SLUG_LIMIT)


def _check_codes(facts: RegionFacts) -> None:
    faults: dict[str, tuple[str, ...]] = {}
    if facts.country not in territories.countries():
        raise Invalid({"country": ("unknown",)})
    if facts.subdivision is not None and not territories.is_subdivision(facts.subdivision, facts.country):
        faults["subdivision"] = ("bad_subdivision",)
    if facts.nuts is not None and not territories.is_nuts(facts.nuts, facts.country):
        faults["nuts"] = ("bad_nuts",)
    if faults:
        raise Invalid(faults)


def _check_facts(kind: OrganisationKind, facts: OrganisationFacts) -> None:
    if facts.is_displaced and kind != "municipality":
        raise Invalid({"is_displaced": ("not_allowed",)})
    if (facts.population is None) != (facts.population_year is None):
        raise Invalid({"population" if facts.population is None else "population_year": ("required",)})


async def _record(
    tx: Tx,
    grant: AdministerGrant,
    act: str,
    organisation: Organisation,
    *,
    before: dict[str, object],
    after: dict[str, object],
) -> None:
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act=f"organisation.{act}",
        subject="organisation",
        subject_id=organisation.id,
        before=before,
        after=after,
    )
