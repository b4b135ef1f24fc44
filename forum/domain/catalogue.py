"""The catalogue: which categories there are, under which name, in what order and below which other one.

Private ones are none of it: they belong to two municipalities, and nobody administers them (`twinnings`).

Administrators add, change, order and archive them here. Who may do what in one is said by grants (`openings`,
`grants`), what moves when two become one by `category_mergers`. Two levels and no more
(docs/adr/0032-sub-categories.md). Every change waits for those under way, so that what was looked at is what stands.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from forum import slugs
from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, drafts, groups, idempotency, right_changes, stages
from forum.domain.access import AdministerGrant
from forum.domain.entities import SLUG_LIMIT, CategoryId
from forum.errors import Conflict, Invalid, NotFound

_RESERVED: Final = frozenset({"new"})
"""Words that stand where a slug could in the addresses of the administration."""


@dataclass(frozen=True, slots=True)
class CategoryFacts:
    """What is said of a category; `kinds` are the kinds of topic beside discussions, which are taken everywhere."""

    name_el: str
    name_en: str
    description_el: str = ""
    description_en: str = ""
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogued:
    """A category as its administrators see it, whoever may see it else."""

    id: CategoryId
    slug: str
    name_el: str
    name_en: str
    description_el: str
    description_en: str
    kinds: list[str]
    parent_id: CategoryId | None
    parent_slug: str | None
    parent_el: str | None
    parent_en: str | None
    inherits_grants: bool
    archived_at: datetime | None
    is_parent_archived: bool
    is_first: bool
    is_last: bool
    """Whether it is the first and the last of those below the same one."""
    child_count: int
    topic_count: int
    group_count: int
    """Groups that hold a right in it now, by its own grants or its parent's."""
    scheduled_count: int
    """Openings that wait to take effect."""


_NEIGHBOUR: Final = """NOT EXISTS (
    SELECT 1
    FROM categories AS others
    WHERE others.parent_id IS NOT DISTINCT FROM categories.parent_id AND others.position {side} categories.position
        AND NOT others.is_private
)"""

_COLUMNS: Final = f"""
    categories.id, categories.slug, categories.name_el, categories.name_en,
    categories.description_el, categories.description_en, categories.kinds,
    parents.id, parents.slug, parents.name_el, parents.name_en, categories.inherits_grants, categories.archived_at,
    parents.archived_at IS NOT NULL, {_NEIGHBOUR.format(side="<")}, {_NEIGHBOUR.format(side=">")},
    (SELECT count(*) FROM categories AS children WHERE children.parent_id = categories.id),
    categories.topic_count,
    (
        SELECT count(DISTINCT grants.group_id)
        FROM grants
        WHERE grants.category_id = {right_changes.GRANTED_IN}
            AND grants.valid_from <= now() AND grants.valid_until > now()
    ),
    (
        SELECT count(*)
        FROM openings
        WHERE openings.category_id = categories.id AND openings.effective_at > now() AND openings.undone_at IS NULL
    )
"""

_JOINS: Final = "FROM categories LEFT JOIN categories AS parents ON parents.id = categories.parent_id"

_LIST = Query(
    "catalogue.list",
    f"SELECT {_COLUMNS} {_JOINS} WHERE NOT categories.is_private ORDER BY categories.position, categories.id",
    returns=Catalogued,
    card=Card.MANY,
)

# By the slug it has: what is written through one that it had would reach what it merged into.
_ONE = Query(
    "catalogue.one",
    f"SELECT {_COLUMNS} {_JOINS} WHERE categories.slug = $1 AND NOT categories.is_private",
    returns=Catalogued,
    card=Card.ZERO_OR_ONE,
)

_BY_ID = Query(
    "catalogue.by_id",
    f"SELECT {_COLUMNS} {_JOINS} WHERE categories.id = $1 AND NOT categories.is_private",
    returns=Catalogued,
    card=Card.ZERO_OR_ONE,
)

_LEADS_TO = Query(
    "catalogue.leads_to",
    """
    SELECT categories.slug
    FROM former_category_slugs
    JOIN categories ON categories.id = former_category_slugs.category_id
    WHERE former_category_slugs.slug = $1
    """,
    returns=str,
    card=Card.ZERO_OR_ONE,
)

_SLUG = Query(
    "catalogue.slug",
    "SELECT categories.slug FROM categories WHERE categories.id = $1",
    returns=str,
    card=Card.ZERO_OR_ONE,
)

_IS_TAKEN = Query(
    "catalogue.is_taken",
    """
    SELECT
        EXISTS (SELECT 1 FROM categories WHERE categories.slug = $1 AND categories.id IS DISTINCT FROM $2)
        OR EXISTS (
            SELECT 1
            FROM former_category_slugs
            WHERE former_category_slugs.slug = $1 AND former_category_slugs.category_id IS DISTINCT FROM $2
        )
    """,
    returns=bool,
    card=Card.ONE,
)

