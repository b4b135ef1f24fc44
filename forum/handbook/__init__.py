"""The handbook: help pages, privacy notice and accessibility statement, as Markdown in every language that has them.

This module reads the texts and refuses to know how they are rendered or under which addresses they stand.
A text opens with its title; a link to another page names that page alone, as in `[writing](writing)`. What changes in
the accessibility statement (its dates, what was tested, what is known to be missing) stands in `statement.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Final

from forum.handbook import statement
from forum.i18n import FALLBACK, Language

# the help pages in the order of reading; the first is the way in
HELP: Final = (
    "help",
    "signing-in",
    "reading",
    "notifications",
    "writing",
    "kinds",
    "editing",
    "searching",
    "twinnings",
    "access",
    "moderators",
    "administrators",
    "api",
    "keyboard",
)

# pages with an address of their own, linked at the foot of every page
NOTICES: Final = ("privacy", "terms", "accessibility")

# pages of the forum, not of the handbook, that its texts lead to by the same kind of link
WAYS: Final = ("feedback",)

_PAGE_LINK: Final = re.compile(r"\]\(([a-z]+(?:-[a-z]+)*)\)")


@dataclass(frozen=True, slots=True)
class HandbookPage:
    """A page in one language; `source` is its Markdown without the title, headings begin at the second level."""

    slug: str
    title: str
    source: str
    language: Language = FALLBACK

    @property
    def links(self) -> tuple[str, ...]:
        """The pages it points to."""
        return tuple(_PAGE_LINK.findall(self.source))

    def source_with_links(self, url_of: Callable[[str], str]) -> str:
        """Return the Markdown with the address of each page in place of its name."""
        return _PAGE_LINK.sub(lambda match: f"]({url_of(match[1])})", self.source)


def load() -> Mapping[tuple[Language, str], HandbookPage]:
    """Return every page of the handbook there is; raises ValueError for a text without a title."""
    pages = {}
    for folder in resources.files(__name__).iterdir():
        for slug in (*HELP, *NOTICES):
            language, file = folder.name, folder / f"{slug}.md"
            if not file.is_file():
                continue
            heading, _, source = file.read_text(encoding="utf-8").partition("\n")
            if not heading.startswith("# "):
                raise ValueError(f"{language}/{slug}.md does not open with its title")
            text = statement.filled(source, language) if slug == statement.SLUG else source
            pages[language, slug] = HandbookPage(slug, heading[2:].strip(), text.strip() + "\n", language)
    return MappingProxyType(pages)


def page(pages: Mapping[tuple[Language, str], HandbookPage], language: Language, slug: str) -> HandbookPage:
    """Return a page in a language, or in English where the language has none."""
    return pages.get((language, slug)) or pages[FALLBACK, slug]
