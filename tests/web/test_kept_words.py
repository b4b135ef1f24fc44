"""Words sent with an ended session: the sign-in page carries them, and they stand in their form again as a draft."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from forum.config import Config
from forum.db import RawConnection
from forum.domain.topics import Started
from tests import cast as people
from tests.cast import PASSWORD
from tests.site import Answer, Site, Visitor
from tests.web import content, structure

_TEXT = 'Γραμμή\nκι άλλη & «εισαγωγικά» "διπλά" <b>όχι</b>\n\n  εσοχή'


@pytest.fixture
async def topic(site: Site) -> Started:
    return await content.start(site, "nikos")


async def _ended(site: Site, owner: RawConnection, person: str = "nikos", path: str = "/") -> Visitor:
    """Return a browser whose member was signed in when it saw a page, and is no more."""
    visitor = await site.visitor(person)
    assert (await visitor.get(path)).status == 200
    await owner.execute("DELETE FROM sessions")
    return visitor


def _carried(page: Answer) -> dict[str, str]:
    found = re.findall(r'name="(kept_\w+|next)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in found}


async def _send(visitor: Visitor, path: str, fields: dict[str, str], **options: Any) -> Answer:
    """Send a form for a text as its page does, which says who writes in it."""
    actor = visitor.actor
    return await visitor.submit(path, {"writer": str(actor.member_id) if actor else "", **fields}, **options)


async def _sign_in(visitor: Visitor, person: str = "nikos", **fields: str) -> Answer:
    return await visitor.submit("/login", {"email": people.email(person), "password": PASSWORD, **fields})


async def _drafts(owner: RawConnection) -> list[tuple[int, str, str, str, int | None]]:
    return [tuple(row) for row in await owner.fetch("SELECT member_id, place, title, body, reply_to FROM drafts")]


async def test_a_reply_comes_back_into_its_form(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos = await _ended(site, owner, path=f"/topics/{topic.topic_id}/{topic.slug}")
    sent = {"body": _TEXT.replace("\n", "\r\n"), "reply_to": "1", "idempotency_key": "k"}
    page = await _send(nikos, f"/topics/{topic.topic_id}/posts", sent)
    assert page.status == 401
    assert "Η σύνδεσή σας έληξε" in page.text
    assert 'name="password"' in page.text
    assert list(structure.faults(page.text)) == []
    carried = _carried(page)
    assert carried["kept_place"] == f"topic:{topic.topic_id}"
    assert carried["kept_body"] == _TEXT
    assert carried["kept_reply_to"] == "1"
    answer = await _sign_in(nikos, **carried)
    assert (answer.status, answer.location) == (303, f"/topics/{topic.topic_id}/posts/new")
    form = await nikos.follow(answer)
    assert 'role="status"' in form.text
    body = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", form.text, re.DOTALL)
    assert body
    assert unescape(body[1]) == _TEXT
    assert form.hidden("reply_to") == "1"
    assert await owner.fetchval("SELECT count(*) FROM posts") == 1, "nothing was published"
    assert [row[1:] for row in await _drafts(owner)] == [(f"topic:{topic.topic_id}", "", _TEXT, 1)]


async def test_topics_and_edits_are_carried_too(site: Site, topic: Started, owner: RawConnection) -> None:
    for path, place, form in (
        ("/categories/questions/new", "category:questions", "/categories/questions/new"),
        (f"/posts/{topic.first_post_id}/edit", f"post:{topic.first_post_id}", f"/posts/{topic.first_post_id}/edit"),
    ):
        nikos = await _ended(site, owner)
        page = await _send(nikos, path, {"title": "Ο «τίτλος»", "body": "Κείμενο", "language": "el"})
        carried = _carried(page)
        assert (carried["kept_place"], carried["kept_title"]) == (place, "Ο «τίτλος»")
        answer = await _sign_in(nikos, **carried)
        assert answer.location == form
        shown = await nikos.follow(answer)
        assert 'value="Ο «τίτλος»"' in shown.text
        assert "Κείμενο</textarea>" in shown.text


async def test_the_longest_text_is_carried(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos = await _ended(site, owner)
    page = await _send(nikos, f"/topics/{topic.topic_id}/posts", {"body": "ώ" * 50_000})
    answer = await _sign_in(nikos, **_carried(page))
    assert answer.status == 303
    assert [len(row[3]) for row in await _drafts(owner)] == [50_000]


@pytest.mark.parametrize("body", ["ώ" * 50_001, "Λόγια\x1b και λόγια"])
async def test_a_text_that_cannot_be_kept_is_shown_to_be_copied(
    site: Site, topic: Started, owner: RawConnection, body: str
) -> None:
    nikos = await _ended(site, owner)
    page = await _send(nikos, f"/topics/{topic.topic_id}/posts", {"body": body})
    assert page.status == 401
    assert "kept_body" not in page.text
    assert f"{body}</textarea>" in page.text
    assert list(structure.faults(page.text)) == []
    assert (await _sign_in(nikos)).location == "/"


async def test_a_wrong_password_carries_the_words_on(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos = await _ended(site, owner)
    page = await _send(nikos, f"/topics/{topic.topic_id}/posts", {"body": _TEXT})
    for wrong in ({"password": "no"}, {"password": ""}, {"email": ""}):
        page = await _send(
            nikos, "/login", {"email": people.email("nikos"), "password": PASSWORD, **_carried(page), **wrong}
        )
        assert page.status == 422
        assert _carried(page)["kept_body"] == _TEXT
        assert await _drafts(owner) == []
    assert (await _sign_in(nikos, **_carried(page))).location == f"/topics/{topic.topic_id}/posts/new"


async def test_who_has_signed_in_meanwhile_keeps_them_at_once(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos, kept = await site.visitor("nikos"), {"kept_place": f"topic:{topic.topic_id}", "kept_body": "Κείμενο"}
    answer = await _sign_in(nikos, kept_writer=str(site.cast.nikos.member_id), **kept)
    assert answer.location == f"/topics/{topic.topic_id}/posts/new"
    assert [row[1] for row in await _drafts(owner)] == [f"topic:{topic.topic_id}"]


async def test_a_form_of_an_earlier_session_is_shown_to_be_sent_again(
    site: Site, topic: Started, owner: RawConnection
) -> None:
    path, own = f"/topics/{topic.topic_id}/posts", {"Sec-Fetch-Site": "same-origin"}
    earlier, nikos = await site.visitor("nikos"), await site.visitor("nikos")
    await earlier.get("/")
    nikos.token = earlier.token
    page = await _send(nikos, path, {"body": _TEXT, "reply_to": "1"}, headers=own)
    assert page.status == 403
    assert f'action="{path}"' in page.text
    assert list(structure.faults(page.text)) == []
    assert page.hidden("reply_to") == "1"
    assert "κι άλλη &amp; «εισαγωγικά»" in page.text
    assert await owner.fetchval("SELECT count(*) FROM posts") == 1
    assert await _drafts(owner) == []
    assert (await _send(nikos, path, {"body": _TEXT, "reply_to": "1"}, headers=own)).status == 303
    for headers in ({}, {"Sec-Fetch-Site": "none"}, {"Origin": "https://evil.example"}):
        nikos.token = earlier.token
        refused = await _send(nikos, path, {"body": "Ξένα λόγια"}, headers=headers)
        assert refused.status == 403
        assert "Ξένα λόγια" not in refused.text


async def test_a_guest_whose_browser_vouches_for_the_form_is_served_too(site: Site, topic: Started) -> None:
    path = f"/topics/{topic.topic_id}/posts"
    for proof in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": str((await site.visitor()).url("/").origin())}):
        guest = await site.visitor()
        writer = str(site.cast.nikos.member_id)
        page = await _send(guest, path, {"body": "Κείμενο", "writer": writer}, headers=proof)
        assert page.status == 401, proof
        assert _carried(page)["kept_body"] == "Κείμενο"


async def test_words_of_another_site_are_not_carried(site: Site, topic: Started, owner: RawConnection) -> None:
    path = f"/topics/{topic.topic_id}/posts"
    other = await site.visitor("maria")
    await other.get("/")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        nikos = await _ended(site, owner)
        answer = await _send(nikos, path, {"body": "Ξένα λόγια"}, headers=headers)
        assert (answer.status, answer.location.partition("?")[0]) == (303, "/login"), headers
    for token in ("", "wrong", other.token):
        nikos = await _ended(site, owner)
        answer = await nikos.request("POST", path, data={"body": "Ξένα λόγια", "csrf_token": token})
        assert (answer.status, answer.location.partition("?")[0]) == (303, "/login")
    guest = await site.visitor()
    assert (await _send(guest, path, {"body": "Ξένα λόγια"})).status == 303, "nobody vouches for the form"
    multipart = {"Content-Type": "multipart/form-data; boundary=x", "Sec-Fetch-Site": "same-origin"}
    assert (await guest.request("POST", path, data=b"--x--", headers=multipart)).status == 303


async def test_only_forms_for_a_text_are_carried_and_only_with_words(
    site: Site, topic: Started, owner: RawConnection
) -> None:
    nikos = await _ended(site, owner)
    for path, sent in (
        ("/settings", {"name": "Άλλος", "body": "Λόγια"}),
        (f"/topics/{topic.topic_id}/lock", {"reason": "Λόγος", "body": "Λόγια"}),
        (f"/topics/{topic.topic_id}/posts", {"body": " \n"}),
        ("/topics/abc/posts", {"body": "Λόγια"}),
        ("/topics/99999999999999999999/posts", {"body": "Λόγια"}),
        ("/categories/%CE%B1/new", {"body": "Λόγια"}),
    ):
        answer = await _send(nikos, path, sent)
        assert (answer.status, answer.location.partition("?")[0]) == (303, "/login"), path
    page = await _send(
        nikos,
        f"/topics/{topic.topic_id}/posts",
        {"body": "Λόγια", "password": "μυστικό", "csrf": "x", "kept_place": "post:1"},
    )
    kept = {"kept_writer", "kept_place", "kept_title", "kept_body", "kept_reply_to"}
    assert set(_carried(page)) == {"next", *kept}
    assert _carried(page)["kept_place"] == f"topic:{topic.topic_id}"
    assert "μυστικό" not in page.text


@pytest.mark.parametrize(
    "hostile",
    [
        {"kept_place": "//evil.example"},
        {"kept_place": "https://evil.example"},
        {"kept_place": "topic:1/../../evil"},
        {"kept_place": "topic:99999999999999999999"},
        {"kept_place": "category:.."},
        {"kept_place": "topic:1\x00"},
        {"kept_body": "α" * 50_001},
        {"kept_title": "α" * 201},
        {"kept_reply_to": "-1"},
    ],
)
async def test_what_our_page_would_not_carry_is_refused(
    site: Site, owner: RawConnection, hostile: dict[str, str]
) -> None:
    visitor = await site.visitor()
    answer = await _sign_in(visitor, **{"kept_place": "topic:1", "kept_body": "Λόγια", **hostile})
    assert answer.status == 400
    assert await owner.fetchval("SELECT count(*) FROM sessions") == 0
    assert await _drafts(owner) == []


async def test_another_browsers_sign_in_form_keeps_nothing(site: Site, owner: RawConnection) -> None:
    visitor, other = await site.visitor(), await site.visitor()
    await visitor.get("/login")
    await other.get("/login")
    visitor.token = other.token
    assert (await _sign_in(visitor, kept_place="topic:1", kept_body="Λόγια")).status == 403
    assert await _drafts(owner) == []


async def test_the_words_never_become_another_members_draft(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos = await _ended(site, owner)
    page = await _send(nikos, f"/topics/{topic.topic_id}/posts", {"body": "Λόγια του Νίκου"})
    carried = _carried(page)
    answer = await _sign_in(nikos, "maria", **carried)
    assert (answer.status, answer.location) == (303, carried["next"] or "/")
    assert "Λόγια του Νίκου" not in (await nikos.get("/drafts")).text
    again = await _sign_in(nikos, "maria", **carried)
    assert again.location != f"/topics/{topic.topic_id}/posts/new", "who is signed in already is no other case"
    assert await _drafts(owner) == []


async def test_words_of_nobody_are_not_carried(site: Site, topic: Started, owner: RawConnection) -> None:
    path = f"/topics/{topic.topic_id}/posts"
    nikos = await _ended(site, owner)
    answer = await nikos.submit(path, {"body": "Λόγια"})
    assert (answer.status, answer.location) == (303, "/login?ended=1")
    await _sign_in(nikos, kept_place=f"topic:{topic.topic_id}", kept_body="Λόγια")
    assert await _drafts(owner) == []


async def test_a_form_of_another_member_is_not_shown_again(site: Site, topic: Started) -> None:
    maria, own = await site.visitor("maria"), {"Sec-Fetch-Site": "same-origin"}
    sent = {"body": "Λόγια του Νίκου", "writer": str(site.cast.nikos.member_id), "csrf_token": "του Νίκου"}
    page = await maria.submit(f"/topics/{topic.topic_id}/posts", sent, headers=own)
    assert page.status == 403
    assert "Λόγια του Νίκου" not in page.text


async def test_every_form_for_a_text_says_who_writes(site: Site, topic: Started) -> None:
    nikos = await site.visitor("nikos")
    for path in (
        f"/topics/{topic.topic_id}/{topic.slug}",
        f"/topics/{topic.topic_id}/posts/new",
        "/categories/questions/new",
        f"/posts/{topic.first_post_id}/edit",
    ):
        assert (await nikos.get(path)).hidden("writer") == str(site.cast.nikos.member_id), path


class TestLimits:
    """A hundredth of the usual limits: one draft a minute."""

    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return Config(_env_file=None, data_dir=tmp_path, secret_key=SecretStr("k" * 64), rate_limits=0.01)

    async def test_words_kept_by_who_is_signed_in_are_counted_as_drafts(self, site: Site, owner: RawConnection) -> None:
        nikos = await site.visitor("nikos")
        kept = {"kept_writer": str(site.cast.nikos.member_id), "kept_place": "topic:1"}
        assert (await _sign_in(nikos, **kept, kept_body="Ένα")).status == 303
        assert (await _sign_in(nikos, **kept, kept_body="Δύο")).status == 429
        assert [row[3] for row in await _drafts(owner)] == ["Ένα"]
