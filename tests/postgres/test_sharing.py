"""One server for every process that wants it, until the last of them leaves."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from tests.postgres.place import Place, is_running, postmaster_of, process, query, refusal, wait_for


def test_processes_that_start_at_once_make_one_cluster_and_one_server(place: Place) -> None:
    residents = [place.resident() for _ in range(4)]

    for resident in residents:
        resident.say("start")
    heard = {resident.hear() for resident in residents}

    assert heard == {f"started {place.folder / 'postgres' / 's'}"}
    log = (place.folder / "postgres" / "server.log").read_text()
    assert log.count("database system is ready to accept connections") == 1
    assert not (place.folder / "postgres" / "data.new").exists()
    assert [resident.ask("stop") for resident in residents] == ["stopped False"] * 3 + ["stopped True"]


def test_the_last_one_out_stops_the_server(place: Place) -> None:
    place.settle()
    first, second = place.server(), place.server()
    first.start()
    second.start()
    postmaster = postmaster_of(place.folder)

    assert not first.stop()
    assert second.is_up()
    assert not first.stop()
    assert second.stop()
    assert not is_running(postmaster)
    assert not second.stop()


def test_starting_twice_is_using_it_once(place: Place) -> None:
    place.settle()
    server = place.server()

    assert server.start() == server.start()
    assert server.stop()


def test_a_killed_process_leaves_a_running_server_that_the_next_one_adopts(place: Place) -> None:
    place.settle()
    killed = place.resident()
    killed.ask("start")
    postmaster = postmaster_of(place.folder)
    killed.kill()
    assert is_running(postmaster)

    server = place.server()
    began = time.monotonic()
    server.start()

    assert time.monotonic() - began < 3
    assert postmaster_of(place.folder) == postmaster
    assert server.stop()
    assert not is_running(postmaster)


def test_a_killed_process_counts_as_gone_though_others_stay(place: Place) -> None:
    place.settle()
    killed, staying = place.resident(), place.server()
    killed.ask("start")
    staying.start()

    killed.kill()

    assert staying.stop()


@pytest.mark.audit
def test_children_that_a_killed_process_forked_do_not_use_the_server_in_its_stead(place: Place) -> None:
    place.settle()
    killed, staying = place.resident(), place.server()
    killed.ask("start")
    child = int(killed.ask("fork").removeprefix("forked "))
    staying.start()

    killed.kill()

    assert is_running(process(child))
    assert staying.stop()


@pytest.mark.audit
def test_a_signal_to_the_terminals_processes_does_not_reach_the_server(place: Place) -> None:
    place.settle()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as where the tests themselves run behind a shell
    try:
        resident = place.resident()
    finally:
        signal.signal(signal.SIGINT, before)
    resident.ask("start")
    postmaster = postmaster_of(place.folder)

    os.killpg(resident.process.pid, signal.SIGINT)
    resident.process.wait(30)

    assert is_running(postmaster)
    assert place.server().start()
    assert postmaster_of(place.folder) == postmaster


def test_a_live_servers_pid_file_is_left_alone(place: Place) -> None:
    place.settle()
    place.server().start()
    pid_file = place.folder / "postgres" / "data" / "postmaster.pid"
    before = (pid_file.stat().st_ino, pid_file.read_bytes())

    for _ in range(3):
        place.server().start()

    assert (pid_file.stat().st_ino, pid_file.read_bytes()) == before


def test_data_moved_with_the_checkout_is_served_at_its_new_place(place: Place) -> None:
    (place.folder / "παλιό").mkdir()
    place.settle(place.folder / "παλιό")
    server = place.server(place.folder / "παλιό")
    query(server.start(), "CREATE TABLE kept ()")
    server.stop()

    (place.folder / "παλιό").rename(place.folder / "νέο")

    assert query(place.server(place.folder / "νέο").start(), "SELECT count(*) FROM kept") == 0


@pytest.mark.audit
def test_a_process_that_starts_endlessly_is_named_to_those_who_wait(place: Place) -> None:
    place.settle()
    server = place.server()
    server.start()
    other = place.server()
    locks = server._locks
    assert locks is not None

    with locks.alone(time.monotonic() + 1):
        began = time.monotonic()
        other_line = refusal(other, timeout=0.3)

    assert "another process" in other_line
    assert time.monotonic() - began < 3


@pytest.mark.audit
def test_a_stop_waits_for_a_revival_under_way_and_leaves_nothing(place: Place) -> None:
    place.settle()
    server = place.server()
    server.start()
    postmaster = postmaster_of(place.folder)
    postmaster.kill()
    wait_for(lambda: not server.is_up())
    revived: list[bool] = []
    thread = threading.Thread(target=lambda: revived.append(server.revive()))

    thread.start()
    time.sleep(0.01)
    server.stop()
    thread.join()

    assert not server.is_up()
    assert not server.revive()
