"""`run.py restore`: the same forum in another place, whole or not at all, and never over anything."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient
from pydantic import SecretStr

from forum import migrations
from forum.app import create_app
from forum.backup.archive import opened
from forum.backup.restoring import Place, restore
from forum.backup.saving import save
from forum.backup.sealing import make_key
from forum.config import Config
from forum.db import RawConnection
from forum.markup import Renderer
from forum.passwords import Hasher, Parameters
from forum.postgres import EmbeddedServer, Endpoint
from tests import cast as people
from tests.cast import PASSWORD
from tests.cli.places import EmptyPlace, content, empty_place, one_line, to, until
from tests.cli.running import Run
from tests.contracts import hiding
from tests.contracts.test_schema import _shape
from tests.postgres.place import PROGRAMS
from tests.site import Site, Visitor, without_tokens


@pytest.fixture
async def saved(run: Run, written: str, tmp_path: Path) -> Path:
    """A backup of the forum that `run` commands."""
    target = tmp_path / "saved.tar.gz"
    await save(run.environment["FORUM_MIGRATION_URL"], tmp_path, target)
    return target


async def test_it_is_equal_and_goes_on_from_there(
    site: Site, written: str, saved: Path, place: EmptyPlace, owner: RawConnection, database_url: str, tmp_path: Path,
    config: Config, aiohttp_server: Any,
) -> None:  # fmt: skip
    before = await content(database_url.replace("://koinon@", "://koinon_owner@"))
    done = place.run("restore", str(saved), "--verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert "verified" in done.stdout
    after = await content(place.owner_url)
    assert len(before) > 30
    assert after == before
    async with to(place.owner_url) as restored:
        assert await _shape(restored) == await _shape(owner)
        assert await restored.fetchval("SELECT count(*) FROM pg_trigger WHERE tgenabled <> 'O'") == 0
    for kept in ("secret.key", "files/ab/Μελέτη 2026.pdf", "files/empty"):
        assert (place.data_dir / kept).read_bytes() == (tmp_path / kept).read_bytes(), kept
        assert (place.data_dir / kept).stat().st_mode & 0o777 == 0o600

    expected = await (await site.visitor("maria")).get(written)
    assert expected.status == 200
    async with _at(place, config, aiohttp_server, "maria") as maria:
        assert without_tokens((await maria.get(written)).text) == without_tokens(expected.text)
        await maria.get("/categories/questions/new")
        made = await maria.submit("/categories/questions/new", {"title": "Μετά", "body": "Η ζωή συνεχίζεται."})
        assert made.status == 303, "the application's role may write, and ids go on from where they were"


@contextlib.asynccontextmanager
async def _at(place: EmptyPlace, config: Config, aiohttp_server: Any, person: str) -> AsyncIterator[Visitor]:
    """Serve what was restored, and have somebody sign in with the old password."""
    config = config.model_copy(update={"data_dir": place.data_dir, "secret_key": SecretStr("")})
    renderer = Renderer(children=1, eager=False)
    app = create_app(config, place.url, hasher=Hasher(parameters=Parameters.TESTING), renderer=renderer)
    server = await aiohttp_server(app)
    cookies = CookieJar(unsafe=True, treat_as_secure_origin=server.make_url("/").origin())
    client: TestClient[web.Request, web.Application] = TestClient(server, cookie_jar=cookies)
    try:
        visitor = Visitor(client, None)
        await visitor.get("/login")
        signed = await visitor.submit("/login", {"email": people.email(person), "password": PASSWORD})
        assert signed.status == 303
        yield visitor
    finally:
        await client.close()  # the server too, before its database goes


_HANGS_ON_TOPICS: Final = (
    *("attachments", "guide_files", "guide_versions", "interests", "adoptions", "adoption_steps", "validations"),
    *("profiles", "twinnings", "twinning_steps", "topic_translations", "theme_subscriptions", "drafts"),
)


async def test_what_hangs_on_topics_of_every_kind_comes_back(
    site: Site, run: Run, place: EmptyPlace, owner: RawConnection, config: Config, aiohttp_server: Any, tmp_path: Path
) -> None:
    world = await hiding.begin(site, owner, "vault")
    await hiding.hide(world)
    (tmp_path / "secret.key").write_text("k" * 64)
    file = f"/guides/files/{world.hidden.guide_file_id}"
    shown = (f"/attachments/{world.hidden.attachment_id}", file, f"{file}/1", f"{file}/2")
    sophie = await site.visitor("sophie")
    expected = {path: await sophie.get(path) for path in shown}
    assert expected[f"{file}/1"].text != expected[f"{file}/2"].text, "the premise: an older version is another file"
    target = tmp_path / "saved.tar.gz"
    done = run("backup", str(target))
    assert (done.returncode, done.stderr) == (0, "")
    before = await content(run.environment["FORUM_MIGRATION_URL"])
    assert [table for table in _HANGS_ON_TOPICS if before[table] is None] == []
    done = place.run("restore", str(target), "--verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert await content(place.owner_url) == before
    async with _at(place, config, aiohttp_server, "sophie") as there:
        for path in shown:
            answer = await there.get(path)
            assert (answer.status, answer.text) == (200, expected[path].text), path
            assert answer.headers["ETag"] == expected[path].headers["ETag"]
    async with _at(place, config, aiohttp_server, "maria") as outside:
        assert {path: (await outside.get(path)).status for path in shown} == dict.fromkeys(shown, 404)


@pytest.mark.audit
@pytest.mark.parametrize("major", sorted(PROGRAMS))
async def test_from_any_server_to_any_other_under_any_role(
    saved: Path, place: EmptyPlace, major: int, tmp_path: Path
) -> None:
    """There and back again: the same rows in an own PostgreSQL under one ordinary role, and in the first one again."""
    folder = Path(tempfile.mkdtemp(prefix="koinon-server-"))
    folder.chmod(0o755)
    server = EmbeddedServer(folder, pg_bin=PROGRAMS[major], settings={"fsync": "off"})
    try:
        endpoint = await asyncio.to_thread(server.start)
        async with to(endpoint.url("postgres", EmbeddedServer.SUPERUSER)) as superuser:
            await superuser.execute("CREATE ROLE clerk LOGIN; ALTER ROLE clerk SET datestyle = 'German'")
            await superuser.execute("ALTER ROLE clerk SET bytea_output = 'escape'")
            await superuser.execute(
                "CREATE DATABASE network OWNER clerk TEMPLATE template0 "
                "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
            )
        url = endpoint.url("network", "clerk")
        there, again = tmp_path / "there", tmp_path / "again.tar.gz"
        await restore(Place(url, None, there), opened(saved, None, lambda count: None), is_verified=True)
        await save(url, there, again)
        await place.restore(again)
        assert await content(place.owner_url) == await content(url)
    finally:
        await asyncio.to_thread(server.stop)
        shutil.rmtree(folder, ignore_errors=True)
    first, second = (_manifest(path) for path in (saved, again))
    assert second["postgres"].startswith(f"{major}.")
    for what in ("tables", "sequences", "files", "migrations", "network"):
        assert second[what] == first[what], what


def _manifest(path: Path) -> Any:
    with tarfile.open(path) as tar:
        file = tar.extractfile("manifest.json")
        assert file
        return json.load(file)


async def test_nothing_is_restored_over_a_forum(run: Run, saved: Path, owner: RawConnection, tmp_path: Path) -> None:
    before = await content(run.environment["FORUM_MIGRATION_URL"])
    refused = run("restore", str(saved))
    assert refused.returncode == 1
    assert "not empty" in one_line(refused.stderr)
    assert await content(run.environment["FORUM_MIGRATION_URL"]) == before


async def test_nothing_is_restored_over_another_file(saved: Path, place: EmptyPlace) -> None:
    place.data_dir.mkdir()
    (place.data_dir / "secret.key").write_text("another")
    assert "secret.key is there already" in await place.refusal(saved)
    assert (place.data_dir / "secret.key").read_text() == "another"
    (place.data_dir / "secret.key").unlink()
    assert await place.holds_nothing()


async def test_a_damaged_or_foreign_file_leaves_the_place_empty(saved: Path, place: EmptyPlace, tmp_path: Path) -> None:
    whole = saved.read_bytes()
    for name, bad in (("cut", whole[:-1000]), ("text", b"Kalimera\n" * 100), ("other", _tar({"notes.txt": b"hello"}))):
        (tmp_path / name).write_bytes(bad)
        assert "no whole backup" in await place.refusal(tmp_path / name)
    assert "No such file" in await place.refusal(tmp_path / "absent")
    refused = place.run("restore", str(tmp_path / "cut"))
    assert refused.returncode == 1
    assert "no whole backup" in one_line(refused.stderr)
    assert await place.holds_nothing()


@pytest.mark.audit
async def test_a_file_that_lies_about_itself_leaves_the_place_empty(
    saved: Path, place: EmptyPlace, tmp_path: Path
) -> None:
    """What gzip's checksum cannot tell, since whoever changes the content writes it anew."""
    with tarfile.open(saved) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    manifest = json.loads(members["manifest.json"])

    def told(**changes: Any) -> bytes:
        return json.dumps({**manifest, **changes}).encode()

    posts = members["tables/posts/000001"]
    for changed, said in (
        ({"tables/posts/000001": posts.replace(b"2019", b"2020")}, "posts"),
        ({"tables/posts/000001": posts + posts}, "posts has"),
        ({"files/../../out": b"x"}, "does not belong"),
        ({"files/more.pdf": b"x"}, "more.pdf"),
        ({"manifest.json": told(format=2)}, "newer program"),
        ({"manifest.json": told(migrations=[*manifest["migrations"], "9999_from_the_future.sql"])}, "9999"),
        ({"manifest.json": told(migrations=manifest["migrations"][:1])}, "tables are not those"),
        ({"manifest.json": told(files=[])}, "knows nothing"),
        ({"manifest.json": b"{"}, "manifest"),
    ):
        path = tmp_path / "changed"
        path.write_bytes(_tar({**{name: m for name, m in members.items() if name != "manifest.json"}, **changed,
                               "manifest.json": changed.get("manifest.json", members["manifest.json"])}))  # fmt: skip
        assert said in await place.refusal(path)
    assert await place.holds_nothing()
    assert not (tmp_path / "out").exists()


