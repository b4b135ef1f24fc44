"""Bars by week stand where the numbers say, between the ground and the top of a scale that people count in."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from forum.domain.opening_figures import Count, Week
from forum.web.week_chart import draw


def _weeks(*counts: tuple[int | None, int], before: int = 0) -> list[Week]:
    return [
        Week(date(2027, 3, 1) + timedelta(weeks=number), number >= before, Count(read, wrote, wrote, 0))
        for number, (read, wrote) in enumerate(counts)
    ]


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw([]) is None
    assert draw(_weeks((0, 0), (None, 0))) is None


@pytest.mark.parametrize(
    ("highest", "scale"),
    [
        (1, [0, 1]),
        (4, [0, 1, 2, 3, 4]),
        (5, [0, 2, 4, 6]),
        (9, [0, 5, 10]),
        (21, [0, 10, 20, 30]),
        (43, [0, 20, 40, 60]),
        (5000, [0, 2000, 4000, 6000]),
    ],
)
def test_the_scale_reaches_over_the_highest_bar_in_round_steps(highest: int, scale: list[int]) -> None:
    chart = draw(_weeks((highest, 0)))
    assert chart is not None
    assert [tick.count for tick in chart.ticks] == scale


def test_a_bar_is_as_high_as_its_number_and_who_wrote_is_a_part_of_it() -> None:
    chart = draw(_weeks((0, 0), (4, 1), (None, 2), before=1))
    assert chart is not None
    none, whole, unknown = chart.bars
    assert (none.read_height, none.wrote_height) == ("0.00%", "0.00%")
    assert (whole.read_y, whole.read_height, whole.wrote_height) == ("13.00%", "74.00%", "18.50%")
    assert (unknown.read_y, unknown.read_height) == (unknown.wrote_y, unknown.wrote_height), "who wrote has read"
    assert (chart.opening, chart.before_width, chart.is_opening_left) == ("38.00%", "31.00%", True)


def test_the_opening_is_not_drawn_where_only_weeks_before_it_are_shown() -> None:
    chart = draw(_weeks((1, 0), (1, 0), before=2))
    assert chart is not None
    assert chart.opening is None
    assert chart.before_width == "93.00%"
