"""Who takes whose place: a municipality moves to another region, organisations merge, a member passes to another one.

Each is looked at first: which rights its members gain and lose, by category. What is done is what was shown: where that
has changed, nothing is done. What members wrote keeps the name they wrote it under (docs/adr/0029-places.md): it is
marked with the organisation they leave, in the transaction in which they leave it. Locks are taken in the order
organisation, topic, member; a member's lock waits for the post that they are writing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from forum.db import Card, Conn, Query, Tx
from forum.domain import (
    audit,
    groups,
    invitations,
    mail_domains,
    members,
    organisations,
    posts,
    regions,
    right_changes,
    topics,
    twinnings,
)
from forum.domain.access import AdministerGrant
from forum.domain.entities import GroupId, MemberId, Organisation, OrganisationId, Region, RegionId
from forum.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True)
class RightChange:
    """How many members gain or lose a right in a category."""

    category_slug: str
    category_el: str
    category_en: str
    right: str
    gained_count: int
    lost_count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen to how many members; `digest` is what is confirmed."""

    member_count: int
    changes: list[RightChange]
    digest: str


def _seen_from_above(groups: str) -> str:
    """Return the SQL of whether one of `joined`'s groups sees what one of `categories` is below."""
    return f"""(
        categories.parent_id IS NULL OR EXISTS (
            SELECT 1
            FROM grants AS above
            WHERE above.category_id = categories.parent_id AND above.group_id = ANY (joined.{groups})
                AND above.valid_from <= now() AND above.valid_until > now()
        )
    )"""


# Both sides of the comparison come from the grants: whoever is suspended gains and loses too.
_CHANGES = Query(
    "successions.changes",
    f"""
    SELECT categories.slug, categories.name_el, categories.name_en, rights.name,
           count(*) FILTER (WHERE rights.will AND NOT rights.has) AS gained_count,
           count(*) FILTER (WHERE rights.has AND NOT rights.will) AS lost_count
    FROM unnest($1::bigint[]) AS people (id)
    CROSS JOIN LATERAL (
        SELECT array_agg(memberships.group_id) AS before,
               array_agg(memberships.group_id) FILTER (WHERE memberships.group_id <> ALL ($2::bigint[]))
               || $3::bigint[] AS after
        FROM memberships
        WHERE memberships.member_id = people.id
    ) AS joined
    CROSS JOIN categories
    CROSS JOIN LATERAL (
        SELECT held.position, held.name,
               coalesce(bool_or(held.is_granted AND grants.group_id = ANY (joined.before)), false)
               AND {_seen_from_above("before")} AS has,
               coalesce(bool_or(held.is_granted AND grants.group_id = ANY (joined.after)), false)
               AND {_seen_from_above("after")} AS will
        FROM grants
        CROSS JOIN LATERAL (
            VALUES
            (1, 'see', grants.can_see), (2, 'read', grants.can_read), (3, 'start', grants.can_start),
            (4, 'reply', grants.can_reply), (5, 'vote', grants.can_vote), (6, 'attach', grants.can_attach),
            (7, 'moderate', grants.can_moderate)
        ) AS held (position, name, is_granted)
        WHERE grants.category_id = {right_changes.GRANTED_IN} AND {groups.IN_FORCE}
            AND (categories.archived_at IS NULL OR held.name IN ('see', 'read', 'moderate'))
        GROUP BY held.position, held.name
    ) AS rights
    WHERE rights.has <> rights.will AND NOT categories.is_private
    GROUP BY categories.id, rights.position, rights.name
    ORDER BY categories.position, categories.id, rights.position
    """,
    returns=RightChange,
    card=Card.MANY,
)


async def preview_move(conn: Conn, grant: AdministerGrant, municipality: Organisation, region: Region) -> Preview:
    """Return what the members of a municipality gain and lose in another region. Raise Invalid for none other."""
    del grant
    if municipality.kind != "municipality" or municipality.region_slug == region.slug:
        raise Invalid({"region": ("not_allowed",)})
    left = await groups.list_ids_of_places(conn, region_id=await _region_id(conn, municipality))
    joined = await groups.list_ids_of_places(conn, region_id=region.id)
    return await _preview(conn, await members.list_ids(conn, municipality.id), left, joined, region.slug)


async def preview_merger(conn: Conn, grant: AdministerGrant, gone: Organisation, into: Organisation) -> Preview:
    """Return what the members of an organisation gain and lose when it merges into another; raise as `merge` does."""
    del grant
    if gone.id == into.id:
        raise Invalid({"organisation": ("not_allowed",)})
    if gone.state == "merged":
        raise Conflict("organisation_merged")
    return await _preview_passing(conn, await members.list_ids(conn, gone.id), gone, into)


