"""What changes in the accessibility statement: its dates, what was tested and how, and what is known to be missing.

Whoever reviews the forum sets REVIEWED_ON and mends the lists here, in both languages; the words around them are
`el/accessibility.md` and `en/accessibility.md`. Source: Commission Implementing Decision (EU) 2018/1523, annex.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from forum.i18n import Language

SLUG: Final = "accessibility"

PREPARED_ON: Final = date(2026, 11, 23)
REVIEWED_ON: Final = date(2026, 11, 26)
"""The day of the last review; the decision asks for one every year."""


@dataclass(frozen=True, slots=True)
class Text:
    el: str
    en: str

    def of(self, language: Language) -> str:
        return {"el": self.el, "en": self.en}[language]


METHODS: Final = (
    Text(
        "Αυτόματος έλεγχος κάθε είδους σελίδας με το εργαλείο axe, με τους κανόνες των WCAG 2.0, 2.1 και 2.2, επίπεδα "
        "Α και ΑΑ, στα ελληνικά και στα αγγλικά, σε φωτεινές και σε σκούρες σελίδες, σε κάθε αλλαγή του προγράμματος.",
        "An automatic check of every kind of page with the tool axe, by the rules of WCAG 2.0, 2.1 and 2.2, levels A "
        "and AA, in Greek and in English, on light and on dark pages, at every change of the program.",
    ),
    Text(
        "Δοκιμή των βασικών λειτουργιών μόνο με το πληκτρολόγιο και χωρίς JavaScript.",
        "A trial of the main tasks with the keyboard alone and without JavaScript.",
    ),
    Text(
        "Έλεγχος της αντίθεσης των χρωμάτων, της διάταξης σε στενή οθόνη και της μεγέθυνσης του κειμένου.",
        "A check of the contrast of colours, of the layout on a narrow screen and of enlarged text.",
    ),
    Text(
        "Πρόγραμμα περιήγησης των δοκιμών: Chromium.",
        "Browser of the tests: Chromium.",
    ),
)

LIMITS: Final = (
    Text(
        "Τα κείμενα των αναρτήσεων τα γράφουν τα μέλη. Μπορεί να περιέχουν πίνακες χωρίς επικεφαλίδες, ασαφείς "
        "συνδέσμους ή αποσπάσματα σε άλλη γλώσσα (κριτήρια 1.3.1, 2.4.4 και 3.1.2).",
        "Members write the texts of posts. These may contain tables without headings, unclear links or passages in "
        "another language (criteria 1.3.1, 2.4.4 and 3.1.2).",
    ),
    Text(
        "Δεν έχει γίνει ακόμη δοκιμή από χρήστες υποστηρικτικών τεχνολογιών, όπως προγραμμάτων ανάγνωσης οθόνης. "
        "Μπορεί, επομένως, να υπάρχουν εμπόδια που δεν γνωρίζουμε.",
        "Users of assistive technologies, such as screen readers, have not tested the forum yet, so there may be "
        "barriers we do not know of.",
    ),
    Text(
        "Στα προγράμματα περιήγησης Firefox και Safari δεν έχει γίνει ακόμη συστηματική δοκιμή.",
        "The browsers Firefox and Safari have not been tested systematically yet.",
    ),
)


def filled(source: str, language: Language) -> str:
    """Return the statement's words with the dates and lists in place of `{prepared}`, `{reviewed}` and the like."""
    values = {
        "prepared": f"{PREPARED_ON:%d/%m/%Y}",
        "reviewed": f"{REVIEWED_ON:%d/%m/%Y}",
        "methods": _listed(METHODS, language),
        "limits": _listed(LIMITS, language),
    }
    return source.format(**values)


def _listed(texts: tuple[Text, ...], language: Language) -> str:
    return "\n".join(f"- {text.of(language)}" for text in texts)
