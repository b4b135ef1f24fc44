"""Asking to become a member: an address that is proved, a form, and an administrator's decision by mail."""

from __future__ import annotations

import re

import pytest

from forum.db import RawConnection
from forum.domain import applications
from forum.keys import DB
from tests import cast as people
from tests.site import Answer, Site, Visitor, without_tokens
from tests.web.inviting import GOOD, letters

NEW = "eleni@mytilene.example"
FORM = {"name": "Ελένη Αργυρού", "organisation": "mytilene", "language": "el", "message": "Τμήμα προγραμματισμού."}


async def _ask(site: Site, email: str = NEW) -> Answer:
    guest = await site.visitor()
    await guest.get("/join")
    return await guest.submit("/join", {"email": email})


async def _link(site: Site, email: str = NEW) -> str:
    await _ask(site, email)
    found = re.search(r"/join/[0-9]+-[\w-]{43}", (await letters(site))[-1][1])
    assert found
    return found[0]


async def _apply(site: Site, **changed: str) -> Answer:
    link = await _link(site)
    guest = await site.visitor()
    await guest.get(link)
    return await guest.submit(link, {**FORM, **changed})


async def _waiting(site: Site) -> tuple[Visitor, str]:
    """Return an administrator's browser and where an application waits for them."""
    assert (await _apply(site)).location == "/join/received"
    administrator = await site.visitor("administrator")
    found = re.search(r"/admin/applications/[0-9]+", (await administrator.get("/admin/applications")).text)
    assert found
    return administrator, found[0]


async def test_who_applies_is_let_in_by_an_invitation(site: Site, owner: RawConnection) -> None:
    assert (await _ask(site)).location == "/join/sent"
    administrator, path = await _waiting(site)
    told = dict(await letters(site))
    assert f"{site.cast.administrator.name} <{people.email('administrator')}>" in told
    page = await administrator.get(path)
    for shown in ("Ελένη Αργυρού", NEW, "Τμήμα προγραμματισμού.", "Δήμος Μυτιλήνης"):
        assert shown in page.text
    assert await owner.fetchval("SELECT count(*) FROM invitations") == 0
    done = await administrator.submit(f"{path}/approve", {"organisation": "mytilene", "note": "Καλώς ήρθατε."})
    assert (done.status, done.location) == (303, "/admin/applications")
    recipient, text = (await letters(site))[-1]
    assert recipient == NEW
    assert "εγκρίθηκε" in text
    assert "Καλώς ήρθατε." in text
    invited = re.search(r"/invite/[0-9]+-[\w-]{43}", text)
    assert invited
    guest = await site.visitor()
    await guest.get(invited[0])
    assert (await guest.submit(invited[0], GOOD)).location == "/"
    assert "Ελένη Αργυρού" in (await administrator.get("/admin/applications?state=approved")).text


async def test_who_is_refused_is_told_why(site: Site, owner: RawConnection) -> None:
    administrator, path = await _waiting(site)
    nothing = await administrator.submit(f"{path}/refuse", {"reason": " "})
    assert nothing.status == 422
    assert (await administrator.submit(f"{path}/refuse", {"reason": "Δεν εργάζεστε στον δήμο."})).status == 303
    recipient, text = (await letters(site))[-1]
    assert recipient == f"Ελένη Αργυρού <{NEW}>"
    assert "Δεν εργάζεστε στον δήμο." in text
    assert await owner.fetchval("SELECT count(*) FROM invitations") == 0
    assert "Δεν εργάζεστε στον δήμο." in (await administrator.get(path)).text


async def test_a_decision_is_made_once(site: Site, owner: RawConnection) -> None:
    administrator, path = await _waiting(site)
    assert (await administrator.submit(f"{path}/refuse", {"reason": "Όχι."})).status == 303
    for act, sent in (("approve", {"organisation": "mytilene"}), ("refuse", {"reason": "Όχι."})):
        late = await administrator.submit(f"{path}/{act}", sent)
        assert late.status == 409
        assert "Στο μεταξύ ελήφθη απόφαση για την αίτηση." in late.text
        assert "<dt>Λόγος</dt><dd>Όχι.</dd>" in late.text, "what was decided is shown"
    assert await owner.fetchval("SELECT count(*) FROM invitations") == 0
    acts = await owner.fetch("SELECT act FROM audit_entries WHERE subject = 'application'")
    assert [row["act"] for row in acts] == ["application.refused"]


