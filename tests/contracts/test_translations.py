"""Every sentence exists in Greek and English, with equal placeholders and Greek that is spelt with care."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tools import translations
from tools.translations import Sentence, SourceError, greek_faults, sentence_faults

PAGE = """\
{% trans %}
  Welcome to
  the forum.
{% endtrans %}
<p title="{{ _("Last post by %(name)s", name=author) }}">
{% trans n=count %}{{ n }} reply{% pluralize %}{{ n }} replies{% endtrans %}
"""
GREEK: dict[str, str | list[str]] = {
    "Welcome to the forum.": "Καλώς ήρθατε στο φόρουμ.",
    "Last post by %(name)s": "Τελευταία ανάρτηση: %(name)s",
    "%(n)s reply": ["%(n)s απάντηση", "%(n)s απαντήσεις"],
    "Signed out": "Αποσυνδεθήκατε",
    "verb\x04Open": "Ανοίξτε",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A tiny project of the same layout, extracted but not translated."""
    (tmp_path / "forum" / "templates").mkdir(parents=True)
    (tmp_path / "forum" / "templates" / "page.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "forum" / "flash.py").write_text(
        'A = _("Signed out")\nB = pgettext("verb", "Open")\n', encoding="utf-8"
    )
    (tmp_path / "elsewhere.py").write_text('_("Not of the forum")\n', encoding="utf-8")
    shutil.copy(translations.ROOT / "babel.cfg", tmp_path)
    translations.extract(tmp_path)
    return tmp_path


def test_the_forums_catalogues_are_whole_and_sound() -> None:
    assert translations.check() == []


def test_the_forum_says_enough_for_the_check_to_mean_something() -> None:
    assert Sentence("just now") in translations.sentences()


def test_what_templates_and_code_say_is_extracted(project: Path) -> None:
    assert {sentence.key for sentence in translations.sentences(project)} == GREEK.keys()
    assert translations.missing(project).keys() == GREEK.keys()


def test_filled_in_it_has_no_fault_and_stays_the_same_bytes(project: Path) -> None:
    assert translations.fill(GREEK, project) == []
    assert translations.check(project) == []
    assert translations.missing(project) == {}
    files = [
        path(language, project) for path in (translations.po_path, translations.mo_path) for language in ("el", "en")
    ]
    before = [file.read_bytes() for file in files]
    translations.extract(project)
    assert [file.read_bytes() for file in files] == before


def test_what_does_not_fit_is_refused_and_the_rest_filled_in(project: Path) -> None:
    faults = translations.fill({**GREEK, "Nobody says this": "Τίποτα", "%(n)s reply": "%(n)s απάντηση"}, project)
    assert len(faults) == 2
    assert translations.missing(project) == {"%(n)s reply": ["", ""]}


def test_a_missing_translation_is_a_fault(project: Path) -> None:
    translations.fill({key: GREEK[key] for key in GREEK if key != "Signed out"}, project)
    assert translations.check(project) == ["forum/locale/el/LC_MESSAGES/koinon.po: no translation: 'Signed out'"]


def test_a_changed_source_is_a_fault_until_it_is_extracted(project: Path) -> None:
    translations.fill(GREEK, project)
    (project / "forum" / "flash.py").write_text('_("Signed in")\npgettext("verb", "Open")\n', encoding="utf-8")
    faults = translations.check(project)
    assert [fault.split(": ", 1)[1] for fault in faults] == [
        "not extracted yet: 'Signed in'",
        "no longer said anywhere: 'Signed out'",
    ] * 2
    translations.extract(project)
    assert list(translations.missing(project)) == ["Signed in"], "nothing is guessed from a similar sentence"


def test_a_guess_is_a_fault(project: Path) -> None:
    translations.fill(GREEK, project)
    path = translations.po_path("el", project)
    text = path.read_text(encoding="utf-8").replace('msgid "Signed out"', '#, fuzzy\nmsgid "Signed out"')
    path.write_text(text, encoding="utf-8")
    assert any("marked as a guess" in fault for fault in translations.check(project))


def test_a_catalogue_that_was_not_compiled_is_a_fault(project: Path) -> None:
    translations.fill(GREEK, project)
    path = translations.po_path("el", project)
    path.write_text(path.read_text(encoding="utf-8").replace("Αποσυνδεθήκατε", "Έχετε αποσυνδεθεί"), encoding="utf-8")
    assert translations.check(project) == ["forum/locale/el/LC_MESSAGES/koinon.po: not compiled"]
    translations.compile_catalogues(project)
    assert translations.check(project) == []


