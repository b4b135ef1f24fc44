"""What goes in and comes out of the API, as pydantic models; the OpenAPI document is made of these same classes.

Limits are those of `domain/entities.py`, which are the CHECKs of the schema. Bodies are strict: no value is taken for
another type, and a field nobody knows is refused, so that no program believes it has set what it has not.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from forum.domain.entities import (
    BODY_LIMIT,
    EMAIL_LIMIT,
    REASON_LIMIT,
    TITLE_LIMIT,
    TOKEN_NAME_LIMIT,
    Language,
    OrganisationKind,
    OrganisationState,
    Role,
)
from forum.domain.pages import CURSOR_LIMIT
from forum.i18n import mark
from forum.passwords import BYTE_LIMIT
from forum.web.forms import Email as MailAddress
from forum.web.forms import Line, RequiredLine, RequiredText, SpokenLanguage, Text

T = TypeVar("T")

QUERY_LIMIT: Final = 200
"""Characters of a search."""
SLUG: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
SLUG_LIMIT: Final = 100
INT4: Final = 2**31 - 1
INT8: Final = 2**63 - 1

_DIGITS: Final = re.compile("[0-9]{1,19}")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

Right = Literal["see", "read", "start", "reply", "vote", "attach", "moderate"]
RoleName = Literal["member", "moderator", "administrator"]
Kind = Literal["discussion", "question", "proposal", "good_practice", "guide", "circular", "consultation"]


# Kinds of value ----------------------------------------------------------------------------------


def number(value: object) -> object:
    """Take digits and nothing else: neither `1.0`, nor `1_0`, nor digits of other scripts."""
    if not isinstance(value, str):
        return value
    if not _DIGITS.fullmatch(value):
        raise PydanticCustomError("bad_value", "not a number")
    return int(value)


def _instant(value: object) -> object:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise PydanticCustomError("bad_value", "not an instant")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("bad_value", "not an instant") from None


Title = Annotated[RequiredLine, Field(min_length=1, max_length=TITLE_LIMIT)]
Markdown = Annotated[RequiredText, Field(min_length=1, max_length=BODY_LIMIT, description=mark("Markdown."))]
Reason = Annotated[RequiredText, Field(min_length=1, max_length=REASON_LIMIT)]
Email = Annotated[RequiredLine, Field(min_length=1, max_length=EMAIL_LIMIT)]
Password = Annotated[str, Field(min_length=1, max_length=BYTE_LIMIT, json_schema_extra={"format": "password"})]
TokenName = Annotated[
    RequiredLine, Field(min_length=1, max_length=TOKEN_NAME_LIMIT, description=mark("What the token is for."))
]
Words = Annotated[
    RequiredLine,
    Field(
        min_length=1,
        max_length=QUERY_LIMIT,
        description=mark("Words; phrases in quotation marks, “or” and “-word” are understood."),
    ),
]
Name = Annotated[
    Line, Field(max_length=QUERY_LIMIT, description=mark("Part of a name; accents and capitals do not matter."))
]
Slug = Annotated[str, Field(pattern=SLUG, max_length=SLUG_LIMIT)]
Id = Annotated[int, Field(ge=1, le=INT8, json_schema_extra={"format": "int64"})]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant, json_schema_input_type=datetime),
    Field(strict=False, description=mark("An instant with its zone, ISO 8601.")),
]
Limit = Annotated[
    int,
    Field(ge=1, le=100, description=mark("Items per page.")),
    BeforeValidator(number, json_schema_input_type=Annotated[int, Field(ge=1, le=100)]),
]
Number = Annotated[
    int,
    Field(ge=0, le=INT4, description=mark("Only posts with a higher number.")),
    BeforeValidator(number, json_schema_input_type=Annotated[int, Field(ge=0, le=INT4)]),
]
Cursor = Annotated[
    str,
    Field(pattern="^[A-Za-z0-9_-]*$", max_length=CURSOR_LIMIT, description=mark("“next” of the page before.")),
]


class Sent(BaseModel):
    """What a call takes; a name it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Query(Sent):
    """What a call takes in its address."""


