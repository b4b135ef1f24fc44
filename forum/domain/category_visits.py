"""Visits: who was shown something new in a category, week by week, as far as it is kept.

A week begins on Monday by the clocks of Athens, which those of Nicosia always agree with: so a week is the same for
everybody, whoever looks at it. A visit says that somebody came, not how often or to which topic. What is read of it is
said in `opening_figures`. Why by the week: docs/adr/0034-weekly-visits.md.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from forum.db import Card, Statement, Tx

_ZONE: Final = "Europe/Athens"

KEPT: Final = timedelta(days=731)
"""Two years: what is older says nothing of a stage that is looked at now."""


def week_of(instant: datetime) -> date:
    """Return the Monday of the week that an instant belongs to."""
    day = instant.astimezone(ZoneInfo(_ZONE)).date()
    return day - timedelta(days=day.weekday())


def week(instant: str) -> str:
    """Return the SQL of the same."""
    return f"date_trunc('week', {instant} AT TIME ZONE '{_ZONE}')::date"


def beginning(monday: str) -> str:
    """Return the SQL of the instant at which a week begins."""
    return f"({monday})::timestamp AT TIME ZONE '{_ZONE}'"


def recording(*, source: str, member: str, organisation: str) -> str:
    """Return the SQL that notes a visit, the first of a week: `source` has the topics that were read as `topic_id`."""
    return f"""
        INSERT INTO category_visits (category_id, organisation_id, week, member_id)
        SELECT topics.category_id, {organisation}, {week("now()")}, {member}
        FROM {source}
        JOIN topics ON topics.id = {source}.topic_id
        ON CONFLICT (category_id, week, member_id) DO NOTHING
    """


_SWEEP = Statement(
    "category_visits.sweep",
    f"DELETE FROM category_visits WHERE category_visits.week < {week('(now() - $1::interval)')}",
    returns=int,
    card=Card.NONE,
)


async def sweep(tx: Tx) -> int:
    """Forget visits of weeks that ended KEPT ago; return how many."""
    return await tx.run(_SWEEP, KEPT)
