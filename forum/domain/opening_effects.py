"""What follows from an opening beyond the rights, once it has taken effect: choices that pause, mail that is dropped.

Who may not read any more hears of it no more in any case, since that is asked whenever somebody is told; here it is
tidied, and those who gained are written to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import mails
from forum.domain.entities import CategoryId, MailKind, MemberId, OpeningId


@dataclass(frozen=True, slots=True)
class _Due:
    id: OpeningId
    category_id: CategoryId
    tells: bool
    gained_member_ids: list[MemberId]


_RESUME_CATEGORIES = Statement(
    "opening_effects.resume_categories",
    """
    INSERT INTO category_subscriptions (member_id, category_id, level)
    SELECT paused.member_id, paused.category_id, paused.level
    FROM paused_subscriptions AS paused
    WHERE paused.opening_id = $1 AND paused.category_id IS NOT NULL
    ON CONFLICT (member_id, category_id) DO NOTHING
    """,
    returns=int,
    card=Card.NONE,
)

_RESUME_TOPICS = Statement(
    "opening_effects.resume_topics",
    """
    INSERT INTO topic_subscriptions (member_id, topic_id, level)
    SELECT paused.member_id, paused.topic_id, paused.level
    FROM paused_subscriptions AS paused
    WHERE paused.opening_id = $1 AND paused.topic_id IS NOT NULL
    ON CONFLICT (member_id, topic_id) DO NOTHING
    """,
    returns=int,
    card=Card.NONE,
)

_FORGET_PAUSED = Statement(
    "opening_effects.forget_paused",
    "DELETE FROM paused_subscriptions WHERE paused_subscriptions.opening_id = $1",
    returns=int,
    card=Card.NONE,
)


@dataclass(frozen=True, slots=True)
class Told:
    """A category as the letter about its opening names it: what its reader may do there now."""

    slug: str
    name_el: str
    name_en: str
    description_el: str
    description_en: str
    can_reply: bool
    can_start: bool


_TO_TELL = Query(
    "opening_effects.to_tell",
    """
    SELECT categories.slug, categories.name_el, categories.name_en,
           categories.description_el, categories.description_en, rights.can_reply, rights.can_start
    FROM categories
    JOIN category_rights AS rights ON rights.category_id = categories.id AND rights.member_id = $2
    WHERE categories.id = $1 AND rights.can_read
    """,
    returns=Told,
    card=Card.ZERO_OR_ONE,
)

# Who gained is forgotten with it: it was kept for the letters alone.
_DUE = Statement(
    "opening_effects.due",
    """
    UPDATE openings
    SET settled_at = now(), gained_member_ids = '{}'
    FROM (
        SELECT openings.id, openings.gained_member_ids
        FROM openings
        WHERE openings.effective_at <= now() AND openings.settled_at IS NULL AND openings.undone_at IS NULL
        ORDER BY openings.effective_at, openings.id
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS waiting
    WHERE openings.id = waiting.id
    RETURNING openings.id, openings.category_id, openings.tells, waiting.gained_member_ids
    """,
    returns=_Due,
    card=Card.ZERO_OR_ONE,
)

# Who sees a category decides who sees those below it.
_FAMILY: Final = "SELECT categories.id FROM categories WHERE {category} IN (categories.id, categories.parent_id)"

_PAUSE_CATEGORIES = Statement(
    "opening_effects.pause_categories",
    f"""
    WITH ended AS (
        DELETE FROM category_subscriptions
        WHERE category_subscriptions.category_id IN ({_FAMILY.format(category="$2")}) AND NOT EXISTS (
            SELECT 1
            FROM category_rights
            WHERE category_rights.member_id = category_subscriptions.member_id
                AND category_rights.category_id = category_subscriptions.category_id AND category_rights.can_read
        )
        RETURNING category_subscriptions.member_id, category_subscriptions.category_id, category_subscriptions.level
    )
    INSERT INTO paused_subscriptions (opening_id, member_id, category_id, level)
    SELECT $1, ended.member_id, ended.category_id, ended.level
    FROM ended
    """,
    returns=int,
    card=Card.NONE,
)

_PAUSE_TOPICS = Statement(
    "opening_effects.pause_topics",
    f"""
    WITH ended AS (
        DELETE FROM topic_subscriptions
        USING topics
        WHERE topics.id = topic_subscriptions.topic_id
            AND topics.category_id IN ({_FAMILY.format(category="$2")}) AND NOT EXISTS (
            SELECT 1
            FROM topic_rights
            WHERE topic_rights.member_id = topic_subscriptions.member_id AND topic_rights.topic_id = topics.id
        )
        RETURNING topic_subscriptions.member_id, topic_subscriptions.topic_id, topic_subscriptions.level
    )
    INSERT INTO paused_subscriptions (opening_id, member_id, topic_id, level)
    SELECT $1, ended.member_id, ended.topic_id, ended.level
    FROM ended
    """,
    returns=int,
    card=Card.NONE,
)

_DROP_MAIL = Statement(
    "opening_effects.drop_mail",
    f"""
    UPDATE notifications
    SET mail_due_at = NULL
    FROM topics
    WHERE topics.id = notifications.topic_id AND topics.category_id IN ({_FAMILY.format(category="$1")})
        AND notifications.mail_due_at IS NOT NULL AND NOT EXISTS (
            SELECT 1
            FROM topic_rights
            WHERE topic_rights.member_id = notifications.member_id AND topic_rights.topic_id = topics.id
        )
    """,
    returns=int,
    card=Card.NONE,
)


async def resume(tx: Tx, opening_id: OpeningId) -> None:
    """Give back what members had chosen to hear of before a closing; what they chose since stands."""
    await tx.run(_RESUME_CATEGORIES, opening_id)
    await tx.run(_RESUME_TOPICS, opening_id)
    await tx.run(_FORGET_PAUSED, opening_id)


async def settle(tx: Tx) -> bool:
    """Do what follows from an opening that has taken effect; False where there is none that waits.

    Who may not read any more is not told of it any more: what they had chosen is kept for the case that it is taken
    back, letters that wait are dropped.
    """
    due = await tx.maybe(_DUE)
    if due is None:
        return False
    await tx.run(_PAUSE_CATEGORIES, due.id, due.category_id)
    await tx.run(_PAUSE_TOPICS, due.id, due.category_id)
    await tx.run(_DROP_MAIL, due.category_id)
    if due.tells and due.gained_member_ids:
        await mails.enter_for_all(
            tx, MailKind.CATEGORY_OPENED, due.gained_member_ids, facts={"category_id": due.category_id}
        )
    return True


async def to_tell(conn: Conn, category_id: CategoryId, member_id: MemberId) -> Told | None:
    """Return what a letter says of a category that was opened, None where its reader may not read it now."""
    return await conn.maybe(_TO_TELL, category_id, member_id)
