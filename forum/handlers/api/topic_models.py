"""What programs send to start a topic of any kind, and to change one."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from forum.characters import UNSEEN
from forum.domain import kinds
from forum.domain.entities import BODY_LIMIT, KINDS, TAG_LIMIT, TAGS_A_TOPIC
from forum.handlers.api.models import Answer, Body, Page, Slug, Title
from forum.i18n import mark
from forum.web.forms import Line, Text


def _startable(kind: str) -> str:
    if kind not in kinds.KINDS:
        raise PydanticCustomError("not_allowed" if kind in KINDS else "unknown", "not a kind to start")
    return kind


def _needed(body: str, info: ValidationInfo) -> str:
    kind = kinds.of(info.data.get("kind", kinds.DEFAULT.code))
    if kind.body == "required" and UNSEEN.fullmatch(body):
        raise PydanticCustomError("required", "must not be empty")
    return body


TopicText = Annotated[Text, Field(max_length=BODY_LIMIT, validate_default=True), AfterValidator(_needed)]
"""What a kind that has nothing else to say cannot leave out."""
Fields = Annotated[dict[str, Any], Field(max_length=100)]
Tags = Annotated[list[Annotated[Line, Field(min_length=1, max_length=TAG_LIMIT)]], Field(max_length=TAGS_A_TOPIC)]

_FIELDS: Final[dict[str, Any]] = {"anyOf": [kind.schema() | {"title": kind.code} for kind in kinds.KINDS.values()]}


class NewTopic(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"category": "questions", "title": "Κοινή προμήθεια", "body": "Ποιοι δήμοι ενδιαφέρονται;"}]
        }
    )
    category: Slug
    kind: Annotated[str, AfterValidator(_startable), Field(json_schema_extra={"enum": list(kinds.KINDS)})] = (
        "discussion"
    )
    title: Title
    body: TopicText = Field("", description=mark("Markdown; proposals, good practices and guides may leave it out."))
    fields: Fields = Field(
        default_factory=dict,
        description=mark("What the kind asks for besides title and text."),
        json_schema_extra=_FIELDS,
    )
    tags: Tags = Field(default_factory=list)
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] | None = Field(None, description=mark("ISO 639-1."))
    internal: bool = Field(False, description=mark("Not meant for a wider circle."))


class TopicChange(Body):
    """What is left out or null stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Κοινή προμήθεια οχημάτων"}]})
    title: Title | None = None
    fields: Fields | None = Field(
        None, description=mark("Those that change; null takes one out. The state is changed by acts of its own.")
    )
    tags: Tags | None = None
    language: Annotated[str, Field(pattern="^([a-z]{2})?$")] | None = Field(
        None, description=mark("ISO 639-1, empty for another or several; of a guide its field of that name says it.")
    )
    internal: bool | None = None


class Theme(Answer):
    slug: str
    name: str
    name_el: str
    name_en: str
    topic_count: int = Field(description=mark("Topics that the caller may read of it, counted up to 1000."))
    is_followed: bool = Field(description=mark("Whether the caller is told of new topics that name it."))


class ThemeList(Page[Theme]):
    pass
