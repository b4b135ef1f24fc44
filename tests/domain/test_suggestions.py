"""What the home page and digests begin with: what closes within the week and what fits, each with why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from forum import clock
from forum.db import Database, RawConnection
from forum.domain import suggestions
from forum.domain.actors import Actor
from forum.domain.entities import TopicId
from forum.domain.suggestions import Suggestion
from tests.cast import Cast
from tests.domain import proposing, writing
from tests.web.subscribing import instant, set_fields

NICOSIA = ZoneInfo("Asia/Nicosia")


async def _proposal(
    db: Database, owner: RawConnection, by: Actor, title: str, due: timedelta, **fields: Any
) -> TopicId:
    topic_id = (await writing.start(db, by, category="proposals", title=title)).topic_id
    said = {"state": "open", "programme": "LIFE", **fields}
    await set_fields(owner, topic_id, deadline=instant(clock.now() + due), **said)
    return topic_id


async def _profile(owner: RawConnection, slug: str, themes: list[str], settings: list[str] | None = None) -> None:
    await owner.execute(
        "INSERT INTO profiles (organisation_id, themes, settings, updated_by_id) "
        "SELECT organisations.id, $2, $3, (SELECT min(id) FROM members) FROM organisations WHERE slug = $1",
        slug,
        themes,
        settings or [],
    )


async def _found(db: Database, actor: Actor) -> list[Suggestion]:
    async with db.read() as conn:
        return await suggestions.list_for(conn, actor, clock.now())


def _titles(found: list[Suggestion]) -> dict[str, str]:
    return {one.title: one.sort for one in found}


async def test_what_closes_within_the_week_comes_first_the_next_first(
    db: Database, owner: RawConnection, cast: Cast
) -> None:
    for title, due in (
        ("σε πέντε ημέρες", timedelta(days=5)),
        ("αύριο", timedelta(days=1)),
        ("χθες", -timedelta(days=1)),
        ("σε έναν μήνα", timedelta(days=30)),
    ):
        await _proposal(db, owner, cast.sophie, title, due)
    await _proposal(db, owner, cast.sophie, "αποσύρθηκε", timedelta(days=2), state="withdrawn")
    found = await _found(db, cast.maria)
    assert [(one.title, one.sort) for one in found] == [("αύριο", "closing"), ("σε πέντε ημέρες", "closing")]


@pytest.mark.parametrize(
    ("now", "zone", "end"),
    [
        ("2027-03-25T10:00:00+00:00", "Europe/Athens", "2027-03-31T21:00:00+00:00"),
        ("2027-10-28T20:30:00+00:00", "Europe/Brussels", "2027-11-03T23:00:00+00:00"),
        ("2027-10-28T22:30:00+00:00", "Asia/Nicosia", "2027-11-04T22:00:00+00:00"),
    ],
)
def test_the_week_ends_at_midnight_by_the_members_clocks_also_when_they_change(now: str, zone: str, end: str) -> None:
    assert suggestions.end_of_week(datetime.fromisoformat(now), ZoneInfo(zone)) == datetime.fromisoformat(end)


async def test_what_shares_themes_with_the_municipality_fits_and_says_which(
    db: Database, owner: RawConnection, cast: Cast
) -> None:
    month = timedelta(days=40)
    await _proposal(db, owner, cast.sophie, "νερό", month, themes=["water", "culture"])
    await _proposal(db, owner, cast.sophie, "νερό και ενέργεια", month, themes=["energy", "water"])
    await _proposal(db, owner, cast.sophie, "άλλο", month, themes=["housing"])
    await _proposal(db, owner, cast.sophie, "μόνο Γερμανία", month, themes=["water"], countries=["DE"])
    await _proposal(db, owner, cast.sophie, "και Κύπρος", 2 * month, themes=["water"], countries=["CY", "DE"])
    assert await _found(db, cast.maria) == [], "nothing is known of the municipality yet"
    await _profile(owner, "larnaca", ["water", "energy"])
    found = await _found(db, cast.maria)
    assert [one.title for one in found] == ["νερό και ενέργεια", "νερό", "και Κύπρος"]
    assert (found[0].themes_el, found[0].themes_en) == ("Ενέργεια και κλίμα, Νερό", "Energy and climate, Water")
    assert all(one.sort == "proposal" for one in found)
    assert await _found(db, cast.nikos) == [], "Mytilene has said nothing"


async def test_expressions_of_interest_close_before_the_call_does(
    db: Database, owner: RawConnection, cast: Cast
) -> None:
    now = clock.now()

    def within(days: int) -> dict[str, str]:
        return instant(now + timedelta(days=days))

    month = timedelta(days=30)
    await _proposal(db, owner, cast.sophie, "δηλώσεις σε τρεις ημέρες", month, interest_deadline=within(3))
    await _proposal(db, owner, cast.sophie, "δηλώσεις χθες", month, interest_deadline=within(-1))
    await _proposal(db, owner, cast.sophie, "και τα δύο", timedelta(days=5), interest_deadline=within(2))
    await _proposal(db, owner, cast.sophie, "αύριο", timedelta(days=1))
    found = await _found(db, cast.maria)
    assert [(one.title, one.is_of_interest) for one in found] == [
        ("αύριο", False),
        ("και τα δύο", True),
        ("δηλώσεις σε τρεις ημέρες", True),
    ]
    assert [one.deadline_at for one in found[1:]] == [datetime.fromisoformat(within(days)["at"]) for days in (2, 3)], (
        "what closes next"
    )


async def test_what_ones_organisation_has_answered_or_can_no_more_is_not_suggested(
    db: Database, owner: RawConnection, cast: Cast
) -> None:
    await _profile(owner, "larnaca", ["water"])
    month, soon = timedelta(days=40), instant(clock.now() + timedelta(days=3))
    for title, fields in (
        ("ταιριάζει", {}),
        ("απαντήθηκε", {}),
        ("δική μας", {"lead": "larnaca"}),
        ("έκλεισαν οι δηλώσεις", {"interest_deadline": instant(clock.now() - timedelta(days=1))}),
        ("απαντήθηκε και κλείνει", {"interest_deadline": soon}),
    ):
        topic_id = await _proposal(db, owner, cast.sophie, title, month, themes=["water"], **fields)
        if title.startswith("απαντήθηκε"):
            await proposing.express(db, cast.maria, topic_id)
    assert _titles(await _found(db, cast.maria)) == {"ταιριάζει": "proposal"}


async def test_practices_of_municipalities_that_lie_alike_come_first(
    db: Database, owner: RawConnection, cast: Cast
) -> None:
    await _profile(owner, "larnaca", ["water"], ["coast"])
    await _profile(owner, "chios", [], ["coast", "island"])
    for title, practice in (
        ("από τη Χίο", {"owner": "chios", "state": "validated"}),
        ("από τη Μυτιλήνη", {"owner": "mytilene", "state": "submitted"}),
        ("δική μας", {"owner": "larnaca", "state": "validated"}),
        ("επιστράφηκε", {"owner": "chios", "state": "returned"}),
    ):
        topic_id = (await writing.start(db, cast.sophie, category="good-practices", title=title)).topic_id
        await set_fields(owner, topic_id, "good_practice", themes=["water"], **practice)
    found = await _found(db, cast.maria)
    assert [(one.title, one.settings) for one in found] == [("από τη Χίο", ["coast"]), ("από τη Μυτιλήνη", [])]


async def test_nothing_is_suggested_that_may_not_be_read(db: Database, owner: RawConnection, cast: Cast) -> None:
    await _profile(owner, "larnaca", ["water"])
    for title, due in (("κλείνει", timedelta(days=2)), ("ταιριάζει", timedelta(days=40))):
        await _proposal(db, owner, cast.sophie, title, due, themes=["water"])
    deleted = await _proposal(db, owner, cast.sophie, "διαγράφηκε", timedelta(days=1), themes=["water"])
    await owner.execute("UPDATE topics SET deleted_at = now(), deleted_by_id = author_id WHERE id = $1", deleted)
    assert _titles(await _found(db, cast.maria)) == {"κλείνει": "closing", "ταιριάζει": "proposal"}, "the premise"
    assert await _found(db, cast.stranger) == []
    await owner.execute(
        "UPDATE grants SET topics_since = now() + interval '1 s', internal_since = now() + interval '1 s'"
    )
    assert await _found(db, cast.maria) == [], "older topics are left to others"
    await owner.execute("DELETE FROM grants WHERE category_id = (SELECT id FROM categories WHERE slug = 'proposals')")
    assert await _found(db, cast.maria) == []


async def test_many_are_asked_at_once_each_by_their_own_rights(db: Database, owner: RawConnection, cast: Cast) -> None:
    await _proposal(db, owner, cast.sophie, "κλείνει", timedelta(days=2))
    until = datetime.now(UTC) + timedelta(days=7)
    people = [cast.maria, cast.nikos, cast.stranger]
    async with db.read() as conn:
        found = await suggestions.for_many(
            conn, [suggestions.Asked(one.member_id, one.organisation_id, until) for one in people]
        )
    assert [len(found[one.member_id]) for one in people] == [1, 1, 0]
