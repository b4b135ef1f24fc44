"""Making the people of a file members: sent first, looked at, and only then done.

Scripts have it done in pieces and show how far it is; without them one answer does it all.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from aiohttp import web

from forum.domain import access, member_imports
from forum.domain.entities import Role
from forum.domain.imports import Report
from forum.domain.member_imports import AT_ONCE, Candidate, Ready
from forum.keys import ACTOR, DB, HASHER, TRANSLATOR
from forum.spreadsheets import LINES_LIMIT, Finding
from forum.web import member_sheets
from forum.web.forms import FormState
from forum.web.importing import Importing, Looked, NewImportPage
from forum.web.pages import Page
from forum.web.ratelimit import count_import

SHOWN_READY: Final = 20
"""People on the page: enough to see whether the columns were understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _NewImportPage(NewImportPage):
    template: ClassVar[str] = "member_imports/new.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage(Page):
    template: ClassVar[str] = "member_imports/show.html"
    looked: Looked[Ready]
    staff: list[Ready]
    """Those of the ready who would moderate or administer."""
    shown_ready: int


class _Members(Importing[Candidate, Ready]):
    kind = "members"
    routes = "member_imports"
    heads = member_sheets.HEADS

    def read(self, request: web.Request, content: bytes) -> tuple[list[Candidate], list[Finding]]:
        return member_sheets.read(content, language=request[TRANSLATOR].language)

    async def report(
        self, request: web.Request, candidates: Sequence[Candidate], faults: Sequence[Finding]
    ) -> Report[Ready]:
        async with request.app[DB].read() as conn:
            return await member_imports.look(conn, candidates, faults)

    async def empty_page(self, request: web.Request, form: FormState) -> NewImportPage:
        return _NewImportPage(form=form, lines_limit=LINES_LIMIT)

    async def page(self, request: web.Request, looked: Looked[Ready]) -> Page:
        staff = [one for one in looked.report.ready if one.role is not Role.MEMBER]
        return ImportPage(looked=looked, staff=staff, shown_ready=SHOWN_READY)


_members: Final = _Members()
new, create, show, delete = _members.new, _members.create, _members.show, _members.delete


async def update(request: web.Request) -> web.Response:
    """Make members of all who are ready; a script asks for AT_ONCE of them and is told how many are left."""
    grant = access.to_administer(request[ACTOR])
    is_piece = request.headers.get("Accept", "") == "application/json"
    if not is_piece:
        await count_import(request)
    looked = await _members.look(request, grant)
    ready = looked.report.ready[:AT_ONCE] if is_piece else looked.report.ready
    nobodys = await request.app[HASHER].hash(secrets.token_urlsafe(32))
    for first in range(0, len(ready), AT_ONCE):
        people = ready[first : first + AT_ONCE]
        async with request.app[DB].write() as tx:
            await member_imports.carry_out(
                tx, people, nobodys, actor_id=grant.actor.member_id, import_id=looked.file.id
            )
    if is_piece:
        return web.json_response({"left": len(looked.report.ready) - len(ready)})
    return _members.done(request, looked.file)
