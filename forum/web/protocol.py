"""A client's connection: its deadlines, its end, and what answers bytes that are no HTTP.

aiohttp's own answer to those names its version and lacks the headers of every page; its log repeats what was sent,
which may be a cookie or a token in a header that is too long. What a deadline is, `connections.py` says.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from http import HTTPStatus
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader

from forum.errors import TooSlow
from forum.web.connections import Admission, Connections
from forum.web.middleware import HEADERS
from forum.web.problem_json import RETRY_SECONDS

_log = logging.getLogger("forum.web")


class Protocol(web.RequestHandler):
    """A client's connection."""

    __slots__ = (
        "_body",
        "_body_bytes",
        "_body_since",
        "_connections",
        "_header_number",
        "_header_since",
        "_line",
        "_unsent",
        "_unsent_since",
    )

    def __init__(self, manager: web.Server, connections: Connections, **options: Any) -> None:
        deadlines = connections.deadlines
        # What is packed is refused; unpacked nevertheless, to be thrown away, it would hold everybody up.
        options["auto_decompress"] = False
        super().__init__(manager, keepalive_timeout=deadlines.idle, lingering_time=deadlines.linger, **options)
        self._connections = connections
        # aiohttp lets go of its transport before everything is sent; this one stays until the connection is lost.
        self._line: asyncio.Transport | None = None
        self._header_since: float | None = None
        self._header_number = 0
        self._body: StreamReader | None = None
        self._body_since = 0.0
        self._body_bytes = 0
        self._unsent = 0
        self._unsent_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many connections already."""
        line = cast("asyncio.Transport", transport)
        admission = self._connections.admit(self, line.get_extra_info("peername"))
        if admission is not Admission.TAKEN:
            self.force_close()
            if admission is Admission.FULL:
                line.set_protocol(_Told(line, self._connections))
            else:
                line.abort()
            return
        self._line = line
        self._header_since = self._loop.time()
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.forget(self)
        self._line = self._body = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, and note what is waited for from now on: the end of headers, of a body, or nothing."""
        number = self._request_count
        if self._close and self._body is not None:
            # Told to stop, aiohttp would take no more bytes, not even the rest of a request that is under way.
            self._close = False
            super().data_received(data)
            self._close = True
        else:
            super().data_received(data)
        if self._request_count != number:
            self._header_since = None
            _, payload = self._messages[-1]
            self._body = None if payload.is_eof() else payload
            self._body_since, self._body_bytes = self._loop.time(), 0
        elif self._body is not None:
            self._body_bytes += len(data)
            if self._body.is_eof():
                self._body = None
        elif data and self._header_since is None:
            self._header_since, self._header_number = self._loop.time(), number

    def resume_writing(self) -> None:
        self._unsent_since = self._loop.time()
        super().resume_writing()

    def look(self, now: float) -> None:
        """End the connection, or the wait for a body, where its client has kept it waiting too long."""
        if self.transport is not None:
            if self._header_since is not None:
                self._look_at_header(now, self._header_since)
            elif self._body is not None:
                self._look_at_body(now, self._body)
        if self._line is not None:
            self._look_at_answer(now, self._line)

    def _look_at_header(self, now: float, since: float) -> None:
        if self._request_count != self._header_number:
            # They came behind a request for an upgrade, which aiohttp reads in a way of its own.
            self._header_since = None
        elif not self._request_in_progress and now - since > self._connections.deadlines.header:
            _log.info("%s took too long for the headers of a request", self._peer())
            self.force_close()

    def _look_at_body(self, now: float, body: StreamReader) -> None:
        if body.is_eof():
            self._body = None
        elif self._reading_paused or self._buffer_paused:
            # It is we who do not read: the client's time begins when we go on.
            self._body_since, self._body_bytes = now, 0
        else:
            deadlines, waited = self._connections.deadlines, now - self._body_since
            if waited > deadlines.body and self._body_bytes < waited * deadlines.body_rate:
                _log.info("%s took too long for the body of a request", self._peer())
                # Whoever reads it answers 408; when nobody does, aiohttp closes the connection.
                body.set_exception(TooSlow())
                self._body = None

    def _look_at_answer(self, now: float, line: asyncio.Transport) -> None:
        unsent = line.get_write_buffer_size()
        if unsent and unsent >= self._unsent > 0:
            if now - self._unsent_since > self._connections.deadlines.stall:
                _log.info("%s did not take its answer", self._peer())
                line.abort()
        else:
            self._unsent_since = now
        self._unsent = unsent

    def _peer(self) -> str:
        peer = self._line.get_extra_info("peername") if self._line else None
        return str(peer[0]) if isinstance(peer, tuple) else "a client"

    async def shutdown(self, timeout: float | None = 15.0) -> None:
        """Let the request under way end in this time, where aiohttp would wait for it twice."""
        try:
            async with asyncio.timeout(timeout):
                if self._request_in_progress and self._body is not None:
                    with contextlib.suppress(TooSlow, ConnectionError, web.RequestPayloadError):
                        await self._body.wait_eof()
                await super().shutdown(timeout)
        except TimeoutError:
            if self._task_handler is not None:
                self._task_handler.cancel()
            self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to a request that cannot be read, or to one that failed outside the application."""
        if status < 500:
            _log.info("%s sent what is no HTTP: %s", request.remote, type(exc).__name__)
        else:
            self.log_exception("a request failed outside the application", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("a part of another answer has been sent")
        response = web.Response(status=status, text=_text(status), headers=HEADERS)
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log a failure of ours; a client's, such as a body that is not what it says to be, was answered already."""
        if not isinstance(kw.get("exc_info"), HttpProcessingError | web.RequestPayloadError | TooSlow):
            super().log_exception(*args, **kw)


def _text(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}\n"


_LOOK_SECONDS: Final = 1.0
"""How long who is told that there is no room may go on sending: closed at once, the answer might not reach them."""


class _Told(asyncio.Protocol):
    """A connection that is answered 503 before anything is asked, and closed."""

    def __init__(self, line: asyncio.Transport, connections: Connections) -> None:
        self._connections = connections
        headers = {
            **HEADERS,
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(_text(503))),
            "Retry-After": str(RETRY_SECONDS),
            "Connection": "close",
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        line.write(f"HTTP/1.1 {_text(503).strip()}\r\n{head}\r\n{_text(503)}".encode())
        self._timer = asyncio.get_running_loop().call_later(_LOOK_SECONDS, line.abort)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._timer.cancel()
        self._connections.told()
