"""What changes of the catalogue could open or reach beyond what was shown: by openings that wait, and stale forms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from forum.db import Database, RawConnection
from forum.domain import access, catalogue, category_mergers, drafts, openings, topics
from forum.domain.access import AdministerGrant
from forum.domain.catalogue import Catalogued, CategoryFacts
from forum.domain.category_mergers import Preview
from forum.domain.drafts import Words
from forum.domain.entities import OpeningId, TopicId
from forum.domain.opening_previews import Wanted
from forum.errors import Conflict, Forbidden, Invalid, NotFound, Undone
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


async def add(db: Database, grant: AdministerGrant, *, slug: str = "", parent: str = "") -> None:
    async with db.write() as tx:
        await catalogue.add(tx, grant, WATER, slug=slug, parent=parent)


async def add_with_own_grants(db: Database, grant: AdministerGrant) -> None:
    await add(db, grant, parent="questions")
    async with db.write() as tx:
        await category_mergers.state_own(tx, grant, await catalogue.category(tx, grant, "water"))


async def one(db: Database, grant: AdministerGrant, slug: str) -> Catalogued:
    async with db.read() as conn:
        return await catalogue.category(conn, grant, slug)


async def look_at_merger(db: Database, grant: AdministerGrant, gone: Catalogued, into: Catalogued) -> Preview:
    async with db.read() as conn:
        return await category_mergers.preview_merger(conn, grant, gone, into)


async def merge(db: Database, grant: AdministerGrant, gone: str, into: str) -> Preview:
    pair = await one(db, grant, gone), await one(db, grant, into)
    shown = await look_at_merger(db, grant, *pair)
    async with db.write() as tx:
        await category_mergers.merge(tx, grant, *pair, digest=shown.digest)
    return shown


async def archive(db: Database, grant: AdministerGrant, slug: str) -> None:
    async with db.write() as tx:
        await catalogue.archive(tx, grant, slug)


async def reads(db: Database, cast: Cast, topic_id: TopicId) -> bool:
    """Return whether somebody of the group PARTNER reads a topic."""
    async with db.read() as conn:
        try:
            await access.topic_to_read(conn, cast.stranger, topic_id)
        except NotFound:
            return False
        return True


async def seeing(opener: Opener, effective_at: datetime | None = None) -> Wanted:
    """Return an opening by which PARTNER sees that there is a category, and those below it that are open to it."""
    return replace(await opener.wanted(PARTNER, "readers", effective_at=effective_at), rights=frozenset({"see"}))


async def open_as(opener: Opener, wanted: Wanted) -> OpeningId:
    digest = (await opener.preview(wanted)).digest
    async with opener.db.write() as tx:
        return await openings.open(tx, opener.grant, wanted, digest=digest)


async def tomorrow(opener: Opener) -> datetime:
    return await opener.now() + timedelta(days=1)


async def test_a_sub_category_does_not_inherit_while_a_change_waits_above_or_in_it(
    db: Database, grant: AdministerGrant, opener: Opener
) -> None:
    await add_with_own_grants(db, grant)
    for category in ("questions", "water"):
        waiting = await opener.open(PARTNER, "readers", category=category, effective_at=await tomorrow(opener))
        async with db.write() as tx:
            own = await catalogue.category(tx, grant, "water")
            with pytest.raises(Conflict, match="opening_waits"):
                await category_mergers.inherit(tx, grant, own, digest="")
        await opener.undo(waiting)
    async with db.read() as conn:
        shown = await category_mergers.preview_inheriting(conn, grant, own)
    async with db.write() as tx:
        await category_mergers.inherit(tx, grant, own, digest=shown.digest)


@pytest.mark.parametrize("category", ["questions", "water"])
async def test_nothing_merges_while_a_change_waits_in_either(
    db: Database, grant: AdministerGrant, opener: Opener, category: str
) -> None:
    await add(db, grant)
    await opener.open(PARTNER, "readers", category=category, effective_at=await tomorrow(opener))
    with pytest.raises(Conflict, match="opening_waits"):
        await merge(db, grant, "water", "questions")


async def test_a_sub_category_is_not_opened_while_a_change_waits_above_it(
    db: Database, grant: AdministerGrant, opener: Opener
) -> None:
    """Each of the two, looked at alone, shows that nobody reads anything more."""
    await add_with_own_grants(db, grant)
    await open_as(opener, await seeing(opener, effective_at=await tomorrow(opener)))
    with pytest.raises(Conflict, match="opening_waits"):
        await opener.open(PARTNER, "readers", category="water")


async def test_a_category_is_not_opened_while_a_change_waits_below_it(
    db: Database, grant: AdministerGrant, opener: Opener
) -> None:
    await add_with_own_grants(db, grant)
    await opener.open(PARTNER, "readers", category="water", effective_at=await tomorrow(opener))
    with pytest.raises(Conflict, match="opening_waits"):
        await open_as(opener, await seeing(opener))


async def test_a_closing_is_not_taken_back_when_something_was_opened_below_since(
    db: Database, grant: AdministerGrant, opener: Opener, cast: Cast
) -> None:
    await add_with_own_grants(db, grant)
    secret = await writing.start(db, cast.maria, category="water")
    await open_as(opener, await seeing(opener))
    closed = await opener.open(PARTNER, "closed")
    below = await opener.open(PARTNER, "readers", category="water")
    assert not await reads(db, cast, secret.topic_id)
    with pytest.raises(Conflict, match="opening_followed"):
        await opener.undo(closed)
    assert not await reads(db, cast, secret.topic_id)
    await opener.undo(below)
    await opener.undo(closed)
    assert not await reads(db, cast, secret.topic_id)


async def test_a_closing_is_not_taken_back_when_something_was_opened_above_since(
    db: Database, grant: AdministerGrant, opener: Opener, cast: Cast
) -> None:
    await add_with_own_grants(db, grant)
    secret = await writing.start(db, cast.maria, category="water")
    await opener.open(PARTNER, "readers", category="water")
    closed = await opener.open(PARTNER, "closed", category="water")
    await open_as(opener, await seeing(opener))
    with pytest.raises(Conflict, match="opening_followed"):
        await opener.undo(closed)
    assert not await reads(db, cast, secret.topic_id)


async def test_it_is_shown_that_archived_topics_are_written_in_again(
    db: Database, grant: AdministerGrant, opener: Opener, cast: Cast
) -> None:
    await add(db, grant)
    await opener.open("region-cyprus", "participants", category="water")
    await writing.start(db, cast.maria, category="water")
    await archive(db, grant, "water")
    assert "reply" not in await opener.rights(cast.maria, "water")
    shown = await merge(db, grant, "water", "questions")
    assert "reply" in await opener.rights(cast.maria, "water")
    assert "reply" in {change.right for change in shown.changes if cast.maria.member_id in change.gained}


async def test_inheriting_does_not_have_an_archived_one_written_in(
    db: Database, grant: AdministerGrant, opener: Opener, cast: Cast
) -> None:
    await add_with_own_grants(db, grant)
    await opener.open("region-cyprus", "readers", category="water")
    await archive(db, grant, "water")
    async with db.read() as conn:
        shown = await category_mergers.preview_inheriting(conn, grant, await one(db, grant, "water"))
    assert "reply" not in {change.right for change in shown.changes if cast.maria.member_id in change.gained}


async def test_a_draft_does_not_tell_the_slug_of_a_category_one_may_not_see(
    db: Database, grant: AdministerGrant, opener: Opener, cast: Cast
) -> None:
    await add(db, grant, slug="secret-inspections")
    assert await opener.rights(cast.maria, "secret-inspections") == ()
    for actor in (cast.maria, cast.moderator):
        async with db.write() as tx:
            await drafts.save(tx, actor.member_id, Words(drafts.of_category("questions"), "Α", "Β"))
    await merge(db, grant, "questions", "secret-inspections")
    async with db.read() as conn:
        [hers] = (await drafts.list_drafts(conn, cast.maria.member_id)).items
        [theirs] = (await drafts.list_drafts(conn, cast.moderator.member_id)).items
    assert (hers.place, hers.is_place_gone) == ("category:questions", True)
    assert (theirs.place, theirs.is_place_gone) == ("category:secret-inspections", False)


async def test_a_draft_goes_with_a_category_that_gets_another_slug(
    db: Database, grant: AdministerGrant, cast: Cast
) -> None:
    async with db.write() as tx:
        await drafts.save(tx, cast.maria.member_id, Words(drafts.of_category("questions"), "Α", "Β"))
        await catalogue.change(tx, grant, "questions", WATER, new_slug="talk")
    async with db.read() as conn:
        assert await drafts.find(conn, cast.maria.member_id, drafts.of_category("talk")) is not None


@pytest.mark.parametrize(
    "act",
    [
        lambda tx, grant: catalogue.archive(tx, grant, "water"),
        lambda tx, grant: catalogue.move(tx, grant, "water", by=1),
        lambda tx, grant: catalogue.change(tx, grant, "water", WATER, new_slug="water"),
    ],
    ids=["archive", "move", "change"],
)
async def test_an_act_on_a_category_that_is_gone_does_nothing_to_the_one_it_merged_into(
    db: Database, grant: AdministerGrant, act: Callable[[Any, AdministerGrant], Awaitable[object]]
) -> None:
    await add(db, grant)
    await merge(db, grant, "water", "questions")
    before = await one(db, grant, "questions")
    with pytest.raises(NotFound):
        async with db.write() as tx:
            await act(tx, grant)
    assert await one(db, grant, "questions") == before


async def test_what_was_read_before_is_read_again_before_it_is_done(
    db: Database, grant: AdministerGrant, opener: Opener
) -> None:
    await add(db, grant, parent="questions")
    stale = await one(db, grant, "water")
    async with db.write() as tx:
        await category_mergers.state_own(tx, grant, stale)
    async with db.write() as tx:
        with pytest.raises(Conflict):
            await category_mergers.state_own(tx, grant, stale)
    own = await one(db, grant, "water")
    async with db.read() as conn:
        shown = await category_mergers.preview_inheriting(conn, grant, own)
    async with db.write() as tx:
        await category_mergers.inherit(tx, grant, own, digest=shown.digest)
    async with db.write() as tx:
        with pytest.raises(Conflict):
            await category_mergers.inherit(tx, grant, own, digest=shown.digest)
    await merge(db, grant, "water", "guides")
    wanted = Wanted(stale.id, (await opener.wanted(PARTNER, "readers")).group_id, frozenset({"see", "read"}))
    with pytest.raises(NotFound):
        await opener.preview(wanted)


async def test_a_merger_meets_what_became_of_either_meanwhile(db: Database, grant: AdministerGrant) -> None:
    await add(db, grant)
    pair = await one(db, grant, "water"), await one(db, grant, "questions")
    digest = (await look_at_merger(db, grant, *pair)).digest

    async def merged_late() -> None:
        async with db.write() as tx:
            await category_mergers.merge(tx, grant, *pair, digest=digest)

    await add(db, grant, parent="water", slug="pipes")
    with pytest.raises(Conflict, match="category_has_subcategories"):
        await merged_late()
    await merge(db, grant, "pipes", "guides")
    await archive(db, grant, "questions")
    with pytest.raises(Invalid):
        await merged_late()
    await merge(db, grant, "water", "guides")
    with pytest.raises(NotFound):
        await merged_late()


async def test_nothing_is_started_in_a_category_that_is_archived_before_it_is_written(
    db: Database, grant: AdministerGrant, owner: RawConnection, cast: Cast
) -> None:
    async with db.write() as tx:
        start = await access.category_to_start(tx, cast.maria, "questions")
        await archive(db, grant, "questions")
        with pytest.raises(Undone):
            await topics.start(tx, start, title="Α", body="Β", rendered=writing.rendered("Β"), key=None)
    assert await owner.fetchval("SELECT count(*) FROM topics") == 0


async def test_words_for_one_category_are_not_published_in_the_one_it_merged_into(
    db: Database, grant: AdministerGrant, opener: Opener, cast: Cast
) -> None:
    await add(db, grant)
    await opener.open("region-cyprus", "participants", category="water")
    await merge(db, grant, "water", "questions")
    with pytest.raises(Forbidden) as refused:
        await writing.start(db, cast.maria, category="water")
    assert refused.value.code == "category_changed"
