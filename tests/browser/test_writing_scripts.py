"""Writing with scripts: toolbar, preview, completion, drafts that survive anything, replies without a new page."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Final

import pytest
from playwright.async_api import Error, Route, expect

from forum.db import RawConnection
from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen, Topic
from tests.browser.window import PATIENCE, Window, halfway
from tests.site import Site

_TITLE: Final = "Κοινή προμήθεια"
_SAVED: Final = re.compile(r"\d\d:\d\d$")


async def _topic(site: Site, *replies: str) -> Topic:
    pen = await Pen.of(site, "nikos")
    topic = await pen.start(_TITLE, "Ποιοι δήμοι ενδιαφέρονται;\n\nΗ προθεσμία λήγει.")
    for reply in replies:
        await pen.reply(topic, reply)
    return topic


async def _write(window: Window, text: str) -> None:
    area = window.field("Text")
    await area.focus()
    await area.press("Control+End")
    await window.page.keyboard.type(text)


async def _saved(window: Window) -> None:
    """Wait until the server has the draft."""
    await expect(window.page.locator(".draft-note")).to_have_text(_SAVED, timeout=PATIENCE)


async def _focused(window: Window) -> str:
    return str(await window.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))


async def _publish(window: Window) -> None:
    await window.main.get_by_role("button", name=window.say("Publish the reply")).click()


def _expect_faults(window: Window, *parts: str) -> None:
    """Take back what the window blames for what the test did on purpose."""
    for part in parts:
        assert any(part in fault for fault in window.faults), (part, window.faults)
    assert [fault for fault in window.faults if not any(part in fault for part in parts)] == []
    window.faults.clear()


# Toolbar and preview ----------------------------------------------------------------------------------------------


async def test_the_toolbar_formats_and_is_one_stop_for_tab(open_page: OpenPage) -> None:
    window = await open_page("maria", scripts=True)
    await window.go("/categories/questions/new")
    toolbar = window.main.get_by_role("toolbar", name=window.say("Formatting"))
    area = window.field("Text")
    await area.fill("λέξη")
    await area.press("Control+A")
    await toolbar.get_by_role("button", name=window.say("Bold")).click()
    assert await area.input_value() == "**λέξη**"
    await area.press("Control+B")
    assert await area.input_value() == "λέξη"
    await area.press("Control+I")
    assert await area.input_value() == "_λέξη_"
    await area.fill("ένα\nδύο")
    await area.press("Control+A")
    await toolbar.get_by_role("button", name=window.say("Numbered list")).click()
    assert (await area.input_value()).split() == ["1.", "ένα", "2.", "δύο"]

    await area.press("Shift+Tab")
    assert await window.page.evaluate("document.activeElement.dataset.mdButton") == "ordered-list"
    await window.page.keyboard.press("Home")
    await window.page.keyboard.press("ArrowRight")
    assert await window.page.evaluate("document.activeElement.dataset.mdButton") == "italic"
    await window.page.keyboard.press("Tab")
    assert await _focused(window) == "body"


@pytest.mark.parametrize("letter", [("k", "KeyK"), ("κ", "KeyK")], ids=["latin", "greek"])
async def test_shortcuts_of_the_toolbar_work_on_greek_keyboards(open_page: OpenPage, letter: tuple[str, str]) -> None:
    window = await open_page("maria", scripts=True)
    await window.go("/categories/questions/new")
    area = window.field("Text")
    await area.fill("έργο")
    await area.press("Control+A")
    session = await window.page.context.new_cdp_session(window.page)
    event = {"type": "keyDown", "key": letter[0], "code": letter[1], "modifiers": 2}
    await session.send("Input.dispatchKeyEvent", event)
    assert await area.input_value() == "[έργο](url)"


@halfway
async def test_the_preview_shows_what_the_forum_will_show(open_page: OpenPage, language: Language, width: int) -> None:
    window = await open_page("maria", language=language, width=width, scripts=True)
    await window.go("/categories/questions/new")
    preview = window.main.get_by_role("button", name=window.say("Preview"), exact=True)
    shown = window.main.get_by_role("region", name=window.say("Preview"))
    await preview.click()
    await expect(shown).to_have_text(window.say("There is nothing to preview yet."))
    await window.main.get_by_role("button", name=window.say("Write"), exact=True).click()
    await window.field("Text").fill("Ο Δήμος **μας** <script>x</script>")
    await preview.click()
    await expect(shown.locator(".post-body strong")).to_have_text("μας")
    assert await preview.get_attribute("aria-pressed") == "true"
    assert await _focused(window) == window.say("Preview")
    assert await window.field("Text").is_hidden()
    await window.main.get_by_role("button", name=window.say("Write"), exact=True).click()
    assert await window.field("Text").is_visible()
    assert await shown.is_hidden()


# Completion -------------------------------------------------------------------------------------------------------


@halfway
async def test_a_member_is_mentioned_by_the_beginning_of_a_name(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    topic = await _topic(site)
    window = await open_page("maria", language=language, width=width, scripts=True)
    await window.go(topic.path)
    area = window.field("Text")
    await _write(window, "Ευχαριστώ @καραντ")
    options = window.page.get_by_role("listbox").get_by_role("option")
    await expect(options).to_have_count(1)
    assert await area.get_attribute("role") == "combobox"
    assert await area.get_attribute("aria-expanded") == "true"
    assert await options.first.get_attribute("id") == await area.get_attribute("aria-activedescendant")
    box = await options.first.bounding_box()
    assert box
    assert 0 <= box["x"] <= box["x"] + box["width"] <= width
    await window.page.keyboard.press("Enter")
    assert await area.input_value() == "Ευχαριστώ @Νίκος.Καραντώνης "
    assert await area.get_attribute("role") is None

    await window.page.keyboard.type("και @καραντ")
    await expect(options).to_have_count(1)
    await window.page.keyboard.press("Escape")
    await expect(options).to_have_count(0)
    assert (await area.input_value()).endswith("και @καραντ")
    assert await _focused(window) == "body"


async def test_an_emoji_comes_by_its_name_in_either_language(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await open_page("maria", scripts=True)
    await window.go(topic.path)
    area = window.field("Text")
    for name in ("χαμογ", "smil"):
        await area.fill("")
        await _write(window, f"Ωραία :{name}")
        await window.page.get_by_role("option").first.wait_for()
        await window.page.keyboard.press("Enter")
        value = await area.input_value()
        assert ":" not in value
        assert len(value) > len("Ωραία ")
    await area.fill("")
    await _write(window, "Στις 10:30: ναι :) ")
    assert await window.page.get_by_role("option").count() == 0


# Drafts -----------------------------------------------------------------------------------------------------------


async def test_a_draft_is_there_on_another_machine_and_gone_once_published(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await open_page("maria", scripts=True)
    await window.go(topic.path)
    await _write(window, "Η Λάρνακα ενδιαφέρεται.")
    await _saved(window)
    other = await open_page("maria")
    await other.go(topic.path)
    assert await other.field("Text").input_value() == "Η Λάρνακα ενδιαφέρεται."
    await _publish(window)
    await window.post(2).wait_for()
    assert await window.page.evaluate("Object.keys(localStorage)") == []
    await other.go(topic.path)
    assert await other.field("Text").input_value() == ""
    await window.page.reload()
    assert await window.field("Text").input_value() == ""


async def test_what_a_crash_left_in_the_browser_is_offered_back(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await open_page("maria", scripts=True)
    await window.go(topic.path)
    context = window.page.context
    await context.set_offline(True)
    await _write(window, "Μια μεγάλη απάντηση.")
    await window.page.wait_for_timeout(600)
    await window.page.close()
    await context.set_offline(False)
    window.page = await context.new_page()
    await window.go(topic.path)
    assert await window.field("Text").input_value() == ""
    await window.main.get_by_role("button", name=window.say("Bring it back")).click()
    assert await window.field("Text").input_value() == "Μια μεγάλη απάντηση."
    assert await _focused(window) == "body"
    await _saved(window)
    window.faults.clear()


async def test_a_topic_that_is_published_leaves_nothing_behind(open_page: OpenPage) -> None:
    window = await open_page("maria", scripts=True)
    await window.go("/categories/questions/new")
    await window.field("Title").fill(_TITLE)
    await _write(window, "Κείμενο.")
    await _saved(window)
    assert await window.page.evaluate("Object.keys(localStorage).length") == 1
    await window.press(window.say("Publish the topic"))
    assert await window.heading() == _TITLE
    await window.page.wait_for_function("Object.keys(localStorage).length === 0")
    await window.go("/categories/questions/new")
    assert await window.field("Text").input_value() == ""


async def test_one_is_asked_before_words_are_lost_and_only_then(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await open_page("maria", scripts=True)
    asked: list[str] = []
    window.page.on("dialog", lambda dialog: asked.append(dialog.type))
    await window.go(topic.path)
    await _write(window, "Μόλις άρχισα")
    home = window.page.get_by_role("link", name=window.say("Home")).first
    await home.click()
    await window.page.wait_for_timeout(200)
    assert asked == ["beforeunload"]
    assert window.path == topic.path
    _expect_faults(window, "dialog: ")
    await _saved(window)
    await window.follow(window.say("Home"))
    assert asked == ["beforeunload"]
    await window.go(topic.path)
    assert await window.field("Text").input_value() == "Μόλις άρχισα"


# Replies without a new page ---------------------------------------------------------------------------------------


@halfway
async def test_a_reply_appears_in_its_place_with_the_focus_on_it(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    topic = await _topic(site)
    window = await open_page("maria", language=language, width=width, scripts=True)
    await window.go(topic.path)
    await window.page.evaluate("window.isSamePage = true")
    key = window.page.locator("[name=idempotency_key]")
    for number, text in ((2, "Η **Λάρνακα**."), (3, "Και μία διευκρίνιση.")):
        before = await key.input_value()
        await _write(window, text)
        await window.page.keyboard.press("Control+Enter")
        await window.post(number).wait_for()
        await expect(window.post(number)).to_be_focused()
        await expect(window.page.locator("body > .vh[role=status]")).to_have_text(
            window.say("Your reply is published.")
        )
        assert await window.field("Text").input_value() == ""
        assert await key.input_value() != before
    assert await window.page.evaluate("window.isSamePage")
    assert await window.post(2).locator("strong").inner_text() == "Λάρνακα"
    numbers = await window.page.locator("article.post").evaluate_all("all => all.map(article => article.id)")
    assert numbers == ["post-1", "post-2", "post-3"]
    assert await window.page.locator(".topic-head").get_by_text(window.count("%(n)s reply", "%(n)s replies", 2)).count()
    assert await window.page.locator("[data-replies-counted]").inner_text() == "2"
    await window.page.reload()
    assert await window.post(3).is_visible()


async def test_a_double_click_posts_once(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await open_page("maria", scripts=True)
    await window.go(topic.path)
    await _write(window, "Μία φορά.")
    await window.main.get_by_role("button", name=window.say("Publish the reply")).dblclick()
    await window.post(2).wait_for()
    await window.page.wait_for_timeout(500)
    await window.page.reload()
    assert await window.page.locator("article.post").count() == 2


@pytest.mark.audit
async def test_a_draft_under_way_does_not_outlive_what_is_published(
    open_page: OpenPage, site: Site, owner: RawConnection
) -> None:
    window = await open_page("maria", scripts=True)
    await window.go("/categories/questions/new")

    async def slowly(route: Route) -> None:
        """Hold the draft back, as a proxy may that sends it on though the page has gone."""
        await asyncio.sleep(1)
        answer = await route.fetch()
        with contextlib.suppress(Error):
            await route.fulfill(response=answer)

    await window.page.route("**/drafts", slowly)
    await window.field("Title").fill("Αργό δίκτυο")
    async with window.page.expect_request("**/drafts"):
        await _write(window, "Κείμενο.")
    await window.press(window.say("Publish the topic"))
    assert await window.heading() == "Αργό δίκτυο"
    await window.page.wait_for_timeout(1500)
    assert await owner.fetchval("SELECT count(*) FROM drafts WHERE member_id = $1", site.cast.maria.member_id) == 0


async def test_without_network_the_text_stays_and_goes_out_later(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await open_page("maria", scripts=True)
    await window.go(topic.path)
    await _write(window, "Χωρίς δίκτυο.")
    await window.page.context.set_offline(True)
    await _publish(window)
    sentence = "The forum cannot be reached. Your text is kept; please try again when you are connected."
    await expect(window.main.get_by_role("alert").first).to_contain_text(window.say(sentence))
    assert await window.field("Text").input_value() == "Χωρίς δίκτυο."
    await window.page.wait_for_timeout(300)
    window.faults.clear()
    await window.page.context.set_offline(False)
    await _publish(window)
    await window.post(2).wait_for()
    assert await window.main.get_by_role("alert").count() == 0


async def test_an_empty_reply_says_what_is_missing(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await open_page("maria", scripts=True)
    await window.go(topic.path)
    await _publish(window)
    await window.main.get_by_role("alert").first.wait_for()
    assert await _focused(window) == "body"
    assert window.path == topic.path
    _expect_faults(window, "422 for")


async def test_a_session_that_has_ended_loses_no_word(open_page: OpenPage, site: Site, owner: RawConnection) -> None:
    topic = await _topic(site)
    window = await open_page("maria", scripts=True)
    await window.go(topic.path)
    await _write(window, "Γράφω από το πρωί.")
    await _saved(window)
    await owner.execute("DELETE FROM sessions WHERE member_id = $1", site.cast.maria.member_id)
    await _publish(window)
    link = window.main.get_by_role("link", name=window.say("Sign in again, in a new tab"))
    await link.wait_for()
    assert await link.get_attribute("target") == "_blank"
    assert await window.field("Text").input_value() == "Γράφω από το πρωί."
    await window.page.wait_for_timeout(300)
    window.faults.clear()


async def test_a_lock_meanwhile_is_told_and_the_text_stays(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await open_page("maria", scripts=True)
    await window.go(topic.path)
    await _write(window, "Προλαβαίνω;")
    await _saved(window)
    await (await Pen.of(site, "moderator")).lock(topic, "Έληξε η προθεσμία.")
    await _publish(window)
    await window.main.get_by_role("alert").first.wait_for()
    assert await window.field("Text").input_value() == "Προλαβαίνω;"
    window.faults.clear()


# Quotations -------------------------------------------------------------------------------------------------------


async def test_a_post_or_the_part_that_is_selected_is_quoted(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site, "Η Χίος ναι.")
    window = await open_page("maria", scripts=True)
    await window.go(topic.path)
    area = window.field("Text")
    head = window.say("%(name)s, post %(number)s:", name="**Νίκος Καραντώνης**", number=1)
    await window.post(1).get_by_role("button", name=window.say("Quote")).click()
    assert await area.input_value() == f"> {head}\n>\n> Ποιοι δήμοι ενδιαφέρονται;\n>\n> Η προθεσμία λήγει.\n\n"
    assert await _focused(window) == "body"
    await area.fill("Λοιπόν")
    await window.post(1).locator(".post-body p").nth(1).select_text()
    await window.page.locator("main").focus()
    await window.page.keyboard.press("q")
    assert await area.input_value() == f"Λοιπόν\n\n> {head}\n>\n> Η προθεσμία λήγει.\n\n"


async def test_without_scripts_there_is_no_button_that_does_nothing(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await open_page("maria")
    await window.go(topic.path)
    assert await window.post(1).get_by_role("button", name=window.say("Quote")).count() == 0
    assert await window.page.locator(".toolbar").count() == 0
