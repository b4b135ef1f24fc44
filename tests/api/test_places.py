"""Places by programs: an administrator's adds and changes regions and municipalities, once a key."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from tests.api.arrange import faulty, problem
from tests.site import Site

REGION = {"name_el": "Κρήτη", "name_en": "Crete", "country": "GR", "nuts": "EL43"}
PLACE = {"name_el": "Δήμος Χανίων", "name_en": "Municipality of Chania", "region": "north-aegean"}


async def test_a_region_is_added_shown_and_changed(site: Site) -> None:
    program = await site.program("administrator")
    made = await program.post("/api/v1/regions", json=REGION)
    assert made.status == 201, made.text
    assert made.headers["Location"].endswith("/api/v1/regions/crete")
    assert (await program.get("/api/v1/regions/crete")).json == made.json
    changed = await program.patch("/api/v1/regions/crete", json={"subdivision": "GR-M", "name_el": "Νήσος Κρήτη"})
    assert changed.json == {**made.json, "subdivision": "GR-M", "name_el": "Νήσος Κρήτη", "name": "Νήσος Κρήτη"}
    assert (await program.patch("/api/v1/regions/crete", json={"nuts": None})).json["nuts"] is None


async def test_the_country_is_that_of_the_code_where_none_is_named(site: Site) -> None:
    program = await site.program("administrator")
    for name, nuts, country in (("Crete", "EL43", "GR"), ("Sicily", "ITG1", "IT")):
        made = await program.post("/api/v1/regions", json={"name_el": name, "name_en": name, "nuts": nuts})
        assert made.json["country"] == country


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"country": "US"}, "country"),
        ({"nuts": "GR43"}, "nuts"),
        ({"subdivision": "GR-Z"}, "subdivision"),
        ({"slug": "cyprus"}, "slug"),
        ({"slug": "Κρήτη"}, "slug"),
        ({"name_el": " "}, "name_el"),
        ({"climate": "mild"}, "climate"),
    ],
)
async def test_a_region_that_will_not_do_is_refused_by_its_field(
    site: Site, changed: dict[str, object], field: str
) -> None:
    program = await site.program("administrator")
    assert faulty(await program.post("/api/v1/regions", json={**REGION, **changed})) == {field}


async def test_a_municipality_is_added_shown_and_changed(site: Site) -> None:
    program = await site.program("administrator")
    made = await program.post("/api/v1/municipalities", json=PLACE)
    assert made.status == 201, made.text
    assert (made.json["slug"], made.json["state"], made.json["merged_into"]) == ("chania", "open", None)
    assert (await program.get("/api/v1/municipalities/chania")).json == made.json
    change = {"slug": "chania-crete", "population": 100, "population_year": 2021}
    changed = await program.patch("/api/v1/municipalities/chania", json=change)
    assert changed.json == {**made.json, **change}
    assert (await program.get("/api/v1/municipalities/chania")).json == changed.json, "the old slug leads there"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"region": "atlantis"}, "region"),
        ({"population": 5}, "population_year"),
        ({"population": 0, "population_year": 2021}, "population"),
        ({"slug": "larnaca"}, "slug"),
        ({"name_en": "x" * 161}, "name_en"),
    ],
)
async def test_a_municipality_that_will_not_do_is_refused_by_its_field(
    site: Site, changed: dict[str, object], field: str
) -> None:
    program = await site.program("administrator")
    assert faulty(await program.post("/api/v1/municipalities", json={**PLACE, **changed})) == {field}


@pytest.mark.parametrize(("path", "sent"), [("regions", REGION), ("municipalities", PLACE)])
async def test_the_same_key_adds_one_and_only_administrators_may(
    site: Site, owner: RawConnection, path: str, sent: dict[str, object]
) -> None:
    program, maria = await site.program("administrator"), await site.program("maria")
    headers = {"Idempotency-Key": "once"}
    answers = [await program.post(f"/api/v1/{path}", json=sent, headers=headers) for _ in "12"]
    assert (answers[0].status, answers[0].json) == (201, answers[1].json)
    assert await owner.fetchval("SELECT count(*) FROM groups WHERE name_el = $1", sent["name_el"]) == 1
    problem(await maria.post(f"/api/v1/{path}", json=sent), 403)
    problem(await maria.patch(f"/api/v1/{path}/nowhere", json={}), 403)
    problem(await program.patch(f"/api/v1/{path}/nowhere", json={}), 404)
