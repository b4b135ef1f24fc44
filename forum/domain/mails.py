"""The one way out for mail: what is to be sent, who sends it now, and what became of it.

A mail is a row of the transaction that caused it. It holds ids and codes; the letter is written when it is sent, with
the recipient's language and rights of that moment (`forum/emails.py`). Any number of processes may send: each takes
some for LEASE, by moving the instant when they are due; what a process has when it dies is due again after that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from forum.db import Card, Conn, Once, Query, Statement, Tx
from forum.domain import pages
from forum.domain.access import AdministerGrant
from forum.domain.entities import Language, MailId, MailKind, MemberId
from forum.domain.pages import Page
from forum.errors import NotFound

LEASE: Final = timedelta(minutes=1)
"""How long a process has what it took: a mail that was in the hands of one that died goes out after that."""

FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=4)
"""A mail that was put off is tried again after FIRST_PAUSE, then after ever twice as long, up to LONGEST_PAUSE."""

ATTEMPTS: Final = 32
"""After so many a mail has failed: about four days, as long as mail servers themselves try (RFC 5321, 4.5.4.1)."""

KEPT: Final = timedelta(days=30)
"""How long it can be seen what became of a mail."""


@dataclass(frozen=True, slots=True)
class Due:
    """A mail to be sent now; `facts` are ids and codes of what it is about."""

    id: MailId
    kind: MailKind
    member_id: MemberId | None
    address: str | None
    language: Language | None
    facts: dict[str, int | str]
    key: UUID
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail in the administrators' list."""

    id: MailId
    kind: MailKind
    member_id: MemberId | None
    name: str | None
    address: str
    outcome: str | None
    problem: str | None
    attempt_count: int
    created_at: datetime
    due_at: datetime | None
    settled_at: datetime | None
    key: UUID


@dataclass(frozen=True, slots=True)
class Counts:
    """How it stands with all mail; `oldest_at` is of those that wait."""

    waiting: int
    failed: int
    oldest_at: datetime | None


_ENTER = Statement(
    "mails.enter",
    """
    INSERT INTO mails (kind, member_id, address, language, facts, due_at)
    VALUES ($1, $2, $3, $4, $5, now() + $6::interval)
    ON CONFLICT (kind, address)
    WHERE kind IN ('password_reset', 'invitation_asked', 'application_asked') AND due_at IS NOT NULL
    DO NOTHING
    """,
    returns=int,
    card=Card.NONE,
)

_ENTER_FOR_ALL = Statement(
    "mails.enter_for_all",
    """
    INSERT INTO mails (kind, member_id, facts)
    SELECT $1, recipients.id, $3
    FROM unnest($2::bigint[]) AS recipients (id)
    """,
    returns=int,
    card=Card.NONE,
)

_TAKE = Statement(
    "mails.take",
    """
    WITH due AS MATERIALIZED (
        SELECT mails.id
        FROM mails
        WHERE mails.due_at <= now()
        ORDER BY mails.due_at, mails.id
        LIMIT $1
        FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE mails
    SET due_at = clock_timestamp() + $2::interval
    FROM due
    WHERE mails.id = due.id
    RETURNING mails.id, mails.kind, mails.member_id, mails.address, mails.language, mails.facts, mails.key,
              mails.created_at
    """,
    returns=Due,
    card=Card.MANY,
)

_SETTLE = Statement(
    "mails.settle",
    """
    UPDATE mails
    SET due_at = NULL, outcome = $2, problem = $3, settled_at = now()
    WHERE mails.id = $1 AND mails.due_at IS NOT NULL
    """,
    returns=int,
    card=Card.NONE,
)

_PUT_OFF = Statement(
    "mails.put_off",
    """
    UPDATE mails
    SET attempt_count = mails.attempt_count + 1,
        problem = $2,
        due_at = CASE
            WHEN mails.attempt_count + 1 < $5::integer
                THEN now() + least($3::interval * power(2, least(mails.attempt_count, 20)), $4::interval)
        END,
        outcome = CASE WHEN mails.attempt_count + 1 >= $5::integer THEN 'failed' END,
        settled_at = CASE WHEN mails.attempt_count + 1 >= $5::integer THEN now() END
    WHERE mails.id = $1 AND mails.due_at IS NOT NULL
    """,
    returns=int,
    card=Card.NONE,
)

_GIVE_BACK = Statement(
    "mails.give_back",
    """
    UPDATE mails
    SET due_at = now(), problem = coalesce($2, mails.problem)
    WHERE mails.id = ANY ($1::bigint[]) AND mails.due_at IS NOT NULL
    """,
    returns=int,
    card=Card.NONE,
)

# Every mail that waits for the address goes with it: it would be refused alike.
_REFUSE_ADDRESS = Statement(
    "mails.refuse_address",
    """
    WITH stopped AS (
        UPDATE members
        SET mail_refused_at = now()
        WHERE members.email = $1
        RETURNING members.id
    )
    UPDATE mails
    SET due_at = NULL, outcome = 'failed', problem = $2, settled_at = now()
    FROM stopped
    WHERE mails.due_at IS NOT NULL AND mails.member_id = stopped.id
    """,
    returns=int,
    card=Card.NONE,
)

_COUNTS = Query(
    "mails.counts",
    """
    SELECT
        (SELECT count(*) FROM (SELECT 1 FROM mails WHERE mails.due_at IS NOT NULL LIMIT 10000) AS waiting),
        (SELECT count(*) FROM (SELECT 1 FROM mails WHERE mails.outcome = 'failed' LIMIT 10000) AS failed),
        (SELECT mails.created_at FROM mails WHERE mails.due_at IS NOT NULL ORDER BY mails.due_at LIMIT 1)
    """,
    returns=Counts,
    card=Card.ONE,
)

