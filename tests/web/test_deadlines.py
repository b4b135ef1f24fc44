"""A deadline on the days the clocks change: as it was typed, kept, shown, put into calendars, and closed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from forum.db import RawConnection
from tests.site import Site, Visitor
from tests.web import subscribing
from tests.web.subscribing import read_calendar
from tests.web.test_kinds import CALL

# What is typed by the clocks of a zone, the instant it means, and what the clocks of Athens and of Brussels show then.
# In spring the clocks leave an hour out, in autumn they show one twice, of which the first is meant.
_MEANT: Final = (
    ("Europe/Brussels", "2027-03-28T01:59", "2027-03-28T00:59:00Z", "28/03/2027, 02:59", "28/03/2027, 01:59"),
    ("Europe/Brussels", "2027-03-28T03:00", "2027-03-28T01:00:00Z", "28/03/2027, 04:00", "28/03/2027, 03:00"),
    ("Europe/Brussels", "2027-03-28T17:00", "2027-03-28T15:00:00Z", "28/03/2027, 18:00", "28/03/2027, 17:00"),
    ("Europe/Athens", "2027-03-28T02:59", "2027-03-28T00:59:00Z", "28/03/2027, 02:59", "28/03/2027, 01:59"),
    ("Europe/Athens", "2027-03-28T04:00", "2027-03-28T01:00:00Z", "28/03/2027, 04:00", "28/03/2027, 03:00"),
    ("Asia/Nicosia", "2027-03-28T17:00", "2027-03-28T14:00:00Z", "28/03/2027, 17:00", "28/03/2027, 16:00"),
    ("Europe/Brussels", "2027-10-31T01:30", "2027-10-30T23:30:00Z", "31/10/2027, 02:30", "31/10/2027, 01:30"),
    ("Europe/Brussels", "2027-10-31T02:30", "2027-10-31T00:30:00Z", "31/10/2027, 03:30", "31/10/2027, 02:30"),
    ("Europe/Brussels", "2027-10-31T17:00", "2027-10-31T16:00:00Z", "31/10/2027, 18:00", "31/10/2027, 17:00"),
    ("Europe/Athens", "2027-10-31T03:30", "2027-10-31T00:30:00Z", "31/10/2027, 03:30", "31/10/2027, 02:30"),
    ("Asia/Nicosia", "2027-10-31T03:30", "2027-10-31T00:30:00Z", "31/10/2027, 03:30", "31/10/2027, 02:30"),
    ("Asia/Nicosia", "2027-10-31T17:00", "2027-10-31T15:00:00Z", "31/10/2027, 17:00", "31/10/2027, 16:00"),
)
_AGAIN: Final = "2027-10-31T01:30:20Z"
"""When the clocks of Athens show half past three for the second time, and those of Brussels half past two."""


def _typed(zone: str, local: str) -> dict[str, str]:
    day, _, time = local.partition("T")
    return CALL | {"deadline": day, "deadline.time": time, "deadline.zone": zone}


async def _kept(owner: RawConnection) -> tuple[dict[str, str], datetime]:
    """Return the deadline of the only topic, as its fields and as lists have it."""
    row = await owner.fetchrow("SELECT fields, deadline_at FROM topics")
    assert row
    return json.loads(row["fields"])["deadline"], row["deadline_at"]


@pytest.mark.parametrize(("zone", "local", "instant", "in_athens", "in_brussels"), _MEANT)
async def test_a_deadline_is_one_instant_from_the_form_to_the_calendar(
    site: Site, owner: RawConnection, zone: str, local: str, instant: str, in_athens: str, in_brussels: str
) -> None:
    sophie = await site.visitor("sophie")
    made = await sophie.submit("/categories/proposals/new", _typed(zone, local))
    assert made.status == 303, made.text
    at = datetime.fromisoformat(instant)
    assert await _kept(owner) == ({"at": instant, "zone": zone}, at)
    page = (await (await site.visitor("nikos")).get(made.location.partition("#")[0])).text
    assert f'datetime="{instant}"' in page
    assert in_athens in page, "by the reader's clocks"
    assert f"{in_brussels} (Βρυξέλλες)" in page
    calendar = read_calendar(await sophie.get(f"{await subscribing.address(site, 'nikos')}/calendar.ics"))
    (event,) = calendar.events
    assert isinstance(event.start, datetime)
    assert event.start.astimezone(UTC) == at
    shown = datetime.fromisoformat(local)
    assert _by(zone, event.start) == shown
    rung = sorted(_by(zone, alarm.trigger) for alarm in event.alarms.times)
    assert rung == [shown - timedelta(days=7), shown - timedelta(days=1)], "at the same hour by the clocks"


def _by(zone: str, moment: date) -> datetime:
    """Return what the clocks of a zone show at a moment."""
    assert isinstance(moment, datetime)
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("zone", "time"), [("Europe/Athens", "03:30"), ("Asia/Nicosia", "03:00"), ("Europe/Brussels", "02:30")]
)
async def test_a_time_that_the_clocks_leave_out_is_refused_and_kept_on_the_page(
    site: Site, owner: RawConnection, zone: str, time: str
) -> None:
    sophie = await site.visitor("sophie")
    answer = await sophie.submit("/categories/proposals/new", _typed(zone, f"2027-03-28T{time}"))
    assert answer.status == 422
    assert "The clocks are put forward over this time. Please choose another." in answer.text
    for said in ('value="2027-03-28"', f'value="{time}"', f'<option value="{zone}" selected'):
        assert said in answer.text
    assert await owner.fetchval("SELECT count(*) FROM topics") == 0


async def _set_again(site: Site, owner: RawConnection) -> tuple[Visitor, str]:
    """Have a program set a deadline for when the clocks show it again; return its author and the path to edit it."""
    program = await site.program("sophie")
    fields: dict[str, Any] = {name: CALL[name] for name in ("type", "programme", "summary", "contact")}
    fields["deadline"] = {"at": _AGAIN, "zone": "Europe/Athens"}
    sent = {"category": "proposals", "kind": "proposal", "title": CALL["title"], "body": "", "fields": fields}
    answer = await program.post("/api/v1/topics", json=sent)
    assert answer.status == 201, answer.text
    post_id = await owner.fetchval("SELECT id FROM posts")
    return await site.visitor("sophie"), f"/posts/{post_id}/edit"


async def test_an_edit_of_something_else_leaves_the_second_of_two_like_hours(site: Site, owner: RawConnection) -> None:
    sophie, path = await _set_again(site, owner)
    form = await sophie.get(path)
    assert 'value="03:30"' in form.text
    answer = await sophie.submit(path, _typed("Europe/Athens", "2027-10-31T03:30") | {"title": "Άλλος τίτλος"})
    assert answer.status == 303, answer.text
    assert await _kept(owner) == ({"at": _AGAIN, "zone": "Europe/Athens"}, datetime.fromisoformat(_AGAIN))
    answer = await sophie.submit(path, _typed("Europe/Athens", "2027-10-31T03:29"))
    assert (await _kept(owner))[0]["at"] == "2027-10-31T00:29:00Z", "typed anew it is the first"
