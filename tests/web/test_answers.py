"""The mark that says which reply answers a question, and what its topic, its category and its members see of it."""

from __future__ import annotations

import re

import pytest

from forum.db import RawConnection
from forum.domain.entities import POSTS_A_PAGE, Post
from forum.domain.topics import Started
from forum.keys import DB
from tests.domain import telling
from tests.site import Site, Visitor
from tests.web import content, doors


@pytest.fixture
async def topic(site: Site) -> Started:
    return await content.start(site, "maria", kind="question")


@pytest.fixture
async def reply(site: Site, topic: Started) -> Post:
    return await content.reply(site, "nikos", topic.topic_id, "Με **φωτοκύτταρα**.")


def _path(topic: Started) -> str:
    return f"/topics/{topic.topic_id}"


def _page(topic: Started) -> str:
    return f"{_path(topic)}/{topic.slug}"


async def _mark(visitor: Visitor, topic: Started, post: Post) -> None:
    answer = await visitor.submit(f"{_path(topic)}/answer", {"post": str(post.id)})
    assert (answer.status, answer.location) == (303, _page(topic)), answer.text


async def _marked(owner: RawConnection) -> int | None:
    found: int | None = await owner.fetchval("SELECT answer_post_id FROM topics")
    return found


def _panel(text: str) -> str:
    found = re.search(r'<section class="answer".*?</section>', text, re.DOTALL)
    return found[0] if found else ""


@pytest.mark.parametrize("person", ["maria", "moderator", "administrator"])
async def test_whoever_asked_and_moderators_mark_a_reply(
    site: Site, topic: Started, reply: Post, owner: RawConnection, person: str
) -> None:
    visitor = await site.visitor(person)
    page = await visitor.get(_page(topic))
    assert page.text.count(f'action="{_path(topic)}/answer"') == 1, "at the reply, and not at the question"
    assert f'name="post" value="{reply.id}"' in page.text
    assert not _panel(page.text)
    for _ in range(2):
        await _mark(visitor, topic, reply)
    assert await _marked(owner) == reply.id
    page = await visitor.get(_page(topic))
    panel = _panel(page.text)
    assert "Αποδεκτή απάντηση από: Νίκος Καραντώνης, Δήμος Μυτιλήνης" in panel
    assert "<strong>φωτοκύτταρα</strong>" in panel
    assert f'href="/posts/{reply.id}"' in panel
    assert f'action="{_path(topic)}/answer/delete"' in panel
    assert page.text.index(panel) > page.text.index('id="post-1"')
    assert page.text.index(panel) < page.text.index('id="post-2"')
    assert f'action="{_path(topic)}/answer"' not in page.text, "nothing is left to mark"
    for _ in range(2):
        assert (await visitor.submit(f"{_path(topic)}/answer/delete")).status == 303
    assert await _marked(owner) is None
    assert await content.acts(owner) == ["topic.mark_answer", "topic.unmark_answer"]


async def test_everybody_sees_the_answer_and_others_no_buttons(site: Site, topic: Started, reply: Post) -> None:
    nikos, sophie = await site.visitor("nikos"), await site.visitor("sophie")
    page = await nikos.get(_page(topic))
    assert "Ζητείται απάντηση</span>" in page.text
    assert "Χωρίς αποδεκτή απάντηση" in page.text
    assert "/answer" not in page.text
    await _mark(await site.visitor("maria"), topic, reply)
    page = await nikos.get(_page(topic))
    assert "φωτοκύτταρα" in _panel(page.text)
    assert "Απαντήθηκε" in page.text
    assert "Μια απάντηση έγινε αποδεκτή" in page.text, "the notice, where it happened"
    assert "/answer" not in page.text
    english = await sophie.get(_page(topic))
    assert "Answer by Νίκος Καραντώνης, Municipality of Mytilene" in _panel(english.text)


async def test_a_discussion_has_no_answer(site: Site, owner: RawConnection) -> None:
    said = await content.start(site, "maria")
    post = await content.reply(site, "nikos", said.topic_id)
    maria = await site.visitor("maria")
    page = await maria.get(_page(said))
    assert "/answer" not in page.text
    assert "Ζητείται απάντηση" not in page.text
    refused = await maria.submit(f"{_path(said)}/answer", {"post": str(post.id)})
    assert refused.status == 403
    assert "Το θέμα δεν είναι ερώτηση" in refused.text
    assert await _marked(owner) is None


