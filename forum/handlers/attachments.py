"""Attachments: bringing a file while one writes, handing it out, the list of one's own, and taking one away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from aiohttp import web

from forum.domain import access, attachments, drafts, permissions
from forum.domain.attachments import OwnRow, Usage
from forum.domain.drafts import Place, Words
from forum.domain.entities import BODY_LIMIT, FILE_NAME_LIMIT, Attachment, AttachmentId
from forum.errors import Crowded, ForumError, Invalid, RateLimited, TooLarge
from forum.files.kinds import PICTURES
from forum.keys import ACTOR, CONFIG, DB, TRANSLATOR
from forum.web import attaching, drafting, fragments, problem_json, problems, receiving
from forum.web.attaching import MEGABYTE, markdown_of
from forum.web.flash import flash
from forum.web.forms import int_param, query_param
from forum.web.pages import Page, render
from forum.web.ratelimit import count_draft
from forum.web.urls import redirect, url_for
from forum.web.verdicts import require

_MARKDOWN_LIMIT: Final = 2 * FILE_NAME_LIMIT + 50
"""Characters of what stands for a file in a text, at most."""

_FAULTS: Final = (Crowded, Invalid, RateLimited, TooLarge)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPage(Page):
    """Why a file was not taken; the words beside it are kept as the draft of their place."""

    template: ClassVar[str] = "attachments/refused.html"
    sentence: str
    back: str
    is_draft_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesPage(Page):
    template: ClassVar[str] = "attachments/index.html"
    files: list[OwnRow]
    usage: Usage
    room: int
    next: str
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePage(Page):
    template: ClassVar[str] = "attachments/delete.html"
    file: Attachment


async def create(request: web.Request) -> web.Response:
    """Take a file: a script is told what stands for it, a form gets its words back with that at their end."""
    is_script = fragments.wanted(request)
    grant = await attaching.granted(request)
    words = None if is_script else await _words(request)
    try:
        if words is not None and len(words.body) > BODY_LIMIT - _MARKDOWN_LIMIT:
            raise Invalid({receiving.FILE: ("full_text",)})
        attachment = await attaching.bring(request, grant)
    except _FAULTS as fault:
        return _plain(request, fault) if is_script else await _refused(request, fault, words)
    said = markdown_of(attachment.id, attachment.name, attachment.content_type)
    if words is None:
        return web.json_response(
            {"id": attachment.id, "name": attachment.name, "type": attachment.content_type, "markdown": said},
            status=201,
        )
    body = f"{words.body.rstrip()}\n\n{said}".lstrip()
    await _keep(request, Words(words.place, words.title, body, words.reply_to))
    response = redirect(drafting.form_url(request.app, words.place))
    is_picture = attachment.content_type in PICTURES
    flash(request, response, "attachment.picture_added" if is_picture else "attachment.added")
    return response


async def _words(request: web.Request) -> Words:
    """Return what a form without scripts holds beside its file."""
    fields = await receiving.fields_before(request)
    return drafting.words_of(drafts.place(fields.get("place", "")), fields)


async def _keep(request: web.Request, words: Words) -> None:
    await count_draft(request)
    async with request.app[DB].write() as tx:
        await drafts.save(tx, request[ACTOR].member_id, words)


def _sentence(request: web.Request, fault: ForumError) -> str:
    words = request[TRANSLATOR]
    codes = next(iter(fault.fields.values()), ("bad_value",)) if isinstance(fault, Invalid) else ()
    return problems.field_sentence(words, codes[0]) if codes else words.gettext(problems.sentence(fault.code))


def _plain(request: web.Request, fault: ForumError) -> web.Response:
    response = web.Response(
        text=_sentence(request, fault), status=fault.status, content_type="text/plain", charset="utf-8"
    )
    problem_json.retry_after(response, fault)
    return response


async def _refused(request: web.Request, fault: ForumError, words: Words | None) -> web.Response:
    place: Place | None = words.place if words else None
    is_kept = words is not None and not words.are_empty and not isinstance(fault, RateLimited)
    if words is not None and is_kept:
        await _keep(request, words)
    page = RefusedPage(
        sentence=_sentence(request, fault),
        back=str(drafting.form_url(request.app, place)) if place else str(url_for(request.app, "home.index")),
        is_draft_kept=is_kept,
    )
    response = await render(request, page, status=fault.status)
    problem_json.retry_after(response, fault)
    return response


async def show(request: web.Request) -> web.StreamResponse:
    return await attaching.send(request, await _readable(request))


async def preview(request: web.Request) -> web.StreamResponse:
    """Hand out a picture small enough for a page; the file itself where it is small."""
    return await attaching.send(request, await _readable(request), as_preview=True)


async def _readable(request: web.Request) -> Attachment:
    async with request.app[DB].read() as conn:
        return (await access.attachment_to_read(conn, request[ACTOR], _attachment_id(request))).attachment


async def index(request: web.Request) -> web.Response:
    """List the files that one has brought, and how much room they take."""
    member_id, cursor = request[ACTOR].member_id, query_param(request, "cursor")
    async with request.app[DB].read() as conn:
        listed = await attachments.list_own(conn, member_id, cursor=cursor or None)
        usage = await attachments.usage(conn, member_id)
    page = FilesPage(
        files=listed.items,
        usage=usage,
        room=request.app[CONFIG].attachment_member_mb * MEGABYTE,
        next=listed.next or "",
        is_first=not cursor,
    )
    return await render(request, page)


async def confirm(request: web.Request) -> web.Response:
    """Ask whether the file is to be taken away."""
    actor, place = request[ACTOR], None
    async with request.app[DB].read() as conn:
        file = (await access.attachment_to_read(conn, actor, _attachment_id(request))).attachment
        if file.post_id is not None:
            found = await access.post_to_read(conn, actor, file.post_id)
            place = found.topic, found.post
    require(permissions.can_delete_attachment(actor, file, place))
    return await render(request, DeletePage(file=file))


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.attachment_to_delete(tx, request[ACTOR], _attachment_id(request))
        stored = await attachments.delete(tx, grant)
    await attaching.forget(request.app, [stored])
    if fragments.wanted(request):
        return web.Response(status=204)
    response = redirect(url_for(request.app, "attachments.index"))
    flash(request, response, "attachment.deleted")
    return response


def _attachment_id(request: web.Request) -> AttachmentId:
    return AttachmentId(int_param(request, "attachment_id"))
