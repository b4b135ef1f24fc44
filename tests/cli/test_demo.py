"""`run.py demo`: an invented network in an empty database, in no other, whole and exact."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forum import clock, demo
from forum.db import Database, RawConnection
from forum.demo import PASSWORD, Prepared
from forum.domain import interests, search, topic_lists, twinnings
from forum.domain.actors import Actor
from forum.domain.entities import MemberId, TopicId
from forum.errors import CommandError
from forum.postgres import Endpoint
from tests.cast import Cast
from tests.cli import counting
from tests.cli.running import Run
from tests.site import Site

NOW = datetime(2026, 11, 25, 11, 20, tzinfo=UTC)

_TABLES = (
    "members",
    "group_members",
    "topics",
    "posts",
    "post_revisions",
    "topic_notices",
    "topic_reads",
    "attachments",
    "interests",
    "validations",
    "adoptions",
    "adoption_steps",
    "topic_translations",
    "theme_subscriptions",
    "guide_files",
    "guide_versions",
    "twinnings",
    "twinning_steps",
    "audit_entries",
)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    """The content, rendered once for all tests."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, demo.prepare(demo.read())).result()


@pytest.fixture
def owner_url(postgres: Endpoint, database_name: str) -> str:
    return postgres.url(database_name, "koinon_owner")


@pytest.fixture
async def nobody(cast: Cast, owner: RawConnection) -> None:
    """Take the cast away again: nobody is a member."""
    await owner.execute("""
        ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_append_only;
        TRUNCATE members RESTART IDENTITY CASCADE;
        ALTER TABLE audit_entries ENABLE TRIGGER audit_entries_append_only;
    """)


@pytest.fixture
async def laid(nobody: None, owner_url: str, prepared: Prepared) -> None:
    assert await demo.lay(owner_url, prepared, now=clock.now())


async def _rows(owner: RawConnection) -> dict[str, list[str]]:
    """Return what stands in each table, but for the versions, which are never the same twice."""
    return {
        table: sorted(row[0] for row in await owner.fetch(f"SELECT (to_jsonb(t) - 'version')::text FROM {table} AS t"))
        for table in _TABLES
    }


async def _actor(owner: RawConnection, cast: Cast, key: str) -> Actor:
    member_id = await owner.fetchval("SELECT id FROM members WHERE email = $1", f"{key}@demo.example")
    return replace(cast.maria, member_id=MemberId(member_id))


@pytest.mark.audit
@pytest.mark.usefixtures("nobody")
async def test_the_command_lays_it_once_and_again_only_when_told(
    run: Run, owner: RawConnection, tmp_path: Path
) -> None:
    made = run("demo")
    assert (made.returncode, made.stderr) == (0, "")
    content = demo.read()
    assert [person.email for person in content.sign_ins() if person.email not in made.stdout] == []
    assert PASSWORD in made.stdout
    assert await owner.fetchval("SELECT count(*) FROM members") == len(content.people)

    await owner.execute("UPDATE topics SET title = 'Άλλος τίτλος' WHERE id = 1")
    await owner.execute("UPDATE categories SET name_el = 'Άλλη ονομασία'")
    again = run("demo")
    assert (again.returncode, again.stderr) == (0, "")
    assert "already there" in again.stdout
    assert PASSWORD in again.stdout
    assert await owner.fetchval("SELECT title FROM topics WHERE id = 1") == "Άλλος τίτλος"

    anew = run("demo", "--reset")
    assert (anew.returncode, anew.stderr) == (0, "")
    assert await owner.fetchval("SELECT title FROM topics WHERE id = 1") != "Άλλος τίτλος"
    assert await owner.fetchval("SELECT count(*) FROM categories WHERE name_el = 'Άλλη ονομασία'") == 0
    assert await owner.fetchval("SELECT count(*) FROM topics") == len(content.topics)
    assert await owner.fetchval("SELECT count(*) FROM themes") > 10
    rows = await owner.fetch("SELECT key, name, post_id FROM attachments ORDER BY id")
    assert [row["name"] for row in rows] == [file.name for file in content.files]
    lying = {path.name: path.read_bytes() for path in (tmp_path / "files").rglob("*") if path.is_file()}
    assert lying == {row["key"].hex: file.content for row, file in zip(rows, content.files, strict=True)}
    assert await owner.fetchval("SELECT taken FROM storage_room") == sum(len(file.content) for file in content.files)


