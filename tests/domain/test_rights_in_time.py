"""For random grants that begin, end and leave older topics to others, everything shows what a small model says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forum.db import Conn, RawConnection, connect
from forum.domain import access, categories, events, posts, search, topic_lists
from forum.domain.actors import Actor
from forum.domain.entities import RIGHTS, TopicId
from forum.domain.events import Hearer
from forum.errors import Forbidden, NotFound
from forum.postgres import Endpoint
from tests import cast as people
from tests.lengths import IS_AUDIT

_GROUPS: Final = {
    "region-cyprus": {"maria"},
    "region-north-aegean": {"nikos"},
    "organisation-larnaca": {"maria"},
    "organisation-union-of-cyprus-municipalities": {"sophie", "administrator"},
    "moderators": {"moderator"},
    "free": {"maria", "nikos", "stranger"},
}
_CATEGORIES: Final = ("questions", "guides", "water", "lighting")
_PARENTS: Final = {"water": "questions", "lighting": "questions"}
"""Sub-categories: the first goes by its parent's grants where the world says so, the other never."""
_WRITING: Final = {"reply", "start", "attach", "vote"}
_STAGES: Final = {
    "see": {"see"},
    "readers": {"see", "read"},
    "commenters": {"see", "read", "reply"},
    "participants": {"see", "read", "reply", "start", "attach", "vote"},
    "moderators": {"see", "read", "reply", "moderate"},
}
_ALWAYS: Final = 1000
"""Hours, before and after, that stand for the infinite."""


@dataclass(frozen=True)
class Grant:
    """Hours from now: when it begins and ends, and how old topics may be."""

    category: str
    group: str
    stage: str
    begins: int
    ends: int
    since: int
    internal_since: int


@dataclass(frozen=True)
class Written:
    """A topic by its age; its author is nobody of the cast that is asked."""

    category: str
    hours: int
    is_internal: bool
    is_deleted: bool

    def is_meant(self, grant: Grant) -> bool:
        return self.hours >= (grant.internal_since if self.is_internal else grant.since)


@dataclass(frozen=True)
class World:
    grants: tuple[Grant, ...]
    topics: tuple[Written, ...]
    inherits: bool = False
    archived: frozenset[str] = frozenset()

    def held(self, person: str, category: str, topic: Written | None = None) -> set[str]:
        """Return what a person may do in a category, or in a topic of it."""
        parent = _PARENTS.get(category)
        if person == "suspended" or (parent and not self.held(person, parent)):
            return set()
        return {
            right
            for grant in self.grants
            if grant.category == (parent if self.inherits and category == "water" else category)
            if person in _GROUPS[grant.group] and grant.begins <= 0 < grant.ends
            if topic is None or topic.is_meant(grant)
            for right in _STAGES[grant.stage]
        } - (_WRITING if category in self.archived else set())

    def readable(self, person: str, category: str | None = None) -> set[int]:
        return {
            number
            for number, topic in enumerate(self.topics)
            if category in {None, topic.category} and not topic.is_deleted
            if "read" in self.held(person, topic.category, topic)
        }


@st.composite
def _grants(draw: st.DrawFn) -> Grant:
    begins = draw(st.sampled_from((-_ALWAYS, -_ALWAYS, -2, -1, 0, 1)))
    since = draw(st.sampled_from((-_ALWAYS, -_ALWAYS, -3, -2)))
    return Grant(
        draw(st.sampled_from(_CATEGORIES)),
        draw(st.sampled_from(tuple(_GROUPS))),
        draw(st.sampled_from(tuple(_STAGES))),
        begins,
        draw(st.sampled_from([hour for hour in (-1, 0, 1, _ALWAYS, _ALWAYS) if hour > begins])),
        since,
        draw(st.sampled_from([hour for hour in (since, -2, -1, _ALWAYS) if hour >= since])),
    )


_topics = st.builds(
    Written,
    st.sampled_from(_CATEGORIES),
    st.sampled_from((-4, -3, -2, -1, 0)),
    st.booleans(),
    st.sampled_from((False, False, False, True)),
)
_worlds = st.builds(
    World,
    st.lists(_grants(), max_size=8, unique_by=lambda grant: (grant.category, grant.group, grant.begins)).map(tuple),
    st.lists(_topics, max_size=6).map(tuple),
    st.booleans(),
    st.frozensets(st.sampled_from(_CATEGORIES), max_size=1),
)


