"""Topics that come under other rights as a whole: a category merges into another, a sub-category goes by its parent's
grants again.

Each is looked at first, and what is done is what was shown. Here every member is compared, whatever their groups.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, catalogue, drafts, right_changes
from forum.domain.access import AdministerGrant
from forum.domain.catalogue import Catalogued
from forum.domain.entities import CategoryId
from forum.domain.right_changes import Change, Reach
from forum.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True)
class Preview:
    """Who gains and loses which right over a category's topics, and what they see by it; `digest` is confirmed."""

    topic_count: int
    changes: tuple[Change, ...]
    gaining: Reach
    losing: Reach
    digest: str


# Topics are counted, deleted ones too, since all of them move.
_TOPIC_COUNT = Query(
    "category_mergers.topic_count",
    "SELECT count(*) FROM topics WHERE topics.category_id = $1",
    returns=int,
    card=Card.ONE,
)

_LOCK = Statement(
    "category_mergers.lock",
    "SELECT categories.id FROM categories WHERE categories.id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE",
    returns=int,
    card=Card.MANY,
)

_MOVE_TOPICS = Statement(
    "category_mergers.move_topics",
    "UPDATE topics SET category_id = $2 WHERE topics.category_id = $1",
    returns=int,
    card=Card.NONE,
)

_COUNT = Statement(
    "category_mergers.count",
    """
    UPDATE categories
    SET topic_count = categories.topic_count + gone.topic_count
    FROM categories AS gone
    WHERE gone.id = $1 AND categories.id = $2
    """,
    returns=int,
    card=Card.NONE,
)

_PASS_SUBSCRIPTIONS = Statement(
    "category_mergers.pass_subscriptions",
    """
    INSERT INTO category_subscriptions (member_id, category_id, level)
    SELECT passed.member_id, $2, passed.level
    FROM category_subscriptions AS passed
    WHERE passed.category_id = $1 AND passed.level IS NOT NULL
    ON CONFLICT (member_id, category_id) DO NOTHING
    """,
    returns=int,
    card=Card.NONE,
)

_PASS_SLUGS = Statement(
    "category_mergers.pass_slugs",
    "UPDATE former_category_slugs SET category_id = $2 WHERE former_category_slugs.category_id = $1",
    returns=int,
    card=Card.NONE,
)

_DELETE = Statement(
    "category_mergers.delete",
    "DELETE FROM categories WHERE categories.id = $1",
    returns=int,
    card=Card.NONE,
)

_FORGET_GRANTS = Statement(
    "category_mergers.forget_grants",
    "DELETE FROM grants WHERE grants.category_id = $1",
    returns=int,
    card=Card.NONE,
)

# They could not be taken back any more: what they replaced is gone. The audit log keeps them.
_FORGET_OPENINGS = Statement(
    "category_mergers.forget_openings",
    "DELETE FROM openings WHERE openings.category_id = $1",
    returns=int,
    card=Card.NONE,
)

_SET_INHERITS = Statement(
    "category_mergers.set_inherits",
    "UPDATE categories SET inherits_grants = $2 WHERE categories.id = $1",
    returns=int,
    card=Card.NONE,
)

_COPY_GRANTS = Statement(
    "category_mergers.copy_grants",
    """
    INSERT INTO grants (
        category_id, group_id, can_see, can_read, can_start, can_reply, can_vote, can_attach, can_moderate,
        valid_from, valid_until, topics_since, internal_since
    )
    SELECT $1, grants.group_id, grants.can_see, grants.can_read, grants.can_start, grants.can_reply, grants.can_vote,
           grants.can_attach, grants.can_moderate, grants.valid_from, grants.valid_until,
           grants.topics_since, grants.internal_since
    FROM grants
    WHERE grants.category_id = $2 AND grants.valid_from <= now() AND grants.valid_until > now()
    """,
    returns=int,
    card=Card.NONE,
)


async def preview_merger(conn: Conn, grant: AdministerGrant, gone: Catalogued, into: Catalogued) -> Preview:
    """Return what it does to merge a category into another. Raise as `merge` does."""
    del grant
    if gone.id == into.id or into.archived_at is not None:
        raise Invalid({"category": ("not_allowed",)})
    if gone.child_count:
        raise Conflict("category_has_subcategories")
    await right_changes.require_none_waiting(conn, gone.id, into.id)
    return await _preview(conn, gone.id, into.id, keeps_archive=False)


