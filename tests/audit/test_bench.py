"""`make bench` from nothing: it generates, starts, measures and writes, and leaves the database as it was."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from forum.config import Config
from forum.db import connect
from forum.server import database
from tools.bench.__main__ import main
from tools.bench.cases import CASES
from tools.bench.databases import SIZES


async def _count(url: str) -> dict[str, int]:
    owner = await connect(url)
    tables = ("topics", "posts", "sessions", "api_tokens", "idempotency_keys")
    counts = {table: await owner.fetchval(f"SELECT count(*) FROM {table}") for table in tables}
    await owner.close()
    return counts


def test_every_case_is_measured_and_nothing_of_it_stays(data_dir: Path) -> None:
    how = ["--seconds", "0.3", "--rounds", "1", "--starts", "1"]
    assert main(["--database", "small", *how, "--folder", str(data_dir)]) == 0
    (measured,) = json.loads((data_dir / "latest.json").read_text(encoding="utf-8"))["databases"]
    assert measured["faults"] == []
    cases = {case.name for case in CASES if not case.is_of_proposals}
    assert {figures["case"] for figures in measured["figures"]} == cases
    for figures in measured["figures"]:
        assert 0 < figures["p50"] <= figures["p99"], figures
        assert figures["application"] > 0 < figures["postgres"], figures
        assert figures["statements"] >= 1, figures
    assert 0 < measured["uploads"]["grown"] < 20
    (place,) = data_dir.glob("small-*")
    with database(Config(_env_file=None, data_dir=place)) as ready:
        left = asyncio.run(_count(ready.owner_url))
    assert left == {
        "topics": SIZES["small"].topics,
        "posts": SIZES["small"].posts,
        **dict.fromkeys(("sessions", "api_tokens", "idempotency_keys"), 0),
    }
