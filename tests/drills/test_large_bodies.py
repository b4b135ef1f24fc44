"""Bodies that are too large, never end, unfold without end or are nothing at all: refused early, with little memory."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import psutil
import pytest

from tests.cast import PASSWORD
from tests.drills.forum_process import ForumProcess, Person, forum
from tests.drills.serving import Client

_WRITER: Final = "anna@larnaca.example"
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_MULTIPART: Final = "multipart/form-data; boundary=x"

MEMORY: Final = 20 * 1024**2
"""Bytes that the process may take more, whatever it is sent."""

_MANY: Final = 100_000


def _part(name: str) -> bytes:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\nκείμενο\r\n'.encode()


_BODIES: Final[dict[str, tuple[str, str, Callable[[], bytes]]]] = {
    "a large form": (_FORM, "", lambda: b"body=" + b"x" * 3_000_000),
    "many fields": (_FORM, "", lambda: b"a=&" * _MANY),
    "many equal fields": (_FORM, "", lambda: b"body=x&" * _MANY),
    "many parts": (_MULTIPART, "", lambda: b"".join(_part(f"a{number}") for number in range(_MANY)) + b"--x--\r\n"),
    "a part without an end": (_MULTIPART, "", lambda: _part("body") * 3),
    "no parts at all": (_MULTIPART, "", lambda: b"\xff\xfe\x00" * 1000),
    "a multipart form without a boundary": ("multipart/form-data", "", lambda: _part("body")),
    "a file": (
        _MULTIPART,
        "",
        lambda: b'--x\r\nContent-Disposition: form-data; name="body"; filename="a"\r\n\r\n' + b"x" * 900_000,
    ),
    "a form that unfolds": (_FORM, "gzip", lambda: gzip.compress(b"body=" + bytes(200_000_000), 9)),
    "JSON that unfolds": (_JSON, "gzip", lambda: gzip.compress(b'"' + b"x" * 200_000_000 + b'"', 9)),
    "a deflated form that unfolds": (_FORM, "deflate", lambda: zlib.compress(b"body=" + bytes(200_000_000), 9)),
    "what is not packed as it says": (_FORM, "gzip", lambda: b"body=" * 1000),
    "a packing that nobody knows": (_FORM, "xz", lambda: b"body=x"),
    "deep JSON": (_JSON, "", lambda: b"[" * 500_000),
    "many keys": (_JSON, "", lambda: json.dumps(dict.fromkeys(map(str, range(_MANY)), 1)).encode()[:1_000_000]),
    "large JSON": (_JSON, "", lambda: b'{"body": "' + b"x" * 3_000_000 + b'"}'),
}


@pytest.fixture(scope="module")
def bodies() -> dict[str, bytes]:
    """Every body, made once and not while anything is measured."""
    return {name: make() for name, (_, _, make) in _BODIES.items()}


@pytest.fixture
def process(data_dir: Path) -> Iterator[ForumProcess]:
    temporary = data_dir.parent / "temporary"
    temporary.mkdir()
    with forum(data_dir, TMPDIR=str(temporary)) as running:
        running.create_member(_WRITER, "larnaca")
        yield running
        # The numbers of /metrics are kept there, and end with the forum.
        assert [path.name for path in temporary.iterdir() if not path.name.startswith("koinon-metrics-")] == []


class _Sender:
    """Somebody who is signed in, and sends what no browser would."""

    def __init__(self, person: Person, port: int, token: str) -> None:
        self._port, self._csrf, self._token = port, person.token, token
        self._cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in person.http.cookie_jar)

    def _head(self, kind: str, packing: str, length: str) -> bytes:
        path = "/api/v1/topics" if kind == _JSON else "/categories/questions/new"
        lines = [
            f"POST {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self._port}",
            f"Content-Type: {kind}",
            length,
            f"Authorization: Bearer {self._token}" if kind == _JSON else f"Cookie: {self._cookies}",
            f"X-CSRF-Token: {self._csrf}",
            *([f"Content-Encoding: {packing}"] if packing else []),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def send(self, name: str, body: bytes) -> int:
        """Send a body of a kind; return the status, 0 when the connection was closed without one."""
        kind, packing, _ = _BODIES[name]
        return await self._answer(self._head(kind, packing, f"Content-Length: {len(body)}") + body)

    async def send_without_end(self) -> int:
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        return await self._answer(self._head(_FORM, "", "Transfer-Encoding: chunked"), chunk)

    async def _answer(self, sent: bytes, again: bytes = b"") -> int:
        client = await Client.open(self._port)

        async def say() -> None:
            with contextlib.suppress(ConnectionError):
                await client.say(sent)
                while again:
                    await client.say(again)

        saying = asyncio.create_task(say())
        try:
            async with asyncio.timeout(60):
                head = await client.reader.readuntil(b"\r\n")
            return int(head.split()[1])
        except (ConnectionError, asyncio.IncompleteReadError):
            return 0
        finally:
            saying.cancel()
            client.leave()


async def _sender(person: Person, port: int) -> _Sender:
    await person.sign_in(_WRITER)
    await person.get("/categories/questions/new")
    asked = {"email": _WRITER, "password": PASSWORD, "name": "drill"}
    async with person.http.post(f"{person.base}/api/v1/tokens", json=asked) as response:
        assert response.status == 201, await response.text()
        return _Sender(person, port, (await response.json())["token"])


def _peak(process: psutil.Process) -> int:
    """Return the most memory the process has ever had, in bytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


@pytest.mark.audit
async def test_no_body_costs_more_than_it_may(process: ForumProcess, bodies: dict[str, bytes]) -> None:
    serving = psutil.Process(process.pid)
    async with Person(process.url) as person:
        sender = await _sender(person, process.port)
        for _ in range(3):
            assert await person.start_topic("Πρώτο"), "whatever is made at first use is there"
            await sender.send("a large form", bodies["a large form"])
        before = _peak(serving)
        statuses: dict[str, int] = {}
        for name, body in bodies.items():
            statuses[name] = await sender.send(name, body)
        statuses["one that never ends"] = await sender.send_without_end()
        assert all(400 <= status < 500 for status in statuses.values()), statuses
        for name in ("a large form", "large JSON", "one that never ends"):
            assert statuses[name] == 413, name
        for name in ("a form that unfolds", "JSON that unfolds", "a deflated form that unfolds"):
            assert statuses[name] == 415, name
        grown = _peak(serving) - before
        assert grown <= MEMORY, f"{grown / 1024**2:.1f} MiB more"
        assert await person.start_topic("Δεύτερο"), "and everything goes on"
    said = process.said()
    assert "Traceback" not in said
    assert " ERROR " not in said
