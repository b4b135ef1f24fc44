"""Posts: the pages of a topic, replying, editing with what stood before, deleting and restoring one's own.

Rights are asked in `access.py`: every write takes the Grant made there, which holds the topic's lock, so the numbers
of a topic have no gaps and its counters are exact. HTML comes in rendered and sanitised; nothing is rendered here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from forum.db import Card, Conn, Once, Query, Statement, Tx
from forum.domain import (
    addressed,
    answers,
    attachments,
    audit,
    drafts,
    events,
    excerpts,
    fanouts,
    idempotency,
    kinds,
    leading,
    pages,
    permissions,
    readable,
    references,
    search_vector,
    topics,
    translations,
    unread,
)
from forum.domain.access import (
    JOINS_OF_POSTS,
    POST,
    POST_COLUMNS,
    POST_JOINS,
    DeletePostGrant,
    EarlyReplyGrant,
    EditGrant,
    PostGrant,
    ReadGrant,
    ReplyGrant,
    RestorePostGrant,
    veiled,
)
from forum.domain.actors import Actor
from forum.domain.entities import POSTS_A_PAGE, MemberId, OrganisationId, Post, PostId, Revision, Topic, TopicId
from forum.domain.events import Event, Kind
from forum.domain.idempotency import Key
from forum.domain.pages import Page
from forum.domain.sessions import FOUNDATIONS
from forum.errors import Conflict, Forbidden, Invalid
from forum.markup import Rendered


@dataclass(frozen=True, slots=True)
class Replied:
    """Where a reply stands, and how many the topic has with it."""

    id: PostId
    number: int
    reply_count: int


@dataclass(frozen=True, slots=True)
class AuthoredPost:
    """A post in the list of what a member wrote; the excerpt is plain text."""

    post_id: PostId
    topic_id: TopicId
    topic_title: str
    topic_slug: str
    number: int
    excerpt: str
    created_at: datetime
    language: str | None
    """The topic's."""


_LIST_BETWEEN = Query(
    "posts.list_between",
    f"""
    SELECT {POST_COLUMNS}
    {POST_JOINS}
    WHERE posts.topic_id = $1 AND posts.number BETWEEN $2 AND $3
    ORDER BY posts.number
    """,
    returns=Post,
    card=Card.MANY,
)

# The answer to the question stands under it, on whichever page it is in its own place.
_LIST_WITH_ANSWER = Query(
    "posts.list_with_answer",
    f"""
    SELECT {POST_COLUMNS}
    FROM (
        SELECT listed.* FROM posts AS listed WHERE listed.topic_id = $1 AND listed.number <= $2
        UNION ALL
        SELECT answer.* FROM posts AS answer WHERE answer.topic_id = $1 AND answer.id = $3 AND answer.number > $2
    ) AS posts
    {JOINS_OF_POSTS}
    ORDER BY posts.number
    """,
    returns=Post,
    card=Card.MANY,
)

_LIST_AFTER = Query(
    "posts.list_after",
    f"""
    SELECT {POST_COLUMNS}
    {POST_JOINS}
    WHERE posts.topic_id = $1 AND posts.number > $2
    ORDER BY posts.number
    LIMIT $3
    """,
    returns=Post,
    card=Card.MANY,
)

