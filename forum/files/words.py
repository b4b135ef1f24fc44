"""The words of a document, in the child, as far as they can be read within bounds; for the search alone."""

from __future__ import annotations

import contextlib
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from forum.files.packages import pieces

TEXT_LIMIT: Final = 200_000
"""Characters that are kept: a report of a hundred pages."""

PART_LIMIT: Final = 30_000_000
"""Bytes that are unfolded of a document's text."""

SECONDS: Final = 20.0
"""After which no further page is begun."""

_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_PARTS: Final = {"docx": "word/document.xml", "odt": "content.xml"}
_BREAKS: Final = frozenset({f"{_WORD}p", f"{_WORD}br", f"{_WORD}tab", f"{_TEXT}p", f"{_TEXT}h", f"{_TEXT}tab"})


def words(path: Path, content_type: str) -> str:
    """Return the text of a PDF, DOCX or ODT, its blanks folded; what cannot be read is left out."""
    is_pdf = content_type == "application/pdf"
    found = _of_pdf(path) if is_pdf else _of_package(path, "odt" if "opendocument" in content_type else "docx")
    kept: list[str] = []
    left = TEXT_LIMIT
    with contextlib.suppress(PyPdfError, DefusedXmlException, ParseError, zipfile.BadZipFile, OSError, ValueError,
                             KeyError, TypeError, AttributeError, IndexError, RuntimeError, RecursionError,
                             MemoryError, NotImplementedError):  # fmt: skip
        for piece in found:
            kept.append(piece[:left])
            left -= len(piece)
            if left <= 0:
                break
    text = "".join(kept).replace("\x00", " ").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return " ".join(text.split())[:TEXT_LIMIT]


def _of_pdf(path: Path) -> Iterator[str]:
    until = time.monotonic() + SECONDS
    reader = PdfReader(path)
    for page in reader.pages:
        if time.monotonic() > until:
            return
        yield page.extract_text() + "\n"


def _of_package(path: Path, ending: str) -> Iterator[str]:
    """Give the text as it stands in the document's main part; entities that unfold are refused."""
    teller = _Teller()
    parser = DefusedXMLParser(target=teller, forbid_dtd=True)
    with zipfile.ZipFile(path) as archive:
        for piece in pieces(archive, _PARTS[ending], PART_LIMIT):
            parser.feed(piece)
            yield teller.taken()


class _Teller:
    """What the parser tells of: the text, with a blank where a paragraph ends."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def start(self, tag: str, attributes: object) -> None:
        if tag in _BREAKS:
            self._found.append("\n")

    def end(self, tag: str) -> None:
        if tag in _BREAKS:
            self._found.append("\n")

    def data(self, text: str) -> None:
        self._found.append(text)

    def close(self) -> None:
        """Nothing is left to be done."""

    def taken(self) -> str:
        found, self._found = "".join(self._found), []
        return found
