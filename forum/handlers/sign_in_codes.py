"""The second step of signing in: the code of the app, or a recovery code, after a right password."""

from __future__ import annotations

from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from forum.domain import drafts, sign_in, sign_in_steps
from forum.domain.drafts import Words
from forum.domain.sign_in_steps import Step
from forum.errors import Invalid, RateLimited
from forum.keys import ACTOR, ADDRESS, DB, LIMITS
from forum.web import credentials
from forum.web.forms import Checkbox, Form, FormState, RequiredLine, query_param
from forum.web.kept import of_sign_in
from forum.web.sessions import begin
from forum.web.sign_in import lead_on, show, show_code, step_key
from forum.web.urls import own_path, redirect, url_for

CODE_LIMIT = 100
"""Characters; a recovery code with its dashes is 27, and people type blanks."""


class CodeForm(Form):
    code: Annotated[RequiredLine, Field(max_length=CODE_LIMIT)]


class WayForm(Form):
    """Which code is typed; `instead` comes with the button that asks for the other."""

    recovery: Checkbox = False
    instead: Literal["", "app", "recovery"] = ""


async def new(request: web.Request) -> web.Response:
    wanted = own_path(request.app, query_param(request, "next"))
    if request.get(ACTOR):
        return redirect(wanted)
    if await _step(request) is None:
        home = str(url_for(request.app, "home.index"))
        return redirect(url_for(request.app, "sessions.new", {"next": wanted} if wanted != home else None))
    return await show_code(request, wanted, FormState())


async def create(request: web.Request) -> web.Response:
    """Open the session for a right code and lead on, as the password does for those without a second factor."""
    sent = await request.post()
    next_page, carried = sent.get("next", ""), of_sign_in(sent)
    wanted = own_path(request.app, next_page if isinstance(next_page, str) else "")
    if request.get(ACTOR):
        return redirect(wanted)
    step = await _step(request)
    if step is None:
        return await show(request, wanted, FormState(), kept=carried, problem=Invalid({}, "sign_in_expired"))
    words, is_recovery = carried.words_for(step.member_id), False
    try:
        way = WayForm.parse(sent)
        if way.instead:
            return await show_code(request, wanted, FormState(), kept=carried, is_recovery=way.instead == "recovery")
        is_recovery = way.recovery
        form = CodeForm.parse(sent)
        await credentials.wait(request, step.email, sign_in.CODE)
        key = await _open(request, step, form.code, words)
    except (Invalid, RateLimited) as problem:
        if problem.code == "sign_in_expired":
            return await show(request, wanted, FormState(), kept=carried, problem=problem)
        fields = problem.fields if isinstance(problem, Invalid) else {}
        state = FormState({}, fields)
        return await show_code(request, wanted, state, kept=carried, problem=problem, is_recovery=is_recovery)
    await begin(request, key)
    return lead_on(request, wanted, words)


async def _step(request: web.Request) -> Step | None:
    async with request.app[DB].read() as conn:
        return await sign_in_steps.find(conn, step_key(request))


async def _open(request: web.Request, step: Step, code: str, words: Words | None) -> str:
    """Open the session and return its key; raise Invalid when the code is not right."""
    app, address = request.app, request[ADDRESS]
    async with app[DB].write() as tx:
        agent = request.headers.get("User-Agent", "")
        key = await sign_in.finish(tx, app[LIMITS], step_key(request), step, address, agent, code)
        if key is not None:
            if words is not None:
                await drafts.save(tx, step.member_id, words)
            return key
        await sign_in.failed(tx, app[LIMITS], step.email, address, sign_in.CODE)
    raise Invalid({"code": ("wrong_code",)})
