"""What has come to a topic since its page was shown, as its script asks for it."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from forum.domain.entities import POSTS_A_PAGE
from forum.domain.topics import Started
from tests.site import Answer, Site, Visitor
from tests.web import content

_FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
async def topic(site: Site) -> Started:
    return await content.start(site, "maria", body="Πρώτη ανάρτηση", language="el")


async def ask(visitor: Visitor, topic: Started, query: str) -> Answer:
    return await visitor.get(f"/topics/{topic.topic_id}/posts/news?{query}", headers=_FETCH)


async def test_the_answer_is_the_new_posts_as_the_page_shows_them(site: Site, topic: Started) -> None:
    nikos = await site.visitor("nikos")
    await content.reply(site, "maria", topic.topic_id, "Η *δεύτερη*")
    await content.reply(site, "sophie", topic.topic_id, "Η τρίτη")
    answer = await ask(nikos, topic, "page=1&first=2&since=1")
    assert answer.status == 200
    assert answer.text.count("<article") == 2
    assert 'data-replies="2">2 απαντήσεις<' in answer.text
    assert 'data-news="2 νέες απαντήσεις"></template>' in answer.text
    page = await nikos.get(f"/topics/{topic.topic_id}/{topic.slug}")
    article = answer.text[answer.text.index("<article") : answer.text.index("</article>")]
    assert article in page.text


async def test_ones_own_posts_and_deleted_ones_are_no_news(site: Site, topic: Started) -> None:
    nikos, maria = await site.visitor("nikos"), await site.visitor("maria")
    await content.reply(site, "maria", topic.topic_id)
    gone = await content.reply(site, "sophie", topic.topic_id, "Σβησμένη")
    await content.delete_post(site, "sophie", gone.id)
    assert "1 νέα απάντηση" in (await ask(nikos, topic, "page=1&first=2&since=1")).text, "the premise"
    own = await ask(maria, topic, "page=1&first=2&since=1")
    assert own.text.count("<article") == 2
    assert "data-news" not in own.text
    assert "Σβησμένη" not in own.text


async def test_what_stands_on_a_later_page_is_counted_and_led_to(site: Site, topic: Started) -> None:
    nikos = await site.visitor("nikos")
    for _ in range(POSTS_A_PAGE + 1):
        await content.reply(site, "maria", topic.topic_id)
    answer = await ask(nikos, topic, f"page=1&first=21&since={POSTS_A_PAGE}")
    assert "<article" not in answer.text
    assert 'data-news="2 νέες απαντήσεις"' in answer.text
    assert f'href="/topics/{topic.topic_id}/{topic.slug}?page=2#post-22"' in answer.text


async def test_what_is_shown_so_counts_as_read(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos = await site.visitor("nikos")
    await nikos.get(f"/topics/{topic.topic_id}/{topic.slug}")
    await content.reply(site, "maria", topic.topic_id)
    assert "<article" in (await ask(nikos, topic, "page=1&first=2&since=1")).text
    mark = "SELECT last_number FROM topic_reads WHERE member_id = $1"
    assert await owner.fetchval(mark, site.cast.nikos.member_id) == 2


async def test_nothing_kept_outlives_an_edit_or_a_right(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos, sophie = await site.visitor("nikos"), await site.visitor("sophie")
    post = await content.reply(site, "maria", topic.topic_id, "Πριν")
    query = "page=1&first=2&since=1"
    for visitor in (nikos, sophie, nikos):
        assert "Πριν" in (await ask(visitor, topic, query)).text
    await content.delete_post(site, "maria", post.id)
    assert "Πριν" not in (await ask(nikos, topic, query)).text
    await owner.execute("DELETE FROM grants")
    assert (await ask(nikos, topic, query)).status == 404


async def test_outsiders_guests_and_people_without_the_script(site: Site, topic: Started) -> None:
    stranger, guest, nikos = await site.visitor("stranger"), await site.visitor(), await site.visitor("nikos")
    assert (await ask(stranger, topic, "page=1&first=1")).status == 404
    assert (await ask(guest, topic, "page=1&first=1")).status == 401
    answer = await nikos.get(f"/topics/{topic.topic_id}/posts/news?first=9")
    assert (answer.status, answer.location) == (303, f"/topics/{topic.topic_id}/{topic.slug}#post-1")


@pytest.mark.parametrize("query", ["page=0", "first=x", "since=-1", "first=99999999999999999999", "first=1&first=2"])
async def test_numbers_that_are_none_are_refused(site: Site, topic: Started, query: str) -> None:
    assert (await ask(await site.visitor("nikos"), topic, query)).status == 400


async def test_a_word_that_waits_goes_on_waiting(site: Site, topic: Started) -> None:
    maria = await site.visitor("maria")
    await maria.get(f"/topics/{topic.topic_id}/{topic.slug}")
    await maria.submit(f"/topics/{topic.topic_id}/posts", {"body": "Με τη φόρμα"})
    await ask(maria, topic, "page=1&first=2&since=1")
    assert 'role="status"' in (await maria.get(f"/topics/{topic.topic_id}/{topic.slug}")).text
