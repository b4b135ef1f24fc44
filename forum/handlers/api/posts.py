"""Posts: reading a topic in order, replying, editing and deleting one's own, and what a post said before."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, pages, posts
from forum.domain.entities import PostId, TopicId
from forum.domain.posts import Reply
from forum.handlers.api import answers, bodies, models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web import writing
from forum.web.forms import int_param
from forum.web.ratelimit import count_post


@call(mark("List the posts of a topic in order"), takes=models.PostsQuery, answers=models.Posts, refuses=(404,))
async def index(request: web.Request, query: models.PostsQuery) -> models.Posts:
    after = query.after
    if query.cursor:
        (last,) = pages.decode(query.cursor, int)
        after = min(max(after, last), models.INT4)
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], TopicId(int_param(request, "id")))
    found = await request.app[DB].browse(
        lambda conn: posts.list_after(conn, grant, number=after, limit=query.limit + 1)
    )
    page = pages.cut(found, query.limit, lambda post: (post.number,))
    return models.Posts(items=[answers.post(request, post) for post in page.items], next=page.next)


@call(
    mark("Reply in a topic"),
    takes=models.NewPost,
    answers=models.CreatedPost,
    creates="api.posts.show",
    refuses=(403, 404, 409),
)
async def create(request: web.Request, sent: models.NewPost) -> models.CreatedPost:
    actor, topic_id = request[ACTOR], TopicId(int_param(request, "id"))
    key = bodies.read_key(request, "api.posts.create", str(topic_id), sent.model_dump_json())
    rendered = await writing.rendered(request, sent.body)
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_reply(tx, actor, topic_id)
        await count_post(request, tx)
        reply_to = None if sent.reply_to is None else PostId(sent.reply_to)
        reply = await posts.reply(tx, grant, Reply(sent.body, rendered, reply_to, key))
        post = await posts.replied(tx, actor, reply)
    return models.CreatedPost(
        id=post.id,
        number=post.number,
        html=writing.shown(request.app, post.html),
        url=answers.post_url(request, post.id),
    )


@call(mark("Show a post"), answers=models.Post, refuses=(404,))
async def show(request: web.Request) -> models.Post:
    async with request.app[DB].read() as conn:
        grant = await access.post_to_read(conn, request[ACTOR], _post_id(request))
    return answers.post(request, grant.post)


@call(
    mark("Change a post of one's own"),
    takes=models.PostChange,
    answers=models.Post,
    refuses=(403, 404, 409),
)
async def update(request: web.Request, change: models.PostChange) -> models.Post:
    post_id = _post_id(request)
    rendered = await writing.rendered(request, change.body)
    async with request.app[DB].write() as tx:
        grant = await access.post_to_edit(tx, request[ACTOR], post_id)
        await count_post(request, tx)
        post = await posts.edit(tx, grant, body=change.body, rendered=rendered, title=None)
    return answers.post(request, post)


@call(mark("Delete a reply of one's own"), refuses=(403, 404, 409))
async def delete(request: web.Request) -> None:
    async with request.app[DB].write() as tx:
        grant = await access.post_to_delete(tx, request[ACTOR], _post_id(request))
        await posts.delete(tx, grant)


@call(mark("List what a post said, newest first"), takes=models.PageQuery, answers=models.Revisions, refuses=(403, 404))
async def list_revisions(request: web.Request, query: models.PageQuery) -> models.Revisions:
    async with request.app[DB].read() as conn:
        grant = await access.post_to_read(conn, request[ACTOR], _post_id(request))
        found = await posts.list_revisions(conn, grant)
    items, following = answers.cut(found, query, lambda revision: revision.number)
    return models.Revisions(items=[answers.revision(revision) for revision in items], next=following)


def _post_id(request: web.Request) -> PostId:
    return PostId(int_param(request, "id"))
