"""Members' texts on their way in and out: rendered with the names they hold, and shown where the forum stands.

The one way to render for all that writes or previews; the one way to show what is stored.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from aiohttp import web
from markupsafe import Markup

from forum import emoji
from forum.domain import mentions
from forum.keys import ACTOR, CONFIG, DB, RENDERER
from forum.markup import Known, Rendered

_OURS: Final = re.compile(
    r'(<a class="mention" href="(?=/)|<a (?:class="picture" )?href="(?=/attachments/)|<img [^<>]*?src="(?=/))'
)
"""What stands before the stored address of a member or a file; nothing a member types looks so, since their < is stored
as &lt;."""

_ROOTED: Final = re.compile(r'(<(?:a|img)(?: [a-z-]+="[^"]*")*? (?:href|src)=")(?=/)')
"""What stands before an address that begins at the root of this host."""


async def rendered(request: web.Request, body: str) -> Rendered:
    """Return a text of the member who asks as it will be stored: Markdown, mentions and named emoji resolved."""
    actor = request[ACTOR]
    meant, groups = {}, frozenset[str]()
    if typed := mentions.find(body):
        async with request.app[DB].read() as conn:
            meant = dict(await mentions.resolve(conn, actor, typed))
            groups = await mentions.resolve_groups(conn, actor, tuple(name for name in typed if name not in meant))
    known = Known(meant, emoji.named(body), groups)
    made = await request.app[RENDERER].render(body, known, owner=actor.member_id)
    return replace(made, html=_with_own_addresses(request.app, made.html))


def _with_own_addresses(app: web.Application, html: str) -> str:
    """Return HTML that calls the forum's files as it does itself, where they stand with its whole address."""
    config = app[CONFIG]
    whole = "|".join(map(re.escape, filter(None, (config.url, config.base_path))))
    return re.sub(rf'(<a href=")(?:{whole})(?=/attachments/[1-9])', r"\1", html)


def shown(app: web.Application, html: str) -> Markup:
    """Return stored HTML with the base path before the addresses of members and files, where there is one."""
    base = app[CONFIG].base_path
    return Markup(_OURS.sub(rf"\1{base}", html) if base else html)  # noqa: S704 - sanitised on write


def absolute(app: web.Application, html: str) -> str:
    """Return stored HTML with whole addresses, for who reads it elsewhere."""
    return _ROOTED.sub(rf"\1{app[CONFIG].origin}", str(shown(app, html)))
