"""How often something was tried lately: fixed windows for acts, and slots that slow down guessing.

The state is one row a subject and act, locked while it is counted and timed by the database's clock, so the limits
hold across processes and nobody waits for anybody else. The table is unlogged: counting alone costs no write-ahead log
and no waiting for the disk, and a crash of the database forgets it. A subject is a keyed hash: neither addresses nor
mail addresses are kept. Which acts are limited, and how far, is said by the modules that ask.
"""

from __future__ import annotations

import hmac
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from forum.db import Card, Once, Query, Statement, Tx
from forum.errors import RateLimited

LONGEST_WAIT: Final = 10.0
"""Seconds a request is held back before it is refused instead: below the patience of browsers and proxies."""

LONGEST_DELAY: Final = 8
"""Seconds between two guesses once somebody has been slowed; the delays are 1, 2, 4 and then 8."""

MEMORY: Final = timedelta(minutes=15)
"""How long a slot is remembered after the last attempt."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How strict to be: every limit is multiplied (0 switches them off); the secret keys the subjects' hashes."""

    multiplier: float
    secret: bytes

    @property
    def are_off(self) -> bool:
        return self.multiplier <= 0

    def scale(self, limit: int) -> int:
        """Return the limit to hold to, at least one."""
        return max(1, round(limit * self.multiplier))


@dataclass(frozen=True, slots=True)
class Budget:
    """How often an act may be done: `limit` times within `seconds` (at most a day) of the first."""

    act: str
    limit: int
    seconds: int


@dataclass(frozen=True, slots=True)
class _Window:
    act: str
    count: int
    seconds_left: float


_COUNT = Statement(
    "attempts.count",
    # excluded.next_at is the clock read once: two readings could fall on both sides of the window's end.
    """
    INSERT INTO attempts AS tried (subject, act, count, next_at, expires_at)
    SELECT asked.subject, asked.act, 1, clock_timestamp(), clock_timestamp() + make_interval(secs => asked.seconds)
    FROM unnest($1::bytea[], $2::text[], $3::integer[]) AS asked (subject, act, seconds)
    ON CONFLICT (subject, act) DO UPDATE
    SET count = CASE WHEN tried.expires_at > excluded.next_at THEN tried.count + 1 ELSE 1 END,
        next_at = excluded.next_at,
        expires_at = CASE WHEN tried.expires_at > excluded.next_at THEN tried.expires_at ELSE excluded.expires_at END
    RETURNING tried.act, tried.count, extract(epoch FROM tried.expires_at - clock_timestamp())::float8
    """,
    returns=_Window,
    card=Card.MANY,
)

_RESERVE = Statement(
    "attempts.reserve",
    """
    INSERT INTO attempts AS tried (subject, act, count, next_at, expires_at)
    VALUES ($1, $2, 1, clock_timestamp(), clock_timestamp() + $4::interval)
    ON CONFLICT (subject, act) DO UPDATE
    SET (count, next_at, expires_at) = (
        SELECT going_on.count, slot.starts_at, slot.starts_at + $4::interval
        FROM (
            SELECT CASE WHEN tried.expires_at > excluded.next_at THEN tried.count + 1 ELSE 1 END AS count
        ) AS going_on
        CROSS JOIN LATERAL (
            SELECT greatest(
                excluded.next_at,
                tried.next_at + make_interval(
                    secs => CASE
                        WHEN going_on.count > $3::integer
                            THEN least(power(2, least(going_on.count - $3::integer - 1, 30)), $5::float8)
                        ELSE 0
                    END
                )
            ) AS starts_at
        ) AS slot
    )
    RETURNING greatest(0, extract(epoch FROM tried.next_at - clock_timestamp()))::float8
    """,
    returns=float,
    card=Card.ONE,
)

_NOTE = Statement(
    "attempts.note",
    """
    INSERT INTO attempts AS tried (subject, act, count, next_at, expires_at)
    VALUES ($1, $2, 1, clock_timestamp(), clock_timestamp() + $3::interval)
    ON CONFLICT (subject, act) DO UPDATE
    SET count = CASE WHEN tried.expires_at > excluded.next_at THEN tried.count + 1 ELSE 1 END,
        expires_at = greatest(tried.expires_at, excluded.expires_at)
    """,
    returns=int,
    card=Card.NONE,
)

