"""Topics: starting one, and what is done to a whole topic; each act with its audit entry and its notice.

Rights are asked in `access.py`: every write takes the Grant made there, which holds the topic's lock. The counters of
a topic speak of its posts and are kept by `posts.py`; how many topics a category holds is kept here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from forum import slugs
from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import (
    addressed,
    attachments,
    audit,
    events,
    fanouts,
    idempotency,
    kinds,
    practice_news,
    references,
    search_vector,
)
from forum.domain.access import (
    DeleteTopicGrant,
    InternalGrant,
    ModerateGrant,
    ReadGrant,
    RestoreTopicGrant,
    StartGrant,
)
from forum.domain.actors import Actor
from forum.domain.entities import (
    MemberId,
    OrganisationId,
    PostId,
    Topic,
    TopicId,
    TopicNotice,
)
from forum.domain.events import Event, Kind
from forum.domain.idempotency import Key
from forum.domain.kinds.good_practice import GOOD_PRACTICE
from forum.errors import Invalid, Undone
from forum.markup import Rendered

SLUG_LIMIT: Final = 80

NOTICES_AFTER: Final = 6
"""The latest acts on a topic that its page shows after a post: however often it is locked, the page stays short."""


@dataclass(frozen=True, slots=True)
class Started:
    """A topic that was just started."""

    topic_id: TopicId
    slug: str
    first_post_id: PostId


_LOCK_OF_MEMBERS = Statement(
    "topics.lock_of_members",
    """
    SELECT topics.id
    FROM topics
    WHERE topics.author_id = ANY ($1::bigint[]) OR topics.last_author_id = ANY ($1::bigint[])
    ORDER BY topics.id
    FOR NO KEY UPDATE
    """,
    returns=int,
    card=Card.MANY,
)

_KEEP_ORGANISATION = Statement(
    "topics.keep_organisation",
    """
    UPDATE topics
    SET organisation_id = CASE
            WHEN topics.author_id = ANY ($1::bigint[]) THEN coalesce(topics.organisation_id, $2)
            ELSE topics.organisation_id
        END,
        last_organisation_id = CASE
            WHEN topics.last_author_id = ANY ($1::bigint[]) THEN coalesce(topics.last_organisation_id, $2)
            ELSE topics.last_organisation_id
        END
    WHERE
        (topics.author_id = ANY ($1::bigint[]) AND topics.organisation_id IS NULL)
        OR (topics.last_author_id = ANY ($1::bigint[]) AND topics.last_organisation_id IS NULL)
    """,
    returns=int,
    card=Card.NONE,
)

_LIST_NOTICES = Query(
    "topics.list_notices",
    f"""
    SELECT latest.after_number, latest.actor_id, members.name, latest.act, latest.reason,
           latest.version, latest.created_at, latest.state
    FROM (
        SELECT topic_notices.*,
               row_number() OVER (PARTITION BY topic_notices.after_number ORDER BY topic_notices.id DESC) AS place
        FROM topic_notices
        WHERE topic_notices.topic_id = $1 AND topic_notices.after_number BETWEEN $2 AND $3
    ) AS latest
    JOIN members ON members.id = latest.actor_id
    WHERE latest.place <= {NOTICES_AFTER}
    ORDER BY latest.after_number, latest.id
    """,
    returns=TopicNotice,
    card=Card.MANY,
)

_INSERT = Statement(
    "topics.insert",
    f"""
    WITH counted AS (
        UPDATE categories
        SET topic_count = categories.topic_count + 1
        WHERE categories.id = $1 AND categories.archived_at IS NULL
        RETURNING categories.id
    ),
    started AS (
        INSERT INTO topics (
            category_id, author_id, title, slug, language, is_internal, last_author_id, last_post_at, created_at,
            kind, fields, deadline_at, tags
        )
        SELECT counted.id, $2, $3, $4, $5, $6, $2, clock.now, clock.now, $13, $14, $15, $16
        FROM counted
        CROSS JOIN (SELECT clock_timestamp() AS now) AS clock
        RETURNING topics.id, topics.slug, topics.title, topics.created_at
    ),
    opened AS (
        INSERT INTO posts (topic_id, number, author_id, body, html, search, created_at)
        SELECT started.id, 1, $2, $7, $8,
               {search_vector.of(title="started.title", body="$9")},
               started.created_at
        FROM started
        RETURNING posts.id
    ),
    announced AS (
        {fanouts.entering(source="opened", post="opened.id", members="$10", groups="$11", numbers="$12")}
    )
    SELECT started.id, started.slug, opened.id
    FROM started
    CROSS JOIN opened
    CROSS JOIN LATERAL (
        SELECT {events.announcing_post(topic="started.id", post="opened.id", number="1", actor="$2")}
    ) AS announced
    """,
    returns=Started,
    card=Card.ZERO_OR_ONE,
)

_STARTED = Query(
    "topics.started",
    """
    SELECT topics.id, topics.slug, posts.id
    FROM topics
    JOIN posts ON posts.topic_id = topics.id AND posts.number = 1
    WHERE topics.id = $1
    """,
    returns=Started,
    card=Card.ONE,
)

_READ_BY_AUTHOR = Statement(
    "topics.read_by_author",
    "INSERT INTO topic_reads (member_id, topic_id, last_number) VALUES ($1, $2, 1)",
    returns=int,
    card=Card.NONE,
)

# Each statement says in its WHERE what it would change, so that doing it twice does nothing the second time.

_LOCK = Statement(
    "topics.lock",
    """
    UPDATE topics
    SET locked_at = now(), locked_by_id = $2, lock_reason = $3
    WHERE topics.id = $1 AND topics.locked_at IS NULL
    """,
    returns=int,
    card=Card.NONE,
)

_UNLOCK = Statement(
    "topics.unlock",
    """
    UPDATE topics
    SET locked_at = NULL, locked_by_id = NULL, lock_reason = NULL
    WHERE topics.id = $1 AND topics.locked_at IS NOT NULL
    """,
    returns=int,
    card=Card.NONE,
)

_PIN = Statement(
    "topics.pin",
    "UPDATE topics SET pinned_at = now() WHERE topics.id = $1 AND topics.pinned_at IS NULL",
    returns=int,
    card=Card.NONE,
)

_UNPIN = Statement(
    "topics.unpin",
    "UPDATE topics SET pinned_at = NULL WHERE topics.id = $1 AND topics.pinned_at IS NOT NULL",
    returns=int,
    card=Card.NONE,
)

_MARK_INTERNAL = Statement(
    "topics.mark_internal",
    "UPDATE topics SET is_internal = $2 WHERE topics.id = $1 AND topics.is_internal <> $2",
    returns=int,
    card=Card.NONE,
)

_DELETE = Statement(
    "topics.delete",
    "UPDATE topics SET deleted_at = now(), deleted_by_id = $2 WHERE topics.id = $1 AND topics.deleted_at IS NULL",
    returns=int,
    card=Card.NONE,
)

_RESTORE = Statement(
    "topics.restore",
    "UPDATE topics SET deleted_at = NULL, deleted_by_id = NULL WHERE topics.id = $1 AND topics.deleted_at IS NOT NULL",
    returns=int,
    card=Card.NONE,
)

_COUNT_TOPIC = Statement(
    "topics.count_topic",
    "UPDATE categories SET topic_count = categories.topic_count + $2 WHERE categories.id = $1",
    returns=int,
    card=Card.NONE,
)

_NOTE = Statement(
    "topics.note",
    """
    INSERT INTO topic_notices (topic_id, after_number, actor_id, act, reason, version)
    SELECT topics.id, topics.post_count, $2, $3, $4, $5
    FROM topics
    WHERE topics.id = $1
    """,
    returns=int,
    card=Card.NONE,
)


async def list_notices(conn: Conn, grant: ReadGrant, *, first: int, last: int) -> list[TopicNotice]:
    """Return what was done to the topic after its posts from `first` to `last`, NOTICES_AFTER each, in order."""
    return await conn.many(_LIST_NOTICES, grant.topic.id, first, last)


async def start(
    tx: Tx,
    grant: StartGrant,
    *,
    title: str,
    body: str,
    rendered: Rendered,
    language: str | None = None,
    is_internal: bool = False,
    key: Key | None,
    kind: str = kinds.DEFAULT.code,
    fields: kinds.Values | None = None,
    tags: Sequence[str] = (),
    may_be_past: bool = False,
) -> Started:
    """Start a topic with its first post; the same key gives the topic that was started before.

    `fields` are values that the kind has checked; deadlines have to be still to come unless they `may_be_past`. Raise
    Invalid where they are not, where the category does not take the kind, or a field names a theme or an organisation
    that is not there, or a municipality that the actor may not name; Undone where the category was archived or merged
    meanwhile: its rights are to be asked again; and what `attachments.take_up` does.
    """
    actor, category = grant.actor, grant.category
    if not kinds.is_offered(kind, category.kinds):
        raise Invalid({"kind": ("not_allowed",)}, "kind_not_available")
    # Its files come once it is there: who may bring none has to write what it says.
    if kind == kinds.GUIDE.code and not body.strip() and not category.can_attach:
        raise Invalid({"body": ("required",)})
    definition = kinds.of(kind)
    values = definition.begun(fields or {})
    await references.require(tx, definition, values)
    references.require_own(actor, definition, values, {}, can_moderate=category.can_moderate)
    if key is not None:
        earlier = await idempotency.claim(tx, actor, key)
        if earlier is not None:
            return await tx.one(_STARTED, earlier)
    if not may_be_past:
        await references.require_to_come(tx, definition, values, {})
    started = await tx.maybe(
        _INSERT,
        category.id,
        actor.member_id,
        title,
        slug_of(title),
        language,
        is_internal,
        body,
        rendered.html,
        f"{rendered.text}\n{definition.words(values)}",
        *fanouts.values(addressed.find(rendered.html)),
        kind,
        values,
        definition.deadline(values),
        list(tags),
    )
    if started is None:
        raise Undone
    await attachments.take_up(tx, actor, started.first_post_id, rendered.html, can_attach=category.can_attach)
    await tx.run(_READ_BY_AUTHOR, actor.member_id, started.topic_id)
    if kind == GOOD_PRACTICE.code:
        await practice_news.tell_validators(tx, started.topic_id, actor.member_id)
    if key is not None:
        await idempotency.settle(tx, actor, key, started.topic_id)
    return started


def slug_of(title: str) -> str:
    """Return the part of a topic's address that says what it is about."""
    return slugs.slugify(title, fallback="topic", limit=SLUG_LIMIT)


