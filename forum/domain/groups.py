"""Groups: what rights are granted to, and who was put into a system or free group.

Members of region and organisation groups follow from their organisation and are never written here. What a group may
do is said by grants, not here.
"""

from __future__ import annotations

from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit
from forum.domain.entities import Group, GroupId, MemberId, OrganisationId, RegionId
from forum.errors import NotFound

MODERATORS: Final = "moderators"
ADMINISTRATORS: Final = "administrators"
"""Slugs of the system groups: who is in them is a moderator or an administrator."""

IN_FORCE: Final = "(grants.valid_from <= now() AND grants.valid_until > now())"
"""Whether one of `grants` gives its group rights now, as the views of rights have it."""


def members_of(groups: str) -> str:
    """Return the members of some groups, however they are in them: `groups` is SQL of the ids of those groups."""
    return f"""
        SELECT group_members.member_id
        FROM group_members
        WHERE group_members.group_id IN ({groups})
        UNION ALL
        SELECT members.id
        FROM groups
        JOIN members ON members.organisation_id = groups.organisation_id
        WHERE groups.id IN ({groups})
        UNION ALL
        SELECT members.id
        FROM groups
        JOIN organisations ON organisations.region_id = groups.region_id
        JOIN members ON members.organisation_id = organisations.id
        WHERE groups.id IN ({groups})
    """


_OF_MEMBER = Query(
    "groups.of_member",
    """
    SELECT groups.id, groups.slug, groups.kind, groups.name_el, groups.name_en
    FROM memberships
    JOIN groups ON groups.id = memberships.group_id
    WHERE memberships.member_id = $1
    ORDER BY fold(groups.name_el) COLLATE "C", groups.id
    """,
    returns=Group,
    card=Card.MANY,
)

_KEPT = Query(
    "groups.kept",
    "SELECT groups.id FROM groups WHERE groups.slug = $1 AND groups.kind IN ('system', 'free')",
    returns=int,
    card=Card.ZERO_OR_ONE,
)

_ADD = Statement(
    "groups.add_member",
    "INSERT INTO group_members (group_id, member_id) VALUES ($1, $2) ON CONFLICT (group_id, member_id) DO NOTHING",
    returns=int,
    card=Card.NONE,
)

_REMOVE = Statement(
    "groups.remove_member",
    "DELETE FROM group_members WHERE group_id = $1 AND member_id = $2",
    returns=int,
    card=Card.NONE,
)

_CREATE_OF_PLACE = Statement(
    "groups.create_of_place",
    """
    INSERT INTO groups (slug, kind, region_id, organisation_id, name_el, name_en)
    VALUES ($1, $2, $3, $4, $5, $6)
    """,
    returns=int,
    card=Card.NONE,
)

_RENAME_OF_PLACE = Statement(
    "groups.rename_of_place",
    """
    UPDATE groups
    SET slug = $3, name_el = $4, name_en = $5
    WHERE groups.region_id = $1 OR groups.organisation_id = $2
    """,
    returns=int,
    card=Card.NONE,
)

_MAKE_FREE = Statement(
    "groups.make_free",
    "INSERT INTO groups (slug, kind, name_el, name_en) VALUES ($1, 'free', $2, $3) RETURNING id",
    returns=int,
    card=Card.ONE,
)

_RENAME_FREE = Statement(
    "groups.rename_free",
    "UPDATE groups SET name_el = $2, name_en = $3 WHERE groups.id = $1 AND groups.kind = 'free'",
    returns=int,
    card=Card.NONE,
)

_DELETE_FREE = Statement(
    "groups.delete_free",
    """
    DELETE FROM groups
    WHERE groups.id = $1 AND groups.kind = 'free'
        AND NOT EXISTS (SELECT 1 FROM grants WHERE grants.group_id = groups.id AND grants.valid_until > now())
    """,
    returns=int,
    card=Card.NONE,
)

_SET_OWNER = Statement(
    "groups.set_owner",
    """
    UPDATE group_members
    SET is_owner = $3
    WHERE group_members.group_id = $1 AND group_members.member_id = $2 AND group_members.is_owner <> $3
    """,
    returns=int,
    card=Card.NONE,
)

