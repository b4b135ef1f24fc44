"""Free groups: made by administrators across organisations, and kept by their owners, who say who is in them.

The tables are `groups`'. Here is who may keep a group: administrators, and the members of it who are its owners; for
everybody else there is none. Groups of regions and organisations and of the system are listed and never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forum import slugs
from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, groups, idempotency
from forum.domain.access import AdministerGrant
from forum.domain.actors import Actor
from forum.domain.entities import SLUG_LIMIT, GroupId, MemberId
from forum.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Listed:
    """A group of whatever kind, with how many are in it and in how many categories it has rights."""

    id: GroupId
    slug: str
    kind: str
    name_el: str
    name_en: str
    member_count: int
    category_count: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A free group that the actor may keep; only this module makes one."""

    actor: Actor
    id: GroupId
    slug: str
    name_el: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Belonging:
    """A member of a group."""

    member_id: MemberId
    name: str
    organisation_el: str
    organisation_en: str
    is_owner: bool


@dataclass(frozen=True, slots=True)
class Granted:
    """A category in which a group has rights."""

    slug: str
    name_el: str
    name_en: str


@dataclass(frozen=True, slots=True)
class _Found:
    id: GroupId
    slug: str
    name_el: str
    name_en: str
    is_owner: bool


# Counted by place: the view of memberships begins with members, and would be walked once for each group. What two
# municipalities have between them is nobody else's, not as a number either.
_LIST = Query(
    "free_groups.list",
    f"""
    SELECT groups.id, groups.slug, groups.kind, groups.name_el, groups.name_en,
           (SELECT count(*) FROM group_members WHERE group_members.group_id = groups.id)
           + coalesce((
               SELECT sum((SELECT count(*) FROM members WHERE members.organisation_id = places.id))::bigint
               FROM organisations AS places
               WHERE places.id = groups.organisation_id OR places.region_id = groups.region_id
           ), 0),
           (
               SELECT count(*)
               FROM grants
               JOIN categories ON categories.id = grants.category_id AND NOT categories.is_private
               WHERE grants.group_id = groups.id AND {groups.IN_FORCE}
           )
    FROM groups
    ORDER BY
        array_position(ARRAY['free', 'system', 'region', 'organisation'], groups.kind),
        fold(CASE WHEN $1 = 'el' THEN groups.name_el ELSE groups.name_en END) COLLATE "C",
        groups.id
    """,
    returns=Listed,
    card=Card.MANY,
)

_KEPT = Query(
    "free_groups.kept",
    """
    SELECT groups.id, groups.slug, groups.name_el, groups.name_en,
           EXISTS (
               SELECT 1
               FROM group_members
               WHERE group_members.group_id = groups.id AND group_members.member_id = $2 AND group_members.is_owner
           )
    FROM groups
    WHERE groups.slug = $1 AND groups.kind = 'free'
    """,
    returns=_Found,
    card=Card.ZERO_OR_ONE,
)

_LOCK = Statement(
    "free_groups.lock",
    "SELECT groups.id FROM groups WHERE groups.slug = $1 FOR NO KEY UPDATE",
    returns=int,
    card=Card.ZERO_OR_ONE,
)

_SLUG = Query("free_groups.slug", "SELECT groups.slug FROM groups WHERE groups.id = $1", returns=str, card=Card.ONE)

_MEMBERS = Query(
    "free_groups.members",
    """
    SELECT members.id, members.name, organisations.name_el, organisations.name_en, group_members.is_owner
    FROM group_members
    JOIN members ON members.id = group_members.member_id
    JOIN organisations ON organisations.id = members.organisation_id
    WHERE group_members.group_id = $1
    ORDER BY group_members.is_owner DESC, fold(members.name) COLLATE "C", members.id
    """,
    returns=Belonging,
    card=Card.MANY,
)

_CATEGORIES = Query(
    "free_groups.categories",
    f"""
    SELECT categories.slug, categories.name_el, categories.name_en
    FROM grants
    JOIN categories ON categories.id = grants.category_id AND NOT categories.is_private
    WHERE grants.group_id = $1 AND {groups.IN_FORCE}
    ORDER BY categories.position, categories.id
    """,
    returns=Granted,
    card=Card.MANY,
)

_ARE_THERE = Query(
    "free_groups.are_there",
    "SELECT members.id FROM members WHERE members.id = ANY ($1::bigint[])",
    returns=int,
    card=Card.MANY,
)


async def list_groups(conn: Conn, grant: AdministerGrant, *, language: str) -> list[Listed]:
    """Return all groups, the free ones first, by their name in the language."""
    del grant
    return await conn.many(_LIST, language)


