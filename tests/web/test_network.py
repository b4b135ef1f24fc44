"""What the network calls itself and its colour: set by administrators, seen on every page."""

from __future__ import annotations

import re

import pytest

from forum.db import RawConnection
from tests.site import Answer, Site
from tests.web import content, doors, structure

OWN = {
    "name_el": "Δίκτυο Πόλεων",
    "name_en": "Network of Cities",
    "tagline_el": "Πόλεις που συνεργάζονται",
    "tagline_en": "",
    "accent": "#7A1F3D",
}


def _title(answer: Answer) -> str:
    found = re.search(r"<title>([^<]*)</title>", answer.text)
    assert found
    return found[1]


async def test_the_administration_lists_its_pages(site: Site) -> None:
    visitor = await site.visitor("administrator")
    page = await visitor.get("/admin")
    assert page.status == 200
    assert list(structure.faults(page.text)) == []
    main = page.text[page.text.index("<main") : page.text.index("</main>")]
    hrefs = set(re.findall(r'href="(/[^"]*)"', main))
    assert {"/admin/network", "/moderation/feedback"} <= hrefs
    for href in hrefs:
        assert (await visitor.get(href)).status == 200, href
    assert 'href="/admin"' not in (await (await site.visitor("moderator")).get("/help")).text


async def test_names_and_colour_stand_on_every_page_for_members_and_guests(site: Site) -> None:
    administrator = await site.visitor("administrator")
    page = await administrator.get("/admin/network")
    assert (page.status, list(structure.faults(page.text))) == (200, [])
    assert 'value="Κοινόν"' in page.text
    answer = await administrator.submit("/admin/network", OWN)
    assert (answer.status, answer.location) == (303, "/admin/network")
    page = await administrator.follow(answer)
    assert list(structure.faults(page.text)) == []
    assert 'value="#7a1f3d"' in page.text
    assert "4,5" in page.text
    assert 'fill="#7a1f3d"' in page.text
    for person in (None, "maria", "sophie"):
        page = await (await site.visitor(person)).get("/help")
        name = OWN["name_en"] if person == "sophie" else OWN["name_el"]
        assert _title(page).endswith(f" — {name}")
        assert f"<b>{name}</b>" in page.text
        assert (OWN["tagline_el"] in page.text) is (person != "sophie")
        assert '<link rel="stylesheet" href="/accent/7a1f3d.css">' in page.text
        assert "Κοινόν</b>" not in page.text


async def test_the_colour_of_the_house_needs_no_style_sheet_of_its_own(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("administrator")
    await visitor.submit("/admin/network", OWN)
    assert "/accent/" in (await visitor.get("/help")).text
    answer = await visitor.submit("/admin/network", {**OWN, "accent": "#123456", "instead": "house"})
    assert answer.status == 303
    assert await owner.fetchval("SELECT accent FROM network") is None
    assert "/accent/" not in (await visitor.get("/help")).text
    assert await content.acts(owner) == ["network.updated", "network.updated"]


async def test_a_colour_too_light_is_refused_with_the_nearest_that_works(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("administrator")
    answer = await visitor.submit("/admin/network", {**OWN, "accent": "#ffff00"})
    assert answer.status == 422
    assert list(structure.faults(answer.text)) == []
    assert 'id="accent-error"' in answer.text
    assert 'value="#ffff00"' in answer.text
    assert f'value="{OWN["name_el"]}"' in answer.text
    offered = re.search(r'name="instead" value="(#[0-9a-f]{6})"', answer.text)
    assert offered
    assert await owner.fetchval("SELECT accent FROM network") is None
    answer = await visitor.submit("/admin/network", {**OWN, "accent": "#ffff00", "instead": offered[1]})
    assert answer.status == 303
    assert await owner.fetchval("SELECT accent FROM network") == offered[1]


async def test_a_colour_can_be_looked_at_without_being_saved(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("administrator")
    answer = await visitor.submit("/admin/network", {**OWN, "accent": "#1e88e5", "check": "on"})
    assert answer.status == 200
    assert 'value="#1e88e5"' in answer.text
    assert list(structure.faults(answer.text)) == []
    assert 'fill="#1e88e5"' not in answer.text, "it is a little too light, and the page says so"
    assert await owner.fetchval("SELECT accent FROM network") is None
    answer = await visitor.submit("/admin/network", {**OWN, "accent": "#ffffff", "check": "on"})
    assert answer.status == 422


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"name_el": ""}, "name_el"),
        ({"name_en": " \u200b "}, "name_en"),
        ({"name_el": "α" * 41}, "name_el"),
        ({"tagline_en": "a" * 81}, "tagline_en"),
        ({"accent": "blue"}, "accent"),
        ({"accent": "#12345"}, "accent"),
        ({"accent": "#12345g"}, "accent"),
        ({"instead": "</style>"}, "accent"),
    ],
)
async def test_faulty_values_are_refused_and_the_rest_is_kept(
    site: Site, owner: RawConnection, changed: dict[str, str], faulty: str
) -> None:
    visitor = await site.visitor("administrator")
    answer = await visitor.submit("/admin/network", {**OWN, **changed})
    assert answer.status == 422
    assert f'href="#{faulty}"' in answer.text
    assert f'value="{OWN["tagline_el"]}"' in answer.text
    assert await owner.fetchval("SELECT name_en FROM network") == "Koinon"
    assert await content.acts(owner) == []


async def test_names_with_markup_are_only_text(site: Site) -> None:
    visitor = await site.visitor("administrator")
    assert (await visitor.submit("/admin/network", {**OWN, "name_el": "<img src=x onerror=a()>"})).status == 303
    assert "<img" not in (await visitor.get("/help")).text


async def test_the_pages_are_the_administrators(site: Site, owner: RawConnection) -> None:
    for person in (None, "suspended"):
        visitor = await site.visitor(person)
        for path in ("/admin", "/admin/network"):
            assert (await visitor.get(path)).location.startswith("/login")
        assert (await visitor.submit("/admin/network", OWN)).location.startswith("/login")
    for person in ("moderator", "maria", "stranger"):
        visitor = await site.visitor(person)
        for path in ("/admin", "/admin/network"):
            assert (await visitor.get(path)).status == 403
        assert (await visitor.submit("/admin/network", OWN)).status == 403
    await doors.asks_for_the_token(site, "administrator", "/admin/network", OWN)
    await doors.takes_no_other_method(site, "administrator", "/admin/network", "PUT", "DELETE")
    assert await owner.fetchval("SELECT name_en FROM network") == "Koinon"


@pytest.mark.own_database
async def test_a_page_that_cannot_learn_the_name_has_that_of_the_house(site: Site, owner: RawConnection) -> None:
    guest = await site.visitor()
    await owner.execute("UPDATE network SET name_el = 'Δίκτυο'")
    assert _title(await guest.get("/help")).endswith(" — Δίκτυο")
    await owner.execute("ALTER TABLE network RENAME TO network_elsewhere")
    page = await guest.get("/help")
    assert page.status == 200
    assert _title(page).endswith(" — Κοινόν")
