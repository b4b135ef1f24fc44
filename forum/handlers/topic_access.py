"""Why one may read a topic: through which of one's groups, since when, and what one may do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from forum.domain import access, grants
from forum.domain.entities import Topic, TopicId
from forum.domain.grants import GroupRights
from forum.keys import ACTOR, DB
from forum.web.forms import int_param
from forum.web.pages import Page, render


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicAccessPage(Page):
    template: ClassVar[str] = "topic_access/show.html"
    topic: Topic
    groups: list[GroupRights]


async def show(request: web.Request) -> web.Response:
    actor, topic_id = request[ACTOR], TopicId(int_param(request, "topic_id"))
    async with request.app[DB].read() as conn:
        topic = (await access.topic_to_read(conn, actor, topic_id)).topic
        page = TopicAccessPage(topic=topic, groups=await grants.of_topic(conn, actor, topic_id))
    return await render(request, page)
