"""Organisations: a directory in the order of the alphabet, found by whatever somebody calls them."""

from __future__ import annotations

import pytest

from forum.db import Database, RawConnection
from forum.domain import organisations
from forum.errors import BadRequest, Invalid, NotFound
from forum.i18n import fold
from tests.cast import Cast


async def test_the_municipalities_are_listed_as_in_a_directory(db: Database) -> None:
    async with db.read() as conn:
        in_greek = await organisations.list_organisations(conn, kind="municipality")
        in_english = await organisations.list_organisations(conn, kind="municipality", language="en")
    assert len(in_greek) == len(in_english) == 40
    names = [organisation.name_el for organisation in in_greek]
    assert names == sorted(names, key=fold)
    assert names[0] == "Δήμος Αγίας Νάπας"
    assert [organisation.name_en for organisation in in_english][:2] == [
        "Municipality of Agios Efstratios",
        "Municipality of Akamas",
    ]


async def test_a_directory_can_be_of_a_region_or_of_a_kind(db: Database) -> None:
    async with db.read() as conn:
        aegean = await organisations.list_organisations(conn, region="north-aegean")
        cyprus = await organisations.list_organisations(conn, region="cyprus", kind="municipality")
        associations = await organisations.list_organisations(conn, kind="association")
        assert await organisations.list_organisations(conn, region="crete") == []
    assert len(aegean) == 11
    assert sum(organisation.is_displaced for organisation in cyprus) == 9
    assert {association.region_slug for association in associations} == {None}
    assert len(associations) == 2


async def test_an_organisation_knows_its_region_and_how_many_members_it_has(db: Database, cast: Cast) -> None:
    async with db.read() as conn:
        larnaca = await organisations.organisation(conn, cast.maria.organisation_slug)
        lesvos = await organisations.organisation(conn, "mytilene")
        with pytest.raises(NotFound):
            await organisations.organisation(conn, "atlantis")
    assert (larnaca.region_name_el, larnaca.district_en, larnaca.member_count) == ("Κύπρος", "Larnaca", 1)
    assert lesvos.population
    assert lesvos.population_year == 2011


@pytest.mark.parametrize(
    "text",
    [
        "larnaca",
        "Δήμος Λάρνακας",
        "ΔΗΜΟΣ ΛΑΡΝΑΚΑΣ",
        "δημος  λαρνακας",
        "Λάρνακας",
        " λαρνακας ",
        "Municipality of Larnaca",
        "LARNACA",
    ],
)
async def test_an_organisation_is_found_by_whatever_it_is_called(db: Database, text: str) -> None:
    async with db.read() as conn:
        assert (await organisations.find(conn, text)).slug == "larnaca"


async def test_an_association_is_found_by_its_names(db: Database) -> None:
    async with db.read() as conn:
        by_greek = await organisations.find(conn, "Ένωση Δήμων Κύπρου")
        by_english = await organisations.find(conn, "union of cyprus municipalities")
    assert by_greek == by_english
    assert by_greek.kind == "association"


@pytest.mark.parametrize("text", ["", "Δήμος", "Larnac_", "%", "Atlantis"])
async def test_what_nobody_is_called_is_not_found(db: Database, text: str) -> None:
    async with db.read() as conn:
        with pytest.raises(NotFound):
            await organisations.find(conn, text)


async def test_text_that_no_name_can_be_is_a_bad_request(db: Database) -> None:
    async with db.read() as conn:
        for hostile in ("a\0b", "\ud800"):
            with pytest.raises(BadRequest):
                await organisations.find(conn, hostile)


async def test_a_name_that_two_have_is_asked_back(db: Database) -> None:
    async with db.write() as tx:
        await organisations.create(tx, slug="larnaca-port", kind="partner", name_el="Λάρνακας", name_en="Larnaca Port")
        with pytest.raises(Invalid) as refused:
            await organisations.find(tx, "Λάρνακας")
        assert refused.value.fields == {"organisation": ("ambiguous",)}
        assert (await organisations.find(tx, "larnaca")).slug == "larnaca"


async def test_a_new_organisation_has_a_group_and_an_audit_entry(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    async with db.write() as tx:
        organisation_id = await organisations.create(
            tx,
            slug="kefalonia",
            kind="partner",
            name_el="Δίκτυο Ιονίων",
            name_en="Ionian Network",
            actor_id=cast.administrator.member_id,
        )
    [group] = await owner.fetch("SELECT slug, kind, organisation_id FROM groups WHERE name_en = 'Ionian Network'")
    assert tuple(group) == ("organisation-kefalonia", "organisation", organisation_id)
    [entry] = await owner.fetch("SELECT act, actor_id, subject_id FROM audit_entries")
    assert tuple(entry) == ("organisation.created", cast.administrator.member_id, organisation_id)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"slug": "larnaca", "kind": "municipality", "region": "cyprus"}, {"slug": ("taken",)}),
        ({"slug": "new", "kind": "municipality"}, {"region": ("required",)}),
        ({"slug": "new", "kind": "municipality", "region": "atlantis"}, {"region": ("unknown",)}),
        ({"slug": "new", "kind": "partner", "region": "cyprus"}, {"region": ("not_allowed",)}),
    ],
)
async def test_an_organisation_that_cannot_be_is_invalid(
    db: Database, values: dict[str, str], fault: dict[str, tuple[str, ...]]
) -> None:
    async with db.write() as tx:
        with pytest.raises(Invalid) as refused:
            await organisations.create(tx, name_el="Νέος", name_en="New", **values)  # type: ignore[arg-type]  # a table
    assert refused.value.fields == fault
