"""Who the caller is, and who takes part: regions, municipalities, members; suspension by administrators."""

from __future__ import annotations

from typing import Any

from forum.db import RawConnection
from tests.api.arrange import faulty, problem
from tests.cast import email
from tests.site import Program, Site


async def _all(program: Program, path: str, limit: int = 100) -> list[Any]:
    items: list[Any] = []
    cursor = ""
    while True:
        page = (await program.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor}")).json
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = f"&cursor={page['next']}"


async def test_me_is_the_member_with_their_place_and_groups(site: Site) -> None:
    me = (await (await site.program("maria")).get("/api/v1/me")).json
    assert me == {
        "id": site.cast.maria.member_id,
        "name": "Μαρία Χατζηγιάννη",
        "email": email("maria"),
        "role": "member",
        "organisation": "larnaca",
        "organisation_name": "Δήμος Λάρνακας",
        "municipality": "larnaca",
        "region": "cyprus",
        "groups": me["groups"],
        "language": "el",
        "zone": me["zone"],
    }
    assert {group["slug"] for group in me["groups"]} == {"region-cyprus", "organisation-larnaca"}
    assert me["groups"][0].keys() == {"id", "slug", "name", "name_el", "name_en"}


async def test_a_member_of_an_association_has_neither_municipality_nor_region(site: Site) -> None:
    me = (await (await site.program("administrator")).get("/api/v1/me")).json
    assert (me["municipality"], me["region"], me["role"]) == (None, None, "administrator")
    assert (await (await site.program("moderator")).get("/api/v1/me")).json["role"] == "moderator"


async def test_regions_and_municipalities_are_listed_in_the_callers_language(site: Site) -> None:
    maria, sophie = await site.program("maria"), await site.program("sophie")
    assert [region["name"] for region in await _all(maria, "/api/v1/regions")] == ["Βόρειο Αιγαίο", "Κύπρος"]
    assert [region["name"] for region in await _all(sophie, "/api/v1/regions")] == ["Cyprus", "North Aegean"]
    cyprus = (await maria.get("/api/v1/regions")).json["items"][1]
    assert (cyprus["slug"], cyprus["country"], cyprus["municipality_count"]) == ("cyprus", "CY", 29)
    municipalities = await _all(maria, "/api/v1/municipalities", limit=15)
    assert len({municipality["slug"] for municipality in municipalities}) == len(municipalities) == 40
    aegean = await _all(maria, "/api/v1/municipalities?region=north-aegean")
    assert len(aegean) == 11
    assert {municipality["region"] for municipality in aegean} == {"north-aegean"}
    assert await _all(maria, "/api/v1/municipalities?region=nowhere") == []


async def test_a_municipality_is_shown_and_an_association_is_none(site: Site) -> None:
    maria = await site.program("maria")
    shown = (await maria.get("/api/v1/municipalities/larnaca")).json
    assert (shown["name"], shown["name_en"], shown["region"]) == (
        "Δήμος Λάρνακας",
        "Municipality of Larnaca",
        "cyprus",
    )
    assert shown["member_count"] == 1
    for slug in ("nowhere", "union-of-cyprus-municipalities", "%00x"):
        assert (await maria.get(f"/api/v1/municipalities/{slug}")).status in {400, 404}


async def test_members_are_listed_by_name_and_found_by_part_of_it(site: Site) -> None:
    maria = await site.program("maria")
    names = [member["name"] for member in await _all(maria, "/api/v1/members", limit=3)]
    assert names[:2] == ["Jean Dupont", "Sophie Maertens"]
    assert len(names) == len(set(names)) == 7
    found = await _all(maria, "/api/v1/members?q=%CF%87%CE%B1%CF%84%CE%B6%CE%B7%CE%B3")
    assert [member["name"] for member in found] == ["Μαρία Χατζηγιάννη"]
    of_larnaca = await _all(maria, "/api/v1/members?organisation=larnaca")
    assert [member["id"] for member in of_larnaca] == [site.cast.maria.member_id]


