"""A member's change of mail address: confirmed at the new one, told to the old one, and undone from there.

Whoever asks is answered alike, whether the new address is free or a member's; what there is to say is said by mail to
that address. The old one can take the change back for UNDO: then whoever made it may know the password, so nobody
knows the password any more, all sessions end, and a link to choose another goes to the old address. Source: OWASP ASVS
5.0, 6.3.7 and 7.4.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from forum import links
from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, mails, members, password_resets, sessions
from forum.domain.actors import Actor
from forum.domain.entities import Language, MailKind, MemberId
from forum.domain.members import plain_email
from forum.errors import Invalid, NotFound

LIFETIME: Final = timedelta(days=1)
"""How long the link at the new address is good."""

UNDO: Final = timedelta(days=7)
"""How long the old address can take the change back."""

_CONFIRM: Final = "address"
_UNDO: Final = "address undone"


@dataclass(frozen=True, slots=True)
class AddressChange:
    """A change that was asked for, or made."""

    id: int
    seed: bytes
    member_id: MemberId
    old_email: str
    new_email: str
    is_confirmed: bool
    name: str
    language: Language
    zone: str
    email: str
    """The member's present address."""


_COLUMNS: Final = """
    SELECT address_changes.id, address_changes.seed, address_changes.member_id, address_changes.old_email,
           address_changes.new_email, address_changes.confirmed_at IS NOT NULL, members.name, members.language,
           members.zone, members.email
    FROM address_changes
    JOIN members ON members.id = address_changes.member_id
"""

_GOOD = Query(
    "address_changes.good",
    f"{_COLUMNS} WHERE address_changes.id = $1 AND address_changes.expires_at > now()",
    returns=AddressChange,
    card=Card.ZERO_OR_ONE,
)

_MAY_CONFIRM = Query(
    "address_changes.may_confirm",
    f"SELECT EXISTS (SELECT 1 FROM members WHERE members.id = $1 AND {sessions.NOT_SUSPENDED})",
    returns=bool,
    card=Card.ONE,
)

# A later wish takes the place of an earlier one that was not confirmed.
_FORGET_ASKED = Statement(
    "address_changes.forget_asked",
    "DELETE FROM address_changes WHERE address_changes.member_id = $1 AND address_changes.confirmed_at IS NULL",
    returns=int,
    card=Card.NONE,
)

_ASK = Statement(
    "address_changes.ask",
    """
    INSERT INTO address_changes (member_id, old_email, new_email, seed, expires_at)
    SELECT members.id, members.email, $2, $3, now() + $4::interval
    FROM members
    WHERE members.id = $1
    RETURNING id
    """,
    returns=int,
    card=Card.ONE,
)

_IS_TAKEN = Query(
    "address_changes.is_taken",
    "SELECT EXISTS (SELECT 1 FROM members WHERE members.email = $1)",
    returns=bool,
    card=Card.ONE,
)

_NOTE_CONFIRMED = Statement(
    "address_changes.note_confirmed",
    """
    UPDATE address_changes
    SET confirmed_at = now(), expires_at = now() + $2::interval
    WHERE id = $1 AND confirmed_at IS NULL AND expires_at > now()
    """,
    returns=int,
    card=Card.NONE,
)

_SET_EMAIL = Statement(
    "address_changes.set_email",
    """
    UPDATE members
    SET email = $2, mail_refused_at = NULL
    WHERE members.id = $1 AND NOT EXISTS (SELECT 1 FROM members AS others WHERE others.email = $2)
    """,
    returns=int,
    card=Card.NONE,
)

# Whoever undoes one undoes what came after it: of two changes in a row, the first leads back furthest.
_FORGET_LATER = Statement(
    "address_changes.forget_later",
    "DELETE FROM address_changes WHERE address_changes.member_id = $1 AND address_changes.id >= $2",
    returns=int,
    card=Card.NONE,
)

_SWEEP = Statement(
    "address_changes.sweep",
    "DELETE FROM address_changes WHERE address_changes.expires_at < now()",
    returns=int,
    card=Card.NONE,
)


