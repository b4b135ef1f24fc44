"""Municipalities take up good practices of others, say how far they are, and are asked after half a year and a year."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from forum import worker
from forum.config import Config
from forum.db import Database, RawConnection
from forum.domain import access, adoptions, idempotency, likeness, practice_access
from forum.domain.actors import Actor
from forum.domain.adoptions import Use
from forum.domain.entities import OrganisationId, TopicId
from forum.domain.likeness import LikePractice
from forum.domain.practices import Adoption, AdoptionId
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from tests.cast import Cast
from tests.domain import practising, writing


async def _listed(db: Database, actor: Actor, topic_id: TopicId) -> list[Adoption]:
    async with db.read() as conn:
        return await adoptions.list_adoptions(conn, await access.topic_to_read(conn, actor, topic_id))


async def _of_municipality(db: Database, actor: Actor, place: Actor) -> list[Use]:
    async with db.read() as conn:
        return await adoptions.list_of_municipality(conn, actor, place.organisation_id)


async def _alike(db: Database, actor: Actor) -> list[LikePractice]:
    async with db.read() as conn:
        return await likeness.list_practices(conn, actor)


async def _ask(db: Database) -> int:
    count = 0
    while True:
        async with db.write() as tx:
            if not await adoptions.ask(tx):
                return count
        count += 1


async def _pass(owner: RawConnection, months: int) -> None:
    """Have so many months gone by since every adoption began."""
    await owner.execute(
        "UPDATE adoptions SET created_at = created_at - make_interval(months => $1), "
        "updated_at = updated_at - make_interval(months => $1), ask_at = ask_at - make_interval(months => $1), "
        "asked_at = asked_at - make_interval(months => $1)",
        months,
    )


async def test_who_takes_up_a_practice_does_so_for_their_municipality(db: Database, cast: Cast) -> None:
    practice = await practising.start(db, cast.maria)
    answers = {}
    for name, person in cast.everyone().items():
        try:
            async with db.write() as tx:
                await practice_access.topic_to_adopt(tx, person, practice.topic_id)
            answers[name] = ""
        except (Forbidden, NotFound) as refusal:
            answers[name] = refusal.code
    assert answers == {
        "administrator": "not_municipality",
        "moderator": "not_municipality",
        "maria": "adopts_own",
        "nikos": "",
        "sophie": "not_municipality",
        "stranger": "not_found",
        "suspended": "not_found",
    }


async def test_an_adoption_moves_through_its_stages_and_keeps_every_step(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    practice = await practising.start(db, cast.maria)
    begun = await practising.adopt(db, cast.nikos, practice.topic_id, note=" Πόσο κόστισε; ")
    assert (begun.stage, begun.note, begun.organisation_slug, begun.started_on) == (
        "interested",
        "Πόσο κόστισε;",
        "mytilene",
        None,
    )
    day = date(2026, 3, 1)
    await practising.move(db, cast.nikos, practice.topic_id, begun.id, "adapting", note="Μισά φρεάτια.")
    moved = await practising.move(
        db, cast.nikos, practice.topic_id, begun.id, "in_use", outcome="Μείον 12 %", started_on=day
    )
    assert (moved.stage, moved.outcome, moved.started_on) == ("in_use", "Μείον 12 %", day)
    assert moved.staged_at > begun.staged_at
    again = await practising.move(
        db, cast.nikos, practice.topic_id, begun.id, "in_use", note="Πάει καλά.", outcome="Μείον 12 %", started_on=day
    )
    assert again.staged_at == moved.staged_at, "since when it is in use"
    async with db.read() as conn:
        steps = await adoptions.list_steps(conn, again)
    assert [(step.stage, step.note) for step in steps] == [
        ("in_use", "Πάει καλά."),
        ("in_use", ""),
        ("adapting", "Μισά φρεάτια."),
        ("interested", "Πόσο κόστισε;"),
    ]
    acts = await owner.fetch("SELECT act FROM audit_entries WHERE act LIKE 'topic.%adopt%' ORDER BY id")
    assert [row[0] for row in acts] == ["topic.adopt"] + ["topic.move_adoption"] * 3


async def test_what_says_nothing_new_is_no_step(db: Database, cast: Cast, owner: RawConnection) -> None:
    practice = await practising.start(db, cast.maria)
    begun = await practising.adopt(db, cast.nikos, practice.topic_id)
    await practising.move(db, cast.nikos, practice.topic_id, begun.id, "interested")
    assert await owner.fetchval("SELECT count(*) FROM adoption_steps") == 1


async def test_only_who_adopts_moves_it_on_and_only_on_its_own_practice(db: Database, cast: Cast) -> None:
    practice, other = await practising.start(db, cast.maria), await practising.start(db, cast.maria)
    begun = await practising.adopt(db, cast.nikos, practice.topic_id)
    for person in (cast.maria, cast.moderator, cast.administrator):
        with pytest.raises(Forbidden, match="not_adopter"):
            await practising.move(db, person, practice.topic_id, begun.id, "stopped")
    with pytest.raises(NotFound):
        await practising.move(db, cast.stranger, practice.topic_id, begun.id, "stopped")
    for topic_id, adoption_id in ((other.topic_id, begun.id), (practice.topic_id, AdoptionId(10**9))):
        with pytest.raises(NotFound):
            await practising.move(db, cast.nikos, topic_id, adoption_id, "stopped")


async def test_a_municipality_takes_a_practice_up_once(db: Database, cast: Cast, owner: RawConnection) -> None:
    practice = await practising.start(db, cast.maria)
    done = await asyncio.gather(
        *(practising.adopt(db, cast.nikos, practice.topic_id) for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in done) == ["Adoption", "Conflict", "Conflict"]
    assert await owner.fetchval("SELECT count(*) FROM adoptions") == 1
    assert await owner.fetchval("SELECT count(*) FROM adoption_steps") == 1


async def test_the_same_request_takes_it_up_once_and_is_answered_alike(db: Database, cast: Cast) -> None:
    practice = await practising.start(db, cast.maria)
    key = idempotency.make("k", "adopt", str(practice.topic_id))
    made = [await practising.adopt(db, cast.nikos, practice.topic_id, key=key) for _ in range(2)]
    assert made[0] == made[1]
    with pytest.raises(Conflict, match="adopted_already"):
        await practising.adopt(db, cast.nikos, practice.topic_id)


async def test_it_has_begun_by_today(db: Database, cast: Cast) -> None:
    practice = await practising.start(db, cast.maria)
    with pytest.raises(Invalid):
        await practising.adopt(db, cast.nikos, practice.topic_id, started_on=date.max)


async def test_the_owner_and_the_author_hear_of_it(db: Database, cast: Cast, owner: RawConnection) -> None:
    practice = await practising.start(db, cast.sophie)
    await practising.adopt(db, cast.nikos, practice.topic_id)
    assert await practising.told(owner, "adoption") == {cast.sophie.member_id, cast.maria.member_id}


async def test_its_people_are_asked_after_half_a_year_and_after_a_year_once_each(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    practice = await practising.start(db, cast.maria)
    begun = await practising.adopt(db, cast.nikos, practice.topic_id)
    await owner.execute("DELETE FROM notifications")
    await _pass(owner, 5)
    assert await _ask(db) == 0
    await _pass(owner, 1)
    assert (await _ask(db), await _ask(db)) == (1, 0)
    assert await practising.told(owner, "adoption") == {cast.nikos.member_id}
    [adoption] = await _listed(db, cast.nikos, practice.topic_id)
    assert adoption.is_asked
    await practising.move(db, cast.nikos, practice.topic_id, begun.id, "interested")
    [adoption] = await _listed(db, cast.nikos, practice.topic_id)
    assert not adoption.is_asked, "an answer it is, that nothing has changed"
    await owner.execute("DELETE FROM notifications")
    await _pass(owner, 5)
    assert await _ask(db) == 0
    await _pass(owner, 1)
    assert (await _ask(db), await _ask(db)) == (1, 0)
    assert await practising.told(owner, "adoption") == {cast.nikos.member_id}
    await _pass(owner, 36)
    assert await _ask(db) == 0, "never again"


async def test_what_was_missed_in_a_standstill_is_asked_once(db: Database, cast: Cast, owner: RawConnection) -> None:
    practice = await practising.start(db, cast.maria)
    await practising.adopt(db, cast.nikos, practice.topic_id)
    await _pass(owner, 14)
    assert (await _ask(db), await _ask(db)) == (1, 0)
    await _pass(owner, 6)
    assert await _ask(db) == 0


async def test_late_by_some_months_the_second_question_comes_at_its_time(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    practice = await practising.start(db, cast.maria)
    await practising.adopt(db, cast.nikos, practice.topic_id)
    await _pass(owner, 9)
    assert await _ask(db) == 1
    await _pass(owner, 3)
    assert await _ask(db) == 1


async def test_who_stopped_is_not_asked_and_who_takes_it_up_again_is(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    practice = await practising.start(db, cast.maria)
    begun = await practising.adopt(db, cast.nikos, practice.topic_id)
    await practising.move(db, cast.nikos, practice.topic_id, begun.id, "stopped", outcome="Ακριβό.")
    await _pass(owner, 7)
    assert await _ask(db) == 0
    await practising.move(db, cast.nikos, practice.topic_id, begun.id, "adapting")
    await _pass(owner, 5)
    assert await _ask(db) == 1


async def test_two_workers_ask_each_municipality_once(db: Database, cast: Cast, owner: RawConnection) -> None:
    for _ in range(4):
        await practising.adopt(db, cast.nikos, (await practising.start(db, cast.maria)).topic_id)
    await _pass(owner, 6)
    assert sum(await asyncio.gather(_ask(db), _ask(db), _ask(db))) == 4


async def test_the_job_asks_all_that_are_due(db: Database, cast: Cast, owner: RawConnection, config: Config) -> None:
    practice = await practising.start(db, cast.maria)
    await practising.adopt(db, cast.nikos, practice.topic_id)
    await _pass(owner, 6)
    [job] = [job for job in worker.JOBS if job.name == "adoptions"]
    await job.run(db, config)
    assert await owner.fetchval("SELECT count(*) FROM adoptions WHERE asked_at IS NOT NULL") == 1


async def test_nobody_is_asked_of_what_they_may_not_read_any_more(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    practice = await practising.start(db, cast.maria)
    await practising.adopt(db, cast.nikos, practice.topic_id)
    await owner.execute("DELETE FROM notifications")
    await practising.hide(owner, "region-north-aegean")
    await _pass(owner, 6)
    assert await _ask(db) == 1
    assert await practising.told(owner, "adoption") == set()


async def test_pages_of_municipalities_list_only_what_their_reader_may_read(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    practice = await practising.start(db, cast.maria)
    await practising.adopt(db, cast.nikos, practice.topic_id, "in_use")
    for reader in (cast.maria, cast.nikos, cast.sophie, cast.moderator):
        [use] = await _of_municipality(db, reader, cast.nikos)
        assert (use.topic_id, use.owner_slug, use.stage, use.is_adopter) == (
            practice.topic_id,
            "larnaca",
            "in_use",
            True,
        )
        [use] = await _of_municipality(db, reader, cast.maria)
        assert (use.adopter_slug, use.is_adopter) == ("mytilene", False)
    await practising.hide(owner, "region-north-aegean")
    for reader in (cast.stranger, cast.nikos):
        for place in (cast.maria, cast.nikos):
            assert await _of_municipality(db, reader, place) == []
    await writing.delete_topic(db, cast.maria, practice.topic_id)
    assert await _of_municipality(db, cast.maria, cast.nikos) == []


async def test_an_adoption_passes_on_to_the_municipality_that_another_merges_into(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    practice = await practising.start(db, cast.maria)
    begun = await practising.adopt(db, cast.nikos, practice.topic_id)
    chios = await owner.fetchval("SELECT id FROM organisations WHERE slug = 'chios'")
    await owner.execute("UPDATE members SET organisation_id = $1 WHERE id = $2", chios, cast.nikos.member_id)
    await owner.execute(
        "UPDATE organisations SET merged_into_id = $1, closed_at = now() WHERE slug = 'mytilene'", chios
    )
    nikos = replace(cast.nikos, organisation_id=OrganisationId(chios), organisation_slug="chios")
    [adoption] = await _listed(db, nikos, practice.topic_id)
    assert adoption.organisation_slug == "chios"
    await practising.move(db, nikos, practice.topic_id, begun.id, "in_use")
    with pytest.raises(Conflict, match="adopted_already"):
        await practising.adopt(db, nikos, practice.topic_id)
    assert [use.adopter_slug for use in await _of_municipality(db, cast.maria, nikos)] == ["chios"]


async def test_practices_of_like_municipalities_say_in_what_they_are_alike(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    await owner.execute("UPDATE organisations SET population = NULL, population_year = NULL")
    for slug, population in (("larnaca", 50_000), ("mytilene", 30_000), ("chios", 55_000), ("nicosia", 200_000)):
        await owner.execute(
            "UPDATE organisations SET population = $2, population_year = 2021 WHERE slug = $1", slug, population
        )
    own = await practising.start(db, cast.maria, themes=["water"])
    near = await practising.start(db, cast.nikos, owner="mytilene", themes=["energy"])
    both = await practising.start(db, cast.sophie, owner="limassol", themes=["water", "energy"])
    region = await practising.start(db, cast.sophie, owner="nicosia", themes=[])
    found = {each.topic_id: each for each in await _alike(db, cast.maria)}
    assert set(found) == {near.topic_id, both.topic_id, region.topic_id}, "never one's own"
    assert own.topic_id not in found

    def alike(topic_id: TopicId) -> tuple[bool, bool, list[str]]:
        return found[topic_id].is_near, found[topic_id].is_same_region, found[topic_id].themes_en

    assert alike(near.topic_id) == (True, False, [])
    assert alike(both.topic_id) == (False, True, ["Water"])
    assert alike(region.topic_id) == (False, True, [])
    assert (await _alike(db, cast.maria))[0].topic_id == both.topic_id, "the most alike first"
    # Nothing in common: 30,000 and 200,000, another region, no theme.
    assert region.topic_id not in {each.topic_id for each in await _alike(db, cast.nikos)}


async def test_populations_are_near_within_half_of_ones_own(db: Database, cast: Cast, owner: RawConnection) -> None:
    practice = await practising.start(db, cast.nikos, owner="mytilene", themes=[])
    for population, is_near in ((15_000, True), (14_999, False), (45_000, True), (45_001, False)):
        await owner.execute(
            "UPDATE organisations SET population = 30000, population_year = 2021 WHERE slug = 'larnaca'"
        )
        await owner.execute(
            "UPDATE organisations SET population = $1, population_year = 2021 WHERE slug = 'mytilene'", population
        )
        assert (practice.topic_id in {each.topic_id for each in await _alike(db, cast.maria)}) is is_near


async def test_the_setting_and_the_themes_of_a_profile_count(db: Database, cast: Cast, owner: RawConnection) -> None:
    practice = await practising.start(db, cast.nikos, owner="mytilene", themes=["energy"])
    assert await _alike(db, cast.maria) == []
    await _profile(owner, "mytilene", ["island", "coast"], [])
    await _profile(owner, "larnaca", ["coast"], [])
    (found,) = await _alike(db, cast.maria)
    assert (found.topic_id, found.settings, found.themes_en) == (practice.topic_id, ["coast"], [])
    await _profile(owner, "larnaca", ["inland"], ["energy", "water"])
    (found,) = await _alike(db, cast.maria)
    assert (found.settings, found.themes_en) == ([], ["Energy and climate"])


async def _profile(owner: RawConnection, slug: str, settings: list[str], themes: list[str]) -> None:
    await owner.execute(
        "INSERT INTO profiles (organisation_id, settings, themes, updated_by_id) "
        "SELECT id, $2, $3, (SELECT min(members.id) FROM members) FROM organisations WHERE slug = $1 "
        "ON CONFLICT (organisation_id) DO UPDATE SET settings = excluded.settings, themes = excluded.themes",
        slug,
        settings,
        themes,
    )


async def test_like_practices_are_those_their_reader_may_read(db: Database, cast: Cast, owner: RawConnection) -> None:
    practice = await practising.start(db, cast.sophie, owner="nicosia")
    assert [each.topic_id for each in await _alike(db, cast.maria)] == [practice.topic_id]
    assert await _alike(db, cast.stranger) == []
    assert await _alike(db, cast.sophie) == [], "an association is like no municipality"
    await practising.hide(owner, "region-cyprus")
    assert await _alike(db, cast.maria) == []


async def test_a_change_touches_the_page(db: Database, cast: Cast, owner: RawConnection) -> None:
    practice = await practising.start(db, cast.maria)
    versions = []
    for _ in range(3):
        versions.append(await owner.fetchval("SELECT version FROM topics WHERE id = $1", practice.topic_id))
        if len(versions) == 1:
            await practising.adopt(db, cast.nikos, practice.topic_id)
            await _pass(owner, 6)
        elif len(versions) == 2:
            await _ask(db)
    assert versions == sorted(set(versions))


async def test_half_a_year_is_half_a_year(db: Database, cast: Cast, owner: RawConnection) -> None:
    practice = await practising.start(db, cast.maria)
    await practising.adopt(db, cast.nikos, practice.topic_id)
    ahead = await owner.fetchval("SELECT ask_at - now() FROM adoptions")
    assert timedelta(days=180) < ahead < timedelta(days=185)
