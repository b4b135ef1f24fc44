"""The time, as a value one can pass; expiry is decided by the database's clock, not by this one."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)
