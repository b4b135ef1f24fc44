"""Browsers that are signed in: opened by a sign-in, read on every request, ended by deleting the row.

Only the SHA-256 of a session's key is kept, so the table opens nothing to who reads it. A session ends after IDLE
without a request and after ABSOLUTE whatever happens, by the database's clock, and at once in every process when its
row goes or its member is suspended. Who may open one is `sign_in`'s to say; cookies belong to the web.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Final

from forum.db import Card, Conn, Once, Query, Statement, Tx
from forum.domain import attempts, audit, drafts, groups, idempotency
from forum.domain.actors import Actor
from forum.domain.entities import GroupId, Language, Look, MemberId, Network, Scheme, Stamp
from forum.errors import BadRequest, NotFound

IDLE: Final = timedelta(days=7)
ABSOLUTE: Final = timedelta(days=30)

TOUCH: Final = timedelta(minutes=5)
"""How exactly `seen_at` is kept: a write on every request would cost more than the page."""

FRESH: Final = timedelta(minutes=15)
"""How long a grave act may follow the password without its being asked for again (OWASP ASVS 5.0, 7.5.1)."""

AGENT_LIMIT: Final = 300

UNREAD_LIMIT: Final = 100
"""Unread notifications are counted up to here; the screen says "99+" then."""

_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class SessionActor:
    """Whose session it is, what the network around them is called, and what both rest on (ADR 23)."""

    actor: Actor
    network: Network
    foundations: int
    read_before: datetime
    needs_touch: bool
    """Whether `seen_at` is due to be written again."""
    stamp: Stamp | None
    """Of the moment the session was read at, before anything else is; None where one topic was read along."""
    unread_count: int
    """Notifications that they have not seen, at most UNREAD_LIMIT."""
    owes_second_factor: bool = False
    """Whether they are staff, who have to have a second factor here, and have none yet."""
    informed_version: int = 0
    """Which version of the terms they have accepted (`terms.VERSION` is the one that counts)."""
    look: Look | None = None
    """As what its administrator looks (`looks.py`)."""
    looks_as: tuple[int | None, int | None] = (None, None)
    """The numbers of its group and its member, also where it counts for nothing."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as its member sees it."""

    id: int
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime
    is_current: bool


@dataclass(frozen=True, slots=True)
class Read(Actor):
    """A session as its query answers."""

    name_el: str
    name_en: str
    tagline_el: str
    tagline_en: str
    accent: str | None
    owes_second_factor: bool
    informed_version: int
    look_el: str | None
    look_en: str | None
    looks_as_group_id: GroupId | None
    looks_as_member_id: MemberId | None
    foundations: int
    read_before: datetime
    needs_touch: bool
    unread_count: int


@dataclass(frozen=True, slots=True)
class _ReadForLists(Read):
    topics: int
    reads: int
    under_way: str


@dataclass(frozen=True, slots=True)
class Glance:
    """What a session stands at: while this is what it was, so are the actor and the network."""

    session_id: int
    language: Language
    zone: str
    scheme: Scheme
    looks_as_group_id: GroupId | None
    looks_as_member_id: MemberId | None
    foundations: int
    read_before: datetime
    needs_touch: bool
    unread_count: int

    def fits(self, known: SessionActor) -> bool:
        """Say whether a session that was read before would be read the same now."""
        actor = known.actor
        return (
            self.session_id == actor.session_id
            and self.foundations == known.foundations
            and self.read_before == known.read_before
            and self.language == actor.language
            and self.zone == actor.zone
            and self.scheme == actor.scheme
            and (self.looks_as_group_id, self.looks_as_member_id) == known.looks_as
        )


@dataclass(frozen=True, slots=True)
class _GlanceAtLists(Glance):
    topics: int
    reads: int
    under_way: str


_ACTOR_FIELDS, _NETWORK_FIELDS = (tuple(field.name for field in fields(kind)) for kind in (Actor, Network))

ACTOR_COLUMNS: Final = f"""
    members.id, members.name, organisations.id, organisations.slug, organisations.name_el, organisations.name_en,
    regions.slug, members.language, members.zone, members.scheme,
    EXISTS (
        SELECT 1
        FROM group_members
        WHERE group_members.member_id = members.id
            AND group_members.group_id = (SELECT groups.id FROM groups WHERE groups.slug = '{groups.MODERATORS}')
    ),
    EXISTS (
        SELECT 1
        FROM group_members
        WHERE group_members.member_id = members.id
            AND group_members.group_id = (SELECT groups.id FROM groups WHERE groups.slug = '{groups.ADMINISTRATORS}')
    )
"""

