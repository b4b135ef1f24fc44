"""Regions: the two to begin with, and others of Greece or the Union."""

from __future__ import annotations

import pytest

from forum.db import Database, RawConnection
from forum.domain import groups, organisations, regions
from forum.domain.entities import Role
from forum.domain.members import create as create_member
from forum.errors import BadRequest, Invalid, NotFound
from tests.cast import Cast


async def test_the_two_regions_stand_in_the_order_of_their_names(db: Database) -> None:
    async with db.read() as conn:
        in_greek = await regions.list_regions(conn)
        in_english = await regions.list_regions(conn, language="en")
    assert [region.name_el for region in in_greek] == ["Βόρειο Αιγαίο", "Κύπρος"]
    assert [(region.name_en, region.municipality_count) for region in in_english] == [
        ("Cyprus", 29),
        ("North Aegean", 11),
    ]


async def test_a_region_is_found_by_its_slug(db: Database) -> None:
    async with db.read() as conn:
        region = await regions.region(conn, "north-aegean")
        assert (region.country, region.subdivision, region.nuts) == ("GR", "GR-K", "EL41")
        with pytest.raises(NotFound):
            await regions.region(conn, "crete")
        with pytest.raises(BadRequest):
            await regions.region(conn, "a\0b")


async def test_a_new_region_has_a_group_that_its_municipalities_members_are_in(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    actor_id = cast.administrator.member_id
    async with db.write() as tx:
        region_id = await regions.create(
            tx, slug="crete", name_el="Κρήτη", name_en="Crete", country="GR", nuts="EL43", actor_id=actor_id
        )
        organisation_id = await organisations.create(
            tx,
            slug="heraklion",
            kind="municipality",
            name_el="Δήμος Ηρακλείου",
            name_en="Municipality of Heraklion",
            region="crete",
        )
        member_id = await create_member(
            tx,
            email="eleni@heraklion.example",
            name="Ελένη Καζαντζάκη",
            organisation_id=organisation_id,
            password_hash="x",
            role=Role.MEMBER,
            language="el",
            zone=None,
        )
        assert (await regions.region(tx, "crete")).municipality_count == 1
        of_member = await groups.list_of_member(tx, member_id)
    assert {group.slug for group in of_member} == {"region-crete", "organisation-heraklion"}
    [entry] = await owner.fetch("SELECT actor_id, subject_id, after FROM audit_entries WHERE act = 'region.created'")
    assert (entry["actor_id"], entry["subject_id"]) == (actor_id, region_id)


async def test_a_slug_that_is_taken_is_invalid(db: Database) -> None:
    async with db.write() as tx:
        with pytest.raises(Invalid) as refused:
            await regions.create(tx, slug="cyprus", name_el="Κύπρος", name_en="Cyprus", country="CY")
    assert refused.value.fields == {"slug": ("taken",)}
