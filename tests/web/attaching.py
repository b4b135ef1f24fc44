"""Attaching in tests: a file as the page's form or its script sends it."""

from __future__ import annotations

import io

from aiohttp import FormData

from forum.domain.entities import AttachmentId
from tests.site import Answer, Visitor

FETCH = {"X-Requested-With": "fetch"}


async def send(
    visitor: Visitor,
    content: bytes | None,
    name: str = "Πρακτικά.pdf",
    *,
    fields: dict[str, str] | None = None,
    token: str | None = None,
    is_script: bool = True,
) -> Answer:
    """Send a file; a script says its token in a header, a form before everything else."""
    if not visitor.token:
        await visitor.get("/help")
    said = visitor.token if token is None else token
    form = FormData(quote_fields=False)
    if not is_script:
        form.add_field("csrf_token", said)
    for field, value in (fields or {}).items():
        form.add_field(field, value)
    chosen = "" if content is None else name
    form.add_field("file", io.BytesIO(content or b""), filename=chosen, content_type="application/octet-stream")
    headers = {**FETCH, "X-CSRF-Token": said} if is_script else {}
    return await visitor.request("POST", "/attachments", data=form, headers=headers)


async def bring(visitor: Visitor, content: bytes, name: str = "Πρακτικά.pdf") -> AttachmentId:
    """Bring a file that is taken."""
    answer = await send(visitor, content, name)
    assert answer.status == 201, answer.text
    return AttachmentId(answer.json["id"])