_OF_PLACES = Query(
    "groups.of_places",
    "SELECT groups.id FROM groups WHERE groups.organisation_id = $1 OR groups.region_id = $2 ORDER BY groups.id",
    returns=int,
    card=Card.MANY,
)


async def list_of_member(conn: Conn, member_id: MemberId) -> list[Group]:
    """Return every group the member is in, by whatever way."""
    return await conn.many(_OF_MEMBER, member_id)


async def add_member(tx: Tx, group_slug: str, member_id: MemberId, *, actor_id: MemberId | None = None) -> None:
    """Put a member into a system or free group; nothing happens when they are in it. Raise NotFound for others."""
    group_id = await _kept(tx, group_slug)
    if await tx.run(_ADD, group_id, member_id):
        await _record(tx, actor_id, "group.member_added", group_id, member_id)


async def remove_member(tx: Tx, group_slug: str, member_id: MemberId, *, actor_id: MemberId | None = None) -> None:
    """Take a member out of a system or free group; nothing happens when they are not in it."""
    group_id = await _kept(tx, group_slug)
    if await tx.run(_REMOVE, group_id, member_id):
        await _record(tx, actor_id, "group.member_removed", group_id, member_id)


async def create_of_region(tx: Tx, region_id: RegionId, *, slug: str, name_el: str, name_en: str) -> None:
    """Make the group of everyone in the region's municipalities."""
    await tx.run(_CREATE_OF_PLACE, f"region-{slug}", "region", region_id, None, name_el, name_en)


async def create_of_organisation(
    tx: Tx, organisation_id: OrganisationId, *, slug: str, name_el: str, name_en: str
) -> None:
    """Make the group of everyone in the organisation."""
    await tx.run(_CREATE_OF_PLACE, f"organisation-{slug}", "organisation", None, organisation_id, name_el, name_en)


async def rename_of_region(tx: Tx, region_id: RegionId, *, slug: str, name_el: str, name_en: str) -> None:
    await tx.run(_RENAME_OF_PLACE, region_id, None, f"region-{slug}", name_el, name_en)


async def rename_of_organisation(
    tx: Tx, organisation_id: OrganisationId, *, slug: str, name_el: str, name_en: str
) -> None:
    await tx.run(_RENAME_OF_PLACE, None, organisation_id, f"organisation-{slug}", name_el, name_en)


async def make_free(tx: Tx, *, slug: str, name_el: str, name_en: str) -> GroupId:
    """Make a group that people are put into; raise Invalid for a taken slug."""
    return GroupId(await tx.one(_MAKE_FREE, slug, name_el, name_en))


async def rename_free(tx: Tx, group_id: GroupId, *, name_el: str, name_en: str) -> None:
    await tx.run(_RENAME_FREE, group_id, name_el, name_en)


async def delete_free(tx: Tx, group_id: GroupId) -> bool:
    """Delete a free group; say whether it could be: not while it holds rights."""
    return await tx.run(_DELETE_FREE, group_id) > 0


async def set_owner(tx: Tx, group_id: GroupId, member_id: MemberId, value: bool) -> bool:
    """Say of a member of a group whether they are an owner; return whether that was news."""
    return await tx.run(_SET_OWNER, group_id, member_id, value) > 0


async def list_ids_of_places(
    conn: Conn, *, organisation_id: OrganisationId | None = None, region_id: RegionId | None = None
) -> list[GroupId]:
    """Return the groups of an organisation and of a region."""
    return [GroupId(found) for found in await conn.many(_OF_PLACES, organisation_id, region_id)]


async def _kept(tx: Tx, slug: str) -> GroupId:
    group_id = await tx.maybe(_KEPT, slug)
    if group_id is None:
        raise NotFound
    return GroupId(group_id)


async def _record(tx: Tx, actor_id: MemberId | None, act: str, group_id: GroupId, member_id: MemberId) -> None:
    details: dict[str, object] = {"member_id": member_id}
    if act == "group.member_added":
        await audit.record(tx, actor_id=actor_id, act=act, subject="group", subject_id=group_id, after=details)
    else:
        await audit.record(tx, actor_id=actor_id, act=act, subject="group", subject_id=group_id, before=details)