_ADD = Statement(
    "catalogue.add",
    """
    INSERT INTO categories (
        slug, position, name_el, name_en, description_el, description_en, kinds, parent_id, inherits_grants
    )
    VALUES ($1, (SELECT coalesce(max(categories.position), 0) + 1 FROM categories), $2, $3, $4, $5, $6, $7, $8)
    RETURNING id
    """,
    returns=CategoryId,
    card=Card.ONE,
)

_STAFFS: Final = stages.each(f"groups.slug = '{groups.ADMINISTRATORS}' OR '{{right}}' = ANY ($2::text[])")

# Source: CATALOGUE, "Places and people", Role.
_GRANT_TO_STAFF = Statement(
    "catalogue.grant_to_staff",
    f"""
    INSERT INTO grants (category_id, group_id, {stages.each("can_{right}")})
    SELECT $1, groups.id, {_STAFFS}
    FROM groups
    WHERE groups.slug IN ('{groups.ADMINISTRATORS}', '{groups.MODERATORS}')
    """,
    returns=int,
    card=Card.NONE,
)

_CHANGE = Statement(
    "catalogue.change",
    """
    UPDATE categories
    SET slug = $2, name_el = $3, name_en = $4, description_el = $5, description_en = $6, kinds = $7
    WHERE categories.id = $1
    """,
    returns=int,
    card=Card.NONE,
)

_FORGET_SLUG = Statement(
    "catalogue.forget_slug",
    "DELETE FROM former_category_slugs WHERE former_category_slugs.slug = $1",
    returns=int,
    card=Card.NONE,
)

KEEP_SLUG = Statement(
    "catalogue.keep_slug",
    "INSERT INTO former_category_slugs (slug, category_id) VALUES ($1, $2)",
    returns=int,
    card=Card.NONE,
)

_PLACE = Statement(
    "catalogue.place",
    """
    UPDATE categories
    SET position = places.position
    FROM unnest($1::bigint[]) WITH ORDINALITY AS places (id, position)
    WHERE categories.id = places.id AND categories.position <> places.position
    """,
    returns=int,
    card=Card.NONE,
)

_ARCHIVE = Statement(
    "catalogue.archive",
    """
    UPDATE categories
    SET archived_at = now()
    WHERE (categories.id = $1 OR categories.parent_id = $1) AND categories.archived_at IS NULL
    """,
    returns=int,
    card=Card.NONE,
)

# What was archived by itself before its parent was stays so.
_UNARCHIVE = Statement(
    "catalogue.unarchive",
    """
    UPDATE categories
    SET archived_at = NULL
    WHERE categories.id = $1 OR (categories.parent_id = $1 AND categories.archived_at = $2)
    """,
    returns=int,
    card=Card.NONE,
)


async def list_categories(conn: Conn, grant: AdministerGrant) -> list[Catalogued]:
    """Return all categories in their order, each sub-category after its parent."""
    del grant
    return await conn.many(_LIST)


async def category(conn: Conn, grant: AdministerGrant, slug: str) -> Catalogued:
    """Return a category, whoever may see it; raise NotFound where none has this slug now."""
    del grant
    found = await conn.maybe(_ONE, slug)
    if found is None:
        raise NotFound
    return found


async def read_again(tx: Tx, grant: AdministerGrant, earlier: Catalogued) -> Catalogued:
    """Return a category as it stands by now, under `right_changes.hold`; raise NotFound where it is gone."""
    del grant
    found = await tx.maybe(_BY_ID, earlier.id)
    if found is None:
        raise NotFound
    return found


async def slug_of_today(conn: Conn, grant: AdministerGrant, former: str) -> str:
    """Return the slug to which one that a category had leads; raise NotFound where none had it."""
    del grant
    found = await conn.maybe(_LEADS_TO, former)
    if found is None:
        raise NotFound
    return found


async def add(
    tx: Tx,
    grant: AdministerGrant,
    facts: CategoryFacts,
    *,
    slug: str = "",
    parent: str = "",
    key: idempotency.Key | None = None,
) -> str:
    """Add a category at the end, or a sub-category after the others of its parent (a slug), and return its slug.

    A sub-category goes by its parent's grants; another one is at first for moderators and administrators alone. The
    same key again adds none. Raise Invalid for a slug that is taken, or a parent that is none, archived or itself a
    sub-category.
    """
    if key and (earlier := await idempotency.claim(tx, grant.actor, key)) is not None:
        made_before = await tx.maybe(_SLUG, CategoryId(earlier))
        if made_before is None:
            raise NotFound
        return made_before
    await right_changes.hold(tx)
    above = await _parent(tx, parent) if parent else None
    wanted = slug or slugs.slugify(facts.name_en, fallback="category", limit=SLUG_LIMIT)
    await _require_free(tx, wanted, None)
    made = await tx.one(
        _ADD,
        wanted,
        facts.name_el,
        facts.name_en,
        facts.description_el,
        facts.description_en,
        _kinds(facts),
        above.id if above else None,
        above is not None,
    )
    if above is None:
        await tx.run(_GRANT_TO_STAFF, made, stages.ordered(stages.complete(("moderate",))))
    await _place(tx, await tx.many(_LIST))
    await _record(tx, grant, "added", made, after={"slug": wanted, "parent_id": above.id if above else None})
    if key:
        await idempotency.settle(tx, grant.actor, key, made)
    return wanted