def test_a_catalogue_that_is_gone_is_a_fault(project: Path) -> None:
    translations.po_path("en", project).unlink()
    assert "forum/locale/en/LC_MESSAGES/koinon.po: missing; run extract" in translations.check(project)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("templates/broken.html", "{% trans %}never ended"),
        ("broken.py", '_("never ended"'),
        ("twice.py", 'ngettext("a", "b", 1); ngettext("a", "c", 1)'),
    ],
)
def test_a_source_that_cannot_be_read_is_named(project: Path, name: str, text: str) -> None:
    (project / "forum" / name).write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=name.replace("templates/", "")):
        translations.sentences(project)
    assert len(translations.check(project)) == 1


def test_the_command_line_tells_faults_by_its_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert translations.main(["check"]) == 0
    assert translations.main(["missing"]) == 0
    assert json.loads(capsys.readouterr().out) == {}
    assert translations.main(["fill", str(tmp_path / "absent.json")]) == 1
    assert "absent.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sentence", "forms", "fault"),
    [
        (Sentence("By %(name)s"), ("Από",), "placeholders differ"),
        (Sentence("By %(name)s"), ("Από %(όνομα)s",), "placeholders differ"),
        (Sentence("By %(name)s"), ("Από %(name)s στα 5%",), "stray %"),
        (Sentence("At 5% of %(n)s"), ("Στο 5%% από %(n)s",), "a placeholder is written"),
        (Sentence("At 5%"), ("Στο 5%%",), "stray %"),
        (Sentence("By %(name"), ("Από",), "a placeholder is written"),
        (Sentence("A <b>word</b>"), ("Μια <b>λέξη",), "tags differ"),
        (Sentence("Who?"), ("Ποιος",), "does not end with ';'"),
        (Sentence("Done."), ("Έγινε",), "does not end with '.'"),
        (Sentence("Name:"), (" Όνομα:",), "space at the ends"),
        (Sentence("%(n)s post", "%(n)s posts"), ("%(n)s ανάρτηση", "αναρτήσεις"), "placeholders differ"),
        (Sentence("%(num)s post", "%(num)s posts"), ("%(num)s ανάρτηση", "%(num)s αναρτήσεις"), "count with %(n)s"),
        (Sentence("One", "Many"), ("Ένα",), "number of plural forms"),
        (Sentence("Θέμα"), ("Θέμα",), "the sources speak English"),
        (Sentence("Topic"), ("",), "no translation"),
    ],
)
def test_a_translation_that_does_not_fit_its_sentence_is_a_fault(
    sentence: Sentence, forms: tuple[str, ...], fault: str
) -> None:
    assert any(fault in found for found in sentence_faults(sentence, forms, is_greek=True))


@pytest.mark.parametrize(
    ("sentence", "forms"),
    [
        (Sentence("%(n)s post", "%(n)s posts"), ("Μία ανάρτηση", "%(n)s αναρτήσεις")),
        (Sentence("At 5%"), ("Στο 5%",)),
        (Sentence("By %(name)s, in the API?"), ("Από %(name)s, στο API;",)),
        (Sentence('See <a href="%(url)s">the help</a>.'), ('Δείτε <a href="%(url)s">τη βοήθεια</a>.',)),
    ],
)
def test_a_translation_that_fits_is_none(sentence: Sentence, forms: tuple[str, ...]) -> None:
    assert list(sentence_faults(sentence, forms, is_greek=True)) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Tο θέμα", "mixes alphabets"),
        ("τo θέμα", "mixes alphabets"),
        ("A και Β", "is in Latin letters"),
        ("νεο θέμα", "has no accent"),
        ("Ελλαδα", "has no accent"),
        ("τής πόλης", "needs no accent"),
        ("νά το", "needs no accent"),
        ("το όνομα σας", "needs a second accent"),
        ("άπαραδεκτοτατα", "accented too early"),
        ("ο δήμοσ", "wrong sigma"),
        ("ο δήμςο", "wrong sigma"),
        ("Ποιος είναι?", "ends with ;"),
        ("το “θέμα”", "« »"),
        ("το θε\u0301μα", "not composed"),
    ],
)
def test_a_slip_in_greek_is_found(text: str, fault: str) -> None:
    assert any(fault in found for found in greek_faults(text))


@pytest.mark.parametrize(
    "text",
    [
        "Το όνομά σας και η άδειά σας, σ’ αυτό το φόρουμ· πού και πώς;",
        "Ό,τι γράψατε ή διαγράψατε: ΔΗΜΟΣ ΛΕΥΚΩΣΙΑΣ, «ρολόι», γάιδαρος, προϊόν, άυλος, για μια πιο ποιοτική λύση",
        "Στείλτε e-mail στο a.b@example.org ή δείτε το https://example.org/?q=1 και το `is_open?`",
        "έπιασε, έφτιαξε, τσάι",
    ],
)
def test_good_greek_is_left_alone(text: str) -> None:
    assert greek_faults(text) == []
