"""The second step of signing in: asked after a right password, passed with a code that is good once."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from forum.config import Config
from forum.db import RawConnection
from forum.domain import attempts
from forum.keys import LIMITS
from tests import cast as people
from tests.cast import PASSWORD
from tests.site import Answer, Site, Visitor
from tests.web.factors import App, at_second_step, field, give_password, set_up


@pytest.fixture
async def app(site: Site, owner: RawConnection) -> App:
    """Maria's app."""
    app, _ = await set_up(await site.visitor("maria"), owner)
    return app


async def _send(visitor: Visitor, code: str, **fields: str) -> Answer:
    return await visitor.submit("/login/code", {"code": code, **fields})


async def test_the_password_alone_opens_nothing(site: Site, app: App, owner: RawConnection) -> None:
    before = await owner.fetchval("SELECT count(*) FROM sessions")
    visitor = await site.visitor()
    answer = await give_password(visitor)
    assert (answer.status, answer.location) == (303, "/login/code")
    [cookie] = answer.headers.getall("Set-Cookie")
    assert cookie.startswith("koinon_step=")
    assert all(said in cookie for said in ("HttpOnly", "SameSite=Lax", "Max-Age=600", "Path=/"))
    assert await owner.fetchval("SELECT count(*) FROM sessions") == before
    assert (await visitor.get("/")).location == "/login"
    assert (await visitor.get("/settings")).location == "/login?next=/settings"
    page = await visitor.follow(answer)
    assert "Μαρία" not in page.text
    assert 'autocomplete="one-time-code"' in page.text
    assert 'inputmode="numeric"' in page.text


async def test_the_code_opens_the_session_and_leads_home(site: Site, app: App, owner: RawConnection) -> None:
    visitor = await at_second_step(site)
    answer = await _send(visitor, await app.code())
    assert (answer.status, answer.location) == (303, "/")
    assert "Μαρία Χατζηγιάννη" in (await visitor.get("/settings")).text
    assert await owner.fetchval("SELECT count(*) FROM sign_in_steps") == 0
    acts = [row["act"] for row in await owner.fetch("SELECT act FROM audit_entries ORDER BY id DESC LIMIT 2")]
    assert acts == ["sign_in.succeeded", "sign_in.code_asked"]


async def test_the_page_asked_for_is_kept_over_both_steps(site: Site, app: App) -> None:
    visitor = await site.visitor()
    answer = await give_password(visitor, next="/settings/sessions?x=1")
    page = await visitor.follow(answer)
    assert field(page, "next") == "/settings/sessions?x=1"
    wrong = await _send(visitor, await app.wrong_code(), next=field(page, "next"))
    assert field(wrong, "next") == "/settings/sessions?x=1"
    assert (await _send(visitor, await app.code(), next=field(wrong, "next"))).location == "/settings/sessions?x=1"


async def test_it_never_leads_to_another_site(site: Site, app: App) -> None:
    visitor = await at_second_step(site)
    assert 'name="next" value="/"' in (await visitor.get("/login/code?next=//evil.example")).text
    assert (await _send(visitor, await app.code(), next="//evil.example")).location == "/"


async def test_a_code_works_once(site: Site, app: App) -> None:
    code = await app.code()
    assert (await _send(await at_second_step(site), code)).status == 303
    again = await _send(await at_second_step(site), code)
    assert again.status == 422
    assert 'id="code-error"' in again.text


@pytest.mark.parametrize(("later", "status"), [(-3, 422), (-1, 303), (0, 303), (1, 303), (3, 422)])
async def test_the_steps_beside_the_present_one_are_good_and_no_others(
    site: Site, app: App, later: int, status: int
) -> None:
    before, answer = 0, None
    while before != await app.step():  # the step may have ended while the code was sent
        await app.wait()
        visitor, before = await at_second_step(site), await app.step()
        answer = await _send(visitor, await app.code(later))
    assert answer is not None
    assert answer.status == status


async def test_a_code_that_is_older_than_one_that_was_spent_is_not_taken(site: Site, app: App) -> None:
    earlier = await app.code()
    assert (await _send(await at_second_step(site), await app.code(1))).status == 303
    assert (await _send(await at_second_step(site), earlier)).status == 422


async def test_a_recovery_code_works_once_however_it_is_typed(site: Site, owner: RawConnection) -> None:
    _, codes = await set_up(await site.visitor("maria"), owner)
    typed = f" {codes[3].upper().replace('-', ' ').replace('0', 'O').replace('1', 'l')} "
    assert (await _send(await at_second_step(site), typed)).status == 303
    assert (await _send(await at_second_step(site), codes[3])).status == 422
    assert await owner.fetchval("SELECT count(*) FROM recovery_codes") == 9
    assert (await _send(await at_second_step(site), codes[4])).status == 303