ACTOR_JOINS: Final = """
    JOIN organisations ON organisations.id = members.organisation_id
    LEFT JOIN regions ON regions.id = organisations.region_id
"""

NOT_SUSPENDED: Final = "(members.suspended_until IS NULL OR members.suspended_until <= now())"

_ALIVE: Final = "sessions.expires_at > now() AND sessions.seen_at > now() - $2::interval"

# A replica that becomes the primary begins a timeline of its own, and may draw versions again that were lost with the
# old one: what was kept under those is not what they mean now.
FOUNDATIONS: Final = """(
    foundations.version
    + ((SELECT count(*) FROM rights_instants WHERE rights_instants.at <= now()) << 28)
    + CASE WHEN pg_is_in_recovery() THEN 0 ELSE
        ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint << 40
    END
)"""
"""The version of the foundations; in the bits above 28 how many instants at which rights begin or end have passed since
then, in those above 40 the server's timeline."""

UNREAD_COUNT: Final = f"""(
    SELECT count(*)
    FROM (
        SELECT
        FROM notifications
        WHERE notifications.member_id = members.id AND notifications.read_at IS NULL
        LIMIT {UNREAD_LIMIT}
    ) AS unread
)"""

_REST: Final = f"{FOUNDATIONS}, members.read_before, sessions.seen_at < now() - $3::interval, {UNREAD_COUNT}"

# All it is made of moves the foundations, so that a glance needs not ask for it.
_OWES: Final = f"""
    network.requires_second_factor
    AND EXISTS (
        SELECT 1
        FROM group_members
        JOIN groups ON groups.id = group_members.group_id
        WHERE group_members.member_id = members.id
            AND groups.slug IN ('{groups.MODERATORS}', '{groups.ADMINISTRATORS}')
    )
    AND NOT EXISTS (
        SELECT 1
        FROM second_factors
        WHERE second_factors.member_id = members.id AND second_factors.confirmed_at IS NOT NULL
    )
"""

_LOOKS_AS: Final = "sessions.looks_as_group_id, sessions.looks_as_member_id"

_LOOK: Final = """coalesce(
    (SELECT groups.{group} FROM groups WHERE groups.id = sessions.looks_as_group_id),
    (SELECT looked.name FROM members AS looked WHERE looked.id = sessions.looks_as_member_id)
)"""

COLUMNS: Final = f"""
    {ACTOR_COLUMNS}, sessions.id, NULL::bigint,
    network.name_el, network.name_en, network.tagline_el, network.tagline_en, network.accent, {_OWES},
    members.informed_version, {_LOOK.format(group="name_el")}, {_LOOK.format(group="name_en")}, {_LOOKS_AS}, {_REST}
"""

GLANCE_COLUMNS: Final = f"sessions.id, members.language, members.zone, members.scheme, {_LOOKS_AS}, {_REST}"

_STAMP_COLUMNS: Final = """
    (SELECT coalesce(max(topics.version), 0) FROM topics),
    greatest(
        0, (SELECT max(topic_reads.version) FROM topic_reads WHERE topic_reads.member_id = members.id),
        (
            SELECT max(category_subscriptions.version)
            FROM category_subscriptions
            WHERE category_subscriptions.member_id = members.id
        )
    ),
    split_part(pg_current_snapshot()::text, ':', 3)
"""

GLANCE_JOINS: Final = """
    FROM sessions
    JOIN members ON members.id = sessions.member_id
    CROSS JOIN foundations
"""

JOINS: Final = f"{GLANCE_JOINS} CROSS JOIN network {ACTOR_JOINS}"

IS_OPEN: Final = f"sessions.key_hash = $1 AND {_ALIVE} AND {NOT_SUSPENDED}"
"""With COLUMNS and JOINS: whose session has a key; `$1`, `$2` and `$3` are `values(key)`."""

_ACTOR = Query(
    "sessions.actor",
    f"SELECT {COLUMNS}, {_STAMP_COLUMNS} {JOINS} WHERE {IS_OPEN}",
    returns=_ReadForLists,
    card=Card.ZERO_OR_ONE,
)

_GLANCE = Query(
    "sessions.glance",
    f"SELECT {GLANCE_COLUMNS}, {_STAMP_COLUMNS} {GLANCE_JOINS} WHERE {IS_OPEN}",
    returns=_GlanceAtLists,
    card=Card.ZERO_OR_ONE,
)

