"""Parts of pages for our own scripts, which say who they are by a header; what went wrong comes as a notice.

Everybody else gets whole pages. A browser sends the header to another site only with that site's leave, which this
forum gives to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from aiohttp import web

from forum.errors import ForumError, Invalid
from forum.keys import TRANSLATOR
from forum.web import csrf, problem_json, problems
from forum.web.pages import Page, render_fragment

_HEADER: Final = "X-Requested-With"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePage(Page):
    """What went wrong, in words: of the whole and of the fields; `way` leads on from there."""

    template: ClassVar[str] = "errors/notice.html"
    sentence: str
    faults: tuple[str, ...]
    is_draft_kept: bool
    way: str


def wanted(request: web.Request) -> bool:
    """Say whether a script of ours asks."""
    return request.headers.get(_HEADER, "").lower() == "fetch"


async def notice(
    request: web.Request, problem: ForumError, *, is_draft_kept: bool = False, way: str = ""
) -> web.Response:
    """Answer with the notice of a problem, and with the token that a form may be sent with again."""
    words = request[TRANSLATOR]
    fields = problem.fields if isinstance(problem, Invalid) else {}
    page = NoticePage(
        sentence="" if fields or way else words.gettext(problems.sentence(problem.code)),
        faults=tuple(problems.field_sentence(words, code) for codes in fields.values() for code in codes),
        is_draft_kept=is_draft_kept,
        way=way,
    )
    response = await render_fragment(request, page, status=problem.status)
    response.headers[csrf.HEADER] = await csrf.token(request)
    problem_json.retry_after(response, problem)
    return response
