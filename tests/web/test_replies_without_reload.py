"""Replies sent by our script: the new post alone, or its address, or a notice that says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from forum.config import Config
from forum.db import RawConnection
from forum.domain.topics import Started
from tests.site import Answer, Site, Visitor
from tests.web import content, doors

_FETCH = {"X-Requested-With": "fetch"}
_NOTICE = '<div class="notice tone-bad" role="alert">'


@pytest.fixture
async def topic(site: Site) -> Started:
    return await content.start(site, "maria", body="Πρώτη ανάρτηση", language="el")


async def send(visitor: Visitor, topic: Started, **fields: str) -> Answer:
    return await visitor.submit(f"/topics/{topic.topic_id}/posts", fields, headers=_FETCH)


async def test_the_answer_is_the_new_post_alone(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos = await site.visitor("nikos")
    page = await nikos.get(f"/topics/{topic.topic_id}/{topic.slug}")
    key, last = page.hidden("idempotency_key"), page.hidden("last_number")
    assert last == "1"
    answer = await send(nikos, topic, body="Εμείς *ναι*.", idempotency_key=key, last_number=last)
    assert answer.status == 201
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    article, _, count = answer.text.partition("<template")
    assert article.startswith('<article class="post" id="post-2"')
    assert article.rstrip().endswith("</article>")
    assert count.startswith(' data-replies="1">')
    assert article.count("<article") == 1
    assert "<em>ναι</em>" in article
    post_id = await owner.fetchval("SELECT id FROM posts WHERE number = 2")
    assert answer.headers["X-Post-Id"] == str(post_id)
    assert f'href="/posts/{post_id}/edit"' in article
    fresh = answer.headers["X-Idempotency-Key"]
    assert fresh
    assert fresh != key
    whole = await nikos.get(f"/topics/{topic.topic_id}/{topic.slug}")
    assert article in whole.text, "the fragment is what the page shows"
    second = await send(nikos, topic, body="Και κάτι ακόμη", idempotency_key=fresh, last_number="2")
    assert (second.status, 'id="post-3"' in second.text) == (201, True)


async def test_no_word_waits_for_the_next_page(site: Site, topic: Started) -> None:
    nikos = await site.visitor("nikos")
    assert (await send(nikos, topic, body="Ναι")).status == 201
    assert 'role="status"' not in (await nikos.get("/")).text


async def test_the_same_reply_sent_twice_is_one_post(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos = await site.visitor("nikos")
    answers = [await send(nikos, topic, body="Μία φορά", idempotency_key="k1", last_number="1") for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].headers["X-Post-Id"] == answers[1].headers["X-Post-Id"]
    assert await owner.fetchval("SELECT count(*) FROM posts") == 2
    other = await send(nikos, topic, body="Άλλα λόγια", idempotency_key="k1", last_number="2")
    assert other.status == 422
    assert other.text.strip().startswith(_NOTICE)
    fresh = other.headers["X-Idempotency-Key"]
    again = await send(nikos, topic, body="Άλλα λόγια", idempotency_key=fresh, last_number="2")
    assert again.status == 201, "the notice says to send it again"


async def test_a_post_that_stands_elsewhere_is_answered_by_its_address(site: Site, topic: Started) -> None:
    nikos = await site.visitor("nikos")
    await content.reply(site, "sophie", topic.topic_id)
    overtaken = await send(nikos, topic, body="Με άλλη ανάμεσα", last_number="1")
    assert (overtaken.status, overtaken.text) == (200, "")
    assert overtaken.headers["X-Location"] == f"/topics/{topic.topic_id}/{topic.slug}#post-3"
    assert overtaken.headers["X-Idempotency-Key"]
    assert 'role="status"' in (await nikos.get(f"/topics/{topic.topic_id}/{topic.slug}")).text
    for _ in range(17):
        await content.reply(site, "sophie", topic.topic_id)
    next_page = await send(nikos, topic, body="Στη δεύτερη σελίδα", last_number="20")
    assert next_page.status == 200
    assert next_page.headers["X-Location"] == f"/topics/{topic.topic_id}/{topic.slug}?page=2#post-21"
    assert (await send(nikos, topic, body="Κι αυτή εδώ", last_number="21")).status == 201


@pytest.mark.parametrize("body", ["", " \n", "α" * 50_001, "α\x00"])
async def test_what_is_no_text_is_told_in_a_notice(site: Site, topic: Started, owner: RawConnection, body: str) -> None:
    nikos = await site.visitor("nikos")
    answer = await send(nikos, topic, body=body)
    assert answer.status == 422
    assert answer.text.strip().startswith(_NOTICE)
    assert "<html" not in answer.text
    assert await owner.fetchval("SELECT count(*) FROM posts") == 1


async def test_a_lock_meanwhile_is_told_and_the_words_are_a_draft(
    site: Site, topic: Started, owner: RawConnection
) -> None:
    nikos = await site.visitor("nikos")
    await nikos.get(f"/topics/{topic.topic_id}/{topic.slug}")
    await content.lock(site, topic.topic_id)
    answer = await send(nikos, topic, body="Μια ώρα έγραφα", reply_to="1")
    assert answer.status == 403
    assert answer.text.strip().startswith(_NOTICE)
    assert "κλειδωμένο" in answer.text
    assert 'href="/drafts"' in answer.text
    row = await owner.fetchrow("SELECT place, body, reply_to FROM drafts")
    assert row is not None
    assert tuple(row) == (f"topic:{topic.topic_id}", "Μια ώρα έγραφα", 1)


async def test_a_published_reply_takes_its_draft(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos = await site.visitor("nikos")
    sent = {"place": f"topic:{topic.topic_id}", "body": "Μισό"}
    assert (await nikos.submit("/drafts", sent, headers=_FETCH)).status == 204
    assert (await send(nikos, topic, body="Ολόκληρο")).status == 201
    assert await owner.fetchval("SELECT count(*) FROM drafts") == 0


async def test_an_ended_session_is_told_with_the_way_to_sign_in(
    site: Site, topic: Started, owner: RawConnection
) -> None:
    nikos = await site.visitor("nikos")
    path = f"/topics/{topic.topic_id}/{topic.slug}"
    await nikos.get(path)
    await owner.execute("DELETE FROM sessions")
    headers = {**_FETCH, "Referer": str(nikos.url(path))}
    answer = await nikos.submit(f"/topics/{topic.topic_id}/posts", {"body": "Λόγια"}, headers=headers)
    assert answer.status == 401
    assert answer.text.strip().startswith(_NOTICE)
    assert f'href="/login?next={path}&amp;ended=1"' in answer.text
    assert await owner.fetchval("SELECT count(*) FROM posts") == 1


async def test_a_stale_token_is_told_with_a_good_one(site: Site, topic: Started) -> None:
    nikos = await site.visitor("nikos")
    nikos.token = "stale"
    answer = await send(nikos, topic, body="Λόγια")
    assert answer.status == 403
    assert answer.text.strip().startswith(_NOTICE)
    nikos.token = answer.headers["X-CSRF-Token"]
    assert (await send(nikos, topic, body="Λόγια")).status == 201


async def test_a_stranger_is_told_what_is_told_of_a_topic_that_never_was(site: Site, topic: Started) -> None:
    stranger = await site.visitor("stranger")
    hidden = await send(stranger, topic, body="Λόγια")
    never = await stranger.submit(f"/topics/{doors.ABSENT}/posts", {"body": "Λόγια"}, headers=_FETCH)
    assert hidden.status == never.status == 404
    assert hidden.text == never.text


class TestLimits:
    """A sixtieth of the usual limits: one post a minute."""

    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return Config(_env_file=None, data_dir=tmp_path, secret_key=SecretStr("k" * 64), rate_limits=1 / 60)

    async def test_a_post_too_many_is_told_in_a_notice(self, site: Site, topic: Started) -> None:
        nikos = await site.visitor("nikos")
        assert (await send(nikos, topic, body="Ένα")).status == 201
        refused = await send(nikos, topic, body="Δύο")
        assert refused.status == 429
        assert refused.headers["Retry-After"]
        assert refused.text.strip().startswith(_NOTICE)