# One statement, since a reply is what is written most. It speaks of author $1 and topic $2, whose row it locks: the
# instant is taken under that lock, so that later numbers carry later instants, which counting unread relies on. Where
# the key was taken before, or the foundations are not of version $12 any more or the topic not as it was when the right
# to reply was asked for, nothing is written and no row comes back. What may be unread is what stood before the reply.
_INSERT = Statement(
    "posts.insert",
    f"""
    WITH before AS MATERIALIZED (
        SELECT NOT {unread.IS} AS is_read
        FROM topics
        {unread.JOIN}
        WHERE topics.id = $2
    ),
    locked AS MATERIALIZED (
        SELECT topics.id
        FROM topics
        WHERE topics.id = $2 AND ($12::bigint IS NULL OR (
            $12 = (SELECT {FOUNDATIONS} FROM foundations)
            AND topics.locked_at IS NOT DISTINCT FROM $13::timestamptz
            AND topics.is_internal IS NOT DISTINCT FROM $14::boolean
            AND topics.deleted_at IS NULL
        ))
        FOR NO KEY UPDATE
    ),
    drawn AS MATERIALIZED (
        SELECT nextval('posts_id_seq') AS id
        FROM locked
    ),
    claimed AS (
        {idempotency.claiming(member="$1", key="$7", act="$8", request_hash="$9", lifetime="$10", row="drawn")}
    ),
    counted AS (
        UPDATE topics
        SET post_count = topics.post_count + 1,
            reply_count = topics.reply_count + 1,
            last_post_number = topics.post_count + 1,
            last_post_at = clock_timestamp(),
            last_author_id = $1,
            last_organisation_id = NULL
        FROM locked
        WHERE topics.id = locked.id AND ($7::text IS NULL OR EXISTS (SELECT 1 FROM claimed))
        RETURNING topics.id, topics.post_count, topics.reply_count, topics.last_post_at,
                  topics.locked_at IS NOT NULL AS is_locked
    ),
    inserted AS (
        INSERT INTO posts (
            id, topic_id, number, author_id, reply_to_id, body, html, search, is_by_moderator, created_at
        )
        OVERRIDING SYSTEM VALUE
        SELECT drawn.id, counted.id, counted.post_count, $1, $3, $4, $5,
               {search_vector.of(title="''", body="$6")}, counted.is_locked, counted.last_post_at
        FROM counted
        CROSS JOIN drawn
        RETURNING posts.id, posts.number
    ),
    marked AS (
        INSERT INTO topic_reads (member_id, topic_id, last_number)
        SELECT $1, $2, inserted.number
        FROM inserted
        CROSS JOIN before
        WHERE before.is_read
        ON CONFLICT (member_id, topic_id) DO UPDATE
        SET last_number = excluded.last_number, read_at = now()
        WHERE topic_reads.last_number < excluded.last_number
    ),
    discarded AS (
        {drafts.DISCARDING_REPLY} AND $11
    ),
    announced AS (
        {fanouts.entering(source="inserted", post="inserted.id", members="$15", groups="$16", numbers="$17")}
    )
    SELECT inserted.id, inserted.number, counted.reply_count
    FROM inserted
    CROSS JOIN counted
    CROSS JOIN LATERAL (
        SELECT {events.announcing_post(topic="counted.id", post="inserted.id", number="inserted.number", actor="$1")}
    ) AS announced
    """,
    returns=Replied,
    card=Card.ZERO_OR_ONE,
)

_REPLIED = Query(
    "posts.replied",
    """
    SELECT posts.id, posts.number, topics.reply_count
    FROM posts
    JOIN topics ON topics.id = posts.topic_id
    WHERE posts.id = $1
    """,
    returns=Replied,
    card=Card.ONE,
)

_CHANGE_TOPIC = Statement(
    "posts.change_topic",
    """
    UPDATE topics
    SET title = $2, slug = $3, fields = $4, deadline_at = $5, tags = $6, language = $7
    WHERE topics.id = $1
    """,
    returns=int,
    card=Card.NONE,
)

# What stood is kept and replaced at one instant.
_REWRITE = Statement(
    "posts.rewrite",
    f"""
    WITH kept AS (
        INSERT INTO post_revisions (post_id, number, editor_id, title, body, fields, created_at, replaced_at)
        SELECT posts.id, posts.revision_count + 1, posts.author_id,
               CASE WHEN posts.number = 1 THEN topics.title END,
               posts.body, CASE WHEN posts.number = 1 THEN topics.fields END,
               coalesce(posts.edited_at, posts.created_at), clock_timestamp()
        FROM posts
        JOIN topics ON topics.id = posts.topic_id
        WHERE posts.id = $1
        RETURNING post_revisions.number, post_revisions.replaced_at
    )
    UPDATE posts
    SET body = $2,
        html = $3,
        search = {search_vector.of_post(title="$5", body="$4")},
        revision_count = kept.number,
        edited_at = kept.replaced_at
    FROM kept
    WHERE posts.id = $1
    """,
    returns=int,
    card=Card.NONE,
)

