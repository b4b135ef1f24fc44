"""How often a member or a guest may do something; the numbers stand here, the counting is `domain/attempts.py`'s."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from forum.db import Tx
from forum.domain import attempts, sign_in
from forum.keys import ACTOR, ADDRESS, DB, LIMITS

POSTS_A_MINUTE: Final = 60
"""Topics, replies, edits and marks together: far above what a hand can type, below what fills a category."""

POSTS_AN_HOUR: Final = 300

SEARCHES_A_MINUTE: Final = 60
"""A member's, over all their browsers and programs: each may read a long list of matches."""

PREVIEWS_A_MINUTE: Final = 60
"""One a second is more than anybody looks at; each is rendered in the same workers as posts are."""

DRAFTS_A_MINUTE: Final = 120
"""Several windows that each save what is typed every few seconds."""

FEEDBACK_AN_HOUR: Final = 10
"""Messages to the moderators of a member, or of all guests of an address: a town hall shares one."""

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
    await _count(request, "searches", SEARCHES_A_MINUTE)


async def count_preview(request: web.Request) -> None:
    """Count a preview of the member who asks, or raise RateLimited."""
    await _count(request, "previews", PREVIEWS_A_MINUTE)


async def count_draft(request: web.Request) -> None:
    """Count a draft that is saved, or raise RateLimited."""
    await _count(request, "drafts", DRAFTS_A_MINUTE)


async def _count(request: web.Request, act: str, limit: int) -> None:
    limits = request.app[LIMITS]
    subject = attempts.subject(limits, "member", str(request[ACTOR].member_id))
    # Where it cannot be counted, what is asked for may still be read.
    await request.app[DB].note(lambda tx: attempts.count(tx, limits, act, subject, limit=limit, seconds=60))


async def count_feedback(request: web.Request, tx: Tx) -> None:
    """Count a message to the moderators, or raise RateLimited; a guest's is counted by the address it comes from."""
    limits, actor = request.app[LIMITS], request.get(ACTOR)
    if actor:
        subject = attempts.subject(limits, "member", str(actor.member_id))
    else:
        subject = attempts.subject(limits, "address", sign_in.network_of(request[ADDRESS]))
    await attempts.count(tx, limits, "feedback", subject, limit=FEEDBACK_AN_HOUR, seconds=3600)


async def count_completion(request: web.Request) -> None:
    """Count an offer made to the member who writes, or raise RateLimited."""
    await _count(request, "completions", COMPLETIONS_A_MINUTE)
