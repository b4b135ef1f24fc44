"""The page of what one was told, the bell on every page, and what opening a topic does to both."""

from __future__ import annotations

import re

import pytest

from forum.db import RawConnection
from forum.keys import DB
from tests.domain import telling
from tests.site import Answer, Site
from tests.web import content


def _title(answer: Answer) -> str:
    found = re.search(r"<title>(.*?)</title>", answer.text)
    assert found
    return found[1]


def _count(answer: Answer) -> str:
    found = re.search(r'<span class="count"[^>]*>([^<]*)</span><span class="vh"[^>]*>([^<]*)</span>', answer.text)
    assert found
    return found[1]


async def _reply(site: Site, topic_id: int, person: str = "nikos", body: str = "Εμείς.") -> None:
    await content.reply(site, person, topic_id, body)  # type: ignore[arg-type]  # a topic's id
    await telling.fan_out(site.app[DB])


async def test_guests_are_led_to_the_door(site: Site) -> None:
    guest = await site.visitor()
    assert (await guest.get("/notifications")).location == "/login?next=/notifications"


async def test_without_news_the_page_says_so_and_the_bell_is_silent(site: Site) -> None:
    maria = await site.visitor("maria")
    page = await maria.get("/notifications")
    assert page.status == 200
    assert "Δεν υπάρχει τίποτε νέο για εσάς." in page.text
    assert _title(page).startswith("Ειδοποιήσεις — ")
    assert _count(page) == ""
    assert "Σήμανση όλων ως αναγνωσμένων" not in page.text


async def test_what_is_new_stands_in_the_title_at_the_bell_and_on_the_page(site: Site) -> None:
    topic = await content.start(site, "maria")
    for _ in range(2):
        await _reply(site, topic.topic_id)
    maria = await site.visitor("maria")
    for path in ("/", "/categories/questions", "/settings", "/notifications"):
        page = await maria.get(path)
        assert _title(page).startswith("(2) "), path
        assert _count(page) == "2", path
        assert "Ειδοποιήσεις: 2 αδιάβαστες" in page.text
    assert 'class="unread"' in page.text
    assert topic.slug not in page.text, "the way leads to the post, wherever it stands by then"
    assert page.text.count("Νίκος Καραντώνης") == 2


async def test_a_page_that_is_kept_says_the_number_of_its_reader(site: Site) -> None:
    topic = await content.start(site, "maria")
    other = await content.start(site, "nikos")
    maria, nikos = await site.visitor("maria"), await site.visitor("nikos")
    path = f"/topics/{other.topic_id}/{other.slug}"
    for visitor in (maria, nikos):
        for _ in range(2):
            await visitor.get(path)
    assert (_count(await maria.get(path)), _count(await nikos.get(path))) == ("", "")
    await _reply(site, topic.topic_id)
    assert (_count(await maria.get(path)), _count(await nikos.get(path))) == ("1", "")
    assert _count(await maria.get("/")) == "1"
    assert _count(await maria.get("/")) == "1"


async def test_opening_a_topic_counts_what_was_told_of_it_as_seen_at_once(site: Site, owner: RawConnection) -> None:
    topic, other = await content.start(site, "maria"), await content.start(site, "maria")
    for topic_id in (topic.topic_id, other.topic_id):
        await _reply(site, topic_id)
    maria = await site.visitor("maria")
    path = f"/topics/{topic.topic_id}/{topic.slug}"
    assert _count(await maria.get("/")) == "2"
    prefetched = await maria.get(path, headers={"Sec-Purpose": "prefetch"})
    assert _count(prefetched) == "2", "nobody looked"
    assert (await maria.request("HEAD", path)).status == 200
    assert _title(await maria.get(path)).startswith("(1) "), "the page itself says what is left"
    assert _count(await maria.get("/")) == "1"
    assert await owner.fetchval("SELECT count(*) FROM notifications WHERE read_at IS NOT NULL") == 1


async def test_a_mention_in_a_post_that_was_read_before_is_seen_by_opening_the_topic(site: Site) -> None:
    topic = await content.start(site, "maria")
    maria, nikos = await site.visitor("maria"), await site.visitor("nikos")
    path = f"/topics/{topic.topic_id}/{topic.slug}"
    await nikos.get(path)
    edited = {"title": "Φωτισμός", "body": "Ποιος; @Νίκος.Καραντώνης"}
    assert (await maria.submit(f"/posts/{topic.first_post_id}/edit", edited)).status == 303
    await telling.fan_out(site.app[DB])
    assert _count(await nikos.get("/")) == "1"
    moved = await nikos.get(path)
    assert moved.status == 301, "the title is another, and so is the address"
    assert _count(await nikos.follow(moved)) == ""


async def test_all_is_marked_as_read_at_once_and_by_the_home_page_too(site: Site) -> None:
    topic = await content.start(site, "maria")
    maria = await site.visitor("maria")
    for path in ("/notifications/read", "/read", "/categories/questions/read"):
        await _reply(site, topic.topic_id)
        assert _count(await maria.get("/notifications")) == "1"
        answer = await maria.submit(path)
        assert answer.status == 303
        page = await maria.follow(answer)
        assert 'role="status"' in page.text
        assert _count(page) == "", path
    assert (await maria.request("POST", "/notifications/read")).status == 403, "not without the form's token"


async def test_what_is_no_longer_open_says_nothing_of_itself(site: Site, owner: RawConnection) -> None:
    topic = await content.start(site, "maria", title="Απόρρητο")
    await _reply(site, topic.topic_id)
    maria = await site.visitor("maria")
    assert "Απόρρητο" in (await maria.get("/notifications")).text
    await owner.execute("DELETE FROM grants")
    page = await maria.get("/notifications")
    assert page.status == 200
    assert "Απόρρητο" not in page.text
    assert "Νίκος" not in page.text
    assert "Κάτι που δεν είναι πλέον ανοικτό για εσάς" in page.text


async def test_the_list_goes_on_page_by_page(site: Site) -> None:
    topics = [await content.start(site, "maria", title=f"Θέμα {number}") for number in range(22)]
    for topic in topics:
        await content.reply(site, "nikos", topic.topic_id)
    await telling.fan_out(site.app[DB])
    maria = await site.visitor("maria")
    first = await maria.get("/notifications")
    following = re.search(r'href="(/notifications\?cursor=[^"]+)" rel="next"', first.text)
    assert following
    second = await maria.get(following[1])
    titles = [re.findall(r">(Θέμα \d+)</a></h3>", page.text) for page in (first, second)]
    assert [len(found) for found in titles] == [20, 2]
    assert len({*titles[0], *titles[1]}) == 22
    assert (await maria.get("/notifications?cursor=nonsense")).status == 400


@pytest.mark.parametrize("count", [99, 100, 250])
async def test_beyond_ninety_nine_nobody_counts(site: Site, owner: RawConnection, count: int) -> None:
    topic = await content.start(site, "maria")
    await owner.execute(
        "INSERT INTO posts (topic_id, number, author_id, body, html, search) "
        "SELECT $1, n + 1, $2, 'Α', '', '' FROM generate_series(1, $3::integer) AS n",
        topic.topic_id,
        site.cast.nikos.member_id,
        count,
    )
    await owner.execute(
        "INSERT INTO notifications (member_id, kind, topic_id, post_id, actor_id) "
        "SELECT $1, 'reply', topic_id, id, author_id FROM posts WHERE number > 1",
        site.cast.maria.member_id,
    )
    page = await (await site.visitor("maria")).get("/")
    assert _count(page) == ("99" if count == 99 else "99+")
