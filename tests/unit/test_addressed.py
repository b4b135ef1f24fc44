"""Whom a text is addressed to is read from what the renderer made of it, and from nothing else."""

from __future__ import annotations

import pytest

from forum.domain.addressed import LIMIT, Addressed, find
from forum.i18n import languages, translator
from forum.markup import Known, render

KNOWN = Known({"Νίκος": (12, "Νίκος Καραντώνης"), "Μαρία": (7, "Μαρία")}, {}, frozenset({"region-cyprus"}))


def _of(source: str) -> Addressed:
    return find(render(source, KNOWN).html)


def test_members_and_groups_are_found_once_and_in_order() -> None:
    assert _of("@Μαρία, @Νίκος και @Μαρία: ρωτά το @region-cyprus.") == Addressed((7, 12), ("region-cyprus",), ())


@pytest.mark.parametrize(
    "source",
    [
        "`@Νίκος` και `@region-cyprus`",
        "```\n@Νίκος @region-cyprus\n```",
        '<a class="mention" href="/members/12">x</a> <span class="mention">@region-north-aegean</span>',
        "[x](/members/12) @Άγνωστος @region-north-aegean nikos@Νίκος",
    ],
)
def test_what_is_code_typed_html_or_nobody_is_addressed_to_nobody(source: str) -> None:
    assert not _of(source)


def test_a_group_stands_marked_and_leads_nowhere() -> None:
    assert render("@region-cyprus", KNOWN).html == '<p><span class="mention">@region-cyprus</span></p>'


@pytest.mark.parametrize("language", languages())
def test_a_quotation_is_found_in_every_language(language: str) -> None:
    head = translator(language).gettext("%(name)s, post %(number)s:") % {"name": r"**Α\_Β & Γ**", "number": "31"}
    assert _of(f"> {head}\n>\n> Με ακουστικά όργανα.\n\nΠώς;") == Addressed((), (), (31,))


@pytest.mark.parametrize(
    "source",
    [
        "**Νίκος**, ανάρτηση 3:\n\nχωρίς παράθεση",
        "> Νίκος, ανάρτηση 3:\n>\n> χωρίς έντονα",
        "> **Νίκος**, ανάρτηση 0:\n> μηδέν",
        "> Κείμενο\n>\n> **Νίκος**, ανάρτηση 3:",
        "`> **Νίκος**, ανάρτηση 3:`",
    ],
)
def test_what_only_resembles_a_quotation_is_none(source: str) -> None:
    assert _of(source).post_numbers == ()


def test_a_mention_inside_a_quotation_is_one_too() -> None:
    assert _of("> **Νίκος**, ανάρτηση 2:\n>\n> Ρωτήστε τη @Μαρία.") == Addressed((7,), (), (2,))


def test_an_edit_is_news_only_to_whom_it_adds() -> None:
    before, after = _of("@Νίκος"), _of("> **Α**, ανάρτηση 1:\n>\n> Ναι\n\n@Νίκος @Μαρία @region-cyprus")
    assert after - before == Addressed((7,), ("region-cyprus",), ())
    assert not before - after
    assert not after - after


def test_no_text_reaches_more_than_so_many() -> None:
    known = Known({f"Ν{number}": (number, "Ν") for number in range(1, LIMIT + 10)})
    found = find(render(" ".join(f"@{name}" for name in known.mentions), known).html)
    assert found.member_ids == tuple(range(1, LIMIT + 1))
