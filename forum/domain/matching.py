"""Which municipalities would suit each other as twins, and why: a pure comparison of two profiles, in both directions.

What a municipality seeks as country and size is a condition: where it seeks and another does not fit, that one is not
suggested to it, nor it to that one. Everything else adds up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from forum.domain.entities import OrganisationId
from forum.domain.profiles import Profile

Kind = Literal[
    "both_seek",
    "they_work",
    "you_work",
    "both_work",
    "their_country",
    "your_country",
    "their_size",
    "your_size",
    "setting",
    "language",
]

_WEIGHTS: Final[dict[Kind, int]] = {
    "both_seek": 3,
    "they_work": 3,
    "you_work": 3,
    "both_work": 1,
    "their_country": 2,
    "your_country": 2,
    "their_size": 2,
    "your_size": 2,
    "setting": 2,
    "language": 1,
}
"""What each thing in common counts for; what is sought counts for most."""

SUGGESTED: Final = 6
"""How many are suggested: a list that is looked through, not searched."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Fields that match, with the codes or slugs that they have in common."""

    kind: Kind
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    profile: Profile
    score: int
    reasons: tuple[Reason, ...]


def suggest(mine: Profile, others: Iterable[Profile], *, but: Collection[OrganisationId] = ()) -> list[Match]:
    """Return the municipalities that suit one best, of those that seek; `but` are twins, or asked, already."""
    found = [
        Match(other, _score(reasons), reasons)
        for other in others
        if other.id != mine.id and other.id not in but and other.is_seeking
        if _may(mine, other) and _may(other, mine) and (reasons := compare(mine, other))
    ]
    return sorted(found, key=lambda match: -match.score)[:SUGGESTED]


def compare(mine: Profile, other: Profile) -> tuple[Reason, ...]:
    """Return what two profiles have in common, what is sought first; a theme stands where it says most."""
    sought = _common(_sought_themes(mine), _sought_themes(other))
    theirs, ours = _common(_sought_themes(mine), other.themes), _common(_sought_themes(other), mine.themes)
    candidates: tuple[tuple[Kind, list[str]], ...] = (
        ("both_seek", sought),
        ("they_work", _without(theirs, sought)),
        ("you_work", _without(ours, sought)),
        ("both_work", _without(_common(mine.themes, other.themes), [*sought, *theirs, *ours])),
        ("setting", _common(mine.settings, other.settings)),
        ("their_country", [other.country] if mine.is_seeking and other.country in mine.seeks_countries else []),
        ("your_country", [mine.country] if other.is_seeking and mine.country in other.seeks_countries else []),
        ("their_size", [str(other.population)] if _names_size(mine) and _fits(mine, other) else []),
        ("your_size", [str(mine.population)] if _names_size(other) and _fits(other, mine) else []),
        ("language", _common(mine.languages, other.languages)),
    )
    return tuple(Reason(kind, tuple(values)) for kind, values in candidates if values)


def _score(reasons: Iterable[Reason]) -> int:
    return sum(_WEIGHTS[reason.kind] * len(reason.values) for reason in reasons)


def _may(seeker: Profile, other: Profile) -> bool:
    """Say whether what one seeks rules the other out; who does not seek rules out nobody."""
    if not seeker.is_seeking:
        return True
    if seeker.seeks_countries and other.country not in seeker.seeks_countries:
        return False
    return not _names_size(seeker) or other.population is None or _fits(seeker, other)


def _names_size(seeker: Profile) -> bool:
    return seeker.is_seeking and (seeker.seeks_from is not None or seeker.seeks_to is not None)


def _fits(seeker: Profile, other: Profile) -> bool:
    if other.population is None:
        return False
    return (seeker.seeks_from or 0) <= other.population <= (seeker.seeks_to or other.population)


def _sought_themes(profile: Profile) -> list[str]:
    return profile.seeks_themes if profile.is_seeking else []


def _without(values: list[str], others: Collection[str]) -> list[str]:
    return [value for value in values if value not in others]


def _common(some: list[str], others: list[str]) -> list[str]:
    return [value for value in some if value in others]
