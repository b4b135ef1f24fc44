"""The pages of signing in: the first is also shown in the place of an answer to a form whose session has ended.

Between the password and the code of a second factor, a cookie with the key of the step (`domain/sign_in_steps.py`)
binds the sign-in to its browser. It is no session: nothing but the page for the code looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from aiohttp import web

from forum.domain import members, sign_in_steps
from forum.domain.drafts import Words
from forum.errors import Busy, ForumError
from forum.keys import CONFIG, DB
from forum.web import problem_json
from forum.web.drafting import form_url
from forum.web.flash import flash
from forum.web.forms import FormState
from forum.web.kept import NOTHING, Kept
from forum.web.pages import Page, render
from forum.web.sessions import cookie_name
from forum.web.urls import redirect, url_for

_COOKIE: Final = "step"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage(Page):
    template: ClassVar[str] = "sessions/new.html"
    form: FormState
    code: str
    next: str
    has_ended: bool
    has_members: bool
    kept: Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePage(Page):
    template: ClassVar[str] = "sessions/code.html"
    form: FormState
    code: str
    next: str
    kept: Kept
    is_recovery: bool
    """Whether a recovery code is typed: it has letters, which a telephone's keys for digits lack."""


async def show(
    request: web.Request,
    wanted: str,
    form: FormState,
    *,
    kept: Kept = NOTHING,
    problem: ForumError | None = None,
    has_ended: bool = False,
) -> web.Response:
    """Answer with the page; `wanted` is the path that signing in leads to."""
    has_members = await _has_members(request)
    code = problem.code if problem and not form.is_faulty and not has_ended else ""
    page = SignInPage(form=form, code=code, next=wanted, has_ended=has_ended, has_members=has_members, kept=kept)
    response = await render(request, page, status=problem.status if problem else 200)
    problem_json.retry_after(response, problem)
    return response


async def show_code(
    request: web.Request,
    wanted: str,
    form: FormState,
    *,
    kept: Kept = NOTHING,
    problem: ForumError | None = None,
    is_recovery: bool = False,
) -> web.Response:
    """Answer with the page that asks for the code of the second factor."""
    code = problem.code if problem and not form.is_faulty else ""
    page = CodePage(form=form, code=code, next=wanted, kept=kept, is_recovery=is_recovery)
    response = await render(request, page, status=problem.status if problem else 200)
    problem_json.retry_after(response, problem)
    return response


async def ask_code(request: web.Request, key: str, wanted: str, kept: Kept) -> web.Response:
    """Lead on to the page for the code; where words are carried it is shown at once, to carry them."""
    if kept.words is None:
        home = str(url_for(request.app, "home.index"))
        query = {"next": wanted} if wanted != home else None
        response = redirect(url_for(request.app, "sign_in_codes.new", query))
    else:
        response = await show_code(request, wanted, FormState(), kept=kept)
    config = request.app[CONFIG]
    response.set_cookie(
        cookie_name(config, _COOKIE),
        key,
        path=config.base_path or "/",
        max_age=int(sign_in_steps.LIFETIME.total_seconds()),
        secure=config.is_https,
        httponly=True,
        samesite="Lax",
    )
    return response


def step_key(request: web.Request) -> str:
    """Return the key of the step that this browser is in, empty when it is in none."""
    return request.cookies.get(cookie_name(request.app[CONFIG], _COOKIE), "")


def lead_on(request: web.Request, wanted: str, words: Words | None) -> web.Response:
    """Answer who is signed in now: lead to the page asked for, or to the form whose words were carried."""
    if words is None:
        response = redirect(wanted)
    else:
        response = redirect(form_url(request.app, words.place))
        flash(request, response, "draft.kept")
    config = request.app[CONFIG]
    if step_key(request):
        response.del_cookie(
            cookie_name(config, _COOKIE), path=config.base_path or "/", secure=config.is_https, httponly=True
        )
    return response


async def _has_members(request: web.Request) -> bool:
    """Say whether there is anybody who could sign in; a forum that has too much to do is taken to have somebody."""
    try:
        async with request.app[DB].read() as conn:
            return await members.any_exists(conn)
    except Busy:
        return True
