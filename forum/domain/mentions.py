"""Mentions: whom an `@name` in a text means, and which members are offered while one is typed.

A mention is the name with dots for its blanks (`@Νίκος.Καραντώνης`), however it is accented; of two members of one
name the id tells them apart (`@Νίκος.Καραντώνης.12`). Every member sees every other today, so all can be meant. A
group is mentioned by its slug (`@region-cyprus`), by moderators of some category and administrators; from anybody else
it is no mention, so that nobody learns which groups there are. How a mention is drawn is the renderer's affair.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from forum.db import Card, Conn, Query
from forum.domain.actors import Actor
from forum.domain.entities import MemberId
from forum.i18n import fold
from forum.markup import MENTION

MENTION_LIMIT: Final = 50
"""Different names of one text that are looked up: more than a municipal council has."""

OFFER_LIMIT: Final = 8
"""Members that are offered at once: what fits beside a text without scrolling."""

QUERY_LIMIT: Final = 100
"""Characters of a name that are looked for: as many as a name has."""

_TOKEN: Final = re.compile(MENTION)
_WITH_ID: Final = re.compile(r"(.+)\.([1-9][0-9]{0,17})")
_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Offer:
    """A member who may be meant; `value` is what to write."""

    member_id: MemberId
    name: str
    organisation_el: str
    organisation_en: str
    is_namesake: bool
    """True when another member's name reads the same as a mention."""

    @property
    def value(self) -> str:
        written = handle(self.name)
        is_plain = written == ".".join(self.name.split())
        return f"@{written}" if is_plain and not self.is_namesake else f"@{written}.{self.member_id}"


@dataclass(frozen=True, slots=True)
class _Meant:
    typed: str
    member_id: MemberId
    name: str


_BY_NAME = Query(
    "mentions.by_name",
    """
    SELECT wanted.typed, members.id, members.name
    FROM unnest($1::text[]) AS wanted (typed)
    JOIN members ON mention_key(members.name) COLLATE "C" = mention_key(wanted.typed) COLLATE "C"
    """,
    returns=_Meant,
    card=Card.MANY,
)

_BY_ID = Query(
    "mentions.by_id",
    """
    SELECT wanted.typed, members.id, members.name
    FROM unnest($1::text[], $2::bigint[]) AS wanted (typed, id)
    JOIN members ON members.id = wanted.id
    """,
    returns=_Meant,
    card=Card.MANY,
)

_GROUPS = Query(
    "mentions.groups",
    """
    SELECT groups.slug
    FROM groups
    WHERE groups.slug = ANY ($2::text[]) AND ($3 OR EXISTS (
        SELECT 1
        FROM category_rights
        WHERE category_rights.member_id = $1 AND category_rights.can_moderate
    ))
    """,
    returns=str,
    card=Card.MANY,
)

_COMPLETE = Query(
    "mentions.complete",
    r"""
    WITH wanted AS (
        SELECT replace(replace(replace(fold($1), '\', '\\'), '%', '\%'), '_', '\_') AS text
    )
    SELECT members.id, members.name, organisations.name_el, organisations.name_en,
           EXISTS (
               SELECT 1
               FROM members AS others
               WHERE mention_key(others.name) COLLATE "C" = mention_key(members.name) COLLATE "C"
                   AND others.id <> members.id
           )
    FROM members
    JOIN organisations ON organisations.id = members.organisation_id
    WHERE (
            fold(members.name) LIKE (SELECT wanted.text || '%' FROM wanted)
            OR fold(members.name) LIKE (SELECT '% ' || wanted.text || '%' FROM wanted)
            OR fold(members.name) LIKE (SELECT '%-' || wanted.text || '%' FROM wanted)
        )
        AND (members.suspended_until IS NULL OR members.suspended_until <= now())
    ORDER BY fold(members.name) COLLATE "C", members.id
    LIMIT $2
    """,
    returns=Offer,
    card=Card.MANY,
)


def find(body: str) -> tuple[str, ...]:
    """Return what may be mentions in a text, as typed after the @: the first fifty that differ, code not told apart."""
    found: dict[str, None] = {}
    for match in _TOKEN.finditer(body):
        found.setdefault(match[1])
        if len(found) == MENTION_LIMIT:
            break
    return tuple(found)


async def resolve(conn: Conn, actor: Actor, typed: tuple[str, ...]) -> Mapping[str, tuple[MemberId, str]]:
    """Return the id and name of each member whom the actor may see and who is the only one meant.

    A name that two members have means nobody without an id.
    """
    del actor  # every member sees every other
    if not typed:
        return {}
    namesakes: dict[str, list[_Meant]] = {}
    for meant in await conn.many(_BY_NAME, list(typed)):
        namesakes.setdefault(meant.typed, []).append(meant)
    ids = {token: int(match[2]) for token in typed if token not in namesakes and (match := _WITH_ID.fullmatch(token))}
    for meant in await conn.many(_BY_ID, list(ids), list(ids.values())) if ids else ():
        if fold(handle(meant.name)) == fold(meant.typed.rpartition(".")[0]):
            namesakes[meant.typed] = [meant]
    return {token: (found[0].member_id, found[0].name) for token, found in namesakes.items() if len(found) == 1}


async def resolve_groups(conn: Conn, actor: Actor, typed: tuple[str, ...]) -> frozenset[str]:
    """Return those of the names that are slugs of groups which the actor may mention somewhere."""
    slugs = [name for name in typed if _SLUG.fullmatch(name)]
    return frozenset(await conn.many(_GROUPS, actor.member_id, slugs, actor.is_administrator)) if slugs else frozenset()


def handle(name: str) -> str:
    """Return a name as it is written in a mention: its words, with dots for what stands between them."""
    return ".".join(_WORD.findall(name))


async def complete(conn: Conn, actor: Actor, text: str) -> list[Offer]:
    """Return members whom the actor may see, one of whose words begins with the text, by name; dots count as blanks."""
    del actor  # every member sees every other
    wanted = " ".join(text[:QUERY_LIMIT].removeprefix("@").replace(".", " ").split())
    return await conn.many(_COMPLETE, wanted, OFFER_LIMIT) if wanted else []
