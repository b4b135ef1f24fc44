"""Who forgot their password sets another by the link of a letter, as people do it, in each language."""

from __future__ import annotations

import re

from forum.db import RawConnection
from forum.i18n import Language
from forum.keys import CONFIG, DB
from tests.browser.conftest import OpenPage
from tests.browser.window import everywhere
from tests.cast import email
from tests.mail.post_office import Letter
from tests.mail.sending import send_due
from tests.site import Site

_NEW = "δεκατρείς ανεμόμυλοι"


@everywhere
async def test_a_member_comes_in_again_by_the_link_of_a_letter(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int
) -> None:
    await owner.execute("UPDATE members SET language = $1 WHERE email = $2", language, email("maria"))
    window = await open_page(None, language=language, width=width)
    await window.go("/login")
    await window.follow(window.say("Forgotten your password?"))
    assert await window.heading() == window.say("Forgotten password")
    await window.field("E-mail address").fill("no address")
    await window.press(window.say("Send the link"), status=422)
    assert await window.field("E-mail address").input_value() == "no address"
    await window.field("E-mail address").fill(email("maria"))
    await window.press(window.say("Send the link"))
    assert await window.heading() == window.say("Look into your mail")

    config = site.app[CONFIG]
    await send_due(site.app[DB], config)
    (file,) = config.mail_folder.glob("*.eml")
    letter = Letter(email("maria"), file.read_bytes())
    assert letter.subject == window.say("Choose a new password")
    assert f'lang="{language}"' in letter.html
    found = re.search(r"https?://[^/\s]+(/password/[\w-]+)", letter.text)
    assert found
    assert found[0] in letter.html

    await window.go(found[1])
    assert await window.heading() == window.say("New password")
    await window.field("New password").fill(_NEW)
    await window.field("New password once more").fill(_NEW + "!")
    await window.press(window.say("Set the password"), status=422)
    await window.field("New password").fill(_NEW)
    await window.field("New password once more").fill(_NEW)
    await window.press(window.say("Set the password"))
    assert window.path == "/login"
    await window.says("Your new password is set. Sign in with it.")
    await window.field("E-mail address").fill(email("maria"))
    await window.field("Password").fill(_NEW)
    await window.press(window.say("Sign in"))
    assert window.path == "/"
    await window.go(found[1], status=404)
    assert await window.heading() == window.say("This link is no longer good")
