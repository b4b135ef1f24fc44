"""Categories are added, changed, ordered, archived and merged; nobody sees more by it than they were shown to."""

from __future__ import annotations

import pytest

from forum.db import Database, RawConnection
from forum.domain import access, catalogue, categories, category_mergers
from forum.domain.access import AdministerGrant
from forum.domain.actors import Actor
from forum.domain.catalogue import Catalogued, CategoryFacts
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from tests.cast import Cast
from tests.domain import writing
from tests.domain.opening import PARTNER, Opener

WATER = CategoryFacts("Νερό", "Water")


@pytest.fixture
def grant(cast: Cast) -> AdministerGrant:
    return AdministerGrant(cast.administrator)


@pytest.fixture
def opener(db: Database, owner: RawConnection, grant: AdministerGrant) -> Opener:
    return Opener(db, owner, grant)


async def add(
    db: Database, grant: AdministerGrant, facts: CategoryFacts = WATER, *, slug: str = "", parent: str = ""
) -> str:
    async with db.write() as tx:
        return await catalogue.add(tx, grant, facts, slug=slug, parent=parent)


async def order(db: Database, grant: AdministerGrant) -> list[str]:
    async with db.read() as conn:
        return [one.slug for one in await catalogue.list_categories(conn, grant)]


async def one(db: Database, grant: AdministerGrant, slug: str) -> Catalogued:
    async with db.read() as conn:
        return await catalogue.category(conn, grant, slug)


async def merge(db: Database, grant: AdministerGrant, gone: str, into: str, digest: str = "") -> None:
    pair = await one(db, grant, gone), await one(db, grant, into)
    if not digest:
        async with db.read() as conn:
            digest = (await category_mergers.preview_merger(conn, grant, *pair)).digest
    async with db.write() as tx:
        await category_mergers.merge(tx, grant, *pair, digest=digest)


async def seen(db: Database, actor: Actor) -> set[str]:
    async with db.read() as conn:
        return {row.slug for row in await categories.list_categories(conn, actor)}


async def test_a_new_category_is_for_moderators_and_administrators_until_it_is_opened(
    db: Database, grant: AdministerGrant, opener: Opener, cast: Cast
) -> None:
    assert await add(db, grant) == "water"
    assert (await order(db, grant))[-1] == "water"
    assert "water" not in await seen(db, cast.maria)
    async with db.read() as conn:
        assert (await access.category_to_read(conn, cast.moderator, "water")).category.can_moderate
        assert len((await access.category_to_see(conn, cast.administrator, "water")).rights.names()) == 7
    await opener.open("region-cyprus", "participants", category="water")
    assert "water" in await seen(db, cast.maria)
    assert "water" not in await seen(db, cast.nikos)


async def test_a_sub_category_goes_by_the_grants_above_it_and_stands_after_it(
    db: Database, grant: AdministerGrant, cast: Cast
) -> None:
    await add(db, grant, parent="questions")
    listed = await order(db, grant)
    assert listed[listed.index("questions") + 1] == "water"
    async with db.read() as conn:
        above = await access.category_to_see(conn, cast.nikos, "questions")
        below = await access.category_to_see(conn, cast.nikos, "water")
        assert below.rights == above.rights
        assert below.parent_slug == "questions"
        with pytest.raises(NotFound):
            await access.category_to_see(conn, cast.stranger, "water")


async def test_one_with_grants_of_its_own_is_not_seen_where_its_parent_is_not(
    db: Database, grant: AdministerGrant, opener: Opener, cast: Cast
) -> None:
    await add(db, grant, parent="questions")
    with pytest.raises(Conflict, match="grants_inherited"):
        await opener.open(PARTNER, "readers", category="water")
    async with db.write() as tx:
        await category_mergers.state_own(tx, grant, await catalogue.category(tx, grant, "water"))
    await opener.open(PARTNER, "readers", category="water")
    assert "water" not in await seen(db, cast.stranger), "it would not find it: the one above is closed to it"
    await opener.open(PARTNER, "readers")
    assert await seen(db, cast.stranger) == {"questions", "water"}
    await opener.open("region-cyprus", "closed", category="water")
    assert "water" not in await seen(db, cast.maria)
    assert "questions" in await seen(db, cast.maria)


