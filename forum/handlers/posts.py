"""Posts: replying, editing with what stood before, deleting and bringing back one's own, and the permanent link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final
from uuid import uuid4

from aiohttp import web
from pydantic import Field

from forum.domain import access, idempotency, permissions, posts, topics
from forum.domain.entities import BODY_LIMIT, TITLE_LIMIT, Post, PostId, Revision, Topic, TopicId
from forum.errors import BadRequest, Forbidden, Invalid, NotFound
from forum.keys import ACTOR, DB
from forum.web import writing
from forum.web.forms import (
    Form,
    FormState,
    Line,
    RequiredLine,
    RequiredText,
    int_param,
    query_param,
    state_of,
)
from forum.web.locations import to_post
from forum.web.pages import Page, render
from forum.web.ratelimit import count_post
from forum.web.verdicts import require

_NUMBER_LIMIT: Final = 2**31 - 1
"""The database counts the posts of a topic in four bytes."""


class ReplyForm(Form):
    """`reply_to` is the number of the post that is answered, within the same topic."""

    body: Annotated[RequiredText, Field(max_length=BODY_LIMIT)]
    reply_to: Annotated[int, Field(ge=1, le=_NUMBER_LIMIT)] | None = None
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""


class EditForm(Form):
    """The title is asked for with a topic's first post."""

    title: Annotated[RequiredLine, Field(max_length=TITLE_LIMIT)] | None = None
    body: Annotated[RequiredText, Field(max_length=BODY_LIMIT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyPage(Page):
    template: ClassVar[str] = "posts/new.html"
    topic: Topic
    answered: Post | None
    form: FormState
    problem: str
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPage(Page):
    template: ClassVar[str] = "posts/edit.html"
    topic: Topic
    post: Post
    form: FormState
    problem: str
    title_limit: int = TITLE_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePage(Page):
    template: ClassVar[str] = "posts/delete.html"
    topic: Topic
    post: Post


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionsPage(Page):
    template: ClassVar[str] = "posts/revisions.html"
    topic: Topic
    post: Post
    revisions: list[Revision]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPage(Page):
    template: ClassVar[str] = "posts/refused.html"
    topic: Topic
    code: str
    form: FormState


# Replying ----------------------------------------------------------------------------------------


async def new(request: web.Request) -> web.Response:
    """Show the form for a reply; `?reply_to=` is the number of the post that is answered."""
    return await _new(request, FormState(), number=_number(query_param(request, "reply_to")))


async def create(request: web.Request) -> web.Response:
    actor, topic_id = request[ACTOR], TopicId(int_param(request, "topic_id"))
    try:
        form = ReplyForm.parse(await request.post())
        answered = await _answered(request, topic_id, form.reply_to)
        rendered = await writing.rendered(request, form.body)
        async with request.app[DB].write() as tx:
            grant = await access.topic_to_reply(tx, actor, topic_id)
            await count_post(request, tx)
            post = await posts.reply(
                tx,
                grant,
                body=form.body,
                rendered=rendered,
                reply_to=answered.id if answered else None,
                key=_key(form, topic_id),
            )
    except Invalid as invalid:
        state = await state_of(request, invalid)
        number = None if "reply_to" in invalid.fields else _number(state.value("reply_to"))
        return await _new(request, state, number=number, problem=_fault(invalid), status=422)
    except Forbidden as refusal:
        return await _refused(request, topic_id, refusal)
    return to_post(request, topic_id, grant.topic.slug, post.number, "reply.published")


async def _refused(request: web.Request, topic_id: TopicId, refusal: Forbidden) -> web.Response:
    """Say why there is no reply, and give the words back: the topic may have been locked while they were written."""
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], topic_id)
    state = await state_of(request, Invalid({}))
    page = RefusedPage(topic=grant.topic, code=refusal.code, form=state)
    return await render(request, page, status=refusal.status)


def _key(form: ReplyForm, topic_id: TopicId) -> idempotency.Key | None:
    if not form.idempotency_key:
        return None
    said = (str(topic_id), form.body, str(form.reply_to or ""))
    return idempotency.make(form.idempotency_key, "posts.reply", *said)


