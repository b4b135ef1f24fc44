"""A topic as whoever opens its page stands in it, read together with their session: the most read page is one query.

What was read is remembered by the web and asked about again by its versions (docs/adr/0023-versions.md). Who may read a
topic, `access` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from forum.db import Card, Conn, Query
from forum.domain import access, levels, sessions, unread
from forum.domain.access import ReadGrant
from forum.domain.actors import Actor
from forum.domain.entities import Topic, TopicId
from forum.domain.levels import Level
from forum.domain.sessions import Glance, SessionActor


@dataclass(frozen=True, slots=True)
class Visit:
    """May read a topic, and where they stand in it: the first post they have not seen, a reply they have begun.

    It holds while the topic, the foundations and the member's mark have their versions (docs/adr/0023-versions.md).
    """

    grant: ReadGrant
    foundations: int
    first_unread: int | None
    has_draft: bool
    mark: int
    """The version of the mark up to where they read the topic, 0 where there is none."""
    topic_level: Level | None
    """How much they chose to hear of the topic, and of its category; `level` is what counts."""
    category_level: Level | None
    level: Level
    has_news: bool
    """Whether a notification about the topic is unread."""


@dataclass(frozen=True, slots=True)
class _TopicToShow(Topic):
    first_unread: int | None
    has_draft: bool
    mark: int
    topic_level: Level | None
    category_level: Level | None
    level: Level
    has_news: bool


@dataclass(frozen=True, slots=True)
class _GlanceAtTopic(Glance):
    version: int | None
    mark: int
    has_draft: bool
    topic_level: Level | None
    category_level: Level | None
    has_news: bool

    def fits_visit(self, known: Visit) -> bool:
        return self.version == known.grant.topic.version and _SEEN(self) == _SEEN(known)


_SEEN: Final = attrgetter("mark", "has_draft", "topic_level", "category_level", "has_news")
_OWN: Final = attrgetter("first_unread", "has_draft", "mark", "topic_level", "category_level", "level", "has_news")
"""What a visit takes from its topic, in the order of its fields."""


@dataclass(frozen=True, slots=True)
class _GlanceToReply(Glance):
    slug: str | None
    is_internal: bool | None
    locked_at: datetime | None
    deleted_at: datetime | None

    def fits_visit(self, known: Visit) -> bool:
        """Say whether what a reply needs of the topic is what it was: others' replies do not count."""
        topic = known.grant.topic
        return (self.slug, self.is_internal, self.locked_at, self.deleted_at) == (
            topic.slug,
            topic.is_internal,
            topic.locked_at,
            topic.deleted_at,
        )


@dataclass(frozen=True, slots=True)
class _SessionAndTopic(sessions.Read):
    topic: tuple[Any, ...] | None
    """The fields of _TopicToShow."""


_HAS_DRAFT = "EXISTS (SELECT 1 FROM drafts WHERE drafts.member_id = $1 AND drafts.place = 'topic:' || topics.id)"

_MARK = "coalesce(reads.version, 0)"

_CHOSEN = levels.chosen(member="$1", topic="topics.id", category="topics.category_id")

_TOPIC_TO_SHOW = f"""
    SELECT {access.TOPIC_COLUMNS},
           CASE WHEN {unread.IS} THEN {unread.FIRST} END,
           {_HAS_DRAFT}, {_MARK},
           chosen.topic_level, chosen.category_level, {levels.level(levels.is_own(member="$1"))}, {unread.HAS_NEWS}
    {access.TOPIC_JOINS}
    {unread.JOIN}
    {_CHOSEN}
    WHERE topics.id = $2
"""


_TOPIC_TO_SHOW_ALONE = Query("visits.topic_to_show", _TOPIC_TO_SHOW, returns=_TopicToShow, card=Card.ZERO_OR_ONE)


def _of_session(sql: str) -> str:
    """Return SQL that speaks of member `$1` as SQL that speaks of the session's."""
    return sql.replace("$1", "sessions.member_id")


_SESSION_AND_TOPIC = Query(
    "visits.session_and_topic",
    f"""
    SELECT {sessions.COLUMNS}, topic
    {sessions.JOINS}
    LEFT JOIN LATERAL ({_of_session(_TOPIC_TO_SHOW).replace("$2", "$4")}) AS topic ON true
    WHERE {sessions.IS_OPEN}
    """,
    returns=_SessionAndTopic,
    card=Card.ZERO_OR_ONE,
)
"""The most read page there is costs one query, of which the topic's half is asked about the session's member."""

_GLANCE_AT_TOPIC = Query(
    "visits.glance_at_topic",
    f"""
    SELECT {sessions.GLANCE_COLUMNS}, topics.version, {_MARK}, {_of_session(_HAS_DRAFT)},
           chosen.topic_level, chosen.category_level, {_of_session(unread.HAS_NEWS)}
    {sessions.GLANCE_JOINS}
    LEFT JOIN topics ON topics.id = $4
    {_of_session(unread.JOIN)}
    {_of_session(_CHOSEN)}
    WHERE {sessions.IS_OPEN}
    """,
    returns=_GlanceAtTopic,
    card=Card.ZERO_OR_ONE,
)

_GLANCE_TO_REPLY = Query(
    "visits.glance_to_reply",
    f"""
    SELECT {sessions.GLANCE_COLUMNS}, topics.slug, topics.is_internal, topics.locked_at, topics.deleted_at
    {sessions.GLANCE_JOINS}
    LEFT JOIN topics ON topics.id = $4
    WHERE {sessions.IS_OPEN}
    """,
    returns=_GlanceToReply,
    card=Card.ZERO_OR_ONE,
)

Known = tuple[SessionActor, Visit | None]


async def session_and_topic(
    conn: Conn, key: str, topic_id: TopicId, known: Known | None = None, *, to_reply: bool = False
) -> tuple[SessionActor | None, Visit | None]:
    """Return whose session has a key, and their right to read a topic, each None where there is none.

    One query; `known` is what was returned for both before: where it still holds, a shorter one says so. Where it is
    only asked `to_reply`, replies made since may be missing in what comes back.
    """
    if known is not None:
        session, visit = known
        asked = (*sessions.values(key), topic_id)
        glance: _GlanceToReply | _GlanceAtTopic | None
        if to_reply:
            glance = await conn.maybe(_GLANCE_TO_REPLY, *asked)
        else:
            glance = await conn.maybe(_GLANCE_AT_TOPIC, *asked)
        if glance is None:
            return None, None
        if visit is not None and glance.fits(session) and glance.fits_visit(visit):
            return sessions.seen_again(session, glance), visit
    row = await conn.maybe(_SESSION_AND_TOPIC, *sessions.values(key), topic_id)
    if row is None:
        return None, None
    session = sessions.read(row)
    return session, _visit(session.actor, session.foundations, _TopicToShow(*row.topic) if row.topic else None)


async def topic_to_show(conn: Conn, actor: Actor, topic_id: TopicId, foundations: int) -> Visit | None:
    """Return the right to read a topic for whom no session stands: an administrator who looks as others."""
    found = await conn.maybe(_TOPIC_TO_SHOW_ALONE, actor.member_id, topic_id)
    return _visit(actor, foundations, found)


def _visit(actor: Actor, foundations: int, topic: _TopicToShow | None) -> Visit | None:
    grant = access.topic_found(actor, topic) if topic else None
    return Visit(grant, foundations, *_OWN(topic)) if grant else None
