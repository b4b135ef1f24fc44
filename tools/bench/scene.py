"""Who asks and what there is to ask for: ordinary members of a generated forum, signed in, and the places they go to.

What a run adds, it takes away again: sessions, tokens, the topics that are replied in, and what was read of them.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Final

from forum import config as settings
from forum.config import Config
from forum.db import Database, RawConnection, connect
from forum.domain import api_tokens, sessions
from forum.domain.entities import MemberId
from forum.postgres import EmbeddedServer
from forum.server import Ready
from tools.bench import bare
from tools.bench.openings import RESTORING

READERS: Final = 16
"""As many as there are connections at most: each connection is another member's."""

UNREAD: Final = 100
"""Topics that each of those who read new ones has not opened yet."""

VISITORS: Final = 60
"""Members who look at the first page once, for each connection."""

LISTENERS: Final = 500
"""Members with an event stream each."""

_TITLE: Final = "Θέμα των μετρήσεων"
_NAME: Final = "Μετρήσεις"
_BARE: Final = "bench_bare"
_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Reader:
    """A member: the keys of a session and of the API, and the token for forms."""

    id: int
    session: str
    token: str
    form_token: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """Who asks, and for what.

    `readers` have read the giant topic to its end; `newcomers`, other members, have opened none of `unread` since the
    last `make_unread`; `visitors`, others again, come once each; `listeners`, of whoever is left, have event streams.
    `own_topics` were started by the readers, one each, to be replied in.
    """

    readers: list[Reader]
    newcomers: list[Reader]
    visitors: list[Reader]
    listeners: list[Reader]
    category: str
    giant: str
    giant_id: int
    giant_pages: int
    member_id: int
    unread: list[str]
    own_topics: list[int]


async def arrange(config: Config, ready: Ready, address: str) -> Scene:
    """Choose the members and the places, and sign the members in on a forum that answers at this address."""
    owner = await connect(ready.owner_url)
    db = Database(ready.url, pool_size=1)
    await db.open()
    try:
        await take_away(ready)
        giant = await owner.fetchrow(_GIANT)
        if giant is None:
            raise RuntimeError("there are no topics")
        found = [row["member_id"] for row in await owner.fetch(_READERS, giant["category_id"], 2 * READERS + LISTENERS)]
        people, hearers = found[: 2 * READERS], found[2 * READERS :]
        if len(hearers) < LISTENERS:
            raise RuntimeError("too few members may write where the longest topic is")
        others = await owner.fetch(_VISITORS, people, READERS * VISITORS)
        secret = settings.secret_key(config)
        signed_in = await _sign_in(db, secret, people + [row["id"] for row in others])
        readers = [_with_form_token(address, reader) for reader in signed_in[:READERS]]
        newcomers = signed_in[READERS : 2 * READERS]
        await owner.execute(_READ_GIANT, [reader.id for reader in readers], giant["id"])
        unread = [
            f"/topics/{row['id']}/{row['slug']}"
            for row in await owner.fetch(_UNREAD, [reader.id for reader in newcomers], UNREAD)
        ]
        return Scene(
            readers=readers,
            newcomers=newcomers,
            visitors=signed_in[2 * READERS :],
            listeners=await _sign_in(db, secret, hearers),
            category=giant["category"],
            giant=f"/topics/{giant['id']}/{giant['slug']}",
            giant_id=giant["id"],
            giant_pages=giant["pages"],
            member_id=giant["author_id"],
            unread=unread,
            own_topics=[_start_topic(address, reader, giant["category"]) for reader in readers],
        )
    finally:
        await db.close()
        await owner.close()


_GIANT: Final = """
SELECT topics.id, topics.slug, topics.author_id, topics.category_id, categories.slug AS category,
       (topics.post_count + 19) / 20 AS pages
FROM topics JOIN categories ON categories.id = topics.category_id
ORDER BY topics.post_count DESC LIMIT 1
"""

# Neither moderators nor administrators; the first of them is the one that `generate` names.
_READERS: Final = """
SELECT category_rights.member_id
FROM category_rights
WHERE category_rights.category_id = $1 AND category_rights.can_start AND NOT category_rights.can_moderate
ORDER BY category_rights.member_id LIMIT $2
"""

_VISITORS: Final = """
SELECT members.id
FROM members
WHERE members.id <> ALL ($1::bigint[]) AND NOT EXISTS (
        SELECT 1 FROM group_members JOIN groups ON groups.id = group_members.group_id
        WHERE group_members.member_id = members.id AND groups.kind = 'system'
    )
ORDER BY members.id LIMIT $2
"""

_READ_GIANT: Final = """
INSERT INTO topic_reads (member_id, topic_id, last_number)
SELECT reader, topics.id, topics.post_count FROM unnest($1::bigint[]) AS reader, topics WHERE topics.id = $2
ON CONFLICT (member_id, topic_id) DO UPDATE SET last_number = excluded.last_number
"""

# The newest of those that every newcomer may read.
_UNREAD: Final = """
SELECT topics.id, topics.slug
FROM topics
WHERE topics.category_id IN (
        SELECT category_rights.category_id FROM category_rights
        WHERE category_rights.member_id = ANY ($1::bigint[]) AND category_rights.can_read
        GROUP BY category_rights.category_id HAVING count(*) = cardinality($1::bigint[])
    )
    AND topics.deleted_at IS NULL AND NOT topics.is_internal
ORDER BY topics.last_post_at DESC, topics.id DESC LIMIT $2
"""


