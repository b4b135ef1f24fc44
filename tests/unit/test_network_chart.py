"""The picture of the network: each municipality once, each tie a line, nothing outside the drawing."""

from __future__ import annotations

import re

from forum.web import network_chart
from forum.web.network_chart import Place, Tie


def _places(*counts: int) -> list[Place]:
    return [
        Place(f"r{region}-{number}", f"Δήμος {number}", f"Περιφέρεια {region}")
        for region, count in enumerate(counts)
        for number in range(count)
    ]


def test_without_twins_there_is_no_picture() -> None:
    assert network_chart.draw([], []) is None


def test_two_regions_stand_side_by_side_and_a_third_below_the_shorter() -> None:
    chart = network_chart.draw(_places(5, 2, 1), [])
    assert chart
    assert [heading.anchor for heading in chart.headings] == ["end", "start", "start"]
    places = [(tessera.x, tessera.y) for tessera in chart.tesserae]
    assert len(set(places)) == 8, "no two stand on each other"


def test_each_tie_is_a_line_within_the_drawing() -> None:
    ties = [Tie("r0-0", "r1-0", "active"), Tie("r0-0", "r0-2", "signed"), Tie("r1-0", "r1-1", "dormant")]
    chart = network_chart.draw(_places(3, 2), [*ties, Tie("r0-0", "elsewhere", "active")])
    assert chart
    assert [line.state for line in chart.lines] == ["active", "signed", "dormant"]
    for line in chart.lines:
        numbers = [int(number) for number in re.findall(r"-?\d+", line.path)]
        assert all(0 <= x <= chart.width for x in numbers[::2])
        assert all(0 <= y <= chart.height for y in numbers[1::2])


def test_a_long_name_is_cut() -> None:
    chart = network_chart.draw([Place("a", "Δήμος " + "Α" * 60, "Περιφέρεια")], [])
    assert chart
    assert chart.tesserae[0].text.endswith("…")
    assert len(chart.tesserae[0].text) == 28