# Revisions as they were kept, and what the post says now as the newest of them.
_LIST_REVISIONS = Query(
    "posts.list_revisions",
    """
    SELECT revisions.number, revisions.editor_id, members.name,
           revisions.title, revisions.body, revisions.fields, revisions.created_at, revisions.replaced_at
    FROM (
        SELECT post_revisions.number, post_revisions.editor_id, post_revisions.title, post_revisions.body,
               post_revisions.fields, post_revisions.created_at, post_revisions.replaced_at
        FROM post_revisions
        WHERE post_revisions.post_id = $1
        UNION ALL
        SELECT posts.revision_count + 1, posts.author_id, CASE WHEN posts.number = 1 THEN topics.title END, posts.body,
               CASE WHEN posts.number = 1 THEN topics.fields END,
               coalesce(posts.edited_at, posts.created_at), NULL
        FROM posts
        JOIN topics ON topics.id = posts.topic_id
        WHERE posts.id = $1
    ) AS revisions
    JOIN members ON members.id = revisions.editor_id
    ORDER BY revisions.number DESC
    """,
    returns=Revision,
    card=Card.MANY,
)

_DELETE = Statement(
    "posts.delete",
    "UPDATE posts SET deleted_at = now(), deleted_by_id = $2 WHERE posts.id = $1 AND posts.deleted_at IS NULL",
    returns=int,
    card=Card.NONE,
)

_KEEP_ORGANISATION = Statement(
    "posts.keep_organisation",
    """
    UPDATE posts
    SET organisation_id = $2
    WHERE posts.author_id = ANY ($1::bigint[]) AND posts.organisation_id IS NULL
    """,
    returns=int,
    card=Card.NONE,
)

_RESTORE = Statement(
    "posts.restore",
    "UPDATE posts SET deleted_at = NULL, deleted_by_id = NULL WHERE posts.id = $1 AND posts.deleted_at IS NOT NULL",
    returns=int,
    card=Card.NONE,
)

# The first post is never deleted by itself, so there is always a last one.
_RECOUNT = Statement(
    "posts.recount_topic",
    """
    UPDATE topics
    SET reply_count = topics.reply_count + $2,
        last_post_number = last.number,
        last_post_at = last.created_at,
        last_author_id = last.author_id,
        last_organisation_id = last.organisation_id
    FROM (
        SELECT posts.number, posts.created_at, posts.author_id, posts.organisation_id
        FROM posts
        WHERE posts.topic_id = $1 AND posts.deleted_at IS NULL
        ORDER BY posts.number DESC
        LIMIT 1
    ) AS last
    WHERE topics.id = $1
    """,
    returns=int,
    card=Card.NONE,
)

_LIST_BY_AUTHOR = Query(
    "posts.list_by_author",
    f"""
    WITH {readable.CTE}
    SELECT posts.id, topics.id, topics.title, topics.slug, posts.number,
           left(posts.html, {excerpts.SOURCE}), posts.created_at, topics.language
    FROM posts
    JOIN topics ON topics.id = posts.topic_id
    WHERE posts.author_id = $2 AND posts.id < coalesce($3, 9223372036854775807)
        AND posts.deleted_at IS NULL AND topics.deleted_at IS NULL
        AND {readable.IS}
    ORDER BY posts.id DESC
    LIMIT $4
    """,
    returns=AuthoredPost,
    card=Card.MANY,
)


async def list_page(conn: Conn, grant: ReadGrant, page: int) -> list[Post]:
    """Return the posts of a page, counted from 1; deleted ones stand without their words."""
    first = (page - 1) * POSTS_A_PAGE + 1
    posts = await conn.many(_LIST_BETWEEN, grant.topic.id, first, first + POSTS_A_PAGE - 1)
    return [veiled(grant.actor, post) for post in posts]


async def list_first_page(conn: Conn, grant: ReadGrant) -> tuple[list[Post], Post | None]:
    """Return the posts of the first page, and the answer to the question, wherever it stands; one query."""
    answer_id = grant.topic.answer_post_id
    if answer_id is None:
        return await list_page(conn, grant, 1), None
    found = await conn.many(_LIST_WITH_ANSWER, grant.topic.id, POSTS_A_PAGE, answer_id)
    shown = [veiled(grant.actor, post) for post in found]
    answer = next((post for post in shown if post.id == answer_id), None)
    return [post for post in shown if post.number <= POSTS_A_PAGE], answer


async def list_after(conn: Conn, grant: ReadGrant, *, number: int, limit: int) -> list[Post]:
    """Return up to `limit` posts beyond a number; deleted ones stand without their words."""
    posts = await conn.many(_LIST_AFTER, grant.topic.id, number, limit)
    return [veiled(grant.actor, post) for post in posts]


