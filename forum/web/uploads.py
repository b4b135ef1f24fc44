"""Forms that bring a small file: read from memory, whole and bounded, as bytes that mean nothing yet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from forum.errors import BadRequest
from forum.web.multipart import Form

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


async def read(request: web.Request, name: str = "file") -> Upload:
    """Return what a form brought, its file in the field `name`; raise BadRequest where it is no such form."""
    if _UPLOAD not in request:
        form = Form(request, file=name, field_limit=FIELD_LIMIT)
        form.feed(await request.read())
        if not form.is_ended:
            raise BadRequest("bad_request")
        content = b"".join(form.pieces)
        is_chosen = form.file_name is not None and bool(form.file_name or content)
        request[_UPLOAD] = Upload(form.fields, _name(form.file_name or ""), content if is_chosen else None)
    return request[_UPLOAD]


def _name(text: str) -> str:
    """Return the last part of a file's name, as it can be shown and kept."""
    last = re.split(r"[/\\]", text)[-1]
    return _UNPRINTABLE.sub("", last)[-NAME_LIMIT:].strip() or "file"
