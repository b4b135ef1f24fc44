"""Letters as bytes, and the way they leave: through an SMTP server, or as `.eml` files where none is named.

Owns what a mail client and a server see: headers, encodings, the signature. What is said, to whom and whether it may
be is decided elsewhere. Sources: RFC 5322 and 2047 (headers), 3834 (Auto-Submitted), 2919 and 8058 (lists), 6376
(DKIM), 3463 (enhanced status codes).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import enum
import hashlib
import os
import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.charset import BASE64, Charset
from email.header import Header
from email.utils import format_datetime
from pathlib import Path
from typing import Final, Protocol

import aiosmtplib
import dkim

from forum import clock
from forum.config import Config
from forum.errors import CommandError
from forum.smtp import SmtpPlace

TIMEOUT: Final = 20.0
"""Seconds that a server may take to be reached, and to take a letter."""

_LINE: Final = 78
"""Characters that a header's line should have at most (RFC 5322)."""

_FOLD: Final = "\r\n"

_UTF8: Final = Charset("utf-8")
_UTF8.header_encoding = BASE64

_SIGNED: Final = (
    b"from", b"to", b"subject", b"date", b"message-id", b"in-reply-to", b"references", b"list-id", b"list-unsubscribe",
    b"list-unsubscribe-post", b"auto-submitted", b"mime-version", b"content-type",
)  # fmt: skip
_NO_SUCH_ADDRESS: Final = re.compile(r"\b5\.1\.[0-9]+\b")


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent to one address; `headers` are those beyond the usual, in ASCII."""

    sender_name: str
    to: str
    to_name: str
    subject: str
    text: str
    html: str
    language: str
    message_id: str
    """With its angle brackets; the same whenever the letter is sent again."""
    written_at: datetime
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """What a letter is signed with: the domain's key (PEM) and the selector it is published under."""

    domain: str
    selector: str
    key: bytes


class Fault(enum.Enum):
    """Why a letter was not taken."""

    LATER = "later"
    """The server says to come back, or its answer did not arrive."""
    ADDRESS = "address"
    """The server says that there is no such address."""
    LETTER = "letter"
    """The server refuses this letter for good."""
    SERVER = "server"
    """There is no server to speak to: no letter's fault."""


class NotTaken(Exception):
    """A letter that was not taken; the text is what the server said, on one line."""

    def __init__(self, fault: Fault, said: str) -> None:
        super().__init__(" ".join(said.split())[:500])
        self.fault = fault


class Mailer(Protocol):
    """A way out for letters."""

    async def send(self, raw: bytes, to: str) -> None:
        """Hand a letter over; return when it is taken, else raise NotTaken."""


def compose(letter: Letter, *, sender: str, signature: Signature | None = None) -> bytes:
    """Return a letter as bytes: text and HTML as alternatives, every header encoded and on one logical line."""
    # Put together here: the standard library's generator takes half of what a letter costs in all, and its EmailMessage
    # loses blanks, before Python 3.14, where it folds a header that is not ASCII.
    boundary = f"=_{hashlib.sha256(letter.message_id.encode()).hexdigest()[:24]}"
    headers = {
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
        "Subject": _encoded(letter.subject, "Subject"),
        "From": _mailbox(letter.sender_name, sender, "From"),
        "To": _mailbox(letter.to_name, letter.to, "To"),
        "Date": format_datetime(letter.written_at.astimezone(UTC)),
        "Message-ID": letter.message_id,
        "Auto-Submitted": "auto-generated",
        "Content-Language": letter.language,
    } | {name: " ".join(value.split()) for name, value in letter.headers}
    lines = [f"{name}: {value}" for name, value in headers.items()]
    for subtype, text in (("plain", letter.text), ("html", letter.html)):
        lines += ["", f"--{boundary}", f'Content-Type: text/{subtype}; charset="utf-8"']
        lines += ["Content-Transfer-Encoding: base64", "", *_base64_lines(text)]
    # ASCII, but for an address that is not: that one stands as it is, as servers that take it have it (RFC 6532).
    raw = "\r\n".join([*lines, "", f"--{boundary}--", ""]).encode()
    return _signed(raw, signature) + raw if signature else raw


def _base64_lines(text: str) -> list[str]:
    """Return a text in lines of 76 characters (RFC 2045); no line of it can be a boundary."""
    written = text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
    return base64.encodebytes(written).decode("ascii").splitlines()


