"""Imports: people of a table become members, whom a letter then asks to choose a password.

Whoever is a member already is left as they are, so that the same table twice changes nothing, and one that was broken
off goes on where it stopped. What the table says otherwise of a member is told, not done: moving people and giving
roles have ways of their own. How a file becomes candidates is `web/member_sheets.py`'s.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit, imports, mails, organisations
from forum.domain.entities import Group, GroupId, Language, MailKind, MemberId, Organisation, OrganisationId, Role
from forum.domain.imports import Report
from forum.domain.members import GROUP_OF_ROLE, ROLE, USUAL_ZONE
from forum.i18n import fold
from forum.spreadsheets import Finding

AT_ONCE: Final = 500
"""Members made in one transaction: those who read and write meanwhile wait for it no long time."""

_HINTS: Final = 20
"""Different unknown names of a table for which a near one is looked for: that takes some milliseconds each."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line of the table whose cells are what they should be; what they name is not looked up yet."""

    line: int
    email: str
    name: str
    organisation: str
    role: Role
    language: Language
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """Somebody who can become a member."""

    line: int
    email: str
    name: str
    organisation_id: OrganisationId
    organisation_el: str
    organisation_en: str
    role: Role
    language: Language
    group_ids: tuple[GroupId, ...]
    """The group of their role among them."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A member whose address is in the table."""

    email: str
    name: str
    organisation_id: OrganisationId
    role: Role


_GROUPS = Query(
    "member_imports.groups",
    """
    SELECT groups.id, groups.slug, groups.kind, groups.name_el, groups.name_en
    FROM groups
    WHERE groups.kind IN ('free', 'system')
    ORDER BY groups.id
    """,
    returns=Group,
    card=Card.MANY,
)

_KNOWN = Query(
    "member_imports.known",
    f"""
    SELECT members.email, members.name, members.organisation_id, {ROLE}
    FROM members
    WHERE members.email = ANY ($1::text[])
    """,
    returns=_Known,
    card=Card.MANY,
)

# Nobody has accepted the terms yet: informed_version 0 puts them first before whoever signs in.
_CREATE = Statement(
    "member_imports.create",
    f"""
    INSERT INTO members (email, name, organisation_id, password_hash, language, zone, informed_version)
    SELECT people.email, people.name, people.organisation_id, $5, people.language,
           {USUAL_ZONE.format(organisation_id="people.organisation_id")}, 0
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) AS people (email, name, organisation_id, language)
    ON CONFLICT (email) DO NOTHING
    RETURNING members.id
    """,
    returns=MemberId,
    card=Card.MANY,
)

_ENTER_GROUPS = Statement(
    "member_imports.enter_groups",
    """
    INSERT INTO group_members (group_id, member_id)
    SELECT entries.group_id, members.id
    FROM unnest($1::text[], $2::bigint[]) AS entries (email, group_id)
    JOIN members ON members.email = entries.email
    WHERE members.id = ANY ($3::bigint[])
    ON CONFLICT (group_id, member_id) DO NOTHING
    """,
    returns=int,
    card=Card.NONE,
)


async def look(conn: Conn, candidates: Sequence[Candidate], faults: Sequence[Finding] = ()) -> Report[Ready]:
    """Return what would become of the candidates now, beside the `faults` of other lines; nothing is changed."""
    named = _Names(await organisations.list_organisations(conn), await conn.many(_GROUPS))
    known = {one.email: one for one in await conn.many(_KNOWN, [candidate.email for candidate in candidates])}
    report: Report[Ready] = Report()
    there, first_lines = 0, dict[str, int]()
    for candidate in candidates:
        if first_lines.setdefault(candidate.email, candidate.line) != candidate.line:
            report.faulty.append(Finding(candidate.line, "email", "twice", candidate.email))
            continue
        ready, found = named.look_up(candidate)
        if found or ready is None:
            report.faulty.extend(found)
        elif member := known.get(candidate.email):
            differences = list(_differences(ready, member))
            report.differing.extend(differences)
            there += not differences
        else:
            report.ready.append(ready)
    return replace(report, there=there, faulty=sorted([*report.faulty, *faults], key=lambda fault: fault.line))


