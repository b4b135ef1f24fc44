"""Tables of topics: how much work a cell may make, whoever wrote it."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from csv import writer
from types import FrameType
from typing import Final

import pytest

from forum.domain import kinds
from forum.domain.entities import BODY_LIMIT
from forum.domain.kinds import Kind
from forum.i18n import fold
from forum.spreadsheets import Finding
from forum.web import topic_sheets
from forum.web.topic_sheets import SHORT_LIMIT, Lookups

GUIDE: Final = kinds.KINDS["guide"]
PROPOSAL: Final = kinds.KINDS["proposal"]
PRACTICE: Final = kinds.KINDS["good_practice"]

KNOWN: Final = Lookups({"water": "water"}, {"chios": "chios"})

PROPOSED: Final = {
    "type": "Call",
    "programme": "CERV",
    "summary": "S",
    "deadline": "28/3/2027",
    "roles": "Lead, Project partner",
    "countries": "Cyprus, Ελλάδα, IT",
    "themes": "Water",
    "lead": "Chios",
    "contact": "x",
}


def _content(*rows: dict[str, str]) -> bytes:
    lines = io.StringIO(newline="")
    head = list(rows[0])
    writer(lines, delimiter=";").writerows([head, *(row.values() for row in rows)])
    return lines.getvalue().encode()


def _faults(kind: Kind, **cells: str) -> dict[str | None, str]:
    """Return what is wrong with a row of these cells, apart from what it leaves out."""
    sheet = topic_sheets.read(kind, _content({"title": "T", **dict.fromkeys(_required(kind), ""), **cells}))
    found = [*sheet.faults, *topic_sheets.candidates(kind, sheet.rows, KNOWN)[1]]
    return {fault.column: fault.code for fault in found if fault.code != "required"}


def _required(kind: Kind) -> list[str]:
    return [each.name for each in kind if each.is_required and each.is_typed]


@pytest.fixture
def folded() -> Iterator[list[str]]:
    """Return what is folded from here on."""
    found: list[str] = []

    def watch(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code is fold.__code__:
            found.append(frame.f_locals["text"])

    before = sys.getprofile()
    sys.setprofile(watch)
    yield found
    sys.setprofile(before)


def test_names_are_folded_once_a_file_and_cells_once_a_cell(folded: list[str]) -> None:
    def work(count: int) -> int:
        rows = topic_sheets.read(PROPOSAL, _content(*({"title": f"T{n}", **PROPOSED} for n in range(count)))).rows
        folded.clear()
        assert len(topic_sheets.candidates(PROPOSAL, rows, KNOWN)[0]) == count
        return len(folded)

    parts = sum(len(PROPOSED[name].split(",")) for name in ("type", "roles", "countries", "themes", "lead"))
    one = work(1)
    assert work(101) == one + 100 * parts


@pytest.mark.parametrize(
    ("kind", "name", "most"),
    [(GUIDE, "audience", 7), (PROPOSAL, "roles", 4), (PROPOSAL, "countries", 27), (GUIDE, "themes", 100)],
)
def test_more_than_there_is_to_choose_from_is_refused_before_it_is_looked_up(
    folded: list[str], kind: Kind, name: str, most: int
) -> None:
    assert _faults(kind, **{name: ",".join(["a"] * most)}) == {name: "unknown"}
    assert folded.count("a") == 1, "the premise: the first that is unknown is the last that is looked at"
    folded.clear()
    assert _faults(kind, **{name: ",".join(["a"] * (most + 1))}) == {name: "too_many"}
    assert "a" not in folded


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (GUIDE, "audience"),
        (GUIDE, "language"),
        (GUIDE, "valid_from"),
        (GUIDE, "themes"),
        (PROPOSAL, "type"),
        (PROPOSAL, "countries"),
        (PROPOSAL, "lead"),
        (PROPOSAL, "deadline"),
        (PROPOSAL, "budget"),
        (PROPOSAL, "programme"),
        (GUIDE, "tags"),
    ],
)
def test_a_cell_of_names_or_of_a_line_is_short(folded: list[str], kind: Kind, name: str) -> None:
    text = "a" * (SHORT_LIMIT + 1)
    assert _faults(kind, **{name: text}) == {name: "too_long"}
    assert text not in folded


def test_tags_are_as_long_as_in_the_form() -> None:
    assert _faults(GUIDE, tags=",".join("a" * 200)) == {}
    assert _faults(GUIDE, tags=",".join("a" * SHORT_LIMIT)) == {"tags": "too_long"}


def test_a_long_text_may_be_long() -> None:
    assert _faults(PRACTICE, problem="α" * 4000, body="β" * BODY_LIMIT) == {}


def test_a_table_within_a_cell_has_as_many_lines_as_its_field() -> None:
    assert _faults(PRACTICE, indicators="\n".join(["a|1|2|t"] * 12)) == {}
    assert _faults(PRACTICE, indicators="\n".join(["a|1|2|t"] * 13)) == {"indicators": "too_many"}


def test_codes_and_names_in_any_language_are_one() -> None:
    cells = {"title": "T", **PROPOSED, "roles": "lead;Associate partner\nObserver", "countries": "cy, Ιταλία;greece"}
    (found,), faults = topic_sheets.candidates(PROPOSAL, topic_sheets.read(PROPOSAL, _content(cells)).rows, KNOWN)
    assert faults == []
    assert found.fields["roles"] == ["lead", "associate", "observer"]
    assert found.fields["countries"] == ["CY", "GR", "IT"]


def test_faulty_lines_count_as_lines() -> None:
    content = b"title;language\n" + b";;x\n" * (topic_sheets.LINES_LIMIT + 1)
    assert topic_sheets.read(GUIDE, content).faults == [Finding(topic_sheets.LINES_LIMIT + 2, None, "too_many_lines")]
