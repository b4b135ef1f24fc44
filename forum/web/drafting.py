"""What the forms for a text share: the words typed in them, the draft they are filled from, and what else they can do.

A form publishes unless a button says otherwise: show what it will look like, or keep it as a draft. Whose form it is,
and what publishing means, is said by the handlers of topics and posts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from aiohttp import web
from multidict import MultiDictProxy
from pydantic import BeforeValidator, Field
from yarl import URL

from forum.characters import CONTROL, FORBIDDEN, is_piled
from forum.domain import drafts, kinds
from forum.domain.drafts import Draft, Place, Words
from forum.domain.entities import BODY_LIMIT, NAME_LIMIT, TITLE_LIMIT, Topic
from forum.errors import BadRequest, Invalid, RateLimited
from forum.keys import ACTOR, DB
from forum.markup import Rendered
from forum.web import writing
from forum.web.flash import flash
from forum.web.forms import Form, FormState, Line, RequiredText, Text
from forum.web.ratelimit import count_draft, count_preview
from forum.web.urls import redirect, url_for

NUMBER_LIMIT: Final = 2**31 - 1
"""The database counts the posts of a topic in four bytes."""

_BESIDE: Final = frozenset({"tags", "language"})
"""What a draft keeps of a form beside title, text and the fields of the kind."""

Sent = Mapping[str, object] | MultiDictProxy[str | web.FileField]
Number = Annotated[int, Field(ge=1, le=NUMBER_LIMIT)]
OptionalNumber = Annotated[Number | None, BeforeValidator(lambda value: None if value == "" else value)]


class ActForm(Form):
    action: Literal["publish", "preview", "draft"] = "publish"


class BodyForm(Form):
    """What a preview is made of."""

    body: Annotated[RequiredText, Field(max_length=BODY_LIMIT)]


class WordsForm(Form):
    """Words as they stand, finished or not."""

    title: Annotated[Line, Field(max_length=TITLE_LIMIT)] = ""
    body: Annotated[Text, Field(max_length=BODY_LIMIT)] = ""
    reply_to: OptionalNumber = None


@dataclass(frozen=True, slots=True)
class Writing:
    """What a form for a text shows beside its fields: its place, the draft that filled it, how it will look, whether
    files may be attached there.
    """

    place: Place
    draft: Draft | None = None
    preview: Rendered | None = None
    can_attach: bool = False


def kind_of(sent: Sent) -> str:
    """Return the code of the kind of topic that a form is for, a plain one where it names none; raise BadRequest."""
    code = sent.get("kind") or kinds.DEFAULT.code
    if not isinstance(code, str) or code not in kinds.KINDS:
        raise BadRequest("bad_value")
    return code


def act_of(sent: Sent) -> Literal["publish", "preview", "draft"]:
    """Return what the button that was pressed asks for."""
    return ActForm.parse(sent).action


def words_of(place: Place, sent: Sent) -> Words:
    """Return the words of a form, or raise Invalid."""
    form = WordsForm.parse(sent)
    return Words(place, form.title, form.body, form.reply_to, _fields_of(sent))


def _fields_of(sent: Sent) -> dict[str, str]:
    """Return what was typed in the fields of a kind, or raise Invalid: it is kept as it is, and only for its writer."""
    typed = {name: value for name, value in sent.items() if isinstance(value, str) and name in _BESIDE}
    typed |= kinds.typed({name: value for name, value in sent.items() if isinstance(value, str)})
    if sum(len(name) + len(value) for name, value in typed.items()) > drafts.FIELDS_LIMIT:
        raise Invalid({"body": ("too_long",)})
    for name, value in typed.items():
        if len(name) > NAME_LIMIT or CONTROL.search(name) or FORBIDDEN.search(value) or is_piled(value):
            raise Invalid({name if len(name) <= NAME_LIMIT else "body": ("bad_characters",)})
    return typed


async def preview(request: web.Request, sent: Sent) -> Rendered:
    """Return what the text of a form will look like; nothing is stored. Raise Invalid or RateLimited."""
    return await preview_of(request, BodyForm.parse(sent).body)


async def preview_of(request: web.Request, body: str) -> Rendered:
    """Return what a text that was checked will look like. Raise RateLimited."""
    await count_preview(request)
    return await writing.rendered(request, body)


async def save(request: web.Request, place: Place) -> web.Response:
    """Keep the words of a form as the draft of its place, and answer 303 to the form. Raise Invalid or RateLimited."""
    words = words_of(place, await request.post())
    await count_draft(request)
    async with request.app[DB].write() as tx:
        await drafts.save(tx, request[ACTOR].member_id, words)
    response = redirect(form_url(request.app, place))
    flash(request, response, "draft.discarded" if words.are_empty else "draft.saved")
    return response


async def rescue(request: web.Request, place: Place) -> bool:
    """Keep the words of a form that was refused, as far as they can be kept, and say whether they were."""
    try:
        words = words_of(place, await request.post())
    except Invalid:
        return False
    if words.are_empty:
        return False
    try:
        await count_draft(request)
    except RateLimited:
        return False
    async with request.app[DB].write() as tx:
        await drafts.save(tx, request[ACTOR].member_id, words)
    return True


def state_of_draft(draft: Draft | None, otherwise: Mapping[str, str] | None = None) -> FormState:
    """Return what a form shows at first: the draft where there is one, over what it would show else."""
    values = dict(otherwise or {})
    if draft is not None:
        values |= draft.fields
        values["body"] = draft.body
        values["title"] = draft.title or values.get("title", "")
    return FormState(values)


def answers(draft: Draft | None, topic: Topic) -> int | None:
    """Return the number of the post that a draft answers; it may name one that the topic does not have."""
    if draft is None or draft.reply_to is None or draft.reply_to > topic.post_count:
        return None
    return draft.reply_to


def form_url(app: web.Application, place: Place) -> URL:
    """Return the address of the form that a place names."""
    sort, _, name = place.partition(":")
    match sort:
        case "topic":
            return url_for(app, "posts.new", topic_id=name)
        case "post":
            return url_for(app, "posts.edit", post_id=name)
        case _:
            slug, _, kind = name.partition(":")
            return url_for(app, "topics.new", {"kind": kind} if kind else None, slug=slug)