@pytest.mark.usefixtures("nobody")
async def test_a_forum_with_an_address_of_its_own_gets_no_members_with_a_known_password(
    run: Run, owner: RawConnection
) -> None:
    refused = run("demo", FORUM_BASE_URL="https://forum.example.org")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: ")
    assert refused.stderr.count("\n") == 1
    assert "FORUM_BASE_URL" in refused.stderr
    assert await owner.fetchval("SELECT count(*) FROM members") == 0


@pytest.mark.usefixtures("cast")
@pytest.mark.parametrize("options", [[], ["--reset"]], ids=["plain", "reset"])
async def test_a_forum_with_members_of_its_own_is_left_alone(
    run: Run, owner: RawConnection, options: list[str]
) -> None:
    before = await _rows(owner)
    assert before["members"]
    refused = run("demo", *options)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: ")
    assert refused.stderr.count("\n") == 1
    assert "members who are not the demo's" in refused.stderr
    assert await _rows(owner) == before


@pytest.mark.usefixtures("laid")
async def test_a_demo_that_somebody_else_has_joined_is_nobody_s_to_empty(
    owner: RawConnection, owner_url: str, prepared: Prepared
) -> None:
    await owner.execute(
        "INSERT INTO members (organisation_id, email, name, password_hash) "
        "SELECT id, 'anna@larnaca.example', 'Άννα', 'x' FROM organisations WHERE slug = 'larnaca'"
    )
    before = await _rows(owner)
    with pytest.raises(CommandError, match="not the demo's"):
        await demo.lay(owner_url, prepared, now=NOW, reset=True)
    assert await _rows(owner) == before


@pytest.mark.usefixtures("nobody")
async def test_one_moment_gives_the_same_rows(owner: RawConnection, owner_url: str, prepared: Prepared) -> None:
    assert await demo.lay(owner_url, prepared, now=NOW)
    first = await _rows(owner)
    assert await demo.lay(owner_url, prepared, now=NOW) is False
    assert await demo.lay(owner_url, prepared, now=NOW, reset=True)
    second = await _rows(owner)
    assert {table: len(rows) for table, rows in second.items()} == {table: len(rows) for table, rows in first.items()}
    assert second == first


@pytest.mark.usefixtures("nobody")
async def test_of_two_who_lay_it_at_once_one_finds_it_laid(owner_url: str, prepared: Prepared) -> None:
    outcomes = await asyncio.gather(*(demo.lay(owner_url, prepared, now=NOW) for _ in range(2)))
    assert sorted(outcomes) == [False, True]


@pytest.mark.usefixtures("laid")
async def test_every_count_is_that_of_the_rows(owner: RawConnection) -> None:
    assert await counting.miscounted(owner) == counting.NONE
    assert await owner.fetchval("SELECT count(*) FROM topics") >= 150
    assert await owner.fetchval("SELECT sum(reply_count) FROM topics") >= 1200
    assert await owner.fetchval("SELECT max(created_at) < now() FROM posts")


@pytest.mark.usefixtures("laid")
async def test_nobody_did_what_they_have_no_right_to(owner: RawConnection) -> None:
    wrong = await owner.fetch("""
        SELECT acts.what, members.email, topics.title
        FROM (
            SELECT 'start' AS what, author_id AS member_id, id AS topic_id FROM topics
            UNION SELECT 'reply', author_id, topic_id FROM posts WHERE number > 1
            UNION SELECT
                CASE WHEN act IN ('state', 'submit', 'add_file', 'add_version') THEN 'start' ELSE 'moderate' END,
                actor_id, topic_id
            FROM topic_notices
            UNION SELECT 'reply', member_id, topic_id FROM interests
            UNION SELECT 'moderate', locked_by_id, id FROM topics WHERE locked_by_id IS NOT NULL
        ) AS acts
        JOIN members ON members.id = acts.member_id
        JOIN topics ON topics.id = acts.topic_id
        LEFT JOIN category_rights AS rights
            ON rights.member_id = acts.member_id AND rights.category_id = topics.category_id
        WHERE NOT coalesce(
            CASE acts.what WHEN 'start' THEN rights.can_start WHEN 'reply' THEN rights.can_reply
                ELSE rights.can_moderate END,
            false
        )
    """)
    assert wrong == []


