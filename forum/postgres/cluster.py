"""The data of one server: made whole or not at all, and what `postmaster.pid` in it says."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from forum.errors import CommandError
from forum.postgres.accounts import Account
from forum.postgres.failures import complaint, is_full
from forum.postgres.processes import run, works_in

# With LC_CTYPE C, pg_trgm sees no Greek letter and the text search parser takes « » for letters.
UTF8_LOCALES = ("C.UTF-8", "en_US.UTF-8", "el_GR.UTF-8", "UTF-8")


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A server that runs: its process, the folder and number of its socket, whether it takes queries."""

    pid: int
    socket_dir: str
    port: int
    is_ready: bool


def running_postmaster(data: Path) -> Postmaster | None:
    """Return the server that runs over this data, whoever started it."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        pid, port, socket_dir = abs(int(lines[0])), int(lines[3]), lines[4]
    except (OSError, ValueError, IndexError):
        return None  # none, or one that has only begun to write it
    if not works_in(pid, data):
        return None
    return Postmaster(pid, socket_dir, port, len(lines) > 7 and lines[7].strip() == "ready")


def is_cluster(data: Path) -> bool:
    """Tell whether there is data; raise CommandError if something else lies in its place."""
    if (data / "PG_VERSION").exists():
        return True
    if data.exists() and any(data.iterdir()):
        raise CommandError(f"{data} holds something that is no PostgreSQL data: move it away")
    return False


def make_cluster(
    data: Path,
    bindir: Path,
    major: int,
    superuser: str,
    account: Account | None,
    lock: int,
    locales: tuple[str, ...] = UTF8_LOCALES,
) -> None:
    """Make the data beside its place, synced, then rename it: a killed initdb leaves no half of it.

    The lock's descriptor goes with initdb: one that outlives us keeps the next process waiting.
    Raise CommandError if it cannot be made.
    """
    draft = data.with_name("data.new")
    shutil.rmtree(draft, ignore_errors=True)
    for locale in locales:
        made = run(
            *(bindir / "initdb", "-D", draft, "-U", superuser, "--encoding=UTF8", "--locale=C"),
            *(f"--lc-ctype={locale}", *_provider(major), "--auth-local=trust", "--auth-host=scram-sha-256"),
            *("--data-checksums", "--no-instructions"),
            account=account,
            keep=(lock,),
        )
        if made.returncode == 0:
            break
        shutil.rmtree(draft, ignore_errors=True)
        if "invalid locale" not in made.stderr:
            if is_full(made.stderr):
                raise CommandError(f"the disk that holds {data.parent} is full; make room and start again")
            raise CommandError(f"PostgreSQL's data could not be made in {data.parent}: {complaint(made.stderr)}")
    else:
        raise CommandError(
            f"this machine has no UTF-8 locale ({', '.join(locales)}): install one (on Debian: apt install locales-all)"
        )
    with contextlib.suppress(FileNotFoundError):
        data.rmdir()
    draft.rename(data)
    folder = os.open(data.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _provider(major: int) -> tuple[str, ...]:
    """Sort by code point everywhere; know capitals of all scripts where the server itself can."""
    if major >= 18:
        return ("--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST")
    if major == 17:
        return ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    return ()
