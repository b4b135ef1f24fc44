"""Who may knock at a route: the first of the five nets. What lies behind the door is `domain/access.py`'s to say.

Every route names its Access. All but OPEN, OPERATOR, PUBLIC and FEED ask for a signed-in member, whose Actor then
stands in the request; OPERATOR, MODERATOR and ADMINISTRATOR are decided here; the others name the right that the door
asks for the row.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from aiohttp_session import get_session

from forum.domain import access, api_tokens, feed_tokens
from forum.errors import BadRequest, Forbidden, NotFound, Unauthenticated
from forum.i18n import translator
from forum.keys import ACTOR, DB, FEED_READER, OWES, TRANSLATOR, VISITED
from forum.repeating import repeat
from forum.web import again, csrf, looking, operators, ratelimit
from forum.web.forms import int_param

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Access(enum.Enum):
    """The right a route asks for, as `resource:action`."""

    OPEN = "open"
    """Anyone, and who asks is not even looked up: static files and health need no database."""
    OPERATOR = "operator"
    """Programs on this machine, and holders of the token in the settings; no member is looked up."""
    PUBLIC = "public"
    """Anyone, signed in or not."""
    MEMBER = "member"
    """Any member, about the forum at large or themselves."""
    FEED = "feed"
    """A program that knows a member's secret address; the member then stands in the request as FEED_READER."""
    MODERATOR = "moderator"
    """A member of the system groups Moderators or Administrators."""
    ADMINISTRATOR = "administrator"
    CATEGORY_READ = "category:read"
    CATEGORY_START = "category:start"
    TOPIC_READ = "topic:read"
    TOPIC_REPLY = "topic:reply"
    TOPIC_EDIT = "topic:edit"
    TOPIC_DELETE = "topic:delete"
    TOPIC_MODERATE = "topic:moderate"
    TOPIC_MARK = "topic:mark_internal"
    TOPIC_ANSWER = "topic:mark_answer"
    PROPOSAL_JOIN = "proposal:join"
    PROPOSAL_LEAD = "proposal:lead"
    TOPIC_VALIDATE = "topic:validate"
    TOPIC_SUBMIT = "topic:submit"
    TOPIC_ADOPT = "topic:adopt"
    POST_READ = "post:read"
    POST_EDIT = "post:edit"
    POST_DELETE = "post:delete"
    ATTACHMENT_CREATE = "attachment:create"
    ATTACHMENT_READ = "attachment:read"
    ATTACHMENT_DELETE = "attachment:delete"
    PROFILE_EDIT = "profile:edit"
    TWINNING_INVITE = "twinning:invite"
    TWINNING_READ = "twinning:read"
    TWINNING_CHANGE = "twinning:change"
    GUIDE_FILE_READ = "guide_file:read"
    GUIDE_FILE_ADD = "guide_file:add"
    GUIDE_FILE_DELETE = "guide_file:delete"


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table of routes: `name` is `family.action`, the path begins below the base path."""

    method: str
    path: str
    handler: Handler
    access: Access
    name: str
    reads_topic: bool = False
    """Its topic is read together with the session, in one query, and stands in the request as VISIT."""
    is_grave: bool = False
    """The password is asked for again where it was not given lately (`web/again.py`); programs are never asked."""
    is_signed: bool = False
    """Its address holds a token that says for whom it acts: no form of ours is asked for, nor whose page sent it."""
    takes_file: bool = False
    """Its form may bring a file (`web/uploads.py`)."""
    receives: bool = False
    """Its form brings a file of any size, which its handler takes as it arrives (`web/receiving.py`)."""
    is_for_all: bool = False
    """Open to who owes a second factor or has not read new terms yet, and may do nothing else; PUBLIC pages are."""

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")


def guarded(route: Route) -> Handler:
    """Return the route's handler behind its check; the handler is called again where the database undid what it did."""

    async def page(request: web.Request) -> web.StreamResponse:
        if route.reads_topic:
            # A number that is none is the handler's to refuse, once it is known who asks.
            with contextlib.suppress(BadRequest):
                request[VISITED] = int_param(request, "topic_id")
        await load_actor(request)
        is_public = route.access is Access.PUBLIC and request.method in SAFE_METHODS
        await looking.enter(request, route.name, is_public=is_public)
        if route.access is not Access.PUBLIC:
            _require(request, route)
        if request.method not in SAFE_METHODS:
            if not route.is_signed:
                await csrf.check(request, takes_file=route.takes_file, receives=route.receives)
            if actor := request.get(ACTOR):
                await ratelimit.count_change(request, actor)
        if (owed := request.get(OWES)) and not (route.is_for_all or route.access is Access.PUBLIC):
            raise Forbidden(owed)
        if route.is_grave and (question := await again.ask(request)):
            return question
        return await _carried_out(route, request)

    async def api(request: web.Request) -> web.StreamResponse:
        if route.access is not Access.PUBLIC:
            await load_token_actor(request)
            _require(request, route)
        return await _carried_out(route, request)

    async def operator(request: web.Request) -> web.StreamResponse:
        if not (operators.has_token(request) or operators.is_local(request)):
            raise NotFound
        return await route.handler(request)

    async def feed(request: web.Request) -> web.StreamResponse:
        await _load_feed_reader(request)
        return await _carried_out(route, request)

    if route.access is Access.OPEN:
        return route.handler
    if route.access is Access.FEED:
        return feed
    if route.access is Access.OPERATOR:
        return operator
    return api if route.is_api else page


