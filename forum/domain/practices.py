"""Good practices after they are written: how their reader stands to them, and the rules of who may do what with them.

Pure, as `permissions` is: no SQL, no web. How somebody stands to a practice is asked in `practice_access.py`.
Source: CATALOGUE, "Kinds of topic".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, NewType

from forum.domain import kinds
from forum.domain.entities import MemberId, OrganisationId, Topic, TopicId
from forum.domain.kinds.good_practice import GOOD_PRACTICE
from forum.domain.permissions import YES, Verdict
from forum.i18n import mark

ValidationId = NewType("ValidationId", int)
AdoptionId = NewType("AdoptionId", int)

Decision = Literal["validated", "returned"]
DECISIONS: Final[tuple[Decision, ...]] = ("validated", "returned")

Stage = Literal["interested", "understanding", "adapting", "in_use", "stopped"]
STAGES: Final[Mapping[Stage, str]] = {
    "interested": mark("Interested"),
    "understanding": mark("Finding out how it works"),
    "adapting": mark("Adapting it"),
    "in_use": mark("In use"),
    "stopped": mark("Stopped"),
}
"""The stages of an adoption in their order, and what they are called."""

OPINION_LIMIT: Final = 3000
NOTE_LIMIT: Final = 1000
OUTCOME_LIMIT: Final = 1000

OWNER: Final = "owner"
"""The field that says whose practice it is."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a member stands to a practice that they may read."""

    is_validator: bool
    """In a group that validates in its category; where there is none, a moderator of it."""
    is_author_side: bool
    """Of the organisation whose member wrote it, or of the municipality whose practice it is."""
    is_municipality: bool
    is_owner: bool
    """Of the municipality whose practice it is."""


NO_STANDING: Final = Standing(is_validator=False, is_author_side=False, is_municipality=False, is_owner=False)
"""That of somebody who is no member: an administrator who looks as others would."""


@dataclass(frozen=True, slots=True)
class Validation:
    """What a validator decided; the reasons of a return are read by the author's side and by validators only."""

    id: ValidationId
    topic_id: TopicId
    member_id: MemberId
    member_name: str
    organisation_el: str
    organisation_en: str
    verdict: Decision
    opinion: str
    revision: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Adoption:
    """A practice that another municipality takes up; a merged municipality's is its successor's."""

    id: AdoptionId
    topic_id: TopicId
    organisation_id: OrganisationId
    organisation_slug: str
    organisation_el: str
    organisation_en: str
    member_id: MemberId
    member_name: str
    stage: Stage
    note: str
    outcome: str
    started_on: date | None
    staged_at: datetime
    created_at: datetime
    updated_at: datetime
    asked_at: datetime | None

    @property
    def is_asked(self) -> bool:
        """Whether its people were asked for a line and have written none since."""
        return self.asked_at is not None and self.asked_at > self.updated_at


@dataclass(frozen=True, slots=True)
class Step:
    """What was said of an adoption, and at which stage it stood then."""

    adoption_id: AdoptionId
    stage: Stage
    note: str
    member_name: str
    created_at: datetime


def is_practice(topic: Topic) -> bool:
    return topic.kind == GOOD_PRACTICE.code


def state_of(topic: Topic) -> str:
    """Return the state of a practice."""
    return str(topic.fields.get(kinds.STATE, GOOD_PRACTICE.first_state))


def can_validate_practice(topic: Topic, standing: Standing) -> Verdict:
    """A validator may, never a practice of their own organisation; whether it waits for that is another question."""
    if not (is_open := _is_open(topic)):
        return is_open
    if not standing.is_validator:
        return _no("not_validator")
    return _no("own_practice") if standing.is_author_side else YES


def can_submit_practice(topic: Topic, standing: Standing) -> Verdict:
    """Who stands on the author's side hands in again what was returned."""
    if not (is_open := _is_open(topic)):
        return is_open
    if not standing.is_author_side:
        return _no("not_author_side")
    if topic.is_locked and not topic.can_moderate:
        return _no("topic_locked")
    return YES if state_of(topic) == "returned" else _no("not_returned")


def can_adopt_practice(topic: Topic, standing: Standing) -> Verdict:
    """Any member of another municipality may, for their municipality."""
    if not (is_open := _is_open(topic)):
        return is_open
    if not standing.is_municipality:
        return _no("not_municipality")
    return _no("adopts_own") if standing.is_owner else YES


def can_move_adoption(topic: Topic, *, is_adopter: bool) -> Verdict:
    """Members of the municipality that adopts say how far it has come."""
    if not (is_open := _is_open(topic)):
        return is_open
    return YES if is_adopter else _no("not_adopter")


def can_read_reasons(standing: Standing) -> bool:
    """Why a practice was returned is between its author's side and the validators."""
    return standing.is_author_side or standing.is_validator


def _is_open(topic: Topic) -> Verdict:
    if not is_practice(topic):
        return _no("not_practice")
    if topic.is_deleted:
        return _no("topic_deleted")
    return _no("category_archived") if topic.is_archived else YES


def _no(code: str) -> Verdict:
    return Verdict(False, code)
