"""Profiles of municipalities and twinnings, as they go in and come out of the API."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from forum.domain import profiles, twinnings
from forum.domain.entities import CONTACT_LIMIT
from forum.domain.profiles import TwinState
from forum.handlers.api.models import INT4, Answer, Body, Id, Instant, Markdown, Page, Slug
from forum.i18n import mark
from forum.web.forms import RequiredLine, RequiredText
from forum.web.telling import NOTE_LIMIT

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

Setting = Literal["island", "coast", "mountain", "inland"]
State = Literal[
    "invited",
    "declined",
    "withdrawn",
    "in_contact",
    "letter_of_intent",
    "council_decisions",
    "signed",
    "active",
    "dormant",
    "ended",
]


def _day(value: object) -> object:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise PydanticCustomError("bad_value", "not a day")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("bad_value", "not a day") from None


Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=date), Field(description=mark("As YYYY-MM-DD."))]
LanguageCode = Annotated[str, Field(pattern="^[a-z]{2}$", description=mark("ISO 639-1."))]
CountryCode = Annotated[str, Field(pattern="^[A-Z]{2}$", description=mark("ISO 3166-1 alpha-2."))]
Inhabitants = Annotated[int, Field(ge=1, le=INT4)]
Website = Annotated[RequiredLine, Field(min_length=1, max_length=profiles.WEBSITE_LIMIT)]
Contact = Annotated[RequiredLine, Field(min_length=1, max_length=CONTACT_LIMIT)]
About = Annotated[RequiredText, Field(min_length=1, max_length=profiles.ABOUT_LIMIT)]
DecisionNumber = Annotated[RequiredLine, Field(min_length=1, max_length=twinnings.NUMBER_LIMIT)]
EventText = Annotated[RequiredLine, Field(min_length=1, max_length=twinnings.EVENT_LIMIT)]
Note = Annotated[RequiredText, Field(min_length=1, max_length=NOTE_LIMIT)]
Themes = Annotated[list[Slug], Field(max_length=profiles.THEMES_LIMIT, description=mark("Slugs of themes."))]


class ProfileFacts(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"settings": ["coast"], "languages": ["el"], "is_seeking": True}]}
    )
    area: float | None = Field(None, gt=0, le=profiles.LARGEST_AREA, description=mark("Square kilometres."))
    settings: list[Setting] = Field(default_factory=list, max_length=4)
    languages: list[LanguageCode] = Field(default_factory=list, max_length=profiles.LANGUAGES_LIMIT)
    themes: Themes = Field(default_factory=list)
    website: Website | None = None
    contact: Contact | None = None
    about: About | None = None
    is_seeking: bool = False
    seeks_countries: list[CountryCode] = Field(default_factory=list, max_length=27)
    seeks_from: Inhabitants | None = Field(None, description=mark("Inhabitants, at least."))
    seeks_to: Inhabitants | None = Field(None, description=mark("Inhabitants, at most."))
    seeks_themes: Themes = Field(default_factory=list)


class ProfileTwin(Answer):
    municipality: str | None = Field(description=mark("Slug; null for a town outside the forum."))
    name: str
    country: str
    since_year: int | None
    state: TwinState


class Profile(Answer):
    municipality: str
    name: str
    country: str
    population: int | None
    area: float | None
    settings: list[Setting]
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
    twins: list[ProfileTwin]
    updated_at: datetime | None = Field(description=mark("null: it has said nothing yet."))


class Twinning(Answer):
    """Of others' twinnings no more is answered than everybody sees: the rest is null."""

    id: Id
    inviting: str = Field(description=mark("Slug of the municipality that invited."))
    invited: str
    state: State
    since_year: int | None = Field(description=mark("Of the signature."))
    topic_id: Id | None = Field(description=mark("The topic of the two, for their members."))
    created_at: datetime | None
    answered_at: datetime | None
    from_decision_number: str | None = Field(description=mark("Of the council of the inviting municipality."))
    from_decided_on: date | None
    to_decision_number: str | None
    to_decided_on: date | None
    signed_on: date | None
    next_event: str | None
    next_event_at: datetime | None


class Twinnings(Page[Twinning]):
    pass


class NewTwinning(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "mytilene", "message": "Ας γνωριστούμε."}]})
    to: Slug = Field(description=mark("Slug of the municipality that is invited."))
    message: Markdown


class TwinningChange(Body):
    """What is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "in_contact"}]})
    state: State | None = Field(
        None,
        description=mark(
            "Of an invitation: in_contact accepts it, declined declines it, withdrawn takes it back. Then: a stage."
        ),
    )
    note: Note | None = Field(None, description=mark("Stands in the topic of the two."))
    from_decision_number: DecisionNumber | None = Field(None, description=mark("Null takes it away."))
    from_decided_on: Day | None = None
    to_decision_number: DecisionNumber | None = None
    to_decided_on: Day | None = None
    signed_on: Day | None = None
    next_event: EventText | None = None
    next_event_at: Instant | None = None
