"""The door: the only way to a category, topic or post, and the only place where a Grant is made.

Each function asks the row and the actor's rights in one query. What is absent and what may not be seen raise the same
NotFound; what is seen but may not be done raises Forbidden with the code of the reason. The writes of the domain take
the Grant, so a forgotten check does not type-check; a contract test sees that no other module builds one.
Functions that take a `Tx` also lock the topic (FOR NO KEY UPDATE: lock order is category, topic, post, member), and its
category first where the act changes how many topics that holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import levels, permissions, readable, stages
from forum.domain.actors import Actor
from forum.domain.entities import Attachment, AttachmentId, Category, CategoryId, Post, PostId, Topic, TopicId
from forum.domain.levels import Level
from forum.domain.permissions import Verdict
from forum.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class CategoryGrant:
    """May read the topics of a category."""

    actor: Actor
    category: Category


@dataclass(frozen=True, slots=True)
class CategoryVisit:
    """May read the topics of a category, and how much they want to hear of them: as they chose, and as it counts."""

    grant: CategoryGrant
    chosen_level: Level | None
    level: Level
    has_below: bool
    """Whether there are sub-categories, seen or not."""


@dataclass(frozen=True, slots=True)
class StartGrant:
    """May start a topic in a category."""

    actor: Actor
    category: Category


@dataclass(frozen=True, slots=True)
class ImportTopicsGrant:
    """May start many topics at once in a category, from a file."""

    actor: Actor
    start: StartGrant


@dataclass(frozen=True, slots=True)
class ReadGrant:
    """May read a topic."""

    actor: Actor
    topic: Topic


@dataclass(frozen=True, slots=True)
class ReplyGrant:
    """May reply in a topic, which is locked in the transaction."""

    actor: Actor
    topic: Topic


@dataclass(frozen=True, slots=True)
class EarlyReplyGrant:
    """Might reply in a topic when it was read, outside any transaction: the one write that takes this grant asks again.

    It holds while the foundations have the version that says who may do what, and the topic is neither deleted nor
    locked, unlocked or marked since; that is asked under the topic's lock.
    """

    actor: Actor
    topic: Topic
    foundations: int


@dataclass(frozen=True, slots=True)
class ModerateGrant:
    """May lock, unlock, pin and unpin a topic."""

    actor: Actor
    topic: Topic


@dataclass(frozen=True, slots=True)
class InternalGrant:
    """May say whether a topic is internal."""

    actor: Actor
    topic: Topic


@dataclass(frozen=True, slots=True)
class AnswerGrant:
    """May say which reply is the answer to a question, or that none is."""

    actor: Actor
    topic: Topic


@dataclass(frozen=True, slots=True)
class DeleteTopicGrant:
    """May delete a topic."""

    actor: Actor
    topic: Topic


@dataclass(frozen=True, slots=True)
class RestoreTopicGrant:
    """May bring a deleted topic back."""

    actor: Actor
    topic: Topic


@dataclass(frozen=True, slots=True)
class PostGrant:
    """May read a post: its topic and number are known to the reader."""

    actor: Actor
    topic: Topic
    post: Post


@dataclass(frozen=True, slots=True)
class EditGrant:
    """May change a post, and the topic's title when it is the first."""

    actor: Actor
    topic: Topic
    post: Post


@dataclass(frozen=True, slots=True)
class DeletePostGrant:
    actor: Actor
    topic: Topic
    post: Post


@dataclass(frozen=True, slots=True)
class RestorePostGrant:
    actor: Actor
    topic: Topic
    post: Post


@dataclass(frozen=True, slots=True)
class AttachGrant:
    """May bring files: there is a category in which they may attach them."""

    actor: Actor


@dataclass(frozen=True, slots=True)
class AttachmentGrant:
    """May read a file."""

    actor: Actor
    attachment: Attachment


@dataclass(frozen=True, slots=True)
class DeleteAttachmentGrant:
    """May take a file away."""

    actor: Actor
    attachment: Attachment


@dataclass(frozen=True, slots=True)
class AdministerGrant:
    """May do what administrators do."""

    actor: Actor


