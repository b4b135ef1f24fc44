"""Signing in and out, and ending one's own sessions."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from forum.domain import sessions
from forum.handlers.sessions import device
from forum.keys import DB, HASHER
from forum.passwords import Hasher, Parameters
from tests import cast as people
from tests.cast import PASSWORD
from tests.site import Answer, Site, Visitor


async def sign_in(visitor: Visitor, email: str, password: str, **fields: str) -> Answer:
    await visitor.get("/login")
    return await visitor.submit("/login", {"email": email, "password": password, **fields})


async def test_right_password_opens_a_session_and_leads_home(site: Site) -> None:
    visitor = await site.visitor()
    answer = await sign_in(visitor, people.email("maria"), PASSWORD)
    assert (answer.status, answer.location) == (303, "/")
    cookie = answer.headers.getall("Set-Cookie")[0]
    assert cookie.startswith("koinon_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Μαρία Χατζηγιάννη" in (await visitor.get("/settings")).text


async def test_sign_in_leads_back_to_the_page_asked_for(site: Site) -> None:
    visitor = await site.visitor()
    asked = await visitor.get("/settings/sessions?x=1")
    assert asked.status == 303
    form = await visitor.follow(asked)
    assert 'name="next" value="/settings/sessions?x=1"' in form.text
    answer = await sign_in(visitor, people.email("maria"), PASSWORD, next="/settings/sessions?x=1")
    assert answer.location == "/settings/sessions?x=1"


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "/\\evil.example", "https:evil.example", "/%2f%2fevil.example", "/\t/evil.example"]
)
async def test_sign_in_never_leads_to_another_site(site: Site, elsewhere: str) -> None:
    visitor = await site.visitor()
    answer = await sign_in(visitor, people.email("maria"), PASSWORD, next=elsewhere)
    assert (answer.status, answer.location) == (303, "/")


async def test_unknown_wrong_and_suspended_get_the_same_answer(site: Site) -> None:
    answers = [
        await sign_in(await site.visitor(), email, password)
        for email, password in (
            (people.email("maria"), "not the password"),
            ("nobody@nowhere.example", "not the password"),
            (people.email("suspended"), PASSWORD),
            ("not an address at all", PASSWORD),
        )
    ]
    assert [answer.status for answer in answers] == [422] * 4
    said = [answer.text.partition('role="alert"')[2].partition("<form")[0] for answer in answers]
    assert said[0]
    assert len(set(said)) == 1
    assert all("<title>Σφάλμα: " in answer.text for answer in answers)
    assert not any(
        "koinon_session=" in cookie for answer in answers for cookie in answer.headers.getall("Set-Cookie", [])
    )


async def test_refused_form_keeps_the_address_and_never_the_password(site: Site) -> None:
    visitor = await site.visitor()
    answer = await sign_in(visitor, people.email("maria"), "a wrong secret <&")
    assert f'value="{people.email("maria")}"' in answer.text
    assert "a wrong secret" not in answer.text


async def test_empty_fields_are_named_and_linked(site: Site) -> None:
    visitor = await site.visitor()
    answer = await sign_in(visitor, "", "")
    assert answer.status == 422
    for name in ("email", "password"):
        assert f'href="#{name}"' in answer.text
        assert f'id="{name}-error"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 2


async def test_password_of_any_bytes_is_only_wrong(site: Site) -> None:
    visitor = await site.visitor()
    for password in ("\x00", "x" * 5000, "\u202e", "🔒" * 300):
        assert (await sign_in(visitor, people.email("maria"), password)).status == 422


async def test_sign_in_form_of_another_browser_is_refused(site: Site) -> None:
    visitor, other = await site.visitor(), await site.visitor()
    await other.get("/login")
    await visitor.get("/login")
    visitor.token = other.token
    answer = await visitor.submit("/login", {"email": people.email("maria"), "password": PASSWORD})
    assert answer.status == 403
    assert (await visitor.get("/settings")).status == 303


async def test_who_is_signed_in_is_led_on_from_the_form(site: Site) -> None:
    visitor = await site.visitor("maria")
    assert (await visitor.get("/login")).location == "/"
    assert (await visitor.get("/login?next=/help")).location == "/help"


async def test_form_says_how_to_get_the_link_while_nobody_is_a_member(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor()
    assert 'name="password"' in (await visitor.get("/login")).text
    await owner.execute("DELETE FROM group_members; DELETE FROM members")
    page = await visitor.get("/login")
    assert page.status == 200
    assert "make run" in page.text
    assert 'name="password"' not in page.text


async def test_a_hash_of_another_cost_is_renewed_at_sign_in(site: Site, owner: RawConnection) -> None:
    dear = Hasher(parameters=Parameters(time_cost=2, memory_cost=128, parallelism=1))
    old = await dear.hash(PASSWORD)
    dear.close()
    assert site.app[HASHER].needs_rehash(old)
    await owner.execute("UPDATE members SET password_hash = $1 WHERE email = $2", old, people.email("maria"))
    assert (await sign_in(await site.visitor(), people.email("maria"), PASSWORD)).status == 303
    new = await owner.fetchval("SELECT password_hash FROM members WHERE email = $1", people.email("maria"))
    assert not site.app[HASHER].needs_rehash(new)
    assert (await sign_in(await site.visitor(), people.email("maria"), PASSWORD)).status == 303


async def test_signing_out_ends_the_session_everywhere(site: Site) -> None:
    visitor = await site.visitor()
    signed_in = await sign_in(visitor, people.email("maria"), PASSWORD)
    key = signed_in.headers.getall("Set-Cookie")[0].partition("=")[2].partition(";")[0]
    await visitor.get("/settings")
    answer = await visitor.submit("/logout")
    assert (answer.status, answer.location) == (303, "/login")
    assert 'koinon_session=""' in " ".join(answer.headers.getall("Set-Cookie"))
    assert 'role="status"' in (await visitor.follow(answer)).text
    async with site.app[DB].read() as conn:
        assert await sessions.actor(conn, key) is None
    assert (await visitor.get("/settings")).status == 303


async def test_signing_out_needs_the_token_and_a_post(site: Site) -> None:
    visitor = await site.visitor("maria")
    assert (await visitor.get("/logout")).status in {404, 405}
    assert (await visitor.request("POST", "/logout")).status == 403
    assert (await visitor.get("/settings")).status == 200


async def test_sessions_are_listed_with_the_present_one_marked(site: Site) -> None:
    visitor = await site.visitor("maria")
    await site.visitor("maria")
    await site.visitor("nikos")
    page = await visitor.get("/settings/sessions")
    assert page.status == 200
    assert page.text.count('<th scope="row">') == 2
    assert page.text.count('class="badge') == 1
    assert "127.0.0.1" in page.text
    assert "Firefox" in page.text
    assert "Linux" in page.text


async def test_another_session_is_ended_and_the_present_one_goes_on(site: Site) -> None:
    visitor, other = await site.visitor("maria"), await site.visitor("maria")
    ids = await session_ids(site, visitor)
    answer = await visitor.submit(f"/settings/sessions/{ids[0]}/delete")
    assert (answer.status, answer.location) == (303, "/settings/sessions")
    assert (await other.get("/settings")).status == 303
    assert (await visitor.get("/settings")).status == 200


async def test_ending_the_present_session_is_signing_out(site: Site) -> None:
    visitor, other = await site.visitor("maria"), await site.visitor("maria")
    ids = await session_ids(site, other)
    answer = await visitor.submit(f"/settings/sessions/{ids[0]}/delete")
    assert answer.location == "/login"
    assert (await visitor.get("/settings")).status == 303
    assert (await other.get("/settings")).status == 200


async def test_all_the_others_are_ended_at_once(site: Site) -> None:
    visitor, others = await site.visitor("maria"), [await site.visitor("maria") for _ in range(3)]
    nikos = await site.visitor("nikos")
    await visitor.get("/settings/sessions")
    answer = await visitor.submit("/settings/sessions/delete")
    assert (answer.status, answer.location) == (303, "/settings/sessions")
    assert [(await other.get("/settings")).status for other in others] == [303] * 3
    assert (await visitor.get("/settings")).status == 200
    assert (await nikos.get("/settings")).status == 200


@pytest.mark.parametrize(
    ("written", "status"), [("0", 400), ("-1", 400), ("abc", 400), ("9" * 20, 400), ("9" * 18, 404)]
)
async def test_sessions_that_are_not_there_or_not_numbers_cannot_be_ended(
    site: Site, written: str, status: int
) -> None:
    visitor = await site.visitor("maria")
    assert (await visitor.submit(f"/settings/sessions/{written}/delete")).status == status


async def test_a_session_of_somebody_else_is_not_found_and_lives_on(site: Site) -> None:
    nikos, maria = await site.visitor("nikos"), await site.visitor("maria")
    async with site.app[DB].read() as conn:
        theirs = (await sessions.list_sessions(conn, site.cast.nikos))[0].id
    assert (await maria.submit(f"/settings/sessions/{theirs}/delete")).status == 404
    assert (await nikos.get("/settings")).status == 200


async def test_ending_sessions_needs_the_token(site: Site) -> None:
    visitor, other = await site.visitor("maria"), await site.visitor("maria")
    ids = await session_ids(site, visitor)
    assert (await visitor.request("POST", f"/settings/sessions/{ids[0]}/delete")).status == 403
    assert (await visitor.request("POST", "/settings/sessions/delete")).status == 403
    assert (await other.get("/settings")).status == 200


async def test_guests_are_sent_to_sign_in_from_the_sessions(site: Site) -> None:
    visitor = await site.visitor()
    assert (await visitor.get("/settings/sessions")).location == "/login?next=/settings/sessions"
    assert (await visitor.submit("/settings/sessions/delete")).status in {303, 403}
    assert (await visitor.submit("/logout")).location == "/login"


@pytest.mark.parametrize(
    ("agent", "browser", "system"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox", "Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/150.0 Safari/537.36 Edg/150.0",
            "Microsoft Edge",
            "Windows",
        ),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36", "Chrome", "Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari", "iPhone"),
        ("curl/8.5", "", ""),
        ("", "", ""),
    ],
)
def test_devices_are_called_as_people_call_them(agent: str, browser: str, system: str) -> None:
    found = device(agent)
    assert (found.browser, found.system) == (browser, system)


async def session_ids(site: Site, visitor: Visitor) -> list[int]:
    """Return the ids of the visitor's member's sessions but the visitor's own, and let the visitor have a token."""
    page = await visitor.get("/settings/sessions")
    assert visitor.actor is not None
    async with site.app[DB].read() as conn:
        rows = await sessions.list_sessions(conn, visitor.actor)
    current = page.text.index('class="badge')
    before = page.text.index("/settings/sessions/", current)
    own = int(page.text[before:].split("/")[3])
    return [row.id for row in rows if row.id != own]


async def test_who_sends_a_form_after_their_session_ended_is_told_and_led_back(
    site: Site, owner: RawConnection
) -> None:
    maria = await site.visitor("maria")
    await maria.get("/")
    await owner.execute("DELETE FROM sessions")
    sent = await maria.submit("/read", headers={"Referer": "https://elsewhere.example/categories/questions"})
    assert sent.location == "/login?ended=1", "another host's page is none of ours"
    here = str(maria.url("/categories/questions?sort=created"))
    sent = await maria.submit("/read", headers={"Referer": here})
    assert sent.location == "/login?next=/categories/questions?sort%3Dcreated&ended=1"
    page = await maria.follow(sent)
    assert "Η σύνδεσή σας έληξε" in page.text
    assert 'name="next" value="/categories/questions?sort=created"' in page.text
