"""When things happen among municipal officers: mostly at work, sometimes in the evening, never in the future.

Every function takes the moment of making or a bound as an argument and a generator of chance, so that the same ones
give the same moments. Moments go out in UTC; hours and weekdays are those of `ZONE`.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Europe/Athens")
"""The time of both regions; Cyprus keeps the same under another name."""

OPENS: Final = time(7, 30)
CLOSES: Final = time(15, 30)
DAY: Final = 8 * 60
"""Minutes of a working day."""

_WEEKEND: Final = 5
_SETTLED_DAYS: Final = 3
"""Topics older than this are moved off weekends; newer ones keep their day, so that there always are some."""
_STEP: Final = timedelta(seconds=30)
_CROWDED: Final = 10
"""Working minutes a reply below which replies are spread over all hours instead."""
_EVENINGS: Final = 0.1
_LATE_HOURS: Final = (0.15, 0.6, 1.2, 2.0, 3.1, 4.5, 6.0, 8.0, 11.0, 20.0, 22.0, 24.0, 26.0, 29.0, 33.0, 40.0)
"""Hours ago of the posts that make the first page look alive."""
_SLEEPLESS: Final = 2
"""How many of these are written at whatever hour it is."""
_NIGHT_FROM, _NIGHT_TO = 23, 7

LATE_SPAN: Final = timedelta(days=3)
"""`late` gives nothing older than this."""


def of_day(now: datetime, days_ago: int, random: Random) -> datetime:
    """Return a moment at work `days_ago` days before `now`, at least 1; of an older weekend, the Friday before."""
    day = now.astimezone(ZONE).date() - timedelta(days=days_ago)
    if days_ago > _SETTLED_DAYS and day.weekday() >= _WEEKEND:
        day -= timedelta(days=day.weekday() - _WEEKEND + 1)
    return _later(datetime.combine(day, OPENS, ZONE), random.randrange(10 * 60, 7 * 3600))


def after(moment: datetime, minutes: float) -> datetime:
    """Return the moment when, from `moment`, so many minutes of work have passed."""
    start = _at_work(moment.astimezone(ZONE))
    while (left := (_closing(start) - start).total_seconds() / 60) < minutes:
        minutes -= left
        start = _at_work(_closing(start))
    return _later(start, math.floor(minutes * 60))


def minutes_between(start: datetime, end: datetime) -> float:
    """Return how many minutes of work lie between two moments."""
    minutes = 0.0
    begin, end = _at_work(start.astimezone(ZONE)), end.astimezone(ZONE)
    while begin < end:
        minutes += (min(_closing(begin), end) - begin).total_seconds() / 60
        begin = _at_work(_closing(begin))
    return minutes


def following(start: datetime, count: int, *, until: datetime, random: Random) -> list[datetime]:
    """Return increasing moments of `count` replies between `start` and `until`, both excluded: soon, then sparser."""
    gaps = [_gap(random) for _ in range(count)]
    start = start.astimezone(UTC)
    available = minutes_between(start, until)
    if available < _CROWDED * count:
        return [start + (until.astimezone(UTC) - start) * place / (count + 1) for place in range(1, count + 1)]
    if sum(gaps) > available * 0.95:
        share = available * random.uniform(0.6, 0.95) / sum(gaps)
        gaps = [gap * share for gap in gaps]
    moments: list[datetime] = []
    last = start
    for gap in gaps:
        last = max(after(last, gap), last + _STEP)
        moments.append(last)
    return _with_evenings(moments, until, random)


def late(now: datetime, count: int, random: Random) -> list[datetime]:
    """Return the moments of up to sixteen posts of today and yesterday; nights are slept through by almost all."""
    ago = [now - timedelta(hours=hours * random.uniform(0.9, 1.1)) for hours in _LATE_HOURS[:count]]
    return ago[:_SLEEPLESS] + [_awake(moment, random) for moment in ago[_SLEEPLESS:]]


def _gap(random: Random) -> float:
    """Return minutes of work until the next reply: within hours, by the next days, or after a week."""
    kind = random.random()
    if kind < 0.55:
        return random.uniform(6, 180)
    return random.uniform(180, 2 * DAY) if kind < 0.85 else random.uniform(2 * DAY, 9 * DAY)


def _with_evenings(moments: list[datetime], until: datetime, random: Random) -> list[datetime]:
    """Move some replies from the afternoon to the evening of their day, where the order stays as it is."""
    moved = list(moments)
    for place, moment in enumerate(moments):
        evening = _evening(moment, random)
        following_one = moments[place + 1] if place + 1 < len(moments) else until
        if random.random() < _EVENINGS and moment < evening < min(following_one, until):
            moved[place] = evening
    return moved


def _evening(moment: datetime, random: Random) -> datetime:
    day = moment.astimezone(ZONE).date()
    return _later(datetime.combine(day, time(18, 30), ZONE), random.randrange(4 * 3600))


def _awake(moment: datetime, random: Random) -> datetime:
    local = moment.astimezone(ZONE)
    if local.hour >= _NIGHT_FROM:
        return _evening(local, random)
    return _evening(local - timedelta(days=1), random) if local.hour < _NIGHT_TO else moment


def _at_work(local: datetime) -> datetime:
    """Return the moment itself when it is in working hours, else the next opening."""
    day = local.date()
    if local.time() >= CLOSES or day.weekday() >= _WEEKEND:
        day += timedelta(days=1)
        while day.weekday() >= _WEEKEND:
            day += timedelta(days=1)
        return datetime.combine(day, OPENS, ZONE)
    return max(local, datetime.combine(day, OPENS, ZONE))


def _later(local: datetime, seconds: int) -> datetime:
    return (local + timedelta(seconds=seconds)).astimezone(UTC)


def _closing(local: datetime) -> datetime:
    return datetime.combine(local.date(), CLOSES, ZONE)
