"""Following an invitation: who invites whom to what, and how one becomes a member by it.

A link for several asks for an address and has the invitation sent there; what is answered is the same for every
address. Looking spends nothing, since mail scanners look too; only the form does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import invitations, sessions
from forum.domain.entities import NAME_LIMIT
from forum.domain.invitations import Invitation
from forum.errors import Invalid, NotFound, RateLimited
from forum.i18n import languages
from forum.keys import ADDRESS, DB, HASHER, SECRET, TRANSLATOR
from forum.passwords import LENGTH, STAFF_LENGTH
from forum.web import problem_json
from forum.web.flash import flash
from forum.web.forms import Checkbox, Email, Form, FormState, RequiredLine, SpokenLanguage, state_of
from forum.web.new_passwords import require_new_password
from forum.web.pages import Page, render
from forum.web.ratelimit import count_arrival
from forum.web.sessions import begin
from forum.web.urls import see_other


class ArrivalForm(Form):
    name: Annotated[RequiredLine, Field(max_length=NAME_LIMIT)]
    language: SpokenLanguage
    password: Annotated[str, Field(min_length=1)]
    password_repeat: str = ""
    accepted: Checkbox = False


class AddressForm(Form):
    email: Email


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalPage(Page):
    template: ClassVar[str] = "arrivals/new.html"
    token: str
    invitation: Invitation
    form: FormState
    languages: list[tuple[str, str]]
    password_length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPage(Page):
    template: ClassVar[str] = "arrivals/address.html"
    token: str
    invitation: Invitation
    form: FormState
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPage(Page):
    template: ClassVar[str] = "arrivals/show.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class GonePage(Page):
    template: ClassVar[str] = "arrivals/gone.html"


async def new(request: web.Request) -> web.Response:
    try:
        found = await _found(request)
    except NotFound:
        return await _gone(request)
    return await _new(request, found, FormState({"language": found.language}))


async def create(request: web.Request) -> web.Response:
    try:
        found = await _found(request)
        return await (_accept(request, found) if found.email else _ask(request, found))
    except NotFound:
        return await _gone(request)


async def show(request: web.Request) -> web.Response:
    return await render(request, AskedPage())


async def _accept(request: web.Request, found: Invitation) -> web.Response:
    try:
        form = ArrivalForm.parse(await request.post())
        personal = (found.email or "", form.name, found.organisation_el, found.organisation_en)
        if not form.accepted:
            raise Invalid({"accepted": ("required",)})
        require_new_password(form.password, form.password_repeat, is_staff=found.is_for_staff, personal=personal)
    except Invalid as invalid:
        return await _new(request, found, await state_of(request, invalid), problem=invalid)
    password_hash = await request.app[HASHER].hash(form.password)
    async with request.app[DB].write() as tx:
        member_id = await invitations.accept(
            tx, found, name=form.name, password_hash=password_hash, language=form.language
        )
        topic_id = await invitations.lands_on(tx, member_id, found)
        agent = request.headers.get("User-Agent", "")
        key = await sessions.open(tx, member_id, address=request[ADDRESS], agent=agent)
    await begin(request, key)
    response = see_other(request, "topics.index", topic_id=topic_id) if topic_id else see_other(request, "home.index")
    flash(request, response, "invitation.accepted")
    return response


async def _ask(request: web.Request, link: Invitation) -> web.Response:
    try:
        form = AddressForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            await count_arrival(request, tx, form.email)
            await invitations.ask(tx, link, form.email, request[TRANSLATOR].language)
    except Invalid as invalid:
        return await _new(request, link, await state_of(request, invalid), problem=invalid)
    except RateLimited as limited:
        return await _new(request, link, await state_of(request, Invalid({})), problem=limited)
    return see_other(request, "arrivals.show")


async def _found(request: web.Request) -> Invitation:
    async with request.app[DB].read() as conn:
        return await invitations.find(conn, request.app[SECRET], request.match_info["token"])


async def _new(
    request: web.Request, found: Invitation, form: FormState, *, problem: Invalid | RateLimited | None = None
) -> web.Response:
    token, status = request.match_info["token"], problem.status if problem else 200
    if found.email is None:
        code = problem.code if problem and not form.is_faulty else ""
        response = await render(
            request, AddressPage(token=token, invitation=found, form=form, code=code), status=status
        )
        problem_json.retry_after(response, problem)
        return response
    page = ArrivalPage(
        token=token,
        invitation=found,
        form=form,
        languages=list(languages().items()),
        password_length=STAFF_LENGTH if found.is_for_staff else LENGTH,
    )
    return await render(request, page, status=status)


async def _gone(request: web.Request) -> web.Response:
    return await render(request, GonePage(), status=404)
