"""Tokens of links that are sent by mail: made of a row's number and seed with the forum's secret key, kept nowhere.

So whoever reads the database, or a copy of it, cannot follow a link; and a letter that is sent again holds the same.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from typing import Final

SEED_BYTES: Final = 32

_TOKEN: Final = re.compile("([1-9][0-9]{0,18})-[A-Za-z0-9_-]{43}")


def new_seed() -> bytes:
    """Return what a row keeps for its token."""
    return secrets.token_bytes(SEED_BYTES)


def make_token(secret: bytes, purpose: str, row_id: int, seed: bytes) -> str:
    """Return the token of a row, good for one purpose."""
    signed = f"link {purpose} {row_id} ".encode() + seed
    mac = urlsafe_b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode().rstrip("=")
    return f"{row_id}-{mac}"


def row_of(token: str) -> int | None:
    """Return the number of the row that a token says it belongs to, None where it cannot be one."""
    found = _TOKEN.fullmatch(token)
    return int(found[1]) if found and int(found[1]) < 2**63 else None


def is_token(token: str, secret: bytes, purpose: str, row_id: int, seed: bytes) -> bool:
    return hmac.compare_digest(token, make_token(secret, purpose, row_id, seed))