class _Forum:
    """A world in the database, for the life of a transaction."""

    def __init__(self, connection: RawConnection, world: World) -> None:
        self.connection, self.world = connection, world
        self.conn = Conn(connection)
        self.numbers: dict[TopicId, int] = {}

    async def make(self) -> None:
        run: Any = self.connection.execute
        now = await self.connection.fetchval("SELECT now()")
        await run("DELETE FROM grants")
        await run("INSERT INTO groups (slug, kind, name_el, name_en) VALUES ('free', 'free', 'Ε', 'F')")
        await run(
            "INSERT INTO group_members (group_id, member_id) SELECT groups.id, members.id FROM groups, members "
            "WHERE groups.slug = 'free' AND members.email = ANY ($1::text[])",
            [people.email(person) for person in _GROUPS["free"]],
        )
        for slug, parent in _PARENTS.items():
            await run(
                "INSERT INTO categories (slug, position, name_el, name_en, parent_id, inherits_grants) "
                "SELECT $1, position, $1, $1, id, $3 FROM categories WHERE slug = $2",
                slug,
                parent,
                self.world.inherits and slug == "water",
            )
        await run("UPDATE categories SET archived_at = now() WHERE slug = ANY ($1::text[])", list(self.world.archived))
        for grant in self.world.grants:
            held = _STAGES[grant.stage]
            await run(
                "INSERT INTO grants SELECT categories.id, groups.id, $3, $4, $5, $6, $7, $8, $9, now(), $10, $11, "
                "$12, $13 FROM categories, groups WHERE categories.slug = $1 AND groups.slug = $2",
                grant.category,
                grant.group,
                *(right in held for right in RIGHTS),
                *(_instant(now, hour) for hour in (grant.begins, grant.ends, grant.since, grant.internal_since)),
            )
        for number, topic in enumerate(self.world.topics):
            topic_id = await self.connection.fetchval(
                "INSERT INTO topics (category_id, author_id, last_author_id, title, slug, is_internal, created_at, "
                "last_post_at, deleted_at, deleted_by_id) SELECT categories.id, members.id, members.id, 'Θέμα', "
                "'thema', $2, $3, $3, CASE WHEN $4 THEN now() END, CASE WHEN $4 THEN members.id END "
                "FROM categories, members WHERE categories.slug = $1 AND members.email = $5 RETURNING id",
                topic.category,
                topic.is_internal,
                _instant(now, topic.hours),
                topic.is_deleted,
                people.email("suspended"),
            )
            await run(
                "INSERT INTO posts (topic_id, number, author_id, body, html, search) "
                "SELECT $1, 1, author_id, 'λόγος', '', to_tsvector('koinon', 'λόγος') FROM topics WHERE id = $1",
                topic_id,
            )
            self.numbers[topic_id] = number
        await run(
            "UPDATE categories SET topic_count = (SELECT count(*) FROM topics WHERE category_id = categories.id "
            "AND deleted_at IS NULL)"
        )

    async def check(self, person: str, actor: Actor) -> None:
        """See that a person is shown what the model says, by every way there is."""
        world, numbers = self.world, self.numbers
        visible = world.readable(person)
        listed = {row.slug: row for row in await categories.list_categories(self.conn, actor)}
        assert set(listed) == {slug for slug in _CATEGORIES if world.held(person, slug)}
        for slug, row in listed.items():
            here = world.readable(person, slug)
            assert set(row.rights.names()) == world.held(person, slug)
            assert row.topic_count == len(here), (person, slug)
            assert (row.latest_at is None) == (not here)
            assert row.unread_count == sum(world.topics[number].hours > -3 for number in here), "unread since she came"
            for sort in ("activity", "created"):
                assert await self._topics_of(actor, slug, sort) == here
        for topic_id, number in numbers.items():
            topic = world.topics[number]
            held = world.held(person, topic.category, topic)
            try:
                found = (await access.topic_to_read(self.conn, actor, topic_id)).topic
            except NotFound:
                assert "read" not in held or (topic.is_deleted and "moderate" not in held)
            else:
                assert set(found.rights.names()) == held
        assert {numbers[row.id] for row in await topic_lists.list_latest(self.conn, actor)} == visible
        of_author = await posts.list_by_author(self.conn, actor, self.author)
        assert {numbers[row.topic_id] for row in of_author.items} == visible
        assert {numbers[hit.topic_id] for hit in (await search.search(self.conn, actor, "λόγος")).items} == visible
        heard = await events.list_hearers(self.conn, [Hearer(actor.member_id, topic_id) for topic_id in numbers])
        assert {numbers[one.topic_id] for one in heard} >= visible
        assert {number for number in (numbers[one.topic_id] for one in heard) if number not in visible} == {
            number
            for number, topic in enumerate(world.topics)
            if topic.is_deleted and "moderate" in world.held(person, topic.category, topic)
        }

    async def check_looking(self, actor: Actor) -> None:
        """See that who looks as a person holds just their rights, by views of their own."""
        session = await self.connection.fetchval(
            "INSERT INTO sessions (key_hash, member_id, address, agent, expires_at, looks_as_member_id) "
            "VALUES (sha256($1::text::bytea), $2, '127.0.0.1', '', now(), $2) RETURNING id",
            str(actor.member_id),
            actor.member_id,
        )
        for view in ("category_rights", "topic_rights"):
            own = await self.connection.fetch(f"SELECT * FROM {view} WHERE member_id = $1", actor.member_id)
            looked = await self.connection.fetch(f"SELECT * FROM looked_{view} WHERE member_id = $1", -session)
            assert sorted(tuple(row)[1:] for row in own) == sorted(tuple(row)[1:] for row in looked), view

    async def _topics_of(self, actor: Actor, slug: str, sort: Any) -> set[int]:
        try:
            grant = await access.category_to_read(self.conn, actor, slug)
        except Forbidden:
            return set()
        return {self.numbers[row.id] for row in (await topic_lists.list_topics(self.conn, grant, sort=sort)).items}

    author: Any = None


