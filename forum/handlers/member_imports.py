"""Making the people of a file members: sent first, looked at, and only then done.

What it would do is worked out anew whenever it is looked at, so that it is true of that moment; the file itself is
kept for a day. Scripts have it done in pieces and show how far it is; without them one answer does it all.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import ClassVar, Final

from aiohttp import web

from forum.domain import access, imports, member_imports
from forum.domain.access import AdministerGrant
from forum.domain.entities import Role
from forum.domain.imports import Finding, Import
from forum.domain.member_imports import AT_ONCE, Candidate, Report
from forum.errors import Invalid
from forum.keys import ACTOR, DB, HASHER, TRANSLATOR
from forum.spreadsheets import LINES_LIMIT
from forum.web import member_sheets, uploads
from forum.web.flash import flash
from forum.web.forms import FormState, int_param
from forum.web.pages import Page, render
from forum.web.urls import see_other

SHOWN: Final = 200
"""Faults on the page: beyond, one corrects the file and sends it again."""
SHOWN_READY: Final = 20
"""People on the page: enough to see whether the columns were understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImportPage(Page):
    template: ClassVar[str] = "member_imports/new.html"
    form: FormState
    lines_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage(Page):
    template: ClassVar[str] = "member_imports/show.html"
    member_import: Import
    report: Report
    staff: list[member_imports.Ready]
    """Those of the ready who would moderate or administer."""
    heads: dict[str, str]
    """The msgids of the columns."""
    shown: int
    shown_ready: int


async def new(request: web.Request) -> web.Response:
    return await _new(request, FormState())


async def create(request: web.Request) -> web.Response:
    """Keep a file that can be read, and lead to what it would do."""
    grant = access.to_administer(request[ACTOR])
    sent = await uploads.read(request) if uploads.is_upload(request) else uploads.Upload()
    try:
        if sent.content is None:
            raise Invalid({"file": ("required",)})
        candidates, faults = await _read(request, sent.content)
        if not candidates and any(fault.line == 1 for fault in faults):
            raise Invalid({"file": tuple(dict.fromkeys(fault.code for fault in faults))})
        async with request.app[DB].write() as tx:
            import_id = await imports.keep(tx, grant, "members", sent.name, sent.content)
    except Invalid as invalid:
        return await _new(request, FormState({}, invalid.fields), status=invalid.status)
    return see_other(request, "member_imports.show", import_id=import_id)


async def show(request: web.Request) -> web.Response:
    found, report = await _look(request, access.to_administer(request[ACTOR]))
    page = ImportPage(
        member_import=found,
        report=report,
        staff=[one for one in report.ready if one.role is not Role.MEMBER],
        heads=dict(member_sheets.HEADS),
        shown=SHOWN,
        shown_ready=SHOWN_READY,
    )
    return await render(request, page)


async def update(request: web.Request) -> web.Response:
    """Make members of all who are ready; a script asks for AT_ONCE of them and is told how many are left."""
    grant = access.to_administer(request[ACTOR])
    is_piece = request.headers.get("Accept", "") == "application/json"
    found, report = await _look(request, grant)
    nobodys = await request.app[HASHER].hash(secrets.token_urlsafe(32))
    ready = report.ready[:AT_ONCE] if is_piece else report.ready
    for first in range(0, len(ready), AT_ONCE):
        people = ready[first : first + AT_ONCE]
        async with request.app[DB].write() as tx:
            await member_imports.carry_out(tx, people, nobodys, actor_id=grant.actor.member_id, import_id=found.id)
    if is_piece:
        return web.json_response({"left": len(report.ready) - len(ready)})
    response = see_other(request, "member_imports.show", import_id=found.id)
    flash(request, response, "members.imported")
    return response


async def delete(request: web.Request) -> web.Response:
    """Forget a file."""
    async with request.app[DB].write() as tx:
        await imports.delete(tx, access.to_administer(request[ACTOR]), "members", int_param(request, "import_id"))
    response = see_other(request, "member_imports.new")
    flash(request, response, "members.import_forgotten")
    return response


async def _look(request: web.Request, grant: AdministerGrant) -> tuple[Import, Report]:
    async with request.app[DB].read() as conn:
        found = await imports.find(conn, grant, "members", int_param(request, "import_id"))
    candidates, faults = await _read(request, found.content)
    async with request.app[DB].read() as conn:
        report = await member_imports.look(conn, candidates)
    report.faulty.extend(faults)
    report.faulty.sort(key=lambda fault: fault.line)
    return found, report


async def _read(request: web.Request, content: bytes) -> tuple[list[Candidate], list[Finding]]:
    language = request[TRANSLATOR].language
    return await asyncio.to_thread(member_sheets.read, content, language=language)


async def _new(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    return await render(request, NewImportPage(form=form, lines_limit=LINES_LIMIT), status=status)
