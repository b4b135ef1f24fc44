"""Posts: replying, editing, earlier versions, deleting and restoring, and the permanent link."""

from __future__ import annotations

import asyncio
import re

import pytest

from forum.db import RawConnection
from forum.domain.entities import Post
from forum.domain.topics import Started
from tests.site import Site
from tests.web import content, doors


async def _bodies(owner: RawConnection) -> list[str]:
    return [row["body"] for row in await owner.fetch("SELECT body FROM posts ORDER BY number")]


@pytest.fixture
async def topic(site: Site) -> Started:
    return await content.start(site, "maria", body="Πρώτη ανάρτηση")


@pytest.fixture
async def answer_of_nikos(site: Site, topic: Started) -> Post:
    return await content.reply(site, "nikos", topic.topic_id, "Η απάντηση του Νίκου")


# Replying ----------------------------------------------------------------------------------------


async def test_a_member_replies_and_is_led_to_the_new_post(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos = await site.visitor("nikos")
    page = await nikos.get(f"/topics/{topic.topic_id}/{topic.slug}")
    sent = {"body": "Εμείς *ναι*.", "idempotency_key": page.hidden("idempotency_key")}
    answer = await nikos.submit(f"/topics/{topic.topic_id}/posts", sent)
    assert (answer.status, answer.location) == (303, f"/topics/{topic.topic_id}/{topic.slug}#post-2")
    shown = await nikos.follow(answer)
    assert "<em>ναι</em>" in shown.text
    assert 'role="status"' in shown.text
    assert await _bodies(owner) == ["Πρώτη ανάρτηση", "Εμείς *ναι*."]
    assert await owner.fetchval("SELECT reply_count FROM topics") == 1


async def test_the_twenty_first_post_is_found_on_the_second_page(site: Site, topic: Started) -> None:
    for _ in range(19):
        await content.reply(site, "sophie", topic.topic_id)
    nikos = await site.visitor("nikos")
    answer = await nikos.submit(f"/topics/{topic.topic_id}/posts", {"body": "Στη δεύτερη σελίδα"})
    assert answer.location == f"/topics/{topic.topic_id}/{topic.slug}?page=2#post-21"
    assert "Στη δεύτερη σελίδα" in (await nikos.follow(answer)).text


async def test_a_reply_to_a_post_says_to_whom(site: Site, topic: Started, answer_of_nikos: Post) -> None:
    maria = await site.visitor("maria")
    form = await maria.get(f"/topics/{topic.topic_id}/posts/new?reply_to=2")
    assert form.status == 200
    assert "Νίκος Καραντώνης" in form.text
    assert "Η απάντηση του Νίκου" in form.text
    assert form.hidden("reply_to") == "2"
    answer = await maria.submit(f"/topics/{topic.topic_id}/posts", {"body": "Ευχαριστώ", "reply_to": "2"})
    page = await maria.follow(answer)
    third = page.text[page.text.index('id="post-3"') :]
    assert f'<a href="/posts/{answer_of_nikos.id}">' in third[third.index('class="to"') : third.index("post-body")]


async def test_a_double_click_posts_once(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos = await site.visitor("nikos")
    page = await nikos.get(f"/topics/{topic.topic_id}/{topic.slug}")
    sent = {"body": "Μία φορά", "idempotency_key": page.hidden("idempotency_key")}
    answers = await asyncio.gather(*(nikos.submit(f"/topics/{topic.topic_id}/posts", sent) for _ in range(3)))
    assert {(answer.status, answer.location) for answer in answers} == {
        (303, f"/topics/{topic.topic_id}/{topic.slug}#post-2")
    }
    assert await _bodies(owner) == ["Πρώτη ανάρτηση", "Μία φορά"]


async def test_the_key_of_a_reply_made_before_asks_again(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos = await site.visitor("nikos")
    path = f"/topics/{topic.topic_id}/posts"
    await nikos.submit(path, {"body": "Πρώτη", "idempotency_key": "k1"})
    again = await nikos.submit(path, {"body": "Δεύτερη", "idempotency_key": "k1"})
    assert again.status == 422
    assert "Δεύτερη</textarea>" in again.text
    assert again.hidden("idempotency_key") != "k1"
    sent = {"body": "Δεύτερη", "idempotency_key": again.hidden("idempotency_key")}
    assert (await nikos.submit(path, sent)).status == 303
    assert await _bodies(owner) == ["Πρώτη ανάρτηση", "Πρώτη", "Δεύτερη"]


@pytest.mark.parametrize("body", ["", "  \n", "α" * 50_001, "α\x00β", "α\x1bβ"])
async def test_a_reply_that_cannot_be_taken_is_shown_again(
    site: Site, topic: Started, owner: RawConnection, body: str
) -> None:
    nikos = await site.visitor("nikos")
    answer = await nikos.submit(f"/topics/{topic.topic_id}/posts", {"body": body, "reply_to": "1"})
    assert answer.status == 422
    assert 'href="#body"' in answer.text
    assert answer.hidden("reply_to") == "1"
    if "\x00" not in body:
        assert body.strip() in answer.text
    assert await _bodies(owner) == ["Πρώτη ανάρτηση"]


@pytest.mark.parametrize("number", ["0", "-1", "abc", "99999999999999999999", "1&reply_to=2", "²"])
async def test_a_number_no_link_of_ours_holds_is_refused(site: Site, topic: Started, number: str) -> None:
    nikos = await site.visitor("nikos")
    path = f"/topics/{topic.topic_id}/posts/new?reply_to={number.replace('²', '%C2%B2')}"
    assert (await nikos.get(path)).status == 400


async def test_a_post_that_is_not_in_the_topic_cannot_be_answered(
    site: Site, topic: Started, owner: RawConnection
) -> None:
    nikos = await site.visitor("nikos")
    assert (await nikos.get(f"/topics/{topic.topic_id}/posts/new?reply_to=2")).status == 404
    answer = await nikos.submit(f"/topics/{topic.topic_id}/posts", {"body": "Σε ποιον;", "reply_to": "2"})
    assert answer.status == 404
    answer = await nikos.submit(f"/topics/{topic.topic_id}/posts", {"body": "Σε ποιον;", "reply_to": "x"})
    assert answer.status == 422
    assert "Σε ποιον;" in answer.text
    assert await _bodies(owner) == ["Πρώτη ανάρτηση"]


async def test_words_written_while_the_topic_was_locked_are_given_back(site: Site, topic: Started) -> None:
    nikos, moderator = await site.visitor("nikos"), await site.visitor("moderator")
    assert (await nikos.get(f"/topics/{topic.topic_id}/posts/new")).status == 200
    locked = await moderator.submit(f"/topics/{topic.topic_id}/lock", {"reason": "Ολοκληρώθηκε"})
    assert locked.status == 303
    words = "Μια ώρα έγραφα αυτά & εκείνα"
    answer = await nikos.submit(f"/topics/{topic.topic_id}/posts", {"body": words})
    assert answer.status == 403
    assert "Μια ώρα έγραφα αυτά &amp; εκείνα</textarea>" in answer.text
    assert "κλειδωμένο" in answer.text
    stranger = await site.visitor("stranger")
    hidden = await stranger.submit(f"/topics/{topic.topic_id}/posts", {"body": words})
    assert hidden.status == 404


async def test_a_locked_topic_takes_replies_of_moderators_only(
    site: Site, topic: Started, owner: RawConnection
) -> None:
    await content.lock(site, topic.topic_id, "Έκλεισε")
    nikos, moderator = await site.visitor("nikos"), await site.visitor("moderator")
    assert (await nikos.submit(f"/topics/{topic.topic_id}/posts", {"body": "Και όμως"})).status == 403
    assert (await nikos.get(f"/topics/{topic.topic_id}/posts/new")).status == 403
    page = await nikos.get(f"/topics/{topic.topic_id}/{topic.slug}")
    assert "Το θέμα είναι κλειδωμένο: σε αυτό γράφουν μόνο οι συντονιστές." in page.text
    assert (await moderator.submit(f"/topics/{topic.topic_id}/posts", {"body": "Ως συντονιστής"})).status == 303
    assert await _bodies(owner) == ["Πρώτη ανάρτηση", "Ως συντονιστής"]
    page = await nikos.get(f"/topics/{topic.topic_id}/{topic.slug}")
    assert "shield" in page.text[page.text.index('id="post-2"') :]


async def test_who_may_only_read_is_told_why(site: Site, owner: RawConnection) -> None:
    started = await content.start(site, "sophie", "announcements")
    maria = await site.visitor("maria")
    page = await maria.get(f"/topics/{started.topic_id}/{started.slug}")
    assert "Μπορείτε να διαβάζετε το θέμα, όχι όμως να απαντάτε." in page.text
    assert "<textarea" not in page.text
    assert (await maria.submit(f"/topics/{started.topic_id}/posts", {"body": "Όχι"})).status == 403
    assert await owner.fetchval("SELECT count(*) FROM posts") == 1


async def test_replying_is_closed_to_outsiders(site: Site, topic: Started, owner: RawConnection) -> None:
    path, absent = f"/topics/{topic.topic_id}/posts", f"/topics/{doors.ABSENT}/posts"
    await doors.closed_to_outsiders(site, "GET", f"{path}/new", f"{absent}/new")
    await doors.closed_to_outsiders(site, "GET", f"{path}/new?reply_to=1", f"{absent}/new?reply_to=1")
    for data in ({"body": "Μέσα"}, {"body": "Μέσα", "reply_to": "1"}, {"body": ""}):
        await doors.closed_to_outsiders(site, "POST", path, absent, data)
    assert await _bodies(owner) == ["Πρώτη ανάρτηση"]


async def test_replying_asks_for_the_token(site: Site, topic: Started, owner: RawConnection) -> None:
    await doors.asks_for_the_token(site, "nikos", f"/topics/{topic.topic_id}/posts", {"body": "Κρυφά"})
    await doors.takes_no_other_method(site, "nikos", f"/topics/{topic.topic_id}/posts/new", "POST", "DELETE")
    assert await _bodies(owner) == ["Πρώτη ανάρτηση"]


async def test_hostile_markup_stays_inert(site: Site, topic: Started) -> None:
    nikos = await site.visitor("nikos")
    body = "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1))"
    page = await nikos.follow(await nikos.submit(f"/topics/{topic.topic_id}/posts", {"body": body}))
    shown = page.text[page.text.index('id="post-2"') : page.text.index("</article>", page.text.index('id="post-2"'))]
    assert "<script" not in shown
    assert "<img" not in shown
    assert 'href="javascript' not in shown
    edit = await nikos.get(_of(page.text, r'href="(/posts/\d+/edit)"'))
    assert "&lt;script&gt;" in edit.text


def _of(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    assert found
    return found[1]


# The permanent link ------------------------------------------------------------------------------


async def test_the_permanent_link_leads_to_the_post(site: Site, topic: Started, answer_of_nikos: Post) -> None:
    maria = await site.visitor("maria")
    answer = await maria.get(f"/posts/{answer_of_nikos.id}")
    assert (answer.status, answer.location) == (303, f"/topics/{topic.topic_id}/{topic.slug}#post-2")


async def test_a_post_is_closed_to_outsiders(site: Site, answer_of_nikos: Post) -> None:
    for tail in ("", "/revisions", "/edit", "/delete"):
        await doors.closed_to_outsiders(
            site, "GET", f"/posts/{answer_of_nikos.id}{tail}", f"/posts/{doors.ABSENT}{tail}"
        )
    for tail in ("/edit", "/delete", "/restore"):
        path, absent = f"/posts/{answer_of_nikos.id}{tail}", f"/posts/{doors.ABSENT}{tail}"
        await doors.closed_to_outsiders(site, "POST", path, absent, {"body": "Αλλαγμένο"})
        await doors.closed_to_outsiders(site, "POST", path, absent, {})


async def test_posts_that_are_none_are_refused(site: Site) -> None:
    maria = await site.visitor("maria")
    for tail in ("", "/revisions", "/edit", "/delete"):
        assert (await maria.get(f"/posts/{doors.ABSENT}{tail}")).status == 404, tail
        assert (await maria.get(f"/posts/abc{tail}")).status == 400, tail
        assert (await maria.get(f"/posts/99999999999999999999{tail}")).status == 400, tail
    await doors.takes_no_other_method(site, "maria", "/posts/1", "POST", "DELETE")
    await doors.takes_no_other_method(site, "maria", "/posts/1/revisions", "POST")


# Editing -----------------------------------------------------------------------------------------


async def test_an_edit_is_marked_and_the_former_text_is_kept(
    site: Site, topic: Started, answer_of_nikos: Post, owner: RawConnection
) -> None:
    nikos, maria = await site.visitor("nikos"), await site.visitor("maria")
    form = await nikos.get(f"/posts/{answer_of_nikos.id}/edit")
    assert "Η απάντηση του Νίκου</textarea>" in form.text
    assert 'name="title"' not in form.text
    answer = await nikos.submit(f"/posts/{answer_of_nikos.id}/edit", {"body": "Διορθωμένη"})
    assert (answer.status, answer.location) == (303, f"/topics/{topic.topic_id}/{topic.slug}#post-2")
    assert f'href="/posts/{answer_of_nikos.id}/revisions"' in (await nikos.follow(answer)).text
    versions = (await maria.get(f"/posts/{answer_of_nikos.id}/revisions")).text
    assert versions.index("Διορθωμένη") < versions.index("Η απάντηση του Νίκου")
    assert await _bodies(owner) == ["Πρώτη ανάρτηση", "Διορθωμένη"]


async def test_what_was_changed_in_another_window_is_not_overwritten_unseen(
    site: Site, answer_of_nikos: Post, owner: RawConnection
) -> None:
    nikos = await site.visitor("nikos")
    path = f"/posts/{answer_of_nikos.id}/edit"
    assert 'name="revision" value="0"' in (await nikos.get(path)).text
    first = {"body": "Από την πρώτη καρτέλα", "revision": "0"}
    assert (await nikos.submit(path, first)).status == 303
    assert (await nikos.submit(path, first)).status == 303, "sent twice it is the same"
    refused = await nikos.submit(path, {"body": "Από τη δεύτερη καρτέλα", "revision": "0"})
    assert refused.status == 409
    assert "Άλλαξε αφότου το ανοίξατε" in refused.text
    assert "Από τη δεύτερη καρτέλα</textarea>" in refused.text, "nothing typed is lost"
    assert '<p class="source gap">Από την πρώτη καρτέλα</p>' in refused.text
    assert 'name="revision" value="1"' in refused.text
    assert await owner.fetchval("SELECT body FROM posts WHERE id = $1", answer_of_nikos.id) == first["body"]
    assert (await nikos.submit(path, {"body": "Και τα δύο", "revision": "1"})).status == 303
    assert (await nikos.submit(path, {"body": "Από πρόγραμμα"})).status == 303, "who says nothing of it is trusted"


async def test_a_draft_from_before_a_change_says_so_when_it_is_sent(
    site: Site, answer_of_nikos: Post, owner: RawConnection
) -> None:
    nikos = await site.visitor("nikos")
    path = f"/posts/{answer_of_nikos.id}/edit"
    assert (await nikos.submit(path, {"body": "Πρόχειρο", "revision": "0", "action": "draft"})).status == 303
    await owner.execute(
        "UPDATE posts SET revision_count = 1, edited_at = now() + interval '1 s' WHERE id = $1", answer_of_nikos.id
    )
    assert 'name="revision" value="0"' in (await nikos.get(path)).text


async def test_the_first_post_carries_the_title_and_the_address_follows_it(
    site: Site, topic: Started, owner: RawConnection
) -> None:
    maria = await site.visitor("maria")
    form = await maria.get(f"/posts/{topic.first_post_id}/edit")
    assert 'value="Φωτισμός λιμανιού"' in form.text
    sent = {"title": "Φωτισμός του λιμανιού με LED", "body": "Νέο κείμενο"}
    answer = await maria.submit(f"/posts/{topic.first_post_id}/edit", sent)
    assert (answer.status, answer.location) == (303, f"/topics/{topic.topic_id}/fotismos-tou-limaniou-me-led#post-1")
    assert (await maria.follow(answer)).status == 200
    assert await owner.fetchval("SELECT title FROM topics") == "Φωτισμός του λιμανιού με LED"
    versions = (await maria.get(f"/posts/{topic.first_post_id}/revisions")).text
    assert "Φωτισμός λιμανιού</strong>" in versions


@pytest.mark.parametrize("sent", [{"body": ""}, {"body": "α" * 50_001}, {"title": " ", "body": "Κρατημένο κείμενο"}])
async def test_an_edit_that_cannot_be_taken_is_shown_again(
    site: Site, topic: Started, owner: RawConnection, sent: dict[str, str]
) -> None:
    maria = await site.visitor("maria")
    answer = await maria.submit(f"/posts/{topic.first_post_id}/edit", {"title": "Κρατημένος τίτλος", **sent})
    assert answer.status == 422
    assert ("Κρατημένος τίτλος" in answer.text) == ("title" not in sent)
    assert 'role="alert"' in answer.text
    assert await _bodies(owner) == ["Πρώτη ανάρτηση"]
    assert await owner.fetchval("SELECT title FROM topics") == "Φωτισμός λιμανιού"


async def test_a_title_sent_with_a_reply_changes_nothing(
    site: Site, answer_of_nikos: Post, owner: RawConnection
) -> None:
    nikos = await site.visitor("nikos")
    await nikos.submit(f"/posts/{answer_of_nikos.id}/edit", {"body": "Άλλο", "title": "Υφαρπαγή"})
    assert await owner.fetchval("SELECT title FROM topics") == "Φωτισμός λιμανιού"


async def test_only_the_author_edits_and_not_in_a_locked_topic(
    site: Site, topic: Started, answer_of_nikos: Post, owner: RawConnection
) -> None:
    path = f"/posts/{answer_of_nikos.id}/edit"
    for person in ("maria", "moderator", "administrator"):
        visitor = await site.visitor(person)
        assert (await visitor.get(path)).status == 403, person
        assert (await visitor.submit(path, {"body": "Ξένο χέρι"})).status == 403, person
    await content.lock(site, topic.topic_id)
    nikos = await site.visitor("nikos")
    assert (await nikos.get(path)).status == 403
    assert (await nikos.submit(path, {"body": "Αργά"})).status == 403
    assert await _bodies(owner) == ["Πρώτη ανάρτηση", "Η απάντηση του Νίκου"]


async def test_editing_asks_for_the_token(site: Site, answer_of_nikos: Post, owner: RawConnection) -> None:
    await doors.asks_for_the_token(site, "nikos", f"/posts/{answer_of_nikos.id}/edit", {"body": "Κρυφά"})
    await doors.takes_no_other_method(site, "nikos", f"/posts/{answer_of_nikos.id}/edit", "PUT", "DELETE")
    assert (await _bodies(owner))[1] == "Η απάντηση του Νίκου"


# Deleting ----------------------------------------------------------------------------------------


async def test_a_deleted_reply_leaves_its_place_and_keeps_its_text_for_its_author(
    site: Site, topic: Started, answer_of_nikos: Post, owner: RawConnection
) -> None:
    nikos, maria = await site.visitor("nikos"), await site.visitor("maria")
    asked = await nikos.get(f"/posts/{answer_of_nikos.id}/delete")
    assert "Η απάντηση του Νίκου" in asked.text
    answer = await nikos.submit(f"/posts/{answer_of_nikos.id}/delete")
    assert (answer.status, answer.location) == (303, f"/topics/{topic.topic_id}/{topic.slug}#post-2")
    own = await nikos.follow(answer)
    assert "Η απάντηση του Νίκου" in own.text
    assert f'action="/posts/{answer_of_nikos.id}/restore"' in own.text
    others = await maria.get(f"/topics/{topic.topic_id}/{topic.slug}")
    assert '<article class="post gone" id="post-2"' in others.text
    assert "Η απάντηση του Νίκου" not in others.text
    assert "/restore" not in others.text
    assert (await maria.get(f"/posts/{answer_of_nikos.id}/revisions")).status == 403
    assert (await maria.get(f"/posts/{answer_of_nikos.id}")).status == 303
    assert await owner.fetchval("SELECT reply_count FROM topics") == 0
    assert (await nikos.submit(f"/posts/{answer_of_nikos.id}/restore")).status == 303
    assert "Η απάντηση του Νίκου" in (await maria.get(f"/topics/{topic.topic_id}/{topic.slug}")).text
    assert await content.acts(owner) == ["post.delete", "post.restore"]


async def test_the_first_post_goes_with_its_topic_only(site: Site, topic: Started) -> None:
    maria = await site.visitor("maria")
    assert (await maria.get(f"/posts/{topic.first_post_id}/delete")).status == 403
    assert (await maria.submit(f"/posts/{topic.first_post_id}/delete")).status == 403
    assert (await maria.get(f"/topics/{topic.topic_id}/{topic.slug}")).status == 200


async def test_nobody_deletes_or_restores_what_others_wrote(
    site: Site, answer_of_nikos: Post, owner: RawConnection
) -> None:
    for person in ("maria", "moderator", "administrator"):
        visitor = await site.visitor(person)
        assert (await visitor.get(f"/posts/{answer_of_nikos.id}/delete")).status == 403, person
        assert (await visitor.submit(f"/posts/{answer_of_nikos.id}/delete")).status == 403, person
    await content.delete_post(site, "nikos", answer_of_nikos.id)
    maria = await site.visitor("maria")
    assert (await maria.submit(f"/posts/{answer_of_nikos.id}/restore")).status == 403
    assert await owner.fetchval("SELECT deleted_at IS NOT NULL FROM posts WHERE number = 2")


async def test_deleting_asks_for_the_token(site: Site, answer_of_nikos: Post, owner: RawConnection) -> None:
    path = f"/posts/{answer_of_nikos.id}"
    await doors.asks_for_the_token(site, "nikos", f"{path}/delete")
    assert await owner.fetchval("SELECT deleted_at IS NULL FROM posts WHERE number = 2")
    await content.delete_post(site, "nikos", answer_of_nikos.id)
    await doors.asks_for_the_token(site, "nikos", f"{path}/restore")
    assert await owner.fetchval("SELECT deleted_at IS NOT NULL FROM posts WHERE number = 2")
    await doors.takes_no_other_method(site, "nikos", f"{path}/restore", "GET", "PUT")
