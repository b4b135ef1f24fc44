"""Indicators are drawn where both cells are numbers, as Greeks or as English write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from forum.web.indicator_bars import draw, number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("31", "31"),
        ("31%", "31"),
        ("12,5 %", "12.5"),
        ("12.5", "12.5"),
        ("1.234", "1234"),
        ("1,234", "1234"),
        ("1.234,5", "1234.5"),
        ("1,234.5", "1234.5"),
        ("1.234.567", "1234567"),
        ("12 500", "12500"),
        ("€ 180.000", "180000"),
        ("180.000 €", "180000"),
        ("0,125", "0.125"),
        ("~40", "40"),
    ],
)
def test_a_number_is_read_however_it_is_written(text: str, value: str) -> None:
    assert number(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "πολλά", "-3", "3 έως 5", "1.2.3", "12:30", "1,23,4", "3/4", "²"])
def test_what_is_no_number_is_not_drawn(text: str) -> None:
    assert number(text) is None
    assert draw([{"name": "Νερό", "before": text, "after": "3", "unit": "%"}]) == []


def test_the_longer_bar_takes_the_room_and_the_other_its_share() -> None:
    [pair] = draw([{"name": "Νερό", "before": "40", "after": "10", "unit": "%"}])
    assert (pair.before.width, pair.after.width) == ("62.00%", "15.50%")
    assert (pair.before.text, pair.after.text, pair.after.text_x) == ("40", "10", "17.50%")


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw([{"name": "Νερό", "before": "0", "after": "0"}]) == []
