"""The terms of use and the notice on personal data: which version holds, and who has accepted it.

Their texts are pages of the handbook. VERSION grows when what they say changes for those who accepted them; whoever
accepted an earlier one is led to the new one with their next page (`web/owing.py`). A member whose account somebody
else made stands at the version of that day. Source: Regulation (EU) 2016/679, articles 7(1), 12(1) and 13.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from forum.db import Card, Statement, Tx
from forum.domain.entities import MemberId

VERSION: Final = 1
"""Grows with every change that concerns members; the handbook says what changed."""

VERSION_OF: Final = datetime(2026, 11, 26, 12, tzinfo=UTC)
"""Since when it holds."""

_NOTE = Statement(
    "terms.note",
    """
    INSERT INTO acceptances (member_id, version)
    VALUES ($1, $2)
    ON CONFLICT (member_id, version) DO NOTHING
    """,
    returns=int,
    card=Card.NONE,
)

_INFORM = Statement(
    "terms.inform",
    "UPDATE members SET informed_version = $2 WHERE id = $1 AND informed_version <> $2",
    returns=int,
    card=Card.NONE,
)


async def accept(tx: Tx, member_id: MemberId) -> None:
    """Note that a member has accepted the terms as they are; the first time counts."""
    await tx.run(_NOTE, member_id, VERSION)
    await tx.run(_INFORM, member_id, VERSION)