async def _carried_out(route: Route, request: web.Request) -> web.StreamResponse:
    """Have the handler answer; what it reads as it comes it cannot read again, so it does again itself what it must."""
    return await (route.handler(request) if route.receives else repeat(lambda: route.handler(request)))


def _require(request: web.Request, route: Route) -> None:
    actor = request.get(ACTOR)
    if actor is None:
        raise Unauthenticated
    if route.access is Access.MODERATOR:
        access.to_settle_feedback(actor)
    if route.access is Access.ADMINISTRATOR:
        access.to_administer(actor)


async def load_actor(request: web.Request) -> None:
    """Put the member whose session the cookie names into the request, and speak their language from here on.

    The session's storage sets the actor while it loads.
    """
    await get_session(request)
    _speak_their_language(request)


def _speak_their_language(request: web.Request) -> None:
    if actor := request.get(ACTOR):
        request[TRANSLATOR] = translator(actor.language)


async def load_token_actor(request: web.Request) -> None:
    """Put the member whose bearer token it is into the request, and count the call; cookies count for nothing here."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated
    actor = await repeat(lambda: _token_actor(request, token.strip()))
    if actor is None:
        raise Unauthenticated
    if actor.needs_touch:
        await request.app[DB].note(lambda once: api_tokens.touch(once, actor.token_id))
    request[ACTOR] = actor
    _speak_their_language(request)
    await ratelimit.count_call(request, actor, is_change=request.method not in SAFE_METHODS)


async def _token_actor(request: web.Request, token: str) -> api_tokens.TokenActor | None:
    async with request.app[DB].read() as conn:
        return await api_tokens.actor(conn, token)


async def _load_feed_reader(request: web.Request) -> None:
    """Put the member whose secret address it is into the request, and count the visit; cookies count for nothing here.

    They are nobody who is signed in: what goes wrong is told as to a guest.
    """
    token = request.match_info["token"]
    await ratelimit.count_feed(request, token)
    reader = await repeat(lambda: _feed_reader(request, token))
    if reader is None:
        raise NotFound
    if reader.needs_touch:
        await request.app[DB].note(lambda once: feed_tokens.touch(once, reader.member_id))
    request[FEED_READER] = reader


async def _feed_reader(request: web.Request, token: str) -> feed_tokens.FeedReader | None:
    async with request.app[DB].read() as conn:
        return await feed_tokens.reader(conn, token)
