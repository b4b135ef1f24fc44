"""What all kinds of storage share: how names look, how much is read at a time, and what goes wrong."""

from __future__ import annotations

import re
from typing import Final

PIECE: Final = 256 * 1024
"""Bytes that are read and sent at a time."""

FOLDER: Final = "files"
"""The folder of the data directory; a backup takes it along by this name."""

SCHEMES: Final = ("s3", "gs", "az")
"""The kinds of object store: Amazon's interface, which many speak, Google's and Azure's."""

_NAME: Final = re.compile(r"[0-9a-f]{32}(?:\.preview)?")


class Missing(Exception):
    """There is nothing under this name."""


class StorageError(Exception):
    """The storage cannot be reached, or has no room; the text is one line."""


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def known(name: str) -> str:
    """Return a name; raise ValueError for anything that could lead elsewhere."""
    if not is_name(name):
        raise ValueError(name)
    return name