# By the hash of its key and not by its id: a session that got another key is another's to whoever holds the old one.
_STILL_OPEN = Query(
    "sessions.still_open",
    f"""
    SELECT sessions.key_hash
    FROM sessions
    JOIN members ON members.id = sessions.member_id
    CROSS JOIN network
    WHERE sessions.key_hash = ANY ($1::bytea[]) AND {_ALIVE} AND {NOT_SUSPENDED} AND NOT ({_OWES})
    """,
    returns=bytes,
    card=Card.MANY,
)

_OPEN = Statement(
    "sessions.open",
    """
    INSERT INTO sessions (key_hash, member_id, address, agent, expires_at)
    VALUES ($1, $2, $3, $4, now() + $5::interval)
    """,
    returns=int,
    card=Card.NONE,
)

_RENEW = Statement(
    "sessions.renew",
    "UPDATE sessions SET key_hash = $2, authenticated_at = now() WHERE id = $1",
    returns=int,
    card=Card.NONE,
)

_IS_FRESH = Query(
    "sessions.is_fresh",
    """
    SELECT EXISTS (
        SELECT 1
        FROM sessions
        WHERE sessions.id = $1 AND sessions.authenticated_at > now() - $2::interval
    )
    """,
    returns=bool,
    card=Card.ONE,
)

_AUTHENTICATE = Statement(
    "sessions.authenticate",
    "UPDATE sessions SET authenticated_at = now() WHERE id = $1",
    returns=int,
    card=Card.NONE,
)

_TOUCH = Statement(
    "sessions.touch",
    "UPDATE sessions SET seen_at = now() WHERE id = $1 AND seen_at < now() - $2::interval",
    returns=int,
    card=Card.NONE,
)

_LIST = Query(
    "sessions.list",
    f"""
    SELECT sessions.id, host(sessions.address), sessions.agent, sessions.created_at, sessions.seen_at,
           sessions.id IS NOT DISTINCT FROM $3::bigint
    FROM sessions
    WHERE sessions.member_id = $1 AND {_ALIVE}
    ORDER BY sessions.seen_at DESC, sessions.id DESC
    """,
    returns=SessionRow,
    card=Card.MANY,
)

_CLOSE = Statement(
    "sessions.close",
    "DELETE FROM sessions WHERE id = $1 AND member_id = $2",
    returns=int,
    card=Card.NONE,
)

_CLOSE_ALL = Statement(
    "sessions.close_all",
    "DELETE FROM sessions WHERE member_id = $1 AND id IS DISTINCT FROM $2::bigint",
    returns=int,
    card=Card.NONE,
)

_SWEEP = Statement(
    "sessions.sweep",
    "DELETE FROM sessions WHERE expires_at < now() OR seen_at < now() - $1::interval",
    returns=int,
    card=Card.NONE,
)

_SWEEP_STEPS = Statement(
    "sessions.sweep_steps",
    "DELETE FROM sign_in_steps WHERE expires_at < now()",
    returns=int,
    card=Card.NONE,
)

_SWEEP_SETUP_LINKS = Statement(
    "sessions.sweep_setup_links",
    "DELETE FROM setup_links WHERE expires_at < now()",
    returns=int,
    card=Card.NONE,
)


async def open(tx: Tx, member_id: MemberId, *, address: str, agent: str) -> str:
    """Open a session and return its key, 256 random bits as url-safe text; only now is it known."""
    key = secrets.token_urlsafe(32)
    printable = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", agent)[:AGENT_LIMIT]
    await tx.run(_OPEN, digest(key), member_id, plain_address(address), printable, ABSOLUTE)
    return key


async def renew(tx: Tx, actor: Actor) -> str:
    """Give the actor, who just typed their password, another key for their session; the old one opens nothing."""
    key = secrets.token_urlsafe(32)
    await tx.run(_RENEW, actor.session_id, digest(key))
    return key


async def is_fresh(conn: Conn, actor: Actor) -> bool:
    """Say whether the password was given in the actor's present session within FRESH."""
    return await conn.one(_IS_FRESH, actor.session_id, FRESH)


async def authenticate(tx: Tx, actor: Actor) -> None:
    """Note that the password was given again in the actor's present session, just now."""
    await tx.run(_AUTHENTICATE, actor.session_id)
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act="session.authenticated",
        subject="session",
        subject_id=actor.session_id,
    )