async def test_the_page_for_a_recovery_code_is_a_button_away_and_keeps_what_it_carries(
    site: Site, owner: RawConnection
) -> None:
    """A telephone shows keys for digits where a code of the app is asked for; recovery codes have letters."""
    _, codes = await set_up(await site.visitor("maria"), owner)
    visitor = await at_second_step(site)
    page = await visitor.submit("/login/code", {"instead": "recovery", "next": "/help"})
    assert page.status == 200
    assert 'inputmode="numeric"' not in page.text
    assert field(page, "next") == "/help"
    wrong = await _send(visitor, "abcdef", recovery=field(page, "recovery"), next="/help")
    assert wrong.status == 422
    assert field(wrong, "recovery") == "on"
    back = await visitor.submit("/login/code", {"instead": "app", "recovery": "on"})
    assert 'inputmode="numeric"' in back.text
    assert (await visitor.submit("/login/code", {"instead": "other", "code": codes[0]})).status == 422
    assert (await _send(visitor, codes[0], recovery="on", next="/help")).location == "/help"


@pytest.mark.parametrize("code", ["", "123", "abc def", "x" * 101, "\u0661" * 6, "'; --"])
async def test_what_is_no_code_is_refused(site: Site, app: App, owner: RawConnection, code: str) -> None:
    visitor = await at_second_step(site)
    answer = await _send(visitor, code)
    assert answer.status == 422
    assert 'href="#code"' in answer.text
    assert 'id="code-error"' in answer.text
    assert (await _send(visitor, await app.code())).status == 303, "the step goes on"


async def test_anothers_code_is_wrong(site: Site, app: App, owner: RawConnection) -> None:
    theirs, _ = await set_up(await site.visitor("nikos"), owner)
    assert (await _send(await at_second_step(site), await theirs.code())).status == 422
    acts = [row["act"] for row in await owner.fetch("SELECT act FROM audit_entries ORDER BY id DESC LIMIT 1")]
    assert acts == ["sign_in.code_failed"]


async def test_after_ten_minutes_it_begins_again_with_the_password(site: Site, app: App, owner: RawConnection) -> None:
    visitor = await at_second_step(site)
    await owner.execute("UPDATE sign_in_steps SET expires_at = now() - interval '1 second'")
    answer = await _send(visitor, await app.code(), next="/help")
    assert answer.status == 422
    assert 'name="password"' in answer.text
    assert field(answer, "next") == "/help"
    assert (await visitor.get("/login/code?next=/help")).location == "/login?next=/help"
    lifetime = "SELECT max(expires_at - created_at) <= interval '10 minutes' FROM sign_in_steps"
    assert await owner.fetchval(lifetime)


async def test_another_browser_has_no_part_in_it(site: Site, app: App) -> None:
    await at_second_step(site)
    other = await site.visitor()
    assert (await other.get("/login/code")).location == "/login"
    await other.get("/login")
    answer = await _send(other, await app.code())
    assert (answer.status, 'name="password"' in answer.text) == (422, True)


async def test_the_form_needs_its_token(site: Site, app: App) -> None:
    visitor = await at_second_step(site)
    answer = await visitor.request("POST", "/login/code", data={"code": await app.code()})
    assert answer.status == 403
    assert (await visitor.get("/settings")).status == 303


async def test_who_is_signed_in_is_led_on(site: Site) -> None:
    visitor = await site.visitor("nikos")
    assert (await visitor.get("/login/code?next=/help")).location == "/help"
    assert (await visitor.submit("/login/code", {"next": "/help"})).location == "/help"


async def test_a_new_password_or_a_suspension_ends_the_step(site: Site, app: App, owner: RawConnection) -> None:
    visitor, maria = await at_second_step(site), await site.visitor("maria")
    await maria.get("/settings/password")
    new = "δεκατρείς ανεμόμυλοι"
    changed = {"password_current": PASSWORD, "password": new, "password_repeat": new}
    assert (await maria.submit("/settings/password", changed)).status == 303
    assert 'name="password"' in (await _send(visitor, await app.code())).text
    other = await site.visitor()
    await other.get("/login")
    assert (await other.submit("/login", {"email": people.email("maria"), "password": new})).status == 303
    await owner.execute("UPDATE members SET suspended_until = 'infinity', suspension_reason = 'x' WHERE email = $1",
                        people.email("maria"))  # fmt: skip
    assert (await other.get("/login/code")).location == "/login"
    assert 'name="password"' in (await _send(other, await app.code())).text
    assert (await other.get("/settings")).status == 303


