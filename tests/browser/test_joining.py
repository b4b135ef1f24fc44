"""Coming in by applying and from a file, and changing one's address, as people do it, in each language."""

from __future__ import annotations

import pytest
from playwright.async_api import FilePayload

from forum.db import RawConnection
from forum.i18n import Language
from tests import cast as people
from tests.browser.conftest import OpenPage
from tests.browser.letters import last_letter, way_in
from tests.browser.window import everywhere
from tests.cast import PASSWORD
from tests.site import Site

_ADDRESS = "eleni@mytilene.example"
_PASSWORD = "δεκατρείς ανεμόμυλοι"
_TABLE = (
    "Ονοματεπώνυμο;E-mail;Φορέας;Γλώσσα\r\n"
    "Ελένη Αργυρού;eleni@mytilene.example;Δήμος Μυτιλήνης;{language}\r\n"
    "Πέτρος Λουκά;petros@larnaca.example;Ατλαντίδα;\r\n"
)


@everywhere
async def test_who_applies_is_let_in(open_page: OpenPage, site: Site, language: Language, width: int) -> None:
    desk = await open_page("administrator", language=language, width=width)
    await desk.go("/admin")
    await desk.follow(desk.say("Mail domains"))
    await desk.field("Domain").fill("@mytilene.example")
    await desk.field("Organisation").select_option("mytilene")
    await desk.press(desk.say("Add"))

    guest = await open_page(None, language=language, width=width)
    await guest.go("/login")
    await guest.follow(guest.say("Ask to become a member"))
    await guest.field("E-mail address").fill(_ADDRESS)
    await guest.press(guest.say("Send me the link"))
    assert guest.path == "/join/sent"
    await guest.go(way_in(await last_letter(site), "join"))
    assert await guest.field("Organisation").input_value() == "mytilene", "proposed by the address"
    await guest.press(guest.say("Send the application"), status=422)
    await guest.field("Name").fill("Ελένη Αργυρού")
    await guest.press(guest.say("Send the application"))
    assert guest.path == "/join/received"

    told = await last_letter(site)
    await desk.go(way_in(told, "admin"))
    assert _ADDRESS in await desk.main.inner_text()
    await desk.press(desk.say("Approve and invite"))
    invited = await last_letter(site)
    assert f'lang="{language}"' in invited.html
    await guest.go(way_in(invited, "invite"))
    assert await guest.heading() == guest.say("Your invitation")


@everywhere
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts-on", "scripts-off"])
async def test_a_file_is_looked_at_and_done(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int, scripts: bool
) -> None:
    desk = await open_page("administrator", language=language, width=width, scripts=scripts)
    await desk.go("/admin")
    await desk.follow(desk.say("Members from a file"))
    await desk.press(desk.say("Look at it first"), status=422)
    content = _TABLE.format(language=language).encode("cp1253")
    await desk.field("CSV file").set_input_files(FilePayload(name="Μέλη.csv", mimeType="text/csv", buffer=content))
    await desk.press(desk.say("Look at it first"))
    assert await desk.heading() == "Μέλη.csv"
    text = await desk.main.inner_text()
    assert "Ατλαντίδα" in text
    assert await owner.fetchval("SELECT count(*) FROM members WHERE email = $1", _ADDRESS) == 0
    button = desk.main.get_by_role(
        "button",
        name=desk.count(
            "Make %(n)s person a member and write to them", "Make %(n)s people members and write to them", 1
        ),
    )
    await button.click()
    await desk.page.wait_for_function(
        "text => document.querySelector('.figures dt')?.textContent === text", arg=desk.say("Have become members")
    )
    assert await owner.fetchval("SELECT count(*) FROM members WHERE email = $1", _ADDRESS) == 1

    welcome = await last_letter(site)
    assert f'lang="{language}"' in welcome.html
    guest = await open_page(None, language=language, width=width)
    await guest.go(way_in(welcome, "password"))
    await guest.field("New password").fill(_PASSWORD)
    await guest.field("New password once more").fill(_PASSWORD)
    await guest.press(guest.say("Set the password"))
    await guest.field("E-mail address").fill(_ADDRESS)
    await guest.field("Password").fill(_PASSWORD)
    await guest.press(guest.say("Sign in"))
    assert guest.path == "/terms/accept"


@everywhere
async def test_an_address_is_changed_and_taken_back(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int
) -> None:
    maria = await open_page("maria", language=language, width=width)
    await maria.go("/settings")
    await maria.follow(maria.say("Change the address"))
    await maria.field("New e-mail address").fill(_ADDRESS)
    await maria.press(maria.say("Send the link"))
    await maria.go(way_in(await last_letter(site), "address"))
    await maria.press(maria.say("Confirm it"))
    assert maria.path == "/settings"
    assert _ADDRESS in await maria.main.inner_text()

    guest = await open_page(None, language=language, width=width)
    await guest.go(way_in(await last_letter(site), "address"))
    await guest.press(guest.say("Take it back"))
    assert await owner.fetchval("SELECT count(*) FROM members WHERE email = $1", people.email("maria")) == 1
    await maria.go("/settings")
    assert maria.path.startswith("/login")
    await maria.field("E-mail address").fill(people.email("maria"))
    await maria.field("Password").fill(PASSWORD)
    await maria.press(maria.say("Sign in"), status=422)
