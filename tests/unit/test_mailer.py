"""Letters as bytes: what a mail client reads is what was written, whatever the words."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import time
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import Final

import dkim
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.config import Config
from forum.errors import CommandError
from forum.mailer import FileMailer, Letter, Signature, compose, signature
from forum.smtp import smtp_place
from tests.mail.post_office import Letter as Received

LETTER: Final = Letter(
    sender_name="Κοινόν",
    to="maria@larnaca.example",
    to_name="Μαρία Χατζηγιάννη",
    subject="Επιλέξτε νέο κωδικό πρόσβασης",
    text="Αγαπητή Μαρία,\n\nαυτό είναι το κείμενο.\n",
    html='<!DOCTYPE html><html lang="el"><body><p>Αγαπητή Μαρία,</p></body></html>',
    language="el",
    message_id="<12.0123456789abcdef@example.org>",
    written_at=datetime(2026, 11, 26, 10, 0, tzinfo=UTC),
    headers=(("List-Id", "<topics.forum.example.org>"),),
)
SENDER: Final = "forum@example.org"

_words = (
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Co", "Cn")),
        min_size=1,
        max_size=200,
    )
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)
_greek = st.text("αβγδέήίόύώΐς ΑΒΓ,.«»", min_size=1, max_size=200).map(lambda text: " ".join(text.split())).filter(bool)


def _read(letter: Letter, mark: Signature | None = None) -> Received:
    return Received(letter.to, compose(letter, sender=SENDER, signature=mark))


@given(subject=_words | _greek, name=_words | _greek, sender=_words | _greek)
def test_subject_and_names_are_read_as_they_were_written(subject: str, name: str, sender: str) -> None:
    read = _read(dataclasses.replace(LETTER, subject=subject, to_name=name, sender_name=sender))
    assert read.subject == subject
    assert read.header("To") == f"{name} <{LETTER.to}>"
    assert read.header("From") == f"{sender} <{SENDER}>"
    assert all(len(line) <= 78 for line in read.raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))


def test_an_address_in_greek_stands_as_it_is() -> None:
    raw = compose(dataclasses.replace(LETTER, to="ελένη@δήμος.ελ"), sender=SENDER)
    headers = raw.partition(b"\r\n\r\n")[0].decode()
    assert " <ελένη@δήμος.ελ>\r\n" in headers
    assert "ελένη" not in compose(LETTER, sender=SENDER).decode("ascii")


@given(subject=_greek)
def test_a_mail_client_finds_one_address_beside_the_name(subject: str) -> None:
    read = _read(dataclasses.replace(LETTER, to_name=subject + ', "x" <evil@example.net>'))
    assert [address for _, address in getaddresses([read.message["To"]])] == [LETTER.to]


@pytest.mark.parametrize("breaking", ["\r\nBcc: e@example.net", "\nBcc: e@example.net", "\u2028Bcc: x", "\x85B: c"])
def test_a_line_break_in_a_text_makes_no_header(breaking: str) -> None:
    read = _read(
        dataclasses.replace(
            LETTER,
            subject="Θέμα" + breaking,
            to_name="Άννα" + breaking,
            sender_name="Koinon" + breaking,
            headers=(("List-Id", "<a.example>" + breaking),),
        )
    )
    names = [name.lower() for name in read.message]
    assert "bcc" not in names
    assert "b" not in names
    assert len(names) == len(set(names))


def test_a_letter_has_what_clients_and_servers_expect() -> None:
    read = _read(LETTER)
    assert read.message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in read.message.get_payload()] == ["text/plain", "text/html"]  # type: ignore[union-attr]
    assert read.text == LETTER.text
    assert read.html == LETTER.html
    assert read.message_id == LETTER.message_id
    assert read.header("Auto-Submitted") == "auto-generated"
    assert read.header("Content-Language") == "el"
    assert read.header("List-Id") == "<topics.forum.example.org>"
    assert parsedate_to_datetime(read.header("Date")) == LETTER.written_at
    assert b"\n" not in read.raw.replace(b"\r\n", b"")
    assert read.raw.isascii()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("dkim") / "private.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(file), "2048"], check=True, capture_output=True)
    return file


def test_a_signed_letter_is_verified_by_the_published_key_and_by_no_other_text(key: Path) -> None:
    config = Config(_env_file=None, mail_from="forum@example.org", dkim_key=key)
    mark = signature(config)
    assert mark is not None
    assert (mark.domain, mark.selector) == ("example.org", "koinon")
    raw = compose(LETTER, sender=SENDER, signature=mark)
    public = subprocess.run(
        ["openssl", "rsa", "-in", str(key), "-pubout", "-outform", "DER"], check=True, capture_output=True
    ).stdout
    import base64  # noqa: PLC0415

    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    asked: list[bytes] = []

    def published(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    assert dkim.verify(raw, dnsfunc=published)
    assert asked == [b"koinon._domainkey.example.org."]
    assert not dkim.verify(raw.replace(b"maria@", b"anna@"), dnsfunc=published)


def test_a_key_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    wrong = tmp_path / "key"
    wrong.write_text("nothing")
    with pytest.raises(CommandError, match="FORUM_DKIM_KEY"):
        signature(Config(_env_file=None, dkim_key=wrong))
    with pytest.raises(CommandError, match="No such file"):
        signature(Config(_env_file=None, dkim_key=tmp_path / "absent"))
    assert signature(Config(_env_file=None)) is None


@pytest.mark.parametrize(
    ("url", "port", "is_tls", "starts_tls"),
    [
        ("smtp://mail.example.org", 25, False, False),
        ("smtp://mail.example.org?starttls=1", 587, False, True),
        ("smtps://mail.example.org", 465, True, False),
        ("smtp://mail.example.org:2525?starttls=0", 2525, False, False),
    ],
)
def test_a_server_is_read_from_its_address(url: str, port: int, is_tls: bool, starts_tls: bool) -> None:
    place = smtp_place(url)
    assert (place.host, place.port, place.is_tls, place.starts_tls) == ("mail.example.org", port, is_tls, starts_tls)
    assert (place.user, place.password) == (None, None)


def test_name_and_password_may_hold_what_addresses_may_not() -> None:
    place = smtp_place("smtp://forum%40example.org:p%2Fw%3A@mail.example.org")
    assert (place.user, place.password) == ("forum@example.org", "p/w:")


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp://x/path", "smtp://x?tls=1", "smtps://x?starttls=1", "x"])
def test_another_address_is_none(url: str) -> None:
    with pytest.raises(ValueError, match=r"smtp"):
        smtp_place(url)


async def test_a_letter_without_a_server_is_a_file_that_mail_clients_open(tmp_path: Path) -> None:
    mailer = FileMailer(tmp_path / "mail")
    raw = compose(LETTER, sender=SENDER)
    await mailer.send(raw, LETTER.to)
    await mailer.send(raw, LETTER.to)
    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == "12.0123456789abcdef.eml"
    assert file.read_bytes() == raw
    assert (tmp_path / "mail").stat().st_mode & 0o077 == 0


async def test_letters_that_are_files_are_kept_no_longer_than_asked_for(tmp_path: Path) -> None:
    mailer = FileMailer(tmp_path / "mail")
    assert mailer.sweep(60) == 0, "there is no folder yet"
    await mailer.send(compose(LETTER, sender=SENDER), LETTER.to)
    other = dataclasses.replace(LETTER, message_id="<13.0123456789abcdef@example.org>")
    await mailer.send(compose(other, sender=SENDER), LETTER.to)
    os.utime(tmp_path / "mail" / "12.0123456789abcdef.eml", times=(time.time() - 61,) * 2)
    assert mailer.sweep(60) == 1
    assert [file.name for file in (tmp_path / "mail").iterdir()] == ["13.0123456789abcdef.eml"]
