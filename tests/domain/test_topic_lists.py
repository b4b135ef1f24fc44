"""A category's list by what closes next, sifted by what topics say of themselves: order, pages, filters, rights."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from forum import clock
from forum.db import Database, RawConnection
from forum.domain import access, kinds, topic_lists
from forum.domain.actors import Actor
from forum.domain.entities import TopicId, TopicRow
from forum.domain.kinds.fields import BRUSSELS
from forum.domain.topic_lists import COUNT_LIMIT, Sieve
from forum.errors import NotFound
from forum.web import sifting
from tests.cast import Cast
from tests.domain import writing

OPEN: Final = Sieve(is_open=True)
CLOSED: Final = Sieve(is_open=False)
_WHEN: Final = datetime(2030, 1, 1, 16, tzinfo=UTC)


async def propose(db: Database, actor: Actor, days: int = 10, **fields: Any) -> TopicId:
    """Start a proposal that closes so many days after the beginning of 2030."""
    at = (_WHEN + timedelta(days=days)).isoformat().replace("+00:00", "Z")
    options = {name: fields.pop(name) for name in ("tags", "is_internal", "title", "language") if name in fields}
    values = {
        "type": "call",
        "programme": "CERV",
        "summary": "Με λίγα λόγια",
        "deadline": {"at": at, "zone": BRUSSELS},
        "contact": "x@example.org",
        **fields,
    }
    started = await writing.start(
        db, actor, category="proposals", kind="proposal", fields=kinds.KINDS["proposal"].begun(values), **options
    )
    return started.topic_id


async def found(db: Database, actor: Actor, sieve: Sieve = OPEN, **options: Any) -> list[TopicId]:
    """Return the numbers of the first page of the proposals, by deadline unless said otherwise."""
    options.setdefault("sort", "deadline")
    return [row.id for row in await writing.listed(db, actor, "proposals", sieve=sieve, **options)]


async def close(owner: RawConnection, *topic_ids: TopicId, seconds: float = 1) -> None:
    """Let the deadlines of topics be so many seconds ago."""
    await owner.execute(
        "UPDATE topics SET deadline_at = now() - $2 * interval '1 second' WHERE id = ANY ($1)", topic_ids, seconds
    )


async def test_what_closes_next_stands_first_and_what_never_does_last(db: Database, cast: Cast) -> None:
    late, soon, next_ = [await propose(db, cast.sophie, days) for days in (30, 20, 10)]
    older, newer = [(await writing.start(db, cast.sophie, category="proposals")).topic_id for _ in range(2)]
    assert await found(db, cast.maria) == [next_, soon, late, newer, older]
    assert await found(db, cast.maria, Sieve()) == [next_, soon, late, newer, older]


async def test_a_proposal_closes_at_its_very_instant(db: Database, cast: Cast, owner: RawConnection) -> None:
    topic = await propose(db, cast.sophie)
    await close(owner, topic, seconds=-5)
    for sort in ("deadline", "activity"):
        assert await found(db, cast.maria, sort=sort) == [topic]
        assert await found(db, cast.maria, CLOSED, sort=sort) == []
    await close(owner, topic, seconds=0)
    for sort in ("deadline", "activity"):
        assert await found(db, cast.maria, sort=sort) == []
        assert await found(db, cast.maria, CLOSED, sort=sort) == [topic]


async def test_what_closed_last_stands_first_among_the_closed(db: Database, cast: Cast, owner: RawConnection) -> None:
    first, second, third = [await propose(db, cast.sophie) for _ in range(3)]
    for topic, seconds in ((first, 10), (second, 5), (third, 20)):
        await close(owner, topic, seconds=seconds)
    assert await found(db, cast.maria, CLOSED) == [second, first, third]
    assert await found(db, cast.maria) == []


_SIEVES: Final = (
    Sieve(),
    OPEN,
    CLOSED,
    Sieve(kind="proposal", is_open=True),
    Sieve(fields={"programme": "cerv"}),
    Sieve(fields={"programme": "cerv"}, is_open=False),
)


@pytest.mark.parametrize("sieve", _SIEVES, ids=str)
@pytest.mark.parametrize("sort", ["deadline", "activity", "created"])
async def test_page_after_page_holds_each_topic_once(
    db: Database, cast: Cast, owner: RawConnection, sort: topic_lists.Sort, sieve: Sieve
) -> None:
    """Also where several close at the same instant, where some never do, and where one is pinned."""
    topics = [await propose(db, cast.sophie, days) for days in (1, 2, 2, 2, 3, 4)]
    gone = [await propose(db, cast.sophie) for _ in range(5)]
    await close(owner, *gone)
    topics += gone + [(await writing.start(db, cast.sophie, category="proposals")).topic_id for _ in range(5)]
    await writing.pin(db, cast.moderator, topics[3])
    async with db.read() as conn:
        grant = await access.category_to_read(conn, cast.maria, "proposals")
        whole = await topic_lists.list_topics(conn, grant, sort=sort, sieve=sieve, limit=100)
        assert whole.next is None
        assert len(whole.items) >= 5
        cursor, walked = None, list[TopicRow]()
        while True:
            page = await topic_lists.list_topics(conn, grant, sort=sort, sieve=sieve, cursor=cursor, limit=2)
            walked += page.items
            cursor = page.next
            if cursor is None:
                break
        assert [row.id for row in walked] == [row.id for row in whole.items]
        assert await topic_lists.count_topics(conn, grant, sieve) == len(walked) == len({row.id for row in walked})


async def test_each_filter_finds_what_says_so(db: Database, cast: Cast, owner: RawConnection) -> None:
    one = await propose(
        db,
        cast.sophie,
        1,
        programme="Interreg Ελλάδα–Κύπρος",
        themes=["water", "energy"],
        countries=["CY", "GR"],
        roles=["lead"],
        tags=["νησιά"],
    )
    two = await propose(db, cast.sophie, 2, type="offer", themes=["water"])
    plain = (await writing.start(db, cast.sophie, category="proposals")).topic_id
    await close(owner, two)
    for sieve, expected in (
        (Sieve(), [two, one, plain]),
        (Sieve(kind="proposal"), [two, one]),
        (Sieve(kind="discussion"), [plain]),
        (Sieve(fields={"type": "offer"}), [two]),
        (Sieve(fields={"themes": ["water"]}), [two, one]),
        (Sieve(fields={"themes": ["energy"]}), [one]),
        (Sieve(fields={"themes": ["water"], "type": "call"}), [one]),
        (Sieve(fields={"themes": ["ener"]}), []),
        (Sieve(fields={"roles": ["lead"]}), [one]),
        (Sieve(fields={"programme": "ΚΎΠΡΟΣ interreg"}), [one]),
        (Sieve(fields={"programme": "κυπρος"}), [one]),
        (Sieve(fields={"programme": "cerv"}), [two]),
        (Sieve(fields={"programme": "inter"}), []),
        (Sieve(fields={"state": "open"}), [two, one]),
        (Sieve(fields={"state": "funded"}), []),
        (Sieve(tag="νησιά"), [one]),
        (Sieve(tag="νησια"), []),
        (Sieve(municipality="union-of-cyprus-municipalities"), [two, one, plain]),
        (Sieve(municipality="larnaca"), []),
        (Sieve(fields={"themes": ["water"]}, is_open=True), [one]),
        (Sieve(fields={"themes": ["water"]}, is_open=False), [two]),
    ):
        assert await found(db, cast.maria, sieve) == expected, sieve
        assert set(await found(db, cast.maria, sieve, sort="activity")) == set(expected), sieve


async def test_a_proposal_that_names_no_country_is_open_to_all_of_them(db: Database, cast: Cast) -> None:
    some = await propose(db, cast.sophie, 1, countries=["CY"])
    all_ = await propose(db, cast.sophie, 2)
    await writing.start(db, cast.sophie, category="proposals")
    assert await found(db, cast.maria, Sieve(fields={"countries": ["CY"]})) == [some, all_]
    assert await found(db, cast.maria, Sieve(fields={"countries": ["GR"]})) == [all_]


async def test_a_changed_field_is_found_by_what_it_says_now(db: Database, cast: Cast, owner: RawConnection) -> None:
    topic = await propose(db, cast.sophie, themes=["water"])
    await owner.execute(
        """UPDATE topics SET fields = jsonb_set(fields, '{themes}', '["energy"]') WHERE id = $1""", topic
    )
    assert await found(db, cast.maria, Sieve(fields={"themes": ["energy"]})) == [topic]
    assert await found(db, cast.maria, Sieve(fields={"themes": ["water"]})) == []


_FACETS: Final = "SELECT facets_of($1::text::jsonb)"


async def test_every_filter_of_every_kind_is_known_to_the_database(owner: RawConnection) -> None:
    """A new one needs its place in `facets_of`, by a migration."""
    for kind in kinds.KINDS.values():
        for name in kind.filters:
            value = ["a"] if kind.field(name).type in {"themes", "countries", "choices"} else "a"
            assert await owner.fetchval(_FACETS, json.dumps({name: value})) == [f"{name}:a"], (kind.code, name)
            assert sifting.PARAMETERS[name]
    for values in ({"contact": "a", "links": ["a"], "deadline": {"at": "a"}}, {"themes": 5}, {"programme": "–"}, {}):
        assert await owner.fetchval(_FACETS, json.dumps(values)) == []


async def test_nobody_finds_by_a_filter_what_they_may_not_read(db: Database, cast: Cast, owner: RawConnection) -> None:
    old = await propose(db, cast.sophie, 1, themes=["water"])
    internal = await propose(db, cast.sophie, 2, themes=["water"], is_internal=True)
    new = await propose(db, cast.sophie, 3, themes=["water"])
    gone = await propose(db, cast.sophie, 4, themes=["water"])
    await writing.delete_topic(db, cast.sophie, gone)
    await owner.execute("UPDATE topics SET created_at = now() - interval '1 hour' WHERE id IN ($1, $2)", old, internal)
    water = Sieve(fields={"themes": ["water"]})
    sieves = (Sieve(), OPEN, water, Sieve(kind="proposal"), Sieve(municipality="union-of-cyprus-municipalities"))

    async def seen(actor: Actor) -> list[list[TopicId]]:
        async with db.read() as conn:
            grant = await access.category_to_read(conn, actor, "proposals")
            counts = [await topic_lists.count_topics(conn, grant, sieve) for sieve in sieves]
        pages = [await found(db, actor, sieve) for sieve in sieves]
        assert counts == [len(page) for page in pages]
        return pages

    assert await seen(cast.maria) == [[old, internal, new]] * len(sieves)
    since = "UPDATE grants SET internal_since = now() - interval '1 minute'"
    await owner.execute(since)
    assert await seen(cast.maria) == [[old, new]] * len(sieves)
    await owner.execute(f"{since}, topics_since = now() - interval '1 minute'")
    assert await seen(cast.maria) == [[new]] * len(sieves)
    with pytest.raises(NotFound):
        await found(db, cast.stranger, water)
    async with db.read() as conn:
        grant = await access.category_to_read(conn, cast.maria, "proposals")
        await owner.execute("DELETE FROM grants USING groups WHERE groups.id = group_id AND slug = 'region-cyprus'")
        for sieve in sieves:
            assert (await topic_lists.list_topics(conn, grant, sort="deadline", sieve=sieve)).items == []
            assert await topic_lists.count_topics(conn, grant, sieve) == 0
    pieces = topic_lists.stream_topics(db, grant, sort="deadline", sieve=OPEN)
    assert [piece async for piece in pieces] == [([], False)]


async def test_a_table_has_all_topics_with_all_their_fields_up_to_its_limit(db: Database, cast: Cast) -> None:
    topics = [await propose(db, cast.sophie, day, requirements="Πολλά") for day in range(5)]
    async with db.read() as conn:
        grant = await access.category_to_read(conn, cast.maria, "proposals")
    for limit, is_cut in ((5, False), (4, True), (100, False)):
        pieces = topic_lists.stream_topics(db, grant, sort="deadline", sieve=OPEN, limit=limit)
        streamed = [(row, cut) async for rows, cut in pieces for row in rows]
        assert [row.id for row, _ in streamed] == topics[:limit]
        assert {row.fields["requirements"] for row, _ in streamed} == {"Πολλά"}
        assert streamed[-1][1] is is_cut


_MANY: Final = """
INSERT INTO topics (category_id, author_id, title, slug, last_author_id, kind, fields, deadline_at, created_at)
SELECT categories.id, $1, 'Πρόταση', 'protasi', $1, 'proposal',
       jsonb_build_object(
           'themes',
           jsonb_build_array(CASE WHEN n % 3 = 0 THEN 'energy' WHEN n % 1000 = 1 THEN 'health' ELSE 'water' END),
           'state', 'open', 'requirements', repeat('Πολλά ', 300)
       ),
       now() + (n - 10000) * interval '1 hour', now() - n * interval '1 minute'
