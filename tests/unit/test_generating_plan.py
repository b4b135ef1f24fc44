"""How a generated database is spread: as many topics and posts as asked for, skewed as forums are, before its end."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from random import Random
from statistics import median

from hypothesis import given, settings
from hypothesis import strategies as st

from forum.generating.plan import GIANT, Choice, Period, Size, Timeline, timeline


def _timeline(topics: int, posts: int, seed: int = 1) -> Timeline:
    return timeline(Size(10, topics, posts), Random(seed))  # noqa: S311 - no secrets


def _posts_by_topic(made: Timeline) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for moment in made.moments:
        second, topic = divmod(moment, made.topics)
        found.setdefault(topic, []).append(second)
    return found


@settings(max_examples=40, deadline=None)
@given(topics=st.integers(1, 60), more=st.integers(0, 600), seed=st.integers())
def test_every_topic_has_a_post_and_all_posts_have_a_second_of_their_own(topics: int, more: int, seed: int) -> None:
    made = _timeline(topics, topics + more, seed)
    by_topic = _posts_by_topic(made)
    assert sorted(by_topic) == list(range(topics))
    assert sum(map(len, by_topic.values())) == topics + more
    assert made.moments == sorted(set(made.moments))
    assert list(by_topic) == list(range(topics)), "topics are counted as they start"
    period = Period(date(2026, 1, 1))
    assert period.start <= period.instant(made.moments[0] // topics)
    assert period.instant(made.moments[-1] // topics) < period.end


def test_few_topics_are_long_and_one_has_ten_thousand_posts() -> None:
    sizes = sorted(len(posts) for posts in _posts_by_topic(_timeline(3000, 42_000)).values())
    assert sizes[-1] == GIANT
    assert sizes[-2] < GIANT / 4
    assert median(sizes) < 10
    assert sum(sizes[-300:]) > 42_000 / 2


def test_without_enough_posts_no_topic_is_a_giant() -> None:
    sizes = [len(posts) for posts in _posts_by_topic(_timeline(300, 2000)).values()]
    assert max(sizes) < 1000
    assert max(len(posts) for posts in _posts_by_topic(_timeline(1, 2000)).values()) == 2000


def test_a_topic_of_very_many_posts_still_ends_in_time() -> None:
    made = _timeline(1, 200_000)
    assert len(set(made.moments)) == 200_000
    period = Period(date(2026, 1, 1))
    assert period.instant(made.moments[-1]) < period.end


def test_the_seed_decides() -> None:
    assert _timeline(50, 500) == _timeline(50, 500)
    assert _timeline(50, 500) != _timeline(50, 500, seed=2)


def test_posts_are_written_on_workdays_before_the_last_monday() -> None:
    period = Period(date(2026, 1, 1))
    assert period.end == datetime(2025, 12, 29, tzinfo=UTC)
    instants = [period.instant(second) for second in range(0, 20 * 8 * 3600, 3599)]
    assert instants == sorted(instants)
    assert {instant.weekday() for instant in instants} == set(range(5))
    assert {instant.hour for instant in instants} <= set(range(5, 14))


def test_a_choice_follows_its_weights() -> None:
    chance = Random(1)  # noqa: S311 - no secrets
    choose = Choice([0.0, 1.0, 3.0])
    found = Counter(choose(chance) for _ in range(4000))
    assert found[0] == 0
    assert 2.5 < found[2] / found[1] < 3.5