async def test_grants_of_its_own_are_not_stated_while_a_change_above_waits(
    db: Database, grant: AdministerGrant, opener: Opener
) -> None:
    await add(db, grant, parent="questions")
    later = (await opener.now()).replace(year=2100)
    await opener.open(PARTNER, "readers", effective_at=later)
    async with db.write() as tx:
        with pytest.raises(Conflict, match="opening_waits"):
            await category_mergers.state_own(tx, grant, await catalogue.category(tx, grant, "water"))


async def test_there_are_two_levels_and_no_more(db: Database, grant: AdministerGrant) -> None:
    await add(db, grant, parent="questions")
    for parent, fault in (("water", "not_allowed"), ("never-was", "unknown")):
        with pytest.raises(Invalid) as refused:
            await add(db, grant, CategoryFacts("Β", "B"), parent=parent)
        assert refused.value.fields == {"parent": (fault,)}


@pytest.mark.parametrize("slug", ["questions", "new", "earlier"])
async def test_a_slug_that_is_or_was_another_ones_is_taken(db: Database, grant: AdministerGrant, slug: str) -> None:
    async with db.write() as tx:
        await catalogue.add(tx, grant, CategoryFacts("Α", "A"), slug="earlier")
        await catalogue.change(tx, grant, "earlier", CategoryFacts("Α", "A"), new_slug="later")
    with pytest.raises(Invalid) as refused:
        await add(db, grant, slug=slug)
    assert refused.value.fields == {"slug": ("taken",)}


async def test_a_category_is_found_by_the_slug_it_had(db: Database, grant: AdministerGrant, cast: Cast) -> None:
    facts = CategoryFacts("Ερωτήσεις", "Questions", "Για όλα", "For all")
    async with db.write() as tx:
        await catalogue.change(tx, grant, "questions", facts, new_slug="talk")
    async with db.read() as conn:
        found = await access.category_to_see(conn, cast.maria, "questions")
        assert (found.slug, found.description_el) == ("talk", "Για όλα")
        with pytest.raises(NotFound):
            await access.category_to_see(conn, cast.stranger, "questions")
    async with db.write() as tx:
        await catalogue.change(tx, grant, "talk", facts, new_slug="questions")
    assert (await one(db, grant, "questions")).slug == "questions"


async def test_categories_change_places_with_their_neighbours(db: Database, grant: AdministerGrant) -> None:
    for name in ("a", "b"):
        await add(db, grant, CategoryFacts(name, name), parent="proposals")
    first = await order(db, grant)
    async with db.write() as tx:
        await catalogue.move(tx, grant, "proposals", by=-1)
        await catalogue.move(tx, grant, "b", by=-1)
        await catalogue.move(tx, grant, "b", by=-1)
    assert await order(db, grant) == ["proposals", "b", "a", "questions", *first[4:]]
    async with db.write() as tx:
        await catalogue.move(tx, grant, "proposals", by=1)
        await catalogue.move(tx, grant, "a", by=-1)
    assert await order(db, grant) == first


async def test_in_an_archived_category_nothing_is_written_any_more(
    db: Database, grant: AdministerGrant, cast: Cast
) -> None:
    await add(db, grant, parent="questions")
    started = await writing.start(db, cast.maria)
    async with db.write() as tx:
        await catalogue.archive(tx, grant, "questions")
        with pytest.raises(Conflict, match="category_archived"):
            await catalogue.archive(tx, grant, "questions")
        with pytest.raises(Conflict, match="parent_archived"):
            await catalogue.unarchive(tx, grant, "water")
    for slug in ("questions", "water"):
        async with db.read() as conn:
            assert (await access.category_to_read(conn, cast.maria, slug)).category.rights.names() == ("see", "read")
            with pytest.raises(Forbidden, match="category_archived"):
                await access.category_to_start(conn, cast.maria, slug)
    async with db.write() as tx:
        with pytest.raises(Forbidden, match="category_archived"):
            await access.topic_to_reply(tx, cast.maria, started.topic_id)
    with pytest.raises(Invalid):
        await add(db, grant, CategoryFacts("Β", "B"), parent="questions")
    async with db.write() as tx:
        await catalogue.unarchive(tx, grant, "questions")
    await writing.reply(db, cast.maria, started.topic_id)
    assert (await one(db, grant, "water")).archived_at is None


