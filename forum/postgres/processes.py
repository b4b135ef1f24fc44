"""Other programs: run one, tell whether a process is what a lock file says it is."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

from forum.postgres.accounts import Account

_KEPT = ("LD_LIBRARY_PATH", "LOCPATH", "PATH")  # libraries and locales may lie where these say


def run(
    *command: str | Path,
    account: Account | None = None,
    is_detached: bool = False,
    keep: tuple[int, ...] = (),
) -> subprocess.CompletedProcess[str]:
    """Run a program, as an account if given, with nothing of our environment that it has no use for.

    Descriptors in `keep` are handed on; one that is detached gets its own session.
    """
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        cwd="/",
        env={**environment, "LC_ALL": "C", "HOME": "/"},
        umask=0o077,
        start_new_session=is_detached,
        pass_fds=keep,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def is_alive(pid: int) -> bool:
    """Tell whether the process runs; one that only waits to be reaped does not."""
    return _program_of(pid) != ""


def works_in(pid: int, data: Path) -> bool:
    """Tell whether the process is a PostgreSQL over this cluster, and not a later owner of the same number."""
    program = _program_of(pid)
    if "postgres" not in program and "postmaster" not in program:
        return False
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", data)
    except FileNotFoundError:
        return not _has_proc()  # gone meanwhile; without /proc its name must do
    except PermissionError:  # root without the right to trace, as in a container
        return Path(f"/proc/{pid}").stat().st_uid == data.stat().st_uid


def remove_stale_lock(path: Path, data: Path) -> None:
    """Remove a lock file of PostgreSQL's whose pid is another program's by now; a live server's stays.

    PostgreSQL removes those of the plainly dead itself, but believes any live pid of its own account.
    If a child of the dead server still lives, the shared memory it holds keeps a new one from starting.
    """
    try:
        pid = abs(int(path.read_text(encoding="utf-8").partition("\n")[0]))
    except (OSError, ValueError):
        return
    if not works_in(pid, data):
        path.unlink(missing_ok=True)


def _has_proc() -> bool:
    return Path("/proc/self/stat").exists()


def _program_of(pid: int) -> str:
    """Return the name of the program that a live process runs, or nothing."""
    with contextlib.suppress(ChildProcessError, OverflowError):
        os.waitpid(pid, os.WNOHANG)  # ours to reap where this process is a container's first
    if _has_proc():
        try:
            text = Path(f"/proc/{pid}/stat").read_text(errors="replace")  # pid (name) state …
        except (FileNotFoundError, ProcessLookupError):
            return ""
        name, state = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2]
    else:
        state, _, path = run("ps", "-o", "stat=,comm=", "-p", str(pid)).stdout.strip().partition(" ")
        name = path.strip().rpartition("/")[2]
    return "" if state[:1] in {"", "X", "Z"} else name