@dataclass(frozen=True, slots=True)
class FeedbackGrant:
    """May read and settle what people write to the moderators."""

    actor: Actor


@dataclass(frozen=True, slots=True)
class _CategoryToShow(Category):
    chosen_level: Level | None
    level: Level
    has_below: bool


_RIGHTS = stages.each("rights.can_{right}")

_CATEGORY_COLUMNS = f"""
    categories.id, categories.slug, categories.name_el, categories.name_en,
    categories.description_el, categories.description_en, categories.kinds,
    parents.slug, parents.name_el, parents.name_en, categories.archived_at,
    {readable.TOPIC_COUNT},
    {_RIGHTS}
"""

_CATEGORY_JOINS = """
    FROM categories
    JOIN category_rights AS rights ON rights.category_id = categories.id AND rights.member_id = $1
    LEFT JOIN categories AS parents ON parents.id = categories.parent_id
"""

# By the slug it has, or one that it had: links lead on.
_BY_SLUG = """
    WHERE categories.id = coalesce(
        (SELECT named.id FROM categories AS named WHERE named.slug = $2),
        (SELECT former.category_id FROM former_category_slugs AS former WHERE former.slug = $2)
    )
"""

# A private one is no category to anybody, but for the topic that is in it.
_CATEGORY = Query(
    "access.category",
    f"SELECT {_CATEGORY_COLUMNS} {_CATEGORY_JOINS} {_BY_SLUG} AND NOT categories.is_private",
    returns=Category,
    card=Card.ZERO_OR_ONE,
)

_CATEGORY_TO_SHOW = Query(
    "access.category_to_show",
    f"""
    SELECT {_CATEGORY_COLUMNS}, chosen.category_level, coalesce(chosen.category_level, chosen.group_level, 'follow'),
           EXISTS (SELECT 1 FROM categories AS below WHERE below.parent_id = categories.id)
    {_CATEGORY_JOINS}
    CROSS JOIN LATERAL (
        SELECT {levels.of_category(member="$1", category="categories.id")} AS category_level,
               {levels.of_groups(member="$1", category="categories.id")} AS group_level
    ) AS chosen
    {_BY_SLUG} AND NOT categories.is_private
    """,
    returns=_CategoryToShow,
    card=Card.ZERO_OR_ONE,
)

_PRIVATE_CATEGORY = Query(
    "access.private_category",
    f"""
    SELECT {_CATEGORY_COLUMNS} {_CATEGORY_JOINS}
    WHERE categories.is_private AND (categories.id = $2 OR categories.slug = $3) AND rights.can_read
    """,
    returns=Category,
    card=Card.ZERO_OR_ONE,
)

TOPIC_COLUMNS = f"""
    topics.id, categories.id, categories.slug, categories.name_el, categories.name_en, categories.archived_at,
    authors.id, authors.name, organisations.slug, organisations.name_el, organisations.name_en,
    topics.kind, topics.title, topics.slug, topics.language, topics.is_internal, topics.locked_at, topics.locked_by_id,
    (SELECT lockers.name FROM members AS lockers WHERE lockers.id = topics.locked_by_id),
    topics.lock_reason, topics.pinned_at, topics.reply_count, topics.post_count, topics.last_post_number,
    topics.last_post_at, topics.created_at, topics.deleted_at, topics.deleted_by_id, topics.answer_post_id,
    topics.version, topics.fields, topics.tags, topics.deadline_at, topics.origin_id, topics.translated_titles,
    twinnings.id, twinnings.state,
    {_RIGHTS}
"""

TOPIC_JOINS = """
    FROM topics
    JOIN categories ON categories.id = topics.category_id
    JOIN topic_rights AS rights ON rights.topic_id = topics.id AND rights.member_id = $1
    JOIN members AS authors ON authors.id = topics.author_id
    JOIN organisations ON organisations.id = coalesce(topics.organisation_id, authors.organisation_id)
    LEFT JOIN twinnings ON twinnings.topic_id = topics.id
"""

_TOPIC = Query(
    "access.topic",
    f"SELECT {TOPIC_COLUMNS} {TOPIC_JOINS} WHERE topics.id = $2",
    returns=Topic,
    card=Card.ZERO_OR_ONE,
)

