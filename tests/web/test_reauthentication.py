"""The password, asked for again before a grave act: on the way to a page, and in the place of a form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from forum.config import Config
from forum.db import RawConnection
from forum.routes import ROUTES
from forum.web.access import Route
from tests.cast import PASSWORD
from tests.site import Site
from tests.web.factors import PATH, age, field

GRAVE = [route for route in ROUTES if route.is_grave]


async def test_it_leads_on_to_the_page_asked_for_and_holds_for_a_while(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    await visitor.submit(PATH)
    await age(owner)
    asked = await visitor.get(f"{PATH}/new")
    assert asked.location == f"/login/again?next={PATH}/new"
    page = await visitor.follow(asked)
    assert page.status == 200
    assert field(page, "next") == f"{PATH}/new"
    answer = await visitor.submit("/login/again", {"next": field(page, "next"), "password_again": PASSWORD})
    assert (answer.status, answer.location) == (303, f"{PATH}/new")
    assert "otpauth:" in (await visitor.follow(answer)).text
    [entry] = await owner.fetch("SELECT act, subject, actor_id FROM audit_entries ORDER BY id DESC LIMIT 1")
    assert tuple(entry) == ("session.authenticated", "session", site.cast.maria.member_id)


async def test_a_form_is_kept_while_it_is_asked_and_carried_out_with_it(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("administrator")
    await visitor.get("/admin/security")
    await age(owner)
    asked = await visitor.submit("/admin/security", {"requires_second_factor": "on", "password_other": "a secret"})
    assert asked.status == 401
    assert 'action="/admin/security"' in asked.text
    assert field(asked, "requires_second_factor") == "on"
    assert "a secret" not in asked.text, "passwords are never sent back"
    assert await owner.fetchval("SELECT requires_second_factor FROM network") is False
    kept = {"requires_second_factor": field(asked, "requires_second_factor")}
    wrong = await visitor.submit("/admin/security", {**kept, "password_again": "not this one"})
    assert wrong.status == 422
    assert 'id="password_again-error"' in wrong.text
    assert "not this one" not in wrong.text
    assert field(wrong, "requires_second_factor") == "on"
    assert await owner.fetchval("SELECT requires_second_factor FROM network") is False
    done = await visitor.submit("/admin/security", {**kept, "password_again": PASSWORD})
    assert (done.status, done.location) == (303, "/admin/security")
    assert await owner.fetchval("SELECT requires_second_factor FROM network") is True


@pytest.mark.parametrize("route", GRAVE, ids=lambda route: f"{route.method} {route.path}")
async def test_no_grave_route_is_done_without_it(site: Site, owner: RawConnection, route: Route) -> None:
    visitor = await site.visitor("administrator")
    await visitor.get("/help")
    await age(owner)
    before = await owner.fetchval("SELECT count(*) FROM audit_entries")
    path = re.sub(r"\{\w+\}", "1", route.path)
    answer = await (visitor.get(path) if route.method == "GET" else visitor.submit(path))
    if route.method == "GET":
        assert answer.location.startswith("/login/again?next=")
    else:
        assert answer.status == 401
        assert 'name="password_again"' in answer.text
    assert await owner.fetchval("SELECT count(*) FROM audit_entries") == before


async def test_the_session_alone_is_renewed_in_which_the_password_was_given(site: Site, owner: RawConnection) -> None:
    visitor, other = await site.visitor("maria"), await site.visitor("maria")
    await other.get("/help")
    await visitor.get("/help")
    await age(owner)
    assert (await visitor.submit("/login/again", {"password_again": PASSWORD})).status == 303
    assert (await visitor.submit(PATH)).status == 303
    assert (await other.submit(PATH)).status == 401


async def test_a_changed_password_was_just_given(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    await visitor.get("/settings/password")
    await age(owner)
    new = "δεκατρείς ανεμόμυλοι"
    await visitor.submit("/settings/password", {"password_current": PASSWORD, "password": new, "password_repeat": new})
    await visitor.get("/help")
    assert (await visitor.submit(PATH)).status == 303


@pytest.mark.parametrize("password", ["", "not this one"])
async def test_a_password_that_is_not_theirs_is_refused(site: Site, owner: RawConnection, password: str) -> None:
    visitor = await site.visitor("maria")
    await visitor.get("/login/again?next=/settings")
    await age(owner)
    answer = await visitor.submit("/login/again", {"next": "/settings", "password_again": password})
    assert answer.status == 422
    assert 'id="password_again-error"' in answer.text
    assert field(answer, "next") == "/settings"
    assert (await visitor.submit(PATH)).status == 401


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
async def test_it_leads_to_paths_of_the_forum_only(site: Site, elsewhere: str) -> None:
    visitor = await site.visitor("maria")
    page = await visitor.get("/login/again?next=" + elsewhere.replace("\\", "%5C"))
    assert field(page, "next") == "/"
    answer = await visitor.submit("/login/again", {"next": elsewhere, "password_again": PASSWORD})
    assert (answer.status, answer.location) == (303, "/")


async def test_another_site_can_have_nothing_carried(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("administrator")
    await visitor.get("/admin/security")
    await age(owner)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    answer = await visitor.submit("/admin/security", {"requires_second_factor": "on"}, headers=foreign)
    assert answer.status == 403
    assert 'name="requires_second_factor"' not in answer.text
    assert (await visitor.request("POST", "/login/again", data={"password_again": PASSWORD})).status == 403


async def test_guests_are_sent_to_sign_in(site: Site) -> None:
    guest = await site.visitor()
    assert (await guest.get("/login/again?next=/help")).status == 303
    assert (await guest.submit("/login/again", {"password_again": PASSWORD})).location == "/login"


async def test_programs_are_not_asked(site: Site, owner: RawConnection) -> None:
    program = await site.program("administrator")
    await age(owner)
    assert (await program.get("/api/v1/me")).status == 200


class TestLimits:
    """The usual limits of rate."""

    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return Config(_env_file=None, data_dir=tmp_path, secret_key=SecretStr("k" * 64), rate_limits=1)

    async def test_guesses_are_slowed_as_at_sign_in(self, site: Site, owner: RawConnection) -> None:
        visitor = await site.visitor("maria")
        await visitor.get("/login/again")
        await age(owner)
        for _ in range(5):
            assert (await visitor.submit("/login/again", {"password_again": "not this one"})).status == 422
        await owner.execute("UPDATE attempts SET next_at = now() + interval '20 seconds' WHERE act = 'sign_in.pair'")
        answer = await visitor.submit("/login/again", {"password_again": PASSWORD})
        assert answer.status == 429
        assert answer.headers["Retry-After"]
        assert (await visitor.submit(PATH, {"password_again": PASSWORD})).status == 429
        assert await owner.fetchval("SELECT count(*) FROM second_factors") == 0
