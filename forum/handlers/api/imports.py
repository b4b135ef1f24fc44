"""Things from a file, over the API: what a CSV file would do, or its people made members, its municipalities added.

What is there already is left as it is, so that a file sent twice makes nothing twice.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable

from aiohttp import web

from forum.domain import access, member_imports, municipality_imports
from forum.domain.imports import Ready, Report
from forum.domain.member_imports import AT_ONCE
from forum.errors import BadRequest, Invalid
from forum.handlers.api import models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, CONFIG, DB, HASHER, TRANSLATOR
from forum.spreadsheets import Finding
from forum.web import member_sheets, municipality_sheets, problems, uploads
from forum.web.multipart import is_form
from forum.web.ratelimit import count_import


@call(
    mark("Make the people of a CSV file members (administrators)"),
    takes=models.ImportQuery,
    brings_file=True,
    answers=models.Import,
    refuses=(403, 409),
)
async def create_members(request: web.Request, sent: models.ImportQuery) -> models.Import:
    grant = access.to_administer(request[ACTOR])
    content = await _content(request)
    language = request.app[CONFIG].language
    candidates, faults = await asyncio.to_thread(member_sheets.read, content, language=language)
    async with request.app[DB].read() as conn:
        report = await member_imports.look(conn, candidates, faults)
    if not sent.is_dry_run and report.ready:
        nobodys = await request.app[HASHER].hash(secrets.token_urlsafe(32))
        for first in range(0, len(report.ready), AT_ONCE):
            people = report.ready[first : first + AT_ONCE]
            async with request.app[DB].write() as tx:
                await member_imports.carry_out(tx, people, nobodys, actor_id=grant.actor.member_id)
    return _told(request, report)


@call(
    mark("Add the municipalities of a CSV file (administrators)"),
    takes=models.ImportQuery,
    brings_file=True,
    answers=models.Import,
    refuses=(403, 409),
)
async def create_municipalities(request: web.Request, sent: models.ImportQuery) -> models.Import:
    grant = access.to_administer(request[ACTOR])
    candidates, faults = await asyncio.to_thread(municipality_sheets.read, await _content(request))
    async with request.app[DB].read() as conn:
        report = await municipality_imports.look(conn, candidates, faults)
    if not sent.is_dry_run and report.ready:
        async with request.app[DB].write() as tx:
            await municipality_imports.carry_out(tx, grant, report.ready)
    return _told(request, report)


async def _content(request: web.Request) -> bytes:
    if not is_form(request):
        problem = BadRequest("unsupported_media_type")
        problem.status = 415
        raise problem
    await count_import(request)
    content = (await uploads.read(request)).content
    if content is None:
        raise Invalid({"file": ("required",)})
    return content


def _told(request: web.Request, report: Report[Ready]) -> models.Import:
    return models.Import(
        created=len(report.ready),
        unchanged=report.there,
        differing=list(_findings(request, report.differing)),
        faults=list(_findings(request, report.faulty)),
    )


def _findings(request: web.Request, found: Iterable[Finding]) -> Iterable[models.ImportFinding]:
    words = request[TRANSLATOR]
    for one in found:
        yield models.ImportFinding(
            line=one.line,
            column=one.column,
            value=one.value,
            code=one.code,
            detail=problems.field_sentence(words, one.code),
        )