@pytest.mark.parametrize("known", [people.email("maria"), "nobody@elsewhere.example"])
async def test_the_answer_is_the_same_for_every_address(site: Site, owner: RawConnection, known: str) -> None:
    answer, other = await _ask(site, known), await _ask(site, "stranger@elsewhere.example")
    assert (answer.status, answer.location) == (other.status, other.location) == (303, "/join/sent")
    guest = await site.visitor()
    assert without_tokens((await guest.follow(answer)).text) == without_tokens((await guest.follow(other)).text)
    assert await owner.fetchval("SELECT count(*) FROM mails WHERE kind = 'application_asked'") == 2
    assert await owner.fetchval("SELECT count(*) FROM applications") == 0, "nothing is looked up while one waits"


async def test_a_member_an_invited_person_and_one_who_waits_are_told_by_mail_how_it_stands(
    site: Site, owner: RawConnection
) -> None:
    await _ask(site, people.email("maria"))
    assert "/login" in (await letters(site))[-1][1]
    administrator, path = await _waiting(site)
    await _ask(site)
    assert "/join/" not in (await letters(site))[-1][1]
    await administrator.submit(f"{path}/approve", {"organisation": "mytilene"})
    await letters(site)
    await _ask(site)
    assert "/invite/" in (await letters(site))[-1][1]
    assert await owner.fetchval("SELECT count(*) FROM applications") == 1


async def test_the_link_opens_the_form_once_and_for_three_days(site: Site, owner: RawConnection) -> None:
    link = await _link(site)
    guest = await site.visitor()
    for _ in "12":
        assert (await guest.get(link)).status == 200, "looking spends nothing"
    assert (await guest.get(link[:-1] + ("A" if link[-1] != "A" else "B"))).status == 404
    await owner.execute("UPDATE applications SET expires_at = now()")
    assert (await guest.get(link)).status == 404
    assert (await guest.submit(link, FORM)).status == 404
    again = await _link(site)
    assert again == link, "the same link, with time anew"
    assert (await guest.submit(link, FORM)).status == 303
    assert (await guest.submit(link, FORM)).status == 404
    assert await owner.fetchval("SELECT count(*) FROM applications WHERE state = 'waiting'") == 1


@pytest.mark.parametrize(
    "changed", [{"name": " "}, {"name": "α" * 101}, {"organisation": "atlantis"}, {"message": "α" * 1001}]
)
async def test_a_form_that_will_not_do_is_shown_again_as_typed(
    site: Site, owner: RawConnection, changed: dict[str, str]
) -> None:
    link = await _link(site)
    guest = await site.visitor()
    await guest.get(link)
    answer = await guest.submit(link, {**FORM, **changed})
    assert answer.status == 422
    assert "Τμήμα προγραμματισμού." in answer.text or "message" in changed
    assert await owner.fetchval("SELECT state FROM applications") == "asked"


async def test_nothing_of_the_forum_is_seen_before(site: Site) -> None:
    link = await _link(site)
    guest = await site.visitor()
    for path in ("/join", "/join/sent", link):
        text = (await guest.get(path)).text
        assert "/categories/" not in text
        assert site.cast.maria.name not in text
    assert (await guest.get("/")).location.startswith("/login")


async def test_who_no_longer_administers_is_not_told(site: Site, owner: RawConnection) -> None:
    await _apply(site)
    await owner.execute("DELETE FROM group_members WHERE member_id = $1", site.cast.administrator.member_id)
    assert all(people.email("administrator") not in recipient for recipient, _ in await letters(site))


async def test_applications_are_forgotten_in_time(site: Site, owner: RawConnection) -> None:
    await _waiting(site)
    await _ask(site, "late@elsewhere.example")
    await letters(site)

    async def left() -> list[str]:
        async with site.app[DB].write() as tx:
            await applications.sweep(tx)
        return [row["state"] for row in await owner.fetch("SELECT state FROM applications ORDER BY state")]

    assert await left() == ["asked", "waiting"]
    await owner.execute("UPDATE applications SET expires_at = now()")
    assert await left() == ["waiting"]
    await owner.execute("UPDATE applications SET created_at = now() - interval '181 days'")
    assert await left() == []
