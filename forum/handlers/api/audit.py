"""The audit log for administrators' programs: the newest first, by who, what and when."""

from __future__ import annotations

from aiohttp import web

from forum.domain import access, audit_log
from forum.domain.audit_log import Entry, Filters
from forum.domain.entities import MemberId
from forum.handlers.api import audit_models
from forum.handlers.api.calls import call
from forum.i18n import mark
from forum.keys import ACTOR, DB


@call(
    mark("Read the audit log, the newest first (administrators)"),
    takes=audit_models.AuditQuery,
    answers=audit_models.AuditEntries,
    refuses=(403,),
)
async def index(request: web.Request, query: audit_models.AuditQuery) -> audit_models.AuditEntries:
    grant = access.to_administer(request[ACTOR])
    filters = Filters(
        actor_id=None if query.actor is None else MemberId(query.actor),
        act=query.act or "",
        subject=query.subject or "",
        since=query.since,
        until=query.until,
    )
    async with request.app[DB].read() as conn:
        page = await audit_log.list_entries(conn, grant, filters, cursor=query.cursor or None, limit=query.limit)
    return audit_models.AuditEntries(items=[_entry(entry) for entry in page.items], next=page.next)


def _entry(entry: Entry) -> audit_models.AuditEntry:
    actor = None if entry.actor_id is None else audit_models.AuditActor(id=entry.actor_id, name=entry.actor_name or "")
    return audit_models.AuditEntry(
        id=entry.id,
        actor=actor,
        act=entry.act,
        subject=entry.subject,
        subject_id=entry.subject_id,
        before=entry.before,
        after=entry.after,
        request_id=entry.request_id,
        created_at=entry.created_at,
    )
