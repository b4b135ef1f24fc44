"""When a member gets mail about what: immediately, in a digest or never, for each kind of notification.

Rows are choices; who has made none has DEFAULTS. A change also holds for what is still to be sent. When a digest
comes is worked out by the schema's `digest_due_at`, by the clocks of the member's zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain.entities import Frequency, MemberId, NotificationKind

DEFAULTS: Final[Mapping[NotificationKind, Frequency]] = {
    NotificationKind.MENTION: "immediately",
    NotificationKind.QUOTE: "immediately",
    NotificationKind.REPLY: "immediately",
    NotificationKind.ANSWER: "immediately",
    NotificationKind.GUIDE_VERSION: "immediately",
    NotificationKind.NEW_TOPIC: "daily",
    NotificationKind.TWINNING: "immediately",
    NotificationKind.INTEREST: "daily",
    NotificationKind.VALIDATION: "daily",
    NotificationKind.ADOPTION: "daily",
}
"""What is addressed to somebody, and replies in what they watch, at once; the rest in a digest (CATALOGUE)."""

FREQUENCIES: Final[tuple[Frequency, ...]] = ("immediately", "daily", "weekly", "never")

GATHERED: Final = timedelta(minutes=2)
"""How long a letter about something waits for what else there will be to say."""


@dataclass(frozen=True, slots=True)
class Choice:
    kind: NotificationKind
    frequency: Frequency


@dataclass(frozen=True, slots=True)
class Times:
    """When digests come: an hour, and for weekly ones a day from 1 (Monday) to 7."""

    hour: int
    weekday: int


_DEFAULT: Final = " ".join(f"WHEN '{kind}' THEN '{frequency}'" for kind, frequency in DEFAULTS.items())


def frequency(*, member: str, kind: str) -> str:
    """Return the SQL of how often a member gets mail about a kind."""
    return f"""coalesce(
        (
            SELECT notification_settings.frequency
            FROM notification_settings
            WHERE notification_settings.member_id = {member} AND notification_settings.kind = {kind}
        ),
        CASE {kind} {_DEFAULT} ELSE 'never' END
    )"""


def mail_kind(frequency: str) -> str:
    """Return the SQL of the kind of letter that something goes into, NULL for none."""
    return f"""
        CASE WHEN {frequency} = 'immediately' THEN 'notifications' WHEN {frequency} <> 'never' THEN 'digest' END
    """


def mail_due_at(frequency: str) -> str:
    """Return the SQL of when it goes into one, NULL for never. It speaks of `members`."""
    return f"""
        CASE
            WHEN {frequency} = 'immediately' THEN now() + interval '{GATHERED.total_seconds():.0f} seconds'
            WHEN {frequency} <> 'never' THEN digest_due_at(
                {frequency}, members.zone, members.digest_hour, members.digest_weekday, now()
            )
        END
    """


TOLD_ANEW: Final = """
    read_at = NULL, created_at = now(), mail_kind = excluded.mail_kind,
    mail_due_at = CASE
        WHEN notifications.mail_kind = excluded.mail_kind AND notifications.mail_due_at IS NOT NULL
            THEN notifications.mail_due_at
        WHEN excluded.mail_due_at IS NOT NULL THEN greatest(
            excluded.mail_due_at,
            (
                SELECT coalesce(mails.settled_at, mails.created_at) + interval '1 hour'
                FROM mails
                WHERE mails.id = notifications.mail_id AND coalesce(mails.outcome, 'sent') = 'sent'
            )
        )
    END,
    mail_id = CASE WHEN excluded.mail_kind IS NOT NULL THEN (
        SELECT mails.id FROM mails WHERE mails.id = notifications.mail_id AND mails.outcome = 'sent'
    ) END
"""
"""The SQL of what ON CONFLICT sets where something was told before, and is told anew as it stands by now.

What waits for a letter goes into that one. Where one has gone out, the next goes an hour after it: somebody who changes
their mind every minute fills no letter box.
"""

_CHOICES = Query(
    "notification_settings.choices",
    """
    SELECT notification_settings.kind, notification_settings.frequency
    FROM notification_settings
    WHERE notification_settings.member_id = $1
    """,
    returns=Choice,
    card=Card.MANY,
)

_TIMES = Query(
    "notification_settings.times",
    "SELECT members.digest_hour, members.digest_weekday FROM members WHERE members.id = $1",
    returns=Times,
    card=Card.ONE,
)

_CHOOSE = Statement(
    "notification_settings.choose",
    """
    INSERT INTO notification_settings (member_id, kind, frequency)
    SELECT $1, chosen.kind, chosen.frequency
    FROM unnest($2::text[], $3::text[]) AS chosen (kind, frequency)
    ON CONFLICT (member_id, kind) DO UPDATE
    SET frequency = excluded.frequency, updated_at = now()
    WHERE notification_settings.frequency <> excluded.frequency
    """,
    returns=int,
    card=Card.NONE,
)

_CHANGE_TIMES = Statement(
    "notification_settings.change_times",
    "UPDATE members SET digest_hour = $2, digest_weekday = $3 WHERE members.id = $1",
    returns=int,
    card=Card.NONE,
)


async def choices(conn: Conn, member_id: MemberId) -> Mapping[NotificationKind, Frequency]:
    """Return how often a member gets mail about each kind."""
    made = {choice.kind: choice.frequency for choice in await conn.many(_CHOICES, member_id)}
    return {kind: made.get(kind, usual) for kind, usual in DEFAULTS.items()}


async def times(conn: Conn, member_id: MemberId) -> Times:
    return await conn.one(_TIMES, member_id)


async def choose(tx: Tx, member_id: MemberId, chosen: Mapping[NotificationKind, Frequency]) -> None:
    """Keep what a member chose; what is to be sent is put in order by `notifications.reschedule`."""
    await tx.run(_CHOOSE, member_id, [kind.value for kind in chosen], list(chosen.values()))


async def change_times(tx: Tx, member_id: MemberId, times: Times) -> None:
    await tx.run(_CHANGE_TIMES, member_id, times.hour, times.weekday)
