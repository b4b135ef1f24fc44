"""`run.py backup`: a consistent file while people write, or none at all; what was done to one is noticed."""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pyrage
import pytest

from forum.backup.archive import File, opened
from forum.backup.nightly import name_of
from forum.backup.saving import save
from forum.backup.sealing import make_key
from forum.db import Database, RawConnection
from forum.errors import CommandError
from tests.cast import Cast
from tests.cli import counting
from tests.cli.places import WAITS_FOR_A_LOCK, EmptyPlace, one_line, to, until
from tests.cli.running import ROOT, Run
from tests.domain.writing import reply, start


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same bytes in every run


def _open(path: Path, key: Path | None = None) -> File:
    return opened(path, key, lambda count: None)


@contextlib.asynccontextmanager
async def _held(owner: RawConnection) -> AsyncIterator[None]:
    """Keep whoever reads the table of messages to the moderators waiting."""
    async with owner.transaction():
        await owner.execute("LOCK TABLE feedback IN ACCESS EXCLUSIVE MODE")
        yield


async def test_it_is_a_private_tar_that_any_program_opens(run: Run, written: str, tmp_path: Path) -> None:
    target = tmp_path / "αντίγραφο.tar.gz"
    made = run("backup", str(target))
    assert (made.returncode, made.stderr) == (0, "")
    assert "files: 3" in made.stdout
    assert target.stat().st_mode & 0o777 == 0o600
    subprocess.run(["tar", "-xzf", target, "-C", tmp_path / "files"], check=True)
    assert (tmp_path / "files" / "secret.key").read_text() == "k" * 64
    posts = (tmp_path / "files" / "tables" / "posts" / "000001").read_text(encoding="utf-8")
    assert posts.count("\n") == 4
    assert "😀" in posts
    assert sorted(path.name for path in tmp_path.iterdir()) == ["files", "secret.key", target.name]


async def test_what_is_written_meanwhile_is_wholly_in_it_or_not_at_all(
    run: Run, db: Database, cast: Cast, written: str, owner: RawConnection, place: EmptyPlace, tmp_path: Path
) -> None:
    target = tmp_path / "b.tar.gz"
    stop = asyncio.Event()

    async def write() -> int:
        count = 0
        while not stop.is_set():
            made = await start(db, cast.maria)
            await asyncio.gather(*(reply(db, who, made.topic_id) for who in (cast.nikos, cast.sophie)))
            count += 3
        return count

    async with to(owner_address(run)) as watching:
        writing = asyncio.create_task(write())
        async with _held(owner):
            saving = run.begin("backup", str(target))
            await until(watching, WAITS_FOR_A_LOCK)
            snapshot_is_older_than = await watching.fetchval("SELECT count(*) FROM posts")
            await until(watching, "count(*) >= $1 FROM posts", snapshot_is_older_than + 30)
        said, failed = await asyncio.to_thread(saving.communicate)
        stop.set()
        assert await writing > 30
    assert (saving.returncode, failed) == (0, ""), said
    saved = {table.name: table.rows for table in _open(target).manifest.tables}
    assert 4 <= saved["posts"] <= snapshot_is_older_than
    await place.restore(target)
    async with to(place.owner_url) as restored:
        assert await restored.fetchval("SELECT count(*) FROM posts") == saved["posts"]
        assert await counting.miscounted(restored) == counting.NONE


def owner_address(run: Run) -> str:
    return run.environment["FORUM_MIGRATION_URL"]


@pytest.mark.audit
@pytest.mark.own_database
async def test_a_migration_goes_on_meanwhile(run: Run, written: str, owner: RawConnection, tmp_path: Path) -> None:
    target = tmp_path / "b.tar.gz"
    async with to(owner_address(run)) as other:
        async with _held(owner):
            saving = run.begin("backup", str(target))
            await until(other, WAITS_FOR_A_LOCK)
            await other.execute("SET lock_timeout = '5s'")
            for table in ("api_tokens", "posts", "topics"):
                await other.execute(f"ALTER TABLE {table} ADD COLUMN remark text")
        assert await asyncio.to_thread(saving.wait) == 0, saving.communicate()
        saving.communicate()
    assert {table.name: table.rows for table in _open(target).manifest.tables}["posts"] == 4


