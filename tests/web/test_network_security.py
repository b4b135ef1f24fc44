"""What administrators ask of moderators and of themselves: a second factor, without which nothing else may be done."""

from __future__ import annotations

import re

import pytest

from forum.db import RawConnection
from forum.routes import ROUTES
from forum.web.access import Access
from tests.site import Answer, Site
from tests.web.factors import PATH, set_up


def _form(page: Answer) -> str:
    return page.text.partition("<main")[2].partition("</main>")[0]


async def _require(owner: RawConnection) -> None:
    await owner.execute("UPDATE network SET requires_second_factor = true")


async def test_the_rule_is_kept_and_told(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("administrator")
    page = await visitor.get("/admin/security")
    assert page.status == 200
    assert "checked" not in _form(page)
    answer = await visitor.submit("/admin/security", {"requires_second_factor": "on"})
    assert (answer.status, answer.location) == (303, "/admin/security")
    assert await owner.fetchval("SELECT requires_second_factor FROM network") is True
    [entry] = await owner.fetch("SELECT act, before, after FROM audit_entries ORDER BY id DESC LIMIT 1")
    assert entry["act"] == "network.updated"
    assert entry["after"] == '{"requires_second_factor": true}'
    await set_up(visitor, owner)
    assert "checked" in _form(await visitor.get("/admin/security"))
    count = await owner.fetchval("SELECT count(*) FROM audit_entries")
    await visitor.submit("/admin/security", {"requires_second_factor": "on"})
    assert await owner.fetchval("SELECT count(*) FROM audit_entries") == count, "nothing changed"
    await visitor.submit("/admin/security")
    assert await owner.fetchval("SELECT requires_second_factor FROM network") is False


@pytest.mark.parametrize("person", ["maria", "moderator", "stranger"])
async def test_only_administrators_set_it(site: Site, owner: RawConnection, person: str) -> None:
    visitor = await site.visitor(person)
    assert (await visitor.get("/admin/security")).status == 403
    assert (await visitor.submit("/admin/security", {"requires_second_factor": "on"})).status == 403
    assert await owner.fetchval("SELECT requires_second_factor FROM network") is False


async def test_guests_are_sent_to_sign_in_and_the_form_needs_its_token(site: Site, owner: RawConnection) -> None:
    guest, visitor = await site.visitor(), await site.visitor("administrator")
    assert (await guest.get("/admin/security")).location == "/login?next=/admin/security"
    sent = {"requires_second_factor": "on"}
    assert (await guest.submit("/admin/security", sent)).location == "/login"
    assert (await visitor.request("POST", "/admin/security", data=sent)).status == 403
    assert await owner.fetchval("SELECT requires_second_factor FROM network") is False


@pytest.mark.parametrize("person", ["moderator", "administrator"])
async def test_staff_without_one_are_led_to_it_at_their_next_page_and_free_once_they_have_it(
    site: Site, owner: RawConnection, person: str
) -> None:
    visitor = await site.visitor(person)
    for _ in range(2):
        assert (await visitor.get("/")).status == 200, "and what was read is remembered"
    await _require(owner)
    for path in ("/", "/", "/categories/questions", "/settings", "/search", "/drafts", "/settings/password"):
        assert (await visitor.get(path)).location == PATH, path
    for path in ("/help", "/help/signing-in", "/privacy", "/accessibility", "/feedback", "/login/again"):
        assert (await visitor.get(path)).status == 200, path
    page = await visitor.get(PATH)
    assert page.status == 200
    assert "tone-warn" in page.text
    await set_up(visitor, owner)
    for path in ("/", "/categories/questions", "/settings"):
        assert (await visitor.get(path)).status == 200, path
    assert "tone-warn" not in (await visitor.get(PATH)).text


async def test_a_secret_without_a_code_is_none(site: Site, owner: RawConnection) -> None:
    await _require(owner)
    visitor = await site.visitor("moderator")
    await visitor.get(PATH)
    assert (await visitor.submit(PATH)).location == f"{PATH}/new"
    assert (await visitor.get("/")).location == PATH


async def test_who_switches_theirs_off_owes_it_again_at_once(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("moderator")
    await set_up(visitor, owner)
    await _require(owner)
    assert (await visitor.get("/")).status == 200
    assert (await visitor.submit(f"{PATH}/delete")).location == PATH
    assert (await visitor.get("/")).location == PATH


async def test_every_route_is_open_to_them_or_leads_there(site: Site, owner: RawConnection) -> None:
    await _require(owner)
    visitor = await site.visitor("administrator")
    await visitor.get(PATH)
    wrong: list[str] = []
    for route in ROUTES:
        open_to_all = {Access.PUBLIC, Access.OPEN, Access.OPERATOR, Access.FEED}
        if route.is_api or route.is_for_all or route.access in open_to_all:
            continue
        path = re.sub(r"\{\w+\}", "1", route.path)
        answer = await (visitor.get(path) if route.method == "GET" else visitor.submit(path))
        if (answer.status, answer.location) != (303, PATH):
            wrong.append(f"{route.method} {path}: {answer.status} {answer.location}")
    assert wrong == []


async def test_they_can_sign_out(site: Site, owner: RawConnection) -> None:
    await _require(owner)
    visitor = await site.visitor("moderator")
    await visitor.get(PATH)
    assert (await visitor.submit("/logout")).location == "/login"


async def test_words_they_were_just_sending_are_kept(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("moderator")
    page = await visitor.get("/categories/questions/new")
    await _require(owner)
    sent = {"title": "Τίτλος", "body": "Λόγια που δεν χάθηκαν", "writer": page.hidden("writer")}
    answer = await visitor.submit("/categories/questions/new", sent)
    assert answer.location == PATH
    assert 'role="status"' in (await visitor.follow(answer)).text
    assert await owner.fetchval("SELECT body FROM drafts") == "Λόγια που δεν χάθηκαν"
    assert await owner.fetchval("SELECT count(*) FROM topics") == 0


async def test_a_script_is_told_in_a_notice(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("moderator")
    await visitor.get("/")
    await _require(owner)
    answer = await visitor.submit("/preview", {"body": "Λόγια"}, headers={"X-Requested-With": "fetch"})
    assert answer.status == 403
    assert "<html" not in answer.text
    assert 'role="alert"' in answer.text


async def test_members_owe_nothing_and_programs_of_staff_go_on(site: Site, owner: RawConnection) -> None:
    program = await site.program("administrator")
    await _require(owner)
    for person in ("maria", "sophie", "stranger"):
        assert (await (await site.visitor(person)).get("/settings")).status == 200
    assert (await program.get("/api/v1/me")).status == 200


async def test_who_becomes_a_moderator_owes_it_at_once_and_who_is_none_any_more_does_not(
    site: Site, owner: RawConnection
) -> None:
    await _require(owner)
    visitor = await site.visitor("nikos")
    assert (await visitor.get("/")).status == 200
    await owner.execute(
        "INSERT INTO group_members (group_id, member_id) SELECT id, $1 FROM groups WHERE slug = 'moderators'",
        site.cast.nikos.member_id,
    )
    assert (await visitor.get("/")).location == PATH
    await owner.execute("DELETE FROM group_members WHERE member_id = $1", site.cast.nikos.member_id)
    assert (await visitor.get("/")).status == 200
