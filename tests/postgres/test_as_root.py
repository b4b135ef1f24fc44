"""What root, and only root, has to arrange: PostgreSQL does not run as root."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from forum.postgres import EmbeddedServer, find_bindirs
from tests.postgres.place import Place, postmaster_of, processes_in, query, refusal


def test_root_lends_an_account_and_owns_nothing_else(place: Place) -> None:
    data_dir = place.folder / "var"
    data_dir.mkdir(mode=0o755)
    (data_dir / "secret.key").write_text("")

    place.server(data_dir).start()

    uid = postmaster_of(data_dir).uids().real
    assert uid != 0
    assert data_dir.stat().st_uid == 0
    assert (data_dir / "secret.key").stat().st_uid == 0
    assert {path.stat().st_uid for path in (data_dir / "postgres").rglob("*")} == {uid}


def test_root_runs_it_as_the_owner_of_the_data_directory(place: Place) -> None:
    data_dir = place.folder / "var"
    data_dir.mkdir()
    os.chown(data_dir, 65534, 65534)

    place.server(data_dir).start()

    assert postmaster_of(data_dir).uids().real == 65534


@pytest.mark.audit
def test_root_runs_it_as_the_account_named(place: Place) -> None:
    server = place.server(pg_user="nobody")
    server.start()

    assert postmaster_of(place.folder).uids().real == 65534
    server.stop()
    assert "FORUM_PG_USER is daemon" in refusal(place.server(pg_user="daemon"))


@pytest.mark.audit
def test_an_ordinary_user_goes_on_where_root_began_for_them(place: Place, ordinary_programs: Path) -> None:
    data_dir = place.folder / "var"
    data_dir.mkdir()
    os.chown(data_dir, 65534, 65534)
    server = place.server(data_dir, pg_bin=ordinary_programs)
    server.start()
    server.stop()

    resident = place.resident(data_dir, uid=65534, pg_bin=ordinary_programs)

    assert resident.ask("start").startswith("started")
    assert resident.ask("stop") == "stopped True"


def test_a_folder_closed_to_the_account_keeps_the_data_elsewhere(place: Place) -> None:
    home = place.folder / "home"
    home.mkdir(mode=0o700)
    server = place.server(home / "κοινόν forum" / "var")

    endpoint = server.start()
    base = server.log.parent
    try:
        assert base.parent == Path("/var/lib/koinon")
        assert base.name.startswith("forum-")
        assert server.notice is not None
        assert str(base) in server.notice
        assert query(endpoint, "SELECT 1") == 1
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        again = EmbeddedServer(home / "κοινόν forum" / "var")
        assert again.start() == endpoint
        again.stop()
        assert server.stop()
        assert processes_in(base) == []
    finally:
        server.stop()
        shutil.rmtree(base)


@pytest.mark.audit
def test_data_that_its_owner_can_no_longer_enter_is_not_begun_anew_elsewhere(place: Place) -> None:
    home = place.folder / "home"
    home.mkdir(mode=0o755)
    server = place.server(home / "var")
    server.start()
    server.stop()

    home.chmod(0o700)

    assert "cannot enter" in refusal(place.server(home / "var"))


@pytest.mark.audit
def test_programs_closed_to_the_account_are_copied_beside_the_data(place: Place) -> None:
    closed = place.folder / "site-packages"
    closed.mkdir(mode=0o700)
    wheel = find_bindirs()[0].parents[1]
    shutil.copytree(wheel, closed / wheel.name, symlinks=True)
    shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), closed / f"{wheel.name}.libs", symlinks=True)
    server = place.server(place.folder / "var", pg_bin=closed / wheel.name / "pginstall" / "bin")

    endpoint = server.start()

    assert query(endpoint, "SELECT 1") == 1
    assert Path(postmaster_of(place.folder / "var").exe()).is_relative_to(place.folder / "var" / "postgres")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert server.stop()
    before = {path: path.stat().st_mtime_ns for path in (place.folder / "var" / "postgres").glob("programs-*")}
    server.start()
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_an_unknown_account_is_refused(place: Place) -> None:
    for name in ("no-such-account", "root"):
        assert f"FORUM_PG_USER: {name} is no unprivileged account" in refusal(place.server(pg_user=name))


def test_data_given_to_root_is_refused(place: Place) -> None:
    place.settle()
    server = place.server()
    server.start()
    server.stop()
    os.chown(place.folder / "postgres" / "data", 0, 0)

    assert "chown" in refusal(place.server())


def test_a_user_without_an_account_is_told(place: Place) -> None:
    place.folder.chmod(0o777)

    resident = place.resident(uid=54321)

    assert resident.ask("start").startswith("error user id 54321 has no account")