class Body(Sent):
    """What a call takes as its body."""

    model_config = ConfigDict(strict=True)


class Answer(BaseModel):
    """What a call answers."""

    model_config = ConfigDict(frozen=True)


class Page(Answer, Generic[T]):
    items: list[T]
    next: str | None = Field(description=mark("Send it as “cursor” to go on; null: this was the last page."))


class Problem(Answer):
    """What went wrong (RFC 9457). `code` is stable, the sentences are in the caller's language."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Something needs to be corrected",
                    "status": 422,
                    "detail": "Some fields need to be corrected.",
                    "code": "invalid",
                    "errors": {"title": ["Please fill in this field."]},
                }
            ]
        }
    )
    type: str
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    code: str
    errors: dict[str, list[str]] | None = Field(
        None, description=mark("The sentences about each field that is at fault.")
    )


# In the address ----------------------------------------------------------------------------------


class PageQuery(Query):
    limit: Limit = 20
    cursor: Cursor = ""


class MunicipalitiesQuery(PageQuery):
    region: Slug | None = Field(None, description=mark("Slug of the region they belong to."))


class MembersQuery(PageQuery):
    q: Name = ""
    organisation: Slug | None = Field(None, description=mark("Slug of the municipality or association they belong to."))


class PostsQuery(PageQuery):
    after: Number = 0


class SearchQuery(PageQuery):
    q: Words
    category: Slug | None = None
    municipality: Slug | None = Field(None, description=mark("Slug of the organisation whose members wrote them."))
    kind: Literal["discussion", "question", "proposal", "good_practice", "guide", "circular", "consultation"] | None = (
        Field(None, description=mark("Of the topic they stand in."))
    )
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] | None = Field(
        None, description=mark("Of the topic they stand in (ISO 639-1).")
    )


# Bodies ------------------------------------------------------------------------------------------


class NewToken(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"email": "maria@example.org", "password": "a long sentence of your own", "name": "Report"}]
        }
    )
    email: Email
    password: Password
    name: TokenName
    otp: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None,
        description=mark("For who signs in with two steps: a code of their authenticator app, or a recovery code."),
    )


class NewPost(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"body": "Η Λάρνακα ενδιαφέρεται."}]})
    body: Markdown
    reply_to: Id | None = Field(None, description=mark("Id of the post of the same topic that this one answers."))


class PostChange(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"body": "Η Λάρνακα ενδιαφέρεται πολύ."}]})
    body: Markdown


class Lock(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Συνεχίζεται στο νέο θέμα."}]})
    reason: Reason


class MarkedAnswer(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"post": 90}]})
    post: Id = Field(description=mark("Id of a reply in the topic."))


class SeenNotifications(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": [7, 12]}]})
    ids: Annotated[list[Id], Field(max_length=1000)] | None = Field(
        None, description=mark("Which notifications; all of them unless named.")
    )


class MemberChange(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"suspended_until": "2031-01-31T22:00:00Z", "reason": "Έφυγε από τον δήμο."}]}
    )
    suspended_until: Instant | None = Field(
        None, description=mark("Until when the member is kept out; null lets them in again.")
    )
    reason: Annotated[Text, Field(max_length=REASON_LIMIT)] = Field(
        "", description=mark("Required with “suspended_until”.")
    )
    role: RoleName | None = Field(None, description=mark("Left out: it stays. One's own cannot be changed."))


class NewInvitation(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "m.hadjigianni@larnaca.example", "municipality": "larnaca"}]}
    )
    email: MailAddress
    municipality: Annotated[RequiredLine, Field(max_length=QUERY_LIMIT)] | None = Field(
        None, description=mark("Slug or name of a municipality; this or “organisation”.")
    )
    organisation: Annotated[RequiredLine, Field(max_length=QUERY_LIMIT)] | None = Field(
        None, description=mark("Slug or name of any organisation.")
    )
    role: RoleName = "member"
    language: SpokenLanguage | None = Field(None, description=mark("Of the invitation and the account."))
    groups: list[Slug] = Field(
        default_factory=list, max_length=20, description=mark("Slugs of free groups they are put into.")
    )


# Answers -----------------------------------------------------------------------------------------


class CreatedToken(Answer):
    id: Id
    token: str = Field(description=mark("Shown only this once."))


class Invitation(Answer):
    id: Id
    email: str
    organisation: str = Field(description=mark("Slug of the organisation."))
    role: Role
    state: Literal["open", "accepted", "withdrawn", "expired"]
    created_at: datetime
    expires_at: datetime


class ImportQuery(Query):
    dry_run: Literal["0", "1", "true", "false"] = Field(
        "0", description=mark("1: say what the file would do, and do nothing.")
    )

    @property
    def is_dry_run(self) -> bool:
        return self.dry_run in {"1", "true"}


class ImportFinding(Answer):
    line: int = Field(description=mark("As a spreadsheet counts them; the first names the columns."))
    column: str | None
    value: str
    code: str
    detail: str


class Import(Answer):
    created: int = Field(description=mark("How many were made of the file; in a dry run, how many would be."))
    unchanged: int = Field(description=mark("Lines of what is there already as the file says."))
    differing: list[ImportFinding] = Field(
        description=mark("What the file says otherwise of what is there; left as it is.")
    )
    faults: list[ImportFinding] = Field(description=mark("What is wrong with lines that were left out."))


class Token(Answer):
    id: Id
    name: str
    created_at: datetime
    used_at: datetime | None


class Tokens(Page[Token]):
    pass


class Group(Answer):
    id: Id
    slug: str
    name: str
    name_el: str
    name_en: str


class Me(Answer):
    id: Id
    name: str
    email: str
    role: Role
    organisation: str = Field(description=mark("Slug."))
    organisation_name: str
    municipality: str | None = Field(description=mark("Slug; null for members of associations and partners."))
    region: str | None = Field(description=mark("Slug; null for members of associations and partners."))
    groups: list[Group]
    language: Language
    zone: str


class Region(Answer):
    id: Id
    slug: str
    name: str
    name_el: str
    name_en: str
    country: str = Field(description=mark("ISO 3166-1 alpha-2."))
    subdivision: str | None = Field(description=mark("ISO 3166-2."))
    nuts: str | None
    municipality_count: int


class Regions(Page[Region]):
    pass


class Municipality(Answer):
    id: Id
    slug: str
    name: str
    name_el: str
    name_en: str
    region: str = Field(description=mark("Slug."))
    region_name: str
    district_el: str | None
    district_en: str | None
    is_displaced: bool
    population: int | None
    population_year: int | None
    member_count: int
    state: OrganisationState = Field(
        description=mark("“closed” takes no new members; the members of one that is “merged” have passed on.")
    )
    merged_into: str | None = Field(description=mark("Slug of the organisation its members passed on to."))


class Municipalities(Page[Municipality]):
    pass


class Member(Answer):
    id: Id
    name: str
    role: Role
    organisation: str = Field(description=mark("Slug."))
    organisation_kind: OrganisationKind
    organisation_name: str
    region: str | None = Field(description=mark("Slug; null for members of associations and partners."))
    is_suspended: bool
    created_at: datetime


class Members(Page[Member]):
    pass


class Category(Answer):
    id: Id
    slug: str
    name: str
    name_el: str
    name_en: str
    description: str
    description_el: str
    description_en: str
    parent: str | None = Field(description=mark("Slug of the category it stands below."))
    archived_at: datetime | None = Field(description=mark("Since when nothing new is written in it."))
    kinds: list[Kind] = Field(description=mark("The kinds of topic that can be started."))
    rights: list[Right] = Field(description=mark("The caller's rights."))
    topic_count: int
    unread_count: int = Field(description=mark("Topics with unread posts, counted up to 1,000."))


class Categories(Page[Category]):
    pass


class Author(Answer):
    id: Id
    name: str
    organisation: str = Field(description=mark("Slug."))
    organisation_name: str


class _AnyTopic(Answer):
    id: Id
    title: str
    slug: str
    url: str = Field(description=mark("The topic's page."))
    category: str = Field(description=mark("Slug."))
    category_name: str
    kind: Kind
    fields: dict[str, Any] = Field(
        description=mark("What the kind asks for besides title and text; in lists, without long texts.")
    )
    deadline_at: datetime | None = Field(description=mark("The instant of the deadline among the fields."))
    author: Author
    created_at: datetime
    last_post_at: datetime
    reply_count: int
    is_locked: bool
    is_pinned: bool
    internal: bool
    language: str | None
    tags: list[str]
    answer_post_id: Id | None = Field(description=mark("Of a question: the reply that is marked as its answer."))


class Partners(Answer):
    found: int = Field(description=mark("Organisations that take part, the lead among them."))
    needed: int | None = Field(description=mark("null: nobody has said how many."))
    countries_found: int
    countries_needed: int | None


class Topic(_AnyTopic):
    partners: Partners | None = Field(description=mark("Of a proposal; null for other kinds."))
    lock_reason: str | None
    locked_at: datetime | None
    deleted_at: datetime | None


class ListedTopic(_AnyTopic):
    unread_count: int = Field(description=mark("The caller's unread posts, counted up to 100."))


class Topics(Page[ListedTopic]):
    pass


class StartedTopic(Answer):
    id: Id
    slug: str
    url: str
    first_post_id: Id


class Post(Answer):
    id: Id
    number: int = Field(description=mark("Its place in the topic; the first post is 1."))
    topic_id: Id
    url: str = Field(description=mark("The permanent link of the post."))
    author: Author
    body: str | None = Field(description=mark("Markdown; null when the post is deleted."))
    html: str | None = Field(description=mark("The text as pages show it; null when the post is deleted."))
    reply_to: Id | None
    revision_count: int
    is_by_moderator: bool = Field(description=mark("Written by a moderator while the topic was locked."))
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None


class Posts(Page[Post]):
    pass


class CreatedPost(Answer):
    id: Id
    number: int
    html: str
    url: str


class Editor(Answer):
    id: Id
    name: str


class Revision(Answer):
    number: int
    editor: Editor
    title: str | None = Field(description=mark("Of the topic; null for every post but the first."))
    fields: dict[str, Any] | None = Field(description=mark("Of the topic; null for every post but the first."))
    body: str
    created_at: datetime
    replaced_at: datetime | None = Field(description=mark("null: what the post says now."))


class Revisions(Page[Revision]):
    pass


class Notification(Answer):
    """What it tells of is null where the caller may not read it any more."""

    id: Id
    kind: Literal[
        "mention",
        "quote",
        "reply",
        "guide_version",
        "answer",
        "new_topic",
        "twinning",
        "interest",
        "validation",
        "adoption",
    ]
    created_at: datetime
    read_at: datetime | None
    topic_id: Id | None
    title: str | None
    post_id: Id | None
    number: int | None = Field(description=mark("The post's number in its topic."))
    url: str | None
    actor_id: Id | None
    actor_name: str | None
    file_id: Id | None = Field(description=mark("Of a new version of a guide's file: that file."))
    version: int | None
    interest_id: Id | None = Field(description=mark("The expression of interest that it tells of instead of a post."))
    decision: Literal["accepted", "reserved", "declined", "withdrawn"] | None = Field(
        description=mark("What was decided on it; null: it is told that there is one.")
    )


class Notifications(Page[Notification]):
    pass


class Hit(Answer):
    topic_id: Id
    post_id: Id
    number: int
    title: str
    url: str
    category: str
    category_name: str
    author_name: str
    created_at: datetime
    snippet_html: str = Field(description=mark("Escaped text; matches stand in “mark”."))
    score: float


class Hits(Page[Hit]):
    pass
