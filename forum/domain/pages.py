"""Pages of a list, and the opaque cursors that lead from one to the next.

A cursor holds the sort key of the last row shown, so that a page is found by an index and stays right while the list
moves. It carries no right: what may be listed is asked anew on every page, and a forged cursor only starts elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from forum.errors import BadRequest

T = TypeVar("T")

CURSOR_LIMIT: Final = 1000
"""Characters of the longest cursor that is looked at; none of ours comes near."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_BIGINT: Final = 2**63


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, and the cursor of the next ones (None: these were the last)."""

    items: list[T]
    next: str | None


def cut(rows: Sequence[T], limit: int, key: Callable[[T], tuple[object, ...]]) -> Page[T]:
    """Make a page of up to `limit` rows out of `limit` + 1 that were asked for; `key` gives a row's sort key."""
    items = list(rows[:limit])
    return Page(items, encode(*key(items[-1])) if items and len(rows) > limit else None)


def encode(*values: object) -> str:
    """Return a url-safe cursor of whole numbers, fractions, truths, texts and instants."""
    packed = [(value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else value for value in values]
    text = json.dumps(packed, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode(text: str, *types: type) -> tuple[Any, ...]:
    """Return the values of a cursor, which must be of these types; anything else is BadRequest("bad_cursor")."""
    packed = _unpack(text)
    if not isinstance(packed, list) or len(packed) != len(types):
        raise BadRequest("bad_cursor")
    return tuple(_value(value, kind) for value, kind in zip(packed, types, strict=True))


def _unpack(text: str) -> object:
    if len(text) > CURSOR_LIMIT:
        raise BadRequest("bad_cursor")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return json.loads(raw.decode())
    except (binascii.Error, ValueError, RecursionError):
        raise BadRequest("bad_cursor") from None


def _value(value: object, kind: type) -> object:
    stored = int if kind is datetime else kind
    if type(value) is not stored:
        raise BadRequest("bad_cursor")
    if isinstance(value, int) and not -_BIGINT <= value < _BIGINT:
        raise BadRequest("bad_cursor")
    if isinstance(value, float) and not math.isfinite(value):
        raise BadRequest("bad_cursor")
    if isinstance(value, str) and not _is_storable(value):
        raise BadRequest("bad_cursor")
    if kind is datetime and isinstance(value, int):
        return _instant(value)
    return value


def _is_storable(text: str) -> bool:
    """PostgreSQL keeps neither NUL nor half of a surrogate pair."""
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)


def _instant(microseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise BadRequest("bad_cursor") from None