@dataclass(frozen=True, slots=True)
class Reply:
    """What is to be posted; `ends_draft` says that the author's draft of a reply in the topic goes with it."""

    body: str
    rendered: Rendered
    reply_to: PostId | None = None
    key: Key | None = None
    ends_draft: bool = False


async def reply(tx: Tx, grant: ReplyGrant, reply: Reply) -> Replied:
    """Post in a topic, under the next number; the same key gives the post that was made before.

    In a locked topic only a moderator gets here, and the post is marked so. One's own post counts as read when all
    before it was; else the first unread post stays where it is. Raises Invalid when `reply_to` is of another topic,
    and what `attachments.take_up` does.
    """
    reached = fanouts.values(addressed.find(reply.rendered.html))
    replied = await tx.maybe(_INSERT, *_values(grant.actor, grant.topic, reply), None, None, None, *reached)
    if replied is None:
        return await tx.one(_REPLIED, await idempotency.earlier(tx, grant.actor, reply.key))
    await attachments.take_up(tx, grant.actor, replied.id, reply.rendered.html, can_attach=grant.topic.can_attach)
    return replied


async def reply_at_once(once: Once, grant: EarlyReplyGrant, reply: Reply) -> Replied | None:
    """Do the same in a single statement, or nothing: then the grant holds no more, or the key was taken before.

    A reply that names files is more than one statement.
    """
    if addressed.attachments(reply.rendered.html):
        return None
    values = _values(grant.actor, grant.topic, reply)
    asked = (grant.foundations, grant.topic.locked_at, grant.topic.is_internal)
    return await once.maybe(_INSERT, *values, *asked, *fanouts.values(addressed.find(reply.rendered.html)))


def _values(actor: Actor, topic: Topic, reply: Reply) -> tuple[object, ...]:
    return (
        actor.member_id,
        topic.id,
        reply.reply_to,
        reply.body,
        reply.rendered.html,
        reply.rendered.text,
        *idempotency.values(reply.key),
        idempotency.LIFETIME,
        reply.ends_draft,
    )


async def replied(conn: Conn, author: Actor, reply: Replied) -> Post:
    """Return a reply just made, as its author sees it."""
    return veiled(author, await conn.one(POST, reply.id))


CHANGED: Final = "changed_since_opened"
"""The code of a Conflict: somebody changed the post since the one who changes it now began."""


