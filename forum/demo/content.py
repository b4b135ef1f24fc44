"""What the demo says, as its files have it, read whole or refused with one clear line.

`people.toml` lists the people; every other file of the folder lists topics with their replies. Knows nothing of when
things happened or of the database.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from forum.demo.faults import faults
from forum.demo.shapes import Content, File, Person, Profile, Topic, Twin, Twinning
from forum.errors import CommandError

_PEOPLE: Final = "people.toml"
_STRICT: Final = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, config=_STRICT)
class _File:
    file: tuple[File, ...] = ()
    profile: tuple[Profile, ...] = ()
    twin: tuple[Twin, ...] = ()
    twinning: tuple[Twinning, ...] = ()
    person: tuple[Person, ...] = ()
    topic: tuple[Topic, ...] = ()


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
        tuple(twinning for file in parsed.values() for twinning in file.twinning),
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