@pytest.mark.own_database
@pytest.mark.parametrize(
    "act",
    [
        "TRUNCATE {table}",
        pytest.param("ALTER TABLE {table} ALTER COLUMN number TYPE bigint", marks=pytest.mark.audit),
    ],
)
async def test_rows_that_no_snapshot_keeps_are_missed(
    run: Run, written: str, owner: RawConnection, tmp_path: Path, act: str
) -> None:
    """A table that is emptied or written anew looks empty to who began before, and a backup of that would be a lie."""
    assert await owner.fetchval("SELECT count(*) FROM post_revisions") == 1
    target = tmp_path / "b.tar.gz"
    async with to(owner_address(run)) as other:
        async with _held(owner):
            saving = run.begin("backup", str(target))
            await until(other, WAITS_FOR_A_LOCK)
            await other.execute(act.format(table="post_revisions"))
        _, said = await asyncio.to_thread(saving.communicate)
    assert saving.returncode == 1
    assert "meanwhile" in one_line(said)
    assert not target.exists()


async def test_a_killed_backup_leaves_nothing_under_its_name(
    run: Run, written: str, owner: RawConnection, tmp_path: Path
) -> None:
    target = tmp_path / "b.tar.gz"
    async with to(owner_address(run)) as watching:
        async with _held(owner):
            saving = run.begin("backup", str(target))
            await until(watching, WAITS_FOR_A_LOCK)
            assert [path.name for path in tmp_path.glob("*.partial")] == [f".{target.name}.partial"], "it had begun"
            second = run("backup", str(target))
            assert "another process" in one_line(second.stderr)
            saving.kill()
            await asyncio.to_thread(saving.communicate)
        assert not target.exists()
    assert run("backup", str(target)).returncode == 0
    assert _open(target).manifest.rows > 0
    assert list(tmp_path.glob("*.partial")) == []


@pytest.mark.parametrize(
    "is_sealed", [pytest.param(False, id="plain"), pytest.param(True, id="encrypted", marks=pytest.mark.audit)]
)
async def test_a_full_disk_is_said_in_one_line_and_leaves_no_file(
    run: Run, written: str, tmp_path: Path, is_sealed: bool
) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    to_key = ("--to", make_key(tmp_path / "key")) if is_sealed else ()
    limited = subprocess.run(
        ["bash", "-c", 'ulimit -f 2000; exec "$@"', "-", sys.executable, "run.py", "backup", folder / "b", *to_key],
        cwd=ROOT, env=run.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert limited.returncode == 1
    assert "no room" in one_line(limited.stderr)
    assert list(folder.iterdir()) == []


async def test_what_cannot_be_saved_is_said_in_one_line(run: Run, written: str, tmp_path: Path) -> None:
    there, new = tmp_path / "there", tmp_path / "new"
    there.write_text("not ours")
    for target, key, url, said in (
        (there, "", owner_address(run), "exists already"),
        (tmp_path / "no" / "folder", "", owner_address(run), "No such file"),
        (new, "age1nonsense", owner_address(run), "no public key"),
        (new, "", "postgresql://127.0.0.1:1/none", "does not answer"),
    ):
        with pytest.raises(CommandError, match=said) as refused:
            await save(url, tmp_path, target, key=key)
        assert "\n" not in str(refused.value)
    assert there.read_text() == "not ours"
    assert "exists already" in one_line(run("backup", str(there)).stderr)
    assert "FORUM_BACKUP_KEY" in one_line(run("backup", str(new), FORUM_BACKUP_KEY="ssh-ed25519 AAAA").stderr)
    assert not new.exists()


async def test_a_database_without_a_forum_is_not_saved(place: EmptyPlace, tmp_path: Path) -> None:
    assert "no forum" in one_line(place.run("backup", str(tmp_path / "b")).stderr)
    assert not (tmp_path / "b").exists()
    assert await place.holds_nothing(), "saving changes nothing, it does not even migrate"


async def test_a_file_that_was_cut_or_changed_is_refused(run: Run, written: str, tmp_path: Path) -> None:
    target, key = tmp_path / "b.tar.gz", tmp_path / "key"
    sealed = tmp_path / "b.tar.gz.age"
    (tmp_path / "files" / "ab" / "Μελέτη 2026.pdf").write_bytes(_chance(2).randbytes(100_000))
    await save(owner_address(run), tmp_path, target)
    await save(owner_address(run), tmp_path, sealed, key=make_key(key))
    broken = tmp_path / "broken"
    chance = _chance(3)
    for path, private in ((target, None), (sealed, key)):
        whole = path.read_bytes()
        assert _open(path, private).manifest.rows > 0
        cuts = [whole[:length] for length in (0, 1, 9, len(whole) // 2, len(whole) - 8, len(whole) - 1)]
        # The first ten bytes are gzip's own, of which some say nothing about the content.
        flips = [chance.randrange(10, len(whole)) for _ in range(60)]
        for bad in [*cuts, *(_flipped(whole, at, chance.randrange(8)) for at in flips), whole + b"more"]:
            broken.write_bytes(bad)
            with pytest.raises(CommandError) as refused:
                _open(broken, private)
            assert "\n" not in str(refused.value)
    assert run("restore", "--check", str(target)).returncode == 0
    broken.write_bytes(target.read_bytes()[:-100])
    assert "no whole backup" in one_line(run("restore", "--check", str(broken)).stderr)


def _flipped(whole: bytes, at: int, bit: int) -> bytes:
    return whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]


async def test_what_is_encrypted_opens_with_its_key_alone(run: Run, written: str, tmp_path: Path) -> None:
    target, key, other = (tmp_path / name for name in ("b.tar.gz.age", "key", "other"))
    public = run("backup-key", str(key)).stdout.splitlines()[0]
    assert key.stat().st_mode & 0o777 == 0o600
    make_key(other)
    made = run("backup", str(target), FORUM_BACKUP_KEY=public)
    assert (made.returncode, made.stderr) == (0, "")
    assert target.read_bytes().startswith(b"age-encryption.org/v1")
    assert "is whole" in run("restore", "--check", str(target), "--key", str(key)).stdout
    for private_key, said in ((None, "--key"), (other, "another key"), (target, "no private")):
        with pytest.raises(CommandError, match=said):
            _open(target, private_key)
    # By hand, as the program age would open it.
    private = pyrage.x25519.Identity.from_str(key.read_text().splitlines()[1])
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(target.read_bytes(), [private]))) as tar:
        assert tar.getnames()[-1] == "manifest.json"
    with pytest.raises(CommandError, match="File exists"):
        make_key(key)


