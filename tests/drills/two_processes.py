"""Two processes on one database, worlds of their own in it, and what is true there, as the tables say.

A `World` is a category, its people and one topic, all new: rights, names and members of one world are no other's. What
a member must see of it is read from the tables with the view of rights, past the application and all it could keep.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Final

import aiohttp

from forum.db import Database, RawConnection, connect
from forum.domain import sessions
from forum.domain.entities import MemberId
from tests.drills.forum_process import ForumProcess, forum

WRITERS: Final = ("author", "other", "keeper")
PEOPLE: Final = (*WRITERS, "outsider")
ZONES: Final = ("Europe/Athens", "Asia/Tokyo", "America/New_York")

_ADDRESS: Final = "http://forum.example"
"""What all processes say in absolute links, whatever their port."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A post on a page: its text is None where it is deleted and the reader is not shown what it said."""

    number: int
    author: str
    organisation: str
    is_by_moderator: bool
    text: str | None
    is_deleted: bool
    is_edited: bool
    at: str
    """Hours and minutes on the reader's clock."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A topic's page as its reader sees it; of one that they may not see only the status is left."""

    status: int
    language: str = ""
    title: str = ""
    category: str = ""
    marks: frozenset[str] = frozenset()
    lock_reason: str = ""
    posts: tuple[Shown, ...] = ()
    new_from: int | None = None
    can_reply: bool = False
    can_moderate: bool = False


@dataclass(slots=True)
class World:
    """A category with its people and one topic; `ids` are theirs, `organisations` those they belong to."""

    stage: Stage
    slug: str
    category_id: int
    group_ids: dict[str, int]
    ids: dict[str, int]
    organisations: dict[str, int]
    sessions: dict[str, str]
    tokens: dict[str, str] = field(default_factory=dict)
    topic_id: int = 0

    async def sql(self, statement: str, *values: object) -> None:
        """Do something behind the application's back; it is committed when this returns."""
        async with self.stage.turn:
            await self.stage.owner.execute(statement, *values)

    async def get(self, process: ForumProcess, person: str, path: str) -> tuple[int, str]:
        """Ask for a page; one redirect to the topic's own address is followed."""
        headers = {"Cookie": f"koinon_session={self.sessions[person]}"}
        async with self.stage.http.get(process.url + path, headers=headers, allow_redirects=False) as response:
            status, text = response.status, await response.text()
        location = response.headers.get("Location", "")
        if status in {301, 303} and location.startswith(f"/topics/{self.topic_id}/"):
            return await self.get(process, person, location)
        return status, text

    async def submit(self, process: ForumProcess, person: str, path: str, **fields: str) -> tuple[int, str]:
        """Send a form; return the status and where it leads."""
        if person not in self.tokens:
            _, text = await self.get(process, person, "/help")
            self.tokens[person] = _found(r'name="csrf_token" value="([^"]+)"', text)
        headers = {"Cookie": f"koinon_session={self.sessions[person]}"}
        data = {"csrf_token": self.tokens[person], **fields}
        async with self.stage.http.post(
            process.url + path, headers=headers, data=data, allow_redirects=False
        ) as response:
            await response.read()
            assert response.status < 500, (path, response.status, process.said()[-2000:])
            return response.status, response.headers.get("Location", "")

    async def start_topic(self, person: str) -> None:
        path = f"/categories/{self.slug}/new"
        status, location = await self.submit(
            self.stage.first, person, path, title=self.stage.words("Θέμα"), body=self.stage.words("Κείμενο")
        )
        assert status == 303, status
        self.topic_id = int(_found(r"/topics/(\d+)/", location))

    async def see(self, process: ForumProcess, person: str) -> Seen:
        """Open the topic's page."""
        status, text = await self.get(process, person, f"/topics/{self.topic_id}")
        return _read(self.topic_id, text) if status == 200 else Seen(status)

    async def truth(self, person: str) -> Seen:
        """Return what the topic's page must show when it is opened now."""
        values = self.ids[person], self.topic_id
        row = await self.stage.owner.fetchrow(_TOPIC, *values)
        if row is None or row["is_suspended"]:
            return Seen(404 if row is None else 303)
        if not row["is_readable"]:
            return Seen(404)
        posts = await self.stage.owner.fetch(_POSTS, *values)
        marks = {"pin": row["is_pinned"], "lock": row["is_locked"], "users": row["is_internal"]}
        return Seen(
            status=200,
            language=row["language"],
            title=row["title"],
            category=row["category"],
            marks=frozenset(name for name, is_set in marks.items() if is_set),
            lock_reason=row["lock_reason"] or "",
            posts=tuple(Shown(*post.values()) for post in posts),
            new_from=await self.stage.owner.fetchval(_NEW_FROM, *values),
            can_reply=row["can_reply"],
            can_moderate=row["can_moderate"],
        )

    async def is_listed(self, person: str) -> bool:
        """Say whether the topic must stand in lists."""
        return bool(await self.stage.owner.fetchval(_LISTED, self.ids[person], self.topic_id))


