"""Around every request: its id, language and client's address, the headers of every answer, and what errors become.

One place turns an exception into an answer: a page in the reader's language, or problem+json under /api/. Whatever is
not ours to explain becomes the same 500 with the request's id; the trace goes to the log.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from random import getrandbits
from typing import ClassVar, Final

from aiohttp import web
from aiohttp_session import SESSION_KEY

from forum import db, logs
from forum.config import Network
from forum.domain.entities import HOUSE
from forum.errors import BadRequest, Conflict, Forbidden, ForumError, NotFound, TooSlow, Unauthenticated, Unavailable
from forum.i18n import Language, is_language, negotiate, translator
from forum.keys import ACTOR, ADDRESS, CONFIG, METRICS, NETWORK, REQUEST_ID, TELLING, TRANSLATOR
from forum.web import compression, fragments, kept, owing, pages, problem_json, problems, resend, sign_in
from forum.web.access import Handler, load_actor, load_token_actor
from forum.web.forms import FormState
from forum.web.sessions import cookie_name, leave_unasked
from forum.web.urls import login_url, redirect

_log = logging.getLogger("forum.web")

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types koinon"
)
"""`koinon` is the policy of forum/static/page.js, the only way from text to HTML in scripts."""

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
    "Server": "Koinon",
}
_HSTS: Final = "max-age=31536000"
_STATUS_CODES: Final = {
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}
PATH_LIMIT: Final = 4000
_EVENT_STREAM: Final = "text/event-stream"
"""What a browser asks for with a page's event stream, and with nothing else: it takes no page, and 204 as a word to
stop (HTML Living Standard, 9.2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage(pages.Page):
    template: ClassVar[str] = "errors/error.html"
    status: int
    title: str
    sentence: str
    request_id: str
    topic_id: str
    """Of the topic in which something was refused, to lead back to it; empty where it was none."""


async def set_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Give every answer, errors and static files too, the headers of QUALITY 32 and 33."""
    headers = response.headers
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers["Server"] = HEADERS["Server"]
    if request.app[CONFIG].is_https:
        headers["Strict-Transport-Security"] = _HSTS
    headers["X-Request-Id"] = request.get(REQUEST_ID, "")


@web.middleware
async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Prepare the request, and answer whatever is raised below; stands inside aiohttp-session's middleware."""
    request[REQUEST_ID] = f"{getrandbits(64):016x}"  # no secret, and drawn for every request
    logs.REQUEST_ID.set(request[REQUEST_ID])
    db.PATIENCE.set(db.ACQUIRE_SECONDS)
    db.LOOKING.set(False)
    request[ADDRESS] = _address(request)
    request[TRANSLATOR] = translator(_guest_language(request))
    metrics = request.app[METRICS]
    metrics.in_flight += 1
    try:
        try:
            _check_target(request)
            _check_packing(request)
            response = await handler(request)
        except Exception as error:  # every one, so that each becomes an answer of ours
            response = await _answer(request, error)
        await compression.pack(request, response)
        return response
    finally:
        metrics.in_flight -= 1


async def _answer(request: web.Request, error: Exception) -> web.StreamResponse:
    if isinstance(error, web.HTTPException) and error.status < 400:
        raise error
    problem = _problem_of(request, error)
    if request.transport is None:
        # Nobody is there any more to read a page.
        return web.Response(status=problem.status)
    if is_api(request):
        response = problem_json.response(request, await _as_told_to_programs(request, problem))
        if isinstance(error, web.HTTPMethodNotAllowed) and response.status == 405:
            response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return response
    if isinstance(problem, Unavailable | TooSlow):
        return await _without_database(request, problem)
    try:
        if not _is_public_path(request):
            await load_actor(request)
        if isinstance(problem, NotFound) and request.get(ACTOR) is None and not _is_public_path(request):
            problem = Unauthenticated()
        is_shut_out = isinstance(problem, Unauthenticated) or problem.code in owing.PLACES
        hears_nothing = is_shut_out or problem.code == "looking"
        if hears_nothing and request.headers.get("Accept") == _EVENT_STREAM:
            return web.Response(status=204)
        if isinstance(problem, Unauthenticated):
            return await _to_sign_in(request, problem)
        if fragments.wanted(request):
            return await fragments.notice(request, problem)
        if problem.code in owing.PLACES:
            return await owing.lead(request, problem.code)
        holds_words = problem.code in {"csrf", "rate_limited"} and request.get(ACTOR) is not None
        return (await resend.show(request, problem) if holds_words else None) or await _page(request, problem)
    except Exception as second:
        # The database went away while the error was being told.
        request.pop(SESSION_KEY, None)
        return await _without_database(request, _problem_of(request, second))


async def _without_database(request: web.Request, problem: ForumError) -> web.Response:
    """Tell a problem without asking the database again, which has just kept the reader waiting.

    Whose session it is was found out before, or the page is a guest's and leaves the cookie alone. Hundreds may be told
    in the same moment, when the database stops or a flood of half-sent forms reaches its deadline: each page gives way
    to whatever else there is to do.
    """
    request.setdefault(NETWORK, HOUSE)
    if SESSION_KEY not in request:
        await leave_unasked(request)
    async with request.app[TELLING]:
        await asyncio.sleep(0)
        if request.transport is None:
            return web.Response(status=problem.status)
        if fragments.wanted(request):
            return await fragments.notice(request, problem)
        return await _page(request, problem)


async def _to_sign_in(request: web.Request, problem: Unauthenticated) -> web.Response:
    """Lead to the sign-in page, or answer a form that holds a text with that page, which carries the words."""
    if fragments.wanted(request):
        return await fragments.notice(request, problem, way=str(login_url(request)))
    carried = await kept.of_refused(request) if request.method == "POST" else kept.NOTHING
    if carried == kept.NOTHING:
        return redirect(login_url(request))
    wanted = login_url(request).query.get("next", "")
    return await sign_in.show(request, wanted, FormState(), kept=carried, problem=problem, has_ended=True)


async def _as_told_to_programs(request: web.Request, problem: ForumError) -> ForumError:
    """Without a token nobody learns which addresses there are: 401, whether the thing exists or not."""
    if problem.status not in {404, 405} or ACTOR in request:
        return problem
    try:
        await load_token_actor(request)
    except ForumError as refusal:
        return refusal
    return problem


async def _page(request: web.Request, problem: ForumError) -> web.Response:
    page = ErrorPage(
        status=problem.status,
        title=problems.title(problem.status),
        sentence=problems.sentence(problem.code),
        request_id=request[REQUEST_ID],
        topic_id=request.match_info.get("topic_id", "") if isinstance(problem, Conflict | Forbidden) else "",
    )
    response = await pages.render(request, page, status=problem.status)
    problem_json.retry_after(response, problem)
    return response


def _problem_of(request: web.Request, error: Exception) -> ForumError:
    if isinstance(error, ForumError):
        if isinstance(error, Unavailable):
            _log.warning("unavailable: %s", type(error.__cause__).__name__)
        return error
    if isinstance(error, web.HTTPException):
        problem = BadRequest(_STATUS_CODES.get(error.status, "bad_request"))
        problem.status = error.status
        return NotFound() if error.status == 404 else problem
    if isinstance(error, UnicodeDecodeError | UnicodeEncodeError | RecursionError | web.RequestPayloadError):
        return BadRequest("bad_value")
    if isinstance(error, ConnectionResetError):
        # The client left while it was sending; the database's own losses come as Unavailable.
        return BadRequest("bad_request")
    if isinstance(error, TimeoutError):
        return Unavailable()
    _log.error("%s %s failed", request.method, shown_path(request.path), exc_info=error)
    return ForumError()


_TOKEN: Final = re.compile(r"(?:(?<=/setup/)|(?<=/password/)|(?<=/unsubscribe/)|(?<=/feeds/)).+", re.DOTALL)


def shown_path(path: str) -> str:
    """Return a path as a log may show it: a token in it is a secret, also where no route took it."""
    return _TOKEN.sub("…", path)


def is_api(request: web.Request) -> bool:
    return request.path.startswith(f"{request.app[CONFIG].base_path}/api/")


def _is_public_path(request: web.Request) -> bool:
    """Static files, health and secret addresses answer with their own errors, not with the way to sign-in."""
    base = request.app[CONFIG].base_path
    return request.path.startswith(
        (
            f"{base}/static/",
            f"{base}/accent/",
            f"{base}/healthz",
            f"{base}/readyz",
            f"{base}/setup/",
            f"{base}/password/",
            f"{base}/unsubscribe/",
            f"{base}/feeds/",
        )
    )


def _check_target(request: web.Request) -> None:
    """Refuse an address with bytes that are no text, before anything looks at it."""
    if len(request.raw_path) > PATH_LIMIT:
        problem = BadRequest("bad_request")
        problem.status = 414
        raise problem
    for text in (request.path, request.query_string):
        if "\x00" in text or "\ufffd" in text or (not text.isascii() and _has_surrogate(text)):
            raise BadRequest("bad_value")


def _check_packing(request: web.Request) -> None:
    """Refuse a body that has to be unpacked first: no browser sends one, and a few bytes may unfold into gigabytes."""
    if request.body_exists and request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        problem = BadRequest("packed_body")
        problem.status = 415
        raise problem


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _guest_language(request: web.Request) -> Language:
    config = request.app[CONFIG]
    chosen = request.cookies.get(cookie_name(config, "language"), "")
    if is_language(chosen):
        return chosen
    return _negotiated(request.headers.get("Accept-Language", ""), config.language)


_negotiated: Final = lru_cache(maxsize=256)(negotiate)
"""Browsers say the same with every request."""


def _address(request: web.Request) -> str:
    # Some proxies add to the header the client sent, some put one of their own below it: all of them are one list.
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
    return client_address(request.remote or "127.0.0.1", forwarded, request.app[CONFIG].trusted_proxies)


@lru_cache(maxsize=1024)
def client_address(peer: str, forwarded: str, trusted: tuple[Network, ...]) -> str:
    """Return the client's address: what a trusted proxy forwarded, read from the right, else the peer's."""
    chain = [part.strip() for part in forwarded.split(",") if part.strip()]
    try:
        address = plain_address(peer)
        while chain and any(address in network for network in trusted):
            address = plain_address(chain.pop())
    except ValueError:
        return peer
    return str(address)


def plain_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address, IPv4 never dressed as IPv6; raise ValueError for other text."""
    address = ipaddress.ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address
