"""The style sheet and images, served from memory under names that change with their content."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Final

from aiohttp import web

from forum.errors import NotFound

_FOREVER: Final = "public, max-age=31536000, immutable"
_TYPES: Final = {".woff2": "font/woff2", ".js": "text/javascript", ".svg": "image/svg+xml"}
_URL: Final = re.compile(rb'url\("([a-z0-9.-]+)"\)')
_TEXT: Final = ("text/", "image/svg+xml")


@dataclass(frozen=True)
class _Asset:
    content: bytes
    content_type: str

    @property
    def is_text(self) -> bool:
        return self.content_type.startswith(_TEXT)

    @cached_property
    def packed(self) -> bytes:
        """The content as gzip, made when it is first asked for: a few milliseconds."""
        return gzip.compress(self.content, 9, mtime=0)


class Assets:
    """Every file of `forum/static`, by its name with a piece of its SHA-256 in it."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._assets: dict[str, _Asset] = {}
        files = [file for file in resources.files("forum").joinpath("static").iterdir() if file.is_file()]
        # Style sheets come last: they name other files, whose names change with their content.
        for file in sorted(files, key=lambda file: file.name.endswith(".css")):
            if file.name.startswith(("_", ".")):
                continue
            content = file.read_bytes()
            if file.name.endswith(".css"):
                content = _URL.sub(lambda match: b'url("%s")' % self._names[match[1].decode()].encode(), content)
            stem, dot, suffix = file.name.rpartition(".")
            hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:10]}{dot}{suffix}"
            self._names[file.name] = hashed
            self._assets[hashed] = _Asset(content, _type_of(dot + suffix))

    def name(self, plain: str) -> str:
        """Return the name a file is served under; KeyError when there is no such file."""
        return self._names[plain]

    def respond(self, hashed: str, *, takes_gzip: bool) -> web.Response:
        """Answer with a file, texts packed for whoever takes that; raise NotFound where there is none."""
        asset = self._assets.get(hashed)
        if asset is None:
            raise NotFound
        headers = {"Content-Type": asset.content_type, "Cache-Control": _FOREVER}
        if not asset.is_text:
            return web.Response(body=asset.content, headers=headers)
        headers["Vary"] = "Accept-Encoding"
        if not takes_gzip:
            return web.Response(body=asset.content, headers=headers)
        return web.Response(body=asset.packed, headers={**headers, "Content-Encoding": "gzip"})


def _type_of(suffix: str) -> str:
    found = _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    return f"{found}; charset=utf-8" if found.startswith(_TEXT) else found
