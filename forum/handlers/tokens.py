"""One's own API tokens: made after the password was asked again, shown once, ended at will."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import api_tokens, idempotency, members, sign_in
from forum.domain.api_tokens import TokenRow
from forum.domain.entities import TOKEN_NAME_LIMIT
from forum.errors import Invalid, RateLimited
from forum.keys import ACTOR, ADDRESS, DB, LIMITS, SECRET
from forum.web import credentials, problem_json
from forum.web.flash import flash
from forum.web.forms import Form, FormState, Line, RequiredLine, int_param, state_of
from forum.web.pages import Page, render
from forum.web.ratelimit import count_token
from forum.web.urls import absolute, see_other, url_for


class TokenForm(Form):
    name: Annotated[RequiredLine, Field(max_length=TOKEN_NAME_LIMIT)]
    password_current: Annotated[str, Field(min_length=1)]
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensPage(Page):
    template: ClassVar[str] = "tokens/index.html"
    tokens: list[TokenRow]
    form: FormState
    code: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedPage(Page):
    template: ClassVar[str] = "tokens/created.html"
    name: str
    token: str
    home: str
    """The address of the forum as programs outside know it, without a trailing slash."""


async def index(request: web.Request) -> web.Response:
    return await _index(request, FormState())


async def create(request: web.Request) -> web.Response:
    app, actor = request.app, request[ACTOR]
    try:
        form = TokenForm.parse(await request.post())
        async with app[DB].read() as conn:
            own = await members.settings(conn, actor)
        known = await credentials.verify(request, own.email, form.password_current)
        if known is None:
            raise Invalid({"password_current": ("wrong_password",)})
        async with app[DB].write() as tx:
            await sign_in.confirm(
                tx, app[LIMITS], own.email, request[ADDRESS], actor.member_id, password_hash=known.password_hash
            )
            await count_token(request, tx, actor.member_id)
            created = await api_tokens.create(
                tx, actor.member_id, name=form.name, secret=app[SECRET], key=form.idempotency_key or None
            )
    except Invalid as invalid:
        return await _index(request, await state_of(request, invalid), problem=invalid)
    except RateLimited as limited:
        return await _index(request, await state_of(request, Invalid({})), problem=limited)
    home = absolute(app, url_for(app, "home.index")).rstrip("/")
    response = await render(request, CreatedPage(name=form.name, token=created.token, home=home))
    response.headers["Cache-Control"] = "no-store"
    return response


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        await api_tokens.delete(tx, request[ACTOR], int_param(request, "token_id"))
    response = see_other(request, "tokens.index")
    flash(request, response, "token.deleted")
    return response


async def _index(
    request: web.Request, form: FormState, *, problem: Invalid | RateLimited | None = None
) -> web.Response:
    async with request.app[DB].read() as conn:
        own = await members.settings(conn, request[ACTOR])
        tokens = await api_tokens.list_tokens(conn, request[ACTOR])
    page = TokensPage(
        tokens=tokens,
        form=form,
        code=problem.code if problem and not form.is_faulty else "",
        email=own.email,
    )
    response = await render(request, page, status=problem.status if problem else 200)
    problem_json.retry_after(response, problem)
    return response
