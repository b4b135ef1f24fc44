"""What was acknowledged survives: the application, the database and everything at once are killed under writes."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path

import aiohttp
import psutil
import pytest

from tests.drills.forum_process import ForumProcess, Person, forum, until

_WRITER = "anna@larnaca.example"


async def _write_until_it_dies(process: ForumProcess, topic: str, acknowledged: list[str]) -> None:
    """Reply one after the other and note each answer that promised it."""
    async with Person(process.url) as person:
        await person.sign_in(_WRITER)
        for number in range(10_000):
            text = f"σημάδι-{topic}-{number:05d}-τέλος"
            try:
                status, _ = await person.submit(f"/topics/{topic}/posts", body=text)
            except (aiohttp.ClientError, TimeoutError):
                return
            if status != 303:
                return
            acknowledged.append(text)


async def _texts_in(process: ForumProcess, topic: str) -> list[str]:
    found: list[str] = []
    async with Person(process.url) as person:
        await person.sign_in(_WRITER)
        status, text = await person.get(f"/topics/{topic}/proto")
        page = 1
        while status == 200:
            found += re.findall(r"σημάδι-\d+-\d{5}-τέλος", text)
            page += 1
            status, text = await person.get(f"/topics/{topic}/proto?page={page}")
    return found


async def _survives(process: ForumProcess, kill: str) -> None:
    async with Person(process.url) as person:
        await person.sign_in(_WRITER)
        topic = await person.start_topic("Πρώτο")
        acknowledged: list[str] = []
        writing = asyncio.create_task(_write_until_it_dies(process, topic, acknowledged))
        await until(lambda: _longer(acknowledged, 15), 30, "fifteen replies are written")
        getattr(process, kill)()
        await writing
        process.start()
        status, _ = await person.get("/")
        assert status == 200, "the session lives on"
    present = await _texts_in(process, topic)
    assert len(present) >= 15
    assert len(present) == len(set(present)), "none stands twice"
    assert set(acknowledged) <= set(present), "every promised reply is there"


async def _longer(texts: list[str], count: int) -> bool:
    return len(texts) >= count


@pytest.mark.audit
async def test_every_acknowledged_reply_survives_the_killing_of_the_application(data_dir: Path) -> None:
    with forum(data_dir) as process:
        process.create_member(_WRITER, "larnaca")
        before = process.postmaster().pid
        await _survives(process, "kill")
        assert process.postmaster().pid == before, "the database that ran on was adopted"
        assert process.stop() == 0


async def test_every_acknowledged_reply_survives_the_killing_of_everything(data_dir: Path) -> None:
    with forum(data_dir) as process:
        process.create_member(_WRITER, "larnaca")
        await _survives(process, "kill_everything")
        assert process.stop() == 0


@pytest.mark.audit
async def test_a_killed_database_is_told_as_such_and_comes_back_by_itself(data_dir: Path) -> None:
    with forum(data_dir) as process:
        process.create_member(_WRITER, "larnaca")
        async with Person(process.url) as person:
            await person.sign_in(_WRITER)
            postmaster = process.postmaster()
            victims = [postmaster, *postmaster.children(recursive=True)]
            for victim in victims:
                with contextlib.suppress(psutil.NoSuchProcess):
                    victim.kill()
            async with person.http.get(process.url + "/", headers={"Accept-Language": "en"}) as response:
                assert response.status == 503
                assert response.headers["Retry-After"]
                assert "cannot reach its database" in await response.text()
            async with person.http.get(process.url + "/readyz") as response:
                assert response.status in {200, 503}
            async with person.http.get(process.url + "/healthz") as response:
                assert response.status == 200

            async def works() -> bool:
                return (await person.get("/"))[0] == 200

            await until(works, 15, "the forum answers again")
            topic = await person.start_topic("Μετά τη διακοπή")
            assert topic
        assert process.stop() == 0


@pytest.mark.audit
async def test_told_to_stop_it_ends_in_order_and_leaves_no_process(data_dir: Path) -> None:
    with forum(data_dir) as process:
        postmaster = process.postmaster()
        assert process.stop() == 0
        # Where nobody reaps orphans, as in a container, what has ended still has a name.
        assert not postmaster.is_running() or postmaster.status() == psutil.STATUS_ZOMBIE


@pytest.mark.audit
async def test_a_second_start_on_the_same_port_says_so_in_one_line(data_dir: Path) -> None:
    with forum(data_dir) as process:
        second = process.run("serve")
        assert second.returncode == 1
        assert second.stderr.count("\n") == 1
        assert f"port {process.port}" in second.stderr
        async with Person(process.url) as person:
            assert (await person.get("/login"))[0] == 200, "the first goes on"
