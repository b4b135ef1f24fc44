"""What happens to a twinning is told in the topic of the two, as a post of whoever did it: so both hear of it.

The sentence is written in the language of who did it; what they add stands below.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from forum.db import Tx
from forum.domain import access, posts
from forum.domain.entities import PostId
from forum.domain.posts import Reply
from forum.domain.twinned import Twinning
from forum.keys import ACTOR, TRANSLATOR
from forum.markup import Rendered
from forum.web import writing
from forum.web.ratelimit import count_post


@dataclass(frozen=True, slots=True)
class Words:
    """A post that is still to be written; without a text there is nothing to tell."""

    body: str
    rendered: Rendered | None


async def prepare(request: web.Request, sentence: str, note: str) -> Words:
    """Return what is to be told: a sentence (a msgid, or nothing) and what its author adds."""
    said = [f"**{request[TRANSLATOR].gettext(sentence)}**"] if sentence else []
    body = "\n\n".join([*said, *([note] if note else [])])
    return Words(body, await writing.rendered(request, body) if body else None)


async def tell(request: web.Request, tx: Tx, twinning: Twinning, words: Words) -> PostId | None:
    """Write it into the topic of the two, and return the post; none where the topic was deleted."""
    if words.rendered is None or not twinning.has_topic:
        return None
    grant = await access.topic_to_reply(tx, request[ACTOR], twinning.topic_id)
    await count_post(request, tx)
    return (await posts.reply(tx, grant, Reply(words.body, words.rendered))).id
