"""Topics: starting one, its pages with what may be done there, deleting and bringing back.

Replies and edits are the affair of `posts.py`; locks, pins and the internal mark have modules of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal
from uuid import uuid4

from aiohttp import web
from pydantic import Field

from forum.domain import access, idempotency, permissions, posts, reading, topics
from forum.domain.access import ReadGrant
from forum.domain.actors import Actor
from forum.domain.entities import (
    BODY_LIMIT,
    POSTS_A_PAGE,
    TITLE_LIMIT,
    Category,
    Post,
    Topic,
    TopicId,
    TopicNotice,
)
from forum.domain.permissions import Verdict
from forum.errors import Invalid, NotFound
from forum.i18n import languages
from forum.keys import ACTOR, DB
from forum.web import writing
from forum.web.forms import (
    Checkbox,
    Form,
    FormState,
    Line,
    RequiredLine,
    RequiredText,
    SpokenLanguage,
    int_param,
    page_param,
    query_param,
    state_of,
)
from forum.web.locations import page_of, to_post, to_topic
from forum.web.pages import Page, render
from forum.web.ratelimit import count_post
from forum.web.urls import redirect, see_other, url_for
from forum.web.verdicts import require


class TopicForm(Form):
    title: Annotated[RequiredLine, Field(max_length=TITLE_LIMIT)]
    body: Annotated[RequiredText, Field(max_length=BODY_LIMIT)]
    language: SpokenLanguage | Literal[""] = ""
    internal: Checkbox = False
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTopicPage(Page):
    template: ClassVar[str] = "topics/new.html"
    category: Category
    form: FormState
    problem: str
    idempotency_key: str
    languages: list[tuple[str, str]]
    title_limit: int = TITLE_LIMIT


@dataclass(frozen=True, slots=True)
class PostView:
    """A post as the topic's page shows it: what the reader may do with it, and what happened after it."""

    post: Post
    can_edit: Verdict
    can_delete: Verdict
    can_restore: Verdict
    can_read_body: Verdict
    is_first_unread: bool
    notices: tuple[TopicNotice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPage(Page):
    template: ClassVar[str] = "topics/show.html"
    topic: Topic
    posts: list[PostView]
    current: int
    count: int
    first_unread: int | None
    first_unread_page: int
    can_reply: Verdict
    can_moderate: Verdict
    can_mark_internal: Verdict
    can_delete: Verdict
    can_restore: Verdict
    form: FormState
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePage(Page):
    template: ClassVar[str] = "topics/delete.html"
    topic: Topic


# Starting ----------------------------------------------------------------------------------------


async def new(request: web.Request) -> web.Response:
    return await _new(request, FormState({"language": request[ACTOR].language}))


async def create(request: web.Request) -> web.Response:
    actor, slug = request[ACTOR], request.match_info["slug"]
    try:
        form = TopicForm.parse(await request.post())
        rendered = await writing.rendered(request, form.body)
        async with request.app[DB].write() as tx:
            grant = await access.category_to_start(tx, actor, slug)
            await count_post(request, tx)
            started = await topics.start(
                tx,
                grant,
                title=form.title,
                body=form.body,
                rendered=rendered,
                language=form.language or None,
                is_internal=form.internal,
                key=_key(form, slug),
            )
    except Invalid as invalid:
        return await _new(request, await state_of(request, invalid), problem=_fault(invalid), status=422)
    return to_post(request, started.topic_id, started.slug, 1, "topic.started")


def _key(form: TopicForm, slug: str) -> idempotency.Key | None:
    if not form.idempotency_key:
        return None
    said = (slug, form.title, form.body, form.language, str(form.internal))
    return idempotency.make(form.idempotency_key, "topics.start", *said)


async def _new(request: web.Request, form: FormState, *, problem: str = "", status: int = 200) -> web.Response:
    async with request.app[DB].read() as conn:
        grant = await access.category_to_start(conn, request[ACTOR], request.match_info["slug"])
    page = NewTopicPage(
        category=grant.category,
        form=form,
        problem=problem,
        idempotency_key=uuid4().hex,
        languages=list(languages().items()),
    )
    return await render(request, page, status=status)


# Reading -----------------------------------------------------------------------------------------


async def index(request: web.Request) -> web.Response:
    """Lead to the topic's page; with `?unread=1` to the first post that is new, or else to the last one."""
    wants_unread = query_param(request, "unread") == "1"
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
        number = await reading.first_unread(conn, grant) if wants_unread else None
    topic = grant.topic
    if wants_unread:
        return to_post(request, topic.id, topic.slug, number or topic.last_post_number)
    return see_other(request, "topics.show", topic_id=topic.id, slug=topic.slug)


async def show(request: web.Request) -> web.Response:
    current = page_param(request)
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
        topic = grant.topic
        if request.match_info["slug"] != topic.slug:
            return _to_canonical(request, topic, current)
        if current > page_of(topic.post_count):
            raise NotFound
        first_unread = await reading.first_unread(conn, grant)
        shown = await posts.list_page(conn, grant, current)
        first = (current - 1) * POSTS_A_PAGE + 1
        notices = await topics.list_notices(conn, grant, first=first, last=first + POSTS_A_PAGE - 1)
    if first_unread is not None and shown and first_unread <= shown[-1].number and _is_read_by_a_person(request):
        async with request.app[DB].write() as tx:
            await reading.mark_read(tx, grant.actor, topic.id, shown[-1].number)
    page = _page(grant, shown, notices, current=current, first_unread=first_unread)
    return await render(request, page)


def _to_canonical(request: web.Request, topic: Topic, current: int) -> web.Response:
    query = {"page": str(current)} if current > 1 else None
    return redirect(url_for(request.app, "topics.show", query, topic_id=topic.id, slug=topic.slug), 301)


def _page(
    grant: ReadGrant, shown: list[Post], notices: list[TopicNotice], *, current: int, first_unread: int | None
) -> TopicPage:
    actor, topic = grant.actor, grant.topic
    return TopicPage(
        topic=topic,
        posts=[_view(actor, topic, post, notices, first_unread) for post in shown],
        current=current,
        count=page_of(topic.post_count),
        first_unread=first_unread,
        first_unread_page=page_of(first_unread or 1),
        can_reply=permissions.can_reply_topic(topic),
        can_moderate=permissions.can_moderate_topic(topic),
        can_mark_internal=permissions.can_mark_topic_internal(actor, topic),
        can_delete=permissions.can_delete_topic(actor, topic),
        can_restore=permissions.can_restore_topic(actor, topic),
        form=FormState(),
        idempotency_key=uuid4().hex,
    )


def _view(actor: Actor, topic: Topic, post: Post, notices: list[TopicNotice], first_unread: int | None) -> PostView:
    return PostView(
        post=post,
        can_edit=permissions.can_edit_post(actor, topic, post),
        can_delete=permissions.can_delete_post(actor, topic, post),
        can_restore=permissions.can_restore_post(actor, topic, post),
        can_read_body=permissions.can_read_body(actor, post),
        is_first_unread=post.number == first_unread,
        notices=tuple(notice for notice in notices if notice.after_number == post.number),
    )


_PREFETCH: Final = ("Sec-Purpose", "Purpose", "X-Moz")


def _is_read_by_a_person(request: web.Request) -> bool:
    """Say whether somebody looks at the page: not a prefetch, an embedding or a question about the headers alone."""
    if request.method != "GET":
        return False
    if any("prefetch" in request.headers.get(name, "").lower() for name in _PREFETCH):
        return False
    return request.headers.get("Sec-Fetch-Dest", "document") == "document"


# Deleting ----------------------------------------------------------------------------------------


async def confirm(request: web.Request) -> web.Response:
    """Ask whether the topic is to be deleted."""
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
    require(permissions.can_delete_topic(grant.actor, grant.topic))
    return await render(request, DeletePage(topic=grant.topic))


async def delete(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_delete(tx, request[ACTOR], _topic_id(request))
        await topics.delete(tx, grant)
    return to_topic(request, grant.topic, "topic.deleted")


async def restore(request: web.Request) -> web.Response:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_restore(tx, request[ACTOR], _topic_id(request))
        await topics.restore(tx, grant)
    return to_topic(request, grant.topic, "topic.restored")


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "topic_id"))


def _fault(invalid: Invalid) -> str:
    """Return the code of a fault of the whole form, nothing when its fields say what is wrong."""
    return "" if invalid.fields else invalid.code
