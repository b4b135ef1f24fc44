"""`check`: the settings in force, and one line for each thing looked at; nothing is changed by looking."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from forum.db import RawConnection
from tests.cli.running import ROOT, Run

TOKEN: Final = "a-token-for-the-machine-that-watches"


def _found(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, str]]:
    """Return what was said of each thing: ok or failed, and the text."""
    found = {}
    for line in done.stdout.partition("\n\n")[2].splitlines():
        verdict, rest = line.split(maxsplit=1)
        name, _, text = rest.partition(": ")
        assert verdict in {"ok", "failed"}, line
        found[name] = (verdict, text)
    return found


def test_all_is_well_here(run: Run) -> None:
    done = run("check")
    found = _found(done)
    assert (done.returncode, done.stderr) == (0, "")
    assert {verdict for verdict, _ in found.values()} == {"ok"}
    assert set(found) == {
        "address", "data directory", "secret key", "disk", "open files", "mail", "storage", "database", "version",
        "encoding",
        "role", "clock", "connections", "migrations", "audit log", "session", "counters",
    }  # fmt: skip
    assert "UTF8" in found["encoding"][1]
    assert "statement_timeout 5s" in found["session"][1]


def test_no_secret_is_shown(run: Run) -> None:
    url = run.environment["FORUM_DATABASE_URL"]
    done = run(
        "check",
        FORUM_DATABASE_URL=f"{url}&password=hunter2",
        FORUM_MIGRATION_URL=f"{url}&sslpassword=hunter2".replace("koinon@", "koinon:hunter2@"),
        FORUM_SECRET_KEY="hunter2-and-a-scheme://long-enough-for-a-key",
        FORUM_METRICS_TOKEN=f"https://{TOKEN}",
    )
    assert "hunter2" not in done.stdout + done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert done.stdout.count("********") == 5


def test_looking_makes_nothing(run: Run, tmp_path: Path) -> None:
    assert run("check", FORUM_DATA_DIR=str(tmp_path / "none")).returncode == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "name", "said"),
    [
        ({"FORUM_BASE_URL": "https://www.example.org"}, "address", "FORUM_TRUSTED_PROXIES"),
        ({"FORUM_DATA_DIR": "/dev/null/koinon"}, "data directory", "FORUM_DATA_DIR"),
        pytest.param({"FORUM_SECRET_KEY": "short"}, "secret key", "32 bytes", marks=pytest.mark.audit),
        pytest.param(
            {"FORUM_DATABASE_URL": "postgresql://127.0.0.1:1/none"},
            "database",
            "does not answer",
            marks=pytest.mark.audit,
        ),
        ({"FORUM_WORKERS": "64"}, "connections", "max_connections"),
        (
            {"FORUM_STORAGE_URL": "s3://a:b@files?endpoint=http://127.0.0.1:1&region=x"},
            "storage",
            "FORUM_STORAGE_URL",
        ),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(run: Run, settings: dict[str, str], name: str, said: str) -> None:
    done = run("check", **settings)
    assert done.returncode == 1
    verdict, text = _found(done)[name]
    assert verdict == "failed"
    assert said in text
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"error: {name}: ")


def test_a_key_that_others_can_read_is_told(run: Run, tmp_path: Path) -> None:
    key = tmp_path / "secret.key"
    key.write_text("k" * 64)
    key.chmod(0o644)
    verdict, text = _found(run("check"))["secret key"]
    assert (verdict, f"chmod 600 {key}" in text) == ("failed", True)
    key.chmod(0o600)
    assert _found(run("check"))["secret key"][0] == "ok"


def test_too_few_files_are_told(run: Run) -> None:
    limited = subprocess.run(
        ["bash", "-c", f"ulimit -n 512; exec {shlex.quote(sys.executable)} run.py check"],
        cwd=ROOT, env=run.environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert limited.returncode == 1
    assert "LimitNOFILE" in _found(limited)["open files"][1]


def test_a_superuser_is_no_role_for_the_forum(run: Run) -> None:
    url = run.environment["FORUM_DATABASE_URL"].replace("koinon@", "postgres@")
    done = run("check", FORUM_DATABASE_URL=url)
    assert _found(done)["role"][0] == "failed"


def test_an_audit_log_that_may_be_rewritten_is_told(run: Run) -> None:
    url = run.environment["FORUM_DATABASE_URL"]
    done = run("check", FORUM_DATABASE_URL=run.environment["FORUM_MIGRATION_URL"], FORUM_MIGRATION_URL=url)
    assert _found(done)["audit log"][0] == "failed"


@pytest.mark.own_database
async def test_migrations_to_come_and_of_a_newer_program(run: Run, owner: RawConnection) -> None:
    await owner.execute("INSERT INTO schema_migrations (name) VALUES ('9999_come_from_the_future.sql')")
    verdict, text = _found(run("check"))["migrations"]
    assert (verdict, "newer than this program" in text) == ("failed", True)
    await owner.execute("DELETE FROM schema_migrations WHERE name > '0002'")
    before = await owner.fetch("SELECT name FROM schema_migrations")
    verdict, text = _found(run("check"))["migrations"]
    assert (verdict, "to come at the next start" in text) == ("ok", True)
    assert await owner.fetch("SELECT name FROM schema_migrations") == before, "looking applies nothing"


def test_an_embedded_database_that_is_new_is_no_fault(data_dir: Path, run: Run) -> None:
    done = run("check", FORUM_DATABASE_URL="", FORUM_MIGRATION_URL="", FORUM_DATA_DIR=str(data_dir))
    assert (done.returncode, done.stderr) == (0, "")
    assert "first start" in _found(done)["database"][1]
