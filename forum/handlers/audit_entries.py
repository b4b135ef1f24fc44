"""The audit log for administrators: who did what to what and when, found by all three, and taken away as a table."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from forum import clock, spreadsheets
from forum.domain import access, audit_log, members
from forum.domain.audit_log import Entry, Filters, Named
from forum.domain.entities import MemberId, in_language
from forum.errors import Invalid
from forum.i18n import Translator
from forum.keys import ACTOR, DB, TRANSLATOR
from forum.web import audit_names, downloads
from forum.web.forms import FormState, local_day, query_param
from forum.web.pages import Page, render
from forum.web.urls import url_for

_FIELDS: Final = ("member", "act", "from", "to")

_NUMBERED: Final = {
    "member": ("members.show", "member_id"),
    "topic": ("topics.index", "topic_id"),
    "post": ("posts.show", "post_id"),
    "invitation": ("invitations.show", "invitation_id"),
    "application": ("admissions.show", "application_id"),
}
"""Subjects whose page is found by their number, with its route and what the number is called there."""

_NAMED: Final = {
    "group": "group_members.index",
    "organisation": "organisations.edit",
    "region": "regions.edit",
    "category": "category_grants.show",
    "theme": "thesaurus.edit",
}
_INSTANT: Final = re.compile(r"[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", re.ASCII)
_SINGLE: Final = {"feedback": "feedback.index", "network": "network.edit"}

_COLUMNS: Final = (
    "id",
    "created_at",
    "actor_id",
    "actor",
    "act",
    "name",
    "subject",
    "subject_id",
    "before",
    "after",
    "request_id",
)


@dataclass(frozen=True, slots=True)
class Change:
    """A field of an entry: what it was and what it became, each a text, None where the entry does not say."""

    label: str
    """The msgid of what it is called, empty where it has no name but its code."""
    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the page shows it; `act` and `subject` are msgids."""

    entry: Entry
    act: str
    subject: str
    named: Named | None
    """What the subject is called now, None where it has no name or is gone."""
    href: str
    changes: list[Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage(Page):
    template: ClassVar[str] = "audit_entries/index.html"
    form: FormState
    lines: list[Line]
    acts: list[tuple[str, list[tuple[str, str]]]]
    query: dict[str, str]
    """What is asked for, as the addresses of further pages and of the table say it."""
    next: str
    is_first: bool


async def index(request: web.Request) -> web.Response:
    grant, cursor = access.to_administer(request[ACTOR]), query_param(request, "cursor")
    values = _typed(request)
    form, lines, following = FormState(values), list[Line](), None
    try:
        filters = await _filters(request, values)
        async with request.app[DB].read() as conn:
            listed = await audit_log.list_entries(conn, grant, filters, cursor=cursor or None)
            called = await audit_log.names(conn, grant, _numbers(listed.items))
        lines, following = [_line(request, entry, called) for entry in listed.items], listed.next
    except Invalid as invalid:
        form = FormState(values, invalid.fields)
    page = AuditPage(
        form=form,
        lines=lines,
        acts=_choices(request[TRANSLATOR]),
        query={name: value for name, value in values.items() if value},
        next=following or "",
        is_first=not cursor,
    )
    return await render(request, page, status=Invalid.status if form.is_faulty else 200)


async def show(request: web.Request) -> web.StreamResponse:
    """Send the entries as a table for spreadsheet programs, and write down that it was asked for."""
    actor = request[ACTOR]
    grant = access.to_administer(actor)
    filters = await _filters(request, _typed(request))
    if request.method != "HEAD":
        async with request.app[DB].write() as tx:
            await audit_log.note_export(tx, grant, filters)
    today = clock.now().astimezone(ZoneInfo(actor.zone)).date()
    entries = audit_log.stream_entries(request.app[DB], grant, filters)
    parts = _table(entries, request[TRANSLATOR])
    return await downloads.send(request, parts, media=spreadsheets.MEDIA, name=f"audit-{today.isoformat()}.csv")


def _choices(words: Translator) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (words.gettext(audit_names.SUBJECTS[subject]), [(act, words.gettext(name)) for act, name in acts.items()])
        for subject, acts in audit_names.ACTS_OF.items()
    ]


def _typed(request: web.Request) -> dict[str, str]:
    return {name: query_param(request, name) for name in _FIELDS}


