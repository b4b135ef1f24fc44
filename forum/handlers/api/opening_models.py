"""What goes in and comes out of the API about categories as administrators keep them: rights, openings, the catalogue.

What holds for all models stands in `models`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from forum.domain.entities import CATEGORY_DESCRIPTION_LIMIT, CATEGORY_NAME_LIMIT
from forum.handlers.api.models import Answer, Body, Id, Instant, Kind, Right, Slug
from forum.handlers.api.place_models import OwnSlug
from forum.i18n import mark
from forum.web.forms import Line, RequiredLine

CategoryName = Annotated[RequiredLine, Field(min_length=1, max_length=CATEGORY_NAME_LIMIT)]
Description = Annotated[Line, Field(max_length=CATEGORY_DESCRIPTION_LIMIT)]
Stage = Literal["closed", "readers", "commenters", "participants"]
Rights = Annotated[list[Right], Field(max_length=7)]


class NewCategory(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name_el": "Νερό", "name_en": "Water"}]})
    name_el: CategoryName
    name_en: CategoryName
    description_el: Description = ""
    description_en: Description = ""
    slug: OwnSlug | None = Field(None, description=mark("Made of the English name where it is left out."))
    parent: Slug | None = Field(None, description=mark("Slug of the category it stands below, whose rights it takes."))
    kinds: Annotated[list[Kind], Field(max_length=7)] = Field(
        default_factory=list, description=mark("Kinds of topic it takes beside discussions.")
    )


class CategoryChange(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"is_archived": True}]})
    name_el: CategoryName | None = None
    name_en: CategoryName | None = None
    description_el: Description | None = None
    description_en: Description | None = None
    slug: OwnSlug | None = Field(None, description=mark("The slug it had leads to this one."))
    kinds: Annotated[list[Kind], Field(max_length=7)] | None = None
    is_archived: bool | None = Field(None, description=mark("Whether nothing new is written in it."))


class KeptCategory(Answer):
    id: Id
    slug: str
    name: str
    name_el: str
    name_en: str
    description_el: str
    description_en: str
    kinds: list[Kind]
    parent: str | None
    inherits_grants: bool = Field(description=mark("Whether the rights of its parent hold in it."))
    archived_at: datetime | None


class WantedRights(Body):
    group: Id
    rights: Rights = Field(description=mark("Each brings those it needs: “reply” brings “read”, “read” brings “see”."))


class NewGrants(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [{"group": 1, "rights": ["see", "read"]}]}]})
    items: Annotated[list[WantedRights], Field(max_length=500)] = Field(
        description=mark("All groups that are to hold rights: others lose theirs.")
    )


class HeldRights(Answer):
    group: Id
    slug: str
    name: str
    rights: list[Right]
    inherited: bool = Field(description=mark("Whether it is a grant of the category above."))
    valid_from: datetime | None = Field(description=mark("Null: always."))
    valid_until: datetime | None = Field(description=mark("Null: for good."))
    topics_since: datetime | None = Field(description=mark("Topics started before are not meant. Null: all are."))


class Grants(Answer):
    items: list[HeldRights]


class NewOpening(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"region": "north-aegean", "stage": "readers", "preview": True}]}
    )
    group: Id | None = Field(None, description=mark("The group, or else “region”."))
    region: Slug | None = Field(None, description=mark("Slug of a region: its group is meant."))
    stage: Stage
    moderates: bool = Field(False, description=mark("Whether the group moderates, too."))
    effective_at: Instant | None = Field(None, description=mark("At once where it is left out."))
    keep_older_than: Instant | None = Field(
        None, description=mark("Topics started before stay with those who can read them now.")
    )
    includes_internal: bool = Field(False, description=mark("Else internal topics stay with their former readers."))
    announce: bool = Field(False, description=mark("Whether those who gain access are written to."))
    preview: bool = Field(False, description=mark("Only show what would happen, with the digest that confirms it."))
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class OfOrganisation(Answer):
    organisation: str
    name: str
    count: int


class MembersChange(Answer):
    right: Right
    category: str = Field(description=mark("The category itself, or one below it with rights of its own."))
    count: int
    by_municipality: list[OfOrganisation] = Field(description=mark("Of every kind of organisation."))


class InternalTopic(Answer):
    id: Id
    title: str


class OpeningPreview(Answer):
    members_gaining: list[MembersChange]
    members_losing: list[MembersChange]
    topics: int = Field(description=mark("Topics that become visible to somebody."))
    posts: int
    attachments: int
    authors: int = Field(description=mark("People whose names become visible with them."))
    topics_lost: int = Field(description=mark("Topics that somebody cannot read any more."))
    internal: list[InternalTopic] = Field(description=mark("Internal topics that are there, at most 100."))
    digest: str


class Opening(Answer):
    id: Id
    group: Id
    stage: Stage | None = Field(description=mark("Null for rights that are no stage."))
    rights: list[Right]
    effective_at: datetime
    is_scheduled: bool
    created_at: datetime
    undone_at: datetime | None
