"""What is noted of a request when its answer has been sent: a line of the log, and the numbers of /metrics."""

from __future__ import annotations

import logging
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.hdrs import METH_ALL
from aiohttp_sse import EventSourceResponse

from forum import logs
from forum.keys import REQUEST_ID
from forum.metrics import Metrics

_NO_ROUTE: Final = "none"


class AccessLogger(AbstractAccessLogger):
    """Takes note of an answered request: method, name of the route, status and time."""

    __slots__ = ("_metrics",)

    def __init__(self, metrics: Metrics, logger: logging.Logger, log_format: str) -> None:
        super().__init__(logger, log_format)
        self._metrics = metrics

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        request_id, route = request.get(REQUEST_ID, ""), None
        # What is no HTTP never reaches the application, nor its routes.
        if request_id and isinstance(request, web.Request):
            route = request.match_info.route.name
        method = request.method if request.method in METH_ALL else "other"
        is_stream = isinstance(response, EventSourceResponse)
        self._metrics.request(route or _NO_ROUTE, method, response.status, None if is_stream else time)
        logs.write_access(request_id, method, route or _NO_ROUTE, response.status, time * 1000)
