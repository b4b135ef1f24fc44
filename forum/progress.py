"""How far a long command is, on a terminal's standard error; elsewhere nothing is shown."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text


class _Speed(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s".rjust(10))


def bars(*, in_bytes: bool = False) -> Progress:
    """Return bars that count things, or bytes."""
    console = Console(stderr=True)
    counted = (DownloadColumn(), TransferSpeedColumn()) if in_bytes else (MofNCompleteColumn(), _Speed())
    return Progress(
        TextColumn("{task.description:22}"),
        BarColumn(),
        *counted,
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
