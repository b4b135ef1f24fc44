"""Categories and topics: lists, starting, reading, changing, deleting; the lock, the pin and the mark *internal*."""

from __future__ import annotations

import re
from typing import Any

from forum.db import RawConnection
from tests.api.arrange import faulty, problem, reply, start
from tests.site import Program, Site

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")


async def _list(program: Program, query: str = "", slug: str = "questions") -> Any:
    return (await program.get(f"/api/v1/categories/{slug}/topics{query}")).json


async def test_categories_are_listed_in_order_with_the_callers_rights(site: Site) -> None:
    maria = await site.program("maria")
    found = (await maria.get("/api/v1/categories")).json
    rights = {category["slug"]: category["rights"] for category in found["items"]}
    assert list(rights) == ["questions", "proposals", "good-practices", "guides", "announcements"]
    assert rights["questions"] == ["see", "read", "start", "reply", "vote", "attach"]
    assert rights["proposals"] == ["see", "read", "reply"]
    assert rights["announcements"] == ["see", "read"]
    first = found["items"][0]
    assert (first["name"], first["name_en"]) == ("Ερωτήσεις και συζήτηση", "Questions and discussion")
    assert {category["slug"]: category["kinds"] for category in found["items"]} == {
        "questions": ["discussion", "question"],
        "proposals": ["discussion", "proposal"],
        "good-practices": ["discussion", "good_practice"],
        "guides": ["discussion", "guide"],
        "announcements": ["discussion"],
    }
    assert first["topic_count"] == first["unread_count"] == 0
    stelios = await site.program("moderator")
    assert all("moderate" in one["rights"] for one in (await stelios.get("/api/v1/categories")).json["items"])


async def test_counts_of_topics_and_unread_ones(site: Site) -> None:
    maria, nikos = await site.program("maria"), await site.program("nikos")
    topic = await start(maria)
    await reply(maria, topic["id"])
    for program, unread, posts in ((nikos, 1, 2), (maria, 0, 0)):
        category = (await program.get("/api/v1/categories")).json["items"][0]
        assert (category["topic_count"], category["unread_count"]) == (1, unread)
        assert (await _list(program))["items"][0]["unread_count"] == posts


async def test_a_started_topic_is_told_where_it_is(site: Site) -> None:
    maria = await site.program("maria")
    answer = await maria.post(
        "/api/v1/topics",
        json={
            "category": "questions",
            "kind": "discussion",
            "title": "  Πρόταση   αδελφοποίησης ",
            "body": "Με *ποιον*;",
            "language": "el",
            "internal": True,
        },
    )
    assert answer.status == 201
    made = answer.json
    assert made.keys() == {"id", "slug", "url", "first_post_id"}
    assert made["slug"] == "protasi-adelfopoiisis"
    assert made["url"].endswith(f"/topics/{made['id']}/protasi-adelfopoiisis")
    assert answer.headers["Location"].endswith(f"/api/v1/topics/{made['id']}")
    page = await (await site.visitor("maria")).get(f"/topics/{made['id']}/{made['slug']}")
    assert page.status == 200
    shown = (await maria.get(f"/api/v1/topics/{made['id']}")).json
    assert _TIME.fullmatch(shown["created_at"])
    assert shown == {
        "id": made["id"],
        "title": "Πρόταση αδελφοποίησης",
        "slug": made["slug"],
        "url": made["url"],
        "category": "questions",
        "category_name": "Ερωτήσεις και συζήτηση",
        "kind": "discussion",
        "fields": {},
        "author": {
            "id": site.cast.maria.member_id,
            "name": "Μαρία Χατζηγιάννη",
            "organisation": "larnaca",
            "organisation_name": "Δήμος Λάρνακας",
        },
        "created_at": shown["created_at"],
        "last_post_at": shown["created_at"],
        "reply_count": 0,
        "is_locked": False,
        "is_pinned": False,
        "internal": True,
        "language": "el",
        "tags": [],
        "deadline_at": None,
        "partners": None,
        "answer_post_id": None,
        "lock_reason": None,
        "locked_at": None,
        "deleted_at": None,
    }