async def actor(conn: Conn, key: str, known: SessionActor | None = None) -> SessionActor | None:
    """Return whose session has this key, None when it has ended or its member is suspended; one query, seldom two.

    What the network is called stands on every page, so it comes with the member instead of by a query of its own.
    `known` is what was returned for the key before: where it still holds, a shorter query says so.
    """
    if known is not None:
        glance = await conn.maybe(_GLANCE, *values(key))
        if glance is None:
            return None
        if glance.fits(known):
            return seen_again(known, glance, _stamp(glance))
    row = await conn.maybe(_ACTOR, *values(key))
    return None if row is None else read(row, _stamp(row))


async def still_open(conn: Conn, digests: list[bytes]) -> list[bytes]:
    """Return which of these keys still open a session whose member may use it; one query for all of them."""
    return await conn.many(_STILL_OPEN, digests, IDLE)


def _stamp(row: _ReadForLists | _GlanceAtLists) -> Stamp:
    return Stamp(row.foundations, row.topics, row.reads, row.read_before, row.under_way)


def values(key: str) -> tuple[bytes, timedelta, timedelta]:
    """Return what IS_OPEN and COLUMNS ask with."""
    return digest(key), IDLE, TOUCH


def read(row: Read, stamp: Stamp | None = None) -> SessionActor:
    return SessionActor(
        Actor(*(getattr(row, name) for name in _ACTOR_FIELDS)),
        Network(*(getattr(row, name) for name in _NETWORK_FIELDS)),
        row.foundations,
        row.read_before,
        row.needs_touch,
        stamp,
        row.unread_count,
        row.owes_second_factor,
        row.informed_version,
        _look(row),
        (row.looks_as_group_id, row.looks_as_member_id),
    )


def _look(row: Read) -> Look | None:
    if not (row.look_el and row.look_en and row.is_administrator):
        return None
    return Look(row.looks_as_group_id, row.looks_as_member_id, row.look_el, row.look_en)


def seen_again(known: SessionActor, glance: Glance, stamp: Stamp | None = None) -> SessionActor:
    """Return a session that a glance fits, as it is now."""
    return SessionActor(
        known.actor,
        known.network,
        known.foundations,
        known.read_before,
        glance.needs_touch,
        stamp,
        glance.unread_count,
        known.owes_second_factor,
        known.informed_version,
        known.look,
        known.looks_as,
    )


async def touch(tx: Once | Tx, session_id: int | None) -> None:
    """Note that the session is in use, unless that was done within TOUCH."""
    await tx.run(_TOUCH, session_id, TOUCH)


async def list_sessions(conn: Conn, actor: Actor) -> list[SessionRow]:
    """Return the actor's own living sessions, the last used first."""
    return await conn.many(_LIST, actor.member_id, IDLE, actor.session_id)


async def close(tx: Tx, actor: Actor, session_id: int) -> None:
    """End one of the actor's own sessions; the present one is a sign-out. Raise NotFound for anybody else's."""
    if not await tx.run(_CLOSE, session_id, actor.member_id):
        raise NotFound
    is_sign_out = session_id == actor.session_id
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act="sign_out.succeeded" if is_sign_out else "session.closed",
        subject="session",
        subject_id=session_id,
        before={"member_id": actor.member_id},
    )


async def close_others(tx: Tx, actor: Actor) -> int:
    """End all of the actor's sessions but the present one and return how many there were."""
    closed = await close_all(tx, actor.member_id, but=actor.session_id)
    if closed:
        await audit.record(
            tx,
            actor_id=actor.member_id,
            act="session.closed",
            subject="member",
            subject_id=actor.member_id,
            before={"sessions": closed + 1},
            after={"sessions": 1},
        )
    return closed


async def close_all(tx: Tx, member_id: MemberId, *, but: int | None) -> int:
    """End all sessions of a member but one and return how many there were; the act that asks for it is the audited."""
    return await tx.run(_CLOSE_ALL, member_id, but)


async def sweep(tx: Tx) -> int:
    """Delete sessions and their first steps, attempts, keys, setup links and drafts that have had their time.

    Return how many rows.
    """
    return (
        await tx.run(_SWEEP, IDLE)
        + await tx.run(_SWEEP_STEPS)
        + await tx.run(_SWEEP_SETUP_LINKS)
        + await attempts.sweep(tx)
        + await idempotency.sweep(tx)
        + await drafts.sweep(tx)
    )


def plain_address(address: str) -> str:
    """Return an address as it is kept: no IPv6 zone, IPv4 never dressed as IPv6. Raise BadRequest for other text."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        raise BadRequest("bad_value") from None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)


def digest(key: str) -> bytes:
    """Return the SHA-256 of a session's key, which is all that is kept of it."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