async def test_another_member_does_not_mark(site: Site, topic: Started, reply: Post, owner: RawConnection) -> None:
    nikos = await site.visitor("nikos")
    assert (await nikos.submit(f"{_path(topic)}/answer", {"post": str(reply.id)})).status == 403
    await _mark(await site.visitor("maria"), topic, reply)
    assert (await nikos.submit(f"{_path(topic)}/answer/delete")).status == 403
    assert await _marked(owner) == reply.id


async def test_in_a_locked_topic_only_moderators_mark(
    site: Site, topic: Started, reply: Post, owner: RawConnection
) -> None:
    await content.lock(site, topic.topic_id)
    maria = await site.visitor("maria")
    assert "/answer" not in (await maria.get(_page(topic))).text
    assert (await maria.submit(f"{_path(topic)}/answer", {"post": str(reply.id)})).status == 403
    assert await _marked(owner) is None
    await _mark(await site.visitor("moderator"), topic, reply)
    assert await _marked(owner) == reply.id


async def test_the_mark_is_closed_to_outsiders(site: Site, topic: Started, reply: Post, owner: RawConnection) -> None:
    for tail in ("/answer", "/answer/delete"):
        path, absent = f"{_path(topic)}{tail}", f"/topics/{doors.ABSENT}{tail}"
        await doors.closed_to_outsiders(site, "POST", path, absent, {"post": str(reply.id)})
    assert await _marked(owner) is None


@pytest.mark.parametrize("sent", ["", "x", "0", "-1", "1.5", "9" * 20, "999999", "٤"])
async def test_what_is_no_post_of_the_topic_is_refused(
    site: Site, topic: Started, owner: RawConnection, sent: str
) -> None:
    maria = await site.visitor("maria")
    assert (await maria.submit(f"{_path(topic)}/answer", {"post": sent})).status == 422
    assert (await maria.submit(f"{_path(topic)}/answer")).status == 422
    assert await _marked(owner) is None


async def test_neither_the_question_nor_a_deleted_reply_nor_one_of_elsewhere_is_marked(
    site: Site, topic: Started, reply: Post, owner: RawConnection
) -> None:
    other = await content.start(site, "maria", kind="question")
    elsewhere = await content.reply(site, "nikos", other.topic_id)
    await content.delete_post(site, "nikos", reply.id)
    maria = await site.visitor("maria")
    statuses = [
        (await maria.submit(f"{_path(topic)}/answer", {"post": str(post_id)})).status
        for post_id in (topic.first_post_id, reply.id, elsewhere.id)
    ]
    assert statuses == [403, 403, 422]
    assert await owner.fetchval("SELECT count(*) FROM topics WHERE answer_post_id IS NOT NULL") == 0


async def test_what_is_no_topic_has_no_answer(site: Site, reply: Post) -> None:
    maria = await site.visitor("maria")
    assert (await maria.submit(f"/topics/{doors.ABSENT}/answer", {"post": str(reply.id)})).status == 404
    assert (await maria.submit("/topics/abc/answer/delete")).status == 400


async def test_the_mark_asks_for_the_token(site: Site, topic: Started, reply: Post, owner: RawConnection) -> None:
    await doors.asks_for_the_token(site, "maria", f"{_path(topic)}/answer", {"post": str(reply.id)})
    assert await _marked(owner) is None
    await doors.takes_no_other_method(site, "maria", f"{_path(topic)}/answer/delete", "GET", "PUT")


async def test_the_mark_goes_with_the_reply(site: Site, topic: Started, reply: Post, owner: RawConnection) -> None:
    maria, nikos = await site.visitor("maria"), await site.visitor("nikos")
    await _mark(maria, topic, reply)
    await nikos.get(f"/posts/{reply.id}/delete")
    assert (await nikos.submit(f"/posts/{reply.id}/delete")).status == 303
    page = await maria.get(_page(topic))
    assert not _panel(page.text)
    assert "Η αποδοχή της απάντησης αναιρέθηκε" in page.text
    assert await _marked(owner) is None


