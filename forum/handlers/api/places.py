"""Regions and municipalities added and changed by administrators' programs; a field that is left out stays as it is."""

from __future__ import annotations

from dataclasses import fields

from aiohttp import web

from forum import territories
from forum.domain import access, organisations, places, regions
from forum.domain.places import OrganisationFacts, RegionFacts
from forum.errors import NotFound
from forum.handlers.api import answers, bodies, models, place_models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB


@call(
    mark("Add a region; its group has no rights yet (administrators)"),
    takes=place_models.NewRegion,
    answers=models.Region,
    creates="api.regions.show",
    refuses=(403, 409),
)
async def create_region(request: web.Request, sent: place_models.NewRegion) -> models.Region:
    grant = access.to_administer(request[ACTOR])
    key = bodies.read_key(request, "api.regions.create", sent.model_dump_json())
    country = sent.country or territories.country_of(sent.nuts or sent.subdivision or "GR")
    facts = RegionFacts(sent.name_el, sent.name_en, country, sent.subdivision, sent.nuts)
    async with request.app[DB].write() as tx:
        made = await places.add_region(tx, grant, facts, slug=sent.slug or "", key=key)
        return answers.region(request, await regions.by_id(tx, made))


@call(
    mark("Change a region (administrators)"),
    takes=place_models.RegionChange,
    answers=models.Region,
    refuses=(403, 404, 409),
)
async def update_region(request: web.Request, sent: place_models.RegionChange) -> models.Region:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].write() as tx:
        before = await regions.locked(tx, request.match_info["slug"])
        facts = RegionFacts(**_changed(before, sent, RegionFacts))  # type: ignore[arg-type]  # checked by the model
        return answers.region(request, await places.change_region(tx, grant, before.slug, facts))


@call(
    mark("Add a municipality (administrators)"),
    takes=place_models.NewMunicipality,
    answers=models.Municipality,
    creates="api.municipalities.show",
    refuses=(403, 409),
)
async def create_municipality(request: web.Request, sent: place_models.NewMunicipality) -> models.Municipality:
    grant = access.to_administer(request[ACTOR])
    key = bodies.read_key(request, "api.municipalities.create", sent.model_dump_json())
    facts = OrganisationFacts(**sent.model_dump(exclude={"region", "slug"}))
    async with request.app[DB].write() as tx:
        made = await places.add_organisation(
            tx, grant, "municipality", facts, region=sent.region, slug=sent.slug or "", key=key
        )
        return answers.municipality(request, await organisations.by_id(tx, made))


@call(
    mark("Change a municipality (administrators)"),
    takes=place_models.MunicipalityChange,
    answers=models.Municipality,
    refuses=(403, 404, 409),
)
async def update_municipality(request: web.Request, sent: place_models.MunicipalityChange) -> models.Municipality:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].write() as tx:
        (before,) = await organisations.locked(tx, request.match_info["slug"])
        if before.kind != "municipality":
            raise NotFound
        facts = OrganisationFacts(**_changed(before, sent, OrganisationFacts))  # type: ignore[arg-type]  # as above
        changed = await places.change_organisation(tx, grant, before.slug, facts, new_slug=sent.slug or "")
        return answers.municipality(request, changed)


def _changed(before: object, sent: models.Body, facts: type[RegionFacts | OrganisationFacts]) -> dict[str, object]:
    """Return every fact: as it was sent, or else as it is. What cannot be empty stays where null was sent."""
    given = sent.model_dump(exclude_unset=True)
    kept = {"name_el", "name_en", "country", "is_displaced"}
    return {
        field.name: getattr(before, field.name)
        if field.name not in given or (given[field.name] is None and field.name in kept)
        else given[field.name]
        for field in fields(facts)
    }
