"""An administrator looks as a group or a member would: with those rights, and with nothing else that is anybody's.

There are the pages named here and those for everybody, and nothing can be sent. In what is asked of the
database the looker is nobody of the members: a number below zero, to which the views of `db.LOOKING` give the rights.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from aiohttp import web

from forum.db import LOOKING
from forum.domain import visits
from forum.domain.entities import MemberId, TopicId
from forum.errors import Forbidden
from forum.keys import ACTOR, DB, FOUNDATIONS, LOOK, UNREAD, VISIT, VISITED

OWN: Final = frozenset({"looks.delete", "sessions.delete", "languages.update"})
"""Routes that the administrator asks for as themselves: two by which a look ends, and their language."""


PAGES: Final = frozenset(
    {
        "home.index",
        "categories.show",
        "topics.show",
        "topics.index",
        "topic_access.show",
        "posts.show",
        "posts.revisions",
        "attachments.show",
        "attachments.preview",
        "search.index",
        "municipalities.index",
        "municipalities.show",
        "members.index",
        "members.show",
    }
)
"""Routes of what is shown: where rights decide, and nothing is the reader's own."""


async def enter(request: web.Request, route_name: str, *, is_public: bool) -> None:
    """Have the request answered as for whom it looks as, or raise Forbidden where there is no such page."""
    if request.get(LOOK) is None or route_name in OWN:
        return
    if not (is_public or route_name in PAGES):
        raise Forbidden("looking")
    own = request[ACTOR]
    looker = replace(own, member_id=MemberId(-(own.session_id or 0)), is_moderator=False, is_administrator=False)
    request[ACTOR] = looker
    request[UNREAD] = 0
    LOOKING.set(True)
    if VISIT in request:
        del request[VISIT]
    if wanted := request.get(VISITED):
        async with request.app[DB].read() as conn:
            visit = await visits.topic_to_show(conn, looker, TopicId(wanted), request[FOUNDATIONS])
        if visit:
            request[VISIT] = visit
