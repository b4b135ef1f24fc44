"""Files for tests, small and real: pictures with what a camera tells of them, documents with words, hostile ones."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from PIL import Image

PLACE_MARK = b"GPS-35.12-33.42"
"""What a test looks for in a picture that was to lose its place."""

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), *, mode: str = "RGB") -> bytes:
    """Return a picture whose two halves differ."""
    drawn = Image.new(mode, size, "white" if mode != "RGBA" else (0, 0, 0, 0))
    drawn.paste("red" if mode != "L" else 0, (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    drawn.save(out, kind)
    return out.getvalue()


def photograph(size: tuple[int, int] = (60, 40)) -> bytes:
    """Return a JPEG as a telephone makes it: turned on its side, with its place and a comment."""
    drawn = Image.new("RGB", size, "blue")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = PLACE_MARK.decode()
    exif[0x8825] = {1: "N", 2: (35.0, 7.0, 12.0), 3: "E", 4: (33.0, 25.0, 12.0)}
    out = io.BytesIO()
    drawn.save(out, "JPEG", exif=exif, comment=PLACE_MARK)
    return out.getvalue()


def huge_picture(width: int = 50_000, height: int = 50_000) -> bytes:
    """Return a PNG of a few hundred bytes that says it has this many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")
    )


def pdf(text: str = "Regeneration of the old harbour") -> bytes:
    """Return a PDF of one page with a line of Latin text."""
    stream = f"BT /F1 18 Tf 72 720 Td ({text}) Tj ET".encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def package(parts: dict[str, bytes | str]) -> bytes:
    """Return a zip archive of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(text: str = "Ανάπλαση του παλιού λιμανιού", more: dict[str, bytes] | None = None) -> bytes:
    """Return a document of Word with one paragraph, and further parts."""
    return package(
        {
            "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
            f'content-types"><Override PartName="/word/document.xml" ContentType="{_WORD}.main+xml"/></Types>',
            "word/document.xml": f'<?xml version="1.0"?><w:document xmlns:w="{_W}"><w:body><w:p><w:r><w:t>{text}</w:t>'
            "</w:r></w:p><w:p><w:r><w:t>Τέλος</w:t></w:r></w:p></w:body></w:document>",
            **(more or {}),
        }
    )


def odt(text: str = "Οδηγός διαβούλευσης") -> bytes:
    """Return a document of LibreOffice with one paragraph."""
    return package(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": '<?xml version="1.0"?><office:document-content '
            'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
            'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>'
            f"<text:p>{text}</text:p></office:text></office:body></office:document-content>",
        }
    )


def bomb(megabytes: int = 200) -> bytes:
    """Return a document of Word of a few hundred kB whose text unfolds into that much, by entities and by size."""
    return docx("α" * (megabytes * 500_000))
