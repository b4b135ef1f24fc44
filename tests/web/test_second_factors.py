"""Setting up one's own second factor, its recovery codes, and switching it off."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from forum.db import RawConnection
from forum.handlers.second_factors import picture
from tests import cast as people
from tests.site import Site
from tests.web.factors import PATH, App, age, app_of, at_second_step, codes_of, set_up, uri_of


async def _acts(owner: RawConnection) -> list[str]:
    rows = await owner.fetch("SELECT act FROM audit_entries WHERE subject = 'member' ORDER BY id")
    return [row["act"] for row in rows]


async def test_it_is_off_set_up_with_a_code_and_on(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    assert "otpauth:" not in (await visitor.get(PATH)).text
    begun = await visitor.submit(PATH)
    assert (begun.status, begun.location) == (303, f"{PATH}/new")
    page = await visitor.follow(begun)
    assert 'autocomplete="one-time-code"' in page.text
    assert 'inputmode="numeric"' in page.text
    app = app_of(page, owner)
    shown = re.search(r'<code class="secret"[^>]*>([^<]+)</code>', page.text)
    assert shown
    assert shown[1].replace(" ", "") == app.secret
    answer = await visitor.submit(f"{PATH}/new", {"code": f"{await app.code()} "})
    assert answer.status == 200
    assert "no-store" in answer.headers["Cache-Control"]
    codes = codes_of(answer)
    assert len(set(codes)) == 10
    state = await visitor.get(PATH)
    assert app.secret not in state.text
    assert not any(code in state.text for code in codes)
    assert await _acts(owner) == ["second_factor.switched_on"]


async def test_the_picture_is_of_the_same_address_and_needs_no_style_or_script(
    site: Site, owner: RawConnection
) -> None:
    visitor = await site.visitor("maria")
    page = await visitor.follow(await visitor.submit(PATH))
    uri = uri_of(page)
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert people.email("maria") in unquote(parts.path)
    assert parse_qs(parts.query)["issuer"] == [await owner.fetchval("SELECT name_el FROM network")]
    source = re.search(r'<img src="(data:image/svg\+xml[^"]+)" alt="[^"]+"', page.text)
    assert source
    assert unescape(source[1]) == picture(uri)
    svg = unquote(picture(uri))
    assert "<script" not in svg
    assert "style=" not in svg


async def test_codes_and_secret_stand_nowhere_in_the_log_of_what_was_done(site: Site, owner: RawConnection) -> None:
    app, codes = await set_up(await site.visitor("maria"), owner)
    entries = str([tuple(row) for row in await owner.fetch("SELECT * FROM audit_entries")])
    assert app.secret not in entries
    assert not any(code in entries for code in codes)
    kept = await owner.fetch("SELECT code_hash FROM recovery_codes")
    assert len(kept) == 10
    assert all(len(row["code_hash"]) == 32 for row in kept)


@pytest.mark.parametrize("code", ["", "abc", "1" * 21, "12345", "\u0661\u0662\u0663\u0664\u0665\u0666"])
async def test_what_is_no_code_switches_nothing_on(site: Site, owner: RawConnection, code: str) -> None:
    visitor = await site.visitor("maria")
    page = await visitor.follow(await visitor.submit(PATH))
    answer = await visitor.submit(f"{PATH}/new", {"code": code})
    assert answer.status == 422
    assert 'id="code-error"' in answer.text
    assert uri_of(answer) == uri_of(page), "the app goes on with the same secret"
    assert await owner.fetchval("SELECT confirmed_at FROM second_factors") is None
    assert await owner.fetchval("SELECT count(*) FROM recovery_codes") == 0


async def test_a_wrong_code_switches_nothing_on_and_the_next_right_one_does(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    app = app_of(await visitor.follow(await visitor.submit(PATH)), owner)
    assert (await visitor.submit(f"{PATH}/new", {"code": await app.wrong_code()})).status == 422
    assert (await visitor.submit(f"{PATH}/new", {"code": await app.code()})).status == 200


async def test_beginning_anew_gives_another_secret_and_voids_the_first(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    first = app_of(await visitor.follow(await visitor.submit(PATH)), owner)
    second = app_of(await visitor.follow(await visitor.submit(PATH)), owner)
    assert first.secret != second.secret
    assert (await visitor.submit(f"{PATH}/new", {"code": await first.code()})).status == 422
    assert (await visitor.submit(f"{PATH}/new", {"code": await second.code()})).status == 200


async def test_a_secret_waits_an_hour_for_its_code(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    app = app_of(await visitor.follow(await visitor.submit(PATH)), owner)
    await owner.execute("UPDATE second_factors SET created_at = now() - interval '61 minutes'")
    assert (await visitor.get(f"{PATH}/new")).location == PATH
    assert (await visitor.submit(f"{PATH}/new", {"code": await app.code()})).location == PATH
    assert await owner.fetchval("SELECT confirmed_at FROM second_factors") is None


async def test_one_that_is_on_is_neither_shown_nor_replaced(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    app, _ = await set_up(visitor, owner)
    assert (await visitor.submit(PATH)).location == PATH
    assert (await visitor.get(f"{PATH}/new")).location == PATH
    assert await owner.fetchval("SELECT secret FROM second_factors") == app.secret


async def test_new_recovery_codes_void_the_old_ones(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    _, old = await set_up(visitor, owner)
    answer = await visitor.submit(f"{PATH}/codes")
    assert answer.status == 200
    new = codes_of(answer)
    assert len(set(new) | set(old)) == 20
    assert (await _acts(owner))[-1] == "recovery_codes.renewed"
    assert await owner.fetchval("SELECT after->>'count' FROM audit_entries ORDER BY id DESC LIMIT 1") == "10"
    guest = await at_second_step(site)
    assert (await guest.submit("/login/code", {"code": old[0]})).status == 422
    assert (await guest.submit("/login/code", {"code": new[0]})).status == 303


async def test_switched_off_the_password_alone_opens_the_account(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    await set_up(visitor, owner)
    answer = await visitor.submit(f"{PATH}/delete")
    assert (answer.status, answer.location) == (303, PATH)
    assert 'role="status"' in (await visitor.follow(answer)).text
    assert await owner.fetchval("SELECT count(*) FROM second_factors") == 0
    assert await owner.fetchval("SELECT count(*) FROM recovery_codes") == 0
    assert (await _acts(owner))[-1] == "second_factor.switched_off"
    guest = await site.visitor()
    await guest.get("/login")
    signed_in = await guest.submit("/login", {"email": people.email("maria"), "password": people.PASSWORD})
    assert signed_in.location == "/"


async def test_what_is_not_there_has_no_codes_and_is_not_switched_off(site: Site) -> None:
    visitor = await site.visitor("maria")
    assert (await visitor.submit(f"{PATH}/codes")).status == 404
    assert (await visitor.submit(f"{PATH}/delete")).status == 404


async def test_one_member_changes_nothing_of_anothers(site: Site, owner: RawConnection) -> None:
    maria, nikos = await site.visitor("maria"), await site.visitor("nikos")
    await set_up(maria, owner)
    assert (await nikos.submit(f"{PATH}/delete")).status == 404
    app, _ = await set_up(nikos, owner)
    assert await owner.fetchval("SELECT count(*) FROM second_factors") == 2
    assert isinstance(app, App)


async def test_every_form_needs_its_token(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    await set_up(visitor, owner)
    for path in (PATH, f"{PATH}/new", f"{PATH}/codes", f"{PATH}/delete"):
        assert (await visitor.request("POST", path)).status == 403
    assert await owner.fetchval("SELECT count(*) FROM recovery_codes") == 10


async def test_guests_are_sent_to_sign_in(site: Site) -> None:
    guest = await site.visitor()
    assert (await guest.get(PATH)).location == f"/login?next={PATH}"
    for path in (PATH, f"{PATH}/new", f"{PATH}/codes", f"{PATH}/delete"):
        assert (await guest.submit(path)).location == "/login"


async def test_all_that_changes_it_or_shows_the_secret_asks_for_the_password_again(
    site: Site, owner: RawConnection
) -> None:
    visitor = await site.visitor("maria")
    await visitor.get(PATH)
    await age(owner)
    assert (await visitor.submit(PATH)).status == 401
    assert await owner.fetchval("SELECT count(*) FROM second_factors") == 0
    await owner.execute("UPDATE sessions SET authenticated_at = now()")
    await set_up(visitor, owner)
    await age(owner)
    assert (await visitor.get(f"{PATH}/new")).location == f"/login/again?next={PATH}/new"
    for path in (f"{PATH}/new", f"{PATH}/codes", f"{PATH}/delete"):
        answer = await visitor.submit(path)
        assert answer.status == 401
        assert codes_of(answer) == []
    assert await owner.fetchval("SELECT count(*) FROM recovery_codes") == 10
    assert (await visitor.get(PATH)).status == 200, "to look whether it is on is nothing grave"


async def test_a_form_that_was_sent_twice_shows_codes_that_work(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    await visitor.submit(PATH)
    app = app_of(await visitor.get(f"{PATH}/new"), owner)
    sent = {"code": await app.code()}
    first = codes_of(await visitor.submit(f"{PATH}/new", sent))
    shown = codes_of(await visitor.submit(f"{PATH}/new", sent))
    assert len(set(shown)) == 10
    assert not set(first) & set(shown)
    step = await at_second_step(site)
    assert (await step.submit("/login/code", {"code": first[0]})).status == 422, "nobody saw it"
    assert (await step.submit("/login/code", {"code": shown[0]})).status == 303
    await owner.execute("UPDATE second_factors SET confirmed_at = now() - interval '2 minutes'")
    assert (await visitor.submit(f"{PATH}/new", sent)).location == PATH


async def test_what_cannot_be_undone_is_asked_first(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    for path in (f"{PATH}/codes", f"{PATH}/delete"):
        assert (await visitor.get(path)).location == PATH, "there is nothing to ask without a factor"
    await set_up(visitor, owner)
    before = await _acts(owner)
    for path in (f"{PATH}/codes", f"{PATH}/delete"):
        page = await visitor.get(path)
        assert page.status == 200
        assert f'action="{path}"' in page.text
    assert await _acts(owner) == before
