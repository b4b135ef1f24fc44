"""A file on its way into the forum: received, looked into, put into the storage, entered; and one on its way out.

The one way in for the page and for programs. Nobody but its author sees it until a post takes it up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import uuid
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from aiohttp import hdrs, web

from forum.config import Config
from forum.domain import access, attachments, idempotency
from forum.domain.access import AttachGrant
from forum.domain.attachments import Entered, New, Room, Stored
from forum.domain.entities import FILE_NAME_LIMIT, Attachment, AttachmentId
from forum.domain.idempotency import Key
from forum.errors import Crowded, Invalid, NotFound, Unavailable
from forum.files.kinds import PICTURES, WORDED, Unusable
from forum.files.looking import Taken
from forum.keys import ACTOR, CONFIG, DB, LOOKING, STORAGE
from forum.repeating import ATTEMPT, repeat
from forum.storage import Missing, StorageError
from forum.web import receiving
from forum.web.ratelimit import count_upload
from forum.web.receiving import Received

_log = logging.getLogger("forum.web.attaching")

MEGABYTE: Final = 1_000_000

POLICY: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""For files: whatever a browser takes one for, nothing of it runs (CSP 3, sandbox)."""

_MARKS: Final = re.compile(r"[\\`*_\[\]<>:@~|]")
"""Signs that would mean something in a text."""
_ENDINGS: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
_RANGE: Final = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


def largest(config: Config) -> int:
    """Return the bytes of the largest file that is taken."""
    return config.attachment_mb * MEGABYTE


async def granted(request: web.Request) -> AttachGrant:
    """Return the right of the member who asks to bring a file. Raise Forbidden (cannot_attach)."""
    async with request.app[DB].read() as conn:
        return await access.to_attach(conn, request[ACTOR])


async def bring(request: web.Request, grant: AttachGrant, key_text: str | None = None) -> Attachment:
    """Take the file of a form and enter it; the same key gives the file of before.

    Raise TooLarge, Crowded, RateLimited, or Invalid with what is wrong with the file; NotFound where the file of before
    is gone.
    """
    db, limit = request.app[DB], largest(request.app[CONFIG])
    receiving.require_bounded(request, limit)
    await count_upload(request)
    async with receiving.receive(request, limit) as received:
        try:
            taken = await request.app[LOOKING].take(received.path, received.name)
        except Unusable as refusal:
            raise Invalid({receiving.FILE: (refusal.code,)}) from None
        new = await _put(request, received, taken)
        key = (
            idempotency.make(key_text, "attachments.create", received.sha256.hex(), received.name) if key_text else None
        )
        entered = await _enter(request, grant, new, key)
    if not entered.is_new:
        await forget(request.app, [new.stored])
    async with db.read() as conn:
        return (await access.attachment_to_read(conn, grant.actor, entered.id)).attachment


async def _enter(request: web.Request, grant: AttachGrant, new: New, key: Key | None) -> Entered:
    """Enter a file, again where the database undid it: what was sent is read already, and cannot be asked for anew.

    Its bytes go where no row can tell of them, and else stay: where the connection broke while it was committed, the
    row may stand.
    """
    may_stand = False

    async def enter() -> Entered:
        nonlocal may_stand
        try:
            async with request.app[DB].write() as tx:
                return await attachments.create(tx, grant, new, _room(request.app[CONFIG]), key=key)
        except BaseException:
            may_stand = ATTEMPT.get().may_stand
            raise

    try:
        return await repeat(enter)
    except BaseException:
        if not may_stand:
            await asyncio.shield(forget(request.app, [new.stored]))
        raise


async def _put(request: web.Request, received: Received, taken: Taken) -> New:
    """Put a file into the storage, with its preview."""
    storage, key = request.app[STORAGE], uuid.uuid4()
    size = (await asyncio.to_thread(taken.path.stat)).st_size
    preview_size = (await asyncio.to_thread(taken.preview.stat)).st_size if taken.preview else None
    digest = received.sha256 if taken.path == received.path else await asyncio.to_thread(receiving.digest, taken.path)
    try:
        if taken.preview:
            await storage.put(f"{key.hex}.preview", taken.preview)
        await storage.put(key.hex, taken.path)
    except StorageError as error:
        _log.error("a file cannot be stored: %s", error)
        await forget(request.app, [Stored(key, taken.preview is not None)])
        raise Crowded("no_room_for_files") from error
    name = _named(received.name, taken.content_type)
    return New(key, name, taken.content_type, size, preview_size, digest, taken.content_type in WORDED)


def _named(name: str, content_type: str) -> str:
    """Return the name with the ending of what the file is now: a picture may have been another."""
    ending = _ENDINGS.get(content_type)
    stem, _, said = name.rpartition(".")
    if ending is None or said.lower() == ending or (ending == "jpg" and said.lower() == "jpeg"):
        return name
    return f"{stem[: FILE_NAME_LIMIT - len(ending) - 1].rstrip(' .')}.{ending}"


