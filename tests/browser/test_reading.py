"""Reading: from the home page to a topic, with what is new marked until it was seen; and in the other language."""

from __future__ import annotations

from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen
from tests.browser.window import everywhere, halfway
from tests.site import Site


@everywhere
async def test_what_is_new_is_marked_until_it_is_read(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    nikos = await Pen.of(site, "nikos")
    topic = await nikos.start("Κοινή προμήθεια οχημάτων", "Ποιοι δήμοι **ενδιαφέρονται**;")
    window = await open_page("maria", language=language, width=width)
    await window.go("/")
    await window.shows(window.count("%(n)s topic with new posts", "%(n)s topics with new posts", 1))
    await window.follow(topic.title)
    assert window.path == topic.path
    assert await window.heading() == topic.title
    assert await window.post(1).locator(".post-body strong").inner_text() == "ενδιαφέρονται"
    await window.says("New since your last visit")

    await window.open_menu()
    await window.follow(window.say("Home"), within=window.page.get_by_role("navigation"))
    await window.says("You have read everything")
    await nikos.reply(topic, "Υπενθύμιση: έως την Παρασκευή.")
    await window.go("/")
    await window.follow(window.count("%(n)s new", "%(n)s new", 1))
    assert window.path == f"{topic.path}#post-2"
    assert not await window.post(1).locator("xpath=preceding-sibling::*[@id='since']").count()
    await window.says("New since your last visit")
    await window.go("/")
    await window.says("You have read everything")


@halfway
async def test_everything_can_be_marked_as_read_at_once(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    nikos = await Pen.of(site, "nikos")
    await nikos.start("Πρώτο", "Κείμενο.")
    await nikos.start("Δεύτερο", "Κείμενο.", category="good-practices")
    window = await open_page("maria", language=language, width=width)
    await window.go("/")
    await window.shows(window.count("%(n)s topic with new posts", "%(n)s topics with new posts", 2))
    await window.press(window.say("Mark everything as read"))
    await window.says("Everything is marked as read.")
    await window.says("You have read everything")


@halfway
async def test_the_language_can_be_changed_from_any_page(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    topic = await (await Pen.of(site, "nikos")).start("Κοινή προμήθεια οχημάτων", "Κείμενο.")
    other = {"el": "en", "en": "el"}[language]
    for person, path in ((None, "/help"), ("maria", topic.path)):
        window = await open_page(person, language=language, width=width)
        await window.go(path)
        assert await window.page.locator("html").get_attribute("lang") == language
        await window.open_menu()
        await window.press({"en": "English", "el": "Ελληνικά"}[other])
        assert window.path == path
        assert await window.page.locator("html").get_attribute("lang") == other
        await window.page.reload()
        assert await window.page.locator("html").get_attribute("lang") == other
