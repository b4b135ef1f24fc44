"""A member's own profile."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from tests import cast as people
from tests.site import Site

GOOD = {"name": "Μαρία Χατζηγιάννη-Κώστα", "language": "en", "zone": "Europe/Brussels", "scheme": "dark"}


async def test_settings_show_what_is_stored(site: Site) -> None:
    page = await (await site.visitor("maria")).get("/settings")
    assert page.status == 200
    assert people.email("maria") in page.text
    assert 'value="Μαρία Χατζηγιάννη"' in page.text
    assert '<option value="el" selected>' in page.text


async def test_changes_are_saved_and_said_in_the_new_language(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    await visitor.get("/settings")
    answer = await visitor.submit("/settings", GOOD)
    assert (answer.status, answer.location) == (303, "/settings")
    page = await visitor.follow(answer)
    assert '<html lang="en" data-scheme="dark">' in page.text
    assert '<meta name="color-scheme" content="dark">' in page.text
    assert "Your settings are saved." in page.text
    assert '<option value="Europe/Brussels" selected>' in page.text
    assert '<option value="dark" selected>' in page.text
    row = await owner.fetchrow(
        "SELECT name, language, zone, scheme FROM members WHERE email = $1", people.email("maria")
    )
    assert row is not None
    assert dict(row) == GOOD
    assert "Your settings are saved." not in (await visitor.get("/settings")).text


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"language": "fr"}, "language"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"scheme": "sepia"}, "scheme"),
        ({"scheme": ""}, "scheme"),
    ],
)
async def test_faulty_values_are_refused_and_the_rest_is_kept(
    site: Site, owner: RawConnection, changed: dict[str, str], faulty: str
) -> None:
    visitor = await site.visitor("maria")
    await visitor.get("/settings")
    answer = await visitor.submit("/settings", {**GOOD, **changed})
    assert answer.status == 422
    assert "<title>Σφάλμα: " in answer.text
    assert f'id="{faulty}-error"' in answer.text
    assert 'role="alert"' in answer.text
    if faulty != "name":
        assert f'value="{GOOD["name"]}"' in answer.text
    row = await owner.fetchrow("SELECT name, language FROM members WHERE email = $1", people.email("maria"))
    assert row is not None
    assert (row["name"], row["language"]) == ("Μαρία Χατζηγιάννη", "el")


async def test_a_name_with_markup_is_only_text(site: Site) -> None:
    visitor = await site.visitor("maria")
    await visitor.get("/settings")
    hostile = "<img src=x onerror=alert(1)> \"'"
    page = await visitor.follow(await visitor.submit("/settings", {**GOOD, "name": hostile}))
    assert "<img" not in page.text
    assert "&lt;img src=x" in page.text


async def test_nobody_changes_role_or_address_by_sending_more_fields(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    await visitor.get("/settings")
    extra = {"role": "administrator", "email": "evil@evil.example", "organisation_id": "1"}
    assert (await visitor.submit("/settings", {**GOOD, **extra})).status == 303
    assert await owner.fetchval("SELECT count(*) FROM members WHERE email = 'evil@evil.example'") == 0
    assert (await visitor.get("/settings")).text.count("Administrator") == 0


async def test_changes_need_the_token_of_the_form(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    assert (await visitor.request("POST", "/settings", data=GOOD)).status == 403
    other = await site.visitor("nikos")
    await other.get("/settings")
    visitor.token = other.token
    assert (await visitor.submit("/settings", GOOD)).status == 403
    assert await owner.fetchval("SELECT name FROM members WHERE email = $1", people.email("maria")) != GOOD["name"]


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_changes_sent_by_another_site_are_refused(site: Site, headers: dict[str, str]) -> None:
    visitor = await site.visitor("maria")
    await visitor.get("/settings")
    assert (await visitor.submit("/settings", GOOD, headers=headers)).status == 403


async def test_guests_are_sent_to_sign_in(site: Site) -> None:
    visitor = await site.visitor()
    assert (await visitor.get("/settings")).location == "/login?next=/settings"
    assert (await visitor.submit("/settings", GOOD)).location == "/login"


async def test_pages_follow_the_device_until_a_scheme_is_chosen(site: Site) -> None:
    for person in (None, "maria"):
        page = await (await site.visitor(person)).get("/help")
        assert '<html lang="el">' in page.text
        assert '<meta name="color-scheme" content="light dark">' in page.text


async def test_switching_the_language_keeps_the_scheme(site: Site, owner: RawConnection) -> None:
    await owner.execute("UPDATE members SET scheme = 'light' WHERE email = $1", people.email("maria"))
    visitor = await site.visitor("maria")
    assert '<html lang="el" data-scheme="light">' in (await visitor.get("/help")).text
    assert (await visitor.submit("/language", {"language": "en", "next": "/help"})).status == 303
    assert '<html lang="en" data-scheme="light">' in (await visitor.get("/help")).text
