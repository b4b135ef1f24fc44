"""What a call of the API is: a handler with what it takes, answers and refuses, said once.

The same declaration reads what is sent, makes the answer and stands in the OpenAPI document, so the three agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar, overload

from aiohttp import web

from forum.handlers.api import bodies
from forum.handlers.api.models import Answer, Body, Query, Sent
from forum.web.urls import absolute, url_for

Result = Answer | web.StreamResponse | None
S = TypeVar("S", bound=Sent)

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """A handler as the table of routes names it.

    `creates` is the name of the route where what was made is found; `refuses` are the statuses beyond those that every
    call can answer with; `media` is the type of an answer that is made by the handler itself; with `brings_file` the
    body is a form with a file in the field `file`. Of a call that creates something, `shows` is what it answers, with
    200, when it was only asked what would come of it. With `has_version` the answer carries an ETag.
    """

    handler: Callable[[web.Request], Awaitable[Result]]
    summary: str
    takes: type[Sent] | None
    answers: type[Answer] | None
    creates: str
    refuses: tuple[int, ...]
    media: str
    brings_file: bool
    shows: type[Answer] | None
    has_version: bool

    @property
    def status(self) -> int:
        if self.creates:
            return 201
        return 200 if self.answers or self.media else 204

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        result = await self.handler(request)
        if isinstance(result, web.StreamResponse):
            return result
        if result is None:
            return web.Response(status=self.status)
        is_shown = self.shows is not None and isinstance(result, self.shows)
        response = web.Response(
            body=result.model_dump_json().encode(),
            status=200 if is_shown else self.status,
            content_type=JSON,
            charset="utf-8",
        )
        if self.has_version:
            response.headers["ETag"] = version(result)
        if self.creates and not is_shown:
            route = request.app.router[self.creates]
            name = "slug" if "{slug}" in route.canonical else "id"
            # What belongs to a topic is found in the list of that topic.
            is_of_topic = "/topics/{id}/" in route.canonical
            parts = {name: getattr(result, "topic_id" if is_of_topic else name)}
            response.headers["Location"] = absolute(request.app, url_for(request.app, self.creates, **parts))
        return response


def version(answer: Answer) -> str:
    """Return the ETag of what is answered: another one as soon as anything in it has changed (RFC 9110, 8.8.3)."""
    return f'"{hashlib.sha256(answer.model_dump_json().encode()).hexdigest()[:32]}"'


@overload
def call(
    summary: str,
    *,
    answers: type[Answer] | None = None,
    creates: str = "",
    refuses: tuple[int, ...] = (),
    media: str = "",
    brings_file: bool = False,
    shows: type[Answer] | None = None,
    has_version: bool = False,
) -> Callable[[Callable[[web.Request], Awaitable[Result]]], Call]: ...


@overload
def call(
    summary: str,
    *,
    takes: type[S],
    answers: type[Answer] | None = None,
    creates: str = "",
    refuses: tuple[int, ...] = (),
    media: str = "",
    brings_file: bool = False,
    shows: type[Answer] | None = None,
    has_version: bool = False,
) -> Callable[[Callable[[web.Request, S], Awaitable[Result]]], Call]: ...


def call(
    summary: str,
    *,
    takes: type[Sent] | None = None,
    answers: type[Answer] | None = None,
    creates: str = "",
    refuses: tuple[int, ...] = (),
    media: str = "",
    brings_file: bool = False,
    shows: type[Answer] | None = None,
    has_version: bool = False,
) -> Callable[[Callable[..., Awaitable[Result]]], Call]:
    """Declare a handler as a call; with `takes` it is given what was sent."""

    def declare(handler: Callable[..., Awaitable[Result]]) -> Call:
        async def answer(request: web.Request) -> Result:
            if takes is not None and issubclass(takes, Query):
                return await handler(request, bodies.read_query(request, takes))
            bodies.read_query(request, Query)
            if takes is not None and issubclass(takes, Body):
                return await handler(request, await bodies.read_body(request, takes))
            return await handler(request)

        return Call(answer, summary, takes, answers, creates, refuses, media, brings_file, shows, has_version)

    return declare
