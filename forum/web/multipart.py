"""Forms that bring a file, as they stand: parts, their names, and where they end; nothing that a part says is believed.

A form begins with its boundary and ends with it: what is cut off is no form. Source: RFC 7578.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Final

from aiohttp import hdrs, web
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from forum.errors import BadRequest

PARTS_LIMIT: Final = 20
"""Parts of a form, the file included."""

MEDIA: Final = "multipart/form-data"

# What the parser says of a form that it refuses, we answer.
logging.getLogger("python_multipart").setLevel(logging.ERROR)


def is_form(request: web.Request) -> bool:
    return request.content_type == MEDIA


@dataclass(slots=True)
class _Part:
    header: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    disposition: str = ""
    name: str = ""
    is_file: bool = False


class Form:
    """A form that is read piece by piece: its fields so far, and of its file the pieces that nobody has taken yet."""

    def __init__(self, request: web.Request, *, file: str, field_limit: int) -> None:
        """Raise BadRequest for a form without a boundary; `file` is the field that may bring one."""
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        """What the file calls itself, empty where none was chosen; None where none has come."""
        self.pieces: list[bytes] = []
        self.is_ended = False
        self.outside = 0
        """Bytes of all that is not the file's."""
        self._file, self._field_limit = file, field_limit
        self._part, self._count = _Part(), 0
        _, options = parse_options_header(request.headers.get(hdrs.CONTENT_TYPE, ""))
        try:
            self._parser = MultipartParser(
                options.get(b"boundary", b""),
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._add_header,
                    "on_header_value": self._add_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._add_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise BadRequest("bad_request") from error
        if not options.get(b"boundary"):
            raise BadRequest("bad_request")

    def feed(self, data: bytes) -> None:
        """Read on. Raise BadRequest for what is no form of ours."""
        self.outside += len(data)
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise BadRequest("bad_request") from error

    def _begin_part(self) -> None:
        self._part = _Part()
        self._count += 1
        if self._count > PARTS_LIMIT:
            raise BadRequest("bad_request")

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._part.value += data[start:end]

    def _end_header(self) -> None:
        part = self._part
        if part.header.lower() == b"content-disposition":
            part.disposition = part.value.decode("latin-1")
        part.header.clear()
        part.value.clear()

    def _end_headers(self) -> None:
        part = self._part
        kind, options = parse_options_header(part.disposition)
        if kind != b"form-data" or b"name" not in options:
            raise BadRequest("bad_request")
        part.name, part.is_file = _text(options[b"name"]), b"filename" in options
        if part.is_file:
            if part.name != self._file:
                raise BadRequest("bad_request")
            if self.file_name is not None:
                raise BadRequest("repeated_parameter")
            self.file_name = _text(options[b"filename"])
        elif part.name in self.fields:
            raise BadRequest("repeated_parameter")

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.is_file:
            self.outside -= end - start
            self.pieces.append(data[start:end])
            return
        self._part.value += data[start:end]
        if len(self._part.value) > self._field_limit:
            raise BadRequest("bad_value")

    def _end_part(self) -> None:
        if not self._part.is_file:
            self.fields[self._part.name] = _text(self._part.value)

    def _end(self) -> None:
        self.is_ended = True


def _text(raw: bytes | bytearray) -> str:
    """Return what stands in a form, which is sent as our pages are."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise BadRequest("bad_value") from error
