"""A disk that is full, and has room again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres.place import Place, fill, mounted, query, refusal


@pytest.fixture
def small_disk(place: Place) -> Iterator[Path]:
    """A folder with room for one cluster and little more."""
    folder = place.folder / "disk"
    folder.mkdir()
    with mounted(folder, megabytes=110):
        yield folder
        for server in place.servers:
            server.stop()


def test_a_cluster_for_which_there_is_no_room_is_not_begun(place: Place, small_disk: Path) -> None:
    ballast = fill(small_disk, megabytes_left=20)
    server = place.server(small_disk)

    assert refusal(server) == f"the disk that holds {small_disk / 'postgres'} is full; make room and start again"
    assert sorted(path.name for path in (small_disk / "postgres").iterdir()) == ["start.lock", "users.lock"]

    ballast.unlink()
    assert query(server.start(), "SELECT 1") == 1


def test_a_boot_for_which_there_is_no_room_leaves_the_data_whole(place: Place, small_disk: Path) -> None:
    server = place.server(small_disk)
    query(server.start(), "CREATE TABLE kept ()")
    server.stop()
    ballast = fill(small_disk, megabytes_left=0)

    assert refusal(server) == f"the disk that holds {small_disk / 'postgres'} is full; make room and start again"

    ballast.unlink()
    assert query(server.start(), "SELECT count(*) FROM kept") == 0
