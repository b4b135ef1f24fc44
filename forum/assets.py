"""Scripts, the style sheet, fonts and images, served from memory under names that change with their content.

A script names the scripts it imports, and the style sheet its fonts, as `./name`; they are served with hashed names in
place of these. So a name changes with everything that is reached from it, and every answer can be kept for ever.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Final

from aiohttp import web

from forum.errors import NotFound

_FOREVER: Final = "public, max-age=31536000, immutable"
_TYPES: Final = {".woff2": "font/woff2", ".js": "text/javascript", ".svg": "image/svg+xml"}
_TEXT: Final = ("text/", "image/svg+xml")

_NAME: Final = rb"""["']\./([\w.-]+)["']"""
_REFERENCES: Final = {
    "js": re.compile(rb"(?:\bfrom\s*|\bimport\s*\(?\s*)" + _NAME),
    "css": re.compile(rb"\burl\(\s*" + _NAME),
}
"""How a file names another of this folder, the name as the first group."""


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
    """Every file of `forum/static`, by its name with a piece of its SHA-256 in it.

    `files` takes the place of the folder. Raise ValueError when a file names one that is absent, or, by others, itself.
    """

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self._files = _read() if files is None else files
        self._names: dict[str, str] = {}
        self._assets: dict[str, _Asset] = {}
        for name in self._files:
            self._add(name, ())

    def name(self, plain: str) -> str:
        """Return the name a file is served under; KeyError when there is no such file."""
        return self._names[plain]

    def respond(self, hashed: str, *, takes_gzip: bool = False) -> web.Response:
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

    def _add(self, name: str, path: tuple[str, ...]) -> str:
        """Take a file in after all it names, and return its hashed name; `path`: the files that led to it."""
        if name in self._names:
            return self._names[name]
        if name in path:
            raise ValueError(f"files name each other in a circle: {' > '.join((*path, name))}")
        if name not in self._files:
            raise ValueError(f"{path[-1]} names {name}, which is not in forum/static")
        content = self._files[name]
        stem, dot, suffix = name.rpartition(".")
        if pattern := _REFERENCES.get(suffix):
            content = pattern.sub(lambda found: self._renamed(found, (*path, name)), content)
        hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:10]}{dot}{suffix}"
        self._names[name] = hashed
        self._assets[hashed] = _Asset(content, _type_of(dot + suffix))
        return hashed

    def _renamed(self, found: re.Match[bytes], path: tuple[str, ...]) -> bytes:
        whole, begin = found[0], found.start(1) - found.start(0)
        hashed = self._add(found[1].decode(), path)
        return whole[:begin] + hashed.encode() + whole[begin + len(found[1]) :]


def _read() -> dict[str, bytes]:
    folder = resources.files("forum").joinpath("static")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file() and file.name[0] not in "_."}


def _type_of(suffix: str) -> str:
    found = _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    return f"{found}; charset=utf-8" if found.startswith(_TEXT) else found
