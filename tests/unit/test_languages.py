"""Languages are what the folders hold, and a catalogue alone adds one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from forum import i18n
from forum.config import Config, load
from forum.errors import CommandError
from forum.i18n import catalogues, is_language, languages, negotiate, translator
from tests import pseudo


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield pseudo.make(tmp_path / "languages")
    i18n.speak(None)


def test_the_package_speaks_greek_first_and_english() -> None:
    assert languages() == {"el": "Ελληνικά", "en": "English"}
    assert i18n.LANGUAGES == ("el", "en")


def test_a_catalogue_adds_a_language(folder: Path) -> None:
    assert not is_language(pseudo.CODE)
    i18n.speak(folder)
    assert list(languages().items())[-1] == (pseudo.CODE, pseudo.NAME)
    assert translator(pseudo.CODE).gettext("Sign in") == pseudo.spoken("Sign in")
    assert negotiate("mt-MT, en;q=0.5", "el") == pseudo.CODE
    i18n.speak(None)
    assert not is_language(pseudo.CODE)
    assert negotiate("mt-MT, en;q=0.5", "el") == "en"


def test_who_chose_a_language_that_is_gone_is_answered_in_english() -> None:
    assert translator("mt") is translator("en")


def test_a_third_language_has_plurals_numbers_and_lists(folder: Path) -> None:
    i18n.speak(folder)
    words = translator(pseudo.CODE)
    assert words.ngettext("%(n)s reply", "%(n)s replies", 1) == pseudo.spoken("%(n)s reply").replace("%(n)s", "1")
    assert words.ngettext("%(n)s reply", "%(n)s replies", 1200).startswith("⟦1,200 ŕépłíéš")
    assert words.join(["a", "b", "c"]) == "a, b, u c"


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("maltese", 'name = "Malti"\nterritory = "MT"'),
        ("mt", 'name = "Malti"'),
        ("mt", 'territory = "MT"'),
        ("mt", "name ="),
        ("mt", None),
        ("xx", 'name = "?"\nterritory = "XX"'),
        ("fr", 'name = "Français"\nterritory = "FR"'),
    ],
    ids=["no code", "no territory", "no name", "no toml", "no description", "unknown", "no catalogue"],
)
def test_a_folder_that_is_no_language_is_refused(folder: Path, name: str, description: str | None) -> None:
    place = folder / name
    place.mkdir(exist_ok=True)
    (place / "language.toml").unlink(missing_ok=True)
    if description is not None:
        (place / "language.toml").write_text(description, encoding="utf-8")
    with pytest.raises(ValueError, match="is no language"):
        catalogues(folder)


def test_the_language_of_the_settings_is_one_that_is_spoken(folder: Path) -> None:
    assert Config(_env_file=None, locale_dir=folder, language=pseudo.CODE).language == pseudo.CODE
    with pytest.raises(CommandError, match=r"FORUM_LANGUAGE.*el, en"):
        load(_env_file=None, language=pseudo.CODE)
    with pytest.raises(CommandError, match="FORUM_LOCALE_DIR"):
        load(_env_file=None, locale_dir=folder / "absent")


def test_what_is_not_translated_is_seen() -> None:
    said = pseudo.spoken("last by %(name)s")
    assert pseudo.untranslated(said % {"name": "Sophie"}) == ""
    assert pseudo.untranslated(f"{said % {'name': pseudo.spoken('Home')}}, Δήμος Λέσβου 31/12/2026") == ""
    assert pseudo.untranslated("Sophie Maertens", names=["Sophie Maertens"]) == ""
    assert pseudo.untranslated(f"{said} and more") == "and more"
    assert pseudo.untranslated(f"Sign in — {pseudo.spoken('Koinon')}") == "Sign in —"


def test_the_language_is_as_long_as_a_long_one() -> None:
    for sentence in ("Sign in", "Finds words in the titles and texts of everything you may read."):
        assert len(pseudo.spoken(sentence)) >= len(sentence) * 1.3
