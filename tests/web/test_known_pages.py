"""Pages that were written before: the same for all who may see the same, and never what is not true any more."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from forum.domain.topics import Started
from forum.keys import PAGES
from tests.site import Site, Visitor, without_tokens
from tests.web import content


@pytest.fixture
async def topic(site: Site) -> Started:
    started = await content.start(site, "maria")
    await content.reply(site, "moderator", started.topic_id, "Στη Μυτιλήνη.")
    return started


def _path(topic: Started) -> str:
    return f"/topics/{topic.topic_id}/{topic.slug}"


async def _read(visitor: Visitor, path: str) -> str:
    answer = await visitor.get(path)
    assert answer.status == 200
    return answer.text


async def test_a_page_is_written_once_for_all_who_may_do_the_same(
    site: Site, topic: Started, owner: RawConnection
) -> None:
    await owner.execute("UPDATE members SET language = 'el'")
    sophie, nikos = await site.visitor("sophie"), await site.visitor("nikos")
    for visitor in (sophie, nikos):
        await _read(visitor, _path(topic))  # marks it read
    kept = len(site.app[PAGES])
    first = await _read(sophie, _path(topic))
    assert len(site.app[PAGES]) == kept + 1
    second = await _read(nikos, _path(topic))
    assert len(site.app[PAGES]) == kept + 1, "the second reader got the page of the first"
    assert without_tokens(first) != without_tokens(second), "each has the own name in the masthead"
    assert site.cast.sophie.name in first
    assert site.cast.sophie.name not in second
    assert f'data-member="{site.cast.nikos.member_id}"' in second


async def test_a_name_is_escaped_in_a_page_that_was_written_for_somebody_else(
    site: Site, topic: Started, owner: RawConnection
) -> None:
    await _read(await site.visitor("sophie"), _path(topic))
    await owner.execute("UPDATE members SET name = $2 WHERE id = $1", site.cast.nikos.member_id, "<b>&Π</b>")
    nikos = await site.visitor("nikos")
    await _read(nikos, _path(topic))
    text = await _read(nikos, _path(topic))
    assert "&lt;b&gt;&amp;Π&lt;/b&gt;" in text
    assert "<b>&Π" not in text


async def test_each_answer_has_a_token_and_a_form_key_of_its_own_and_they_work(site: Site, topic: Started) -> None:
    visitor = await site.visitor("maria")
    await _read(visitor, _path(topic))
    answers = [await visitor.get(_path(topic)) for _ in range(2)]
    for name in ("csrf_token", "idempotency_key"):
        assert answers[0].hidden(name) != answers[1].hidden(name)
    for answer in answers:
        sent = {"body": "Και εμείς", "idempotency_key": answer.hidden("idempotency_key")}
        visitor.token = answer.hidden("csrf_token")
        assert (await visitor.submit(f"/topics/{topic.topic_id}/posts", sent)).status == 303
    assert (await _read(visitor, _path(topic))).count("Και εμείς") == 2


async def test_only_who_wrote_something_is_offered_to_change_it(site: Site, topic: Started) -> None:
    maria, moderator, sophie = [await site.visitor(person) for person in ("maria", "moderator", "sophie")]
    everybody = (sophie, maria, moderator, sophie, maria)
    for _ in range(3):
        assert [(await _read(visitor, _path(topic))).count("/edit") for visitor in everybody] == [0, 1, 1, 0, 1]


@pytest.mark.parametrize(
    "path", ["topic", "/", "/categories/questions", "/search?q=%CF%86%CF%89%CF%84%CE%B9%CF%83%CE%BC%CF%8C%CF%82"]
)
async def test_what_others_do_is_there_at_once(site: Site, topic: Started, owner: RawConnection, path: str) -> None:
    visitor = await site.visitor("sophie")
    path = _path(topic) if path == "topic" else path
    await _read(visitor, path)
    assert "Φωτισμός λιμανιού" in await _read(visitor, path)
    maria = await site.visitor("maria")
    posts = await owner.fetchval("SELECT id FROM posts WHERE number = 1")
    changed = {"title": "Φωτισμός μαρίνας", "body": "Ποιος έχει φωτισμό;"}
    assert (await maria.submit(f"/posts/{posts}/edit", changed)).status == 303
    answer = await visitor.get(path)
    text = (await visitor.follow(answer)).text if answer.status == 301 else answer.text
    assert "Φωτισμός μαρίνας" in text
    assert "Φωτισμός λιμανιού" not in text


@pytest.mark.parametrize("path", ["topic", "/categories/questions"])
async def test_a_right_that_is_withdrawn_closes_the_page_at_once(
    site: Site, topic: Started, owner: RawConnection, path: str
) -> None:
    visitor = await site.visitor("sophie")
    path = _path(topic) if path == "topic" else path
    for _ in range(2):
        await _read(visitor, path)
    await owner.execute("DELETE FROM grants WHERE category_id = (SELECT id FROM categories WHERE slug = 'questions')")
    assert (await visitor.get(path)).status == 404


async def test_a_lock_takes_the_field_away_at_once_and_gives_it_back(site: Site, topic: Started) -> None:
    visitor = await site.visitor("sophie")
    for _ in range(2):
        assert "<textarea" in await _read(visitor, _path(topic))
    await content.lock(site, topic.topic_id)
    text = await _read(visitor, _path(topic))
    assert "<textarea" not in text
    assert "Περιμένουμε τη Νομική Υπηρεσία" in text


async def test_a_draft_stands_in_the_field_of_its_author_alone(site: Site, topic: Started) -> None:
    sophie, nikos = await site.visitor("sophie"), await site.visitor("nikos")
    for visitor in (sophie, nikos):
        await _read(visitor, _path(topic))
    sent = {"place": f"topic:{topic.topic_id}", "body": "Μισή σκέψη"}
    assert (await sophie.submit("/drafts", sent)).status < 400
    assert "Μισή σκέψη" in await _read(sophie, _path(topic))
    assert "Μισή σκέψη" not in await _read(nikos, _path(topic))


async def test_a_word_after_an_act_is_said_once_and_to_nobody_else(site: Site, topic: Started) -> None:
    sophie, nikos = await site.visitor("sophie"), await site.visitor("nikos")
    for visitor in (sophie, nikos):
        await _read(visitor, _path(topic))
    answer = await sophie.submit(f"/topics/{topic.topic_id}/posts", {"body": "Εδώ."})
    assert 'role="status"' in (await sophie.follow(answer)).text
    for visitor in (sophie, nikos):
        assert 'role="status"' not in await _read(visitor, _path(topic))


async def test_the_unread_marks_of_home_follow_what_one_reads(site: Site, topic: Started) -> None:
    visitor = await site.visitor("sophie")
    for _ in range(2):
        assert "?unread=1" in await _read(visitor, "/")
    await visitor.get(_path(topic), headers={"Sec-Fetch-Dest": "document"})
    assert "?unread=1" not in await _read(visitor, "/")
