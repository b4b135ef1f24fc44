"""Members who owe something before they go on: led to where it is done, whatever they ask for.

It is a second factor, where staff have to have one, or reading terms that have changed (`web/sessions.py` says which).
Who may do what before is said by the table of routes. Words that somebody was just sending are kept as their draft.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from forum.domain import drafts
from forum.errors import RateLimited
from forum.keys import ACTOR, DB
from forum.web import kept
from forum.web.flash import flash
from forum.web.ratelimit import count_draft
from forum.web.sessions import SECOND_FACTOR, TERMS
from forum.web.urls import see_other

PLACES: Final = {SECOND_FACTOR: "second_factors.show", TERMS: "terms.edit"}
"""Where what is owed is done: routes by the code of the refusal."""


async def lead(request: web.Request, code: str) -> web.Response:
    """Answer with the way to where it is done."""
    response = see_other(request, PLACES[code])
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
