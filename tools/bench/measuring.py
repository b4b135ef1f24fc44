"""The measuring of one database: rounds of the bare handler and of the forum in turn, and what each request costs."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from forum import config as settings
from forum.config import Config
from forum.postgres import EmbeddedServer
from forum.server import Ready, database
from tools.bench import openings, processes, scene, uploads
from tools.bench.cases import Case, bare_plan, one_reply
from tools.bench.databases import SIZES
from tools.bench.load import Client, Plan, WrongAnswerError, client
from tools.bench.openings import Openings
from tools.bench.processes import Cost, Memory, Server
from tools.bench.scene import Scene
from tools.bench.streams import Reach, listening
from tools.bench.uploads import Uploads

_COUNTED: Final = 8
"""Requests over which the statements of a page are counted."""

_STATEMENT: Final = (b"LOG:  execute ", b"LOG:  statement: ")


@dataclass(frozen=True, slots=True)
class Options:
    """How long is measured: seconds a round, rounds of each of the two, with how many connections, and what else."""

    seconds: float
    rounds: int
    connections: tuple[int, ...]
    with_openings: bool
    with_uploads: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What a case came to with so many connections.

    Rates are requests a second, medians of the rounds; `ratio` is the median of those of neighbouring rounds. Latencies
    and processor times are milliseconds, the latter a request: of the application, its renderers, PostgreSQL under it,
    the bare handler, PostgreSQL under that, and the client. `statements` include BEGIN and COMMIT. `elsewhere` is the
    share of the machine's processors that was taken by none of these.
    """

    case: str
    connections: int
    rate: float
    bare_rate: float
    ratio: float
    p50: float
    p99: float
    application: float
    renderers: float
    postgres: float
    bare: float
    bare_postgres: float
    client: float
    statements: float
    bytes: float
    elsewhere: float

    @property
    def work_ratio(self) -> float:
        """What the ratio would be if only the two processes' own work counted; it hardly moves on a busy machine."""
        return self.bare / self.application if self.application else 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """All of a database: its figures, what the application holds afterwards, and seconds until it is ready."""

    size: str
    figures: list[Figures]
    faults: list[str]
    memory: list[Memory]
    start: float | None
    reach: Reach | None
    openings: Openings | None
    uploads: Uploads | None


def measure(size: str, data_dir: Path, cases: list[Case], options: Options, starts: int) -> Measured:
    """Measure cases on the database of a data directory, and leave it as it was."""
    _say(f"{size}: {SIZES[size].posts:,} posts; starting {starts} times")
    start = processes.start_seconds(data_dir, starts) if starts else None
    config = Config(_env_file=None, data_dir=data_dir)
    port = processes.free_port()
    figures: list[Figures] = []
    faults: list[str] = []
    with database(config) as ready, client() as asking:
        try:
            with processes.forum(data_dir, port):
                place = asyncio.run(scene.arrange(config, ready, f"http://127.0.0.1:{port}"))
            counts = _count_statements(ready, data_dir, port, asking, place, cases)
            bare_url = asyncio.run(scene.make_bare_database(ready))
            cluster = _embedded(ready).log.parent
            with processes.bare(data_dir, bare_url) as bare, processes.forum(data_dir, port) as forum:
                rounds = _Rounds(ready, asking, place, bare, forum, options, cluster)
                for case in cases:
                    for connections in case.connections or options.connections:
                        try:
                            figures.append(rounds.run(case, connections, counts[case.name]))
                        except WrongAnswerError as error:
                            faults.append(f"{case.name}, {connections}: {error}")
                            _say(f"not measured: {faults[-1]}")
                reach = _reach(forum, asking, place, cluster) if any(case.with_streams for case in cases) else None
                opened = _openings(forum, ready, config, place) if options.with_openings else None
                memory = forum.memory()
                sent = _uploads(forum, place) if options.with_uploads else None
        finally:
            asyncio.run(scene.take_away(ready))
    return Measured(size, figures, faults, memory, start, reach, opened, sent)


def _openings(forum: Server, ready: Ready, config: Config, place: Scene) -> Openings:
    token = asyncio.run(openings.administrator(ready, settings.secret_key(config)))
    found = openings.measure(forum.port, token, place.category)
    _say(f"openings: shown in {found.shown:.0f} ms, done in {found.done:.0f} ms")
    return found


def _uploads(forum: Server, place: Scene) -> Uploads:
    found = uploads.measure(forum, place.readers[0].token)
    _say(f"{found.bytes / 1e6:.0f} MB: {found.up:.2f} s up, {found.down:.2f} s down, {found.grown:.1f} MB more held")
    return found


_REPLIES: Final = 30
"""Replies of which it is measured when they have reached everybody."""


