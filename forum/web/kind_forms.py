"""The form for a topic of any kind: what its fields offer for choice, and what was sent in it as checked values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from aiohttp import web
from multidict import MultiDictProxy
from pydantic import Field

from forum import territories
from forum.characters import UNSEEN
from forum.domain import idempotency, kinds, references, themes
from forum.domain.actors import Actor
from forum.domain.entities import BODY_LIMIT, TAG_LIMIT, TAGS_A_TOPIC, TITLE_LIMIT, in_language
from forum.domain.kinds import Kind, Values
from forum.domain.kinds.fields import BRUSSELS, CLOSING_TIME, Countries, Organisation, SpokenLanguage, Themes, Value
from forum.errors import BadRequest, Detailed, Invalid
from forum.i18n import fold, zones
from forum.keys import DB, TRANSLATOR
from forum.web import choices
from forum.web.choices import Grouped
from forum.web.forms import Checkbox, Form, Line, OptionalLanguage, RequiredLine, Text, typed

Sent = MultiDictProxy[str | bytearray | bytes | web.FileField]

TAGS_LIMIT: Final = TAGS_A_TOPIC * (TAG_LIMIT + 2)


class TopicForm(Form):
    """What the forms for topics of all kinds have; the kind says how long a title may be and whether a text is due."""

    title: Annotated[RequiredLine, Field(max_length=TITLE_LIMIT)]
    body: Annotated[Text, Field(max_length=BODY_LIMIT)] = ""
    language: OptionalLanguage = ""
    internal: Checkbox = False
    tags: Annotated[Line, Field(max_length=TAGS_LIMIT)] = ""
    idempotency_key: Annotated[Line, Field(max_length=idempotency.KEY_LIMIT)] = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What was sent in the form for a topic."""

    kind: Kind
    title: str
    body: str
    language: str | None
    is_internal: bool
    tags: list[str]
    fields: Values
    key: str
    origin: str = ""
    """The number of the proposal that a good practice grows out of, as it was sent."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the fields of a kind offer for choice, with names in the reader's language."""

    themes: list[tuple[str, str]] = field(default_factory=list)
    countries: list[tuple[str, str]] = field(default_factory=list)
    languages: list[tuple[str, str]] = field(default_factory=list)
    zones: list[tuple[str, str]] = field(default_factory=list)
    organisations: Grouped = field(default_factory=list)


def of(code: str, codes: list[str]) -> Kind:
    """Return the kind that a form names, the first that a category offers where it names none; raise BadRequest."""
    if not code:
        return kinds.offered(codes)[0]
    if not kinds.is_offered(code, codes):
        raise BadRequest("bad_value")
    return kinds.of(code)


def read(kind: Kind, sent: Sent) -> Said:
    """Return what the form says; raise Invalid with the faults of all its fields."""
    texts = dict(typed(sent))
    if len(texts) != len(typed(sent)):
        raise BadRequest("repeated_parameter")
    faults: dict[str, tuple[str, ...]] = {}
    form = TopicForm.model_construct(title="", body="", language="", internal=False, tags="", idempotency_key="")
    # The language of what the kind is about is that of the topic.
    has_language = any(isinstance(each, SpokenLanguage) for each in kind)
    try:
        form = TopicForm.parse({**texts, "language": ""} if has_language else texts)
    except Invalid as invalid:
        faults |= invalid.fields
    try:
        values = kind.read(texts)
    except Invalid as invalid:
        values = {}
        faults |= invalid.fields
    try:
        tags = list_tags(form.tags.split(","))
    except Invalid as invalid:
        tags = []
        faults |= invalid.fields
    faults |= {name: codes for name, codes in _beyond(kind, form).items() if name not in faults}
    if faults:
        raise Invalid(faults)
    language = values.get("language") if has_language else form.language
    key, origin = form.idempotency_key, texts.get("from", "")
    return Said(kind, form.title, form.body, language or None, form.internal, tags, values, key, origin)


