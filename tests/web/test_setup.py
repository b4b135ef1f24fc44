"""The one-time link that creates the first administrator."""

from __future__ import annotations

import asyncio

import pytest

from forum.db import RawConnection
from forum.domain import setup
from forum.keys import DB
from tests.site import Site

PASSPHRASE = "καράβια στη Σκάλα το 1922"
GOOD = {
    "name": "Ελένη Παπαδοπούλου",
    "email": "Eleni@Union.example",
    "organisation": "union-of-cyprus-municipalities",
    "language": "en",
    "password": PASSPHRASE,
    "password_repeat": PASSPHRASE,
}


@pytest.fixture
async def path(site: Site, owner: RawConnection) -> str:
    """The link of an empty forum."""
    await owner.execute("DELETE FROM group_members; DELETE FROM members")
    async with site.app[DB].write() as tx:
        token = await setup.issue(tx)
    return f"/setup/{token}"


async def test_link_creates_an_administrator_who_is_signed_in_at_once(
    site: Site, owner: RawConnection, path: str
) -> None:
    visitor = await site.visitor()
    assert (await visitor.get(path)).status == 200
    answer = await visitor.submit(path, GOOD)
    assert (answer.status, answer.location) == (303, "/")
    home = await visitor.follow(answer)
    assert home.status == 200
    assert 'role="status"' in home.text
    assert '<html lang="en">' in home.text
    row = await owner.fetchrow(
        "SELECT members.email, members.name, members.password_hash, groups.slug FROM members "
        "JOIN group_members ON group_members.member_id = members.id JOIN groups ON groups.id = group_members.group_id"
    )
    assert row is not None
    assert (row["email"], row["name"], row["slug"]) == ("eleni@union.example", "Ελένη Παπαδοπούλου", "administrators")
    assert row["password_hash"].startswith("$argon2id$")


async def test_link_is_void_once_used(site: Site, path: str) -> None:
    visitor, late = await site.visitor(), await site.visitor()
    await visitor.get(path)
    await late.get(path)
    assert (await visitor.submit(path, GOOD)).status == 303
    assert (await late.get(path)).status == 404
    assert (await late.submit(path, {**GOOD, "email": "late@union.example"})).status == 404


async def test_of_two_at_once_one_becomes_administrator(site: Site, owner: RawConnection, path: str) -> None:
    visitors = [await site.visitor() for _ in range(4)]
    for visitor in visitors:
        await visitor.get(path)
    answers = await asyncio.gather(
        *(
            visitor.submit(path, {**GOOD, "email": f"person{number}@union.example"})
            for number, visitor in enumerate(visitors)
        )
    )
    assert sorted(answer.status for answer in answers) == [303, 404, 404, 404]
    assert await owner.fetchval("SELECT count(*) FROM members") == 1


async def test_guest_with_a_wrong_link_finds_nothing(site: Site, path: str) -> None:
    visitor = await site.visitor()
    assert (await visitor.get(path)).status == 200
    for wrong in ("/setup/x", f"{path}x", "/setup/" + "a" * 1000):
        answer = await visitor.get(wrong)
        assert answer.status == 404
        assert "Location" not in answer.headers


async def test_link_finds_nothing_where_members_exist(site: Site) -> None:
    visitor = await site.visitor()
    assert (await visitor.get("/setup/anything")).status == 404
    assert (await visitor.submit("/setup/anything", GOOD)).status == 404
    member = await site.visitor("administrator")
    assert (await member.get("/setup/anything")).status == 404


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"email": "no address"}, "email"),
        ({"organisation": ""}, "organisation"),
        ({"organisation": "atlantis"}, "organisation"),
        ({"language": "fr"}, "language"),
        ({"password": "short", "password_repeat": "short"}, "password"),
        ({"password": "fourteen chars", "password_repeat": "fourteen chars"}, "password"),
        ({"password": "Ελένη Παπαδοπούλου", "password_repeat": "Ελένη Παπαδοπούλου"}, "password"),
        ({"password_repeat": "something else"}, "password_repeat"),
    ],
)
async def test_faulty_fields_are_named_and_the_rest_is_kept(
    site: Site, owner: RawConnection, path: str, changed: dict[str, str], faulty: str
) -> None:
    visitor = await site.visitor()
    await visitor.get(path)
    answer = await visitor.submit(path, {**GOOD, **changed})
    assert answer.status == 422
    assert f'id="{faulty}-error"' in answer.text
    assert f'href="#{faulty}"' in answer.text
    assert ("password" in faulty) or f'id="{faulty}" name="{faulty}" aria-invalid="true"' in answer.text
    assert PASSPHRASE not in answer.text
    if faulty != "email":
        assert f'value="{GOOD["email"]}"' in answer.text
    assert await owner.fetchval("SELECT count(*) FROM members") == 0
    assert (await visitor.submit(path, GOOD)).status == 303


async def test_post_without_the_token_of_the_form_creates_nobody(site: Site, owner: RawConnection, path: str) -> None:
    visitor = await site.visitor()
    await visitor.get(path)
    assert (await visitor.request("POST", path, data=GOOD)).status == 403
    assert await owner.fetchval("SELECT count(*) FROM members") == 0


async def test_form_offers_associations_and_the_municipalities_of_each_region(site: Site, path: str) -> None:
    page = await (await site.visitor()).get(path)
    assert page.text.count("<optgroup") >= 3
    assert page.text.count("<option value=") >= 44
    assert 'value="larnaca"' in page.text
