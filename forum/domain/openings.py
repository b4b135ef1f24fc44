"""Openings: what a group is granted in a category, done exactly as it was shown, and taken back.

An opening ends the group's grant there and begins another, at once or at an instant to come; the views of rights
compare instants, so nothing has to happen then (docs/adr/0031-grants-in-time.md). Source: CATALOGUE, "Rights".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, idempotency, opening_effects, opening_previews, right_changes, stages
from forum.domain.access import AdministerGrant
from forum.domain.entities import CategoryId, GroupId, MemberId, OpeningId
from forum.domain.opening_previews import HELD, Held, Horizons, Preview, Wanted
from forum.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening as the category's page lists it."""

    id: OpeningId
    category_id: CategoryId
    group_id: GroupId
    group_slug: str
    group_el: str
    group_en: str
    rights: list[str]
    effective_at: datetime
    is_scheduled: bool
    actor_id: MemberId
    actor_name: str
    created_at: datetime
    undone_at: datetime | None
    is_last: bool
    """Whether no later one speaks of the same group: only that can be taken back."""

    @property
    def stage(self) -> str:
        return stages.stage_of(self.rights)

    @property
    def may_be_undone(self) -> bool:
        return self.is_last and self.undone_at is None


@dataclass(frozen=True, slots=True)
class _Holding:
    group_id: GroupId
    rights: list[str]


@dataclass(frozen=True, slots=True)
class _Found:
    id: OpeningId
    category_id: CategoryId
    category_slug: str
    group_id: GroupId
    effective_at: datetime
    replaces_from: datetime | None
    rights: list[str]
    is_scheduled: bool
    settled_at: datetime | None
    undone_at: datetime | None
    is_last: bool


_OPEN = Statement(
    "openings.open",
    """
    INSERT INTO openings (
        category_id, group_id, rights, effective_at, replaces_from, tells, gained_member_ids, actor_id
    )
    VALUES (
        $1, $2, $3, coalesce($4, now()),
        coalesce($5::timestamptz, CASE WHEN $6 THEN '-infinity'::timestamptz END), $7, $8, $9
    )
    RETURNING openings.id
    """,
    returns=OpeningId,
    card=Card.ONE,
)

_END = Statement(
    "openings.end",
    """
    UPDATE grants
    SET valid_until = coalesce($3, now())
    WHERE grants.category_id = $1 AND grants.group_id = $2
        AND grants.valid_from <= coalesce($3, now()) AND grants.valid_until > coalesce($3, now())
    """,
    returns=int,
    card=Card.NONE,
)

_GRANT = Statement(
    "openings.grant",
    f"""
    INSERT INTO grants (
        category_id, group_id, {stages.each("can_{right}")},
        valid_from, topics_since, internal_since
    )
    VALUES (
        $1, $2, {stages.each("'{right}' = ANY ($3::text[])")},
        coalesce($4, now()), coalesce($5::timestamptz, '-infinity'), coalesce($6::timestamptz, '-infinity')
    )
    """,
    returns=int,
    card=Card.NONE,
)

LATER: Final = """EXISTS (
    SELECT 1
    FROM openings AS later
    WHERE later.category_id = openings.category_id AND later.group_id = openings.group_id
        AND later.id > openings.id AND later.undone_at IS NULL
)"""
"""Whether a later one of `openings` speaks of the same group."""

# What was changed above or below since was shown as things stood: taking this one back would add to it, unseen.
_IS_LAST: Final = f"""NOT ({LATER} OR EXISTS (
    SELECT 1
    FROM openings AS later
    JOIN categories AS here ON here.id = openings.category_id
    JOIN categories AS related ON related.id = later.category_id
    WHERE (related.id = here.parent_id OR related.parent_id = here.id)
        AND later.id > openings.id AND later.undone_at IS NULL
))"""