async def change(tx: Tx, grant: AdministerGrant, slug: str, facts: CategoryFacts, *, new_slug: str = "") -> str:
    """Change what is said of a category, and its slug where a new one is given; the old one leads to it.

    Return its slug. Raise NotFound, Invalid for a slug that is taken.
    """
    await right_changes.hold(tx)
    before = await category(tx, grant, slug)
    wanted = new_slug or before.slug
    if wanted != before.slug:
        await _require_free(tx, wanted, before.id)
        await tx.run(_FORGET_SLUG, wanted)
        await tx.run(KEEP_SLUG, before.slug, before.id)
        await drafts.pass_on(tx, before.id, before.slug, wanted)
    said = (facts.name_el, facts.name_en, facts.description_el, facts.description_en, _kinds(facts))
    await tx.run(_CHANGE, before.id, wanted, *said)
    after = await category(tx, grant, wanted)
    if after != before:
        names = [*asdict(facts)][:4]
        await _record(
            tx,
            grant,
            "changed",
            before.id,
            before={"slug": before.slug, "kinds": before.kinds},
            after={
                "slug": after.slug,
                "kinds": after.kinds,
                "is_renamed": any(getattr(before, name) != getattr(after, name) for name in names),
            },
        )
    return wanted


async def move(tx: Tx, grant: AdministerGrant, slug: str, *, by: int) -> bool:
    """Put a category before (`by` -1) or after (1) its neighbour of the same parent; say whether there is one."""
    await right_changes.hold(tx)
    moved = await category(tx, grant, slug)
    listed = await tx.many(_LIST)
    siblings = [one for one in listed if one.parent_id == moved.parent_id]
    place = [one.id for one in siblings].index(moved.id)
    if not 0 <= place + by < len(siblings):
        return False
    siblings[place], siblings[place + by] = siblings[place + by], siblings[place]
    others = [one for one in listed if one.parent_id != moved.parent_id]
    await _place(tx, [*siblings, *others])
    await _record(tx, grant, "moved", moved.id, before={"place": place + 1}, after={"place": place + by + 1})
    return True


async def archive(tx: Tx, grant: AdministerGrant, slug: str) -> None:
    """Have nothing written any more in a category and those below it. Raise NotFound, Conflict when it is archived."""
    await right_changes.hold(tx)
    found = await category(tx, grant, slug)
    if found.archived_at is not None:
        raise Conflict("category_archived")
    await tx.run(_ARCHIVE, found.id)
    await _record(tx, grant, "archived", found.id, before={"is_archived": False}, after={"is_archived": True})


async def unarchive(tx: Tx, grant: AdministerGrant, slug: str) -> None:
    """Have a category, and those archived with it, written in again; nothing happens for one that is not archived.

    Raise NotFound, Conflict while its parent is archived.
    """
    await right_changes.hold(tx)
    found = await category(tx, grant, slug)
    if found.archived_at is None:
        return
    if found.parent_slug and (await category(tx, grant, found.parent_slug)).archived_at is not None:
        raise Conflict("parent_archived")
    await tx.run(_UNARCHIVE, found.id, found.archived_at)
    await _record(tx, grant, "unarchived", found.id, before={"is_archived": True}, after={"is_archived": False})


async def _parent(tx: Tx, slug: str) -> Catalogued:
    found = await tx.maybe(_ONE, slug)
    if found is None:
        raise Invalid({"parent": ("unknown",)})
    if found.parent_id is not None or found.archived_at is not None:
        raise Invalid({"parent": ("not_allowed",)})
    return found


async def _require_free(tx: Tx, slug: str, category_id: CategoryId | None) -> None:
    """Raise Invalid for a slug that another category has or had: links to it would lead astray."""
    if slug in _RESERVED or await tx.one(_IS_TAKEN, slug, category_id):
        raise Invalid({"slug": ("taken",)})


async def _place(tx: Tx, listed: list[Catalogued]) -> None:
    """Number categories as they are listed, each sub-category after its parent."""
    tops = [one for one in listed if one.parent_id is None]
    order = [one.id for top in tops for one in (top, *(child for child in listed if child.parent_id == top.id))]
    await tx.run(_PLACE, order)


def _kinds(facts: CategoryFacts) -> list[str]:
    return list(dict.fromkeys(("discussion", *facts.kinds)))


async def _record(
    tx: Tx,
    grant: AdministerGrant,
    act: str,
    category_id: CategoryId,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
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
