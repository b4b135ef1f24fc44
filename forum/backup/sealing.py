"""Encryption of a backup to a public key, in the format of age (age-encryption.org/v1), as it streams.

What is sealed can be opened only with the private key, which need never be on the server; the programs age and rage
open it as well. age authenticates what it encrypts: a file that was cut or changed does not open.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import pyrage
from pyrage import x25519

from forum.errors import CommandError

MAGIC: Final = b"age-encryption.org/v1"
"""What a sealed file begins with."""

_PRIVATE: Final = "AGE-SECRET-KEY-1"


class Damaged(Exception):
    """What is read is no whole backup; the text says why."""


def make_key(path: Path) -> str:
    """Write a new private key into a file of its own and return the public one. Raise CommandError if it cannot be."""
    private = x25519.Identity.generate()
    public = str(private.to_public())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"# public key: {public}\n{private}\n")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    return public


def public_key(text: str) -> x25519.Recipient:
    """Return the key to seal to. Raise CommandError if it is none."""
    try:
        return x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        raise CommandError(
            f"{text!r} is no public key: one begins with age1 (`python run.py backup-key FILE` makes a pair)"
        ) from None


def private_keys(path: Path) -> list[x25519.Identity]:
    """Return the keys in a file. Raise CommandError if it holds none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [x25519.Identity.from_str(line.strip()) for line in lines if line.startswith(_PRIVATE)] or _none(path)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, pyrage.IdentityError):
        return _none(path)


def _none(path: Path) -> list[x25519.Identity]:
    raise CommandError(f"{path} holds no private key: its line begins with {_PRIVATE}")


class _Noting:
    """A file that remembers the error it was written to with; pyrage gives only its text on."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, piece: bytes) -> int:
        try:
            return self._file.write(piece)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._file.flush()


@contextlib.contextmanager
def sealing(file: BinaryIO, key: x25519.Recipient) -> Iterator[BinaryIO]:
    """Give what to write into, to have it sealed into the file. Raise OSError if the file takes no more."""
    target = _Noting(file)
    failure: list[Exception] = []
    try:
        with _beside(lambda source: pyrage.encrypt_io(source, target, [key]), failure, is_source=True) as pipe:
            yield pipe
    except BrokenPipeError:
        if not failure:
            raise
    if failure:
        raise target.error or failure[0]


@contextlib.contextmanager
def unsealing(file: BinaryIO, keys: list[x25519.Identity]) -> Iterator[BinaryIO]:
    """Give what to read from. Raise CommandError if none of the keys opens it, Damaged if it is not whole."""
    failure: list[Exception] = []
    error: Exception | None = None
    try:
        with _beside(lambda target: pyrage.decrypt_io(file, target, keys), failure, is_source=False) as pipe:
            yield pipe
    except Exception as raised:  # what is read ends early when it does not open: the cause is told instead
        error = raised
    match failure:
        case [pyrage.DecryptError() as refused] if "No matching keys" in str(refused):
            raise CommandError("the backup is encrypted to another key than the one named with --key")
        case [BrokenPipeError()] | []:
            if error:
                raise error
        case _:
            raise Damaged(f"it does not open ({failure[0]})")


@contextlib.contextmanager
def _beside(work: Callable[[BinaryIO], None], failure: list[Exception], *, is_source: bool) -> Iterator[BinaryIO]:
    """Have a thread work at one end of a pipe and give the other; what it raised is in `failure` at the end."""
    reading, writing = os.pipe()
    theirs, ours = (reading, writing) if is_source else (writing, reading)

    def run() -> None:
        try:
            with os.fdopen(theirs, "rb" if is_source else "wb") as pipe:
                work(pipe)
        except Exception as error:
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        with os.fdopen(ours, "wb" if is_source else "rb") as pipe:
            yield pipe
    finally:
        thread.join()
