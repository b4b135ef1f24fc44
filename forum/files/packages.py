"""Office documents, in the child: whether they are what their names say, and hold nothing that runs.

They are zip archives. Nothing is unpacked to look at them but the two small parts that say what they are.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from forum.files.kinds import Unusable

PARTS_LIMIT: Final = 10_000
"""Parts of a document; a large presentation has a thousand."""

UNPACKED_LIMIT: Final = 1024**3
"""Bytes that all parts say they unfold into; only what is read is ever unfolded."""

_SAID_LIMIT: Final = 1_000_000
"""Bytes of the part that says what a document is."""

_RUNNING: Final = re.compile(r"(?:^|/)(?:vba[^/]*\.bin|vbadata\.xml|activex/|basic/|scripts/)")
"""In the names of parts that hold programs, in small letters."""
_RUNS: Final = re.compile("vbaproject|macroenabled|macrosheet|activex")
"""In what an Office document says of its parts, in small letters."""
_BROKEN: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    KeyError,
    OSError,
    ValueError,
    RuntimeError,  # a password, or a way of packing that is not known
    EOFError,
)
_MAIN: Final = "[Content_Types].xml"
_OPEN: Final = "application/vnd.oasis.opendocument"


def check(path: Path, content_type: str) -> None:
    """Raise Unusable (broken_file, wrong_kind, has_macros, too_many_parts) unless it is such a document."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > PARTS_LIMIT or sum(part.file_size for part in parts) > UNPACKED_LIMIT:
                raise Unusable("too_many_parts")
            if any(_RUNNING.search(part.filename.lower()) for part in parts):
                raise Unusable("has_macros")
            if content_type.startswith(_OPEN):
                said = read_part(archive, "mimetype", 200).decode("ascii", "replace").strip()
                is_right = said == content_type
            else:
                said = read_part(archive, _MAIN, _SAID_LIMIT).decode("utf-8", "replace").replace("'", '"')
                if _RUNS.search(said.lower()):
                    raise Unusable("has_macros")
                is_right = f'"{content_type}.main+xml"' in said
    except _BROKEN as error:
        raise Unusable("broken_file") from error
    if not is_right:
        raise Unusable("wrong_kind")


def read_part(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """Return at most `limit` bytes of a part. Raise what zipfile does."""
    return b"".join(pieces(archive, name, limit))


def pieces(archive: zipfile.ZipFile, name: str, limit: int) -> Iterator[bytes]:
    """Give a part piece by piece, at most `limit` bytes of it."""
    with archive.open(name) as part:
        while limit > 0 and (piece := part.read(min(65_536, limit))):
            limit -= len(piece)
            yield piece