def _tar(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content_ in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content_)
            tar.addfile(member, io.BytesIO(content_))
    return gzip.compress(packed.getvalue())


async def test_a_killed_restore_leaves_the_place_empty_and_can_be_begun_again(saved: Path, place: EmptyPlace) -> None:
    place.data_dir.mkdir()
    gate = place.data_dir / ".secret.key.restored"
    os.mkfifo(gate)  # who writes into it waits for a reader, which never comes
    restoring = place.run.begin("restore", str(saved), "--verify")
    async with to(place.superuser_url) as superuser:
        await until(superuser, _IDLE_AFTER_ROWS)  # every row is there, and nothing committed
        restoring.kill()
        await asyncio.to_thread(restoring.communicate)
        await until(superuser, "count(*) = 0 FROM pg_stat_activity WHERE application_name = 'koinon backup'")
    gate.unlink()
    assert list(place.data_dir.rglob("secret.key")) == []
    async with to(place.owner_url) as connection:
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await place.restore(saved)


_IDLE_AFTER_ROWS: Final = """EXISTS (
    SELECT 1 FROM pg_stat_activity
    WHERE application_name = 'koinon backup' AND state = 'idle in transaction' AND query LIKE 'COPY%topics%'
)"""


@pytest.mark.audit
async def test_files_that_an_interrupted_restore_left_are_taken_as_they_are(saved: Path, place: EmptyPlace) -> None:
    place.data_dir.mkdir()
    (place.data_dir / "secret.key").write_text("k" * 64)
    await place.restore(saved)
    assert (place.data_dir / "secret.key").read_text() == "k" * 64


