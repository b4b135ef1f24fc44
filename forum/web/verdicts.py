"""From a verdict to an answer, for pages that only show a form: what is done asks the door, `domain/access.py`."""

from __future__ import annotations

from forum.domain.permissions import Verdict
from forum.errors import Forbidden


def require(verdict: Verdict) -> None:
    """Raise Forbidden with the code of the reason unless it may be done."""
    if not verdict:
        raise Forbidden(verdict.code)
