"""Kinds of topic: what their fields take from forms and programs, how they keep it, and that each is said whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from forum.domain import kinds
from forum.domain.entities import KINDS
from forum.domain.kinds.fields import (
    Choices,
    Column,
    Countries,
    Day,
    Fault,
    Field,
    Instant,
    Line,
    Links,
    Money,
    Number,
    Organisation,
    Percent,
    Table,
    Text,
    Themes,
)
from forum.errors import Invalid
from forum.i18n import translator
from forum.web import problems

LINE = Line(name="f", label="F", limit=10)
TEXT = Text(name="f", label="F", limit=20)
ROLES = Choices(name="f", label="F", options=(("lead", "Lead"), ("partner", "Partner")))
COUNTRIES = Countries(name="f", label="F")
THEMES = Themes(name="f", label="F")
ORGANISATION = Organisation(name="f", label="F")
NUMBER = Number(name="f", label="F", least=1, most=100)
MONEY = Money(name="f", label="F")
PERCENT = Percent(name="f", label="F")
DAY = Day(name="f", label="F")
INSTANT = Instant(name="f", label="F")
LINKS = Links(name="f", label="F")
TABLE = Table(
    name="f",
    label="F",
    columns=(Column(name="name", label="Name"), Column(name="unit", label="Unit", is_required=False)),
    rows=3,
)


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        (LINE, {"f": "  Νερό   τώρα "}, "Νερό τώρα"),
        (TEXT, {"f": "Α\r\nΒ\r\n"}, "Α\nΒ"),
        (ROLES, {"f.partner": "on", "f.lead": "on"}, ["lead", "partner"]),
        (COUNTRIES, {"f.GR": "on", "f.CY": "on"}, ["CY", "GR"]),
        (THEMES, {"f.water": "on"}, ["water"]),
        (ORGANISATION, {"f": "chios"}, "chios"),
        (NUMBER, {"f": "100"}, 100),
        (MONEY, {"f": "1.200.000 €"}, 1_200_000),
        (MONEY, {"f": "1,200,000"}, 1_200_000),
        (MONEY, {"f": "€ 950"}, 950),
        (PERCENT, {"f": "79,5 %"}, 79.5),
        (PERCENT, {"f": "80.0"}, 80),
        (DAY, {"f": "2027-03-28"}, "2027-03-28"),
        (LINKS, {"f": "https://example.org/α\n\nhttps://example.org/α\n"}, ["https://example.org/α"]),
        (
            TABLE,
            {"f.3.name": "Κιλά", "f.1.name": "Τόνοι", "f.1.unit": "t"},
            [{"name": "Τόνοι", "unit": "t"}, {"name": "Κιλά"}],
        ),
    ],
)
def test_a_form_is_read_into_one_value_that_fills_it_again(field: Field, sent: Mapping[str, str], kept: Any) -> None:
    assert field.read(sent) == kept
    assert field.read(field.write(kept)) == kept
    assert field.check(json.loads(json.dumps(kept))) == kept, "a program sends what it is answered"
    assert field.read({}) is None
    assert field.read(dict.fromkeys(sent, " " if not isinstance(field, Choices | Countries | Themes) else "")) is None


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (LINE, "α" * 11, "too_long"),
        (LINE, "α" * 10**6, "too_long"),
        (LINE, "α\u0000", "bad_characters"),
        (LINE, "α\ud800", "bad_characters"),
        (LINE, "\u202eα", "bad_characters"),
        (TEXT, "α" + "\u0301" * 40, "bad_characters"),
        (LINE, "\u200b", "required"),
        (LINE, 7, "bad_value"),
        (LINE, ["α"], "bad_value"),
        (TEXT, {"α": 1}, "bad_value"),
        (ROLES, ["king"], "unknown"),
        (ROLES, "lead", "bad_value"),
        (ROLES, [["lead"]], "bad_value"),
        (ROLES, [], "required"),
        (COUNTRIES, ["US"], "unknown"),
        (COUNTRIES, ["GR"] * 101, "too_many"),
        (THEMES, ["../water"], "unknown"),
        (ORGANISATION, "chios' OR true", "unknown"),
        (ORGANISATION, 1, "unknown"),
        (NUMBER, 0, "out_of_range"),
        (NUMBER, 101, "out_of_range"),
        (NUMBER, "1e2", "out_of_range"),
        (NUMBER, True, "out_of_range"),
        (NUMBER, "٣", "out_of_range"),
        (NUMBER, "9" * 400, "out_of_range"),
        (MONEY, "1.20", "out_of_range"),
        (MONEY, -1, "out_of_range"),
        (PERCENT, "101", "bad_percent"),
        (PERCENT, "NaN", "bad_percent"),
        (PERCENT, float("nan"), "bad_percent"),
        (PERCENT, "1.234", "bad_percent"),
        (DAY, "28/3/2027", "bad_date"),
        (DAY, "2027-02-30", "bad_date"),
        (DAY, "9999-01-01", "bad_date"),
        (DAY, 20270328, "bad_date"),
        (INSTANT, "2027-03-28T15:00", "bad_time"),
        (INSTANT, "0001-01-01T00:00:00+14:00", "bad_date"),
        (INSTANT, {"at": "2027-03-28T15:00:00Z", "zone": "Mars/Olympus"}, "bad_zone"),
        (INSTANT, {"at": "2027-03-28T15:00:00Z", "zone": ["x"]}, "bad_zone"),
        (INSTANT, {"at": "soon", "zone": "Europe/Athens"}, "bad_time"),
        (INSTANT, {"when": "2027"}, "bad_time"),
        (INSTANT, {"local": "2027-03-28T03:30", "zone": "Europe/Athens"}, "no_such_time"),
        (INSTANT, {"local": "2027-03-28T02:30", "zone": "Europe/Brussels"}, "no_such_time"),
        (LINKS, ["javascript:alert(1)"], "bad_link"),
        (LINKS, ["//example.org"], "bad_link"),
        (LINKS, ["https://"], "bad_link"),
        (LINKS, ["https://user:secret@example.org"], "bad_link"),
        (LINKS, ["https://[::1"], "bad_link"),
        (LINKS, ["https://example.org/ a"], "bad_link"),
        (LINKS, ["https://example.org"] * 11, "too_many"),
        (LINKS, "https://example.org", "bad_value"),
        (TABLE, [{"name": "α", "more": "β"}], "bad_value"),
        (TABLE, [{"unit": "t"}], "incomplete_row"),
        (TABLE, [{"name": "α"}] * 4, "too_many"),
        (TABLE, ["α"], "bad_value"),
        (TABLE, [{"name": {"α": 1}}], "bad_value"),
    ],
)
def test_what_a_field_does_not_take_is_told_by_a_code(field: Field, value: object, code: str) -> None:
    with pytest.raises(Fault) as raised:
        field.check(value)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        ("Europe/Brussels", "2027-03-27T17:00", "2027-03-27T16:00:00Z"),
        ("Europe/Brussels", "2027-03-28T17:00", "2027-03-28T15:00:00Z"),
        ("Europe/Athens", "2027-03-28T02:59", "2027-03-28T00:59:00Z"),
        ("Europe/Athens", "2027-03-28T04:00", "2027-03-28T01:00:00Z"),
        ("Asia/Nicosia", "2027-03-28T04:00", "2027-03-28T01:00:00Z"),
        ("Europe/Brussels", "2027-10-30T17:00", "2027-10-30T15:00:00Z"),
        ("Europe/Brussels", "2027-10-31T17:00", "2027-10-31T16:00:00Z"),
        ("Europe/Athens", "2027-10-31T03:30", "2027-10-31T00:30:00Z"),
        ("Asia/Nicosia", "2027-10-31T03:30", "2027-10-31T00:30:00Z"),
        ("Asia/Nicosia", "2027-10-31T04:00", "2027-10-31T02:00:00Z"),
    ],
)
def test_a_deadline_is_meant_by_the_clocks_of_its_zone_also_when_they_change(
    zone: str, local: str, instant: str
) -> None:
    day, time = local.split("T")
    kept = INSTANT.read({"f": day, "f.time": time, "f.zone": zone})
    assert kept == {"at": instant, "zone": zone}
    assert INSTANT.write(kept) == {"f": day, "f.time": time, "f.zone": zone}
    assert INSTANT.check(kept) == kept


def test_a_deadline_without_a_time_is_when_calls_close_in_brussels() -> None:
    assert INSTANT.read({"f": "2027-01-15"}) == {"at": "2027-01-15T16:00:00Z", "zone": "Europe/Brussels"}
    assert INSTANT.read({"f": "2027-01-15T10:00", "f.zone": "Europe/Athens"}) == {
        "at": "2027-01-15T08:00:00Z",
        "zone": "Europe/Athens",
    }
    assert INSTANT.check("2027-01-15T18:00:00+02:00")["at"] == "2027-01-15T16:00:00Z"


CALL = {
    "type": "call",
    "programme": "LIFE",
    "summary": "Νερό",
    "deadline": "2027-01-15T16:00:00Z",
    "contact": "Γραφείο Βρυξελλών",
}


def test_what_holds_between_fields_is_told_at_the_one_to_correct_and_names_the_other() -> None:
    proposal = kinds.of("proposal")
    assert proposal.check(CALL)["deadline"]["zone"] == "Europe/Brussels", "the premise"
    wrong = CALL | {
        "partners_min": 4,
        "partners_max": 2,
        "grant_min": 5,
        "grant_max": 5,
        "interest_deadline": "2027-02-01T10:00:00Z",
        "opens_on": "2027-01-01",
    }
    with pytest.raises(Invalid) as raised:
        proposal.check(wrong)
    assert raised.value.fields == {"partners_max": ("out_of_order",), "interest_deadline": ("too_late",)}
    told = {name: problems.field_sentence(translator("el"), codes[0]) for name, codes in raised.value.fields.items()}
    assert told["partners_max"].endswith("προγενέστερη από το πεδίο «Απαιτούμενοι εταίροι, τουλάχιστον».")
    assert told["interest_deadline"].endswith("μεταγενέστερη από το πεδίο «Προθεσμία».")


def test_all_faults_of_a_form_are_told_at_once() -> None:
    with pytest.raises(Invalid) as raised:
        kinds.of("proposal").read({"type": "call", "deadline": "tomorrow", "grant_max": "much"})
    assert raised.value.fields == {
        "programme": ("required",),
        "summary": ("required",),
        "contact": ("required",),
        "deadline": ("bad_date",),
        "grant_max": ("out_of_range",),
    }


def test_a_program_sends_no_state_and_no_field_of_another_kind() -> None:
    with pytest.raises(Invalid) as raised:
        kinds.of("proposal").check(CALL | {"state": "funded", "teaser": "x", "__proto__": 1})
    assert raised.value.fields == dict.fromkeys(("state", "teaser", "__proto__"), ("not_expected",))


def test_a_topic_is_found_by_the_words_of_its_fields_and_by_no_code() -> None:
    words = kinds.of("proposal").words(CALL | {"requirements": "Άδεια υδροληψίας", "countries": ["GR"]})
    assert "LIFE" in words
    assert "Άδεια υδροληψίας" in words
    assert not {"call", "GR"} & set(words.split())


@pytest.mark.parametrize("kind", kinds.KINDS.values(), ids=lambda kind: kind.code)
def test_a_kind_is_said_whole(kind: kinds.Kind) -> None:
    names = [field.name for field in kind]
    assert len(names) == len(set(names))
    assert not set(names) & {"title", "body", "tags", "kind", "internal", "action", "place", "writer", "csrf_token"}
    assert {*kind.columns, *kind.filters} <= set(names)
    assert not kind.lead or kind.field(kind.lead).is_required
    assert bool(kind.first_state) == ("state" in names)
    assert kind.sort == "activity" or kind.field("deadline").is_required
    assert kind.code in KINDS
    json.dumps(kind.schema())
    assert all(field.label and field.name.isascii() for field in kind)


def test_every_category_takes_discussions_and_offers_its_own_kinds_first() -> None:
    assert [kind.code for kind in kinds.offered(["discussion", "proposal"])] == ["proposal", "discussion"]
    assert [kind.code for kind in kinds.offered(["discussion", "question", "consultation"])] == [
        "discussion",
        "question",
    ]
    assert [kind.code for kind in kinds.offered(["guide"])] == ["guide"]
    assert [kind.code for kind in kinds.offered([])] == ["discussion"]
    assert kinds.is_offered("discussion", ["guide"])
    assert not kinds.is_offered("proposal", ["guide"])
    assert not kinds.is_offered("circular", ["circular"]), "it has no form yet"
