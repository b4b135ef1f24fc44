"""What generated posts are made of: paragraphs and titles of the demo, each rendered and read for search once.

A post is a few paragraphs; its HTML is theirs, one after the other, and its search vector is put together from theirs
as the server would make it of the whole text. Both are exact: a test renders and reads whole posts and compares.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final

from forum import demo
from forum.db import RawConnection
from forum.generating.plan import LANGUAGES
from forum.markup import Renderer

_RENDER_SECONDS: Final = 30.0
_PLAIN: Final = re.compile(r"[«“\"(]?[^\W\d_]")
_NO_PARAGRAPH: Final = ("\n", "```", "[^", "@")
"""What a paragraph must not hold to say the same beside any other."""

_SENTINEL: Final = "zzzz"
"""A word that no text holds and that is found as itself: put after a text, its position tells how many words it has."""
_WEIGHT_A: Final = 3 << 14
_WEIGHT_B: Final = 2 << 14
_COUNT: Final = Struct(">i")
_POSITIONS: Final = tuple(Struct(f">xH{count}H").pack for count in range(256))


@dataclass(frozen=True, slots=True)
class Piece:
    """A paragraph or a part of a title: as typed, as HTML, and its words with their places among `length` words."""

    source: str
    html: str
    words: tuple[tuple[bytes, tuple[int, ...]], ...]
    length: int


@dataclass(frozen=True, slots=True)
class Stock:
    """The paragraphs and titles by language, and by organisation and language the name that a title begins with."""

    paragraphs: dict[str, list[Piece]]
    titles: dict[str, list[Piece]]
    names: dict[tuple[int, str], Piece]


async def gather(connection: RawConnection) -> Stock:
    """Render the paragraphs, and have the server read all words."""
    content = demo.read()
    paragraphs = {language: _paragraphs(content, language) for language in LANGUAGES}
    titles = {language: sorted({t.title for t in content.topics if t.language == language}) for language in LANGUAGES}
    rows = await connection.fetch("SELECT id, name_el, name_en FROM organisations ORDER BY id")
    names = {(row["id"], language): f"{row[f'name_{language}']}:" for row in rows for language in LANGUAGES}
    return Stock(
        {language: await _pieces(connection, texts, is_rendered=True) for language, texts in paragraphs.items()},
        {language: await _pieces(connection, texts) for language, texts in titles.items()},
        dict(zip(names, await _pieces(connection, list(names.values())), strict=True)),
    )


def search_vector(title: Sequence[Piece], body: Sequence[Piece]) -> bytes:
    """Return what `domain.search_vector.of` makes of a title and a text, as the server takes it in binary."""
    found: dict[bytes, list[int]] = {}
    start = 0
    for piece in title:
        for word, places in piece.words:
            found.setdefault(word, []).extend([_WEIGHT_A + start + place for place in places])
        start += piece.length
    # the text is put after the last word of the title that is kept, as the server does
    start = max((places[-1] - _WEIGHT_A for places in found.values()), default=0)
    for piece in body:
        base = _WEIGHT_B + start
        for word, places in piece.words:
            if (there := found.get(word)) is None:
                found[word] = [base + place for place in places]
            else:
                there += [base + place for place in places]
        start += piece.length
    parts = [_COUNT.pack(len(found))]
    for word in sorted(found):
        all_places = found[word]
        parts += (word, _POSITIONS[len(all_places)](len(all_places), *all_places))
    return b"".join(parts)


async def take_binary_vectors(connection: RawConnection) -> None:
    """Let the connection send search vectors as `search_vector` makes them."""
    await connection.set_type_codec("tsvector", schema="pg_catalog", encoder=bytes, decoder=bytes, format="binary")


def _paragraphs(content: demo.Content, language: str) -> list[str]:
    parts = (part.strip() for body in content.bodies() for part in body.split("\n\n"))
    plain = {part for part in parts if _PLAIN.match(part) and not any(sign in part for sign in _NO_PARAGRAPH)}
    return sorted(part for part in plain if _language(part) == language)


def _language(text: str) -> str:
    """Return what a text is written in, by most of its letters: people answer in another language than the topic's."""
    letters = sum(map(str.isalpha, text))
    return LANGUAGES[sum(letter.isascii() for letter in text if letter.isalpha()) > letters / 2]


async def _pieces(connection: RawConnection, texts: list[str], *, is_rendered: bool = False) -> list[Piece]:
    """Return the texts with their words; those to be shown are rendered, titles are searched for as they stand."""
    shown = await _render(texts) if is_rendered else [("", text) for text in texts]
    words: list[list[tuple[bytes, tuple[int, ...]]]] = [[] for _ in texts]
    lengths = [0] * len(texts)
    for row in await connection.fetch(_WORDS, [text for _, text in shown], _SENTINEL):
        index, places = row["number"] - 1, tuple(row["positions"])
        if row["lexeme"] == _SENTINEL:
            lengths[index] = places[0] - 1
        else:
            words[index].append((row["lexeme"].encode(), places))
    return [
        Piece(text, html, tuple(found), length)
        for text, (html, _), found, length in zip(texts, shown, words, lengths, strict=True)
    ]


_WORDS: Final = """
SELECT texts.number, words.lexeme, words.positions
FROM unnest($1::text[]) WITH ORDINALITY AS texts (text, number)
CROSS JOIN LATERAL unnest(to_tsvector('koinon', texts.text || ' ' || $2)) AS words
ORDER BY texts.number, words.lexeme COLLATE "C"
"""


async def _render(texts: list[str]) -> list[tuple[str, str]]:
    renderer = Renderer(limit=_RENDER_SECONDS)
    await renderer.start()
    try:
        rendered = await asyncio.gather(*map(renderer.render, texts))
    finally:
        await renderer.close()
    return [(made.html, made.text) for made in rendered]
