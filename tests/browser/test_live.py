"""New replies appear while one reads: told politely, never moving what is read, nothing lost of what is being typed."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest
from playwright.async_api import Locator, Route, expect

from forum.db import RawConnection
from forum.domain.entities import POSTS_A_PAGE
from forum.i18n import Language
from forum.keys import DB, STREAMS
from tests.browser.conftest import OpenPage
from tests.browser.content import Pen, Topic
from tests.browser.window import PATIENCE, Window, halfway
from tests.domain import telling
from tests.site import Site

_LONG: Final = "\n\n".join(f"Παράγραφος {number} με αρκετό κείμενο, ώστε να γεμίσει η οθόνη." for number in range(12))


async def _topic(site: Site, replies: int = 0, body: str = _LONG) -> Topic:
    nikos = await Pen.of(site, "nikos")
    topic = await nikos.start("Κοινή προμήθεια λαμπτήρων", body)
    for _ in range(replies):
        await nikos.reply(topic, body)
    return topic


async def _open(open_page: OpenPage, site: Site, topic: Topic, page: int = 1, **how: object) -> Window:
    """Open a topic's page as Maria and wait until it listens."""
    window = await open_page("maria", scripts=True, **how)  # type: ignore[arg-type]  # as that takes them
    before = len(site.app[STREAMS])
    await window.go(topic.path + (f"?page={page}" if page > 1 else ""))
    async with asyncio.timeout(PATIENCE / 1000):
        while len(site.app[STREAMS]) == before:  # noqa: ASYNC110 - nothing tells when a stream is opened
            await asyncio.sleep(0.05)
    return window


def _bar(window: Window) -> Locator:
    return window.page.locator(".live-bar")


async def _place(window: Window, selector: str) -> float:
    """Return where something stands in the window."""
    found: float = await window.page.evaluate("(s) => document.querySelector(s).getBoundingClientRect().top", selector)
    return found


