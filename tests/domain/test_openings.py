"""Opening a category to a group: what is shown is what happens, no less and no more, and it is taken back exactly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forum.db import Conn, Database, RawConnection, Tx, connect
from forum.domain import access, catalogue, category_mergers, openings, stages, topic_lists
from forum.domain.access import AdministerGrant
from forum.domain.entities import RIGHTS, MemberId, OpeningId
from forum.domain.opening_previews import Preview, Wanted
from forum.errors import Conflict, Invalid, NotFound
from forum.postgres import Endpoint
from tests import cast as people
from tests.cast import Cast
from tests.domain import telling, writing
from tests.domain.opening import PARTNER, Opener
from tests.lengths import IS_AUDIT


@pytest.fixture
def opener(db: Database, owner: RawConnection, cast: Cast) -> Opener:
    return Opener(db, owner, AdministerGrant(cast.administrator))


async def test_a_group_passes_through_the_stages_and_is_closed_out_again(opener: Opener, cast: Cast) -> None:
    for stage in ("readers", "commenters", "participants", "closed"):
        await opener.open(PARTNER, stage)
        assert set(await opener.rights(cast.stranger)) == set(stages.STAGES[stage])


async def test_the_preview_names_who_gains_what_and_what_becomes_visible(opener: Opener, cast: Cast) -> None:
    started = await writing.start(opener.db, cast.maria)
    await writing.reply(opener.db, cast.nikos, started.topic_id)
    internal = await writing.start(opener.db, cast.sophie, title="Μόνο για εμάς", is_internal=True)
    shown = await opener.preview(await opener.wanted(PARTNER, "commenters"))
    assert [(change.right, change.organisation_slug, change.gained, change.lost) for change in shown.changes] == [
        (right, "adriatic-cities", (cast.stranger.member_id,), ()) for right in ("see", "read", "reply")
    ]
    assert (shown.gaining.topic_count, shown.gaining.post_count, shown.gaining.author_count) == (1, 2, 2)
    assert shown.losing.topic_count == 0
    assert [topic.id for topic in shown.internal] == [internal.topic_id]
    told = await opener.preview(await opener.wanted(PARTNER, "commenters", includes_internal=True))
    assert (told.gaining.topic_count, told.gaining.author_count) == (2, 3)
    assert told.digest != shown.digest


async def test_who_could_already_gains_nothing(opener: Opener, cast: Cast) -> None:
    shown = await opener.preview(await opener.wanted("organisation-larnaca", "readers"))
    assert shown.changes == ()
    assert shown.gaining.topic_count == 0
    await opener.open("organisation-larnaca", "readers")
    assert "start" in await opener.rights(cast.maria), "grants add up"


async def test_older_topics_stay_with_those_who_could_read_them(opener: Opener, cast: Cast) -> None:
    old = await writing.start(opener.db, cast.maria)
    await opener.open(PARTNER, "participants", topics_since=await opener.now())
    new = await writing.start(opener.db, cast.nikos)
    async with opener.db.read() as conn:
        assert (await access.topic_to_read(conn, cast.stranger, new.topic_id)).topic.can_reply
        with pytest.raises(NotFound):
            await access.topic_to_read(conn, cast.stranger, old.topic_id)
        assert (await access.topic_to_read(conn, cast.nikos, old.topic_id)).topic.can_reply
        assert [row.id for row in await topic_lists.list_latest(conn, cast.stranger)] == [new.topic_id]


async def test_widening_hides_nothing_that_was_read_before(opener: Opener, cast: Cast) -> None:
    internal = await writing.start(opener.db, cast.nikos, is_internal=True)
    shown = await opener.preview(await opener.wanted("region-north-aegean", "commenters"))
    assert shown.losing.topic_count == 0
    assert {change.right for change in shown.changes} == {"start", "vote", "attach"}
    await opener.open("region-north-aegean", "commenters", topics_since=await opener.now())
    async with opener.db.read() as conn:
        assert (await access.topic_to_read(conn, cast.nikos, internal.topic_id)).topic.can_reply


async def test_something_else_than_was_shown_is_refused(opener: Opener, owner: RawConnection, cast: Cast) -> None:
    wanted = await opener.wanted(PARTNER, "readers")
    digest = (await opener.preview(wanted)).digest
    for what, other in (
        ("another stage", replace(wanted, rights=frozenset(stages.STAGES["commenters"]))),
        ("older topics left out", replace(wanted, topics_since=await opener.now())),
        ("told", replace(wanted, tells=True)),
    ):
        async with opener.db.write() as tx:
            with pytest.raises(Conflict, match="preview_changed"):
                await openings.open(tx, opener.grant, other, digest=digest)
        assert await opener.rights(cast.stranger) == (), what
    await writing.start(opener.db, cast.maria)
    async with opener.db.write() as tx:
        with pytest.raises(Conflict, match="preview_changed"):
            await openings.open(tx, opener.grant, wanted, digest=digest)
    digest = (await opener.preview(wanted)).digest
    await owner.execute(
        "UPDATE members SET organisation_id = $1 WHERE id = $2", cast.stranger.organisation_id, cast.nikos.member_id
    )
    async with opener.db.write() as tx:
        with pytest.raises(Conflict, match="preview_changed"):
            await openings.open(tx, opener.grant, wanted, digest=digest)


async def test_of_two_at_once_one_is_refused(opener: Opener, cast: Cast) -> None:
    readers, participants = [await opener.wanted(PARTNER, stage) for stage in ("readers", "participants")]
    digests = [(await opener.preview(wanted)).digest for wanted in (readers, participants)]

    async def attempt(wanted: Wanted, digest: str) -> OpeningId:
        async with opener.db.write() as tx:
            return await openings.open(tx, opener.grant, wanted, digest=digest)

    done = await asyncio.gather(
        *(attempt(wanted, digest) for wanted, digest in zip((readers, participants), digests, strict=True)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Conflict) for one in done) == 1, done
    assert set(await opener.rights(cast.stranger)) in [
        set(stages.STAGES[stage]) for stage in ("readers", "participants")
    ]


async def test_one_that_is_put_off_takes_effect_by_the_clock_alone(opener: Opener, cast: Cast) -> None:
    await opener.open(PARTNER, "readers", effective_at=await opener.now() + timedelta(seconds=0.6))
    assert await opener.rights(cast.stranger) == ()
    with pytest.raises(Conflict, match="opening_scheduled"):
        await opener.open(PARTNER, "participants")
    await asyncio.sleep(0.7)
    assert await opener.rights(cast.stranger) == ("see", "read")
    closing = await opener.open(PARTNER, "closed", effective_at=await opener.now() + timedelta(hours=1))
    await opener.undo(closing)
    assert await opener.rights(cast.stranger) == ("see", "read")
    with pytest.raises(Invalid):
        await opener.preview(await opener.wanted(PARTNER, "closed", effective_at=await opener.now()))


async def test_only_the_last_can_be_taken_back_and_once(opener: Opener, cast: Cast) -> None:
    first = await opener.open(PARTNER, "readers")
    second = await opener.open(PARTNER, "commenters")
    with pytest.raises(Conflict, match="opening_followed"):
        await opener.undo(first)
    await opener.undo(second)
    with pytest.raises(Conflict, match="opening_undone"):
        await opener.undo(second)
    assert await opener.rights(cast.stranger) == ("see", "read")
    await opener.undo(first)
    assert await opener.rights(cast.stranger) == ()
    with pytest.raises(NotFound):
        await opener.undo(OpeningId(999_999))


async def test_a_closing_ends_what_was_chosen_and_its_undoing_brings_it_back(
    opener: Opener, owner: RawConnection, cast: Cast
) -> None:
    started = await telling.start(opener.db, cast.maria)
    await owner.execute(
        "INSERT INTO topic_subscriptions VALUES ($1, $2, 'watch')", cast.nikos.member_id, started.topic_id
    )
    await owner.execute(
        "INSERT INTO category_subscriptions (member_id, category_id, level) "
        "SELECT member.id, categories.id, 'watch' FROM categories, unnest($1::bigint[]) AS member (id) "
        "WHERE categories.slug = 'questions'",
        [cast.nikos.member_id, cast.maria.member_id],
    )
    await telling.reply(opener.db, cast.maria, started.topic_id)
    await telling.fan_out(opener.db)
    waiting = "SELECT count(*) FROM notifications WHERE mail_due_at IS NOT NULL"
    chosen = "SELECT (SELECT count(*) FROM topic_subscriptions) + (SELECT count(*) FROM category_subscriptions)"
    assert await owner.fetchval(waiting) == 2, "the topic and the reply"
    closing = await opener.open("region-north-aegean", "closed")
    assert await opener.settle() == 1
    assert await opener.settle() == 0
    assert await owner.fetchval(waiting) == 0
    assert await owner.fetchval(chosen) == 1, "others' stays"
    await opener.undo(closing)
    assert await owner.fetchval(chosen) == 3
    assert await owner.fetchval(waiting) == 0, "mail that was dropped does not return"
    assert not await owner.fetchval("SELECT count(*) FROM paused_subscriptions")


async def test_those_who_gain_are_told_if_so_wished(opener: Opener, owner: RawConnection, cast: Cast) -> None:
    await opener.open(PARTNER, "readers", tells=True)
    await opener.settle()
    rows = await owner.fetch("SELECT kind, member_id FROM mails")
    assert [tuple(row) for row in rows] == [("category_opened", cast.stranger.member_id)]


async def test_every_act_is_in_the_log_with_before_and_after(opener: Opener, owner: RawConnection) -> None:
    opening = await opener.open(PARTNER, "readers")
    await opener.undo(opening)
    rows = await owner.fetch(
        "SELECT act, before->'rights', after->'rights' FROM audit_entries WHERE subject = 'category'"
    )
    assert [(row[0], json.loads(row[1]), json.loads(row[2])) for row in rows] == [
        ("category.opened", [], ["see", "read"]),
        ("category.opening_undone", ["see", "read"], []),
    ]


_GROUPS: Final = ("region-cyprus", "region-north-aegean", "organisation-larnaca", "moderators", PARTNER)
_TREE: Final = ("questions", "questions", "water", "lighting")
"""Questions and two sub-categories, of which the first goes by its grants and the other has its own."""
_STEPS: Final = st.lists(
    st.tuples(
        st.sampled_from(("open", "open", "open", "undo", "topic", "pass", "own", "inherit")),
        st.sampled_from(_GROUPS),
        st.sampled_from(tuple(stages.STAGES)),
        st.sampled_from((None, None, 1, 2)),
        st.sampled_from((None, None, -2, 0)),
        st.booleans(),
        st.sampled_from(_TREE),
    ),
    max_size=8,
)
Step = tuple[str, str, str, int | None, int | None, bool, str]


class _Course:
    """Steps in one transaction: instants pass by moving all that is written into the past."""

    def __init__(self, connection: RawConnection, cast: Cast) -> None:
        self.connection, self.cast = connection, cast
        self.tx, self.conn = Tx(connection), Conn(connection)
        self.grant = AdministerGrant(cast.administrator)
        self.undone: list[tuple[OpeningId, str, str]] = []

    async def seen(self) -> dict[tuple[str, MemberId, str], Any]:
        """Return what everyone may do in each category, and the topics they may read, by the views."""
        rights = await self.connection.fetch(
            "SELECT categories.slug, member_id, array_remove(ARRAY["
            + ", ".join(f"CASE WHEN can_{right} THEN '{right}' END" for right in RIGHTS)
            + "], NULL) AS held FROM category_rights JOIN categories ON categories.id = category_id "
            "WHERE categories.slug = ANY ($1::text[])",
            list(_TREE),
        )
        read = await self.connection.fetch(
            "SELECT categories.slug, topic_rights.member_id, array_agg(topics.id ORDER BY topics.id) AS ids "
            "FROM topic_rights JOIN topics ON topics.id = topic_rights.topic_id "
            "JOIN categories ON categories.id = topics.category_id WHERE categories.slug = ANY ($1::text[]) "
            "GROUP BY 1, 2",
            list(_TREE),
        )
        found: dict[tuple[str, MemberId, str], Any] = {
            (row["slug"], row["member_id"], "held"): set(row["held"]) for row in rights
        }
        return found | {(row["slug"], row["member_id"], "read"): set(row["ids"]) for row in read}

    async def begin(self) -> None:
        for slug, inherits in (("water", True), ("lighting", False)):
            await self.connection.execute(
                "INSERT INTO categories (slug, position, name_el, name_en, parent_id, inherits_grants) "
                "SELECT $1, position, $1, $1, id, $2 FROM categories WHERE slug = 'questions'",
                slug,
                inherits,
            )
        self.categories = {
            row["slug"]: row["id"] for row in await self.connection.fetch("SELECT slug, id FROM categories")
        }
        self.groups = {row["slug"]: row["id"] for row in await self.connection.fetch("SELECT slug, id FROM groups")}

    async def take(self, step: Step) -> None:
        act, group, stage, later, since, is_internal, category = step
        now = await self.connection.fetchval("SELECT now()")
        match act:
            case "topic":
                await self.connection.execute(
                    "INSERT INTO topics (category_id, author_id, last_author_id, title, slug, is_internal, created_at) "
                    "VALUES ($1, $2, $2, 'Θέμα', 'thema', $3, now() - $4::interval)",
                    self.categories[category],
                    self.cast.maria.member_id,
                    is_internal,
                    timedelta(hours=-(since or 0)),
                )
            case "pass":
                await self._let_pass(timedelta(minutes=61))
            case "undo":
                await self._undo()
            case "own":
                await self._state_own(category)
            case "inherit":
                await self._inherit(category)
            case _:
                await self._open(category, group, stage, later, since, now, includes_internal=is_internal)

    async def _open(
        self,
        category: str,
        group: str,
        stage: str,
        later: int | None,
        since: int | None,
        now: datetime,
        *,
        includes_internal: bool,
    ) -> None:
        wanted = Wanted(
            self.categories[category],
            self.groups[group],
            frozenset(stages.STAGES[stage]),
            None if later is None else now + timedelta(hours=later),
            None if since is None else now + timedelta(hours=since),
            includes_internal,
        )
        before = await self.seen()
        try:
            shown = await openings.preview(self.conn, self.grant, wanted)
        except Conflict:
            return
        opening = await openings.open(self.tx, self.grant, wanted, digest=shown.digest)
        if later is not None:
            assert await self.seen() == before, "nothing happens yet"
        else:
            listed = await catalogue.list_categories(self.tx, self.grant)
            self._compare(shown, before, await self.seen(), [one.slug for one in listed if one.inherits_grants])
        self.undone.append((opening, group, category))

    async def _state_own(self, category: str) -> None:
        before = await self.seen()
        found = await catalogue.category(self.tx, self.grant, category)
        try:
            await category_mergers.state_own(self.tx, self.grant, found)
        except Conflict:
            return
        assert await self.seen() == before, "nobody gains or loses anything"

    async def _inherit(self, category: str) -> None:
        before = await self.seen()
        found = await catalogue.category(self.tx, self.grant, category)
        try:
            shown = await category_mergers.preview_inheriting(self.conn, self.grant, found)
        except Conflict:
            return
        await category_mergers.inherit(self.tx, self.grant, found, digest=shown.digest)
        self._compare(shown, before, await self.seen())
        self.undone = [one for one in self.undone if one[2] != category]

    def _compare(
        self,
        shown: Preview | category_mergers.Preview,
        before: dict[Any, Any],
        after: dict[Any, Any],
        inheriting: Sequence[str] = (),
    ) -> None:
        members = {member for _, member, _ in before | after}
        none: set[Any] = set()
        for category in set(_TREE):
            if category in inheriting and category not in {change.category_slug for change in shown.changes}:
                continue
            for right in RIGHTS:
                told = [change for change in shown.changes if (change.right, change.category_slug) == (right, category)]
                gained = {one for change in told for one in change.gained}
                lost = {one for change in told for one in change.lost}
                had = {one for one in members if right in before.get((category, one, "held"), none)}
                has = {one for one in members if right in after.get((category, one, "held"), none)}
                assert (gained, lost) == (has - had, had - has), (category, right)
        gained_topics, lost_topics = set(none), set(none)
        for place in before.keys() | after.keys():
            if place[2] == "read":
                gained_topics |= after.get(place, none) - before.get(place, none)
                lost_topics |= before.get(place, none) - after.get(place, none)
        assert shown.gaining.topic_count == len(gained_topics)
        assert shown.losing.topic_count == len(lost_topics)

    async def _undo(self) -> None:
        if not self.undone:
            return
        opening, group, category = self.undone[-1]
        place = (self.categories[category], self.groups[group])
        grants = (
            "SELECT can_see, can_read, can_start, can_reply, can_vote, can_attach, can_moderate, topics_since, "
            "internal_since FROM grants WHERE category_id = $1 AND group_id = $2 "
            "AND valid_from <= now() AND valid_until > now()"
        )
        replaced = await self.connection.fetchrow(
            "SELECT grants.* FROM openings JOIN grants ON grants.category_id = openings.category_id "
            "AND grants.group_id = openings.group_id AND grants.valid_from = openings.replaces_from "
            "WHERE openings.id = $1",
            opening,
        )
        await openings.undo(self.tx, self.grant, opening)
        self.undone.pop()
        found = await self.connection.fetchrow(grants, *place)
        assert (found is None) == (replaced is None)
        if found is not None and replaced is not None:
            assert {name: replaced[name] for name in found.keys()} == dict(found)  # noqa: SIM118 - a record
        assert not await self.connection.fetchval(
            "SELECT count(*) FROM grants WHERE category_id = $1 AND group_id = $2 AND valid_from > now()", *place
        )

    async def _let_pass(self, time: timedelta) -> None:
        await self.connection.execute("ALTER TABLE grants DROP CONSTRAINT grants_pkey")
        await self.connection.execute(
            "UPDATE grants SET valid_from = valid_from - $1::interval, valid_until = valid_until - $1::interval, "
            "topics_since = topics_since - $1::interval, internal_since = internal_since - $1::interval",
            time,
        )
        await self.connection.execute(
            "UPDATE openings SET effective_at = effective_at - $1::interval, "
            "replaces_from = replaces_from - $1::interval",
            time,
        )
        await self.connection.execute("UPDATE topics SET created_at = created_at - $1::interval", time)
        await self.connection.execute("ALTER TABLE grants ADD PRIMARY KEY (category_id, group_id, valid_from)")


async def _walk(connection: RawConnection, steps: list[Step]) -> None:
    transaction = connection.transaction()
    await transaction.start()
    try:
        course = _Course(connection, await people.load(connection))
        await course.begin()
        for step in steps:
            await course.take(step)
            # What happens in one transaction happens at one instant: the next step is a little later.
            await course._let_pass(timedelta(seconds=1))
    finally:
        await transaction.rollback()


def test_what_is_shown_is_what_happens_and_undoing_restores_exactly(postgres: Endpoint, database_name: str) -> None:
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(connect(postgres.url(database_name, "koinon_owner")))
    loop.run_until_complete(
        connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    )
    topic: Step = ("topic", PARTNER, "closed", None, -2, False, "questions")
    below: Step = ("topic", PARTNER, "closed", None, None, False, "lighting")
    internal: Step = ("topic", PARTNER, "closed", None, None, True, "questions")

    @settings(max_examples=60 if IS_AUDIT else 20, suppress_health_check=list(HealthCheck), deadline=None)
    @given(_STEPS)
    @example(
        [
            topic,
            internal,
            ("open", PARTNER, "readers", None, None, False, "questions"),
            ("undo", "", "", None, None, False, "questions"),
        ]
    )
    @example(
        [
            topic,
            ("open", PARTNER, "readers", None, 0, False, "questions"),
            ("open", PARTNER, "participants", 1, None, True, "questions"),
            ("pass", "", "", None, None, False, "questions"),
            ("undo", "", "", None, None, False, "questions"),
            ("undo", "", "", None, None, False, "questions"),
        ]
    )
    @example(
        [
            below,
            ("open", PARTNER, "readers", None, None, False, "lighting"),
            ("open", PARTNER, "readers", None, None, False, "questions"),
            ("inherit", "", "", None, None, False, "lighting"),
            ("open", PARTNER, "closed", None, None, False, "questions"),
        ]
    )
    @example(
        [
            ("own", "", "", None, None, False, "water"),
            ("topic", PARTNER, "closed", None, None, True, "water"),
            ("open", "region-cyprus", "closed", None, None, False, "questions"),
            ("undo", "", "", None, None, False, "questions"),
            ("inherit", "", "", None, None, False, "water"),
        ]
    )
    def check(steps: list[Step]) -> None:
        loop.run_until_complete(_walk(connection, steps))

    try:
        check()
    finally:
        loop.run_until_complete(connection.close())
        loop.close()
