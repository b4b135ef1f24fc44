"""The administrators' organisations: listed and searched, added and changed; an address that was changed leads on."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from forum.db import RawConnection
from tests.site import Site

CHIOS = {
    "kind": "municipality",
    "region": "north-aegean",
    "name_el": "Δήμος Ψαρών και Νήσων",
    "name_en": "Municipality of Psara and Isles",
    "district_el": "Χίος",
    "district_en": "Chios",
    "population": "1.234",
    "population_year": "2021",
    "slug": "",
}


async def test_a_municipality_is_added_and_stands_in_the_directory(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    assert (await administrator.get("/admin/organisations/new")).status == 200
    added = await administrator.submit("/admin/organisations", CHIOS)
    assert (added.status, added.location) == (303, "/admin/organisations")
    row = await owner.fetchrow(
        "SELECT organisations.slug, organisations.population, groups.slug AS of_group FROM organisations "
        "JOIN groups ON groups.organisation_id = organisations.id WHERE organisations.name_el = $1",
        CHIOS["name_el"],
    )
    assert row is not None
    assert tuple(row) == ("psara-and-isles", 1234, "organisation-psara-and-isles")
    assert CHIOS["name_el"] in (await administrator.get("/municipalities")).text
    assert 'value="psara-and-isles"' in (await administrator.get("/admin/invitations/new")).text


@pytest.mark.parametrize("kind", ["association", "partner"])
async def test_associations_and_partners_belong_to_no_region(site: Site, owner: RawConnection, kind: str) -> None:
    administrator = await site.visitor("administrator")
    sent = {**CHIOS, "kind": kind, "population": "", "population_year": "", "district_el": "", "district_en": ""}
    refused = await administrator.submit("/admin/organisations", sent)
    assert (refused.status, 'id="region-error"' in refused.text) == (422, True)
    assert (await administrator.submit("/admin/organisations", {**sent, "region": ""})).status == 303
    assert await owner.fetchval("SELECT kind FROM organisations WHERE slug = 'psara-and-isles'") == kind


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"name_el": ""}, "name_el"),
        ({"name_en": "x" * 161}, "name_en"),
        ({"kind": "kingdom"}, "kind"),
        ({"region": ""}, "region"),
        ({"region": "atlantis"}, "region"),
        ({"district_el": "x" * 121}, "district_el"),
        ({"population": "many"}, "population"),
        ({"population": "0"}, "population"),
        ({"population": "9999999999"}, "population"),
        ({"population": ""}, "population"),
        ({"population_year": "1899"}, "population_year"),
        ({"slug": "larnaca"}, "slug"),
        ({"slug": "-x"}, "slug"),
    ],
)
async def test_what_will_not_do_is_refused_and_kept(
    site: Site, owner: RawConnection, changed: dict[str, str], faulty: str
) -> None:
    administrator = await site.visitor("administrator")
    before = await owner.fetchval("SELECT count(*) FROM organisations")
    answer = await administrator.submit("/admin/organisations", {**CHIOS, **changed})
    assert answer.status == 422
    assert f'id="{faulty}-error"' in answer.text
    assert 'value="Chios"' in answer.text
    assert await owner.fetchval("SELECT count(*) FROM organisations") == before


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ({"q": "λαρνακ"}, "Δήμος Λάρνακας", "Δήμος Μυτιλήνης"),
        ({"region": "north-aegean"}, "Δήμος Μυτιλήνης", "Δήμος Λάρνακας"),
        ({"kind": "association"}, "Ένωση", "Δήμος Λάρνακας"),
        ({"state": "closed"}, "Δήμος Μυτιλήνης", "Δήμος Λάρνακας"),
    ],
)
async def test_the_list_is_narrowed_down(
    site: Site, owner: RawConnection, query: dict[str, str], shown: str, hidden: str
) -> None:
    await owner.execute("UPDATE organisations SET closed_at = now() WHERE slug = 'mytilene'")
    administrator = await site.visitor("administrator")
    page = await administrator.get("/admin/organisations?" + urlencode(query))
    assert page.status == 200
    table = page.text[page.text.index("<table") :]
    assert shown in table
    assert hidden not in table


async def test_nothing_found_says_so_and_a_filter_that_is_none_is_refused(site: Site) -> None:
    administrator = await site.visitor("administrator")
    assert "<table" not in (await administrator.get("/admin/organisations?q=atlantis")).text
    assert (await administrator.get("/admin/organisations?kind=kingdom")).status == 400


async def test_a_changed_slug_leads_on_from_the_old_one(site: Site, owner: RawConnection) -> None:
    administrator, maria = await site.visitor("administrator"), await site.visitor("maria")
    path = "/admin/organisations/larnaca/edit"
    assert 'value="larnaca"' in (await administrator.get(path)).text
    names = {"name_el": "Δήμος Κιτίου", "name_en": "Municipality of Kition"}
    changed = await administrator.submit(path, {**names, "slug": "kition"})
    assert (changed.status, changed.location) == (303, "/admin/organisations/kition/edit")
    led = await maria.get("/municipalities/larnaca")
    assert (led.status, led.location) == (303, "/municipalities/kition")
    assert "Δήμος Κιτίου" in (await maria.follow(led)).text
    assert await owner.fetchval("SELECT name_en FROM groups WHERE slug = 'organisation-kition'") == names["name_en"]
    taken = await administrator.submit("/admin/organisations", {**CHIOS, "slug": "larnaca"})
    assert (taken.status, 'id="slug-error"' in taken.text) == (422, True), "an old link never leads somewhere else"
    back = await administrator.submit("/admin/organisations/kition/edit", {**names, "slug": "larnaca"})
    assert back.location == "/admin/organisations/larnaca/edit"
    assert (await maria.get("/municipalities/kition")).location == "/municipalities/larnaca"
    assert (await maria.get("/municipalities/larnaca")).status == 200
