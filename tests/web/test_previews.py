"""The preview of a text: for scripts the text alone, without scripts the form again with the text above it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from forum.config import Config
from forum.db import RawConnection
from tests.site import Site
from tests.web import content, doors, structure


async def test_the_text_comes_back_rendered_and_nothing_else(site: Site) -> None:
    nikos = await site.visitor("nikos")
    answer = await nikos.submit("/preview", {"body": "Με *έμφαση*"})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.text.strip().startswith('<div class="post-body">')
    assert answer.text.strip().endswith("</div>")
    assert "<em>έμφαση</em>" in answer.text


async def test_the_preview_is_inert(site: Site) -> None:
    nikos = await site.visitor("nikos")
    body = "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) <style>*{}</style>"
    text = (await nikos.submit("/preview", {"body": body})).text
    for forbidden in ("<script", "<img", 'href="javascript', "<style"):
        assert forbidden not in text


@pytest.mark.parametrize("body", [None, "", " \n ", "α" * 50_001, "α\x00"])
async def test_what_is_no_text_is_answered_in_a_sentence(site: Site, body: str | None) -> None:
    nikos = await site.visitor("nikos")
    answer = await nikos.submit("/preview", {} if body is None else {"body": body})
    assert answer.status == 422
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert 0 < len(answer.text) < 200
    assert "<" not in answer.text


async def test_the_longest_text_is_shown(site: Site) -> None:
    nikos = await site.visitor("nikos")
    assert (await nikos.submit("/preview", {"body": "ώ " * 25_000})).status == 200


async def test_previews_are_for_members_and_ask_for_the_token(site: Site) -> None:
    for person in (None, "suspended"):
        outsider = await site.visitor(person)
        assert (await outsider.submit("/preview", {"body": "Κείμενο"})).location.startswith("/login")
        refused = await outsider.submit("/preview", {"body": "Κείμενο"}, headers={"X-Requested-With": "fetch"})
        assert refused.status == 401
    assert (await (await site.visitor("stranger")).submit("/preview", {"body": "Κείμενο"})).status == 200
    await doors.asks_for_the_token(site, "nikos", "/preview", {"body": "Κείμενο"})
    await doors.takes_no_other_method(site, "nikos", "/preview", "GET", "PUT")


async def test_a_waiting_word_is_not_swallowed(site: Site) -> None:
    nikos = await site.visitor("nikos")
    assert (await nikos.submit("/read")).status == 303
    assert (await nikos.submit("/preview", {"body": "Κείμενο"})).status == 200
    assert 'role="status"' in (await nikos.get("/")).text


async def test_without_scripts_the_form_comes_again_with_the_preview(site: Site, owner: RawConnection) -> None:
    started = await content.start(site, "maria")
    reply = await content.reply(site, "nikos", started.topic_id)
    nikos = await site.visitor("nikos")
    paths = (f"/topics/{started.topic_id}/posts", f"/posts/{reply.id}/edit", "/categories/questions/new")
    for path in paths:
        sent = {"title": "Τίτλος", "body": "Με *έμφαση* &", "language": "en", "reply_to": "1", "action": "preview"}
        page = await nikos.submit(path, sent)
        assert page.status == 200, path
        assert "<em>έμφαση</em>" in page.text
        assert "Με *έμφαση* &amp;</textarea>" in page.text
        assert page.text.index("<em>έμφαση</em>") < page.text.index("<textarea")
        assert list(structure.faults(page.text)) == []
        empty = await nikos.submit(path, {**sent, "body": " "})
        assert empty.status == 422
        assert 'href="#body"' in empty.text
        assert 'id="preview"' not in empty.text
    again = await nikos.submit(paths[0], {"body": "Απάντηση", "reply_to": "1", "action": "preview"})
    assert again.hidden("reply_to") == "1"
    untitled = await nikos.submit(paths[2], {"title": "", "body": "Κείμενο", "internal": "on", "action": "preview"})
    assert untitled.status == 200
    assert "checked" in untitled.text
    assert await owner.fetchval("SELECT count(*) FROM posts") == 2
    assert await owner.fetchval("SELECT count(*) FROM drafts") == 0


class TestLimits:
    """A sixtieth of the usual limits: one preview a minute."""

    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return Config(_env_file=None, data_dir=tmp_path, secret_key=SecretStr("k" * 64), rate_limits=1 / 60)

    async def test_too_many_previews_are_refused_in_a_sentence(self, site: Site) -> None:
        nikos = await site.visitor("nikos")
        assert (await nikos.submit("/preview", {"body": "Ένα"})).status == 200
        refused = await nikos.submit("/preview", {"body": "Δύο"})
        assert refused.status == 429
        assert refused.headers["Retry-After"]
        assert refused.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert (await (await site.visitor("maria")).submit("/preview", {"body": "Ένα"})).status == 200
