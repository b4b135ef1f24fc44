"""Files that mean harm, by the names they come with: those that are refused, and those that are taken and do none."""

from __future__ import annotations

import functools
import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Final

from PIL import Image

from tests import files

SCRIPT: Final = b"<script>alert(1)</script>"
"""What a test looks for in a picture that was to be written anew."""


def _frame_beyond_its_screen(side: int = 50_000) -> bytes:
    """Return a GIF whose screen is small and whose first frame is not."""
    whole = files.picture("GIF", (16, 16))
    frame = whole.index(b",", 13 + 3 * 2 ** ((whole[10] & 7) + 1))
    return whole[: frame + 5] + struct.pack("<HH", side, side) + whole[frame + 9 :]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _unfolding_text() -> bytes:
    """Return a PNG with a comment of a few hundred kB that unfolds into 100 MB."""
    whole = files.picture()
    return whole[:33] + _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(100_000_000), 1)) + whole[33:]


def _large_jpeg() -> bytes:
    """Return a JPEG that says it is as large as one can be."""
    whole = files.photograph()
    size = whole.index(b"\xff\xc0") + 5
    return whole[:size] + struct.pack(">HH", 65_535, 65_535) + whole[size + 4 :]


def _claiming_package() -> bytes:
    """Return a document whose directory says that it unfolds into four gigabytes."""
    whole = bytearray(files.docx())
    entry = whole.index(b"PK\x01\x02")
    whole[entry + 24 : entry + 28] = struct.pack("<I", 2**32 - 2)
    return bytes(whole)


def _unfolding_type() -> bytes:
    """Return a package of which the part that says what it is unfolds into 100 MB."""
    return files.package({"[Content_Types].xml": b" " * 100_000_000, "word/document.xml": "x"})


def _escaping() -> bytes:
    return files.docx(more={"../../../../etc/cron.d/x": b"x", "/etc/passwd": b"x"})


def _pdf_bomb() -> bytes:
    """Return a PDF of a few hundred kB whose page unfolds into 100 MB."""
    stream = zlib.compress(b"BT (a) Tj ET\n" * 8_000_000, 1)
    head = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R]"
    head += b" /Count 1 >>\nendobj\n3 0 obj\n<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>\nendobj\n4 0 obj\n"
    return head + b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream\nendobj\n" % (len(stream), stream)


def _archive_behind(first: bytes) -> bytes:
    """Return a file behind which an archive with a program stands, so that it is both."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.class", SCRIPT)
    return first + out.getvalue()


def _moving() -> bytes:
    """Return a WebP of many frames."""
    frames = [Image.new("RGB", (400, 400), (shade, 0, 0)) for shade in range(0, 250, 5)]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=10)
    return out.getvalue()


@functools.cache
def refused() -> Mapping[str, bytes]:
    """Return files of which nothing is kept."""
    return {
        "pixels.png": files.huge_picture(),
        "wide.png": files.huge_picture(50_000, 1),
        "frame.gif": _frame_beyond_its_screen(),
        "large.jpg": _large_jpeg(),
        "comment.png": _unfolding_text(),
        "cut.png": files.picture()[:70],
        "script.gif": b"GIF89a\x10\x00\x10\x00;alert(1)//",
        "page.html": SCRIPT,
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "page.html.png": SCRIPT,
        "archive.txt": files.package({"x": SCRIPT}),
        "program.csv": b"\x7fELF\x02\x01\x01\x00",
        "macros.docx": files.docx(more={"word/vbaProject.bin": b"x"}),
        "macros.xlsx": files.docx(),
        "claims.docx": _claiming_package(),
        "type.docx": _unfolding_type(),
        "nested.docx": files.package({"a.zip": files.package({"b.zip": files.bomb(10)})}),
        "\u202efdp.exe": b"MZ",
        "\u202egnp.html": SCRIPT,
        "../../secret.key.png": b"\x89PNG\r\n\x1a\n" + bytes(1000),
        "..": files.pdf(),
    }


@functools.cache
def taken() -> Mapping[str, bytes]:
    """Return files that are kept: pictures written anew, documents to be saved and not opened in the page."""
    return {
        "polyglot.png": _archive_behind(files.picture()),
        "polyglot.gif": files.picture("GIF") + SCRIPT,
        "polyglot.jpg": _archive_behind(files.photograph()),
        "moving.webp": _moving() + SCRIPT,
        "polyglot.pdf": _archive_behind(files.pdf()),
        "page.txt": SCRIPT,
        "formula.csv": b'=cmd|"/c calc"!A1;=HYPERLINK("http://evil.example")',
        "bomb.docx": files.bomb(100),
        "bomb.pdf": _pdf_bomb(),
        "escaping.docx": _escaping(),
        "../../\u202excod.pdf": files.pdf(),
    }
