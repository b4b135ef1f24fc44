"""The kinds of file that are taken: what their names end in, how their bytes begin, and what becomes of them.

A file is of a kind when its name and its content both say so. What a browser might run (HTML, SVG, XML, scripts), what
an office program might (macros, the older formats of Office, which hold them unseen) and what hides others (archives)
is not among them. OWASP ASVS 5.2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: `endings` of its name, the usual first; `starts` are what its bytes begin with, one of them."""

    content_type: str
    endings: tuple[str, ...]
    starts: tuple[bytes, ...]

    @property
    def is_picture(self) -> bool:
        return self.content_type.startswith("image/")

    @property
    def is_package(self) -> bool:
        """Whether it is a zip archive of parts, as office programs write them."""
        return self.starts == _ZIP


_ZIP: Final = (b"PK\x03\x04",)
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_OPEN: Final = "application/vnd.oasis.opendocument"

KINDS: Final = (
    Kind("image/jpeg", ("jpg", "jpeg"), (b"\xff\xd8\xff",)),
    Kind("image/png", ("png",), (b"\x89PNG\r\n\x1a\n",)),
    Kind("image/gif", ("gif",), (b"GIF87a", b"GIF89a")),
    Kind("image/webp", ("webp",), (b"RIFF",)),
    Kind("application/pdf", ("pdf",), (b"%PDF-",)),
    Kind(f"{_OFFICE}.wordprocessingml.document", ("docx",), _ZIP),
    Kind(f"{_OFFICE}.spreadsheetml.sheet", ("xlsx",), _ZIP),
    Kind(f"{_OFFICE}.presentationml.presentation", ("pptx",), _ZIP),
    Kind(f"{_OPEN}.text", ("odt",), _ZIP),
    Kind(f"{_OPEN}.spreadsheet", ("ods",), _ZIP),
    Kind(f"{_OPEN}.presentation", ("odp",), _ZIP),
    Kind("text/csv", ("csv",), ()),
    Kind("text/plain", ("txt",), ()),
)

BY_TYPE: Final = {kind.content_type: kind for kind in KINDS}
ENDINGS: Final = tuple(ending for kind in KINDS for ending in kind.endings)
PICTURES: Final = frozenset(kind.content_type for kind in KINDS if kind.is_picture)
"""What is shown in a page; everything else is handed out to be saved."""

WORDED: Final = frozenset({"application/pdf", f"{_OFFICE}.wordprocessingml.document", f"{_OPEN}.text"})
"""Whose words can be read."""

HEAD: Final = 16
"""Bytes that tell the kinds apart."""

PIXEL_LIMIT: Final = 50_000_000
"""Of a picture: beyond what cameras of telephones make; decoded, 200 MB."""

SIDE_LIMIT: Final = 20_000
"""Pixels of a side."""


class Unusable(Exception):
    """A file cannot be taken: `code` says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def require_bounded(width: int, height: int) -> None:
    """Raise Unusable (too_many_pixels) for a picture that is larger than is decoded."""
    if width * height > PIXEL_LIMIT or max(width, height) > SIDE_LIMIT:
        raise Unusable("too_many_pixels")


def kind_of(name: str, head: bytes) -> Kind | None:
    """Return the kind that a file's name and its first bytes agree on; of pictures the bytes alone count.

    Phones and programs that convert pictures leave their names as they were.
    """
    ending = name.rpartition(".")[2].lower()
    named = next((kind for kind in KINDS if ending in kind.endings), None)
    if named is None:
        return None
    if named.is_picture:
        return next((kind for kind in KINDS if kind.is_picture and head.startswith(kind.starts)), None)
    return named if not named.starts or head.startswith(named.starts) else None
