"""The kinds of topic, one definition each; forms, checks, the API, lists and the handbook are all made from them.

A new kind is a file here with a Kind, and its place in KINDS (docs/adr/0036-kinds.md). Nothing here asks the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from forum.domain.kinds.fields import Table, Text
from forum.domain.kinds.good_practice import GOOD_PRACTICE
from forum.domain.kinds.guide import GUIDE as GUIDE
from forum.domain.kinds.kind import DEADLINE as DEADLINE
from forum.domain.kinds.kind import STATE as STATE
from forum.domain.kinds.kind import THEMES as THEMES
from forum.domain.kinds.kind import Kind as Kind
from forum.domain.kinds.kind import Section as Section
from forum.domain.kinds.kind import Values as Values
from forum.domain.kinds.plain import DISCUSSION
from forum.domain.kinds.plain import QUESTION as QUESTION
from forum.domain.kinds.proposal import PROPOSAL

DEFAULT: Final = DISCUSSION
"""What a topic is that names no kind; every category takes it. Source: CATALOGUE, “Rights”."""

KINDS: Final[Mapping[str, Kind]] = {kind.code: kind for kind in (DISCUSSION, QUESTION, PROPOSAL, GOOD_PRACTICE, GUIDE)}
"""The kinds that members can start, by their codes."""


def of(code: str) -> Kind:
    """Return a kind; one that has no form yet is as a discussion is."""
    return KINDS.get(code, DEFAULT)


def offered(codes: list[str]) -> list[Kind]:
    """Return the kinds that a category with these offers, those with a form of their own first."""
    own = [KINDS[code] for code in codes if code in KINDS]
    return sorted(own or [DEFAULT], key=lambda kind: not kind.has_fields)


def is_offered(code: str, codes: list[str]) -> bool:
    """Say whether a topic of a kind may be started where these are allowed: a discussion may everywhere."""
    return code == DEFAULT.code or (code in codes and code in KINDS)


LONG: Final = frozenset(
    field.name
    for kind in KINDS.values()
    for field in kind
    if isinstance(field, Table) or (isinstance(field, Text) and field.name != kind.lead)
)
"""The fields that lists do not need and would make heavy."""

INPUTS: Final = frozenset(field.name for kind in KINDS.values() for field in kind if field.is_typed)
"""What the names of a form's inputs for fields begin with."""


def typed(sent: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed in the fields of a form, finished or not, as a draft keeps it."""
    return {name: value for name, value in sent.items() if name.partition(".")[0] in INPUTS and value}
