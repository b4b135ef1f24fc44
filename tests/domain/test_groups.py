"""Groups: those that follow from one's organisation, and those one is put into."""

from __future__ import annotations

import pytest

from forum.db import Database, RawConnection
from forum.domain import groups
from forum.errors import NotFound
from tests.cast import Cast


async def _slugs(db: Database, cast: Cast, name: str) -> set[str]:
    async with db.read() as conn:
        return {group.slug for group in await groups.list_of_member(conn, cast.everyone()[name].member_id)}


async def test_everyone_is_in_the_groups_of_their_place_and_role(db: Database, cast: Cast) -> None:
    assert await _slugs(db, cast, "maria") == {"organisation-larnaca", "region-cyprus"}
    assert await _slugs(db, cast, "stranger") == {"organisation-adriatic-cities"}
    assert "administrators" in await _slugs(db, cast, "administrator")
    assert "moderators" in await _slugs(db, cast, "moderator")


async def test_a_member_enters_and_leaves_a_group_with_one_audit_entry_each(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    maria, administrator = cast.maria.member_id, cast.administrator.member_id
    for _ in range(2):
        async with db.write() as tx:
            await groups.add_member(tx, groups.MODERATORS, maria, actor_id=administrator)
    assert "moderators" in await _slugs(db, cast, "maria")
    for _ in range(2):
        async with db.write() as tx:
            await groups.remove_member(tx, groups.MODERATORS, maria, actor_id=administrator)
    assert "moderators" not in await _slugs(db, cast, "maria")
    entries = await owner.fetch("SELECT act, actor_id, before::text, after::text FROM audit_entries ORDER BY id")
    details = f'{{"member_id": {maria}}}'
    assert [tuple(entry) for entry in entries] == [
        ("group.member_added", administrator, None, details),
        ("group.member_removed", administrator, details, None),
    ]


@pytest.mark.parametrize("slug", ["region-cyprus", "organisation-larnaca", "nobody"])
async def test_groups_of_places_and_unknown_ones_take_nobody(db: Database, cast: Cast, slug: str) -> None:
    async with db.write() as tx:
        with pytest.raises(NotFound):
            await groups.add_member(tx, slug, cast.nikos.member_id)
        with pytest.raises(NotFound):
            await groups.remove_member(tx, slug, cast.maria.member_id)
