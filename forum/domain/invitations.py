"""Invitations: who may come in, as what, and who brought them; how a person becomes a member.

An invitation by mail is one person's, whose address is proved by following it. A link is for several: who follows it
writes an address and is invited there by mail, in the link's terms, so that nobody comes in under an address that is
not theirs, and nobody learns whether one is known. Only administrators invite, and what somebody invited to is void
once they are none any more. Source: OWASP ASVS 5.0, 6.3.8 and 6.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from forum import links
from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, groups, idempotency, mails, members, pages, sessions, terms
from forum.domain.access import AdministerGrant
from forum.domain.entities import (
    GroupId,
    InvitationId,
    Language,
    MailKind,
    MemberId,
    OrganisationId,
    Role,
    TopicId,
)
from forum.domain.members import plain_email
from forum.domain.pages import Page
from forum.errors import Conflict, Invalid, NotFound

DAYS_LIMIT: Final = 60
"""Days an invitation is good at most; USUAL_DAYS unless said otherwise."""
USUAL_DAYS: Final = 14

USES_LIMIT: Final = 500
"""People a link may bring in at most."""

AT_ONCE: Final = 50
"""Addresses that are invited with one form."""

KEPT: Final = timedelta(days=90)
"""How long an invitation that nobody accepted is kept after it was withdrawn or too old."""

State = Literal["open", "accepted", "withdrawn", "expired"]

_PURPOSE: Final = "invitation"


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody is invited to."""

    organisation_id: OrganisationId
    role: Role
    language: Language
    group_ids: tuple[GroupId, ...] = ()
    topic_id: TopicId | None = None
    note: str = ""
    days: int = USUAL_DAYS


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as its inviter and the invited see it; without `email` it is a link for several."""

    id: InvitationId
    seed: bytes
    email: str | None
    inviter_id: MemberId
    inviter_name: str
    inviter_el: str
    inviter_en: str
    """The inviter's organisation."""
    organisation_id: OrganisationId
    organisation_slug: str
    organisation_el: str
    organisation_en: str
    role: Role
    language: Language
    topic_id: TopicId | None
    note: str
    uses_left: int
    created_at: datetime
    expires_at: datetime
    withdrawn_at: datetime | None
    is_open: bool
    """Whether it can still be accepted."""
    accepted: int
    """How many members it brought in."""

    @property
    def state(self) -> State:
        if self.is_open:
            return "open"
        if not self.uses_left:
            return "accepted"
        return "withdrawn" if self.withdrawn_at else "expired"

    @property
    def is_for_staff(self) -> bool:
        return self.role is not Role.MEMBER


@dataclass(frozen=True, slots=True)
class Invited:
    """A member whom an invitation brought in."""

    member_id: MemberId
    name: str
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class FreeGroup:
    """A group that people can be invited into."""

    id: GroupId
    slug: str
    name_el: str
    name_en: str


_IS_OPEN: Final = f"""
    invitations.uses_left > 0 AND invitations.withdrawn_at IS NULL AND invitations.expires_at > now()
    AND EXISTS (
        SELECT 1
        FROM group_members
        JOIN groups ON groups.id = group_members.group_id
        JOIN members ON members.id = group_members.member_id
        WHERE group_members.member_id = invitations.inviter_id AND groups.slug = '{groups.ADMINISTRATORS}'
            AND {sessions.NOT_SUSPENDED}
    )
"""

_COLUMNS: Final = f"""
    SELECT invitations.id, invitations.seed, invitations.email, invitations.inviter_id, inviters.name,
           theirs.name_el, theirs.name_en, organisations.id, organisations.slug, organisations.name_el,
           organisations.name_en, invitations.role, invitations.language, invitations.topic_id, invitations.note,
           invitations.uses_left, invitations.created_at, invitations.expires_at, invitations.withdrawn_at,
           {_IS_OPEN},
           (
               SELECT count(*)
               FROM members AS brought
               WHERE brought.invitation_id = invitations.id
           ) + (
               SELECT count(*)
               FROM invitations AS further
               JOIN members AS brought ON brought.invitation_id = further.id
               WHERE further.link_id = invitations.id
           )
    FROM invitations
    JOIN organisations ON organisations.id = invitations.organisation_id
    JOIN members AS inviters ON inviters.id = invitations.inviter_id
    JOIN organisations AS theirs ON theirs.id = inviters.organisation_id
"""

