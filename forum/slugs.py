"""The words of an address: Greek and other letters written in plain Latin ones.

Owns the transliteration, ELOT 743 (ISO 843, type 2) as passports and road signs use it. Knows nothing of what is
named, and does not make slugs unique: the table that stores them does.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LIMIT: Final = 80
"""Characters of a slug: a whole sentence, and short enough for a mail not to break the link."""

_ACUTE: Final = "\u0301"
_DIAERESIS: Final = "\u0308"
_VOICED: Final = frozenset("αεηιουωβγδζλμνρ")
"""Letters before which αυ, ευ, ηυ sound, and are written, as av, ev, iv; else af, ef, if."""

_LETTERS: Final = {
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k",
    "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "τ": "t", "υ": "y",
    "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
}  # fmt: skip
_DIPHTHONGS: Final = {"α": "a", "ε": "e", "η": "i"}
_NASALS: Final = {"γ": "ng", "ξ": "nx", "χ": "nch"}
"""What γ and the letter after it become; before κ it stays g."""
_LATIN: Final = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "ng",
}  # fmt: skip
_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")


def slugify(text: str, *, fallback: str = "topic", limit: int = LIMIT) -> str:
    """Return `text` as lower-case Latin words joined by hyphens, at most `limit` characters, cut between words.

    Where nothing is left, such as of a title in Chinese, it is `fallback`.
    """
    words = _SEPARATORS.sub("-", transliterate(text)).strip("-")
    if len(words) > limit:
        whole, hyphen, _ = words[: limit + 1].rpartition("-")
        words = whole if hyphen else words[:limit]
    return words or fallback


def transliterate(text: str) -> str:
    """Return `text` in lower case with Greek letters in Latin ones (ELOT 743) and without accents."""
    letters = _letters(text)
    written: list[str] = []
    index = 0
    while index < len(letters):
        latin, width = _group(letters, index)
        written.append(latin)
        index += width
    return "".join(written)


def _letters(text: str) -> list[tuple[str, str]]:
    """Return each character in lower case with the marks it carries."""
    letters: list[tuple[str, str]] = []
    for character in unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold()):
        if unicodedata.combining(character):
            if letters:
                letters[-1] = (letters[-1][0], letters[-1][1] + character)
        else:
            letters.append((character, ""))
    return letters


def _group(letters: list[tuple[str, str]], index: int) -> tuple[str, int]:
    """Return the Latin form of the letter at `index`, with the next where both are one sound, and how many it takes."""
    letter, marks = letters[index]
    following, following_marks = letters[index + 1] if index + 1 < len(letters) else ("", "")
    # an accent on the first vowel or a diaeresis on the second parts them: Μάυρα, προϋπόθεση
    if following == "υ" and _ACUTE not in marks and _DIAERESIS not in following_marks:
        if letter == "ο":
            return "ou", 2
        if letter in _DIPHTHONGS:
            after = letters[index + 2][0] if index + 2 < len(letters) else ""
            return _DIPHTHONGS[letter] + ("v" if after in _VOICED else "f"), 2
    if letter == "γ" and following in _NASALS:
        return _NASALS[following], 2
    if letter == "μ" and following == "π" and (index == 0 or not letters[index - 1][0].isalpha()):
        return "b", 2
    return _LETTERS.get(letter) or _LATIN.get(letter, letter), 1