FROM categories, generate_series(1, 20000) AS n
WHERE categories.slug = 'proposals';
"""


async def test_neither_a_frequent_nor_a_rare_filter_reads_the_whole_category(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    await owner.execute(_MANY, cast.sophie.member_id)
    await owner.execute("ANALYZE topics")
    category = await owner.fetchval("SELECT id FROM categories WHERE slug = 'proposals'")
    await owner.execute("SET plan_cache_mode = force_custom_plan")
    for sort in ("deadline", "activity", "created", "closed"):
        sql = topic_lists._SIFTED[sort].sql
        await owner.execute(f"PREPARE sift_{sort} AS {sql}")
        order = topic_lists._ORDERS[sort]
        for theme in ("energy", "health", "nothing"):
            state = "false" if sort == "closed" else "true"
            place = ", ".join(["NULL"] * len(order.types))
            values = (
                f"""{cast.maria.member_id}, {category}, NULL, '{{"themes": ["{theme}"]}}', NULL, NULL, {state}, NULL"""
            )
            rows = await owner.fetch(f"EXPLAIN (ANALYZE, BUFFERS) EXECUTE sift_{sort} ({values}, 21, {place})")
            plan = "\n".join(row[0] for row in rows)
            assert "Seq Scan on topics" not in plan
            read = int(plan.split("Buffers: shared hit=")[1].split()[0])
            assert read < 2000, f"{sort} {theme}\n{plan}"
    async with db.read() as conn:
        grant = await access.category_to_read(conn, cast.maria, "proposals")
        assert await topic_lists.count_topics(conn, grant, OPEN) == COUNT_LIMIT + 1
        rare = Sieve(fields={"themes": ["health"]}, is_open=True)
        assert 5 <= await topic_lists.count_topics(conn, grant, rare) <= 10
    assert clock.now() < _WHEN
