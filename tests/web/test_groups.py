"""Free groups: made by administrators, kept by owners, invisible to all others, deleted once they hold no rights."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from forum.keys import DB
from tests.domain import twinning
from tests.site import Site

WATER = {"name_el": "Νερό", "name_en": "Water", "slug": ""}


async def test_a_group_is_made_kept_by_its_owner_and_gives_the_rights_it_has(site: Site, owner: RawConnection) -> None:
    administrator, maria = await site.visitor("administrator"), await site.visitor("maria")
    made = await administrator.submit("/admin/groups", WATER)
    assert (made.status, made.location) == (303, "/groups/water")
    assert (await maria.get("/groups/water")).status == 404
    assert (await administrator.submit("/groups/water/members", {"member": "μαρία χατζηγιαννη"})).status == 303
    assert (await maria.get("/groups/water")).status == 404, "who is in it does not keep it"
    maria_id = str(site.cast.maria.member_id)
    assert (await administrator.submit("/admin/groups/water/owners", {"member": maria_id})).status == 303
    page = await maria.get("/groups/water")
    assert (page.status, "/admin/groups" in page.text) == (200, False)
    await owner.execute(
        "INSERT INTO grants SELECT categories.id, groups.id, true, true, false, false, false, false, false "
        "FROM categories, groups WHERE categories.slug = 'guides' AND groups.slug = 'water'"
    )
    stranger = await site.visitor("stranger")
    assert (await stranger.get("/categories/guides")).status == 404
    assert (await maria.submit("/groups/water/members", {"member": str(site.cast.stranger.member_id)})).status == 303
    assert (await stranger.get("/categories/guides")).status == 200
    removed = {"member": str(site.cast.stranger.member_id)}
    assert (await maria.submit("/groups/water/members/delete", removed)).status == 303
    assert (await stranger.get("/categories/guides")).status == 404
    acts = await owner.fetch("SELECT act FROM audit_entries WHERE subject = 'group' ORDER BY id")
    assert [act for (act,) in acts] == [
        "group.made", "group.member_added", "group.owner_set", "group.member_added", "group.member_removed",
    ]  # fmt: skip
    assert tuple((await owner.fetch("SELECT before, after FROM audit_entries WHERE act = 'group.owner_set'"))[0]) == (
        f'{{"is_owner": false, "member_id": {maria_id}}}',
        f'{{"is_owner": true, "member_id": {maria_id}}}',
    )


async def test_an_owner_who_is_one_no_more_or_leaves_finds_no_group(site: Site) -> None:
    administrator, maria = await site.visitor("administrator"), await site.visitor("maria")
    await administrator.submit("/admin/groups", WATER)
    maria_id = {"member": str(site.cast.maria.member_id)}
    await administrator.submit("/groups/water/members", maria_id)
    await administrator.submit("/admin/groups/water/owners", maria_id)
    assert (await maria.get("/groups/water")).status == 200
    await administrator.submit("/admin/groups/water/owners/delete", maria_id)
    assert (await maria.get("/groups/water")).status == 404
    await administrator.submit("/admin/groups/water/owners", maria_id)
    left = await maria.submit("/groups/water/members/delete", maria_id)
    assert (left.status, left.location) == (303, "/")
    assert (await maria.get("/groups/water")).status == 404


async def test_a_group_that_holds_rights_says_where_and_stays(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    await administrator.submit("/admin/groups", WATER)
    await owner.execute(
        "INSERT INTO grants SELECT categories.id, groups.id, true, true, false, false, false, false, false "
        "FROM categories, groups WHERE categories.slug = 'guides' AND groups.slug = 'water'"
    )
    assert "Οδηγοί" in (await administrator.get("/admin/groups/water/delete")).text
    assert (await administrator.submit("/admin/groups/water/delete")).status == 409
    await owner.execute("DELETE FROM grants USING groups WHERE groups.id = grants.group_id AND groups.slug = 'water'")
    assert (await administrator.submit("/admin/groups/water/delete")).status == 303
    assert (await administrator.get("/groups/water")).status == 404


async def test_groups_of_places_and_of_the_forum_are_shown_and_not_kept(site: Site) -> None:
    administrator = await site.visitor("administrator")
    listed = await administrator.get("/admin/groups")
    for name, count in (("Κύπρος", 2), ("Δήμος Λάρνακας", 1), ("Διαχειριστές", 1)):
        row = listed.text[listed.text.index(f">{name}<") :].partition("</tr>")[0]
        assert f'data-th="Μέλη">{count}<' in row, name
    for slug in ("region-cyprus", "organisation-larnaca", "moderators", "nothing"):
        assert (await administrator.get(f"/groups/{slug}")).status == 404
        assert (await administrator.get(f"/admin/groups/{slug}/edit")).status == 404
        assert (await administrator.submit(f"/admin/groups/{slug}/delete")).status == 404
        assert (await administrator.submit(f"/groups/{slug}/members", {"member": "1"})).status == 404


async def test_what_two_municipalities_have_between_them_is_counted_nowhere(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")

    async def counted() -> str:
        listed = (await administrator.get("/admin/groups")).text
        row = listed[listed.index(">Δήμος Χίου<") :].partition("</tr>")[0]
        return row.partition("Κατηγορίες με δικαιώματα")[2].partition("</td>")[0]

    before = await counted()
    await twinning.bring_colleagues(owner)
    await twinning.invite(site.app[DB], owner)
    held = (
        "SELECT count(*) FROM grants JOIN groups ON groups.id = grants.group_id "
        "JOIN organisations ON organisations.id = groups.organisation_id WHERE organisations.slug = 'chios'"
    )
    assert await owner.fetchval(held) == 1, "the premise"
    assert before.endswith(">0")
    assert await counted() == before


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [({"name_el": ""}, "name_el"), ({"name_en": "x" * 161}, "name_en"), ({"slug": "moderators"}, "slug")],
)
async def test_a_group_that_will_not_do_is_refused_and_kept(site: Site, changed: dict[str, str], faulty: str) -> None:
    administrator = await site.visitor("administrator")
    answer = await administrator.submit("/admin/groups", {**WATER, **changed})
    assert (answer.status, f'id="{faulty}-error"' in answer.text) == (422, True)
    assert ('value="Water"' if faulty != "name_en" else 'value="Νερό"') in answer.text


async def test_a_group_is_named_otherwise_and_a_name_nobody_has_is_refused(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    await administrator.submit("/admin/groups", WATER)
    assert 'value="Νερό"' in (await administrator.get("/admin/groups/water/edit")).text
    renamed = {"name_el": "Ύδρευση", "name_en": "Water supply"}
    assert (await administrator.submit("/admin/groups/water/edit", renamed)).status == 303
    [entry] = await owner.fetch("SELECT before::text, after::text FROM audit_entries WHERE act = 'group.renamed'")
    assert tuple(entry) == ('{"slug": "water"}', '{"slug": "water", "is_renamed": true}')
    assert "Ύδρευση" in (await administrator.get("/groups/water")).text
    await owner.execute("UPDATE members SET name = 'Sophie Maertens' WHERE id = $1", site.cast.stranger.member_id)
    for wrong in ("", "Κανένας", "999999", "sophie maertens"):
        answer = await administrator.submit("/groups/water/members", {"member": wrong})
        assert (answer.status, 'id="member-error"' in answer.text) == (422, True), wrong
    assert (
        await owner.fetchval("SELECT count(*) FROM group_members JOIN groups ON id = group_id WHERE kind = 'free'") == 0
    )
