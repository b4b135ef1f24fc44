"""What topics' fields name: whether there are such themes and organisations, and who may name which municipality.

And whether a deadline they set is still to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from forum.db import Card, Conn, Query, Tx
from forum.domain import kinds
from forum.domain.actors import Actor
from forum.domain.kinds import Kind, Values
from forum.domain.kinds.fields import Organisation, Themes, at
from forum.errors import Invalid

Sort = Literal["theme", "organisation"]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a slug stands for; `kind` is an organisation's."""

    sort: Sort
    slug: str
    kind: str
    name_el: str
    name_en: str


Names = Mapping[tuple[Sort, str], Reference]
"""What is called what, by sort and slug."""

_NAMES = Query(
    "references.names",
    """
    SELECT 'theme', themes.slug, '', themes.name_el, themes.name_en
    FROM themes
    WHERE themes.slug = ANY ($1::text[])
    UNION ALL
    SELECT 'organisation', organisations.slug, organisations.kind, organisations.name_el, organisations.name_en
    FROM organisations
    WHERE organisations.slug = ANY ($2::text[])
    """,
    returns=Reference,
    card=Card.MANY,
)

_NOW = Query("references.now", "SELECT clock_timestamp()", returns=datetime, card=Card.ONE)


async def names(conn: Conn, topics: Iterable[tuple[str, Values]]) -> Names:
    """Return what the fields of some topics name, given as kind and fields; one query, none where they name nothing."""
    wanted: dict[Sort, set[str]] = {"theme": set(), "organisation": set()}
    for code, values in topics:
        for sort, _, slug in _named(kinds.of(code), values):
            wanted[sort].add(slug)
    if not any(wanted.values()):
        return {}
    found = await conn.many(_NAMES, sorted(wanted["theme"]), sorted(wanted["organisation"]))
    return {(reference.sort, reference.slug): reference for reference in found}


async def require(tx: Tx, kind: Kind, values: Values) -> None:
    """Raise Invalid for the fields that name what is not there, or an organisation that is no municipality."""
    known = await names(tx, [(kind.code, values)])
    faulty = {}
    for sort, name, slug in _named(kind, values):
        reference = known.get((sort, slug))
        field = kind.field(name)
        is_other = isinstance(field, Organisation) and field.is_municipality and reference is not None
        if reference is None or (is_other and reference.kind != "municipality"):
            faulty[name] = ("unknown",)
    if faulty:
        raise Invalid(faulty)


def names_any(actor: Actor, *, can_moderate: bool) -> bool:
    """Say whether somebody names any municipality in a topic: who belongs to one names theirs, unless they moderate."""
    return can_moderate or actor.is_administrator or actor.region_slug is None


def require_own(actor: Actor, kind: Kind, values: Values, stands: Values, *, can_moderate: bool) -> None:
    """Raise Invalid for a municipality that the actor may not name; one that stands already stays."""
    if names_any(actor, can_moderate=can_moderate):
        return
    named = [each.name for each in kind if isinstance(each, Organisation) and each.is_municipality]
    foreign = [name for name in named if values.get(name) not in {None, actor.organisation_slug, stands.get(name)}]
    if foreign:
        raise Invalid({name: ("not_own",) for name in foreign})


async def require_to_come(tx: Tx, kind: Kind, values: Values, stands: Values) -> None:
    """Raise Invalid for a deadline that has passed by the database's clock; one that stands already stays."""
    changed = [each.name for each in kind.moments if each.name in values and values[each.name] != stands.get(each.name)]
    if not changed:
        return
    now = await tx.one(_NOW)
    if passed := [name for name in changed if at(values[name]) <= now]:
        raise Invalid({name: ("passed",) for name in passed})


def _named(kind: Kind, values: Values) -> Iterator[tuple[Sort, str, str]]:
    """Return of each slug in the fields what it should be, in which field it stands, and itself."""
    for field in kind:
        if field.name not in values:
            continue
        if isinstance(field, Themes):
            yield from (("theme", field.name, slug) for slug in values[field.name])
        elif isinstance(field, Organisation):
            yield "organisation", field.name, values[field.name]
