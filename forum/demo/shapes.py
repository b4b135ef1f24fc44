"""What the files of the demo may say, as they say it: people, topics with their replies, files, profiles and twins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints
from pydantic.dataclasses import dataclass

from forum.demo.gathered import (
    STRICT,
    Adoption,
    Body,
    Council,
    DaysAgo,
    Event,
    GuideFile,
    Interest,
    Move,
    Title,
    Translation,
    TwinningStep,
    Validation,
)
from forum.domain import kinds
from forum.domain.entities import FILE_NAME_LIMIT, NAME_LIMIT, REASON_LIMIT, Language, Role
from forum.domain.kinds.fields import BRUSSELS, CLOSING_TIME
from forum.files.kinds import Kind, kind_of

DOMAIN: Final = "demo.example"
"""What the address of every member of the demo ends in, and of nobody else: the name leads nowhere (RFC 2606)."""


Key = Annotated[str, StringConstraints(pattern=r"^[a-z]+(\.[a-z]+)*$")]


@dataclass(frozen=True, slots=True, config=STRICT)
class Person:
    """Somebody invented, who follows some themes; `zone` None is the usual one of the organisation.

    Who has `sign_in` is named to whoever tries the demo, with the `note`.
    """

    key: Key
    name: Annotated[str, StringConstraints(min_length=1, max_length=NAME_LIMIT)]
    organisation: str
    role: Role
    language: Language = "el"
    zone: str | None = None
    themes: tuple[str, ...] = ()
    sign_in: bool = False
    note: str = ""

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"

    @property
    def moderates(self) -> bool:
        return self.role is not Role.MEMBER


@dataclass(frozen=True, slots=True, config=STRICT)
class Reply:
    """A reply; `to` is the number of the post it answers, counted from 1, the topic's own text.

    `days_ago` is for one whose day matters; the others come about between those that have one.
    """

    author: str
    body: Body
    to: Annotated[int, Field(ge=1)] | None = None
    days_ago: DaysAgo | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class Topic:
    """A topic and its replies in order; `locked` is the reason a moderator, `locked_by`, gave for locking it.

    `fields` are those of its kind but for the deadlines, which are told in days from the making; `answer` is the number
    of the post that answers a question, counted as `Reply.to` is.
    """

    title: Title
    category: str
    author: str
    language: Language
    days_ago: DaysAgo
    body: Body
    reply: tuple[Reply, ...] = ()
    internal: bool = False
    pinned: bool = False
    locked: Annotated[str, StringConstraints(min_length=1, max_length=REASON_LIMIT)] | None = None
    locked_by: str | None = None
    kind: str = kinds.DEFAULT.code
    fields: dict[str, Any] = field(default_factory=dict)
    deadline_in_days: int | None = None
    interest_deadline_in_days: int | None = None
    tags: tuple[str, ...] = ()
    answer: Annotated[int, Field(ge=2)] | None = None
    moves: tuple[Move, ...] = ()
    interest: tuple[Interest, ...] = ()
    validation: tuple[Validation, ...] = ()
    adoption: tuple[Adoption, ...] = ()
    translation: tuple[Translation, ...] = ()
    guide_file: tuple[GuideFile, ...] = ()

    @property
    def state(self) -> str | None:
        """The state that acts have brought it to, None for the first of its kind."""
        if self.moves:
            return self.moves[-1].state
        return self.validation[-1].verdict if self.validation else None

    @property
    def is_dated(self) -> bool:
        """Whether the day of some reply is told."""
        return any(reply.days_ago is not None for reply in self.reply)

    def values(self, now: datetime) -> kinds.Values:
        """Return the fields as its kind keeps them; Invalid names those it does not take."""
        kind = kinds.of(self.kind)
        sent = dict(self.fields)
        for name, in_days in (
            (kinds.DEADLINE, self.deadline_in_days),
            ("interest_deadline", self.interest_deadline_in_days),
        ):
            if in_days is not None:
                sent[name] = {"at": f"{_closing(now, in_days):%Y-%m-%dT%H:%M:%SZ}", "zone": BRUSSELS}
        values = kind.begun(kind.check(sent))
        if self.state is not None:
            values[kinds.STATE] = kind.field(kinds.STATE).check(self.state)
        return values


@dataclass(frozen=True, slots=True, config=STRICT)
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


@dataclass(frozen=True, slots=True, config=STRICT)
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


@dataclass(frozen=True, slots=True, config=STRICT)
class Twin:
    """A twin that a municipality tells of: another one, or a town of a country."""

    organisation: str
    state: str
    since_year: int
    partner: str | None = None
    town: str | None = None
    country: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class Twinning:
    """That one municipality invited another, and what the two wrote in their topic, which `body` begins."""

    inviting: str
    invited: str
    author: str
    title: Title
    language: Language
    days_ago: DaysAgo
    body: Body
    reply: tuple[Reply, ...] = ()
    step: tuple[TwinningStep, ...] = ()
    inviting_council: Council | None = None
    invited_council: Council | None = None
    signed_days_ago: DaysAgo | None = None
    event: Event | None = None

    @property
    def category(self) -> str:
        """The slug of the two's own category."""
        return f"twinning-{uuid5(NAMESPACE_URL, f'https://{DOMAIN}/{self.inviting}/{self.invited}').hex}"

    @property
    def topic(self) -> Topic:
        told = (self.title, self.category, self.author, self.language, self.days_ago, self.body, self.reply)
        return Topic(*told)

    def is_of(self, person: Person) -> bool:
        return person.organisation in {self.inviting, self.invited}


@dataclass(frozen=True, slots=True, config=STRICT)
class Content:
    """Everybody and everything of the demo, in the order of the files."""

    people: tuple[Person, ...]
    topics: tuple[Topic, ...]
    files: tuple[File, ...] = ()
    """In the order of their ids, from 1."""
    profiles: tuple[Profile, ...] = ()
    twins: tuple[Twin, ...] = ()
    twinnings: tuple[Twinning, ...] = ()
    by_key: dict[str, Person] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", {person.key: person for person in self.people})

    def bodies(self) -> Iterator[str]:
        """Yield every text, topic by topic."""
        for topic in (*self.topics, *(twinning.topic for twinning in self.twinnings)):
            yield topic.body
            yield from (reply.body for reply in topic.reply)
            yield from (translation.body for translation in topic.translation)

    def file_id(self, path: str) -> int:
        """Return the id of a file, by its path."""
        return next(number for number, file in enumerate(self.files, 1) if file.path == path)

    def themes(self) -> set[str]:
        """Return the slugs of all themes that are named."""
        named = {theme for topic in self.topics for theme in topic.fields.get(kinds.THEMES, ())}
        told = {theme for profile in self.profiles for theme in (*profile.themes, *profile.seeks_themes)}
        return named | told | {theme for person in self.people for theme in person.themes}

    def sign_ins(self) -> list[Person]:
        """Return the people who are named to whoever tries the demo, those who may do most first."""
        named = [person for person in self.people if person.sign_in]
        return sorted(named, key=lambda person: list(Role).index(person.role), reverse=True)


def _closing(now: datetime, in_days: int) -> datetime:
    """Return when a call closes that closes in so many days, by the clocks of Brussels."""
    zone = ZoneInfo(BRUSSELS)
    day = now.astimezone(zone).date() + timedelta(days=in_days)
    return datetime.combine(day, time.fromisoformat(CLOSING_TIME), zone).astimezone(UTC)
