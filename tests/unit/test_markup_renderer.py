"""Rendering in worker processes: bounded, killed for real, and never at the cost of the loop or of a text."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from forum.markup import BODY_LIMIT, Renderer, render
from forum.markup.rendering import plain

ROOT = Path(__file__).resolve().parents[2]
ENDLESS = "*a_ " * 1_500_000  # without the caps, many times the longest limit used here
MIXED = "**α** [β](https://example.org) `γ`\n\n- [x] δ\n\n| α | β |\n|---|---|\n| 1 | 2 |\n"


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    made = Renderer()
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def uncapped() -> AsyncIterator[Renderer]:
    made = Renderer(children=1, limit=60, capped=False)
    await made.start()
    yield made
    await made.close()


async def until(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    """Wait for a condition; fail when it does not come true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(0.02)


def is_busy(pid: int) -> bool:
    return sum(psutil.Process(pid).cpu_times()[:2]) > 0.5


async def test_a_text_is_rendered_in_another_process(renderer: Renderer) -> None:
    assert len(set(renderer.pids)) == 2
    assert os.getpid() not in renderer.pids
    assert all(psutil.Process(pid).ppid() == os.getpid() for pid in renderer.pids)
    assert await renderer.render(MIXED) == render(MIXED)


@pytest.mark.parametrize(
    "source", ["", "\x00", "\ud800\udfff", "\U0001f600", "α\r\nβ", '"\\\n', "ω" * BODY_LIMIT, "<>&" * 100]
)
async def test_any_text_goes_through_the_pipe(renderer: Renderer, source: str) -> None:
    assert await renderer.render(source) == render(source)


async def test_a_text_beyond_the_limit_asks_no_child(renderer: Renderer) -> None:
    source = "**α**\n" * BODY_LIMIT
    assert await renderer.render(source) == plain(source)


async def test_many_at_once_get_each_their_own(renderer: Renderer) -> None:
    sources = [f"**{number}** " + "α " * (number % 7) for number in range(150)]
    rendered = await asyncio.gather(*map(renderer.render, sources))
    assert [each.html for each in rendered] == [render(source).html for source in sources]


async def test_first_come_is_first_served() -> None:
    renderer = Renderer(children=1)
    await renderer.start()
    order: list[int] = []

    async def ask(number: int) -> None:
        await renderer.render("α " * (500 if number % 2 else 1))
        order.append(number)

    await asyncio.gather(*map(ask, range(40)))
    await renderer.close()
    assert order == list(range(40))


async def test_a_text_that_takes_too_long_is_shown_as_typed_and_its_child_killed() -> None:
    renderer = Renderer(children=1, limit=1, capped=False)
    await renderer.start()
    (before,) = renderer.pids
    started = time.perf_counter()
    rendered = await renderer.render(ENDLESS)
    took = time.perf_counter() - started
    assert rendered.is_plain
    assert rendered.html == f"<p>{ENDLESS}</p>"
    assert 1 <= took < 10
    assert not psutil.pid_exists(before)
    assert (await renderer.render("`α`")).html == "<p><code>α</code></p>"
    assert before not in renderer.pids
    await renderer.close()


