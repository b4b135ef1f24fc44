"""Categories with the caller's rights in them, and the topics of each; administrators add and change them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiohttp import web

from forum.domain import access, catalogue, categories, kinds, topic_lists
from forum.domain.catalogue import Catalogued, CategoryFacts
from forum.errors import NotFound
from forum.handlers.api import answers, bodies, list_models, models, opening_models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB
from forum.web import sifting


@call(mark("List the categories"), takes=models.PageQuery, answers=models.Categories)
async def index(request: web.Request, query: models.PageQuery) -> models.Categories:
    async with request.app[DB].read() as conn:
        found = await categories.list_categories(conn, request[ACTOR])
    items, following = answers.cut(found, query, lambda category: category.id)
    return models.Categories(items=[answers.category(request, category) for category in items], next=following)


@call(mark("Show a category"), answers=models.Category, refuses=(404,))
async def show(request: web.Request) -> models.Category:
    async with request.app[DB].read() as conn:
        found = await categories.list_categories(conn, request[ACTOR])
    for category in found:
        if category.slug == request.match_info["slug"]:
            return answers.category(request, category)
    raise NotFound


@call(
    mark("Add a category (administrators)"),
    takes=opening_models.NewCategory,
    answers=opening_models.KeptCategory,
    creates="api.categories.show",
    refuses=(403, 409),
)
async def create(request: web.Request, sent: opening_models.NewCategory) -> opening_models.KeptCategory:
    grant = access.to_administer(request[ACTOR])
    key = bodies.read_key(request, "api.categories.create", sent.model_dump_json())
    facts = CategoryFacts(sent.name_el, sent.name_en, sent.description_el, sent.description_en, tuple(sent.kinds))
    async with request.app[DB].write() as tx:
        slug = await catalogue.add(tx, grant, facts, slug=sent.slug or "", parent=sent.parent or "", key=key)
        return _kept(request, await catalogue.category(tx, grant, slug))


@call(
    mark("Change a category (administrators)"),
    takes=opening_models.CategoryChange,
    answers=opening_models.KeptCategory,
    refuses=(403, 404, 409),
)
async def update(request: web.Request, sent: opening_models.CategoryChange) -> opening_models.KeptCategory:
    grant, slug = access.to_administer(request[ACTOR]), request.match_info["slug"]
    async with request.app[DB].write() as tx:
        before = await catalogue.category(tx, grant, slug)
        facts = CategoryFacts(
            sent.name_el or before.name_el,
            sent.name_en or before.name_en,
            before.description_el if sent.description_el is None else sent.description_el,
            before.description_en if sent.description_en is None else sent.description_en,
            tuple(before.kinds if sent.kinds is None else sent.kinds),
        )
        slug = await catalogue.change(tx, grant, slug, facts, new_slug=sent.slug or "")
        if sent.is_archived and before.archived_at is None:
            await catalogue.archive(tx, grant, slug)
        if sent.is_archived is False:
            await catalogue.unarchive(tx, grant, slug)
        return _kept(request, await catalogue.category(tx, grant, slug))


def _kept(request: web.Request, found: Catalogued) -> opening_models.KeptCategory:
    return opening_models.KeptCategory(
        id=found.id,
        slug=found.slug,
        name=answers.name(request, found.name_el, found.name_en),
        name_el=found.name_el,
        name_en=found.name_en,
        description_el=found.description_el,
        description_en=found.description_en,
        kinds=found.kinds,
        parent=found.parent_slug,
        inherits_grants=found.inherits_grants,
        archived_at=found.archived_at,
    )


@call(mark("List the topics of a category"), takes=list_models.TopicsQuery, answers=models.Topics, refuses=(403, 404))
async def list_topics(request: web.Request, query: Any) -> models.Topics:
    typed = {name: value for name, value in query.model_dump().items() if isinstance(value, str)}
    sieve = sifting.make(typed, query.open, kinds.KINDS.values())
    if query.sort == "deadline" and sieve.is_open is None:
        sieve = replace(sieve, is_open=True)
    async with request.app[DB].read() as conn:
        grant = await access.category_to_read(conn, request[ACTOR], request.match_info["slug"])
        asked = {"sieve": sieve, "cursor": query.cursor or None, "limit": query.limit}
        if query.unanswered:
            page = await topic_lists.list_unanswered(conn, grant, **asked)
        else:
            page = await topic_lists.list_topics(conn, grant, sort=query.sort, **asked)
    return models.Topics(items=[answers.listed_topic(request, topic) for topic in page.items], next=page.next)