async def test_the_answer_stands_under_the_question_on_the_first_page_alone(site: Site, topic: Started) -> None:
    body = "Με φωτοκύτταρα[^1].\n\n[^1]: Όπως στο λιμάνι."
    replies = [await content.reply(site, "nikos", topic.topic_id, f"{n}. {body}") for n in range(POSTS_A_PAGE + 2)]
    maria = await site.visitor("maria")
    for post in (replies[4], replies[-1]):
        await _mark(maria, topic, post)
        first = (await maria.get(_page(topic))).text
        assert body.partition("[")[0] in _panel(first)
        ids = re.findall(r'\bid="([^"]+)"', first)
        assert len(ids) == len(set(ids)), "footnotes of the answer have names of their own in the panel"
        for name in re.findall(r'href="#(answer-[^"]+)"', _panel(first)):
            assert f'id="{name}"' in _panel(first)
        second = (await maria.get(f"{_page(topic)}?page=2")).text
        assert not _panel(second)
        assert (first if post is replies[4] else second).count("Αποδεκτή απάντηση</span>") == 1, (
            "marked in its own place"
        )


async def test_pages_that_are_kept_know_of_the_mark(site: Site, topic: Started, reply: Post) -> None:
    people = [await site.visitor(person) for person in ("maria", "nikos", "sophie", "moderator")]
    for _ in range(2):
        for visitor in people:
            await visitor.get(_page(topic))
    await _mark(people[0], topic, reply)
    for _ in range(2):
        pages = [(await visitor.get(_page(topic))).text for visitor in people]
        assert all(_panel(page) for page in pages)
        assert ["/answer/delete" in page for page in pages] == [True, False, False, True]


async def test_lists_say_of_questions_whether_they_are_answered(site: Site, topic: Started, reply: Post) -> None:
    await content.start(site, "nikos", title="Συζήτηση")
    nikos = await site.visitor("nikos")
    for path in ("/categories/questions", "/", "/municipalities/larnaca"):
        assert (await nikos.get(path)).text.count("Ζητείται απάντηση") == 1, path
    await _mark(await site.visitor("maria"), topic, reply)
    for path in ("/categories/questions", "/", "/municipalities/larnaca"):
        text = (await nikos.get(path)).text
        assert ("Ζητείται απάντηση" in text, text.count("Απαντήθηκε")) == (False, 1), path


async def test_a_category_shows_the_questions_that_wait_for_an_answer(site: Site, topic: Started, reply: Post) -> None:
    await content.start(site, "maria", title="Συζήτηση")
    for n in range(21):
        await content.start(site, "nikos", title=f"Ερώτηση {n}", kind="question")
    nikos = await site.visitor("nikos")
    path = "/categories/questions?filter=unanswered"
    assert path.partition("?")[2] in (await nikos.get("/categories/questions")).text
    first = (await nikos.get(path)).text
    assert first.count('class="t-title"') == 20
    assert first.index("Ερώτηση 20") < first.index("Ερώτηση 2<")
    assert re.search(r'filter=unanswered" aria-current="true"', first)
    assert "Συζήτηση</a>" not in first
    found = re.search(r'href="([^"]*cursor=[^"]*)"', first)
    assert found
    second = (await nikos.get(found[1].replace("&amp;", "&"))).text
    assert second.count('class="t-title"') == 2
    assert "Φωτισμός λιμανιού" in second
    await _mark(await site.visitor("maria"), topic, reply)
    assert "Φωτισμός λιμανιού" not in (await nikos.get(found[1].replace("&amp;", "&"))).text


async def test_where_no_questions_are_asked_the_filter_is_not_offered(site: Site) -> None:
    maria = await site.visitor("maria")
    assert "filter=unanswered" not in (await maria.get("/categories/guides")).text
    page = await maria.get("/categories/guides?filter=unanswered")
    assert page.status == 200
    assert "Καμία ερώτηση δεν περιμένει απάντηση εδώ." in page.text
    for wrong in ("?filter=x", "?filter=unanswered&filter=", "?filter=unanswered&cursor=x"):
        assert (await maria.get(f"/categories/questions{wrong}")).status == 400


async def test_the_author_is_told_and_finds_the_answer(
    site: Site, topic: Started, reply: Post, owner: RawConnection
) -> None:
    await _mark(await site.visitor("maria"), topic, reply)
    await telling.fan_out(site.app[DB])
    nikos = await site.visitor("nikos")
    page = await nikos.get("/notifications")
    assert "αποδέχεται μια απάντηση" in page.text
    assert "Μαρία Χατζηγιάννη" in page.text
    program = await site.program("nikos")
    (told,) = (await program.get("/api/v1/notifications")).json["items"]
    assert (told["kind"], told["post_id"], told["actor_name"]) == ("answer", reply.id, "Μαρία Χατζηγιάννη")
    await nikos.get(_page(topic))
    assert await owner.fetchval("SELECT count(*) FROM notifications WHERE kind = 'answer' AND read_at IS NULL") == 0