async def carry_out(
    tx: Tx, people: Sequence[Ready], password_hash: str, *, actor_id: MemberId | None, import_id: int | None = None
) -> int:
    """Make people members, AT_ONCE at most, and have each sent a letter; return how many were none yet.

    `password_hash` is of a password that nobody knows; it is alike for all, so that whoever tries to sign in waits as
    long as at any other account. Without actor: the operator did it.
    """
    if len(people) > AT_ONCE:
        raise ValueError(f"{len(people)} members at once")
    columns = zip(*((one.email, one.name, one.organisation_id, one.language) for one in people), strict=True)
    made = await tx.many(_CREATE, *map(list, columns), password_hash)
    entries = [(one.email, group_id) for one in people for group_id in one.group_ids]
    if entries:
        await tx.run(_ENTER_GROUPS, *map(list, zip(*entries, strict=True)), made)
    facts: dict[str, int | str] = {} if actor_id is None else {"actor_id": actor_id}
    await mails.enter_for_all(tx, MailKind.WELCOME, made, facts=facts)
    after: dict[str, object] = {"import_id": import_id}
    await audit.record_for_all(
        tx, actor_id=actor_id, act="member.imported", subject="member", subject_ids=made, after=after
    )
    if import_id is not None:
        await imports.count(tx, import_id, len(made))
    return len(made)


class _Names:
    """What organisations and groups are called, however it is accented; "Δήμος" and "Municipality of" left out."""

    def __init__(self, listed: list[Organisation], listed_groups: list[Group]) -> None:
        self._organisations: dict[str, list[Organisation]] = {}
        self._closed: dict[str, Organisation] = {}
        for one in listed:
            short = (one.name_el.removeprefix("Δήμος "), one.name_en.removeprefix("Municipality of "))
            for name in {fold(text) for text in (one.slug, one.name_el, one.name_en, *short)}:
                if one.is_closed:
                    self._closed[name] = one
                else:
                    self._organisations.setdefault(name, []).append(one)
        free = [group for group in listed_groups if group.kind == "free"]
        self._groups = {fold(text): group.id for group in free for text in (group.slug, group.name_el, group.name_en)}
        ids = {group.slug: group.id for group in listed_groups}
        self._of_roles = {role: [ids[slug]] for role, slug in GROUP_OF_ROLE.items()}
        self._hints: dict[str, str] = {}

    def look_up(self, candidate: Candidate) -> tuple[Ready | None, list[Finding]]:
        """Return the candidate with what their line names, or what of it there is not."""
        faults, group_ids = list[Finding](), list(self._of_roles.get(candidate.role, ()))
        found = self._organisations.get(fold(candidate.organisation), [])
        if not found and (closed := self._closed.get(fold(candidate.organisation))):
            hint = closed.successor_slug or ""
            faults.append(Finding(candidate.line, "organisation", "closed", candidate.organisation, hint))
        elif len(found) != 1:
            code = "ambiguous" if found else "no_organisation"
            hint = "" if found else self._hint(candidate.organisation)
            faults.append(Finding(candidate.line, "organisation", code, candidate.organisation, hint))
        for text in candidate.groups:
            group_id = self._groups.get(fold(text))
            if group_id is None:
                faults.append(Finding(candidate.line, "groups", "no_group", text))
            else:
                group_ids.append(group_id)
        if faults:
            return None, faults
        belongs = found[0]
        who = (candidate.line, candidate.email, candidate.name, belongs.id, belongs.name_el, belongs.name_en)
        return Ready(*who, candidate.role, candidate.language, tuple(group_ids)), []

    def _hint(self, text: str) -> str:
        name = fold(text)
        if name not in self._hints:
            near = difflib.get_close_matches(name, self._organisations, n=1) if len(self._hints) < _HINTS else []
            self._hints[name] = self._organisations[near[0]][0].slug if near else ""
        return self._hints[name]


def _differences(ready: Ready, member: _Known) -> Iterator[Finding]:
    if fold(ready.name) != fold(member.name):
        yield Finding(ready.line, "name", "differs", ready.name)
    if ready.organisation_id != member.organisation_id:
        yield Finding(ready.line, "organisation", "differs", ready.organisation_el)
    if ready.role is not member.role:
        yield Finding(ready.line, "role", "differs", ready.role.value)
