"""Refuses what another site makes a browser send: a token in every unsafe form, and Origin and Sec-Fetch-Site.

The token is an HMAC of the session's key, so it needs no storage and dies with the session. A guest, who has no
session, gets a random cookie that the token of the sign-in form is bound to (login CSRF). OWASP ASVS 5.0: 3.5.1.

It is written differently in every answer, as a random pad and what the pad makes of it: pages are sent compressed, and
a text that always stood there could be guessed from their lengths, letter by letter (BREACH).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp_session import get_session
from multidict import MultiDictProxy

from forum.errors import BadRequest, Forbidden
from forum.keys import CONFIG, SECRET
from forum.web import receiving, uploads
from forum.web.multipart import is_form
from forum.web.sessions import cookie_name, key_of

FIELD: Final = "csrf_token"
HEADER: Final = "X-CSRF-Token"

_SIZE: Final = hashlib.sha256().digest_size
_LENGTH: Final = len(base64.b64encode(bytes(2 * _SIZE)))
_NEW_GUEST: Final = web.RequestKey("new_guest", str)


async def token(request: web.Request) -> str:
    """Return the token for the forms of this answer."""
    key = key_of(await get_session(request)) or _guest(request)
    if not key:
        key = request[_NEW_GUEST] = secrets.token_urlsafe(24)
    return _masked(_token(request, key))


async def check(request: web.Request, *, takes_file: bool = False, receives: bool = False) -> None:
    """Raise Forbidden unless the request comes from a form of this forum in this browser.

    Of a form that brings a file of any size (`receives`) only what stands before the file is read.
    """
    if _is_foreign(request):
        raise Forbidden("csrf")
    key = key_of(await get_session(request)) or _guest(request)
    if receives and is_form(request):
        readable, given = True, _given(request, await receiving.fields_before(request))
    elif takes_file and is_form(request):
        readable, given = True, _given(request, (await uploads.read(request)).fields)
    else:
        readable = _is_readable(request)
        given = _given(request, await _form(request) if readable else {})
    if not _fits(request, key, given):
        raise Forbidden("csrf")
    if not readable:
        raise BadRequest("bad_request")


async def was_ours(request: web.Request) -> bool:
    """Say whether a form was sent from a page of this forum in this browser, though its session has ended.

    Either the browser itself says so, or the token is that of the session whose key the cookie still holds.
    """
    if _is_foreign(request) or not _is_readable(request):
        return False
    if request.headers.get("Sec-Fetch-Site") == "same-origin" or request.headers.get("Origin") in _origins(request):
        return True
    ended = request.cookies.get(cookie_name(request.app[CONFIG], "session"), "")
    return _fits(request, ended, _given(request, await _form(request)))


def _is_foreign(request: web.Request) -> bool:
    """Say whether the browser names another site as the sender."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        return True
    origin = request.headers.get("Origin")
    return origin is not None and origin not in _origins(request)


def _origins(request: web.Request) -> set[str]:
    return {request.app[CONFIG].origin, f"{request.scheme}://{request.host}"}


def _given(request: web.Request, form: Mapping[str, object]) -> str:
    field = form.get(FIELD, "")
    return request.headers.get(HEADER) or (field if isinstance(field, str) else "")


def _fits(request: web.Request, key: str, given: str) -> bool:
    return bool(key) and hmac.compare_digest(_unmasked(given), _token(request, key))


def _is_readable(request: web.Request) -> bool:
    """Say whether the body is safe to read as a form: ours are sent as UTF-8, and few bring a file (`uploads`).

    Python also reads encodings whose cost grows with the square of the length (punycode), and parts in encodings that
    it does not know fail in ways of their own.
    """
    is_utf8 = (request.charset or "utf-8").lower() in {"utf-8", "utf8"}
    return is_utf8 and not request.content_type.startswith("multipart/")


async def _form(request: web.Request) -> MultiDictProxy[str | bytearray | bytes | web.FileField]:
    """Read the body once for the check and the handler; a body that is no form is the sender's mistake."""
    try:
        return await request.post()
    except (ValueError, LookupError, HttpProcessingError, web.RequestPayloadError) as error:
        raise BadRequest("bad_request") from error


def remember_guest(request: web.Request, response: web.StreamResponse) -> None:
    """Set the guest's cookie when this answer holds a form for a guest who had none."""
    if guest := request.get(_NEW_GUEST):
        config = request.app[CONFIG]
        response.set_cookie(
            cookie_name(config, "guest"),
            guest,
            path=config.base_path or "/",
            secure=config.is_https,
            httponly=True,
            samesite="Lax",
        )


def _guest(request: web.Request) -> str:
    return request.get(_NEW_GUEST) or request.cookies.get(cookie_name(request.app[CONFIG], "guest"), "")


def _token(request: web.Request, key: str) -> bytes:
    return _token_of(request.app[SECRET], key)


@lru_cache(maxsize=1024)
def _token_of(secret: bytes, key: str) -> bytes:
    return hmac.digest(secret, b"csrf\0" + key.encode(errors="replace"), hashlib.sha256)


def _masked(token: bytes) -> str:
    pad = secrets.token_bytes(len(token))
    return base64.urlsafe_b64encode(pad + _xor(pad, token)).decode()


def _unmasked(given: str) -> bytes:
    """Return the token in a masked one, of no length where it is none."""
    if len(given) != _LENGTH:
        return b""
    try:
        both = base64.b64decode(given.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return b""
    return _xor(both[:_SIZE], both[_SIZE:]) if len(both) == 2 * _SIZE else b""


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(_SIZE)
