"""A hundred thousand posts are saved and restored within five minutes, in memory that does not grow with them."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from pathlib import Path
from typing import Any

import psutil

from tests.cli.running import Run

_SECONDS = 300
_MEGABYTES = 250


async def test_a_hundred_thousand_posts_within_five_minutes(data_dir: Path) -> None:
    def at(place: Path) -> Run:
        run = Run("", place)
        run.environment |= {"FORUM_DATABASE_URL": "", "FORUM_MIGRATION_URL": ""}
        return run

    first, second = at(data_dir), at(data_dir.with_name("restored"))
    size = ("--members", "2000", "--topics", "5000", "--posts", "100000")
    filled = await asyncio.to_thread(_watched, first, "generate", *size)
    assert filled[0] == 0, filled[1]
    files = data_dir / "files"
    files.mkdir()
    shutil.copytree(Path(__file__).parents[2] / "docs", files / "docs")
    with (files / "large").open("wb") as file:
        file.truncate(1_000_000_000)

    target = data_dir.with_name("saved.tar.gz")
    for run, command in ((first, ("backup", str(target))), (second, ("restore", "--verify", str(target)))):
        began = time.monotonic()
        status, said, megabytes = await asyncio.to_thread(_watched, run, *command)
        assert status == 0, said
        assert re.search(r"[12]\d\d,\d\d\d rows", said), said
        assert time.monotonic() - began < _SECONDS
        assert megabytes < _MEGABYTES, megabytes
    assert (second_file := data_dir.with_name("restored") / "files" / "large").stat().st_size == 1_000_000_000
    assert second_file.with_name("docs").is_dir()


def _watched(run: Run, *command: str) -> tuple[int, str, float]:
    """Run a command; return its status, what it said, and the most megabytes of memory it held."""
    with run.begin(*command) as program:
        process: Any = psutil.Process(program.pid)
        most = 0
        while program.poll() is None:
            try:
                most = max(most, process.memory_info().rss)
            except psutil.Error:
                break
            time.sleep(0.1)
        said, failed = program.communicate()
    return program.returncode, said + failed, most / 1e6
