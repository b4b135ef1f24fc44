"""The sign-in page: shown when asked for, and in the place of an answer to a form whose session has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import members
from forum.errors import Busy, ForumError
from forum.keys import DB
from forum.web import problem_json
from forum.web.forms import FormState
from forum.web.kept import NOTHING, Kept
from forum.web.pages import Page, render


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage(Page):
    template: ClassVar[str] = "sessions/new.html"
    form: FormState
    code: str
    next: str
    has_ended: bool
    has_members: bool
    kept: Kept


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


async def _has_members(request: web.Request) -> bool:
    """Say whether there is anybody who could sign in; a forum that has too much to do is taken to have somebody."""
    try:
        async with request.app[DB].read() as conn:
            return await members.any_exists(conn)
    except Busy:
        return True
