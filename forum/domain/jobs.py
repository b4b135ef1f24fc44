"""Jobs as the database knows them: when each was last done, and which process has it now.

A claim is a promise with an end: whoever has it prolongs it while the job runs, and when that process dies, another
takes the job once the promise is over. Unlike a lock it needs no connection held open, also behind a pooler. When a
job is due and what it does are the worker's affair.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forum.db import Card, Query, Statement, Tx

LEASE: Final = timedelta(minutes=1)
"""How long a claim holds without being prolonged."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """When a job was last done, at first when it became known, and what time it is for the database."""

    done_at: datetime
    now: datetime
    is_claimed: bool


_ENTER = Statement(
    "jobs.enter",
    "INSERT INTO jobs (name) VALUES ($1) ON CONFLICT (name) DO NOTHING",
    returns=int,
    card=Card.NONE,
)

_FIND = Query(
    "jobs.find",
    """
    SELECT jobs.done_at, now(), coalesce(jobs.claimed_until > now(), false)
    FROM jobs
    WHERE jobs.name = $1
    """,
    returns=JobRow,
    card=Card.ZERO_OR_ONE,
)

_CLAIM = Statement(
    "jobs.claim",
    """
    UPDATE jobs
    SET claimed_until = now() + $3::interval
    WHERE name = $1 AND done_at = $2 AND (claimed_until IS NULL OR claimed_until <= now())
    RETURNING claimed_until
    """,
    returns=datetime,
    card=Card.ZERO_OR_ONE,
)

_PROLONG = Statement(
    "jobs.prolong",
    """
    UPDATE jobs
    SET claimed_until = now() + $3::interval
    WHERE name = $1 AND claimed_until = $2
    RETURNING claimed_until
    """,
    returns=datetime,
    card=Card.ZERO_OR_ONE,
)

_FINISH = Statement(
    "jobs.finish",
    "UPDATE jobs SET done_at = now(), claimed_until = NULL WHERE name = $1 AND claimed_until = $2",
    returns=int,
    card=Card.NONE,
)


async def find(tx: Tx, name: str) -> JobRow:
    """Return how it stands with a job; one that is not known yet counts as done now."""
    row = await tx.maybe(_FIND, name)
    if row is None:
        await tx.run(_ENTER, name)
        row = await tx.one(_FIND, name)
    return row


async def claim(tx: Tx, name: str, done_at: datetime) -> datetime | None:
    """Take the job and return until when, None when another has it or has done it since `done_at`."""
    return await tx.maybe(_CLAIM, name, done_at, LEASE)


async def prolong(tx: Tx, name: str, claimed_until: datetime) -> datetime | None:
    """Keep the job for another LEASE and return until when, None when it is another's by now."""
    return await tx.maybe(_PROLONG, name, claimed_until, LEASE)


async def finish(tx: Tx, name: str, claimed_until: datetime) -> None:
    """Note that the job is done, unless it became another's meanwhile."""
    await tx.run(_FINISH, name, claimed_until)


async def put_off(tx: Tx, name: str, claimed_until: datetime, pause: timedelta) -> None:
    """Give the job back undone; nobody takes it before the pause is over."""
    await tx.maybe(_PROLONG, name, claimed_until, pause)
