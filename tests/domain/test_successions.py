"""Moving, merging and passing on: what is shown is what happens, and old words keep the name they came under."""

from __future__ import annotations

import asyncio

import pytest

from forum.db import Database, RawConnection
from forum.domain import access, members, organisations, places, posts, regions, search, successions, topic_lists
from forum.domain.actors import Actor
from forum.domain.entities import MemberId, Role, TopicId
from forum.domain.places import OrganisationFacts, RegionFacts
from forum.domain.posts import Reply
from forum.domain.successions import Preview
from forum.errors import Conflict, Invalid
from tests.cast import Cast
from tests.domain import writing


async def _shown(db: Database, cast: Cast, gone: str, into: str) -> Preview:
    grant = access.to_administer(cast.administrator)
    async with db.read() as conn:
        one, other = await organisations.organisation(conn, gone), await organisations.organisation(conn, into)
        return await successions.preview_merger(conn, grant, one, other)


async def _merge(db: Database, cast: Cast, gone: str, into: str) -> None:
    shown = await _shown(db, cast, gone, into)
    async with db.write() as tx:
        await successions.merge(tx, access.to_administer(cast.administrator), gone, into, digest=shown.digest)


async def _names(db: Database, reader: Actor, topic_id: TopicId) -> tuple[str, list[str]]:
    """Return the slugs of organisations that a topic and its posts show."""
    async with db.read() as conn:
        grant = await access.topic_to_read(conn, reader, topic_id)
        listed = await posts.list_page(conn, grant, 1)
    return grant.topic.author_organisation_slug, [post.author_organisation_slug for post in listed]


async def _create(db: Database, cast: Cast, organisation: str) -> MemberId:
    async with db.write() as tx:
        found = await organisations.organisation(tx, organisation)
        return await members.create(
            tx,
            email="new@larnaca.example",
            name="Νέο Μέλος",
            organisation_id=found.id,
            password_hash="x",
            role=Role.MEMBER,
            language="el",
            zone=None,
        )