def _beyond(kind: Kind, form: TopicForm) -> dict[str, tuple[str, ...]]:
    """Return where a form goes beyond what its kind allows."""
    faults: dict[str, tuple[str, ...]] = {}
    if len(form.title) > kind.title_limit:
        faults["title"] = (Detailed("too_long", limit=kind.title_limit, length=len(form.title)),)
    if kind.body == "required" and UNSEEN.fullmatch(form.body):
        faults["body"] = ("required",)
    return faults


def list_tags(words: list[str]) -> list[str]:
    """Return tags as they are kept: in lower case, each once, whatever its accents; raise Invalid."""
    found: dict[str, str] = {}
    for word in words:
        tag = " ".join(word.lower().strip().removeprefix("#").split())
        if len(tag) > TAG_LIMIT:
            raise Invalid({"tags": (Detailed("long_tag", tag=tag, limit=TAG_LIMIT),)})
        if tag:
            found.setdefault(fold(tag), tag)
    if len(found) > TAGS_A_TOPIC:
        raise Invalid({"tags": (Detailed("too_many", limit=TAGS_A_TOPIC),)})
    return list(found.values())


async def offer(request: web.Request, kind: Kind, *, only: Collection[str] | None = None) -> Offer:
    """Return what the fields of a kind offer; nothing is asked that it does not need.

    `only` are the municipalities that its writer may name, None for all.
    """
    words = request[TRANSLATOR]
    types = {type(each) for each in kind}
    listed: list[tuple[str, str]] = []
    if Themes in types:
        async with request.app[DB].read() as conn:
            found = await themes.list_themes(conn)
        listed = [(each.slug, in_language(words.language, each.name_el, each.name_en)) for each in found]
    return Offer(
        themes=listed,
        countries=_sorted(words.country, territories.countries()) if Countries in types else [],
        languages=[(code, words.language_name(code)) for code in SpokenLanguage.codes]
        if SpokenLanguage in types
        else [],
        zones=[(zone, words.zone_name(zone)) for zone in zones()] if kind.moments else [],
        organisations=await _organisations(request, kind, only),
    )


def nameable(actor: Actor, stands: Mapping[str, Value], *, can_moderate: bool) -> Collection[str] | None:
    """Return the municipalities that somebody may name in the form, with those that stand; None for all."""
    if references.names_any(actor, can_moderate=can_moderate):
        return None
    return {actor.organisation_slug, *(value for value in stands.values() if isinstance(value, str))}


async def _organisations(request: web.Request, kind: Kind, only: Collection[str] | None) -> Grouped:
    fields = [each for each in kind if isinstance(each, Organisation)]
    if not fields:
        return []
    if not all(each.is_municipality for each in fields):
        return await choices.list_organisations(request)
    listed = await choices.list_municipalities(request, but="")
    offered = [(group, [one for one in named if only is None or one[0] in only]) for group, named in listed]
    return [(group, named) for group, named in offered if named]


def _sorted(name: Callable[[str], str], codes: tuple[str, ...]) -> list[tuple[str, str]]:
    return sorted(((code, name(code)) for code in codes), key=lambda each: fold(each[1]))


def labels(request: web.Request, kind: Kind) -> Mapping[str, str]:
    """Return what the inputs of the form are called in a summary of its faults, in the order of the page."""
    words = request[TRANSLATOR]
    return {each.name: words.gettext(each.label) for each in kind}


def initial(kind: Kind, organisation: str, is_municipality: bool) -> dict[str, str]:
    """Return what a new form suggests: Brussels' time for deadlines, the author's own municipality."""
    shown: dict[str, str] = {}
    for moment in kind.moments:
        shown |= {f"{moment.name}.time": CLOSING_TIME, f"{moment.name}.zone": BRUSSELS}
    for each in kind:
        if isinstance(each, Organisation) and each.is_required and (is_municipality or not each.is_municipality):
            shown[each.name] = organisation
    return shown
