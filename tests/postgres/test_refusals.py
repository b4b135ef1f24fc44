"""When it cannot start, one line says what is wrong and what to do, and nothing is damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from forum.errors import CommandError
from forum.postgres import find_bindirs
from forum.postgres.accounts import choose_account, make_private
from forum.postgres.cluster import make_cluster
from forum.postgres.programs import choose_programs
from tests.postgres.place import PROGRAMS, Place, query, refusal


@pytest.mark.audit
@pytest.mark.parametrize("major", PROGRAMS)
def test_data_of_another_major_version_is_named_and_kept(place: Place, major: int) -> None:
    server = place.server(pg_bin=PROGRAMS[major])
    query(server.start(), "CREATE TABLE kept ()")
    server.stop()
    stamp = place.folder / "postgres" / "data" / "PG_VERSION"
    stamp.write_text("14\n")

    line = refusal(place.server(pg_bin=PROGRAMS[major]))

    assert "is of PostgreSQL 14" in line
    assert f"only PostgreSQL {major} was found" in line
    assert "FORUM_PG_BIN" in line
    stamp.write_text(f"{major}\n")
    assert query(server.start(), "SELECT count(*) FROM kept") == 0


@pytest.mark.audit
def test_every_other_version_installed_refuses_data_that_is_not_its_own(place: Place) -> None:
    makers = [(major, bindir, place.folder / str(major)) for major, bindir in PROGRAMS.items()]
    for _, bindir, data_dir in makers:
        server = place.server(data_dir, pg_bin=bindir)
        server.start()
        server.stop()

    lines = {
        (major, other): refusal(place.server(data_dir, pg_bin=PROGRAMS[other]))
        for major, _, data_dir in makers
        for other in PROGRAMS
        if other != major
    }

    assert len(lines) == len(PROGRAMS) * (len(PROGRAMS) - 1)
    for (major, other), line in lines.items():
        assert f"is of PostgreSQL {major}, but only PostgreSQL {other} was found" in line


def test_a_folder_that_may_not_be_written_is_named(place: Place, ordinary_uid: int, ordinary_programs: Path) -> None:
    closed = place.folder / "κλειστό"
    closed.mkdir(mode=0o555)

    resident = place.resident(closed / "var", uid=ordinary_uid, pg_bin=ordinary_programs)

    heard = resident.ask("start")
    assert heard.startswith(f"error {closed / 'var'} is not writable (Permission denied)")
    assert "FORUM_DATA_DIR" in heard
    assert list(closed.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_named(place: Place) -> None:
    (place.folder / "postgres").write_text("a file")

    assert f"{place.folder / 'postgres'} is not ours" in refusal(place.server())
    assert (place.folder / "postgres").read_text() == "a file"


def test_something_else_in_the_place_of_the_data_is_kept(place: Place) -> None:
    place.settle()
    server = place.server()
    server.start()
    server.stop()
    data = place.folder / "postgres" / "data"
    data.rename(data.with_name("aside"))
    data.mkdir()
    (data / "thesis.txt").write_text("years of work")

    assert f"{data} holds something that is no PostgreSQL data" in refusal(server)
    assert (data / "thesis.txt").read_text() == "years of work"


def test_data_open_to_others_is_refused_with_the_mode_it_needs(place: Place) -> None:
    place.settle()
    server = place.server()
    server.start()
    server.stop()
    data = place.folder / "postgres" / "data"
    data.chmod(0o755)

    assert "mode 0700" in refusal(server)
    data.chmod(0o700)
    assert server.start()


def test_a_setting_that_postgresql_refuses_is_quoted(place: Place) -> None:
    place.settle()
    assert 'invalid value for parameter "max_connections"' in refusal(
        place.server(settings={"max_connections": "many"})
    )


def test_a_folder_without_programs_is_named(place: Place) -> None:
    assert f"{place.folder} does not hold the programs" in refusal(place.server(pg_bin=place.folder))
    with pytest.raises(CommandError, match="FORUM_PG_BIN"):
        find_bindirs(place.folder / "absent")


def test_programs_of_another_kind_of_machine_are_named(place: Place) -> None:
    bindir = place.folder / "bin"
    bindir.mkdir()
    for name in ("postgres", "initdb"):
        (bindir / name).write_bytes(b"\x7fELF of another machine")
        (bindir / name).chmod(0o755)

    assert f"{bindir / 'postgres'} does not run here" in refusal(place.server(pg_bin=bindir))


def test_programs_too_old_are_named(place: Place) -> None:
    bindir = place.folder / "bin"
    bindir.mkdir()
    for name in ("postgres", "initdb"):
        (bindir / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 13.4'\n")
        (bindir / name).chmod(0o755)

    assert "PostgreSQL 15 or newer is needed, but only 13 was found" in refusal(place.server(pg_bin=bindir))


def test_a_machine_without_a_utf8_locale_is_told_what_to_install(place: Place) -> None:
    bindir, version = choose_programs(None, place.folder / "data")
    account = choose_account(place.folder, "")
    base = place.folder / "postgres"
    base.mkdir()
    make_private(base, account)

    with (base / "lock").open("w") as lock, pytest.raises(CommandError, match=r"no UTF-8 locale .*apt install"):
        make_cluster(
            base / "data", bindir, version[0], "postgres", account, lock.fileno(), ("tlh_KX.UTF-8", "qya_ME.UTF-8")
        )

    assert [path.name for path in base.iterdir()] == ["lock"]


@pytest.mark.audit
def test_a_file_larger_than_allowed_stops_initdb_as_a_full_disk_does(
    place: Place, ordinary_uid: int, ordinary_programs: Path
) -> None:
    home = place.folder / "home"
    home.mkdir()
    if ordinary_uid:
        os.chown(home, ordinary_uid, ordinary_uid)
    resident = place.resident(home, uid=ordinary_uid, pg_bin=ordinary_programs, file_size=4_000_000)

    assert resident.ask("start") == f"error the disk that holds {home / 'postgres'} is full; make room and start again"
    assert sorted(path.name for path in (home / "postgres").iterdir()) == ["start.lock", "users.lock"]
    assert place.resident(home, uid=ordinary_uid, pg_bin=ordinary_programs).ask("start").startswith("started")


def test_a_file_larger_than_allowed_stops_a_boot_as_a_full_disk_does(
    place: Place, ordinary_uid: int, ordinary_programs: Path
) -> None:
    home = place.folder / "home"
    home.mkdir()
    if ordinary_uid:
        os.chown(home, ordinary_uid, ordinary_uid)
    maker = place.resident(home, uid=ordinary_uid, pg_bin=ordinary_programs)
    maker.ask("start")
    maker.ask("stop")

    resident = place.resident(home, uid=ordinary_uid, pg_bin=ordinary_programs, file_size=6_000)

    assert resident.ask("start") == f"error the disk that holds {home / 'postgres'} is full; make room and start again"
    assert maker.ask("start").startswith("started")
