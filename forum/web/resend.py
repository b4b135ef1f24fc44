"""A form for a text that was refused before anything looked at it: shown to be sent again.

Its token is stale, because its member signed in again in another window, or its member sends too many forms. Nothing is
stored. It is only shown when the browser vouches that it came from this forum, so that no other site can put words of
its own before a member, and only to who wrote in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain.drafts import Words
from forum.errors import ForumError
from forum.keys import ACTOR
from forum.web import kept, problem_json, problems
from forum.web.forms import FormState
from forum.web.pages import Page, render


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendPage(Page):
    template: ClassVar[str] = "errors/resend.html"
    title: str
    sentence: str
    action: str
    words: Words
    form: FormState


async def show(request: web.Request, problem: ForumError) -> web.Response | None:
    """Answer with the form and a good token; None where the request holds no words of theirs."""
    words = (await kept.of_refused(request)).words_for(request[ACTOR].member_id)
    if words is None:
        return None
    page = ResendPage(
        title=problems.title(problem.status),
        sentence=problems.sentence("stale_form" if problem.code == "csrf" else problem.code),
        action=request.path,
        words=words,
        form=FormState({"title": words.title, "body": words.body}),
    )
    response = await render(request, page, status=problem.status)
    problem_json.retry_after(response, problem)
    return response
