"""What the process tells Prometheus about itself; knows nothing of members, paths or the forum's rules.

One `Metrics` a process. Alone, it answers for itself. Where several processes answer on one port, `shared()` gives
them a folder: each keeps its numbers there, in files that outlive it, and whichever is asked answers for all. Sums and
histograms go on over the death of a process; what it held at a moment (`live` gauges) goes with it.

Requests are counted as they end, in fields prepared beforehand; everything that has a value at a moment is looked at
by a ticker, so that a request pays for neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, Literal, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess, values
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric

from forum import clock, logs

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The library's own name for the folder in the environment, which children inherit however they are started."""

_TICK_SECONDS: Final = 0.5
_BACKUP_SECONDS: Final = 60.0
_REQUEST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LAG_BUCKETS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_JOB_BUCKETS: Final = (0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0)
_GAUGES: Final[tuple[tuple[str, str, Literal["livesum", "livemax", "liveall"]], ...]] = (
    ("koinon_requests_in_flight", "Requests being answered.", "livesum"),
    ("koinon_pool_connections", "Connections to the database.", "livesum"),
    ("koinon_pool_idle", "Connections to the database that nobody uses.", "livesum"),
    ("koinon_pool_waiting", "Requests that wait for a connection to the database.", "livesum"),
    ("koinon_event_streams", "Event streams that are open.", "livesum"),
    ("koinon_markup_waiting", "Texts that wait to be rendered.", "livesum"),
    ("koinon_processes", "Processes that answer.", "livesum"),
    ("koinon_resident_memory_bytes", "Memory of a process that answers.", "liveall"),
    ("koinon_last_backup_timestamp_seconds", "When the newest backup was made; 0: never.", "livemax"),
)
"""What has a value at a moment: its name, what it is, and what becomes of the values of several processes."""


class Pool(Protocol):
    """The numbers of a pool of connections to the database."""

    @property
    def size(self) -> int: ...
    @property
    def idle(self) -> int: ...
    @property
    def waiting(self) -> int: ...


