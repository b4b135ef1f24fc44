"""A good practice that grows out of a proposal: what its form begins with, and the tie between the two."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Final

from aiohttp import web

from forum.db import Conn, Tx
from forum.domain import origins, proposal_access, references
from forum.domain.entities import TopicId
from forum.domain.kinds import Kind
from forum.domain.kinds.good_practice import GOOD_PRACTICE
from forum.errors import Forbidden, NotFound
from forum.keys import ACTOR

FIELD: Final = "from"
"""What the number of the proposal is called, in the address and in the form."""

_NUMBER: Final = re.compile("[1-9][0-9]{0,17}", re.ASCII)
_ALIKE: Final = ("programme", "themes", "links", "contact")
"""Fields of a proposal that a good practice has too."""


async def suggested(request: web.Request, conn: Conn, kind: Kind, origin: str) -> dict[str, str]:
    """Return what the form for a good practice shows at first, nothing where the member may not make one of it."""
    actor = request[ACTOR]
    if kind is not GOOD_PRACTICE or not _NUMBER.fullmatch(origin):
        return {}
    try:
        topic = (await proposal_access.topic_to_grow(conn, actor, TopicId(int(origin)))).topic
    except (Forbidden, NotFound):
        return {}
    said: dict[str, Any] = {name: topic.fields[name] for name in _ALIKE if name in topic.fields}
    said["teaser"] = topic.fields.get("summary", "")
    lead = topic.fields.get("lead", topic.author_organisation_slug)
    known = await references.names(conn, [(kind.code, {"owner": lead})])
    if any(one.kind == "municipality" for one in known.values()):
        said["owner"] = lead
    return {**kind.write(said), "title": topic.title[: kind.title_limit].rstrip(), FIELD: origin}


async def tie(request: web.Request, tx: Tx, kind: Kind, origin: str, topic_id: TopicId) -> None:
    """Keep out of what a new good practice grew; where the right to say so has gone, it stands by itself."""
    if kind is GOOD_PRACTICE and _NUMBER.fullmatch(origin):
        with suppress(Forbidden, NotFound):
            grant = await proposal_access.topic_to_grow(tx, request[ACTOR], TopicId(int(origin)))
            await origins.note(tx, grant, topic_id)
