"""A language nobody speaks: English in accented letters, half as long again and between marks.

It shows what a third language meets: a sentence without marks was not translated, one that is cut has no room to grow.
The catalogue is made from the sentences of the sources, in a folder of the tests'.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from forum.i18n import DOMAIN
from tools import translations

CODE: Final = "mt"
"""Maltese lends its code: a language of the Union that the forum does not have."""

NAME: Final = "⟦Ⓟšéüdó⟧"

OPEN, CLOSE = "⟦", "⟧"
GROWTH: Final = 1.4

_ENGLISH: Final = re.compile(r"[A-Za-z]{2,}")
_MARKS: Final = re.compile(f"[{OPEN}{CLOSE}]")
_KEPT: Final = re.compile(r"(%\(\w+\)s|%%|<[^>]*>|&\w+;)")
_LETTERS: Final = str.maketrans("abcdeghiklnorstuwyzACDEGHIKLNORSTUWYZ", "áƀćđéğĥíķłñóŕšťúŵýžÁĆĐÉĞĤÍĶŁÑÓŔŠŤÚŴÝŽ")
_PADDING: Final = "ñéŵ łóñğ ŵóŕđš "


def spoken(sentence: str) -> str:
    """Return a sentence as the language has it; placeholders and tags stay."""
    parts = _KEPT.split(sentence)
    accented = "".join(part if index % 2 else part.translate(_LETTERS) for index, part in enumerate(parts))
    missing = math.ceil(len(sentence) * GROWTH) - len(sentence) - len(OPEN + CLOSE)
    padding = (_PADDING * (missing // len(_PADDING) + 1))[: max(0, missing)].rstrip()
    return f"{OPEN}{accented}{' ' if padding else ''}{padding}{CLOSE}"


def make(folder: Path) -> Path:
    """Put the language into a folder, as somebody would who adds one, and return the folder."""
    place = folder / CODE / "LC_MESSAGES"
    place.mkdir(parents=True)
    (folder / CODE / "language.toml").write_text(f'name = "{NAME}"\nterritory = "MT"\n', encoding="utf-8")
    (place / f"{DOMAIN}.mo").write_bytes(_catalogue())
    return folder


@cache
def _catalogue() -> bytes:
    """Return the sentences of all sources as the language has them; to read the sources takes seconds."""
    catalogue = Catalog(locale=CODE, domain=DOMAIN, charset="utf-8", fuzzy=False)
    catalogue.mime_headers = [
        (name, "nplurals=2; plural=(n != 1);" if name == "Plural-Forms" else value)
        for name, value in catalogue.mime_headers
    ]
    for sentence in translations.sentences():
        forms = tuple(map(spoken, sentence.forms))
        catalogue.add(
            sentence.forms if sentence.plural else sentence.singular,
            forms if sentence.plural else forms[0],
            context=sentence.context or None,
        )
    written = BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def untranslated(text: str, *, names: Iterable[str] = ()) -> str:
    """Return what of a text stands outside all marks and has English letters, nothing when all is translated."""
    depth, start = 0, 0
    outside: list[str] = []
    for mark in _MARKS.finditer(text):
        if depth == 0:
            outside.append(text[start : mark.start()])
        depth = depth + 1 if mark[0] == OPEN else max(0, depth - 1)
        start = mark.end()
    outside.append(text[start:])
    left = " ".join(outside)
    for name in names:
        left = left.replace(name, " ")
    return left.strip() if _ENGLISH.search(left) else ""
