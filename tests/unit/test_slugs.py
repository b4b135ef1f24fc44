"""Slugs follow ELOT 743 and always fit an address."""

from __future__ import annotations

import csv
import re
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.slugs import slugify, transliterate

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

WORDS = {
    "Πρόταση αδελφοποίησης": "protasi-adelfopoiisis",
    "ΠΡΟΤΑΣΗ ΑΔΕΛΦΟΠΟΙΗΣΗΣ": "protasi-adelfopoiisis",
    "Λευκωσία": "lefkosia",
    "Αύγουστος": "avgoustos",
    "ΑΥΓΟΥΣΤΟΣ": "avgoustos",
    "αυτοκίνητο": "aftokinito",
    "Ευρώπη": "evropi",
    "Ευστράτιος": "efstratios",
    "εύκολο": "efkolo",
    "Ζευς": "zefs",
    "ηύρα": "ivra",
    "αυλή": "avli",
    "αυ": "af",
    "ουρανός": "ouranos",
    "ούζο": "ouzo",
    "Μαΐου": "maiou",
    "προϋπόθεση": "proypothesi",
    "πραΰς": "prays",
    "άυλος": "aylos",
    "Ταΰγετος": "taygetos",
    "Αγγλία": "anglia",
    "αγκαλιά": "agkalia",
    "γκαράζ": "gkaraz",
    "σφίγξ": "sfinx",
    "έλεγχος": "elenchos",
    "Μπάμπης": "bampis",
    "ΜΠΑΡΜΠΑ": "barmpa",
    "αντι-μπάζα": "anti-baza",
    "Κομπότι": "kompoti",
    "Ντίνος": "ntinos",
    "Θεσσαλονίκη": "thessaloniki",
    "Ψαρά": "psara",
    "Χρυσοχούς": "chrysochous",
    "Ξάνθη": "xanthi",
    "φως": "fos",
    "Οδυσσεύς": "odyssefs",
    "Ὀδυσσεὺς πολυμήχανος": "odyssefs-polymichanos",
    "υιοθεσία": "yiothesia",
    "1η Συνάντηση (2026)": "1i-synantisi-2026",
    "Ε.Ε. & Κύπρος: τι αλλάζει;": "e-e-kypros-ti-allazei",
    "«Καλώς ήρθατε»": "kalos-irthate",
    "Straße, café & smørrebrød": "strasse-cafe-smorrebrod",
    "Łódź": "lodz",
    "ﬁnal ①": "final-1",
}

MUNICIPALITIES = {
    "Δήμος Λευκωσίας": "dimos-lefkosias",
    "Δήμος Λατσιών-Γερίου": "dimos-latsion-geriou",
    "Δήμος Αμμοχώστου": "dimos-ammochostou",
    "Δήμος Παραλιμνίου-Δερύνειας": "dimos-paralimniou-deryneias",
    "Δήμος Πόλεως Χρυσοχούς": "dimos-poleos-chrysochous",
    "Δήμος Αγίας Νάπας": "dimos-agias-napas",
    "Δήμος Λευκονοίκου": "dimos-lefkonoikou",
    "Δήμος Μυτιλήνης": "dimos-mytilinis",
    "Δήμος Αγίου Ευστρατίου": "dimos-agiou-efstratiou",
    "Δήμος Οινουσσών": "dimos-oinousson",
    "Δήμος Φούρνων Κορσεών": "dimos-fournon-korseon",
}


@pytest.mark.parametrize(("text", "slug"), (WORDS | MUNICIPALITIES).items())
def test_greek_is_written_as_elot_743_has_it(text: str, slug: str) -> None:
    assert slugify(text) == slug


def test_every_municipality_has_a_slug_of_its_own() -> None:
    listed = resources.files("forum").joinpath("data/municipalities.csv").read_text(encoding="utf-8")
    names = [row["name_el"] for row in csv.DictReader(listed.splitlines())]
    slugs = [slugify(name) for name in names]
    assert len(names) >= 40
    assert len(set(slugs)) == len(names)
    assert all(slug.startswith("dimos-") and SLUG.fullmatch(slug) for slug in slugs)


def test_the_accent_may_be_one_character_or_two() -> None:
    assert slugify("α\u0301υλος") == slugify("άυλος") == slugify("\u1f71υλος") == "aylos"
    assert slugify("πρου\u0308ποθεση") == "proypothesi"


def test_a_long_title_is_cut_between_words() -> None:
    title = "Κοινή συμμετοχή των δήμων σε πρόσκληση του προγράμματος αστικής κινητικότητας και ανάπτυξης"
    slug = slugify(title, limit=40)
    assert slug == "koini-symmetochi-ton-dimon-se-prosklisi"
    assert slugify(title).startswith(slug)
    assert len(slugify(title)) <= 80


def test_a_word_that_ends_at_the_limit_stays_whole() -> None:
    assert slugify("alpha beta", limit=5) == "alpha"
    assert slugify("alpha beta", limit=10) == "alpha-beta"
    assert slugify("alpha beta", limit=9) == "alpha"


def test_one_word_longer_than_the_limit_is_cut_hard() -> None:
    assert slugify("α" * 200) == "a" * 80


@pytest.mark.parametrize("text", ["", "   ", "漢字", "—…!", "\u0301", "\ud800", "\x00"])
def test_a_text_without_letters_gets_the_fallback(text: str) -> None:
    assert slugify(text) == "topic"
    assert slugify(text, fallback="member") == "member"


@given(st.text(), st.integers(min_value=1, max_value=120))
def test_a_slug_always_fits_an_address(text: str, limit: int) -> None:
    slug = slugify(text, limit=limit)
    assert SLUG.fullmatch(slug)
    assert slug == "topic" or len(slug) <= limit


@given(st.text(alphabet=st.characters(min_codepoint=0x370, max_codepoint=0x3FF) | st.sampled_from(" \u0301\u0308")))
def test_a_slug_of_a_slug_is_itself(text: str) -> None:
    assert slugify(slugify(text)) == slugify(text)


@given(st.text(alphabet="αβγδεζηθικλμνξοπρστυφχψωάέήίόύώϊϋΐΰς ", min_size=1))
def test_greek_letters_leave_nothing_but_latin(text: str) -> None:
    assert transliterate(text).isascii()
    assert slugify(text.upper().replace("Ϊ", "ϊ").replace("Ϋ", "ϋ")) == slugify(text.upper())