async def lock(tx: Tx, grant: ModerateGrant, reason: str) -> None:
    """Let only moderators post in the topic; everybody sees the reason. A topic locked before stays as it was."""
    if await tx.run(_LOCK, grant.topic.id, grant.actor.member_id, reason):
        await _enter(tx, grant.actor, grant.topic, "lock", "is_locked", True, reason)


async def unlock(tx: Tx, grant: ModerateGrant) -> None:
    """Let members post again."""
    if await tx.run(_UNLOCK, grant.topic.id):
        await _enter(tx, grant.actor, grant.topic, "unlock", "is_locked", False)


async def pin(tx: Tx, grant: ModerateGrant) -> None:
    """Keep the topic on top of its category."""
    if await tx.run(_PIN, grant.topic.id):
        await _enter(tx, grant.actor, grant.topic, "pin", "is_pinned", True)


async def unpin(tx: Tx, grant: ModerateGrant) -> None:
    """Let the topic take its place by its last post again."""
    if await tx.run(_UNPIN, grant.topic.id):
        await _enter(tx, grant.actor, grant.topic, "unpin", "is_pinned", False)


async def mark_internal(tx: Tx, grant: InternalGrant, value: bool) -> None:
    """Say that the topic is not meant for a wider circle, or that it is again."""
    if await tx.run(_MARK_INTERNAL, grant.topic.id, value):
        act = "mark_internal" if value else "unmark_internal"
        await _enter(tx, grant.actor, grant.topic, act, "is_internal", value)


