"""The administrators' regions: added with a group that has no rights, changed, and never with a code that is none."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from tests.site import Site

CRETE = {"name_el": "Κρήτη", "name_en": "Crete", "country": "GR", "subdivision": "GR-M", "nuts": "el43", "slug": ""}


async def test_a_region_is_added_with_its_group_which_has_no_rights(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    page = await administrator.get("/admin/regions/new")
    assert (page.status, "δεν έχει δικαιώματα" in page.text) == (200, True)
    added = await administrator.submit("/admin/regions", CRETE)
    assert (added.status, added.location) == (303, "/admin/regions")
    listed = await administrator.follow(added)
    assert "Κρήτη" in listed.text
    assert "Ελλάδα" in listed.text
    row = await owner.fetchrow(
        "SELECT regions.slug, regions.nuts, groups.slug AS of_group, "
        "(SELECT count(*) FROM grants WHERE grants.group_id = groups.id) AS granted "
        "FROM regions JOIN groups ON groups.region_id = regions.id WHERE regions.name_en = 'Crete'"
    )
    assert row is not None
    assert tuple(row) == ("crete", "EL43", "region-crete", 0)
    assert await owner.fetchval("SELECT act FROM audit_entries ORDER BY id DESC LIMIT 1") == "region.created"
    assert "Κρήτη" in (await administrator.get("/municipalities")).text


async def test_a_region_of_another_state_takes_the_codes_of_that_state(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    sicily = {
        **CRETE,
        "name_el": "Σικελία",
        "name_en": "Sicily",
        "country": "IT",
        "subdivision": "IT-82",
        "nuts": "ITG1",
    }
    assert (await administrator.submit("/admin/regions", sicily)).status == 303
    assert await owner.fetchval("SELECT country FROM regions WHERE slug = 'sicily'") == "IT"


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"name_el": ""}, "name_el"),
        ({"name_en": "x" * 121}, "name_en"),
        ({"country": "US"}, "country"),
        ({"country": "GB"}, "country"),
        ({"subdivision": "GR-Z"}, "subdivision"),
        ({"subdivision": "CY-01"}, "subdivision"),
        ({"subdivision": "M"}, "subdivision"),
        ({"nuts": "GR43"}, "nuts"),
        ({"nuts": "ITG1"}, "nuts"),
        ({"nuts": "EL4321"}, "nuts"),
        ({"slug": "Κρήτη"}, "slug"),
        ({"slug": "north-aegean"}, "slug"),
    ],
)
async def test_what_will_not_do_is_refused_and_kept(
    site: Site, owner: RawConnection, changed: dict[str, str], faulty: str
) -> None:
    administrator = await site.visitor("administrator")
    answer = await administrator.submit("/admin/regions", {**CRETE, **changed})
    assert answer.status == 422
    assert f'id="{faulty}-error"' in answer.text
    kept = "name_en" if faulty == "name_el" else "name_el"
    assert f'value="{ {**CRETE, **changed}[kept] }"' in answer.text
    assert await owner.fetchval("SELECT count(*) FROM regions") == 2


async def test_a_double_click_adds_one_region(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    page = await administrator.get("/admin/regions/new")
    form = {**CRETE, "idempotency_key": page.hidden("idempotency_key")}
    for _ in range(2):
        assert (await administrator.submit("/admin/regions", form)).status == 303
    assert await owner.fetchval("SELECT count(*) FROM regions") == 3


async def test_a_region_is_renamed_with_its_group_and_keeps_its_slug(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    path = "/admin/regions/north-aegean/edit"
    page = await administrator.get(path)
    assert 'value="EL41"' in page.text
    changed = {
        **CRETE,
        "name_el": "Αιγαίο",
        "name_en": "Aegean",
        "subdivision": "GR-K",
        "nuts": "EL41",
        "slug": "other",
    }
    assert (await administrator.submit(path, changed)).status == 303
    row = await owner.fetchrow(
        "SELECT regions.slug, groups.slug AS of_group, groups.name_el FROM regions "
        "JOIN groups ON groups.region_id = regions.id WHERE regions.name_en = 'Aegean'"
    )
    assert row is not None
    assert tuple(row) == ("north-aegean", "region-north-aegean", "Αιγαίο")
    refused = await administrator.submit(path, {**changed, "nuts": "CY000"})
    assert (refused.status, 'id="nuts-error"' in refused.text) == (422, True)
    assert (await administrator.get("/admin/regions/atlantis/edit")).status == 404