async def _filters(request: web.Request, typed: Mapping[str, str]) -> Filters:
    """Return what is asked for, by the clocks of who asks; raise Invalid with every field at fault."""
    zone, faults = request[ACTOR].zone, dict[str, tuple[str, ...]]()
    days: dict[str, tuple[datetime, datetime]] = {}
    for name in ("from", "to"):
        try:
            if typed[name]:
                days[name] = local_day(name, typed[name], zone)
        except Invalid as invalid:
            faults |= invalid.fields
    if typed["act"] and typed["act"] not in audit_names.ACTS:
        faults["act"] = ("unknown",)
    actor_id: MemberId | None = None
    if typed["member"]:
        try:
            async with request.app[DB].read() as conn:
                actor_id = await members.find(conn, typed["member"])
        except Invalid as invalid:
            faults |= invalid.fields
    if faults:
        raise Invalid(faults)
    return Filters(
        actor_id=actor_id,
        act=typed["act"],
        since=days["from"][0] if "from" in days else None,
        until=days["to"][1] if "to" in days else None,
    )


def _numbers(entries: Iterable[Entry]) -> dict[str, set[int]]:
    """Return the numbers of what has a name in some entries, by its kind."""
    found: dict[str, set[int]] = {kind: set() for kind in audit_log.NAMED}
    for entry in entries:
        if entry.subject in found and entry.subject_id is not None:
            found[entry.subject].add(entry.subject_id)
        for said in (entry.before or {}, entry.after or {}):
            for field, kind in audit_names.NAMED.items():
                if isinstance(said.get(field), int):
                    found[kind].add(said[field])
    return found


def _line(request: web.Request, entry: Entry, called: Mapping[tuple[str, int], Named]) -> Line:
    words, zone = request[TRANSLATOR], ZoneInfo(request[ACTOR].zone)

    def name(kind: str, number: object) -> str:
        one = called.get((kind, number)) if isinstance(number, int) else None
        return in_language(words.language, one.name_el, one.name_en) if one else ""

    def text(field: str, value: object) -> str:
        kind = audit_names.NAMED.get(field)
        return (name(kind, value) if kind else "") or _text(words, zone, value, audit_names.VALUES.get(field, {}))

    return Line(
        entry,
        # An act of an older version may have lost its name.
        audit_names.ACTS.get(entry.act, entry.act),
        audit_names.SUBJECTS.get(entry.subject, entry.subject),
        called.get((entry.subject, entry.subject_id)) if entry.subject_id is not None else None,
        _href(request, entry),
        _changes(entry.before or {}, entry.after or {}, text),
    )


def _href(request: web.Request, entry: Entry) -> str:
    """Return the address of what it was done to, empty where it has no page."""
    if entry.subject in _SINGLE:
        return str(url_for(request.app, _SINGLE[entry.subject]))
    if entry.subject in _NAMED and entry.subject_slug is not None:
        return str(url_for(request.app, _NAMED[entry.subject], slug=entry.subject_slug))
    if entry.subject in _NUMBERED and entry.subject_id is not None:
        route, part = _NUMBERED[entry.subject]
        return str(url_for(request.app, route, None, **{part: entry.subject_id}))
    return ""


def _changes(before: Mapping[str, Any], after: Mapping[str, Any], text: Callable[[str, object], str]) -> list[Change]:
    return [
        Change(
            audit_names.FIELDS.get(name, ""),
            name,
            text(name, before[name]) if name in before else None,
            text(name, after[name]) if name in after else None,
        )
        for name in dict.fromkeys([*before, *after])
    ]


def _text(words: Translator, zone: ZoneInfo, value: object, said: Mapping[str, str]) -> str:
    """Return a value of an entry on one line, an instant by the reader's clocks; `said` has msgids of its words."""
    if isinstance(value, bool):
        return words.gettext("yes") if value else words.gettext("no")
    if isinstance(value, list):
        return ", ".join(_text(words, zone, one, said) for one in value) or "–"
    if value is None or value == "":
        return "–"
    if isinstance(value, str) and value in said:
        return words.gettext(said[value])
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    try:
        return words.datetime(datetime.fromisoformat(value), zone) if _INSTANT.fullmatch(value) else value
    except (ValueError, OverflowError):  # no day of any calendar: one entry must not hide all others
        return value


async def _table(entries: AsyncIterator[list[Entry]], words: Translator) -> AsyncIterator[bytes]:
    yield spreadsheets.MARK + spreadsheets.written([_COLUMNS])
    async for some in entries:
        yield spreadsheets.written([_cells(entry, words) for entry in some])


def _cells(entry: Entry, words: Translator) -> tuple[object, ...]:
    name = audit_names.ACTS.get(entry.act)
    return (
        entry.id,
        entry.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        entry.actor_id,
        entry.actor_name,
        entry.act,
        words.gettext(name) if name else "",
        entry.subject,
        entry.subject_id,
        _json(entry.before),
        _json(entry.after),
        entry.request_id,
    )


def _json(value: dict[str, Any] | None) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
