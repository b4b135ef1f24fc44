"""A form with a file of any size: taken as it arrives, on to the disk, never whole in memory.

What stands before the file is read first: it says whether the form is ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import shutil
import unicodedata
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from aiohttp import hdrs, web

from forum.domain.entities import BODY_LIMIT, FILE_NAME_LIMIT
from forum.errors import BadRequest, Crowded, Invalid, TooLarge
from forum.keys import CONFIG
from forum.storage import PIECE
from forum.web.multipart import PARTS_LIMIT, Form, is_form

FILE: Final = "file"
"""The field that brings it."""

FIELD_LIMIT: Final = 4 * BODY_LIMIT
"""Bytes of a field that is no file: a text may be among them."""

AROUND: Final = PARTS_LIMIT * FIELD_LIMIT
"""Bytes of a form without its file, at most."""

ROOM: Final = 1024**3
"""Bytes that must be free on the disk for a file to be taken: the last of it is the database's."""

_READ: Final = 65_536
"""Bytes that are taken from the connection at a time."""

_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    '\U000e0000-\U000e0fff<>:"|?*]'
)
_BLANKS: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Received:
    """A file that has arrived, and what it calls itself."""

    path: Path
    name: str
    size: int
    sha256: bytes


_RECEIVING: Final = web.RequestKey("receiving", Form)


async def fields_before(request: web.Request) -> dict[str, str]:
    """Return the fields that stand before the file of a form; raise BadRequest where it cannot be read.

    Another form brings no file, and has no fields.
    """
    if not is_form(request):
        return {}
    form = request.get(_RECEIVING)
    if form is None:
        form = request[_RECEIVING] = Form(request, file=FILE, field_limit=FIELD_LIMIT)
        while form.file_name is None and await _feed(request, form):
            """Read on."""
    return form.fields


def brings_file(request: web.Request) -> bool:
    """Say whether a form, whose fields were read before, brings a file."""
    form = request.get(_RECEIVING)
    return form is not None and bool(form.file_name)


async def _feed(request: web.Request, form: Form) -> bool:
    """Read the next piece of a form, and say whether there was one. Raise BadRequest where it ends before its end."""
    piece = await request.content.read(_READ)
    if not piece:
        if not form.is_ended:
            raise BadRequest("bad_request")
        return False
    form.feed(piece)
    if form.outside > AROUND:
        raise BadRequest("bad_request")
    return True


def require_bounded(request: web.Request, limit: int) -> None:
    """Raise TooLarge where a form says itself that its file is larger than is taken."""
    length = request.headers.get(hdrs.CONTENT_LENGTH, "0")
    if length.isascii() and length.isdigit() and int(length) > limit + AROUND:
        raise TooLarge("file_too_large")


@contextlib.asynccontextmanager
async def receive(request: web.Request, limit: int) -> AsyncIterator[Received]:
    """Take the file of a form on to the disk; what lies beside it under its name is gone afterwards.

    Raise Invalid where no file was chosen, or an empty one, TooLarge beyond `limit` bytes, Crowded where the disk is
    full.
    """
    await fields_before(request)
    form = request.get(_RECEIVING)
    if form is None or not form.file_name:
        raise Invalid({FILE: ("required",)})
    path = request.app[CONFIG].arrivals_folder / uuid.uuid4().hex
    try:
        try:
            size, sha256 = await _take(request, form, path, limit)
        except OSError as error:
            raise Crowded("no_room_for_files") from error
        if not size:
            raise Invalid({FILE: ("empty_file",)})
        yield Received(path, name_of(form.file_name), size, sha256)
    finally:
        await asyncio.shield(asyncio.to_thread(_clear, path))


async def _take(request: web.Request, form: Form, path: Path, limit: int) -> tuple[int, bytes]:
    """Write the file, and see that the form ends as one does."""
    summed = hashlib.sha256()
    size = 0
    waiting = bytearray()
    with await asyncio.to_thread(_open, path) as file:
        is_more = True
        while is_more or form.pieces:
            waiting += b"".join(form.pieces)
            form.pieces.clear()
            if size + len(waiting) > limit:
                raise TooLarge("file_too_large")
            if len(waiting) >= PIECE or not is_more:
                size += len(waiting)
                await asyncio.to_thread(_add, file, summed, bytes(waiting))
                waiting.clear()
            is_more = is_more and await _feed(request, form)
        size += len(waiting)
        await asyncio.to_thread(_add, file, summed, bytes(waiting))
    return size, summed.digest()


def _open(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _add(file: BinaryIO, summed: hashlib._Hash, piece: bytes) -> None:
    """Write on, as long as there is room: others write to the disk meanwhile."""
    if shutil.disk_usage(file.fileno()).free < ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    file.write(piece)
    summed.update(piece)


def _clear(path: Path) -> None:
    for left in path.parent.glob(f"{path.name}*"):
        left.unlink(missing_ok=True)


def digest(path: Path) -> bytes:
    """Return the SHA-256 of a file, in a thread."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def name_of(text: str) -> str:
    """Return a file's name as it can be shown and kept: its last part, in any letters, with its ending.

    Nothing stays that would lead to another folder, break a header, or read from right to left. OWASP ASVS 5.3.2.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", text))[-1]
    plain = _BLANKS.sub(" ", _UNSAFE.sub("", last)).strip().rstrip(".")
    stem, dot, ending = plain.rpartition(".")
    if not dot:
        return plain[:FILE_NAME_LIMIT].strip() or "file"
    return f"{stem[: FILE_NAME_LIMIT - len(ending[:20]) - 1].strip(' .') or 'file'}.{ending[:20]}"
