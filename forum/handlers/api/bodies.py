"""Reading what a program sends, strictly: JSON bodies, parameters of the address, the Idempotency-Key header.

What is no JSON, or JSON that no two readers understand alike (a key twice, NaN, half a character), is 400; what is
understood but cannot be taken is 422 and says which field. RFC 8259 (4, 8.2), RFC 9110 (15.5).
"""

from __future__ import annotations

import json
import math
import re
from itertools import count
from typing import Final, TypeVar

from aiohttp import web
from pydantic import ValidationError

from forum.domain import idempotency
from forum.errors import BadRequest, Invalid
from forum.handlers.api.models import Body, Query, Sent
from forum.web.forms import field_codes

S = TypeVar("S", bound=Sent)
B = TypeVar("B", bound=Body)
Q = TypeVar("Q", bound=Query)

IDEMPOTENCY: Final = "Idempotency-Key"

NAME_LIMIT: Final = 100
"""Names in an address or an object: beyond, telling the fault of each would be an answer larger than the request."""

PIECE_LIMIT: Final = 1_000
"""Objects and fractions of a body: each is read by code of ours, and a third of a million fit into a request."""

_VISIBLE: Final = re.compile(f"[!-~]{{1,{idempotency.KEY_LIMIT}}}")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


async def read_body(request: web.Request, model: type[B]) -> B:
    """Return the body, or raise BadRequest (no JSON; 415 for another type) or Invalid (fields)."""
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        problem = BadRequest("unsupported_media_type")
        problem.status = 415
        raise problem
    sent = _parse(await request.read())
    if not isinstance(sent, dict):
        raise Invalid({"body": ("bad_value",)})
    return _validate(model, sent)


def read_query(request: web.Request, model: type[Q]) -> Q:
    """Return the parameters of the address, or raise BadRequest (one comes twice) or Invalid."""
    if len(request.query) > NAME_LIMIT:
        raise BadRequest("bad_value")
    for name in request.query:
        if len(request.query.getall(name)) > 1:
            raise BadRequest("repeated_parameter")
    return _validate(model, dict(request.query))


def read_key(request: web.Request, act: str, *parts: str) -> idempotency.Key | None:
    """Return the key under which an act is asked for; `parts` are what makes two requests the same."""
    value = read_key_text(request)
    return None if value is None else idempotency.make(value, act, *parts)


def read_key_text(request: web.Request) -> str | None:
    """Return the header as it was sent, or raise BadRequest."""
    sent = request.headers.getall(IDEMPOTENCY, [])
    if not sent:
        return None
    if len(sent) > 1 or not _VISIBLE.fullmatch(sent[0]):
        raise BadRequest("bad_idempotency_key")
    return sent[0]


def _validate(model: type[S], sent: dict[str, object]) -> S:
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        raise Invalid(field_codes(error)) from None


def _parse(raw: bytes) -> object:
    pieces = count(1)

    def object_(pairs: list[tuple[str, object]]) -> dict[str, object]:
        _refuse_beyond_limit(next(pieces))
        return _object(pairs)

    def fraction(text: str) -> float:
        _refuse_beyond_limit(next(pieces))
        return _finite(text)

    try:
        return json.loads(
            raw.decode(), object_pairs_hook=object_, parse_constant=_refuse_constant, parse_float=fraction
        )
    except (ValueError, RecursionError):
        # ValueError: not UTF-8, not JSON, or an integer of more digits than Python reads.
        raise BadRequest("bad_json") from None


def _refuse_beyond_limit(number: int) -> None:
    if number > PIECE_LIMIT:
        raise BadRequest("bad_value")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(pairs) > NAME_LIMIT:
        raise BadRequest("bad_value")
    read = dict(pairs)
    if len(read) < len(pairs):
        raise BadRequest("repeated_parameter")
    if any(_SURROGATE.search(name) for name in read):
        raise ValueError("half a character in a name")
    return read


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("beyond what a number can be")
    return number
