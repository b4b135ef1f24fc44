"""How the demo comes into a database: one transaction, one statement a table, and never over anybody's real forum.

A database is the demo's when every member's address is of the demo's domain; `reset` empties only such a one. Runs as
the owner of the tables, since the application may not delete from the audit log.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress

from forum.db import RawConnection, RawError, connect, one_line
from forum.demo import settling
from forum.demo.columns import columns
from forum.demo.history import tell
from forum.demo.rows import History
from forum.demo.shapes import DOMAIN, Content
from forum.domain import category_visits, groups, search_vector
from forum.domain.entities import Role
from forum.domain.members import USUAL_ZONE
from forum.errors import CommandError
from forum.files.kinds import WORDED
from forum.markup import Rendered, Renderer
from forum.passwords import Hasher
from forum.seeds import plant
from forum.storage import Storage, StorageError

PASSWORD: Final = "τρεις βάρκες στο λιμάνι"  # noqa: S105 - printed for everybody who tries the demo
"""The password of every member of the demo."""

_RENDER_SECONDS: Final = 30.0
"""A text of ours is never shown plain because the machine was busy."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What takes time and no database: every text rendered, and the one password hashed."""

    content: Content
    rendered: dict[str, Rendered]
    password_hash: str


async def prepare(content: Content) -> Prepared:
    """Render the texts in the renderer's processes, with a bar that shows how far it is."""
    hasher = Hasher()
    try:
        password_hash = await hasher.hash(PASSWORD)
    finally:
        hasher.close()
    return Prepared(content, await _render(list(content.bodies())), password_hash)


async def _render(bodies: list[str]) -> dict[str, Rendered]:
    renderer = Renderer(limit=_RENDER_SECONDS)
    await renderer.start()
    try:
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("Rendering the posts", total=len(bodies))

            async def render(body: str) -> Rendered:
                rendered = await renderer.render(body)
                progress.advance(task)
                return rendered

            return dict(zip(bodies, await asyncio.gather(*map(render, bodies)), strict=True))
    finally:
        await renderer.close()


async def is_laid(owner_url: str) -> bool:
    """Say whether the demo is there; raise CommandError when the database is somebody's."""
    async with _connection(owner_url) as connection:
        return await _holds_demo(connection)


async def lay(owner_url: str, prepared: Prepared, *, now: datetime, reset: bool = False) -> bool:
    """Write the demo as it stands at `now` and return True; False when it is there already and is not to be reset.

    Raise CommandError when anybody else is a member of the database.
    """
    history = tell(prepared.content, now)
    async with _connection(owner_url) as connection, connection.transaction():
        # Nobody becomes a member meanwhile, and of two who lay the demo one finds it laid.
        await connection.execute("LOCK TABLE members IN SHARE ROW EXCLUSIVE MODE")
        if await _holds_demo(connection):
            if not reset:
                return False
            await _empty(connection)
        await _check_places(connection, prepared.content)
        await _write(connection, prepared, history)
    return True


async def store(content: Content, storage: Storage, folder: Path) -> None:
    """Put the files of the demo into the storage, by way of a folder. Raise CommandError where it takes none."""
    await asyncio.to_thread(folder.mkdir, 0o700, parents=True, exist_ok=True)
    for file in content.files:
        path = folder / file.key.hex
        await asyncio.to_thread(path.write_bytes, file.content)
        try:
            await storage.put(file.key.hex, path)
        except StorageError as error:
            raise CommandError(f"the files of the demo cannot be stored: {error}") from None
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)


@contextlib.asynccontextmanager
async def _connection(url: str) -> AsyncIterator[RawConnection]:
    connection = await connect(url, application_name="koinon demo", lock_timeout="10s", timezone="UTC")
    try:
        yield connection
    except RawError as error:
        raise CommandError(f"the demo could not be laid, nothing was changed: {one_line(error)}") from None
    finally:
        await connection.close()


async def _holds_demo(connection: RawConnection) -> bool:
    row = await connection.fetchrow(
        "SELECT count(*) AS everyone, count(*) FILTER (WHERE email LIKE '%@' || $1) AS ours FROM members", DOMAIN
    )
    if row is None or row["everyone"] == 0:
        return False
    if row["everyone"] != row["ours"]:
        raise CommandError(
            "this database has members who are not the demo's, so nothing was touched; "
            "name another folder with FORUM_DATA_DIR, or an empty database with FORUM_DATABASE_URL"
        )
    return True


