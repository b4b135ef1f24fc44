"""The things of the forum as frozen values, flat as their queries answer them; no behaviour, no SQL.

Fields of an entity stand in the order of the columns that fill it. Names of places and categories come in
Greek and English; `in_language` picks one, English for readers of any third language.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, NewType, TypeAlias
from uuid import UUID

from forum import i18n

MemberId = NewType("MemberId", int)
OrganisationId = NewType("OrganisationId", int)
RegionId = NewType("RegionId", int)
GroupId = NewType("GroupId", int)
CategoryId = NewType("CategoryId", int)
TopicId = NewType("TopicId", int)
PostId = NewType("PostId", int)
AttachmentId = NewType("AttachmentId", int)
GuideFileId = NewType("GuideFileId", int)
GuideVersionId = NewType("GuideVersionId", int)
MailId = NewType("MailId", int)
InvitationId = NewType("InvitationId", int)
NotificationId = NewType("NotificationId", int)
OpeningId = NewType("OpeningId", int)
ThemeId = NewType("ThemeId", int)
InterestId = NewType("InterestId", int)
TwinningId = NewType("TwinningId", int)

Language: TypeAlias = i18n.Language
Scheme = Literal["auto", "light", "dark"]
"""The colours of the pages: as the reader's system has them, light or dark."""
OrganisationKind = Literal["municipality", "association", "partner"]
OrganisationState = Literal["open", "closed", "merged"]

TITLE_LIMIT: Final = 200
TAG_LIMIT: Final = 40
TAGS_A_TOPIC: Final = 10
BODY_LIMIT: Final = 50_000
REASON_LIMIT: Final = 500
INVITATION_NOTE_LIMIT: Final = 1000
APPLICATION_MESSAGE_LIMIT: Final = 1000
DOMAIN_LIMIT: Final = 253
NAME_LIMIT: Final = 100
FILE_NAME_LIMIT: Final = 200
SLUG_LIMIT: Final = 80
REGION_NAME_LIMIT: Final = 120
CATEGORY_NAME_LIMIT: Final = 120
CATEGORY_DESCRIPTION_LIMIT: Final = 500
ORGANISATION_NAME_LIMIT: Final = 160
DISTRICT_LIMIT: Final = 120
THEME_NAME_LIMIT: Final = 120
GROUP_NAME_LIMIT: Final = 160
EMAIL_LIMIT: Final = 254
TOKEN_NAME_LIMIT: Final = 100
NETWORK_NAME_LIMIT: Final = 40
TAGLINE_LIMIT: Final = 80
FEEDBACK_LIMIT: Final = 5_000
FEEDBACK_PAGE_LIMIT: Final = 500
CONTACT_LIMIT: Final = 254
TOPICS_A_PAGE: Final = 20
POSTS_A_PAGE: Final = 20
INTEREST_NOTE_LIMIT: Final = 1000

KINDS: Final = ("discussion", "question", "proposal", "good_practice", "guide", "circular", "consultation")
"""Codes of the kinds of topic; those that can be started have a definition in `domain/kinds`."""


class Role(enum.StrEnum):
    """Shorthand for membership of the system groups."""

    MEMBER = "member"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"


class MailKind(enum.StrEnum):
    """What a letter is about."""

    PASSWORD_RESET = "password_reset"  # noqa: S105 - no password
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - no password
    ADDRESS_ASKED = "address_asked"
    ADDRESS_CHANGED = "address_changed"
    WELCOME = "welcome"
    INVITATION = "invitation"
    INVITATION_ASKED = "invitation_asked"
    APPLICATION_ASKED = "application_asked"
    APPLICATION_WAITING = "application_waiting"
    APPLICATION_REFUSED = "application_refused"
    CATEGORY_OPENED = "category_opened"
    OPENING_REVIEW = "opening_review"
    NOTIFICATIONS = "notifications"
    DIGEST = "digest"


class NotificationKind(enum.StrEnum):
    """Why a member is told of a post, the strongest reason first: of several, it is the one that is told.

    That it was marked as the answer, and a new version of a file, are told besides.
    """

    MENTION = "mention"
    QUOTE = "quote"
    REPLY = "reply"
    GUIDE_VERSION = "guide_version"
    NEW_TOPIC = "new_topic"
    ANSWER = "answer"
    TWINNING = "twinning"
    """The topic of an invitation to a twinning."""
    INTEREST = "interest"
    """Of no post, but of an expression of interest in a proposal."""
    VALIDATION = "validation"
    """Of a good practice: it waits for it, or was decided on."""
    ADOPTION = "adoption"
    """Of a good practice: another municipality takes it up, or is asked how it goes."""


Frequency = Literal["immediately", "daily", "weekly", "never"]
"""When there is mail about something."""


def in_language(language: Language, el: str, en: str) -> str:
    """Pick the text of a language; a third language has none of its own, and is given the English one."""
    return el if stored_language(language) == "el" else en


