"""Attachments: bringing a file, what is known of it, its bytes, and taking it away."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, attachments
from forum.domain.entities import Attachment, AttachmentId
from forum.errors import BadRequest
from forum.handlers.api import attachment_models as models
from forum.handlers.api import bodies
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web import attaching
from forum.web.forms import int_param
from forum.web.multipart import is_form
from forum.web.urls import absolute, url_for

_ANY = "*/*"  # the type of the file


@call(
    mark("Bring a file, to be named in a text"),
    brings_file=True,
    answers=models.Attachment,
    creates="api.attachments.show",
    refuses=(403, 409, 507),
)
async def create(request: web.Request) -> models.Attachment:
    grant = await attaching.granted(request)
    if not is_form(request):
        problem = BadRequest("unsupported_media_type")
        problem.status = 415
        raise problem
    return _answer(request, await attaching.bring(request, grant, bodies.read_key_text(request)))


@call(mark("Show what is known of a file"), answers=models.Attachment, refuses=(404,))
async def show(request: web.Request) -> models.Attachment:
    return _answer(request, await _readable(request))


@call(mark("Hand out the bytes of a file"), media=_ANY, refuses=(404,))
async def content(request: web.Request) -> web.StreamResponse:
    return await attaching.send(request, await _readable(request))


@call(mark("Take away a file of one's own"), refuses=(403, 404, 409))
async def delete(request: web.Request) -> None:
    async with request.app[DB].write() as tx:
        grant = await access.attachment_to_delete(tx, request[ACTOR], _attachment_id(request))
        stored = await attachments.delete(tx, grant)
    await attaching.forget(request.app, [stored])


async def _readable(request: web.Request) -> Attachment:
    async with request.app[DB].read() as conn:
        return (await access.attachment_to_read(conn, request[ACTOR], _attachment_id(request))).attachment


def _answer(request: web.Request, attachment: Attachment) -> models.Attachment:
    return models.Attachment(
        id=attachment.id,
        url=absolute(request.app, url_for(request.app, "attachments.show", attachment_id=attachment.id)),
        name=attachment.name,
        size=attachment.size,
        content_type=attachment.content_type,
        sha256=attachment.sha256.hex(),
        post_id=attachment.post_id,
        markdown=attaching.markdown_of(attachment.id, attachment.name, attachment.content_type),
    )


def _attachment_id(request: web.Request) -> AttachmentId:
    return AttachmentId(int_param(request, "id"))
