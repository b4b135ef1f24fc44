"""Any PostgreSQL that is installed here takes the place of the embedded one, through the same code; others are refused.

The versions tested are those that are found: the wheel's 18 always, Debian's 15 where it is installed.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from forum.db import REGISTRY, Database, connect
from forum.domain import access, posts, search, topics
from forum.domain.posts import Reply
from forum.errors import CommandError
from forum.markup import Rendered
from forum.migrations import migrate
from forum.postgres import EmbeddedServer, Endpoint
from forum.routes import ROUTES
from tests import cast as people
from tests.postgres.place import PROGRAMS

_TEXT = Rendered(html="<p>Ψηφοφορία για το νερό</p>", text="Ψηφοφορία για το νερό", is_plain=False)


@pytest.fixture(params=sorted(PROGRAMS), ids=lambda major: f"PostgreSQL {major}")
def server(request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    folder = Path(tempfile.mkdtemp(prefix="koinon-server-"))
    folder.chmod(0o755)
    running = EmbeddedServer(folder, pg_bin=PROGRAMS[request.param], settings={"fsync": "off"})
    try:
        yield running.start()
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _database(server: Endpoint, options: str) -> str:
    superuser = await connect(server.url("postgres", EmbeddedServer.SUPERUSER))
    try:
        await superuser.execute("CREATE ROLE clerk LOGIN")
        await superuser.execute(f"CREATE DATABASE network OWNER clerk TEMPLATE template0 {options}")
    finally:
        await superuser.close()
    return server.url("network", "clerk")


@pytest.mark.audit
async def test_the_whole_way_works_under_a_single_ordinary_role(server: Endpoint) -> None:
    url = await _database(server, "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'")
    assert await migrate(url), "there was something to apply"
    assert await migrate(url) == [], "and nothing a second time"
    owner = await connect(url)
    await people.put_in(owner)
    cast = await people.load(owner)
    assert ROUTES, "the table imports every handler, and so every query"
    for query in REGISTRY.values():
        await owner.prepare(query.sql)
    await owner.close()
    db = Database(url, pool_size=2)
    await db.open()
    try:
        async with db.write() as tx:
            start = await access.category_to_start(tx, cast.maria, "questions")
            made = await topics.start(tx, start, title="Ύδρευση", body="Κείμενο", rendered=_TEXT, key=None)
        async with db.write() as tx:
            grant = await access.topic_to_reply(tx, cast.nikos, made.topic_id)
            await posts.reply(tx, grant, Reply("Απάντηση", _TEXT))
        async with db.read() as conn:
            found = await search.search(conn, cast.sophie, "ΨΗΦΟΦΟΡΙΑ ΝΕΡΟ")
            hidden = await search.search(conn, cast.stranger, "ΨΗΦΟΦΟΡΙΑ ΝΕΡΟ")
        assert [hit.number for hit in sorted(found.items, key=lambda hit: hit.number)] == [1, 2]
        assert hidden.items == []
    finally:
        await db.close()


@pytest.mark.audit
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'", "LC_CTYPE"),
        ("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'", "UTF8"),
    ],
)
async def test_a_database_that_knows_no_greek_is_refused_in_one_line(server: Endpoint, options: str, said: str) -> None:
    locale = " LOCALE_PROVIDER libc" if await _major(server) >= 16 else ""
    url = await _database(server, options + locale)
    with pytest.raises(CommandError, match=said) as refused:
        await migrate(url)
    assert "\n" not in str(refused.value)


async def _major(server: Endpoint) -> int:
    superuser = await connect(server.url("postgres", EmbeddedServer.SUPERUSER))
    try:
        return int(superuser.get_server_version().major)
    finally:
        await superuser.close()


async def test_a_killed_migration_leaves_nothing_behind(postgres: Endpoint) -> None:
    superuser = await connect(postgres.url("postgres", EmbeddedServer.SUPERUSER))
    await superuser.execute("CREATE DATABASE half OWNER koinon_owner")
    url = postgres.url("half", "koinon_owner")
    connection = await connect(url)
    try:
        # What is killed in the middle is what a wrong statement ends: everything was one transaction.
        await connection.execute("CREATE TABLE posts (id bigint)")
        with pytest.raises(CommandError, match="nothing was changed"):
            await migrate(url)
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert [row["tablename"] for row in tables] == ["posts"]
    finally:
        await connection.close()
        await superuser.execute("DROP DATABASE half WITH (FORCE)")
        await superuser.close()


def test_every_version_the_code_names_is_named_in_the_documents() -> None:
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    assert re.search(r"Tested on 15 and 18; 16 and 17 are untested", text)
