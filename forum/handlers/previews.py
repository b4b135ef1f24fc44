"""The preview of a text: what it will look like, for our own scripts; nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.errors import ForumError, Invalid, RateLimited
from forum.keys import TRANSLATOR
from forum.markup import Rendered
from forum.web import drafting, problem_json, problems
from forum.web.pages import Page, render_fragment


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPage(Page):
    template: ClassVar[str] = "previews/show.html"
    post: Rendered


async def create(request: web.Request) -> web.Response:
    """Answer with the rendered text alone, or with one sentence that says why there is none."""
    try:
        rendered = await drafting.preview(request, await request.post())
    except Invalid as invalid:
        codes = next(iter(invalid.fields.values()), ("bad_value",))
        return _answer(invalid, problems.field_sentence(request[TRANSLATOR], codes[0]))
    except RateLimited as limited:
        return _answer(limited, request[TRANSLATOR].gettext(problems.sentence(limited.code)))
    return await render_fragment(request, PreviewPage(post=rendered))


def _answer(problem: ForumError, text: str) -> web.Response:
    response = web.Response(text=text, status=problem.status, content_type="text/plain", charset="utf-8")
    problem_json.retry_after(response, problem)
    return response
