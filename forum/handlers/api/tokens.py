"""Tokens: a program gets one for a member's address and password, under the same throttle as signing in."""

from __future__ import annotations

from aiohttp import web

from forum.domain import api_tokens, sign_in
from forum.errors import Unauthenticated
from forum.handlers.api import answers, bodies, models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, ADDRESS, DB, LIMITS, SECRET
from forum.web import credentials
from forum.web.forms import int_param
from forum.web.ratelimit import count_token


@call(
    mark("Get a token for a member's e-mail address and password"),
    takes=models.NewToken,
    answers=models.CreatedToken,
    creates="api.tokens.delete",
    refuses=(401, 409, 429),
)
async def create(request: web.Request, sent: models.NewToken) -> models.CreatedToken:
    key = bodies.read_key_text(request)
    found = await credentials.verify(request, sent.email, sent.password)
    if found is None:
        raise Unauthenticated("wrong_credentials")
    if found.has_second_factor:
        await _ask_code(request, sent)
    created, who = None, (request.app[LIMITS], sent.email, request[ADDRESS], found.member_id)
    async with request.app[DB].write() as tx:
        if not found.has_second_factor:
            await sign_in.confirm(tx, *who, password_hash=found.password_hash)
        if not found.has_second_factor or await sign_in.confirm_code(
            tx, *who, sent.otp or "", password_hash=found.password_hash
        ):
            await count_token(request, tx, found.member_id)
            created = await api_tokens.create(tx, found.member_id, name=sent.name, secret=request.app[SECRET], key=key)
    if created is None:
        raise Unauthenticated("wrong_code")
    return models.CreatedToken(id=created.id, token=created.token)


async def _ask_code(request: web.Request, sent: models.NewToken) -> None:
    """Let the throttle's time pass before a code is looked at; raise Unauthenticated where none was sent.

    The password was right, which is what its counters are told either way.
    """
    async with request.app[DB].write() as tx:
        await sign_in.settle(tx, request.app[LIMITS], sent.email, request[ADDRESS], sign_in.PASSWORD)
    if sent.otp is None:
        raise Unauthenticated("otp_required")
    await credentials.wait(request, sent.email, sign_in.CODE)


@call(mark("List one's own tokens"), takes=models.PageQuery, answers=models.Tokens)
async def index(request: web.Request, query: models.PageQuery) -> models.Tokens:
    async with request.app[DB].read() as conn:
        found = await api_tokens.list_tokens(conn, request[ACTOR])
    items, following = answers.cut(found, query, lambda token: token.id)
    return models.Tokens(items=[answers.token(token) for token in items], next=following)


@call(mark("End a token at once"), refuses=(404, 409))
async def delete(request: web.Request) -> None:
    async with request.app[DB].write() as tx:
        await api_tokens.delete(tx, request[ACTOR], int_param(request, "id"))
