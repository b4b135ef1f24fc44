"""What holds over the whole forum and belongs to no page: cookies, secrets, several processes, the audit log."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient

from forum.app import create_app
from forum.config import Config, secret_key
from forum.db import RawConnection
from forum.domain import sessions
from forum.keys import DB
from forum.markup import Renderer
from forum.passwords import Hasher, Parameters
from forum.postgres import EmbeddedServer, Endpoint
from tests.cast import PASSWORD, Cast, email
from tests.site import AGENT, Answer, Program, Site, Visitor
from tests.web import content

ROOT: Final = Path(__file__).parents[2]
NEW: Final = "δεκατρείς ανεμόμυλοι"


class TestOverHttps:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return config.model_copy(update={"base_url": "https://forum.example.org"})

    async def test_the_session_is_bound_to_the_host_and_to_https(self, site: Site) -> None:
        visitor = await site.visitor()
        answer = await visitor.submit("/login", {"email": email("maria"), "password": PASSWORD})
        (cookie,) = (each for each in answer.headers.getall("Set-Cookie") if "session" in each)
        assert cookie.startswith("__Host-koinon_session=")
        parts = {part.strip() for part in cookie.split(";")[1:]}
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= parts
        assert not any(part.startswith("Domain") for part in parts)
        assert int(re.search(r"max-age=(\d+)", answer.headers["Strict-Transport-Security"])[1]) >= 31_536_000  # type: ignore[index]  # fails as it should where there is none


def test_the_secret_is_made_once_long_and_for_its_owner_only(tmp_path: Path) -> None:
    config = Config(_env_file=None, data_dir=tmp_path / "data")
    made = secret_key(config)
    assert len(bytes.fromhex(made.decode())) * 8 >= 256
    assert (tmp_path / "data" / "secret.key").stat().st_mode & 0o777 == 0o600
    assert secret_key(config) == made
    assert secret_key(Config(_env_file=None, data_dir=tmp_path / "other")) != made


async def test_the_application_is_no_superuser_and_cannot_rewrite_the_log(site: Site, postgres: Endpoint) -> None:
    assert EmbeddedServer.SUPERUSER not in {"koinon", "koinon_owner"}
    async with site.app[DB].read() as conn:
        row = await conn._connection.fetchrow(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, current_user::text,"
            " has_table_privilege('audit_entries', 'UPDATE, DELETE, TRUNCATE')"
            " FROM pg_roles WHERE rolname = current_user"
        )
    assert row is not None
    assert list(row) == [False, False, False, False, "koinon", False]


# Several processes -------------------------------------------------------------------------------


async def test_what_is_ended_in_one_process_is_dead_in_the_other_at_once(
    site: Site, config: Config, database_url: str, cast: Cast, aiohttp_server: Any, owner: RawConnection
) -> None:
    hasher, renderer = Hasher(parameters=Parameters.TESTING), Renderer(children=1, eager=False)
    server = await aiohttp_server(create_app(config, database_url, hasher=hasher, renderer=renderer))
    client = TestClient(server, cookie_jar=CookieJar(unsafe=True))
    try:
        await _ended_everywhere(site, client, owner)
    finally:
        await client.session.close()


async def _ended_everywhere(site: Site, client: TestClient[Any, Any], owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    async with site.app[DB].write() as tx:
        key = await sessions.open(tx, site.cast.maria.member_id, address="127.0.0.1", agent=AGENT)
    program = await site.program("maria")
    elsewhere, far = Visitor(client, site.cast.maria), Program(client, program.token)
    cookie = {"Cookie": f"koinon_session={key}"}

    async def lives() -> tuple[int, int]:
        page, call = await elsewhere.get("/settings", headers=cookie), await far.get("/api/v1/me")
        return page.status, call.status

    assert await lives() == (200, 200)
    suspended = "UPDATE members SET suspended_until = $2, suspension_reason = $3 WHERE id = $1"
    await owner.execute("UPDATE members SET suspended_until = 'infinity', suspension_reason = 'x' WHERE name LIKE 'Μ%'")
    assert await lives() == (303, 401)
    await owner.execute(suspended, site.cast.maria.member_id, None, None)
    assert await lives() == (200, 200)
    await maria.get("/settings/sessions")
    assert (await maria.submit("/settings/sessions/delete")).status == 303
    assert await lives() == (303, 200)
    await maria.get("/settings/password")
    sent = {"password_current": PASSWORD, "password": NEW, "password_repeat": NEW}
    assert (await maria.submit("/settings/password", sent)).status == 303
    assert await lives() == (303, 401)


# Rights ------------------------------------------------------------------------------------------


async def test_who_moderates_one_category_has_no_say_in_another(site: Site, owner: RawConnection) -> None:
    await owner.execute(
        "INSERT INTO groups (slug, kind, name_el, name_en) VALUES ('helpers', 'free', 'Βοηθοί', 'Helpers')"
    )
    await owner.execute(
        "INSERT INTO group_members (group_id, member_id) SELECT id, $1 FROM groups WHERE slug = 'helpers'",
        site.cast.sophie.member_id,
    )
    await owner.execute(
        "INSERT INTO grants (category_id, group_id, can_see, can_read, can_start, can_reply, can_vote, can_attach,"
        " can_moderate) SELECT categories.id, groups.id, true, true, true, true, true, true, true"
        " FROM categories, groups WHERE categories.slug = 'questions' AND groups.slug = 'helpers'"
    )
    here = await content.start(site, "maria", "questions")
    other = await owner.fetchval("SELECT min(slug) FROM categories WHERE slug NOT IN ('questions', 'announcements')")
    there = await content.start(site, "administrator", other)
    sophie, program = await site.visitor("sophie"), await site.program("sophie")
    await sophie.get("/settings")
    reason = {"reason": "Κλείνει"}
    assert (await sophie.submit(f"/topics/{here.topic_id}/lock", reason)).status == 303
    assert (await sophie.submit(f"/topics/{there.topic_id}/lock", reason)).status in {403, 404}
    assert (await program.put(f"/api/v1/topics/{there.topic_id}/lock", json=reason)).status in {403, 404}
    assert (await program.put(f"/api/v1/topics/{there.topic_id}/pin")).status in {403, 404}
    assert await owner.fetchval("SELECT array_agg(id) FROM topics WHERE locked_at IS NOT NULL") == [here.topic_id]


# Requests ----------------------------------------------------------------------------------------


async def test_a_name_looked_for_is_no_pattern(site: Site) -> None:
    maria = await site.visitor("maria")
    assert "Καραντώνης" in (await maria.get("/members?q=%CE%BA%CE%B1%CF%81%CE%B1%CE%BD%CF%84")).text
    for pattern in ("%25", "_", "%25%CE%BA%25", "%5C", "%5C%25", ".*", "'%20OR%20'1'='1"):
        answer = await maria.get(f"/members?q={pattern}")
        assert answer.status == 200
        assert "Καραντώνης" not in answer.text, pattern


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/static/.git/config",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/..%5capp.py",
        "/static/koinon.js.map",
        "/static/vendor.json",
        "/static//etc/passwd",
        "/static/",
        "/schema.sql",
        "/.env",
        "/server-status",
        "/phpinfo.php",
    ],
)
async def test_nothing_but_its_own_pages_and_files_is_served(site: Site, path: str) -> None:
    for person in (None, "administrator"):
        answer = await (await site.visitor(person)).get(path)
        assert answer.status in {303, 400, 404}, (person, path)
        assert answer.status != 303 or answer.location.startswith("/login?next=")


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND", "DEBUG"])
async def test_methods_of_other_trades_are_refused_and_echo_nothing(site: Site, method: str) -> None:
    maria = await site.visitor("maria")
    answer = await maria.request(method, "/" if method != "CONNECT" else "*", headers={"X-Echo": "told-back"})
    assert answer.status in {400, 404, 405}
    assert "told-back" not in answer.text


async def test_a_page_far_beyond_the_last_is_not_there(site: Site) -> None:
    topic = await content.start(site, "maria")
    maria, program = await site.visitor("maria"), await site.program("maria")
    assert (await maria.get(f"/topics/{topic.topic_id}/{topic.slug}?page=1000000")).status == 404
    assert (await program.get(f"/api/v1/topics/{topic.topic_id}/posts?after=2147483647")).json["items"] == []


def test_the_forum_asks_no_other_server() -> None:
    """What cannot ask cannot be made to ask: nothing here follows an address that a member wrote."""
    asking = {
        "requests",
        "httpx",
        "urllib3",
        "urllib.request",
        "http.client",
        "ftplib",
        "smtplib",
        "telnetlib",
        "socket",
    }
    found: list[str] = []
    sources = list((ROOT / "forum").rglob("*.py"))
    assert len(sources) > 100
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module}.{each.name}" for each in node.names)]
            place = path.relative_to(ROOT).as_posix()
            found += [f"{place}: {name}" for name in names if name in asking or name.startswith("aiohttp.Client")]
    listening = (
        "forum/server.py",
        "forum/processes/",
        "forum/postgres/",
        "forum/web/connections.py",
        "forum/web/protocol.py",
    )
    assert [each for each in found if not (each.startswith(listening) and each.endswith(": socket"))] == []


# The audit log -----------------------------------------------------------------------------------


async def test_the_log_says_who_did_what_and_holds_no_secret_and_no_word(site: Site, owner: RawConnection) -> None:
    secret = "a secret of the test"
    guest = await site.visitor()
    assert (await guest.submit("/login", {"email": email("maria"), "password": secret})).status == 422
    assert (await guest.submit("/login", {"email": secret + "@x.example", "password": secret})).status == 422
    assert (await guest.submit("/login", {"email": email("maria"), "password": PASSWORD})).status == 303
    await guest.get("/settings")
    await guest.submit("/settings", {"name": secret, "language": "el", "zone": "Europe/Athens", "scheme": "auto"})
    made = await guest.submit("/settings/tokens", {"name": secret, "password_current": PASSWORD})
    token = re.search(r"koinon_[\w-]+", made.text)
    assert token
    topic = await guest.submit("/categories/questions/new", {"title": secret, "body": secret})
    assert topic.status == 303
    await _moderate(site, topic, secret)
    sent = {"password_current": PASSWORD, "password": NEW, "password_repeat": NEW}
    await guest.get("/settings/password")
    assert (await guest.submit("/settings/password", sent)).status == 303
    rows = await owner.fetch("SELECT * FROM audit_entries ORDER BY id")
    acts = {row["act"] for row in rows}
    assert acts >= {"sign_in.failed", "sign_in.succeeded", "token.created", "member.password_changed", "topic.lock"}
    maria = site.cast.maria.member_id
    assert {row["actor_id"] for row in rows if row["act"] == "sign_in.succeeded"} == {maria}
    assert all(row["created_at"].tzinfo and row["request_id"] for row in rows)
    text = "\n".join(str(dict(row)) for row in rows)
    for word in (secret, PASSWORD, NEW, token[0], email("maria"), "Χατζηγιάννη"):
        assert word not in text


async def _moderate(site: Site, topic: Answer, reason: str) -> None:
    moderator = await site.visitor("moderator")
    await moderator.get("/settings")
    number = topic.location.split("/")[2]
    assert (await moderator.submit(f"/topics/{number}/lock", {"reason": reason})).status == 303
