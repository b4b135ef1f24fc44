"""Texts of words, stress and plain lists are not parsed: what comes out is to the letter what parsing them gives."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forum.markup import simple
from forum.markup.rendering import render
from tests.lengths import IS_AUDIT

ORDINARY = (
    "Καλησπέρα σας, στον δήμο μας κάναμε το ίδιο πριν από δύο χρόνια. Το κόστος ήταν περίπου 40 ευρώ.\n\n"
    "Η απόσβεση ήρθε σε τρία χρόνια (62% λιγότερη κατανάλωση)· όποιος θέλει τη μελέτη, ας μου γράψει.\n"
    "Με εκτίμηση",
    "Δύο σημεία θα θέλαμε να διευκρινιστούν: **ποιος** αναλαμβάνει τη συντήρηση μετά το πρώτο έτος, και *πότε*.",
    "Χρειάζονται:\r\n\r\n- μελέτη, **πρωτότυπη**\r\n- άδεια της Περιφέρειας\r\n\r\nΡωτήστε μας ως τις 14:30.",
    "1. Απόφαση του συμβουλίου\n2. Αίτηση (έως 30.000 €)\n3. Έλεγχος",
    "* Ψήφιση\n* Έγκριση",
    'Thanks, that\'s what the "Brussels office" said: R&D & training = 40 % of 1.5 million.',
    "Τα **κόστη** ήταν *πολύ* μικρότερα. Όλα **καλά**!",
    "Μια ώρα αργότερα… «έτοιμο» – είπαν — και έτσι ήταν· ή όχι;",
    "Señor Müller, à bientôt & merci.",
)
"""As members write."""

_PIECES = st.sampled_from(
    [
        *("α", "Ώρα", "aW", "www.", "é", "5", "12", " ", " ", " ", "\n", "\n", "\n\n", "\r\n", "\t"),
        *("*", "**", "*", "**", "***", "- ", "* ", "-", "+ ", "1. ", "2. ", "1) ", "3. ", "10. ", "1.", "# ", "> "),
        *(
            ".",
            ",",
            ":",
            ":",
            ";",
            "·",
            "!",
            "?",
            "(",
            ")",
            "«",
            "»",
            '"',
            "'",
            "&",
            "&amp;",
            "&lt",
            "&",
            "/",
            "//",
            "=",
            "===",
        ),
        *("--", "---", "–", "…", "%", "€", "_", "`", "<b>", "[α](β)", "[x] ", "|", "\\", "~~", "@α", ":smile:", "°"),
        *("**α**", "*α β*", "**α, β** γ", "\n- α\n- β", "\n\n1. α\n2. β\n\n", "\n\n* α\n* **β**\n\n", "  ", "    "),
    ]
)


@pytest.mark.parametrize("source", ORDINARY)
def test_an_ordinary_reply_is_simple(source: str) -> None:
    assert simple.render(source) == render(source)


@settings(max_examples=1500 if IS_AUDIT else 300)
@given(st.lists(_PIECES, min_size=1, max_size=14).map("".join))
@example("**α**\n**β** *γ*δ")
@example("- α\n\n- β")
@example("α\n- β")
@example("- 1. α")
@example("- + α")
@example("**α\nβ**")
@example("*α* *β* γ*")
@example("α&β")
@example("1. α\n1. β")
def test_what_is_taken_for_simple_comes_out_as_if_parsed(source: str) -> None:
    found = simple.render(source)
    assert found is None or found == render(source)


@given(st.text(min_size=1, max_size=30))
def test_so_does_any_text(source: str) -> None:
    found = simple.render(source)
    assert found is None or found == render(source)


@pytest.mark.parametrize(
    "source",
    [
        "<b>",
        "- α\nβ",
        "- α\n  - β",
        "2. α",
        "- [x] α",
        "**α",
        "5*3*2",
        "***α***",
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
        "α" * (simple.LIMIT + 1),
        "\n",
        "",
    ],
)
def test_what_may_mean_something_is_left_to_the_parser(source: str) -> None:
    assert simple.render(source) is None
