"""Posts and the search: reading in order, replying, editing with what stood before, deleting; finding words."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from forum.db import RawConnection
from tests.api.arrange import faulty, problem, reply, start
from tests.site import Program, Site


async def _posts(program: Program, topic_id: int, query: str = "") -> Any:
    return (await program.get(f"/api/v1/topics/{topic_id}/posts{query}")).json


async def test_a_reply_is_told_with_number_and_html(site: Site) -> None:
    maria, nikos = await site.program("maria"), await site.program("nikos")
    topic = await start(maria)
    answer = await nikos.post(
        f"/api/v1/topics/{topic['id']}/posts", json={"body": "*Ναι*", "reply_to": topic["first_post_id"]}
    )
    assert answer.status == 201
    made = answer.json
    assert made == {"id": made["id"], "number": 2, "html": "<p><em>Ναι</em></p>", "url": made["url"]}
    assert made["url"].endswith(f"/posts/{made['id']}")
    assert answer.headers["Location"].endswith(f"/api/v1/posts/{made['id']}")
    shown = (await maria.get(f"/api/v1/posts/{made['id']}")).json
    assert shown == {
        "id": made["id"],
        "number": 2,
        "topic_id": topic["id"],
        "url": made["url"],
        "author": {
            "id": site.cast.nikos.member_id,
            "name": "Νίκος Καραντώνης",
            "organisation": "mytilene",
            "organisation_name": shown["author"]["organisation_name"],
        },
        "body": "*Ναι*",
        "html": "<p><em>Ναι</em></p>",
        "reply_to": topic["first_post_id"],
        "revision_count": 0,
        "is_by_moderator": False,
        "created_at": shown["created_at"],
        "edited_at": None,
        "deleted_at": None,
    }
    assert (await maria.get(f"/api/v1/topics/{topic['id']}")).json["reply_count"] == 1


async def test_posts_come_in_order_after_a_number_or_a_cursor(site: Site) -> None:
    maria = await site.program("maria")
    topic = await start(maria)
    for number in range(2, 8):
        await reply(maria, topic["id"], f"Απάντηση {number}")
    numbers: list[int] = []
    cursor = ""
    while len(numbers) < 20:
        page = await _posts(maria, topic["id"], f"?limit=3{cursor}")
        numbers += [post["number"] for post in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert numbers == [1, 2, 3, 4, 5, 6, 7]
    after = await _posts(maria, topic["id"], "?after=5")
    assert ([post["number"] for post in after["items"]], after["next"]) == ([6, 7], None)
    half = await _posts(maria, topic["id"], "?after=2&limit=2")
    onward = await _posts(maria, topic["id"], f"?after=2&limit=2&cursor={half['next']}")
    assert [post["number"] for post in onward["items"]] == [5, 6]
    for query in ("?after=7", "?after=2147483647"):
        assert await _posts(maria, topic["id"], query) == {"items": [], "next": None}
    for query in ("?after=-1", "?after=2147483648", "?after=x", "?after="):
        assert faulty(await maria.get(f"/api/v1/topics/{topic['id']}/posts{query}")) == {"after"}


async def test_a_reply_to_a_post_of_another_topic_is_422(site: Site) -> None:
    maria = await site.program("maria")
    topic, other = await start(maria), await start(maria)
    path = f"/api/v1/topics/{topic['id']}/posts"
    for reply_to in (other["first_post_id"], 10**15):
        assert faulty(await maria.post(path, json={"body": "x", "reply_to": reply_to})) == {"reply_to"}
    for reply_to in (0, -1, 2**63, "1", 1.0, True):
        assert faulty(await maria.post(path, json={"body": "x", "reply_to": reply_to})) == {"reply_to"}
    for sent in ({}, {"body": ""}, {"body": "x", "number": 9}):
        problem(await maria.post(path, json=sent), 422)
    assert (await maria.get(f"/api/v1/topics/{topic['id']}")).json["reply_count"] == 0


async def test_who_may_only_read_does_not_reply(site: Site) -> None:
    sophie, maria = await site.program("sophie"), await site.program("maria")
    topic = await start(sophie, category="announcements")
    refused = await maria.post(f"/api/v1/topics/{topic['id']}/posts", json={"body": "Ευχαριστώ"})
    assert problem(refused, 403) == "cannot_reply"


async def test_its_author_edits_a_post_and_what_it_said_is_kept(site: Site) -> None:
    maria, nikos = await site.program("maria"), await site.program("nikos")
    topic = await start(maria)
    post = await reply(maria, topic["id"], "Πρώτη γραφή")
    path = f"/api/v1/posts/{post['id']}"
    edited = await maria.patch(path, json={"body": "**Δεύτερη** γραφή"})
    assert edited.status == 200
    assert (edited.json["body"], edited.json["html"]) == (
        "**Δεύτερη** γραφή",
        "<p><strong>Δεύτερη</strong> γραφή</p>",
    )
    assert edited.json["edited_at"] is not None
    assert edited.json["revision_count"] == 1
    revisions = (await nikos.get(f"{path}/revisions")).json["items"]
    assert [revision["body"] for revision in revisions] == ["**Δεύτερη** γραφή", "Πρώτη γραφή"]
    assert revisions[0]["replaced_at"] is None
    assert revisions[1]["editor"] == {"id": site.cast.maria.member_id, "name": "Μαρία Χατζηγιάννη"}
    first = (await nikos.get(f"{path}/revisions?limit=1")).json
    assert (await nikos.get(f"{path}/revisions?cursor={first['next']}")).json["items"] == revisions[1:]
    assert problem(await nikos.patch(path, json={"body": "Δικό μου"}), 403) == "not_author"
    for sent in ({}, {"body": " "}, {"body": "x", "author_id": 1}, {"body": "x", "deleted_at": None}):
        problem(await maria.patch(path, json=sent), 422)
    assert (await maria.get(path)).json["revision_count"] == 1


async def test_a_deleted_post_keeps_its_number_and_loses_its_words(site: Site) -> None:
    maria, nikos = await site.program("maria"), await site.program("nikos")
    topic = await start(maria)
    post = await reply(maria, topic["id"], "Λανθασμένο")
    path = f"/api/v1/posts/{post['id']}"
    assert problem(await nikos.delete(path), 403) == "not_author"
    assert (await maria.delete(path)).status == 204
    for program in (maria, nikos):
        listed = (await _posts(program, topic["id"]))["items"][1]
        assert listed == (await program.get(path)).json
        assert (listed["number"], listed["body"], listed["html"]) == (2, None, None)
        assert listed["deleted_at"] is not None
    assert problem(await nikos.get(f"{path}/revisions"), 403) == "post_deleted"
    assert problem(await maria.patch(path, json={"body": "x"}), 403) == "post_deleted"
    assert problem(await maria.delete(f"/api/v1/posts/{topic['first_post_id']}"), 403) == "first_post"
    assert (await maria.get("/api/v1/search?q=" + quote("λανθασμένο"))).json["items"] == []


async def test_a_search_gives_one_item_a_post_with_the_match_marked(site: Site) -> None:
    maria, nikos = await site.program("maria"), await site.program("nikos")
    topic = await start(maria, title="Ύδρευση νησιών", body="Για την <b>ύδρευση</b> & τα φράγματα.")
    post = await reply(nikos, topic["id"], "Η αφαλάτωση κοστίζει.")
    found = (await maria.get("/api/v1/search?q=" + quote("ΑΦΑΛΑΤΩΣΗ"))).json
    assert [hit["post_id"] for hit in found["items"]] == [post["id"]]
    hit = found["items"][0]
    assert (hit["topic_id"], hit["title"], hit["number"]) == (topic["id"], "Ύδρευση νησιών", 2)
    assert "<mark>αφαλάτωση</mark>" in hit["snippet_html"]
    assert hit["score"] > 0
    marked = (await maria.get("/api/v1/search?q=" + quote("ύδρευση"))).json["items"][0]
    assert "&lt;b&gt;" in marked["snippet_html"]
    assert "<b>" not in marked["snippet_html"]


async def test_a_search_is_narrowed_and_paged(site: Site) -> None:
    maria, nikos, sophie = [await site.program(person) for person in ("maria", "nikos", "sophie")]
    made = [
        await start(program, title=f"Κομποστοποίηση {number}", category=category)
        for number, (program, category) in enumerate(
            ((maria, "questions"), (nikos, "questions"), (sophie, "proposals"))
        )
    ]
    path = "/api/v1/search?q=" + quote("κομποστοποίηση")
    ids: list[int] = []
    cursor = ""
    while len(ids) < 10:
        page = (await maria.get(f"{path}&limit=1{cursor}")).json
        ids += [hit["topic_id"] for hit in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(ids) == [topic["id"] for topic in made]
    for query, wanted in (("&category=proposals", made[2:]), ("&municipality=larnaca", made[:1]), ("&category=x", [])):
        found = (await maria.get(f"{path}{query}")).json["items"]
        assert [hit["topic_id"] for hit in found] == [topic["id"] for topic in wanted]


async def test_search_syntax_is_never_an_error(site: Site) -> None:
    maria = await site.program("maria")
    await start(maria)
    for text in ('"', "'; DROP TABLE posts; --", "a & | ! <-> (", "%", "-", "or", ":*", "\\", "a" * 200, "ΐ" * 200):
        assert (await maria.get("/api/v1/search?q=" + quote(text, safe=""))).status == 200, text
    for query in ("", "?q=", "?q=%20", "?q=" + "a" * 201, "?q=a&from=2026-01-01"):
        problem(await maria.get(f"/api/v1/search{query}"), 422)
    assert problem(await maria.get("/api/v1/search?q=%00"), 400) == "bad_value"


async def test_reading_by_program_marks_nothing_read(site: Site, owner: RawConnection) -> None:
    maria, nikos = await site.program("maria"), await site.program("nikos")
    topic = await start(maria)
    assert len((await _posts(nikos, topic["id"]))["items"]) == 1
    assert (await nikos.get("/api/v1/categories")).json["items"][0]["unread_count"] == 1
    assert await owner.fetchval("SELECT count(*) FROM topic_reads") == 1
