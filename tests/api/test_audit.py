"""The audit log for administrators' programs."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from tests.api.arrange import faulty, problem, reply, start
from tests.site import Site

_PATH = "/api/v1/audit"


async def test_what_was_done_is_listed_the_newest_first(site: Site) -> None:
    maria, administrator = await site.program("maria"), await site.program("administrator")
    topic = await start(maria)
    post = await reply(maria, topic["id"])
    assert (await maria.delete(f"/api/v1/posts/{post['id']}")).status == 204
    answer = await administrator.get(f"{_PATH}?subject=post")
    assert answer.status == 200
    assert answer.json["next"] is None
    [entry] = answer.json["items"]
    assert entry.pop("id") > 0
    assert entry.pop("request_id")
    assert entry.pop("created_at").endswith("Z")
    assert entry == {
        "actor": {"id": site.cast.maria.member_id, "name": "Μαρία Χατζηγιάννη"},
        "act": "post.delete",
        "subject": "post",
        "subject_id": post["id"],
        "before": {"is_deleted": False},
        "after": {"is_deleted": True, "topic_id": topic["id"], "number": 2},
    }


async def test_filters_and_pages(site: Site, owner: RawConnection) -> None:
    await owner.execute(
        "INSERT INTO audit_entries (actor_id, act, subject, subject_id, created_at)"
        " SELECT CASE WHEN n % 2 = 0 THEN $1::bigint END, 'topic.lock', 'topic', n,"
        " '2027-03-01T00:00:00Z'::timestamptz + n * interval '1 hour' FROM generate_series(1, 5) AS n",
        site.cast.nikos.member_id,
    )
    program = await site.program("administrator")

    async def found(query: str) -> list[int]:
        return [item["subject_id"] for item in (await program.get(f"{_PATH}?act=topic.lock&{query}")).json["items"]]

    assert await found("") == [5, 4, 3, 2, 1]
    assert await found(f"actor={site.cast.nikos.member_id}") == [4, 2]
    assert await found("from=2027-03-01T03:00:00Z") == [5, 4, 3]
    assert await found("to=2027-03-01T05:00:00%2B02:00") == [2, 1], "the end is not meant, whatever its zone"
    first = (await program.get(f"{_PATH}?act=topic.lock&limit=3")).json
    assert [item["subject_id"] for item in first["items"]] == [5, 4, 3]
    assert first["items"][0]["actor"] is None
    assert await found(f"limit=3&cursor={first['next']}") == [2, 1]


async def test_it_is_for_administrators_alone(site: Site) -> None:
    assert problem(await (await site.program()).get(_PATH), 401) == "unauthenticated"
    for person in ("maria", "moderator"):
        problem(await (await site.program(person)).get(_PATH), 403)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("actor=x", "actor"),
        ("actor=0", "actor"),
        ("act=topic.explode", "act"),
        ("subject=poll", "subject"),
        ("from=yesterday", "from"),
        ("to=2027-03-01", "to"),
        ("limit=101", "limit"),
        ("since=2027-03-01T00:00:00Z", "since"),
    ],
)
async def test_what_will_not_do_is_refused_by_its_name(site: Site, query: str, field: str) -> None:
    assert faulty(await (await site.program("administrator")).get(f"{_PATH}?{query}")) == {field}


async def test_a_cursor_that_is_none_is_refused(site: Site) -> None:
    assert problem(await (await site.program("administrator")).get(f"{_PATH}?cursor=x"), 400) == "bad_cursor"
