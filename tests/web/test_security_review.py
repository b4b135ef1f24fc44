"""Attacks that were tried on the pages and once worked, or nearly did; each must fail for good."""

from __future__ import annotations

import asyncio
import socket
import time
import unicodedata
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import quote

import pytest
from multidict import CIMultiDict

from forum.characters import is_piled
from forum.config import Config
from forum.errors import RateLimited
from forum.markup import Rendered, Renderer
from forum.web.middleware import shown_path
from tests import cast as people
from tests.drills import forum_process
from tests.site import Answer, Site

PILED: str = "a" + "\u0315\u0300" * 20_000
"""Marks in an order that Unicode has to sort: the time this takes grows with the square of their number."""


@pytest.mark.parametrize("pile", ["\u0315\u0300", "\u0f73", "\u0344\u0316"], ids=ascii)
async def test_piled_marks_in_a_form_of_guests_hold_nobody_up(site: Site, pile: str) -> None:
    guest = await site.visitor()
    await guest.get("/login")
    start = time.perf_counter()
    answer = await guest.submit("/login", {"email": "a" + pile * 60_000, "password": "x"})
    assert time.perf_counter() - start < 2
    assert answer.status == 422


def test_every_mark_is_known_where_it_is_piled_and_no_text_without_is_taken_for_a_pile() -> None:
    marks = [
        character
        for character in map(chr, range(0x300, 0x20000))
        if not "\ud800" <= character <= "\udfff" and unicodedata.combining(character)
    ]
    assert len(marks) > 800
    assert all(is_piled("α" + mark * 31) for mark in marks)
    assert not any(is_piled("α" + mark * 30) for mark in marks)
    assert not is_piled("水" * 100 + "Ώρα άϋλη " * 100)


async def test_piled_marks_in_a_post_are_refused_and_marks_of_scripts_are_kept(site: Site) -> None:
    maria = await site.visitor("maria")
    await maria.get("/categories/questions/new")
    assert (await maria.submit("/categories/questions/new", {"title": "Τ", "body": PILED})).status == 422
    written = "ά ᾄ ё̈̂ ที่ नमस्ते שָׁלוֹם"
    kept = await maria.follow(await maria.submit("/categories/questions/new", {"title": written, "body": written}))
    assert kept.status == 200
    assert "नमस्ते" in kept.text


def _part(headers: str, content: bytes) -> bytes:
    return b"--x\r\n" + headers.encode() + b"\r\n\r\n" + content + b"\r\n--x--\r\n"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded; charset=punycode", b"a-" * 60_000 + b"9" * 60_000),
        ("application/x-www-form-urlencoded; charset=unicode_escape", b"next=/%5Cud800"),
        ("multipart/form-data; boundary=x", _part('Content-Disposition: form-data; name="_charset_"', b"a" * 32)),
        (
            "multipart/form-data; boundary=x",
            _part('Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: odd', b"a"),
        ),
        (
            "multipart/form-data; boundary=x",
            _part('Content-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=punycode', b"a-9" * 9),
        ),
    ],
)
async def test_no_form_chooses_how_it_is_decoded(site: Site, kind: str, body: bytes) -> None:
    guest = await site.visitor()
    await guest.get("/login")
    headers = {"Content-Type": kind, "X-CSRF-Token": guest.token}
    assert (await guest.request("POST", "/login", data=body, headers=headers)).status == 400
    assert (await guest.submit("/login", {"email": "a@b.example", "password": "x"})).status == 422, "the premise"


@pytest.mark.audit
async def test_nobody_waits_for_the_flood_of_another() -> None:
    renderer = Renderer(children=1)
    await renderer.start()
    try:
        done: list[str] = []

        async def send(owner: str) -> None:
            await renderer.render(("*a* " * 280 + "\n\n") * 13, owner=owner)
            done.append(owner)

        flood = [asyncio.create_task(send("maria")) for _ in range(8)]
        await asyncio.sleep(0)
        await send("nikos")
        assert done.count("maria") <= 2
        await asyncio.gather(*flood)
        assert done.count("maria") == 8
    finally:
        await renderer.close()


async def test_whoever_floods_is_told_to_wait() -> None:
    renderer = Renderer(children=1)
    await renderer.start()
    try:
        flood = [renderer.render("*a* " * 2000, owner="maria") for _ in range(300)]
        answers = await asyncio.gather(*flood, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, RateLimited)]
        assert 150 < len(refused) < 300
        assert all(isinstance(answer, Rendered | RateLimited) for answer in answers)
    finally:
        await renderer.close()


