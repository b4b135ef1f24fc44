"""The administrators' page of all mail."""

from __future__ import annotations

from forum.db import RawConnection
from forum.domain import mails
from forum.domain.entities import MailKind
from forum.keys import CONFIG, DB
from tests.mail.sending import send_due
from tests.site import Site


async def _enter(site: Site) -> None:
    async with site.app[DB].write() as tx:
        await mails.enter(tx, MailKind.PASSWORD_CHANGED, to=site.cast.maria.member_id)


async def test_nothing_sent_yet_is_said(site: Site) -> None:
    answer = await (await site.visitor("administrator")).get("/admin/mail")
    assert answer.status == 200
    assert 'class="empty"' in answer.text
    assert str(site.app[CONFIG].mail_folder) in answer.text


async def test_a_letter_that_is_a_file_is_shown_whole(site: Site, owner: RawConnection) -> None:
    await _enter(site)
    administrator = await site.visitor("administrator")
    mail_id = await owner.fetchval("SELECT id FROM mails")
    await send_due(site.app[DB], site.app[CONFIG])
    listed = await administrator.get("/admin/mail")
    assert f"/admin/mail/{mail_id}" in listed.text
    shown = await administrator.get(f"/admin/mail/{mail_id}")
    assert shown.status == 200
    assert "Ο κωδικός πρόσβασής σας άλλαξε" in shown.text
    assert "Μαρία Χατζηγιάννη" in shown.text


async def test_what_was_not_delivered_is_listed_apart_and_sent_again(site: Site, owner: RawConnection) -> None:
    await _enter(site)
    mail_id = await owner.fetchval("SELECT id FROM mails")
    await owner.execute(
        "UPDATE mails SET due_at = NULL, outcome = 'failed', settled_at = now(), problem = '550 <b>No such user</b>'"
    )
    await owner.execute("UPDATE members SET mail_refused_at = now() WHERE id = $1", site.cast.maria.member_id)
    administrator = await site.visitor("administrator")
    listed = await administrator.get("/admin/mail?outcome=failed")
    assert "550 &lt;b&gt;No such user" in listed.text
    answer = await administrator.submit(f"/admin/mail/{mail_id}/retry")
    assert (answer.status, answer.location) == (303, "/admin/mail")
    assert await owner.fetchval("SELECT outcome IS NULL AND due_at <= now() FROM mails")
    assert await owner.fetchval("SELECT mail_refused_at IS NULL FROM members WHERE id = $1", site.cast.maria.member_id)
    assert (await administrator.submit(f"/admin/mail/{mail_id}/retry")).status == 404, "it is not failed any more"
    assert await send_due(site.app[DB], site.app[CONFIG]) == 1


async def test_an_outcome_that_is_none_is_refused(site: Site) -> None:
    assert (await (await site.visitor("administrator")).get("/admin/mail?outcome=x")).status == 400


async def test_long_lists_have_pages(site: Site, owner: RawConnection) -> None:
    await owner.execute(
        "INSERT INTO mails (kind, member_id) SELECT 'password_changed', $1 FROM generate_series(1, 120)",
        site.cast.maria.member_id,
    )
    administrator = await site.visitor("administrator")
    page = await administrator.get("/admin/mail")
    assert page.text.count("<tr>") == 51
    assert 'rel="next"' in page.text
