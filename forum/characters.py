"""Which characters a text may hold: not what PostgreSQL or a page could not, nor marks piled up as in no script."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
CONTROL: Final = re.compile("[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
UNSEEN: Final = re.compile(
    "[\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]*"
)
"""Blanks and characters without a shape: a text of nothing else could be neither read nor clicked."""
_MARKS: Final = "".join(
    character
    for character in map(chr, range(0x300, 0x20000))
    if not "\ud800" <= character <= "\udfff" and unicodedata.combining(unicodedata.normalize("NFD", character)[0])
)
# Composing sorts the marks of a letter in time that grows with the square of their number, on the event loop and
# before any length is looked at. No script needs more than 30 (Unicode Standard Annex 15, D3).
_PILED: Final = re.compile(f"[{_MARKS}]{{31}}")
_MAY_PILE: Final = re.compile("[^\0-\u02ff\u0370-\u0482\u1e00-\u1fff\u2010-\u206f]{31}")
"""No mark is Latin, Greek or punctuation: a text of these is told in a fiftieth of the time."""


def is_piled(value: str) -> bool:
    """Say whether marks without a letter between them stand on each other in numbers that no script has."""
    return _MAY_PILE.search(value) is not None and _PILED.search(value) is not None
