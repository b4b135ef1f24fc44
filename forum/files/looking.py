"""The parent's side: starts a child for each file, a few at a time, and ends it when it takes too long."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import struct
import sys
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import imagesize

from forum.files.kinds import HEAD, Kind, Unusable, kind_of, require_bounded

AT_ONCE: Final = 2
"""Files that a process has looked into at a time."""

SECONDS: Final = 30.0
"""For one file."""

_SEARCHED: Final = 65_536  # bytes of a picture in which its size is looked for before a process is started
_ROOT: Final = Path(__file__).resolve().parents[2]  # what `-m forum.files` is looked up in
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that can be kept: `path` has its bytes, written anew for a picture, `preview` those of its preview."""

    content_type: str
    path: Path
    preview: Path | None


class Looking:
    """Looks into files, each in a process of its own."""

    def __init__(self, *, seconds: float = SECONDS, at_once: int = AT_ONCE) -> None:
        self._seconds = seconds
        self._turns = asyncio.Semaphore(at_once)

    async def take(self, path: Path, name: str) -> Taken:
        """Return what is to be kept of a file; whatever it writes lies beside it. Raise Unusable.

        Codes: wrong_kind (no kind that is taken, or another than its name says), broken_file, too_many_pixels,
        has_macros, too_many_parts.
        """
        kind = await asyncio.to_thread(_kind, path, name)
        if kind is None:
            raise Unusable("wrong_kind")
        target, preview = path.with_suffix(".kept"), path.with_suffix(".preview")
        said = await self._ask("take", kind.content_type, str(path), str(target), str(preview))
        match said:
            case {"fault": str(code)}:
                raise Unusable(code)
            case {"content_type": str(content_type), "has_preview": bool(has_preview)}:
                return Taken(content_type, target if kind.is_picture else path, preview if has_preview else None)
            case _:
                raise Unusable("broken_file")

    async def words(self, path: Path, content_type: str) -> str:
        """Return the words of a document, as far as they can be read."""
        said = await self._ask("words", content_type, str(path))
        return text if isinstance(text := said.get("text"), str) else ""

    async def _ask(self, *arguments: str) -> dict[str, object]:
        """Return what the child says; nothing where it says nothing in time."""
        async with self._turns:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "forum.files", *arguments), stdin=asyncio.subprocess.DEVNULL, stdout=PIPE,
                stderr=asyncio.subprocess.DEVNULL, cwd=_ROOT,
            )  # fmt: skip
            try:
                async with asyncio.timeout(self._seconds):
                    said, _ = await process.communicate()
            except TimeoutError:
                _log.warning("a file took over %g s to look into", self._seconds)
                return {}
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        try:
            found = json.loads(said) if process.returncode == 0 else {}
        except ValueError:
            found = {}
        if not found:
            _log.warning("a file could not be looked into: the child ended with %s", process.returncode)
        return found if isinstance(found, dict) else {}


def _kind(path: Path, name: str) -> Kind | None:
    """Return the kind of a file; a picture that is too large is found out before any process is started for it."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        kind = kind_of(name, head)
        if kind is not None and kind.is_picture:
            # What stands further behind, the child finds: to search through a file is not for who answers.
            with contextlib.suppress(ValueError, OSError, struct.error):
                require_bounded(*imagesize.get(io.BytesIO(head + file.read(_SEARCHED))))
    return kind