@pytest.mark.usefixtures("laid")
async def test_what_moderators_did_stands_in_the_topic_and_in_the_audit_log(owner: RawConnection) -> None:
    shown = await owner.fetch("SELECT 'topic.' || act, topic_id, actor_id, created_at FROM topic_notices")
    logged = await owner.fetch(
        "SELECT act, subject_id, actor_id, created_at FROM audit_entries WHERE subject = 'topic'"
    )
    assert sorted(map(tuple, shown)) == sorted(map(tuple, logged))
    assert {row[0].removeprefix("topic.") for row in shown} == {
        *("lock", "pin", "mark_internal"),
        *("state", "validate", "return", "submit", "add_file", "add_version"),
    }
    locked = await owner.fetch("SELECT id FROM topics WHERE locked_at IS NOT NULL")
    assert {row["id"] for row in locked} == {row[1] for row in shown if row[0] == "topic.lock"}
    assert await owner.fetchval("SELECT after FROM audit_entries WHERE act = 'topic.lock' LIMIT 1") == (
        '{"is_locked": true}'
    )


async def test_everyone_named_signs_in_and_finds_read_and_unread(
    site: Site, nobody: None, db: Database, cast: Cast, owner: RawConnection, owner_url: str, prepared: Prepared
) -> None:
    assert await demo.lay(owner_url, prepared, now=clock.now())
    assert await demo.lay(owner_url, prepared, now=clock.now(), reset=True)
    for person in prepared.content.sign_ins():
        visitor = await site.visitor()
        await visitor.get("/login")
        welcomed = await visitor.submit("/login", {"email": person.email, "password": PASSWORD})
        assert welcomed.status == 303, person.key
        assert (await visitor.get("/")).status == 200
        async with db.read() as conn:
            rows = await topic_lists.list_latest(conn, await _actor(owner, cast, person.key), limit=200)
        unread = sum(row.unread_count > 0 for row in rows)
        assert 3 <= unread <= 60, (person.key, unread)
        own = [twinning for twinning in prepared.content.twinnings if twinning.is_of(person)]
        assert len(rows) == len(prepared.content.topics) + len(own)


@pytest.mark.usefixtures("laid")
async def test_its_words_are_found_in_titles_and_texts(db: Database, cast: Cast, owner: RawConnection) -> None:
    actor = await _actor(owner, cast, "m.hadjigianni")
    async with db.read() as conn:
        by_title = await search.search(conn, actor, "απώλειες νερού πόσο χάνετε")
        by_text = await search.search(conn, actor, '"αριθμός του καφενείου"')
    assert by_title.items[0].title.startswith("Απώλειες νερού")
    assert [hit.number for hit in by_text.items] == [4]


@pytest.mark.usefixtures("laid")
async def test_some_proposals_close_soon_and_fields_are_found(db: Database, cast: Cast, owner: RawConnection) -> None:
    soon = await owner.fetchval(
        "SELECT count(*) FROM topics WHERE kind = 'proposal' "
        "AND deadline_at BETWEEN now() AND now() + interval '7 days'"
    )
    later = await owner.fetchval(
        "SELECT count(*) FROM topics WHERE kind = 'proposal' AND deadline_at > now() + interval '7 days'"
    )
    past = await owner.fetchval("SELECT count(*) FROM topics WHERE kind = 'proposal' AND deadline_at < now()")
    assert (soon, later, past) == (1, 4, 5)
    assert await owner.fetchval("SELECT count(*) FROM topics WHERE answer_post_id IS NOT NULL") == 1
    actor = await _actor(owner, cast, "m.hadjigianni")
    async with db.read() as conn:
        found = await search.search(conn, actor, '"κρύφτηκαν έξι ανεμιστήρες" "ενδείξεις των μετρητών"')
    assert [hit.title[:17] for hit in found.items] == ["Υπεύθυνη ενέργεια"]


