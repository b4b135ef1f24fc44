"""Mentions and named emoji in what members write, on the pages and through the API."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from forum.config import Config
from forum.db import RawConnection
from tests.site import Site
from tests.web import content

BODY = "Γεια @Νίκος.Καραντώνης και @Nobody :χαμόγελο: `:smile:`"


def _expected(site: Site, base: str = "") -> str:
    href = f"{base}/members/{site.cast.nikos.member_id}"
    link = f'<a class="mention" href="{href}" rel="nofollow ugc noopener">@Νίκος Καραντώνης</a>'
    return f"<p>Γεια {link} και @Nobody 🙂 <code>:smile:</code></p>"


async def _stored(owner: RawConnection) -> list[str]:
    return [row["html"] for row in await owner.fetch("SELECT html FROM posts ORDER BY id")]


async def test_a_topic_a_reply_and_an_edit_hold_mentions(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    made = await maria.submit("/categories/questions/new", {"title": "Ένα", "body": BODY})
    page = await maria.follow(made)
    assert _expected(site) in page.text
    topic_id, post_id = await owner.fetchval("SELECT id FROM topics"), await owner.fetchval("SELECT id FROM posts")
    assert (await maria.submit(f"/topics/{topic_id}/posts", {"body": BODY})).status == 303
    assert await _stored(owner) == [_expected(site)] * 2
    await owner.execute("UPDATE posts SET html = '<p>x</p>'")
    edited = await maria.submit(f"/posts/{post_id}/edit", {"title": "Δύο", "body": BODY})
    assert edited.status == 303
    assert (await _stored(owner))[0] == _expected(site)
    assert (await maria.get(f"/posts/{post_id}/edit")).text.count("@Νίκος.Καραντώνης") == 1, "the source stays as typed"


async def test_the_search_finds_the_name(site: Site) -> None:
    maria = await site.visitor("maria")
    await maria.submit("/categories/questions/new", {"title": "Ένα", "body": BODY})
    assert "<mark>Καραντώνης</mark>" in (await maria.get(f"/search?q={quote('Καραντώνης')}")).text


async def test_a_program_mentions_as_a_page_does(site: Site, owner: RawConnection) -> None:
    maria = await site.program("maria")
    made = await maria.post("/api/v1/topics", json={"category": "questions", "title": "Ένα", "body": BODY})
    assert made.status == 201, made.text
    replied = await maria.post(f"/api/v1/topics/{made.json['id']}/posts", json={"body": BODY})
    assert replied.json["html"] == _expected(site)
    path = f"/api/v1/posts/{replied.json['id']}"
    assert (await maria.get(path)).json["html"] == _expected(site)
    changed = await maria.patch(path, json={"body": f"{BODY}\n\nΚαι :heart:"})
    assert changed.json["html"] == f"{_expected(site)}\n<p>Και ❤️</p>"
    renamed = await maria.patch(f"/api/v1/topics/{made.json['id']}", json={"title": "Δύο"})
    assert renamed.status == 200
    assert (await _stored(owner))[0] == _expected(site), "the words are rendered anew with the title"


class TestBelowAWebsite:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return Config(
            _env_file=None,
            data_dir=tmp_path,
            secret_key=SecretStr("k" * 64),
            rate_limits=0,
            base_url="http://localhost/intranet/forum",
        )

    async def test_a_mention_leads_to_the_member(self, site: Site, owner: RawConnection) -> None:
        started = await content.start(site, "nikos")
        maria, program = await site.visitor("maria"), await site.program("maria")
        base = "/intranet/forum"
        assert (await maria.submit(f"{base}/topics/{started.topic_id}/posts", {"body": BODY})).status == 303
        assert (await _stored(owner))[1] == _expected(site), "what is stored knows no place"
        page = await maria.get(f"{base}/topics/{started.topic_id}/{started.slug}")
        assert _expected(site, base) in page.text
        post_id = await owner.fetchval("SELECT max(id) FROM posts")
        assert (await program.get(f"{base}/api/v1/posts/{post_id}")).json["html"] == _expected(site, base)
        sent = await program.post(f"{base}/api/v1/topics/{started.topic_id}/posts", json={"body": BODY})
        assert sent.json["html"] == _expected(site, base)


async def test_a_group_is_mentioned_by_who_moderates_and_administers_and_by_nobody_else(
    site: Site, owner: RawConnection
) -> None:
    sent = {"title": "Ένα", "body": "Για το @region-cyprus και το @region-nowhere"}
    stored = []
    for person in ("moderator", "administrator", "maria"):
        visitor = await site.visitor(person)
        assert (await visitor.submit("/categories/questions/new", sent)).status == 303
        stored.append((await _stored(owner))[-1])
    marked = '<p>Για το <span class="mention">@region-cyprus</span> και το @region-nowhere</p>'
    assert stored == [marked, marked, "<p>Για το @region-cyprus και το @region-nowhere</p>"]