def _instant(now: datetime, hour: int) -> Any:
    if abs(hour) == _ALWAYS:
        # Beyond what a date can be in Python; asyncpg has the two for the infinite.
        return datetime.max if hour > 0 else datetime.min  # noqa: DTZ901
    return now + timedelta(hours=hour)


async def _check(connection: RawConnection, world: World) -> None:
    transaction = connection.transaction()
    await transaction.start()
    try:
        forum = _Forum(connection, world)
        await forum.make()
        await connection.execute("UPDATE members SET read_before = now() - interval '2 hours 30 minutes'")
        cast = await people.load(connection)
        forum.author = cast.suspended.member_id
        for person, actor in cast.everyone().items():
            await forum.check(person, actor)
            await forum.check_looking(actor)
    finally:
        await transaction.rollback()


def _grant(**stated: Any) -> Grant:
    plain: dict[str, Any] = {
        "category": "questions",
        "group": "region-cyprus",
        "stage": "readers",
        "begins": -_ALWAYS,
        "ends": _ALWAYS,
        "since": -_ALWAYS,
        "internal_since": -_ALWAYS,
    }
    return Grant(**{**plain, **stated})


_OLD_AND_NEW: Final = tuple(
    Written("questions", hours, is_internal, False) for hours in (-4, -1) for is_internal in (False, True)
)

_BELOW: Final = tuple(Written(category, -1, False, False) for category in ("questions", "water", "lighting"))


def test_everything_shows_what_the_model_says(postgres: Endpoint, database_name: str) -> None:
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(connect(postgres.url(database_name, "koinon_owner")))

    @settings(max_examples=60 if IS_AUDIT else 15, suppress_health_check=list(HealthCheck), deadline=None)
    @given(_worlds)
    @example(World((_grant(since=-2, internal_since=-2),), _OLD_AND_NEW))
    @example(World((_grant(internal_since=-2),), _OLD_AND_NEW))
    @example(World((_grant(begins=1), _grant(ends=-1, stage="participants")), _OLD_AND_NEW))
    @example(World((_grant(), _grant(category="lighting", group="moderators")), _BELOW, True, frozenset({"water"})))
    @example(World((_grant(category="water"), _grant(category="lighting", stage="participants")), _BELOW))
    @example(World((_grant(), _grant(group="organisation-larnaca", since=-2, internal_since=_ALWAYS)), _OLD_AND_NEW))
    def check(world: World) -> None:
        loop.run_until_complete(_check(connection, world))

    try:
        check()
    finally:
        loop.run_until_complete(connection.close())
        loop.close()
