"""For random rights, levels and events those are told whom a small model names, each for the model's reason."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forum.db import RawConnection, Tx, connect
from forum.domain import fanouts
from forum.postgres import Endpoint
from tests.lengths import IS_AUDIT

_RIGHTS = ("see", "read", "read", "moderate")
_LEVELS = ("watch", "follow", "mute")
_STRENGTH = {"mention": 3, "quote": 2, "reply": 1}

# Two towns of one region, one town of another, an association and a partner.
_TOWNS = ("larnaca", "limassol", "mytilene", "union-of-cyprus-municipalities", "adriatic-cities")
_MUNICIPALITIES = frozenset(_TOWNS[:3])
_GROUPS = (
    "region-cyprus", "region-north-aegean", "organisation-larnaca", "organisation-union-of-cyprus-municipalities",
    "moderators", "administrators", "free",
)  # fmt: skip
_REGIONS = {"larnaca": "region-cyprus", "limassol": "region-cyprus", "mytilene": "region-north-aegean"}

_people = st.integers(0, 7)
_subsets = st.sets(_people, max_size=3)


@dataclass
class World:
    """Members are numbers; `posts` are authors, the first the topic's; the last post is the event."""

    town: list[str]
    suspended: set[int]
    joined: dict[str, set[int]]
    """Members of groups whose members are put in."""
    grants: dict[str, str]
    """see, read or moderate, by group."""
    group_levels: dict[str, str]
    category_levels: dict[int, str]
    topic_levels: dict[int, str]
    posts: list[int]
    deleted_posts: set[int]
    """Positions; of the event too."""
    is_topic_deleted: bool
    reply_to: int | None
    mentioned: set[int]
    groups_mentioned: set[str]
    quoted: set[int]
    is_edit: bool
    read: set[int]
    told_before: dict[int, str] = field(default_factory=dict)

    @property
    def author(self) -> int:
        return self.posts[-1]

    def groups_of(self, member: int) -> set[str]:
        town = self.town[member]
        found = {f"organisation-{town}"} | {group for group, members in self.joined.items() if member in members}
        return found | ({_REGIONS[town]} if town in _REGIONS else set())

    def rights_of(self, member: int) -> set[str]:
        if member in self.suspended:
            return set()
        return {self.grants[group] for group in self.groups_of(member) if group in self.grants}

    def may_read(self, member: int) -> bool:
        return bool(self.rights_of(member) & {"read", "moderate"})

    def level_of(self, member: int) -> str:
        if member in self.topic_levels:
            return self.topic_levels[member]
        if member in self.category_levels:
            return self.category_levels[member]
        held = [self.group_levels[group] for group in self.groups_of(member) if group in self.group_levels]
        if held:
            return min(held, key=_LEVELS.index)
        starter = self.posts[0]
        is_colleague = self.town[starter] == self.town[member] and self.town[starter] in _MUNICIPALITIES
        return "watch" if member in self.posts[:-1] or is_colleague else "follow"

    def reason_for(self, member: int) -> str | None:
        """Return why the event is addressed to a member."""
        may_mention_groups = "moderate" in self.rights_of(self.author) or self.author in self.joined["administrators"]
        groups = self.groups_mentioned if may_mention_groups else set()
        if member in self.mentioned or groups & self.groups_of(member):
            return "mention"
        if self.is_edit:
            return None
        if any(
            place < len(self.posts) - 1 and place not in self.deleted_posts and self.posts[place] == member
            for place in self.quoted
        ):
            return "quote"
        if len(self.posts) == 1:
            return None
        answered = self.posts[0] if self.reply_to is None else self.posts[self.reply_to]
        return "reply" if answered == member else None

    def expected(self) -> dict[int, str]:
        """Return the kind of notification of everyone who is told."""
        if self.is_topic_deleted or len(self.posts) - 1 in self.deleted_posts:
            return {}
        told = {}
        for member in range(len(self.town)):
            level, reason = self.level_of(member), self.reason_for(member)
            if member == self.author or not self.may_read(member) or level == "mute":
                continue
            watches = level == "watch" and not self.is_edit
            if reason or watches:
                told[member] = reason or ("new_topic" if len(self.posts) == 1 else "reply")
        return {
            member: kind
            for member, kind in told.items()
            if self.told_before.get(member) is None or (kind == "mention" and self.told_before[member] != "mention")
        }


