"""Which groups validate the good practices of a category: named by administrators, all of them at once.

Who validates by that is asked in `practice_access.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit
from forum.domain.access import AdministerGrant
from forum.domain.entities import CategoryId, GroupId
from forum.errors import Invalid


@dataclass(frozen=True, slots=True)
class ValidatorGroup:
    """A group, and whether its members validate in the category."""

    group_id: GroupId
    slug: str
    group_el: str
    group_en: str
    is_validating: bool


_LIST = Query(
    "validators.list",
    """
    SELECT groups.id, groups.slug, groups.name_el, groups.name_en,
           EXISTS (
               SELECT 1
               FROM validator_groups
               WHERE validator_groups.category_id = $1 AND validator_groups.group_id = groups.id
           )
    FROM groups
    ORDER BY array_position(ARRAY['free', 'system', 'region', 'organisation'], groups.kind),
             fold(groups.name_el) COLLATE "C", groups.id
    """,
    returns=ValidatorGroup,
    card=Card.MANY,
)

_LOCK = Statement(
    "validators.lock",
    "SELECT categories.id FROM categories WHERE categories.id = $1 FOR NO KEY UPDATE",
    returns=CategoryId,
    card=Card.ZERO_OR_ONE,
)

_TAKE_OUT = Statement(
    "validators.take_out",
    """
    DELETE FROM validator_groups
    WHERE validator_groups.category_id = $1 AND validator_groups.group_id <> ALL ($2::bigint[])
    """,
    returns=int,
    card=Card.NONE,
)

_PUT_IN = Statement(
    "validators.put_in",
    """
    INSERT INTO validator_groups (category_id, group_id)
    SELECT $1, chosen.id
    FROM unnest($2::bigint[]) AS chosen (id)
    ON CONFLICT (category_id, group_id) DO NOTHING
    """,
    returns=int,
    card=Card.NONE,
)


async def list_groups(conn: Conn, grant: AdministerGrant, category_id: CategoryId) -> list[ValidatorGroup]:
    """Return all groups, with those that validate in a category."""
    del grant
    return await conn.many(_LIST, category_id)


async def choose(tx: Tx, grant: AdministerGrant, category_id: CategoryId, group_ids: Collection[GroupId]) -> None:
    """Have these groups validate in a category and no others; with none, its moderators do.

    Raise Invalid where one is no group.
    """
    await tx.maybe(_LOCK, category_id)
    listed = await tx.many(_LIST, category_id)
    if not set(group_ids) <= {each.group_id for each in listed}:
        raise Invalid({"group": ("unknown",)})
    before = sorted(each.group_id for each in listed if each.is_validating)
    after = sorted(set(group_ids))
    if before == after:
        return
    await tx.run(_TAKE_OUT, category_id, after)
    await tx.run(_PUT_IN, category_id, after)
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act="category.validators_chosen",
        subject="category",
        subject_id=category_id,
        before={"group_ids": before},
        after={"group_ids": after},
    )
