"""Live events for the scripts of pages: what concerns the member, and with `?topic=` what happens in that topic."""

from __future__ import annotations

from aiohttp import web
from aiohttp_session import get_session

from forum.domain import sessions
from forum.domain.entities import TopicId
from forum.web import streaming
from forum.web.forms import optional_int_param
from forum.web.sessions import key_of


async def index(request: web.Request) -> web.StreamResponse:
    """Send events until the page is left; `?version=` is the topic's when its page was made."""
    topic_id = optional_int_param(request, "topic")
    return await streaming.answer(
        request,
        sessions.digest(key_of(await get_session(request))),
        topic_id=None if topic_id is None else TopicId(topic_id),
        version=optional_int_param(request, "version"),
    )
