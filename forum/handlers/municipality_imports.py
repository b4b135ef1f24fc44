"""Adding the municipalities of a file: sent first, looked at, and only then done."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar, Final

from aiohttp import web

from forum.domain import access, imports, municipality_imports
from forum.domain.access import AdministerGrant
from forum.domain.imports import Import
from forum.domain.municipality_imports import Report
from forum.errors import Invalid
from forum.keys import ACTOR, DB
from forum.spreadsheets import LINES_LIMIT
from forum.web import municipality_sheets, uploads
from forum.web.flash import flash
from forum.web.forms import FormState, int_param
from forum.web.pages import Page, render
from forum.web.urls import see_other

SHOWN: Final = 200
"""Lines of each list on the page: beyond, one corrects the file and sends it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImportPage(Page):
    template: ClassVar[str] = "municipality_imports/new.html"
    form: FormState
    lines_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage(Page):
    template: ClassVar[str] = "municipality_imports/show.html"
    file: Import
    report: Report
    heads: dict[str, str]
    """The msgids of the columns."""
    shown: int


async def new(request: web.Request) -> web.Response:
    return await _new(request, FormState())


async def create(request: web.Request) -> web.Response:
    """Keep a file that can be read, and lead to what it would do."""
    grant = access.to_administer(request[ACTOR])
    sent = await uploads.read(request) if uploads.is_upload(request) else uploads.Upload()
    try:
        if sent.content is None:
            raise Invalid({"file": ("required",)})
        candidates, faults = await asyncio.to_thread(municipality_sheets.read, sent.content)
        if not candidates and any(fault.line == 1 for fault in faults):
            raise Invalid({"file": tuple(dict.fromkeys(fault.code for fault in faults))})
        async with request.app[DB].write() as tx:
            import_id = await imports.keep(tx, grant, "municipalities", sent.name, sent.content)
    except Invalid as invalid:
        return await _new(request, FormState({}, invalid.fields), status=invalid.status)
    return see_other(request, "municipality_imports.show", import_id=import_id)


async def show(request: web.Request) -> web.Response:
    found, report = await _look(request, access.to_administer(request[ACTOR]))
    page = ImportPage(file=found, report=report, heads=dict(municipality_sheets.HEADS), shown=SHOWN)
    return await render(request, page)


async def update(request: web.Request) -> web.Response:
    """Add all municipalities that are ready."""
    grant = access.to_administer(request[ACTOR])
    found, report = await _look(request, grant)
    async with request.app[DB].write() as tx:
        await municipality_imports.carry_out(tx, grant, report.ready, found.id)
    response = see_other(request, "municipality_imports.show", import_id=found.id)
    flash(request, response, "municipalities.imported")
    return response


async def delete(request: web.Request) -> web.Response:
    """Forget a file."""
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].write() as tx:
        await imports.delete(tx, grant, "municipalities", int_param(request, "import_id"))
    response = see_other(request, "municipality_imports.new")
    flash(request, response, "municipalities.import_forgotten")
    return response


async def _look(request: web.Request, grant: AdministerGrant) -> tuple[Import, Report]:
    async with request.app[DB].read() as conn:
        found = await imports.find(conn, grant, "municipalities", int_param(request, "import_id"))
    candidates, faults = await asyncio.to_thread(municipality_sheets.read, found.content)
    async with request.app[DB].read() as conn:
        report = await municipality_imports.look(conn, candidates)
    report.faulty.extend(faults)
    report.faulty.sort(key=lambda fault: fault.line)
    return found, report


async def _new(request: web.Request, form: FormState, *, status: int = 200) -> web.Response:
    return await render(request, NewImportPage(form=form, lines_limit=LINES_LIMIT), status=status)
