"""Proposals as the tests of pages begin with them."""

from __future__ import annotations

from typing import Any

from forum.domain.topics import Started
from forum.keys import DB
from tests.domain import proposing
from tests.site import Site

SAID = {"role": "partner", "note": "Έχουμε μετρητές", "contact": "nero@mytilene.example"}


async def propose(site: Site, **fields: Any) -> Started:
    """Start sophie's proposal, which maria's municipality leads unless told otherwise."""
    return await proposing.propose(site.app[DB], site.cast.sophie, **{"lead": "larnaca", **fields})


def page(made: Started) -> str:
    return f"/topics/{made.topic_id}/{made.slug}"