@contextlib.contextmanager
def shared() -> Iterator[Path]:
    """Give this process's children a folder for the numbers of all of them; it ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="koinon-metrics-"))
    before = os.environ.get(_FOLDER)
    os.environ[_FOLDER] = str(folder)
    try:
        yield folder
    finally:
        if before is None:
            del os.environ[_FOLDER]
        else:
            os.environ[_FOLDER] = before
        shutil.rmtree(folder, ignore_errors=True)


class Metrics:
    """The numbers of this process, kept in the folder of `shared()` where there is one.

    `last_backup` returns when the newest backup was made, in seconds of the epoch, None while there is none; it is
    asked off the loop.
    """

    def __init__(self, *, last_backup: Callable[[], float | None] = lambda: None) -> None:
        self._last_backup = last_backup
        folder = os.environ.get(_FOLDER)
        self._slots = _Slots(Path(folder)) if folder else None
        _keep_values(self._slots)
        registry = CollectorRegistry()
        self._registry = registry
        self.in_flight = 0
        """Requests being answered now, and open event streams."""
        self.streams = 0
        """Event streams that are open."""
        self._lost_before = 0
        self._requests: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._answered = Counter(
            "koinon_requests", "Requests answered.", ("route", "method", "status"), registry=registry
        )
        self._seconds = Histogram(
            "koinon_request_seconds",
            "Time from a request's headers to its answer's last byte.",
            ("route", "method"),
            buckets=_REQUEST_BUCKETS,
            registry=registry,
        )
        self._rate_limited = Counter(
            "koinon_rate_limited", "Requests refused for their number (429).", registry=registry
        )
        self.events_sent = Counter(
            "koinon_events_sent", "Messages sent on event streams.", ("kind",), registry=registry
        )
        self.database_restarts = Counter(
            "koinon_database_restarts", "How often the embedded database was brought back.", registry=registry
        )
        self.worker_restarts = Counter(
            "koinon_worker_restarts", "How often a process that answers was replaced after it died.", registry=registry
        )
        self._lost = Counter("koinon_log_lines_lost", "Lines of the log that could not be written.", registry=registry)
        self._lag = Histogram(
            "koinon_loop_lag_seconds",
            "How late the event loop woke a task that had asked for half a second.",
            buckets=_LAG_BUCKETS,
            registry=registry,
        )
        self._jobs = Counter("koinon_jobs", "Jobs done.", ("job", "outcome"), registry=registry)
        self._job_seconds = Histogram(
            "koinon_job_seconds", "Time a job took.", ("job",), buckets=_JOB_BUCKETS, registry=registry
        )
        self._job_at = Gauge(
            "koinon_job_success_timestamp_seconds",
            "When a job was last done without an error.",
            ("job",),
            multiprocess_mode="max",
            registry=registry,
        )

    def request(self, route: str, method: str, status: int, seconds: float | None) -> None:
        """Count an answered request; route and method are from closed sets, for each has numbers of its own.

        Of an event stream there are no `seconds`: how long somebody listened says nothing about the forum.
        """
        counted = self._requests.get((route, method, status))
        if counted is None:
            counted = self._requests[route, method, status] = (
                self._answered.labels(route, method, f"{status // 100}xx"),
                self._seconds.labels(route, method),
            )
        counted[0].inc()
        if seconds is not None:
            counted[1].observe(seconds)
        if status == 429:
            self._rate_limited.inc()

    @contextlib.contextmanager
    def job(self, name: str) -> Iterator[None]:
        """Count a job as done, or as failed where it raises."""
        began = time.monotonic()
        outcome = "failed"
        try:
            yield
            outcome = "done"
            self._job_at.labels(name).set(clock.now().timestamp())
        finally:
            self._jobs.labels(name, outcome).inc()
            self._job_seconds.labels(name).observe(time.monotonic() - began)

    async def tick(self, pool: Pool, markup_waiting: Callable[[], int]) -> None:
        """Look at everything that has a value at a moment, twice a second, until cancelled."""
        loop = asyncio.get_running_loop()
        backup_due = loop.time()
        # Made here, since a process that only looks after others has nothing to say about moments.
        gauges = {
            name: Gauge(name, text, multiprocess_mode=mode, registry=self._registry) for name, text, mode in _GAUGES
        }
        while True:
            gauges["koinon_requests_in_flight"].set(max(0, self.in_flight - self.streams))
            gauges["koinon_event_streams"].set(self.streams)
            gauges["koinon_pool_connections"].set(pool.size)
            gauges["koinon_pool_idle"].set(pool.idle)
            gauges["koinon_pool_waiting"].set(pool.waiting)
            gauges["koinon_markup_waiting"].set(markup_waiting())
            gauges["koinon_processes"].set(1)
            gauges["koinon_resident_memory_bytes"].set(resident_memory())
            if lost := logs.lost() - self._lost_before:
                self._lost_before += lost
                self._lost.inc(lost)
            if loop.time() >= backup_due:
                backup_due = loop.time() + _BACKUP_SECONDS
                with contextlib.suppress(OSError):
                    made_at = await asyncio.to_thread(self._last_backup)
                    gauges["koinon_last_backup_timestamp_seconds"].set(made_at or 0)
            wanted = loop.time() + _TICK_SECONDS
            await asyncio.sleep(_TICK_SECONDS)
            self._lag.observe(max(0.0, loop.time() - wanted))

    def text(self) -> bytes:
        """Return the numbers of all processes as Prometheus reads them."""
        if self._slots is None:
            return generate_latest(self._registry)
        self._slots.bury()
        registry = CollectorRegistry()
        _Collector(registry, str(self._slots.folder))  # type: ignore[no-untyped-call]
        return generate_latest(registry)


class _Collector(multiprocess.MultiProcessCollector):
    """Adds up the files of all processes, but for those that have just been made and hold nothing yet."""

    def collect(self) -> Iterable[Metric]:
        return self.merge([str(path) for path in Path(self._path).glob("*.db") if _holds_something(path)])  # type: ignore[no-untyped-call, no-any-return]


def _holds_something(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def _keep_values(slots: _Slots | None) -> None:
    """Have the metrics that are made from now on kept in memory, or in the files of a slot.

    The library decides that from the environment too, but once, when it is imported.
    """
    if slots is None:
        values.ValueClass = values.MutexValue
    else:
        own = slots.own
        values.ValueClass = values.MultiProcessValue(lambda: own)  # type: ignore[no-untyped-call]


class _Slots:
    """Numbers for the living processes of a folder: each holds the lowest one that was free, until it dies.

    A lock says who lives, which the system drops whatever ends a process. Who takes a dead one's number goes on with
    its sums, so that there are never more files than there were processes at once.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        number = 0
        while (lock := self._claim(number)) is None:
            number += 1
        self.own, self._lock = number, lock
        self._forget(number)

    def bury(self) -> None:
        """Forget what the dead held at the moment of their death."""
        for path in self.folder.glob("*.lock"):
            number = int(path.stem)
            if number != self.own and (lock := self._claim(number)) is not None:
                self._forget(number)
                os.close(lock)

    def _claim(self, number: int) -> int | None:
        descriptor = os.open(self.folder / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def _forget(self, number: int) -> None:
        multiprocess.mark_process_dead(number, str(self.folder))  # type: ignore[no-untyped-call]


def resident_memory() -> int:
    """Return the bytes of memory that this process holds; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