async def to_keep(conn: Conn, actor: Actor, slug: str) -> Kept:
    """Return a free group that the actor keeps; raise NotFound: for who does not, there is none."""
    found = await conn.maybe(_KEPT, slug, actor.member_id)
    if found is None or not (found.is_owner or actor.is_administrator):
        raise NotFound
    return Kept(actor, found.id, found.slug, found.name_el, found.name_en)


async def list_members(conn: Conn, kept: Kept) -> list[Belonging]:
    """Return who is in a group, its owners first."""
    return await conn.many(_MEMBERS, kept.id)


async def list_categories(conn: Conn, kept: Kept) -> list[Granted]:
    """Return where a group has rights."""
    return await conn.many(_CATEGORIES, kept.id)


async def make(
    tx: Tx, grant: AdministerGrant, *, name_el: str, name_en: str, slug: str = "", key: idempotency.Key | None
) -> str:
    """Make a free group, with nobody in it and no rights, and return its slug; the same key again makes none."""
    if key and (earlier := await idempotency.claim(tx, grant.actor, key)) is not None:
        return await tx.one(_SLUG, earlier)
    wanted = slug or slugs.slugify(name_en, fallback="group", limit=SLUG_LIMIT)
    made = await groups.make_free(tx, slug=wanted, name_el=name_el, name_en=name_en)
    await _record(tx, grant.actor, "made", made, after={"slug": wanted})
    if key:
        await idempotency.settle(tx, grant.actor, key, made)
    return wanted


async def rename(tx: Tx, grant: AdministerGrant, slug: str, *, name_el: str, name_en: str) -> None:
    """Call a free group otherwise; its slug stays, so that mentions still reach it. Raise NotFound."""
    kept = await _locked(tx, grant.actor, slug)
    if (kept.name_el, kept.name_en) != (name_el, name_en):
        await groups.rename_free(tx, kept.id, name_el=name_el, name_en=name_en)
        after = {"slug": kept.slug, "is_renamed": True}
        await _record(tx, grant.actor, "renamed", kept.id, before={"slug": kept.slug}, after=after)


async def delete(tx: Tx, grant: AdministerGrant, slug: str) -> None:
    """Delete a free group; raise NotFound, or Conflict while it holds rights."""
    kept = await _locked(tx, grant.actor, slug)
    if not await groups.delete_free(tx, kept.id):
        raise Conflict("group_in_use")
    await _record(tx, grant.actor, "deleted", kept.id, before={"slug": kept.slug})


async def set_members(tx: Tx, grant: AdministerGrant, slug: str, member_ids: Sequence[MemberId]) -> None:
    """Have just these members in a free group; raise NotFound, or Invalid when one of them is nobody."""
    kept = await _locked(tx, grant.actor, slug)
    wanted = set(member_ids)
    there = await tx.many(_ARE_THERE, list(wanted))
    if unknown := [place for place, member_id in enumerate(member_ids) if member_id not in there]:
        raise Invalid({f"members.{unknown[0]}": ("unknown",)})
    present = {belonging.member_id for belonging in await list_members(tx, kept)}
    for member_id in sorted(wanted - present):
        await add_member(tx, kept, member_id)
    for member_id in sorted(present - wanted):
        await remove_member(tx, kept, member_id)


async def add_member(tx: Tx, kept: Kept, member_id: MemberId) -> None:
    """Put a member into a group; nothing happens when they are in it."""
    await groups.add_member(tx, kept.slug, member_id, actor_id=kept.actor.member_id)


async def remove_member(tx: Tx, kept: Kept, member_id: MemberId) -> None:
    """Take a member out of a group; nothing happens when they are not in it."""
    await groups.remove_member(tx, kept.slug, member_id, actor_id=kept.actor.member_id)


async def set_owner(tx: Tx, grant: AdministerGrant, slug: str, member_id: MemberId, value: bool) -> None:
    """Let a member of a free group keep it, or no longer; nothing happens for one who is not in it."""
    kept = await _locked(tx, grant.actor, slug)
    if await groups.set_owner(tx, kept.id, member_id, value):
        act = "owner_set" if value else "owner_unset"
        before, after = ({"member_id": member_id, "is_owner": is_owner} for is_owner in (not value, value))
        await _record(tx, grant.actor, act, kept.id, before=before, after=after)


async def _locked(tx: Tx, actor: Actor, slug: str) -> Kept:
    await tx.maybe(_LOCK, slug)
    return await to_keep(tx, actor, slug)


async def _record(
    tx: Tx,
    actor: Actor,
    act: str,
    group_id: GroupId,
    *,
    before: audit.Facts | None = None,
    after: audit.Facts | None = None,
) -> None:
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act=f"group.{act}",
        subject="group",
        subject_id=group_id,
        before=before,
        after=after,
    )
