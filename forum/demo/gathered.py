"""What gathers around the topics of the demo, as its files say it: interests, validations, adoptions, files of guides.

`gathering` tells when it all happened; `settling` writes it.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.dataclasses import dataclass

from forum.domain import guide_files, interests, practices, twinned, twinnings
from forum.domain.entities import BODY_LIMIT, TITLE_LIMIT

STRICT: Final = ConfigDict(extra="forbid")

DaysAgo = Annotated[int, Field(ge=1, le=365)]
Body = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=BODY_LIMIT)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=TITLE_LIMIT)]
Note = Annotated[str, StringConstraints(max_length=practices.NOTE_LIMIT)]
Decision = Literal["waiting", "accepted", "reserved", "declined"]
State = Literal["open", "consortium_complete", "submitted", "funded", "rejected", "withdrawn"]


@dataclass(frozen=True, slots=True, config=STRICT)
class Move:
    """A state that the author of a proposal brought it to."""

    state: State
    days_ago: DaysAgo
    note: Note = ""


@dataclass(frozen=True, slots=True, config=STRICT)
class Interest:
    """What somebody's organisation offers in a proposal; its author answers, or another of the lead's side."""

    author: str
    role: interests.Role
    days_ago: DaysAgo
    note: Note = ""
    decision: Decision = "waiting"
    answer: Annotated[str, StringConstraints(max_length=500)] = ""
    answered_by: str | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class Validation:
    """What a validator decided on a good practice; one that is decided on again was handed in again before."""

    author: str
    verdict: practices.Decision
    days_ago: DaysAgo
    opinion: Annotated[str, StringConstraints(min_length=1, max_length=practices.OPINION_LIMIT)]


@dataclass(frozen=True, slots=True, config=STRICT)
class Step:
    """How far an adoption had come on a day."""

    stage: practices.Stage
    days_ago: DaysAgo
    note: Note = ""


@dataclass(frozen=True, slots=True, config=STRICT)
class Adoption:
    """That the municipality of somebody takes up a good practice, with its steps in time."""

    author: str
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    outcome: Note = ""
    started_days_ago: DaysAgo | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class Translation:
    """A topic in another language, by its author: title, text and those of its fields that are running text."""

    language: Literal["el", "en"]
    days_ago: DaysAgo
    title: Title
    body: Body
    fields: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, config=STRICT)
class Version:
    """A version of a guide's file: `path` is that of a file of the demo."""

    path: str
    days_ago: DaysAgo
    note: Annotated[str, StringConstraints(max_length=guide_files.NOTE_LIMIT)] = ""


@dataclass(frozen=True, slots=True, config=STRICT)
class GuideFile:
    """A file of a guide, with its versions from the first on, all by the guide's author."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=guide_files.TITLE_LIMIT)]
    versions: Annotated[tuple[Version, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True, config=STRICT)
class TwinningStep:
    """A stage that a twinning came to; `post` is the number of the post that tells of it."""

    state: twinned.State
    post: Annotated[int, Field(ge=2)]


@dataclass(frozen=True, slots=True, config=STRICT)
class Council:
    """What a council decided."""

    number: Annotated[str, StringConstraints(min_length=1, max_length=twinnings.NUMBER_LIMIT)]
    days_ago: DaysAgo


@dataclass(frozen=True, slots=True, config=STRICT)
class Event:
    """What happens next between twins."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=twinnings.EVENT_LIMIT)]
    in_days: Annotated[int, Field(ge=1, le=365)]
    hour: Annotated[int, Field(ge=0, le=23)] = 11
