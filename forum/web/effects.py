"""What a change of rights does, as pages show it: in totals, and by organisation, whose members are named on demand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from forum.domain.entities import Language, MemberId, in_language
from forum.domain.right_changes import Change
from forum.i18n import fold


@dataclass(frozen=True, slots=True)
class Total:
    """How many members gain and lose a right in a category."""

    category_el: str
    category_en: str
    right: str
    gained: int
    lost: int


@dataclass(frozen=True, slots=True)
class Line:
    """Rights in a category that the same members of an organisation gain or lose."""

    category_el: str
    category_en: str
    organisation_slug: str
    organisation_el: str
    organisation_en: str
    rights: tuple[str, ...]
    gained: tuple[MemberId, ...]
    lost: tuple[MemberId, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    totals: tuple[Total, ...]
    lines: tuple[Line, ...]
    has_several: bool
    """Whether sub-categories with rights of their own are touched, too: then each line names its category."""


def effect(changes: Iterable[Change], language: Language) -> Effect:
    """Return changes in totals, in their order, and by organisation, those of the same members in one line.

    Organisations stand by their names in the language.
    """
    gained: dict[tuple[str, str, str], int] = {}
    lost: dict[tuple[str, str, str], int] = {}
    rights: dict[tuple[str, str, str, str, str, tuple[MemberId, ...], tuple[MemberId, ...]], list[str]] = {}
    categories: set[str] = set()
    for change in changes:
        categories.add(change.category_slug)
        total = (change.category_el, change.category_en, change.right)
        gained[total] = gained.get(total, 0) + len(change.gained)
        lost[total] = lost.get(total, 0) + len(change.lost)
        place = (change.organisation_slug, change.organisation_el, change.organisation_en)
        key = (change.category_el, change.category_en, *place, change.gained, change.lost)
        rights.setdefault(key, []).append(change.right)
    lines = sorted(rights.items(), key=lambda one: (fold(in_language(language, *one[0][3:5])), one[0][2]))
    return Effect(
        tuple(Total(*total, gained[total], lost[total]) for total in gained),
        tuple(Line(*key[:5], tuple(held), *key[5:]) for key, held in lines),
        len(categories) > 1,
    )
