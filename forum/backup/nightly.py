"""The backup of every night: when it is due, and which ones are kept.

It is due when the last one is older than the last time the clock said three where the forum is; so a night on which
nothing ran is made up for at the next start. Nothing is remembered but the files themselves, whose names say when they
were made. It is saved by a process of its own, so that nobody who reads the forum meanwhile waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import signal
import subprocess
import sys
import time as timing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from forum import clock
from forum.backup.tables import beside

_log = logging.getLogger("forum.backup")

ZONE: Final = ZoneInfo("Europe/Athens")
"""Whose nights are counted: the clock of Cyprus and the North Aegean."""

_HOUR: Final = time(3)
_LOOK_SECONDS: Final = 60.0
"""How often the folder is looked at."""
_TURN_SECONDS: Final = 1.0
"""How often it is seen whether one that is being made has ended."""
_RETRY_SECONDS: Final = 3600.0
"""How long after one that failed the next is tried."""
_END_SECONDS: Final = 2.0
"""What one that is being made gets to clear away what it began, when the forum stops."""

_NAME: Final = re.compile(r"koinon-(\d{8}T\d{6}Z)\.tar\.gz(?:\.age)?")
_MOMENT: Final = "%Y%m%dT%H%M%SZ"


def is_due(now: datetime, last: datetime, zone: ZoneInfo = ZONE) -> bool:
    """Tell whether three o'clock at night has been since the last backup was made, or since there is a forum."""
    local = now.astimezone(zone)
    night = datetime.combine(local.date(), _HOUR, zone)
    if night > local:
        night = datetime.combine(local.date() - timedelta(days=1), _HOUR, zone)
    # Compared as instants: on the nights when clocks change, those of one zone are not.
    return last.astimezone(UTC) < night.astimezone(UTC)


def name_of(made_at: datetime, *, is_sealed: bool) -> str:
    """Return what a backup of this moment is called in the folder."""
    return f"koinon-{made_at.astimezone(UTC):{_MOMENT}}.tar.gz{'.age' if is_sealed else ''}"


def made(folder: Path) -> dict[Path, datetime]:
    """Return the backups in a folder, as their names tell, with the moments at which they were made."""
    found = {path: _NAME.fullmatch(path.name) for path in folder.iterdir()} if folder.is_dir() else {}
    return {
        path: datetime.strptime(name[1], _MOMENT).replace(tzinfo=UTC)
        for path, name in found.items()
        if name is not None
    }


def newest(folder: Path) -> float | None:
    """Return when the newest backup in a folder was made, in seconds of the epoch, None while there is none."""
    return max((moment.timestamp() for moment in made(folder).values()), default=None)


def outlived(backups: dict[Path, datetime], nights: int, zone: ZoneInfo = ZONE) -> list[Path]:
    """Return those that are older than the last `nights` days on which any were made."""
    days = sorted({at.astimezone(zone).date() for at in backups.values()}, reverse=True)
    kept = set(days[:nights])
    return sorted(path for path, at in backups.items() if at.astimezone(zone).date() not in kept)


@dataclass
class Nightly:
    """Keeps the nights of a forum that serves: `keep` does, or else `look` every now and then, and `end` at the end.

    `since` is when the forum began, before which no night counts. Without `nights` to keep nothing is done.
    """

    folder: Path
    nights: int
    since: datetime
    zone: ZoneInfo = ZONE
    _child: subprocess.Popen[str] | None = None
    _next_look: float = 0.0

    async def keep(self) -> None:
        """Look again and again until cancelled."""
        try:
            while True:
                await beside(self.look)
                await asyncio.sleep(_TURN_SECONDS)
        finally:
            await beside(self.end)

    def look(self) -> None:
        """Begin what is due, and say how it went when it has ended; never waits."""
        if self.nights < 1 or timing.monotonic() < self._next_look:
            return
        self._next_look = timing.monotonic() + (_TURN_SECONDS if self._child else _LOOK_SECONDS)
        if self._child:
            self._settle(self._child)
        elif is_due(clock.now(), _last(self.folder, self.since), self.zone):
            self._next_look = 0.0
            self._begin()

    def _begin(self) -> None:
        try:
            self._child = subprocess.Popen(  # noqa: S603 - this program again, no shell
                _COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
        except OSError as error:
            self._fail(str(error))

    def _fail(self, why: str) -> None:
        _log.error("no nightly backup was made, the next is tried in an hour: %s", why)
        self._next_look = timing.monotonic() + _RETRY_SECONDS

    def _settle(self, child: subprocess.Popen[str]) -> None:
        if child.poll() is None:
            return
        _, said = child.communicate()
        self._child = None
        if child.returncode == 0:
            _log.info("the nightly backup is in %s", self.folder)
        else:
            self._fail(said.strip().removeprefix("error: ") or f"status {child.returncode}")

    def end(self) -> None:
        """Break off one that is being made."""
        if self._child is None:
            return
        self._child.send_signal(signal.SIGINT)
        try:
            self._child.communicate(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.communicate()
        self._child = None


def _last(folder: Path, since: datetime) -> datetime:
    """Return when the last one was made; one that a wrong clock dated in the future keeps nobody from the next."""
    with contextlib.suppress(OSError):
        return max([since, *(at for at in made(folder).values() if at <= clock.now())])
    return since


_ROOT: Final = Path(__file__).parents[2]
# This program as `run.py` starts it, from the folder whose `.env` it reads.
_PROGRAM: Final = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from forum.cli import main; main()"
_COMMAND: Final = (sys.executable, "-c", _PROGRAM, "backup")
