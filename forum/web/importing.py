"""Files of which many things are made at once: sent first, looked at, and only then done.

Owns the course of it, alike for members, municipalities and topics. What a file would do is worked out anew whenever it
is looked at, so that it is true of that moment; the file itself is kept for a day. Sending and looking are counted, so
that nobody keeps the forum reading.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from aiohttp import web

from forum.domain import access, imports
from forum.domain.imports import Import, ImportKind, Ready, Report, Sender
from forum.errors import Detailed, Invalid
from forum.keys import ACTOR, DB
from forum.spreadsheets import Finding
from forum.web import uploads
from forum.web.flash import flash
from forum.web.forms import FormState, int_param
from forum.web.multipart import is_form
from forum.web.pages import Page, render
from forum.web.ratelimit import count_import, count_import_look
from forum.web.urls import see_other

Candidate = TypeVar("Candidate")

SHOWN: Final = 200
"""Lines of each list on the page: beyond, one corrects the file and sends it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImportPage(Page):
    form: FormState
    lines_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked(Generic[Ready]):
    """A file, and what it would do now."""

    file: Import
    report: Report[Ready]
    heads: Mapping[str, str]
    """The msgids of the columns."""
    shown: int = SHOWN


class Importing(ABC, Generic[Candidate, Ready]):
    """Files of a kind; `new`, `create`, `show` and `delete` are handlers of their routes, `<kind>_imports.…`."""

    kind: ImportKind
    routes: str
    """What the names of the routes begin with."""
    heads: Mapping[str, str]

    async def grant(self, request: web.Request) -> Sender:
        """Return the right to send a file; that of administrators, unless somebody else may."""
        return access.to_administer(request[ACTOR])

    def parts(self, request: web.Request) -> dict[str, Any]:
        """Return what the addresses name beside the file."""
        return {}

    def columns(self, request: web.Request) -> Mapping[str, str]:
        """Return the msgids of the columns."""
        del request
        return self.heads

    def place(self, request: web.Request) -> str:
        """Return where the things of a file go."""
        return ""

    @abstractmethod
    def read(self, request: web.Request, content: bytes) -> tuple[list[Candidate], list[Finding]]:
        """Return what stands in a file, in a thread of its own."""

    @abstractmethod
    async def report(
        self, request: web.Request, candidates: Sequence[Candidate], faults: Sequence[Finding]
    ) -> Report[Ready]: ...

    @abstractmethod
    async def empty_page(self, request: web.Request, form: FormState) -> NewImportPage: ...

    @abstractmethod
    async def page(self, request: web.Request, looked: Looked[Ready]) -> Page: ...

    async def new(self, request: web.Request) -> web.Response:
        await self.grant(request)
        return await render(request, await self.empty_page(request, FormState()))

    async def create(self, request: web.Request) -> web.Response:
        """Keep a file that can be read, and lead to what it would do; raise RateLimited."""
        grant = await self.grant(request)
        await count_import(request)
        sent = await uploads.read(request) if is_form(request) else uploads.Upload()
        try:
            if sent.content is None:
                raise Invalid({"file": ("required",)})
            candidates, faults = await asyncio.to_thread(self.read, request, sent.content)
            if not candidates and any(fault.line == 1 for fault in faults):
                raise Invalid({"file": _codes(faults, self.columns(request))})
            async with request.app[DB].write() as tx:
                import_id = await imports.keep(tx, grant, self.kind, sent.name, sent.content, place=self.place(request))
        except Invalid as invalid:
            page = await self.empty_page(request, FormState({}, invalid.fields))
            return await render(request, page, status=invalid.status)
        return see_other(request, f"{self.routes}.show", import_id=import_id, **self.parts(request))

    async def show(self, request: web.Request) -> web.Response:
        return await render(request, await self.page(request, await self.look(request, await self.grant(request))))

    async def delete(self, request: web.Request) -> web.Response:
        """Forget a file."""
        grant = await self.grant(request)
        async with request.app[DB].write() as tx:
            await imports.delete(tx, grant, self.kind, int_param(request, "import_id"))
        response = see_other(request, f"{self.routes}.new", **self.parts(request))
        flash(request, response, f"{self.kind}.import_forgotten")
        return response

    def done(self, request: web.Request, file: Import) -> web.Response:
        """Lead back to the file, and say that it was done."""
        response = see_other(request, f"{self.routes}.show", import_id=file.id, **self.parts(request))
        flash(request, response, f"{self.kind}.imported")
        return response

    async def look(self, request: web.Request, grant: Sender) -> Looked[Ready]:
        """Return the file and what it would do now; raise RateLimited, or NotFound where it is not the actor's."""
        await count_import_look(request)
        async with request.app[DB].read() as conn:
            file = await imports.find(
                conn, grant, self.kind, int_param(request, "import_id"), place=self.place(request)
            )
        candidates, faults = await asyncio.to_thread(self.read, request, file.content)
        return Looked(file=file, report=await self.report(request, candidates, faults), heads=self.columns(request))


def _codes(faults: Sequence[Finding], heads: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is wrong with a file as a whole, each code once with all the columns that it is said of."""
    columns: dict[str, tuple[str, ...]] = {}
    for fault in faults:
        column = fault.column
        columns[fault.code] = columns.get(fault.code, ()) + ((heads.get(column, column),) if column else ())
    values = {fault.code: fault.value for fault in faults}
    return tuple(Detailed(code, columns=named or values[code]) for code, named in columns.items())