async def preview_transfer(conn: Conn, grant: AdministerGrant, member_id: MemberId, into: Organisation) -> Preview:
    """Return what a member gains and loses in another organisation; raise as `transfer` does."""
    del grant
    leaves = await organisations.organisation(conn, (await members.member(conn, member_id)).organisation_slug)
    if leaves.id == into.id:
        raise Invalid({"organisation": ("not_allowed",)})
    return await _preview_passing(conn, [member_id], leaves, into)


async def move(tx: Tx, grant: AdministerGrant, slug: str, region_slug: str, *, digest: str) -> None:
    """Put a municipality into another region. Raise Conflict when something else would happen than was shown."""
    (municipality,) = await organisations.locked(tx, slug)
    region = await regions.region(tx, region_slug)
    shown = await preview_move(tx, grant, municipality, region)
    _require_shown(shown, digest)
    await organisations.move(tx, municipality, region.slug)
    await _record(
        tx,
        grant,
        "organisation.moved",
        municipality.id,
        before={"region": municipality.region_slug},
        after={"region": region.slug, "members": shown.member_count},
    )


async def merge(tx: Tx, grant: AdministerGrant, slug: str, into_slug: str, *, digest: str) -> None:
    """Have the members of an organisation, and who is invited to it, pass on to another; it closes and leads there.

    Raise NotFound, Invalid for itself or a closed one, Conflict for one that has merged already or when something else
    would happen than was shown.
    """
    gone, into = await organisations.locked(tx, slug, into_slug)
    shown = await preview_merger(tx, grant, gone, into)
    _require_shown(shown, digest)
    passing = await members.list_ids(tx, gone.id)
    await _pass_on(tx, passing, gone.id, into)
    invited = await invitations.pass_on(tx, gone.id, into.id)
    await mail_domains.pass_on(tx, gone.id, into.id)
    await twinnings.pass_on(tx, gone.id, into)
    await organisations.merge(tx, gone.id, into.id)
    await _record(
        tx,
        grant,
        "organisation.merged",
        gone.id,
        before={"state": gone.state},
        after={"state": "merged", "into": into.id, "members": len(passing), "invitations": invited},
    )


async def transfer(tx: Tx, grant: AdministerGrant, member_id: MemberId, into_slug: str, *, digest: str) -> None:
    """Have a member pass on to another organisation. Raise NotFound, Invalid or Conflict, as `merge` does."""
    member = await members.member(tx, member_id)
    leaves, into = await organisations.locked(tx, member.organisation_slug, into_slug)
    _require_shown(await preview_transfer(tx, grant, member_id, into), digest)
    await _pass_on(tx, [member_id], leaves.id, into)
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act="member.moved",
        subject="member",
        subject_id=member_id,
        before={"organisation_id": leaves.id},
        after={"organisation_id": into.id},
    )


async def _pass_on(tx: Tx, member_ids: list[MemberId], leave: OrganisationId, into: Organisation) -> None:
    if not member_ids:
        return
    await topics.lock_of_members(tx, member_ids)
    if await members.lock(tx, member_ids) != {leave}:
        raise Conflict
    await topics.keep_organisation(tx, member_ids, leave)
    await posts.keep_organisation(tx, member_ids, leave)
    await members.pass_on(tx, member_ids, into.id)


async def _preview_passing(conn: Conn, member_ids: list[MemberId], leaves: Organisation, into: Organisation) -> Preview:
    if into.is_closed:
        raise Invalid({"organisation": ("closed",)})
    left = await groups.list_ids_of_places(conn, organisation_id=leaves.id, region_id=await _region_id(conn, leaves))
    joined = await groups.list_ids_of_places(conn, organisation_id=into.id, region_id=await _region_id(conn, into))
    return await _preview(conn, member_ids, left, joined, into.slug)


async def _preview(
    conn: Conn, member_ids: list[MemberId], left: list[GroupId], joined: list[GroupId], where: str
) -> Preview:
    changes = await conn.many(_CHANGES, member_ids, left, joined)
    digest = hashlib.sha256(repr((where, member_ids, changes)).encode()).hexdigest()
    return Preview(len(member_ids), changes, digest)


async def _region_id(conn: Conn, organisation: Organisation) -> RegionId | None:
    return None if organisation.region_slug is None else (await regions.region(conn, organisation.region_slug)).id


def _require_shown(preview: Preview, digest: str) -> None:
    if preview.digest != digest:
        raise Conflict("preview_changed")


async def _record(
    tx: Tx,
    grant: AdministerGrant,
    act: str,
    organisation_id: OrganisationId,
    *,
    before: dict[str, object],
    after: dict[str, object],
) -> None:
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act=act,
        subject="organisation",
        subject_id=organisation_id,
        before=before,
        after=after,
    )
