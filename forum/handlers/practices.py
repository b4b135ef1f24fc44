"""The way from a proposal that was carried out to the form for a good practice, filled with what the proposal says."""

from __future__ import annotations

from aiohttp import web

from forum.domain import categories, kinds, proposal_access
from forum.domain.entities import TopicId
from forum.domain.kinds.good_practice import GOOD_PRACTICE
from forum.errors import Forbidden
from forum.keys import ACTOR, DB
from forum.web.forms import int_param
from forum.web.urls import redirect, url_for


async def new(request: web.Request) -> web.Response:
    """Lead to the form in the first category where the member may start a good practice."""
    actor, topic_id = request[ACTOR], TopicId(int_param(request, "topic_id"))
    async with request.app[DB].read() as conn:
        await proposal_access.topic_to_grow(conn, actor, topic_id)
        listed = await categories.list_categories(conn, actor)
    fitting = (one for one in listed if one.can_start and not one.is_archived)
    slug = next((one.slug for one in fitting if kinds.is_offered(GOOD_PRACTICE.code, one.kinds)), None)
    if slug is None:
        raise Forbidden("nowhere_to_start")
    query = {"kind": GOOD_PRACTICE.code, "from": str(topic_id)}
    return redirect(url_for(request.app, "topics.new", query, slug=slug))