def signature(config: Config) -> Signature | None:
    """Return what letters are signed with; raise CommandError for a key that cannot be read or cannot sign."""
    if config.dkim_key is None:
        return None
    try:
        key = Path(config.dkim_key).read_bytes()
    except OSError as error:
        raise CommandError(f"FORUM_DKIM_KEY: {config.dkim_key}: {error.strerror}") from None
    if not _can_sign(key):
        raise CommandError(f"FORUM_DKIM_KEY: {config.dkim_key} holds no private RSA key in PEM")
    return Signature(config.mail_sender.rpartition("@")[2], config.dkim_selector, key)


def _can_sign(key: bytes) -> bool:
    try:
        dkim.sign(b"From: a@b.example\r\n\r\n", b"s", b"b.example", key)
    except (dkim.DKIMException, ValueError):
        return False
    return True


def _encoded(text: str, name: str) -> str:
    return Header(" ".join(text.split()), _UTF8, header_name=name).encode(linesep=_FOLD)


def _mailbox(name: str, address: str, header: str) -> str:
    if not name:
        return address
    encoded = _encoded(name, header)
    room = _LINE - len(f"{header}: {encoded}".rpartition(_FOLD)[2])
    return f"{encoded}{'' if len(address) + 3 <= room else _FOLD} <{address}>"


def _signed(raw: bytes, signature: Signature) -> bytes:
    signed: bytes = dkim.sign(
        raw, signature.selector.encode(), signature.domain.encode(), signature.key, include_headers=list(_SIGNED)
    )
    return signed


class FileMailer:
    """Puts letters into a folder, one file each: for trying the forum out, and where no server is named."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, raw: bytes, to: str) -> None:
        name = re.search(rb"^Message-ID: <([A-Za-z0-9.-]+)@", raw, re.MULTILINE)
        try:
            await asyncio.to_thread(self._write, f"{name[1].decode() if name else 'letter'}.eml", raw)
        except OSError as error:
            raise NotTaken(Fault.SERVER, f"{self._folder}: {error.strerror}") from None

    def sweep(self, seconds: float) -> int:
        """Delete the letters that are older than so many seconds; return how many."""
        old = [file for file in self._folder.glob("*.eml") if file.stat().st_mtime < clock.now().timestamp() - seconds]
        for file in old:
            file.unlink(missing_ok=True)
        return len(old)

    def _write(self, name: str, raw: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._folder / f".{name}.{os.getpid()}"
        with draft.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / name)


class SmtpMailer:
    """One connection to an SMTP server, opened when it is needed and kept between letters."""

    def __init__(self, place: SmtpPlace, *, sender: str, timeout: float = TIMEOUT) -> None:
        self._place, self._sender, self._timeout = place, sender, timeout
        self._client: aiosmtplib.SMTP | None = None

    async def send(self, raw: bytes, to: str) -> None:
        client = await self._connected()
        try:
            async with asyncio.timeout(self._timeout):
                await client.sendmail(self._sender, [to], raw)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            first = refused.recipients[0]
            raise _refused(first.code, first.message, of_recipient=True) from None
        except aiosmtplib.SMTPResponseException as refused:
            raise _refused(refused.code, refused.message, of_recipient=False) from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # The connection is of no use any more; whether the letter was taken is not known.
            self._drop()
            raise NotTaken(Fault.LATER, f"{type(error).__name__}: {error}") from None
        except BaseException:
            self._drop()
            raise

    async def greet(self) -> None:
        """See that the server answers, speaks TLS where it must and takes the password; raise NotTaken if not."""
        await self._connected()

    async def close(self) -> None:
        """Take leave of the server."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=2)

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        place = self._place
        client = aiosmtplib.SMTP(
            hostname=place.host,
            port=place.port,
            username=place.user,
            password=place.password,
            use_tls=place.is_tls,
            start_tls=place.starts_tls,
            tls_context=ssl.create_default_context() if place.is_tls or place.starts_tls else None,
            timeout=self._timeout,
        )
        try:
            async with asyncio.timeout(self._timeout):
                await client.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise NotTaken(Fault.SERVER, f"{place.host}:{place.port}: {error}") from None
        self._client = client
        return client

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _refused(code: int, said: str, *, of_recipient: bool) -> NotTaken:
    """Return what a server's refusal means. 421: it is about to close; 5yz for a recipient: there is no such."""
    text = f"{code} {said}"
    if code < 500:
        return NotTaken(Fault.LATER, text)
    if (of_recipient and (code in {550, 551, 553} and not re.search(r"\b5\.[2-9]\.", said))) or _NO_SUCH_ADDRESS.search(
        said
    ):
        return NotTaken(Fault.ADDRESS, text)
    return NotTaken(Fault.LETTER, text)
