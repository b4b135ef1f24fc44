"""Make a bare checkout ready: `.venv`, its packages, for the tests a browser, for the audit tools of Node and Java.

    python3 tools/bootstrap.py run | test | check | audit

It needs nothing but the standard library, may be run by several at once, repairs what was left half-made or moved,
and does nothing when nothing has changed (`ready` asks only that). `--exact` insists on the Python it is run with.
What it installs is pinned by `constraints.txt`, which `tools/freeze.py` writes, and by `tools/audit/package-lock.json`,
which `npm install --package-lock-only` in that folder writes.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NEEDED = (3, 11)
# Each has all that stands before it.
EXTRAS = {"run": "", "test": "[test]", "check": "[test,check]", "audit": "[test,check,audit]"}
NODE = VENV / "node"
NODE_FILES = tuple(ROOT / "tools" / "audit" / name for name in ("package.json", "package-lock.json", ".npmrc"))
AUDIT_PROGRAMS = {
    "node": "nodejs",
    "npm": "npm",
    "java": "default-jre-headless",
    "faketime": "faketime",
    # What the recipes of docs/operations.md are for.
    "nginx": "nginx-light",
    "caddy": "caddy",
    "pgbouncer": "pgbouncer",
    "patroni": "patroni",
    "etcd": "etcd-server",
    "systemd-analyze": "systemd",
    "openssl": "openssl",
    "curl": "curl",
}
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_PACKAGES = ("chromium-headless-shell", "chromium")
"""One of them, the first that there is: the shell, which has no windows, takes a quarter of the time."""
FONT_PACKAGE = "fonts-dejavu-core"  # it has Greek


class Failure(Exception):
    """It cannot go on; the text is the one line that says why and what to do."""


def main(arguments: list[str]) -> int:
    if sys.version_info < NEEDED:
        say(f"Python 3.11 or newer is needed, this is {number(2)}: make PYTHON=/path/to/python3.11 …")
        return 1
    levels = [word for word in arguments if word in EXTRAS]
    if len(levels) != 1 or set(arguments) - {levels[0], "ready", "--exact"}:
        say("usage: bootstrap.py run | test | check | audit")
        return 2
    level = levels[0]
    if "ready" in arguments:
        return 0 if is_ready(level, number(3)) else 1
    try:
        prepare(level, is_exact="--exact" in arguments)
    except Failure as failure:
        say(str(failure))
        return 1
    except OSError as error:
        say(f"{error.filename or ROOT}: {error.strerror} ({_owner()}): make it writable, or run make as its owner")
        return 1
    return 0


def prepare(level: str, *, is_exact: bool) -> None:
    """Bring the checkout to a level; raise Failure if it cannot be."""
    with alone():
        version = working_version()
        if version is None or (is_exact and not version.startswith(f"{number(2)}.")):
            make_venv()
            version = working_version()
        if version is None:
            raise Failure(f"{PYTHON} does not work; remove {VENV} and try again")
        if not has_packages(level, version):
            install_packages(level, version)
        if level != "run" and find_browser() is None:
            install_browser()
        if level == "audit" and not has_node_tools():
            install_node_tools()


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold the checkout for oneself; a second `make` waits here and then finds the work done."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another make that sets up .venv")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def is_ready(level: str, version: str) -> bool:
    has_browser = level == "run" or find_browser() is not None
    return has_packages(level, version) and has_browser and (level != "audit" or has_node_tools())


def has_packages(level: str, version: str) -> bool:
    """Tell whether this level or a higher one was installed from the same files, by the same Python, here."""
    key = stamp(version)
    enough = list(EXTRAS)[list(EXTRAS).index(level) :]
    return any(path.is_file() and path.read_text() == key for path in map(stamp_file, enough))


def stamp(version: str) -> str:
    digest = hashlib.sha256(f"{version}\0{ROOT}\0".encode("utf-8", "surrogateescape"))
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def stamp_file(level: str) -> Path:
    return VENV / f"ready-for-{level}"


def working_version() -> str | None:
    """Return the version of the Python in `.venv`, None if it or its pip does not work."""
    code = "import pip, sys; print(*sys.version_info[:3], sep='.'); sys.exit(sys.version_info < (3, 11))"
    try:
        done = subprocess.run([PYTHON, "-I", "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def make_venv() -> None:
    minor = number(2)
    modules = [importlib.util.find_spec(name) for name in ("venv", "ensurepip")]
    if any(module is None or module.origin is None for module in modules):  # without origin: an empty folder
        install = f"apt install python{minor}-venv" if shutil.which("apt-get") else "install its venv and ensurepip"
        raise Failure(
            f"Python {minor} ({sys.executable}) cannot make virtual environments: {install}, then run make again"
        )
    say(f"making .venv with Python {minor} ({sys.executable})")
    if VENV.is_symlink():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(VENV)
    done = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"python -m venv failed: {last_line(done.stderr or done.stdout)}")


def install_packages(level: str, version: str) -> None:
    say("installing the packages into .venv, a minute or two the first time")
    began = time.monotonic()
    command = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input", "--no-compile"]
    # Relative, since pip reads some of its paths as addresses; the folder's name may hold anything.
    done = subprocess.run([*command, "-c", "constraints.txt", "-e", f".{EXTRAS[level]}"], cwd=ROOT, check=False)
    if done.returncode != 0:
        raise Failure("pip could not install the packages; what it says stands above")
    for path in map(stamp_file, EXTRAS):
        if path.is_file() and path.read_text() != stamp(version):
            path.unlink()
    stamp_file(level).write_text(stamp(version))
    say(f"installed in {time.monotonic() - began:.0f} s")


def find_browser() -> str | None:
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def install_browser() -> None:
    if not shutil.which("apt-get"):
        raise Failure("the tests need the browser Chromium, as chromium or google-chrome on the PATH: install it")
    for package in BROWSER_PACKAGES:
        try:
            install_by_apt("the tests need the browser Chromium", (package, FONT_PACKAGE))
        except Failure:
            if package == BROWSER_PACKAGES[-1]:
                raise
        if find_browser() is not None:
            return
    raise Failure(f"no browser came with {' or '.join(BROWSER_PACKAGES)}: install Chromium by hand")


def has_node_tools() -> bool:
    """Tell whether the tools were installed from the same files, and what runs them is there."""
    mark = NODE / "ready"
    return not missing_programs() and mark.is_file() and mark.read_text() == node_stamp()


def node_stamp() -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in NODE_FILES)).hexdigest()


def missing_programs() -> list[str]:
    return [program for program in AUDIT_PROGRAMS if shutil.which(program) is None]


def install_node_tools() -> None:
    if missing := missing_programs():
        need = f"the audit needs {', '.join(missing)} on the PATH"
        if not shutil.which("apt-get"):
            raise Failure(f"{need} (Node 18 or newer, Java 11 or newer): install what is missing")
        install_by_apt(need, tuple(AUDIT_PROGRAMS[program] for program in missing))
    say("installing Lighthouse, the HTML checker and a list of hostile texts into .venv/node")
    (NODE / "ready").unlink(missing_ok=True)
    NODE.mkdir(exist_ok=True)
    for path in NODE_FILES:
        shutil.copyfile(path, NODE / path.name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=NODE, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise Failure("npm could not install the audit's tools; what it says stands above")
    (NODE / "ready").write_text(node_stamp())


def install_by_apt(need: str, packages: tuple[str, ...]) -> None:
    """Install packages of Debian as root; raise Failure with the command for everybody else."""
    by_hand = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0:
        raise Failure(f"{need}: sudo {by_hand}")
    say(f"{need}: {by_hand}")
    wait = ("-o", "DPkg::Lock::Timeout=300")
    for command in (["apt-get", *wait, "update"], ["apt-get", *wait, *by_hand.split()[1:]]):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=environment)
        if done.returncode != 0:
            raise Failure(f"{' '.join(command)} failed: {last_line(done.stderr or done.stdout)}")


def number(parts: int) -> str:
    """Return the version of the Python that runs this: 3.12, or 3.12.1."""
    return ".".join(str(part) for part in sys.version_info[:parts])


def last_line(text: str) -> str:
    return " ".join(text.strip().rpartition("\n")[2].split()) or "it said nothing"


def say(line: str) -> None:
    sys.stderr.write(f"bootstrap: {line}\n")
    sys.stderr.flush()


def _owner() -> str:
    place = VENV if VENV.exists() else ROOT
    try:
        return f"{place} belongs to {pwd.getpwuid(place.stat().st_uid).pw_name}"
    except KeyError:
        return f"{place} belongs to user id {place.stat().st_uid}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