def stored_language(language: Language) -> Language:
    """Return the language in which names are shown to readers of a language: they are kept in two."""
    return language if language == "el" else "en"


@dataclass(frozen=True, slots=True)
class Network:
    """What the network calls itself; `accent` is its colour as `#rrggbb`, None for the colour of the house."""

    name_el: str
    name_en: str
    tagline_el: str
    tagline_en: str
    accent: str | None


HOUSE: Final = Network(
    "Κοινόν", "Koinon", "Δήμοι Κύπρου και Βορείου Αιγαίου", "Municipalities of Cyprus and the North Aegean", None
)
"""What a new forum is called, and what a page says when the database cannot be asked."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What everything that a member's lists of topics are made of stood at in one snapshot of the database.

    Two equal stamps of a member mean two equal states: each transaction that changes a topic or a mark draws a higher
    version than all before it, and one that has drawn its version and is not done stands in `under_way`.
    docs/adr/0023-versions.md has the argument.
    """

    foundations: int
    topics: int
    reads: int
    """The highest of the member's own: how far they read topics, what they chose for categories."""
    read_before: datetime
    under_way: str


@dataclass(frozen=True, slots=True)
class Region:
    id: RegionId
    slug: str
    name_el: str
    name_en: str
    country: str
    subdivision: str | None
    nuts: str | None
    municipality_count: int


@dataclass(frozen=True, slots=True)
class Organisation:
    id: OrganisationId
    slug: str
    kind: OrganisationKind
    name_el: str
    name_en: str
    region_slug: str | None
    region_name_el: str | None
    region_name_en: str | None
    district_el: str | None
    district_en: str | None
    is_displaced: bool
    population: int | None
    population_year: int | None
    member_count: int
    closed_at: datetime | None
    successor_slug: str | None
    successor_el: str | None
    successor_en: str | None

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def state(self) -> OrganisationState:
        if self.successor_slug is not None:
            return "merged"
        return "closed" if self.is_closed else "open"


@dataclass(frozen=True, slots=True)
class Group:
    id: GroupId
    slug: str
    kind: str
    name_el: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Member:
    """A member as other members see them: no address, no settings."""

    id: MemberId
    name: str
    role: Role
    organisation_slug: str
    organisation_kind: OrganisationKind
    organisation_el: str
    organisation_en: str
    region_slug: str | None
    is_suspended: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Rights:
    """What a member may do in a category; the order is that of the view `category_rights`."""

    can_see: bool
    can_read: bool
    can_start: bool
    can_reply: bool
    can_vote: bool
    can_attach: bool
    can_moderate: bool

    def names(self) -> tuple[str, ...]:
        """Return the rights held, in the order of INTERFACE: see, read, start, reply, vote, attach, moderate."""
        return tuple(name for name in RIGHTS if getattr(self, f"can_{name}"))


@dataclass(frozen=True, slots=True)
class Look:
    """As what an administrator looks at the forum at present: a group, or a member, of whom both names are the same."""

    group_id: GroupId | None
    member_id: MemberId | None
    name_el: str
    name_en: str


RIGHTS: Final = ("see", "read", "start", "reply", "vote", "attach", "moderate")


