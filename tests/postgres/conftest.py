"""A folder that PostgreSQL's account can enter, servers and processes in it, and none left when a test ends."""

from __future__ import annotations

import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from forum.postgres import EmbeddedServer, find_bindirs
from forum.postgres.accounts import Account
from forum.postgres.programs import runnable_programs
from tests.postgres.place import IS_ROOT, Place, can_mount, processes_in, wait_for

# What only root can do, only root can show. Of the full disk, `test_refusals` has what anyone can.
collect_ignore = [
    *([] if IS_ROOT else ["test_as_root.py"]),
    *([] if can_mount() else ["test_full_disk.py"]),
]


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """The folder of a cluster that was started and stopped."""
    folder = Path(tempfile.mkdtemp(prefix="koinon-pg-"))
    folder.chmod(0o755)  # else closed to the account that root lends PostgreSQL
    try:
        server = EmbeddedServer(folder)
        server.start()
        server.stop()
        server.log.unlink()
        yield folder / "postgres"
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def place(template: Path) -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="koinon-pg-"))
    folder.chmod(0o755)
    place = Place(folder, template, [], [])
    try:
        yield place
        for server in place.servers:
            server.stop()
        for resident in place.residents:
            resident.end()
        wait_for(lambda: not processes_in(folder), 10)
    finally:
        for resident in place.residents:
            resident.end()
        for process in processes_in(folder):
            process.kill()
        shutil.rmtree(folder)


@pytest.fixture
def ordinary_uid() -> int:
    """The uid of an ordinary user: another's when root, else this one's own, said as 0."""
    return pwd.getpwnam("nobody").pw_uid if IS_ROOT else 0


@pytest.fixture
def ordinary_programs(place: Place) -> Path:
    """Programs that the ordinary user can run, wherever those of the tests lie."""
    first = find_bindirs()[0]
    if not IS_ROOT:
        return first
    entry = pwd.getpwnam("nobody")
    return runnable_programs(first, Account(entry.pw_name, entry.pw_uid, entry.pw_gid), place.folder)