def _reach(forum: Server, asking: Client, place: Scene, cluster: Path) -> Reach:
    """Measure when a reply has reached the first and the last of the streams, and what all of it costs."""
    plan = one_reply(place)
    first: list[float] = []
    last: list[float] = []
    with listening(forum.port, place) as listeners:
        before = forum.cost(cluster)
        for _ in range(_REPLIES):
            listeners.forget()
            began = time.monotonic()
            asking.ask(forum.port, plan, 1)
            arrived = listeners.all_arrived()
            first.append(1000 * (min(arrived) - began))
            last.append(1000 * (max(arrived) - began))
        spent = forum.cost(cluster) - before
    return Reach(
        streams=len(place.listeners),
        first=statistics.median(first),
        last=statistics.median(last),
        worst=max(last),
        application=1000 * spent.application / _REPLIES,
        postgres=1000 * spent.postgres / _REPLIES,
    )


def _embedded(ready: Ready) -> EmbeddedServer:
    if ready.embedded is None:
        raise RuntimeError("the databases that are measured are embedded ones")
    return ready.embedded


def _count_statements(
    ready: Ready, data_dir: Path, port: int, asking: Client, place: Scene, cases: list[Case]
) -> dict[str, float]:
    """Count what PostgreSQL is asked for a request, by its log, in a run that is not measured."""
    log = _embedded(ready).log
    counts: dict[str, float] = {}
    asyncio.run(scene.log_statements(ready, is_on=True))
    try:
        with processes.forum(data_dir, port):
            for case in cases:
                plan = case.plan(place)[:1]
                for _ in range(2):  # the first time what is prepared and kept is not there yet
                    if case.renew:
                        asyncio.run(case.renew(ready.owner_url, place))
                    mark = log.stat().st_size
                    asking.ask(port, plan, _COUNTED)
                with log.open("rb") as lines:
                    lines.seek(mark)
                    logged = lines.read()
                counts[case.name] = sum(map(logged.count, _STATEMENT)) / _COUNTED
    finally:
        asyncio.run(scene.log_statements(ready, is_on=False))
    return counts


@dataclass(frozen=True, slots=True)
class _Rounds:
    ready: Ready
    client: Client
    place: Scene
    bare: Server
    forum: Server
    options: Options
    cluster: Path

    def run(self, case: Case, connections: int, statements: float) -> Figures:
        """Measure the bare handler and the forum in turn."""
        if not case.with_streams:
            return self._run(case, connections, statements)
        with listening(self.forum.port, self.place):
            return self._run(case, connections, statements)

    def _run(self, case: Case, connections: int, statements: float) -> Figures:
        plan = case.plan(self.place)[:connections]
        self._renew(case)
        learnt = self.client.ask(self.forum.port, plan, max(map(len, plan)))
        beside = bare_plan(plan, learnt.lengths)
        known = plan if case.is_write else _with_lengths(plan, learnt.lengths)
        self.client.ask(self.bare.port, beside, max(map(len, plan)))
        rates: list[float] = []
        bare_rates: list[float] = []
        latencies: list[float] = []
        spent = bare_spent = Cost(0, 0, 0, 0)
        client_seconds = wall = 0.0
        count = bare_count = 0
        for _ in range(self.options.rounds):
            before = self.bare.cost(self.cluster)
            answered = self.client.press(self.bare.port, beside, self.options.seconds)
            bare_spent += self.bare.cost(self.cluster) - before
            bare_rates.append(answered.count / answered.seconds)
            bare_count += answered.count
            self._renew(case)
            before, began = self.forum.cost(self.cluster), time.monotonic()
            answered = self.client.press(self.forum.port, known, self.options.seconds, is_cycle=case.renew is None)
            spent += self.forum.cost(self.cluster) - before
            wall += time.monotonic() - began
            rates.append(answered.count / answered.seconds)
            count += answered.count
            latencies += [latency for line in answered.latencies for latency in line]
            client_seconds += answered.client_seconds
        ours = spent.application + spent.renderers + spent.postgres + client_seconds
        ratio = statistics.median(rate / bare for rate, bare in zip(rates, bare_rates, strict=True))
        figures = Figures(
            case=case.name,
            connections=connections,
            rate=statistics.median(rates),
            bare_rate=statistics.median(bare_rates),
            ratio=ratio,
            p50=1000 * _quantile(latencies, 0.5),
            p99=1000 * _quantile(latencies, 0.99),
            application=1000 * spent.application / count,
            renderers=1000 * spent.renderers / count,
            postgres=1000 * spent.postgres / count,
            bare=1000 * bare_spent.application / bare_count,
            bare_postgres=1000 * bare_spent.postgres / bare_count,
            client=1000 * client_seconds / count,
            statements=statements,
            bytes=statistics.mean(length for line in learnt.lengths for length in line),
            elsewhere=max(0.0, spent.machine - ours) / wall / processes.PROCESSORS,
        )
        _say(
            f"{case.name}, {connections}: {figures.rate:,.0f}/s of {figures.bare_rate:,.0f}/s is {ratio:.2f}; "
            f"{figures.application:.2f} ms, PostgreSQL {figures.postgres:.2f} ms"
        )
        return figures

    def _renew(self, case: Case) -> None:
        if case.renew:
            asyncio.run(case.renew(self.ready.owner_url, self.place))


def _with_lengths(plan: Plan, lengths: list[list[int]]) -> Plan:
    return [
        [replace(asked, length=length) for asked, length in zip(*line, strict=True)]
        for line in zip(plan, lengths, strict=True)
    ]


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
