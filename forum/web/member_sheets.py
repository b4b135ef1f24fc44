"""A table of people who are to become members, as an administrator's spreadsheet has it: its columns and their words.

What the cells name, such as organisations, is looked up by `domain/member_imports.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

from babel import Locale
from pydantic import Field

from forum import spreadsheets
from forum.domain.entities import NAME_LIMIT, Language, Role
from forum.domain.member_imports import Candidate
from forum.errors import Invalid
from forum.i18n import fold, languages, mark
from forum.spreadsheets import Finding
from forum.web.forms import Email, Form, RequiredLine

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("full name", "όνομα", "ονοματεπώνυμο"),
    "email": ("e-mail", "mail", "e-mail address", "ηλεκτρονική διεύθυνση", "ηλεκτρονικό ταχυδρομείο"),
    "organisation": ("organization", "municipality", "φορέας", "οργανισμός", "δήμος"),
    "role": ("ρόλος",),
    "language": ("γλώσσα",),
    "groups": ("group", "ομάδα", "ομάδες"),
}
"""Columns by their names; also the names of the form's fields, whose faults are told by them."""

REQUIRED: Final = ("name", "email", "organisation")

HEADS: Final[Mapping[str, str]] = {
    "name": mark("Full name"),
    "email": mark("E-mail"),
    "organisation": mark("Organisation"),
    "role": mark("Role"),
    "language": mark("Language"),
    "groups": mark("Groups"),
}
"""What the columns are called where faults are told."""

_ROLES: Final = {
    Role.MEMBER: ("member", "μέλος"),
    Role.MODERATOR: ("moderator", "συντονιστής", "συντονίστρια"),
    Role.ADMINISTRATOR: ("administrator", "διαχειριστής", "διαχειρίστρια"),
}
_ROLE_OF: Final = {fold(word): role for role, words in _ROLES.items() for word in words}
_SEPARATORS: Final = re.compile(r"[|,;]")
_FORMULA: Final = re.compile(r"[=+@-]")


class _Person(Form):
    name: Annotated[RequiredLine, Field(max_length=NAME_LIMIT)]
    email: Email
    organisation: RequiredLine


def read(content: bytes, *, language: Language) -> tuple[list[Candidate], list[Finding]]:
    """Return who stands in a table, and what is wrong with lines that cannot be used; `language` is who names none.

    A name that begins as a formula is refused: whoever opens a list of members in a spreadsheet would run it.
    """
    sheet = spreadsheets.read_rows(content, COLUMNS, required=REQUIRED)
    candidates, spoken = list[Candidate](), _languages()
    faults = list(sheet.faults)
    for row in sheet.rows:
        values = {"language": language, "role": "member"} | {name: text for name, text in row.values.items() if text}
        if candidate := _candidate(row.line, values, spoken, faults):
            candidates.append(candidate)
    return candidates, faults


def _candidate(
    line: int, values: Mapping[str, str], languages: Mapping[str, Language], faults: list[Finding]
) -> Candidate | None:
    found: list[Finding] = []

    def fault(column: str, code: str) -> None:
        found.append(Finding(line, column, code, values.get(column, "")))

    person = None
    try:
        person = _Person.parse(values)
    except Invalid as invalid:
        for column, codes in invalid.fields.items():
            fault(column, codes[0])
    if _FORMULA.match(values.get("name", "")):
        fault("name", "formula")
    role, language = _ROLE_OF.get(fold(values["role"])), languages.get(fold(values["language"]))
    if role is None:
        fault("role", "no_role")
    if language is None:
        fault("language", "no_language")
    faults.extend(found)
    if found or person is None or role is None or language is None:
        return None
    groups = tuple(name for part in _SEPARATORS.split(values.get("groups", "")) if (name := part.strip()))
    return Candidate(line, person.email, person.name, person.organisation, role, language, groups)


def _languages() -> dict[str, Language]:
    """Return the forum's languages by their codes and their names in each of them."""
    names: dict[str, Language] = {}
    for code, own_name in languages().items():
        names[fold(code)] = names[fold(own_name)] = code
        for other in languages():
            if shown := Locale.parse(code).get_display_name(other):
                names[fold(shown)] = code
    return names
