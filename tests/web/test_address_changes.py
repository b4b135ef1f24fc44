"""A member's change of address: confirmed at the new one, told to the old one, and taken back from there."""

from __future__ import annotations

import re

import pytest

from forum.db import RawConnection
from tests import cast as people
from tests.cast import PASSWORD
from tests.site import Answer, Site, Visitor
from tests.web.factors import age
from tests.web.inviting import letters

OLD = people.email("maria")
NEW = "maria.new@larnaca.example"
PATH = "/settings/address"


async def _ask(site: Site, email: str = NEW) -> tuple[Visitor, Answer]:
    maria = await site.visitor("maria")
    await maria.get(PATH)
    return maria, await maria.submit(PATH, {"email": email})


async def _link(site: Site, path: str = "/address/") -> str:
    found = re.search(path + r"[0-9]+-[\w-]{43}", (await letters(site))[-1][1])
    assert found
    return found[0]


async def _confirm(site: Site, email: str = NEW) -> str:
    """Change the address and return the link that takes it back."""
    await _ask(site, email)
    link = await _link(site)
    guest = await site.visitor()
    await guest.get(link)
    assert (await guest.submit(link)).location == "/login"
    return await _link(site, "/address/undo/")


async def _email(site: Site, owner: RawConnection) -> str:
    return str(await owner.fetchval("SELECT email FROM members WHERE id = $1", site.cast.maria.member_id))


async def _signs_in(site: Site, email: str, password: str = PASSWORD) -> bool:
    guest = await site.visitor()
    await guest.get("/login")
    return (await guest.submit("/login", {"email": email, "password": password})).status == 303


async def test_the_new_address_counts_once_its_link_is_followed(site: Site, owner: RawConnection) -> None:
    await owner.execute("UPDATE members SET mail_refused_at = now() WHERE id = $1", site.cast.maria.member_id)
    maria, asked = await _ask(site)
    assert (asked.status, asked.location) == (303, "/settings")
    assert (await letters(site))[-1][0].endswith(f"<{NEW}>")
    assert await _email(site, owner) == OLD, "not before"
    link = await _link(site)
    guest = await site.visitor()
    for _ in "12":
        assert NEW in (await guest.get(link)).text, "looking spends nothing"
    assert await _email(site, owner) == OLD
    assert (await maria.submit(link)).location == "/settings"
    assert await _email(site, owner) == NEW
    assert (await maria.get("/settings")).status == 200, "who is signed in stays so"
    assert await owner.fetchval("SELECT mail_refused_at FROM members WHERE id = $1", site.cast.maria.member_id) is None
    assert (await guest.get(link)).status == 404
    assert (await guest.submit(link)).status == 404
    assert await _signs_in(site, NEW)
    assert not await _signs_in(site, OLD)


async def test_the_old_address_is_told_and_can_take_it_back(site: Site, owner: RawConnection) -> None:
    undo = await _confirm(site)
    recipient, text = (await letters(site))[-1]
    assert recipient.endswith(f"<{OLD}>")
    assert NEW not in text, "the old letter box need not learn the new address"
    intruder, program = await site.visitor("maria"), await site.program("maria")
    guest = await site.visitor()
    assert OLD in (await guest.get(undo)).text
    assert await _email(site, owner) == NEW, "looking takes nothing back"
    assert (await guest.submit(undo)).status == 303
    assert await _email(site, owner) == OLD
    assert (await intruder.get("/settings")).location.startswith("/login")
    assert (await program.get("/api/v1/me")).status == 401
    assert not await _signs_in(site, OLD), "who changed it may know the password"
    reset = await _link(site, "/password/")
    assert (await letters(site))[-1][0].endswith(f"<{OLD}>")
    new = "δεκατρείς ανεμόμυλοι"
    await guest.get(reset)
    assert (await guest.submit(reset, {"password": new, "password_repeat": new})).status == 303
    assert await _signs_in(site, OLD, new)
    assert (await guest.submit(undo)).status == 404
    entries = await owner.fetch(
        "SELECT act, (after->'change_id')::bigint FROM audit_entries WHERE act LIKE 'member.address%' ORDER BY id"
    )
    change_id = entries[0][1]
    assert change_id is not None
    assert [tuple(row) for row in entries] == [
        ("member.address_changed", change_id),
        ("member.address_restored", change_id),
    ]


async def test_of_two_changes_in_a_row_the_first_leads_back_furthest(site: Site, owner: RawConnection) -> None:
    first = await _confirm(site)
    second = await _confirm(site, "third@larnaca.example")
    guest = await site.visitor()
    await guest.get(first)
    assert (await guest.submit(first)).status == 303
    assert await _email(site, owner) == OLD
    assert (await guest.submit(second)).status == 404
    assert await _email(site, owner) == OLD


@pytest.mark.parametrize("spoilt", ["replaced", "expired", "suspended", "taken"])
async def test_a_link_that_is_void_changes_nothing(site: Site, owner: RawConnection, spoilt: str) -> None:
    await _ask(site)
    link = await _link(site)
    guest = await site.visitor()
    assert (await guest.get(link)).status == 200, "the premise: it was good"
    if spoilt == "replaced":
        await _ask(site, "other@larnaca.example")
    elif spoilt == "expired":
        await owner.execute("UPDATE address_changes SET expires_at = now()")
    elif spoilt == "suspended":
        await owner.execute("UPDATE members SET suspended_until = now() + interval '1 day', suspension_reason = 'x'")
    else:
        await owner.execute("UPDATE members SET email = $1 WHERE id = $2", NEW, site.cast.nikos.member_id)
    assert (await guest.submit(link)).status == 404
    assert await _email(site, owner) == OLD


async def test_an_undoing_link_is_good_for_a_week(site: Site, owner: RawConnection) -> None:
    undo = await _confirm(site)
    days = await owner.fetchval("SELECT extract(epoch FROM expires_at - now()) / 86400 FROM address_changes")
    assert 6.9 < float(days) < 7.1
    await owner.execute("UPDATE address_changes SET expires_at = now()")
    assert (await (await site.visitor()).get(undo)).status == 404


async def test_nothing_tells_whether_the_new_address_is_known(site: Site, owner: RawConnection) -> None:
    _, free = await _ask(site)
    _, known = await _ask(site, people.email("nikos"))
    assert (free.status, free.location) == (known.status, known.location)
    (_, text) = (await letters(site))[-1]
    assert "/address/" not in text
    assert "/login" in text
    assert await owner.fetchval("SELECT count(*) FROM members WHERE email = $1", people.email("nikos")) == 1


@pytest.mark.parametrize("email", ["", "no address", OLD.upper()])
async def test_what_will_not_do_is_refused_as_typed(site: Site, owner: RawConnection, email: str) -> None:
    _, answer = await _ask(site, email)
    assert answer.status == 422
    assert await owner.fetchval("SELECT count(*) FROM address_changes") == 0


async def test_the_password_is_asked_for_first(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    await maria.get("/settings")
    await age(owner)
    assert (await maria.get(PATH)).location.startswith("/login/again")
    assert (await maria.submit(PATH, {"email": NEW})).status == 401
    assert await owner.fetchval("SELECT count(*) FROM address_changes") == 0


async def test_a_reset_that_the_old_letter_box_got_is_void(site: Site) -> None:
    guest = await site.visitor()
    await guest.get("/password")
    await guest.submit("/password", {"email": OLD})
    reset = await _link(site, "/password/")
    assert (await guest.get(reset)).status == 200
    await _confirm(site)
    assert (await guest.get(reset)).status == 404
