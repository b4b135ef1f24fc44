"""One shape for every error of the API: RFC 9457 problem+json with a stable code and, for fields, their sentences."""

from __future__ import annotations

import json

from aiohttp import web

from forum.errors import ForumError, Invalid, RateLimited, Unavailable
from forum.keys import TRANSLATOR
from forum.web import problems

RETRY_SECONDS = 5
"""When to come back after the database was away."""


def response(request: web.Request, problem: ForumError) -> web.Response:
    """Answer with a problem in the reader's language."""
    words = request[TRANSLATOR]
    body: dict[str, object] = {
        "type": "about:blank",
        "title": words.gettext(problems.title(problem.status)),
        "status": problem.status,
        "detail": words.gettext(problems.sentence(problem.code)),
        "code": problem.code,
    }
    if isinstance(problem, Invalid):
        body["errors"] = {
            name: [problems.field_sentence(words, code) for code in codes] for name, codes in problem.fields.items()
        }
    answer = web.Response(
        text=json.dumps(body, ensure_ascii=False),
        status=problem.status,
        content_type="application/problem+json",
        charset="utf-8",
    )
    if problem.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    retry_after(answer, problem)
    return answer


def retry_after(response: web.StreamResponse, problem: ForumError | None) -> None:
    """Say when to come back, where the problem is one that passes."""
    if isinstance(problem, RateLimited):
        response.headers["Retry-After"] = str(problem.retry_after)
    elif isinstance(problem, Unavailable):
        response.headers["Retry-After"] = str(RETRY_SECONDS)
