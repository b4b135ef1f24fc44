"""The beginning of a post as plain text, for lists and letters."""

from __future__ import annotations

import re
from typing import Final

from forum.markup.rendering import text_of

LIMIT: Final = 200

SOURCE: Final = 4000
"""Characters of a post's HTML that an excerpt is made from: enough for 200 of text under any ordinary mark-up."""

_CUT_TAG: Final = re.compile(r"<[^>]*$")


def excerpt(html: str, limit: int = LIMIT) -> str:
    """Turn the beginning of a post's HTML into the beginning of its text."""
    text = " ".join(text_of(_CUT_TAG.sub("", html)).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
