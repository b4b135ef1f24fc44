"""Guides in tests: a guide with its fields, and a file of one as the page's form sends it."""

from __future__ import annotations

import io
import re

from aiohttp import FormData

from forum.domain import access, topics
from forum.domain.topics import Started
from forum.keys import DB, RENDERER
from tests.site import Answer, Site, Visitor
from tests.web import content

TITLE = "Υπόδειγμα απόφασης"


async def start(
    site: Site, person: str = "maria", *, body: str = "Κείμενο", title: str = "Οδηγός συμβάσεων"
) -> Started:
    """Start a guide."""
    rendered = await site.app[RENDERER].render(body)
    async with site.app[DB].write() as tx:
        grant = await access.category_to_start(tx, content.actor(site, person), "guides")
        fields = {"language": "el"}
        return await topics.start(
            tx, grant, title=title, body=body, rendered=rendered, language="el", key=None, kind="guide", fields=fields
        )


async def post(
    visitor: Visitor,
    path: str,
    sent: bytes | None,
    name: str = "Υπόδειγμα.pdf",
    *,
    token: str | None = None,
    **fields: str,
) -> Answer:
    """Send the form for a file or a version, with its fields before the file."""
    if not visitor.token:
        await visitor.get("/help")
    form = FormData(quote_fields=False)
    form.add_field("csrf_token", visitor.token if token is None else token)
    for field, value in fields.items():
        form.add_field(field, value)
    chosen = "" if sent is None else name
    form.add_field("file", io.BytesIO(sent or b""), filename=chosen, content_type="application/octet-stream")
    return await visitor.request("POST", path, data=form)


async def add(visitor: Visitor, guide: Started, sent: bytes, name: str = "Υπόδειγμα.pdf", title: str = TITLE) -> int:
    """Add a file to a guide and return its id."""
    answer = await post(visitor, f"/topics/{guide.topic_id}/files", sent, name, title=title)
    assert answer.status == 303, answer.text
    shown = await visitor.follow(answer)
    return max(int(found) for found in re.findall(r'href="/guides/files/([0-9]+)"', shown.text))


async def renew(visitor: Visitor, file_id: int, sent: bytes, name: str = "Υπόδειγμα.pdf", **fields: str) -> None:
    """Add a version of a file."""
    answer = await post(visitor, f"/guides/files/{file_id}/versions", sent, name, **fields)
    assert answer.status == 303, answer.text
