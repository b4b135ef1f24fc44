"""Notifications on their way into letters: what is due becomes a mail, and a mail is read again when it is written.

A letter gathers what came within two minutes of its first, a digest what came since the last one. Which notifications
a mail brings is fixed when it is entered, so that nothing goes into two; what may be said of them is asked when the
letter is written: nothing that was seen in the application meanwhile, nothing of what its member may not read now, or
has muted. While a letter waits to be sent, what comes meanwhile waits for the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import excerpts, leading, levels, notification_settings
from forum.domain.entities import Decision, MailId, MailKind, MemberId, NotificationKind, PostId, TopicId

BATCH: Final = 500
"""Members whose letters are entered at once."""

WAIT: Final = timedelta(minutes=1)
"""How long what is due waits while its member's last letter is not sent yet, before it is looked again."""

ITEMS: Final = 50
"""Notifications a letter tells of; the list in the application has the rest."""


@dataclass(frozen=True, slots=True)
class Item:
    """A notification in a letter, as its member may read it now; the excerpt is plain text.

    One of an expression of interest has no post, but what was decided on it, None where it is told that there is one.
    """

    mail_id: MailId
    kind: NotificationKind
    topic_id: TopicId
    topic_title: str
    category_el: str
    category_en: str
    post_id: PostId | None
    actor_name: str
    actor_organisation_el: str
    actor_organisation_en: str
    excerpt: str
    created_at: datetime
    file_title: str | None
    """Of a new version: the file's title, its number and what is new in it; the excerpt is empty."""
    version: int | None
    note: str | None
    decision: Decision | None
    is_by_colleague: bool
    """Whether who did it belongs to the recipient's own organisation."""


# Of a digest only what is due: what comes weekly waits for its day.
_GATHER = Statement(
    "notification_mails.gather",
    """
    WITH due AS MATERIALIZED (
        SELECT DISTINCT soonest.member_id, soonest.mail_kind
        FROM (
            SELECT notifications.member_id, notifications.mail_kind
            FROM notifications
            WHERE notifications.mail_due_at <= now()
            ORDER BY notifications.mail_due_at
            LIMIT $1
        ) AS soonest
    ),
    entered AS (
        INSERT INTO mails (kind, member_id)
        SELECT due.mail_kind, due.member_id
        FROM due
        ORDER BY due.member_id, due.mail_kind
        ON CONFLICT (member_id, kind) WHERE kind IN ('notifications', 'digest') AND due_at IS NOT NULL DO NOTHING
        RETURNING mails.id, mails.kind, mails.member_id
    ),
    put AS (
        UPDATE notifications
        SET mail_id = entered.id,
            mail_due_at = CASE WHEN entered.id IS NULL THEN now() + $2::interval END
        FROM due
        LEFT JOIN entered ON entered.member_id = due.member_id AND entered.kind = due.mail_kind
        WHERE notifications.member_id = due.member_id AND notifications.mail_kind = due.mail_kind
            AND notifications.mail_due_at IS NOT NULL
            AND (
                notifications.mail_due_at <= now()
                OR (notifications.mail_kind = 'notifications' AND entered.id IS NOT NULL)
            )
    )
    SELECT count(*)
    FROM entered
    """,
    returns=int,
    card=Card.ONE,
)

_ACTS: Final = "('validation', 'adoption')"
"""Kinds that tell of an act on a topic: it is as old as the notification, not as the post it stands at."""

