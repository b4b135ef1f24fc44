"""What the files of the demo may say, as they say it: people, topics with their replies, files, profiles and twins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.dataclasses import dataclass

from forum.domain import kinds
from forum.domain.entities import BODY_LIMIT, FILE_NAME_LIMIT, NAME_LIMIT, REASON_LIMIT, TITLE_LIMIT, Language, Role
from forum.domain.kinds.fields import BRUSSELS, CLOSING_TIME
from forum.files.kinds import Kind, kind_of

DOMAIN: Final = "demo.example"
"""What the address of every member of the demo ends in, and of nobody else: the name leads nowhere (RFC 2606)."""

_STRICT: Final = ConfigDict(extra="forbid")

Key = Annotated[str, StringConstraints(pattern=r"^[a-z]+(\.[a-z]+)*$")]
Body = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=BODY_LIMIT)]


@dataclass(frozen=True, slots=True, config=_STRICT)
class Person:
    """Somebody invented; `zone` None is the usual one of the organisation.

    Who has `sign_in` is named to whoever tries the demo, with the `note`.
    """

    key: Key
    name: Annotated[str, StringConstraints(min_length=1, max_length=NAME_LIMIT)]
    organisation: str
    role: Role
    language: Language = "el"
    zone: str | None = None
    sign_in: bool = False
    note: str = ""

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"

    @property
    def moderates(self) -> bool:
        return self.role is not Role.MEMBER


@dataclass(frozen=True, slots=True, config=_STRICT)
class Reply:
    """A reply; `to` is the number of the post it answers, counted from 1, the topic's own text."""

    author: str
    body: Body
    to: Annotated[int, Field(ge=1)] | None = None


@dataclass(frozen=True, slots=True, config=_STRICT)
class Topic:
    """A topic and its replies in order; `locked` is the reason a moderator, `locked_by`, gave for locking it.

    `fields` are those of its kind but for the deadline, which is told in days from the making; `state` is the one acts
    have brought it to, `answer` the number of the post that answers a question, counted as `Reply.to` is.
    """

    title: Annotated[str, StringConstraints(min_length=1, max_length=TITLE_LIMIT)]
    category: str
    author: str
    language: Language
    days_ago: Annotated[int, Field(ge=1, le=365)]
    body: Body
    reply: tuple[Reply, ...] = ()
    internal: bool = False
    pinned: bool = False
    locked: Annotated[str, StringConstraints(min_length=1, max_length=REASON_LIMIT)] | None = None
    locked_by: str | None = None
    kind: str = kinds.DEFAULT.code
    fields: dict[str, Any] = field(default_factory=dict)
    deadline_in_days: int | None = None
    state: str | None = None
    tags: tuple[str, ...] = ()
    answer: Annotated[int, Field(ge=2)] | None = None

    def values(self, now: datetime) -> kinds.Values:
        """Return the fields as its kind keeps them; Invalid names those it does not take."""
        kind = kinds.of(self.kind)
        sent = dict(self.fields)
        if self.deadline_in_days is not None:
            zone = ZoneInfo(BRUSSELS)
            day = now.astimezone(zone).date() + timedelta(days=self.deadline_in_days)
            closes = datetime.combine(day, time.fromisoformat(CLOSING_TIME), zone).astimezone(UTC)
            sent[kinds.DEADLINE] = {"at": f"{closes:%Y-%m-%dT%H:%M:%SZ}", "zone": BRUSSELS}
        values = kind.begun(kind.check(sent))
        if self.state is not None:
            values[kinds.STATE] = kind.field(kinds.STATE).check(self.state)
        return values


@dataclass(frozen=True, slots=True, config=_STRICT)
class File:
    """A file of the folder `files`, which a text names as `attachment:PATH`, and what it is called there."""

    path: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+\.[a-z]+$")]
    name: Annotated[str, StringConstraints(min_length=1, max_length=FILE_NAME_LIMIT)]
    content: bytes = b""

    @property
    def key(self) -> UUID:
        """Return the key that it has in every demo."""
        return uuid5(NAMESPACE_URL, f"https://{DOMAIN}/{self.path}")

    @property
    def kind(self) -> Kind | None:
        return kind_of(self.path, self.content)


@dataclass(frozen=True, slots=True, config=_STRICT)
class Profile:
    """What a municipality says of itself; as `profiles.Facts` has it."""

    organisation: str
    area: float | None = None
    settings: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    website: str | None = None
    contact: str | None = None
    about: str | None = None
    is_seeking: bool = False
    seeks_countries: tuple[str, ...] = ()
    seeks_from: int | None = None
    seeks_to: int | None = None
    seeks_themes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, config=_STRICT)
class Twin:
    """A twin that a municipality tells of: another one, or a town of a country."""

    organisation: str
    state: str
    since_year: int
    partner: str | None = None
    town: str | None = None
    country: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, config=_STRICT)
class Content:
    """Everybody and everything of the demo, in the order of the files."""

    people: tuple[Person, ...]
    topics: tuple[Topic, ...]
    files: tuple[File, ...] = ()
    """In the order of their ids, from 1."""
    profiles: tuple[Profile, ...] = ()
    twins: tuple[Twin, ...] = ()
    by_key: dict[str, Person] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", {person.key: person for person in self.people})

    def bodies(self) -> Iterator[str]:
        """Yield every text, topic by topic."""
        for topic in self.topics:
            yield topic.body
            yield from (reply.body for reply in topic.reply)

    def sign_ins(self) -> list[Person]:
        """Return the people who are named to whoever tries the demo, those who may do most first."""
        named = [person for person in self.people if person.sign_in]
        return sorted(named, key=lambda person: list(Role).index(person.role), reverse=True)