async def ask(tx: Tx, actor: Actor, email: str) -> None:
    """Have a link sent to a new address, in place of one asked for before. Raise Invalid for the present address."""
    wanted = plain_email(email)
    if wanted == (await members.settings(tx, actor)).email:
        raise Invalid({"email": ("same_address",)})
    await tx.run(_FORGET_ASKED, actor.member_id)
    change_id = await tx.one(_ASK, actor.member_id, wanted, links.new_seed(), LIFETIME)
    facts = {"change_id": change_id}
    await mails.enter(tx, MailKind.ADDRESS_ASKED, to=wanted, language=actor.language, facts=facts)


async def to_tell(tx: Tx, change_id: int) -> AddressChange | None:
    """Return a change that a letter is about, None when it is no longer good."""
    return await tx.maybe(_GOOD, change_id)


async def is_taken(tx: Tx, change: AddressChange) -> bool:
    """Say whether the new address is a member's; for letters to that address alone."""
    return await tx.one(_IS_TAKEN, change.new_email)


def make_token(secret: bytes, change: AddressChange) -> str:
    """Return the token of the link that goes to the new address."""
    return links.make_token(secret, _CONFIRM, change.id, change.seed)


def make_undo_token(secret: bytes, change: AddressChange) -> str:
    """Return the token of the link that goes to the old address."""
    return links.make_token(secret, _UNDO, change.id, change.seed)


async def find(conn: Conn, secret: bytes, token: str) -> AddressChange:
    """Return what a link at a new address confirms; raise NotFound when it is none, was followed or is void."""
    change = await _find(conn, secret, token, _CONFIRM)
    if change.is_confirmed or change.email != change.old_email or not await conn.one(_MAY_CONFIRM, change.member_id):
        raise NotFound
    return change


async def confirm(tx: Tx, change: AddressChange) -> None:
    """Give the member the new address; the old one is told, and a link for a forgotten password that it has is void.

    Raise NotFound when it was confirmed, replaced or taken meanwhile.
    """
    if not await tx.run(_NOTE_CONFIRMED, change.id, UNDO):
        raise NotFound
    await _set_email(tx, change, change.new_email, "changed")
    facts = {"change_id": change.id}
    await mails.enter(tx, MailKind.ADDRESS_CHANGED, to=change.old_email, language=change.language, facts=facts)


async def find_made(conn: Conn, secret: bytes, token: str) -> AddressChange:
    """Return what a link at an old address undoes; raise NotFound when it is none, was followed or is too old."""
    change = await _find(conn, secret, token, _UNDO)
    if not change.is_confirmed:
        raise NotFound
    return change


async def undo(tx: Tx, change: AddressChange, nobodys_hash: str) -> None:
    """Give the member the old address again and a password that nobody knows; a link for another goes to it.

    All sessions and tokens end. Raise NotFound when it was undone, or the address became another member's.
    """
    if not await tx.run(_FORGET_LATER, change.member_id, change.id):
        raise NotFound
    await _set_email(tx, change, change.old_email, "restored")
    await members.reset_password(tx, change.member_id, nobodys_hash, actor_id=change.member_id)
    await password_resets.ask(tx, change.old_email, change.language)


async def sweep(tx: Tx) -> int:
    """Forget what can neither be confirmed nor undone any more; return how many."""
    return await tx.run(_SWEEP)


async def _find(conn: Conn, secret: bytes, token: str, purpose: str) -> AddressChange:
    row_id = links.row_of(token)
    if row_id is None:
        raise NotFound
    change = await conn.maybe(_GOOD, row_id)
    if change is None or not links.is_token(token, secret, purpose, change.id, change.seed):
        raise NotFound
    return change


async def _set_email(tx: Tx, change: AddressChange, email: str, act: str) -> None:
    await password_resets.forget(tx, change.member_id)
    try:
        done = email == change.email or await tx.run(_SET_EMAIL, change.member_id, email)
    except Invalid:  # taken at this very moment
        done = False
    if not done:
        raise NotFound
    await audit.record(
        tx,
        actor_id=change.member_id,
        act=f"member.address_{act}",
        subject="member",
        subject_id=change.member_id,
        after={"change_id": change.id},
    )