# OFFSET: the few notifications of a mail are found first. A planner without figures yet would begin with the topic, and
# read for each letter what all of its readers were told.
_ITEMS = Query(
    "notification_mails.items",
    f"""
    SELECT told.*
    FROM unnest($1::bigint[]) AS wanted (mail_id)
    CROSS JOIN LATERAL (
        SELECT notifications.mail_id, notifications.kind, topics.id, topics.title, categories.name_el,
               categories.name_en, posts.id, actors.name, organisations.name_el, organisations.name_en,
               CASE
                   WHEN versions.id IS NOT NULL THEN ''
                   WHEN posts.id IS NOT NULL THEN left(posts.html, {excerpts.SOURCE})
                   WHEN notifications.decision IS NULL THEN interests.note
                   WHEN notifications.decision = 'withdrawn' THEN coalesce(interests.withdrawal_reason, '')
                   ELSE interests.answer
               END,
               CASE
                   WHEN notifications.kind IN {_ACTS} THEN notifications.created_at
                   ELSE coalesce(versions.created_at, posts.created_at, notifications.created_at)
               END,
               guide_files.title, versions.number, versions.note, notifications.decision,
               actors.organisation_id = (
                   SELECT readers.organisation_id FROM members AS readers WHERE readers.id = notifications.member_id
               )
        FROM (
            SELECT notifications.id, notifications.mail_id, notifications.member_id, notifications.kind,
                   notifications.topic_id, notifications.post_id, notifications.version_id, notifications.actor_id,
                   notifications.created_at, notifications.interest_id, notifications.decision
            FROM notifications
            WHERE notifications.mail_id = wanted.mail_id AND notifications.read_at IS NULL
            OFFSET 0
        ) AS notifications
        JOIN topics ON topics.id = notifications.topic_id AND topics.deleted_at IS NULL
        JOIN categories ON categories.id = topics.category_id
        JOIN topic_rights ON topic_rights.topic_id = topics.id AND topic_rights.member_id = notifications.member_id
        LEFT JOIN posts ON posts.id = notifications.post_id AND posts.deleted_at IS NULL
        LEFT JOIN interests ON interests.id = notifications.interest_id AND interests.withdrawn_at IS NULL
            AND {leading.is_party(member="notifications.member_id", can_moderate="topic_rights.can_moderate")}
        JOIN members AS actors ON actors.id = notifications.actor_id
        JOIN organisations ON organisations.id = coalesce(
            CASE WHEN posts.author_id = actors.id THEN posts.organisation_id END, actors.organisation_id
        )
        LEFT JOIN guide_versions AS versions ON versions.id = notifications.version_id
        LEFT JOIN guide_files ON guide_files.id = versions.guide_file_id
        {levels.chosen(member="notifications.member_id", topic="topics.id", category="topics.category_id")}
        WHERE topic_rights.can_read AND (posts.id IS NOT NULL OR interests.id IS NOT NULL)
            AND (notifications.kind <> 'answer' OR topics.answer_post_id = posts.id)
            AND coalesce(chosen.topic_level, chosen.category_level, chosen.group_level, '') <> 'mute'
            AND {notification_settings.frequency(member="notifications.member_id", kind="notifications.kind")}
                <> 'never'
        ORDER BY notifications.created_at, notifications.id
        LIMIT {ITEMS}
    ) AS told
    """,
    returns=Item,
    card=Card.MANY,
)

_FREQUENCY: Final = notification_settings.frequency(member="$1", kind="waiting.kind")

_RESCHEDULE = Statement(
    "notification_mails.reschedule",
    f"""
    UPDATE notifications
    SET mail_kind = wanted.mail_kind, mail_due_at = wanted.mail_due_at,
        mail_id = CASE WHEN wanted.mail_kind IS NOT NULL THEN notifications.mail_id END
    FROM (
        SELECT waiting.id, {notification_settings.mail_kind("chosen.frequency")} AS mail_kind,
               {notification_settings.mail_due_at("chosen.frequency")} AS mail_due_at
        FROM notifications AS waiting
        JOIN members ON members.id = waiting.member_id
        CROSS JOIN LATERAL (SELECT {_FREQUENCY} AS frequency) AS chosen
        WHERE waiting.member_id = $1 AND waiting.mail_due_at IS NOT NULL
    ) AS wanted
    WHERE notifications.id = wanted.id AND notifications.mail_due_at IS NOT NULL
    """,
    returns=int,
    card=Card.NONE,
)

_STOP = Statement(
    "notification_mails.stop",
    """
    UPDATE notifications
    SET mail_due_at = NULL
    WHERE notifications.member_id = $1 AND notifications.mail_kind = $2 AND notifications.mail_due_at IS NOT NULL
    """,
    returns=int,
    card=Card.NONE,
)


async def gather(tx: Tx) -> int:
    """Enter the letters that are due, each with all there is to say to its member; return how many."""
    return await tx.one(_GATHER, BATCH, WAIT)


async def items(conn: Conn, mail_ids: Sequence[MailId]) -> dict[MailId, list[Item]]:
    """Return what mails have to say to their members now, in the order it happened; nothing may be left of one."""
    told: dict[MailId, list[Item]] = {mail_id: [] for mail_id in mail_ids}
    known: dict[str, str] = {}
    for item in await conn.many(_ITEMS, list(mail_ids)):
        # Most letters of a minute are about the same posts; what is no post is plain text already.
        if item.post_id is not None:
            if item.excerpt not in known:
                known[item.excerpt] = excerpts.excerpt(item.excerpt)
            item = replace(item, excerpt=known[item.excerpt])
        told[item.mail_id].append(item)
    return told


async def reschedule(tx: Tx, member_id: MemberId) -> None:
    """Put what is still to be sent to a member in order with what they chose, and with their clocks."""
    await tx.run(_RESCHEDULE, member_id)


async def stop(tx: Tx, member_id: MemberId, kind: MailKind) -> None:
    """Send a member nothing more of what waits for a letter of a kind."""
    await tx.run(_STOP, member_id, kind.value)
