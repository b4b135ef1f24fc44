"""Emoji by name, in Greek and English."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest

from forum import emoji
from forum.emoji import complete, named
from forum.i18n import Language, fold


def test_both_languages_name_every_emoji_by_something_that_can_be_typed() -> None:
    assert 1_000 < len(emoji.emoji()) <= 1_900
    for each in emoji.emoji():
        for language in ("el", "en"):
            names = each.names(language)
            assert names
            for name in names:
                assert named(f":{name}:"), (each.character, name)
                assert named(f":{fold(name)}:"), (each.character, name)


def test_the_first_name_of_an_emoji_is_its_own() -> None:
    for language in ("el", "en"):
        firsts = [fold(each.names(language)[0]) for each in emoji.emoji()]
        assert len(firsts) == len(set(firsts))


def test_the_data_says_where_it_is_from() -> None:
    licence = (resources.files("forum") / "data" / "emoji.LICENSE").read_text(encoding="utf-8")
    assert "cldr-annotations-full@" in licence
    assert "UNICODE LICENSE V3" in licence


def test_the_data_is_small() -> None:
    file = resources.files("forum") / "data" / "emoji.json"
    assert len(file.read_bytes()) < 250_000
    assert not re.search(r"[\u2640\u2642]", json.dumps([each.character for each in emoji.emoji()], ensure_ascii=False))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (":smile: :χαμόγελο: :ΧΑΜΟΓΕΛΟ:", {"smile": "🙂", "χαμόγελο": "🙂", "ΧΑΜΟΓΕΛΟ": "🙂"}),
        (":+1: :-1: :heart:", {"+1": "👍", "-1": "👎", "heart": "❤️"}),
        (":σημαία_κύπρου: :flag_greece:", {"σημαία_κύπρου": "🇨🇾", "flag_greece": "🇬🇷"}),
        ("10:30:45 :nobody_calls_it_so: : smile :", {}),
        ("", {}),
    ],
)
def test_what_a_text_names_is_found(body: str, expected: dict[str, str]) -> None:
    assert named(body) == expected


@pytest.mark.parametrize(
    ("text", "language", "character"),
    [("χαμ", "el", "🙂"), ("smi", "en", "🙂"), (":smil", "el", "🙂"), ("ΠΑΡΑΛΊ", "en", "🏖️"), ("town h", "el", "🏛️")],
)
def test_an_emoji_is_offered_by_its_name_in_either_language(text: str, language: Language, character: str) -> None:
    assert complete(text, language)[0].character == character


def test_the_readers_own_language_comes_first() -> None:
    greek, english = complete("μ", "el"), complete("m", "en")
    assert all(any(word.startswith("μ") for word in each.words_el) for each in greek)
    assert all(any(word.startswith("m") for word in each.words_en) for each in english)
    assert len(greek) == len(english) == emoji.LIMIT


@pytest.mark.parametrize("text", ["", " ", ":", "αυτοδενυπάρχει", "x" * 10_000])
def test_what_begins_no_name_offers_nothing(text: str) -> None:
    assert complete(text, "el") == []