async def delete(tx: Tx, grant: DeleteTopicGrant) -> None:
    """Take the topic away, so that it can be brought back; its category holds one less."""
    if await tx.run(_DELETE, grant.topic.id, grant.actor.member_id):
        await tx.run(_COUNT_TOPIC, grant.topic.category_id, -1)
        await _record(tx, grant.actor, grant.topic, "delete", "is_deleted", True)


async def restore(tx: Tx, grant: RestoreTopicGrant) -> None:
    """Bring a deleted topic back as it was."""
    if await tx.run(_RESTORE, grant.topic.id):
        await tx.run(_COUNT_TOPIC, grant.topic.category_id, 1)
        await _record(tx, grant.actor, grant.topic, "restore", "is_deleted", False)


async def note(
    tx: Tx, actor: Actor, topic: Topic, act: str, reason: str | None = None, version: int | None = None
) -> None:
    """Say on the topic's page what was done to it; of an act on a file `reason` is its title, `version` its number."""
    await tx.run(_NOTE, topic.id, actor.member_id, act, reason, version)


async def lock_of_members(tx: Tx, member_ids: list[MemberId]) -> None:
    """Lock the topics that members started or were the last to write in, before they pass to another organisation."""
    await tx.many(_LOCK_OF_MEMBERS, member_ids)


async def keep_organisation(tx: Tx, member_ids: list[MemberId], organisation_id: OrganisationId) -> None:
    """Have what members wrote so far keep the organisation they are about to leave."""
    await tx.run(_KEEP_ORGANISATION, member_ids, organisation_id)


async def _enter(
    tx: Tx, actor: Actor, topic: Topic, act: str, field: str, value: bool, reason: str | None = None
) -> None:
    """Write the audit entry and the notice of an act. The reason stands in the notice alone: the log keeps no texts."""
    await _record(tx, actor, topic, act, field, value)
    await note(tx, actor, topic, act, reason)


async def _record(tx: Tx, actor: Actor, topic: Topic, act: str, field: str, value: bool) -> None:
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act=f"topic.{act}",
        subject="topic",
        subject_id=topic.id,
        before={field: not value},
        after={field: value},
    )
    await events.announce(tx, Event(Kind.TOPIC_UPDATED, topic.id, actor.member_id, act=act))
