"""A real SMTP server in the tests: it takes letters, or does what a server may do instead."""

from __future__ import annotations

import asyncio
import contextlib
import email
from collections.abc import Callable, Iterator
from email.header import decode_header, make_header
from email.message import Message
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

TAKEN: Final = "250 OK"


class PostOffice:
    """What arrived, and how it answers: `at_recipient` and `at_data` may say something else than TAKEN."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.at_recipient: Callable[[str], str] = lambda address: TAKEN
        self.at_data: Callable[[Letter], str] = lambda letter: TAKEN
        self.seconds = 0.0
        """How long it thinks about every letter."""
        self.attempts = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.at_recipient(address)
        if answer == TAKEN:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        self.attempts += 1
        await asyncio.sleep(self.seconds)
        content = envelope.content
        assert isinstance(content, bytes)
        letter = Letter(envelope.rcpt_tos[0], content)
        answer = self.at_data(letter)
        if answer == TAKEN:
            self.letters.append(letter)
        return answer

    def to(self, address: str) -> list[Letter]:
        return [letter for letter in self.letters if letter.recipient == address]


class Letter:
    """A letter as a mail client reads it."""

    def __init__(self, recipient: str, raw: bytes) -> None:
        self.recipient, self.raw = recipient, raw
        self.message: Message = email.message_from_bytes(raw)

    def header(self, name: str) -> str:
        found = self.message.get_all(name, [])
        assert len(found) == 1, (name, found)
        return str(make_header(decode_header(found[0])))

    @property
    def subject(self) -> str:
        return self.header("Subject")

    @property
    def message_id(self) -> str:
        return self.header("Message-ID")

    @property
    def text(self) -> str:
        return self._part("text/plain")

    @property
    def html(self) -> str:
        return self._part("text/html")

    def _part(self, kind: str) -> str:
        parts = [part for part in self.message.walk() if part.get_content_type() == kind]
        assert len(parts) == 1, kind
        payload: Any = parts[0].get_payload(decode=True)
        return str(payload.decode(parts[0].get_content_charset() or "ascii")).replace("\r\n", "\n")


@contextlib.contextmanager
def post_office(port: int = 0) -> Iterator[tuple[PostOffice, str]]:
    """Run one on this machine; gives it and its address for FORUM_SMTP_URL."""
    office = PostOffice()
    controller = Controller(office, hostname="127.0.0.1", port=port or free_port(), decode_data=False)
    controller.start()
    try:
        yield office, f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def free_port() -> int:
    import socket  # noqa: PLC0415

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
