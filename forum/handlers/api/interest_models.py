"""What programs send and are answered about expressions of interest in a proposal, and about its state."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from forum.domain.entities import CONTACT_LIMIT, INTEREST_NOTE_LIMIT, REASON_LIMIT
from forum.handlers.api.models import Answer, Body, Id, Page
from forum.i18n import mark
from forum.web.forms import RequiredLine, RequiredText, Text

Role = Literal["lead", "partner", "associate", "observer"]
Decision = Literal["waiting", "accepted", "reserved", "declined", "withdrawn"]
Note = Annotated[Text, Field(max_length=INTEREST_NOTE_LIMIT)]
Contact = Annotated[RequiredLine, Field(min_length=1, max_length=CONTACT_LIMIT)]
Remark = Annotated[Text, Field(max_length=REASON_LIMIT)]


class NewInterest(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"role": "partner", "contact": "energy@larnaca.example"}]}
    )
    role: Role = Field(description=mark("One of those that the proposal seeks; any where it names none."))
    note: Note = ""
    contact: Contact


class InterestChange(Body):
    """Of one's own organisation role, note and contact; of the lead decision and answer, but not both at once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"decision": "accepted", "answer": "Καλώς ήρθατε."}]})
    role: Role | None = None
    note: Note | None = None
    contact: Contact | None = None
    decision: Literal["accepted", "reserved", "declined"] | None = Field(None, description=mark("The lead's answer."))
    answer: Remark | None = Field(None, description=mark("What the lead says to the organisation, with “decision”."))


class Withdrawal(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Δεν έχουμε προσωπικό."}]})
    reason: Annotated[RequiredText, Field(min_length=1, max_length=REASON_LIMIT)] = Field(
        description=mark("The lead's side and the organisation see it.")
    )


class Interest(Answer):
    """Others than the lead's side and the organisation itself are told of accepted ones, without what is null then."""

    id: Id
    organisation: str = Field(description=mark("Slug."))
    organisation_name: str
    country: str | None = Field(description=mark("ISO 3166-1 alpha-2; null for associations and partners."))
    role: Role
    decision: Decision
    note: str | None
    contact: str | None
    answer: str | None
    withdrawal_reason: str | None = Field(description=mark("With the decision “withdrawn”: after it was answered."))
    member_id: Id | None = Field(description=mark("Who said so for the organisation."))
    member_name: str | None
    created_at: datetime | None
    updated_at: datetime | None
    decided_at: datetime | None


class Interests(Page[Interest]):
    pass


class NewState(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "submitted"}]})
    state: Literal["open", "consortium_complete", "submitted", "funded", "rejected", "withdrawn"]
    note: Remark = Field("", description=mark("Everybody who can read the topic sees it there."))
