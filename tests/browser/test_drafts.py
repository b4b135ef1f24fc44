"""Drafts in a browser without scripts: kept by a button, carried over an ended session, and gone once published."""

from __future__ import annotations

from forum.db import RawConnection
from forum.i18n import Language
from tests import cast as people
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen, Topic
from tests.browser.window import Window, everywhere, halfway
from tests.cast import PASSWORD
from tests.site import Site

_TITLE = "Ύδρευση στα νησιά"
_BODY = "Πρώτη γραμμή & «άλλα»\n\n- ένα\n- **δύο**\n\n  τέλος"


async def _half_a_reply(open_page: OpenPage, site: Site, language: Language, width: int) -> tuple[Topic, Window]:
    """Write a reply that is not sent yet."""
    topic = await (await Pen.of(site, "nikos")).start(_TITLE, "Κείμενο.")
    window = await open_page("maria", language=language, width=width)
    await window.go(topic.path)
    await window.field("Text").fill(_BODY)
    return topic, window


@everywhere
async def test_a_reply_is_looked_at_kept_and_published_later(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int
) -> None:
    _, window = await _half_a_reply(open_page, site, language, width)
    await window.press(window.say("Preview"))
    assert await window.main.locator(".post-body strong").inner_text() == "δύο"
    assert await window.field("Text").input_value() == _BODY
    await window.press(window.say("Save as draft"))
    await window.says("Your draft is saved.")
    assert await window.field("Text").input_value() == _BODY

    await window.go("/drafts")
    await window.main.get_by_role("link", name=_TITLE).click()
    assert await window.field("Text").input_value() == _BODY
    await window.press(window.say("Publish the reply"))
    await window.says("Your reply is published.")
    assert await window.post(2).locator("strong").inner_text() == "δύο"
    assert await owner.fetchval("SELECT count(*) FROM drafts") == 0


@halfway
async def test_a_draft_is_discarded_on_the_page_of_its_form(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    topic, window = await _half_a_reply(open_page, site, language, width)
    await window.press(window.say("Save as draft"))
    await window.go(topic.path)
    assert await window.field("Text").input_value() == _BODY
    await window.press(window.say("Discard the draft"))
    assert window.path == topic.path
    await window.says("The draft is discarded.")
    assert await window.field("Text").input_value() == ""


@halfway
async def test_words_survive_the_end_of_the_session(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int
) -> None:
    topic, window = await _half_a_reply(open_page, site, language, width)
    await owner.execute("DELETE FROM sessions")
    await window.press(window.say("Publish the reply"), status=401)
    await window.field("E-mail address").fill(people.email("maria"))
    await window.field("Password").fill("not the password")
    await window.press(window.say("Sign in"), within=window.main, status=422)
    await window.field("Password").fill(PASSWORD)
    await window.press(window.say("Sign in"), within=window.main)
    assert window.path == f"/topics/{topic.id}/posts/new"
    assert await window.field("Text").input_value() == _BODY
    await window.press(window.say("Publish the reply"))
    await window.says("Your reply is published.")


@halfway
async def test_words_survive_another_sign_in_in_another_tab(
    open_page: OpenPage, site: Site, owner: RawConnection, language: Language, width: int
) -> None:
    _, window = await _half_a_reply(open_page, site, language, width)
    await owner.execute("DELETE FROM sessions")
    tab = await window.page.context.new_page()
    await tab.goto(f"{window.address}/login")
    await tab.fill("#email", people.email("maria"))
    await tab.fill("#password", PASSWORD)
    async with tab.expect_navigation():
        await tab.locator("main form button").click()
    await tab.close()
    await window.press(window.say("Publish the reply"), status=403)
    assert await window.field("Text").input_value() == _BODY
    await window.press(window.say("Send it again"))
    await window.says("Your reply is published.")
