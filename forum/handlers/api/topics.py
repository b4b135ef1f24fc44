"""Topics: starting, reading, changing and deleting one."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, posts, topics
from forum.domain.entities import TopicId
from forum.errors import Conflict
from forum.handlers.api import answers, bodies, models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web import writing
from forum.web.forms import int_param
from forum.web.ratelimit import count_post


@call(
    mark("Start a topic"),
    takes=models.NewTopic,
    answers=models.StartedTopic,
    creates="api.topics.show",
    refuses=(403, 404, 409),
)
async def create(request: web.Request, sent: models.NewTopic) -> models.StartedTopic:
    key = bodies.read_key(request, "api.topics.create", sent.model_dump_json())
    rendered = await writing.rendered(request, sent.body)
    async with request.app[DB].write() as tx:
        grant = await access.category_to_start(tx, request[ACTOR], sent.category)
        await count_post(request, tx)
        started = await topics.start(
            tx,
            grant,
            title=sent.title,
            body=sent.body,
            rendered=rendered,
            language=sent.language,
            is_internal=sent.internal,
            key=key,
        )
    return models.StartedTopic(
        id=started.topic_id,
        slug=started.slug,
        url=answers.topic_url(request, started.topic_id, started.slug),
        first_post_id=started.first_post_id,
    )


@call(mark("Show a topic"), answers=models.Topic, refuses=(404,))
async def show(request: web.Request) -> models.Topic:
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], _topic_id(request))
    return answers.topic(request, grant.topic)


@call(
    mark("Change a topic's title (its author) or its mark “internal” (its author or a moderator)"),
    takes=models.TopicChange,
    answers=models.Topic,
    refuses=(403, 404, 409),
)
async def update(request: web.Request, change: models.TopicChange) -> models.Topic:
    actor, topic_id = request[ACTOR], _topic_id(request)
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, actor, topic_id)
        (first,) = await posts.list_after(conn, grant, number=0, limit=1)
    # The words a topic is found by are those of its title and first text, so both are written anew together.
    rendered = await writing.rendered(request, first.body)
    async with request.app[DB].write() as tx:
        if change.title is not None:
            to_edit = await access.first_post_to_edit(tx, actor, topic_id)
            await count_post(request, tx)
            if to_edit.post.body != first.body:
                raise Conflict
            await posts.edit(tx, to_edit, body=first.body, rendered=rendered, title=change.title)
        if change.internal is not None:
            to_mark = await access.topic_to_mark_internal(tx, actor, topic_id)
            await count_post(request, tx)
            await topics.mark_internal(tx, to_mark, change.internal)
        changed = await access.topic_to_read(tx, actor, topic_id)
    return answers.topic(request, changed.topic)


@call(mark("Delete a topic of one's own that nobody has replied to"), refuses=(403, 404, 409))
async def delete(request: web.Request) -> None:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_delete(tx, request[ACTOR], _topic_id(request))
        await topics.delete(tx, grant)


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "id"))
