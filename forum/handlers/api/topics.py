"""Topics: starting, reading, changing and deleting one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from aiohttp import web

from forum.domain import access, interests, kinds, posts, topics
from forum.domain.entities import TopicId
from forum.domain.kinds import Kind
from forum.errors import Conflict, Detailed, Invalid
from forum.handlers.api import answers, bodies, models, topic_models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web import writing
from forum.web.forms import int_param
from forum.web.kind_forms import list_tags
from forum.web.ratelimit import count_post


@call(
    mark("Start a topic"),
    takes=topic_models.NewTopic,
    answers=models.StartedTopic,
    creates="api.topics.show",
    refuses=(403, 404, 409),
)
async def create(request: web.Request, sent: topic_models.NewTopic) -> models.StartedTopic:
    key = bodies.read_key(request, "api.topics.create", sent.model_dump_json())
    kind = kinds.of(sent.kind)
    fields = _checked(kind, sent.title, sent.fields)
    tags = list_tags(sent.tags)
    rendered = await writing.rendered(request, sent.body)
    with _of_fields(kind):
        async with request.app[DB].write() as tx:
            grant = await access.category_to_start(tx, request[ACTOR], sent.category)
            await count_post(request, tx)
            started = await topics.start(
                tx,
                grant,
                title=sent.title,
                body=sent.body,
                rendered=rendered,
                language=fields.get("language", sent.language),
                is_internal=sent.internal,
                key=key,
                kind=kind.code,
                fields=fields,
                tags=tags,
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
        return answers.topic(request, grant.topic, await interests.meter(conn, grant.topic))


@call(
    mark("Change a topic's title, fields, tags, language (its author) or its mark “internal” (or a moderator)"),
    takes=topic_models.TopicChange,
    answers=models.Topic,
    refuses=(403, 404, 409),
)
async def update(request: web.Request, change: topic_models.TopicChange) -> models.Topic:
    actor, topic_id = request[ACTOR], _topic_id(request)
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, actor, topic_id)
        (first,) = await posts.list_after(conn, grant, number=0, limit=1)
    # The words a topic is found by are those of its title and first text, so both are written anew together.
    rendered = await writing.rendered(request, first.body)
    kind, tags = kinds.of(grant.topic.kind), None if change.tags is None else list_tags(change.tags)
    with _of_fields(kind):
        async with request.app[DB].write() as tx:
            if (change.title, change.fields, tags, change.language) != (None, None, None, None):
                to_edit = await access.first_post_to_edit(tx, actor, topic_id)
                await count_post(request, tx)
                if to_edit.post.body != first.body:
                    raise Conflict
                title = change.title or to_edit.topic.title
                fields = None
                if change.fields is not None:
                    stood = {name: value for name, value in to_edit.topic.fields.items() if name in kind.typed}
                    fields = _checked(kind, title, stood | change.fields)
                elif len(title) > kind.title_limit:
                    raise Invalid({"title": (Detailed("too_long", limit=kind.title_limit, length=len(title)),)})
                await posts.edit(
                    tx,
                    to_edit,
                    body=first.body,
                    rendered=rendered,
                    title=title,
                    fields=fields,
                    tags=tags,
                    language=change.language,
                )
            if change.internal is not None:
                to_mark = await access.topic_to_mark_internal(tx, actor, topic_id)
                await count_post(request, tx)
                await topics.mark_internal(tx, to_mark, change.internal)
            changed = await access.topic_to_read(tx, actor, topic_id)
            return answers.topic(request, changed.topic, await interests.meter(tx, changed.topic))


def _checked(kind: Kind, title: str, sent: Mapping[str, object]) -> kinds.Values:
    """Return the fields that were sent as they are kept, or raise Invalid with all that is wrong with the topic."""
    faults: dict[str, tuple[str, ...]] = {}
    values: kinds.Values = {}
    try:
        values = kind.check(sent)
    except Invalid as invalid:
        faults = {f"fields.{name}": codes for name, codes in invalid.fields.items()}
    if len(title) > kind.title_limit:
        faults["title"] = ("too_long",)
    if faults:
        raise Invalid(faults)
    return values


@contextmanager
def _of_fields(kind: Kind) -> Iterator[None]:
    """Tell faults of the fields that the domain finds as those of `fields`."""
    try:
        yield
    except Invalid as invalid:
        names = {field.name for field in kind}
        told = {f"fields.{name}" if name in names else name: codes for name, codes in invalid.fields.items()}
        raise Invalid(told, invalid.code) from None


@call(mark("Delete a topic of one's own that nobody has replied to"), refuses=(403, 404, 409))
async def delete(request: web.Request) -> None:
    async with request.app[DB].write() as tx:
        grant = await access.topic_to_delete(tx, request[ACTOR], _topic_id(request))
        await topics.delete(tx, grant)


def _topic_id(request: web.Request) -> TopicId:
    return TopicId(int_param(request, "id"))
