"""Being told, as people live it: the bell, the list, how much one wants to hear, and the link that stops letters."""

from __future__ import annotations

import re

from forum.db import RawConnection
from forum.domain import notification_mails
from forum.i18n import Language
from forum.keys import CONFIG, DB
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen
from tests.browser.window import everywhere
from tests.cast import email
from tests.domain import telling
from tests.mail.post_office import Letter
from tests.mail.sending import send_due
from tests.site import Site


async def _mention_maria(site: Site, title: str) -> None:
    nikos = await Pen.of(site, "nikos")
    await nikos.start(title, f"@{site.cast.maria.name.replace(' ', '.')}, το γνωρίζετε;")
    await telling.fan_out(site.app[DB])


@everywhere
async def test_who_is_mentioned_finds_it_under_the_bell(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    for title in ("Απώλειες νερού", "Φόρτιση λεωφορείων"):
        await _mention_maria(site, title)
    window = await open_page("maria", language=language, width=width)
    await window.go("/help")
    assert (await window.page.title()).startswith("(2) ")
    await window.page.locator("a.bell").click()
    assert await window.heading() == window.say("Notifications")
    assert site.cast.nikos.name in await window.main.inner_text()
    await window.follow("Φόρτιση λεωφορείων")
    assert (await window.page.title()).startswith("(1) ")
    await window.go("/notifications")
    await window.press(window.say("Mark all as read"))
    assert not (await window.page.title()).startswith("(")


@everywhere
async def test_a_topic_is_muted_and_says_so_ever_after(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int
) -> None:
    nikos = await Pen.of(site, "nikos")
    topic = await (await Pen.of(site, "maria")).start("Απώλειες νερού", "Πώς τις βρίσκετε;")
    window = await open_page("maria", language=language, width=width)
    await window.go(topic.path)
    await window.main.locator("summary").filter(has_text=window.say("You watch")).click()
    await window.press(window.say("Mute"))
    await window.main.locator("summary").filter(has_text=window.say("You muted")).wait_for()
    await nikos.reply(topic, "Με αισθητήρες.")
    await telling.fan_out(site.app[DB])
    assert await owner.fetchval("SELECT count(*) FROM notifications") == 0
    await window.go("/settings/notifications")
    await window.main.get_by_role("link", name="Απώλειες νερού").wait_for()


@everywhere
async def test_what_comes_by_mail_is_chosen_and_stopped_from_a_letter(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int
) -> None:
    window = await open_page("maria", language=language, width=width)
    await window.go("/settings/notifications")
    await window.field("Hour of the digests").select_option("7")
    await window.press(window.say("Save"))
    assert await window.field("Hour of the digests").input_value() == "7"

    await _mention_maria(site, "Απώλειες νερού")
    await owner.execute("UPDATE notifications SET mail_kind = 'notifications', mail_due_at = now()")
    async with site.app[DB].write() as tx:
        assert await notification_mails.gather(tx) == 1
    config = site.app[CONFIG]
    await send_due(site.app[DB], config)
    (file,) = config.mail_folder.glob("*.eml")
    letter = Letter(email("maria"), file.read_bytes())
    assert f'lang="{language}"' in letter.html
    found = re.search(r"https?://[^/\s]+(/unsubscribe/[\w.-]+)", letter.text)
    assert found
    guest = await open_page(None, language=language, width=width)
    await guest.go(found[1])
    assert "Απώλειες νερού" in await guest.main.inner_text()
    await guest.press(guest.say("Send me no more such messages"))
    assert await owner.fetchval("SELECT count(*) FROM notification_settings WHERE frequency = 'never'") > 0