async def test_a_wrong_password_is_answered_as_ever(site: Site, app: App) -> None:
    answers = []
    for person, password in (("maria", "not this one"), ("nikos", "not this one")):
        visitor = await site.visitor()
        await visitor.get("/login")
        answers.append(await visitor.submit("/login", {"email": people.email(person), "password": password}))
    said = [answer.text.partition('role="alert"')[2].partition("<form")[0] for answer in answers]
    assert said[0] == said[1]
    assert [answer.status for answer in answers] == [422, 422]
    assert not any("koinon_step" in str(answer.headers.getall("Set-Cookie", [])) for answer in answers)


async def test_words_of_an_ended_session_are_carried_over_both_steps(
    site: Site, app: App, owner: RawConnection
) -> None:
    maria = await site.visitor("maria")
    page = await maria.get("/categories/questions/new")
    sent = {"title": "Τίτλος", "body": "Λόγια που δεν χάθηκαν", "writer": page.hidden("writer")}
    await owner.execute("DELETE FROM sessions")
    refused = await maria.submit("/categories/questions/new", sent)
    assert refused.status == 401
    names = ("next", "kept_writer", "kept_place", "kept_title", "kept_body", "kept_reply_to")
    carried = {name: field(refused, name) for name in names}
    asked = await maria.submit("/login", {"email": people.email("maria"), "password": PASSWORD, **carried})
    assert asked.status == 200
    carried = {name: field(asked, name) for name in names}
    wrong = await _send(maria, await app.wrong_code(), **carried)
    assert wrong.status == 422
    assert await owner.fetchval("SELECT count(*) FROM drafts") == 0
    answer = await _send(maria, await app.code(), **{name: field(wrong, name) for name in names})
    assert (answer.status, answer.location) == (303, "/categories/questions/new")
    assert await owner.fetchval("SELECT body FROM drafts") == "Λόγια που δεν χάθηκαν"


class TestLimits:
    """The usual limits of rate."""

    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return Config(_env_file=None, data_dir=tmp_path, secret_key=SecretStr("k" * 64), rate_limits=1)

    async def test_after_five_wrong_codes_further_ones_wait_and_are_refused(
        self, site: Site, app: App, owner: RawConnection
    ) -> None:
        await owner.execute("UPDATE sessions SET address = '192.0.2.1'")
        visitor = await at_second_step(site)
        for _ in range(5):
            assert (await _send(visitor, await app.wrong_code())).status == 422
        # What the sixth to the eighth would have waited for, without the waiting.
        await owner.execute("UPDATE attempts SET next_at = now() + interval '20 seconds' WHERE act = 'code.account'")
        refused = await _send(visitor, await app.code())
        assert refused.status == 429
        assert refused.headers["Retry-After"]
        assert (await visitor.get("/settings")).status == 303
        acts = {row["act"]: row["count"] for row in await owner.fetch("SELECT act, count FROM attempts")}
        assert acts["code.account"] == 5, "what was refused pushes nobody's turn away"
        assert acts["code.address"] == 5
        await owner.execute("UPDATE attempts SET next_at = now(), expires_at = now()")
        assert (await _send(visitor, await app.code())).status == 303

    async def test_the_owner_is_not_locked_out_where_they_are_signed_in(
        self, site: Site, app: App, owner: RawConnection
    ) -> None:
        account = attempts.subject(site.app[LIMITS], "account", people.email("maria"))
        await owner.execute(
            "INSERT INTO attempts (subject, act, count, next_at, expires_at)"
            " VALUES ($1, 'code.account', 9, now() + interval '1 minute', now() + interval '1 minute')",
            account,
        )
        visitor = await at_second_step(site)
        await owner.execute("UPDATE sessions SET address = '192.0.2.1'")
        assert (await _send(visitor, await app.code())).status == 429, "the premise: elsewhere it is refused"
        await owner.execute("UPDATE sessions SET address = '127.0.0.1'")
        assert (await _send(visitor, await app.code())).status == 303

    async def test_right_codes_are_not_counted(self, site: Site, app: App, owner: RawConnection) -> None:
        for _ in range(7):
            await app.wait()
            assert (await _send(await at_second_step(site), await app.code())).status == 303
