"""Cursors come back as they went out, and nothing hostile in their place does harm."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain import pages
from forum.errors import BadRequest

_INSTANTS = st.datetimes(timezones=st.just(UTC))
_WHOLE = st.integers(-(2**63), 2**63 - 1)
_FRACTIONS = st.floats(allow_nan=False, allow_infinity=False)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


def _packed(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@given(st.booleans(), _INSTANTS, _WHOLE, _FRACTIONS, _TEXTS)
def test_what_is_encoded_is_decoded(truth: bool, instant: datetime, whole: int, fraction: float, text: str) -> None:
    cursor = pages.encode(truth, instant, whole, fraction, text)
    assert pages.decode(cursor, bool, datetime, int, float, str) == (truth, instant, whole, fraction, text)
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_an_instant_keeps_its_microseconds_whatever_its_zone() -> None:
    instant = datetime(2026, 11, 23, 10, 0, 0, 123457, tzinfo=timezone(timedelta(hours=2)))
    assert pages.decode(pages.encode(instant), datetime) == (instant,)


@given(st.text(max_size=1200))
def test_any_text_is_a_cursor_or_is_refused(text: str) -> None:
    number: object = 0
    with suppress(BadRequest):
        (number,) = pages.decode(text, int)
    assert type(number) is int


@pytest.mark.parametrize(
    ("cursor", "types"),
    [
        ("", (int,)),
        ("%", (int,)),
        ("κ", (int,)),
        ("\ud800", (int,)),
        ("MQ==", (int,)),
        (_packed(1), (int,)),
        (_packed({"a": 1}), (int,)),
        (_packed([]), (int,)),
        (_packed([1, 2]), (int,)),
        (_packed([True]), (int,)),
        (_packed([1]), (bool,)),
        (_packed(["1"]), (int,)),
        (_packed([1]), (float,)),
        (_packed([1]), (str,)),
        (_packed([None]), (int,)),
        (_packed([2**63]), (int,)),
        (_packed([-(2**63) - 1]), (int,)),
        (_packed([2**62]), (datetime,)),
        (_packed(["2026-01-01"]), (datetime,)),
        (_packed([float("nan")]), (float,)),
        (_packed([float("inf")]), (float,)),
        (_packed(["a\0b"]), (str,)),
        (_packed(["\ud800"]), (str,)),
        (_packed([10**400]), (int,)),
        (base64.urlsafe_b64encode(b"\xff\xfe").decode(), (int,)),
        (base64.urlsafe_b64encode(b"[" * 700).decode(), (int,)),
        ("A" * 100_000, (int,)),
    ],
)
def test_a_cursor_of_another_making_is_refused(cursor: str, types: tuple[type, ...]) -> None:
    with pytest.raises(BadRequest) as caught:
        pages.decode(cursor, *types)
    assert caught.value.code == "bad_cursor"


def test_a_page_leads_on_only_when_more_rows_were_found() -> None:
    full = pages.cut([5, 4, 3], 2, lambda row: (row,))
    assert full.items == [5, 4]
    assert full.next is not None
    assert pages.decode(full.next, int) == (4,)
    assert pages.cut([5, 4], 2, lambda row: (row,)) == pages.Page([5, 4], None)
    assert pages.cut([], 2, lambda row: (row,)) == pages.Page([], None)