_TOPIC_LOCK = Statement(
    "access.topic_lock",
    "SELECT id FROM topics WHERE topics.id = $1 FOR NO KEY UPDATE",
    returns=int,
    card=Card.ZERO_OR_ONE,
)

_CATEGORY_LOCK = Statement(
    "access.category_lock",
    "SELECT id FROM categories WHERE id = (SELECT category_id FROM topics WHERE topics.id = $1) FOR NO KEY UPDATE",
    returns=int,
    card=Card.ZERO_OR_ONE,
)

POST_COLUMNS = """
    posts.id, posts.topic_id, posts.number,
    authors.id, authors.name, organisations.slug, organisations.name_el, organisations.name_en, regions.slug,
    (authors.suspended_until IS NOT NULL AND authors.suspended_until > now()),
    posts.reply_to_id, answered.number, answered_authors.name,
    posts.body, posts.html, posts.revision_count, posts.is_by_moderator,
    posts.created_at, posts.edited_at, posts.deleted_at, posts.deleted_by_id
"""

JOINS_OF_POSTS = """
    JOIN members AS authors ON authors.id = posts.author_id
    JOIN organisations ON organisations.id = coalesce(posts.organisation_id, authors.organisation_id)
    LEFT JOIN regions ON regions.id = organisations.region_id
    LEFT JOIN posts AS answered ON answered.id = posts.reply_to_id
    LEFT JOIN members AS answered_authors ON answered_authors.id = answered.author_id
"""

POST_JOINS = f"FROM posts {JOINS_OF_POSTS}"

POST = Query(
    "access.post",
    f"SELECT {POST_COLUMNS} {POST_JOINS} WHERE posts.id = $1",
    returns=Post,
    card=Card.ZERO_OR_ONE,
)

_FIRST_POST = Query(
    "access.first_post",
    f"SELECT {POST_COLUMNS} {POST_JOINS} WHERE posts.topic_id = $1 AND posts.number = 1",
    returns=Post,
    card=Card.ONE,
)


_ATTACHMENT = Query(
    "access.attachment",
    """
    SELECT attachments.id, attachments.key, attachments.author_id, attachments.post_id,
           posts.topic_id, posts.deleted_at IS NOT NULL, posts.deleted_by_id,
           attachments.name, attachments.content_type, attachments.size, attachments.preview_size,
           attachments.sha256, attachments.created_at,
           EXISTS (SELECT 1 FROM guide_versions WHERE guide_versions.attachment_id = attachments.id)
    FROM attachments
    LEFT JOIN posts ON posts.id = attachments.post_id
    WHERE attachments.id = $1
    """,
    returns=Attachment,
    card=Card.ZERO_OR_ONE,
)

_MAY_ATTACH = Query(
    "access.may_attach",
    """
    SELECT EXISTS (
        SELECT 1 FROM category_rights AS rights WHERE rights.member_id = $1 AND rights.can_attach
    )
    """,
    returns=bool,
    card=Card.ONE,
)


async def category_to_see(conn: Conn, actor: Actor, slug: str) -> Category:
    """Return a category whose name and description the actor may see, with their rights; by a former slug as well."""
    category = await conn.maybe(_CATEGORY, actor.member_id, slug)
    if category is None:
        raise NotFound
    return category


async def category_to_read(conn: Conn, actor: Actor, slug: str) -> CategoryGrant:
    category = await category_to_see(conn, actor, slug)
    if not category.can_read:
        raise Forbidden("cannot_read")
    return CategoryGrant(actor, category)


async def category_to_show(conn: Conn, actor: Actor, slug: str) -> CategoryVisit:
    """Return the right to read a category, as `category_to_read` does, with what its page shows of the actor's own."""
    found = await conn.maybe(_CATEGORY_TO_SHOW, actor.member_id, slug)
    if found is None:
        raise NotFound
    if not found.can_read:
        raise Forbidden("cannot_read")
    return CategoryVisit(CategoryGrant(actor, found), found.chosen_level, found.level, found.has_below)


