"""Tokens: one for an address and a password, listed without its text, ended at once."""

from __future__ import annotations

from forum.db import RawConnection
from tests.api.arrange import faulty, problem
from tests.cast import PASSWORD, email
from tests.site import Program, Site
from tests.web.factors import set_up

_PATH = "/api/v1/tokens"


def _sent(person: str = "maria", /, **fields: object) -> dict[str, object]:
    return {"email": email(person), "password": PASSWORD, "name": "Εβδομαδιαία αναφορά", **fields}


def _with(program: Program, token: str) -> Program:
    program.token = token
    return program


async def test_a_right_password_gives_a_token_that_works(site: Site, owner: RawConnection) -> None:
    guest = await site.program()
    answer = await guest.post(_PATH, json=_sent())
    assert answer.status == 201
    assert answer.json.keys() == {"id", "token"}
    assert answer.headers["Location"].endswith(f"{_PATH}/{answer.json['id']}")
    me = await _with(guest, answer.json["token"]).get("/api/v1/me")
    assert me.json["email"] == email("maria")
    assert await owner.fetchval("SELECT act FROM audit_entries ORDER BY id DESC LIMIT 1") == "token.created"


async def test_the_address_is_taken_however_it_is_capitalised(site: Site) -> None:
    guest = await site.program()
    assert (await guest.post(_PATH, json=_sent(email=f" {email('maria').upper()} "))).status == 201


async def test_unknown_wrong_and_suspended_are_the_same_401(site: Site, owner: RawConnection) -> None:
    guest = await site.program()
    answers = [
        await guest.post(_PATH, json=sent)
        for sent in (_sent(password="λάθος"), _sent(email="nobody@example.org"), _sent("suspended"))
    ]
    for answer in answers:
        assert problem(answer, 401) == "wrong_credentials"
        assert answer.text == answers[0].text
    assert await owner.fetchval("SELECT count(*) FROM api_tokens") == 0
    assert await owner.fetchval("SELECT count(*) FROM audit_entries WHERE act = 'sign_in.failed'") == 3


async def test_what_is_no_password_or_name_is_422(site: Site) -> None:
    guest = await site.program()
    for field, value in (
        ("password", ""),
        ("password", 7),
        ("password", "\ud800"),
        ("password", "a" * 1025),
        ("name", " "),
        ("name", "a" * 101),
        ("name", "a\x00"),
        ("email", ""),
        ("email", "a" * 255),
        ("scope", "all"),
    ):
        assert faulty(await guest.post(_PATH, json=_sent(**{field: value}))) == {field}
    assert faulty(await guest.post(_PATH, json={})) == {"email", "password", "name"}


async def test_a_member_lists_their_own_tokens_without_the_text(site: Site) -> None:
    maria = await site.program("maria")
    await site.program("nikos")
    listed = (await maria.get(_PATH)).json
    assert [token["name"] for token in listed["items"]] == ["test maria"]
    assert listed["items"][0].keys() == {"id", "name", "created_at", "used_at"}
    assert listed["next"] is None
    assert str(maria.token) not in str(listed)


async def test_tokens_are_listed_page_by_page_newest_first(site: Site) -> None:
    maria = await site.program("maria")
    for name in ("α", "β", "γ"):
        assert (await maria.post(_PATH, json=_sent(name=name))).status == 201
    names: list[str] = []
    cursor = ""
    while len(names) < 10:
        page = (await maria.get(f"{_PATH}?limit=1{cursor}")).json
        names += [token["name"] for token in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert names == ["γ", "β", "α", "test maria"]


async def test_a_deleted_token_is_dead_at_once(site: Site) -> None:
    maria, other = await site.program("maria"), await site.program("maria")
    newest = (await maria.get(_PATH)).json["items"][0]["id"]
    assert (await other.get("/api/v1/me")).status == 200
    answer = await maria.delete(f"{_PATH}/{newest}")
    assert (answer.status, answer.text) == (204, "")
    assert problem(await other.get("/api/v1/me"), 401) == "unauthenticated"
    assert (await maria.get("/api/v1/me")).status == 200
    assert problem(await maria.delete(f"{_PATH}/{newest}"), 404) == "not_found"


async def test_the_token_of_somebody_else_is_not_there(site: Site) -> None:
    maria, nikos = await site.program("maria"), await site.program("nikos")
    theirs = (await nikos.get(_PATH)).json["items"][0]["id"]
    assert problem(await maria.delete(f"{_PATH}/{theirs}"), 404) == "not_found"
    assert (await nikos.get("/api/v1/me")).status == 200


async def test_using_a_token_is_noted(site: Site) -> None:
    maria = await site.program("maria")
    assert (await maria.get(_PATH)).json["items"][0]["used_at"] is not None


async def test_who_signs_in_with_two_steps_needs_a_code_for_a_token_too(site: Site, owner: RawConnection) -> None:
    app, codes = await set_up(await site.visitor("maria"), owner)
    guest = await site.program()
    assert problem(await guest.post(_PATH, json=_sent()), 401) == "otp_required"
    assert problem(await guest.post(_PATH, json=_sent(otp=await app.wrong_code())), 401) == "wrong_code"
    assert await owner.fetchval("SELECT count(*) FROM api_tokens") == 0
    code = await app.code()
    made = await guest.post(_PATH, json=_sent(otp=code))
    assert made.status == 201
    assert (await _with(await site.program(), made.json["token"]).get("/api/v1/me")).status == 200
    assert problem(await guest.post(_PATH, json=_sent(otp=code)), 401) == "wrong_code"
    assert (await guest.post(_PATH, json=_sent(otp=codes[0]))).status == 201
    assert problem(await guest.post(_PATH, json=_sent(otp=codes[0])), 401) == "wrong_code"
    assert await owner.fetchval("SELECT count(*) FROM api_tokens") == 2


async def test_only_a_right_password_is_told_that_a_code_is_missing(site: Site, owner: RawConnection) -> None:
    app, _ = await set_up(await site.visitor("maria"), owner)
    guest = await site.program()
    wrong = [
        await guest.post(_PATH, json=_sent(person, password="λάθος", **otp))
        for person in ("maria", "nikos")
        for otp in ({}, {"otp": await app.code()})
    ]
    for answer in wrong:
        assert problem(answer, 401) == "wrong_credentials"
        assert answer.text == wrong[0].text
    assert (await guest.post(_PATH, json=_sent(otp=await app.code()))).status == 201, "nothing of it was spent"


async def test_a_code_that_is_not_asked_for_is_ignored_and_one_that_is_none_is_422(site: Site) -> None:
    guest = await site.program()
    assert (await guest.post(_PATH, json=_sent(otp="123456"))).status == 201
    for otp in ("", "x" * 101, 123456):
        assert faulty(await guest.post(_PATH, json=_sent(otp=otp))) == {"otp"}
