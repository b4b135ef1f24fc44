"""What the demo says: its people and topics as their files have them, read whole or refused with one clear line.

`people.toml` lists the people; every other file of the folder lists topics with their replies. Knows nothing of when
things happened or of the database; the rights asked about are those of `forum/seeds.py`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import field, replace
from datetime import UTC, datetime, time, timedelta
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from forum.domain import kinds
from forum.domain.entities import BODY_LIMIT, FILE_NAME_LIMIT, NAME_LIMIT, REASON_LIMIT, TITLE_LIMIT, Language, Role
from forum.domain.kinds.fields import BRUSSELS, CLOSING_TIME, Fault
from forum.errors import CommandError, Invalid
from forum.files.kinds import Kind, kind_of
from forum.seeds import ASSOCIATIONS, CATEGORIES, STAGES

DOMAIN: Final = "demo.example"
"""What the address of every member of the demo ends in, and of nobody else: the name leads nowhere (RFC 2606)."""

_PEOPLE: Final = "people.toml"
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
class _File:
    file: tuple[File, ...] = ()
    profile: tuple[Profile, ...] = ()
    twin: tuple[Twin, ...] = ()
    person: tuple[Person, ...] = ()
    topic: tuple[Topic, ...] = ()


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


def read(folder: Traversable | None = None) -> Content:
    """Read the content, by default the one that comes with the forum; CommandError says what is wrong and where."""
    where = folder or resources.files("forum").joinpath("data", "demo")
    files = sorted((file for file in where.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    parsed = {file.name: _parse(file) for file in files}
    for name, file in parsed.items():
        if wrong := "topic" if name == _PEOPLE and file.topic else "person" if name != _PEOPLE and file.person else "":
            raise CommandError(f"demo: {name}: a {wrong} does not belong here")
    brought = tuple(
        replace(one, content=where.joinpath("files", one.path).read_bytes())
        for file in parsed.values()
        for one in file.file
    )
    content = Content(
        tuple(person for file in parsed.values() for person in file.person),
        tuple(_with_files(topic, brought) for file in parsed.values() for topic in file.topic),
        brought,
        tuple(profile for file in parsed.values() for profile in file.profile),
        tuple(twin for file in parsed.values() for twin in file.twin),
    )
    if found := next(faults(content), None):
        raise CommandError(f"demo: {found}")
    return content


def _with_files(topic: Topic, brought: tuple[File, ...]) -> Topic:
    """Return a topic whose texts name files as the forum does."""

    def named(body: str) -> str:
        for number, one in enumerate(brought, 1):
            body = body.replace(f"(attachment:{one.path})", f"(/attachments/{number})")
        return body

    replies = tuple(replace(reply, body=named(reply.body)) for reply in topic.reply)
    return replace(topic, body=named(topic.body), reply=replies)


def _parse(file: Traversable) -> _File:
    try:
        return TypeAdapter(_File).validate_python(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"demo: {file.name}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = " ".join(f"{part + 1}" if isinstance(part, int) else str(part) for part in first["loc"])
        raise CommandError(f"demo: {file.name}: {place}: {first['msg']}") from None


def faults(content: Content) -> Iterator[str]:
    """Yield what does not fit together: unknown people, acts without the right to them, texts that stand twice."""
    if len(content.by_key) < len(content.people):
        yield "two people have the same key"
    if len({topic.title for topic in content.topics}) < len(content.topics):
        yield "two topics have the same title"
    seen: set[str] = set()
    for body in content.bodies():
        if body in seen:
            yield f"a text stands twice: {body[:60]!r}"
        seen.add(body)
    for number, one in enumerate(content.files, 1):
        if sum(f"(/attachments/{number})" in body for body in content.bodies()) != 1 or one.kind is None:
            yield f"{one.path} is of no kind that is taken, or not named by exactly one text"
    yield from (f"a text names no file: {body[:60]!r}" for body in content.bodies() if "(attachment:" in body)
    homes = {person.organisation for person in content.people}
    telling = {profile.organisation for profile in content.profiles} | {twin.organisation for twin in content.twins}
    yield from (f"nobody is of {slug!r}, which tells of itself" for slug in sorted(telling - homes))
    for topic in content.topics:
        yield from (f"{topic.title!r}: {fault}" for fault in _faults_of(content, topic))


def _faults_of(content: Content, topic: Topic) -> Iterator[str]:
    acts = [(topic.author, "start"), *((reply.author, "reply") for reply in topic.reply)]
    if (topic.locked is None) != (topic.locked_by is None):
        yield "locked and locked_by go together"
    if topic.locked_by is not None:
        acts.append((topic.locked_by, "moderate"))
    if topic.category not in {category.slug for category in CATEGORIES}:
        yield f"there is no category {topic.category!r}"
        return
    for key, right in acts:
        person = content.by_key.get(key)
        if person is None:
            yield f"nobody is called {key!r}"
        elif right not in rights(person, topic.category):
            yield f"{key} may not {right} in {topic.category}"
    allowed = {category.slug: category.kinds for category in CATEGORIES}[topic.category]
    if not kinds.is_offered(topic.kind, allowed):
        yield f"{topic.category} takes no {topic.kind}"
        return
    try:
        topic.values(datetime.now(UTC))
    except Invalid as error:
        yield f"fields: {error.fields}"
    except (Fault, KeyError) as error:
        yield f"state: {error}"
    if topic.answer is not None and (topic.kind != kinds.QUESTION.code or topic.answer > len(topic.reply) + 1):
        yield f"post {topic.answer} cannot be the answer"
    for number, reply in enumerate(topic.reply, 2):
        if reply.to is not None and reply.to >= number:
            yield f"post {number} cannot answer post {reply.to}"


def rights(person: Person, category_slug: str) -> frozenset[str]:
    """Return what a person holds in a category of a new forum; all municipalities are of its two regions."""
    regional = {category.slug: category.regions_stage for category in CATEGORIES}[category_slug]
    is_of_association = person.organisation in {association.slug for association in ASSOCIATIONS}
    held = STAGES["participants" if is_of_association else regional]
    if person.role is Role.MODERATOR:
        held |= STAGES["moderators"]
    if person.role is Role.ADMINISTRATOR:
        held |= STAGES["everything"]
    return held
