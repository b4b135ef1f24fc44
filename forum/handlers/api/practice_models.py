"""What goes in and comes out of the API about the validation and the adoptions of good practices."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from forum.domain.practices import NOTE_LIMIT, OPINION_LIMIT, OUTCOME_LIMIT, Stage
from forum.handlers.api.models import INT4, Answer, Body, Page
from forum.i18n import mark
from forum.web.forms import RequiredText, Text

Day = Annotated[date, Field(strict=False)]


class NewValidation(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"verdict": "validated", "opinion": "Σαφής."}]})
    verdict: Literal["validated", "returned", "submitted"] = Field(
        description=mark("Validators decide: “validated” or “returned”. The author's side submits again: “submitted”.")
    )
    opinion: Annotated[RequiredText, Field(min_length=1, max_length=OPINION_LIMIT)] | None = Field(
        None, description=mark("The opinion, or the reasons; with each decision.")
    )
    revision: Annotated[int, Field(ge=0, le=INT4)] | None = Field(
        None, description=mark("How often the first post had been edited when it was read; another number now is 409.")
    )


class Validation(Answer):
    id: int
    topic_id: int
    verdict: Literal["validated", "returned"]
    opinion: str
    member_id: int
    member_name: str
    revision: int
    created_at: datetime


class Validations(Page[Validation]):
    """Returns stand in it for the author's side and the validators only."""

    state: str
    changed_at: datetime | None


class _Said(Body):
    note: Annotated[Text, Field(max_length=NOTE_LIMIT)] | None = Field(
        None, description=mark("How it goes, in a line.")
    )
    outcome: Annotated[Text, Field(max_length=OUTCOME_LIMIT)] | None = None
    started_on: Day | None = None


class NewAdoption(_Said):
    model_config = ConfigDict(json_schema_extra={"examples": [{"stage": "interested", "note": "Πόσο κόστισε;"}]})
    stage: Stage = "interested"


class AdoptionChange(_Said):
    """What is left out or null stays as it is, but the line, which is a new one each time."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"stage": "in_use", "outcome": "Μείον 12 %"}]})
    stage: Stage | None = None


class Adoption(Answer):
    id: int
    topic_id: int
    municipality: str
    municipality_name: str
    stage: Stage
    note: str
    outcome: str
    started_on: date | None
    since: datetime
    created_at: datetime
    updated_at: datetime


class Adoptions(Page[Adoption]):
    """Those that use it stand first."""
