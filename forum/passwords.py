"""Passwords: hashed with argon2id away from the event loop, and weighed before they are taken.

Owns the cost of a hash, the form in which a password is hashed, and the policy (OWASP ASVS 5.0: 6.2; NIST SP
800-63B): length, no common ones, none made of the member's own or the site's words; no rules of composition. Knows
nothing of accounts and never sees where a hash is stored.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import os
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import ARGON2_VERSION

from forum.slugs import transliterate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_Result = TypeVar("_Result")

LENGTH: Final = 8
STAFF_LENGTH: Final = 15
"""Characters a password has at least; members without a second factor who may change others' data need more."""
BYTE_LIMIT: Final = 1024
"""Bytes a password has at most: never cut short, and no lever to keep a core busy."""

_WORD_LENGTH: Final = 4  # shorter words are in too many innocent passwords
_OWN_PART: Final = 12  # characters that must be left when the known words are taken out
_PATTERN_LENGTH: Final = 4  # a repeated unit this short is no secret, however long the whole
_SITE_WORDS: Final = (
    "koinon", "κοινόν", "κοινό", "forum", "φόρουμ", "δήμος", "δήμου", "dimos", "dimou", "municipality",
    "περιφέρεια", "perifereia", "password", "κωδικός", "kodikos", "συνθηματικό", "synthimatiko",
)  # fmt: skip
_ROWS: Final = (
    "12345678901234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "1q2w3e4r5t6y7u8i9o0p",
    "αβγδεζηθικλμνξοπρστυφχψω", "σερτυθιοπασδφγηξκλζχψωβνμ",
)  # fmt: skip
_WALKS: Final = (*_ROWS, *(row[::-1] for row in _ROWS))
"""Ways along the alphabet or a keyboard; any stretch of one is as good as none."""
_SPACE: Final = re.compile(r"[^\S\n\r\t]")
_NOT_WORD: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Parameters:
    """What one hash costs: passes over the memory, KiB of memory, and lanes."""

    time_cost: int
    memory_cost: int
    parallelism: int

    STANDARD: ClassVar[Parameters]
    """RFC 9106's second choice in memory and passes; one lane, since other requests want the other cores."""
    TESTING: ClassVar[Parameters]
    """As cheap as argon2 goes; for tests only."""


Parameters.STANDARD = Parameters(time_cost=3, memory_cost=64 * 1024, parallelism=1)
Parameters.TESTING = Parameters(time_cost=1, memory_cost=64, parallelism=1)


class Hasher:
    """Hash and verify in threads, at most `concurrency` at once (default: the cores this process may use).

    Of several processes on one machine each is told how many they are, and takes its share of the cores.
    """

    def __init__(
        self, *, concurrency: int | None = None, processes: int = 1, parameters: Parameters = Parameters.STANDARD
    ) -> None:
        self._argon2 = PasswordHasher(
            time_cost=parameters.time_cost,
            memory_cost=parameters.memory_cost,
            parallelism=parameters.parallelism,
        )
        self._threads = ThreadPoolExecutor(concurrency or max(1, _cores() // processes), thread_name_prefix="argon2")
        self._decoy = _drawn_hash(parameters)

    async def hash(self, password: str, *, salt: bytes | None = None) -> str:
        """Return the argon2id hash of `password`, with its parameters and salt.

        The salt is drawn anew; one is given only for a password that everybody knows. Raises ValueError when the
        password is longer than `check_password` allows.
        """
        secret = _secret(password)
        if secret is None:
            raise ValueError("the password is too long")
        return await self._run(functools.partial(self._argon2.hash, secret, salt=salt))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Say whether `password` is the one `stored` was made from.

        Without a stored hash it costs the same and is False, so that an unknown account answers no faster (OWASP
        ASVS 6.3.8).
        """
        secret = _secret(password)
        known = stored is not None and secret is not None
        compared = stored if stored is not None and known else self._decoy
        matches = await self._run(functools.partial(self._verify, compared, secret or b""))
        return known and matches

    def needs_rehash(self, stored: str) -> bool:
        """Say whether `stored` was made with other parameters than a hash is made with today."""
        try:
            return self._argon2.check_needs_rehash(stored)
        except InvalidHashError:
            return True

    def close(self) -> None:
        """Wait for what is being hashed and end the threads; what still waits is dropped."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _verify(self, stored: str, secret: bytes) -> bool:
        try:
            return self._argon2.verify(stored, secret)
        except (Argon2Error, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _drawn_hash(parameters: Parameters) -> str:
    """Return what looks like a hash with these parameters but is drawn: to make one takes as long as a verification."""
    salt, drawn = (base64.b64encode(os.urandom(size)).decode().rstrip("=") for size in (16, 32))
    costs = f"m={parameters.memory_cost},t={parameters.time_cost},p={parameters.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${drawn}"


def check_password(password: str, *, is_staff: bool, personal: Iterable[str] = ()) -> tuple[str, ...]:
    """Return why `password` cannot be taken, empty when it can.

    The codes are short_password, short_staff_password, too_long, common, personal.

    `personal` is what an attacker knows of the member: mail address, name, organisation. A password is refused
    when little is left of it without those words and the site's own.
    """
    if _secret(password) is None:
        return ("too_long",)
    reasons = []
    if len(unicodedata.normalize("NFC", password)) < (STAFF_LENGTH if is_staff else LENGTH):
        reasons.append("short_staff_password" if is_staff else "short_password")
    if _is_common(password):
        reasons.append("common")
    if _is_personal(password, personal):
        reasons.append("personal")
    return tuple(reasons)


def _secret(password: str) -> bytes | None:
    """Return the bytes that are hashed, None when there are too many.

    NFKC, and every blank as the same one (RFC 8265, 4.2): a Greek accent typed as one character or two, as tonos
    or oxia, or a full-width letter, is the same password on every keyboard.
    """
    if len(password.encode("utf-8", "surrogatepass")) > BYTE_LIMIT:
        return None
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", password)).encode("utf-8", "surrogatepass")


def _is_common(password: str) -> bool:
    folded = _folded(password)
    if {folded, transliterate(password)} & _common():
        return True
    if len(folded) >= _PATTERN_LENGTH and any(folded in walk for walk in _WALKS):
        return True
    unit = _unit(folded)
    return unit != folded and (len(unit) <= _PATTERN_LENGTH or unit in _common())


def _unit(text: str) -> str:
    """Return the shortest text that, repeated, gives `text`; the last repetition may be cut off."""
    for length in range(1, len(text)):
        if text[length:] == text[:-length]:
            return text[:length] if length <= len(text) // 2 else text
    return text


def _is_personal(password: str, personal: Iterable[str]) -> bool:
    known: set[str] = set()
    for phrase in (*_SITE_WORDS, *personal):
        words = _NOT_WORD.split(transliterate(phrase))
        known.update((*words, "".join(words)))
    rest = written = transliterate(password)
    for word in sorted(known, key=len, reverse=True):
        if len(word) >= _WORD_LENGTH:
            rest = rest.replace(word, "")
    return rest != written and len(rest) < _OWN_PART


@functools.cache
def _common() -> frozenset[str]:
    """Return the common passwords, folded; read once."""
    listed = resources.files("forum").joinpath("data/common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(map(_folded, listed.split()))


def _folded(text: str) -> str:
    """Return `text` without case and accents, as people vary a common password."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