@dataclass(frozen=True, slots=True)
class Category:
    """A category as one member sees it: with that member's rights."""

    id: CategoryId
    slug: str
    name_el: str
    name_en: str
    description_el: str
    description_en: str
    kinds: list[str]
    parent_slug: str | None
    """Of the category it is a sub-category of; that one is visible to whoever sees this one."""
    parent_el: str | None
    parent_en: str | None
    archived_at: datetime | None
    topic_count: int
    can_see: bool
    can_read: bool
    can_start: bool
    can_reply: bool
    can_vote: bool
    can_attach: bool
    can_moderate: bool

    @property
    def is_archived(self) -> bool:
        """Whether nothing is written in it any more."""
        return self.archived_at is not None

    @property
    def rights(self) -> Rights:
        return Rights(
            self.can_see,
            self.can_read,
            self.can_start,
            self.can_reply,
            self.can_vote,
            self.can_attach,
            self.can_moderate,
        )


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as one member sees it: with its category's names and that member's rights there.

    `version` is another one after whatever changes on its pages (but names of people and places, `Stamp.foundations`).
    """

    id: TopicId
    category_id: CategoryId
    category_slug: str
    category_el: str
    category_en: str
    category_archived_at: datetime | None
    author_id: MemberId
    author_name: str
    author_organisation_slug: str
    author_organisation_el: str
    author_organisation_en: str
    kind: str
    title: str
    slug: str
    language: str | None
    is_internal: bool
    locked_at: datetime | None
    locked_by_id: MemberId | None
    locked_by_name: str | None
    lock_reason: str | None
    pinned_at: datetime | None
    reply_count: int
    post_count: int
    last_post_number: int
    last_post_at: datetime
    created_at: datetime
    deleted_at: datetime | None
    deleted_by_id: MemberId | None
    answer_post_id: PostId | None
    version: int
    fields: dict[str, Any]
    """What its kind asks for (`domain/kinds`), by name."""
    tags: list[str]
    deadline_at: datetime | None
    origin_id: TopicId | None
    """The proposal that it grew out of."""
    translated_titles: dict[str, str]
    """Its title in other languages, by their codes; there it has texts in them too (`domain/translations.py`)."""
    twinning_id: TwinningId | None
    """The twinning whose two municipalities talk in it."""
    twinning_state: str | None
    """As `twinned.State`."""
    can_see: bool
    can_read: bool
    can_start: bool
    can_reply: bool
    can_vote: bool
    can_attach: bool
    can_moderate: bool

    @property
    def is_locked(self) -> bool:
        return self.locked_at is not None

    @property
    def is_archived(self) -> bool:
        """Whether its category is: nothing is written in it any more."""
        return self.category_archived_at is not None

    @property
    def is_pinned(self) -> bool:
        return self.pinned_at is not None

    @property
    def is_guide(self) -> bool:
        """Whether it has files with versions."""
        return self.kind == "guide"

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def rights(self) -> Rights:
        return Rights(
            self.can_see,
            self.can_read,
            self.can_start,
            self.can_reply,
            self.can_vote,
            self.can_attach,
            self.can_moderate,
        )


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic in a list, with what the reader has not read of it."""

    id: TopicId
    title: str
    slug: str
    kind: str
    language: str | None
    category_slug: str
    category_el: str
    category_en: str
    author_id: MemberId
    author_name: str
    author_organisation_slug: str
    author_organisation_el: str
    author_organisation_en: str
    is_internal: bool
    is_locked: bool
    is_pinned: bool
    reply_count: int
    unread_count: int
    last_post_at: datetime
    last_author_id: MemberId
    last_author_name: str
    last_author_organisation_el: str
    last_author_organisation_en: str
    created_at: datetime
    fields: dict[str, Any]
    """As `Topic.fields`, without the long ones."""
    tags: list[str]
    deadline_at: datetime | None
    answer_post_id: PostId | None
    translated_titles: dict[str, str]
    """As `Topic.translated_titles`."""


@dataclass(frozen=True, slots=True)
class Post:
    id: PostId
    topic_id: TopicId
    number: int
    author_id: MemberId
    author_name: str
    author_organisation_slug: str
    author_organisation_el: str
    author_organisation_en: str
    author_region_slug: str | None
    author_is_suspended: bool
    reply_to_id: PostId | None
    reply_to_number: int | None
    reply_to_author_name: str | None
    body: str
    html: str
    revision_count: int
    is_by_moderator: bool
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    deleted_by_id: MemberId | None

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file; of one that no post has taken up yet, `post_id` and `topic_id` are None. Sizes are in bytes.

    `is_version` says that it is a version of a file of a guide: then it belongs to the guide's first post, whatever
    the text names.
    """

    id: AttachmentId
    key: UUID
    author_id: MemberId
    post_id: PostId | None
    topic_id: TopicId | None
    post_is_deleted: bool
    post_deleted_by_id: MemberId | None
    name: str
    content_type: str
    size: int
    preview_size: int | None
    sha256: bytes
    created_at: datetime
    is_version: bool

    @property
    def stored(self) -> str:
        """Return its name in the storage."""
        return self.key.hex

    @property
    def stored_preview(self) -> str:
        """Return the name of its preview, its own where it has none."""
        return f"{self.key.hex}.preview" if self.preview_size else self.key.hex


@dataclass(frozen=True, slots=True)
class GuideFile:
    """A named file of a guide, and how many versions it has."""

    id: GuideFileId
    topic_id: TopicId
    title: str
    version_count: int


@dataclass(frozen=True, slots=True)
class Revision:
    """What a post said from `created_at` to `replaced_at` (None: what it says now)."""

    number: int
    editor_id: MemberId
    editor_name: str
    title: str | None
    body: str
    fields: dict[str, Any] | None
    created_at: datetime
    replaced_at: datetime | None


@dataclass(frozen=True, slots=True)
class TopicNotice:
    after_number: int
    actor_id: MemberId
    actor_name: str
    act: str
    reason: str | None
    """Why; of acts on a file, its title."""
    version: int | None
    created_at: datetime
    state: str | None
    """What the state became, of the act `state`."""


Decision = Literal["waiting", "accepted", "reserved", "declined", "withdrawn"]
"""What the lead has said to an organisation; withdrawn where the organisation itself withdrew after that."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an actor stands in a proposal; the clock is the database's, of the moment it was asked."""

    lead_id: OrganisationId
    state: str
    closes_at: datetime | None
    """Until when interest can be expressed, None for ever."""
    is_open: bool
    is_leading: bool
    """Whether they are of the lead's side: it answers expressions of interest and says the state."""
    is_of_lead: bool
    """Whether their own organisation leads."""
    own_id: InterestId | None
    """The expression of interest of their own organisation."""
    own_decision: Decision | None
