"""An administrator changes the role of a member, never their own; it holds from the next request on."""

from __future__ import annotations

from tests.site import Site


async def test_a_member_becomes_a_moderator_and_a_member_again(site: Site) -> None:
    administrator, maria = await site.visitor("administrator"), await site.visitor("maria")
    member = f"/members/{site.cast.maria.member_id}"
    page = f"/admin{member}/role"
    assert f'href="{page}/new"' in (await administrator.get(member)).text
    assert f'href="{page}/new"' not in (await maria.get(member)).text
    assert '<option value="member" selected>' in (await administrator.get(f"{page}/new")).text
    assert (await maria.get("/moderation/feedback")).status == 403
    assert (await administrator.submit(page, {"role": "moderator"})).location == member
    assert (await maria.get("/moderation/feedback")).status == 200
    assert (await administrator.submit(page, {"role": "member"})).location == member
    assert (await maria.get("/moderation/feedback")).status == 403


async def test_ones_own_role_and_what_is_none_are_refused(site: Site) -> None:
    administrator = await site.visitor("administrator")
    own = f"/admin/members/{site.cast.administrator.member_id}/role"
    assert (await administrator.get(f"{own}/new")).status == 403
    refused = await administrator.submit(own, {"role": "member"})
    assert refused.status == 403
    assert "Κανείς δεν μπορεί να αλλάξει τον δικό του ρόλο" in refused.text
    assert "role/new" not in (await administrator.get(f"/members/{site.cast.administrator.member_id}")).text
    other = f"/admin/members/{site.cast.maria.member_id}/role"
    assert (await administrator.submit(other, {"role": "king"})).status == 422
    assert (await administrator.submit("/admin/members/999999/role", {"role": "member"})).status == 404


async def test_an_administrator_is_made_after_one_more_question(site: Site) -> None:
    administrator, maria = await site.visitor("administrator"), await site.visitor("maria")
    page = f"/admin/members/{site.cast.maria.member_id}/role"
    asked = await administrator.submit(page, {"role": "administrator"})
    assert asked.status == 200
    assert "Η Μαρία" not in asked.text
    assert 'name="is_confirmed"' in asked.text
    assert (await maria.get("/admin")).status == 403
    assert (await administrator.submit(page, {"role": "administrator", "is_confirmed": "on"})).status == 303
    assert (await maria.get("/admin")).status == 200


async def test_programs_change_roles_too(site: Site) -> None:
    administrator, maria = await site.program("administrator"), await site.program("maria")
    path = f"/api/v1/members/{site.cast.nikos.member_id}"
    assert (await administrator.patch(path, json={"role": "moderator"})).json["role"] == "moderator"
    both = {"role": "member", "suspended_until": "2031-01-31T22:00:00Z", "reason": "Έφυγε"}
    changed = (await administrator.patch(path, json=both)).json
    assert (changed["role"], changed["is_suspended"]) == ("member", True)
    own = f"/api/v1/members/{site.cast.administrator.member_id}"
    assert (await administrator.patch(own, json={"role": "member"})).json["code"] == "cannot_change_own_role"
    assert (await administrator.patch(path, json={})).status == 422
    assert (await maria.patch(path, json={"role": "moderator"})).status == 403
