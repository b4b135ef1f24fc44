"""The versions of a guide's file: each under an address of its own, and adding the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from aiohttp import web

from forum.domain import guide_access, guide_files, permissions
from forum.domain.entities import GuideFile, GuideFileId, Topic
from forum.domain.guide_files import Added, New
from forum.errors import NotFound
from forum.keys import ACTOR, DB
from forum.repeating import repeat
from forum.web import attaching, guide_forms
from forum.web.forms import int_param
from forum.web.guide_forms import BringingPage, VersionForm
from forum.web.pages import render
from forum.web.ratelimit import count_post
from forum.web.verdicts import require


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersionPage(BringingPage):
    template: ClassVar[str] = "guide_versions/new.html"
    guide_file: GuideFile


_LARGEST: Final = 2**31 - 1
"""No version has a higher number."""


async def show(request: web.Request) -> web.StreamResponse:
    """Hand out one version of a file."""
    number = int_param(request, "number")
    if number > _LARGEST:
        raise NotFound
    async with request.app[DB].read() as conn:
        grant = await guide_access.version_to_read(conn, request[ACTOR], _file_id(request), number)
    return await attaching.send(request, grant.attachment)


async def new(request: web.Request) -> web.Response:
    topic, file = await _renewed(request)
    return await render(request, NewVersionPage(topic=topic, guide_file=file))


async def create(request: web.Request) -> web.Response:
    topic, file = await _renewed(request)
    sent = await guide_forms.take(request)
    try:
        _, version = sent.read(VersionForm, "guide_versions.create", str(file.id))
        added = await repeat(lambda: _add(request, file.id, version))
    except guide_forms.FAULTS as fault:
        return await guide_forms.again(request, NewVersionPage(topic=topic, guide_file=file), sent, fault)
    return guide_forms.to_files(request, added, "guide_version.added")


async def _add(request: web.Request, file_id: GuideFileId, version: New) -> Added:
    async with request.app[DB].write() as tx:
        grant = await guide_access.guide_file_to_renew(tx, request[ACTOR], file_id)
        await count_post(request, tx)
        return await guide_files.add_version(tx, grant, version)


async def _renewed(request: web.Request) -> tuple[Topic, GuideFile]:
    """Return the file that is to have a new version, with its guide."""
    async with request.app[DB].read() as conn:
        topic, file = await guide_access.guide_file_to_read(conn, request[ACTOR], _file_id(request))
    require(permissions.can_add_guide_file(request[ACTOR], topic))
    return topic, file


def _file_id(request: web.Request) -> GuideFileId:
    return GuideFileId(int_param(request, "guide_file_id"))
