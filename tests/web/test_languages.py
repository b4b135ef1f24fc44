"""Choosing the language of the pages."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from tests import cast as people
from tests.site import Site


async def test_a_guests_choice_is_remembered_by_the_browser(site: Site) -> None:
    visitor = await site.visitor()
    assert '<html lang="el">' in (await visitor.get("/help")).text
    answer = await visitor.submit("/language", {"language": "en", "next": "/help?x=1"})
    assert (answer.status, answer.location) == (303, "/help?x=1")
    cookie = answer.headers["Set-Cookie"]
    assert "koinon_language=en" in cookie
    assert "Max-Age=31536000" in cookie
    assert "SameSite=Lax" in cookie
    assert '<html lang="en">' in (await visitor.follow(answer)).text


async def test_a_members_choice_is_theirs_in_every_browser(site: Site, owner: RawConnection) -> None:
    visitor, other = await site.visitor("maria"), await site.visitor("maria")
    await visitor.get("/settings")
    answer = await visitor.submit("/language", {"language": "en", "next": "/settings"})
    assert answer.location == "/settings"
    assert '<html lang="en">' in (await other.get("/settings")).text
    row = await owner.fetchrow("SELECT name, zone FROM members WHERE email = $1", people.email("maria"))
    assert row is not None
    assert (row["name"], row["zone"]) == (site.cast.maria.name, site.cast.maria.zone)


async def test_the_browsers_wish_decides_where_nothing_is_chosen(site: Site) -> None:
    visitor = await site.visitor()
    page = await visitor.get("/help", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert '<html lang="en">' in page.text
    assert page.headers["Content-Language"] == "en"


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/nothing/here", "/settings/tokens/5/delete", ""]
)
async def test_the_way_back_is_a_page_of_the_forum_or_home(site: Site, wanted: str) -> None:
    visitor = await site.visitor("maria")
    assert (await visitor.submit("/language", {"language": "el", "next": wanted})).location == "/"


async def test_a_language_that_is_not_spoken_is_refused(site: Site) -> None:
    visitor = await site.visitor("maria")
    answer = await visitor.submit("/language", {"language": "fr", "next": "/"})
    assert answer.status == 422
    assert '<html lang="el">' in answer.text


async def test_choice_needs_the_token_of_the_form(site: Site) -> None:
    for person in (None, "maria"):
        visitor = await site.visitor(person)
        assert (await visitor.request("POST", "/language", data={"language": "en"})).status == 403
        assert '<html lang="el">' in (await visitor.get("/help")).text
