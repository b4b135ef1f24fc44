"""Sentences, dates, numbers, language choice and the fold."""

from __future__ import annotations

import datetime as dt
import unicodedata
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment

from forum import i18n
from forum.db import RawConnection
from forum.i18n import LANGUAGES, Language, fold, negotiate, translator, zones

ATHENS = ZoneInfo("Europe/Athens")
BRUSSELS = ZoneInfo("Europe/Brussels")
NOW = dt.datetime(2026, 11, 23, 16, 0, tzinfo=dt.UTC)


def ago(**duration: float) -> dt.datetime:
    return NOW - dt.timedelta(**duration)


def test_a_process_has_one_translator_for_each_language() -> None:
    assert translator("el") is translator("el")
    assert [translator(language).language for language in LANGUAGES] == ["el", "en"]


def test_a_sentence_is_shown_in_the_readers_language() -> None:
    assert translator("el").gettext("just now") == "μόλις τώρα"
    assert translator("en").gettext("just now") == "just now"


def test_a_sentence_nobody_translated_is_shown_as_it_is() -> None:
    assert translator("el").gettext("never said in the forum") == "never said in the forum"
    assert translator("el").gettext("") == ""


def test_placeholders_are_filled_only_when_values_are_given() -> None:
    greek = translator("el")
    assert greek.gettext("today, %(time)s", time="08:12") == "σήμερα, 08:12"
    assert greek.gettext("today, %(time)s") == "σήμερα, %(time)s"
    assert greek.gettext("100 %") == "100 %"


@pytest.mark.parametrize(
    ("language", "n", "expected"),
    [
        ("el", 0, "πριν από 0 λεπτά"),
        ("el", 1, "πριν από 1 λεπτό"),
        ("el", 2000, "πριν από 2.000 λεπτά"),
        ("en", 1, "1 minute ago"),
        ("en", 2000, "2,000 minutes ago"),
    ],
)
def test_a_plural_counts_with_a_formatted_number(language: Language, n: int, expected: str) -> None:
    assert translator(language).ngettext("%(n)s minute ago", "%(n)s minutes ago", n) == expected


def test_a_plural_takes_other_values_too() -> None:
    sentence = translator("en").ngettext("%(n)s post by %(name)s", "%(n)s posts by %(name)s", 1200, name="Μ. Χ.")
    assert sentence == "1,200 posts by Μ. Χ."


@pytest.mark.parametrize("newstyle", [False, True])
def test_templates_escape_values_and_count_with_formatted_numbers(newstyle: bool) -> None:
    greek = translator("el")
    environment = Environment(
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        loader=DictLoader(
            {
                "call": '{{ _("today, %(time)s", time=value) }}',
                "block": "{% trans time=value %}today, {{ time }}{% endtrans %}",
                "plural": "{% trans n=count %}{{ n }} minute ago{% pluralize %}{{ n }} minutes ago{% endtrans %}",
            }
        ),
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        greek.gettext, greek.ngettext, newstyle=newstyle
    )
    assert environment.get_template("call").render(value="<b>") == "σήμερα, &lt;b&gt;"
    assert environment.get_template("block").render(value="<b>") == "σήμερα, &lt;b&gt;"
    assert environment.get_template("plural").render(count=1200) == "πριν από 1.200 λεπτά"


@pytest.mark.parametrize("language", LANGUAGES)
def test_dates_are_written_day_first_in_both_languages(language: Language) -> None:
    eve = dt.datetime(2026, 12, 31, 22, 30, tzinfo=dt.UTC)
    assert translator(language).date(eve, BRUSSELS) == "31/12/2026"
    assert translator(language).date(eve, ATHENS) == "01/01/2027"
    assert translator(language).date(dt.date(2026, 2, 3), ATHENS) == "03/02/2026"
    assert translator(language).datetime(eve, ATHENS) == "01/01/2027, 00:30"


def test_an_instant_is_shown_on_the_right_side_of_a_change_of_clocks() -> None:
    greek = translator("el")
    first, second = (dt.datetime(2026, 10, 25, hour, 30, tzinfo=dt.UTC) for hour in (0, 1))
    assert greek.datetime(first, ATHENS) == greek.datetime(second, ATHENS) == "25/10/2026, 03:30"
    assert greek.datetime(dt.datetime(2026, 3, 29, 1, 0, tzinfo=dt.UTC), ATHENS) == "29/03/2026, 04:00"