async def preview_inheriting(conn: Conn, grant: AdministerGrant, category: Catalogued) -> Preview:
    """Return what it does when a sub-category goes by its parent's grants again.

    Raise Conflict where it cannot, or while a change of rights waits in one of the two.
    """
    del grant
    if category.parent_id is None or category.inherits_grants:
        raise Conflict
    await right_changes.require_none_waiting(conn, category.id)
    return await _preview(conn, category.id, category.parent_id, keeps_archive=True)


async def merge(tx: Tx, grant: AdministerGrant, gone: Catalogued, into: Catalogued, *, digest: str) -> None:
    """Move all topics of a category into another, whose rights then hold for them; it is gone, its address leads on.

    Raise NotFound where one is gone, Invalid for itself or an archived one, Conflict where it has sub-categories, a
    change of rights waits in one of the two, or something else would happen than was shown.
    """
    await right_changes.hold(tx)
    gone, into = await catalogue.read_again(tx, grant, gone), await catalogue.read_again(tx, grant, into)
    await tx.many(_LOCK, [gone.id, into.id])
    shown = await preview_merger(tx, grant, gone, into)
    _require_shown(shown, digest)
    await tx.run(_MOVE_TOPICS, gone.id, into.id)
    await tx.run(_COUNT, gone.id, into.id)
    await tx.run(_PASS_SUBSCRIPTIONS, gone.id, into.id)
    await drafts.pass_on(tx, into.id, gone.slug, into.slug)
    await tx.run(_PASS_SLUGS, gone.id, into.id)
    await tx.run(_DELETE, gone.id)
    await tx.run(catalogue.KEEP_SLUG, gone.slug, into.id)
    await _record(
        tx,
        grant,
        "merged",
        gone.id,
        before={"slug": gone.slug, "parent_id": gone.parent_id},
        after={"into_id": into.id, "topics": shown.topic_count},
    )


async def inherit(tx: Tx, grant: AdministerGrant, category: Catalogued, *, digest: str) -> None:
    """Have a sub-category go by its parent's grants, and forget its own. Raise Conflict as `preview_inheriting`."""
    await right_changes.hold(tx)
    category = await catalogue.read_again(tx, grant, category)
    shown = await preview_inheriting(tx, grant, category)
    _require_shown(shown, digest)
    await tx.run(_FORGET_GRANTS, category.id)
    await tx.run(_FORGET_OPENINGS, category.id)
    await tx.run(_SET_INHERITS, category.id, True)
    await _record(
        tx, grant, "inherited", category.id, before={"inherits_grants": False}, after={"inherits_grants": True}
    )


async def state_own(tx: Tx, grant: AdministerGrant, category: Catalogued) -> None:
    """Give a sub-category grants of its own, at first those of its parent, so that nobody gains or loses anything.

    Raise Conflict for one that has its own already, or while a change of its parent's waits to take effect.
    """
    await right_changes.hold(tx)
    category = await catalogue.read_again(tx, grant, category)
    if category.parent_id is None or not category.inherits_grants:
        raise Conflict
    await right_changes.require_none_waiting(tx, category.id)
    await tx.run(_SET_INHERITS, category.id, False)
    await tx.run(_COPY_GRANTS, category.id, category.parent_id)
    await _record(tx, grant, "stated", category.id, before={"inherits_grants": True}, after={"inherits_grants": False})


async def _preview(conn: Conn, category_id: CategoryId, other_id: CategoryId, *, keeps_archive: bool) -> Preview:
    affected = await right_changes.under_rights_of(conn, category_id, other_id, keeps_archive=keeps_archive)
    changed = right_changes.changes(affected)
    gaining, losing = await right_changes.reach(conn, category_id, affected)
    topic_count = await conn.one(_TOPIC_COUNT, category_id)
    told = (category_id, other_id, topic_count, changed, gaining.topic_count, losing.topic_count)
    return Preview(topic_count, changed, gaining, losing, hashlib.sha256(repr(told).encode()).hexdigest())


def _require_shown(preview: Preview, digest: str) -> None:
    if preview.digest != digest:
        raise Conflict("preview_changed")


async def _record(
    tx: Tx,
    grant: AdministerGrant,
    act: str,
    category_id: CategoryId,
    *,
    before: dict[str, object],
    after: dict[str, object],
) -> None:
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act=f"category.{act}",
        subject="category",
        subject_id=category_id,
        before=before,
        after=after,
    )
