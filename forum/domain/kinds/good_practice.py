"""Good practices: finished projects that others can repeat. Source: CATALOGUE, “Kinds of topic”."""

from __future__ import annotations

from typing import Final

from forum.domain.kinds.fields import Choice, Column, Day, Line, Links, Organisation, Table, Text, Themes
from forum.domain.kinds.kind import Kind, Section
from forum.domain.kinds.rules import in_order
from forum.i18n import mark

STATES: Final = (
    ("submitted", mark("Submitted")),
    ("returned", mark("Returned with reasons")),
    ("validated", mark("Validated")),
)
"""A draft is nobody's but its author's, so it has no topic yet and no state."""

GOOD_PRACTICE: Final = Kind(
    code="good_practice",
    name=mark("Good practice"),
    plural=mark("Good practices"),
    new=mark("New good practice"),
    about=mark(
        "A finished project, told so that a municipality with less experience can repeat it: the problem, what was done, what it cost, what it brought and what did not work."
    ),
    submit=mark("Submit for validation"),
    wait=mark(
        "It waits for its validation. Meanwhile everybody who may read the category sees it, as not yet validated."
    ),
    icon="lightbulb",
    title_limit=100,
    title_hint=mark("What was achieved, in at most 100 characters."),
    body="optional",
    body_label=mark("Further description"),
    lead="teaser",
    first_state="submitted",
    columns=("owner", "themes", "state"),
    filters=("owner", "themes", "state"),
    rules=(in_order(("from_day", "to_day")),),
    sections=(
        Section(
            title=mark("In short"),
            fields=(
                Text(
                    name="teaser",
                    label=mark("Teaser"),
                    hint=mark("In at most 300 characters: why another municipality should read on."),
                    limit=300,
                    is_required=True,
                ),
                Organisation(name="owner", label=mark("Municipality"), is_municipality=True, is_required=True),
                Themes(name="themes", label=mark("Themes")),
                Day(name="from_day", label=mark("Began on")),
                Day(name="to_day", label=mark("Ended on")),
                Choice(name="state", label=mark("State"), options=STATES, is_typed=False),
            ),
        ),
        Section(
            title=mark("What was done"),
            fields=(
                Text(name="problem", label=mark("The problem"), is_required=True),
                Text(name="solution", label=mark("The solution"), is_required=True),
                Text(
                    name="resources",
                    label=mark("Resources"),
                    hint=mark("What it cost, who worked on it, and where the money came from."),
                    is_required=True,
                ),
            ),
        ),
        Section(
            title=mark("What it brought"),
            fields=(
                Table(
                    name="indicators",
                    label=mark("Results in figures"),
                    hint=mark("At least one: what was measured, before and after, and in what unit."),
                    columns=(
                        Column(name="name", label=mark("What was measured"), limit=120),
                        Column(name="before", label=mark("Before"), limit=40),
                        Column(name="after", label=mark("After"), limit=40),
                        Column(name="unit", label=mark("Unit"), limit=40),
                    ),
                    rows=12,
                    is_required=True,
                ),
                Text(name="difficulties", label=mark("Difficulties, and what did not work")),
                Text(
                    name="transfer",
                    label=mark("What others need to repeat it"),
                    hint=mark("The preconditions, and what can be taken over as it is."),
                    is_required=True,
                ),
            ),
        ),
        Section(
            title=mark("Source and contact"),
            fields=(
                Line(name="programme", label=mark("Programme"), hint=mark("Which paid for it, if any."), limit=120),
                Links(name="links", label=mark("Links"), hint=mark("One address a line, at most ten.")),
                Line(
                    name="contact",
                    label=mark("Contact"),
                    said=mark("For questions"),
                    hint=mark("Name, e-mail or telephone of whoever answers questions."),
                    limit=254,
                    is_required=True,
                ),
            ),
        ),
    ),
)
