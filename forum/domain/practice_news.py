"""Who is told of what is done with a good practice: its validators, its author's side, those who take it up.

Told in the transaction of the act itself, since they are few. There is one notification a member and post
(`fanouts`): what is told of a practice stands at its first post, so the newest takes the place of what was told before.
Nobody is told who may not read it, who muted it, or who did it themselves.
"""

from __future__ import annotations

from typing import Final

from forum.db import Card, Query, Statement, Tx
from forum.domain import events, groups, levels, notification_settings, practice_access
from forum.domain.entities import MemberId, NotificationKind, TopicId
from forum.domain.events import Event, Kind
from forum.domain.practices import AdoptionId

_RULING: Final = "CASE WHEN categories.inherits_grants THEN categories.parent_id ELSE categories.id END"

_VALIDATING_GROUPS: Final = f"""
    SELECT validator_groups.group_id
    FROM practice
    JOIN categories ON categories.id = practice.category_id
    JOIN validator_groups ON validator_groups.category_id = {_RULING}
"""

_MODERATING_GROUPS: Final = f"""
    SELECT grants.group_id
    FROM practice
    JOIN categories ON categories.id = practice.category_id
    JOIN grants ON grants.category_id = {_RULING}
    WHERE grants.can_moderate AND {groups.IN_FORCE}
"""

_IS_VALIDATOR: Final = practice_access.is_validator(
    member="people.member_id", category="practice.category_id", can_moderate="rights.can_moderate"
)

# Whoever may come into question first, by their groups; of each (OFFSET) whether they validate it, as `practice_access`
# has it.
_VALIDATORS = Query(
    "practice_news.validators",
    f"""
    WITH practice AS MATERIALIZED (
        SELECT topics.id, topics.category_id, {practice_access.AUTHOR_PLACE} AS author_place_id,
               {practice_access.owner()} AS owner_id
        FROM topics
        JOIN members AS authors ON authors.id = topics.author_id
        WHERE topics.id = $1
    ),
    people AS MATERIALIZED (
        SELECT groups_people.member_id
        FROM ({groups.members_of(_VALIDATING_GROUPS)}) AS groups_people
        UNION
        SELECT groups_people.member_id
        FROM ({groups.members_of(_MODERATING_GROUPS)}) AS groups_people
    )
    SELECT people.member_id
    FROM practice
    CROSS JOIN people
    CROSS JOIN LATERAL (
        SELECT topic_rights.can_moderate, members.organisation_id
        FROM topic_rights
        JOIN members ON members.id = topic_rights.member_id
        WHERE topic_rights.topic_id = practice.id AND topic_rights.member_id = people.member_id
        OFFSET 0
    ) AS rights
    WHERE ({_IS_VALIDATOR})
        AND rights.organisation_id IS DISTINCT FROM practice.author_place_id
        AND rights.organisation_id IS DISTINCT FROM practice.owner_id
    """,
    returns=MemberId,
    card=Card.MANY,
)

_AUTHOR_SIDE = Query(
    "practice_news.author_side",
    f"""
    SELECT members.id
    FROM (
        SELECT {practice_access.AUTHOR_PLACE} AS author_place_id, {practice_access.owner()} AS owner_id
        FROM topics
        JOIN members AS authors ON authors.id = topics.author_id
        WHERE topics.id = $1
    ) AS places
    JOIN members ON members.organisation_id IN (places.author_place_id, places.owner_id)
    """,
    returns=MemberId,
    card=Card.MANY,
)

_OWNERS = Query(
    "practice_news.owners",
    f"""
    SELECT topics.author_id
    FROM topics
    WHERE topics.id = $1
    UNION
    SELECT members.id
    FROM (SELECT {practice_access.owner()} AS owner_id FROM topics WHERE topics.id = $1) AS places
    JOIN members ON members.organisation_id = places.owner_id
    """,
    returns=MemberId,
    card=Card.MANY,
)

_ADOPTERS = Query(
    "practice_news.adopters",
    f"""
    SELECT members.id
    FROM (
        SELECT {practice_access.successor("adoptions.organisation_id")} AS adopter_id
        FROM adoptions
        WHERE adoptions.id = $1
    ) AS places
    JOIN members ON members.organisation_id = places.adopter_id
    """,
    returns=MemberId,
    card=Card.MANY,
)

_TELL = Statement(
    "practice_news.tell",
    f"""
    INSERT INTO notifications (member_id, kind, topic_id, post_id, actor_id, mail_kind, mail_due_at)
    SELECT members.id, $2, topics.id, posts.id, $3, {notification_settings.mail_kind("mail.frequency")},
           {notification_settings.mail_due_at("mail.frequency")}
    FROM topics
    JOIN posts ON posts.topic_id = topics.id AND posts.number = 1
    JOIN topic_rights AS rights ON rights.topic_id = topics.id AND rights.can_read
    JOIN members ON members.id = rights.member_id
    {levels.chosen(member="members.id", topic="topics.id", category="topics.category_id")}
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN members.mail_refused_at IS NOT NULL THEN 'never'
            ELSE {notification_settings.frequency(member="members.id", kind="$2")}
        END AS frequency
    ) AS mail
    WHERE topics.id = $1 AND topics.deleted_at IS NULL AND rights.member_id = ANY ($4::bigint[])
        AND coalesce(chosen.topic_level, chosen.category_level, chosen.group_level, '') <> 'mute'
    ON CONFLICT (post_id, member_id, (kind = 'answer'), version_id) WHERE post_id IS NOT NULL DO UPDATE
    SET kind = excluded.kind, actor_id = excluded.actor_id, {notification_settings.TOLD_ANEW}
    """,
    returns=int,
    card=Card.NONE,
)


async def tell_validators(tx: Tx, topic_id: TopicId, actor_id: MemberId) -> None:
    """Say that a practice waits for them."""
    await _tell(tx, NotificationKind.VALIDATION, topic_id, actor_id, await tx.many(_VALIDATORS, topic_id))


async def tell_author_side(tx: Tx, topic_id: TopicId, actor_id: MemberId) -> None:
    """Say that a practice of theirs was decided on."""
    await _tell(tx, NotificationKind.VALIDATION, topic_id, actor_id, await tx.many(_AUTHOR_SIDE, topic_id))


async def tell_owner(tx: Tx, topic_id: TopicId, actor_id: MemberId) -> None:
    """Say that another municipality takes up a practice of theirs."""
    await _tell(tx, NotificationKind.ADOPTION, topic_id, actor_id, await tx.many(_OWNERS, topic_id))


async def ask_adopters(tx: Tx, topic_id: TopicId, adoption_id: AdoptionId, actor_id: MemberId) -> None:
    """Ask a municipality how it goes; `actor_id` moved its adoption last, and is asked as well."""
    people = await tx.many(_ADOPTERS, adoption_id)
    await _tell(tx, NotificationKind.ADOPTION, topic_id, actor_id, people, asks_actor=True)


async def _tell(
    tx: Tx,
    kind: NotificationKind,
    topic_id: TopicId,
    actor_id: MemberId,
    people: list[MemberId],
    *,
    asks_actor: bool = False,
) -> None:
    told = [member_id for member_id in people if asks_actor or member_id != actor_id]
    if told and await tx.run(_TELL, topic_id, kind.value, actor_id, told):
        await events.announce(tx, Event(Kind.NOTIFICATION_CREATED, topic_id))
