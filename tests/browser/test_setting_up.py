"""The first visit of all: an empty forum, the link it printed, its first administrator."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from playwright.async_api import Browser

from forum.i18n import Language
from tests.browser.conftest import new_window
from tests.browser.window import everywhere
from tests.cast import PASSWORD
from tests.drills.forum_process import forum


@everywhere
async def test_the_printed_link_makes_the_first_administrator_and_then_is_gone(
    chromium: Browser, data_dir: Path, language: Language, width: int
) -> None:
    with forum(data_dir) as process:
        found = re.search(r"\bhttp://\S+(/setup/\S+)", process.said())
        assert found, process.said()
        async with new_window(chromium, process.url, language=language, width=width) as window:
            await window.go("/")
            assert window.path == "/login"
            await window.says("The forum has no members yet")
            await window.shows("make run")
            assert await window.page.locator("input[type=password]").count() == 0

            await window.go(found[1])
            await window.field("Name").fill("Χριστίνα Ιωάννου")
            await window.field("E-mail address").fill("christina@union.example")
            await window.field("Password").fill("κωδικός")
            await window.field("Password once more").fill("κωδικός")
            await window.press(window.say("Create the administrator"), status=422)
            assert await window.field("Name").input_value() == "Χριστίνα Ιωάννου"
            assert await window.field("Password").input_value() == ""
            assert await window.field("Organisation").get_attribute("aria-invalid") == "true"

            union = {"el": "Ένωση Δήμων Κύπρου", "en": "Union of Cyprus Municipalities"}[language]
            await window.field("Organisation").select_option(label=union)
            await window.field("Password").fill(PASSWORD)
            await window.field("Password once more").fill(PASSWORD)
            await window.press(window.say("Create the administrator"))
            assert window.path == "/"
            await window.says("The first administrator has been created. Welcome to Koinon.")
            assert await window.heading() == window.say("Today")

            await window.go(found[1], status=404)
        async with new_window(chromium, process.url, language=language, width=width) as guest:
            await guest.go(found[1], status=404)
            await guest.go("/login")
            assert await guest.field("Password").is_visible()
        assert await asyncio.to_thread(process.stop) == 0
