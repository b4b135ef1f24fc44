"""A theme is followed and named, and a topic is said in a second language, in each language and at each width."""

from __future__ import annotations

from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.window import everywhere


@everywhere
async def test_a_member_follows_a_theme_and_finds_a_topic_of_it(
    open_page: OpenPage, language: Language, width: int
) -> None:
    name = "Νερό" if language == "el" else "Water"
    reader = await open_page("nikos", language=language, width=width)
    await reader.go("/themes")
    await reader.follow(name, within=reader.main)
    assert await reader.heading() == name
    await reader.press(f"{reader.say('Follow the theme')} {reader.say('(%(name)s)', name=name)}")
    await reader.says("You follow this theme: you are told of every new topic that names it.")
    writer = await open_page("maria", language=language, width=width)
    await writer.go("/categories/questions/new")
    await writer.field("Title").fill("Διαρροές")
    await writer.field("Text").fill("Πώς;")
    box = writer.main.get_by_label(name, exact=True)
    assert not await box.is_visible(), "out of the way at first"
    await writer.main.locator("details.beside > summary").click()
    await box.check()
    await writer.main.locator("select[name=language]").select_option("el")
    await writer.press(writer.say("Publish the topic"))
    await reader.go("/themes/water")
    await reader.follow("Διαρροές", within=reader.main)
    await reader.follow(name, within=reader.main)
    assert reader.path == "/themes/water"


@everywhere
async def test_an_author_says_a_topic_in_a_second_language(open_page: OpenPage, language: Language, width: int) -> None:
    own, other = ("el", "en") if language == "el" else ("en", "el")
    writer = await open_page("maria", language=language, width=width)
    await writer.go("/categories/questions/new")
    await writer.field("Title").fill("Title one")
    await writer.field("Text").fill("Text one")
    await writer.main.locator("select[name=language]").select_option(own)
    await writer.press(writer.say("Publish the topic"))
    names = {"el": "Ελληνικά", "en": "English"}
    await writer.follow(writer.say("Add a translation: %(language)s", language=names[other]), within=writer.main)
    await writer.field("Title").fill("Title two")
    await writer.press(writer.say("Publish the translation"), status=422)
    await writer.field("Text").fill("Text two")
    await writer.press(writer.say("Publish the translation"))
    assert await writer.heading() == "Title one", "the writer reads their own language"
    reader = await open_page("nikos", language="en" if other == "en" else "el", width=width)
    await reader.go(writer.path)
    assert await reader.heading() == "Title two"
    await reader.follow(reader.say("show the original (%(language)s)", language=names[own]), within=reader.main)
    assert await reader.heading() == "Title one"
    assert await reader.main.locator("h1").get_attribute("lang") == own