_ONE = Query("invitations.one", f"{_COLUMNS} WHERE invitations.id = $1", returns=Invitation, card=Card.ZERO_OR_ONE)

_OPEN_FOR = Query(
    "invitations.open_for",
    f"{_COLUMNS} WHERE invitations.email = $1 AND {_IS_OPEN}",
    returns=Invitation,
    card=Card.ZERO_OR_ONE,
)

_LIST = Query(
    "invitations.list",
    f"""
    {_COLUMNS}
    WHERE invitations.id < coalesce($1, 9223372036854775807)
    ORDER BY invitations.id DESC
    LIMIT $2
    """,
    returns=Invitation,
    card=Card.MANY,
)

_LIST_INVITED = Query(
    "invitations.list_invited",
    """
    SELECT members.id, members.name, members.created_at
    FROM members
    WHERE members.invitation_id = $1
        OR members.invitation_id IN (SELECT further.id FROM invitations AS further WHERE further.link_id = $1)
    ORDER BY members.id
    LIMIT 500
    """,
    returns=Invited,
    card=Card.MANY,
)

_KNOWN = Query(
    "invitations.known",
    "SELECT members.email FROM members WHERE members.email = ANY ($1::text[])",
    returns=str,
    card=Card.MANY,
)

_FREE_GROUPS = Query(
    "invitations.free_groups",
    """
    SELECT groups.id, groups.slug, groups.name_el, groups.name_en
    FROM groups
    WHERE groups.kind = 'free'
    ORDER BY fold(groups.name_el) COLLATE "C", groups.id
    """,
    returns=FreeGroup,
    card=Card.MANY,
)

# A former invitation of the same person gives way to the new one.
_REPLACE = Statement(
    "invitations.replace",
    """
    UPDATE invitations
    SET withdrawn_at = now()
    WHERE invitations.email = $1 AND invitations.uses_left > 0 AND invitations.withdrawn_at IS NULL
    """,
    returns=int,
    card=Card.NONE,
)

# Whom a link brings has no longer than the link.
_CREATE = Statement(
    "invitations.create",
    """
    INSERT INTO invitations (
        inviter_id, link_id, email, organisation_id, role, language, topic_id, note, seed, uses_left, expires_at
    )
    VALUES (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
        least(now() + $11::interval, (SELECT links.expires_at FROM invitations AS links WHERE links.id = $2))
    )
    RETURNING invitations.id
    """,
    returns=int,
    card=Card.ONE,
)

_PUT_GROUPS = Statement(
    "invitations.put_groups",
    """
    INSERT INTO invitation_groups (invitation_id, group_id)
    SELECT $1, groups.id
    FROM groups
    WHERE groups.id = ANY ($2::bigint[]) AND groups.kind = 'free'
    """,
    returns=int,
    card=Card.NONE,
)

_GROUPS = Query(
    "invitations.groups",
    "SELECT invitation_groups.group_id FROM invitation_groups WHERE invitation_groups.invitation_id = $1",
    returns=int,
    card=Card.MANY,
)

_WITHDRAW = Statement(
    "invitations.withdraw",
    """
    UPDATE invitations
    SET withdrawn_at = now()
    WHERE (invitations.id = $1 OR invitations.link_id = $1) AND invitations.uses_left > 0
        AND invitations.withdrawn_at IS NULL
    """,
    returns=int,
    card=Card.NONE,
)

_PASS_ON = Statement(
    "invitations.pass_on",
    """
    UPDATE invitations
    SET organisation_id = $2
    WHERE invitations.organisation_id = $1 AND invitations.uses_left > 0 AND invitations.withdrawn_at IS NULL
    """,
    returns=int,
    card=Card.NONE,
)

