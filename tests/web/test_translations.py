"""A topic in a second language: its author writes it, readers of that language see it first and both are found."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from forum.db import RawConnection
from tests.site import Program, Site, Visitor

TOPIC = {"title": "Διαρροές νερού", "body": "Πώς τις βρίσκετε; @Νίκος", "language": "el"}
ENGLISH = {"title": "Water leaks", "body": "How do you find **them**? @Νίκος.Καραντώνης"}


async def _start(site: Site, owner: RawConnection, **changed: str) -> tuple[Visitor, str, int]:
    """Start a topic in Greek; return its author, the path of its page and its number."""
    maria = await site.visitor("maria")
    answer = await maria.submit("/categories/questions/new", {**TOPIC, **changed})
    assert answer.status == 303, answer.text
    return maria, answer.location.partition("#")[0], await owner.fetchval("SELECT max(id) FROM topics")


async def _translate(author: Visitor, topic_id: int, **changed: str) -> None:
    answer = await author.submit(f"/topics/{topic_id}/translations/en", {**ENGLISH, **changed})
    assert answer.status == 303, answer.text


async def test_readers_see_their_own_language_first_and_the_other_one_click_away(
    site: Site, owner: RawConnection
) -> None:
    maria, path, topic_id = await _start(site, owner)
    assert f"/topics/{topic_id}/translations/en" in (await maria.get(path)).text
    form = await maria.get(f"/topics/{topic_id}/translations/en")
    assert form.status == 200
    assert '<textarea class="input" rows="14" id="body"' in form.text
    assert "Πώς τις βρίσκετε;" in form.text
    sophie = await site.visitor("sophie")
    before = await sophie.get(path)
    assert '<h1 lang="el">Διαρροές νερού</h1>' in before.text
    assert "Translated by" not in before.text
    await _translate(maria, topic_id)
    page = (await sophie.get(path)).text
    assert "<title>Water leaks — Questions" in re.sub(r"\(\d+\) ", "", page)
    assert "<h1>Water leaks</h1>" in page
    assert "How do you find <strong>them</strong>?" in page
    assert '<div class="post-body">' in page
    assert "Πώς τις βρίσκετε;" not in page
    assert f'href="{path}?original=1">show the original (Ελληνικά)' in page
    original = (await sophie.get(f"{path}?original=1")).text
    assert '<h1 lang="el">Διαρροές νερού</h1>' in original
    assert '<div class="post-body" lang="el">' in original
    assert f'href="{path}">Show the translation (English)' in original
    greek = (await (await site.visitor("nikos")).get(path)).text
    assert "<h1>Διαρροές νερού</h1>" in greek
    assert "Water leaks" not in greek, "who reads the original's language is not troubled"


async def test_lists_show_the_title_of_the_readers_language(site: Site, owner: RawConnection) -> None:
    maria, _, topic_id = await _start(site, owner)
    await _translate(maria, topic_id)
    sophie, nikos = await site.visitor("sophie"), await site.visitor("nikos")
    for listed in ("/", "/categories/questions", "/search?q=%CE%B4%CE%B9%CE%B1%CF%81%CF%81%CE%BF%CE%AD%CF%82"):
        page = (await sophie.get(listed)).text
        assert re.search(r"<a[^>]*>Water leaks</a>", page), listed
        assert not re.search(r'<a[^>]*lang="el"[^>]*>Water leaks', page)
        assert "Διαρροές νερού" in (await nikos.get(listed)).text, listed


async def test_it_tells_when_the_original_has_changed_since(site: Site, owner: RawConnection) -> None:
    maria, path, topic_id = await _start(site, owner)
    await _translate(maria, topic_id)
    sophie = await site.visitor("sophie")
    assert "the original has changed since" not in (await sophie.get(path)).text
    post_id = await owner.fetchval("SELECT id FROM posts")
    await maria.submit(f"/posts/{post_id}/edit", {**TOPIC, "body": "Πώς τις βρίσκετε γρήγορα;"})
    assert "the original has changed since" in (await sophie.get(path)).text
    await _translate(maria, topic_id, title="Water leaks, fast")
    page = (await sophie.get(path)).text
    assert "the original has changed since" not in page
    assert "Water leaks, fast" in page


async def test_both_are_found_by_their_words_as_long_as_they_stand(site: Site, owner: RawConnection) -> None:
    maria, _, topic_id = await _start(site, owner)
    await _translate(maria, topic_id, body="Acoustic loggers help.")
    nikos = await site.visitor("nikos")

    async def is_found(word: str, reader: Visitor = nikos) -> bool:
        return "Διαρροές νερού" in (await reader.get(f"/search?q={quote(word)}")).text.replace("<mark>", "").replace(
            "</mark>", ""
        )

    assert [await is_found(word) for word in ("loggers", "leaks", "βρίσκετε")] == [True] * 3
    post_id = await owner.fetchval("SELECT id FROM posts")
    await maria.submit(f"/posts/{post_id}/edit", {**TOPIC, "body": "Με ακουστικά."})
    assert [await is_found(word) for word in ("loggers", "ακουστικά", "βρίσκετε")] == [True, True, False]
    reply = {"body": "Ναι."}
    await nikos.submit(f"/topics/{topic_id}/posts", reply)
    reply_id = await owner.fetchval("SELECT max(id) FROM posts")
    await nikos.submit(f"/posts/{reply_id}/edit", {"body": "Όχι."})
    assert await owner.fetchval("SELECT search @@ 'loggers'::tsquery FROM posts WHERE id = $1", reply_id) is False
    assert not await is_found("loggers", await site.visitor("stranger"))
    await maria.submit(f"/topics/{topic_id}/translations/en/delete")
    assert [await is_found(word) for word in ("loggers", "leaks", "ακουστικά")] == [False, False, True]
    assert await owner.fetchval("SELECT translated_titles::text FROM topics") == "{}"


async def test_nobody_sees_a_translation_of_what_they_may_not_read(site: Site, owner: RawConnection) -> None:
    maria, path, topic_id = await _start(site, owner)
    await _translate(maria, topic_id)
    stranger = await site.visitor("stranger")
    for asked in (path, f"{path}?original=1", f"/topics/{topic_id}/translations/en"):
        assert (await stranger.get(asked)).status == 404
    assert (await stranger.submit(f"/topics/{topic_id}/translations/en", ENGLISH)).status == 404
    assert (await stranger.submit(f"/topics/{topic_id}/translations/en/delete")).status == 404
    await owner.execute("UPDATE topics SET deleted_at = now(), deleted_by_id = author_id")
    sophie = await site.visitor("sophie")
    assert (await sophie.get(path)).status == 404
    for listed in ("/", "/categories/questions", "/search?q=leaks"):
        assert "Water leaks" not in (await sophie.get(listed)).text, listed
    assert (await maria.submit(f"/topics/{topic_id}/translations/en", ENGLISH)).status == 403


async def test_only_its_author_translates_it_into_the_forums_other_languages(site: Site, owner: RawConnection) -> None:
    maria, path, topic_id = await _start(site, owner)
    for person in ("nikos", "moderator"):
        other = await site.visitor(person)
        assert (await other.get(f"/topics/{topic_id}/translations/en")).status == 403
        assert (await other.submit(f"/topics/{topic_id}/translations/en", ENGLISH)).status == 403
        assert "/translations/en" not in (await other.get(path)).text
    for language in ("el", "fr", "english"):
        assert (await maria.get(f"/topics/{topic_id}/translations/{language}")).status == 404
    maria, path, topic_id = await _start(site, owner, language="")
    assert (await maria.get(f"/topics/{topic_id}/translations/en")).status == 404
    assert "/translations/" not in (await maria.get(path)).text
    assert (await maria.submit(f"/topics/{topic_id}/translations/en/delete")).status == 404
    assert not await owner.fetchval("SELECT count(*) FROM topic_translations")


async def test_its_language_is_mended_afterwards_and_is_none_that_it_is_translated_into(
    site: Site, owner: RawConnection
) -> None:
    maria, path, topic_id = await _start(site, owner, language="en")
    edit = f"/posts/{await owner.fetchval('SELECT id FROM posts WHERE topic_id = $1', topic_id)}/edit"
    assert re.search(r'<option value="en" selected>', (await maria.get(edit)).text)
    assert (await maria.submit(edit, {"title": TOPIC["title"], "body": TOPIC["body"]})).status == 303
    assert await owner.fetchval("SELECT language FROM topics") == "en", "what is not sent stays"
    assert (await maria.submit(edit, TOPIC)).status == 303
    assert '<h1 lang="el">Διαρροές νερού</h1>' in (await (await site.visitor("sophie")).get(path)).text
    await _translate(maria, topic_id)
    refused = await maria.submit(edit, {**TOPIC, "language": "en"})
    assert refused.status == 422
    assert 'id="language-error"' in refused.text
    assert "Διαγράψτε πρώτα εκείνη τη μετάφραση" in refused.text
    assert (await maria.submit(edit, {**TOPIC, "language": ""})).status == 303
    assert await owner.fetchval("SELECT language FROM topics") is None


async def test_what_will_not_do_is_refused_and_kept(site: Site, owner: RawConnection) -> None:
    maria, _, topic_id = await _start(site, owner)
    for changed, faulty in (
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"body": " "}, "body"),
        ({"body": "x" * 50_001}, "body"),
        ({"body": "[α](/attachments/1234)"}, "body"),
    ):
        answer = await maria.submit(f"/topics/{topic_id}/translations/en", {**ENGLISH, **changed})
        assert answer.status == 422, changed
        assert f'id="{faulty}-error"' in answer.text
        kept = "title" if faulty == "body" else "body"
        assert ENGLISH[kept][:12] in answer.text
    assert not await owner.fetchval("SELECT count(*) FROM topic_translations")


async def test_it_is_sanitised_tells_nobody_and_leaves_an_entry_without_its_words(
    site: Site, owner: RawConnection
) -> None:
    maria, _, topic_id = await _start(site, owner)
    await owner.execute("DELETE FROM fanouts")
    await _translate(maria, topic_id, body="<script>alert(1)</script> @Νίκος.Καραντώνης")
    assert "<script" not in await owner.fetchval("SELECT html FROM topic_translations")
    assert not await owner.fetchval("SELECT count(*) FROM fanouts")
    rows = await owner.fetch("SELECT act, after FROM audit_entries WHERE subject = 'topic'")
    assert [(row["act"], json.loads(row["after"])) for row in rows] == [("topic.translate", {"language": "en"})]


async def _propose(site: Site) -> tuple[Program, Visitor, int, str]:
    """Start a proposal in Greek, by a program of sophie's; return that, sophie, and the topic's number and path."""
    program = await site.program("sophie")
    fields = {
        "type": "call",
        "programme": "LIFE",
        "summary": "Για τη λειψυδρία.",
        "requirements": "Νησιωτικοί δήμοι.",
        "deadline": {"at": "2099-12-15T16:00:00Z", "zone": "Europe/Brussels"},
        "contact": "Γραφείο",
    }
    sent = {"category": "proposals", "kind": "proposal", "title": "Πρόταση", "fields": fields, "language": "el"}
    topic = (await program.post("/api/v1/topics", json=sent)).json
    return program, await site.visitor("sophie"), topic["id"], f"/topics/{topic['id']}/{topic['slug']}"


async def test_the_texts_of_a_proposal_are_translated_and_its_facts_stand(site: Site, owner: RawConnection) -> None:
    _, author, topic_id, path = await _propose(site)
    form = (await author.get(f"/topics/{topic_id}/translations/en")).text
    for name in ("summary", "requirements"):
        assert f'name="{name}"' in form
    for name in ("programme", "contact", "body"):
        assert f'name="{name}"' not in form
    english = {"title": "Proposal", "summary": "About drought."}
    long = await author.submit(f"/topics/{topic_id}/translations/en", {**english, "summary": "x" * 301})
    assert long.status == 422
    assert 'href="#summary"' in long.text
    assert (await author.submit(f"/topics/{topic_id}/translations/en", english)).status == 303
    page = (await author.get(path)).text
    assert '<p class="lead">About drought.</p>' in page
    assert '<p class="said-text" lang="el">Νησιωτικοί δήμοι.</p>' in page, "what is not translated stands as it is"
    assert "LIFE" in page
    greek = (await (await site.visitor("nikos")).get(path)).text
    assert '<p class="lead">Για τη λειψυδρία.</p>' in greek


async def test_what_is_taken_out_of_the_original_goes_out_of_its_translation(site: Site, owner: RawConnection) -> None:
    program, author, topic_id, path = await _propose(site)
    english = {"title": "Proposal", "summary": "About drought.", "requirements": "Secret islands."}
    assert (await author.submit(f"/topics/{topic_id}/translations/en", english)).status == 303
    assert "Secret islands." in (await author.get(path)).text, "the premise"
    found = f"/posts/{await owner.fetchval('SELECT id FROM posts')}"
    assert found in (await author.get("/search?q=islands")).text, "the premise"
    changed = await program.patch(f"/api/v1/topics/{topic_id}", json={"fields": {"requirements": None}})
    assert changed.status == 200
    page = (await author.get(path)).text
    assert "Secret islands." not in page
    assert '<p class="lead">About drought.</p>' in page
    assert found not in (await author.get("/search?q=islands")).text
    assert found in (await author.get("/search?q=drought")).text
    row = await owner.fetchrow("SELECT fields::text, words FROM topic_translations")
    assert row is not None
    assert tuple(row) == ('{"summary": "About drought."}', "\nAbout drought.")
    back = await program.patch(f"/api/v1/topics/{topic_id}", json={"fields": {"requirements": "Νησιωτικοί δήμοι."}})
    assert back.status == 200
    assert "Secret islands." not in (await author.get(path)).text


async def test_a_field_that_the_original_has_no_more_is_not_shown_whatever_is_kept(
    site: Site, owner: RawConnection
) -> None:
    _, author, topic_id, path = await _propose(site)
    english = {"title": "Proposal", "summary": "About drought.", "requirements": "Secret islands."}
    assert (await author.submit(f"/topics/{topic_id}/translations/en", english)).status == 303
    await owner.execute("UPDATE topics SET fields = fields - 'requirements' - 'summary'")
    page = (await author.get(path)).text
    assert "Secret islands." not in page
    assert "About drought." not in page
