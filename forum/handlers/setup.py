"""The one-time link that creates the first administrator: a page while it is good, nothing at all afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import organisations, sessions, setup
from forum.domain.entities import NAME_LIMIT, Organisation, in_language
from forum.errors import Invalid, NotFound, RateLimited
from forum.i18n import languages, mark
from forum.keys import ADDRESS, DB, HASHER, TRANSLATOR
from forum.passwords import STAFF_LENGTH
from forum.web import problem_json
from forum.web.flash import flash
from forum.web.forms import Email, Form, FormState, RequiredLine, SpokenLanguage, state_of
from forum.web.new_passwords import require_new_password
from forum.web.pages import Page, render
from forum.web.ratelimit import count_setup
from forum.web.sessions import begin
from forum.web.urls import see_other


class SetupForm(Form):
    email: Email
    name: Annotated[RequiredLine, Field(max_length=NAME_LIMIT)]
    organisation: RequiredLine
    language: SpokenLanguage
    password: Annotated[str, Field(min_length=1)]
    password_repeat: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupPage(Page):
    template: ClassVar[str] = "setup/new.html"
    token: str
    form: FormState
    code: str
    organisations: list[tuple[str, list[tuple[str, str]]]]
    """Groups by their name, each with the slugs and names of its organisations."""
    languages: list[tuple[str, str]]
    password_length: int


async def new(request: web.Request) -> web.Response:
    await count_setup(request)
    return await _new(request, FormState({"language": request[TRANSLATOR].language}))


async def create(request: web.Request) -> web.Response:
    token = request.match_info["token"]
    await _require_valid(request)
    try:
        await count_setup(request)
        form = SetupForm.parse(await request.post())
        organisation = await _organisation(request, form.organisation)
        personal = (form.email, form.name, organisation.name_el, organisation.name_en)
        require_new_password(form.password, form.password_repeat, is_staff=True, personal=personal)
        password_hash = await request.app[HASHER].hash(form.password)
        async with request.app[DB].write() as tx:
            member_id = await setup.create_administrator(
                tx,
                token,
                email=form.email,
                name=form.name,
                organisation_id=organisation.id,
                password_hash=password_hash,
                language=form.language,
            )
            agent = request.headers.get("User-Agent", "")
            key = await sessions.open(tx, member_id, address=request[ADDRESS], agent=agent)
    except Invalid as invalid:
        return await _new(request, await state_of(request, invalid), problem=invalid)
    except RateLimited as limited:
        return await _new(request, await state_of(request, Invalid({})), problem=limited)
    await begin(request, key)
    response = see_other(request, "home.index")
    flash(request, response, "setup.done")
    return response


async def _new(request: web.Request, form: FormState, *, problem: Invalid | RateLimited | None = None) -> web.Response:
    await _require_valid(request)
    async with request.app[DB].read() as conn:
        found = await organisations.list_organisations(conn, language=request[TRANSLATOR].language)
    page = SetupPage(
        token=request.match_info["token"],
        form=form,
        code=problem.code if problem and not form.is_faulty else "",
        organisations=_grouped(request, found),
        languages=list(languages().items()),
        password_length=STAFF_LENGTH,
    )
    response = await render(request, page, status=problem.status if problem else 200)
    problem_json.retry_after(response, problem)
    return response


async def _require_valid(request: web.Request) -> None:
    async with request.app[DB].read() as conn:
        if not await setup.is_valid(conn, request.match_info["token"]):
            raise NotFound


async def _organisation(request: web.Request, slug: str) -> Organisation:
    async with request.app[DB].read() as conn:
        try:
            return await organisations.organisation(conn, slug)
        except NotFound:
            raise Invalid({"organisation": ("unknown",)}) from None


def _grouped(request: web.Request, found: list[Organisation]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the associations first, then the municipalities of each region; all in the reader's language."""
    words = request[TRANSLATOR]
    kinds = {"association": words.gettext(mark("Associations")), "partner": words.gettext(mark("Partners"))}
    groups: dict[str, list[tuple[str, str]]] = {kinds["association"]: []}
    for each in found:
        region = in_language(words.language, each.region_name_el or "", each.region_name_en or "")
        name = in_language(words.language, each.name_el, each.name_en)
        groups.setdefault(region or kinds[each.kind], []).append((each.slug, name))
    return [(group, options) for group, options in groups.items() if options]