async def category_to_start(conn: Conn, actor: Actor, slug: str) -> StartGrant:
    """Return the right to start a topic in a category.

    Raise Forbidden (category_changed) by a slug that it had: it may be another one than the words were meant for.
    """
    category = await category_to_see(conn, actor, slug)
    if category.slug != slug:
        raise Forbidden("category_changed")
    _require(permissions.can_start_topic(category))
    return StartGrant(actor, category)


async def category_to_import(conn: Conn, actor: Actor, slug: str) -> ImportTopicsGrant:
    """Return the right to start many topics at once in a category; raise as `category_to_start`."""
    start = await category_to_start(conn, actor, slug)
    _require(permissions.can_import_topics(actor, start.category))
    return ImportTopicsGrant(actor, start)


async def private_category_to_read(conn: Conn, actor: Actor, slug: str) -> None:
    """See that a slug is that of a private category of the actor's, which has no page; else raise NotFound."""
    if await conn.maybe(_PRIVATE_CATEGORY, actor.member_id, None, slug) is None:
        raise NotFound


async def private_category_to_start(tx: Tx, actor: Actor, category_id: CategoryId) -> StartGrant:
    """Return the right to start the topic of a private category that was just made."""
    category = await tx.maybe(_PRIVATE_CATEGORY, actor.member_id, category_id, None)
    if category is None:
        raise NotFound
    _require(permissions.can_start_topic(category))
    return StartGrant(actor, category)


async def topic_to_read(conn: Conn, actor: Actor, topic_id: TopicId) -> ReadGrant:
    return ReadGrant(actor, await _topic(conn, actor, topic_id))


def topic_found(actor: Actor, topic: Topic) -> ReadGrant | None:
    """Return the right to read a topic that came with the actor's rights in it, None where there is none."""
    return ReadGrant(actor, topic) if permissions.can_read_topic(actor, topic) else None


def topic_to_reply_at_once(grant: ReadGrant, foundations: int) -> EarlyReplyGrant:
    """Return the right to reply to a topic that was read when the foundations had this version."""
    _require(permissions.can_reply_topic(grant.topic))
    return EarlyReplyGrant(grant.actor, grant.topic, foundations)


async def topic_to_reply(tx: Tx, actor: Actor, topic_id: TopicId) -> ReplyGrant:
    topic = await locked_topic(tx, actor, topic_id)
    _require(permissions.can_reply_topic(topic))
    return ReplyGrant(actor, topic)


async def topic_to_moderate(tx: Tx, actor: Actor, topic_id: TopicId) -> ModerateGrant:
    topic = await locked_topic(tx, actor, topic_id)
    _require(permissions.can_moderate_topic(topic))
    return ModerateGrant(actor, topic)


async def topic_to_mark_internal(tx: Tx, actor: Actor, topic_id: TopicId) -> InternalGrant:
    topic = await locked_topic(tx, actor, topic_id)
    _require(permissions.can_mark_topic_internal(actor, topic))
    return InternalGrant(actor, topic)


async def topic_to_mark_answer(tx: Tx, actor: Actor, topic_id: TopicId) -> AnswerGrant:
    topic = await locked_topic(tx, actor, topic_id)
    _require(permissions.can_change_answer(actor, topic))
    return AnswerGrant(actor, topic)


async def topic_to_delete(tx: Tx, actor: Actor, topic_id: TopicId) -> DeleteTopicGrant:
    await tx.maybe(_CATEGORY_LOCK, topic_id)
    topic = await locked_topic(tx, actor, topic_id)
    _require(permissions.can_delete_topic(actor, topic))
    return DeleteTopicGrant(actor, topic)


async def topic_to_restore(tx: Tx, actor: Actor, topic_id: TopicId) -> RestoreTopicGrant:
    await tx.maybe(_CATEGORY_LOCK, topic_id)
    topic = await locked_topic(tx, actor, topic_id)
    _require(permissions.can_restore_topic(actor, topic))
    return RestoreTopicGrant(actor, topic)


async def post_to_read(conn: Conn, actor: Actor, post_id: PostId) -> PostGrant:
    post = await conn.maybe(POST, post_id)
    if post is None:
        raise NotFound
    topic = await _topic(conn, actor, post.topic_id)
    return PostGrant(actor, topic, veiled(actor, post))


