"""What a large file costs: how long it takes up and down, and how much more the processes hold meanwhile.

Sent and fetched over the API, as a program does it, and deleted again.
"""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tools.bench.processes import Memory, Server

ROUNDS: Final = 5

_LINE: Final = "Πρακτικά της συνεδρίασης\n".encode()
_SIZE: Final = 50_000_000 // len(_LINE) * len(_LINE)
_PIECE: Final = _LINE * 2_000
_BOUNDARY: Final = "koinon-bench"
_HEAD: Final = (
    f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="praktika.txt"\r\n'
    "Content-Type: text/plain\r\n\r\n"
).encode()
_TAIL: Final = f"\r\n--{_BOUNDARY}--\r\n".encode()


@dataclass(frozen=True, slots=True)
class Uploads:
    """Of a file of so many bytes: seconds up and down, medians, and MB by which the answering process grew at most."""

    bytes: int
    up: float
    down: float
    grown: float


def measure(server: Server, token: str) -> Uploads:
    """Send a file, fetch and delete it, ROUNDS times, after once for what is made at first use."""
    _round(server.port, token, 1_000_000 // len(_LINE) * len(_LINE))
    server.forget_peaks()
    before = _answering(server).resident
    rounds = [_round(server.port, token, _SIZE) for _ in range(ROUNDS)]
    grown = _answering(server).peak - before
    return Uploads(
        _SIZE, statistics.median(up for up, _ in rounds), statistics.median(down for _, down in rounds), grown
    )


def _answering(server: Server) -> Memory:
    return next(memory for memory in server.memory() if memory.process == "forum.processes web")


def _round(port: int, token: str, size: int) -> tuple[float, float]:
    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    headers["Content-Length"] = str(len(_HEAD) + size + len(_TAIL))
    up, told = _ask(port, token, "POST", "/api/v1/attachments", body=_body(size), headers=headers)
    place = f"/api/v1/attachments/{json.loads(told)['id']}"
    down, content = _ask(port, token, "GET", f"{place}/content")
    if len(content) != size:
        raise RuntimeError(f"{len(content)} bytes came back of {size}")
    _ask(port, token, "DELETE", place)
    return up, down


def _body(size: int) -> Iterator[bytes]:
    yield _HEAD
    while size:
        yield _PIECE[:size]
        size -= min(size, len(_PIECE))
    yield _TAIL


def _ask(
    port: int,
    token: str,
    method: str,
    path: str,
    *,
    body: Iterator[bytes] | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[float, bytes]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    began = time.monotonic()
    line.request(method, path, body=body, headers={"Authorization": f"Bearer {token}", **(headers or {})})
    answer = line.getresponse()
    content = answer.read()
    seconds = time.monotonic() - began
    line.close()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status}: {content[:300]!r}")
    return seconds, content
