"""Good practices are validated with an opinion or returned with reasons, by validators of other organisations."""

from __future__ import annotations

import asyncio
import json

import pytest

from forum.db import Database, RawConnection
from forum.domain import access, practice_access, validations, validators
from forum.domain.actors import Actor
from forum.domain.entities import GroupId, TopicId
from forum.domain.practices import Validation
from forum.domain.validations import Course
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from tests.cast import Cast
from tests.domain import practising, writing


async def _course(db: Database, actor: Actor, topic_id: TopicId) -> Course:
    async with db.read() as conn:
        grant = await access.topic_to_read(conn, actor, topic_id)
        return await validations.course(conn, grant, await practice_access.standing(conn, actor, topic_id))


async def _history(db: Database, actor: Actor, topic_id: TopicId) -> list[Validation]:
    return (await _course(db, actor, topic_id)).history


async def _waiting(db: Database, actor: Actor) -> list[TopicId]:
    async with db.read() as conn:
        return [each.topic_id for each in await validations.list_waiting(conn, actor)]


async def _who_may_decide(db: Database, cast: Cast, topic_id: TopicId) -> dict[str, str]:
    """Return of everyone what they are answered: "" where they may."""
    answers = {}
    for name, person in cast.everyone().items():
        try:
            async with db.write() as tx:
                await practice_access.topic_to_validate(tx, person, topic_id)
            answers[name] = ""
        except (Forbidden, NotFound) as refusal:
            answers[name] = refusal.code
    return answers


async def test_without_validators_the_moderators_decide(db: Database, cast: Cast) -> None:
    practice = await practising.start(db, cast.maria)
    assert await _who_may_decide(db, cast, practice.topic_id) == {
        "administrator": "",
        "moderator": "",
        "maria": "not_validator",
        "nikos": "not_validator",
        "sophie": "not_validator",
        "stranger": "not_found",
        "suspended": "not_found",
    }


