"""From the domain's entities to the models of the API, with names in the caller's language and absolute addresses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from aiohttp import web
from markupsafe import escape

from forum.domain import entities, kinds, pages
from forum.domain.api_tokens import TokenRow
from forum.domain.categories import CategoryRow
from forum.domain.entities import in_language
from forum.domain.invitations import Invitation
from forum.domain.notifications import Notification
from forum.domain.search import MARK_CLOSE, MARK_OPEN, Hit
from forum.errors import BadRequest
from forum.handlers.api import models
from forum.keys import ACTOR
from forum.web.urls import absolute, url_for
from forum.web.writing import shown

T = TypeVar("T")

"""Kinds of topic that have their form by now."""


def cut(items: Sequence[T], query: models.PageQuery, key: Callable[[T], int]) -> tuple[list[T], str | None]:
    """Return one page of a list that is short enough to be read whole, and the cursor of the next."""
    first = 0
    if query.cursor:
        (last,) = pages.decode(query.cursor, int)
        keys = [key(item) for item in items]
        if last not in keys:
            raise BadRequest("bad_cursor")
        first = keys.index(last) + 1
    page = pages.cut(items[first : first + query.limit + 1], query.limit, lambda item: (key(item),))
    return page.items, page.next


def group(request: web.Request, found: entities.Group) -> models.Group:
    return models.Group(
        id=found.id,
        slug=found.slug,
        name=name(request, found.name_el, found.name_en),
        name_el=found.name_el,
        name_en=found.name_en,
    )


def invitation(found: Invitation) -> models.Invitation:
    return models.Invitation(
        id=found.id,
        email=found.email or "",
        organisation=found.organisation_slug,
        role=found.role,
        state=found.state,
        created_at=found.created_at,
        expires_at=found.expires_at,
    )


def notification(request: web.Request, found: Notification) -> models.Notification:
    return models.Notification(
        id=found.id,
        kind=found.kind.value,
        created_at=found.created_at,
        read_at=found.read_at,
        topic_id=found.topic_id,
        title=found.topic_title,
        post_id=found.post_id,
        number=found.post_number,
        url=None if found.post_id is None else post_url(request, found.post_id),
        actor_id=found.actor_id,
        actor_name=found.actor_name,
        file_id=found.file_id,
        version=found.version,
    )


def token(found: TokenRow) -> models.Token:
    return models.Token(id=found.id, name=found.name, created_at=found.created_at, used_at=found.used_at)


def region(request: web.Request, found: entities.Region) -> models.Region:
    return models.Region(
        id=found.id,
        slug=found.slug,
        name=name(request, found.name_el, found.name_en),
        name_el=found.name_el,
        name_en=found.name_en,
        country=found.country,
        subdivision=found.subdivision,
        nuts=found.nuts,
        municipality_count=found.municipality_count,
    )


def municipality(request: web.Request, found: entities.Organisation) -> models.Municipality:
    return models.Municipality(
        id=found.id,
        slug=found.slug,
        name=name(request, found.name_el, found.name_en),
        name_el=found.name_el,
        name_en=found.name_en,
        region=found.region_slug or "",
        region_name=name(request, found.region_name_el or "", found.region_name_en or ""),
        district_el=found.district_el,
        district_en=found.district_en,
        is_displaced=found.is_displaced,
        population=found.population,
        population_year=found.population_year,
        member_count=found.member_count,
        state=found.state,
        merged_into=found.successor_slug,
    )


def member(request: web.Request, found: entities.Member) -> models.Member:
    return models.Member(
        id=found.id,
        name=found.name,
        role=entities.Role(found.role),
        organisation=found.organisation_slug,
        organisation_kind=found.organisation_kind,
        organisation_name=name(request, found.organisation_el, found.organisation_en),
        region=found.region_slug,
        is_suspended=found.is_suspended,
        created_at=found.created_at,
    )


def category(request: web.Request, found: CategoryRow) -> models.Category:
    return models.Category(
        id=found.id,
        slug=found.slug,
        name=name(request, found.name_el, found.name_en),
        name_el=found.name_el,
        name_en=found.name_en,
        description=name(request, found.description_el, found.description_en),
        description_el=found.description_el,
        description_en=found.description_en,
        parent=found.parent_slug,
        archived_at=found.archived_at,
        kinds=[kind for kind in found.kinds if kind in kinds.KINDS],
        rights=[right for right in entities.RIGHTS if right in found.rights.names()],
        topic_count=found.topic_count,
        unread_count=found.unread_count,
    )


def topic(request: web.Request, found: entities.Topic) -> models.Topic:
    return models.Topic(
        id=found.id,
        title=found.title,
        slug=found.slug,
        url=topic_url(request, found.id, found.slug),
        category=found.category_slug,
        category_name=name(request, found.category_el, found.category_en),
        kind=found.kind,
        fields=found.fields,
        deadline_at=found.deadline_at,
        author=_author(request, found),
        created_at=found.created_at,
        last_post_at=found.last_post_at,
        reply_count=found.reply_count,
        is_locked=found.is_locked,
        is_pinned=found.is_pinned,
        internal=found.is_internal,
        language=found.language,
        tags=found.tags,
        answer_post_id=found.answer_post_id,
        lock_reason=found.lock_reason,
        locked_at=found.locked_at,
        deleted_at=found.deleted_at,
    )


def listed_topic(request: web.Request, found: entities.TopicRow) -> models.ListedTopic:
    return models.ListedTopic(
        id=found.id,
        title=found.title,
        slug=found.slug,
        url=topic_url(request, found.id, found.slug),
        category=found.category_slug,
        category_name=name(request, found.category_el, found.category_en),
        kind=found.kind,
        fields=found.fields,
        deadline_at=found.deadline_at,
        author=_author(request, found),
        created_at=found.created_at,
        last_post_at=found.last_post_at,
        reply_count=found.reply_count,
        is_locked=found.is_locked,
        is_pinned=found.is_pinned,
        internal=found.is_internal,
        language=found.language,
        tags=found.tags,
        answer_post_id=found.answer_post_id,
        unread_count=found.unread_count,
    )


def post(request: web.Request, found: entities.Post) -> models.Post:
    """Return a post; of a deleted one nothing is told but that it was there."""
    return models.Post(
        id=found.id,
        number=found.number,
        topic_id=found.topic_id,
        url=post_url(request, found.id),
        author=_author(request, found),
        body=None if found.is_deleted else found.body,
        html=None if found.is_deleted else shown(request.app, found.html),
        reply_to=found.reply_to_id,
        revision_count=found.revision_count,
        is_by_moderator=found.is_by_moderator,
        created_at=found.created_at,
        edited_at=found.edited_at,
        deleted_at=found.deleted_at,
    )


def revision(found: entities.Revision) -> models.Revision:
    return models.Revision(
        number=found.number,
        editor=models.Editor(id=found.editor_id, name=found.editor_name),
        title=found.title,
        fields=found.fields,
        body=found.body,
        created_at=found.created_at,
        replaced_at=found.replaced_at,
    )


def hit(request: web.Request, found: Hit) -> models.Hit:
    snippet = str(escape(found.snippet))
    return models.Hit(
        topic_id=found.topic_id,
        post_id=found.post_id,
        number=found.number,
        title=found.title,
        url=post_url(request, found.post_id),
        category=found.category_slug,
        category_name=name(request, found.category_el, found.category_en),
        author_name=found.author_name,
        created_at=found.created_at,
        snippet_html=snippet.replace(MARK_OPEN, "<mark>").replace(MARK_CLOSE, "</mark>"),
        score=found.score,
    )


def topic_url(request: web.Request, topic_id: int, slug: str) -> str:
    return absolute(request.app, url_for(request.app, "topics.show", topic_id=topic_id, slug=slug))


def post_url(request: web.Request, post_id: int) -> str:
    return absolute(request.app, url_for(request.app, "posts.show", post_id=post_id))


def _author(request: web.Request, found: entities.Topic | entities.TopicRow | entities.Post) -> models.Author:
    return models.Author(
        id=found.author_id,
        name=found.author_name,
        organisation=found.author_organisation_slug,
        organisation_name=name(request, found.author_organisation_el, found.author_organisation_en),
    )


def name(request: web.Request, el: str, en: str) -> str:
    """Return the one of two names that is in the caller's language."""
    return in_language(request[ACTOR].language, el, en)