_FIND = Statement(
    "openings.find",
    f"""
    SELECT openings.id, openings.category_id,
           (SELECT categories.slug FROM categories WHERE categories.id = openings.category_id),
           openings.group_id, openings.effective_at, openings.replaces_from,
           openings.rights, openings.effective_at > now(), openings.settled_at, openings.undone_at, {_IS_LAST}
    FROM openings
    WHERE openings.id = $1
    FOR NO KEY UPDATE
    """,
    returns=_Found,
    card=Card.ZERO_OR_ONE,
)

_UNSCHEDULE = Statement(
    "openings.unschedule",
    "DELETE FROM grants WHERE grants.category_id = $1 AND grants.group_id = $2 AND grants.valid_from = $3",
    returns=int,
    card=Card.NONE,
)

_PROLONG = Statement(
    "openings.prolong",
    """
    UPDATE grants
    SET valid_until = 'infinity'
    WHERE grants.category_id = $1 AND grants.group_id = $2 AND grants.valid_from = $3
    """,
    returns=int,
    card=Card.NONE,
)

_GRANT_AGAIN = Statement(
    "openings.grant_again",
    f"""
    INSERT INTO grants (
        category_id, group_id, {stages.each("can_{right}")},
        valid_from, topics_since, internal_since
    )
    SELECT grants.category_id, grants.group_id, {stages.each("grants.can_{right}")},
           now(), grants.topics_since, grants.internal_since
    FROM grants
    WHERE grants.category_id = $1 AND grants.group_id = $2 AND grants.valid_from = $3
    """,
    returns=int,
    card=Card.NONE,
)

_UNDO = Statement(
    "openings.undo",
    "UPDATE openings SET undone_at = now(), undone_by_id = $2 WHERE openings.id = $1",
    returns=int,
    card=Card.NONE,
)

_HELD = Query(
    "openings.held",
    f"""
    SELECT grants.group_id, {stages.held("grants")}
    FROM grants
    WHERE grants.category_id = $1 AND grants.valid_from <= now() AND grants.valid_until > now()
    """,
    returns=_Holding,
    card=Card.MANY,
)

_SELECT: Final = f"""
    SELECT openings.id, openings.category_id, groups.id, groups.slug, groups.name_el, groups.name_en,
           openings.rights, openings.effective_at, openings.effective_at > now(), members.id, members.name,
           openings.created_at, openings.undone_at, {_IS_LAST}
    FROM openings
    JOIN groups ON groups.id = openings.group_id
    JOIN members ON members.id = openings.actor_id
"""

_ONE = Query(
    "openings.one",
    f"{_SELECT} WHERE openings.id = $1",
    returns=Opening,
    card=Card.ZERO_OR_ONE,
)

_LIST = Query(
    "openings.list",
    f"""
    {_SELECT}
    WHERE openings.category_id = $1 AND openings.id < coalesce($2, 9223372036854775807)
    ORDER BY openings.id DESC
    LIMIT $3
    """,
    returns=Opening,
    card=Card.MANY,
)


async def preview(conn: Conn, grant: AdministerGrant, wanted: Wanted) -> Preview:
    """Return what an opening would do, as `opening_previews.look` works it out and raises."""
    del grant
    return (await opening_previews.look(conn, wanted))[0]


async def open(
    tx: Tx, grant: AdministerGrant, wanted: Wanted, *, digest: str, key: idempotency.Key | None = None
) -> OpeningId:
    """Grant what was shown and return the opening's id; the same key again grants nothing more.

    Raise as `preview`, and Conflict (preview_changed) where something else would happen by now.
    """
    if key and (earlier := await idempotency.claim(tx, grant.actor, key)) is not None:
        return OpeningId(earlier)
    await right_changes.hold(tx)
    looked = await opening_previews.look(tx, wanted)
    if looked[0].digest != digest:
        raise Conflict("preview_changed")
    made = await _carry_out(tx, grant, wanted, *looked)
    if key:
        await idempotency.settle(tx, grant.actor, key, made)
    return made


