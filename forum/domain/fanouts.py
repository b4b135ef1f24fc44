"""Whom a post reaches: entered in its transaction as one row, carried out beside it by one statement.

So who posts waits for nobody, however many are told. A row is taken, the notifications are made and the row is gone in
a single statement: whoever dies in the middle has done nothing, and of several processes each takes another row. Only
who may read the post is told, never its author, and nobody who muted it; each once, of the strongest reason. An edit
tells those alone whom it newly mentions. That a reply was marked as the answer is told besides the reply
itself: to its author, to who watches and to who chose to follow the topic, but not to who marked it. A new version of
a guide's file is told besides, to whom a reply there would reach. How much somebody wants to hear is said in
`levels.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from forum.db import Card, Once, Statement, Tx
from forum.domain import events, groups, levels, notification_settings
from forum.domain.addressed import Addressed
from forum.domain.entities import GuideVersionId, MemberId, PostId, TopicId
from forum.domain.events import Event, Kind

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=1)
"""A fan-out that fails is tried again after FIRST_PAUSE, then after ever twice as long, up to LONGEST_PAUSE."""

KEPT: Final = timedelta(days=7)
"""After so long nobody is told any more of a post whose fan-out fails."""


@dataclass(frozen=True, slots=True)
class FannedOut:
    """A post that its recipients have been told of; none, where the post is gone."""

    topic_id: TopicId | None
    post_id: PostId
    member_ids: list[MemberId]


def entering(*, source: str, post: str, members: str, groups: str, numbers: str) -> str:
    """Return the SQL that enters a new post, for the statement that makes it: `source` is where `post` comes from."""
    return f"""
        INSERT INTO fanouts (post_id, member_ids, group_slugs, post_numbers)
        SELECT {post}, {members}::bigint[], {groups}::text[], {numbers}::integer[]
        FROM {source}
    """


def entering_answer(*, source: str, post: str, actor: str) -> str:
    """Return the SQL that enters a post which `actor` marked as the answer, for the statement that does."""
    return f"INSERT INTO fanouts (post_id, marked_by_id) SELECT {post}, {actor} FROM {source}"


def values(addressed: Addressed) -> tuple[list[int], list[str], list[int]]:
    """Return what ENTERING is given of a text."""
    return list(addressed.member_ids), list(addressed.group_slugs), list(addressed.post_numbers)


_ENTER_EDIT = Statement(
    "fanouts.enter_edit",
    "INSERT INTO fanouts (post_id, member_ids, group_slugs, is_edit) VALUES ($1, $2, $3, true)",
    returns=int,
    card=Card.NONE,
)

_FORGET = Statement("fanouts.forget", "DELETE FROM fanouts WHERE fanouts.post_id = $1", returns=int, card=Card.NONE)
_ENTER_VERSION = Statement(
    "fanouts.enter_version",
    "INSERT INTO fanouts (post_id, version_id) VALUES ($1, $2)",
    returns=int,
    card=Card.NONE,
)


_MENTIONED_GROUPS: Final = """
    SELECT groups.id
    FROM event
    JOIN groups ON groups.slug = ANY (event.group_slugs)
    WHERE event.may_mention_groups
"""

_WATCHING_GROUPS: Final = """
    SELECT group_levels.group_id
    FROM event
    JOIN group_levels ON group_levels.category_id = event.category_id AND group_levels.level = 'watch'
    WHERE NOT event.is_edit
