"""The one line an operator reads when PostgreSQL or the system refuses something."""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Iterator
from pathlib import Path

from forum.errors import CommandError

_NO_ROOM = ("No space left on device", "Disk quota exceeded", "File too large")


def one_line(text: str) -> str:
    return " ".join(text.split())


def is_full(said: str) -> bool:
    return any(words in said for words in _NO_ROOM)


def complaint(said: str) -> str:
    """Return the first fatal sentence of what a program of PostgreSQL printed, else its last line."""
    fatal = re.compile(r"\b(?:FATAL|PANIC|error):\s*(.*)")
    for line in said.splitlines():
        if found := fatal.search(line):
            return one_line(found[1])
    return one_line(said.strip().rpartition("\n")[2]) or "it said nothing"


@contextlib.contextmanager
def as_command_errors(data_dir: Path) -> Iterator[None]:
    """Turn what the system refuses into a CommandError that says what to do."""
    try:
        yield
    except OSError as error:
        place = error.filename or data_dir
        why = error.strerror or str(error)
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise CommandError(f"the disk that holds {place} is full; make room and start again") from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise CommandError(
                f"{place} is not writable ({why}): give it to the account that runs the forum, "
                "or name another folder in FORUM_DATA_DIR"
            ) from error
        raise CommandError(f"{place}: {why}; FORUM_DATA_DIR must name a usable folder") from error
