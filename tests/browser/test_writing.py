"""Writing: a topic, replies, an edit with what stood before, a reply deleted and brought back; errors lose nothing."""

from __future__ import annotations

from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen
from tests.browser.window import everywhere
from tests.site import Site

_TITLE = "Πρόταση αδελφοποίησης"
_BODY = "Ο Δήμος μας αναζητεί **αδελφή πόλη** στο Βόρειο Αιγαίο."


@everywhere
async def test_a_topic_without_a_title_comes_back_as_it_was_typed_and_then_goes_out(
    open_page: OpenPage, language: Language, width: int
) -> None:
    window = await open_page("maria", language=language, width=width)
    await window.go("/categories/questions")
    await window.follow(window.say("New topic"))
    await window.field("Text").fill(_BODY)
    await window.page.locator("#language").select_option("el")
    await window.press(window.say("Publish the topic"), status=422)

    assert (await window.page.title()).startswith(window.say("Error:"))
    summary = window.main.get_by_role("alert")
    await summary.get_by_role("link", name=window.say("Title")).click()
    assert await window.page.evaluate("document.activeElement.id") == "title"
    title = window.field("Title")
    assert await title.get_attribute("aria-invalid") == "true"
    described = (await title.get_attribute("aria-describedby") or "").split()
    assert await window.page.locator(f"#{described[-1]}").inner_text() == window.say("Please fill in this field.")
    assert await window.field("Text").input_value() == _BODY
    assert await window.page.locator("#language").input_value() == "el"

    await title.fill(_TITLE)
    await window.press(window.say("Publish the topic"))
    assert "/protasi-adelfopoiisis" in window.path
    await window.says("Your topic is published.")
    assert await window.heading() == _TITLE
    assert await window.post(1).locator("strong").inner_text() == "αδελφή πόλη"


@everywhere
async def test_replies_are_answered_edited_deleted_and_brought_back(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    topic = await (await Pen.of(site, "nikos")).start(_TITLE, _BODY)
    window = await open_page("maria", language=language, width=width)
    await window.go(topic.path)

    await window.press(window.say("Publish the reply"), status=422)
    assert await window.main.get_by_role("alert").count() == 1
    await window.field("Text").fill("Η Λάρνακα ενδιαφέρεται.")
    await window.press(window.say("Publish the reply"))
    assert window.path == f"{topic.path}#post-2"
    await window.says("Your reply is published.")
    assert await window.page.evaluate("document.activeElement.id") == "post-2"
    assert await window.post(2).get_by_role("link", name="Μαρία Χατζηγιάννη").is_visible()

    await window.follow(window.say("Reply"), within=window.post(1))
    await window.says(
        "To post %(number)s by %(name)s, in the topic “%(title)s”.", number=1, name="Νίκος Καραντώνης", title=_TITLE
    )
    await window.field("Text").fill("Ποια προθεσμία ισχύει;")
    await window.press(window.say("Publish the reply"))
    assert await window.post(3).locator(f'a[href="/posts/{topic.posts[0]}"]').is_visible()

    await window.follow(window.say("Edit"), within=window.post(3))
    assert await window.field("Text").input_value() == "Ποια προθεσμία ισχύει;"
    await window.field("Text").fill("Ποια προθεσμία ισχύει για τους δύο δήμους;")
    await window.press(window.say("Save the changes"))
    assert window.path == f"{topic.path}#post-3"
    assert await window.post(3).get_by_text("για τους δύο δήμους").is_visible()
    await window.follow(window.say("Edited"), within=window.post(3))
    assert await window.heading() == window.say("Versions of post %(number)s", number=3)
    await window.shows("Ποια προθεσμία ισχύει για τους δύο δήμους;")
    assert await window.main.get_by_text("Ποια προθεσμία ισχύει;", exact=True).is_visible()

    await window.follow(window.say("Back to the post"))
    await window.follow(window.say("Delete"), within=window.post(2))
    await window.shows("Η Λάρνακα ενδιαφέρεται.")
    await window.press(window.say("Delete the post"))
    assert await window.post(2).get_by_text(window.say("This reply was deleted")).is_visible()
    other = await open_page("nikos", language=language, width=width)
    await other.go(topic.path)
    await other.hides("Η Λάρνακα ενδιαφέρεται.")
    await window.press(window.say("Restore"), within=window.post(2))
    assert await window.post(2).get_by_text("Η Λάρνακα ενδιαφέρεται.").is_visible()
    await other.go(topic.path)
    assert await other.post(2).get_by_text("Η Λάρνακα ενδιαφέρεται.").is_visible()
