"""Closing, merging, moving and passing on, as administrators do it: shown first, in numbers, and then confirmed."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from tests.site import Site
from tests.web.inviting import accept, invite, link_sent


async def test_a_merger_is_shown_confirmed_and_leads_on(site: Site, owner: RawConnection) -> None:
    administrator, maria = await site.visitor("administrator"), await site.visitor("maria")
    await maria.get("/categories/questions/new")
    made = await maria.submit("/categories/questions/new", {"title": "Ύδρευση", "body": "Κείμενο"})
    path = "/admin/organisations/larnaca/merger"
    assert "Δήμος Λεμεσού" in (await administrator.get(f"{path}/new")).text
    nothing = await administrator.get(f"{path}/new?organisation=")
    assert nothing.status == 422, "nothing was chosen"
    page = await administrator.get(f"{path}/new?organisation=limassol")
    assert page.status == 200
    assert "1 μέλος" in page.text
    assert "Κανείς δεν αποκτά" in page.text
    done = await administrator.submit(path, {"organisation": "limassol", "digest": page.hidden("digest")})
    assert (done.status, done.location) == (303, "/admin/organisations/limassol/edit")
    led = await maria.get("/municipalities/larnaca")
    assert (led.status, led.location) == (303, "/municipalities/limassol")
    successor = await maria.follow(led)
    for shown in ("Δήμος Λάρνακας", "Ύδρευση", "Μαρία Χατζηγιάννη"):
        assert shown in successor.text
    topic = await maria.get(made.location)
    assert "Δήμος Λάρνακας" in topic.text
    assert "Τώρα: Δήμος Λεμεσού" in (await maria.get("/municipalities")).text
    edited = await administrator.get("/admin/organisations/larnaca/edit")
    assert "/merger/new" not in edited.text
    again = await administrator.submit(path, {"organisation": "limassol", "digest": page.hidden("digest")})
    assert again.status == 409
    assert 'value="larnaca"' not in (await administrator.get("/admin/invitations/new")).text


async def test_who_is_invited_when_their_municipality_merges_comes_into_the_other(
    site: Site, owner: RawConnection
) -> None:
    await invite(site)
    link = await link_sent(site)
    administrator = await site.visitor("administrator")
    path = "/admin/organisations/mytilene/merger"
    page = await administrator.get(f"{path}/new?organisation=chios")
    assert (await administrator.submit(path, {"organisation": "chios", "digest": page.hidden("digest")})).status == 303
    assert (await accept(site, link))[1].status == 303
    assert (
        await owner.fetchval(
            "SELECT organisations.slug FROM members JOIN organisations ON organisations.id = members.organisation_id "
            "WHERE members.name = 'Ελένη Αργυρού'"
        )
        == "chios"
    )


@pytest.mark.parametrize("chosen", ["", "atlantis", "larnaca", "nicosia"])
async def test_what_cannot_be_merged_into_is_refused(site: Site, owner: RawConnection, chosen: str) -> None:
    await owner.execute("UPDATE organisations SET closed_at = now() WHERE slug = 'nicosia'")
    administrator = await site.visitor("administrator")
    answer = await administrator.submit("/admin/organisations/larnaca/merger", {"organisation": chosen, "digest": "x"})
    assert (answer.status, 'id="organisation-error"' in answer.text) == (422, True)
    if chosen:
        shown = await administrator.get(f"/admin/organisations/larnaca/merger/new?organisation={chosen}")
        assert (shown.status, 'id="organisation-error"' in shown.text) == (422, True)


async def test_a_closed_organisation_is_offered_nowhere_says_so_and_opens_again(
    site: Site, owner: RawConnection
) -> None:
    await invite(site)
    link = await link_sent(site)
    administrator, maria = await site.visitor("administrator"), await site.visitor("maria")
    assert (await administrator.get("/admin/organisations/mytilene/closure/new")).status == 200
    closed = await administrator.submit("/admin/organisations/mytilene/closure")
    assert (closed.status, closed.location) == (303, "/admin/organisations/mytilene/edit")
    page = await maria.get("/municipalities/mytilene")
    assert (page.status, "Έχει κλείσει" in page.text) == (200, True)
    assert 'value="mytilene"' not in (await administrator.get("/admin/invitations/new")).text
    refused = await invite(site)
    assert (refused.status, 'id="organisation-error"' in refused.text) == (422, True)
    assert (await accept(site, link))[1].status in {404, 422}
    assert await owner.fetchval("SELECT count(*) FROM members WHERE name = 'Ελένη Αργυρού'") == 0
    assert (await administrator.submit("/admin/organisations/mytilene/closure")).status == 409
    assert (await administrator.submit("/admin/organisations/mytilene/closure/delete")).status == 303
    assert (await accept(site, link))[1].status == 303


async def test_a_municipality_moves_once_its_members_losses_were_seen(site: Site, owner: RawConnection) -> None:
    administrator, maria = await site.visitor("administrator"), await site.visitor("maria")
    crete = {"name_el": "Κρήτη", "name_en": "Crete", "country": "GR"}
    assert (await administrator.submit("/admin/regions", crete)).status == 303
    path = "/admin/organisations/larnaca/region"
    assert 'value="crete"' in (await administrator.get(f"{path}/new")).text
    page = await administrator.get(f"{path}/new?region=crete")
    assert "Ερωτήσεις" in page.text
    assert "ψηφίζ" in page.text
    assert (await maria.get("/categories/questions")).status == 200
    stale = await administrator.submit(path, {"region": "crete", "digest": "other"})
    assert stale.status == 409
    assert "Κάτι άλλαξε" in stale.text
    assert stale.hidden("digest") == page.hidden("digest"), "what would happen now is shown"
    assert (await administrator.submit(path, {"region": "crete", "digest": page.hidden("digest")})).status == 303
    assert (await maria.get("/categories/questions")).status == 404
    for wrong in ("", "atlantis", "crete"):
        answer = await administrator.submit(path, {"region": wrong, "digest": ""})
        assert (answer.status, 'id="region-error"' in answer.text) == (422, True)


async def test_a_member_is_moved_from_their_page_by_administrators_alone(site: Site, owner: RawConnection) -> None:
    administrator, nikos = await site.visitor("administrator"), await site.visitor("nikos")
    maria_id = site.cast.maria.member_id
    path = f"/admin/members/{maria_id}/organisation"
    assert f"{path}/new" in (await administrator.get(f"/members/{maria_id}")).text
    assert path not in (await nikos.get(f"/members/{maria_id}")).text
    assert (await administrator.get(f"{path}/new")).status == 200
    page = await administrator.get(f"{path}/new?organisation=mytilene")
    moved = await administrator.submit(path, {"organisation": "mytilene", "digest": page.hidden("digest")})
    assert (moved.status, moved.location) == (303, f"/members/{maria_id}")
    assert "Δήμος Μυτιλήνης" in (await administrator.follow(moved)).text
    entry = await owner.fetchval(
        "SELECT act FROM audit_entries WHERE subject_id = $1 ORDER BY id DESC LIMIT 1", maria_id
    )
    assert entry == "member.moved"
