"""Who suits whom as a twin: each field that matches is named, and what is sought is a condition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from forum.domain import matching
from forum.domain.entities import OrganisationId
from forum.domain.profiles import Profile

_BARE: Final = Profile(
    OrganisationId(1), "a", "Α", "A", "Κύπρος", "Cyprus", "CY", 50_000, None, [], [], [], None, None, None,
    False, [], None, None, [], None, None, None,
)  # fmt: skip


def _mine(**changes: Any) -> Profile:
    return replace(_BARE, **changes)


def _other(**changes: Any) -> Profile:
    return replace(_BARE, id=OrganisationId(2), slug="b", country="GR", population=30_000, is_seeking=True, **changes)


@pytest.mark.parametrize(
    ("mine", "other", "expected"),
    [
        ({}, {}, {}),
        ({"settings": ["island", "coast"]}, {"settings": ["coast"]}, {"setting": ("coast",)}),
        ({"languages": ["el", "en"]}, {"languages": ["en"]}, {"language": ("en",)}),
        ({"themes": ["water"]}, {"themes": ["water"]}, {"both_work": ("water",)}),
        ({"themes": ["water"]}, {"seeks_themes": ["water"]}, {"you_work": ("water",)}),
        ({"is_seeking": True, "seeks_themes": ["water"]}, {"themes": ["water"]}, {"they_work": ("water",)}),
        ({"seeks_themes": ["water"]}, {"themes": ["water"]}, {}),
        ({"is_seeking": True, "seeks_themes": ["water"]}, {"seeks_themes": ["water"]}, {"both_seek": ("water",)}),
        (
            {"is_seeking": True, "seeks_themes": ["water", "energy"], "themes": ["water", "culture"]},
            {"seeks_themes": ["water", "culture"], "themes": ["water", "energy", "culture"]},
            {"both_seek": ("water",), "they_work": ("energy",), "you_work": ("culture",)},
        ),
        ({"is_seeking": True, "seeks_countries": ["GR"]}, {}, {"their_country": ("GR",)}),
        ({}, {"seeks_countries": ["FR", "CY"]}, {"your_country": ("CY",)}),
        ({"is_seeking": True, "seeks_from": 30_000, "seeks_to": 30_000}, {}, {"their_size": ("30000",)}),
        ({"is_seeking": True, "seeks_to": 29_999}, {}, {}),
        ({}, {"seeks_from": 50_000}, {"your_size": ("50000",)}),
        ({"population": None}, {"seeks_from": 50_000}, {}),
    ],
)
def test_each_field_that_matches_is_a_reason(
    mine: dict[str, Any], other: dict[str, Any], expected: dict[str, tuple[str, ...]]
) -> None:
    reasons = matching.compare(_mine(**mine), _other(**other))
    assert {reason.kind: reason.values for reason in reasons} == expected


def test_the_better_match_comes_first_and_oneself_never() -> None:
    mine = _mine(settings=["coast"], themes=["water"], is_seeking=True, seeks_themes=["water"])
    weak = _other(settings=["coast"])
    strong = replace(_other(themes=["water"], seeks_themes=["water"]), id=OrganisationId(3))
    none = replace(_other(), id=OrganisationId(4))
    found = matching.suggest(mine, [mine, weak, none, strong])
    assert [match.profile.id for match in found] == [3, 2]
    assert matching.suggest(mine, [weak, strong], but={OrganisationId(3)})[0].profile is weak


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        ({}, {"seeks_countries": ["FR"]}),
        ({"is_seeking": True, "seeks_countries": ["FR"]}, {}),
        ({}, {"seeks_to": 10_000}),
        ({"is_seeking": True, "seeks_from": 40_000}, {}),
        ({}, {"is_seeking": False}),
    ],
)
def test_who_is_ruled_out_by_what_is_sought_is_not_suggested(mine: dict[str, Any], other: dict[str, Any]) -> None:
    both = {"settings": ["coast"]}
    premise = matching.suggest(_mine(**both), [_other(**both)])
    assert len(premise) == 1
    assert matching.suggest(_mine(**both, **mine), [replace(_other(**both), **other)]) == []


def test_no_more_are_suggested_than_somebody_looks_through() -> None:
    mine = _mine(settings=["coast"])
    many = [replace(_other(settings=["coast"]), id=OrganisationId(number)) for number in range(2, 40)]
    assert len(matching.suggest(mine, many)) == matching.SUGGESTED