def test_a_long_date_is_in_words() -> None:
    assert translator("el").long_date(NOW, ATHENS) == "Δευτέρα 23 Νοεμβρίου 2026"
    assert translator("en").long_date(NOW.date(), ATHENS) == "Monday 23 November 2026"


def test_numbers_carry_the_languages_separators() -> None:
    assert [translator("el").number(n) for n in (0, 999, 1234.5, 1234567)] == ["0", "999", "1.234,5", "1.234.567"]
    assert [translator("en").number(n) for n in (0, 999, 1234.5, 1234567)] == ["0", "999", "1,234.5", "1,234,567"]


@pytest.mark.parametrize(
    ("value", "greek", "english"),
    [
        (NOW, "μόλις τώρα", "just now"),
        (ago(seconds=59), "μόλις τώρα", "just now"),
        (ago(seconds=-59), "μόλις τώρα", "just now"),
        (ago(seconds=60), "πριν από 1 λεπτό", "1 minute ago"),
        (ago(minutes=59, seconds=59), "πριν από 59 λεπτά", "59 minutes ago"),
        (ago(hours=1), "σήμερα, 17:00", "today, 17:00"),
        (ago(hours=18), "σήμερα, 00:00", "today, 00:00"),
        (ago(hours=18, seconds=1), "χθες, 23:59", "yesterday, 23:59"),
        (ago(hours=42), "χθες, 00:00", "yesterday, 00:00"),
        (ago(hours=42, seconds=1), "21/11/2026", "21/11/2026"),
        (ago(days=-1), "24/11/2026, 18:00", "24/11/2026, 18:00"),
    ],
)
def test_how_long_ago_an_instant_is(value: dt.datetime, greek: str, english: str) -> None:
    assert translator("el").relative(value, NOW, ATHENS) == greek
    assert translator("en").relative(value, NOW, ATHENS) == english


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        translator("el").datetime(NOW.replace(tzinfo=None), ATHENS)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "el"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("EL-CY", "el"),
        ("fr,de;q=0.9", "el"),
        ("fr,en;q=0.5", "en"),
        ("en;q=0.5,el;q=0.8", "el"),
        ("en;q=0.5, el;q=0.5", "en"),
        ("en;q=0", "el"),
        ("*", "el"),
        ("*;q=0.1,en;q=0.2", "en"),
        ("en;q=9", "el"),
        ("en;q=", "el"),
        ("\x00,\ud800;q=١", "el"),
        ("english", "el"),
        ("-en", "el"),
    ],
)
def test_the_language_a_browser_prefers(header: str, expected: str) -> None:
    assert negotiate(header, "el") == expected


def test_a_browser_that_wants_anything_gets_the_forums_language() -> None:
    assert negotiate("*", "en") == "en"


def test_a_header_is_read_only_so_far() -> None:
    assert negotiate("x," * 499 + "en", "el") == "en"
    assert negotiate("x," * 500 + "en", "el") == "el"


@given(st.text(alphabet="elnq-*;=,. 01\x00é", max_size=2000))
def test_no_header_is_too_strange(header: str) -> None:
    assert negotiate(header, "en") in LANGUAGES


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Λευκωσία", "λευκωσια"),
        ("ΔΗΜΟΣ", "δημοσ"),
        ("Δήμος", "δημοσ"),
        ("Προϋπολογισμός", "προυπολογισμοσ"),
        ("ΐΰΪΫ", "ιυιυ"),
        ("ᾳ ἀρχή", "α αρχη"),
        ("Ωραιόκαστρο", "ωραιοκαστρο"),
        ("Straße Łódź Œuvre Đakovo", "strasse lodz oeuvre dakovo"),
        ("İstanbul Iğdır", "istanbul igdir"),
        ("Çeşme, Năsăud, Århus", "cesme, nasaud, arhus"),
    ],
)
def test_the_fold_takes_accents_capitals_and_final_sigma_away(text: str, key: str) -> None:
    assert fold(text) == key