def _room(config: Config) -> Room:
    return Room(config.attachment_member_mb * MEGABYTE, config.attachment_site_mb * MEGABYTE or None)


async def forget(app: web.Application, stored: Iterable[Stored]) -> None:
    """Delete from the storage what no row tells of any more; what cannot be deleted now, a job deletes later."""
    for one in stored:
        for name in one.names:
            try:
                await app[STORAGE].delete(name)
            except StorageError as error:
                _log.warning("%s stays in the storage for now: %s", name, error)


@dataclass(frozen=True, slots=True)
class _Slice:
    """The bytes from `start` to before `end` of a file, and how the answer says so."""

    status: int
    start: int
    end: int


async def send(request: web.Request, attachment: Attachment, *, as_preview: bool = False) -> web.StreamResponse:
    """Send a file, or a slice of it, to who may read it.

    A picture is shown, everything else is handed out to be saved. Source: RFC 9110 (13, 14), RFC 6266, RFC 8187.
    """
    is_preview = as_preview and attachment.preview_size is not None
    size = attachment.preview_size if is_preview and attachment.preview_size else attachment.size
    content_type = "image/webp" if is_preview else attachment.content_type
    tag = f'"{attachment.sha256.hex()[:32]}{"-p" if is_preview else ""}"'
    headers = {
        hdrs.CONTENT_TYPE: content_type,
        hdrs.CONTENT_DISPOSITION: _disposition(attachment),
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.ETAG: tag,
        "Content-Security-Policy": POLICY,
    }
    if tag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
        return web.Response(status=304, headers={hdrs.ETAG: tag})
    part = _slice(request, size, tag)
    if part.status == 416:
        return web.Response(status=416, headers={**headers, hdrs.CONTENT_RANGE: f"bytes */{size}"})
    if part.status == 206:
        headers[hdrs.CONTENT_RANGE] = f"bytes {part.start}-{part.end - 1}/{size}"
    response = web.StreamResponse(status=part.status, headers=headers)
    response.content_length = part.end - part.start
    if request.method == hdrs.METH_HEAD:
        await response.prepare(request)
        return response
    name = attachment.stored_preview if is_preview else attachment.stored
    return await _stream(request, response, name, part)


async def _stream(request: web.Request, response: web.StreamResponse, name: str, part: _Slice) -> web.StreamResponse:
    """Send bytes from the storage."""
    async with contextlib.aclosing(request.app[STORAGE].read(name, part.start, part.end)) as pieces:
        return await _write(request, response, name, pieces, part.end - part.start)


async def _write(
    request: web.Request, response: web.StreamResponse, name: str, pieces: AsyncIterator[bytes], left: int
) -> web.StreamResponse:
    """Write an answer; what fails once it is under way breaks the connection."""
    try:
        first = await anext(pieces, b"")
    except Missing:
        _log.error("%s is not in the storage", name)
        raise NotFound from None
    except StorageError as error:
        _log.error("%s cannot be read: %s", name, error)
        raise Unavailable("storage_away") from error
    try:
        await response.prepare(request)
        await response.write(first)
        left -= len(first)
        async for piece in pieces:
            await response.write(piece)
            left -= len(piece)
        if left:
            raise StorageError("it is shorter than it was")
        await response.write_eof()
    except (StorageError, Missing) as error:
        _log.error("%s was cut off: %s", name, error)
        if request.transport is not None:
            request.transport.abort()
    except ConnectionError:
        pass  # the reader has left
    return response


def _slice(request: web.Request, size: int, tag: str) -> _Slice:
    """Return what is asked for: the whole, or the one range that the request names and may have."""
    said = request.headers.get(hdrs.RANGE, "")
    condition = request.headers.get(hdrs.IF_RANGE)
    found = _RANGE.fullmatch(said)
    if found is None or not any(found.groups()) or (condition is not None and condition != tag):
        return _Slice(200, 0, size)
    first, last = found.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1 if last else size, size)
        if last and int(last) < start:
            return _Slice(200, 0, size)
    return _Slice(206, start, end) if start < end else _Slice(416, 0, 0)


def _disposition(attachment: Attachment) -> str:
    """Return how a file is to be taken, and its name in its own letters, for old programs in Latin ones."""
    kind = "inline" if attachment.content_type in PICTURES else "attachment"
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", attachment.name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(attachment.name, safe='')}"


def markdown_of(attachment_id: AttachmentId, name: str, content_type: str) -> str:
    """Return what stands in a text for a file; of a picture, what it shows is still to be said between the brackets."""
    if content_type in PICTURES:
        return f"![](/attachments/{attachment_id})"
    shown = _MARKS.sub(r"\\\g<0>", name)
    return f"[{shown}](/attachments/{attachment_id})"
