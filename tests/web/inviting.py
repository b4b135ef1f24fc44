"""Inviting in tests: an administrator's forms, the letters that come of them, and following a link."""

from __future__ import annotations

import email
import re
from email.header import decode_header, make_header

from forum.keys import CONFIG, DB
from tests.mail.sending import send_due
from tests.site import Answer, Site, Visitor

NEW = "eleni@mytilene.example"
PASSWORD = "δεκατρείς ανεμόμυλοι"
GOOD = {"name": "Ελένη Αργυρού", "language": "el", "password": PASSWORD, "password_repeat": PASSWORD, "accepted": "on"}
OFFER = {"by": "mail", "emails": NEW, "organisation": "mytilene", "role": "member", "language": "el", "days": "14"}
LINK = {"by": "link", "organisation": "larnaca", "role": "member", "language": "el", "days": "7", "uses": "2"}


async def letters(site: Site) -> list[tuple[str, str]]:
    """Send what is due and return the recipient and text of every letter so far, in the order of sending."""
    folder = site.app[CONFIG].mail_folder
    await send_due(site.app[DB], site.app[CONFIG])
    found = []
    for file in sorted(folder.glob("*.eml"), key=lambda path: int(path.name.partition(".")[0])):
        message = email.message_from_bytes(file.read_bytes())
        part = next(part for part in message.walk() if part.get_content_type() == "text/plain")
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        found.append((str(make_header(decode_header(message["To"]))), payload.decode()))
    return found


async def invite(site: Site, **changed: str) -> Answer:
    administrator = await site.visitor("administrator")
    await administrator.get("/admin/invitations/new")
    return await administrator.submit("/admin/invitations", {**OFFER, **changed})


async def link_sent(site: Site) -> str:
    found = re.search(r"/invite/[0-9]+-[\w-]{43}", (await letters(site))[-1][1])
    assert found
    return found[0]


async def make_link(site: Site, **changed: str) -> str:
    administrator = await site.visitor("administrator")
    await administrator.get("/admin/invitations/new?by=link")
    made = await administrator.submit("/admin/invitations", {**LINK, **changed})
    assert made.status == 303, made.text
    found = re.search(r"/invite/[0-9]+-[\w-]{43}", (await administrator.follow(made)).text)
    assert found
    return found[0]


async def accept(site: Site, link: str, **changed: str) -> tuple[Visitor, Answer]:
    guest = await site.visitor()
    await guest.get(link)
    return guest, await guest.submit(link, {**GOOD, **changed})
