"""`member import`: what it says, what it does and how it ends."""

from __future__ import annotations

from pathlib import Path

from forum.db import RawConnection
from tests.cli.running import Run
from tests.web.importing import GOOD, table


async def test_a_file_is_looked_at_done_and_twice_the_same(run: Run, owner: RawConnection, tmp_path: Path) -> None:
    file = tmp_path / "members.csv"
    file.write_bytes(GOOD.encode("cp1253"))
    before = await owner.fetchval("SELECT count(*) FROM members")
    looked = run("member", "import", str(file), "--dry-run")
    assert (looked.returncode, looked.stdout) == (0, "2 can become members, 0 are members already.\n"), looked.stderr
    assert await owner.fetchval("SELECT count(*) FROM members") == before
    done = run("member", "import", str(file))
    assert (done.returncode, done.stdout, done.stderr) == (0, "2 have become members, 0 are members already.\n", "")
    again = run("member", "import", str(file))
    assert (again.returncode, again.stdout) == (0, "0 have become members, 2 are members already.\n")
    assert await owner.fetchval("SELECT count(*) FROM members") == before + 2


async def test_faulty_lines_are_told_and_the_others_go_ahead(run: Run, owner: RawConnection, tmp_path: Path) -> None:
    file = tmp_path / "members.csv"
    file.write_bytes(table("Άννα;anna@larnaca.example;larnaka", "Πέτρος;petros@larnaca.example;larnaca"))
    done = run("member", "import", str(file))
    assert done.returncode == 1
    assert "line 2, organisation: 'larnaka'" in done.stderr
    assert "larnaca?" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert await owner.fetchval("SELECT count(*) FROM members WHERE email = 'petros@larnaca.example'") == 1


def test_a_file_that_is_not_there_is_said_in_one_line(run: Run, tmp_path: Path) -> None:
    refused = run("member", "import", str(tmp_path / "none.csv"))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "none.csv" in refused.stderr