def veiled(actor: Actor, post: Post) -> Post:
    """Return a post as the actor may see it: of a deleted one without its words, but for who deleted it."""
    return post if permissions.can_read_body(actor, post) else replace(post, body="", html="")


async def post_to_edit(tx: Tx, actor: Actor, post_id: PostId) -> EditGrant:
    topic, post = await _locked_post(tx, actor, post_id)
    _require(permissions.can_edit_post(actor, topic, post))
    return EditGrant(actor, topic, post)


async def first_post_to_edit(tx: Tx, actor: Actor, topic_id: TopicId) -> EditGrant:
    """Return the right to change a topic's title and text."""
    topic = await locked_topic(tx, actor, topic_id)
    _require(permissions.can_edit_topic(actor, topic))
    return EditGrant(actor, topic, await tx.one(_FIRST_POST, topic_id))


async def post_to_delete(tx: Tx, actor: Actor, post_id: PostId) -> DeletePostGrant:
    topic, post = await _locked_post(tx, actor, post_id)
    _require(permissions.can_delete_post(actor, topic, post))
    return DeletePostGrant(actor, topic, post)


async def post_to_restore(tx: Tx, actor: Actor, post_id: PostId) -> RestorePostGrant:
    topic, post = await _locked_post(tx, actor, post_id)
    _require(permissions.can_restore_post(actor, topic, post))
    return RestorePostGrant(actor, topic, post)


async def to_attach(conn: Conn, actor: Actor) -> AttachGrant:
    """Return the right to bring a file; whether a post may take it up is asked when one does."""
    if not await conn.one(_MAY_ATTACH, actor.member_id):
        raise Forbidden("cannot_attach")
    return AttachGrant(actor)


async def attachment_to_read(conn: Conn, actor: Actor, attachment_id: AttachmentId) -> AttachmentGrant:
    attachment = await conn.maybe(_ATTACHMENT, attachment_id)
    if attachment is None or not permissions.can_read_attachment(actor, attachment):
        raise NotFound
    if attachment.topic_id is not None:
        await _topic(conn, actor, attachment.topic_id)
    return AttachmentGrant(actor, attachment)


async def attachment_to_delete(tx: Tx, actor: Actor, attachment_id: AttachmentId) -> DeleteAttachmentGrant:
    """Return the right to take a file away; the topic of its post is locked."""
    attachment = (await attachment_to_read(tx, actor, attachment_id)).attachment
    place = await _locked_post(tx, actor, attachment.post_id) if attachment.post_id is not None else None
    _require(permissions.can_delete_attachment(actor, attachment, place))
    return DeleteAttachmentGrant(actor, attachment)


def to_administer(actor: Actor) -> AdministerGrant:
    _require(permissions.can_administer(actor))
    return AdministerGrant(actor)


def to_settle_feedback(actor: Actor) -> FeedbackGrant:
    _require(permissions.can_settle_feedback(actor))
    return FeedbackGrant(actor)


async def lock_topic(tx: Tx, topic_id: TopicId) -> None:
    """Have whoever writes in a topic wait until the transaction ends; that it is there is not said."""
    await tx.maybe(_TOPIC_LOCK, topic_id)


def _require(verdict: Verdict) -> None:
    if not verdict:
        raise Forbidden(verdict.code)


async def _topic(conn: Conn, actor: Actor, topic_id: TopicId) -> Topic:
    topic = await conn.maybe(_TOPIC, actor.member_id, topic_id)
    if topic is None or not permissions.can_read_topic(actor, topic):
        raise NotFound
    return topic


async def locked_topic(tx: Tx, actor: Actor, topic_id: TopicId) -> Topic:
    """Lock first and read then, so that what is read is what stands while the transaction lasts."""
    await lock_topic(tx, topic_id)
    return await _topic(tx, actor, topic_id)


async def _locked_post(tx: Tx, actor: Actor, post_id: PostId) -> tuple[Topic, Post]:
    found = await post_to_read(tx, actor, post_id)
    topic = await locked_topic(tx, actor, found.topic.id)
    return topic, await tx.one(POST, post_id)