_COLUMNS = """
    SELECT mails.id, mails.kind, mails.member_id, members.name, coalesce(mails.address, members.email, ''),
           mails.outcome, mails.problem, mails.attempt_count, mails.created_at, mails.due_at, mails.settled_at,
           mails.key
    FROM mails
    LEFT JOIN members ON members.id = mails.member_id
"""

_LIST = Query(
    "mails.list",
    f"""
    {_COLUMNS}
    WHERE mails.id < coalesce($1, 9223372036854775807)
    ORDER BY mails.id DESC
    LIMIT $2
    """,
    returns=MailRow,
    card=Card.MANY,
)

_LIST_OF_OUTCOME = Query(
    "mails.list_of_outcome",
    f"""
    {_COLUMNS}
    WHERE mails.outcome = $3 AND mails.id < coalesce($1, 9223372036854775807)
    ORDER BY mails.id DESC
    LIMIT $2
    """,
    returns=MailRow,
    card=Card.MANY,
)

_MAIL = Query("mails.mail", f"{_COLUMNS} WHERE mails.id = $1", returns=MailRow, card=Card.ZERO_OR_ONE)

# What it was told of the address counts for nothing any more: somebody says that it is right now.
_RETRY = Statement(
    "mails.retry",
    """
    WITH again AS (
        UPDATE mails
        SET due_at = now(), outcome = NULL, settled_at = NULL, attempt_count = 0
        WHERE mails.id = $1 AND mails.outcome = 'failed'
        RETURNING mails.id, mails.member_id
    ),
    allowed AS (
        UPDATE members
        SET mail_refused_at = NULL
        FROM again
        WHERE members.id = again.member_id AND members.mail_refused_at IS NOT NULL
    )
    SELECT again.id FROM again
    """,
    returns=int,
    card=Card.ZERO_OR_ONE,
)

_SWEEP = Statement(
    "mails.sweep",
    "DELETE FROM mails WHERE mails.settled_at < now() - $1::interval",
    returns=int,
    card=Card.NONE,
)


async def enter(
    tx: Tx,
    kind: MailKind,
    *,
    to: MemberId | str,
    language: Language | None = None,
    facts: Mapping[str, int | str] | None = None,
    delay: timedelta = timedelta(0),
) -> None:
    """Have a letter sent once this transaction is committed: to a member, as they are reached then, or an address.

    `language` counts for an address alone.
    """
    member_id, address = (None, to) if isinstance(to, str) else (to, None)
    await tx.run(_ENTER, kind.value, member_id, address, language, dict(facts or {}), delay)


async def enter_for_all(tx: Tx, kind: MailKind, members: Sequence[MemberId], *, facts: Mapping[str, int | str]) -> None:
    """Have each of several members sent a letter once this transaction is committed."""
    await tx.run(_ENTER_FOR_ALL, kind.value, list(members), dict(facts))


async def take(once: Once, limit: int) -> list[Due]:
    """Take up to `limit` mails that are due, for LEASE; another process takes others."""
    return await once.many(_TAKE, limit, LEASE)


async def sent(once: Once, mail_id: MailId) -> None:
    await once.run(_SETTLE, mail_id, "sent", None)


async def drop(once: Once, mail_id: MailId) -> None:
    """Note that the letter is not sent, because it says nothing that its recipient may read or needs."""
    await once.run(_SETTLE, mail_id, "dropped", None)


async def fail(once: Once, mail_id: MailId, problem: str) -> None:
    """Note that the letter cannot be sent, for administrators to see."""
    await once.run(_SETTLE, mail_id, "failed", problem)


async def put_off(once: Once, mail_id: MailId, problem: str) -> None:
    """Try again after a pause; after ATTEMPTS it has failed."""
    await once.run(_PUT_OFF, mail_id, problem, FIRST_PAUSE, LONGEST_PAUSE, ATTEMPTS)


async def give_back(once: Once, mail_ids: list[MailId], problem: str | None) -> None:
    """Let go of mails that were taken and not tried; somebody else may take them at once.

    `problem` is what keeps them, for administrators to see: None when it is nothing of theirs.
    """
    await once.run(_GIVE_BACK, mail_ids, problem)


async def refuse_address(once: Once, address: str, problem: str) -> None:
    """Send nothing more to a member whose address is none, as the server says; an address changed since counts."""
    await once.run(_REFUSE_ADDRESS, address, problem)


async def counts(conn: Conn) -> Counts:
    """Return how many mails wait and have failed, each at most 10,000."""
    return await conn.one(_COUNTS)


async def list_mails(
    conn: Conn, grant: AdministerGrant, *, outcome: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[MailRow]:
    """Return mails, the newest first, all or those of an outcome."""
    del grant
    after = pages.decode(cursor, int)[0] if cursor else None
    if outcome is None:
        found = await conn.many(_LIST, after, limit + 1)
    else:
        found = await conn.many(_LIST_OF_OUTCOME, after, limit + 1, outcome)
    return pages.cut(found, limit, lambda last: (last.id,))


async def mail(conn: Conn, grant: AdministerGrant, mail_id: MailId) -> MailRow:
    del grant
    found = await conn.maybe(_MAIL, mail_id)
    if found is None:
        raise NotFound
    return found


async def retry(tx: Tx, grant: AdministerGrant, mail_id: MailId) -> None:
    """Send a mail that failed once more, to the address that was refused too."""
    del grant
    if await tx.maybe(_RETRY, mail_id) is None:
        raise NotFound


async def sweep(tx: Tx) -> int:
    """Forget what was settled long ago; return how many."""
    return await tx.run(_SWEEP, KEPT)
