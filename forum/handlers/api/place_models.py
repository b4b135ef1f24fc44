"""What goes into the API about places; what comes out of it stands in `models`, which says what holds for both."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from forum.domain.entities import (
    DISTRICT_LIMIT,
    GROUP_NAME_LIMIT,
    ORGANISATION_NAME_LIMIT,
    REGION_NAME_LIMIT,
    SLUG_LIMIT,
)
from forum.handlers.api.models import INT4, SLUG, Answer, Body, Id, Slug
from forum.i18n import mark
from forum.web.forms import RequiredLine

OwnSlug = Annotated[str, Field(pattern=SLUG, max_length=SLUG_LIMIT)]
RegionName = Annotated[RequiredLine, Field(min_length=1, max_length=REGION_NAME_LIMIT)]
OrganisationName = Annotated[RequiredLine, Field(min_length=1, max_length=ORGANISATION_NAME_LIMIT)]
District = Annotated[RequiredLine, Field(min_length=1, max_length=DISTRICT_LIMIT)]
GroupName = Annotated[RequiredLine, Field(min_length=1, max_length=GROUP_NAME_LIMIT)]
Ids = Annotated[list[Id], Field(max_length=1000)]
Code = Annotated[RequiredLine, Field(min_length=1, max_length=10)]
Population = Annotated[int, Field(ge=1, le=INT4)]
Year = Annotated[int, Field(ge=1900, le=2200)]


class NewRegion(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name_el": "Κρήτη", "name_en": "Crete", "country": "GR", "nuts": "EL43"}]}
    )
    name_el: RegionName
    name_en: RegionName
    slug: OwnSlug | None = Field(None, description=mark("Made of the English name where it is left out."))
    country: Code | None = Field(
        None,
        description=mark("ISO 3166-1 alpha-2 of a member state of the European Union; else that of a code, or Greece."),
    )
    subdivision: Code | None = Field(None, description=mark("ISO 3166-2, such as “GR-M”."))
    nuts: Code | None = None


class RegionChange(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"nuts": "EL43"}]})
    name_el: RegionName | None = None
    name_en: RegionName | None = None
    country: Code | None = None
    subdivision: Code | None = Field(None, description=mark("Null takes it away."))
    nuts: Code | None = Field(None, description=mark("Null takes it away."))


class NewMunicipality(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name_el": "Δήμος Χανίων", "name_en": "Chania", "region": "crete"}]}
    )
    name_el: OrganisationName
    name_en: OrganisationName
    region: Slug = Field(description=mark("Slug of the region it belongs to."))
    slug: OwnSlug | None = Field(None, description=mark("Made of the English name where it is left out."))
    district_el: District | None = None
    district_en: District | None = None
    is_displaced: bool = False
    population: Population | None = Field(None, description=mark("With “population_year”, or neither."))
    population_year: Year | None = None


class MunicipalityChange(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"population": 52206, "population_year": 2021}]})
    name_el: OrganisationName | None = None
    name_en: OrganisationName | None = None
    slug: OwnSlug | None = Field(None, description=mark("The slug it had leads to this one."))
    district_el: District | None = Field(None, description=mark("Null takes it away."))
    district_en: District | None = Field(None, description=mark("Null takes it away."))
    is_displaced: bool | None = None
    population: Population | None = Field(None, description=mark("With “population_year”, or neither."))
    population_year: Year | None = None


class NewGroup(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Νερό", "name_en": "Water", "members": []}]})
    name: GroupName = Field(description=mark("In Greek."))
    name_en: GroupName | None = Field(None, description=mark("In English; the other name where it is left out."))
    slug: OwnSlug | None = Field(None, description=mark("Made of the English name where it is left out."))
    members: Ids = Field(default_factory=list, description=mark("Ids of its members."))


class GroupChange(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Νερό και αποχέτευση"}]})
    name: GroupName | None = Field(None, description=mark("In Greek."))
    name_en: GroupName | None = Field(None, description=mark("In English."))
    members: Ids | None = Field(None, description=mark("All who are to be in it: others leave."))


class KeptGroup(Answer):
    id: Id
    slug: str
    name: str
    name_el: str
    name_en: str
    members: list[Id]
    owners: list[Id] = Field(description=mark("Those of the members who may add and remove others."))
