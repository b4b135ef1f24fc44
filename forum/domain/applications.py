"""Applications: people whom nobody invited ask to become members, and an administrator approves or refuses.

Whoever asks writes an address and nothing else, and is answered alike whether it is known or not; all further is said
by mail to that address. Following the link proves it, and only then is there a form to fill in. Approved, they get an
invitation as everybody does (`invitations`); nothing of the forum is seen before. Source: OWASP ASVS 5.0, 6.3.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from forum import links
from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, invitations, mails, members, pages
from forum.domain.access import AdministerGrant
from forum.domain.entities import Language, MailKind, MemberId, OrganisationId, Role
from forum.domain.invitations import Offer
from forum.domain.members import plain_email
from forum.domain.pages import Page
from forum.errors import Conflict, Invalid, NotFound

LIFETIME: Final = timedelta(days=3)
"""How long the link is good that proves the address."""

KEPT: Final = timedelta(days=90)
"""How long it is kept what was decided."""

WAITING: Final = timedelta(days=180)
"""After so long an application that nobody decided on is forgotten."""

State = Literal["asked", "waiting", "approved", "refused"]

_PURPOSE: Final = "application"


@dataclass(frozen=True, slots=True)
class Application:
    """Somebody who asks to become a member; name and organisation are empty until they have filled in the form."""

    id: int
    seed: bytes
    email: str
    state: State
    name: str | None
    organisation_id: OrganisationId | None
    organisation_slug: str | None
    organisation_el: str | None
    organisation_en: str | None
    language: Language
    message: str
    created_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    decided_at: datetime | None
    decided_by: str | None
    reason: str
    is_good: bool
    """Whether its link opens the form."""


_COLUMNS: Final = """
    SELECT applications.id, applications.seed, applications.email, applications.state, applications.name,
           organisations.id, organisations.slug, organisations.name_el, organisations.name_en, applications.language,
           applications.message, applications.created_at, applications.expires_at, applications.sent_at,
           applications.decided_at, deciders.name, applications.reason,
           applications.state = 'asked' AND applications.expires_at > now()
    FROM applications
    LEFT JOIN organisations ON organisations.id = applications.organisation_id
    LEFT JOIN members AS deciders ON deciders.id = applications.decided_by_id
"""

_ONE = Query("applications.one", f"{_COLUMNS} WHERE applications.id = $1", returns=Application, card=Card.ZERO_OR_ONE)

_OF_ADDRESS = Query(
    "applications.of_address",
    f"{_COLUMNS} WHERE applications.email = $1 AND applications.state IN ('asked', 'waiting')",
    returns=Application,
    card=Card.ZERO_OR_ONE,
)

_LIST = Query(
    "applications.list",
    f"""
    {_COLUMNS}
    WHERE applications.state = $1 AND applications.id < coalesce($2, 9223372036854775807)
    ORDER BY applications.id DESC
    LIMIT $3
    """,
    returns=Application,
    card=Card.MANY,
)

_COUNT_WAITING = Query(
    "applications.count_waiting",
    "SELECT count(*) FROM (SELECT 1 FROM applications WHERE applications.state = 'waiting' LIMIT 1000) AS waiting",
    returns=int,
    card=Card.ONE,
)

_BEGIN = Statement(
    "applications.begin",
    """
    INSERT INTO applications (email, language, seed, expires_at)
    VALUES ($1, $2, $3, now() + $4::interval)
    ON CONFLICT (email) WHERE state IN ('asked', 'waiting') DO UPDATE
    SET expires_at = CASE
        WHEN applications.state = 'asked' THEN excluded.expires_at
        ELSE applications.expires_at
    END
    RETURNING id
    """,
    returns=int,
    card=Card.ONE,
)

_SEND = Statement(
    "applications.send",
    """
    UPDATE applications
    SET state = 'waiting', name = $2, organisation_id = $3, language = $4, message = $5, sent_at = now()
    WHERE id = $1 AND state = 'asked' AND expires_at > now()
    """,
    returns=int,
    card=Card.NONE,
)

_DECIDE = Statement(
    "applications.decide",
    """
    UPDATE applications
    SET state = $2, decided_at = now(), decided_by_id = $3, reason = $4
    WHERE id = $1 AND state = 'waiting'
    """,
    returns=int,
    card=Card.NONE,
)

_NOTE_INVITATION = Statement(
    "applications.note_invitation",
    "UPDATE applications SET invitation_id = $2 WHERE id = $1",
    returns=int,
    card=Card.NONE,
)

_LED_TO = Query(
    "applications.led_to",
    "SELECT EXISTS (SELECT 1 FROM applications WHERE applications.invitation_id = $1)",
    returns=bool,
    card=Card.ONE,
)

_SWEEP = Statement(
    "applications.sweep",
    """
    DELETE FROM applications
    WHERE (applications.state = 'asked' AND applications.expires_at < now())
        OR applications.decided_at < now() - $1::interval
        OR applications.created_at < now() - $2::interval
    """,
    returns=int,
    card=Card.NONE,
)


async def ask(tx: Tx, email: str, language: Language) -> None:
    """Have a letter sent to an address, which says to its owner how it goes on; one on its way is not sent twice."""
    await mails.enter(tx, MailKind.APPLICATION_ASKED, to=plain_email(email), language=language)


async def answer(tx: Tx, email: str, language: Language) -> Application:
    """Return the application of an address that is no member's, begun now unless there is one."""
    await tx.one(_BEGIN, email, language, links.new_seed(), LIFETIME)
    found = await tx.maybe(_OF_ADDRESS, email)
    if found is None:
        raise NotFound
    return found


