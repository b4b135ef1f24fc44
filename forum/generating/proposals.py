"""Which generated topics are proposals, and what stands in their fields: from chance alone.

Some themes are in most proposals and some in hardly any; every other proposal is open for decades, so that there are
open ones whenever the database is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from forum import territories
from forum.domain.kinds import Values
from forum.domain.kinds.fields import BRUSSELS
from forum.domain.kinds.proposal import PROPOSAL, ROLES, TYPES
from forum.generating.plan import Choice

_PROGRAMMES: Final = (
    "CERV", "Interreg Euro-MED", "LIFE", "Erasmus+", "Horizon Europe", "URBACT", "Interreg Ελλάδα–Κύπρος",
    "Digital Europe", "CEF Transport",
)  # fmt: skip
_TAGS: Final = {"el": ("νησιά", "αδελφοποίηση", "νέοι", "λιμάνι"), "en": ("islands", "twinning", "youth", "harbour")}
_STATES: Final = ("open", "open", "open", "open", "consortium_complete", "submitted", "funded", "withdrawn")
_SUMMARY: Final = {
    "el": "Αναζητούμε δήμους που θέλουν να ετοιμάσουμε μαζί μια πρόταση και να μοιραστούμε όσα μάθαμε.",
    "en": "We look for municipalities to prepare a proposal with, and to share what we have learned.",
}
_THEME_SKEW: Final = 2.5
_OPEN: Final = 0.5
_DECADES: Final = timedelta(days=365 * 5), 365 * 25
_WEEKS: Final = timedelta(days=30), 90


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a topic has beyond its title and text when it is a proposal."""

    fields: Values
    tags: list[str]
    deadline_at: datetime


class Proposals:
    """So many of the topics at some places; `category` is where they stand in the list of categories."""

    def __init__(self, chance: Random, themes: list[str], category: int, places: list[int], count: int) -> None:
        self._chance, self._themes, self.category = chance, themes, category
        self._places = frozenset(chance.sample(places, count))
        self._theme = Choice([(rank + 1) ** -_THEME_SKEW for rank in range(len(themes))])

    def __contains__(self, place: int) -> bool:
        return place in self._places

    def make(self, language: str, created_at: datetime) -> Proposal:
        """Return the fields of a proposal that was started at an instant."""
        chance = self._chance
        first, days = _DECADES if chance.random() < _OPEN else _WEEKS
        deadline = (created_at + first + timedelta(days=chance.randrange(days))).replace(hour=16, minute=0, second=0)
        values: Values = {
            "type": chance.choice(TYPES)[0],
            "programme": chance.choice(_PROGRAMMES),
            "summary": _SUMMARY[language],
            "themes": sorted({self._themes[self._theme(chance)] for _ in range(chance.randint(1, 3))}),
            "deadline": {"at": deadline.isoformat().replace("+00:00", "Z"), "zone": BRUSSELS},
            "roles": [chance.choice(ROLES)[0]],
            "countries": sorted(chance.sample(territories.countries(), 4)),
            "partners_min": chance.randint(2, 8),
            "contact": "proposals@generated.example",
            "state": chance.choice(_STATES),
        }
        return Proposal(values, [chance.choice(_TAGS[language])], deadline)


NONE: Final = Proposals(Random(0), [], 0, [], 0)  # noqa: S311 - nothing is chosen
KIND: Final = PROPOSAL.code
