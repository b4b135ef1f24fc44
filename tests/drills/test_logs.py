"""The forum's own log: what stands in it, what does not, and that nothing depends on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.drills.forum_process import ROOT, ForumProcess, Person, forum, until


@pytest.mark.audit
async def test_a_request_is_one_object_without_a_path_an_address_or_a_token(data_dir: Path) -> None:
    with forum(data_dir, FORUM_LOG="json") as running:
        running.create_member("anna@larnaca.example", "larnaca")
        async with Person(running.url) as anna:
            await anna.sign_in("anna@larnaca.example")
            topic = await anna.start_topic("Μυστικός τίτλος")
            status, _ = await anna.get(f"/topics/{topic}/mystikos-titlos?q=hidden-query")
            assert status == 200
            await anna.get("/setup/a-one-time-token\u2028forged")
        assert running.stop() == 0
        said = running.said()
    events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    shown = next(event for event in events if event.get("route") == "topics.show" and event["status"] == 200)
    assert set(shown) == {"at", "level", "logger", "request_id", "message", "method", "route", "status", "milliseconds"}
    assert len(shown["request_id"]) == 16
    for secret in ("mystikos", "hidden-query", "a-one-time", "anna@", "127.0.0.1", "csrf"):
        assert not any(secret in json.dumps(event) for event in events), secret


@pytest.mark.audit
async def test_a_log_that_nobody_reads_holds_up_no_answer(data_dir: Path) -> None:
    data_dir.mkdir()
    running = ForumProcess(data_dir)
    reading, writing = os.pipe()
    try:
        running.process = subprocess.Popen(
            [sys.executable, "run.py"],
            cwd=ROOT,
            env=running.environment,
            stdout=subprocess.DEVNULL,
            stderr=writing,
            text=True,
        )
        os.close(writing)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http:

            async def answers() -> bool:
                try:
                    async with http.get(f"{running.url}/healthz") as answer:
                        return answer.status == 200
                except aiohttp.ClientConnectionError:
                    return False

            await until(answers, 60, "it answers")
            # A pipe holds 64 KiB, a line of the log 80 bytes.
            for _ in range(1500):
                assert await answers()

            async def has_lost() -> bool:
                async with http.get(f"{running.url}/metrics") as answer:
                    told = (await answer.text()).splitlines()
                return any(
                    float(line.split()[-1]) > 0 for line in told if line.startswith("koinon_log_lines_lost_total")
                )

            await until(has_lost, 30, "the premise: the pipe is full")
            os.close(reading)
            for _ in range(20):
                assert await answers(), "nor does a closed one"
        assert running.stop() == 0
    finally:
        running.clean_up()
