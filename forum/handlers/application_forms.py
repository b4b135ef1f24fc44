"""The form behind the link of an application: who somebody is whose address is proved by having followed it.

Looking spends nothing, since mail scanners look too; the form works once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import applications, mail_domains
from forum.domain.applications import Application
from forum.domain.entities import APPLICATION_MESSAGE_LIMIT, NAME_LIMIT
from forum.errors import Invalid, NotFound
from forum.i18n import languages
from forum.keys import DB, SECRET
from forum.web import choices
from forum.web.forms import Form, FormState, RequiredLine, SpokenLanguage, Text, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other


class ApplicationForm(Form):
    name: Annotated[RequiredLine, Field(max_length=NAME_LIMIT)]
    organisation: RequiredLine
    language: SpokenLanguage
    message: Annotated[Text, Field(max_length=APPLICATION_MESSAGE_LIMIT)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationPage(Page):
    template: ClassVar[str] = "application_forms/edit.html"
    token: str
    email: str
    form: FormState
    is_proposed: bool
    """Whether the organisation is the one whose mail domain the address is under."""
    organisations: choices.Grouped
    languages: list[tuple[str, str]]
    message_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPage(Page):
    template: ClassVar[str] = "application_forms/show.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class GonePage(Page):
    template: ClassVar[str] = "application_forms/gone.html"


async def edit(request: web.Request) -> web.Response:
    try:
        found = await _found(request)
    except NotFound:
        return await _gone(request)
    async with request.app[DB].read() as conn:
        proposed = await mail_domains.propose(conn, found.email)
    values = {"language": found.language, "organisation": proposed.organisation_slug if proposed else ""}
    return await _edit(request, found, FormState(values), is_proposed=proposed is not None)


async def update(request: web.Request) -> web.Response:
    try:
        found = await _found(request)
        try:
            form = ApplicationForm.parse(await request.post())
            organisation = await choices.organisation(request, form.organisation)
        except Invalid as invalid:
            return await _edit(request, found, await state_of(request, invalid), status=invalid.status)
        async with request.app[DB].write() as tx:
            await applications.send(
                tx,
                found,
                name=form.name,
                organisation_id=organisation.id,
                language=form.language,
                message=form.message.strip(),
            )
    except NotFound:
        return await _gone(request)
    return see_other(request, "application_forms.show")


async def show(request: web.Request) -> web.Response:
    return await render(request, ReceivedPage())


async def _found(request: web.Request) -> Application:
    async with request.app[DB].read() as conn:
        return await applications.find(conn, request.app[SECRET], request.match_info["token"])


async def _edit(
    request: web.Request, found: Application, form: FormState, *, is_proposed: bool = False, status: int = 200
) -> web.Response:
    page = ApplicationPage(
        token=request.match_info["token"],
        email=found.email,
        form=form,
        is_proposed=is_proposed,
        organisations=await choices.list_organisations(request),
        languages=list(languages().items()),
        message_limit=APPLICATION_MESSAGE_LIMIT,
    )
    return await render(request, page, status=status)


async def _gone(request: web.Request) -> web.Response:
    return await render(request, GonePage(), status=404)
