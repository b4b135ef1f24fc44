"""`run.py generate`: a database of the size asked for, exact in every count, right and word, the same from one seed.

Most tests look at one database that is filled once; nothing in it is changed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from forum.db import RawConnection, connect
from forum.domain import search_vector
from forum.generating import PASSWORD, UNTIL, Size, fill
from forum.markup.rendering import render, text_of
from forum.migrations import migrate
from forum.postgres import EmbeddedServer, Endpoint
from tests.cast import Cast
from tests.cli import counting
from tests.cli.running import Run
from tests.site import Site

SIZE: Final = Size(members=120, topics=150, posts=2000, groups=60, categories=12)
SEEDED_CATEGORIES: Final = 5

_SHAPE: Final = """
SELECT 'index', indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
ORDER BY 1, 2
"""


def _wait_for(work: Coroutine[Any, Any, Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def _new(postgres: Endpoint, name: str) -> str:
    """Return the address of a new database, as its owner reaches it."""
    async with _to(postgres.url("postgres", EmbeddedServer.SUPERUSER)) as superuser:
        await superuser.execute(f"CREATE DATABASE {name} OWNER koinon_owner")
    await migrate(postgres.url(name, "koinon_owner"), application_role="koinon")
    return postgres.url(name, "koinon_owner")


async def _drop(postgres: Endpoint, name: str) -> None:
    async with _to(postgres.url("postgres", EmbeddedServer.SUPERUSER)) as superuser:
        await superuser.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@asynccontextmanager
async def _to(url: str) -> AsyncIterator[RawConnection]:
    connection = await connect(url)
    try:
        yield connection
    finally:
        await connection.close()


pytestmark = pytest.mark.xdist_group("generate")
"""One process of tests has them all, so that the database is filled once."""


@pytest.fixture(scope="module")
def filled_url(postgres: Endpoint) -> Iterator[str]:
    """A database filled once for all tests that only look."""
    url = _wait_for(_new(postgres, "generated"))
    try:
        _wait_for(fill(url, SIZE, seed=7, until=UNTIL))
        yield url
    finally:
        _wait_for(_drop(postgres, "generated"))


@pytest.fixture
async def filled(filled_url: str) -> AsyncIterator[RawConnection]:
    async with _to(filled_url) as connection:
        yield connection


@pytest.fixture
async def nobody(cast: Cast, owner: RawConnection) -> None:
    """Take the cast away again: nobody is a member."""
    await owner.execute("""
        ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_append_only;
        TRUNCATE members RESTART IDENTITY CASCADE;
        ALTER TABLE audit_entries ENABLE TRIGGER audit_entries_append_only;
    """)


def _generate(run: Run, *options: str, **settings: str) -> Any:
    return run("generate", "--members", "30", "--topics", "40", "--posts", "300", *options, **settings)


async def test_the_command_fills_it_and_whom_it_prints_can_sign_in(
    site: Site, nobody: None, run: Run, owner: RawConnection
) -> None:
    made = _generate(run)
    assert (made.returncode, made.stderr) == (0, "")
    for table, expected in (("members", 30), ("topics", 40), ("posts", 300), ("categories", SEEDED_CATEGORIES)):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == expected, table
    printed = re.findall(r"^  (administrator|moderator|member) +.* (\S+@\S+)$", made.stdout, re.MULTILINE)
    assert [role for role, _ in printed] == ["administrator", "moderator", "member"]
    password = made.stdout.rpartition("password: ")[2].rstrip("\n")
    for role, email in printed:
        visitor = await site.visitor()
        await visitor.get("/login")
        assert (await visitor.submit("/login", {"email": email, "password": password})).status == 303, role
        assert (await visitor.get("/")).status == 200
        expected = 200 if role == "administrator" else 403
        assert (await visitor.get("/admin/network")).status == expected, role

    before = await owner.fetchval("SELECT md5(string_agg(posts::text, '' ORDER BY id)) FROM posts")
    again = _generate(run)
    assert again.returncode == 1
    assert await owner.fetchval("SELECT md5(string_agg(posts::text, '' ORDER BY id)) FROM posts") == before


@pytest.mark.usefixtures("nobody")
async def test_some_topics_are_proposals_that_the_list_of_their_category_shows(site: Site, run: Run) -> None:
    refused = _generate(run, "--proposals", "41")
    assert refused.returncode == 2
    made = _generate(run, "--proposals", "30")
    assert (made.returncode, made.stderr) == (0, "")
    email = re.findall(r"^  member +.* (\S+@\S+)$", made.stdout, re.MULTILINE)[0]
    visitor = await site.visitor()
    await visitor.get("/login")
    await visitor.submit("/login", {"email": email, "password": PASSWORD})
    closed = await visitor.get("/categories/proposals?deadline=closed&kind=proposal")
    still_open = await visitor.get("/categories/proposals?kind=proposal&theme=energy")
    assert closed.text.count('class="t-title"') + still_open.text.count('class="t-title"') > 10
    table = await visitor.get("/categories/proposals/topics.csv?deadline=all&kind=proposal")
    assert table.text.count("generated.example") == 30


@pytest.mark.audit
@pytest.mark.usefixtures("nobody")
async def test_a_terminal_shows_how_far_it_is(run: Run) -> None:
    status, shown = run.on_a_terminal("generate", "--members", "30", "--topics", "40", "--posts", "600")
    assert status == 0
    for said in (b"Writing posts", b"600/600", b"/s", b"Building indexes", b"Gathering statistics"):
        assert said in shown, said


@pytest.mark.usefixtures("cast")
async def test_a_forum_with_members_is_left_alone(run: Run, owner: RawConnection) -> None:
    before = await owner.fetch("SELECT * FROM members ORDER BY id")
    refused = _generate(run)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: ")
    assert refused.stderr.count("\n") == 1
    assert "holds members already" in refused.stderr
    assert await owner.fetch("SELECT * FROM members ORDER BY id") == before


@pytest.mark.audit
@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize(
    ("options", "settings", "status", "said"),
    [
        ((), {"FORUM_BASE_URL": "https://forum.example.org"}, 1, "FORUM_BASE_URL"),
        (("--groups", "3"), {}, 1, "groups"),
        (("--categories", "2"), {}, 1, "categories"),
        (("--posts", "39"), {}, 2, "--topics"),
        (("--members", "2"), {}, 2, "--members"),
        (("--until", "2999-01-01"), {}, 2, "future"),
    ],
    ids=["https", "groups", "categories", "posts", "members", "future"],
)
async def test_what_cannot_be_generated_changes_nothing(
    run: Run, owner: RawConnection, options: tuple[str, ...], settings: dict[str, str], status: int, said: str
) -> None:
    shape = await owner.fetch(_SHAPE)
    refused = _generate(run, *options, **settings)
    assert refused.returncode == status
    assert said in refused.stderr
    if status == 1:
        assert refused.stderr.startswith("error: ")
        assert refused.stderr.count("\n") == 1
    assert await owner.fetchval("SELECT count(*) FROM members") == 0
    assert await owner.fetch(_SHAPE) == shape


async def _checksums(connection: RawConnection) -> dict[str, str]:
    """Return a checksum of every table; of rows every new forum begins with the moment of planting is left out."""
    tables = [
        row["tablename"]
        for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema")
    ]
    row_text = (
        "(to_jsonb(rows) - 'applied_at' - 'updated_at' "
        "- CASE WHEN rows.{created} > now() - interval '1 hour' THEN 'created_at' ELSE '' END)::text"
    )
    sums = {}
    for table in tables:
        has_created = await connection.fetchval(
            "SELECT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = $1::text::regclass AND attname = 'created_at')",
            table,
        )
        text = (
            row_text.format(created="created_at")
            if has_created
            else row_text.split("- CASE", maxsplit=1)[0] + ")::text"
        )
        sums[table] = await connection.fetchval(
            f"SELECT md5(coalesce(string_agg(text, '' ORDER BY text COLLATE \"C\"), '')) "
            f"FROM (SELECT {text} AS text FROM {table} AS rows) AS texts"
        )
    return sums


@pytest.mark.audit
async def test_the_same_seed_gives_the_same_database(postgres: Endpoint, filled: RawConnection) -> None:
    url = await _new(postgres, "generated_again")
    try:
        await fill(url, SIZE, seed=7, until=UNTIL)
        async with _to(url) as again:
            assert await _checksums(again) == await _checksums(filled)
            await again.execute("UPDATE posts SET body = body || '.' WHERE id = 1000")
            assert await _checksums(again) != await _checksums(filled), "the comparison would compare nothing"
    finally:
        await _drop(postgres, "generated_again")


async def test_indexes_and_constraints_are_those_of_a_new_forum(filled: RawConnection, owner: RawConnection) -> None:
    shape = await filled.fetch(_SHAPE)
    assert len(shape) > 100
    assert shape == await owner.fetch(_SHAPE)
    assert await filled.fetchval("SELECT bool_and(convalidated) FROM pg_constraint") is True
    assert await filled.fetchval("SELECT bool_and(indisvalid) FROM pg_index") is True


async def test_there_is_as_much_as_was_asked_for(filled: RawConnection) -> None:
    for table in ("members", "topics", "posts", "groups", "categories"):
        assert await filled.fetchval(f"SELECT count(*) FROM {table}") == getattr(SIZE, table), table
    for table in ("post_revisions", "topic_reads", "group_members", "audit_entries"):
        assert await filled.fetchval(f"SELECT count(*) FROM {table}") > 0, table
    kinds = await filled.fetchrow("""
        SELECT count(*) FILTER (WHERE deleted_at IS NOT NULL) AS deleted, count(edited_at) AS edited,
               count(reply_to_id) AS answering, max(created_at) AS newest
        FROM posts
    """)
    assert kinds is not None
    assert 0 < kinds["deleted"] < 40
    assert 0 < kinds["edited"] < 100
    assert kinds["answering"] > 300
    assert kinds["newest"].date() < UNTIL
    languages = await filled.fetch("SELECT language, count(*) FROM topics GROUP BY language")
    assert {row["language"] for row in languages} == {"el", "en"}
    foreign = await filled.fetchval("""
        SELECT count(*) FROM posts JOIN topics ON topics.id = topic_id
        WHERE posts.number = 1 AND (topics.language = 'el')
            <> (regexp_count(posts.body, '[α-ωά-ώ]') > regexp_count(posts.body, '[a-z]'))
    """)
    assert foreign == 0, "a topic begins in its own language"


async def test_every_count_is_that_of_the_rows(filled: RawConnection) -> None:
    assert await counting.miscounted(filled) == counting.NONE


async def test_a_topic_begins_with_its_author_s_post_and_is_numbered_in_time(filled: RawConnection) -> None:
    assert (
        await filled.fetch("""
        SELECT topics.id FROM topics
        LEFT JOIN posts ON posts.topic_id = topics.id AND posts.number = 1
        WHERE (posts.author_id, posts.created_at) IS DISTINCT FROM (topics.author_id, topics.created_at)
    """)
        == []
    )
    assert (
        await filled.fetch("""
        SELECT id FROM (
            SELECT id, number, created_at, reply_to_id,
                   row_number() OVER topic AS place, lag(created_at) OVER topic AS before
            FROM posts WINDOW topic AS (PARTITION BY topic_id ORDER BY id)
        ) AS posts
        WHERE number <> place OR created_at <= before OR reply_to_id >= id
    """)
        == []
    )
    assert await filled.fetch("SELECT 1 FROM posts JOIN members ON members.id = author_id "
                                    "WHERE members.created_at >= posts.created_at") == []  # fmt: skip


async def test_nobody_did_what_they_have_no_right_to(filled: RawConnection) -> None:
    wrong = await filled.fetch("""
        SELECT acts.what, acts.member_id, acts.topic_id
        FROM (
            SELECT 'start' AS what, author_id AS member_id, id AS topic_id FROM topics
            UNION SELECT 'reply', author_id, topic_id FROM posts WHERE number > 1
            UNION SELECT 'moderate', actor_id, topic_id FROM topic_notices
            UNION SELECT 'moderate', locked_by_id, id FROM topics WHERE locked_by_id IS NOT NULL
            UNION SELECT 'read', member_id, topic_id FROM topic_reads
        ) AS acts
        JOIN topics ON topics.id = acts.topic_id
        LEFT JOIN category_rights AS rights
            ON rights.member_id = acts.member_id AND rights.category_id = topics.category_id
        WHERE NOT coalesce(
            CASE acts.what WHEN 'start' THEN rights.can_start WHEN 'reply' THEN rights.can_reply
                WHEN 'read' THEN rights.can_read ELSE rights.can_moderate END,
            false
        )
    """)
    assert wrong == []


async def test_rights_that_a_forum_begins_with_stay_as_they_are(filled: RawConnection, owner: RawConnection) -> None:
    grants = """
        SELECT categories.slug AS category, groups.slug AS group, can_see, can_read, can_start, can_reply, can_vote,
               can_attach, can_moderate
        FROM grants
        JOIN categories ON categories.id = category_id
        JOIN groups ON groups.id = group_id
        WHERE categories.id <= $1
        ORDER BY 1, 2
    """
    first = await filled.fetch(grants, SEEDED_CATEGORIES)
    assert first == await owner.fetch(grants, SEEDED_CATEGORIES)
    assert len(first) >= 30
    assert await filled.fetchval("SELECT count(*) FROM grants WHERE category_id > $1", SEEDED_CATEGORIES) > 0


async def test_posts_are_stored_as_if_they_had_been_written(filled: RawConnection) -> None:
    """HTML as the renderer makes it of the whole text, and the search vector as the server makes it of that."""
    posts = await filled.fetch(
        "SELECT posts.id, body, html, CASE WHEN number = 1 THEN title ELSE '' END AS title "
        "FROM posts JOIN topics ON topics.id = topic_id ORDER BY posts.id"
    )
    for post in posts[::10]:
        assert render(post["body"]).html == post["html"]
    columns = [[post["id"] for post in posts], [post["title"] for post in posts]]
    wrong = await filled.fetch(
        f"SELECT id FROM unnest($1::bigint[], $2::text[], $3::text[]) AS told (id, title, words) "
        f"JOIN posts USING (id) WHERE search <> {search_vector.of(title='told.title', body='told.words')}",
        *columns,
        [text_of(post["html"]) for post in posts],
    )
    assert wrong == []


async def test_reading_ends_within_the_topic_and_leaves_read_and_unread(filled: RawConnection) -> None:
    assert (
        await filled.fetch("""
        SELECT 1 FROM topic_reads JOIN topics ON topics.id = topic_id
        WHERE last_number > post_count OR read_at < topics.created_at
    """)
        == []
    )
    newer = await filled.fetch("""
        SELECT members.id, count(*) FILTER (WHERE last_post_at > read_before) AS newer
        FROM members CROSS JOIN topics GROUP BY members.id
    """)
    assert sum(row["newer"] > 0 for row in newer) > len(newer) / 2


async def test_few_write_most(filled: RawConnection) -> None:
    counts = [
        row["count"] for row in await filled.fetch("SELECT count(*) FROM posts GROUP BY author_id ORDER BY 1 DESC")
    ]
    assert sum(counts[: SIZE.members // 10]) > SIZE.posts / 4
    sizes = [row["post_count"] for row in await filled.fetch("SELECT post_count FROM topics ORDER BY post_count DESC")]
    assert sum(sizes[: SIZE.topics // 10]) > SIZE.posts / 4


async def test_everybody_shares_the_printed_password(filled: RawConnection) -> None:
    hashes = await filled.fetch("SELECT DISTINCT password_hash FROM members")
    assert len(hashes) == 1
    assert PASSWORD not in hashes[0]["password_hash"]
    assert await filled.fetchval("SELECT count(*) FROM members WHERE email NOT LIKE '%@generated.example'") == 0


async def test_the_next_ids_go_on_from_there(filled: RawConnection) -> None:
    for table in ("members", "groups", "categories", "topics", "posts"):
        last = await filled.fetchval(f"SELECT max(id) FROM {table}")
        assert await filled.fetchval("SELECT nextval(pg_get_serial_sequence($1, 'id'))", table) == last + 1, table
