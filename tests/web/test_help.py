"""The handbook's pages."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from forum.handbook import HELP
from tests.site import Site

PATHS = ("/help", *(f"/help/{slug}" for slug in HELP[1:]), "/privacy", "/accessibility")


@pytest.mark.parametrize("path", PATHS)
async def test_every_page_is_open_to_guests_in_both_languages(site: Site, path: str) -> None:
    visitor = await site.visitor()
    for language in ("el", "en"):
        page = await visitor.get(path, headers={"Accept-Language": language})
        assert page.status == 200
        assert f'<html lang="{language}">' in page.text
        assert page.text.count("<h1>") == 1
        levels = [int(level) for level in re.findall(r"<h([1-6])", page.text)]
        assert levels[0] == 1
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


async def test_every_link_between_the_pages_leads_somewhere(site: Site) -> None:
    visitor = await site.visitor()
    found: set[str] = set()
    for path in PATHS:
        text = (await visitor.get(path)).text
        found.update(re.findall(r'href="(/[^"#]*)"', text[text.index("<main") : text.index("</main>")]))
    assert len(found) >= len(HELP)
    for href in found:
        assert (await visitor.get(href)).status == 200, href


async def test_the_way_in_has_one_address(site: Site) -> None:
    answer = await (await site.visitor()).get(f"/help/{HELP[0]}")
    assert (answer.status, answer.location) == (303, "/help")


async def test_members_find_nothing_under_a_name_that_is_no_page(site: Site) -> None:
    member, guest = await site.visitor("maria"), await site.visitor()
    for name in ("nothing", "privacy", "..%2f..%2fetc", "x" * 500):
        assert (await member.get(f"/help/{name}")).status == 404
        assert (await guest.get(f"/help/{name}")).status in {303, 404}


async def test_the_present_page_is_marked_in_the_list(site: Site) -> None:
    page = await (await site.visitor("maria")).get("/help/writing")
    assert page.text.count('aria-current="page"') == 1
    assert 'aria-current="true"' in page.text


async def test_the_frame_of_guests_has_no_ways_for_members(site: Site) -> None:
    guest, member = await (await site.visitor()).get("/help"), await (await site.visitor("maria")).get("/help")
    for sign in ('action="/search"', 'action="/logout"', 'href="/members"', 'href="/settings"'):
        assert sign in member.text
        assert sign not in guest.text
    for sign in (
        'class="skip"',
        'href="#main"',
        'id="main"',
        'href="/privacy"',
        'href="/accessibility"',
        'action="/language"',
    ):
        assert sign in member.text
        assert sign in guest.text


async def test_a_long_page_begins_with_what_is_on_it(site: Site) -> None:
    text = (await (await site.visitor()).get("/help/administrators")).text
    contents = re.findall(r'<li><a href="#(part-\d+)">([^<]+)</a></li>', text)
    assert len(contents) > 6
    for place, heading in contents:
        assert f'<h2 id="{place}" tabindex="-1">{heading}</h2>' in text
