"""Changing one's own password: the present one is asked for, and everything opened with it elsewhere ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import mails, members, sessions, sign_in
from forum.domain.entities import MailKind
from forum.errors import Invalid, RateLimited
from forum.keys import ACTOR, ADDRESS, DB, HASHER, LIMITS
from forum.passwords import LENGTH, STAFF_LENGTH
from forum.web import credentials, problem_json
from forum.web.flash import flash
from forum.web.forms import Form, FormState, state_of
from forum.web.new_passwords import require_new_password
from forum.web.pages import Page, render
from forum.web.ratelimit import count_password
from forum.web.sessions import begin
from forum.web.urls import see_other


class PasswordForm(Form):
    password_current: Annotated[str, Field(min_length=1)]
    password: Annotated[str, Field(min_length=1)]
    password_repeat: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPage(Page):
    template: ClassVar[str] = "passwords/edit.html"
    form: FormState
    code: str
    email: str
    """For the browser's password manager: whose password it is."""
    password_length: int


async def edit(request: web.Request) -> web.Response:
    return await _edit(request, FormState())


async def update(request: web.Request) -> web.Response:
    app, actor = request.app, request[ACTOR]
    async with app[DB].read() as conn:
        own = await members.settings(conn, actor)
    try:
        form = PasswordForm.parse(await request.post())
        personal = (own.email, own.name, own.organisation_el, own.organisation_en)
        require_new_password(form.password, form.password_repeat, is_staff=actor.is_staff, personal=personal)
        known = await credentials.verify(request, own.email, form.password_current)
        if known is None:
            raise Invalid({"password_current": ("wrong_password",)})
        await count_password(request)
        new_hash = await app[HASHER].hash(form.password)
        async with app[DB].write() as tx:
            await sign_in.confirm(
                tx, app[LIMITS], own.email, request[ADDRESS], actor.member_id, password_hash=known.password_hash
            )
            await members.change_password(tx, actor, new_hash)
            await mails.enter(tx, MailKind.PASSWORD_CHANGED, to=actor.member_id)
            key = await sessions.renew(tx, actor)
    except Invalid as invalid:
        return await _edit(request, await state_of(request, invalid), problem=invalid)
    except RateLimited as limited:
        return await _edit(request, FormState(), problem=limited)
    await begin(request, key)
    response = see_other(request, "passwords.edit")
    flash(request, response, "password.changed")
    return response


async def _edit(request: web.Request, form: FormState, *, problem: Invalid | RateLimited | None = None) -> web.Response:
    actor = request[ACTOR]
    async with request.app[DB].read() as conn:
        own = await members.settings(conn, actor)
    page = PasswordPage(
        form=form,
        code=problem.code if problem and not form.is_faulty else "",
        email=own.email,
        password_length=STAFF_LENGTH if actor.is_staff else LENGTH,
    )
    response = await render(request, page, status=problem.status if problem else 200)
    problem_json.retry_after(response, problem)
    return response
