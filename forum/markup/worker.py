"""The child's side of rendering: reads texts from standard input, writes them rendered to standard output.

Owns the frame both sides speak (four bytes of length, then JSON) and the limits the child sets itself: memory, a
clock that ends it when a text takes too long and no parent is left to do so. It ends when its input does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
from typing import TYPE_CHECKING, Final

from forum.markup.inline import Known
from forum.markup.rendering import Rendered, convert, plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

HEADER: Final = 4
"""Bytes of length, most significant first, before every frame."""
READY: Final = b"\x00\x00\x00\x00"
"""What the child says first: an empty frame, once everything is imported."""

_GRACE: Final = 3.0  # the child's own clock runs this much longer than the parent's, in its limits


def pack(content: object) -> bytes:
    """Return `content` as one frame; lone surrogates survive, as JSON escapes."""
    body = json.dumps(content).encode("ascii")
    return len(body).to_bytes(HEADER, "big") + body


def pack_request(source: str, known: Known) -> bytes:
    """Return the request to render `source` as one frame."""
    return pack([source, dict(known.mentions), dict(known.signs), sorted(known.groups)])


def unpack_request(body: bytes) -> tuple[str, Known]:
    """Return the source of a request frame and what is known of its names."""
    match json.loads(body):
        case [str(source), dict(mentions), dict(signs), list(groups)]:
            members = {typed: (int(id_), str(name)) for typed, (id_, name) in mentions.items()}
            return source, Known(members, signs, frozenset(map(str, groups)))
        case _:
            raise TypeError("a request is a source, mentions, signs and groups")


def unpack_rendered(body: bytes) -> Rendered:
    """Return the rendered text of an answer frame; raises ValueError when it is not one."""
    match json.loads(body):
        case {"html": str(html), "text": str(text), "is_plain": bool(is_plain)}:
            return Rendered(html=html, text=text, is_plain=is_plain)
        case _:
            raise ValueError("an answer is html, text and is_plain")


def serve(source: BinaryIO, target: BinaryIO, *, limit: float, capped: bool) -> None:
    """Answer one frame after the other until `source` ends; `limit` in seconds, per frame."""
    target.write(READY)
    target.flush()
    while (body := _read(source)) is not None:
        with _alarm(limit * _GRACE):
            rendered = _render(*unpack_request(body), capped=capped)
        target.write(pack({"html": rendered.html, "text": rendered.text, "is_plain": rendered.is_plain}))
        target.flush()


def main() -> None:
    """Be the child: set the limits, then serve standard input and output."""
    parser = argparse.ArgumentParser(prog="forum.markup")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--memory", type=int, required=True)
    parser.add_argument("--uncapped", action="store_true")
    arguments = parser.parse_args()
    if arguments.seconds <= 0 or arguments.memory <= 0:
        parser.error("seconds and memory are positive")
    # Ctrl-C at a terminal reaches the whole group; the parent decides when its child may go.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(arguments.memory)
    with contextlib.suppress(BrokenPipeError), _quiet_when_out_of_memory():
        serve(
            sys.stdin.buffer,
            sys.stdout.buffer,
            limit=arguments.seconds,
            capped=not arguments.uncapped,
        )


def _render(source: str, known: Known, *, capped: bool) -> Rendered:
    try:
        return convert(source, known, capped=capped)
    except Exception:  # a defect in a library must not cost the member the post, nor the child its life
        return plain(source)


@contextlib.contextmanager
def _quiet_when_out_of_memory() -> Iterator[None]:
    try:
        yield
    except MemoryError:
        sys.exit("markup: a text needs more memory than a worker has")


def _read(source: BinaryIO) -> bytes | None:
    """Return the next frame, None at the end or where the end cuts one short."""
    header = source.read(HEADER)
    size = int.from_bytes(header, "big")
    body = source.read(size)
    return body if len(header) == HEADER and len(body) == size else None


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Have the system end this process when what is inside takes longer than `seconds`."""
    if sys.platform == "win32":  # pragma: no cover - has no such clock
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _limit_memory(size: int) -> None:
    """Let this process take no more than `size` bytes of address space, and leave no core file."""
    if sys.platform != "win32":  # pragma: no branch
        import resource  # noqa: PLC0415 - not on Windows

        # macOS refuses RLIMIT_AS; there the time limit alone holds
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