def test_folded_names_sort_as_the_greek_alphabet_does() -> None:
    names = ["Ύδρα", "Άνδρος", "Αθήνα", "Ζάκυνθος", "Έδεσσα", "Ίος", "Ώραιος", "Όλυμπος", "Ελλάδα", "Σύρος", "Ρόδος"]
    assert sorted(names, key=fold) == [
        "Αθήνα", "Άνδρος", "Έδεσσα", "Ελλάδα", "Ζάκυνθος", "Ίος", "Όλυμπος", "Ρόδος", "Σύρος", "Ύδρα", "Ώραιος",
    ]  # fmt: skip


def test_an_accent_stands_next_to_its_letter_and_latin_names_before_greek_ones() -> None:
    names = ["Βάσω", "άννα", "Αννα", "Άννα", "Zoe", "anna", "Ανναμπέλ", "Éva", "ΒΑΣΩ"]
    assert sorted(names, key=fold) == ["anna", "Éva", "Zoe", "άννα", "Αννα", "Άννα", "Ανναμπέλ", "Βάσω", "ΒΑΣΩ"]


async def test_the_database_sorts_names_as_the_fold_does(owner: RawConnection) -> None:
    names = ["Βάσω", "Άννα Π.", "Αννα Ν.", "Zoe", "Éva", "Ώρα", "Ψηλορείτης", "Ελένη", "Έφη", "Ίων", "Ιωάννα"]
    found = await owner.fetch('SELECT name FROM unnest($1::text[]) AS name ORDER BY fold(name) COLLATE "C"', names)
    assert [row["name"] for row in found] == sorted(names, key=fold)


@pytest.mark.parametrize(
    ("items", "greek", "english"),
    [
        ([], "", ""),
        (["α"], "α", "α"),
        (["α", "β"], "α και β", "α and β"),
        (["α", "β", "γ"], "α, β και γ", "α, β and γ"),
        (["α", "β", "γ", "δ"], "α, β, γ και δ", "α, β, γ and δ"),
    ],
)
def test_a_list_reads_as_within_a_sentence(items: list[str], greek: str, english: str) -> None:
    assert translator("el").join(items) == greek
    assert translator("en").join(iter(items)) == english


async def test_the_fold_is_the_databases_own(owner: RawConnection) -> None:
    letters = [
        letter
        for code in (*range(0x41, 0x180), *range(0x370, 0x400), *range(0x1F00, 0x2000))
        if (letter := unicodedata.normalize("NFC", chr(code))).isalpha()
        and unicodedata.name(letter).startswith(("LATIN", "GREEK"))
        and not unicodedata.name(letter).endswith(("SYMBOL", "SIGN"))
    ]
    assert len(letters) > 500
    texts = [*letters, "ΔΗΜΟΣ ΛΕΥΚΩΣΙΑΣ", "Άγιος Ευστράτιος", "ΟΔΟΣ. ΑΣ'ΒΣ Σ", "Κάστρο-Άστρος", "Α\u0301νδρος"]
    folded = await owner.fetch("SELECT text, fold(text) AS key FROM unnest($1::text[]) AS text", texts)
    assert {row["text"]: row["key"] for row in folded} == {text: fold(text) for text in texts}


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x1FFF)))
def test_what_is_folded_folds_to_itself(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_the_zones_on_offer_begin_with_the_networks_own_and_all_exist() -> None:
    assert zones()[:3] == ("Asia/Nicosia", "Europe/Athens", "Europe/Brussels")
    assert zones()[-1] == "UTC"
    assert len(zones()) == len(set(zones())) == 28, "27 capitals of the EU, and UTC"
    assert [ZoneInfo(name).key for name in zones()] == list(zones())


def test_only_a_zone_on_offer_is_a_zone() -> None:
    assert i18n.is_zone("Asia/Nicosia")
    assert not i18n.is_zone("asia/nicosia")
    assert not i18n.is_zone("../../etc/passwd")


def test_a_zone_is_called_by_its_city() -> None:
    assert [translator("el").zone_name(name) for name in ("Asia/Nicosia", "Europe/Brussels", "UTC")] == [
        "Λευκωσία",
        "Βρυξέλλες",
        "UTC",
    ]
    assert translator("en").zone_name("Europe/Prague") == "Prague"


def test_a_language_is_known_or_not() -> None:
    assert i18n.is_language("el")
    assert not i18n.is_language("fr")


def test_a_marked_sentence_stays_as_it_is() -> None:
    assert i18n.mark("just now") == "just now"