@halfway
async def test_a_reply_appears_below_and_what_is_read_stays_where_it_is(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    topic = await _topic(site)
    window = await _open(open_page, site, topic, language=language, width=width)
    await window.page.evaluate("scrollTo(0, 120)")
    focused = "document.activeElement.tagName"
    before = await _place(window, "#post-1"), await window.page.evaluate(focused)
    nikos = await Pen.of(site, "nikos")
    await nikos.reply(topic, "Συμφωνούμε.")
    await window.post(2).wait_for(state="attached")
    assert (await _place(window, "#post-1"), await window.page.evaluate(focused)) == before
    await expect(_bar(window)).to_contain_text(
        window.count("%(n)s new reply", "%(n)s new replies", 1).replace("%(n)s", "1")
    )
    assert await _bar(window).get_attribute("role") == "status"
    await expect(window.page.locator("[data-replies-counted]")).to_have_text("1")
    await nikos.reply(topic, "Και κάτι ακόμη.")
    await expect(_bar(window)).to_contain_text(
        window.count("%(n)s new reply", "%(n)s new replies", 2).replace("%(n)s", "2")
    )
    assert await _place(window, "#post-1") == before[0]
    await _bar(window).get_by_role("button", name=window.say("Show"), exact=True).click()
    assert await window.page.evaluate("document.activeElement.id") == "post-2"
    await expect(_bar(window)).to_be_empty()


async def test_what_was_appended_counts_as_read(open_page: OpenPage, site: Site, owner: RawConnection) -> None:
    topic = await _topic(site)
    window = await _open(open_page, site, topic)
    await (await Pen.of(site, "nikos")).reply(topic, "Συμφωνούμε.")
    await window.post(2).wait_for(state="attached")
    await window.go(topic.path)
    assert await window.page.locator("#since").count() == 0


async def test_a_reply_that_is_seen_at_once_is_only_said(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site, body="Μία γραμμή.")
    window = await _open(open_page, site, topic, language="en")
    await (await Pen.of(site, "nikos")).reply(topic, "Συμφωνούμε.")
    await window.post(2).wait_for()
    await expect(window.page.locator("body > .vh[role=status]").filter(has_text="1 new reply")).to_have_count(1)
    await expect(_bar(window)).to_be_empty()


async def test_who_is_writing_keeps_words_place_and_focus(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await _open(open_page, site, topic)
    area = window.field("Text")
    await area.focus()
    await window.page.keyboard.type("Γράφω ακόμα")
    await window.page.evaluate("scrollTo(0, document.querySelector('.editor').offsetTop - 300)")
    before = await _place(window, "#body")
    nikos = await Pen.of(site, "nikos")
    await nikos.reply(topic, _LONG)
    await expect(_bar(window)).to_contain_text("1 νέα απάντηση")
    assert await window.post(2).count() == 0, "it would push the field away"
    assert await _place(window, "#body") == before
    await window.page.keyboard.type(" εδώ")
    assert await area.input_value() == "Γράφω ακόμα εδώ"
    await _bar(window).get_by_role("button", name=window.say("Show"), exact=True).click()
    await expect(window.post(2)).to_be_focused()
    assert await area.input_value() == "Γράφω ακόμα εδώ"
    await window.main.get_by_role("button", name=window.say("Publish the reply")).click()
    await window.post(3).wait_for()
    assert [await window.page.locator("article.post").count(), await window.page.locator("#post-3").count()] == [3, 1]
    assert window.path == topic.path, "without a new page: the reply follows the last one shown"


@pytest.mark.audit
async def test_a_reply_that_waits_is_shown_as_it_is_by_then(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await _open(open_page, site, topic)
    await window.field("Text").fill("Γράφω ακόμα")
    await window.page.evaluate("scrollTo(0, document.querySelector('.editor').offsetTop - 300)")
    nikos = await Pen.of(site, "nikos")
    await nikos.reply(topic, "Όπως γράφτηκε")
    await expect(_bar(window)).to_contain_text("1 νέα απάντηση")
    await nikos.edit(topic, 2, "Όπως διορθώθηκε")
    await window.page.wait_for_timeout(1500)
    assert await window.post(2).count() == 0, "the premise: it waits"
    await _bar(window).get_by_role("button", name=window.say("Show"), exact=True).click()
    await expect(window.post(2)).to_contain_text("Όπως διορθώθηκε")


@pytest.mark.audit
async def test_ones_own_reply_is_shown_once_though_another_came_before_its_answer(
    open_page: OpenPage, site: Site
) -> None:
    topic = await _topic(site)
    window = await _open(open_page, site, topic)
    nikos = await Pen.of(site, "nikos")

    held: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        await nikos.reply(topic, "Αμέσως μετά")
        try:
            await expect(_bar(window)).to_contain_text("1 νέα απάντηση", timeout=PATIENCE)
        except AssertionError as error:
            held.set_exception(error)
        else:
            held.set_result(None)
        await route.fulfill(response=answer)

    await window.page.route(f"**/topics/{topic.id}/posts", hold)
    await window.field("Text").fill("Δική μου")
    await window.page.evaluate("scrollTo(0, document.querySelector('.editor').offsetTop - 300)")
    await window.main.get_by_role("button", name=window.say("Publish the reply")).click()
    await held
    await window.post(3).wait_for(state="attached")
    numbers = "[...document.querySelectorAll('article.post')].map(({id}) => id)"
    assert await window.page.evaluate(numbers) == ["post-1", "post-2", "post-3"]


@pytest.mark.audit
async def test_who_is_on_the_bar_stays_on_it_and_goes_on_reading_when_it_is_closed(
    open_page: OpenPage, site: Site
) -> None:
    topic = await _topic(site)
    window = await _open(open_page, site, topic)
    nikos = await Pen.of(site, "nikos")
    await nikos.reply(topic, "Συμφωνούμε.")
    show = _bar(window).get_by_role("button", name=window.say("Show"), exact=True)
    await show.focus()
    await nikos.reply(topic, "Και κάτι ακόμη.")
    await expect(_bar(window)).to_contain_text("2 νέες απαντήσεις")
    await expect(show).to_be_focused()
    await window.page.keyboard.press("Tab")
    await window.page.keyboard.press("Enter")
    await expect(_bar(window)).to_be_empty()
    await expect(window.post(1)).to_be_focused()


@pytest.mark.audit
async def test_of_two_edits_while_one_looks_the_later_is_shown(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site, 2)
    window = await _open(open_page, site, topic)
    nikos = await Pen.of(site, "nikos")
    for body in ("Πρόχειρο", "Τελικό"):
        await nikos.edit(topic, 1, body)
        await window.page.wait_for_timeout(1200)
    await window.page.evaluate("document.querySelector('#post-3').scrollIntoView()")
    await expect(window.post(1)).to_contain_text("Τελικό")


@pytest.mark.audit
async def test_who_reads_below_the_posts_is_not_moved_either(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await _open(open_page, site, topic, width=360)
    await window.page.evaluate("scrollTo(0, document.querySelector('.rail').offsetTop)")
    before = await _place(window, ".rail")
    await (await Pen.of(site, "nikos")).reply(topic, _LONG)
    await window.post(2).wait_for(state="attached")
    assert abs(await _place(window, ".rail") - before) < 1


async def test_ones_own_reply_is_there_once_and_not_announced(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await _open(open_page, site, topic)
    await window.field("Text").fill("Δική μου")
    await window.main.get_by_role("button", name=window.say("Publish the reply")).click()
    await window.post(2).wait_for()
    await (await Pen.of(site, "maria")).reply(topic, "Δική μου, από αλλού")
    await window.page.wait_for_timeout(1500)
    await expect(_bar(window)).to_be_empty()
    assert await window.page.locator("#post-2").count() == 1


@pytest.mark.audit
async def test_on_an_earlier_page_there_is_a_way_to_the_last_reply(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site, POSTS_A_PAGE, body="Απάντηση")
    window = await _open(open_page, site, topic)
    nikos = await Pen.of(site, "nikos")
    for _ in range(2):
        await nikos.reply(topic, "Κι άλλη")
    await expect(_bar(window)).to_contain_text("2 νέες απαντήσεις")
    assert await window.page.locator("article.post").count() == POSTS_A_PAGE
    await _bar(window).get_by_role("link", name=window.say("To the last reply")).click()
    await window.page.wait_for_url("**page=2#post-23")


async def test_an_edit_and_a_deletion_come_quietly_and_not_under_the_readers_eyes(
    open_page: OpenPage, site: Site
) -> None:
    topic = await _topic(site, 2)
    window = await _open(open_page, site, topic)
    nikos = await Pen.of(site, "nikos")
    await nikos.edit(topic, 3, "Διορθωμένη")
    await expect(window.post(3)).to_contain_text("Διορθωμένη")
    await nikos.edit(topic, 1, "Άλλο κείμενο")
    await window.page.wait_for_timeout(1500)
    await expect(window.post(1)).to_contain_text("Παράγραφος 1")
    await window.page.evaluate("document.querySelector('#post-3').scrollIntoView()")
    before = await _place(window, "#post-3")
    await expect(window.post(1)).to_contain_text("Άλλο κείμενο")
    assert abs(await _place(window, "#post-3") - before) < 1, "what became shorter above moves nothing"
    await expect(_bar(window)).to_be_empty()


async def test_a_lock_is_told_with_a_way_to_the_page_as_it_is_now(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await _open(open_page, site, topic)
    moderator = await Pen.of(site, "moderator")
    await moderator.pin(topic)
    await moderator.lock(topic, "Περιμένουμε τη Νομική Υπηρεσία")
    await expect(_bar(window)).to_contain_text(window.say("The topic has been changed."))
    async with window.page.expect_navigation():
        await _bar(window).get_by_role("link", name=window.say("Load the page again")).click()
    await window.says("The topic is locked")


async def test_a_hidden_window_catches_up_when_it_is_seen_again(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await _open(open_page, site, topic)
    hide = """(is) => {
      Object.defineProperty(document, 'hidden', {value: is, configurable: true});
      document.dispatchEvent(new Event('visibilitychange'));
    }"""
    await window.page.evaluate(hide, True)
    await (await Pen.of(site, "nikos")).reply(topic, "Όσο έλειπε")
    await window.page.wait_for_timeout(1500)
    assert await window.post(2).count() == 0
    await window.page.evaluate(hide, False)
    await window.post(2).wait_for(state="attached")


@halfway
async def test_who_is_mentioned_is_told_on_whichever_page_they_are(
    open_page: OpenPage, site: Site, language: Language, width: int
) -> None:
    nikos = await Pen.of(site, "nikos")
    window = await open_page("maria", language=language, width=width, scripts=True)
    async with window.page.expect_request("**/events"):
        await window.go("/help")
    title = await window.page.title()
    bell = window.page.locator(".bell")
    await expect(bell).to_have_accessible_name(window.say("Notifications"))
    for count in (1, 2):
        await nikos.start("Ερώτηση", f"@{site.cast.maria.name.replace(' ', '.')}, το γνωρίζετε;")
        await telling.fan_out(site.app[DB])
        await expect(bell).to_have_accessible_name(f"{window.say('Notifications, unread')}: {count}")
        await expect(bell.locator(".count")).to_have_text(str(count))
        assert await window.page.title() == f"({count}) {title}"


async def test_without_scripts_everything_is_there_and_nothing_listens(open_page: OpenPage, site: Site) -> None:
    topic = await _topic(site)
    window = await open_page("maria")
    await window.go(topic.path)
    await (await Pen.of(site, "nikos")).reply(topic, "Συμφωνούμε.")
    await window.page.wait_for_timeout(2500)
    assert len(site.app[STREAMS]) == 0
    await window.go(topic.path)
    await window.shows("Συμφωνούμε.")
