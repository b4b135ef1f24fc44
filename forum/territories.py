"""Countries, the member states of the European Union and their parts, by the codes of ISO 3166 and NUTS.

Knows which codes there are, in data or by their shape (docs/adr/0029-places.md); which regions take part is the
database's to say.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final

_NUTS: Final = re.compile(r"[A-Z0-9]{1,3}")
_NUTS_COUNTRY: Final = {"GR": "EL"}
"""Where NUTS writes a country otherwise than ISO 3166-1 does. Source: Regulation (EC) 1059/2003, Annex I."""


def is_country(code: str) -> bool:
    """Say whether a code names a country of the world."""
    return code in world()


@cache
def world() -> frozenset[str]:
    """Return all countries by ISO 3166-1 alpha-2: towns have twins outside the Union too."""
    text = resources.files("forum").joinpath("data", "countries.txt").read_text(encoding="ascii")
    return frozenset(code for line in text.splitlines() if not line.startswith("#") for code in line.split())


def countries() -> tuple[str, ...]:
    """Return the member states by ISO 3166-1 alpha-2, in the order of their codes."""
    return tuple(_subdivisions())


def is_subdivision(code: str, country: str) -> bool:
    """Say whether a code names a subdivision of the country. Source: ISO 3166-2."""
    state, hyphen, part = code.partition("-")
    return bool(hyphen) and state == country and part in _subdivisions().get(country, frozenset())


def is_nuts(code: str, country: str) -> bool:
    """Say whether a code has the form of a region of the country at level 1, 2 or 3."""
    return code[:2] == _NUTS_COUNTRY.get(country, country) and _NUTS.fullmatch(code[2:]) is not None


def country_of(code: str) -> str:
    """Return the country that a subdivision or a NUTS code begins with."""
    written = code[:2]
    return next((country for country, nuts in _NUTS_COUNTRY.items() if nuts == written), written)


@cache
def _subdivisions() -> dict[str, frozenset[str]]:
    text = resources.files("forum").joinpath("data", "subdivisions.txt").read_text(encoding="ascii")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {state: frozenset(parts) for state, *parts in lines}
