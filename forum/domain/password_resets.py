"""A forgotten password: the link by which its owner sets another, once and within an hour; and a first one likewise.

Whoever asks is answered alike, member or not, in words and in work: a mail is entered for the address, and only when
it is to be written is it asked whose that is. The link is void when the password has changed. Source: OWASP ASVS 5.0,
6.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from forum import links
from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import mails, members, sessions
from forum.domain.entities import Language, MailId, MailKind, MemberId
from forum.domain.members import plain_email
from forum.errors import NotFound

LIFETIME: Final = timedelta(hours=1)

FIRST_LIFETIME: Final = timedelta(days=14)
"""How long the link is good by which somebody whom others made a member chooses their first password."""

AT_ONCE: Final = 5
"""Links of one member that are good at the same time; beyond, none is sent, so that nobody floods a letter box."""

_PURPOSE: Final = "password"


@dataclass(frozen=True, slots=True)
class Reset:
    """A link that is still good, and its member as far as a password is weighed against them."""

    id: int
    seed: bytes
    password_hash: str
    member_id: MemberId
    email: str
    name: str
    organisation_el: str
    organisation_en: str
    is_staff: bool
    language: Language
    zone: str
    is_first: bool
    """Whether nobody knows the present password, because others made them a member."""


_SELECT: Final = """
    SELECT resets.id, resets.seed, members.password_hash, members.id, members.email, members.name,
           organisations.name_el, organisations.name_en,
           EXISTS (
               SELECT 1
               FROM group_members
               JOIN groups ON groups.id = group_members.group_id
               WHERE group_members.member_id = members.id AND groups.kind = 'system'
           ),
           members.language, members.zone,
           EXISTS (
               SELECT 1
               FROM mails
               WHERE mails.id = resets.mail_id AND mails.kind = 'welcome'
           )
"""

_PREPARE = Statement(
    "password_resets.prepare",
    f"""
    WITH resets AS (
        INSERT INTO password_resets (member_id, mail_id, seed, expires_at)
        SELECT members.id, $1, $3, now() + $4::interval
        FROM members
        WHERE members.email = $2 AND members.mail_refused_at IS NULL AND {sessions.NOT_SUSPENDED}
            AND (
                SELECT count(*)
                FROM password_resets AS others
                WHERE others.member_id = members.id AND others.mail_id <> $1 AND others.expires_at > now()
            ) < $5
        ON CONFLICT (mail_id) DO UPDATE
        SET expires_at = excluded.expires_at
        RETURNING id, seed, member_id, mail_id
    )
    {_SELECT}
    FROM resets
    JOIN members ON members.id = resets.member_id
    JOIN organisations ON organisations.id = members.organisation_id
    """,
    returns=Reset,
    card=Card.ZERO_OR_ONE,
)

_FIND = Query(
    "password_resets.find",
    f"""
    {_SELECT}
    FROM password_resets AS resets
    JOIN members ON members.id = resets.member_id
    JOIN organisations ON organisations.id = members.organisation_id
    WHERE resets.id = $1 AND resets.expires_at > now() AND {sessions.NOT_SUSPENDED}
    """,
    returns=Reset,
    card=Card.ZERO_OR_ONE,
)

_SPEND = Statement(
    "password_resets.spend",
    """
    WITH locked AS MATERIALIZED (
        SELECT members.id
        FROM members
        WHERE members.id = $2 AND members.password_hash = $3
        FOR NO KEY UPDATE
    )
    DELETE FROM password_resets
    USING locked
    WHERE password_resets.id = $1 AND password_resets.member_id = locked.id AND password_resets.expires_at > now()
    RETURNING password_resets.id
    """,
    returns=int,
    card=Card.ZERO_OR_ONE,
)

_FORGET = Statement(
    "password_resets.forget",
    "DELETE FROM password_resets WHERE password_resets.member_id = $1",
    returns=int,
    card=Card.NONE,
)

_SWEEP = Statement(
    "password_resets.sweep",
    "DELETE FROM password_resets WHERE password_resets.expires_at < now()",
    returns=int,
    card=Card.NONE,
)


async def ask(tx: Tx, email: str, language: Language) -> None:
    """Have a link sent to an address, if it is a member's; one that is on its way is not sent twice."""
    await mails.enter(tx, MailKind.PASSWORD_RESET, to=plain_email(email), language=language)


async def prepare(
    tx: Tx, secret: bytes, mail_id: MailId, address: str, *, lifetime: timedelta = LIFETIME
) -> tuple[Reset, str] | None:
    """Make the link that a mail is to bring, good from now, with its token; None when it is not to be sent."""
    reset = await tx.maybe(_PREPARE, mail_id, address, links.new_seed(), lifetime, AT_ONCE)
    return (reset, links.make_token(secret, _PURPOSE, reset.id, _stamp(reset))) if reset else None


async def find(conn: Conn, secret: bytes, token: str) -> Reset:
    """Return what a link opens; raise NotFound when it is none, was used, is too old or the password has changed."""
    row_id = links.row_of(token)
    if row_id is None:
        raise NotFound
    reset = await conn.maybe(_FIND, row_id)
    if reset is None or not links.is_token(token, secret, _PURPOSE, reset.id, _stamp(reset)):
        raise NotFound
    return reset


async def spend(tx: Tx, reset: Reset, new_hash: str) -> None:
    """Give the member the new password; all sessions and tokens of theirs end. Raise NotFound when it was used."""
    if await tx.maybe(_SPEND, reset.id, reset.member_id, reset.password_hash) is None:
        raise NotFound
    await members.reset_password(tx, reset.member_id, new_hash, actor_id=reset.member_id)
    if not reset.is_first:
        await mails.enter(tx, MailKind.PASSWORD_CHANGED, to=reset.member_id)


async def forget(tx: Tx, member_id: MemberId) -> None:
    """Void every link of a member's, as when their letter box is another."""
    await tx.run(_FORGET, member_id)


async def sweep(tx: Tx) -> int:
    """Forget the links that are too old; return how many."""
    return await tx.run(_SWEEP)


def _stamp(reset: Reset) -> bytes:
    return reset.seed + reset.password_hash.encode()
