"""The life of the embedded server, in the order it is lived: start, up, revive, stop."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from forum.errors import CommandError
from forum.postgres.accounts import Account, choose_account, make_private, name_of
from forum.postgres.cluster import is_cluster, make_cluster, running_postmaster
from forum.postgres.failures import as_command_errors, complaint, is_full
from forum.postgres.locks import Locks
from forum.postgres.processes import is_alive, remove_stale_lock, run, works_in
from forum.postgres.programs import choose_programs, digest, runnable_programs

_ELSEWHERE = Path("/var/lib/koinon")
_PORT = 5432  # only a part of the socket's name
_SOCKET_DIR_BYTES = 85  # a socket's address holds 104 bytes on macOS, 108 on Linux
_SSL_REQUEST = bytes.fromhex("00000008 04d2162f")
_LOG_BYTES = 10_000_000  # a larger log is turned over at the next boot
ROOM_BYTES = 64 * 1024**2  # four files of the log of changes: vacuum and checkpoints go on after the last write
# The shell's child outlives it and belongs to nobody: any user of the server may be the one to stop it.
_DETACHED = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!'
# Said while the children of a killed server still leave.
_PASSING = ("is still in use", "already exists")

_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "230",  # some twenty pools of ten, and room for jobs, migrations and an operator
    "logging_collector": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens: the folder of its unix socket, and the number in the socket's name."""

    host: str
    port: int

    def url(self, database: str, user: str) -> str:
        """Return the libpq address of a database for a role."""
        where = f"host={quote(self.host)}&port={self.port}"
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?{where}"


def _elsewhere(data_dir: Path) -> Path:
    name = re.sub(r"[^A-Za-z0-9_-]+", "", data_dir.parent.name) or "forum"
    return _ELSEWHERE / f"{name}-{digest(data_dir)}"


def room_of(data_dir: Path) -> Callable[[], bool]:
    """Return what tells whether the disk that holds a data directory's cluster can take more; yes where there is none.

    Without room for its log of changes PostgreSQL stops altogether. So those who use it stop writing a little before,
    and what they have can still be read.
    """
    data_dir = Path(os.path.realpath(data_dir))
    places = [str(base) for base in (data_dir / "postgres", _elsewhere(data_dir))]

    def has_room() -> bool:
        for place in places:
            with contextlib.suppress(OSError):
                disk = os.statvfs(place)
                return disk.f_bavail * disk.f_frsize >= ROOM_BYTES
        return True

    return has_room