async def _empty(connection: RawConnection) -> None:
    """Bring the database back to what a new forum begins with; what the network calls itself and its themes are
    kept, and the version that pages rest on goes on growing."""
    tables = await connection.fetchval(
        "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables "
        "WHERE schemaname = current_schema "
        "AND tablename NOT IN ('schema_migrations', 'foundations', 'network', 'storage_room', 'themes')"
    )
    await connection.execute(f"""
        ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_append_only;
        TRUNCATE {tables} RESTART IDENTITY;
        ALTER TABLE audit_entries ENABLE TRIGGER audit_entries_append_only;
    """)
    await plant(connection)


async def _check_places(connection: RawConnection, content: Content) -> None:
    """Raise CommandError when an organisation or a category of the content is not in the database."""
    for table, wanted in (
        ("organisations", {person.organisation for person in content.people}),
        ("categories", {topic.category for topic in content.topics}),
        ("themes", content.themes()),
    ):
        known = {str(row["slug"]) for row in await connection.fetch(f"SELECT slug FROM {table}")}
        if missing := sorted(wanted - known):
            raise CommandError(f"the demo speaks of {missing[0]}, which the {table} of this database do not hold")


async def _write(connection: RawConnection, prepared: Prepared, history: History) -> None:
    await connection.execute(_MEMBERS, *columns(_member_values(history), 8), prepared.password_hash)
    await connection.execute(_GROUP_MEMBERS, *columns(_group_values(history), 3))
    await settling.make_categories(connection, prepared.content)
    await connection.execute(_TOPICS, *columns((astuple(row)[:20] for row in history.topics), 20))
    await connection.execute(_POSTS, *columns(_post_values(prepared, history), 13))
    await connection.execute(_ANSWERS, *columns(_answer_values(history), 3))
    await connection.execute(_ATTACHMENTS, *columns(_attachment_values(prepared.content, history), 10))
    await connection.execute(_REVISIONS, *columns(map(astuple, history.revisions), 7))
    await connection.execute(_NOTICES, *columns(_notice_values(history), 8))
    await connection.execute(_READS, *columns(map(astuple, history.reads), 4))
    await connection.execute(_VISITS)
    await connection.execute(_AUDIT_ENTRIES, *columns(_audit_values(history), 7))
    for profile in prepared.content.profiles:
        await connection.execute(_PROFILE, *astuple(profile))
    for twin in prepared.content.twins:
        await connection.execute(_TWIN, *astuple(twin))
    await settling.write(connection, prepared.rendered, history)
    await connection.execute(_CATEGORY_COUNTS)
    await connection.execute(_SEQUENCES)


def _member_values(history: History) -> Iterable[tuple[object, ...]]:
    for row in history.members:
        person = row.person
        told = (person.organisation, person.email, person.name, person.language, person.zone)
        yield (row.id, *told, row.read_before, row.created_at)


def _group_values(history: History) -> Iterable[tuple[object, ...]]:
    group_of = {Role.MODERATOR: groups.MODERATORS, Role.ADMINISTRATOR: groups.ADMINISTRATORS}
    for row in history.members:
        if group := group_of.get(row.person.role):
            yield (group, row.id, row.created_at)


def _answer_values(history: History) -> Iterable[tuple[object, ...]]:
    for row in history.topics:
        if row.answer_post_id is not None:
            yield (row.id, row.answer_post_id, row.answered_at)


def _post_values(prepared: Prepared, history: History) -> Iterable[tuple[object, ...]]:
    for row in history.posts:
        rendered = prepared.rendered[row.body]
        place = (row.id, row.topic_id, row.number, row.author_id, row.reply_to_id)
        times = (row.revision_count, row.created_at, row.edited_at, row.deleted_at)
        yield (*place, row.body, rendered.html, f"{rendered.text}\n{row.found_by_fields}", row.found_by_title, *times)


