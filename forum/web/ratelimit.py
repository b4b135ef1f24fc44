"""How often a member, a program's token or an address may do something; the counting is `domain/attempts.py`'s.

The numbers stand here, each far above what a person does and below what a script does, and with who is counted in
`docs/security.md`; a test keeps the two alike. Guesses at passwords are slowed by `domain/sign_in.py` instead.
"""

from __future__ import annotations

import logging
from typing import Final

from aiohttp import web

from forum.db import Tx
from forum.domain import attempts, sign_in
from forum.domain.actors import Actor
from forum.domain.attempts import Budget
from forum.errors import Full, ReadOnly
from forum.keys import ACTOR, ADDRESS, DB, LIMITS, LOOK

_log = logging.getLogger("forum.web")

CALLS: Final = Budget("calls", 600, 60)
"""Of one token: ten calls a second, all through, are a program that has run away."""

CHANGES: Final = Budget("changes", 600, 60)
"""Forms sent and calls that change something, of any kind: more than all the others below together."""

POSTS: Final = Budget("posts", 60, 60)
"""What is written and done in the forum together: far above what a hand can type, below what fills a category."""

POSTS_HOURLY: Final = Budget("posts_hourly", 300, 3600)

SEARCHES: Final = Budget("searches", 60, 60)
"""A member's, over all their browsers and programs: each may read a long list of matches."""

TABLES: Final = Budget("tables", 30, 3600)
"""Lists taken away as tables: each may be of ten thousand topics."""

PREVIEWS: Final = Budget("previews", 60, 60)
"""One a second is more than anybody looks at; each is rendered in the same workers as posts are."""

DRAFTS: Final = Budget("drafts", 120, 60)
"""Several windows that each save what is typed every few seconds."""

UPLOADS: Final = Budget("uploads", 200, 3600)
"""Files brought: all the pictures of a finished project; each is looked into by a process of its own."""

IMPORTS: Final = Budget("imports", 20, 3600)
"""Files of many things sent, and carried out: each may start hundreds of topics, all rendered."""

IMPORT_LOOKS: Final = Budget("import_looks", 120, 3600)
"""Looks at what such a file would do, and pieces of it that a script has done: each reads it whole."""

COMPLETIONS: Final = Budget("completions", 600, 60)
"""Offers while somebody writes, one a letter: faster than anybody types."""

TOKENS: Final = Budget("tokens", 20, 3600)
"""API tokens made, on the page or by a program that is given the password."""

PASSWORDS: Final = Budget("passwords", 10, 3600)
"""Passwords changed: each costs a hash, and ends every other session."""

FEEDBACK: Final = Budget("feedback", 10, 3600)
"""Messages to the moderators of a member, or of all guests of an address: a town hall shares one."""

SETUPS: Final = Budget("setups", 60, 3600)
"""Visits to the set-up link from an address, good or guessed."""

RESETS: Final = Budget("resets", 20, 3600)
"""Links for forgotten passwords asked for from an address: a town hall shares one."""

ARRIVALS: Final = Budget("arrivals", 20, 3600)
"""Invitations asked for over links, and applications, from an address: a town hall shares one."""

LETTERS: Final = Budget("letters", 3, 86400)
"""Invitations and applications asked for to one address, whoever asks: nobody fills a letter box."""

UNSUBSCRIPTIONS: Final = Budget("unsubscriptions", 600, 3600)
"""Links that stop mail, followed from an address: a mail provider follows those of all its users from a few."""

FEEDS: Final = Budget("feeds", 600, 3600)
"""A member's feeds and calendar: three dozen of them, asked for by several programs every quarter of an hour."""

FEED_VISITS: Final = Budget("feed_visits", 6000, 3600)
"""Feeds asked for from an address, good or guessed: a calendar service asks for all its users' from a few."""

BUDGETS: Final = (
    CALLS,
    CHANGES,
    POSTS,
    POSTS_HOURLY,
    SEARCHES,
    TABLES,
    PREVIEWS,
    DRAFTS,
    UPLOADS,
    IMPORTS,
    IMPORT_LOOKS,
    COMPLETIONS,
    TOKENS,
    PASSWORDS,
    FEEDBACK,
    SETUPS,
    RESETS,
    ARRIVALS,
    LETTERS,
    UNSUBSCRIPTIONS,
    FEEDS,
    FEED_VISITS,
)


async def count_call(request: web.Request, actor: Actor, *, is_change: bool) -> None:
    """Count a call of the actor's token, and what changes something as the member's too, or raise RateLimited."""
    asked = [(CALLS, attempts.subject(request.app[LIMITS], "token", str(actor.token_id)))]
    if is_change:
        asked.append((CHANGES, _member(request, actor)))
    await _count(request, *asked)


async def count_change(request: web.Request, actor: Actor) -> None:
    """Count a form that a member sends, or raise RateLimited."""
    await _count(request, (CHANGES, _member(request, actor)))


