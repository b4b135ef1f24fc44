"""Drafts: saved while they are typed, listed, discarded, shown in their forms again, and gone once published."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from forum.config import Config
from forum.db import RawConnection
from forum.domain import drafts
from forum.domain.drafts import Place, Words
from forum.domain.topics import Started
from forum.keys import DB
from tests.site import Site
from tests.web import content, doors, structure

_FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
async def topic(site: Site) -> Started:
    return await content.start(site, "maria", body="Πρώτη ανάρτηση")


async def keep(site: Site, person: str, place: str, body: str, title: str = "", reply_to: int | None = None) -> None:
    words = Words(Place(place), title, body, reply_to)
    async with site.app[DB].write() as tx:
        await drafts.save(tx, content.actor(site, person).member_id, words)


async def kept(owner: RawConnection) -> list[tuple[str, str, str, int | None]]:
    rows = await owner.fetch("SELECT place, title, body, reply_to FROM drafts ORDER BY member_id, place")
    return [(row["place"], row["title"], row["body"], row["reply_to"]) for row in rows]


# Saving ------------------------------------------------------------------------------------------


async def test_what_is_typed_is_saved_and_replaced(site: Site, topic: Started, owner: RawConnection) -> None:
    nikos = await site.visitor("nikos")
    place = f"topic:{topic.topic_id}"
    answer = await nikos.submit("/drafts", {"place": place, "body": "Α\r\nβ  ", "reply_to": "1"}, headers=_FETCH)
    assert (answer.status, answer.text) == (204, "")
    assert await kept(owner) == [(place, "", "Α\nβ  ", 1)]
    answer = await nikos.submit("/drafts", {"place": place, "title": "Τ", "body": "Γ", "reply_to": ""})
    assert answer.status == 204
    assert await kept(owner) == [(place, "Τ", "Γ", None)]


async def test_the_token_may_come_in_a_header(site: Site, owner: RawConnection) -> None:
    nikos = await site.visitor("nikos")
    await nikos.get("/")
    sent = {"place": "category:questions", "body": "Κείμενο"}
    assert (await nikos.request("POST", "/drafts", data=sent)).status == 403
    headers = {"X-CSRF-Token": nikos.token}
    assert (await nikos.request("POST", "/drafts", data=sent, headers=headers)).status == 204
    assert len(await kept(owner)) == 1


@pytest.mark.parametrize("body", ["", "  \n"])
async def test_saving_nothing_discards(site: Site, owner: RawConnection, body: str) -> None:
    await keep(site, "nikos", "topic:1", "Μισό")
    nikos = await site.visitor("nikos")
    assert (await nikos.submit("/drafts", {"place": "topic:1", "title": " ", "body": body})).status == 204
    assert await kept(owner) == []


@pytest.mark.parametrize(
    "sent",
    [
        {"body": "Κείμενο"},
        {"place": "", "body": "Κείμενο"},
        {"place": "topic:0", "body": "Κείμενο"},
        {"place": "topic:9223372036854775808", "body": "Κείμενο"},
        {"place": "member:1", "body": "Κείμενο"},
        {"place": "category:../../evil", "body": "Κείμενο"},
        {"place": "topic:1", "body": "α" * 50_001},
        {"place": "topic:1", "body": "α\x00"},
        {"place": "topic:1", "title": "α" * 201},
        {"place": "topic:1", "body": "α", "reply_to": "0"},
        {"place": "topic:1", "body": "α", "reply_to": "99999999999"},
    ],
)
async def test_what_cannot_be_kept_is_refused(site: Site, owner: RawConnection, sent: dict[str, str]) -> None:
    nikos = await site.visitor("nikos")
    answer = await nikos.submit("/drafts", sent, headers=_FETCH)
    assert answer.status == 422
    assert answer.text.strip().startswith('<div class="notice tone-bad" role="alert">')
    assert (await nikos.submit("/drafts", sent)).status == 422
    assert await kept(owner) == []


async def test_the_longest_draft_fits(site: Site, owner: RawConnection) -> None:
    nikos = await site.visitor("nikos")
    assert (await nikos.submit("/drafts", {"place": "topic:1", "body": "ώ" * 50_000})).status == 204
    assert [len(body) for _, _, body, _ in await kept(owner)] == [50_000]


async def test_drafts_are_closed_to_outsiders_and_ask_for_the_token(site: Site, owner: RawConnection) -> None:
    sent = {"place": "topic:1", "body": "Κείμενο"}
    for person in (None, "suspended"):
        outsider = await site.visitor(person)
        assert (await outsider.get("/drafts")).location.startswith("/login")
        for path in ("/drafts", "/drafts/delete"):
            assert (await outsider.submit(path, sent)).location.startswith("/login"), path
            refused = await outsider.submit(path, sent, headers=_FETCH)
            assert refused.status == 401
            assert 'role="alert"' in refused.text
            assert "/login" in refused.text
    await doors.asks_for_the_token(site, "nikos", "/drafts", sent)
    assert await kept(owner) == []
    await keep(site, "nikos", "topic:1", "Μισό")
    await doors.asks_for_the_token(site, "nikos", "/drafts/delete", {"place": "topic:1"})
    assert len(await kept(owner)) == 1
    await doors.takes_no_other_method(site, "nikos", "/drafts", "PUT", "DELETE")
    await doors.takes_no_other_method(site, "nikos", "/drafts/delete", "PUT", "DELETE", "GET")


async def test_nothing_is_told_of_places_one_may_not_see(site: Site, topic: Started) -> None:
    stranger = await site.visitor("stranger")
    for place in (f"topic:{topic.topic_id}", f"topic:{doors.ABSENT}", f"post:{topic.first_post_id}"):
        assert (await stranger.submit("/drafts", {"place": place, "body": "Τα λόγια μου"})).status == 204
    page = (await stranger.get("/drafts")).text
    assert page.count("Τα λόγια μου") == 3
    assert "Φωτισμός" not in page
    assert f"/topics/{topic.topic_id}" not in page


# The list ----------------------------------------------------------------------------------------


async def test_the_list_shows_ones_own_with_the_way_to_go_on(site: Site, topic: Started) -> None:
    reply = await content.reply(site, "nikos", topic.topic_id)
    nikos, maria = await site.visitor("nikos"), await site.visitor("maria")
    await keep(site, "nikos", f"topic:{topic.topic_id}", "Για <b>το</b> θέμα")
    await keep(site, "nikos", f"post:{reply.id}", "Για την ανάρτηση")
    await keep(site, "nikos", "category:questions", "", "Νέο & ωραίο")
    page = await nikos.get("/drafts")
    assert page.status == 200
    for way in (f"/topics/{topic.topic_id}/posts/new", f"/posts/{reply.id}/edit", "/categories/questions/new"):
        assert f'href="{way}"' in page.text
        assert (await nikos.get(way)).status == 200
    assert "Για &lt;b&gt;το&lt;/b&gt; θέμα" in page.text
    assert "Νέο &amp; ωραίο" in page.text
    assert list(structure.faults(page.text)) == []
    others = await maria.get("/drafts")
    assert "Για την ανάρτηση" not in others.text
    assert list(structure.faults(others.text)) == []
    assert 'href="/drafts"' in (await maria.get("/settings")).text


async def test_words_stay_readable_where_the_place_has_gone(site: Site, topic: Started) -> None:
    await keep(site, "nikos", f"topic:{topic.topic_id}", "Τα λόγια μου")
    await content.delete_topic(site, "maria", topic.topic_id)
    page = (await (await site.visitor("nikos")).get("/drafts")).text
    assert "Τα λόγια μου" in page
    assert f"/topics/{topic.topic_id}" not in page
    assert list(structure.faults(page)) == []


async def test_a_long_list_comes_in_pages(site: Site, owner: RawConnection) -> None:
    await owner.execute(
        "INSERT INTO drafts (member_id, place, body) SELECT $1, 'topic:' || n, 'x' FROM generate_series(1, 30) AS n",
        site.cast.nikos.member_id,
    )
    nikos = await site.visitor("nikos")
    first = await nikos.get("/drafts")
    assert first.text.count('name="place"') == 20
    way = first.text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = await nikos.get(way)
    assert second.text.count('name="place"') == 10
    assert 'rel="next"' not in second.text
    assert (await nikos.get("/drafts?cursor=nonsense")).status == 400


# Discarding --------------------------------------------------------------------------------------


async def test_a_draft_is_discarded(site: Site, owner: RawConnection) -> None:
    for person in ("nikos", "maria"):
        await keep(site, person, "topic:1", "Μισό")
        await keep(site, person, "topic:2", "Μισό")
    nikos = await site.visitor("nikos")
    answer = await nikos.submit("/drafts/delete", {"place": "topic:1"})
    assert (answer.status, answer.location) == (303, "/drafts")
    assert 'role="status"' in (await nikos.follow(answer)).text
    assert (await nikos.submit("/drafts/delete", {"place": "topic:2"}, headers=_FETCH)).status == 204
    assert (await nikos.submit("/drafts/delete", {"place": "topic:3"}, headers=_FETCH)).status == 204
    assert (await nikos.submit("/drafts/delete", {"place": "nonsense"}, headers=_FETCH)).status == 422
    assert [place for place, _, _, _ in await kept(owner)] == ["topic:1", "topic:2"]


async def test_discarding_leads_back_within_the_forum_only(site: Site) -> None:
    nikos = await site.visitor("nikos")
    for wanted, led in (("/help", "/help"), ("//evil.example", "/"), ("https://evil.example/", "/"), ("", "/drafts")):
        answer = await nikos.submit("/drafts/delete", {"place": "topic:1", "next": wanted})
        assert (answer.status, answer.location) == (303, led)


# In the forms ------------------------------------------------------------------------------------


async def test_the_forms_are_filled_from_their_drafts(site: Site, topic: Started) -> None:
    reply = await content.reply(site, "nikos", topic.topic_id, "Η απάντησή μου")
    nikos = await site.visitor("nikos")
    forms = {
        f"/topics/{topic.topic_id}/{topic.slug}": f"topic:{topic.topic_id}",
        f"/topics/{topic.topic_id}/posts/new": f"topic:{topic.topic_id}",
        f"/posts/{reply.id}/edit": f"post:{reply.id}",
        "/categories/questions/new": "category:questions",
    }
    for path, place in forms.items():
        page = await nikos.get(path)
        assert f'data-place="{place}"' in page.text
        assert 'action="/drafts/delete"' not in page.text
    for place in set(forms.values()):
        await keep(site, "nikos", place, f"Πρόχειρο & για {place}", "Ο τίτλος")
    for path, place in forms.items():
        page = await nikos.get(path)
        assert f"Πρόχειρο &amp; για {place}</textarea>" in page.text, path
        assert page.hidden("place") == place
        assert 'action="/drafts/delete"' in page.text
        assert list(structure.faults(page.text)) == []
        assert "Πρόχειρο" not in (await (await site.visitor("sophie")).get(path)).text
    assert 'value="Ο τίτλος"' in (await nikos.get("/categories/questions/new")).text
    answer = await nikos.submit("/drafts/delete", {"place": "category:questions", "next": "/categories/questions/new"})
    assert "Πρόχειρο" not in (await nikos.follow(answer)).text


async def test_the_edit_of_a_first_post_keeps_title_and_text(site: Site, topic: Started) -> None:
    maria = await site.visitor("maria")
    path = f"/posts/{topic.first_post_id}/edit"
    await keep(site, "maria", f"post:{topic.first_post_id}", "Νέο κείμενο")
    page = await maria.get(path)
    assert "Νέο κείμενο</textarea>" in page.text
    assert 'value="Φωτισμός λιμανιού"' in page.text
    await keep(site, "maria", f"post:{topic.first_post_id}", "Νέο κείμενο", "Νέος τίτλος")
    assert 'value="Νέος τίτλος"' in (await maria.get(path)).text


async def test_a_draft_remembers_which_post_it_answers(site: Site, topic: Started) -> None:
    nikos = await site.visitor("nikos")
    await keep(site, "nikos", f"topic:{topic.topic_id}", "Στη Μαρία", reply_to=1)
    for path in (f"/topics/{topic.topic_id}/posts/new", f"/topics/{topic.topic_id}/{topic.slug}"):
        assert (await nikos.get(path)).hidden("reply_to") == "1"
    await keep(site, "nikos", f"topic:{topic.topic_id}", "Σε κανέναν", reply_to=99)
    for path in (f"/topics/{topic.topic_id}/posts/new", f"/topics/{topic.topic_id}/{topic.slug}"):
        page = await nikos.get(path)
        assert page.status == 200
        assert 'name="reply_to"' not in page.text


async def test_publishing_takes_the_draft_of_its_place_and_no_other(
    site: Site, topic: Started, owner: RawConnection
) -> None:
    reply = await content.reply(site, "nikos", topic.topic_id)
    nikos = await site.visitor("nikos")
    places = [f"topic:{topic.topic_id}", f"post:{reply.id}", "category:questions"]
    for place in (*places, "topic:4711"):
        await keep(site, "nikos", place, "Πρόχειρο")
    await keep(site, "sophie", places[0], "Της Σόφης")
    paths = [f"/topics/{topic.topic_id}/posts", f"/posts/{reply.id}/edit", "/categories/questions/new"]
    for path, place in zip(paths, places, strict=True):
        refused = await nikos.submit(path, {"title": "Τίτλος", "body": ""})
        assert refused.status == 422
        assert place in [found for found, _, _, _ in await kept(owner)], "what is refused is still a draft"
        assert (await nikos.submit(path, {"title": "Τίτλος", "body": "Έτοιμο"})).status == 303
        assert (place, "", "Πρόχειρο", None) not in await kept(owner)
    assert await kept(owner) == [("topic:4711", "", "Πρόχειρο", None), (places[0], "", "Της Σόφης", None)]


async def test_without_scripts_a_button_saves_the_draft(site: Site, topic: Started, owner: RawConnection) -> None:
    reply = await content.reply(site, "nikos", topic.topic_id)
    nikos = await site.visitor("nikos")
    forms = {
        f"/topics/{topic.topic_id}/posts": f"/topics/{topic.topic_id}/posts/new",
        f"/posts/{reply.id}/edit": f"/posts/{reply.id}/edit",
        "/categories/questions/new": "/categories/questions/new",
    }
    for path, form in forms.items():
        page = await nikos.get(form)
        assert 'name="action" value="draft"' in page.text
        answer = await nikos.submit(path, {"title": "Τίτλος", "body": "Αύριο συνεχίζω", "action": "draft"})
        assert (answer.status, answer.location) == (303, form)
        shown = await nikos.follow(answer)
        assert "Αύριο συνεχίζω</textarea>" in shown.text
        assert 'role="status"' in shown.text
        refused = await nikos.submit(path, {"title": "Τίτλος", "body": "α" * 50_001, "action": "draft"})
        assert refused.status == 422
        assert "α" * 50_001 in refused.text
    assert len(await kept(owner)) == 3
    assert await owner.fetchval("SELECT count(*) FROM posts") == 2
    unknown = await nikos.submit(f"/topics/{topic.topic_id}/posts", {"body": "Κείμενο", "action": "nonsense"})
    assert unknown.status == 422
    assert await owner.fetchval("SELECT count(*) FROM posts") == 2


# Refused -----------------------------------------------------------------------------------------


async def test_a_lock_meanwhile_leaves_the_words_in_the_draft(site: Site, topic: Started, owner: RawConnection) -> None:
    reply = await content.reply(site, "nikos", topic.topic_id)
    nikos = await site.visitor("nikos")
    await nikos.get(f"/topics/{topic.topic_id}/posts/new")
    await content.lock(site, topic.topic_id)
    sent = {"body": "Μια ώρα έγραφα & έγραφα", "reply_to": "1"}
    for action in ("publish", "preview"):
        refused = await nikos.submit(f"/topics/{topic.topic_id}/posts", {**sent, "action": action})
        assert refused.status == 403
        assert "Μια ώρα έγραφα &amp; έγραφα</textarea>" in refused.text
        assert 'href="/drafts"' in refused.text
        assert list(structure.faults(refused.text)) == []
    edited = await nikos.submit(f"/posts/{reply.id}/edit", {"body": "Διόρθωση"})
    assert edited.status == 403
    assert "Διόρθωση</textarea>" in edited.text
    assert await kept(owner) == [
        (f"post:{reply.id}", "", "Διόρθωση", None),
        (f"topic:{topic.topic_id}", "", "Μια ώρα έγραφα & έγραφα", 1),
    ]
    page = await nikos.get(f"/topics/{topic.topic_id}/{topic.slug}")
    assert "Μια ώρα έγραφα &amp; έγραφα" in page.text
    assert "<textarea" not in page.text
    assert list(structure.faults(page.text)) == []
    assert "Μια ώρα" not in (await (await site.visitor("moderator")).get(f"/topics/{topic.topic_id}/{topic.slug}")).text


async def test_a_right_lost_meanwhile_leaves_the_words_in_the_draft(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    await maria.get("/categories/announcements")
    refused = await maria.submit("/categories/announcements/new", {"title": "Ο τίτλος", "body": "Πολλά λόγια"})
    assert refused.status == 403
    assert "Πολλά λόγια</textarea>" in refused.text
    assert 'value="Ο τίτλος"' in refused.text
    assert list(structure.faults(refused.text)) == []
    assert await kept(owner) == [("category:announcements", "Ο τίτλος", "Πολλά λόγια", None)]


async def test_what_is_refused_and_cannot_be_kept_is_still_given_back(
    site: Site, topic: Started, owner: RawConnection
) -> None:
    await content.lock(site, topic.topic_id)
    nikos = await site.visitor("nikos")
    refused = await nikos.submit(
        f"/topics/{topic.topic_id}/posts", {"body": "Λόγια", "reply_to": "1", "title": "τ" * 201}
    )
    assert refused.status == 403
    assert "Λόγια</textarea>" in refused.text
    assert await kept(owner) == []


async def test_a_stranger_leaves_no_draft(site: Site, topic: Started, owner: RawConnection) -> None:
    stranger = await site.visitor("stranger")
    for path in (f"/topics/{topic.topic_id}/posts", f"/posts/{topic.first_post_id}/edit", "/categories/questions/new"):
        assert (await stranger.submit(path, {"title": "Τ", "body": "Λόγια"})).status == 404
    assert await kept(owner) == []


class TestLimits:
    """A hundredth of the usual limits: one draft and one preview a minute."""

    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return Config(_env_file=None, data_dir=tmp_path, secret_key=SecretStr("k" * 64), rate_limits=0.01)

    async def test_too_many_drafts_are_refused_and_the_words_shown_again(
        self, site: Site, topic: Started, owner: RawConnection
    ) -> None:
        nikos = await site.visitor("nikos")
        sent = {"place": "topic:1", "body": "Ένα"}
        assert (await nikos.submit("/drafts", sent)).status == 204
        refused = await nikos.submit("/drafts", {**sent, "body": "Δύο"}, headers=_FETCH)
        assert refused.status == 429
        assert refused.headers["Retry-After"]
        assert 'role="alert"' in refused.text
        assert await kept(owner) == [("topic:1", "", "Ένα", None)]
        again = await nikos.submit(f"/topics/{topic.topic_id}/posts", {"body": "Τρία", "action": "draft"})
        assert again.status == 429
        assert "Τρία</textarea>" in again.text

    async def test_words_of_a_post_too_many_are_shown_again(self, site: Site, topic: Started) -> None:
        reply = await content.reply(site, "nikos", topic.topic_id)
        nikos = await site.visitor("nikos")
        paths = [f"/topics/{topic.topic_id}/posts", f"/posts/{reply.id}/edit", "/categories/questions/new"]
        assert (await nikos.submit(paths[0], {"body": "Μία"})).status == 303
        for path in paths:
            refused = await nikos.submit(path, {"title": "Τίτλος", "body": "Πολλά & καλά"})
            assert refused.status == 429, path
            assert refused.headers["Retry-After"]
            assert "Πολλά &amp; καλά</textarea>" in refused.text
            assert list(structure.faults(refused.text)) == []

    async def test_words_of_refused_forms_are_counted_too(
        self, site: Site, topic: Started, owner: RawConnection
    ) -> None:
        nikos = await site.visitor("nikos")
        await owner.execute("UPDATE topics SET locked_at = now(), locked_by_id = author_id, lock_reason = 'Τέλος'")
        for body in ("Ένα", "Δύο"):
            refused = await nikos.submit(f"/topics/{topic.topic_id}/posts", {"body": body})
            assert refused.status == 403
            assert f"{body}</textarea>" in refused.text
        assert await kept(owner) == [("topic:1", "", "Ένα", None)]
