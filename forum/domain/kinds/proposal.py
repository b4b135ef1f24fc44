"""Proposals: calls, searches for partners and offers of cooperation. Source: CATALOGUE, “Kinds of topic”."""

from __future__ import annotations

from typing import Final

from forum.domain.kinds.fields import (
    Choice,
    Choices,
    Countries,
    Day,
    Instant,
    Line,
    Links,
    Money,
    Number,
    Organisation,
    Percent,
    Text,
    Themes,
)
from forum.domain.kinds.kind import Kind, Section
from forum.domain.kinds.rules import in_order, until
from forum.i18n import mark

TYPES: Final = (
    ("call", mark("Call")),
    ("partner_search", mark("Partner search")),
    ("offer", mark("Offer of cooperation")),
)

ROLES: Final = (
    ("lead", mark("Lead")),
    ("partner", mark("Project partner")),
    ("associate", mark("Associate partner")),
    ("observer", mark("Observer")),
)

STATES: Final = (
    ("open", mark("Still open")),
    ("consortium_complete", mark("Consortium complete")),
    ("submitted", mark("Submitted")),
    ("funded", mark("Funded")),
    ("rejected", mark("Not funded")),
    ("withdrawn", mark("Withdrawn")),
)

MOVES: Final = {
    "open": ("consortium_complete", "withdrawn"),
    "consortium_complete": ("submitted", "withdrawn", "open"),
    "submitted": ("funded", "rejected", "withdrawn", "consortium_complete"),
    "funded": ("submitted",),
    "rejected": ("submitted",),
    "withdrawn": ("open", "consortium_complete", "submitted"),
}
"""Which states may follow each: onwards first, and the way back for who went too far."""

PROPOSAL: Final = Kind(
    code="proposal",
    name=mark("Proposal"),
    plural=mark("Proposals"),
    new=mark("New proposal"),
    about=mark(
        "A European call, a search for partners or an offer of cooperation. Others find it by its deadline and its themes, and their organisations express interest on its page."
    ),
    icon="handshake",
    title_hint=mark("What it is about, in words that a colleague would search for."),
    body="optional",
    body_label=mark("Further description"),
    lead="summary",
    first_state="open",
    columns=("type", "programme", "deadline"),
    filters=("type", "programme", "themes", "countries", "roles", "state"),
    sort="deadline",
    rules=(
        in_order(
            ("opens_on", "deadline"),
            ("grant_min", "grant_max"),
            ("partners_min", "partners_max"),
        ),
        until("interest_deadline", "deadline"),
    ),
    sections=(
        Section(
            title=mark("What it is about"),
            fields=(
                Choice(name="type", label=mark("Type"), options=TYPES, is_required=True),
                Line(
                    name="programme",
                    label=mark("Programme"),
                    hint=mark("For example CERV, Interreg Euro-MED or LIFE."),
                    limit=120,
                    is_required=True,
                ),
                Line(name="call", label=mark("Call identifier"), hint=mark("As the call writes it."), limit=120),
                Text(
                    name="summary",
                    label=mark("Summary"),
                    hint=mark("In at most 300 characters: it stands in lists and letters."),
                    limit=300,
                    is_required=True,
                ),
                Themes(name="themes", label=mark("Themes")),
                Choice(name="state", label=mark("State"), options=STATES, is_typed=False),
            ),
        ),
        Section(
            title=mark("Dates"),
            fields=(
                Day(name="opens_on", label=mark("Opens on")),
                Instant(
                    name="deadline",
                    label=mark("Deadline"),
                    hint=mark("Calls of the European Union close at 17:00 in Brussels."),
                    is_required=True,
                ),
                Instant(
                    name="interest_deadline",
                    label=mark("Deadline for expressions of interest"),
                    hint=mark("Until when organisations can say here that they want to take part."),
                ),
                Number(
                    name="duration",
                    label=mark("Duration in months"),
                    said=mark("Duration"),
                    least=1,
                    most=240,
                    unit="months",
                ),
            ),
        ),
        Section(
            title=mark("Money"),
            fields=(
                Money(name="budget", label=mark("Total budget in euros"), said=mark("Total budget")),
                Money(name="grant_min", label=mark("Smallest grant in euros"), said=mark("Smallest grant")),
                Money(name="grant_max", label=mark("Largest grant in euros"), said=mark("Largest grant")),
                Percent(
                    name="cofinancing",
                    label=mark("Co-financing in per cent"),
                    said=mark("Co-financing"),
                    hint=mark("The share of the costs that the programme pays."),
                ),
            ),
        ),
        Section(
            title=mark("Partners sought"),
            fields=(
                Organisation(
                    name="lead",
                    label=mark("Lead organisation"),
                    hint=mark("It answers the expressions of interest. Left open, the author's organisation does."),
                ),
                Choices(name="roles", label=mark("Roles sought"), options=ROLES),
                Countries(
                    name="countries",
                    label=mark("Eligible countries"),
                    hint=mark("None chosen means every member state."),
                ),
                Number(
                    name="partners_min",
                    label=mark("Partners needed, at least"),
                    hint=mark("The lead included."),
                    least=1,
                    most=200,
                ),
                Number(name="partners_max", label=mark("Partners needed, at most"), least=1, most=200),
                Number(name="countries_min", label=mark("Countries needed, at least"), least=1, most=27),
                Text(name="requirements", label=mark("Requirements"), limit=5000),
            ),
        ),
        Section(
            title=mark("Contact"),
            fields=(
                Line(
                    name="contact",
                    label=mark("Contact"),
                    said=mark("For questions"),
                    hint=mark("Name, e-mail or telephone of whoever answers questions."),
                    limit=254,
                    is_required=True,
                ),
                Links(name="links", label=mark("Links"), hint=mark("One address a line, at most ten.")),
            ),
        ),
    ),
)