async def _answered(request: web.Request, topic_id: TopicId, number: int | None) -> Post | None:
    """Return the post of the topic that has this number, or raise NotFound."""
    if number is None:
        return None
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], topic_id)
        found = await posts.list_after(conn, grant, number=number - 1, limit=1)
    if not found or found[0].number != number:
        raise NotFound
    return found[0]


async def _new(
    request: web.Request, form: FormState, *, number: int | None, problem: str = "", status: int = 200
) -> web.Response:
    topic_id = TopicId(int_param(request, "topic_id"))
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], topic_id)
    require(permissions.can_reply_topic(grant.topic))
    page = ReplyPage(
        topic=grant.topic,
        answered=await _answered(request, topic_id, number),
        form=form,
        problem=problem,
        idempotency_key=uuid4().hex,
    )
    return await render(request, page, status=status)


def _number(text: str) -> int | None:
    """Return the number of a post from an address or a field, None when there is none."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) <= _NUMBER_LIMIT):
        raise BadRequest("bad_value")
    return int(text)


# Reading -----------------------------------------------------------------------------------------


async def show(request: web.Request) -> web.Response:
    """Lead to the post wherever it now stands."""
    async with request.app[DB].read() as conn:
        grant = await access.post_to_read(conn, request[ACTOR], _post_id(request))
    return to_post(request, grant.topic.id, grant.topic.slug, grant.post.number)


async def revisions(request: web.Request) -> web.Response:
    """Show what the post said, newest first."""
    async with request.app[DB].read() as conn:
        grant = await access.post_to_read(conn, request[ACTOR], _post_id(request))
        listed = await posts.list_revisions(conn, grant)
    return await render(request, RevisionsPage(topic=grant.topic, post=grant.post, revisions=listed))


# Editing -----------------------------------------------------------------------------------------


async def edit(request: web.Request) -> web.Response:
    return await _edit(request, None)


async def update(request: web.Request) -> web.Response:
    actor, post_id = request[ACTOR], _post_id(request)
    try:
        form = EditForm.parse(await request.post())
        rendered = await writing.rendered(request, form.body)
        async with request.app[DB].write() as tx:
            grant = await access.post_to_edit(tx, actor, post_id)
            await count_post(request, tx)
            post = await posts.edit(tx, grant, body=form.body, rendered=rendered, title=form.title)
    except Invalid as invalid:
        return await _edit(request, await state_of(request, invalid), problem=_fault(invalid), status=422)
    slug = topics.slug_of(form.title) if form.title and post.number == 1 else grant.topic.slug
    return to_post(request, post.topic_id, slug, post.number, "post.edited")


async def _edit(request: web.Request, form: FormState | None, *, problem: str = "", status: int = 200) -> web.Response:
    async with request.app[DB].read() as conn:
        grant = await access.post_to_read(conn, request[ACTOR], _post_id(request))
    topic, post = grant.topic, grant.post
    require(permissions.can_edit_post(grant.actor, topic, post))
    stored = FormState({"title": topic.title, "body": post.body})
    page = EditPage(topic=topic, post=post, form=form or stored, problem=problem)
    return await render(request, page, status=status)


# Deleting ----------------------------------------------------------------------------------------


async def confirm(request: web.Request) -> web.Response:
    """Ask whether the reply is to be deleted."""
    async with request.app[DB].read() as conn:
        grant = await access.post_to_read(conn, request[ACTOR], _post_id(request))
    require(permissions.can_delete_post(grant.actor, grant.topic, grant.post))
    return await render(request, DeletePage(topic=grant.topic, post=grant.post))


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.post_to_delete(tx, request[ACTOR], _post_id(request))
        await posts.delete(tx, grant)
    return to_post(request, grant.topic.id, grant.topic.slug, grant.post.number, "post.deleted")


async def restore(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.post_to_restore(tx, request[ACTOR], _post_id(request))
        await posts.restore(tx, grant)
    return to_post(request, grant.topic.id, grant.topic.slug, grant.post.number, "post.restored")


def _post_id(request: web.Request) -> PostId:
    return PostId(int_param(request, "post_id"))


def _fault(invalid: Invalid) -> str:
    """Return the code of a fault of the whole form, nothing when its fields say what is wrong."""
    return "" if invalid.fields else invalid.code
