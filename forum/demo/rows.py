"""The rows of the demo, as `history` and `gathering` tell them and `laying` and `settling` write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from forum.demo.shapes import Person

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MemberRow:
    id: int
    person: Person
    created_at: datetime
    read_before: datetime


@dataclass(frozen=True, slots=True)
class TopicRow:
    id: int
    category_slug: str
    author_id: int
    title: str
    slug: str
    language: str
    is_internal: bool
    locked_at: datetime | None
    locked_by_id: int | None
    lock_reason: str | None
    pinned_at: datetime | None
    reply_count: int
    post_count: int
    last_post_number: int
    last_post_at: datetime
    last_author_id: int
    created_at: datetime
    kind: str
    fields: str
    """As JSON."""
    tags: str
    """With commas between them."""
    answer_post_id: int | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post; a topic's first is found by the title and by the words of the fields too."""

    id: int
    topic_id: int
    number: int
    author_id: int
    reply_to_id: int | None
    body: str
    found_by_title: str
    found_by_fields: str
    revision_count: int
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class RevisionRow:
    post_id: int
    number: int
    editor_id: int
    title: str | None
    body: str
    created_at: datetime
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class ActRow:
    """Something done, for the audit log; what is done to a topic is told in it too, after the post of a number."""

    created_at: datetime
    actor_id: int
    act: str
    subject: str
    subject_id: int
    before: Facts
    after: Facts
    topic_id: int
    after_number: int = 0
    reason: str | None = None
    state: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class ReadRow:
    member_id: int
    topic_id: int
    last_number: int
    read_at: datetime


@dataclass(frozen=True, slots=True)
class InterestRow:
    id: int
    topic_id: int
    member_id: int
    role: str
    note: str
    contact: str
    decision: str
    answer: str
    decided_by_id: int | None
    decided_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ValidationRow:
    topic_id: int
    member_id: int
    verdict: str
    opinion: str
    revision: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AdoptionRow:
    id: int
    topic_id: int
    member_id: int
    stage: str
    note: str
    outcome: str
    started_on: date | None
    staged_at: datetime
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AdoptionStepRow:
    adoption_id: int
    member_id: int
    stage: str
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TranslationRow:
    topic_id: int
    language: str
    author_id: int
    title: str
    body: str
    fields: str
    """As JSON."""
    found_by_fields: str
    revision_count: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class GuideFileRow:
    id: int
    topic_id: int
    position: int
    title: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GuideVersionRow:
    """A version; it is an attachment of the guide's first post."""

    guide_file_id: int
    number: int
    attachment_id: int
    author_id: int
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TwinningRow:
    id: int
    inviting: str
    invited: str
    category_slug: str
    topic_id: int
    state: str
    invited_by_id: int
    created_at: datetime
    answered_at: datetime | None
    inviting_number: str | None
    inviting_decided_on: date | None
    invited_number: str | None
    invited_decided_on: date | None
    signed_on: date | None
    event: str | None
    event_at: datetime | None
    event_zone: str | None


@dataclass(frozen=True, slots=True)
class TwinningStepRow:
    twinning_id: int
    actor_id: int
    state: str
    post_id: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FollowRow:
    member_id: int
    theme: str
    created_at: datetime


@dataclass(slots=True)
class Gathered:
    """What has gathered around the topics."""

    interests: list[InterestRow] = field(default_factory=list)
    validations: list[ValidationRow] = field(default_factory=list)
    adoptions: list[AdoptionRow] = field(default_factory=list)
    adoption_steps: list[AdoptionStepRow] = field(default_factory=list)
    translations: list[TranslationRow] = field(default_factory=list)
    guide_files: list[GuideFileRow] = field(default_factory=list)
    guide_versions: list[GuideVersionRow] = field(default_factory=list)
    twinnings: list[TwinningRow] = field(default_factory=list)
    twinning_steps: list[TwinningStepRow] = field(default_factory=list)
    follows: list[FollowRow] = field(default_factory=list)
    acts: list[ActRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class History:
    """All rows of the demo, each kind in the order in which it came about."""

    members: list[MemberRow]
    topics: list[TopicRow]
    posts: list[PostRow]
    revisions: list[RevisionRow]
    acts: list[ActRow]
    reads: list[ReadRow]
    gathered: Gathered
    now: datetime
    """The moment of making."""
