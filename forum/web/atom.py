"""Writes Atom feeds (RFC 4287) with the standard library's XML writer; knows nothing of topics."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree

MEDIA: Final = "application/atom+xml"

_NAMESPACE: Final = "http://www.w3.org/2005/Atom"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_UNWRITABLE: Final = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (2.2), or had better not."""
_LINE_END: Final = re.compile("\r\n?")


@dataclass(frozen=True, slots=True)
class Term:
    """What something is filed under: a term of a scheme, and how it is called."""

    scheme: str
    term: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    id: str
    title: str
    link: str
    author: str
    published_at: datetime
    updated_at: datetime
    html: str
    language: str | None
    """Its own, None where it is not known."""
    terms: list[Term] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """`updated_at` is what it says while it has no entries."""

    id: str
    title: str
    link: str
    language: str
    updated_at: datetime
    entries: list[Entry]


def write(feed: Feed) -> bytes:
    """Return the document; it does not say its own address, which is a secret here."""
    root = ElementTree.Element("feed", {"xmlns": _NAMESPACE, _LANGUAGE: feed.language})
    updated_at = max((entry.updated_at for entry in feed.entries), default=feed.updated_at)
    _add_head(root, feed.id, feed.title, feed.link, updated_at)
    for entry in feed.entries:
        _add_entry(root, entry)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _add_head(parent: ElementTree.Element, id: str, title: str, link: str, updated_at: datetime) -> None:
    _add(parent, "id", id)
    _add(parent, "title", title)
    _add(parent, "updated", _instant(updated_at))
    _add(parent, "link", rel="alternate", type="text/html", href=link)


def _add_entry(root: ElementTree.Element, entry: Entry) -> None:
    element = _add(root, "entry")
    if entry.language:
        element.set(_LANGUAGE, entry.language)
    _add_head(element, entry.id, entry.title, entry.link, entry.updated_at)
    _add(element, "published", _instant(entry.published_at))
    _add(_add(element, "author"), "name", entry.author)
    for term in entry.terms:
        _add(element, "category", scheme=term.scheme, term=term.term, label=term.label)
    _add(element, "content", entry.html, type="html")


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    written = {key: _written(value) for key, value in attributes.items()}
    element = ElementTree.SubElement(parent, name, written)
    element.text = _written(text)
    return element


def _written(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", _LINE_END.sub("\n", text))


def _instant(instant: datetime) -> str:
    """Return an instant as RFC 3339 has it."""
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
