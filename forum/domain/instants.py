"""The instants at which what pages say changes though nothing is written: grants that begin or end, deadlines.

Triggers note them; how many have passed goes into what pages are kept under (docs/adr/0031-grants-in-time.md).
"""

from __future__ import annotations

from forum.db import Card, Statement, Tx

# The foundations move with it: as many passed instants, counted from another number of them, would say the same.
_SWEEP = Statement(
    "instants.sweep",
    """
    WITH passed AS (
        DELETE FROM rights_instants WHERE rights_instants.at <= now() RETURNING rights_instants.at
    )
    UPDATE foundations SET version = foundations.version + 1 WHERE EXISTS (SELECT 1 FROM passed)
    """,
    returns=int,
    card=Card.NONE,
)


async def sweep(tx: Tx) -> None:
    """Forget the instants that have passed."""
    await tx.run(_SWEEP)
