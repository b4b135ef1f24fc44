"""The emoji that have a name: what `:χαμόγελο:` or `:smile:` stands for, and which ones begin as somebody types.

The names are data (`forum/data/emoji.json`, written by `tools/emoji.py`), Greek and English, read once a process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from forum.i18n import Language, fold

LIMIT: Final = 8
"""Emoji that are offered at once: what fits beside a text without scrolling."""

_NAMED: Final = re.compile(r":([^\W_][\w-]{0,79}|[+-]1):")
_WORD_LIMIT: Final = 40


@dataclass(frozen=True, slots=True)
class Emoji:
    """A character and the names it is typed by, the one that is shown first; `words` are folded and find it too."""

    character: str
    names_el: tuple[str, ...]
    names_en: tuple[str, ...]
    words_el: tuple[str, ...]
    words_en: tuple[str, ...]

    def names(self, language: Language) -> tuple[str, ...]:
        return self.names_el if language == "el" else self.names_en

    def name(self, language: Language) -> str:
        """Return what it is called, in words."""
        return self.names(language)[0].replace("_", " ")

    def words(self, language: Language) -> tuple[str, ...]:
        return self.words_el if language == "el" else self.words_en


@cache
def emoji() -> tuple[Emoji, ...]:
    """Return all emoji, in Unicode's order: faces and hands first."""
    with (resources.files("forum") / "data" / "emoji.json").open(encoding="utf-8") as file:
        rows = json.load(file)
    return tuple(
        Emoji(character, tuple(el), tuple(en), _words(el, more_el), _words(en, more_en))
        for character, el, en, more_el, more_en in rows
    )


def named(body: str) -> Mapping[str, str]:
    """Return what a text names, as typed between its colons, with the character of each; unknown names are left out."""
    wanted = dict.fromkeys(match[1] for match in _NAMED.finditer(body))
    characters = _characters() if wanted else {}
    return {name: characters[key] for name in wanted if (key := fold(name)) in characters}


def complete(text: str, language: Language) -> list[Emoji]:
    """Return the emoji one of whose words begins with the text: by name before other words, own language first."""
    wanted = fold(text[:_WORD_LIMIT]).strip(": ").replace(" ", "_")
    if not wanted:
        return []
    other = "en" if language == "el" else "el"
    found: dict[str, Emoji] = {}
    for spoken in (language, other):
        for keys in _keys(spoken):
            for each, known in keys:
                if any(key.startswith(wanted) for key in known):
                    found.setdefault(each.character, each)
                    if len(found) == LIMIT:
                        return list(found.values())
    return list(found.values())


@cache
def _keys(language: Language) -> tuple[list[tuple[Emoji, tuple[str, ...]]], list[tuple[Emoji, tuple[str, ...]]]]:
    """Return every emoji with its names in a language, folded, and again with its words."""
    names = [(each, tuple(map(fold, each.names(language)))) for each in emoji()]
    return names, [(each, each.words(language)) for each in emoji()]


@cache
def _characters() -> Mapping[str, str]:
    """Return every name, folded, with its character; a name of two goes to the first, a Greek one before an English."""
    found: dict[str, str] = {}
    for language in ("el", "en"):
        for each in emoji():
            for name in each.names(language):
                found.setdefault(fold(name), each.character)
    return found


def _words(names: Iterable[str], more: str) -> tuple[str, ...]:
    return (*(word for name in names for word in fold(name).split("_")), *more.split())