async def set_rights(
    tx: Tx, grant: AdministerGrant, category_id: CategoryId, wanted: Mapping[GroupId, frozenset[str]]
) -> None:
    """Have just these groups hold just these rights in a category from now on: an opening for each that changes.

    Raise as `preview`. Who calls it has seen that nothing changed meanwhile, under `right_changes.hold`.
    """
    held = {group.group_id: frozenset(group.rights) for group in await tx.many(_HELD, category_id)}
    for group_id in sorted(wanted.keys() | held.keys()):
        rights = wanted.get(group_id, frozenset())
        if rights != held.get(group_id, frozenset()):
            change = Wanted(category_id, group_id, rights)
            await _carry_out(tx, grant, change, *await opening_previews.look(tx, change))


async def _carry_out(
    tx: Tx, grant: AdministerGrant, wanted: Wanted, shown: Preview, held: Held | None, horizons: Horizons
) -> OpeningId:
    place = (wanted.category_id, wanted.group_id)
    rights = stages.ordered(wanted.rights)
    opening_id = await tx.one(
        _OPEN,
        *place,
        rights,
        wanted.effective_at,
        held.valid_from if held else None,
        held is not None,
        wanted.tells,
        shown.gained_member_ids,
        grant.actor.member_id,
    )
    await tx.run(_END, *place, wanted.effective_at)
    if rights:
        await tx.run(_GRANT, *place, rights, wanted.effective_at, *horizons)
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act="category.opened" if rights else "category.closed",
        subject="category",
        subject_id=wanted.category_id,
        before={"group_id": wanted.group_id, "rights": held.rights if held else []},
        after={
            "group_id": wanted.group_id,
            "rights": rights,
            "opening_id": opening_id,
            "effective_at": _written(wanted.effective_at),
            "topics_since": _written(horizons[0]),
            "internal_since": _written(horizons[1]),
        },
    )
    return opening_id


async def undo(tx: Tx, grant: AdministerGrant, opening_id: OpeningId) -> str:
    """Take an opening back: the group holds exactly what it held before, and its members hear of what they had chosen.

    Return the slug of the category. Raise NotFound, Conflict where it was taken back already, or a later one stands: of
    the group, or above or below the category.
    """
    await right_changes.hold(tx)
    found = await tx.maybe(_FIND, opening_id)
    if found is None:
        raise NotFound
    if found.undone_at is not None:
        raise Conflict("opening_undone")
    if not found.is_last:
        raise Conflict("opening_followed")
    place = (found.category_id, found.group_id)
    if found.is_scheduled:
        await tx.run(_UNSCHEDULE, *place, found.effective_at)
        if found.replaces_from is not None:
            await tx.run(_PROLONG, *place, found.replaces_from)
    else:
        await tx.run(_END, *place, None)
        if found.replaces_from is not None:
            await tx.run(_GRANT_AGAIN, *place, found.replaces_from)
        await opening_effects.resume(tx, found.id)
    await tx.run(_UNDO, found.id, grant.actor.member_id)
    held = await tx.maybe(HELD, *place, None)
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act="category.opening_undone",
        subject="category",
        subject_id=found.category_id,
        before={"group_id": found.group_id, "rights": found.rights, "opening_id": found.id},
        after={"group_id": found.group_id, "rights": held.rights if held else []},
    )
    return found.category_slug


async def list_openings(
    conn: Conn, grant: AdministerGrant, category_id: CategoryId, *, before: OpeningId | None = None, limit: int = 50
) -> list[Opening]:
    """Return a category's openings, the newest first."""
    del grant
    return await conn.many(_LIST, category_id, before, limit)


async def opening(conn: Conn, grant: AdministerGrant, opening_id: OpeningId) -> Opening:
    """Return an opening; raise NotFound."""
    del grant
    found = await conn.maybe(_ONE, opening_id)
    if found is None:
        raise NotFound
    return found


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
