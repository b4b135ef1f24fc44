"""Members' texts on their way in and out: rendered with the names they hold, and shown where the forum stands.

The one way to render for all that writes or previews; the one way to show what is stored.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web
from markupsafe import Markup

from forum import emoji
from forum.domain import mentions
from forum.keys import ACTOR, CONFIG, DB, RENDERER
from forum.markup import Known, Rendered

_MENTION: Final = '<a class="mention" href="'
"""How a stored mention begins; nothing a member types looks so, since their < is stored as &lt;."""


async def rendered(request: web.Request, body: str) -> Rendered:
    """Return a text of the member who asks as it will be stored: Markdown, mentions and named emoji resolved."""
    actor = request[ACTOR]
    meant, groups = {}, frozenset[str]()
    if typed := mentions.find(body):
        async with request.app[DB].read() as conn:
            meant = dict(await mentions.resolve(conn, actor, typed))
            groups = await mentions.resolve_groups(conn, actor, tuple(name for name in typed if name not in meant))
    known = Known(meant, emoji.named(body), groups)
    return await request.app[RENDERER].render(body, known, owner=actor.member_id)


def shown(app: web.Application, html: str) -> Markup:
    """Return stored HTML with the base path before the addresses of members; without one there is nothing to do."""
    base = app[CONFIG].base_path
    return Markup(html.replace(f"{_MENTION}/", f"{_MENTION}{base}/") if base else html)  # noqa: S704 - sanitised on write
