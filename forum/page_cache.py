"""Pages that were written before, for whoever may see the very same, under a key read from the database just now.

A page is kept in pieces, with holes between them for what belongs to one reader or one answer: who reads, the token of
the forms, the key of the form. Nothing here knows when a page changes: who asks names all it was made of, versions
included (docs/adr/0023-versions.md), and a key that does not fit any more is simply never asked for again.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Final

LIMIT: Final = 8 * 1024**2
"""Bytes of pages a process keeps: some two hundred, those asked for last."""

PARTS_LIMIT: Final = 1024**2
"""Characters of posts a process keeps as they stand on a page, the newest; some six hundred posts."""

PLACES: Final = 4096
"""Pages whose parties a process remembers."""

NAME, TOKEN, FORM_KEY, UNREAD_TITLE, UNREAD_COUNT, UNREAD_LABEL = (f"hole{secrets.token_hex(16)}" for _ in range(6))
"""What stands in a page while it is written, where the reader's name, the token and the key of its forms, and what is
said of their unread notifications belong.

Nobody can write one of them into a post: they are made anew by every process and told to nobody.
"""
MEMBER: Final = 2**61 + secrets.randbelow(2**61)
"""The same for the reader's number."""

_HOLES: Final = re.compile("|".join((NAME, TOKEN, FORM_KEY, UNREAD_TITLE, UNREAD_COUNT, UNREAD_LABEL, str(MEMBER))))


@dataclass(frozen=True, slots=True)
class Written:
    """A page in pieces: text, hole, text, hole, … text; good until an instant, in seconds of the epoch."""

    pieces: tuple[bytes | str, ...]
    size: int
    until: float

    def filled(self, values: Mapping[str, bytes]) -> bytes:
        """Return the page with every hole filled; `values` gives the bytes, escaped for HTML, by hole."""
        return b"".join([values[piece] if type(piece) is str else piece for piece in self.pieces])  # type: ignore[misc]


def cut(text: str, until: float) -> Written:
    """Return a page in pieces; its holes stand in it as they were written."""
    pieces: list[bytes | str] = []
    end = 0
    for hole in _HOLES.finditer(text):
        pieces += (text[end : hole.start()].encode(), hole.group())
        end = hole.end()
    pieces.append(text[end:].encode())
    return Written(tuple(pieces), sum(map(len, pieces)), until)


class PageCache:
    """The pages of a process, the least recently used thrown away beyond `limit` bytes."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._size = 0
        self._pages: OrderedDict[Hashable, Written] = OrderedDict()
        self._parties: OrderedDict[Hashable, frozenset[int | None]] = OrderedDict()
        self._parts: OrderedDict[Hashable, str] = OrderedDict()
        self._parts_size = 0

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, key: Hashable, now: float) -> Written | None:
        """Return what was kept under a key, if it is still good at an instant."""
        written = self._pages.get(key)
        if written is None:
            return None
        if written.until <= now:
            self._drop(key)
            return None
        self._pages.move_to_end(key)
        return written

    def put(self, key: Hashable, written: Written) -> None:
        if key in self._pages:
            self._drop(key)
        self._pages[key] = written
        self._size += written.size
        while self._size > self._limit:
            self._drop(next(iter(self._pages)))

    def parties(self, place: Hashable) -> frozenset[int | None] | None:
        """Return the numbers of the members who have a part in a page, who may be shown it otherwise than the rest."""
        return self._parties.get(place)

    def note_parties(self, place: Hashable, parties: frozenset[int | None]) -> frozenset[int | None]:
        self._parties[place] = parties
        if len(self._parties) > PLACES:
            self._parties.popitem(last=False)
        return parties

    def part(self, key: Hashable) -> str | None:
        """Return the HTML of a part of a page, kept under everything that it was written from."""
        return self._parts.get(key)

    def keep_part(self, key: Hashable, html: str) -> str:
        self._parts[key] = html
        self._parts_size += len(html)
        while self._parts_size > PARTS_LIMIT:
            self._parts_size -= len(self._parts.popitem(last=False)[1])
        return html

    def _drop(self, key: Hashable) -> None:
        self._size -= self._pages.pop(key).size
