"""The child: looks into one file, within limits that it sets itself, says what it found as JSON, and ends.

    python -m forum.files take NAME CONTENT_TYPE SOURCE TARGET PREVIEW     → {"content_type", "has_preview"}
    python -m forum.files words CONTENT_TYPE SOURCE                        → {"text"}

A file that cannot be taken is {"fault": code}. Whatever else goes wrong, nothing is said and the status is not 0.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import Final

from forum.files.kinds import BY_TYPE, Unusable

MEMORY_LIMIT: Final = 1024**3
"""Bytes of address space: a picture of the largest size decoded, and once more while it is written."""

CPU_LIMIT: Final = 60
"""Seconds of a processor; the parent's clock is shorter."""

FILE_LIMIT: Final = 512 * 1024**2
"""Bytes of a file that it writes."""

_PIECE: Final = 1 << 20
_CONTROLS: Final = bytes(range(9)) + bytes(range(14, 32)) + b"\x7f"


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    _limit()
    match arguments:
        case ["take", content_type, source, target, preview]:
            said = _take(content_type, Path(source), Path(target), Path(preview))
        case ["words", content_type, source]:
            from forum.files.words import words  # noqa: PLC0415 - each act loads what it needs

            said = {"text": words(Path(source), content_type)}
        case _:
            return 2
    sys.stdout.write(json.dumps(said))
    return 0


def _take(content_type: str, source: Path, target: Path, preview: Path) -> dict[str, object]:
    kind = BY_TYPE[content_type]
    try:
        if kind.is_picture:
            from forum.files.pictures import take  # noqa: PLC0415

            kept, has_preview = take(source, target, preview, content_type)
            return {"content_type": kept, "has_preview": has_preview}
        if kind.is_package:
            from forum.files.packages import check  # noqa: PLC0415

            check(source, content_type)
        elif not kind.starts and not _is_text(source):
            raise Unusable("wrong_kind")
    except Unusable as refusal:
        return {"fault": refusal.code}
    return {"content_type": content_type, "has_preview": False}


def _is_text(source: Path) -> bool:
    """Say whether a file is text of the web: UTF-8 or Greek Windows letters, and no control characters."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8 = True
    with source.open("rb") as file:
        while piece := file.read(_PIECE):
            if piece.translate(None, _CONTROLS) != piece:
                return False
            with contextlib.suppress(UnicodeDecodeError):
                decoder.decode(piece)
                continue
            is_utf8 = False
    return is_utf8 or _is_greek(source)


def _is_greek(source: Path) -> bool:
    with source.open("rb") as file, contextlib.suppress(UnicodeDecodeError):
        while piece := file.read(_PIECE):
            piece.decode("cp1253")
        return True
    return False


def _limit() -> None:
    """Let this process take no more than its share of memory, time and disk, and leave no core file."""
    if sys.platform == "win32":  # pragma: no cover - has no such limits
        return
    import resource  # noqa: PLC0415 - not on Windows

    for name, most in (
        (resource.RLIMIT_AS, MEMORY_LIMIT),  # macOS refuses it; there the clock alone holds
        (resource.RLIMIT_CPU, CPU_LIMIT),
        (resource.RLIMIT_FSIZE, FILE_LIMIT),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(name, (most, most))
