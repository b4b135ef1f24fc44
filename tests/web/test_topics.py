"""Topics: starting one, its pages, deleting and bringing back."""

from __future__ import annotations

import asyncio
import re
from html import unescape

import pytest

from forum.db import RawConnection
from tests.site import Site
from tests.web import content, doors

_NEW = "/categories/questions/new"
_TOPIC = {"title": "Νέο θέμα", "body": "Ένα **έντονο** κείμενο.", "language": "el"}


async def _count(owner: RawConnection) -> int:
    found: int = await owner.fetchval("SELECT count(*) FROM topics")
    return found


# Starting ----------------------------------------------------------------------------------------


async def test_a_member_starts_a_topic(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    form = await maria.get(_NEW)
    assert form.status == 200
    answer = await maria.submit(_NEW, {**_TOPIC, "idempotency_key": form.hidden("idempotency_key")})
    assert answer.status == 303
    assert re.fullmatch(r"/topics/\d+/neo-thema#post-1", answer.location)
    page = await maria.follow(answer)
    assert page.status == 200
    assert "<h1>Νέο θέμα</h1>" in page.text or '<h1 lang="el">Νέο θέμα</h1>' in page.text
    assert "<strong>έντονο</strong>" in page.text
    row = await owner.fetchrow("SELECT author_id, language, is_internal FROM topics")
    assert tuple(row or ()) == (site.cast.maria.member_id, "el", False)
    assert await owner.fetchval("SELECT topic_count FROM categories WHERE slug = 'questions'") == 1


async def test_the_mark_internal_and_no_language_are_taken_from_the_form(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    await maria.submit(_NEW, {**_TOPIC, "language": "", "internal": "on"})
    row = await owner.fetchrow("SELECT language, is_internal FROM topics")
    assert tuple(row or ()) == (None, True)


async def test_a_plain_title_and_body_are_enough(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    assert (await maria.submit(_NEW, {"title": "Τίτλος", "body": "Κείμενο"})).status == 303
    assert await _count(owner) == 1


async def test_a_double_click_starts_one_topic(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    key = (await maria.get(_NEW)).hidden("idempotency_key")
    answers = await asyncio.gather(*(maria.submit(_NEW, {**_TOPIC, "idempotency_key": key}) for _ in range(3)))
    assert {answer.status for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert await _count(owner) == 1
    assert await owner.fetchval("SELECT topic_count FROM categories WHERE slug = 'questions'") == 1


async def test_the_same_form_with_other_words_is_shown_again_with_a_fresh_key(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    key = (await maria.get(_NEW)).hidden("idempotency_key")
    await maria.submit(_NEW, {**_TOPIC, "idempotency_key": key})
    again = await maria.submit(_NEW, {**_TOPIC, "body": "Άλλο κείμενο", "idempotency_key": key})
    assert again.status == 422
    assert "Άλλο κείμενο</textarea>" in again.text
    assert again.hidden("idempotency_key") != key
    assert 'role="alert"' in again.text
    assert await _count(owner) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "   "),
        ("title", "α" * 201),
        ("title", "δύο\x07ήχοι"),
        ("body", ""),
        ("body", " \n "),
        ("body", "α" * 50_001),
        ("body", "\x00"),
        ("language", "fr"),
    ],
)
async def test_a_form_that_cannot_be_taken_keeps_what_was_typed(
    site: Site, owner: RawConnection, field: str, value: str
) -> None:
    maria = await site.visitor("maria")
    kept = {"title": "Κρατημένος τίτλος", "body": "Κρατημένο κείμενο", "internal": "on"}
    answer = await maria.submit(_NEW, {**kept, field: value})
    assert answer.status == 422
    assert f'href="#{field}"' in answer.text
    assert f'aria-describedby="{field}-hint {field}-error"' in answer.text
    for name, text in kept.items():
        if name not in {field, "internal"}:
            assert text in answer.text
    assert re.search(r'name="internal"[^>]* checked', answer.text)
    assert re.search(r"<title>(Σφάλμα|Error)", answer.text)
    assert await _count(owner) == 0


async def test_a_title_of_exactly_the_limit_is_taken(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    assert (await maria.submit(_NEW, {"title": "α" * 200, "body": "α" * 50_000})).status == 303
    assert await _count(owner) == 1


async def test_a_field_that_comes_twice_is_refused(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    await maria.get("/help")
    twice = [("csrf_token", maria.token), ("title", "α"), ("title", "β"), ("body", "γ")]
    assert (await maria.request("POST", _NEW, data=twice)).status == 400
    assert await _count(owner) == 0


async def test_who_may_not_start_topics_there_is_refused(site: Site, owner: RawConnection) -> None:
    path = "/categories/announcements/new"
    maria = await site.visitor("maria")
    assert (await maria.get(path)).status == 403
    assert (await maria.submit(path, _TOPIC)).status == 403
    assert (await maria.submit(path, {})).status == 403
    assert await _count(owner) == 0
    assert (await (await site.visitor("sophie")).submit(path, _TOPIC)).status == 303


async def test_fields_the_form_does_not_have_are_ignored(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    sent = {**_TOPIC, "author_id": "1", "pinned_at": "2026-01-01", "category_id": "5"}
    await maria.submit(_NEW, sent)
    row = await owner.fetchrow(
        "SELECT topics.author_id, topics.pinned_at, topics.kind, categories.slug"
        " FROM topics JOIN categories ON categories.id = topics.category_id"
    )
    assert tuple(row or ()) == (site.cast.maria.member_id, None, "discussion", "questions")


async def test_starting_is_closed_to_outsiders(site: Site, owner: RawConnection) -> None:
    absent = "/categories/no-such-place/new"
    await doors.closed_to_outsiders(site, "GET", _NEW, absent)
    await doors.closed_to_outsiders(site, "POST", _NEW, absent, _TOPIC)
    await doors.closed_to_outsiders(site, "POST", _NEW, absent, {})
    assert await _count(owner) == 0


async def test_starting_asks_for_the_token(site: Site, owner: RawConnection) -> None:
    await doors.asks_for_the_token(site, "maria", _NEW, _TOPIC)
    assert await _count(owner) == 0
    await doors.takes_no_other_method(site, "maria", _NEW, "PUT", "DELETE")


# Reading -----------------------------------------------------------------------------------------


async def test_a_topic_shows_its_posts_in_order_each_an_article_with_a_name(site: Site) -> None:
    started = await content.start(site, "maria")
    await content.reply(site, "nikos", started.topic_id, "Εμείς το κάναμε.")
    nikos = await site.visitor("nikos")
    page = await nikos.get(f"/topics/{started.topic_id}/{started.slug}")
    assert page.status == 200
    found = re.findall(r'<article class="post" id="post-(\d)" aria-labelledby="by-(\d)" tabindex="-1">', page.text)
    assert found == [("1", "1"), ("2", "2")]
    assert re.search(
        r'id="by-2"><span class="vh">[^<]*2[^<]*</span><a href="/members/\d+">Νίκος Καραντώνης</a>', page.text
    )
    assert page.text.count('class="post-body"') == 2
    assert "<title>Φωτισμός λιμανιού — Ερωτήσεις και συζήτηση — " in page.text


async def test_another_language_than_the_pages_is_marked(site: Site) -> None:
    started = await content.start(site, "sophie", title="Funding notes", body="Two notes.", language="en")
    maria, sophie = await site.visitor("maria"), await site.visitor("sophie")
    path = f"/topics/{started.topic_id}/{started.slug}"
    greek = (await maria.get(path)).text
    assert '<h1 lang="en">Funding notes</h1>' in greek
    assert '<div class="post-body" lang="en">' in greek
    assert '<div class="post-body">' in (await sophie.get(path)).text


async def test_another_slug_leads_to_the_right_one_and_keeps_the_page(site: Site) -> None:
    started = await content.start(site, "maria")
    nikos = await site.visitor("nikos")
    answer = await nikos.get(f"/topics/{started.topic_id}/old-name?page=1")
    assert (answer.status, answer.location) == (301, f"/topics/{started.topic_id}/{started.slug}")
    answer = await nikos.get(f"/topics/{started.topic_id}/old-name?page=3")
    assert answer.location == f"/topics/{started.topic_id}/{started.slug}?page=3"
    answer = await nikos.get(f"/topics/{started.topic_id}")
    assert (answer.status, answer.location) == (303, f"/topics/{started.topic_id}/{started.slug}")


async def test_twenty_posts_stand_on_a_page_and_there_is_none_beyond_the_last(site: Site) -> None:
    started = await content.start(site, "maria")
    for _ in range(20):
        await content.reply(site, "nikos", started.topic_id)
    path = f"/topics/{started.topic_id}/{started.slug}"
    maria = await site.visitor("maria")
    first, second = await maria.get(path), await maria.get(f"{path}?page=2")
    assert first.text.count("<article") == 20
    assert second.text.count("<article") == 1
    assert 'aria-current="page"' in second.text
    assert 'id="post-21"' in second.text
    assert f'action="/topics/{started.topic_id}/posts"' not in first.text
    assert f'href="/topics/{started.topic_id}/posts/new"' in first.text
    assert f'action="/topics/{started.topic_id}/posts"' in second.text
    for page in ("3", "1000000", "9223372036854775807"):
        assert (await maria.get(f"{path}?page={page}")).status == 404, page
    for page in ("0", "-1", "x", "1.5", "99999999999999999999", "1&page=2"):
        assert (await maria.get(f"{path}?page={page}")).status == 400, page


async def test_showing_a_topic_marks_it_read_up_to_the_last_post_shown(site: Site, owner: RawConnection) -> None:
    started = await content.start(site, "maria")
    for _ in range(21):
        await content.reply(site, "nikos", started.topic_id)
    path = f"/topics/{started.topic_id}/{started.slug}"
    sophie = await site.visitor("sophie")
    page = await sophie.get(path)
    assert page.text.index('id="since"') < page.text.index('id="post-1"')
    assert await _last_number(owner, site.cast.sophie.member_id) == 20
    second = await sophie.get(f"{path}?page=2")
    assert second.text.index('id="since"') < second.text.index('id="post-21"')
    assert await _last_number(owner, site.cast.sophie.member_id) == 22
    assert 'id="since"' not in (await sophie.get(path)).text
    assert await _last_number(owner, site.cast.sophie.member_id) == 22


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Dest": "iframe"},
    ],
)
async def test_what_nobody_looks_at_is_not_marked_read(
    site: Site, owner: RawConnection, headers: dict[str, str]
) -> None:
    started = await content.start(site, "nikos")
    path = f"/topics/{started.topic_id}/{started.slug}"
    maria = await site.visitor("maria")
    assert (await maria.get(path, headers=headers)).status == 200
    assert (await maria.request("HEAD", path)).status == 200
    assert await _last_number(owner, site.cast.maria.member_id) is None
    await maria.get(path, headers={"Sec-Fetch-Dest": "document"})
    assert await _last_number(owner, site.cast.maria.member_id) == 1


async def _last_number(owner: RawConnection, member_id: int) -> int | None:
    found: int | None = await owner.fetchval("SELECT last_number FROM topic_reads WHERE member_id = $1", member_id)
    return found


async def test_the_new_posts_link_leads_to_the_first_one(site: Site) -> None:
    started = await content.start(site, "nikos")
    maria = await site.visitor("maria")
    await maria.get(f"/topics/{started.topic_id}/{started.slug}")
    for _ in range(25):
        await content.reply(site, "nikos", started.topic_id)
    path = f"/topics/{started.topic_id}/{started.slug}"
    answer = await maria.get(f"/topics/{started.topic_id}?unread=1")
    assert (answer.status, answer.location) == (303, f"{path}#post-2")
    await maria.get(path)
    answer = await maria.get(f"/topics/{started.topic_id}?unread=1")
    assert answer.location == f"{path}?page=2#post-21"
    await maria.get(f"{path}?page=2")
    answer = await maria.get(f"/topics/{started.topic_id}?unread=1")
    assert answer.location == f"{path}?page=2#post-26"


async def test_notices_stand_between_the_posts_where_they_happened(site: Site) -> None:
    started = await content.start(site, "maria")
    await content.reply(site, "nikos", started.topic_id)
    await content.lock(site, started.topic_id, "Ώσπου να έρθει η γνωμάτευση")
    await content.reply(site, "moderator", started.topic_id, "Η γνωμάτευση ήρθε.")
    text = (await (await site.visitor("maria")).get(f"/topics/{started.topic_id}/{started.slug}")).text
    notice = text.index('class="act-line"')
    assert text.index('id="post-2"') < notice < text.index('id="post-3"')
    assert "Στέλιος Βουρνάζος" in text[notice : text.index('id="post-3"')]
    assert text.count("Ώσπου να έρθει η γνωμάτευση") == 2


async def test_only_what_may_be_done_is_offered(site: Site) -> None:
    started = await content.start(site, "maria")
    await content.reply(site, "nikos", started.topic_id)
    path = f"/topics/{started.topic_id}/{started.slug}"
    offers = {
        f"/topics/{started.topic_id}/lock/new": {"moderator", "administrator"},
        f"/topics/{started.topic_id}/pin": {"moderator", "administrator"},
        f"/topics/{started.topic_id}/internal": {"maria", "moderator", "administrator"},
        f"/topics/{started.topic_id}/delete/new": set(),
        f"/posts/{started.first_post_id}/edit": {"maria"},
        f"/topics/{started.topic_id}/posts": {"maria", "nikos", "sophie", "moderator", "administrator"},
    }
    for person in ("maria", "nikos", "sophie", "moderator", "administrator"):
        text = (await (await site.visitor(person)).get(path)).text
        for target, people in offers.items():
            assert (f'"{target}"' in text) == (person in people), (person, target)


async def test_a_topic_is_closed_to_outsiders(site: Site) -> None:
    started = await content.start(site, "maria")
    topic, absent = f"/topics/{started.topic_id}", f"/topics/{doors.ABSENT}"
    for tail in ("", "?unread=1", f"/{started.slug}", "/wrong-slug", f"/{started.slug}?page=2"):
        await doors.closed_to_outsiders(site, "GET", topic + tail, absent + tail)


async def test_a_topic_that_never_was_is_not_found(site: Site) -> None:
    maria = await site.visitor("maria")
    assert (await maria.get(f"/topics/{doors.ABSENT}/anything")).status == 404
    assert (await maria.get("/topics/abc/anything")).status == 400
    await doors.takes_no_other_method(site, "maria", "/topics/1/anything", "POST", "DELETE")
    await doors.takes_no_other_method(site, "maria", "/topics/1", "POST", "PATCH")


# Deleting ----------------------------------------------------------------------------------------


async def test_the_author_deletes_a_topic_nobody_replied_to_and_brings_it_back(
    site: Site, owner: RawConnection
) -> None:
    started = await content.start(site, "maria")
    path = f"/topics/{started.topic_id}/{started.slug}"
    maria, nikos, moderator = [await site.visitor(person) for person in ("maria", "nikos", "moderator")]
    assert (await maria.get(f"/topics/{started.topic_id}/delete/new")).status == 200
    answer = await maria.submit(f"/topics/{started.topic_id}/delete")
    assert (answer.status, answer.location) == (303, path)
    page = await maria.follow(answer)
    assert page.status == 200
    assert f'action="/topics/{started.topic_id}/restore"' in page.text
    assert f'action="/topics/{started.topic_id}/posts"' not in page.text
    assert (await moderator.get(path)).status == 200
    assert (await nikos.get(path)).status == 404
    assert (await nikos.get(f"/posts/{started.first_post_id}")).status == 404
    answer = await maria.submit(f"/topics/{started.topic_id}/restore")
    assert (answer.status, answer.location) == (303, path)
    assert (await nikos.get(path)).status == 200
    assert await content.acts(owner) == ["topic.delete", "topic.restore"]


async def test_a_topic_with_replies_is_not_the_authors_to_delete(site: Site) -> None:
    started = await content.start(site, "maria")
    await content.reply(site, "nikos", started.topic_id)
    maria = await site.visitor("maria")
    assert (await maria.get(f"/topics/{started.topic_id}/delete/new")).status == 403
    assert (await maria.submit(f"/topics/{started.topic_id}/delete")).status == 403
    assert (await maria.get(f"/topics/{started.topic_id}/{started.slug}")).status == 200


async def test_another_member_can_neither_delete_nor_restore(site: Site, owner: RawConnection) -> None:
    started = await content.start(site, "maria")
    nikos = await site.visitor("nikos")
    assert (await nikos.get(f"/topics/{started.topic_id}/delete/new")).status == 403
    assert (await nikos.submit(f"/topics/{started.topic_id}/delete")).status == 403
    await content.delete_topic(site, "maria", started.topic_id)
    assert (await nikos.submit(f"/topics/{started.topic_id}/restore")).status == 404
    assert (await (await site.visitor("moderator")).submit(f"/topics/{started.topic_id}/restore")).status == 403
    assert await owner.fetchval("SELECT deleted_at IS NOT NULL FROM topics")


async def test_deleting_is_closed_to_outsiders(site: Site) -> None:
    started = await content.start(site, "maria")
    topic, absent = f"/topics/{started.topic_id}", f"/topics/{doors.ABSENT}"
    await doors.closed_to_outsiders(site, "GET", f"{topic}/delete/new", f"{absent}/delete/new")
    await doors.closed_to_outsiders(site, "POST", f"{topic}/delete", f"{absent}/delete")
    await content.delete_topic(site, "maria", started.topic_id)
    await doors.closed_to_outsiders(site, "POST", f"{topic}/restore", f"{absent}/restore")


async def test_deleting_and_restoring_ask_for_the_token(site: Site, owner: RawConnection) -> None:
    started = await content.start(site, "maria")
    await doors.asks_for_the_token(site, "maria", f"/topics/{started.topic_id}/delete")
    await doors.takes_no_other_method(site, "maria", f"/topics/{started.topic_id}/delete/new", "POST")
    assert await owner.fetchval("SELECT deleted_at IS NULL FROM topics")
    await content.delete_topic(site, "maria", started.topic_id)
    await doors.asks_for_the_token(site, "maria", f"/topics/{started.topic_id}/restore")
    assert await owner.fetchval("SELECT deleted_at IS NOT NULL FROM topics")


async def test_a_deleted_topic_tells_why_nobody_writes_there(site: Site) -> None:
    started = await content.start(site, "maria")
    await content.delete_topic(site, "maria", started.topic_id)
    maria = await site.visitor("maria")
    text = unescape((await maria.get(f"/topics/{started.topic_id}/{started.slug}")).text)
    assert "Το θέμα έχει διαγραφεί." in text
    assert (await maria.get(f"/topics/{started.topic_id}/posts/new")).status == 403
