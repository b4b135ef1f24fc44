"""The administrators' view of all mail: what waits, what was sent, what could not be and why, and trying again.

Where no mail server is named, letters are files, and are shown whole: an administrator hands on what is in them.
"""

from __future__ import annotations

import asyncio
import email
from dataclasses import dataclass
from email.header import decode_header, make_header
from pathlib import Path
from typing import ClassVar

from aiohttp import web

from forum.domain import access, mails
from forum.domain.entities import MailId
from forum.domain.mails import Counts, MailRow
from forum.errors import BadRequest
from forum.i18n import mark
from forum.keys import ACTOR, CONFIG, DB
from forum.web.flash import flash
from forum.web.forms import int_param, query_param
from forum.web.pages import Page, render
from forum.web.urls import see_other

KINDS = {
    "password_reset": mark("Forgotten password"),
    "password_changed": mark("Password changed"),
    "address_asked": mark("New address to confirm"),
    "address_changed": mark("Address changed"),
    "welcome": mark("First password"),
    "application_asked": mark("Application begun"),
    "application_waiting": mark("Application to decide on"),
    "application_refused": mark("Application refused"),
    "category_opened": mark("A category was opened"),
    "opening_review": mark("An opening to review"),
    "invitation": mark("Invitation"),
    "invitation_asked": mark("Invitation by a link"),
    "notifications": mark("Notifications"),
    "digest": mark("Digest"),
}
"""The msgid of every kind's name; a test sees that none is missing."""

_OUTCOMES = frozenset({"sent", "dropped", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MailsPage(Page):
    template: ClassVar[str] = "mails/index.html"
    items: list[MailRow]
    kinds: dict[str, str]
    counts: Counts
    outcome: str
    next: str
    is_first: bool
    has_server: bool
    folder: str


@dataclass(frozen=True, slots=True)
class LetterView:
    """A letter that lies as a file."""

    subject: str
    recipient: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPage(Page):
    template: ClassVar[str] = "mails/show.html"
    mail: MailRow
    kinds: dict[str, str]
    letter: LetterView | None
    has_server: bool


async def index(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    outcome, cursor = query_param(request, "outcome"), query_param(request, "cursor")
    if outcome and outcome not in _OUTCOMES:
        raise BadRequest("bad_value")
    async with request.app[DB].read() as conn:
        listed = await mails.list_mails(conn, grant, outcome=outcome or None, cursor=cursor or None)
        counts = await mails.counts(conn)
    config = request.app[CONFIG]
    page = MailsPage(
        items=listed.items,
        kinds=KINDS,
        counts=counts,
        outcome=outcome,
        next=listed.next or "",
        is_first=not cursor,
        has_server=bool(config.smtp_url.get_secret_value()),
        folder=str(config.mail_folder),
    )
    return await render(request, page)


async def show(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        mail = await mails.mail(conn, grant, MailId(int_param(request, "mail_id")))
    config = request.app[CONFIG]
    has_server = bool(config.smtp_url.get_secret_value())
    letter = None if has_server else await asyncio.to_thread(_letter, config.mail_folder, mail)
    return await render(request, MailPage(mail=mail, kinds=KINDS, letter=letter, has_server=has_server))


async def update(request: web.Request) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].write() as tx:
        await mails.retry(tx, grant, MailId(int_param(request, "mail_id")))
    response = see_other(request, "mails.index")
    flash(request, response, "mail.retried")
    return response


def _letter(folder: Path, mail: MailRow) -> LetterView | None:
    try:
        message = email.message_from_bytes((folder / f"{mail.id}.{mail.key.hex}.eml").read_bytes())
    except OSError:
        return None
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            text = payload.decode(errors="replace") if isinstance(payload, bytes) else ""
            return LetterView(
                str(make_header(decode_header(message["Subject"]))),
                str(make_header(decode_header(message["To"]))),
                text,
            )
    return None