async def test_without_a_file_old_nights_are_removed_and_nothing_else(run: Run, written: str, tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    folder.mkdir()
    now = datetime.now(UTC)
    nights = [folder / name_of(now - timedelta(days=days), is_sealed=days == 2) for days in (1, 2, 3)]
    others = [folder / "notes.txt", folder / "before-the-move.tar.gz"]
    stale = folder / ".koinon-20260101T000000Z.tar.gz.partial"
    for path in (*nights, *others, stale):
        path.write_text("x")
    made = run("backup", FORUM_BACKUP_DIR=str(folder), FORUM_BACKUP_KEEP="3")
    assert (made.returncode, made.stderr) == (0, "")
    found = sorted(path for path in folder.iterdir() if path.name != ".lock")
    assert set(found) - set(others) > {*nights[:2]}
    assert len(found) == 5
    newest = next(path for path in found if str(path) in made.stdout)
    assert _open(newest).manifest.rows > 0


async def test_a_terminal_shows_how_far_it_is(run: Run, written: str, tmp_path: Path) -> None:
    status, shown = run.on_a_terminal("backup", str(tmp_path / "b"))
    assert status == 0
    for said in (b"Saving rows", b"Saving files", b"3/3", b"/s"):
        assert said in shown, said


@pytest.mark.parametrize("which", ["reading", pytest.param("holding", marks=pytest.mark.audit)])
async def test_a_lost_connection_is_said_in_one_line(
    run: Run, written: str, owner: RawConnection, place: EmptyPlace, database_name: str, tmp_path: Path, which: str
) -> None:
    """Of the one that reads, or of the one that holds the snapshot, which is noticed at the next table."""
    target = tmp_path / "b.tar.gz"
    async with to(place.superuser_url) as superuser:
        async with _held(owner):
            saving = run.begin("backup", str(target))
            await until(superuser, WAITS_FOR_A_LOCK)
            ended = await superuser.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'koinon backup' AND datname = $1 AND (wait_event_type = 'Lock') = $2",
                database_name,
                which == "reading",
            )
            assert len(ended) == 1
            await until(superuser, _FEWER, database_name)
        _, said = await asyncio.to_thread(saving.communicate)
    assert saving.returncode == 1
    assert "no backup was made" in one_line(said)
    assert not target.exists()


_FEWER: Final = "count(*) < 2 FROM pg_stat_activity WHERE application_name = 'koinon backup' AND datname = $1"


async def test_ctrl_c_clears_away_what_was_begun(run: Run, written: str, owner: RawConnection, tmp_path: Path) -> None:
    target = tmp_path / "b.tar.gz.age"
    public = make_key(tmp_path / "key")
    async with to(owner_address(run)) as watching, _held(owner):
        saving = run.begin("backup", str(target), "--to", public)
        await until(watching, WAITS_FOR_A_LOCK)
        saving.send_signal(2)
        await asyncio.to_thread(saving.communicate)
    assert saving.returncode != 0
    assert not target.exists()
    assert list(tmp_path.glob(".*partial")) == []