@dataclass(slots=True)
class Stage:
    """The two processes, what starts a third, and a way around them."""

    first: ForumProcess
    second: ForumProcess
    serve: Callable[[str], AbstractContextManager[ForumProcess]]
    owner: RawConnection
    db: Database
    http: aiohttp.ClientSession
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def words(self, kind: str) -> str:
        """Return words that were never used before."""
        return f"{kind} {next(self._numbers)}"

    def newcomer(self) -> AbstractContextManager[ForumProcess]:
        """Start a process that has not seen anything yet."""
        return self.serve(f"third-{next(self._numbers)}")

    async def world(self) -> World:
        """Make a world; its topic is yet to be started."""
        number = next(self._numbers)
        one = self.owner.fetchval
        organisations = {
            person: await one(_ORGANISATION, f"place-{number}-{person}", self.words("Φορέας"), self.words("Body"))
            for person in PEOPLE
        }
        slug = f"world-{number}"
        category_id = await one(_CATEGORY, slug, self.words("Κατηγορία"), self.words("Category"))
        group_ids = {
            group: await one(_GROUP, f"{group}-{number}", self.words("Ομάδα")) for group in ("readers", "keepers")
        }
        ids = {
            person: await one(_MEMBER, self.words("Όνομα"), f"{person}-{number}@world.example", organisation, language)
            for (person, organisation), language in zip(organisations.items(), ("el", "en", "el", "el"), strict=True)
        }
        for group, holds in (("readers", False), ("keepers", True)):
            await self.owner.execute(_GRANT, category_id, group_ids[group], holds)
        for person in WRITERS:
            group = "keepers" if person == "keeper" else "readers"
            await self.owner.execute(ENTER, group_ids[group], ids[person])
        keys: dict[str, str] = {}
        for person in PEOPLE:
            async with self.db.write() as tx:
                keys[person] = await sessions.open(tx, MemberId(ids[person]), address="127.0.0.1", agent="test")
        return World(self, slug, category_id, group_ids, ids, organisations, keys)


@asynccontextmanager
async def two_processes(folder: Path, database_url: str, owner_url: str) -> AsyncIterator[Stage]:
    """Serve one database with two processes."""

    def serve(name: str) -> AbstractContextManager[ForumProcess]:
        return forum(
            folder / name / "data",
            FORUM_DATABASE_URL=database_url,
            FORUM_MIGRATION_URL=owner_url,
            FORUM_SECRET_KEY="k" * 64,
            FORUM_BASE_URL=_ADDRESS,
        )

    owner, db = await connect(owner_url), Database(database_url, pool_size=2)
    await db.open()
    try:
        with serve("first") as first, serve("second") as second:
            timeout = aiohttp.ClientTimeout(total=60)
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout) as http:
                yield Stage(first, second, serve, owner, db, http)
    finally:
        await db.close()
        await owner.close()


_ORGANISATION: Final = (
    "INSERT INTO organisations (slug, kind, name_el, name_en) VALUES ($1, 'partner', $2, $3) RETURNING id"
)
_CATEGORY: Final = "INSERT INTO categories (slug, position, name_el, name_en) VALUES ($1, 1000, $2, $3) RETURNING id"
_GROUP: Final = "INSERT INTO groups (slug, kind, name_el, name_en) VALUES ($1, 'free', $2, $2) RETURNING id"
_MEMBER: Final = """
INSERT INTO members (name, email, organisation_id, language, password_hash, read_before)
VALUES ($1, $2, $3, $4, 'x', now() - interval '1 day') RETURNING id
"""
_GRANT: Final = """
INSERT INTO grants (category_id, group_id, can_see, can_read, can_start, can_reply, can_vote, can_attach, can_moderate)
VALUES ($1, $2, true, true, true, true, true, true, $3)
"""
ENTER: Final = "INSERT INTO group_members (group_id, member_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
LEAVE: Final = "DELETE FROM group_members WHERE group_id = $1 AND member_id = $2"