async def test_no_address_is_told_of_other_members(site: Site) -> None:
    maria = await site.program("maria")
    shown = await maria.get(f"/api/v1/members/{site.cast.nikos.member_id}")
    assert shown.json["name"] == "Νίκος Καραντώνης"
    assert "email" not in shown.json
    assert "@" not in shown.text + (await maria.get("/api/v1/members")).text


async def test_an_administrator_suspends_a_member_and_lets_them_in_again(site: Site, owner: RawConnection) -> None:
    christina, nikos = await site.program("administrator"), await site.program("nikos")
    browser = await site.visitor("nikos")
    path = f"/api/v1/members/{site.cast.nikos.member_id}"
    sent = {"suspended_until": "2199-01-31T22:00:00+02:00", "reason": "Έφυγε από τον δήμο."}
    assert (await browser.get("/settings")).status == 200
    suspended = await christina.patch(path, json=sent)
    assert (suspended.status, suspended.json["is_suspended"]) == (200, True)
    assert problem(await nikos.get("/api/v1/me"), 401) == "unauthenticated"
    assert (await browser.get("/settings")).status == 303
    row = await owner.fetchrow(
        "SELECT suspended_until, suspension_reason FROM members WHERE id = $1", site.cast.nikos.member_id
    )
    assert row is not None
    assert (row[0].isoformat(), row[1]) == ("2199-01-31T20:00:00+00:00", "Έφυγε από τον δήμο.")
    restored = await christina.patch(path, json={"suspended_until": None})
    assert (restored.status, restored.json["is_suspended"]) == (200, False)
    assert (await nikos.get("/api/v1/me")).status == 200


async def test_nobody_else_suspends_anybody_nor_an_administrator_themselves(site: Site, owner: RawConnection) -> None:
    sent = {"suspended_until": "2199-01-31T22:00:00Z", "reason": "x"}
    path = f"/api/v1/members/{site.cast.administrator.member_id}"
    for person in ("maria", "moderator"):
        assert problem(await (await site.program(person)).patch(path, json=sent), 403) == "not_administrator"
    christina = await site.program("administrator")
    assert problem(await christina.patch(path, json=sent), 403) == "cannot_suspend_self"
    assert problem(await christina.patch("/api/v1/members/999999", json=sent), 404) == "not_found"
    assert await owner.fetchval("SELECT count(*) FROM members WHERE suspended_until IS NOT NULL") == 1


async def test_a_suspension_without_a_reason_or_in_the_past_is_422(site: Site) -> None:
    christina = await site.program("administrator")
    path = f"/api/v1/members/{site.cast.nikos.member_id}"
    later = "2199-01-31T22:00:00Z"
    for sent, fields in (
        ({"suspended_until": later}, {"reason"}),
        ({"suspended_until": later, "reason": " "}, {"reason"}),
        ({"suspended_until": later, "reason": "a" * 501}, {"reason"}),
        ({"suspended_until": "2020-01-01T00:00:00Z", "reason": "x"}, {"suspended_until"}),
        ({"suspended_until": "2199-01-31T22:00:00", "reason": "x"}, {"suspended_until"}),
        ({"suspended_until": "2199-02-31T22:00:00Z", "reason": "x"}, {"suspended_until"}),
        ({"suspended_until": "9999-12-31T23:59:59-23:59", "reason": "x"}, {"suspended_until"}),
        ({"suspended_until": 7258118400, "reason": "x"}, {"suspended_until"}),
        ({"suspended_until": "infinity", "reason": "x"}, {"suspended_until"}),
        ({"suspended_until": later, "reason": "", "role": "administrator"}, {"reason"}),
        ({"role": "king"}, {"role"}),
        ({}, {"suspended_until"}),
    ):
        assert faulty(await christina.patch(path, json=sent)) == fields, sent
    assert (await (await site.program("nikos")).get("/api/v1/me")).json["role"] == "member"
