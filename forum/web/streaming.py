"""Sending an event stream: server-sent events as the HTML Living Standard has them (9.2), until either side ends it.

A stream is opened for whoever a route has let in; who may hear of what is asked by `streams.py` for each message.
"""

from __future__ import annotations

import random
from typing import Final

from aiohttp import hdrs, web
from aiohttp_sse import EventSourceResponse

from forum.domain import access
from forum.domain.entities import TopicId
from forum.keys import ACTOR, DB, METRICS, STREAMS
from forum.streams import RESYNC, Stream, Streams

MEDIA: Final = "text/event-stream"

PING_SECONDS: Final = 20.0
"""How often a stream says that it is there: proxies close what is silent for longer, most after a minute."""

TAKING_SECONDS: Final = 30.0
"""How long a client may take for what it is sent, as for any other answer."""

_BACK_MILLISECONDS: Final = (1_000, 5_000)
"""When clients come back after a stream has ended: not all of a process's at once."""


async def answer(
    request: web.Request,
    key: bytes | int,
    *,
    topic_id: TopicId | None = None,
    version: int | None = None,
    is_whole: bool = False,
) -> web.StreamResponse:
    """Send events to the actor of the request until the stream is ended or the client has left.

    With a topic, what happens there: raise NotFound where the actor may not read it; `version` is the one that the
    client has of it. `is_whole`: whatever the actor may read. 204, which ends a browser's tries, where no live events
    are to be had.
    """
    streams = request.app[STREAMS]
    if request.method == hdrs.METH_HEAD:
        return web.Response(content_type=MEDIA, charset="utf-8")
    if not await streams.hears():
        return web.Response(status=204)
    stream = Stream(
        request[ACTOR].member_id,
        key,
        topic_id=topic_id,
        is_whole=is_whole,
        is_gone=lambda: request.transport is None,
    )
    streams.open(stream)
    try:
        # Asked for after the stream is open: what happens from here on is sent.
        if topic_id is not None:
            async with request.app[DB].read() as conn:
                topic = (await access.topic_to_read(conn, request[ACTOR], topic_id)).topic
            if version is not None and topic.version != version:
                stream.put(RESYNC)
        if request.headers.get(EventSourceResponse.DEFAULT_LAST_EVENT_HEADER):
            stream.put(RESYNC)
        return await _send(request, streams, stream)
    finally:
        streams.close(stream)


async def _send(request: web.Request, streams: Streams, stream: Stream) -> web.StreamResponse:
    response = EventSourceResponse(ping_interval=PING_SECONDS, send_timeout=TAKING_SECONDS)
    response.headers[hdrs.CONTENT_TYPE] = f"{MEDIA}; charset=utf-8"
    del response.headers[hdrs.CACHE_CONTROL]  # that of every answer is stricter
    # Whoever comes back does so over another connection, and so to a process that is not leaving.
    response.headers[hdrs.CONNECTION] = "close"
    response.force_close()
    sent = request.app[METRICS].events_sent
    if request.transport is None:
        return web.Response(status=204)  # the client has left while it was asked what it may read
    try:
        await response.prepare(request)
        async with response:
            await response.write(b"retry: %d\n\n" % random.randint(*_BACK_MILLISECONDS))  # noqa: S311 - no secret
            while (message := await stream.take()) is not None:
                await response.send(message.data, event=message.kind, id=streams.number())
                sent.labels(message.kind).inc()
    except (ConnectionError, TimeoutError):
        pass  # the client has left
    return response
