"""What a field of a form means: days by the clocks of a place."""

from __future__ import annotations

import pytest

from forum.errors import Invalid
from forum.web.forms import local_day


@pytest.mark.parametrize(
    ("zone", "day", "begins", "ends"),
    [
        ("Europe/Athens", "2027-03-01", "2027-02-28T22:00:00+00:00", "2027-03-01T22:00:00+00:00"),
        ("Europe/Athens", "2027-03-28", "2027-03-27T22:00:00+00:00", "2027-03-28T21:00:00+00:00"),  # 23 hours
        ("Europe/Athens", "2027-10-31", "2027-10-30T21:00:00+00:00", "2027-10-31T22:00:00+00:00"),  # 25 hours
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00+00:00", "2026-04-24T21:00:00+00:00"),  # begins at one
        ("America/New_York", "2027-01-01", "2027-01-01T05:00:00+00:00", "2027-01-02T05:00:00+00:00"),
    ],
)
def test_a_day_begins_and_ends_by_the_clocks_of_the_place(zone: str, day: str, begins: str, ends: str) -> None:
    assert tuple(instant.isoformat() for instant in local_day("from", day, zone)) == (begins, ends)


@pytest.mark.parametrize("text", ["", "tomorrow", "2027-02-30", "2027-03-01T08:00", "9999-12-31", "0001-01-01", "１"])
def test_what_is_no_day_is_told_beside_its_field(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        local_day("from", text, "Europe/Athens")
    assert caught.value.fields == {"from": ("bad_date",)}
