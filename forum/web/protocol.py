"""What answers bytes that are no HTTP, before any application is asked: shortly, in our name, a line in the log.

aiohttp's own answer names its version and lacks the headers of every page; its log repeats what was sent, which may be
a cookie or a token in a header that is too long.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from forum.web.middleware import HEADERS

_log = logging.getLogger("forum.web")


class Protocol(web.RequestHandler):
    """A client's connection."""

    __slots__ = ()

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
        headers = {**HEADERS, "Cache-Control": "private, no-store"}
        response = web.Response(status=status, text=f"{status} {HTTPStatus(status).phrase}\n", headers=headers)
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log a failure of ours; a client's, such as a body that is not what it says to be, was answered already."""
        if not isinstance(kw.get("exc_info"), HttpProcessingError | web.RequestPayloadError):
            super().log_exception(*args, **kw)