def _attachment_values(content: Content, history: History) -> Iterable[tuple[object, ...]]:
    """Yield each file with the post that names it, or with the first of the guide of which it is a version."""
    versions = {version.attachment_id: version for version in history.gathered.guide_versions}
    guides = {file.id: file.topic_id for file in history.gathered.guide_files}
    firsts = {post.topic_id: post for post in history.posts if post.number == 1}
    for number, file in enumerate(content.files, 1):
        version = versions.get(number)
        if version:
            post, created_at = firsts[guides[version.guide_file_id]], version.created_at
        else:
            post = next(post for post in history.posts if f"(/attachments/{number})" in post.body)
            created_at = post.created_at
        content_type = file.kind.content_type if file.kind else ""
        digest = hashlib.sha256(file.content).digest()
        told = (file.name, content_type, len(file.content), digest, content_type in WORDED)
        yield (number, file.key, post.author_id, post.id, *told, created_at)


def _notice_values(history: History) -> Iterable[tuple[object, ...]]:
    for row in history.acts:
        if row.subject == "topic":
            act = row.act.removeprefix("topic.")
            facts = (row.reason, row.created_at, row.state, row.version)
            yield (row.topic_id, row.after_number, row.actor_id, act, *facts)


def _audit_values(history: History) -> Iterable[tuple[object, ...]]:
    """Yield the entries as the domain writes them: ids and states, no reasons."""
    for row in history.acts:
        subject = (row.act, row.subject, row.subject_id)
        yield (row.actor_id, *subject, json.dumps(row.before), json.dumps(row.after), row.created_at)


_MEMBERS: Final = f"""
INSERT INTO members (id, organisation_id, email, name, password_hash, language, zone, read_before, created_at)
OVERRIDING SYSTEM VALUE
SELECT told.id, given.id, told.email, told.name, $9, told.language,
       coalesce(told.zone, {USUAL_ZONE.format(organisation_id="given.id")}), told.read_before, told.created_at
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
            $8::timestamptz[])
    AS told (id, organisation, email, name, language, zone, read_before, created_at)
JOIN organisations AS given ON given.slug = told.organisation
"""

_GROUP_MEMBERS: Final = """
INSERT INTO group_members (group_id, member_id, created_at)
SELECT groups.id, told.member_id, told.created_at
FROM unnest($1::text[], $2::bigint[], $3::timestamptz[]) AS told (slug, member_id, created_at)
JOIN groups ON groups.slug = told.slug
"""

_TOPICS: Final = """
INSERT INTO topics (
    id, category_id, author_id, title, slug, language, is_internal, locked_at, locked_by_id, lock_reason, pinned_at,
    reply_count, post_count, last_post_number, last_post_at, last_author_id, created_at,
    kind, fields, deadline_at, tags
)
OVERRIDING SYSTEM VALUE
SELECT told.id, categories.id, told.author_id, told.title, told.slug, told.language, told.is_internal, told.locked_at,
       told.locked_by_id, told.lock_reason, told.pinned_at, told.reply_count, told.post_count, told.last_post_number,
       told.last_post_at, told.last_author_id, told.created_at, told.kind, told.fields::jsonb,
       (told.fields::jsonb -> 'deadline' ->> 'at')::timestamptz, string_to_array(told.tags, ',')
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::boolean[],
            $8::timestamptz[], $9::bigint[], $10::text[], $11::timestamptz[], $12::integer[], $13::integer[],
            $14::integer[], $15::timestamptz[], $16::bigint[], $17::timestamptz[], $18::text[],
            $19::text[], $20::text[])
    AS told (id, category, author_id, title, slug, language, is_internal, locked_at, locked_by_id, lock_reason,
             pinned_at, reply_count, post_count, last_post_number, last_post_at, last_author_id, created_at,
             kind, fields, tags)
JOIN categories ON categories.slug = told.category
"""

_POSTS: Final = f"""
INSERT INTO posts (
    id, topic_id, number, author_id, reply_to_id, body, html, search, revision_count, created_at, edited_at,
    deleted_at, deleted_by_id
)
OVERRIDING SYSTEM VALUE
SELECT told.id, told.topic_id, told.number, told.author_id, told.reply_to_id, told.body, told.html,
       {search_vector.of(title="told.found_by_title", body="told.words")}, told.revision_count, told.created_at,
       told.edited_at, told.deleted_at, CASE WHEN told.deleted_at IS NOT NULL THEN told.author_id END
FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::integer[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[])
    AS told (id, topic_id, number, author_id, reply_to_id, body, html, words, found_by_title, revision_count,
             created_at, edited_at, deleted_at)
"""

# Whoever asked has marked it.
_ANSWERS: Final = """
UPDATE topics
SET answer_post_id = told.post_id, answered_at = told.answered_at, answered_by_id = topics.author_id
FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) AS told (topic_id, post_id, answered_at)
WHERE topics.id = told.topic_id
"""

