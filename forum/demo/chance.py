"""The chance of the demo: the same content gives the same, and each topic and each member has a stream of its own."""

from __future__ import annotations

from random import Random
from typing import Final

SEED: Final = "κοινόν"


def chance(*names: object) -> Random:
    """Return the stream of something, by its names."""
    return Random(":".join(map(str, (SEED, *names))))  # noqa: S311 - invented lives, no secrets
