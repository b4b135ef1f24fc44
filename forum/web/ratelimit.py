"""How often a member may do something; the numbers stand here, the counting is `domain/attempts.py`'s."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from forum.db import Tx
from forum.domain import attempts
from forum.keys import ACTOR, DB, LIMITS

POSTS_A_MINUTE: Final = 60
"""Topics, replies, edits and marks together: far above what a hand can type, below what fills a category."""

POSTS_AN_HOUR: Final = 300

SEARCHES_A_MINUTE: Final = 60
"""A member's, over all their browsers and programs: each may read a long list of matches."""

COMPLETIONS_A_MINUTE: Final = 600
"""Offers while somebody writes, one a letter: faster than anybody types."""


async def count_post(request: web.Request, tx: Tx) -> None:
    """Count what leaves a post, a version or a notice behind, or raise RateLimited; all of a member's together."""
    limits = request.app[LIMITS]
    subject = attempts.subject(limits, "member", str(request[ACTOR].member_id))
    await attempts.count(tx, limits, "posts", subject, limit=POSTS_A_MINUTE, seconds=60)
    await attempts.count(tx, limits, "posts_hourly", subject, limit=POSTS_AN_HOUR, seconds=3600)


async def count_search(request: web.Request) -> None:
    """Count a search of the member who asks, or raise RateLimited."""
    limits = request.app[LIMITS]
    subject = attempts.subject(limits, "member", str(request[ACTOR].member_id))
    async with request.app[DB].write() as tx:
        await attempts.count(tx, limits, "searches", subject, limit=SEARCHES_A_MINUTE, seconds=60)


async def count_completion(request: web.Request) -> None:
    """Count an offer made to the member who writes, or raise RateLimited."""
    limits = request.app[LIMITS]
    subject = attempts.subject(limits, "member", str(request[ACTOR].member_id))
    async with request.app[DB].write() as tx:
        await attempts.count(tx, limits, "completions", subject, limit=COMPLETIONS_A_MINUTE, seconds=60)