async def make_unread(owner_url: str, scene: Scene) -> None:
    """Let the newcomers have opened nothing since they joined."""
    owner = await connect(owner_url)
    ids = [reader.id for reader in scene.newcomers]
    await owner.execute("UPDATE members SET read_before = created_at WHERE id = ANY ($1::bigint[])", ids)
    await owner.execute("DELETE FROM topic_reads WHERE member_id = ANY ($1::bigint[])", ids)
    await owner.close()


async def touch_visitors(owner_url: str, scene: Scene) -> None:
    """Let the visitors' reading marks be others than before, by a millisecond: nobody was shown this page of theirs."""
    owner = await connect(owner_url)
    ids = [reader.id for reader in scene.visitors]
    await owner.execute(
        "UPDATE members SET read_before = read_before - interval '1 millisecond' WHERE id = ANY ($1::bigint[])", ids
    )
    await owner.close()


async def _sign_in(db: Database, secret: bytes, people: list[int]) -> list[Reader]:
    readers = []
    async with db.write() as tx:
        for member_id in map(MemberId, people):
            session = await sessions.open(tx, member_id, address="127.0.0.1", agent=_NAME)
            token = await api_tokens.create(tx, member_id, name=_NAME, secret=secret, key=None)
            readers.append(Reader(member_id, session, token.token))
    return readers


def _with_form_token(address: str, reader: Reader) -> Reader:
    request = urllib.request.Request(f"{address}/", headers={"Cookie": f"koinon_session={reader.session}"})  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - ours
        found = _TOKEN.search(answer.read().decode())
    if found is None:
        raise RuntimeError("the first page has no form")
    return Reader(reader.id, reader.session, reader.token, found[1])


def _start_topic(address: str, reader: Reader, category: str) -> int:
    fields = {"csrf_token": reader.form_token, "title": _TITLE, "body": "Εδώ απαντούν οι μετρήσεις.", "language": "el"}
    request = urllib.request.Request(  # noqa: S310 - ours
        f"{address}/categories/{category}/new",
        data=urllib.parse.urlencode(fields).encode(),
        headers={"Cookie": f"koinon_session={reader.session}"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - ours; it follows to the topic
        found = re.search(r"/topics/(\d+)/", answer.url)
    if found is None:
        raise RuntimeError("no topic was started")
    return int(found[1])


async def take_away(ready: Ready) -> None:
    """Leave the database as it was generated, but for what was read."""
    superuser = await _superuser(ready, "koinon")
    try:
        async with superuser.transaction():
            # Without triggers: the audit log is append-only, and nothing refers to what goes but what goes with it.
            await superuser.execute("SET LOCAL session_replication_role = replica")
            for statement in _CLEANING:
                await superuser.execute(statement, *([_TITLE] if "$1" in statement else []))
        for table in ("posts", "topics", "audit_entries", "idempotency_keys", "topic_reads", "sessions", "members"):
            await superuser.execute(f"VACUUM (ANALYZE) {table}")
    finally:
        await superuser.close()


_OWN: Final = "SELECT id FROM topics WHERE title = $1 AND created_at > '2026-01-01'"
_CLEANING: Final = (
    f"""
    UPDATE categories SET topic_count = categories.topic_count - own.count
    FROM (SELECT category_id, count(*) AS count FROM topics WHERE id IN ({_OWN}) GROUP BY category_id) AS own
    WHERE own.category_id = categories.id
    """,
    f"DELETE FROM posts WHERE topic_id IN ({_OWN})",
    f"DELETE FROM topic_reads WHERE topic_id IN ({_OWN})",
    f"DELETE FROM topics WHERE id IN ({_OWN})",
    "DELETE FROM sessions",
    "DELETE FROM api_tokens",
    "DELETE FROM idempotency_keys",
    "DELETE FROM drafts",
    "DELETE FROM audit_entries WHERE created_at > '2026-01-02'",
    "DELETE FROM group_members USING groups WHERE groups.id = group_id AND groups.kind = 'system' "
    "AND group_members.created_at > '2026-01-02'",
    *RESTORING,
)


async def log_statements(ready: Ready, *, is_on: bool) -> None:
    """Have PostgreSQL log every statement of the application's connections that are opened from now on, or no more."""
    superuser = await _superuser(ready, "koinon")
    change = "SET log_statement = 'all'" if is_on else "RESET log_statement"
    await superuser.execute(f"ALTER ROLE koinon {change}")
    await superuser.close()


async def make_bare_database(ready: Ready) -> str:
    """Make the database of the bare handler, on the same server, and return its address."""
    superuser = await _superuser(ready, "koinon")
    if not await superuser.fetchval("SELECT true FROM pg_database WHERE datname = $1", _BARE):
        await superuser.execute(f"CREATE DATABASE {_BARE}")
    await superuser.close()
    superuser = await _superuser(ready, _BARE)
    await superuser.execute(bare.TABLES)
    await superuser.execute("VACUUM (ANALYZE) read")
    await superuser.execute("CHECKPOINT")
    await superuser.close()
    return _address(ready, _BARE)


async def _superuser(ready: Ready, database: str) -> RawConnection:
    return await connect(_address(ready, database))


def _address(ready: Ready, database: str) -> str:
    if ready.embedded is None:
        raise RuntimeError("the databases that are measured are embedded ones")
    return ready.embedded.endpoint.url(database, EmbeddedServer.SUPERUSER)
