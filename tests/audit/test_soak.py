"""An hour of ordinary use: memory, open files and connections to the database stay what they are, and nobody complains.

KOINON_SOAK_MINUTES says how many minutes it takes; the first tenth of them is not judged, since what is made at first
use is made then.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import statistics
import time
from pathlib import Path
from typing import Final

import psutil

from forum.db import connect
from forum.postgres import EmbeddedServer
from tests.drills.forum_process import ForumProcess, Person, forum

_MINUTES: Final = float(os.environ.get("KOINON_SOAK_MINUTES", "60"))
_A_SECOND: Final = 20
_TOPICS: Final = 40
_PEOPLE: Final = 8


async def _use(person: Person, topics: list[str], chance: random.Random, statuses: list[int]) -> None:
    """Do one thing that members do: nine times of ten read, else write."""
    topic = chance.choice(topics)
    draw = chance.random()
    if draw < 0.05:
        await person.get(f"/topics/{topic}/posts/new")
        status, _ = await person.submit(f"/topics/{topic}/posts", body=f"Απάντηση {chance.random()}")
    elif draw < 0.1:
        status, _ = await person.submit(f"/topics/{topic}/posts", body="Πρόχειρο", action="draft")
    else:
        paths = ("/", "/categories/questions", f"/topics/{topic}/θέμα", "/search?q=απάντηση", "/settings", "/help")
        status, _ = await person.get(chance.choice(paths))
    statuses.append(status)


async def _load(people: list[Person], topics: list[str], until: float) -> list[int]:
    chance = random.Random(20261126)  # noqa: S311 - the same hour every time
    statuses: list[int] = []
    running: set[asyncio.Task[None]] = set()
    begun = time.monotonic()
    for number in itertools.count():
        if (now := time.monotonic()) > until:
            break
        await asyncio.sleep(max(0.0, begun + number / _A_SECOND - now))
        task = asyncio.create_task(_use(people[number % len(people)], topics, chance, statuses))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    return statuses


async def _watch(process: ForumProcess, until: float) -> list[tuple[int, int]]:
    """Return, sixty times, the memory in bytes and the open files of the application and its children."""
    samples = []
    while (left := until - time.monotonic()) > 0:
        await asyncio.sleep(min(left, _MINUTES))
        main = psutil.Process(process.pid)
        family = [main, *(child for child in main.children(recursive=True) if "postgres" not in child.name())]
        samples.append((sum(one.memory_info().rss for one in family), main.num_fds()))
    return samples


async def test_an_hour_of_use_leaves_everything_as_it_was(data_dir: Path) -> None:
    with forum(data_dir) as process:
        people = []
        for number in range(_PEOPLE):
            process.create_member(f"member-{number}@larnaca.example", "larnaca", name=f"Μέλος {number}")
            people.append(Person(process.url))
            await people[-1].sign_in(f"member-{number}@larnaca.example")
        topics = [await people[0].start_topic(f"Θέμα {number}") for number in range(_TOPICS)]
        until = time.monotonic() + _MINUTES * 60
        statuses, samples = await asyncio.gather(_load(people, topics, until), _watch(process, until))
        for person in people:
            await person.http.close()

        assert len(statuses) > _MINUTES * 60 * _A_SECOND * 0.9, "the premise: it was used"
        assert set(statuses) <= {200, 303}
        judged = samples[len(samples) // 10 :]
        third = len(judged) // 3
        memory = [statistics.median(one for one, _ in part) for part in (judged[:third], judged[-third:])]
        assert abs(memory[1] - memory[0]) <= memory[0] * 0.05, [f"{one / 1024**2:.1f} MiB" for one in memory]
        files = [max(two for _, two in part) for part in (judged[:third], judged[-third:])]
        assert files[1] <= files[0] + 5, files

        await asyncio.sleep(2)
        server = EmbeddedServer(data_dir)
        observer = await connect(server.start().url("koinon", EmbeddedServer.SUPERUSER))
        busy = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'koinon' AND state <> 'idle'"
        assert await observer.fetchval(busy) == 0
        await observer.close()
        assert "counters: exact" in process.run("check").stdout
        for word in (" WARNING ", " ERROR ", "Traceback"):
            assert word not in process.said()
        server.stop()
        assert process.stop() == 0
