"""Whatever is killed, what was committed is there again, and nothing half-made is ever in its place."""

from __future__ import annotations

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from forum.postgres import Endpoint
from tests.postgres.place import (
    PROGRAMS,
    Place,
    is_running,
    kill,
    postmaster_of,
    process,
    processes_in,
    query,
    wait_for,
)


@pytest.mark.audit
@pytest.mark.parametrize("major", PROGRAMS)
def test_a_killed_postmaster_is_booted_again_with_what_was_committed(place: Place, major: int) -> None:
    server = place.server(pg_bin=PROGRAMS[major])
    endpoint = server.start()
    query(endpoint, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    assert not server.revive()

    postmaster_of(place.folder).kill()
    wait_for(lambda: not server.is_up(), 2)
    began = time.monotonic()

    assert server.revive()
    assert time.monotonic() - began < 5
    assert not server.revive()
    assert query(endpoint, "SELECT count(*) FROM kept") == 1000


@pytest.mark.audit
def test_it_is_booted_again_though_a_busy_child_of_the_killed_one_lingers(place: Place) -> None:
    place.settle()
    server = place.server()
    endpoint = server.start()
    with ThreadPoolExecutor(2) as pool:
        busy = pool.submit(_is_cut_off, endpoint, "SELECT sum(sqrt(n)) FROM generate_series(1, 300000000) n")
        wait_for(lambda: _busy_backends(endpoint) != [])
        backend = process(_busy_backends(endpoint)[0])
        try:
            postmaster_of(place.folder).kill()
            wait_for(lambda: not server.is_up(), 2)
            revival = pool.submit(server.revive)
            time.sleep(0.5)
            assert is_running(backend)
            assert not revival.done()
        finally:
            backend.kill()

        assert revival.result(timeout=10)
        assert busy.result(timeout=10)
    assert query(endpoint, "SELECT 1") == 1


@pytest.mark.audit
def test_of_several_that_revive_at_once_one_does(place: Place) -> None:
    place.settle()
    residents = [place.resident() for _ in range(3)]
    for resident in residents:
        resident.ask("start")
    postmaster = postmaster_of(place.folder)
    postmaster.kill()
    wait_for(lambda: not is_running(postmaster))

    for resident in residents:
        resident.say("revive")
    heard = sorted(resident.hear() for resident in residents)

    assert heard == ["revived False", "revived False", "revived True"]


def test_a_power_cut_loses_nothing_that_was_committed(place: Place) -> None:
    place.settle()
    resident = place.resident()
    endpoint = Endpoint(resident.ask("start").removeprefix("started "), 5432)
    query(endpoint, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    postmaster = postmaster_of(place.folder)

    kill(process(resident.process.pid), postmaster, *postmaster.children())
    resident.process.wait()
    began = time.monotonic()
    again = place.server().start()

    assert time.monotonic() - began < 10
    assert query(again, "SELECT count(*) FROM kept") == 1000


@pytest.mark.audit
@pytest.mark.parametrize(
    ("progress", "whole"),
    [("PG_VERSION", False), ("base/1", True), ("base/4", False)],
    ids=["begun", "half done, initdb killed too", "nearly done"],
)
def test_killed_while_the_cluster_is_made_leaves_no_half_of_it(place: Place, progress: str, whole: bool) -> None:
    resident = place.resident()
    base = place.folder / "postgres"
    resident.say("start")
    wait_for(lambda: (base / "data.new" / progress).exists())
    descendants = process(resident.process.pid).children(recursive=True)

    assert not (base / "data").exists()
    resident.kill()
    if whole:
        kill(*descendants)
    server = place.server()
    endpoint = server.start()

    assert query(endpoint, "SELECT count(*) FROM pg_database") == 3
    assert not (base / "data.new").exists()
    assert server.log.read_text().count("ready to accept connections") == 1


def test_a_pid_file_that_names_another_live_program_does_not_hinder(place: Place) -> None:
    place.settle()
    server = place.server()
    endpoint = server.start()
    query(endpoint, "CREATE TABLE kept ()")
    postmaster = postmaster_of(place.folder)
    pid_file = place.folder / "postgres" / "data" / "postmaster.pid"
    socket_lock = Path(endpoint.host) / ".s.PGSQL.5432.lock"
    kill(postmaster, *postmaster.children())
    wait_for(lambda: len(processes_in(place.folder)) == 0)
    stranger = subprocess.Popen(["sleep", "60"], user=pid_file.stat().st_uid)
    try:
        for path in (pid_file, socket_lock):
            _, newline, rest = path.read_text().partition("\n")
            path.write_text(f"{stranger.pid}{newline}{rest}")

        server.start()

        assert query(endpoint, "SELECT count(*) FROM kept") == 0
        assert stranger.poll() is None
        assert server.stop()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_ended_from_outside_is_started_again(place: Place) -> None:
    place.settle()
    server = place.server()
    endpoint = server.start()
    query(endpoint, "CREATE TABLE kept ()")
    postmaster = postmaster_of(place.folder)

    postmaster.terminate()
    wait_for(lambda: not is_running(postmaster))

    assert query(server.start(), "SELECT count(*) FROM kept") == 0


def test_a_server_that_is_only_mute_is_not_booted_a_second_time(place: Place) -> None:
    place.settle()
    server = place.server()
    endpoint = server.start()
    postmaster = postmaster_of(place.folder)

    postmaster.suspend()
    try:
        assert not server.revive()
    finally:
        postmaster.resume()

    assert query(endpoint, "SELECT 1") == 1
    assert postmaster_of(place.folder) == postmaster


def _is_cut_off(endpoint: Endpoint, sql: str) -> bool:
    try:
        query(endpoint, sql)
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError):
        return True
    return False


def _busy_backends(endpoint: Endpoint) -> list[int]:
    pids = query(
        endpoint,
        "SELECT array_agg(pid) FROM pg_stat_activity WHERE query LIKE '%sqrt(n)%' AND pid <> pg_backend_pid()",
    )
    return list(pids or [])
