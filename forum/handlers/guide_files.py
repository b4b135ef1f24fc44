"""The files of a guide: the newest version of one under its permanent address, adding one and taking one away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import access, guide_access, guide_files, permissions
from forum.domain.entities import GuideFile, GuideFileId, Topic, TopicId
from forum.domain.guide_files import Added, New
from forum.keys import ACTOR, DB
from forum.repeating import repeat
from forum.web import attaching, guide_forms
from forum.web.flash import flash
from forum.web.forms import int_param
from forum.web.guide_forms import BringingPage, FileForm
from forum.web.pages import Page, render
from forum.web.ratelimit import count_post
from forum.web.urls import see_other
from forum.web.verdicts import require


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFilePage(BringingPage):
    template: ClassVar[str] = "guide_files/new.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePage(Page):
    template: ClassVar[str] = "guide_files/delete.html"
    topic: Topic
    file: GuideFile


async def show(request: web.Request) -> web.StreamResponse:
    """Hand out the newest version of a file, whichever that is by now."""
    async with request.app[DB].read() as conn:
        grant = await guide_access.version_to_read(conn, request[ACTOR], _file_id(request))
    return await attaching.send(request, grant.attachment)


async def new(request: web.Request) -> web.Response:
    return await render(request, NewFilePage(topic=await _guide(request)))


async def create(request: web.Request) -> web.Response:
    topic = await _guide(request)
    sent = await guide_forms.take(request)
    try:
        form, new_version = sent.read(FileForm, "guide_files.create", str(topic.id))
        added = await repeat(lambda: _add(request, topic.id, form.title, new_version))
    except guide_forms.FAULTS as fault:
        return await guide_forms.again(request, NewFilePage(topic=topic), sent, fault)
    return guide_forms.to_files(request, added, "guide_file.added")


async def _add(request: web.Request, topic_id: TopicId, title: str, new_version: New) -> Added:
    async with request.app[DB].write() as tx:
        grant = await guide_access.guide_to_extend(tx, request[ACTOR], topic_id)
        await count_post(request, tx)
        return await guide_files.add(tx, grant, title, new_version)


async def _guide(request: web.Request) -> Topic:
    """Return the guide to which a file is to be added."""
    topic_id = TopicId(int_param(request, "topic_id"))
    async with request.app[DB].read() as conn:
        topic = (await access.topic_to_read(conn, request[ACTOR], topic_id)).topic
    require(permissions.can_add_guide_file(request[ACTOR], topic))
    return topic


async def confirm(request: web.Request) -> web.Response:
    """Ask whether the file is to be taken away."""
    async with request.app[DB].read() as conn:
        topic, file = await guide_access.guide_file_to_read(conn, request[ACTOR], _file_id(request))
    require(permissions.can_delete_guide_file(request[ACTOR], topic))
    return await render(request, DeletePage(topic=topic, file=file))


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await guide_access.guide_file_to_delete(tx, request[ACTOR], _file_id(request))
        stored = await guide_files.delete(tx, grant)
    await attaching.forget(request.app, stored)
    topic = grant.topic
    response = see_other(request, "topics.show", fragment="files", topic_id=topic.id, slug=topic.slug)
    flash(request, response, "guide_file.deleted")
    return response


def _file_id(request: web.Request) -> GuideFileId:
    return GuideFileId(int_param(request, "guide_file_id"))
