"""Changing one's own password."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from tests import cast as people
from tests.cast import PASSWORD
from tests.site import Site

NEW = "δεκατρείς ανεμόμυλοι"
GOOD = {"password_current": PASSWORD, "password": NEW, "password_repeat": NEW}


async def test_new_password_holds_and_everything_else_of_the_member_ends(site: Site) -> None:
    visitor, other, program = await site.visitor("maria"), await site.visitor("maria"), await site.program("maria")
    nikos = await site.visitor("nikos")
    assert (await other.get("/settings")).status == 200
    assert (await program.get("/api/v1/me")).status == 200
    await visitor.get("/settings/password")
    answer = await visitor.submit("/settings/password", GOOD)
    assert (answer.status, answer.location) == (303, "/settings/password")
    assert 'role="status"' in (await visitor.follow(answer)).text
    assert (await other.get("/settings")).status == 303
    assert (await program.get("/api/v1/me")).status == 401
    assert (await nikos.get("/settings")).status == 200
    for password, status in ((PASSWORD, 422), (NEW, 303)):
        guest = await site.visitor()
        assert (await guest.submit("/login", {"email": people.email("maria"), "password": password})).status == status


async def test_a_letter_tells_that_the_password_was_changed(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    await visitor.get("/settings/password")
    refused = await visitor.submit("/settings/password", {**GOOD, "password_current": "not this one"})
    assert (refused.status, await owner.fetchval("SELECT count(*) FROM mails")) == (422, 0)
    assert (await visitor.submit("/settings/password", GOOD)).status == 303
    told = "SELECT mails.kind, members.email FROM mails JOIN members ON members.id = mails.member_id"
    assert [tuple(row) for row in await owner.fetch(told)] == [("password_changed", people.email("maria"))]


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"password_current": "not this one"}, "password_current"),
        ({"password_current": ""}, "password_current"),
        ({"password": "", "password_repeat": ""}, "password"),
        ({"password": "short7!", "password_repeat": "short7!"}, "password"),
        ({"password": "password1234", "password_repeat": "password1234"}, "password"),
        ({"password": "Χατζηγιάννη", "password_repeat": "Χατζηγιάννη"}, "password"),
        ({"password": "Larnaca1", "password_repeat": "Larnaca1"}, "password"),
        ({"password": "x" * 2000, "password_repeat": "x" * 2000}, "password"),
        ({"password_repeat": NEW + "!"}, "password_repeat"),
    ],
)
async def test_a_password_that_will_not_do_is_refused_and_never_sent_back(
    site: Site, owner: RawConnection, changed: dict[str, str], faulty: str
) -> None:
    visitor, other = await site.visitor("maria"), await site.visitor("maria")
    before = await owner.fetchval("SELECT password_hash FROM members WHERE email = $1", people.email("maria"))
    await visitor.get("/settings/password")
    answer = await visitor.submit("/settings/password", {**GOOD, **changed})
    assert answer.status == 422
    assert f'id="{faulty}-error"' in answer.text
    typed = {value for value in {**GOOD, **changed}.values() if len(value) > 9} - {"Χατζηγιάννη"}
    assert typed
    assert not any(value in answer.text for value in typed)
    assert 'type="password"' in answer.text
    after = await owner.fetchval("SELECT password_hash FROM members WHERE email = $1", people.email("maria"))
    assert before == after
    assert (await other.get("/settings")).status == 200


async def test_staff_need_a_longer_password_than_members(site: Site) -> None:
    twelve = "τρία ναυτάκι"
    changed = {**GOOD, "password": twelve, "password_repeat": twelve}
    for person, status in (("moderator", 422), ("administrator", 422), ("maria", 303)):
        visitor = await site.visitor(person)
        await visitor.get("/settings/password")
        assert (await visitor.submit("/settings/password", changed)).status == status


async def test_change_needs_the_token_of_the_form(site: Site) -> None:
    visitor = await site.visitor("maria")
    assert (await visitor.request("POST", "/settings/password", data=GOOD)).status == 403
    guest = await site.visitor()
    assert (await guest.submit("/login", {"email": people.email("maria"), "password": PASSWORD})).status == 303


async def test_guests_are_sent_to_sign_in(site: Site) -> None:
    visitor = await site.visitor()
    assert (await visitor.get("/settings/password")).location == "/login?next=/settings/password"
    assert (await visitor.submit("/settings/password", GOOD)).location == "/login"