_TOPIC: Final = """
SELECT members.suspended_until > now() AS is_suspended,
       coalesce(
           category_rights.can_read
           AND (topics.deleted_at IS NULL OR topics.author_id = $1 OR category_rights.can_moderate),
           false
       ) AS is_readable,
       members.language, topics.title, topics.lock_reason, topics.is_internal,
       topics.locked_at IS NOT NULL AS is_locked, topics.pinned_at IS NOT NULL AS is_pinned,
       CASE members.language WHEN 'el' THEN categories.name_el ELSE categories.name_en END AS category,
       topics.deleted_at IS NULL AND category_rights.can_reply
           AND (topics.locked_at IS NULL OR category_rights.can_moderate) AS can_reply,
       topics.deleted_at IS NULL AND category_rights.can_moderate AS can_moderate
FROM members
CROSS JOIN topics
JOIN categories ON categories.id = topics.category_id
LEFT JOIN category_rights ON category_rights.member_id = $1 AND category_rights.category_id = topics.category_id
WHERE members.id = $1 AND topics.id = $2
"""

_POSTS: Final = """
SELECT posts.number, authors.name,
       CASE members.language WHEN 'el' THEN organisations.name_el ELSE organisations.name_en END,
       posts.is_by_moderator,
       CASE WHEN posts.deleted_at IS NULL OR posts.deleted_by_id = $1 THEN posts.body END,
       posts.deleted_at IS NOT NULL, posts.deleted_at IS NULL AND posts.edited_at IS NOT NULL,
       to_char(posts.created_at AT TIME ZONE members.zone, 'HH24:MI')
FROM posts
JOIN members AS authors ON authors.id = posts.author_id
JOIN organisations ON organisations.id = authors.organisation_id
JOIN members ON members.id = $1
WHERE posts.topic_id = $2
ORDER BY posts.number
"""

_NEW_FROM: Final = """
SELECT min(posts.number)
FROM posts
JOIN members ON members.id = $1
LEFT JOIN topic_reads ON topic_reads.member_id = $1 AND topic_reads.topic_id = $2
WHERE posts.topic_id = $2 AND posts.author_id <> $1 AND posts.deleted_at IS NULL
    AND posts.created_at > members.read_before AND posts.number > coalesce(topic_reads.last_number, 0)
"""

_LISTED: Final = """
SELECT true
FROM topics
JOIN members ON members.id = $1 AND (members.suspended_until IS NULL OR members.suspended_until <= now())
JOIN category_rights ON category_rights.member_id = $1 AND category_rights.category_id = topics.category_id
WHERE topics.id = $2 AND topics.deleted_at IS NULL AND category_rights.can_read
"""


def _read(topic_id: int, text: str) -> Seen:
    """Take from a topic's page what the reader sees."""
    head = _found(r'<div class="topic-head">(.*?)</div>', text)
    lock = re.search(r'<div class="notice tone-warn">.*?<h2>.*?</h2>\s*<p>(.*?)</p>', text, re.DOTALL)
    since = re.search(r'id="since".*?id="post-(\d+)"', text, re.DOTALL)
    return Seen(
        status=200,
        language=_found(r'<html lang="(\w+)"', text),
        title=_plain(_found(r"<h1[^>]*>(.*?)</h1>", text)),
        category=_plain(_found(r'<a href="/categories/[^"]+">(.*?)</a>', text)),
        marks=frozenset(re.findall(r'class="badge [^>]*>(?:<svg[^>]*>)?<use href="[^"#]*#([a-z-]+)"', head)),
        lock_reason=_plain(lock[1]) if lock else "",
        posts=tuple(map(_post, re.findall(r'<article class="post.*?</article>', text, re.DOTALL))),
        new_from=int(since[1]) if since else None,
        can_reply=f'action="/topics/{topic_id}/posts"' in text,
        can_moderate=f'"/topics/{topic_id}/lock/' in text,
    )


def _post(text: str) -> Shown:
    body = re.search(r'<div class="post-body"[^>]*>(.*?)</div>', text, re.DOTALL)
    organisation, _, badges = _found(r'<span class="post-org">(.*?)</span>', text).partition("<span")
    return Shown(
        number=int(_found(r'id="post-(\d+)"', text)),
        author=_plain(_found(r'class="post-by".*?<a [^>]*>(.*?)</a>', text)),
        organisation=_plain(organisation),
        is_by_moderator="#shield" in badges,
        text=_plain(body[1]) if body else None,
        is_deleted='class="post gone"' in text,
        is_edited="/revisions" in text,
        at=_found(r'class="post-when">.*?(\d\d:\d\d)</time>', text),
    )


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    assert found, (pattern, text[:3000])
    return found[1]


def _plain(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html)).strip()
