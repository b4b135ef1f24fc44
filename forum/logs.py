"""Logging: one line an event, as text or JSON, with the id of the request that caused it; never a secret.

Only what this module formats reaches the log: control characters, line separators and marks that turn the direction
of text are escaped, so that nothing a client sends can forge or hide a line. What is written is written at once or
not at all: a full disk, a closed pipe or a reader that has stopped costs lines, never an answer.
"""

from __future__ import annotations

import json
import logging
import os
import select
import stat
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Literal

from forum import clock

REQUEST_ID: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""The id of the request being answered; empty outside one."""

Style = Literal["text", "json"]

_SEPARATORS: Final = (0x2028, 0x2029)
_DIRECTIONS: Final = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_UNSAFE: Final = (*range(32), *range(127, 160), *_SEPARATORS, *_DIRECTIONS)
_IN_TEXT: Final = {code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" for code in _UNSAFE}
_IN_JSON: Final = {code: f"\\u{code:04x}" for code in _UNSAFE}


class Sink:
    """A descriptor that is written to without ever waiting; what cannot be written is counted as `lost`."""

    def __init__(self, descriptor: int) -> None:
        self.lost = 0
        self._untold = 0
        self._is_torn = False
        self._descriptor = _reopened(descriptor)
        self._is_shared = self._descriptor == descriptor
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLOUT)

    def write(self, line: str) -> None:
        """Write a line whole, or drop it; after lines were dropped, the next one that is written says how many."""
        if self._untold:
            untold = self._untold
            if not self._put(_line("WARNING", __name__, "", f"{untold} lines of the log were lost")):
                self._drop()
                return
            self._untold -= untold
        if not self._put(line):
            self._drop()

    def _drop(self) -> None:
        self.lost += 1
        self._untold += 1

    def _put(self, line: str) -> bool:
        # A lone surrogate becomes \udc80, which is right in JSON too.
        data = f"{line}\n".encode("utf-8", "backslashreplace")
        if self._is_torn:
            data = b"\n" + data
        try:
            if self._is_shared and not self._poll.poll(0):
                return False
            written = os.write(self._descriptor, data)
        except OSError:
            return False
        self._is_torn = written < len(data)
        return not self._is_torn


def _reopened(descriptor: int) -> int:
    """Return a pipe once more, as one that refuses what would have to wait: others share the one that was given.

    Files and terminals are written to through the descriptor itself, since it holds the place at which others go on.
    """
    try:
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        pass
    return descriptor


class _Handler(logging.Handler):
    """Hands records on to the sink."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
            exception = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        except Exception as error:
            message, exception = f"a line of {record.pathname}:{record.lineno} cannot be written: {error!r}", ""
        write(record.levelname, record.name, message, at=record.created, exception=exception)


_style: Style = "text"
_sink: Sink | None = None


def configure(style: Style) -> None:
    """Send every log line to standard error in one shape, warnings and what nobody catches included."""
    global _style, _sink
    # Started without standard error, the descriptor may be somebody's connection by now.
    _style, _sink = style, Sink(2 if sys.stderr else os.open(os.devnull, os.O_WRONLY))
    root = logging.getLogger()
    root.handlers[:] = [_Handler()]
    root.setLevel(logging.INFO)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught


def lost() -> int:
    """Return how many lines could not be written."""
    return _sink.lost if _sink else 0


def write(level: str, logger: str, message: str, *, at: float | None = None, exception: str = "") -> None:
    """Write one line now, or as of `at` in seconds of the epoch."""
    if _sink:
        _sink.write(_line(level, logger, REQUEST_ID.get(), message, at=at, exception=exception))


def write_access(request_id: str, method: str, route: str, status: int, milliseconds: float) -> None:
    """Write the line of an answered request.

    It has the name of the route, and neither the path, which may be the title of a topic, nor an address or a member:
    a log of who read what would be personal data that nobody needs. All values are the forum's own: none is escaped.
    """
    if not _sink:
        return
    message = f"{method} {route} {status} {milliseconds:.1f} ms"
    if _style == "text":
        _sink.write(f"{_utc(clock.now())} INFO forum.access {request_id or '-'} {message}")
        return
    _sink.write(
        f'{{"at": "{_utc(clock.now())}", "level": "INFO", "logger": "forum.access", "request_id": "{request_id}", '
        f'"message": "{message}", "method": "{method}", "route": "{route}", "status": {status}, '
        f'"milliseconds": {milliseconds:.1f}}}'
    )


def _line(
    level: str, logger: str, request_id: str, message: str, *, at: float | None = None, exception: str = ""
) -> str:
    when = _utc(clock.now() if at is None else datetime.fromtimestamp(at, UTC))
    if _style == "text":
        told = f"{message} | {exception}" if exception else message
        return f"{when} {level} {logger} {request_id or '-'} {told}".translate(_IN_TEXT)
    entry = {"at": when, "level": level, "logger": logger, "request_id": request_id, "message": message}
    if exception:
        entry["exception"] = exception
    return json.dumps(entry, ensure_ascii=False).translate(_IN_JSON)


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("forum").critical("the program failed", exc_info=(kind, error, trace))