class TestBehindAProxy:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return config.model_copy(update={"trusted_proxies": (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"))})

    @pytest.mark.parametrize(
        ("forwarded", "address"),
        [
            (["203.0.113.7"], "203.0.113.7"),
            (["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            # A proxy may add a header of its own below the one that the client made up.
            (["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
            (["198.51.100.1", "203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            (["nonsense", "203.0.113.7"], "203.0.113.7"),
            (["203.0.113.7, ::ffff:10.0.0.2"], "203.0.113.7"),
        ],
        ids=str,
    )
    async def test_the_address_is_what_the_proxy_saw(self, site: Site, forwarded: list[str], address: str) -> None:
        visitor = await site.visitor()
        await visitor.get("/login")
        headers = CIMultiDict(("X-Forwarded-For", value) for value in forwarded)
        sent = {"email": people.email("maria"), "password": people.PASSWORD}
        assert (await visitor.submit("/login", sent, headers=headers)).status == 303
        assert f">{address}<" in (await visitor.get("/settings/sessions")).text


class TestUnderAPath:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return config.model_copy(update={"base_url": "https://www.example.org/intranet"})

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "/intranetevil",
            "/intranet/../wiki",
            "/intranet/..",
            "/intranet/%2e%2E/wiki",
            "/intranet/./.%2e/wiki?x",
            "/intranet/..#x",
            "/wiki",
        ],
    )
    async def test_sign_in_leads_to_no_other_part_of_the_website(self, site: Site, elsewhere: str) -> None:
        maria = await site.visitor("maria")
        assert (await maria.get("/intranet/login?next=/intranet/settings")).location == "/intranet/settings"
        assert (await maria.get(f"/intranet/login?next={quote(elsewhere)}")).location == "/intranet/"


def test_a_log_shows_no_token_of_a_link() -> None:
    for path in (
        "/setup/Abc-1",
        "/intranet/setup/Abc-1",
        "/setup/Abc-1/",
        "/setup/\nAbc-1",
        "/unsubscribe/digest.Abc-1",
    ):
        assert "Abc-1" not in shown_path(path)
    assert shown_path("/settings/sessions") == "/settings/sessions"


async def test_a_stolen_session_ends_with_the_password_it_was_stolen_under(site: Site) -> None:
    maria, thief = await site.visitor(), await site.visitor()
    key = _session_in(await maria.submit("/login", {"email": people.email("maria"), "password": people.PASSWORD}))
    stolen = {"Cookie": f"koinon_session={key}"}
    assert (await thief.get("/settings", headers=stolen)).status == 200
    await maria.get("/settings/password")
    new = "a harbour with seven lamps"
    sent = {"password_current": people.PASSWORD, "password": new, "password_repeat": new}
    changed = await maria.submit("/settings/password", sent)
    assert (await maria.follow(changed)).status == 200
    assert _session_in(changed) != key
    assert (await thief.get("/settings", headers=stolen)).status == 303


def _session_in(answer: Answer) -> str:
    """Return the key of the session that an answer gives to the browser."""
    (cookie,) = (each for each in answer.headers.getall("Set-Cookie") if each.startswith("koinon_session="))
    return cookie.partition("=")[2].partition(";")[0]


def test_what_is_no_http_learns_and_leaves_nothing(data_dir: Path) -> None:
    with forum_process.forum(data_dir) as running:
        for sent in (
            b"NONSENSE\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nCookie: koinon_session=SECRET" + b"x" * 9000 + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer SECRET\x01\r\n\r\n",
            b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        ):
            answer = _exchange(running.port, sent)
            assert " 400 " in answer.partition("\r\n")[0], answer
            assert "Server: Koinon\r\n" in answer
            assert "X-Content-Type-Options: nosniff\r\n" in answer
            assert "default-src 'none'" in answer
            assert "SECRET" not in answer
            assert "aiohttp" not in answer.lower()
        _leave_midway(running, "/login", "application/x-www-form-urlencoded")
        _leave_midway(running, "/api/v1/tokens", "application/json")
        said = running.said()
        assert said.count("POST") == 2, "the premise: both were asked for"
        assert "SECRET" not in said
        assert "Traceback" not in said


def _leave_midway(running: forum_process.ForumProcess, path: str, kind: str) -> None:
    """Begin to send a body when the forum asks for it, and go; return when the forum has told of it."""
    told = running.said().count("POST")
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 100\r\n"
        connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"half")
    deadline = time.monotonic() + 60
    while running.said().count("POST") == told:
        assert time.monotonic() < deadline, running.said()
        time.sleep(0.02)


def _exchange(port: int, sent: bytes) -> str:
    """Send bytes and return all that comes back."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(sent)
        while piece := connection.recv(65536):
            answer += piece
    return answer.decode()


@pytest.mark.parametrize("nothing", ["\u200b", "\u00ad\u2060", "\u3164", "\u2800 \ufeff", "\u200e\u034f"], ids=ascii)
async def test_a_name_or_a_title_that_nobody_can_see_is_missing(site: Site, nothing: str) -> None:
    maria = await site.visitor("maria")
    await maria.get("/settings")
    sent = {"name": nothing, "language": "el", "zone": "Europe/Athens", "scheme": "auto"}
    assert (await maria.submit("/settings", sent)).status == 422
    assert (await maria.submit("/categories/questions/new", {"title": nothing, "body": "Κείμενο"})).status == 422
    assert (await maria.submit("/categories/questions/new", {"title": "Τίτλος", "body": nothing})).status == 422
    assert (await maria.submit("/settings", {**sent, "name": f"Μα\u00adρία{nothing}"})).status == 303
