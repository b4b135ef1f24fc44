"""A new password typed twice: the one rule for every form that sets one (`forum/passwords.py` judges the password)."""

from __future__ import annotations

from collections.abc import Sequence

from forum.errors import Invalid
from forum.passwords import check_password


def require_new_password(password: str, repeat: str, *, is_staff: bool, personal: Sequence[str]) -> None:
    """Raise Invalid unless the password may be taken and was typed twice alike; `personal` may not be all of it."""
    faults = {
        "password": check_password(password, is_staff=is_staff, personal=personal),
        "password_repeat": () if password == repeat else ("mismatch",),
    }
    if any(faults.values()):
        raise Invalid({name: codes for name, codes in faults.items() if codes})
