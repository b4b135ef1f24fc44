"""The home page: categories with what is new in them, and the latest topics."""

from __future__ import annotations

import re

from forum.db import RawConnection
from tests.site import Site
from tests.web import content, doors


async def test_home_lists_the_categories_in_their_order(site: Site) -> None:
    maria = await site.visitor("maria")
    answer = await maria.get("/")
    assert answer.status == 200
    listed = re.findall(r'<h3><a href="/categories/([a-z-]+)">', answer.text)
    assert listed == ["questions", "proposals", "good-practices", "guides", "announcements"]


async def test_a_category_says_how_many_topics_are_new_and_when_it_moved_last(site: Site) -> None:
    await content.start(site, "nikos", title="Παιδικές χαρές")
    await content.start(site, "maria", "good-practices", title="Δική μου πρακτική")
    maria = await site.visitor("maria")
    text = (await maria.get("/")).text
    questions = text[text.index('href="/categories/questions"') : text.index('href="/categories/proposals"')]
    assert "1 θέμα με νέες αναρτήσεις" in questions or "1 topic with new posts" in questions
    assert "μόλις τώρα" in questions or "just now" in questions
    own = text[text.index('href="/categories/good-practices"') : text.index('href="/categories/guides"')]
    assert "topic with new posts" not in own
    assert "με νέες αναρτήσεις" not in own


async def test_the_latest_topics_of_all_categories_lead_to_their_first_new_post(site: Site) -> None:
    started = await content.start(site, "nikos", "good-practices", title="Κομποστοποίηση")
    maria = await site.visitor("maria")
    text = (await maria.get("/")).text
    assert "Κομποστοποίηση" in text[text.index('id="latest"') :]
    assert f'href="/topics/{started.topic_id}?unread=1"' in text


async def test_a_guest_and_a_suspended_member_are_led_to_sign_in(site: Site) -> None:
    for person in (None, "suspended"):
        answer = await (await site.visitor(person)).get("/")
        assert (answer.status, answer.location) == (303, "/login")


async def test_a_stranger_sees_no_category_and_is_told_so(site: Site) -> None:
    await content.start(site, "nikos", title="Κρυφό θέμα")
    stranger = await site.visitor("stranger")
    answer = await stranger.get("/")
    assert answer.status == 200
    assert 'href="/categories/' not in answer.text
    assert "Κρυφό θέμα" not in answer.text
    assert 'class="empty"' in answer.text


async def test_a_category_that_may_only_be_seen_stands_without_a_way_in(site: Site, owner: RawConnection) -> None:
    await content.start(site, "nikos", title="Κρυφό θέμα")
    await content.let_stranger_see(owner, "questions")
    stranger = await site.visitor("stranger")
    answer = await stranger.get("/")
    assert re.search(r"<h3>(Ερωτήσεις και συζήτηση|Questions and discussion)</h3>", answer.text)
    assert 'href="/categories/' not in answer.text
    assert "Κρυφό θέμα" not in answer.text
    assert "1 topic" not in answer.text


async def test_home_takes_no_other_method_and_changes_nothing(site: Site, owner: RawConnection) -> None:
    await content.start(site, "nikos")
    maria = await site.visitor("maria")
    await maria.get("/")
    assert await owner.fetchval("SELECT count(*) FROM topic_reads WHERE member_id = $1", site.cast.maria.member_id) == 0
    await doors.takes_no_other_method(site, "maria", "/", "POST", "PUT", "DELETE")


async def test_an_administrator_who_is_alone_is_told_how_to_add_members(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    assert "/help/administrators" not in (await administrator.get("/")).text, "the premise: there are others"
    await owner.execute("DELETE FROM members WHERE id <> $1", site.cast.administrator.member_id)
    assert "/help/administrators" in (await administrator.get("/")).text
