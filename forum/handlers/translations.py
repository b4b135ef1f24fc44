"""A topic in a second language: its author writes it beside the original."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field

from forum.domain import access, kinds, permissions, posts, translations
from forum.domain.access import ReadGrant
from forum.domain.entities import BODY_LIMIT, TITLE_LIMIT, Post, Topic, TopicId
from forum.domain.kinds.fields import Fault, Text
from forum.domain.translations import Translation, Words
from forum.errors import Detailed, Invalid, NotFound, RateLimited
from forum.i18n import languages
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web import field_views, problem_json, writing
from forum.web.field_views import FieldView
from forum.web.forms import Form, FormState, RequiredLine, int_param, state_of, typed
from forum.web.forms import Text as LongText
from forum.web.locations import to_topic
from forum.web.pages import Page, render
from forum.web.ratelimit import count_post
from forum.web.verdicts import require

_BESIDE: Final = frozenset({"title", "body"})


class TranslationForm(Form):
    """What every translation has; the texts of the topic's fields stand beside it by their names."""

    title: Annotated[RequiredLine, Field(max_length=TITLE_LIMIT)]
    body: Annotated[LongText, Field(max_length=BODY_LIMIT)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationPage(Page):
    template: ClassVar[str] = "translations/edit.html"
    topic: Topic
    post: Post
    into: str
    """The code of the language it is translated into."""
    into_name: str
    original_name: str
    texts: list[Text]
    original: list[FieldView]
    form: FormState
    labels: Mapping[str, str]
    problem: str
    is_there: bool
    is_outdated: bool


async def edit(request: web.Request) -> web.Response:
    return await _edit(request, None)


async def update(request: web.Request) -> web.Response:
    grant, first, language = await _original(request)
    try:
        words = await _words(request, grant.topic, first)
        original = await writing.rendered(request, first.body)
        async with request.app[DB].write() as tx:
            to_edit = await access.first_post_to_edit(tx, request[ACTOR], grant.topic.id)
            await count_post(request, tx)
            await translations.write(tx, to_edit, language, words, original=original, body=first.body)
    except Invalid as invalid:
        return await _edit(request, await state_of(request, invalid), status=invalid.status)
    except RateLimited as limited:
        state = await state_of(request, Invalid({}))
        response = await _edit(request, state, problem=limited.code, status=limited.status)
        problem_json.retry_after(response, limited)
        return response
    return to_topic(request, to_edit.topic, "topic.translated")


async def delete(request: web.Request) -> web.Response:
    grant, first, language = await _original(request)
    original = await writing.rendered(request, first.body)
    async with request.app[DB].write() as tx:
        to_edit = await access.first_post_to_edit(tx, request[ACTOR], grant.topic.id)
        await translations.delete(tx, to_edit, language, original=original, body=first.body)
    return to_topic(request, to_edit.topic, "topic.untranslated")


async def _original(request: web.Request) -> tuple[ReadGrant, Post, str]:
    """Return what is translated, with its first post, and into which language; NotFound for one that it cannot be."""
    language = request.match_info["language"]
    async with request.app[DB].read() as conn:
        grant = await access.topic_to_read(conn, request[ACTOR], TopicId(int_param(request, "topic_id")))
        if language not in languages():
            raise NotFound
        require(permissions.can_edit_topic(grant.actor, grant.topic))
        if language not in translations.offered(grant.topic):
            raise NotFound
        (first,) = await posts.list_after(conn, grant, number=0, limit=1)
    return grant, first, language


async def _words(request: web.Request, topic: Topic, first: Post) -> Words:
    """Return what the form says; raise Invalid with the faults of all its fields."""
    sent = dict(typed(await request.post()))
    faults: dict[str, tuple[str, ...]] = {}
    fields: dict[str, str] = {}
    form = TranslationForm.model_construct(title="", body="")
    try:
        form = TranslationForm.parse({name: value for name, value in sent.items() if name in _BESIDE})
    except Invalid as invalid:
        faults |= invalid.fields
    for field in translations.texts(topic):
        try:
            if value := field.read(sent):
                fields[field.name] = value
        except Fault as fault:
            faults[field.name] = (fault.code,)
    if len(form.title) > (limit := kinds.of(topic.kind).title_limit):
        faults["title"] = (Detailed("too_long", limit=limit, length=len(form.title)),)
    if first.body.strip() and not form.body.strip() and "body" not in faults:
        faults["body"] = ("required",)
    if faults:
        raise Invalid(faults)
    return Words(form.title, form.body, await writing.rendered(request, form.body), fields)


async def _edit(request: web.Request, form: FormState | None, *, problem: str = "", status: int = 200) -> web.Response:
    """Show the form, as it was typed or, where `form` is None, with what stands."""
    grant, first, language = await _original(request)
    async with request.app[DB].read() as conn:
        found = await translations.translation(conn, grant, language)
    topic, words, texts = grant.topic, request[TRANSLATOR], translations.texts(grant.topic)
    kind, zone = kinds.of(topic.kind), ZoneInfo(grant.actor.zone)
    page = TranslationPage(
        topic=topic,
        post=first,
        into=language,
        into_name=words.language_name(language),
        original_name=words.language_name(topic.language or ""),
        texts=texts,
        original=[field_views.view(field, topic.fields[field.name], {}, words, zone) for field in texts],
        form=form or FormState(_stands(found)),
        labels={
            "title": words.gettext("Title"),
            **{field.name: words.gettext(field.label) for field in texts},
            "body": words.gettext(kind.body_label or "Text"),
        },
        problem=problem,
        is_there=found is not None,
        is_outdated=found is not None and found.is_outdated,
    )
    return await render(request, page, status=status)


def _stands(found: Translation | None) -> dict[str, str]:
    return {**found.fields, "title": found.title, "body": found.body} if found else {}