async def test_the_text_is_rendered_and_made_safe(site: Site) -> None:
    maria = await site.program("maria")
    made = await start(maria, body="**καλό**\n\n<script>alert(1)</script> [x](javascript:alert(1))")
    html = (await maria.get(f"/api/v1/posts/{made['first_post_id']}")).json["html"]
    assert "<strong>καλό</strong>" in html
    assert "<script" not in html
    assert 'javascript:alert(1)"' not in html


async def test_who_may_not_start_there_is_refused_and_who_sees_nothing_finds_nothing(site: Site) -> None:
    sent = {"title": "Τίτλος", "body": "Κείμενο"}
    maria, stranger = await site.program("maria"), await site.program("stranger")
    for category, code in (("announcements", "cannot_start"), ("proposals", "can_only_reply")):
        assert problem(await maria.post("/api/v1/topics", json={**sent, "category": category}), 403) == code
    absent = await stranger.post("/api/v1/topics", json={**sent, "category": "nothing"})
    hidden = await stranger.post("/api/v1/topics", json={**sent, "category": "questions"})
    assert problem(absent, 404) == problem(hidden, 404) == "not_found"
    assert absent.text == hidden.text


async def test_topics_are_listed_by_activity_or_age_page_by_page(site: Site) -> None:
    maria, nikos, stelios = [await site.program(person) for person in ("maria", "nikos", "moderator")]
    made = [(await start(maria if number % 2 else nikos, title=f"Θέμα {number}"))["id"] for number in range(5)]
    await reply(maria, made[1])
    assert (await stelios.put(f"/api/v1/topics/{made[0]}/pin")).status == 200

    async def paged(query: str) -> list[int]:
        ids: list[int] = []
        cursor = ""
        while len(ids) < 20:
            page = await _list(maria, f"?limit=2{query}{cursor}")
            ids += [topic["id"] for topic in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        return ids

    assert await paged("") == [made[0], made[1], made[4], made[3], made[2]]
    assert await paged("&sort=created") == made[::-1]
    assert await paged("&municipality=larnaca") == [made[1], made[3]]
    assert await paged("&municipality=nowhere") == []


async def test_its_author_changes_title_and_mark(site: Site, owner: RawConnection) -> None:
    maria = await site.program("maria")
    made = await start(maria)
    path = f"/api/v1/topics/{made['id']}"
    changed = await maria.patch(path, json={"title": "Ηλεκτρικά οχήματα", "internal": True})
    assert changed.status == 200
    assert (changed.json["title"], changed.json["slug"], changed.json["internal"]) == (
        "Ηλεκτρικά οχήματα",
        "ilektrika-ochimata",
        True,
    )
    found = (await maria.get("/api/v1/search?q=%CE%B7%CE%BB%CE%B5%CE%BA%CF%84%CF%81%CE%B9%CE%BA%CE%AC")).json["items"]
    assert [hit["topic_id"] for hit in found] == [made["id"]]
    revisions = (await maria.get(f"/api/v1/posts/{made['first_post_id']}/revisions")).json["items"]
    assert [revision["title"] for revision in revisions] == ["Ηλεκτρικά οχήματα", "Κοινή προμήθεια οχημάτων"]
    count = await owner.fetchval("SELECT count(*) FROM post_revisions")
    assert (await maria.patch(path, json={"title": "Ηλεκτρικά οχήματα"})).status == 200
    assert (await maria.patch(path, json={})).status == 200
    assert await owner.fetchval("SELECT count(*) FROM post_revisions") == count


async def test_its_language_is_mended(site: Site, owner: RawConnection) -> None:
    maria = await site.program("maria")
    path = f"/api/v1/topics/{(await start(maria))['id']}"
    for language, told in (("en", "en"), ("fr", "fr"), ("", None)):
        assert (await maria.patch(path, json={"language": language})).json["language"] == told
    assert faulty(await maria.patch(path, json={"language": "Ελληνικά"})) == {"language"}
    guide = {"category": "guides", "kind": "guide", "title": "Οδηγός", "fields": {"language": "el"}}
    made = await (await site.program("sophie")).post("/api/v1/topics", json=guide)
    changed = await (await site.program("sophie")).patch(f"/api/v1/topics/{made.json['id']}", json={"language": "en"})
    assert (changed.json["language"], changed.json["fields"]["language"]) == ("el", "el"), "its field says it"


async def test_what_is_not_the_callers_to_change_stays_as_it_is(site: Site, owner: RawConnection) -> None:
    maria, nikos, stelios = [await site.program(person) for person in ("maria", "nikos", "moderator")]
    made = await start(maria)
    path = f"/api/v1/topics/{made['id']}"
    before = await owner.fetchrow("SELECT * FROM topics")
    for field, value in (
        ("author_id", site.cast.nikos.member_id),
        ("author", {"id": 1}),
        ("created_at", "2020-01-01T00:00:00Z"),
        ("pinned", True),
        ("is_pinned", True),
        ("is_locked", True),
        ("role", "administrator"),
        ("region_id", 1),
        ("category", "proposals"),
    ):
        assert faulty(await maria.patch(path, json={"title": "Άλλος", field: value})) == {field}
    assert problem(await nikos.patch(path, json={"title": "Άλλος"}), 403) == "not_author"
    assert problem(await nikos.patch(path, json={"internal": True}), 403) == "not_author"
    assert problem(await stelios.patch(path, json={"internal": True, "title": "Άλλος"}), 403) == "not_author"
    assert await owner.fetchrow("SELECT * FROM topics") == before
    assert (await stelios.patch(path, json={"internal": True})).json["internal"] is True


async def test_its_author_deletes_a_topic_that_nobody_answered(site: Site) -> None:
    maria, nikos = await site.program("maria"), await site.program("nikos")
    made, answered = await start(maria), await start(maria)
    await reply(nikos, answered["id"])
    path = f"/api/v1/topics/{made['id']}"
    assert problem(await nikos.delete(path), 403) == "not_author"
    gone = await maria.delete(path)
    assert (gone.status, gone.text) == (204, "")
    assert problem(await nikos.get(path), 404) == "not_found"
    assert (await maria.get(path)).json["deleted_at"] is not None
    assert [topic["id"] for topic in (await _list(maria))["items"]] == [answered["id"]]
    assert problem(await maria.delete(f"/api/v1/topics/{answered['id']}"), 403) == "has_replies"


async def test_a_moderator_locks_with_a_reason_and_unlocks(site: Site, owner: RawConnection) -> None:
    maria, stelios = await site.program("maria"), await site.program("moderator")
    made = await start(maria)
    path = f"/api/v1/topics/{made['id']}"
    assert problem(await maria.put(f"{path}/lock", json={"reason": "x"}), 403) == "cannot_moderate"
    for sent in ({}, {"reason": ""}, {"reason": " \n"}, {"reason": "a" * 501}, {"reason": 1}):
        assert faulty(await stelios.put(f"{path}/lock", json=sent)) == {"reason"}
    locked = await stelios.put(f"{path}/lock", json={"reason": " Συνεχίζεται αλλού. "})
    assert locked.status == 200
    assert (locked.json["is_locked"], locked.json["lock_reason"]) == (True, "Συνεχίζεται αλλού.")
    again = await stelios.put(f"{path}/lock", json={"reason": "Άλλος λόγος"})
    assert again.json["lock_reason"] == "Συνεχίζεται αλλού."
    refused = await maria.post(f"{path}/posts", json={"body": "Μα…"})
    assert problem(refused, 403) == "topic_locked"
    assert (await stelios.post(f"{path}/posts", json={"body": "Τέλος."})).status == 201
    for _ in range(2):
        assert (await stelios.delete(f"{path}/lock")).status == 204
    assert (await maria.get(path)).json["is_locked"] is False
    acts = await owner.fetch("SELECT act FROM audit_entries WHERE subject = 'topic' ORDER BY id")
    assert [row["act"] for row in acts] == ["topic.lock", "topic.unlock"]


async def test_a_moderator_pins_and_unpins(site: Site) -> None:
    maria, stelios = await site.program("maria"), await site.program("moderator")
    first, second = await start(maria), await start(maria)
    path = f"/api/v1/topics/{first['id']}/pin"
    assert problem(await maria.put(path), 403) == "cannot_moderate"
    assert (await stelios.put(path)).json["is_pinned"] is True
    assert [topic["id"] for topic in (await _list(maria))["items"]] == [first["id"], second["id"]]
    assert (await stelios.delete(path)).status == 204
    assert [topic["id"] for topic in (await _list(maria))["items"]] == [second["id"], first["id"]]
