"""What a moderator does to a topic, and what its members see of it."""

from __future__ import annotations

from forum.i18n import Language
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen
from tests.browser.window import everywhere, halfway
from tests.site import Site

_REASON = "Η συζήτηση συνεχίζεται στο νέο θέμα."


@everywhere
async def test_a_locked_topic_shows_the_reason_and_takes_replies_of_moderators_only(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    topic = await (await Pen.of(site, "nikos")).start("Αιτήσεις για το πρόγραμμα", "Κείμενο.")
    moderator = await open_page("moderator", language=language, width=width)
    maria = await open_page("maria", language=language, width=width)
    await maria.go(topic.path)
    await maria.field("Text").fill("Γράφτηκε πριν από το κλείδωμα.")

    await moderator.go(topic.path)
    await moderator.follow(moderator.say("Lock"))
    await moderator.press(moderator.say("Lock the topic"), status=422)
    await moderator.field("Reason").fill(_REASON)
    await moderator.press(moderator.say("Lock the topic"))
    await moderator.says("The topic was locked")

    # the form that was open before is refused, and the text is still in the browser
    await maria.press(maria.say("Publish the reply"), status=403)
    await maria.says("The topic is locked: nobody but moderators can write in it.")
    await maria.go(topic.path)
    await maria.shows(_REASON)
    assert await maria.page.locator("textarea").count() == 0
    await maria.go(f"/topics/{topic.id}/posts/new", status=403)

    await moderator.field("Text").fill("Απάντηση του συντονιστή.")
    await moderator.press(moderator.say("Publish the reply"))
    assert await moderator.post(2).get_by_text(moderator.say("As moderator")).is_visible()
    await maria.go("/categories/questions")
    await maria.says("Locked")

    await moderator.press(moderator.say("Unlock"))
    await moderator.says("The topic was unlocked")
    await maria.go(topic.path)
    await maria.field("Text").fill("Ευχαριστώ.")
    await maria.press(maria.say("Publish the reply"))
    await maria.says("Your reply is published.")


@halfway
async def test_a_moderator_pins_a_topic_and_marks_it_as_internal(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    nikos = await Pen.of(site, "nikos")
    topic = await nikos.start("Το παλαιότερο", "Κείμενο.")
    await nikos.start("Το νεότερο", "Κείμενο.")
    moderator = await open_page("moderator", language=language, width=width)
    maria = await open_page("maria", language=language, width=width)
    await maria.go("/categories/questions")
    titles = maria.main.locator(".t-title")
    assert await titles.all_inner_texts() == ["Το νεότερο", "Το παλαιότερο"]

    await moderator.go(topic.path)
    await moderator.press(moderator.say("Pin"))
    await moderator.says("The topic is pinned in its category.")
    await moderator.press(moderator.say("Mark as internal"))
    await moderator.says("The topic is marked as internal.")

    await maria.go("/categories/questions")
    assert await titles.all_inner_texts() == ["Το παλαιότερο", "Το νεότερο"]
    await maria.says("Pinned")
    await maria.says("Internal")
    await maria.follow("Το παλαιότερο")
    await maria.says("The topic is internal")
    assert await maria.main.get_by_role("button", name=maria.say("Unpin")).count() == 0

    await moderator.press(moderator.say("Unpin"))
    await moderator.press(moderator.say("Remove the mark “internal”"))
    await maria.go("/categories/questions")
    assert await titles.all_inner_texts() == ["Το νεότερο", "Το παλαιότερο"]
    await maria.hides(maria.say("Internal"))
