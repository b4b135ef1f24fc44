"""The password, asked for again before a grave act: one's own and a network's means of protection, tokens, rights.

Routes say that they are grave (`Route.is_grave`). Where the password was given in this session within
`sessions.FRESH`, nothing is asked. Otherwise a page leads over `/login/again`, and a form is answered with the question
itself, which carries what was typed: it is sent on to the same address with the password beside it, and carried out.
Passwords are never carried. Nothing here concerns programs, whose tokens were made for what they do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from aiohttp import web
from pydantic import Field

from forum.domain import members, sessions, sign_in
from forum.errors import ForumError, Invalid, RateLimited
from forum.keys import ACTOR, ADDRESS, DB, LIMITS
from forum.web import credentials, csrf, problem_json
from forum.web.forms import Form, FormState, typed
from forum.web.pages import Page, render
from forum.web.urls import redirect, url_for

FIELD: Final = "password_again"


class AgainForm(Form):
    password_again: Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainPage(Page):
    template: ClassVar[str] = "sessions/again.html"
    action: str
    fields: list[tuple[str, str]]
    """What the form carries: names and values, as they were typed."""
    is_refused: bool
    """Whether it is a form that waits for the answer, and not a page."""
    form: FormState
    code: str
    email: str


async def ask(request: web.Request) -> web.StreamResponse | None:
    """Return what to answer in the place of a grave act, None where it may be done."""
    async with request.app[DB].read() as conn:
        if await sessions.is_fresh(conn, request[ACTOR]):
            return None
    if request.method in {"GET", "HEAD"}:
        return redirect(url_for(request.app, "reauthentication.new", {"next": request.path_qs}))
    sent = await request.post()
    fields = [(name, value) for name, value in typed(sent) if name != csrf.FIELD]
    action = str(request.rel_url)
    if FIELD not in sent:
        return await show(request, action, fields, is_refused=True, status=401)
    try:
        await confirm(request)
    except (Invalid, RateLimited) as problem:
        return await show(request, action, fields, is_refused=True, problem=problem)
    return None


async def confirm(request: web.Request) -> None:
    """Check the password of a form, under the same throttle as signing in, and note it in the session.

    Raise Invalid or RateLimited where it will not do.
    """
    app, actor = request.app, request[ACTOR]
    form = AgainForm.parse(await request.post())
    async with app[DB].read() as conn:
        own = await members.settings(conn, actor)
    known = await credentials.verify(request, own.email, form.password_again)
    if known is None:
        raise Invalid({FIELD: ("wrong_password",)})
    async with app[DB].write() as tx:
        await sign_in.confirm(
            tx, app[LIMITS], own.email, request[ADDRESS], actor.member_id, password_hash=known.password_hash
        )
        await sessions.authenticate(tx, actor)


async def show(
    request: web.Request,
    action: str,
    fields: list[tuple[str, str]],
    *,
    is_refused: bool = False,
    problem: ForumError | None = None,
    status: int = 200,
) -> web.Response:
    """Answer with the question."""
    form = FormState({}, problem.fields if isinstance(problem, Invalid) else {})
    async with request.app[DB].read() as conn:
        own = await members.settings(conn, request[ACTOR])
    page = AgainPage(
        action=action,
        fields=fields,
        is_refused=is_refused,
        form=form,
        code=problem.code if problem and not form.is_faulty else "",
        email=own.email,
    )
    response = await render(request, page, status=problem.status if problem else status)
    problem_json.retry_after(response, problem)
    return response