@st.composite
def worlds(draw: st.DrawFn) -> World:
    town = draw(st.lists(st.sampled_from(_TOWNS), min_size=8, max_size=8))
    posts = draw(st.lists(_people, min_size=1, max_size=5))
    is_edit = draw(st.sampled_from((False, False, True)))
    last = len(posts) - 1
    return World(
        town=town,
        suspended=draw(st.sets(_people, max_size=2)),
        joined={name: draw(_subsets) for name in ("moderators", "administrators", "free")},
        grants=draw(st.dictionaries(st.sampled_from(_GROUPS), st.sampled_from(_RIGHTS), min_size=2, max_size=5)),
        group_levels=draw(st.dictionaries(st.sampled_from(_GROUPS), st.sampled_from(_LEVELS), max_size=3)),
        category_levels=draw(st.dictionaries(_people, st.sampled_from(_LEVELS), max_size=4)),
        topic_levels=draw(st.dictionaries(_people, st.sampled_from(_LEVELS), max_size=4)),
        posts=posts,
        # The first post is never deleted by itself.
        deleted_posts={place for place in draw(st.sets(st.integers(1, 4), max_size=2)) if place <= last},
        is_topic_deleted=draw(st.integers(0, 9)) == 0,
        reply_to=draw(st.one_of(st.none(), st.integers(0, last - 1))) if last else None,
        mentioned=draw(_subsets),
        groups_mentioned=draw(st.sets(st.sampled_from(_GROUPS), max_size=2)),
        quoted=draw(st.sets(st.integers(0, last - 1), max_size=2)) if last and not is_edit else set(),
        is_edit=is_edit,
        read=draw(_subsets),
        told_before=draw(st.dictionaries(_people, st.sampled_from(("mention", "quote", "reply")), max_size=3))
        if is_edit
        else {},
    )


def _world(**event: Any) -> World:
    """Return a world of colleagues who may all read, so that each kind is told in some world of every run."""
    plain: dict[str, Any] = {
        "town": ["larnaca"] * 8,
        "suspended": set(),
        "joined": {"moderators": set(), "administrators": set(), "free": set()},
        "grants": {"region-cyprus": "read"},
        "group_levels": {},
        "category_levels": {},
        "topic_levels": {},
        "deleted_posts": set(),
        "is_topic_deleted": False,
        "reply_to": None,
        "mentioned": set(),
        "groups_mentioned": set(),
        "quoted": set(),
        "is_edit": False,
        "read": set(),
    }
    return World(**{**plain, **event})


