"""Reading the audit log, for administrators: who did what to what, the newest first, and all of it for a table.

Names are looked up when the log is read, none is stored in it. What is read is written by `audit` alone; taking the log
away is an act, and stands in it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from forum.db import Card, Conn, Database, Query, Tx
from forum.domain import audit, pages
from forum.domain.access import AdministerGrant
from forum.domain.entities import MemberId
from forum.domain.pages import Page

AT_ONCE: Final = 1000
"""Entries that are held at a time while the log is taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which entries are meant: all that fit what is given; `since` is the first instant, `until` the first after."""

    actor_id: MemberId | None = None
    act: str = ""
    subject: str = ""
    subject_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry; `subject_slug` is what the subject's page is found by, where it is not its number."""

    id: int
    actor_id: MemberId | None
    actor_name: str | None
    act: str
    subject: str
    subject_id: int | None
    subject_slug: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request_id: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Named:
    """What something is called now, a member in both languages alike."""

    kind: str
    id: int
    name_el: str
    name_en: str


# By the time and not by the number, whose order is another where transactions overlap: every filter has an index that
# holds its entries in this order, so that those of a time long past are found without passing over what came since.
_LIST = Query(
    "audit_log.list",
    """
    SELECT audit_entries.id, audit_entries.actor_id, members.name, audit_entries.act, audit_entries.subject,
           audit_entries.subject_id, coalesce(groups.slug, organisations.slug, regions.slug, categories.slug),
           audit_entries.before, audit_entries.after, audit_entries.request_id, audit_entries.created_at
    FROM audit_entries
    LEFT JOIN members ON members.id = audit_entries.actor_id
    LEFT JOIN groups
        ON audit_entries.subject = 'group' AND groups.id = audit_entries.subject_id AND groups.kind = 'free'
    LEFT JOIN organisations
        ON audit_entries.subject = 'organisation' AND organisations.id = audit_entries.subject_id
    LEFT JOIN regions ON audit_entries.subject = 'region' AND regions.id = audit_entries.subject_id
    LEFT JOIN categories ON audit_entries.subject = 'category' AND categories.id = audit_entries.subject_id
    WHERE
        ($1::bigint IS NULL OR audit_entries.actor_id = $1)
        AND ($2 = '' OR audit_entries.act = $2)
        AND ($3 = '' OR audit_entries.subject = $3)
        AND ($4::bigint IS NULL OR audit_entries.subject_id = $4)
        AND ($5::timestamptz IS NULL OR audit_entries.created_at >= $5)
        AND ($6::timestamptz IS NULL OR audit_entries.created_at < $6)
        AND ($7::timestamptz IS NULL OR (audit_entries.created_at, audit_entries.id) < ($7, $8::bigint))
    ORDER BY audit_entries.created_at DESC, audit_entries.id DESC
    LIMIT $9
    """,
    returns=Entry,
    card=Card.MANY,
    is_planned_anew=True,
)


_NAMES = Query(
    "audit_log.names",
    """
    SELECT 'category', categories.id, categories.name_el, categories.name_en
    FROM categories
    WHERE categories.id = ANY ($1::bigint[]) AND NOT categories.is_private
    UNION ALL
    SELECT 'group', groups.id, groups.name_el, groups.name_en
    FROM groups
    WHERE groups.id = ANY ($2::bigint[])
    UNION ALL
    SELECT 'organisation', organisations.id, organisations.name_el, organisations.name_en
    FROM organisations
    WHERE organisations.id = ANY ($3::bigint[])
    UNION ALL
    SELECT 'member', members.id, members.name, members.name
    FROM members
    WHERE members.id = ANY ($4::bigint[])
    UNION ALL
    SELECT 'region', regions.id, regions.name_el, regions.name_en
    FROM regions
    WHERE regions.id = ANY ($5::bigint[])
    """,
    returns=Named,
    card=Card.MANY,
)

NAMED: Final = ("category", "group", "organisation", "member", "region")
"""Kinds of what has a name that administrators may see; the words of a topic are not for all of them."""


async def names(conn: Conn, grant: AdministerGrant, ids: Mapping[str, Collection[int]]) -> dict[tuple[str, int], Named]:
    """Return what things are called at present, by kind and number; what is gone is missing."""
    del grant
    found = await conn.many(_NAMES, *(sorted(ids.get(kind, ())) for kind in NAMED))
    return {(one.kind, one.id): one for one in found}


async def list_entries(
    conn: Conn, grant: AdministerGrant, filters: Filters, *, cursor: str | None = None, limit: int = 50
) -> Page[Entry]:
    """Return entries, the newest first."""
    del grant
    after = pages.decode(cursor, datetime, int) if cursor else (None, None)
    values = (filters.actor_id, filters.act, filters.subject, filters.subject_id, filters.since, filters.until)
    found = await conn.many(_LIST, *values, *after, limit + 1)
    return pages.cut(found, limit, lambda last: (last.created_at, last.id))


async def stream_entries(db: Database, grant: AdministerGrant, filters: Filters) -> AsyncIterator[list[Entry]]:
    """Return all entries, AT_ONCE at a time; between two no connection is held, however long the reader takes."""
    cursor: str | None = None
    while True:
        async with db.read() as conn:
            page = await list_entries(conn, grant, filters, cursor=cursor, limit=AT_ONCE)
        yield page.items
        cursor = page.next
        if cursor is None:
            return


async def note_export(tx: Tx, grant: AdministerGrant, filters: Filters) -> None:
    """Write down that entries were taken away, and which."""
    given = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(filters).items()
        if value not in {None, ""}
    }
    await audit.record(
        tx, actor_id=grant.actor.member_id, act="audit.exported", subject="audit_log", subject_id=None, after=given
    )
