"""Adding the municipalities of a file: sent first, looked at, and only then done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from aiohttp import web

from forum.domain import access, municipality_imports
from forum.domain.imports import Report
from forum.domain.municipality_imports import Candidate, Ready
from forum.keys import ACTOR, DB
from forum.spreadsheets import LINES_LIMIT, Finding
from forum.web import municipality_sheets
from forum.web.forms import FormState
from forum.web.importing import Importing, Looked, NewImportPage
from forum.web.pages import Page
from forum.web.ratelimit import count_import


@dataclass(frozen=True, slots=True, kw_only=True)
class _NewImportPage(NewImportPage):
    template: ClassVar[str] = "municipality_imports/new.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage(Page):
    template: ClassVar[str] = "municipality_imports/show.html"
    looked: Looked[Ready]


class _Municipalities(Importing[Candidate, Ready]):
    kind = "municipalities"
    routes = "municipality_imports"
    heads = municipality_sheets.HEADS

    def read(self, request: web.Request, content: bytes) -> tuple[list[Candidate], list[Finding]]:
        return municipality_sheets.read(content)

    async def report(
        self, request: web.Request, candidates: Sequence[Candidate], faults: Sequence[Finding]
    ) -> Report[Ready]:
        async with request.app[DB].read() as conn:
            return await municipality_imports.look(conn, candidates, faults)

    async def empty_page(self, request: web.Request, form: FormState) -> NewImportPage:
        return _NewImportPage(form=form, lines_limit=LINES_LIMIT)

    async def page(self, request: web.Request, looked: Looked[Ready]) -> Page:
        return ImportPage(looked=looked)


_municipalities: Final = _Municipalities()
new, create = _municipalities.new, _municipalities.create
show, delete = _municipalities.show, _municipalities.delete


async def update(request: web.Request) -> web.Response:
    """Add all municipalities that are ready."""
    grant = access.to_administer(request[ACTOR])
    await count_import(request)
    looked = await _municipalities.look(request, grant)
    async with request.app[DB].write() as tx:
        await municipality_imports.carry_out(tx, grant, looked.report.ready, looked.file.id)
    return _municipalities.done(request, looked.file)
