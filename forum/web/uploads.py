"""Forms that bring a file: read from memory, whole and bounded, as bytes that mean nothing yet.

A part is taken as it stands: no encoding or character set that it names is believed, since Python also reads some whose
cost grows with the square of the length. Source: RFC 7578.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError

from forum.errors import BadRequest

PARTS_LIMIT: Final = 20
"""Fields of a form that brings a file."""

FIELD_LIMIT: Final = 1_000
"""Bytes of a field that is no file."""

NAME_LIMIT: Final = 200
"""Characters that are kept of a file's name."""

_UNPRINTABLE: Final = re.compile(r"[^\w .,()+-]")


@dataclass(frozen=True, slots=True)
class Upload:
    """What a form brought; `content` is None where no file was chosen."""

    fields: dict[str, str] = field(default_factory=dict)
    name: str = ""
    content: bytes | None = None


_UPLOAD: Final = web.RequestKey("upload", Upload)


def is_upload(request: web.Request) -> bool:
    return request.content_type == "multipart/form-data"


async def read(request: web.Request, name: str = "file") -> Upload:
    """Return what a form brought, its file in the field `name`; raise BadRequest where it is no such form."""
    if _UPLOAD not in request:
        try:
            request[_UPLOAD] = await _read(request, name)
        except (ValueError, LookupError, AssertionError, RuntimeError, HttpProcessingError) as error:
            raise BadRequest("bad_request") from error
    return request[_UPLOAD]


async def _read(request: web.Request, name: str) -> Upload:
    body = await request.read()
    # All of it is there already: a stream that was fuller than twice its limit would ask its connection to wait.
    stream = aiohttp.StreamReader(BaseProtocol(asyncio.get_running_loop()), max(len(body), 2**16))
    stream.feed_data(body)
    stream.feed_eof()
    fields, file_name, content = dict[str, str](), "", None
    count = 0
    async for part in aiohttp.MultipartReader(request.headers, stream):
        count += 1
        if not isinstance(part, aiohttp.BodyPartReader) or part.name is None or count > PARTS_LIMIT:
            raise BadRequest("bad_request")
        value = bytes(await part.read(decode=False))
        if part.name == name and part.filename is not None:
            if content is not None:
                raise BadRequest("repeated_parameter")
            file_name, content = _name(part.filename), value if part.filename or value else None
        elif part.name in fields:
            raise BadRequest("repeated_parameter")
        else:
            if len(value) > FIELD_LIMIT:
                raise BadRequest("bad_value")
            fields[part.name] = value.decode()
    return Upload(fields, file_name, content)


def _name(text: str) -> str:
    """Return the last part of a file's name, as it can be shown and kept."""
    last = re.split(r"[/\\]", text)[-1]
    return _UNPRINTABLE.sub("", last)[-NAME_LIMIT:].strip() or "file"
