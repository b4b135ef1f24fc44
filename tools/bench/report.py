"""What was measured as tables, and as a file for programs."""

from __future__ import annotations

import json
import platform
import subprocess
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Final

import psutil
from rich import box
from rich.console import Console
from rich.table import Table

from tools.bench.cases import CASES
from tools.bench.databases import ROOT, SIZES
from tools.bench.measuring import Figures, Measured

RESIDENT_LIMIT: Final = 120.0
START_LIMIT: Final = 2.0
OPENING_LIMIT: Final = 1000.0
"""Milliseconds."""
UPLOAD_LIMIT: Final = 20.0
"""MB that a process may grow by, whatever is sent."""
GROWTH: Final = 0.9
"""What is left at 1,000,000 posts of the figures at 42,000 at least, and on the last page of those on the first."""

_CASES: Final = {case.name: case for case in CASES}
_PLAIN_WIDTH: Final = 400
_BUSY: Final = 0.1


class Report:
    """Prints to a terminal with lines and colours, elsewhere as Markdown."""

    def __init__(self) -> None:
        console = Console()
        self._is_terminal = console.is_terminal
        self._console = console if self._is_terminal else Console(width=_PLAIN_WIDTH)

    def show(self, measured: list[Measured], first_start: float | None) -> None:
        self._console.print(machine())
        for one in measured:
            if one.figures or one.faults:
                self._figures(one)
        self._reach(measured)
        self._openings(measured)
        self._uploads(measured)
        self._process(measured, first_start)
        self._comparisons(measured)

    def _table(self, title: str, *columns: str) -> Table:
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD if self._is_terminal else box.MARKDOWN)
        for number, column in enumerate(columns):
            is_word = not number or column == "process"
            table.add_column(column, justify="left" if is_word else "right", no_wrap=True)
        return table

    def _figures(self, measured: Measured) -> None:
        size = SIZES[measured.size]
        title = f"{measured.size}: {size.posts:,} posts, {size.topics:,} topics, {size.members:,} members"
        title += f", {size.groups} groups, {size.categories} categories" if size.groups else ""
        columns = (
            *("case", "conn.", "req/s", "p50 ms", "p99 ms", "bare req/s", "ratio", "wanted", "by processor"),
            *("app ms", "wanted", "bare ms", "renderer ms", "PostgreSQL ms", "under bare", "statements", "bytes"),
            *("client ms", "elsewhere"),
        )
        table = self._table(title, *columns)
        for one in measured.figures:
            case = _CASES[one.case]
            table.add_row(
                case.label,
                str(one.connections),
                f"{one.rate:,.0f}",
                f"{one.p50:.1f}",
                f"{one.p99:.1f}",
                f"{one.bare_rate:,.0f}",
                f"{one.ratio:.3f}",
                self._judged(f"≥ {case.ratio}", one.ratio >= case.ratio) if case.ratio else "",
                f"{one.work_ratio:.3f}",
                f"{one.application:.2f}",
                self._judged(f"≤ {limit}", one.application <= limit) if (limit := case.milliseconds) else "",
                f"{one.bare:.2f}",
                f"{one.renderers:.2f}" if case.is_write else "",
                f"{one.postgres:.2f}",
                f"{one.bare_postgres:.2f}",
                f"{one.statements:.1f}",
                f"{one.bytes:,.0f}",
                f"{one.client:.2f}",
                f"{one.elsewhere:.0%}",
            )
        self._console.print(table)
        if any(one.elsewhere > _BUSY for one in measured.figures):
            self._console.print("The machine was busy with other things (elsewhere): rates and ratios are too low.")
        for fault in measured.faults:
            self._console.print(f"not measured: {fault}", style="red", markup=False)

    def _judged(self, wanted: str, is_met: bool) -> str:
        return f"[{'green' if is_met else 'red'}]{wanted} {'met' if is_met else 'MISSED'}[/]"

    def _reach(self, measured: list[Measured]) -> None:
        columns = ("database", "streams", "first ms", "last ms", "worst ms", "app ms a reply", "PostgreSQL ms")
        table = self._table("a reply reaches the event streams of its topic", *columns)
        for one in measured:
            if reach := one.reach:
                times = (reach.first, reach.last, reach.worst, reach.application, reach.postgres)
                table.add_row(one.size, str(reach.streams), *(f"{time:.1f}" for time in times))
        if table.row_count:
            self._console.print(table)

    def _openings(self, measured: list[Measured]) -> None:
        columns = ("database", "members", "posts", "shown ms", "wanted", "done ms", "wanted")
        table = self._table("a category is closed to a region, and opened to it again", *columns)
        for one in measured:
            if opened := one.openings:
                judged = [
                    self._judged(f"≤ {OPENING_LIMIT:.0f}", time <= OPENING_LIMIT)
                    for time in (opened.shown, opened.done)
                ]
                times = (f"{opened.shown:.0f}", judged[0], f"{opened.done:.0f}", judged[1])
                table.add_row(one.size, f"{opened.members:,}", f"{opened.posts:,}", *times)
        if table.row_count:
            self._console.print(table)

    def _uploads(self, measured: list[Measured]) -> None:
        columns = ("database", "MB", "up s", "down s", "process MB more", "wanted")
        table = self._table("a large file goes up, and comes down again", *columns)
        for one in measured:
            if sent := one.uploads:
                figures = f"{sent.bytes / 1e6:.0f}", f"{sent.up:.2f}", f"{sent.down:.2f}", f"{sent.grown:.1f}"
                table.add_row(one.size, *figures, self._judged(f"≤ {UPLOAD_LIMIT:.0f}", sent.grown <= UPLOAD_LIMIT))
        if table.row_count:
            self._console.print(table)

    def _process(self, measured: list[Measured], first_start: float | None) -> None:
        table = self._table("processes", "database", "process", "resident MB", "wanted", "peak MB", "ready s", "wanted")
        for one in measured:
            ready = "" if one.start is None else f"{one.start:.2f}"
            judged = "" if one.start is None else self._judged(f"≤ {START_LIMIT:.0f}", one.start <= START_LIMIT)
            for number, memory in enumerate(one.memory):
                resident = self._judged(f"≤ {RESIDENT_LIMIT:.0f}", memory.resident <= RESIDENT_LIMIT)
                start = ("", "") if number else (ready, judged)
                sizes = f"{memory.resident:.0f}", resident, f"{memory.peak:.0f}"
                table.add_row("" if number else one.size, memory.process, *sizes, *start)
        if first_start is not None:
            table.add_row("none yet", "the very first start", "", "", "", f"{first_start:.2f}", "")
        self._console.print(table)

    def _comparisons(self, measured: list[Measured]) -> None:
        table = self._table("growth", "of what", "conn.", "is left, of the ratio", "of the processor time", "wanted")
        for what, one, other in _pairs(measured):
            left = one.ratio / other.ratio
            work = (other.application + other.postgres) / (one.application + one.postgres)
            wanted = self._judged(f"≥ {GROWTH}", left >= GROWTH)
            table.add_row(what, str(one.connections), f"{left:.2f}", f"{work:.2f}", wanted)
        if table.row_count:
            self._console.print(table)


def _pairs(measured: list[Measured]) -> list[tuple[str, Figures, Figures]]:
    """Return what is compared: the figures that may be worse, and those they are held to."""
    pairs = []
    found = {(one.size, each.case, each.connections): each for one in measured for each in one.figures}
    for (size, case, connections), one in found.items():
        if case == "topic-last" and (other := found.get((size, "topic-first", connections))):
            pairs.append((f"{size}: last page of the first", one, other))
        if size != "small" and (other := found.get(("small", case, connections))):
            pairs.append((f"{_CASES[case].label}: {size} of small", one, other))
    return pairs


def machine() -> str:
    """Say on what machine and what code was measured."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    memory = psutil.virtual_memory().total / 2**30
    git = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return (
        f"{datetime.now().astimezone():%Y-%m-%d %H:%M %z}; {psutil.cpu_count()} × {model or platform.machine()}, "
        f"{memory:.0f} GiB, {platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"code {git.stdout.strip() or 'unknown'}"
    )


def write(path: Path, measured: list[Measured], first_start: float | None) -> None:
    """Write everything as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {"machine": machine(), "first_start": first_start, "databases": [asdict(one) for one in measured]}
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
