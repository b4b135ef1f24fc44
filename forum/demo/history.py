"""What happened in the demo, and when: from the content and the moment of making to the rows that tell it.

Pure: the same content and the same moment give the same rows, whoever makes them. Ids are given here, in the order of
time, since lists go by them. How the rows come into the tables is `laying`'s.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from forum.demo import gathering, moments
from forum.demo.chance import chance as _chance
from forum.demo.rows import ActRow, Facts, History, MemberRow, PostRow, ReadRow, RevisionRow, TopicRow
from forum.demo.shapes import Content, Person, Topic
from forum.domain import kinds
from forum.domain.topics import slug_of

_LIVELY: Final = 16
"""Topics that somebody has replied to since yesterday."""
_LIVELY_DAYS: Final = range(4, 91)
_APART: Final = timedelta(minutes=2)
"""Between replies whose day is told, at the least."""
_DOUBLES: Final = 9
"""Replies that were sent twice by mistake, the second taken away."""
_EDITED: Final = 0.06
_EDITED_AGAIN: Final = 0.2
_MARKED_LATER: Final = 0.4
"""Of the internal topics, how many were not so from the start."""

_SENTENCE_END: Final = re.compile(r"(?<=[.;!?])\s+(?=[«“A-ZΑ-ΩΆ-Ώ])")
_PLAIN_START: Final = re.compile(r"[«“\"(]?[^\W\d_]")


@dataclass(frozen=True, slots=True)
class _Post:
    """A post before it has an id; `earlier` is what it said before each edit, with when that was replaced."""

    author: str
    body: str
    to: int | None
    created_at: datetime
    deleted_at: datetime | None = None
    earlier: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class _Thread:
    topic: Topic
    posts: tuple[_Post, ...]


def tell(content: Content, now: datetime) -> History:
    """Return what happened until `now`."""
    now = now.astimezone(UTC).replace(microsecond=0)
    threads = _threads(content, now)
    topic_ids = {thread.topic.title: number for number, thread in enumerate(threads, 1)}
    joined = sorted((_joined_at(person, now), person.key) for person in content.people)
    member_ids = {key: number for number, (_, key) in enumerate(joined, 1)}
    in_time = sorted(
        (post.created_at, topic_ids[thread.topic.title], number)
        for thread in threads
        for number, post in enumerate(thread.posts, 1)
    )
    post_ids = {(topic_id, number): post_id for post_id, (_, topic_id, number) in enumerate(in_time, 1)}
    topics: list[TopicRow] = []
    posts: list[PostRow] = []
    revisions: list[RevisionRow] = []
    acts: list[ActRow] = []
    for topic_id, thread in enumerate(threads, 1):
        done = _acts(content, thread, topic_id, member_ids, now)
        topics.append(_topic_row(thread, topic_id, member_ids, post_ids, done, now))
        acts += done
        for number, post in enumerate(thread.posts, 1):
            row = _post_row(thread, post, topic_id, number, member_ids, post_ids, now)
            posts.append(row)
            revisions += _revision_rows(thread.topic, post, row)
            if post.deleted_at:
                facts: tuple[Facts, Facts] = (
                    {"is_deleted": False},
                    {
                        "is_deleted": True,
                        "topic_id": topic_id,
                        "number": number,
                    },
                )
                deleted = ("post.delete", "post", row.id, *facts, topic_id)
                acts.append(ActRow(post.deleted_at, row.author_id, *deleted))
    members, reads = _readers(content, joined, topics, posts, now)
    gathered = gathering.gather(content, member_ids, topics, posts, now)
    return History(
        members,
        topics,
        sorted(posts, key=lambda row: row.id),
        sorted(revisions, key=lambda row: (row.post_id, row.number)),
        sorted([*acts, *gathered.acts], key=lambda row: (row.created_at, row.subject_id)),
        reads,
        gathered,
        now,
    )


def _joined_at(person: Person, now: datetime) -> datetime:
    """Return when somebody joined: all of them before the first topic, which is at most a year old."""
    chance = _chance("joined", person.key)
    return moments.of_day(now, chance.randrange(370, 720), chance)


def _threads(content: Content, now: datetime) -> list[_Thread]:
    """Return the topics with their posts in time, in the order in which they were started."""
    chance = _chance("threads")
    open_ones = [topic for topic in content.topics if topic.locked is None]
    lively = [topic for topic in open_ones if topic.days_ago in _LIVELY_DAYS and len(topic.reply) > 3]
    lively = [topic for topic in lively if not topic.is_dated]
    lively = chance.sample(lively, min(_LIVELY, len(lively)))
    late = dict(zip((topic.title for topic in lively), moments.late(now, len(lively), chance), strict=True))
    middling = [topic.title for topic in open_ones if 5 <= len(topic.reply) <= 20]
    doubled = frozenset(chance.sample(middling, min(_DOUBLES, len(middling))))
    threads = [_Thread(topic, tuple(_posts(topic, late.get(topic.title), now))) for topic in content.topics]
    threads = [_sent_twice(thread) if thread.topic.title in doubled else thread for thread in threads]
    told = [twinning.topic for twinning in content.twinnings]
    threads += [_Thread(topic, tuple(_posts(topic, None, now))) for topic in told]
    return sorted(threads, key=lambda thread: (thread.posts[0].created_at, thread.topic.title))


def _posts(topic: Topic, late: datetime | None, now: datetime) -> list[_Post]:
    chance = _chance("posts", topic.title)
    started = moments.of_day(now, topic.days_ago, chance)
    count = len(topic.reply)
    lately = [] if late is None else [late]
    if late is not None and chance.random() < 0.35:
        lately.insert(0, late - timedelta(seconds=chance.randrange(240, 2400)))
    until = now - (timedelta(hours=3) if late is None else moments.LATE_SPAN)
    earlier: list[datetime] = []
    since, between = started, 0
    for reply in topic.reply:
        if reply.days_ago is None:
            between += 1
            continue
        told = max(moments.of_day(now, reply.days_ago, chance), since + _APART * (between + 1))
        earlier += [*moments.following(since, between, until=told, random=chance), told]
        since, between = told, 0
    count -= len(earlier) + len(lately)
    earlier += moments.following(since, count, until=max(until, since + _APART * (count + 1)), random=chance)
    posts = [_Post(topic.author, topic.body, None, started)]
    posts += [
        _Post(reply.author, reply.body, reply.to, moment)
        for reply, moment in zip(topic.reply, [*earlier, *lately], strict=True)
    ]
    return [_edited(post, chance, now) if topic.locked is None else post for post in posts]


def _edited(post: _Post, chance: Random, now: datetime) -> _Post:
    """Return the post, now and then as one that was shorter before its author added to it."""
    is_edited, is_edited_again = chance.random() < _EDITED, chance.random() < _EDITED_AGAIN
    first_edit = post.created_at + timedelta(seconds=chance.randrange(90, 3 * 3600))
    second_edit = first_edit + timedelta(seconds=chance.randrange(120, 20 * 3600))
    shorter = _shorter(post.body)
    if not is_edited or shorter is None or first_edit >= now:
        return post
    shortest = _shorter(shorter)
    if is_edited_again and shortest is not None and second_edit < now:
        return replace(post, earlier=((shortest, first_edit), (shorter, second_edit)))
    return replace(post, earlier=((shorter, first_edit),))


def _shorter(body: str) -> str | None:
    """Return the text without its last paragraph, or without its last sentence; None when neither can be taken."""
    before, _, last = body.rpartition("\n\n")
    if "```" in body or "\n" in last or not _PLAIN_START.match(last):
        return None
    if before:
        return before.rstrip()
    ends = list(_SENTENCE_END.finditer(last))
    return last[: ends[-1].start()] if ends else None


def _sent_twice(thread: _Thread) -> _Thread:
    """Return the thread with one reply that stands twice, the second deleted; later numbers are one higher."""
    chance = _chance("twice", thread.topic.title)
    index = chance.randrange(1, len(thread.posts) - 2)
    sent = thread.posts[index]
    again = sent.created_at + timedelta(seconds=chance.randrange(12, 28))
    double = replace(
        sent, created_at=again, deleted_at=again + timedelta(seconds=chance.randrange(20, 200)), earlier=()
    )
    before, after = thread.posts[: index + 1], thread.posts[index + 1 :]
    shifted = (replace(post, to=post.to + 1) if post.to and post.to > index + 1 else post for post in after)
    return replace(thread, posts=(*before, double, *shifted))


def _acts(content: Content, thread: _Thread, topic_id: int, member_ids: dict[str, int], now: datetime) -> list[ActRow]:
    """Return what moderators did to the topic, in time."""
    topic = thread.topic
    chance = _chance("acts", topic.title)
    started, last = thread.posts[0].created_at, thread.posts[-1].created_at
    moderators = [person.key for person in content.people if person.moderates]
    anyone = topic.author if topic.author in moderators else chance.choice(moderators)
    done: list[tuple[datetime, str, str, str, str | None]] = []
    if topic.internal and chance.random() < _MARKED_LATER:
        moment = moments.after(started, chance.uniform(10, 200))
        done.append((moment, anyone, "mark_internal", "is_internal", None))
    if topic.pinned:
        done.append((moments.after(started, chance.uniform(20, 400)), anyone, "pin", "is_pinned", None))
    if topic.locked and topic.locked_by:
        moment = moments.after(last, chance.uniform(60, 3 * moments.DAY))
        done.append((moment, topic.locked_by, "lock", "is_locked", topic.locked))
    rows = []
    for moment, actor, act, field, reason in done:
        # where there was no time for it in working hours, it was done half-way to now
        at = moment if moment < now else last + (now - last) / 2
        after_number = sum(post.created_at <= at for post in thread.posts)
        subject = (f"topic.{act}", "topic", topic_id, {field: False}, {field: True}, topic_id, after_number, reason)
        rows.append(ActRow(at, member_ids[actor], *subject))
    return sorted(rows, key=lambda row: row.created_at)


def _topic_row(
    thread: _Thread,
    topic_id: int,
    member_ids: dict[str, int],
    post_ids: dict[tuple[int, int], int],
    acts: list[ActRow],
    now: datetime,
) -> TopicRow:
    topic = thread.topic
    by_act = {act.act: act for act in acts}
    lock, pin = by_act.get("topic.lock"), by_act.get("topic.pin")
    standing = [(number, post) for number, post in enumerate(thread.posts, 1) if post.deleted_at is None]
    last_number, last = standing[-1]
    answer = standing[topic.answer - 1] if topic.answer else None
    return TopicRow(
        id=topic_id,
        category_slug=topic.category,
        author_id=member_ids[topic.author],
        title=topic.title,
        slug=slug_of(topic.title),
        language=topic.language,
        is_internal=topic.internal,
        locked_at=lock.created_at if lock else None,
        locked_by_id=lock.actor_id if lock else None,
        lock_reason=lock.reason if lock else None,
        pinned_at=pin.created_at if pin else None,
        reply_count=len(standing) - 1,
        post_count=len(thread.posts),
        last_post_number=last_number,
        last_post_at=last.created_at,
        last_author_id=member_ids[last.author],
        created_at=thread.posts[0].created_at,
        kind=topic.kind,
        fields=json.dumps(topic.values(now)),
        tags=",".join(topic.tags),
        answer_post_id=post_ids[topic_id, answer[0]] if answer else None,
        answered_at=min(answer[1].created_at + timedelta(hours=2), now) if answer else None,
    )


def _post_row(
    thread: _Thread,
    post: _Post,
    topic_id: int,
    number: int,
    member_ids: dict[str, int],
    post_ids: dict[tuple[int, int], int],
    now: datetime,
) -> PostRow:
    topic = thread.topic
    return PostRow(
        id=post_ids[topic_id, number],
        topic_id=topic_id,
        number=number,
        author_id=member_ids[post.author],
        reply_to_id=post_ids[topic_id, post.to] if post.to else None,
        body=post.body,
        found_by_title=topic.title if number == 1 else "",
        found_by_fields=kinds.of(topic.kind).words(topic.values(now)) if number == 1 else "",
        revision_count=len(post.earlier),
        created_at=post.created_at,
        edited_at=post.earlier[-1][1] if post.earlier else None,
        deleted_at=post.deleted_at,
    )


def _revision_rows(topic: Topic, post: _Post, row: PostRow) -> list[RevisionRow]:
    title = topic.title if row.number == 1 else None
    since = [post.created_at, *(replaced_at for _, replaced_at in post.earlier)]
    return [
        RevisionRow(row.id, number, row.author_id, title, body, since[number - 1], replaced_at)
        for number, (body, replaced_at) in enumerate(post.earlier, 1)
    ]


def _readers(
    content: Content, joined: list[tuple[datetime, str]], topics: list[TopicRow], posts: list[PostRow], now: datetime
) -> tuple[list[MemberRow], list[ReadRow]]:
    """Return the members, and how far each has read each topic: what they wrote, and most of what they came upon."""
    closed = {twinning.category: twinning for twinning in content.twinnings}
    of_topic: dict[int, list[PostRow]] = {}
    for post in posts:
        of_topic.setdefault(post.topic_id, []).append(post)
    own_last: dict[int, datetime] = {}
    for post in posts:
        own_last[post.author_id] = max(own_last.get(post.author_id, post.created_at), post.created_at)
    members: list[MemberRow] = []
    reads: list[ReadRow] = []
    for member_id, (joined_at, key) in enumerate(joined, 1):
        chance = _chance("reads", key)
        person = content.by_key[key]
        visited = max(now - _away(person, chance), own_last.get(member_id, joined_at))
        cleared = max(joined_at, visited - timedelta(days=chance.uniform(15, 60)))
        members.append(MemberRow(member_id, person, joined_at, cleared))
        for topic in topics:
            twinning = closed.get(topic.category_slug)
            if topic.last_post_at <= cleared or (twinning and not twinning.is_of(person)):
                continue
            own = max((post.number for post in of_topic[topic.id] if post.author_id == member_id), default=0)
            number = max(own, _shown(of_topic[topic.id], visited, chance))
            if number:
                read_at = max(
                    visited - timedelta(minutes=chance.uniform(0, 90)), of_topic[topic.id][number - 1].created_at
                )
                reads.append(ReadRow(member_id, topic.id, number, read_at))
    return members, reads


def _away(person: Person, chance: Random) -> timedelta:
    """Return since when somebody has not been here: a day or so, at times a week, a few for longer."""
    kind = 0.0 if person.sign_in else chance.random()
    if kind < 0.7:
        return timedelta(hours=chance.uniform(3, 40))
    return timedelta(days=chance.uniform(2, 9) if kind < 0.9 else chance.uniform(10, 30))


def _shown(posts: list[PostRow], visited: datetime, chance: Random) -> int:
    """Return up to which number a topic was shown to somebody who was here until then; 0 when they passed it by."""
    there = sum(post.created_at <= visited for post in posts)
    kind = chance.random()
    if kind < 0.25 or there == 0:
        return 0
    return there if kind < 0.85 else chance.randint(1, there)