async def test_the_loop_runs_on_while_texts_are_rendered_and_children_killed() -> None:
    renderer = Renderer(children=2, limit=2, capped=False)
    await renderer.start()
    lags: list[float] = []

    async def tick() -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.005)
            lags.append(time.perf_counter() - started - 0.005)

    ticker = asyncio.create_task(tick())
    sources = (MIXED, ENDLESS, MIXED, ENDLESS, MIXED)
    rendered = await asyncio.gather(*map(renderer.render, sources))
    ticker.cancel()
    await renderer.close()
    assert [each.is_plain for each in rendered] == [False, True, False, True, False]
    # on the loop, the two dear texts alone would hold it for seconds
    assert len(lags) > 20
    assert sorted(lags)[len(lags) * 9 // 10] < 0.05


async def test_killed_children_are_replaced_and_no_text_is_lost(renderer: Renderer) -> None:
    for _ in range(3):
        before = renderer.pids
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        rendered = await asyncio.gather(*(renderer.render(MIXED) for _ in range(6)))
        assert rendered == [render(MIXED)] * 6
        assert not set(before) & set(renderer.pids)


async def test_a_child_killed_at_work_is_tried_again_once(uncapped: Renderer) -> None:
    asked = asyncio.create_task(uncapped.render(ENDLESS))
    killed = []
    for _ in range(2):
        await until(lambda: bool(uncapped.pids) and uncapped.pids[0] not in killed and is_busy(uncapped.pids[0]))
        killed.append(uncapped.pids[0])
        os.kill(killed[-1], signal.SIGKILL)
    assert await asked == plain(ENDLESS)
    assert (await uncapped.render("`α`")).html == "<p><code>α</code></p>"


async def test_whoever_goes_away_does_not_get_in_the_way_of_the_next() -> None:
    renderer = Renderer(children=1)
    await renderer.start()
    for number in range(20):
        gone = asyncio.create_task(renderer.render("**όχι** " * 500))
        await asyncio.sleep(0.001 * (number % 4))
        gone.cancel()
        assert (await renderer.render(f"`{number}`")).html == f"<p><code>{number}</code></p>"
    await renderer.close()


@pytest.mark.audit
async def test_a_child_that_wants_too_much_memory_gives_the_text_back_plain() -> None:
    renderer = Renderer(children=1, limit=60, memory=100 * 1024 * 1024, capped=False)
    await renderer.start()
    source = "a" * 16_000_000  # read, decoded and parsed, each a copy
    assert (await renderer.render(source)).is_plain
    assert (await renderer.render("`α`")).html == "<p><code>α</code></p>"
    await renderer.close()


async def test_closing_leaves_no_process_and_answers_whoever_waits(uncapped: Renderer) -> None:
    (pid,) = uncapped.pids
    waiting = [asyncio.create_task(uncapped.render(ENDLESS)), asyncio.create_task(uncapped.render("`α`"))]
    await until(lambda: is_busy(pid))
    await uncapped.close()
    assert [await each for each in waiting] == [plain(ENDLESS), plain("`α`")]
    assert uncapped.pids == ()
    assert not psutil.pid_exists(pid)
    with pytest.raises(RuntimeError):
        await uncapped.render("α")


async def test_it_may_be_closed_twice_and_started_again() -> None:
    renderer = Renderer(children=1)
    await renderer.close()
    await renderer.start()
    before = renderer.pids
    await renderer.start()
    assert renderer.pids == before
    await renderer.close()
    await renderer.close()
    await renderer.start()
    assert (await renderer.render("`α`")).html == "<p><code>α</code></p>"
    await renderer.close()


async def test_a_child_that_does_not_come_up_is_an_error_at_the_start() -> None:
    renderer = Renderer(limit=-1)  # no child takes that
    with pytest.raises(OSError, match="does not start"):
        await renderer.start()
    assert renderer.pids == ()


_PARENT = """
import asyncio, sys
from forum.markup import Renderer
async def main():
    renderer = Renderer(children=2, limit=1, capped=False)
    await renderer.start()
    asyncio.ensure_future(renderer.render("*a_ " * 1_500_000))
    await asyncio.sleep(0.3)
    print(*renderer.pids, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_children_die_with_their_parent_idle_or_at_work() -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
    finally:
        parent.kill()
        parent.communicate()
    assert len(pids) == 2
    await until(lambda: not any(_runs(pid) for pid in pids))


def _runs(pid: int) -> bool:
    """Say whether a process runs; in a container nobody may reap what is left of it."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_child_ends_quietly_on_ctrl_c_and_at_the_end_of_its_input() -> None:
    command = [sys.executable, "-m", "forum.markup", "--seconds", "2", "--memory", str(2**29)]
    child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.read(4) == b"\0\0\0\0"
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(b"\0\0\0\x40" + b'"cut short')
    assert (out, err, child.returncode) == (b"", b"", 0)