_PROLONG = Statement(
    "invitations.prolong",
    """
    UPDATE invitations
    SET expires_at = greatest(invitations.expires_at, now() + $2::interval), inviter_id = $3
    WHERE invitations.id = $1 AND invitations.uses_left > 0 AND invitations.withdrawn_at IS NULL
        AND invitations.email IS NOT NULL
    """,
    returns=int,
    card=Card.NONE,
)

_SPEND = Statement(
    "invitations.spend",
    f"""
    UPDATE invitations
    SET uses_left = invitations.uses_left - 1
    WHERE invitations.id = $1 AND {_IS_OPEN}
    """,
    returns=int,
    card=Card.NONE,
)

_LINK_OF = Query(
    "invitations.link_of",
    "SELECT invitations.link_id FROM invitations WHERE invitations.id = $1 AND invitations.link_id IS NOT NULL",
    returns=int,
    card=Card.ZERO_OR_ONE,
)

_NOTE_MEMBER = Statement(
    "invitations.note_member",
    "UPDATE members SET invitation_id = $2 WHERE members.id = $1",
    returns=int,
    card=Card.NONE,
)

_ENTER_GROUPS = Statement(
    "invitations.enter_groups",
    """
    INSERT INTO group_members (group_id, member_id)
    SELECT invitation_groups.group_id, $2
    FROM invitation_groups
    WHERE invitation_groups.invitation_id = $1
    ON CONFLICT (group_id, member_id) DO NOTHING
    """,
    returns=int,
    card=Card.NONE,
)

_MAY_LAND = Query(
    "invitations.may_land",
    """
    SELECT EXISTS (
        SELECT 1
        FROM topics
        JOIN topic_rights ON topic_rights.topic_id = topics.id AND topic_rights.member_id = $1
        WHERE topics.id = $2 AND topics.deleted_at IS NULL AND topic_rights.can_read
    )
    """,
    returns=bool,
    card=Card.ONE,
)

_SWEEP = Statement(
    "invitations.sweep",
    """
    DELETE FROM invitations
    WHERE invitations.expires_at < now() - $1::interval
        AND NOT EXISTS (SELECT 1 FROM members WHERE members.invitation_id = invitations.id)
        AND NOT EXISTS (SELECT 1 FROM invitations AS further WHERE further.link_id = invitations.id)
    """,
    returns=int,
    card=Card.NONE,
)


async def invite(
    tx: Tx, grant: AdministerGrant, emails: Sequence[str], offer: Offer, *, key: idempotency.Key | None
) -> list[InvitationId]:
    """Invite people by mail; earlier invitations of theirs give way. Raise Invalid when one is a member already.

    The same key again invites nobody a second time, and returns the first invitation that it made.
    """
    earlier = await idempotency.claim(tx, grant.actor, key) if key else None
    if earlier is not None:
        return [InvitationId(earlier)]
    wanted = list(dict.fromkeys(plain_email(email) for email in emails))
    if await tx.many(_KNOWN, wanted):
        raise Invalid({"emails": ("taken",)})
    made = []
    for email in wanted:
        made.append(await _create(tx, grant.actor.member_id, email, offer, link_id=None, uses=1))
        await _send(tx, made[-1], email, offer.language)
    if key:
        await idempotency.settle(tx, grant.actor, key, made[0])
    return made


async def make_link(
    tx: Tx, grant: AdministerGrant, uses: int, offer: Offer, *, key: idempotency.Key | None
) -> InvitationId:
    """Make a link by which up to `uses` people may ask for an invitation; they become members, never staff."""
    if offer.role is not Role.MEMBER:
        raise Invalid({"role": ("not_allowed",)})
    earlier = await idempotency.claim(tx, grant.actor, key) if key else None
    if earlier is not None:
        return InvitationId(earlier)
    made = await _create(tx, grant.actor.member_id, None, offer, link_id=None, uses=uses)
    if key:
        await idempotency.settle(tx, grant.actor, key, made)
    return made