async def test_what_was_archived_by_itself_stays_so(db: Database, grant: AdministerGrant) -> None:
    await add(db, grant, parent="questions")
    for slug in ("water", "questions"):
        async with db.write() as tx:
            await catalogue.archive(tx, grant, slug)
    async with db.write() as tx:
        await catalogue.unarchive(tx, grant, "questions")
    assert (await one(db, grant, "water")).archived_at is not None


async def test_merging_moves_topics_under_other_rights_as_it_was_shown(
    db: Database, grant: AdministerGrant, opener: Opener, owner: RawConnection, cast: Cast
) -> None:
    await add(db, grant)
    await opener.open("region-cyprus", "participants", category="water")
    started = await writing.start(db, cast.maria, category="water")
    await owner.execute(
        "INSERT INTO category_subscriptions (member_id, category_id, level) "
        "SELECT $1, id, 'watch' FROM categories WHERE slug = 'water'",
        cast.maria.member_id,
    )
    pair = await one(db, grant, "water"), await one(db, grant, "questions")
    async with db.read() as conn:
        shown = await category_mergers.preview_merger(conn, grant, *pair)
    gained = {member for change in shown.changes if change.right == "read" for member in change.gained}
    assert cast.nikos.member_id in gained
    assert cast.maria.member_id not in gained
    assert (shown.topic_count, shown.gaining.topic_count, shown.losing.topic_count) == (1, 1, 0)
    await writing.start(db, cast.maria)
    await merge(db, grant, "water", "questions", shown.digest)
    async with db.read() as conn:
        assert (await access.topic_to_read(conn, cast.nikos, started.topic_id)).topic.category_slug == "questions"
        found = await access.category_to_read(conn, cast.nikos, "water")
    assert (found.category.slug, found.category.topic_count) == ("questions", 2)
    assert await owner.fetchval("SELECT count(*) FROM category_subscriptions WHERE level = 'watch'") == 1
    with pytest.raises(NotFound):
        await one(db, grant, "water")
    async with db.read() as conn:
        assert await catalogue.slug_of_today(conn, grant, "water") == "questions"


async def test_a_merger_that_would_do_something_else_is_refused(
    db: Database, grant: AdministerGrant, opener: Opener
) -> None:
    await add(db, grant)
    pair = await one(db, grant, "water"), await one(db, grant, "questions")
    async with db.read() as conn:
        shown = await category_mergers.preview_merger(conn, grant, *pair)
    await opener.open("region-cyprus", "readers", category="water")
    with pytest.raises(Conflict, match="preview_changed"):
        await merge(db, grant, "water", "questions", shown.digest)
    await add(db, grant, CategoryFacts("Β", "B"), parent="water")
    with pytest.raises(Conflict, match="category_has_subcategories"):
        await merge(db, grant, "water", "questions")
    with pytest.raises(Invalid):
        await merge(db, grant, "questions", "questions")


async def test_every_act_is_in_the_log_by_ids(db: Database, grant: AdministerGrant, owner: RawConnection) -> None:
    await add(db, grant, parent="questions")
    async with db.write() as tx:
        await catalogue.change(tx, grant, "water", CategoryFacts("Ύδωρ", "Water"))
        await catalogue.archive(tx, grant, "water")
        await catalogue.unarchive(tx, grant, "water")
        found = await catalogue.category(tx, grant, "water")
        await category_mergers.state_own(tx, grant, found)
        own = await catalogue.category(tx, grant, "water")
        shown = await category_mergers.preview_inheriting(tx, grant, own)
        await category_mergers.inherit(tx, grant, own, digest=shown.digest)
    await merge(db, grant, "water", "guides")
    rows = await owner.fetch("SELECT act, before::text, after::text FROM audit_entries WHERE subject = 'category'")
    assert [row["act"].removeprefix("category.") for row in rows] == [
        "added", "changed", "archived", "unarchived", "stated", "inherited", "merged",
    ]  # fmt: skip
    assert "Ύδωρ" not in str([tuple(row) for row in rows])