async def _told(connection: RawConnection, world: World) -> dict[int, str]:
    """Make the world, let the event happen, and return who was told of it and why; all of it is rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        return await _happen(connection, world)
    finally:
        await transaction.rollback()


async def _happen(connection: RawConnection, world: World) -> dict[int, str]:
    fetch: Any = connection.fetchval
    await connection.execute("DELETE FROM members")
    members = [
        await fetch(
            "INSERT INTO members (name, email, organisation_id, password_hash, suspended_until, suspension_reason) "
            "SELECT 'Μέλος', $1, id, 'x', $3::timestamptz, CASE WHEN $3::timestamptz IS NOT NULL THEN 'λόγος' END "
            "FROM organisations WHERE slug = $2 RETURNING id",
            f"m{place}@example.org",
            town,
            None if place not in world.suspended else await fetch("SELECT 'infinity'::timestamptz"),
        )
        for place, town in enumerate(world.town)
    ]
    numbered = {member_id: place for place, member_id in enumerate(members)}
    category = await fetch("SELECT id FROM categories WHERE slug = 'questions'")
    await connection.execute("DELETE FROM grants")
    await connection.execute("INSERT INTO groups (slug, kind, name_el, name_en) VALUES ('free', 'free', 'Ε', 'F')")
    groups = {row["slug"]: row["id"] for row in await connection.fetch("SELECT slug, id FROM groups")}
    for name, joined in world.joined.items():
        for place in joined:
            await connection.execute(
                "INSERT INTO group_members (group_id, member_id) VALUES ($1, $2)", groups[name], members[place]
            )
    for name, right in world.grants.items():
        await connection.execute(
            "INSERT INTO grants VALUES ($1, $2, true, $3, false, $4, false, false, $4)",
            category,
            groups[name],
            right != "see",
            right == "moderate",
        )
    for name, level in world.group_levels.items():
        await connection.execute(
            "INSERT INTO group_levels (category_id, group_id, level) VALUES ($1, $2, $3)", category, groups[name], level
        )
    for place, level in world.category_levels.items():
        await connection.execute(
            "INSERT INTO category_subscriptions (member_id, category_id, level) VALUES ($1, $2, $3)",
            members[place],
            category,
            level,
        )
    topic = await fetch(
        "INSERT INTO topics (category_id, author_id, last_author_id, title, slug, post_count, deleted_at, "
        "deleted_by_id) VALUES ($1, $2::bigint, $2, 'Θέμα', 'thema', $3, CASE WHEN $4 THEN now() END, "
        "CASE WHEN $4 THEN $2::bigint END) RETURNING id",
        category,
        members[world.posts[0]],
        len(world.posts),
        world.is_topic_deleted,
    )
    for place, level in world.topic_levels.items():
        await connection.execute(
            "INSERT INTO topic_subscriptions (member_id, topic_id, level) VALUES ($1, $2, $3)",
            members[place],
            topic,
            level,
        )
    posts: list[int] = []
    for place, author in enumerate(world.posts):
        is_event = place == len(world.posts) - 1
        posts.append(
            await fetch(
                "INSERT INTO posts (topic_id, number, author_id, reply_to_id, body, html, search, deleted_at, "
                "deleted_by_id) VALUES ($1, $2, $3::bigint, $4, 'Κείμενο', '', '', CASE WHEN $5 THEN now() END, "
                "CASE WHEN $5 THEN $3::bigint END) RETURNING id",
                topic,
                place + 1,
                members[author],
                posts[world.reply_to] if is_event and world.reply_to is not None else None,
                place in world.deleted_posts,
            )
        )
    for place in world.read:
        await connection.execute(
            "INSERT INTO topic_reads (member_id, topic_id, last_number) VALUES ($1, $2, $3)",
            members[place],
            topic,
            len(posts),
        )
    for place, kind in world.told_before.items():
        await connection.execute(
            "INSERT INTO notifications (member_id, kind, topic_id, post_id, actor_id, read_at) "
            "VALUES ($1, $2, $3, $4, $5, now())",
            members[place],
            kind,
            topic,
            posts[-1],
            members[world.author],
        )
    await connection.execute(
        "INSERT INTO fanouts (post_id, member_ids, group_slugs, post_numbers, is_edit) VALUES ($1, $2, $3, $4, $5)",
        posts[-1],
        [members[place] for place in world.mentioned],
        list(world.groups_mentioned),
        [place + 1 for place in world.quoted],
        world.is_edit,
    )
    told = await fanouts.fan_out(Tx(connection))
    assert told is not None
    assert told.post_id == posts[-1]
    assert await fanouts.fan_out(Tx(connection)) is None
    rows = await connection.fetch(
        "SELECT member_id, kind, read_at IS NULL AS is_unread, mail_due_at IS NULL AS is_silent FROM notifications "
        "WHERE post_id = $1 AND member_id = ANY ($2)",
        posts[-1],
        told.member_ids,
    )
    for row in rows:
        # What was shown to them in the moment before is no news; a mention that is added always is.
        assert row["is_unread"] is (world.is_edit or numbered[row["member_id"]] not in world.read)
        assert row["is_unread"] or row["is_silent"]
    assert len(rows) == len(told.member_ids) == len(set(told.member_ids))
    return {numbered[row["member_id"]]: row["kind"] for row in rows}


def test_those_are_told_whom_the_model_names(postgres: Endpoint, database_name: str) -> None:
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(connect(postgres.url(database_name, "koinon_owner")))
    seen: set[str] = set()

    @settings(max_examples=150 if IS_AUDIT else 50, suppress_health_check=list(HealthCheck))
    @given(worlds())
    @example(_world(posts=[0]))
    @example(_world(posts=[0, 1], quoted={0}, mentioned={2}))
    def check(world: World) -> None:
        expected = world.expected()
        seen.update(expected.values())
        assert loop.run_until_complete(_told(connection, world)) == expected

    try:
        check()
    finally:
        loop.run_until_complete(connection.close())
        loop.close()
    assert seen == {"mention", "quote", "reply", "new_topic"}, "the premise: all of it happened"