async def find(conn: Conn, secret: bytes, token: str) -> Invitation:
    """Return what a link opens; raise NotFound when it is none, was used up or withdrawn, or is too old."""
    row_id = links.row_of(token)
    if row_id is None:
        raise NotFound
    found = await conn.maybe(_ONE, row_id)
    if found is None or not found.is_open or not links.is_token(token, secret, _PURPOSE, found.id, found.seed):
        raise NotFound
    return found


async def ask(tx: Tx, link: Invitation, email: str, language: Language) -> None:
    """Have whoever followed a link invited at an address; for one that is a member's, the letter says so."""
    facts = {"link_id": link.id}
    await mails.enter(tx, MailKind.INVITATION_ASKED, to=plain_email(email), language=language, facts=facts)


async def answer(tx: Tx, link_id: InvitationId, email: str, language: Language) -> Invitation | None:
    """Return the invitation that an address is given by a link, made now unless it has one.

    None for a member's address, or when the link is not good any more.
    """
    link = await tx.maybe(_ONE, link_id)
    if link is None or not link.is_open or await tx.many(_KNOWN, [email]):
        return None
    if there_is := await open_for(tx, email):
        # Nobody who knows an address voids what its owner was sent.
        return there_is
    group_ids = tuple(GroupId(group_id) for group_id in await tx.many(_GROUPS, link_id))
    offer = Offer(link.organisation_id, link.role, language, group_ids, link.topic_id, link.note)
    return await tx.one(_ONE, await _create(tx, link.inviter_id, email, offer, link_id=link_id, uses=1))


async def open_for(conn: Conn, email: str) -> Invitation | None:
    """Return the invitation by mail that an address has and can still accept."""
    return await conn.maybe(_OPEN_FOR, email)


async def is_member(conn: Conn, email: str) -> bool:
    """Say whether an address is a member's; for letters to that address alone."""
    return bool(await conn.many(_KNOWN, [email]))


async def accept(tx: Tx, invitation: Invitation, *, name: str, password_hash: str, language: Language) -> MemberId:
    """Make the invited person a member, who has accepted the terms.

    Raise NotFound when the invitation, or the link it came by, is used up or void, or the address a member's by now.
    """
    if invitation.email is None:
        raise NotFound
    link_id = await tx.maybe(_LINK_OF, invitation.id)
    # The link before what it made, in every process: two who accept at once wait for each other in one order.
    for used in (*([link_id] if link_id else []), invitation.id):
        if not await tx.run(_SPEND, used):
            raise NotFound
    try:
        member_id = await members.create(
            tx,
            email=invitation.email,
            name=name,
            organisation_id=invitation.organisation_id,
            password_hash=password_hash,
            role=invitation.role,
            language=language,
            zone=None,
            actor_id=invitation.inviter_id,
        )
    except Invalid:
        raise NotFound from None
    await tx.run(_NOTE_MEMBER, member_id, invitation.id)
    await tx.run(_ENTER_GROUPS, invitation.id, member_id)
    await terms.accept(tx, member_id)
    await _record(tx, member_id, invitation.id, "accepted", None, {"member_id": member_id})
    return member_id


async def lands_on(conn: Conn, member_id: MemberId, invitation: Invitation) -> TopicId | None:
    """Return the topic that somebody who has accepted is led to, None when there is none or they may not read it."""
    if invitation.topic_id is None or not await conn.one(_MAY_LAND, member_id, invitation.topic_id):
        return None
    return invitation.topic_id


async def list_invitations(
    conn: Conn, grant: AdministerGrant, *, cursor: str | None = None, limit: int = 50
) -> Page[Invitation]:
    """Return all invitations, the newest first."""
    del grant
    after = pages.decode(cursor, int)[0] if cursor else None
    found = await conn.many(_LIST, after, limit + 1)
    return pages.cut(found, limit, lambda last: (last.id,))


async def invitation(conn: Conn, grant: AdministerGrant, invitation_id: InvitationId) -> Invitation:
    del grant
    found = await conn.maybe(_ONE, invitation_id)
    if found is None:
        raise NotFound
    return found


