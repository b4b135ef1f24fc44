"""Members: the people who take part. Names and mail addresses stand in this table and nowhere else.

A member changes their own profile and password here; what others see of them is `Member`, without the address.
Suspension is `moderation`'s, sessions and tokens have modules of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import api_tokens, audit, feed_tokens, groups, pages, sessions, sign_in_steps
from forum.domain.actors import Actor
from forum.domain.entities import Language, Member, MemberId, OrganisationId, Role, Scheme
from forum.domain.pages import Page
from forum.errors import Invalid, NotFound

GROUP_OF_ROLE: Final = {Role.MODERATOR: groups.MODERATORS, Role.ADMINISTRATOR: groups.ADMINISTRATORS}


@dataclass(frozen=True, slots=True)
class Settings:
    """A member as they see themselves."""

    member_id: MemberId
    email: str
    name: str
    language: Language
    zone: str
    scheme: Scheme
    organisation_slug: str
    organisation_el: str
    organisation_en: str
    role: Role


@dataclass(frozen=True, slots=True)
class Correspondent:
    """A member as a letter reaches them."""

    member_id: MemberId
    email: str
    name: str
    language: Language
    zone: str
    organisation_id: OrganisationId


@dataclass(frozen=True, slots=True)
class _Profile:
    name: str
    language: Language
    zone: str
    scheme: Scheme


ROLE: Final = f"""
    CASE
        WHEN EXISTS (
            SELECT 1
            FROM group_members
            JOIN groups ON groups.id = group_members.group_id
            WHERE group_members.member_id = members.id AND groups.slug = '{groups.ADMINISTRATORS}'
        ) THEN 'administrator'
        WHEN EXISTS (
            SELECT 1
            FROM group_members
            JOIN groups ON groups.id = group_members.group_id
            WHERE group_members.member_id = members.id AND groups.slug = '{groups.MODERATORS}'
        ) THEN 'moderator'
        ELSE 'member'
    END
"""

_SELECT = f"""
    SELECT members.id, members.name, {ROLE}, organisations.slug, organisations.kind,
           organisations.name_el, organisations.name_en, regions.slug,
           members.suspended_until IS NOT NULL AND members.suspended_until > now(), members.created_at
    FROM members
    JOIN organisations ON organisations.id = members.organisation_id
    LEFT JOIN regions ON regions.id = organisations.region_id
"""

_MEMBER = Query("members.member", f"{_SELECT} WHERE members.id = $1", returns=Member, card=Card.ZERO_OR_ONE)

# The cursor is the id of the last member shown; their name is looked up, so that no name stands in an address.
_AFTER = """
    (fold(members.name) COLLATE "C", members.id)
    > (coalesce((SELECT fold(shown.name) FROM members AS shown WHERE shown.id = $1), '') COLLATE "C", $1)
    ORDER BY fold(members.name) COLLATE "C", members.id
    LIMIT $2
