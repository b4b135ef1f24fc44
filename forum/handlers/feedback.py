"""Messages to the moderators: written by anybody, members and guests, and listed for those who answer them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aiohttp import web
from pydantic import Field

from forum.domain import access, feedback
from forum.domain.entities import CONTACT_LIMIT, FEEDBACK_LIMIT, FEEDBACK_PAGE_LIMIT
from forum.domain.feedback import Feedback
from forum.errors import ForumError, Invalid, RateLimited
from forum.keys import ACTOR, DB
from forum.web import problem_json
from forum.web.forms import Form, FormState, Line, RequiredText, query_param, state_of
from forum.web.pages import Page, render
from forum.web.ratelimit import count_feedback
from forum.web.urls import own_path, see_other


class FeedbackForm(Form):
    body: Annotated[RequiredText, Field(max_length=FEEDBACK_LIMIT)]
    page: Annotated[Line, Field(max_length=FEEDBACK_PAGE_LIMIT)] = ""
    contact: Annotated[Line, Field(max_length=CONTACT_LIMIT)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackPage(Page):
    template: ClassVar[str] = "feedback/new.html"
    form: FormState
    code: str
    body_limit: int = FEEDBACK_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPage(Page):
    template: ClassVar[str] = "feedback/show.html"


@dataclass(frozen=True, slots=True)
class FeedbackItem:
    """A message, and the address of the page it speaks of when that is one of this forum."""

    message: Feedback
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackListPage(Page):
    template: ClassVar[str] = "feedback/index.html"
    items: list[FeedbackItem]
    next: str
    is_first: bool


async def index(request: web.Request) -> web.Response:
    grant, cursor = access.to_settle_feedback(request[ACTOR]), query_param(request, "cursor")
    async with request.app[DB].read() as conn:
        listed = await feedback.list_feedback(conn, grant, cursor=cursor or None)
    page = FeedbackListPage(
        items=[FeedbackItem(message, _own(request, message.page or "")) for message in listed.items],
        next=listed.next or "",
        is_first=not cursor,
    )
    return await render(request, page)


async def new(request: web.Request) -> web.Response:
    wanted = _own(request, query_param(request, "page"))
    return await _new(request, FormState({"page": wanted if len(wanted) <= FEEDBACK_PAGE_LIMIT else ""}))


async def show(request: web.Request) -> web.Response:
    return await render(request, SentPage())


async def create(request: web.Request) -> web.Response:
    try:
        form = FeedbackForm.parse(await request.post())
        async with request.app[DB].write() as tx:
            await count_feedback(request, tx)
            await feedback.send(tx, request.get(ACTOR), body=form.body.strip(), page=form.page, contact=form.contact)
    except Invalid as invalid:
        return await _new(request, await state_of(request, invalid), problem=invalid)
    except RateLimited as limited:
        return await _new(request, await state_of(request, Invalid({})), problem=limited)
    return see_other(request, "feedback.show")


async def _new(request: web.Request, form: FormState, *, problem: ForumError | None = None) -> web.Response:
    code = problem.code if problem and not form.is_faulty else ""
    response = await render(request, FeedbackPage(form=form, code=code), status=problem.status if problem else 200)
    problem_json.retry_after(response, problem)
    return response


def _own(request: web.Request, text: str) -> str:
    """Return a path of this forum as it is, and nothing for any other text."""
    return text if text and own_path(request.app, text) == text else ""
