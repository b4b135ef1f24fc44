"""Municipalities that come from a file, merge, move and close, and a free group, as people do it, in each language."""

from __future__ import annotations

import pytest
from playwright.async_api import FilePayload

from forum.db import RawConnection
from forum.i18n import Language
from tests import cast as people
from tests.browser.conftest import OpenPage
from tests.browser.window import Window, everywhere
from tests.site import Site

_TABLE = (
    "Όνομα στα ελληνικά;Όνομα στα αγγλικά;Περιοχή;Πληθυσμός;Έτος απογραφής\r\n"
    "Δήμος Καλλονής;Municipality of Kalloni;Βόρειο Αιγαίο;8000;2021\r\n"
    "Δήμος Ατλαντίδας;Municipality of Atlantis;Ατλαντίδα;1;2021\r\n"
)


async def _open_organisation(desk: Window, english: str, greek: str) -> None:
    await desk.go("/admin")
    await desk.follow(desk.say("Organisations"), within=desk.main)
    await desk.follow(greek if desk.language == "el" else english, within=desk.main)


@everywhere
async def test_municipalities_merge_and_their_words_keep_their_name(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int
) -> None:
    maria = await site.visitor("maria")
    await maria.get("/categories/questions/new")
    made = await maria.submit("/categories/questions/new", {"title": "Νερό και δίκτυα", "body": "Πώς μετράτε;"})
    desk = await open_page("administrator", language=language, width=width)
    await _open_organisation(desk, "Municipality of Larnaca", "Δήμος Λάρνακας")
    await desk.follow(desk.say("Merge into another"), within=desk.main)
    await desk.press(desk.say("Show what will happen"), status=422)
    await desk.field("Into which organisation").select_option("limassol")
    await desk.press(desk.say("Show what will happen"))
    await desk.says("Nobody gains or loses a right.")
    await owner.execute(
        "UPDATE members SET organisation_id = (SELECT id FROM organisations WHERE slug = 'larnaca') WHERE email = $1",
        people.email("nikos"),
    )
    await desk.press(desk.say("Merge them"), status=409)
    await desk.says("Something has changed since you were shown what would happen. Please look at it again.")
    await desk.press(desk.say("Merge them"))
    assert desk.path == "/admin/organisations/limassol/edit"
    reader = await open_page("maria", language=language, width=width)
    await reader.go(made.location)
    assert "Λάρνακας" in await reader.post(1).inner_text() or "Larnaca" in await reader.post(1).inner_text()
    await reader.go("/municipalities/larnaca")
    assert reader.path == "/municipalities/limassol"


@everywhere
async def test_a_municipality_moves_closes_and_opens_again(
    open_page: OpenPage, owner: RawConnection, language: Language, width: int
) -> None:
    desk = await open_page("administrator", language=language, width=width)
    await _open_organisation(desk, "Municipality of Mytilene", "Δήμος Μυτιλήνης")
    await desk.follow(desk.say("Move to another region"), within=desk.main)
    await desk.field("To which region").select_option("cyprus")
    await desk.press(desk.say("Show what will happen"))
    assert await desk.main.get_by_role("button", name=desk.say("Move it")).is_visible()
    await desk.press(desk.say("Move it"))
    assert (
        await owner.fetchval(
            "SELECT regions.slug FROM organisations JOIN regions ON regions.id = region_id "
            "WHERE organisations.slug = 'mytilene'"
        )
        == "cyprus"
    )
    await desk.follow(desk.say("Close"), within=desk.main)
    await desk.press(desk.say("Close"), within=desk.main)
    await _open_organisation(desk, "Municipality of Mytilene", "Δήμος Μυτιλήνης")
    await desk.press(desk.say("Open again"))
    assert await desk.main.get_by_role("link", name=desk.say("Close"), exact=True).is_visible()


@everywhere
async def test_municipalities_come_from_a_file(
    open_page: OpenPage, owner: RawConnection, language: Language, width: int
) -> None:
    desk = await open_page("administrator", language=language, width=width)
    await desk.go("/admin")
    await desk.follow(desk.say("Organisations"), within=desk.main)
    await desk.follow(desk.say("Municipalities from a file"), within=desk.main)
    await desk.press(desk.say("Look at it first"), status=422)
    content = _TABLE.encode("cp1253")
    await desk.field("CSV file").set_input_files(FilePayload(name="Δήμοι.csv", mimeType="text/csv", buffer=content))
    await desk.press(desk.say("Look at it first"))
    assert "Ατλαντίδα" in await desk.main.inner_text()
    assert await owner.fetchval("SELECT count(*) FROM organisations WHERE name_el = 'Δήμος Καλλονής'") == 0
    await desk.press(desk.count("Add %(n)s municipality", "Add %(n)s municipalities", 1))
    assert await owner.fetchval("SELECT count(*) FROM organisations WHERE name_el = 'Δήμος Καλλονής'") == 1
    assert await owner.fetchval("SELECT count(*) FROM organisations WHERE name_el = 'Δήμος Ατλαντίδας'") == 0
    await desk.press(desk.say("Forget the file now"))


@everywhere
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts-on", "scripts-off"])
async def test_a_free_group_is_made_and_kept_by_its_owner(
    open_page: OpenPage, language: Language, width: int, scripts: bool
) -> None:
    desk = await open_page("administrator", language=language, width=width, scripts=scripts)
    await desk.go("/admin")
    await desk.follow(desk.say("Groups"), within=desk.main)
    await desk.follow(desk.say("Make a group"), within=desk.main)
    await desk.press(desk.say("Make the group"), status=422)
    await desk.field("Name in Greek").fill("Νερό")
    await desk.field("Name in English").fill("Water")
    await desk.press(desk.say("Make the group"))
    assert desk.path == "/groups/water"
    await desk.says("Nobody is in it yet.")
    await desk.field("Member").fill("Κανένας Πουθενάς")
    await desk.press(desk.say("Add to the group"), status=422)
    assert await desk.field("Member").input_value() == "Κανένας Πουθενάς", "what was typed is kept"
    await desk.field("Member").fill("Μαρία Χατζηγιάννη")
    await desk.press(desk.say("Add to the group"))
    await desk.press(desk.say("Make an owner"))

    keeper = await open_page("maria", language=language, width=width, scripts=scripts)
    await keeper.go("/groups/water")
    await keeper.field("Member").fill("Νίκος Καραντώνης")
    await keeper.press(keeper.say("Add to the group"))
    await keeper.shows("Νίκος Καραντώνης")
    assert not await keeper.main.get_by_role("link", name=keeper.say("Delete it")).count()
    row = keeper.main.get_by_role("row").filter(has_text="Νίκος Καραντώνης")
    await keeper.press(keeper.say("Remove"), within=row)
    assert "Νίκος Καραντώνης" not in await keeper.main.get_by_role("table").inner_text()
