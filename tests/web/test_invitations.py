"""Inviting, following an invitation, and what becomes of it; with real letters, as a file each."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from tests import cast as people
from tests.site import Site
from tests.web.inviting import GOOD, LINK, NEW, OFFER, PASSWORD, accept, invite, letters, link_sent, make_link


async def test_who_is_invited_sees_by_whom_and_to_what_and_becomes_a_member(site: Site, owner: RawConnection) -> None:
    answer = await invite(site, note="Χρειαζόμαστε τη γνώμη σας.")
    assert (answer.status, answer.location) == (303, "/admin/invitations")
    (recipient, text), *_ = await letters(site)
    assert recipient == NEW
    assert "Χρειαζόμαστε τη γνώμη σας." in text
    link = await link_sent(site)
    guest = await site.visitor()
    page = await guest.get(link)
    assert page.status == 200
    for shown in (site.cast.administrator.name, "Χρειαζόμαστε τη γνώμη σας.", NEW, 'href="/terms"', 'href="/privacy"'):
        assert shown in page.text
    arrived = await guest.submit(link, GOOD)
    assert (arrived.status, arrived.location) == (303, "/")
    assert "Ελένη Αργυρού" in (await guest.follow(arrived)).text
    row = await owner.fetchrow(
        "SELECT members.email, organisations.slug, members.invitation_id IS NOT NULL AS came, acceptances.version "
        "FROM members JOIN organisations ON organisations.id = members.organisation_id "
        "JOIN acceptances ON acceptances.member_id = members.id WHERE members.name = 'Ελένη Αργυρού'"
    )
    assert row is not None
    assert tuple(row) == (NEW, "mytilene", True, 1)
    signing = await site.visitor()
    assert (await signing.submit("/login", {"email": NEW, "password": PASSWORD})).status == 303


async def test_an_invitation_works_once(site: Site, owner: RawConnection) -> None:
    await invite(site)
    link = await link_sent(site)
    assert (await accept(site, link))[1].status == 303
    _, again = await accept(site, link, name="Άλλη")
    assert again.status == 404
    assert (await (await site.visitor()).get(link)).status == 404
    assert await owner.fetchval("SELECT count(*) FROM members WHERE email = $1", NEW) == 1


@pytest.mark.parametrize("spoilt", ["withdrawn", "expired", "replaced", "inviter_gone", "inviter_suspended"])
async def test_an_invitation_that_is_void_opens_nothing(site: Site, owner: RawConnection, spoilt: str) -> None:
    await invite(site)
    link = await link_sent(site)
    assert (await (await site.visitor()).get(link)).status == 200, "the premise: it was good"
    if spoilt == "withdrawn":
        administrator = await site.visitor("administrator")
        number = link.removeprefix("/invite/").partition("-")[0]
        assert (await administrator.get(f"/admin/invitations/{number}/delete")).status == 200
        assert (await administrator.submit(f"/admin/invitations/{number}/delete")).status == 303
    elif spoilt == "expired":
        await owner.execute("UPDATE invitations SET expires_at = now()")
    elif spoilt == "replaced":
        await invite(site)
    elif spoilt == "inviter_gone":
        await owner.execute("DELETE FROM group_members WHERE member_id = $1", site.cast.administrator.member_id)
    else:
        await owner.execute(
            "UPDATE members SET suspended_until = now() + interval '1 day', suspension_reason = 'x' WHERE id = $1",
            site.cast.administrator.member_id,
        )
    _, answer = await accept(site, link)
    assert answer.status == 404
    assert await owner.fetchval("SELECT count(*) FROM members WHERE email = $1", NEW) == 0


async def test_a_letter_that_is_still_to_go_is_dropped_with_its_invitation(site: Site, owner: RawConnection) -> None:
    await invite(site)
    await owner.execute("UPDATE invitations SET withdrawn_at = now()")
    assert await letters(site) == []
    assert await owner.fetchval("SELECT outcome FROM mails") == "dropped"


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"password": "short7!", "password_repeat": "short7!"}, "password"),
        ({"password": "password1234", "password_repeat": "password1234"}, "password"),
        ({"password": NEW, "password_repeat": NEW}, "password"),
        ({"password_repeat": "another one"}, "password_repeat"),
        ({"language": "xx"}, "language"),
        ({"accepted": ""}, "accepted"),
    ],
)
async def test_what_will_not_do_is_refused_kept_and_spends_nothing(
    site: Site, owner: RawConnection, changed: dict[str, str], faulty: str
) -> None:
    await invite(site)
    link = await link_sent(site)
    _, answer = await accept(site, link, **changed)
    assert answer.status == 422
    assert f'id="{faulty}-error"' in answer.text
    assert PASSWORD not in answer.text
    if "name" not in changed:
        assert 'value="Ελένη Αργυρού"' in answer.text
    assert await owner.fetchval("SELECT uses_left FROM invitations") == 1


async def test_staff_need_the_longer_password(site: Site, owner: RawConnection) -> None:
    await invite(site, role="moderator")
    link = await link_sent(site)
    short = "δώδεκα γρα"
    _, answer = await accept(site, link, password=short, password_repeat=short)
    assert (answer.status, 'id="password-error"' in answer.text) == (422, True)
    assert (await accept(site, link))[1].status == 303
    found = await owner.fetchval(
        "SELECT groups.slug FROM group_members JOIN groups ON groups.id = group_members.group_id "
        "JOIN members ON members.id = group_members.member_id WHERE members.email = $1",
        NEW,
    )
    assert found == "moderators"


async def test_who_accepts_lands_on_the_topic_and_in_the_group(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    await maria.get("/categories/questions/new")
    made = await maria.submit("/categories/questions/new", {"title": "Καλώς ήρθατε", "body": "Κείμενο"})
    await owner.execute("INSERT INTO groups (slug, kind, name_el, name_en) VALUES ('water', 'free', 'Νερό', 'Water')")
    assert (await invite(site, topic=made.location, group="water")).status == 303
    guest, answer = await accept(site, await link_sent(site))
    assert answer.location == "/" + "/".join(made.location.split("/")[1:3])
    assert "Καλώς ήρθατε" in (await guest.follow(await guest.follow(answer))).text
    assert await owner.fetchval(
        "SELECT count(*) FROM group_members JOIN groups ON groups.id = group_members.group_id WHERE slug = 'water'"
    )


async def test_who_may_not_read_the_topic_lands_at_home(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    await maria.get("/categories/questions/new")
    made = await maria.submit("/categories/questions/new", {"title": "Καλώς ήρθατε", "body": "Κείμενο"})
    await invite(site, topic=made.location)
    link = await link_sent(site)
    await owner.execute("DELETE FROM grants WHERE group_id IN (SELECT id FROM groups WHERE kind = 'region')")
    await owner.execute("DELETE FROM grants WHERE group_id IN (SELECT id FROM groups WHERE kind = 'organisation')")
    assert (await accept(site, link))[1].location == "/"


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"emails": ""}, "emails"),
        ({"emails": "no address"}, "emails"),
        ({"emails": " ".join(f"a{n}@larnaca.example" for n in range(51))}, "emails"),
        ({"emails": people.email("maria")}, "emails"),
        ({"organisation": "nowhere"}, "organisation"),
        ({"role": "king"}, "role"),
        ({"language": "xx"}, "language"),
        ({"days": "0"}, "days"),
        ({"days": "61"}, "days"),
        ({"days": "many"}, "days"),
        ({"topic": "999999"}, "topic"),
        ({"topic": "the first one"}, "topic"),
        ({"note": "x" * 1001}, "note"),
        ({"group": "nothing"}, "group"),
    ],
)
async def test_an_invitation_that_will_not_do_is_refused_and_kept(
    site: Site, owner: RawConnection, changed: dict[str, str], faulty: str
) -> None:
    answer = await invite(site, **changed)
    assert answer.status == 422, answer.location
    assert f"#{faulty}" in answer.text or f'id="{faulty}-error"' in answer.text
    assert 'value="14"' in answer.text or "days" in changed
    assert await owner.fetchval("SELECT count(*) FROM invitations") == 0
    assert await owner.fetchval("SELECT count(*) FROM mails") == 0


async def test_several_are_invited_at_once_and_a_double_click_sends_no_second_letter(
    site: Site, owner: RawConnection
) -> None:
    administrator = await site.visitor("administrator")
    page = await administrator.get("/admin/invitations/new")
    form = {
        **OFFER,
        "emails": "a@larnaca.example\nb@larnaca.example, A@larnaca.example",
        "idempotency_key": page.hidden("idempotency_key"),
    }
    for _ in range(2):
        assert (await administrator.submit("/admin/invitations", form)).status == 303
    assert sorted(recipient for recipient, _ in await letters(site)) == ["a@larnaca.example", "b@larnaca.example"]
    listed = await administrator.get("/admin/invitations")
    assert "a@larnaca.example" in listed.text


async def test_sent_once_more_it_is_the_same_link_with_time_anew(site: Site, owner: RawConnection) -> None:
    await invite(site)
    link = await link_sent(site)
    await owner.execute("UPDATE invitations SET expires_at = now() - interval '1 hour'")
    administrator = await site.visitor("administrator")
    number = link.removeprefix("/invite/").partition("-")[0]
    await administrator.get(f"/admin/invitations/{number}")
    await owner.execute("UPDATE invitations SET inviter_id = $1", site.cast.sophie.member_id)
    assert (await administrator.submit(f"/admin/invitations/{number}/resend")).status == 303
    [entry] = await owner.fetch("SELECT before, after FROM audit_entries WHERE act = 'invitation.sent_again'")
    sophie, now = site.cast.sophie.member_id, site.cast.administrator.member_id
    assert tuple(entry) == (f'{{"inviter_id": {sophie}}}', f'{{"inviter_id": {now}}}')
    assert await link_sent(site) == link
    assert (await accept(site, link))[1].status == 303
    assert (await administrator.submit(f"/admin/invitations/{number}/resend")).status == 409


async def test_a_link_brings_an_invitation_to_the_address_that_was_written(site: Site, owner: RawConnection) -> None:
    link = await make_link(site)
    guest = await site.visitor()
    assert (await guest.get(link)).status == 200
    answer = await guest.submit(link, {"email": "a@larnaca.example"})
    assert (answer.status, answer.location) == (303, "/invite/sent")
    assert (await guest.follow(answer)).status == 200
    personal = await link_sent(site)
    assert personal != link
    assert (await accept(site, personal))[1].status == 303
    assert await owner.fetchval("SELECT uses_left FROM invitations WHERE email IS NULL") == 1
    assert (
        await owner.fetchval(
            "SELECT organisations.slug FROM members JOIN organisations ON organisations.id = "
            "members.organisation_id WHERE members.email = 'a@larnaca.example'"
        )
        == "larnaca"
    )


async def test_a_link_brings_in_no_more_than_it_says(site: Site, owner: RawConnection) -> None:
    link = await make_link(site, uses="1")
    personal = []
    for address in ("a@larnaca.example", "b@larnaca.example"):
        guest = await site.visitor()
        await guest.get(link)
        await guest.submit(link, {"email": address})
        personal.append(await link_sent(site))
    statuses = [(await accept(site, one))[1].status for one in personal]
    assert statuses == [303, 404]
    assert (await (await site.visitor()).get(link)).status == 404


async def test_a_link_says_the_same_for_every_address(site: Site, owner: RawConnection) -> None:
    link = await make_link(site)
    answers = []
    for address in (people.email("maria"), "nobody@larnaca.example", people.email("suspended")):
        guest = await site.visitor()
        await guest.get(link)
        answers.append(await guest.submit(link, {"email": address}))
    assert {(answer.status, answer.location, answer.text) for answer in answers} == {(303, "/invite/sent", "")}
    sent = dict(await letters(site))
    assert "/invite/" not in sent[people.email("maria")]
    assert "/login" in sent[people.email("maria")]
    assert await owner.fetchval("SELECT count(*) FROM mails WHERE kind = 'invitation_asked'") == 3


async def test_a_link_never_makes_staff(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    await administrator.get("/admin/invitations/new?by=link")
    answer = await administrator.submit("/admin/invitations", {**LINK, "role": "administrator"})
    assert answer.status == 422
    assert await owner.fetchval("SELECT count(*) FROM invitations") == 0


async def test_a_withdrawn_link_voids_what_it_sent(site: Site, owner: RawConnection) -> None:
    link = await make_link(site)
    guest = await site.visitor()
    await guest.get(link)
    await guest.submit(link, {"email": NEW})
    personal = await link_sent(site)
    administrator = await site.visitor("administrator")
    number = link.removeprefix("/invite/").partition("-")[0]
    await administrator.get(f"/admin/invitations/{number}/delete")
    await administrator.submit(f"/admin/invitations/{number}/delete")
    assert (await accept(site, personal))[1].status == 404
    [entry] = await owner.fetch("SELECT before, after FROM audit_entries WHERE act = 'invitation.withdrawn'")
    assert tuple(entry) == ('{"is_withdrawn": false}', '{"is_withdrawn": true}')


async def test_it_is_told_who_came_by_whose_invitation(site: Site) -> None:
    await invite(site)
    link = await link_sent(site)
    await accept(site, link)
    administrator = await site.visitor("administrator")
    number = link.removeprefix("/invite/").partition("-")[0]
    page = await administrator.get(f"/admin/invitations/{number}")
    assert "Ελένη Αργυρού" in page.text
    assert site.cast.administrator.name in page.text