async def test_to_verify_is_to_look_again(saved: Path, place: EmptyPlace) -> None:
    """A server that changes what it was given goes unnoticed without it, and is found out with it."""
    async with to(place.superuser_url) as superuser:
        await superuser.execute("""
            CREATE SCHEMA mischief; GRANT USAGE ON SCHEMA mischief TO PUBLIC;
            CREATE FUNCTION mischief.act() RETURNS event_trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF to_regclass('public.posts') IS NOT NULL THEN
                    UPDATE public.posts SET body = 'άλλα' WHERE number = 2;
                END IF;
            END $$;
            CREATE EVENT TRIGGER mischief ON ddl_command_end WHEN TAG IN ('CREATE INDEX')
                EXECUTE FUNCTION mischief.act();
        """)
    assert "the rows of posts are others" in await place.refusal(saved)
    assert await place.holds_nothing()
    assert place.run("restore", str(saved)).returncode == 0, "premise"


async def test_an_older_forum_gets_the_migrations_that_came_since(
    postgres: Endpoint, place: EmptyPlace, tmp_path: Path
) -> None:
    first, *later = migrations.names()
    assert later
    async with empty_place(postgres, tmp_path, "older") as older:
        async with to(older.owner_url) as connection, connection.transaction():
            await migrations.apply(connection, [first])
            await connection.execute("UPDATE regions SET name_en = 'Somewhere'")
        target = tmp_path / "older.tar.gz"
        await save(older.owner_url, older.data_dir, target)
    assert await place.restore(target) == later
    async with to(place.owner_url) as connection:
        applied = await connection.fetch("SELECT name FROM schema_migrations ORDER BY name")
        assert [row["name"] for row in applied] == migrations.names()
        assert await connection.fetchval("SELECT DISTINCT name_en FROM regions") == "Somewhere"
        assert await connection.fetchval("SELECT count(*) FROM network") == 1


@pytest.mark.audit
async def test_an_encrypted_one_is_restored_with_its_key_alone(
    run: Run, written: str, place: EmptyPlace, tmp_path: Path
) -> None:
    target, key, other = (tmp_path / name for name in ("b.age", "key", "other"))
    owner_url = run.environment["FORUM_MIGRATION_URL"]
    await save(owner_url, tmp_path, target, key=make_key(key))
    make_key(other)
    assert "--key" in await place.refusal(target)
    assert "another key" in await place.refusal(target, other)
    assert await place.holds_nothing()
    done = place.run("restore", str(target), "--key", str(key), "--verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert await content(place.owner_url) == await content(owner_url)