@pytest.mark.usefixtures("laid")
async def test_partners_are_found_and_others_wait(db: Database, owner: RawConnection) -> None:
    topic_id = TopicId(await owner.fetchval("SELECT id FROM topics WHERE title LIKE '%σχολικές αυλές%'"))
    async with db.read() as conn:
        meter = (await interests.meters(conn, [topic_id]))[topic_id]
    assert (meter.found, meter.needed, meter.countries_found, meter.countries_needed) == (2, 4, 2, 3)
    decisions = await owner.fetch("SELECT DISTINCT decision FROM interests WHERE topic_id = $1", topic_id)
    assert {row["decision"] for row in decisions} == {"accepted", "reserved", "declined", "waiting"}


@pytest.mark.usefixtures("laid")
async def test_practices_are_validated_returned_and_taken_up(owner: RawConnection) -> None:
    states = await owner.fetch("SELECT DISTINCT fields ->> 'state' AS state FROM topics WHERE kind = 'good_practice'")
    assert {row["state"] for row in states} == {"submitted", "returned", "validated"}
    stages = await owner.fetch("SELECT DISTINCT stage FROM adoptions")
    assert {row["stage"] for row in stages} >= {"interested", "understanding", "adapting", "in_use"}
    asked = await owner.fetchrow("SELECT * FROM adoptions WHERE asked_at > updated_at")
    assert asked is not None
    assert asked["asked_at"] - asked["created_at"] > timedelta(days=180)
    assert await owner.fetchval("SELECT count(*) FROM adoptions WHERE ask_at <= now()") == 0


@pytest.mark.usefixtures("laid")
async def test_translations_are_found_by_their_words(db: Database, cast: Cast, owner: RawConnection) -> None:
    actor = await _actor(owner, cast, "m.hadjigianni")
    async with db.read() as conn:
        by_title = await search.search(conn, actor, '"eleven employees"')
        by_text = await search.search(conn, actor, '"the quarrel was"')
        by_original = await search.search(conn, actor, '"βραχυχρόνια κινητικότητα"')
    hits = {hit.topic_id for found in (by_title, by_text, by_original) for hit in found.items}
    assert len(hits) == 1
    assert min(len(found.items) for found in (by_title, by_text, by_original)) == 1


@pytest.mark.usefixtures("laid")
async def test_a_twinning_is_read_by_its_two_and_a_guide_has_versions(
    db: Database, cast: Cast, owner: RawConnection, prepared: Prepared
) -> None:
    async with db.read() as conn:
        of_larnaca = await twinnings.list_own(conn, await _actor(owner, cast, "m.hadjigianni"))
        of_nobody = await twinnings.list_own(conn, await _actor(owner, cast, "c.ioannou"))
        signed = await twinnings.list_signed(conn)
    assert [(one.other_slug, one.state, one.has_topic) for one in of_larnaca] == [("chios", "council_decisions", True)]
    assert of_nobody == []
    assert [(one.from_slug, one.to_slug) for one in signed] == [("aradippou", "fournoi-korseon")]
    numbers = await owner.fetch(
        "SELECT attachments.name, array_agg(guide_versions.number ORDER BY guide_versions.number) AS numbers "
        "FROM guide_versions JOIN attachments ON attachments.id = attachment_id GROUP BY 1 ORDER BY 1"
    )
    assert [row["numbers"] for row in numbers] == [[1], [1, 2]]
    follows = sum(len(person.themes) for person in prepared.content.people)
    assert await owner.fetchval("SELECT count(*) FROM theme_subscriptions") == follows > 10


@pytest.mark.usefixtures("laid")
async def test_what_is_written_next_goes_on_from_there(run: Run, owner: RawConnection) -> None:
    made = run(
        "member", "create", "--email", "new@demo.example", "--name", "Νέο Μέλος", "--organisation", "chios",
        "--password-stdin", given="τέσσερα κύματα στην ακτή\n",
    )  # fmt: skip
    assert (made.returncode, made.stderr) == (0, "")
    assert await owner.fetchval("SELECT id FROM members WHERE email = 'new@demo.example'") == 61


@pytest.mark.usefixtures("nobody")
async def test_content_of_another_place_is_refused_whole(
    owner: RawConnection, owner_url: str, prepared: Prepared
) -> None:
    await owner.execute("UPDATE organisations SET slug = 'atlantis' WHERE slug = 'larnaca'")
    with pytest.raises(CommandError, match="larnaca"):
        await demo.lay(owner_url, prepared, now=NOW)
    assert await owner.fetchval("SELECT count(*) FROM members") == 0