"""

_NAMED = r"""
    fold(members.name) LIKE
    '%' || replace(replace(replace(fold($3), '\', '\\'), '%', '\%'), '_', '\_') || '%'
"""

_LIST = Query("members.list", f"{_SELECT} WHERE {_AFTER}", returns=Member, card=Card.MANY)

_LIST_NAMED = Query("members.list_named", f"{_SELECT} WHERE {_NAMED} AND {_AFTER}", returns=Member, card=Card.MANY)

_LIST_OF_ORGANISATION = Query(
    "members.list_of_organisation",
    f"{_SELECT} WHERE organisations.slug = $4 AND ($3 = '' OR {_NAMED}) AND {_AFTER}",
    returns=Member,
    card=Card.MANY,
)

_SETTINGS = Query(
    "members.settings",
    f"""
    SELECT members.id, members.email, members.name, members.language, members.zone, members.scheme,
           organisations.slug, organisations.name_el, organisations.name_en, {ROLE}
    FROM members
    JOIN organisations ON organisations.id = members.organisation_id
    WHERE members.id = $1
    """,
    returns=Settings,
    card=Card.ONE,
)

_CORRESPONDENTS = Query(
    "members.correspondents",
    f"""
    SELECT members.id, members.email, members.name, members.language, members.zone, members.organisation_id
    FROM members
    WHERE members.id = ANY ($1::bigint[]) AND members.mail_refused_at IS NULL AND {sessions.NOT_SUSPENDED}
    """,
    returns=Correspondent,
    card=Card.MANY,
)

_ADMINISTRATORS = Query(
    "members.administrators",
    f"""
    SELECT members.id
    FROM group_members
    JOIN groups ON groups.id = group_members.group_id
    JOIN members ON members.id = group_members.member_id
    WHERE groups.slug = '{groups.ADMINISTRATORS}' AND {sessions.NOT_SUSPENDED}
    """,
    returns=MemberId,
    card=Card.MANY,
)

_CALLED = Query(
    "members.named",
    """
    SELECT members.id
    FROM members
    WHERE fold(members.name) COLLATE "C" = fold($1) COLLATE "C"
    ORDER BY members.id
    LIMIT 2
    """,
    returns=int,
    card=Card.MANY,
)

_NUMBERED = Query(
    "members.numbered", "SELECT members.id FROM members WHERE members.id = $1", returns=int, card=Card.MANY
)

_ANY_OTHER = Query(
    "members.any_other",
    "SELECT EXISTS (SELECT 1 FROM members WHERE members.id <> $1)",
    returns=bool,
    card=Card.ONE,
)

USUAL_ZONE: Final = """
    coalesce(
        (
            SELECT CASE WHEN regions.country = 'CY' THEN 'Asia/Nicosia' END
            FROM organisations
            JOIN regions ON regions.id = organisations.region_id
            WHERE organisations.id = {organisation_id}
        ),
        'Europe/Athens'
    )
"""
"""SQL of the time zone a member of an organisation begins with."""

_CREATE = Statement(
    "members.create",
    f"""
    INSERT INTO members (email, name, organisation_id, password_hash, language, zone)
    VALUES ($1, $2, $3, $4, $5, coalesce($6::text, {USUAL_ZONE.format(organisation_id="$3")}))
    RETURNING id
    """,
    returns=int,
    card=Card.ONE,
)

_IDS_OF_ORGANISATION = Query(
    "members.ids_of_organisation",
    "SELECT members.id FROM members WHERE members.organisation_id = $1 ORDER BY members.id",
    returns=int,
    card=Card.MANY,
)

# FOR UPDATE, since whoever writes a post holds its author for as long as that takes: nothing is written meanwhile.
_LOCK = Statement(
    "members.lock",
    "SELECT members.organisation_id FROM members WHERE members.id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE",
    returns=int,
    card=Card.MANY,
)

_PASS_ON = Statement(
    "members.pass_on",
    "UPDATE members SET organisation_id = $2 WHERE members.id = ANY ($1::bigint[])",
    returns=int,
    card=Card.NONE,
)

_PROFILE_LOCK = Statement(
    "members.profile_lock",
    """
    SELECT members.name, members.language, members.zone, members.scheme
    FROM members
    WHERE members.id = $1
    FOR NO KEY UPDATE
    """,
    returns=_Profile,
    card=Card.ONE,
)

_UPDATE_PROFILE = Statement(
    "members.update_profile",
    "UPDATE members SET name = $2, language = $3, zone = $4, scheme = $5 WHERE id = $1",
    returns=int,
    card=Card.NONE,
)

_PASSWORD_HASH = Query(
    "members.password_hash",
    "SELECT members.password_hash FROM members WHERE members.id = $1",
    returns=str,
    card=Card.ONE,
)

_CHANGE_PASSWORD = Statement(
    "members.change_password",
    "UPDATE members SET password_hash = $2 WHERE id = $1",
    returns=int,
    card=Card.NONE,
)

_REHASH = Statement(
    "members.rehash",
    "UPDATE members SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
    returns=int,
    card=Card.NONE,
)

_ANY_EXISTS = Query(
    "members.any_exists",
    "SELECT EXISTS (SELECT 1 FROM members)",
    returns=bool,
    card=Card.ONE,
)


def plain_email(text: str) -> str:
    """Return a mail address as it is kept and compared: lower case, nothing around it."""
    return text.strip().lower()


async def any_exists(conn: Conn) -> bool:
    return await conn.one(_ANY_EXISTS)


async def is_alone(conn: Conn, actor: Actor) -> bool:
    """Say whether the actor is the only member there is."""
    return not await conn.one(_ANY_OTHER, actor.member_id)


async def create(
    tx: Tx,
    *,
    email: str,
    name: str,
    organisation_id: OrganisationId,
    password_hash: str,
    role: Role,
    language: Language,
    zone: str | None,
    actor_id: MemberId | None = None,
) -> MemberId:
    """Add a member and put them into the system group of their role; without a zone they get their region's.

    Raise Invalid for a mail address that is taken or an organisation that is not there. What a mail address looks
    like is checked at the edge.
    """
    values = (plain_email(email), name.strip(), organisation_id, password_hash, language, zone)
    member_id = MemberId(await tx.one(_CREATE, *values))
    await audit.record(
        tx,
        actor_id=actor_id,
        act="member.created",
        subject="member",
        subject_id=member_id,
        after={"organisation_id": organisation_id, "role": role.value, "language": language},
    )
    if group := GROUP_OF_ROLE.get(role):
        await groups.add_member(tx, group, member_id, actor_id=actor_id)
    return member_id


async def member(conn: Conn, member_id: MemberId) -> Member:
    found = await conn.maybe(_MEMBER, member_id)
    if found is None:
        raise NotFound
    return found


async def list_ids(conn: Conn, organisation_id: OrganisationId) -> list[MemberId]:
    """Return everyone of an organisation."""
    return [MemberId(found) for found in await conn.many(_IDS_OF_ORGANISATION, organisation_id)]


async def lock(tx: Tx, member_ids: list[MemberId]) -> set[OrganisationId]:
    """Keep members from writing, and from passing on elsewhere, for this transaction; return what they belong to."""
    return {OrganisationId(found) for found in await tx.many(_LOCK, member_ids)}


async def pass_on(tx: Tx, member_ids: list[MemberId], organisation_id: OrganisationId) -> None:
    """Have members belong to another organisation. Raise Invalid when it is closed."""
    await tx.run(_PASS_ON, member_ids, organisation_id)


async def find(conn: Conn, text: str) -> MemberId:
    """Return the member who has a name, accents aside, or a number; raise Invalid when none has, or several have."""
    wanted = " ".join(text.split())
    if wanted.isascii() and wanted.isdecimal() and len(wanted) < 19:
        found = await conn.many(_NUMBERED, int(wanted))
    else:
        found = await conn.many(_CALLED, wanted)
    if len(found) != 1:
        raise Invalid({"member": ("ambiguous" if found else "nobody",)})
    return MemberId(found[0])


async def list_members(
    conn: Conn, *, query: str = "", organisation: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[Member]:
    """Return members by name, those of an organisation (by slug) or whose name contains the query, accents aside."""
    after = pages.decode(cursor, int)[0] if cursor else 0
    wanted = " ".join(query.split())
    if organisation is not None:
        found = await conn.many(_LIST_OF_ORGANISATION, after, limit + 1, wanted, organisation)
    elif wanted:
        found = await conn.many(_LIST_NAMED, after, limit + 1, wanted)
    else:
        found = await conn.many(_LIST, after, limit + 1)
    return pages.cut(found, limit, lambda last: (last.id,))


async def correspondent(conn: Conn, member_id: MemberId) -> Correspondent | None:
    """Return where a member is reached by mail, None when they are suspended or their address was refused."""
    return (await correspondents(conn, [member_id])).get(member_id)


async def correspondents(conn: Conn, member_ids: Sequence[MemberId]) -> dict[MemberId, Correspondent]:
    """Return where members are reached by mail, but those who are suspended or whose address was refused."""
    found = await conn.many(_CORRESPONDENTS, list(member_ids))
    return {person.member_id: person for person in found}


async def administrators(conn: Conn) -> list[MemberId]:
    """Return who administers the network now and is not suspended."""
    return await conn.many(_ADMINISTRATORS)


async def settings(conn: Conn, actor: Actor) -> Settings:
    return await conn.one(_SETTINGS, actor.member_id)


async def update_profile(tx: Tx, actor: Actor, *, name: str, language: Language, zone: str, scheme: Scheme) -> None:
    """Change the actor's own name, language, time zone and scheme; nothing is written when they are as they were."""
    before = await tx.one(_PROFILE_LOCK, actor.member_id)
    after = _Profile(name.strip(), language, zone, scheme)
    if before == after:
        return
    await tx.run(_UPDATE_PROFILE, actor.member_id, after.name, after.language, after.zone, after.scheme)
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act="member.changed",
        subject="member",
        subject_id=actor.member_id,
        before={"language": before.language, "zone": before.zone, "scheme": before.scheme},
        after={
            "language": after.language,
            "zone": after.zone,
            "scheme": after.scheme,
            "is_renamed": after.name != before.name,
        },
    )


async def password_hash(conn: Conn, actor: Actor) -> str:
    """Return the hash of the actor's own password, to check one typed against it."""
    return await conn.one(_PASSWORD_HASH, actor.member_id)


async def change_password(tx: Tx, actor: Actor, new_hash: str) -> None:
    """Give the actor another password; every other session, API token and address of feeds ends with the old one."""
    await _replace_password(tx, actor.member_id, new_hash, actor_id=actor.member_id, keep=actor.session_id)


async def reset_password(tx: Tx, member_id: MemberId, new_hash: str, *, actor_id: MemberId | None = None) -> None:
    """Give a member who forgot theirs another password; all their sessions end. Without actor: the operator did it."""
    await _replace_password(tx, member_id, new_hash, actor_id=actor_id, keep=None)


async def _replace_password(
    tx: Tx, member_id: MemberId, new_hash: str, *, actor_id: MemberId | None, keep: int | None
) -> None:
    await tx.run(_CHANGE_PASSWORD, member_id, new_hash)
    # First: where one is just becoming a session, this waits for it, and the session is closed with the others.
    await sign_in_steps.close_all(tx, member_id)
    closed = await sessions.close_all(tx, member_id, but=keep)
    deleted = await api_tokens.delete_all(tx, member_id) + await feed_tokens.delete_of(tx, member_id)
    await audit.record(
        tx,
        actor_id=actor_id,
        act="member.password_changed",
        subject="member",
        subject_id=member_id,
        after={"sessions_closed": closed, "tokens_deleted": deleted},
    )


async def rehash(tx: Tx, member_id: MemberId, old_hash: str, new_hash: str) -> None:
    """Keep the same password under a newer hash, unless it has been changed meanwhile or is that hash already."""
    if new_hash == old_hash:
        return
    await tx.run(_REHASH, member_id, old_hash, new_hash)
