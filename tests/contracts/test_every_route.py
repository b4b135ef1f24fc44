"""What every route keeps to: headers, harmless GETs, hostile values never 500, and a website's path around it all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from forum.config import Config
from forum.db import RawConnection
from forum.routes import ROUTES
from forum.web.middleware import POLICY
from tests.lengths import IS_AUDIT
from tests.site import Answer, Site, Visitor

_LINK: Final = re.compile(r'(?:href|src|action)="([^"]+)"')


_HOSTILE: Final = (
    "0", "-1", "abc", "1e3", "99999999999999999999", "9223372036854775808", "%00", "%ff", "%ed%a0%80", "..%2f..",
    "%F0%9F%98%80", "1%0d%0aX-Evil:1", "'%22%3E%3Cscript%3E", "a" * 3000,
)  # fmt: skip


def _filled(path: str, value: str) -> str:
    return re.sub(r"\{\w+\}", lambda _: value, path)


def _headers_hold(answer: Answer, path: str) -> Iterator[str]:
    wanted = {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Server": "Koinon",
    }
    for name, value in wanted.items():
        if answer.headers.get(name) != value:
            yield f"{path}: {name} is {answer.headers.get(name)}"
    for name in ("Permissions-Policy", "Cache-Control", "X-Request-Id"):
        if not answer.headers.get(name):
            yield f"{path}: {name} is missing"
    if answer.text and "charset=utf-8" not in answer.headers.get("Content-Type", "").lower():
        yield f"{path}: {answer.headers.get('Content-Type')} without charset"
    if answer.headers.get("Access-Control-Allow-Origin"):
        yield f"{path}: answers other origins"


async def test_every_answer_carries_the_headers(site: Site) -> None:
    guest, member = await site.visitor(), await site.visitor("administrator")
    faults: list[str] = []
    for route in ROUTES:
        for visitor in (guest, member):
            for value in ("1", "questions"):
                path = _filled(route.path, value)
                faults += _headers_hold(await visitor.request(route.method, path), path)
    faults += _headers_hold(await member.get("/nowhere"), "/nowhere")
    faults += _headers_hold(await guest.request("DELETE", "/login"), "DELETE /login")
    assert faults == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_hostile_value_in_a_path_or_query_is_a_server_error(site: Site, method: str) -> None:
    """In the audit each in every parameter of every route; else a third of them, in one after the other."""
    member, program = await site.visitor("maria"), await site.program("maria")
    faults: list[str] = []
    for number, route in enumerate(ROUTES):
        if (route.method == "GET") != (method == "GET"):
            continue
        for place, value in enumerate(_HOSTILE):
            if (number + place) % 3 and not IS_AUDIT:
                continue
            paths = [_filled(route.path, value)] if "{" in route.path else []
            if method == "GET":
                plain = _filled(route.path, "1")
                names = ("page", "cursor", "q", "sort", "next", "limit", "after")
                turn = (number + place) % len(names)
                paths += [f"{plain}?{name}={value}" for name in (names if IS_AUDIT else names[turn : turn + 1])]
                paths.append(f"{plain}?page=1&page=2")
            for path in paths:
                answer = (
                    await program.request(route.method, path, json={})
                    if route.is_api
                    else await member.get(path)
                    if method == "GET"
                    else await member.submit(path)
                )
                if answer.status >= 500:
                    faults.append(f"{route.method} {path[:120]}: {answer.status}")
    assert faults == []


async def test_no_hostile_field_of_a_form_is_a_server_error(site: Site) -> None:
    member = await site.visitor("maria")
    await member.get("/")
    fields = ("title", "body", "name", "email", "password", "reason", "language", "zone", "next", "idempotency_key",
              "reply_to", "organisation", "internal", "password_current", "password_repeat",
              "place", "action", "last_number", "kept_place", "kept_body", "kept_reply_to", "kept_writer", "writer",
              "scheme", "page", "contact",
              "name_el", "tagline_en", "accent", "instead", "check", "level", "category", "group", "hour",
              "weekday", "mention", "stop")  # fmt: skip
    faults: list[str] = []
    for route in ROUTES:
        if route.method != "POST" or route.is_api or route.name in {"sessions.delete", "sessions.create"}:
            continue
        path = _filled(route.path, "questions" if "categories" in route.path else "1")
        for value in (
            "\x00",
            "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
            "9" * 40,
            "\u202e" * 10,
            "[" * 5000,
        ):
            answer = await member.submit(path, dict.fromkeys(fields, value))
            if answer.status >= 500:
                faults.append(f"{path} {value[:10]!r}: {answer.status}")
        for raw, kind in (
            (b"csrf_token=%ff%fe&title=%ff", "application/x-www-form-urlencoded"),
            (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
            (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
            (b"{}", "application/json"),
            (b"a=b", "text/plain"),
            (b"", "multipart/form-data"),
        ):
            answer = await member.request(
                "POST", path, data=raw, headers={"Content-Type": kind, "X-CSRF-Token": member.token}
            )
            if answer.status >= 500:
                faults.append(f"{path} {kind} {raw[:12]!r}: {answer.status}")
    assert faults == []


async def test_too_much_is_refused_by_its_size(site: Site) -> None:
    member = await site.visitor("maria")
    await member.get("/categories/questions/new")
    body = BytesIO(urlencode({"csrf_token": member.token, "title": "Τ", "body": "α" * 600_000}).encode())
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await member.request("POST", "/categories/questions/new", data=body, headers=kind)
    assert answer.status == 413
    assert (await member.get("/" + "a" * 5000)).status in {400, 414}


@pytest.mark.parametrize(
    "forged",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
async def test_what_another_site_sends_is_refused_whatever_token_it_has(site: Site, forged: dict[str, str]) -> None:
    member = await site.visitor("maria")
    await member.get("/")
    assert (await member.submit("/read")).status == 303, "the premise: the form works"
    for route in ROUTES:
        if route.method == "GET" or route.is_api or route.is_signed:
            continue
        answer = await member.submit(_filled(route.path, "1"), headers=forged)
        assert answer.status == 403, route.name


async def test_a_form_without_the_sessions_own_token_is_refused(site: Site) -> None:
    maria, nikos = await site.visitor("maria"), await site.visitor("nikos")
    await nikos.get("/")
    for route in ROUTES:
        if route.method == "GET" or route.is_api or route.is_signed:
            continue
        for token in ("", "wrong", nikos.token):
            answer = await maria.request("POST", _filled(route.path, "1"), data={"csrf_token": token})
            assert answer.status == 403, (route.name, token)
    assert (await maria.get("/")).status == 200, "nothing was carried out, sign-out included"


_QUIET_TABLES: Final = frozenset({"topic_reads", "sessions"})
"""Showing a topic records how far it was read (ADR 3), and a visit when the session was last seen."""


async def _everything(owner: RawConnection) -> dict[str, str]:
    tables = await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {
        row["tablename"]: str(
            await owner.fetchval(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {row['tablename']} t")
        )
        for row in tables
        if row["tablename"] not in _QUIET_TABLES
    }


async def _write_something(visitor: Visitor, base: str = "") -> None:
    await visitor.get(f"{base}/categories/questions/new")
    made = await visitor.submit(
        f"{base}/categories/questions/new",
        {"title": "Ύδρευση", "body": "Κείμενο με **έμφαση** και https://example.org"},
    )
    assert made.status == 303, made.text[:300]
    topic = re.search(r"/topics/(\d+)/", made.location)
    assert topic
    answered = await visitor.submit(f"{base}/topics/{topic[1]}/posts", {"body": "Απάντηση"})
    assert answered.status == 303


async def _crawl(visitor: Visitor, start: str) -> list[tuple[str, Answer]]:
    """Follow every link, and ask with GET even where a form would post."""
    seen: dict[str, Answer] = {}
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in seen or len(seen) > 400:
            continue
        seen[path] = answer = await visitor.get(path)
        found = [answer.location] if answer.location else _LINK.findall(answer.text)
        waiting += [unescape(link).partition("#")[0] for link in found if link.startswith("/")]
    return list(seen.items())


async def test_every_get_is_harmless_and_no_link_is_dead(site: Site, owner: RawConnection) -> None:
    member = await site.visitor("administrator")
    await _write_something(member)
    before = await _everything(owner)
    visited = await _crawl(member, "/")
    assert len(visited) > 40
    assert await _everything(owner) == before
    assert (await member.get("/")).status == 200, "the session is still there"
    # A form's address answers GET with 405; every other link opens.
    assert [path for path, answer in visited if answer.status not in {200, 301, 303, 405}] == []


class TestUnderAPath:
    """The forum as a part of a website, behind a proxy that passes the path on."""

    @pytest.fixture
    def config(self, tmp_path: Any) -> Config:
        return Config(
            _env_file=None,
            data_dir=tmp_path,
            secret_key=SecretStr("k" * 64),
            rate_limits=0,
            base_url="https://www.example.org/intranet",
        )

    async def test_every_link_redirect_cookie_and_asset_stays_below_it(self, site: Site) -> None:
        guest = await site.visitor()
        away = await guest.get("/intranet/settings")
        assert away.location == "/intranet/login?next=/intranet/settings"
        login = await guest.get(away.location)
        cookies = login.headers.getall("Set-Cookie")
        assert any(cookie.startswith("__Secure-koinon_guest=") for cookie in cookies)
        for cookie in cookies:
            assert "Path=/intranet" in cookie
            assert "Secure" in cookie
            assert "HttpOnly" in cookie
            assert "SameSite=Lax" in cookie
        assert login.headers["Strict-Transport-Security"]
        for link in _LINK.findall(login.text):
            assert link.startswith(("/intranet/", "#", "https://", "mailto:")) or link == "/intranet", link

    async def test_a_member_reads_and_writes_there_and_no_link_leads_out(self, site: Site) -> None:
        member = await site.visitor("maria")
        await _write_something(member, "/intranet")
        visited = await _crawl(member, "/intranet/")
        assert len(visited) > 30
        assert [path for path, _ in visited if not path.startswith("/intranet")] == []
        assert [path for path, answer in visited if answer.status not in {200, 301, 303, 405}] == []

    async def test_the_api_and_health_live_there_too(self, site: Site) -> None:
        guest = await site.visitor()
        assert (await guest.get("/intranet/healthz")).status == 200
        assert (await guest.get("/intranet/api/v1/openapi.json")).status == 200
        assert (await guest.get("/api/v1/openapi.json")).status in {303, 404}
        program = await site.program("maria")
        made = await program.post(
            "/intranet/api/v1/topics", json={"category": "questions", "title": "Θέμα", "body": "Κείμενο"}
        )
        assert made.status == 201
        assert made.json["url"].startswith("https://www.example.org/intranet/topics/")
