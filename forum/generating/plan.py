"""How much of everything there is, and when: sizes of topics and moments of posts, from chance alone.

Pure: knows no texts, no people and no database. Few topics have very many posts and most a handful; posts are written
in working hours, soon after the topic was started and then ever more rarely.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from typing import Final

GIANT: Final = 10_000
"""Posts of the one topic that is far longer than all others, where the other topics get as many between them."""

LANGUAGES: Final = ("el", "en")

UNTIL: Final = date(2026, 1, 1)
"""The day before which everything happened, unless another is asked for."""

_WEEKS: Final = 156
_WORKDAYS: Final = 5
_OPENS: Final = time(5, 30)
_WORKDAY: Final = 8 * 3600
_PERIOD: Final = _WEEKS * _WORKDAYS * _WORKDAY
"""Seconds of work in three years; moments are counted in these, from 0."""
_USED: Final = 0.999
"""How much of the period is written in: crowded posts are moved to later seconds, never beyond its end."""

_SKEW: Final = 1.1
_LONGEST: Final = 400
"""How many times as long as the shortest a topic is, the giant aside."""
_PACE: Final = 240
"""Seconds of work a reply takes at least, on average, where the period is long enough."""
_LIFE: Final = 9 * _WORKDAY
"""How long people go on writing in an ordinary topic."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is wanted; groups and categories are in all, None leaves those a new forum begins with.

    `proposals` are some of the topics.
    """

    members: int
    topics: int
    posts: int
    groups: int | None = None
    categories: int | None = None
    proposals: int = 0


@dataclass(frozen=True, slots=True)
class Period:
    """The three years in which everything happens, up to the Monday on or before a day."""

    until: date

    @property
    def end(self) -> datetime:
        return datetime.combine(self.until - timedelta(days=self.until.weekday()), time(), UTC)

    @property
    def start(self) -> datetime:
        return self.end - timedelta(weeks=_WEEKS)

    def instant(self, second: int) -> datetime:
        """Return when a second of work is."""
        day, rest = divmod(second, _WORKDAY)
        week, weekday = divmod(day, _WORKDAYS)
        opening = self.start + timedelta(hours=_OPENS.hour, minutes=_OPENS.minute)
        return opening + timedelta(days=7 * week + weekday, seconds=rest)


@dataclass(frozen=True, slots=True)
class Timeline:
    """When each post is written: `moments` holds `second * topics + topic` in order, topics counted as they start."""

    topics: int
    moments: list[int]


def timeline(size: Size, chance: Random) -> Timeline:
    """Return the moments of all posts, those of a topic each in a second of its own."""
    threads = sorted(_seconds(posts, chance) for posts in _sizes(size, chance))
    moments = [second * size.topics + topic for topic, thread in enumerate(threads) for second in thread]
    moments.sort()
    return Timeline(size.topics, moments)


def _sizes(size: Size, chance: Random) -> list[int]:
    """Return how many posts each topic has, at least one."""
    topics, replies = size.topics, size.posts - size.topics
    sizes = []
    if topics > 1 and replies >= 2 * (GIANT - 1):
        sizes, topics, replies = [GIANT], topics - 1, replies - (GIANT - 1)
    weights = list(accumulate(min(chance.paretovariate(_SKEW), _LONGEST) for _ in range(topics)))
    ends = [round(replies * weight / weights[-1]) for weight in weights]
    return sizes + [1 + end - start for start, end in zip([0, *ends], ends, strict=False)]


def _seconds(posts: int, chance: Random) -> list[int]:
    """Return the seconds in which the posts of a topic are written, in order and each another."""
    usable = int(_PERIOD * _USED)
    needed = min(posts * _PACE, int(usable * 0.9))
    start = int(chance.random() * (usable - needed))
    span = min(usable - start, needed + int(chance.expovariate(1 / _LIFE)))
    seconds = [start]
    for second in sorted(start + int(span * chance.random() ** 2) for _ in range(posts - 1)):
        seconds.append(max(second, seconds[-1] + 1))
    return seconds


class Choice:
    """Chooses among numbered things by weights, quickly."""

    def __init__(self, weights: list[float]) -> None:
        self._ends = list(accumulate(weights))

    def __call__(self, chance: Random) -> int:
        return bisect_left(self._ends, chance.random() * self._ends[-1])