def make_token(secret: bytes, found: Application) -> str:
    return links.make_token(secret, _PURPOSE, found.id, found.seed)


async def find(conn: Conn, secret: bytes, token: str) -> Application:
    """Return the application whose form a link opens; raise NotFound when it is none, was sent or is too old."""
    row_id = links.row_of(token)
    if row_id is None:
        raise NotFound
    found = await conn.maybe(_ONE, row_id)
    if found is None or not found.is_good or not links.is_token(token, secret, _PURPOSE, found.id, found.seed):
        raise NotFound
    return found


async def send(
    tx: Tx, found: Application, *, name: str, organisation_id: OrganisationId, language: Language, message: str
) -> None:
    """Lay a filled-in application before the administrators, whom a letter tells. Raise NotFound when it was sent."""
    if not await tx.run(_SEND, found.id, name, organisation_id, language, message):
        raise NotFound
    facts = {"application_id": found.id}
    await mails.enter_for_all(tx, MailKind.APPLICATION_WAITING, await members.administrators(tx), facts=facts)


async def count_waiting(conn: Conn, grant: AdministerGrant) -> int:
    """Return how many wait for a decision, at most 1,000."""
    del grant
    return await conn.one(_COUNT_WAITING)


async def list_applications(
    conn: Conn, grant: AdministerGrant, *, state: State = "waiting", cursor: str | None = None, limit: int = 50
) -> Page[Application]:
    """Return the applications in a state, the newest first."""
    del grant
    after = pages.decode(cursor, int)[0] if cursor else None
    found = await conn.many(_LIST, state, after, limit + 1)
    return pages.cut(found, limit, lambda last: (last.id,))


async def application(conn: Conn, grant: AdministerGrant, application_id: int) -> Application:
    """Return an application that was sent; raise NotFound for one whose address is not proved yet."""
    del grant
    found = await conn.maybe(_ONE, application_id)
    if found is None or found.state == "asked":
        raise NotFound
    return found


async def approve(
    tx: Tx, grant: AdministerGrant, application_id: int, organisation_id: OrganisationId, note: str
) -> None:
    """Invite somebody who applied, as a member of an organisation; a note goes along.

    Raise Conflict when it was decided already, or the address is a member's by now.
    """
    found = await application(tx, grant, application_id)
    await _decide(tx, grant, found, "approved", "")
    offer = Offer(organisation_id, Role.MEMBER, found.language, note=note)
    try:
        (invitation_id,) = await invitations.invite(tx, grant, [found.email], offer, key=None)
    except Invalid:
        raise Conflict("application_decided") from None
    await tx.run(_NOTE_INVITATION, found.id, invitation_id)


async def refuse(tx: Tx, grant: AdministerGrant, application_id: int, reason: str) -> None:
    """Refuse an application; a letter gives the reason. Raise Conflict when it was decided already."""
    found = await application(tx, grant, application_id)
    await _decide(tx, grant, found, "refused", reason)
    facts = {"application_id": found.id}
    await mails.enter(tx, MailKind.APPLICATION_REFUSED, to=found.email, language=found.language, facts=facts)


async def to_tell(tx: Tx, application_id: int) -> Application | None:
    """Return an application that a letter is about, None when it is forgotten."""
    return await tx.maybe(_ONE, application_id)


async def to_show(tx: Tx, application_id: int, member_id: MemberId) -> Application | None:
    """Return an application that still waits, for somebody who administers; None for others and others'."""
    found = await tx.maybe(_ONE, application_id)
    if found is None or found.state != "waiting" or member_id not in await members.administrators(tx):
        return None
    return found


async def led_to(conn: Conn, invitation_id: int) -> bool:
    """Say whether an invitation answers an application."""
    return await conn.one(_LED_TO, invitation_id)


async def sweep(tx: Tx) -> int:
    """Forget what nobody followed in time, was decided KEPT ago, or has waited for WAITING; return how many."""
    return await tx.run(_SWEEP, KEPT, WAITING)


async def _decide(tx: Tx, grant: AdministerGrant, found: Application, state: State, reason: str) -> None:
    if not await tx.run(_DECIDE, found.id, state, grant.actor.member_id, reason):
        raise Conflict("application_decided")
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act=f"application.{state}",
        subject="application",
        subject_id=found.id,
        before={"state": found.state},
        after={"state": state},
    )
