"""Who is invited becomes a member, as people do it: by a message, and by a link for several, in each language."""

from __future__ import annotations

import re

from forum.db import RawConnection
from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen
from tests.browser.letters import last_letter, way_in
from tests.browser.window import Window, everywhere
from tests.site import Site

_ADDRESS = "eleni@mytilene.example"
_PASSWORD = "δεκατρείς ανεμόμυλοι"


async def _become_a_member(window: Window) -> None:
    await window.field("Name").fill("Ελένη Αργυρού")
    await window.field("Password").fill("short")
    await window.press(window.say("Become a member"), status=422)
    assert await window.field("Name").input_value() == "Ελένη Αργυρού"
    await window.field("Password").fill(_PASSWORD)
    await window.field("Password once more").fill(_PASSWORD)
    await window.main.get_by_role("checkbox").check()
    await window.press(window.say("Become a member"))


@everywhere
async def test_an_invited_person_begins_where_they_were_led(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    topic = await (await Pen.of(site, "nikos")).start("Καλώς ήρθατε", "Εδώ ξεκινούμε.")
    desk = await open_page("administrator", language=language, width=width)
    await desk.go("/admin")
    await desk.follow(desk.say("Invitations"))
    await desk.follow(desk.say("Invite by mail"))
    await desk.field("E-mail addresses").fill(_ADDRESS)
    await desk.field("Organisation").select_option("mytilene")
    await desk.field("Language of the invitation").select_option(language)
    await desk.main.get_by_label(desk.say("Topic to begin with")).fill(desk.address + topic.path)
    await desk.press(desk.say("Send the invitation"))
    assert _ADDRESS in await desk.main.inner_text()

    letter = await last_letter(site)
    assert f'lang="{language}"' in letter.html
    way = way_in(letter, "invite")
    guest = await open_page(None, language=language, width=width)
    await guest.go(way)
    assert await guest.heading() == guest.say("Your invitation")
    await _become_a_member(guest)
    assert guest.path == topic.path
    other = await open_page(None, language=language, width=width)
    await other.go(way, status=404)

    await desk.go("/admin/invitations")
    await desk.follow(_ADDRESS)
    assert "Ελένη Αργυρού" in await desk.main.inner_text()


@everywhere
async def test_a_link_for_several_leads_to_an_invitation_of_ones_own(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int
) -> None:
    desk = await open_page("administrator", language=language, width=width)
    await desk.go("/admin/invitations")
    await desk.follow(desk.say("Make a link for several"))
    await desk.field("Organisation").select_option("larnaca")
    await desk.press(desk.say("Make the link"))
    shown = re.search(r"(/invite/[\w-]+)", await desk.page.content())
    assert shown
    guest = await open_page(None, language=language, width=width)
    await guest.go(shown[1])
    await guest.field("E-mail address").fill(_ADDRESS)
    await guest.press(guest.say("Send me the invitation"))
    assert guest.path == "/invite/sent"
    await guest.go(way_in(await last_letter(site), "invite"))
    await _become_a_member(guest)
    assert guest.path == "/"
    assert (
        await owner.fetchval(
            "SELECT organisations.slug FROM members JOIN organisations ON organisations.id = "
            "members.organisation_id WHERE members.email = $1",
            _ADDRESS,
        )
        == "larnaca"
    )
