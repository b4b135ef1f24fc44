"""A table of municipalities, as an administrator's spreadsheet has it: its columns and what their cells may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field

from forum import spreadsheets
from forum.domain.entities import DISTRICT_LIMIT, ORGANISATION_NAME_LIMIT
from forum.domain.municipality_imports import Candidate
from forum.domain.places import OrganisationFacts
from forum.errors import Invalid
from forum.i18n import mark
from forum.spreadsheets import Finding
from forum.web.forms import Form, Line, RequiredLine, Slug

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "name_el": ("name in greek", "greek name", "όνομα", "όνομα στα ελληνικά", "δήμος"),
    "name_en": ("name in english", "english name", "name", "όνομα στα αγγλικά"),
    "region": ("περιοχή", "περιφέρεια"),
    "district_el": ("district in greek", "district", "επαρχία", "νησί", "επαρχία στα ελληνικά"),
    "district_en": ("district in english", "επαρχία στα αγγλικά"),
    "population": ("πληθυσμός",),
    "population_year": ("census", "year of the census", "απογραφή", "έτος απογραφής"),
    "slug": ("short form", "σύντομη μορφή"),
}
"""Columns by their names; also the names of the form's fields, whose faults are told by them."""

REQUIRED: Final = ("name_el", "name_en", "region")

HEADS: Final[Mapping[str, str]] = {
    "name_el": mark("Name in Greek"),
    "name_en": mark("Name in English"),
    "region": mark("Region"),
    "district_el": mark("District in Greek"),
    "district_en": mark("District in English"),
    "population": mark("Population"),
    "population_year": mark("Year of the census"),
    "slug": mark("Short form"),
}
"""What the columns are called where faults are told."""

_Name = Annotated[RequiredLine, Field(max_length=ORGANISATION_NAME_LIMIT)]
_District = Annotated[Line, Field(max_length=DISTRICT_LIMIT)]


class _Municipality(Form):
    name_el: _Name
    name_en: _Name
    region: RequiredLine
    district_el: _District = ""
    district_en: _District = ""
    population: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = None
    population_year: Annotated[int | None, Field(ge=1900, le=2200)] = None
    slug: Slug = ""


def read(content: bytes) -> tuple[list[Candidate], list[Finding]]:
    """Return what municipalities stand in a table, and what is wrong with lines that cannot be used."""
    sheet = spreadsheets.read_rows(content, COLUMNS, required=REQUIRED)
    candidates = list[Candidate]()
    faults = list(sheet.faults)
    for row in sheet.rows:
        values = {name: _number(text) if name.startswith("population") else text for name, text in row.values.items()}
        try:
            form = _Municipality.parse({name: text for name, text in values.items() if text})
            if (form.population is None) != (form.population_year is None):
                raise Invalid({"population" if form.population is None else "population_year": ("required",)})
        except Invalid as invalid:
            faults.extend(
                Finding(row.line, column, codes[0], row.values.get(column, ""))
                for column, codes in invalid.fields.items()
            )
            continue
        facts = OrganisationFacts(
            form.name_el,
            form.name_en,
            form.district_el or None,
            form.district_en or None,
            False,
            form.population,
            form.population_year,
        )
        candidates.append(Candidate(row.line, facts, form.region, form.slug))
    return candidates, faults


def _number(text: str) -> str:
    """Return a number without the signs that part its thousands, in Greek or English."""
    return text.replace(".", "").replace(",", "").replace(" ", "")