"""

# In the order of NotificationKind; 0 is told for no other reason than that they watch.
_STRENGTHS: Final = "CASE notifications.kind WHEN 'mention' THEN 3 WHEN 'quote' THEN 2 ELSE 1 END"

_FREQUENCY: Final = notification_settings.frequency(member="recipients.member_id", kind="recipients.kind")

# A new version stands behind all posts there are: whom a reply would reach, it reaches.
# What was shown to them already, in the moment since it was written, is no news. A mention that an edit adds is one
# also to who was told of the post before, for a weaker reason.
_FAN_OUT = Statement(
    "fanouts.fan_out",
    f"""
    WITH taken AS (
        DELETE FROM fanouts
        WHERE fanouts.id = (
            SELECT waiting.id
            FROM fanouts AS waiting
            WHERE waiting.due_at <= now()
            ORDER BY waiting.due_at, waiting.id
            LIMIT 1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING fanouts.post_id, fanouts.member_ids, fanouts.group_slugs, fanouts.post_numbers, fanouts.is_edit,
                  fanouts.marked_by_id, fanouts.version_id
    ),
    event AS MATERIALIZED (
        SELECT taken.post_id, taken.member_ids, taken.group_slugs, taken.post_numbers, taken.is_edit, taken.version_id,
               taken.marked_by_id IS NOT NULL AS is_answer,
               coalesce(taken.marked_by_id, versions.author_id, posts.author_id) AS actor_id,
               posts.topic_id, placed.number, topics.category_id, categories.is_private,
               topics.author_id AS starter_id,
               CASE
                   WHEN taken.marked_by_id IS NOT NULL THEN posts.author_id
                   ELSE coalesce(answered.author_id, CASE WHEN placed.number > 1 THEN topics.author_id END)
               END AS addressed_id,
               EXISTS (
                   SELECT 1
                   FROM topic_rights
                   WHERE topic_rights.member_id = posts.author_id AND topic_rights.topic_id = topics.id
                       AND topic_rights.can_moderate
               ) OR EXISTS (
                   SELECT 1
                   FROM group_members
                   JOIN groups ON groups.id = group_members.group_id
                   WHERE group_members.member_id = posts.author_id AND groups.slug = '{groups.ADMINISTRATORS}'
               ) AS may_mention_groups
        FROM taken
        JOIN posts ON posts.id = taken.post_id AND posts.deleted_at IS NULL
        JOIN topics ON topics.id = posts.topic_id AND topics.deleted_at IS NULL
            AND (taken.marked_by_id IS NULL OR topics.answer_post_id = posts.id)
        JOIN categories ON categories.id = topics.category_id
        LEFT JOIN posts AS answered ON answered.id = posts.reply_to_id
        LEFT JOIN guide_versions AS versions ON versions.id = taken.version_id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN taken.version_id IS NULL THEN posts.number ELSE topics.post_count + 1 END AS number
        ) AS placed
    ),
    candidates AS MATERIALIZED (
        SELECT reached.member_id, max(reached.strength) AS strength, bool_or(reached.is_own) AS is_own
        FROM (
            SELECT unnest(event.member_ids) AS member_id, 3 AS strength, false AS is_own
            FROM event
            UNION ALL
            SELECT mentioned.member_id, 3, false
            FROM ({groups.members_of(_MENTIONED_GROUPS)}) AS mentioned
            UNION ALL
            SELECT quoted.author_id, 2, false
            FROM event
            JOIN posts AS quoted ON quoted.topic_id = event.topic_id AND quoted.number = ANY (event.post_numbers)
            WHERE quoted.deleted_at IS NULL AND quoted.number < event.number
            UNION ALL
            SELECT event.addressed_id, 1, false
            FROM event
            WHERE NOT event.is_edit
            UNION ALL
            SELECT topic_subscriptions.member_id, CASE WHEN event.is_answer THEN 1 ELSE 0 END, false
            FROM event
            JOIN topic_subscriptions
                ON topic_subscriptions.topic_id = event.topic_id
                AND (
                    topic_subscriptions.level = 'watch'
                    OR (topic_subscriptions.level = 'follow' AND event.is_answer)
                )
            WHERE NOT event.is_edit
            UNION ALL
            SELECT category_subscriptions.member_id, 0, false
            FROM event
            JOIN category_subscriptions
                ON category_subscriptions.category_id = event.category_id AND category_subscriptions.level = 'watch'
            WHERE NOT event.is_edit
            UNION ALL
            SELECT watching.member_id, 0, false
            FROM ({groups.members_of(_WATCHING_GROUPS)}) AS watching
            UNION ALL
            SELECT earlier.author_id, 0, true
            FROM event
            JOIN posts AS earlier
                ON earlier.topic_id = event.topic_id AND (earlier.number < event.number OR event.is_answer)
            WHERE NOT event.is_edit
            UNION ALL
            SELECT colleagues.id, 0, true
            FROM event
            JOIN members AS starters ON starters.id = event.starter_id
            JOIN organisations ON organisations.id = starters.organisation_id AND organisations.kind = 'municipality'
            JOIN members AS colleagues ON colleagues.organisation_id = organisations.id
            WHERE NOT event.is_edit
        ) AS reached
        GROUP BY reached.member_id
    ),
    recipients AS MATERIALIZED (
        SELECT candidates.member_id,
               CASE
                   WHEN event.is_answer THEN 'answer'
                   WHEN event.version_id IS NOT NULL THEN 'guide_version'
                   WHEN candidates.strength = 3 THEN 'mention'
                   WHEN candidates.strength = 2 THEN 'quote'
                   WHEN event.number = 1 AND event.is_private THEN 'twinning'
                   WHEN event.number = 1 THEN 'new_topic'
                   ELSE 'reply'
               END AS kind,
               CASE
                   WHEN NOT event.is_edit AND NOT event.is_answer AND EXISTS (
                       SELECT 1
                       FROM topic_reads
                       WHERE topic_reads.member_id = candidates.member_id AND topic_reads.topic_id = event.topic_id
                           AND topic_reads.last_number >= event.number
                   ) THEN now()
               END AS read_at
        FROM event
        CROSS JOIN candidates
        JOIN topic_rights
            ON topic_rights.member_id = candidates.member_id AND topic_rights.topic_id = event.topic_id
        {levels.chosen(member="candidates.member_id", topic="event.topic_id", category="event.category_id")}
        CROSS JOIN LATERAL (SELECT {levels.level("candidates.is_own")} AS level) AS wanted
        WHERE topic_rights.can_read
            AND candidates.member_id <> event.actor_id
            AND (wanted.level = 'watch' OR (wanted.level = 'follow' AND candidates.strength > 0))
    ),
    told AS (
        INSERT INTO notifications (
            member_id, kind, topic_id, post_id, version_id, actor_id, read_at, mail_kind, mail_due_at
        )
        SELECT recipients.member_id, recipients.kind, event.topic_id, event.post_id, event.version_id, event.actor_id,
               recipients.read_at, {notification_settings.mail_kind("mail.frequency")},
               {notification_settings.mail_due_at("mail.frequency")}
        FROM recipients
        CROSS JOIN event
        JOIN members ON members.id = recipients.member_id
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN members.mail_refused_at IS NOT NULL OR recipients.read_at IS NOT NULL THEN 'never'
                ELSE {_FREQUENCY}
            END AS frequency
        ) AS mail
        ON CONFLICT (post_id, member_id, (kind = 'answer'), version_id) DO UPDATE
        SET kind = excluded.kind, read_at = NULL, created_at = now(), mail_kind = excluded.mail_kind,
            mail_due_at = excluded.mail_due_at, mail_id = NULL
        WHERE excluded.kind = 'mention' AND {_STRENGTHS} < 3
        RETURNING notifications.member_id
    )
    SELECT event.topic_id, taken.post_id, ARRAY(SELECT told.member_id FROM told)
    FROM taken
    LEFT JOIN event ON true
    """,
    returns=FannedOut,
    card=Card.ZERO_OR_ONE,
)

_PUT_OFF = Statement(
    "fanouts.put_off",
    """
    UPDATE fanouts
    SET attempt_count = fanouts.attempt_count + 1,
        due_at = now() + least($1::interval * power(2, least(fanouts.attempt_count, 20)), $2::interval)
    WHERE fanouts.id = (
        SELECT waiting.id
        FROM fanouts AS waiting
        WHERE waiting.due_at <= now()
        ORDER BY waiting.due_at, waiting.id
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    )
    """,
    returns=int,
    card=Card.NONE,
)

_SWEEP = Statement(
    "fanouts.sweep",
    "DELETE FROM fanouts WHERE fanouts.due_at < now() + $1::interval AND fanouts.created_at < now() - $2::interval",
    returns=int,
    card=Card.NONE,
)


async def forget(tx: Tx, post_id: PostId) -> None:
    """Tell nobody of a post that this transaction has made."""
    await tx.run(_FORGET, post_id)


async def enter_edit(tx: Tx, post_id: PostId, added: Addressed) -> None:
    """Have those told whom an edit newly mentions; nothing where it mentions nobody new."""
    if added.member_ids or added.group_slugs:
        await tx.run(_ENTER_EDIT, post_id, list(added.member_ids), list(added.group_slugs))


async def enter_version(tx: Tx, post_id: PostId, version_id: GuideVersionId) -> None:
    """Have those told of a new version whom a reply to the guide would reach; the post is the guide's first."""
    await tx.run(_ENTER_VERSION, post_id, version_id)


async def fan_out(tx: Tx) -> FannedOut | None:
    """Tell the members whom the next post reaches, and every process that they were; None when no post waits."""
    done = await tx.maybe(_FAN_OUT)
    if done and done.topic_id and done.member_ids:
        await events.announce(tx, Event(Kind.NOTIFICATION_CREATED, done.topic_id))
    return done


async def put_off(once: Once) -> None:
    """Leave the next post be for a while, after its fan-out failed, so that it holds up no other."""
    await once.run(_PUT_OFF, FIRST_PAUSE, LONGEST_PAUSE)


async def sweep(tx: Tx) -> int:
    """Forget posts whose fan-out failed for KEPT; return how many."""
    return await tx.run(_SWEEP, LONGEST_PAUSE, KEPT)
