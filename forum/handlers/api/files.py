"""Files of guides: listing and showing them, adding one or a version of one, and taking one away."""

from __future__ import annotations

from datetime import date
from typing import Any

from aiohttp import web

from forum.domain import access, guide_access, guide_files
from forum.domain.entities import AttachmentId, GuideFileId, TopicId
from forum.domain.guide_files import New
from forum.domain.kinds.fields import Day, Fault
from forum.errors import Invalid, NotFound
from forum.handlers.api import bodies
from forum.handlers.api import file_models as models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web import attaching
from forum.web.forms import int_param
from forum.web.ratelimit import count_post
from forum.web.urls import absolute, url_for

_DAY = Day(name="valid_from", label="")


@call(mark("List the files of a guide with their versions"), answers=models.Files, refuses=(404,))
async def index(request: web.Request) -> models.Files:
    topic_id = _topic_id(request)
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], topic_id)
        found = await guide_files.list_files(conn, grant)
    return models.Files(items=[_answer(request, topic_id, file) for file in found])


@call(mark("Show a file of a guide with its versions"), answers=models.File, refuses=(404,))
async def show(request: web.Request) -> models.File:
    return await _show(request, GuideFileId(int_param(request, "id")))


@call(
    mark("Add a file to a guide (its author, their organisation, moderators)"),
    takes=models.NewFile,
    answers=models.File,
    creates="api.files.show",
    refuses=(403, 404, 409),
)
async def create(request: web.Request, sent: models.NewFile) -> models.File:
    topic_id = _topic_id(request)
    new = _new(request, "api.files.create", str(topic_id), sent)
    async with request.app[DB].write() as tx:
        grant = await guide_access.guide_to_extend(tx, request[ACTOR], topic_id)
        await count_post(request, tx)
        added = await guide_files.add(tx, grant, sent.title, new)
    return await _show(request, added.file_id)


@call(
    mark("Add a version of a file, of which those are told who watch the guide"),
    takes=models.NewVersion,
    answers=models.File,
    creates="api.files.show",
    refuses=(403, 404, 409),
)
async def create_version(request: web.Request, sent: models.NewVersion) -> models.File:
    file_id = GuideFileId(int_param(request, "file_id"))
    topic_id = _topic_id(request)
    new = _new(request, "api.files.create_version", str(file_id), sent)
    async with request.app[DB].write() as tx:
        _, file = await guide_access.guide_file_to_read(tx, request[ACTOR], file_id)
        if file.topic_id != topic_id:
            raise NotFound
        grant = await guide_access.guide_file_to_renew(tx, request[ACTOR], file_id)
        await count_post(request, tx)
        await guide_files.add_version(tx, grant, new)
    return await _show(request, file_id)


@call(mark("Take a file of a guide away with all its versions"), refuses=(403, 404, 409))
async def delete(request: web.Request) -> None:
    async with request.app[DB].write() as tx:
        grant = await guide_access.guide_file_to_delete(tx, request[ACTOR], GuideFileId(int_param(request, "id")))
        stored = await guide_files.delete(tx, grant)
    await attaching.forget(request.app, stored)


def _new(request: web.Request, act: str, place: str, sent: models.NewVersion) -> New:
    try:
        day = None if sent.valid_from is None else date.fromisoformat(_DAY.check(sent.valid_from))
    except Fault as fault:
        raise Invalid({_DAY.name: (fault.code,)}) from None
    key = bodies.read_key(request, act, place, sent.model_dump_json())
    return New(AttachmentId(sent.attachment), sent.note.strip(), day, key)


async def _show(request: web.Request, file_id: GuideFileId) -> models.File:
    async with request.app[DB].read() as conn:
        topic, _ = await guide_access.guide_file_to_read(conn, request[ACTOR], file_id)
        grant = await access.topic_to_read(conn, request[ACTOR], topic.id)
        found = [file for file in await guide_files.list_files(conn, grant) if file.id == file_id]
    if not found:
        raise NotFound
    return _answer(request, topic.id, found[0])


def _answer(request: web.Request, topic_id: TopicId, file: guide_files.File) -> models.File:
    def url(name: str, **parts: Any) -> str:
        return absolute(request.app, url_for(request.app, name, guide_file_id=file.id, **parts))

    versions = [
        models.Version(
            number=version.number,
            url=url("guide_versions.show", number=version.number),
            attachment_id=version.attachment_id,
            name=version.name,
            content_type=version.content_type,
            size=version.size,
            sha256=version.sha256.hex(),
            note=version.note,
            valid_from=version.valid_from,
            created_at=version.created_at,
            author_id=version.author_id,
            author_name=version.author_name,
        )
        for version in file.versions
    ]
    return models.File(id=file.id, topic_id=topic_id, title=file.title, url=url("guide_files.show"), versions=versions)


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "id"))
