"""Posts: replying, editing with what stood before, deleting and bringing back one's own, and the permanent link."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field

from forum.domain import access, drafts, idempotency, kinds, permissions, posts, references, topics
from forum.domain.access import EditGrant
from forum.domain.drafts import Draft, Place
from forum.domain.entities import BODY_LIMIT, Post, PostId, Revision, Topic, TopicId
from forum.domain.kinds import Kind
from forum.domain.permissions import Verdict
from forum.domain.posts import Replied, Reply
from forum.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound, RateLimited
from forum.i18n import languages
from forum.keys import ACTOR, DB, TRANSLATOR, VISIT
from forum.markup import Rendered
from forum.web import drafting, field_views, fragments, kind_forms, problem_json, writing
from forum.web.drafting import NUMBER_LIMIT, Number, OptionalNumber, Writing
from forum.web.field_views import Change, SectionView
from forum.web.flash import flash
from forum.web.forms import (
    Form,
    FormState,
    Line,
    RequiredText,
    int_param,
    query_param,
    state_of,
)
from forum.web.kind_forms import Offer
from forum.web.locations import page_of, post_url, to_post
from forum.web.pages import Page, render, render_fragment
from forum.web.post_views import PostView, view
from forum.web.ratelimit import count_post, count_post_at_once
from forum.web.verdicts import require

_REVISION: Final = re.compile(r"[0-9]{1,9}")


class ReplyForm(Form):
    """`reply_to` is the number of the post that is answered, within the same topic.

    `last_number` is that of the last post on the page the form stands on, so that a reply is shown there only when
    nobody's post comes before it.
    """

    body: Annotated[RequiredText, Field(max_length=BODY_LIMIT)]
    reply_to: Number | None = None
    last_number: OptionalNumber = None
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""


class EditForm(Form):
    """Of a reply; a topic's first post has the form of its kind."""

    body: Annotated[RequiredText, Field(max_length=BODY_LIMIT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyPage(Page):
    template: ClassVar[str] = "posts/new.html"
    topic: Topic
    answered: Post | None
    writing: Writing
    form: FormState
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPage(Page):
    template: ClassVar[str] = "posts/edit.html"
    topic: Topic
    post: Post
    kind: Kind
    """Of the topic, where the post is its first; else a plain one."""
    offer: Offer
    labels: Mapping[str, str]
    revision: int | None
    is_changed: bool
    """Whether it was changed elsewhere since the form was opened: what stands is shown beside what was typed."""
    languages: list[tuple[str, str]]
    """Those the topic can be said to be in; none where a program said another."""
    preview: list[SectionView]
    writing: Writing
    form: FormState
    problem: str


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
    revisions: list[tuple[Revision, list[Change]]]
    """Each with what changed in the fields since the version before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPage(Page):
    template: ClassVar[str] = "posts/refused.html"
    topic: Topic
    code: str
    form: FormState
    is_edit: bool
    is_draft_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedPage(Page):
    """A reply alone, as the page of its topic shows it."""

    template: ClassVar[str] = "posts/created.html"
    topic: Topic
    view: PostView
    reply_count: int
    can_reply: Verdict


# Replying ----------------------------------------------------------------------------------------


async def new(request: web.Request) -> web.Response:
    """Show the form for a reply; `?reply_to=` is the number of the post that is answered."""
    return await _new(request, None, number=_number(query_param(request, "reply_to")))


async def create(request: web.Request) -> web.Response:
    topic_id = TopicId(int_param(request, "topic_id"))
    try:
        return await _create(request, topic_id, drafts.of_topic(topic_id))
    except Forbidden as refusal:
        async with request.app[DB].read() as conn:
            topic = (await access.topic_to_read(conn, request[ACTOR], topic_id)).topic
        return await _refused(request, topic, drafts.of_topic(topic_id), refusal)


async def _create(request: web.Request, topic_id: TopicId, place: Place) -> web.Response:
    sent = await request.post()
    try:
        match drafting.act_of(sent):
            case "preview":
                return await _again(request, Invalid({}), preview=await drafting.preview(request, sent), status=200)
            case "draft":
                return await drafting.save(request, place)
            case "publish":
                form = ReplyForm.parse(sent)
                topic, reply, post = await _reply(request, topic_id, form)
    except (Invalid, RateLimited) as fault:
        return await _told(request, fault) if fragments.wanted(request) else await _again(request, fault)
    if post:
        return await _created(request, topic, post, reply.reply_count, form.last_number or post.number - 1)
    return to_post(request, topic_id, topic.slug, reply.number, "reply.published")


async def _reply(request: web.Request, topic_id: TopicId, form: ReplyForm) -> tuple[Topic, Replied, Post | None]:
    """Publish the reply; its draft goes with it. A script is shown the post, so that is read again for it."""
    actor = request[ACTOR]
    answered = await _answered(request, topic_id, form.reply_to)
    rendered = await writing.rendered(request, form.body)
    said = Reply(form.body, rendered, answered.id if answered else None, _key(form, topic_id), ends_draft=True)
    if (visit := request.get(VISIT)) is None:
        raise NotFound
    early = access.topic_to_reply_at_once(visit.grant, visit.foundations)
    await count_post_at_once(request)
    topic = early.topic
    async with request.app[DB].once() as once:
        reply = await posts.reply_at_once(once, early, said)
    if reply is None:
        async with request.app[DB].write() as tx:
            grant = await access.topic_to_reply(tx, actor, topic_id)
            topic, reply = grant.topic, await posts.reply(tx, grant, said)
    if not fragments.wanted(request):
        return topic, reply, None
    async with request.app[DB].read() as conn:
        return topic, reply, await posts.replied(conn, actor, reply)


async def _created(request: web.Request, topic: Topic, post: Post, reply_count: int, shown: int) -> web.Response:
    """Answer a script with the new post, or with its address where it does not follow the last post shown."""
    if post.number != shown + 1 or page_of(post.number) != page_of(shown):
        response = web.Response(text="", content_type="text/html", charset="utf-8")
        response.headers["X-Location"] = post_url(request.app, post.topic_id, topic.slug, post.number)
        flash(request, response, "reply.published")
    else:
        page = CreatedPage(
            topic=topic,
            view=view(request[ACTOR], topic, post),
            reply_count=reply_count,
            can_reply=permissions.can_reply_topic(topic),
        )
        response = await render_fragment(request, page, status=201)
    response.headers["X-Post-Id"] = str(post.id)
    response.headers["X-Idempotency-Key"] = uuid4().hex
    return response


async def _told(request: web.Request, fault: Invalid | RateLimited) -> web.Response:
    """Tell a script what is wrong, with a fresh key where the old one stands for other words."""
    response = await fragments.notice(request, fault)
    if fault.code == "idempotency_mismatch":
        response.headers["X-Idempotency-Key"] = uuid4().hex
    return response


async def _again(
    request: web.Request, fault: Invalid | RateLimited, *, preview: Rendered | None = None, status: int | None = None
) -> web.Response:
    """Show the form again with what was typed."""
    invalid = fault if isinstance(fault, Invalid) else Invalid({}, fault.code)
    state = await state_of(request, invalid)
    number = None if "reply_to" in invalid.fields else _number(state.value("reply_to"))
    problem = "" if preview else _fault(invalid)
    response = await _new(
        request, state, number=number, problem=problem, preview=preview, status=status or fault.status
    )
    problem_json.retry_after(response, fault)
    return response


async def _refused(request: web.Request, topic: Topic, place: Place, refusal: Forbidden) -> web.Response:
    """Say why nothing is published, and keep the words: the topic may have been locked while they were written."""
    is_kept = await drafting.rescue(request, place)
    if fragments.wanted(request):
        return await fragments.notice(request, refusal, is_draft_kept=is_kept)
    page = RefusedPage(
        topic=topic,
        code=refusal.code,
        form=await state_of(request, Invalid({})),
        is_edit=place.startswith("post:"),
        is_draft_kept=is_kept,
    )
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
    request: web.Request,
    form: FormState | None,
    *,
    number: int | None,
    problem: str = "",
    preview: Rendered | None = None,
    status: int = 200,
) -> web.Response:
    """Show the form for a reply, as it was typed or, where `form` is None, as its draft says."""
    topic_id = TopicId(int_param(request, "topic_id"))
    place = drafts.of_topic(topic_id)
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], topic_id)
        draft = await drafts.find(conn, request[ACTOR].member_id, place) if form is None else None
    require(permissions.can_reply_topic(grant.topic))
    page = ReplyPage(
        topic=grant.topic,
        answered=await _answered(request, topic_id, number or drafting.answers(draft, grant.topic)),
        writing=Writing(place, draft, preview, grant.topic.can_attach),
        form=form or drafting.state_of_draft(draft),
        problem=problem,
    )
    return await render(request, page, status=status)


def _number(text: str) -> int | None:
    """Return the number of a post from an address or a field, None when there is none."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) <= NUMBER_LIMIT):
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
        kind = kinds.of(grant.topic.kind)
        names = await references.names(conn, [(kind.code, revision.fields or {}) for revision in listed])
    words, zone = request[TRANSLATOR], ZoneInfo(grant.actor.zone)
    before = [revision.fields or {} for revision in listed[1:]]
    compared = [
        (revision, field_views.changes(kind, older, revision.fields or {}, names, words, zone))
        for revision, older in zip(listed, [*before, listed[-1].fields or {}], strict=True)
    ]
    return await render(request, RevisionsPage(topic=grant.topic, post=grant.post, revisions=compared))


# Editing -----------------------------------------------------------------------------------------


async def edit(request: web.Request) -> web.Response:
    return await _edit(request, None)


async def update(request: web.Request) -> web.Response:
    post_id = _post_id(request)
    try:
        return await _update(request, post_id, drafts.of_post(post_id))
    except Forbidden as refusal:
        async with request.app[DB].read() as conn:
            topic = (await access.post_to_read(conn, request[ACTOR], post_id)).topic
        return await _refused(request, topic, drafts.of_post(post_id), refusal)


async def _update(request: web.Request, post_id: PostId, place: Place) -> web.Response:
    sent = await request.post()
    try:
        match drafting.act_of(sent):
            case "preview":
                edited = await _edited(request, post_id)
                shown = await drafting.preview_of(request, edited.body) if edited.body else None
                return await _edit(request, await state_of(request, Invalid({})), preview=shown, edited=edited)
            case "draft":
                return await drafting.save(request, place)
            case "publish":
                form = await _edited(request, post_id)
                grant, post = await _rewrite(request, post_id, form)
    except Invalid as invalid:
        return await _edit(request, await state_of(request, invalid), problem=_fault(invalid), status=422)
    except RateLimited as limited:
        state = await state_of(request, Invalid({}))
        response = await _edit(request, state, problem=limited.code, status=limited.status)
        problem_json.retry_after(response, limited)
        return response
    except Conflict as conflict:
        return await _edit(request, await state_of(request, Invalid({})), problem=conflict.code, status=conflict.status)
    slug = topics.slug_of(form.title) if form.title and post.number == 1 else grant.topic.slug
    return to_post(request, post.topic_id, slug, post.number, "post.edited")


@dataclass(frozen=True, slots=True)
class _Edited:
    """What the form for an edit says; None leaves what stands."""

    title: str | None
    body: str
    fields: kinds.Values | None
    tags: list[str] | None
    language: str | None
    revision: int | None
    """What `revision_count` was when the form was opened; None where it does not say."""


async def _edited(request: web.Request, post_id: PostId) -> _Edited:
    """Return what the form says; with the first post it is asked for what the topic says beside it."""
    sent = await request.post()
    revision = _revision(sent)
    async with request.app[DB].read() as conn:
        grant = await access.post_to_read(conn, request[ACTOR], post_id)
    if grant.post.number > 1:
        return _Edited(None, EditForm.parse(sent).body, None, None, None, revision)
    said = kind_forms.read(kinds.of(grant.topic.kind), sent)
    fields = said.kind.unchanged(said.fields, grant.topic.fields)
    language = (said.language or "") if "language" in sent else None
    return _Edited(said.title, said.body, fields, said.tags, language, revision)


def _revision(sent: Mapping[str, object]) -> int | None:
    found = sent.get("revision")
    return int(found) if isinstance(found, str) and _REVISION.fullmatch(found) else None


async def _rewrite(request: web.Request, post_id: PostId, form: _Edited) -> tuple[EditGrant, Post]:
    """Save the changes; their draft goes with it."""
    actor = request[ACTOR]
    rendered = await writing.rendered(request, form.body)
    async with request.app[DB].write() as tx:
        grant = await access.post_to_edit(tx, actor, post_id)
        await count_post(request, tx)
        post = await posts.edit(
            tx,
            grant,
            body=form.body,
            rendered=rendered,
            title=form.title,
            fields=form.fields,
            tags=form.tags,
            language=form.language,
            revision=form.revision,
        )
        await drafts.delete(tx, actor.member_id, drafts.of_post(post_id))
    return grant, post


async def _edit(
    request: web.Request,
    form: FormState | None,
    *,
    problem: str = "",
    preview: Rendered | None = None,
    edited: _Edited | None = None,
    status: int = 200,
) -> web.Response:
    """Show the form for an edit, as it was typed or, where `form` is None, as its draft or else the post says."""
    post_id = _post_id(request)
    place = drafts.of_post(post_id)
    async with request.app[DB].read() as conn:
        grant = await access.post_to_read(conn, request[ACTOR], post_id)
        draft = await drafts.find(conn, request[ACTOR].member_id, place) if form is None else None
        kind = kinds.of(grant.topic.kind if grant.post.number == 1 else kinds.DEFAULT.code)
        previewed = edited.fields or {} if edited else {}
        names = await references.names(conn, [(kind.code, previewed)])
    actor, topic, post = grant.actor, grant.topic, grant.post
    require(permissions.can_edit_post(actor, topic, post))
    said = {"title": topic.title, "body": post.body, "tags": ", ".join(topic.tags), "language": topic.language or ""}
    stands = said | kind.write(topic.fields)
    is_changed = problem == posts.CHANGED
    only = kind_forms.nameable(actor, topic.fields, can_moderate=topic.can_moderate)
    page = EditPage(
        topic=topic,
        post=post,
        kind=kind,
        offer=await kind_forms.offer(request, kind, only=only) if post.number == 1 else Offer(),
        labels=kind_forms.labels(request, kind),
        revision=_opened(post, draft) if form is None or is_changed else _revision(form.values),
        is_changed=is_changed,
        languages=list(languages().items()) if (topic.language or "") in {"", *languages()} else [],
        preview=field_views.sections(kind, previewed, names, request[TRANSLATOR], ZoneInfo(actor.zone)),
        writing=Writing(place, draft, preview, topic.can_attach),
        form=form or drafting.state_of_draft(draft, _without_choices(kind, stands) if draft else stands),
        problem=problem,
    )
    return await render(request, page, status=status)


def _opened(post: Post, draft: Draft | None) -> int:
    """Return which revision a form starts from: one before, where its draft was kept before the post was changed."""
    is_older = draft is not None and post.edited_at is not None and draft.updated_at < post.edited_at
    return post.revision_count - is_older


def _without_choices(kind: Kind, stands: dict[str, str]) -> dict[str, str]:
    """Return what a draft is laid over: what it leaves out of its fields was taken out of them."""
    inputs = {field.name for field in kind}
    return {name: value for name, value in stands.items() if name.partition(".")[0] not in inputs}


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