class EmbeddedServer:
    """One cluster under `<data_dir>/postgres/` and the server over it, shared by every process that starts it."""

    SUPERUSER = "postgres"

    def __init__(
        self,
        data_dir: Path,
        *,
        pg_bin: Path | None = None,
        pg_user: str = "",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.notice: str | None = None  # what start() has to tell the operator once
        self._data_dir = Path(os.path.realpath(data_dir))
        self._pg_bin = pg_bin
        self._pg_user = pg_user
        self._settings = {**_SETTINGS, **(settings or {})}
        self._base = self._data_dir / "postgres"
        self._account: Account | None = None
        self._locks: Locks | None = None
        self._bindir: Path | None = None
        self._version: tuple[int, int] | None = None
        self._endpoint: Endpoint | None = None
        self._turn = threading.Lock()  # start, revive and stop of this object, one at a time

    @property
    def endpoint(self) -> Endpoint:
        if self._endpoint is None:
            raise RuntimeError("the server has not been started")
        return self._endpoint

    @property
    def version(self) -> tuple[int, int]:
        if self._version is None:
            raise RuntimeError("the server has not been started")
        return self._version

    @property
    def made_at(self) -> datetime:
        """When the cluster was made."""
        return datetime.fromtimestamp((self._data / "PG_VERSION").stat().st_mtime, UTC)

    @property
    def log(self) -> Path:
        return self._base / "server.log"

    @property
    def _data(self) -> Path:
        return self._base / "data"

    def start(self, timeout: float = 60) -> Endpoint:
        """Use the server: adopt the one that runs, else start it, making its data first if there is none.

        Raise CommandError if it does not take queries within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        with self._turn, as_command_errors(self._data_dir):
            if self._locks is None:
                self._settle()
                self._locks = Locks(self._base, self._account)
            with self._locks.alone(deadline) as lock:
                is_new = not self._locks.is_user
                if is_new:
                    self._locks.join()
                try:
                    self._bring_up(lock, deadline)
                except BaseException:
                    if is_new:
                        self._leave(self._locks)
                    raise
            return self.endpoint

    def is_up(self) -> bool:
        """Tell whether a server answers; a bare connect proves nothing, a dead one's children may hold it open."""
        if self._endpoint is None:
            return False
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            try:
                connection.connect(f"{self._endpoint.host}/.s.PGSQL.{self._endpoint.port}")
                connection.sendall(_SSL_REQUEST)
                return connection.recv(1) in {b"N", b"S"}
            except OSError:
                return False

    def revive(self, timeout: float = 30) -> bool:
        """Boot the server again if it has died, once however many processes ask; True if this one had to.

        Raise CommandError if it cannot be booted now or does not take queries within `timeout` seconds, which one that
        has much to recover need not; asking again later is right.
        """
        with self._turn, as_command_errors(self._data_dir):
            if self._locks is None or not self._locks.is_user or self.is_up():
                return False
            deadline = time.monotonic() + timeout
            with self._locks.alone(deadline):
                if running_postmaster(self._data):
                    return False  # busy or booting, not dead
                return self._boot(deadline)

    def stop(self) -> bool:
        """Leave the server, and stop it if nobody else uses it; True if it was stopped."""
        with self._turn, as_command_errors(self._data_dir):
            if self._locks is None or not self._locks.is_user:
                return False
            with self._locks.alone(time.monotonic() + 60):
                return self._leave(self._locks)

    def _settle(self) -> None:
        """Choose the account and the folder, and make the folder that account's own."""
        self._data_dir.mkdir(parents=True, exist_ok=True)
        self._account = choose_account(self._data_dir, self._pg_user)
        base = self._data_dir / "postgres"
        if self._account and not self._can_enter(self._data_dir):
            base = self._place_elsewhere(self._account)
        with contextlib.suppress(FileExistsError):
            base.mkdir(mode=0o700)
        self._base = base.resolve(strict=True)  # it may be a link to a larger disk
        make_private(self._base, self._account)

    def _can_enter(self, folder: Path) -> bool:
        return run("/bin/sh", "-c", 'cd -- "$1"', "sh", folder, account=self._account).returncode == 0

    def _place_elsewhere(self, account: Account) -> Path:
        """Return a folder of this installation's own that the account can enter; we open nobody's home to it."""
        if is_cluster(self._data):
            raise CommandError(
                f"the account {account.name}, which owns {self._data}, cannot enter it: "
                "a folder above is closed to it (chmod o+x), or FORUM_DATA_DIR must name another folder"
            )
        base = _elsewhere(self._data_dir)
        _ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
        if not self._can_enter(_ELSEWHERE):
            raise CommandError(
                f"the account {account.name} can enter neither {self._data_dir} nor {_ELSEWHERE}: "
                "name a folder that it can enter in FORUM_DATA_DIR"
            )
        self.notice = (
            f"{self._data_dir} is closed to the account {account.name}, as whom PostgreSQL runs: "
            f"the database is kept in {base}"
        )
        return base

    def _bring_up(self, lock: int, deadline: float) -> None:
        has_cluster = is_cluster(self._data)
        found, self._version = choose_programs(self._pg_bin, self._data)
        self._bindir = runnable_programs(found, self._account, self._base)
        if not has_cluster:
            make_cluster(self._data, self._bindir, self._version[0], self.SUPERUSER, self._account, lock)
        self._boot(deadline)

    def _boot(self, deadline: float) -> bool:
        """Wait until the server takes queries, launching it if none runs; True if it was launched."""
        socket_dir = self._make_socket_dir()
        self._endpoint = Endpoint(str(socket_dir), _PORT)
        launched, mark = 0, 0
        while True:
            running = running_postmaster(self._data)
            if running:
                self._endpoint = Endpoint(running.socket_dir, running.port)
            # One that answers may be another container's, whose process we cannot see.
            if (running is None or running.is_ready) and self.is_up():
                return launched != 0
            if running is None and not (launched and is_alive(launched)):
                if launched:
                    self._pass_over(self._logged_since(mark), deadline)
                launched, mark = self._launch(socket_dir)
            if time.monotonic() > deadline:
                said = complaint(self._logged_since(mark))
                raise CommandError(f"PostgreSQL does not take queries in time ({said}); its log is {self.log}")
            time.sleep(0.01)

    def _launch(self, socket_dir: Path) -> tuple[int, int]:
        """Start a postmaster apart from us and our terminal; return its pid and where its log begins."""
        if self._bindir is None:
            raise RuntimeError("the server has not been started")
        remove_stale_lock(self._data / "postmaster.pid", self._data)
        remove_stale_lock(socket_dir / f".s.PGSQL.{_PORT}.lock", self._data)
        mark = self.log.lstat().st_size if self.log.exists() else 0
        if mark > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
            mark = 0
        quoted = str(socket_dir).replace('"', '""')
        settings = {**self._settings, "unix_socket_directories": f'"{quoted}"'}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command: tuple[str | Path, ...] = (self._bindir / "postgres", "-D", self._data, *options)
        shell = run("/bin/sh", "-c", _DETACHED, "sh", self.log, *command, account=self._account, is_detached=True)
        if shell.stderr:
            raise self._failure(shell.stderr)
        return int(shell.stdout), mark

    def _pass_over(self, said: str, deadline: float) -> None:
        """Wait a moment if what killed a launch will pass; raise CommandError if it will not."""
        if time.monotonic() > deadline or not any(words in said for words in _PASSING):
            raise self._failure(said)
        time.sleep(0.2)

    def _failure(self, said: str) -> CommandError:
        if is_full(said):
            return CommandError(f"the disk that holds {self._base} is full; make room and start again")
        if "invalid permissions" in said or "wrong ownership" in said:
            owner = self._account.name if self._account else name_of(os.geteuid())
            return CommandError(f"{self._data} must belong to {owner} and have mode 0700: set both (chown, chmod)")
        return CommandError(f"PostgreSQL does not start: {complaint(said)}; its log is {self.log}")

    def _make_socket_dir(self) -> Path:
        """Make the folder of the socket: beside the data, or under a temporary one if its path is too long."""
        chosen = self._base / "s"
        if not _fits(chosen):
            name = f"koinon-{digest(self._base)}"
            places = [Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108 - made 0700, its owner verified
            fitting = [place / name for place in places if _fits(place / name) and self._can_enter(place)]
            if not fitting:
                raise CommandError(
                    f"neither {self._base} nor {places[0]} has a path short enough for a socket: "
                    "name a shorter one in FORUM_DATA_DIR or TMPDIR"
                )
            chosen = fitting[0]
        with contextlib.suppress(FileExistsError):
            chosen.mkdir(mode=0o700)
        make_private(chosen, self._account)
        return chosen

    def _logged_since(self, mark: int) -> str:
        try:
            descriptor = os.open(self.log, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return ""
        with os.fdopen(descriptor, "rb") as log:
            log.seek(mark)
            return log.read(100_000).decode(errors="replace")

    def _leave(self, locks: Locks) -> bool:
        with locks.leave() as is_last:
            return is_last and self._shut_down()

    def _shut_down(self) -> bool:
        """Stop the server, harder if it does not end; True if one ran.

        PostgreSQL 18 may forget a fast shutdown that it is asked for while it gets over a killed child.
        """
        running = running_postmaster(self._data)
        if running is None:
            return False
        for how, seconds in ((signal.SIGINT, 15), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(running.pid, how)
            deadline = time.monotonic() + seconds
            while (is_running := works_in(running.pid, self._data)) and time.monotonic() < deadline:
                time.sleep(0.01)
            if not is_running:
                break
        socket_dir = Path(running.socket_dir)
        if socket_dir.parent != self._base:
            with contextlib.suppress(OSError):
                socket_dir.rmdir()
        return True


def _fits(socket_dir: Path) -> bool:
    # A comma would part several hosts in an address.
    return len(os.fsencode(socket_dir)) <= _SOCKET_DIR_BYTES and "," not in str(socket_dir)
