"""Texts of words and sentences alone are not parsed: what comes out is to the letter what parsing them gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.markup.rendering import SIMPLE_LIMIT, render, simple

ORDINARY = (
    "Καλησπέρα σας, στον δήμο μας κάναμε το ίδιο πριν από δύο χρόνια. Το κόστος ήταν περίπου 40 ευρώ.\n\n"
    "Η απόσβεση ήρθε σε τρία χρόνια (62% λιγότερη κατανάλωση)· όποιος θέλει τη μελέτη, ας μου γράψει.\n"
    "Με εκτίμηση"
)


def test_an_ordinary_reply_is_simple() -> None:
    assert simple(ORDINARY) == render(ORDINARY)


@given(st.text(alphabet="aΑβώ 1.,;!?()-/\n\nwW·«»…’–%ς", min_size=1, max_size=40))
def test_what_is_taken_for_simple_comes_out_as_if_parsed(source: str) -> None:
    found = simple(source)
    assert found is None or found == render(source)


@given(st.text(min_size=1, max_size=30))
def test_so_does_any_text(source: str) -> None:
    found = simple(source)
    assert found is None or found == render(source)


@pytest.mark.parametrize(
    "source",
    [
        "**α**",
        "<b>",
        "- α",
        "1. α",
        "α\n---",
        "α\n===",
        "www.example.org",
        "α//β",
        "@Μαρία",
        ":smile:",
        "# α",
        "α  \nβ",
        "> α",
        "α|β",
        "`α`",
        "&amp;",
        "α\\",
        "    α",
        "α" * (SIMPLE_LIMIT + 1),
        "\n",
        "",
    ],
)
def test_what_may_mean_something_is_left_to_the_parser(source: str) -> None:
    assert simple(source) is None
