"""What became of an opening: every number against rows made by hand, and weeks as people count them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final

import pytest

from forum.db import Database, RawConnection
from forum.domain import category_visits, opening_figures
from forum.domain.access import AdministerGrant
from forum.domain.actors import Actor
from forum.domain.entities import OpeningId
from forum.domain.opening_figures import Count, Figures, OrganisationFigures, Period, periods_of
from forum.errors import NotFound
from tests.cast import Cast
from tests.domain import writing
from tests.domain.opening import Opener

AEGEAN: Final = "region-north-aegean"
WEEK: Final = timedelta(weeks=1)


class Watched:
    """The category `guides`, opened to the North Aegean in the week `opened`, three weeks ago."""

    def __init__(self, db: Database, owner: RawConnection, cast: Cast) -> None:
        self.db, self.owner, self.cast = db, owner, cast
        self.grant = AdministerGrant(cast.administrator)
        self.opener = Opener(db, owner, self.grant)
        self.this_week = category_visits.week_of(datetime.now(UTC))
        self.opened = self.this_week - 3 * WEEK
        self.chios = 0

    async def begin(self) -> OpeningId:
        self.opening = await self.opener.open(AEGEAN, "participants", category="guides")
        await self.owner.execute("UPDATE openings SET effective_at = $1", self.at(self.opened, days=2))
        self.chios = await self.owner.fetchval(
            "INSERT INTO members (name, email, organisation_id, password_hash) SELECT 'Ελένη', 'e@chios.example', id, "
            "'x' FROM organisations WHERE slug = 'chios' RETURNING id"
        )
        # The first visit of all, somewhere else: from then on it is known who read.
        await self.visit(self.cast.maria.member_id, self.opened - 20 * WEEK, category="questions")
        return self.opening

    @staticmethod
    def at(monday: date, *, days: int = 0) -> datetime:
        return datetime(monday.year, monday.month, monday.day, 12, tzinfo=UTC) + timedelta(days=days)

    async def visit(self, member_id: int, week: date, *, category: str = "guides") -> None:
        await self.owner.execute(
            "INSERT INTO category_visits (category_id, organisation_id, week, member_id) "
            "SELECT categories.id, members.organisation_id, $2, members.id FROM categories, members "
            "WHERE categories.slug = $3 AND members.id = $1",
            member_id,
            week,
            category,
        )

    async def write(self, actor: Actor, week: date, *, replies: int = 0) -> None:
        """Start a topic and reply in it, all in one week."""
        started = await writing.start(self.db, actor, category="guides")
        for _ in range(replies):
            await writing.reply(self.db, actor, started.topic_id)
        await self.owner.execute(
            "UPDATE posts SET created_at = $2::timestamptz + number * interval '1 second' WHERE topic_id = $1",
            started.topic_id,
            self.at(week),
        )
        await self.owner.execute(
            "UPDATE topics SET created_at = $2, last_post_at = $2::timestamptz + post_count * interval '1 second' "
            "WHERE id = $1",
            started.topic_id,
            self.at(week),
        )

    async def move(self, member_id: int, organisation: str) -> None:
        await self.owner.execute(
            "UPDATE members SET organisation_id = (SELECT id FROM organisations WHERE slug = $2) WHERE id = $1",
            member_id,
            organisation,
        )

    async def figures(self) -> Figures:
        async with self.db.read() as conn:
            return await opening_figures.figures(conn, self.grant, self.opening)

    async def of(self, slug: str) -> OrganisationFigures:
        return next(one for one in (await self.figures()).organisations if one.slug == slug)


@pytest.fixture
async def watched(db: Database, owner: RawConnection, cast: Cast) -> Watched:
    made = Watched(db, owner, cast)
    await made.begin()
    return made


def _shown(found: Figures) -> dict[date, Count]:
    """Return the weeks in which anything was done."""
    return {week.begins_on: week.count for week in found.weeks if week.count != Count(0, 0, 0, 0)}


async def test_weeks_and_organisations_count_what_was_done_and_nothing_else(watched: Watched, cast: Cast) -> None:
    nikos, opened = cast.nikos.member_id, watched.opened
    await watched.visit(nikos, opened - 2 * WEEK)
    await watched.visit(nikos, opened)
    await watched.visit(watched.chios, opened)
    await watched.visit(nikos, opened + WEEK)
    await watched.write(cast.nikos, opened + WEEK, replies=2)
    found = await watched.figures()
    assert _shown(found) == {
        opened - 2 * WEEK: Count(1, 0, 0, 0),
        opened: Count(2, 0, 0, 0),
        opened + WEEK: Count(1, 1, 3, 1),
    }
    assert [(week.begins_on, week.is_after) for week in found.weeks][7:9] == [(opened - WEEK, False), (opened, True)]
    assert len(found.weeks) == 8 + 4, "up to this week"
    assert found.before == Count(1, 0, 0, 0)
    assert found.recent == Count(2, 1, 3, 1)
    assert (found.recent_week_count, found.member_count, found.member_organisation_count) == (4, 2, 2)
    mytilene, chios, *others = found.organisations
    assert (mytilene.slug, mytilene.since, mytilene.active_week_count) == ("mytilene", Count(1, 1, 3, 1), 2)
    assert (chios.slug, chios.since, chios.active_week_count) == ("chios", Count(1, 0, 0, 0), 1)
    assert [count.read_count for count in mytilene.weeks] == [0] * 6 + [1, 0, 1, 1, 0, 0]
    assert len(others) == 9, "every municipality of the region, also where there is nobody yet"
    assert {(one.member_count, one.since) for one in others} == {(0, Count(0, 0, 0, 0))}


async def test_readers_outside_of_the_group_and_other_categories_do_not_count(watched: Watched, cast: Cast) -> None:
    for person in (cast.maria, cast.sophie, cast.moderator):
        await watched.visit(person.member_id, watched.this_week)
    await watched.visit(cast.nikos.member_id, watched.this_week, category="questions")
    await watched.write(cast.sophie, watched.this_week)
    found = await watched.figures()
    assert _shown(found) == {}
    assert found.recent == Count(0, 0, 0, 0)


async def test_who_changed_organisation_counts_where_they_belonged_then(watched: Watched, cast: Cast) -> None:
    nikos = cast.nikos.member_id
    await watched.visit(nikos, watched.opened)
    await watched.move(nikos, "chios")
    await watched.visit(nikos, watched.opened + WEEK)
    await watched.move(nikos, "larnaca")
    await watched.visit(nikos, watched.opened + 2 * WEEK)
    found = await watched.figures()
    assert set(_shown(found)) == {watched.opened, watched.opened + WEEK}, "the third time as one of another region"
    assert found.recent == Count(1, 0, 0, 0), "one person all the same"
    assert (await watched.of("mytilene")).since.read_count == 1
    assert (await watched.of("chios")).since.read_count == 1
    assert ((await watched.of("mytilene")).member_count, found.member_count) == (0, 1)


async def test_who_wrote_has_read_also_where_no_visit_was_noted(watched: Watched, cast: Cast) -> None:
    await watched.write(cast.nikos, watched.this_week, replies=1)
    assert (await watched.figures()).recent == Count(1, 1, 2, 1)


async def test_what_was_deleted_is_not_counted(watched: Watched, cast: Cast, owner: RawConnection) -> None:
    await watched.write(cast.nikos, watched.this_week, replies=2)
    await owner.execute("UPDATE posts SET deleted_at = now(), deleted_by_id = author_id WHERE number = 3")
    assert (await watched.figures()).recent == Count(1, 1, 2, 1)
    await owner.execute("UPDATE topics SET deleted_at = now(), deleted_by_id = author_id")
    assert (await watched.figures()).recent == Count(0, 0, 0, 0)


async def test_a_free_group_counts_who_is_in_it_now(watched: Watched, cast: Cast, owner: RawConnection) -> None:
    await owner.execute("INSERT INTO groups (slug, kind, name_el, name_en) VALUES ('water', 'free', 'Νερό', 'Water')")
    await owner.execute(
        "INSERT INTO group_members (group_id, member_id) SELECT id, $1 FROM groups WHERE slug = 'water'",
        cast.sophie.member_id,
    )
    watched.opening = await watched.opener.open("water", "readers", category="guides")
    for person in (cast.sophie, cast.maria):
        await watched.visit(person.member_id, watched.this_week)
    found = await watched.figures()
    assert found.recent == Count(1, 0, 0, 0)
    assert [(one.slug, one.member_count) for one in found.organisations] == [("union-of-cyprus-municipalities", 1)]


async def test_what_nobody_noted_is_not_called_nought(watched: Watched, cast: Cast, owner: RawConnection) -> None:
    await owner.execute("DELETE FROM category_visits")
    await watched.visit(cast.nikos.member_id, watched.opened + WEEK)
    await watched.write(cast.nikos, watched.opened - WEEK)
    found = await watched.figures()
    read = {week.begins_on: week.count.read_count for week in found.weeks}
    assert [read[watched.opened + number * WEEK] for number in (-1, 0, 1, 2)] == [None, None, 1, 0]
    assert found.before == Count(None, 1, 1, 1)
    assert found.recent == Count(1, 0, 0, 0)


async def test_one_that_waits_and_one_that_was_taken_back_have_what_there_is(watched: Watched, cast: Cast) -> None:
    await watched.visit(cast.nikos.member_id, watched.this_week)
    await watched.opener.undo(watched.opening)
    undone = await watched.figures()
    assert undone.opening.undone_at is not None
    assert not undone.opening.is_standing
    assert undone.recent == Count(1, 0, 0, 0)
    later = await watched.opener.now() + 2 * WEEK
    watched.opening = await watched.opener.open(AEGEAN, "closed", category="guides", effective_at=later)
    waiting = await watched.figures()
    assert (waiting.opening.is_scheduled, waiting.recent, len(waiting.weeks)) == (True, None, 7)
    assert waiting.opening.stage_before == "commenters"


async def test_a_closed_group_has_nobody_with_access_and_names_what_followed(watched: Watched) -> None:
    first, closing = watched.opening, await watched.opener.open(AEGEAN, "closed", category="guides")
    found = await watched.figures()
    assert (found.opening.id, found.opening.followed_by_id) == (first, closing)
    assert (found.member_count, found.opening.can_read_now) == (0, False)


async def test_an_opening_that_is_not_there_is_not_found(watched: Watched) -> None:
    watched.opening = OpeningId(999_999)
    with pytest.raises(NotFound):
        await watched.figures()


def test_weeks_go_from_eight_before_to_now_and_at_most_twenty_six_after() -> None:
    opened = datetime(2027, 3, 28, 21, 30, tzinfo=UTC)
    monday = date(2027, 3, 29)
    same = periods_of(opened, opened)
    assert (len(same.weeks), same.weeks[-1]) == (9, Period(monday, monday)), "Monday, half past midnight, in summer"
    assert periods_of(opened - timedelta(hours=1), opened).weeks[-1] == Period(monday, monday)
    assert periods_of(opened - timedelta(hours=1), opened).since.first == monday - WEEK
    late = periods_of(opened, opened + 60 * WEEK)
    assert len(late.weeks) == 8 + 26
    assert (late.since.last, late.recent) == (
        monday + 60 * WEEK,
        Period(monday + 57 * WEEK, monday + 60 * WEEK),
    )
    assert periods_of(opened, opened - 20 * WEEK).weeks == ()


def test_a_week_is_seven_days_when_clocks_change() -> None:
    for clocks in (datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 10, 31, tzinfo=UTC)):
        mondays = [period.first for period in periods_of(clocks - 2 * WEEK, clocks + 2 * WEEK).weeks]
        assert {later - earlier for earlier, later in pairwise(mondays)} == {WEEK}
        assert {monday.weekday() for monday in mondays} == {0}