async def list_invited(conn: Conn, grant: AdministerGrant, invitation_id: InvitationId) -> list[Invited]:
    """Return whom an invitation brought in, those who came by a link included; the first 500."""
    del grant
    return await conn.many(_LIST_INVITED, invitation_id)


async def list_free_groups(conn: Conn, grant: AdministerGrant) -> list[FreeGroup]:
    """Return the groups that people can be invited into."""
    del grant
    return await conn.many(_FREE_GROUPS)


async def withdraw(tx: Tx, grant: AdministerGrant, invitation_id: InvitationId) -> None:
    """Void an invitation; with a link, those who were invited by it and have not come yet.

    Raise NotFound when there is none, Conflict when it is void or used up already.
    """
    await invitation(tx, grant, invitation_id)
    if not await tx.run(_WITHDRAW, invitation_id):
        raise Conflict("invitation_void")
    before, after = {"is_withdrawn": False}, {"is_withdrawn": True}
    await _record(tx, grant.actor.member_id, invitation_id, "withdrawn", before, after)


async def resend(tx: Tx, grant: AdministerGrant, invitation_id: InvitationId) -> None:
    """Send an invitation by mail once more, now the actor's own, good for USUAL_DAYS from now at least.

    Raise NotFound when there is none, Conflict when it is a link, withdrawn or used.
    """
    found = await invitation(tx, grant, invitation_id)
    days = timedelta(days=USUAL_DAYS)
    if found.email is None or not await tx.run(_PROLONG, invitation_id, days, grant.actor.member_id):
        raise Conflict("invitation_void")
    await _send(tx, invitation_id, found.email, found.language)
    inviter_id, before = grant.actor.member_id, found.inviter_id
    await _record(tx, inviter_id, invitation_id, "sent_again", {"inviter_id": before}, {"inviter_id": inviter_id})


async def pass_on(tx: Tx, organisation_id: OrganisationId, into: OrganisationId) -> int:
    """Have invitations that are still to be accepted bring people into another organisation; return how many."""
    return await tx.run(_PASS_ON, organisation_id, into)


def make_token(secret: bytes, found: Invitation) -> str:
    """Return the token of an invitation's address."""
    return links.make_token(secret, _PURPOSE, found.id, found.seed)


async def to_send(tx: Tx, invitation_id: InvitationId) -> Invitation | None:
    """Return an invitation that a letter is to bring, None when it is void by now."""
    found = await tx.maybe(_ONE, invitation_id)
    return found if found and found.is_open else None


async def sweep(tx: Tx) -> int:
    """Forget invitations that nobody accepted and that have been void for KEPT; return how many."""
    return await tx.run(_SWEEP, KEPT)


async def _send(tx: Tx, invitation_id: InvitationId, email: str, language: Language) -> None:
    facts = {"invitation_id": invitation_id}
    await mails.enter(tx, MailKind.INVITATION, to=email, language=language, facts=facts)


async def _create(
    tx: Tx, inviter_id: MemberId, email: str | None, offer: Offer, *, link_id: InvitationId | None, uses: int
) -> InvitationId:
    if email is not None:
        await tx.run(_REPLACE, email)
    values = (offer.organisation_id, offer.role.value, offer.language, offer.topic_id, offer.note)
    lifetime = timedelta(days=offer.days)
    made = InvitationId(await tx.one(_CREATE, inviter_id, link_id, email, *values, links.new_seed(), uses, lifetime))
    if offer.group_ids:
        await tx.run(_PUT_GROUPS, made, list(offer.group_ids))
    after: dict[str, object] = {
        "organisation_id": offer.organisation_id,
        "role": offer.role.value,
        "is_link": email is None,
        "link_id": link_id,
        "group_ids": list(offer.group_ids),
    }
    await _record(tx, inviter_id, made, "made", None, after)
    return made


async def _record(
    tx: Tx, actor_id: MemberId, invitation_id: InvitationId, act: str, before: audit.Facts | None, after: audit.Facts
) -> None:
    await audit.record(
        tx,
        actor_id=actor_id,
        act=f"invitation.{act}",
        subject="invitation",
        subject_id=invitation_id,
        before=before,
        after=after,
    )