async def test_what_was_written_before_a_merger_keeps_its_name_and_what_comes_after_has_the_new_one(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await writing.start(db, cast.maria)
    theirs = await writing.start(db, cast.nikos)
    await writing.reply(db, cast.maria, theirs.topic_id)
    await writing.reply(db, cast.nikos, started.topic_id)
    await _merge(db, cast, "larnaca", "limassol")
    await writing.reply(db, cast.maria, started.topic_id)
    assert await _names(db, cast.nikos, started.topic_id) == ("larnaca", ["larnaca", "mytilene", "limassol"])
    assert await _names(db, cast.nikos, theirs.topic_id) == ("mytilene", ["mytilene", "larnaca"])
    async with db.read() as conn:
        rows = {row.id: row for row in await topic_lists.list_latest(conn, cast.nikos)}
        assert rows[started.topic_id].author_organisation_slug == "larnaca"
        assert rows[started.topic_id].last_author_organisation_en == "Municipality of Limassol"
        assert rows[theirs.topic_id].last_author_organisation_en == "Municipality of Larnaca"
        gone = await organisations.organisation(conn, "larnaca")
        assert (gone.state, gone.successor_slug, gone.member_count) == ("merged", "limassol", 0)
        listed = await topic_lists.list_of_organisation(conn, cast.nikos, "limassol")
        assert [row.id for row in listed] == [started.topic_id], "the successor's page lists what was written before"
    entry = await owner.fetchrow(
        "SELECT before->>'state', after->>'state' FROM audit_entries WHERE act = 'organisation.merged'"
    )
    assert entry is not None
    assert tuple(entry) == ("open", "merged")
    await writing.assert_counters_are_rows(owner)


async def test_deleting_the_last_post_gives_the_one_before_its_old_name_back(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await writing.start(db, cast.nikos)
    await writing.reply(db, cast.maria, started.topic_id)
    await _merge(db, cast, "larnaca", "limassol")
    last = await writing.reply(db, cast.maria, started.topic_id)
    await writing.delete(db, cast.maria, last.id)
    async with db.read() as conn:
        (row,) = await topic_lists.list_latest(conn, cast.nikos)
    assert row.last_author_organisation_en == "Municipality of Larnaca"
    await writing.assert_counters_are_rows(owner)


async def test_search_by_organisation_finds_what_was_written_there_and_in_what_merged_into_it(
    db: Database, cast: Cast
) -> None:
    await writing.start(db, cast.maria)
    await _merge(db, cast, "larnaca", "limassol")
    for slug, count in (("limassol", 1), ("larnaca", 1), ("mytilene", 0)):
        async with db.read() as conn:
            found = await search.search(conn, cast.nikos, "διαρροές", municipality=slug)
        assert len(found.items) == count, slug


async def test_mergers_in_a_row_lead_to_the_last(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.maria)
    await _merge(db, cast, "larnaca", "limassol")
    second = await writing.start(db, cast.maria)
    await _merge(db, cast, "limassol", "paphos")
    third = await writing.start(db, cast.maria)
    shown = [(await _names(db, cast.nikos, each.topic_id))[0] for each in (started, second, third)]
    assert shown == ["larnaca", "limassol", "paphos"]
    async with db.read() as conn:
        assert (await organisations.organisation(conn, "larnaca")).successor_slug == "paphos"
        paphos = await organisations.organisation(conn, "paphos")
        before = await organisations.list_predecessors(conn, paphos.id)
    assert {each.slug for each in before} == {"larnaca", "limassol"}


async def test_a_preview_counts_who_gains_and_who_loses_each_right(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    await owner.execute(
        "DELETE FROM grants USING groups, categories WHERE groups.id = grants.group_id AND "
        "categories.id = grants.category_id AND groups.slug = 'region-north-aegean' AND categories.slug = 'guides'"
    )
    await owner.execute(
        "INSERT INTO grants SELECT categories.id, groups.id, true, true, true, true, true, true, false "
        "FROM categories, groups WHERE categories.slug = 'proposals' AND groups.slug = 'organisation-mytilene'"
    )
    shown = await _shown(db, cast, "larnaca", "mytilene")
    assert shown.member_count == 1
    changes = {(each.category_slug, each.right): (each.gained_count, each.lost_count) for each in shown.changes}
    assert changes == {
        ("guides", "see"): (0, 1),
        ("guides", "read"): (0, 1),
        ("guides", "reply"): (0, 1),
        ("proposals", "start"): (1, 0),
        ("proposals", "vote"): (1, 0),
        ("proposals", "attach"): (1, 0),
    }
    await _merge(db, cast, "larnaca", "mytilene")
    async with db.read() as conn:
        with pytest.raises(Exception, match="not_found"):
            await access.category_to_see(conn, cast.maria, "guides")
        await access.category_to_start(conn, cast.maria, "proposals")


async def test_what_has_changed_since_it_was_shown_is_not_done(db: Database, cast: Cast, owner: RawConnection) -> None:
    shown = await _shown(db, cast, "larnaca", "limassol")
    await _create(db, cast, "larnaca")
    with pytest.raises(Conflict, match="preview_changed"):
        async with db.write() as tx:
            await successions.merge(
                tx, access.to_administer(cast.administrator), "larnaca", "limassol", digest=shown.digest
            )
    assert await owner.fetchval("SELECT count(*) FROM organisations WHERE closed_at IS NOT NULL") == 0


async def test_a_municipality_moves_with_its_members_rights(db: Database, cast: Cast) -> None:
    grant = access.to_administer(cast.administrator)
    async with db.write() as tx:
        await places.add_region(tx, grant, RegionFacts("Κρήτη", "Crete", "GR"), key=None)
    async with db.read() as conn:
        larnaca, crete = await organisations.organisation(conn, "larnaca"), await regions.region(conn, "crete")
        shown = await successions.preview_move(conn, grant, larnaca, crete)
        await access.category_to_read(conn, cast.maria, "questions")
    assert {each.right for each in shown.changes if each.category_slug == "questions"} >= {"see", "read", "start"}
    assert all((each.gained_count, each.lost_count) == (0, 1) for each in shown.changes)
    async with db.write() as tx:
        await successions.move(tx, grant, "larnaca", "crete", digest=shown.digest)
    async with db.read() as conn:
        with pytest.raises(Exception, match="not_found"):
            await access.category_to_read(conn, cast.maria, "questions")
        assert (await organisations.organisation(conn, "larnaca")).region_slug == "crete"
        with pytest.raises(Invalid):
            await successions.preview_move(conn, grant, await organisations.organisation(conn, "larnaca"), crete)


async def test_a_member_who_passes_on_leaves_their_words_behind_and_their_colleagues_alone(
    db: Database, cast: Cast
) -> None:
    colleague = await _create(db, cast, "larnaca")
    started = await writing.start(db, cast.maria)
    grant = access.to_administer(cast.administrator)
    async with db.read() as conn:
        into = await organisations.organisation(conn, "mytilene")
        shown = await successions.preview_transfer(conn, grant, cast.maria.member_id, into)
    async with db.write() as tx:
        await successions.transfer(tx, grant, cast.maria.member_id, "mytilene", digest=shown.digest)
    assert await _names(db, cast.nikos, started.topic_id) == ("larnaca", ["larnaca"])
    async with db.read() as conn:
        assert (await members.member(conn, cast.maria.member_id)).organisation_slug == "mytilene"
        assert (await members.member(conn, colleague)).organisation_slug == "larnaca"
        assert len(await topic_lists.list_of_organisation(conn, cast.nikos, "larnaca")) == 1
        assert len(await topic_lists.list_of_organisation(conn, cast.nikos, "mytilene")) == 0


@pytest.mark.parametrize("way", ["closed", "merged"])
async def test_nobody_comes_into_a_closed_organisation(db: Database, cast: Cast, way: str) -> None:
    if way == "merged":
        await _merge(db, cast, "larnaca", "limassol")
    else:
        async with db.write() as tx:
            await places.close(tx, access.to_administer(cast.administrator), "larnaca")
    with pytest.raises(Invalid) as refused:
        await _create(db, cast, "larnaca")
    assert refused.value.fields == {"organisation": ("closed",)}
    with pytest.raises(Invalid):
        await _merge(db, cast, "mytilene", "larnaca")


async def test_a_closed_organisation_opens_again_and_a_merged_one_does_not(db: Database, cast: Cast) -> None:
    grant = access.to_administer(cast.administrator)
    for act in (places.close, places.reopen, places.reopen):
        async with db.write() as tx:
            await act(tx, grant, "larnaca")
    await _create(db, cast, "larnaca")
    await _merge(db, cast, "larnaca", "limassol")
    for act in (places.close, places.reopen):
        with pytest.raises(Conflict):
            async with db.write() as tx:
                await act(tx, grant, "larnaca")


async def test_a_merger_while_members_write_parts_their_words_at_one_point(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    started = await writing.start(db, cast.nikos)
    for _ in range(3):
        await writing.reply(db, cast.maria, started.topic_id)

    async def write() -> None:
        for _ in range(6):
            await writing.reply(db, cast.maria, started.topic_id)

    async def merge() -> None:
        await asyncio.sleep(0.02)
        await _merge(db, cast, "larnaca", "limassol")

    await asyncio.gather(write(), write(), merge())
    names = (await _names(db, cast.nikos, started.topic_id))[1][1:]
    parted = names.index("limassol") if "limassol" in names else len(names)
    assert len(names) == 15
    assert set(names[:parted]) == {"larnaca"}
    assert "larnaca" not in names[parted:]
    await writing.assert_counters_are_rows(owner)


async def test_a_merger_waits_for_the_post_that_is_being_written(db: Database, cast: Cast) -> None:
    started = await writing.start(db, cast.nikos)
    async with db.write() as tx:
        grant = await access.topic_to_reply(tx, cast.maria, started.topic_id)
        await posts.reply(tx, grant, Reply("Ναι", writing.rendered("Ναι"), None, None))
        merging = asyncio.create_task(_merge(db, cast, "larnaca", "limassol"))
        await asyncio.sleep(0.5)
        assert not merging.done()
    await merging
    assert await _names(db, cast.nikos, started.topic_id) == ("mytilene", ["mytilene", "larnaca"])


async def test_two_who_merge_at_once_merge_once(db: Database, cast: Cast, owner: RawConnection) -> None:
    async def merge(gone: str, into: str) -> bool:
        try:
            await _merge(db, cast, gone, into)
        except (Conflict, Invalid):
            return False
        return True

    await writing.start(db, cast.maria)
    outcomes = await asyncio.gather(*(merge(*pair) for pair in (("larnaca", "limassol"), ("limassol", "larnaca")) * 3))
    assert sum(outcomes) == 1
    assert await owner.fetchval("SELECT count(*) FROM organisations WHERE merged_into_id IS NOT NULL") == 1
    assert await owner.fetchval("SELECT count(*) FROM audit_entries WHERE act = 'organisation.merged'") == 1


async def test_a_merger_and_somebody_who_comes_in_at_once_leave_nobody_behind(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    async def come_in() -> None:
        try:
            await _create(db, cast, "larnaca")
        except Invalid as refused:
            assert refused.fields == {"organisation": ("closed",)}  # noqa: PT017 - either outcome is right

    async def merge() -> None:
        try:
            await _merge(db, cast, "larnaca", "limassol")
        except Conflict:
            await _merge(db, cast, "larnaca", "limassol")

    await asyncio.gather(come_in(), merge())
    assert not await owner.fetchval(
        "SELECT count(*) FROM members JOIN organisations ON organisations.id = members.organisation_id "
        "WHERE organisations.closed_at IS NOT NULL"
    )


async def test_facts_that_do_not_go_together_are_refused(db: Database, cast: Cast) -> None:
    grant = access.to_administer(cast.administrator)
    facts = OrganisationFacts("Εταίρος", "Partner", is_displaced=True)
    with pytest.raises(Invalid):
        async with db.write() as tx:
            await places.add_organisation(tx, grant, "partner", facts, region=None, key=None)