async def test_validators_decide_and_nobody_on_a_practice_of_their_own(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    practice = await practising.start(db, cast.maria)
    await practising.make_validators(owner, cast.maria, cast.nikos, cast.stranger, cast.suspended)
    assert await _who_may_decide(db, cast, practice.topic_id) == {
        "administrator": "not_validator",
        "moderator": "not_validator",
        "maria": "own_practice",
        "nikos": "",
        "sophie": "not_validator",
        "stranger": "not_found",
        "suspended": "not_found",
    }
    assert await _waiting(db, cast.nikos) == [practice.topic_id]
    assert await _waiting(db, cast.maria) == []
    assert await _waiting(db, cast.stranger) == []
    assert await _waiting(db, cast.moderator) == []


async def test_a_practice_of_ones_own_municipality_is_ones_own_whoever_wrote_it(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    practice = await practising.start(db, cast.sophie, owner="mytilene")
    await practising.make_validators(owner, cast.nikos, cast.administrator, cast.maria)
    may = await _who_may_decide(db, cast, practice.topic_id)
    assert (may["nikos"], may["administrator"], may["maria"]) == ("own_practice", "own_practice", "")
    await owner.execute("UPDATE organisations SET slug = 'lesvos' WHERE slug = 'mytilene'")
    await owner.execute(
        "INSERT INTO former_slugs (slug, organisation_id) "
        "SELECT 'mytilene', id FROM organisations WHERE slug = 'lesvos'"
    )
    assert (await _who_may_decide(db, cast, practice.topic_id))["nikos"] == "own_practice", "by a former slug as well"


async def test_a_sub_category_with_the_rights_above_goes_by_the_validators_above(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    practice = await practising.start(db, cast.maria)
    await practising.make_validators(owner, cast.nikos)
    below = await owner.fetchval(
        "INSERT INTO categories (slug, name_el, name_en, description_el, description_en, kinds, position, parent_id, "
        "inherits_grants) SELECT 'water-practices', 'Νερό', 'Water', '', '', kinds, 90, id, true "
        "FROM categories WHERE slug = 'good-practices' RETURNING id"
    )
    await owner.execute("UPDATE topics SET category_id = $1 WHERE id = $2", below, practice.topic_id)
    assert (await _who_may_decide(db, cast, practice.topic_id))["nikos"] == ""
    assert await _waiting(db, cast.nikos) == [practice.topic_id]


async def test_returned_edited_submitted_again_validated(db: Database, cast: Cast, owner: RawConnection) -> None:
    practice = await practising.start(db, cast.maria)
    topic_id = practice.topic_id
    await practising.decide(db, cast.moderator, topic_id, "returned", "Λείπει το κόστος.")
    assert await practising.state(owner, topic_id) == "returned"
    assert await _waiting(db, cast.moderator) == []
    with pytest.raises(Conflict, match="not_waiting"):
        await practising.decide(db, cast.moderator, topic_id)
    for other in (cast.nikos, cast.moderator):
        with pytest.raises(Forbidden, match="not_author_side"):
            await practising.submit(db, other, topic_id)
    await practising.edit(db, cast.maria, topic_id, resources="210.000 €")
    assert await practising.state(owner, topic_id) == "returned", "an edit alone hands nothing in"
    await practising.submit(db, cast.maria, topic_id)
    assert await practising.state(owner, topic_id) == "submitted"
    assert await _waiting(db, cast.moderator) == [topic_id]
    with pytest.raises(Forbidden, match="not_returned"):
        await practising.submit(db, cast.maria, topic_id)
    await practising.decide(db, cast.moderator, topic_id, "validated", " Σαφής και πλήρης. ")
    assert await practising.state(owner, topic_id) == "validated"
    history = await _history(db, cast.maria, topic_id)
    assert [(each.verdict, each.opinion, each.revision) for each in history] == [
        ("validated", "Σαφής και πλήρης.", 1),
        ("returned", "Λείπει το κόστος.", 0),
    ]
    notices = await owner.fetch("SELECT act, reason FROM topic_notices WHERE topic_id = $1 ORDER BY id", topic_id)
    assert [tuple(row) for row in notices] == [("return", None), ("submit", None), ("validate", None)]
    entries = await owner.fetch("SELECT act, before, after FROM audit_entries WHERE subject = 'topic' ORDER BY id")
    assert [(row[0], json.loads(row[1]), json.loads(row[2])) for row in entries] == [
        ("topic.return", {"state": "submitted"}, {"state": "returned"}),
        ("topic.submit", {"state": "returned"}, {"state": "submitted"}),
        ("topic.validate", {"state": "submitted"}, {"state": "validated"}),
    ]


async def test_the_reasons_of_a_return_are_read_by_those_they_concern(db: Database, cast: Cast) -> None:
    practice = await practising.start(db, cast.maria)
    await practising.decide(db, cast.moderator, practice.topic_id, "returned", "Κρυφός λόγος.")
    for reader, count in ((cast.maria, 1), (cast.moderator, 1), (cast.nikos, 0), (cast.sophie, 0)):
        assert len(await _history(db, reader, practice.topic_id)) == count


async def test_what_is_changed_after_its_validation_says_so_and_may_be_decided_on_anew(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    practice = await practising.start(db, cast.maria)
    await practising.decide(db, cast.moderator, practice.topic_id)
    assert (await _course(db, cast.nikos, practice.topic_id)).changed_at is None
    with pytest.raises(Conflict, match="not_waiting"):
        await practising.decide(db, cast.administrator, practice.topic_id)
    await practising.edit(db, cast.maria, practice.topic_id, problem="Άλλο πρόβλημα.")
    course = await _course(db, cast.nikos, practice.topic_id)
    assert course.changed_at is not None
    assert course.changed_at == course.edited_at
    assert await practising.state(owner, practice.topic_id) == "validated"
    await practising.decide(db, cast.administrator, practice.topic_id, opinion="Και έτσι.")
    assert (await _course(db, cast.nikos, practice.topic_id)).changed_at is None


async def test_of_two_validators_at_once_one_decides(db: Database, cast: Cast, owner: RawConnection) -> None:
    practice = await practising.start(db, cast.maria)
    done = await asyncio.gather(
        practising.decide(db, cast.moderator, practice.topic_id, "validated"),
        practising.decide(db, cast.administrator, practice.topic_id, "returned", "Λείπει κάτι."),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in done) == ["Conflict", "NoneType"]
    assert await owner.fetchval("SELECT count(*) FROM validations") == 1


async def test_who_decides_has_read_what_stands(db: Database, cast: Cast, owner: RawConnection) -> None:
    practice = await practising.start(db, cast.maria)
    await practising.edit(db, cast.maria, practice.topic_id, problem="Άλλο πρόβλημα.")
    with pytest.raises(Conflict, match="practice_changed"):
        await practising.decide(db, cast.moderator, practice.topic_id, revision=0)
    assert await owner.fetchval("SELECT count(*) FROM validations") == 0
    await practising.decide(db, cast.moderator, practice.topic_id, revision=1)


async def test_validators_hear_of_what_waits_and_the_authors_side_of_what_was_decided(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    await practising.make_validators(owner, cast.nikos, cast.maria, cast.stranger)
    practice = await practising.start(db, cast.maria)
    assert await practising.told(owner, "validation") == {cast.nikos.member_id}
    await owner.execute("DELETE FROM notifications")
    await practising.decide(db, cast.nikos, practice.topic_id, "returned", "Λείπει κάτι.")
    assert await practising.told(owner, "validation") == {cast.maria.member_id}
    await practising.submit(db, cast.maria, practice.topic_id)
    assert await practising.told(owner, "validation") == {cast.maria.member_id, cast.nikos.member_id}


async def test_who_muted_the_practice_is_told_nothing(db: Database, cast: Cast, owner: RawConnection) -> None:
    practice = await practising.start(db, cast.maria)
    await owner.execute(
        "INSERT INTO topic_subscriptions (member_id, topic_id, level) VALUES ($1, $2, 'mute')",
        cast.maria.member_id,
        practice.topic_id,
    )
    await practising.decide(db, cast.moderator, practice.topic_id)
    assert cast.maria.member_id not in await practising.told(owner, "validation")


async def test_a_decision_changes_the_version_of_the_page(db: Database, cast: Cast, owner: RawConnection) -> None:
    practice = await practising.start(db, cast.maria)
    version = "SELECT version FROM topics WHERE id = $1"
    before = await owner.fetchval(version, practice.topic_id)
    await practising.decide(db, cast.moderator, practice.topic_id)
    assert await owner.fetchval(version, practice.topic_id) > before


async def test_a_deleted_practice_waits_for_nobody(db: Database, cast: Cast) -> None:
    practice = await practising.start(db, cast.maria)
    assert await _waiting(db, cast.moderator) == [practice.topic_id]
    await writing.delete_topic(db, cast.maria, practice.topic_id)
    assert await _waiting(db, cast.moderator) == []
    with pytest.raises(Forbidden, match="topic_deleted"):
        await practising.decide(db, cast.moderator, practice.topic_id)


async def test_other_topics_are_not_validated(db: Database, cast: Cast) -> None:
    topic = await writing.start(db, cast.maria)
    with pytest.raises(Forbidden, match="not_practice"):
        await practising.decide(db, cast.moderator, topic.topic_id)


async def test_validators_are_chosen_all_at_once_with_an_entry_in_the_log(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    category_id, grant = await practising.category_id(owner), practising.administering(cast.administrator)
    groups = [GroupId(row[0]) for row in await owner.fetch("SELECT id FROM groups ORDER BY id LIMIT 2")]
    for chosen in (groups, groups, groups[:1], []):
        async with db.write() as tx:
            await validators.choose(tx, grant, category_id, chosen)
        async with db.read() as conn:
            listed = await validators.list_groups(conn, grant, category_id)
        assert sorted(each.group_id for each in listed if each.is_validating) == chosen
    entries = await owner.fetch("SELECT after FROM audit_entries WHERE act = 'category.validators_chosen' ORDER BY id")
    assert [json.loads(row[0])["group_ids"] for row in entries] == [groups, groups[:1], []]
    with pytest.raises(Invalid):
        async with db.write() as tx:
            await validators.choose(tx, grant, category_id, [GroupId(10**9)])