_ATTACHMENTS: Final = """
WITH laid AS (
    INSERT INTO attachments (
        id, key, author_id, post_id, name, content_type, size, sha256, is_text_due, created_at
    )
    OVERRIDING SYSTEM VALUE
    SELECT told.id, told.key, told.author_id, told.post_id, told.name, told.content_type, told.size, told.sha256,
           told.is_text_due, told.created_at
    FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[],
                $8::bytea[], $9::boolean[], $10::timestamptz[])
        AS told (id, key, author_id, post_id, name, content_type, size, sha256, is_text_due, created_at)
    RETURNING size
)
UPDATE storage_room SET taken = (SELECT coalesce(sum(laid.size), 0) FROM laid)
"""

_REVISIONS: Final = """
INSERT INTO post_revisions (post_id, number, editor_id, title, body, created_at, replaced_at)
SELECT told.post_id, told.number, told.editor_id, told.title, told.body, told.created_at, told.replaced_at
FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[])
    AS told (post_id, number, editor_id, title, body, created_at, replaced_at)
"""

_NOTICES: Final = """
INSERT INTO topic_notices (topic_id, after_number, actor_id, act, reason, created_at, state, version)
SELECT told.topic_id, told.after_number, told.actor_id, told.act, told.reason, told.created_at, told.state,
       told.version
FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
            $8::integer[])
    WITH ORDINALITY AS told (topic_id, after_number, actor_id, act, reason, created_at, state, version, place)
ORDER BY told.place
"""

_READS: Final = """
INSERT INTO topic_reads (member_id, topic_id, last_number, read_at)
SELECT told.member_id, told.topic_id, told.last_number, told.read_at
FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::timestamptz[])
    AS told (member_id, topic_id, last_number, read_at)
"""

# As far as the marks tell: of each topic the last time it was read.
_VISITS: Final = f"""
INSERT INTO category_visits (category_id, organisation_id, week, member_id)
SELECT DISTINCT topics.category_id, members.organisation_id, {category_visits.week("topic_reads.read_at")}, members.id
FROM topic_reads
JOIN topics ON topics.id = topic_reads.topic_id
JOIN members ON members.id = topic_reads.member_id
"""

_AUDIT_ENTRIES: Final = """
INSERT INTO audit_entries (actor_id, act, subject, subject_id, before, after, created_at)
SELECT told.actor_id, told.act, told.subject, told.subject_id, told.before::jsonb, told.after::jsonb, told.created_at
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::timestamptz[])
    WITH ORDINALITY AS told (actor_id, act, subject, subject_id, before, after, created_at, place)
ORDER BY told.place
"""

# Whoever of the municipality comes first has written it.
_PROFILE: Final = """
INSERT INTO profiles (
    organisation_id, area, settings, languages, themes, website, contact, about, is_seeking, seeks_countries,
    seeks_population_from, seeks_population_to, seeks_themes, updated_by_id
)
SELECT organisations.id, $2::double precision, $3::text[], $4::text[], $5::text[], $6, $7, $8, $9, $10::text[], $11,
       $12, $13::text[], (SELECT min(members.id) FROM members WHERE members.organisation_id = organisations.id)
FROM organisations
WHERE organisations.slug = $1
"""

_TWIN: Final = """
INSERT INTO twins (organisation_id, state, since_year, partner_id, town, country, note)
SELECT organisations.id, $2, $3, (SELECT partners.id FROM organisations AS partners WHERE partners.slug = $4), $5, $6,
       $7
FROM organisations
WHERE organisations.slug = $1
"""

_CATEGORY_COUNTS: Final = """
UPDATE categories
SET topic_count = (SELECT count(*) FROM topics WHERE topics.category_id = categories.id)
"""

# The ids were given by us: the next ones go on from there.
_SEQUENCES: Final = """
SELECT setval(pg_get_serial_sequence('members', 'id'), (SELECT max(id) FROM members)),
       setval(pg_get_serial_sequence('topics', 'id'), (SELECT max(id) FROM topics)),
       setval(pg_get_serial_sequence('posts', 'id'), (SELECT max(id) FROM posts)),
       setval(pg_get_serial_sequence('attachments', 'id'), (SELECT max(id) FROM attachments))
"""