async def count_post(request: web.Request, tx: Tx) -> None:
    """Count what leaves a post, a version, a notice or a fact behind, or raise RateLimited; a member's all together."""
    member = _member(request, request[ACTOR])
    await attempts.count(tx, request.app[LIMITS], (POSTS, member), (POSTS_HOURLY, member))


async def count_post_at_once(request: web.Request) -> None:
    """Count the same in a statement of its own, for an act that is one."""
    member = _member(request, request[ACTOR])
    await _count(request, (POSTS, member), (POSTS_HOURLY, member))


async def count_search(request: web.Request) -> None:
    """Count a search of the member who asks, or raise RateLimited."""
    await _count(request, (SEARCHES, _member(request, request[ACTOR])))


async def count_table(request: web.Request) -> None:
    """Count a list that the member takes away as a table, or raise RateLimited."""
    await _count(request, (TABLES, _member(request, request[ACTOR])))


async def count_preview(request: web.Request) -> None:
    """Count a preview of the member who asks, or raise RateLimited."""
    await _count(request, (PREVIEWS, _member(request, request[ACTOR])))


async def count_draft(request: web.Request) -> None:
    """Count a draft that is saved, or raise RateLimited."""
    await _count(request, (DRAFTS, _member(request, request[ACTOR])))


async def count_upload(request: web.Request) -> None:
    """Count a file that is brought, or raise RateLimited."""
    await _count(request, (UPLOADS, _member(request, request[ACTOR])))


async def count_import(request: web.Request) -> None:
    """Count a file of many things that is sent or carried out, or raise RateLimited."""
    await _count(request, (IMPORTS, _member(request, request[ACTOR])))


async def count_import_look(request: web.Request) -> None:
    """Count a look at what such a file would do, or raise RateLimited."""
    await _count(request, (IMPORT_LOOKS, _member(request, request[ACTOR])))


async def count_completion(request: web.Request) -> None:
    """Count an offer made to the member who writes, or raise RateLimited."""
    await _count(request, (COMPLETIONS, _member(request, request[ACTOR])))


async def count_token(request: web.Request, tx: Tx, member_id: int) -> None:
    """Count a token that is made for a member, or raise RateLimited."""
    limits = request.app[LIMITS]
    await attempts.count(tx, limits, (TOKENS, attempts.subject(limits, "member", str(member_id))))


async def count_password(request: web.Request) -> None:
    """Count a password that the member changes, before it is hashed, or raise RateLimited."""
    await _count(request, (PASSWORDS, _member(request, request[ACTOR])))


async def count_feedback(request: web.Request, tx: Tx) -> None:
    """Count a message to the moderators, or raise RateLimited; a guest's is counted by the address it comes from."""
    actor = request.get(ACTOR)
    sender = _member(request, actor) if actor else _address(request)
    await attempts.count(tx, request.app[LIMITS], (FEEDBACK, sender))


async def count_setup(request: web.Request) -> None:
    """Count a visit to the set-up link, or raise RateLimited."""
    await _count(request, (SETUPS, _address(request)))


async def count_reset(request: web.Request, tx: Tx) -> None:
    """Count a link that is asked for, by the address that asks, or raise RateLimited."""
    await attempts.count(tx, request.app[LIMITS], (RESETS, _address(request)))


async def count_arrival(request: web.Request, tx: Tx, email: str) -> None:
    """Count an invitation or application that is asked for, by who asks and for whom, or raise RateLimited."""
    limits = request.app[LIMITS]
    await attempts.count(tx, limits, (ARRIVALS, _address(request)), (LETTERS, attempts.subject(limits, "email", email)))


async def count_unsubscription(request: web.Request) -> None:
    """Count a link that stops mail, good or guessed, or raise RateLimited."""
    await _count(request, (UNSUBSCRIPTIONS, _address(request)))


async def count_feed(request: web.Request, token: str) -> None:
    """Count a feed that is asked for, by its secret address and by who asks, or raise RateLimited."""
    asked = attempts.subject(request.app[LIMITS], "feed", token)
    await _count(request, (FEEDS, asked), (FEED_VISITS, _address(request)))


async def _count(request: web.Request, *asked: tuple[Budget, bytes]) -> None:
    """Count in a transaction of its own: no act holds the row that the next one has to count in."""
    limits = request.app[LIMITS]
    # Who looks as others writes nothing, and is an administrator.
    if limits.are_off or LOOK in request:
        return
    try:
        async with request.app[DB].once(bears_repeating=True) as once:
            await attempts.count(once, limits, *asked)
    except (ReadOnly, Full) as refusal:
        # What is only read is read on; what writes is refused by itself.
        _log.info("not counted: %s", refusal.code)


def _member(request: web.Request, actor: Actor) -> bytes:
    return attempts.subject(request.app[LIMITS], "member", str(actor.member_id))


def _address(request: web.Request) -> bytes:
    return attempts.subject(request.app[LIMITS], "address", sign_in.network_of(request[ADDRESS]))
