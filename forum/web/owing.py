"""Staff who have to have a second factor and have none yet: led to where it is set up, whatever they ask for.

Who may do what before is said by the table of routes. Words that somebody was just sending are kept as their draft.
"""

from __future__ import annotations

from aiohttp import web

from forum.domain import drafts
from forum.errors import RateLimited
from forum.keys import ACTOR, DB
from forum.web import kept
from forum.web.flash import flash
from forum.web.ratelimit import count_draft
from forum.web.urls import see_other


async def lead(request: web.Request) -> web.Response:
    """Answer with the way to the second factor."""
    response = see_other(request, "second_factors.show")
    if request.method == "POST" and await _keep(request):
        flash(request, response, "draft.rescued")
    return response


async def _keep(request: web.Request) -> bool:
    member_id = request[ACTOR].member_id
    words = (await kept.of_refused(request)).words_for(member_id)
    if words is None:
        return False
    try:
        await count_draft(request)
    except RateLimited:
        return False
    async with request.app[DB].write() as tx:
        await drafts.save(tx, member_id, words)
    return True
