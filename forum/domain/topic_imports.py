"""Topics of a table, started at once in a category; those whose title one reads there already are left.

How a file becomes candidates is `web/topic_sheets.py`'s. Nobody is told of them one by one: a hundred letters would be
read by nobody. Deadlines may be past: associations bring what they have gathered over years.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forum.db import Card, Conn, Query, Tx
from forum.domain import fanouts, idempotency, imports, readable, topics
from forum.domain.access import ImportTopicsGrant
from forum.domain.imports import Report
from forum.domain.kinds import Kind, Values
from forum.i18n import fold
from forum.markup import Rendered
from forum.spreadsheets import Finding


@dataclass(frozen=True, slots=True)
class Candidate:
    """A topic as a line of the table has it, every field checked."""

    line: int
    title: str
    body: str
    language: str | None
    tags: list[str]
    fields: Values


_TITLES = Query(
    "topic_imports.titles",
    f"""
    SELECT fold(topics.title)
    FROM topics
    JOIN category_rights AS rights
        ON rights.category_id = topics.category_id AND rights.member_id = $1 AND rights.can_read
    WHERE topics.category_id = $2 AND topics.deleted_at IS NULL AND fold(topics.title) = ANY ($3::text[])
        AND topics.created_at >= {readable.SINCE.format(rights="rights")}
    """,
    returns=str,
    card=Card.MANY,
)


async def look(
    conn: Conn, grant: ImportTopicsGrant, candidates: Sequence[Candidate], faults: Sequence[Finding]
) -> Report[Candidate]:
    """Return what the table would do now: a title that stands in the category, accents aside, is there already.

    One that the actor may not read is not: nobody learns of it by guessing.
    """
    titles = [fold(candidate.title) for candidate in candidates]
    known = set(await conn.many(_TITLES, grant.actor.member_id, grant.start.category.id, titles))
    ready, faulty, seen = [], list(faults), set[str]()
    there = 0
    for candidate in candidates:
        title = fold(candidate.title)
        if title in seen:
            faulty.append(Finding(candidate.line, "title", "twice_titled", candidate.title))
        elif title in known:
            there += 1
        else:
            ready.append(candidate)
        seen.add(title)
    return Report(ready=ready, there=there, faulty=sorted(faulty, key=lambda fault: fault.line))


async def carry_out(
    tx: Tx,
    grant: ImportTopicsGrant,
    kind: Kind,
    items: Sequence[tuple[Candidate, Rendered]],
    import_id: int,
) -> None:
    """Start the topics, all or none; a line of a file that was carried out before gives the topic it gave then."""
    for candidate, rendered in items:
        started = await topics.start(
            tx,
            grant.start,
            title=candidate.title,
            body=candidate.body,
            rendered=rendered,
            language=candidate.language,
            key=idempotency.make(f"import {import_id}, line {candidate.line}", "topic_imports", candidate.title),
            kind=kind.code,
            fields=candidate.fields,
            tags=candidate.tags,
            may_be_past=True,
        )
        await fanouts.forget(tx, started.first_post_id)
    await imports.count(tx, import_id, len(items))