async def edit(
    tx: Tx,
    grant: EditGrant,
    *,
    body: str,
    rendered: Rendered,
    title: str | None,
    fields: kinds.Values | None = None,
    tags: Sequence[str] | None = None,
    language: str | None = None,
    revision: int | None = None,
) -> Post:
    """Change a post, with the first one what the topic says beside it; what stood before is kept as a revision.

    None leaves what it stands for, and so does any other post than the first; `fields` are values that the kind has
    checked, and `language` is empty for another or several. Where nothing changes, nothing is written. Raise Invalid
    where a field names a theme or an organisation that is not there, or another lead while somebody's interest stands,
    where the topic is translated into that language, and what `attachments.take_up` does; Conflict where the post is
    at another `revision` by now than the one that was changed.
    """
    topic, post = grant.topic, grant.post
    said = _Said(topic.title, topic.fields, topic.tags, topic.language)
    new = said if post.number > 1 else _said_now(topic, title, fields, tags, language)
    if new.language in topic.translated_titles:
        raise Invalid({"language": ("translated_into",)})
    if body == post.body and new == said:
        return post
    if revision is not None and revision != post.revision_count:
        raise Conflict(CHANGED)
    found_by_title, found_by = "", rendered.text
    if post.number == 1:
        definition = kinds.of(topic.kind)
        if new.fields != said.fields:
            await references.require(tx, definition, new.fields)
            moderates = topic.can_moderate
            references.require_own(grant.actor, definition, new.fields, said.fields, can_moderate=moderates)
            await references.require_to_come(tx, definition, new.fields, said.fields)
            await translations.keep_fields(tx, topic.id, new.fields)
        found_by_title, found_by = new.title, f"{rendered.text}\n{definition.words(new.fields)}"
    await tx.run(_REWRITE, post.id, body, rendered.html, found_by, found_by_title)
    await attachments.take_up(tx, grant.actor, post.id, rendered.html, can_attach=topic.can_attach)
    await _announce(tx, grant.actor, post, "edit")
    await fanouts.enter_edit(tx, post.id, addressed.find(rendered.html) - addressed.find(post.html))
    if new != said:
        slug = topics.slug_of(new.title) if new.title != topic.title else topic.slug
        deadline_at = kinds.of(topic.kind).deadline(new.fields)
        names_lead = new.fields.get("lead") != said.fields.get("lead")
        lead_id = await leading.bound(tx, topic.id) if names_lead else None
        await tx.run(_CHANGE_TOPIC, topic.id, new.title, slug, new.fields, deadline_at, new.tags, new.language)
        if names_lead and await leading.bound(tx, topic.id) != lead_id:
            raise Invalid({"lead": ("lead_bound",)})
        act = "rename" if new.title != topic.title else "edit"
        await events.announce(tx, Event(Kind.TOPIC_UPDATED, topic.id, grant.actor.member_id, act=act))
    return await tx.one(POST, post.id)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a topic says beside its first text."""

    title: str
    fields: kinds.Values
    tags: list[str]
    language: str | None


def _said_now(
    topic: Topic, title: str | None, fields: kinds.Values | None, tags: Sequence[str] | None, language: str | None
) -> _Said:
    said = topic.fields if fields is None else {**fields, **kinds.of(topic.kind).acts(topic.fields)}
    return _Said(
        topic.title if title is None else title,
        said,
        topic.tags if tags is None else list(tags),
        said.get("language", topic.language if language is None else language or None),
    )


async def list_revisions(conn: Conn, grant: PostGrant) -> list[Revision]:
    """Return what a post said, newest first, what it says now included; Forbidden when its words are not to be read."""
    verdict = permissions.can_read_body(grant.actor, grant.post)
    if not verdict:
        raise Forbidden(verdict.code)
    return await conn.many(_LIST_REVISIONS, grant.post.id)


async def delete(tx: Tx, grant: DeletePostGrant) -> None:
    """Take a reply away, so that it can be brought back; its number stays its own. It is no longer an answer."""
    if await tx.run(_DELETE, grant.post.id, grant.actor.member_id):
        await tx.run(_RECOUNT, grant.topic.id, -1)
        if grant.post.id == grant.topic.answer_post_id:
            await answers.unmark(tx, grant)
        await _record(tx, grant.actor, grant.topic, grant.post, "delete", True)


async def restore(tx: Tx, grant: RestorePostGrant) -> None:
    """Bring a deleted reply back under its number."""
    if await tx.run(_RESTORE, grant.post.id):
        await tx.run(_RECOUNT, grant.topic.id, 1)
        await _record(tx, grant.actor, grant.topic, grant.post, "restore", False)


async def list_by_author(
    conn: Conn, actor: Actor, member_id: MemberId, *, cursor: str | None = None, limit: int = POSTS_A_PAGE
) -> Page[AuthoredPost]:
    """Return a page of what a member wrote, newest first, as far as the actor may read it."""
    (after,) = pages.decode(cursor, int) if cursor else (None,)
    rows = await conn.many(_LIST_BY_AUTHOR, actor.member_id, member_id, after, limit + 1)
    return pages.cut([_excerpted(row) for row in rows], limit, lambda row: (row.post_id,))


async def keep_organisation(tx: Tx, member_ids: list[MemberId], organisation_id: OrganisationId) -> None:
    """Have what members wrote so far keep the organisation they are about to leave."""
    await tx.run(_KEEP_ORGANISATION, member_ids, organisation_id)


async def _record(tx: Tx, actor: Actor, topic: Topic, post: Post, act: str, is_deleted: bool) -> None:
    await audit.record(
        tx,
        actor_id=actor.member_id,
        act=f"post.{act}",
        subject="post",
        subject_id=post.id,
        before={"is_deleted": not is_deleted},
        after={"is_deleted": is_deleted, "topic_id": topic.id, "number": post.number},
    )
    await _announce(tx, actor, post, act)


async def _announce(tx: Tx, actor: Actor, post: Post, act: str) -> None:
    await events.announce(
        tx, Event(Kind.POST_UPDATED, post.topic_id, actor.member_id, post_id=post.id, number=post.number, act=act)
    )


def _excerpted(row: AuthoredPost) -> AuthoredPost:
    """Turn the beginning of a post's HTML into the beginning of its text."""
    return replace(row, excerpt=excerpts.excerpt(row.excerpt))
