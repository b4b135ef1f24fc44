"""Deciding on applications: an administrator lets somebody in, by an invitation, or refuses them with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import access, applications, mail_domains
from forum.domain.applications import Application
from forum.domain.entities import INVITATION_NOTE_LIMIT, REASON_LIMIT
from forum.domain.mail_domains import MailDomain
from forum.errors import Conflict, Invalid
from forum.keys import ACTOR, DB
from forum.web import choices
from forum.web.flash import flash
from forum.web.forms import Form, FormState, RequiredLine, RequiredText, Text, int_param, query_param, state_of
from forum.web.pages import Page, render
from forum.web.urls import see_other


class ApprovalForm(Form):
    organisation: RequiredLine
    note: Annotated[Text, Field(max_length=INVITATION_NOTE_LIMIT)] = ""


class RefusalForm(Form):
    reason: Annotated[RequiredText, Field(max_length=REASON_LIMIT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationsPage(Page):
    template: ClassVar[str] = "admissions/index.html"
    items: list[Application]
    state: applications.State
    next: str
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationPage(Page):
    template: ClassVar[str] = "admissions/show.html"
    application: Application
    own: MailDomain | None
    """The organisation whose mail domain the address is under."""
    form: FormState
    organisations: choices.Grouped
    note_limit: int
    reason_limit: int
    is_late: bool
    """Somebody else has decided while the reader was about to."""


async def index(request: web.Request) -> web.Response:
    grant, cursor = access.to_administer(request[ACTOR]), query_param(request, "cursor")
    states: dict[str, applications.State] = {"approved": "approved", "refused": "refused"}
    state = states.get(query_param(request, "state"), "waiting")
    async with request.app[DB].read() as conn:
        listed = await applications.list_applications(conn, grant, state=state, cursor=cursor or None)
    page = ApplicationsPage(items=listed.items, state=state, next=listed.next or "", is_first=not cursor)
    return await render(request, page)


async def show(request: web.Request) -> web.Response:
    return await _show(request, None)


async def create(request: web.Request) -> web.Response:
    """Let somebody in."""
    grant = access.to_administer(request[ACTOR])
    try:
        form = ApprovalForm.parse(await request.post())
        organisation = await choices.organisation(request, form.organisation)
        async with request.app[DB].write() as tx:
            await applications.approve(tx, grant, _id(request), organisation.id, form.note.strip())
    except Invalid as invalid:
        return await _show(request, await state_of(request, invalid), status=invalid.status)
    except Conflict as conflict:
        return await _show(request, None, status=conflict.status)
    response = see_other(request, "admissions.index")
    flash(request, response, "application.approved")
    return response


async def delete(request: web.Request) -> web.Response:
    """Refuse somebody."""
    grant = access.to_administer(request[ACTOR])
    try:
        form = RefusalForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            await applications.refuse(tx, grant, _id(request), form.reason.strip())
    except Invalid as invalid:
        return await _show(request, await state_of(request, invalid), status=invalid.status)
    except Conflict as conflict:
        return await _show(request, None, status=conflict.status)
    response = see_other(request, "admissions.index")
    flash(request, response, "application.refused")
    return response


def _id(request: web.Request) -> int:
    return int_param(request, "application_id")


async def _show(request: web.Request, form: FormState | None, *, status: int = 200) -> web.Response:
    grant = access.to_administer(request[ACTOR])
    async with request.app[DB].read() as conn:
        found = await applications.application(conn, grant, _id(request))
        own = await mail_domains.propose(conn, found.email)
    page = ApplicationPage(
        application=found,
        own=own,
        form=form or FormState({"organisation": found.organisation_slug or ""}),
        organisations=await choices.list_organisations(request),
        note_limit=INVITATION_NOTE_LIMIT,
        reason_limit=REASON_LIMIT,
        is_late=status == Conflict.status,
    )
    return await render(request, page, status=status)