_IS_NOTED = Query(
    "attempts.is_noted",
    """
    SELECT EXISTS (
        SELECT 1
        FROM attempts
        WHERE attempts.subject = $1 AND attempts.act = $2 AND attempts.expires_at > now()
    )
    """,
    returns=bool,
    card=Card.ONE,
)

_PROLONG = Statement(
    "attempts.prolong",
    """
    UPDATE attempts
    SET expires_at = greatest(expires_at, clock_timestamp() + $3::interval)
    WHERE subject = $1 AND act = $2
    """,
    returns=int,
    card=Card.NONE,
)

_GIVE_BACK = Statement(
    "attempts.give_back",
    "UPDATE attempts SET count = greatest(count - 1, 0) WHERE subject = $1 AND act = $2",
    returns=int,
    card=Card.NONE,
)

_FORGET = Statement(
    "attempts.forget",
    "DELETE FROM attempts WHERE subject = $1 AND act = $2",
    returns=int,
    card=Card.NONE,
)

_SWEEP = Statement("attempts.sweep", "DELETE FROM attempts WHERE expires_at < now()", returns=int, card=Card.NONE)


def subject(limits: Limits, *parts: str) -> bytes:
    """Return the HMAC-SHA256 under which attempts of somebody, or from somewhere, are counted."""
    texts = [part.encode("utf-8", "surrogatepass") for part in parts]
    return hmac.digest(limits.secret, b"".join(len(text).to_bytes(8, "big") + text for text in texts), "sha256")


async def count(tx: Tx | Once, limits: Limits, *asked: tuple[Budget, bytes]) -> None:
    """Count one attempt of each subject against its budget, in one statement; raise RateLimited when one is used up.

    The acts are different ones, and always come in the same order. Their rows stay locked until the transaction ends,
    and what is rolled back was not counted.
    """
    if limits.are_off:
        return
    budgets = {budget.act: budget for budget, _subject in asked}
    windows = await tx.many(
        _COUNT, [subject for _, subject in asked], list(budgets), [budget.seconds for budget in budgets.values()]
    )
    used_up = [window.seconds_left for window in windows if window.count > limits.scale(budgets[window.act].limit)]
    if used_up:
        raise RateLimited(math.ceil(max(used_up)))


async def reserve(tx: Tx, limits: Limits, act: str, subject: bytes, *, threshold: int) -> float:
    """Count one attempt and return the seconds to wait before it may be made: 0 for the first `threshold`.

    Every further one gets a slot of its own after the one before, whichever process it came to. When the slot is more
    than LONGEST_WAIT seconds away, raise RateLimited; the transaction must then be rolled back, so that refused
    attempts push nobody's slot away.
    """
    if limits.are_off:
        return 0.0
    wait = await tx.one(_RESERVE, subject, act, limits.scale(threshold), MEMORY, float(LONGEST_DELAY))
    if wait > LONGEST_WAIT:
        raise RateLimited(math.ceil(wait))
    return wait


async def note(tx: Tx, act: str, subject: bytes, lifetime: timedelta = MEMORY) -> None:
    """Count one attempt that nothing is slowed or refused for, and remember it for a while, at most a day."""
    await tx.run(_NOTE, subject, act, lifetime)


async def is_noted(tx: Tx, act: str, subject: bytes) -> bool:
    return await tx.one(_IS_NOTED, subject, act)


async def prolong(tx: Tx, act: str, subject: bytes) -> None:
    """Keep the count for MEMORY from now on."""
    await tx.run(_PROLONG, subject, act, MEMORY)


async def give_back(tx: Tx, act: str, subject: bytes) -> None:
    """Take one attempt off the count: it was a good one."""
    await tx.run(_GIVE_BACK, subject, act)


async def forget(tx: Tx, act: str, subject: bytes) -> None:
    """Begin anew with a subject."""
    await tx.run(_FORGET, subject, act)


async def sweep(tx: Tx) -> int:
    """Delete what has expired and return how many rows."""
    return await tx.run(_SWEEP)
