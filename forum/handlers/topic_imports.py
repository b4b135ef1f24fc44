"""Starting the topics of a file in a category: sent first, looked at, and only then done."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from aiohttp import hdrs, web

from forum import spreadsheets
from forum.domain import access, kinds, organisations, themes, topic_imports
from forum.domain.access import ImportTopicsGrant
from forum.domain.entities import Category
from forum.domain.imports import Report
from forum.domain.kinds import Kind
from forum.domain.topic_imports import Candidate
from forum.errors import NotFound
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.spreadsheets import Finding, Row
from forum.web import kind_forms, topic_sheets, writing
from forum.web.forms import FormState
from forum.web.importing import Importing, Looked, NewImportPage
from forum.web.kind_forms import Offer
from forum.web.pages import Page
from forum.web.ratelimit import count_import


@dataclass(frozen=True, slots=True, kw_only=True)
class _NewImportPage(NewImportPage):
    template: ClassVar[str] = "topic_imports/new.html"
    category: Category
    kind: Kind
    heads: dict[str, str]
    offer: Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage(Page):
    template: ClassVar[str] = "topic_imports/show.html"
    category: Category
    kind: Kind
    looked: Looked[Candidate]


class _Topics(Importing[Row, Candidate]):
    kind = "topics"
    routes = "topic_imports"

    async def grant(self, request: web.Request) -> ImportTopicsGrant:
        async with request.app[DB].read() as conn:
            grant = await access.category_to_import(conn, request[ACTOR], request.match_info["slug"])
        if _kind(request).code not in [kind.code for kind in kinds.offered(grant.start.category.kinds)]:
            raise NotFound
        return grant

    def parts(self, request: web.Request) -> dict[str, Any]:
        return {"slug": request.match_info["slug"], "kind": _kind(request).code}

    def columns(self, request: web.Request) -> Mapping[str, str]:
        return topic_sheets.heads(_kind(request))

    def place(self, request: web.Request) -> str:
        return f"category:{request.match_info['slug']}:{_kind(request).code}"

    def read(self, request: web.Request, content: bytes) -> tuple[list[Row], list[Finding]]:
        sheet = topic_sheets.read(_kind(request), content)
        return sheet.rows, sheet.faults

    async def report(
        self, request: web.Request, candidates: Sequence[Row], faults: Sequence[Finding]
    ) -> Report[Candidate]:
        kind, grant = _kind(request), await self.grant(request)
        async with request.app[DB].read() as conn:
            known = topic_sheets.lookups(
                await themes.list_themes(conn), await organisations.list_organisations(conn, state="open")
            )
        found, wrong = await asyncio.to_thread(topic_sheets.candidates, kind, candidates, known)
        async with request.app[DB].read() as conn:
            return await topic_imports.look(conn, grant, found, [*faults, *wrong])

    async def empty_page(self, request: web.Request, form: FormState) -> NewImportPage:
        kind = _kind(request)
        return _NewImportPage(
            form=form,
            lines_limit=topic_sheets.LINES_LIMIT,
            category=(await self.grant(request)).start.category,
            kind=kind,
            heads=topic_sheets.heads(kind),
            offer=await kind_forms.offer(request, kind),
        )

    async def page(self, request: web.Request, looked: Looked[Candidate]) -> Page:
        category = (await self.grant(request)).start.category
        return ImportPage(category=category, kind=_kind(request), looked=looked)


_topics: Final = _Topics()
new, create, show, delete = _topics.new, _topics.create, _topics.show, _topics.delete


async def update(request: web.Request) -> web.Response:
    """Start all topics that are ready."""
    grant = await _topics.grant(request)
    await count_import(request)
    looked = await _topics.look(request, grant)
    items = [(one, await writing.rendered(request, one.body)) for one in looked.report.ready]
    slug = request.match_info["slug"]
    async with request.app[DB].write() as tx:
        grant = await access.category_to_import(tx, request[ACTOR], slug)
        await topic_imports.carry_out(tx, grant, _kind(request), items, looked.file.id)
    return _topics.done(request, looked.file)


async def template(request: web.Request) -> web.Response:
    """Answer with an empty table whose first line names the columns in the reader's language."""
    await _topics.grant(request)
    kind, words = _kind(request), request[TRANSLATOR]
    head = [words.gettext(label) for label in topic_sheets.heads(kind).values()]
    headers = {
        hdrs.CONTENT_TYPE: spreadsheets.MEDIA,
        hdrs.CONTENT_DISPOSITION: f'attachment; filename="{kind.code}.csv"',
    }
    return web.Response(body=spreadsheets.MARK + spreadsheets.written([head]), headers=headers)


def _kind(request: web.Request) -> Kind:
    found = kinds.KINDS.get(request.match_info["kind"])
    if found is None:
        raise NotFound
    return found
