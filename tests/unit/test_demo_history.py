"""What is told to have happened in the demo: believable, in order, never in the future, whenever it is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forum.demo import read
from forum.demo.history import tell
from forum.demo.moments import CLOSES, OPENS, ZONE
from forum.demo.rows import History

CONTENT = read()
WEDNESDAY = datetime(2026, 11, 25, 11, 20, tzinfo=UTC)
CLOCKS = {
    "wednesday": WEDNESDAY,
    "sunday night": datetime(2026, 11, 22, 1, 0, tzinfo=UTC),
    "just after midnight": datetime(2026, 11, 22, 22, 0, 5, tzinfo=UTC),
    "when the clocks go forward": datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    "when the clocks go back": datetime(2026, 10, 25, 0, 30, 0, 123456, tzinfo=UTC),
    "new year": datetime(2026, 12, 31, 22, 1, tzinfo=UTC),
    "a leap day": datetime(2028, 2, 29, 8, 0, tzinfo=UTC),
}


@pytest.fixture(params=CLOCKS, scope="module")
def made(request: pytest.FixtureRequest) -> tuple[datetime, History]:
    now = CLOCKS[request.param]
    return now, tell(CONTENT, now)


def test_the_same_moment_gives_the_same_rows(made: tuple[datetime, History]) -> None:
    now, history = made
    assert tell(CONTENT, now) == history


def test_nothing_lies_in_the_future(made: tuple[datetime, History]) -> None:
    now, history = made
    tables: list[Sequence[Any]] = [history.topics, history.posts, history.revisions, history.acts, history.reads]
    moments = [value for table in tables for row in table for value in astuple(row) if isinstance(value, datetime)]
    moments += [moment for member in history.members for moment in (member.created_at, member.read_before)]
    assert len(moments) > 4000
    assert max(moments) <= now


def test_posts_of_a_topic_follow_one_another_and_ids_follow_time(made: tuple[datetime, History]) -> None:
    _, history = made
    instants = [post.created_at for post in history.posts]
    assert instants == sorted(instants)
    assert [post.id for post in history.posts] == list(range(1, len(instants) + 1))
    last: dict[int, tuple[int, datetime]] = {}
    for post in history.posts:
        number, instant = last.get(post.topic_id, (0, datetime.min.replace(tzinfo=UTC)))
        assert post.number == number + 1
        assert post.created_at > instant
        last[post.topic_id] = (post.number, post.created_at)
    started = [topic.created_at for topic in history.topics]
    assert started == sorted(started)


def test_topics_begin_on_their_day_or_the_friday_before_a_weekend(made: tuple[datetime, History]) -> None:
    now, history = made
    days_ago = {topic.title: topic.days_ago for topic in CONTENT.topics}
    days_ago |= {twinning.title: twinning.days_ago for twinning in CONTENT.twinnings}
    for topic in history.topics:
        day = now.astimezone(ZONE).date() - timedelta(days=days_ago[topic.title])
        begun = topic.created_at.astimezone(ZONE)
        moved = day.weekday() - 4 if days_ago[topic.title] > 3 and day.weekday() > 4 else 0
        assert begun.date() == day - timedelta(days=moved), topic.title


def test_replies_whose_day_is_told_stand_on_it_and_the_others_between(made: tuple[datetime, History]) -> None:
    now, history = made
    told = {post.body: post.created_at for post in history.posts}
    dated = [reply for topic in CONTENT.topics for reply in topic.reply if reply.days_ago is not None]
    assert len(dated) > 4
    for reply in dated:
        assert reply.days_ago is not None
        day = now.astimezone(ZONE).date() - timedelta(days=reply.days_ago)
        assert timedelta(0) <= day - told[reply.body].astimezone(ZONE).date() <= timedelta(days=2), reply.body


def test_what_gathers_around_a_topic_comes_after_it_and_never_in_the_future(made: tuple[datetime, History]) -> None:
    now, history = made
    gathered = history.gathered
    topics = {topic.id: topic for topic in history.topics}
    for interest in gathered.interests:
        decided_at = interest.decided_at or now
        assert topics[interest.topic_id].created_at < interest.created_at < decided_at <= now
    for adoption in gathered.adoptions:
        assert topics[adoption.topic_id].created_at < adoption.created_at <= adoption.staged_at <= adoption.updated_at
        assert adoption.updated_at <= now
    dated = [(row.topic_id, row.created_at) for row in gathered.validations]
    dated += [(row.topic_id, row.created_at) for row in gathered.guide_files]
    assert all(topics[topic_id].created_at < created_at <= now for topic_id, created_at in dated)
    for twinning in gathered.twinnings:
        assert twinning.event_at is None or twinning.event_at > now
    acts = [act for act in history.acts if act.subject == "topic"]
    assert [act.created_at for act in acts] == sorted(act.created_at for act in acts)
    assert all(0 < act.after_number <= topics[act.topic_id].post_count for act in acts)


def test_most_is_written_at_work(made: tuple[datetime, History]) -> None:
    _, history = made
    local = [post.created_at.astimezone(ZONE) for post in history.posts]
    at_work = sum(moment.weekday() < 5 and OPENS <= moment.time() <= CLOSES for moment in local)
    assert 0.8 < at_work / len(local) < 0.98
    assert sum(moment.hour < 6 for moment in local) <= len(local) * 0.02


def test_locks_come_after_the_last_post_and_edits_and_deletions_after_what_they_change(
    made: tuple[datetime, History],
) -> None:
    _, history = made
    posts = {post.id: post for post in history.posts}
    topics = {topic.id: topic for topic in history.topics}
    locks = [act for act in history.acts if act.act == "topic.lock"]
    assert len(locks) == sum(topic.locked is not None for topic in CONTENT.topics)
    for lock in locks:
        topic = topics[lock.topic_id]
        assert (topic.locked_at, topic.locked_by_id, topic.lock_reason) == (lock.created_at, lock.actor_id, lock.reason)
        assert lock.created_at > topic.last_post_at
        assert lock.after_number == topic.post_count
    for post in posts.values():
        assert post.edited_at is None or post.edited_at > post.created_at
        assert post.deleted_at is None or post.deleted_at > post.created_at
        assert (post.edited_at is None) == (post.revision_count == 0)
    for revision in history.revisions:
        assert posts[revision.post_id].created_at <= revision.created_at < revision.replaced_at
        assert posts[revision.post_id].body.startswith(revision.body)
        assert posts[revision.post_id].body != revision.body


def test_people_join_before_they_write_and_read_only_what_is_there(made: tuple[datetime, History]) -> None:
    _, history = made
    members = {member.id: member for member in history.members}
    topics = {topic.id: topic for topic in history.topics}
    assert all(members[post.author_id].created_at < post.created_at for post in history.posts)
    for mark in history.reads:
        assert 1 <= mark.last_number <= topics[mark.topic_id].post_count
        assert mark.read_at >= topics[mark.topic_id].created_at
        assert members[mark.member_id].created_at <= members[mark.member_id].read_before


def test_there_is_life_today_and_yesterday_and_something_of_everything() -> None:
    history = tell(CONTENT, WEDNESDAY)
    today = WEDNESDAY.astimezone(ZONE).date()
    replies = Counter(
        (today - post.created_at.astimezone(ZONE).date()).days for post in history.posts if post.number > 1
    )
    assert replies[0] >= 4
    assert replies[1] >= 3
    assert sum(post.deleted_at is not None for post in history.posts) == 9
    assert sum(post.edited_at is not None for post in history.posts) >= 25
    assert any(post.revision_count > 1 for post in history.posts)
    acts = Counter(act.act for act in history.acts)
    assert acts["topic.pin"] == sum(topic.pinned for topic in CONTENT.topics)
    assert acts["topic.mark_internal"] >= 1
    assert acts["post.delete"] == 9


def test_somebody_is_there_even_at_night() -> None:
    now = datetime(2026, 11, 26, 1, 10, tzinfo=UTC)
    posts = tell(CONTENT, now).posts
    assert posts[-1].created_at > now - timedelta(minutes=15)
    assert sum(now - timedelta(hours=6) < post.created_at for post in posts) >= 2


def test_a_reply_sent_twice_moves_the_numbers_that_later_replies_answer() -> None:
    history = tell(CONTENT, WEDNESDAY)
    posts = {post.id: post for post in history.posts}
    bodies = {post.body: post for post in history.posts if post.deleted_at is None}
    answers = 0
    for topic in CONTENT.topics:
        texts = [topic.body, *(reply.body for reply in topic.reply)]
        for reply in topic.reply:
            row = bodies[reply.body]
            answered = posts[row.reply_to_id].body if row.reply_to_id else None
            assert answered == (texts[reply.to - 1] if reply.to else None)
            answers += answered is not None
    assert answers > 400
