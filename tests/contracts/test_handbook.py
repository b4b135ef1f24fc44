"""The handbook says the same in both languages, leads nowhere that does not exist, and is written with care."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from forum import handbook
from forum.handbook import HELP, NOTICES, WAYS, HandbookPage, statement
from forum.i18n import LANGUAGES, Language
from tools.translations import greek_faults

FOLDER = Path(handbook.__file__).parent
PAGES = handbook.load()
SLUGS = (*HELP, *NOTICES)
# Latin words of Greek texts that happen to have only letters that exist in Greek too
LATIN = frozenset({"API", "EN", "IP", "Koinon", "ODP", "ODS", "OpenAPI", "PPT", "PPTX", "ZIP", "axe", "token"})

_FENCED = re.compile(r"^(```|~~~)\n.*?^\1$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"#+ |> |\||- |```|~~~|\d\. ")
_HEADING = re.compile(r"^(#+) ", re.MULTILINE)


def prose(page: HandbookPage) -> str:
    return _FENCED.sub("", page.source)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_exactly_the_declared_pages(language: Language) -> None:
    assert {file.name for file in (FOLDER / language).iterdir()} == {f"{slug}.md" for slug in SLUGS}
    assert {key for key in PAGES if key[0] == language} == {(language, slug) for slug in SLUGS}


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_has_one_title_and_sections_below_it(language: Language, slug: str) -> None:
    page = PAGES[language, slug]
    assert page.title
    assert set(_HEADING.findall(prose(page))) <= {"##"}


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_leads_only_to_pages_that_exist(language: Language, slug: str) -> None:
    page = PAGES[language, slug]
    assert set(page.links) <= {*SLUGS, *WAYS} - {slug}
    targets = re.findall(r"\]\(([^)]*)\)", re.sub(r"`[^`\n]*`", "", prose(page)))
    assert tuple(targets) == page.links, "a link names a page of the handbook; other sites stand as addresses"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_leads_to_all_others(language: Language) -> None:
    assert set(PAGES[language, "help"].links) - set(WAYS) == set(SLUGS) - {"help"}


@pytest.mark.parametrize("slug", SLUGS)
def test_both_languages_have_the_same_parts(slug: str) -> None:
    def shape(page: HandbookPage) -> list[str]:
        return [match[0] if (match := _LINE.match(line)) else "" for line in page.source.splitlines()]

    greek, english = PAGES["el", slug], PAGES["en", slug]
    assert shape(greek) == shape(english)
    assert greek.links == english.links
    assert greek.title != english.title


@pytest.mark.parametrize("slug", SLUGS)
def test_the_greek_is_proofread(slug: str) -> None:
    page = PAGES["el", slug]
    assert greek_faults(page.title + "\n\n" + prose(page), latin=LATIN) == []


def test_links_are_given_the_addresses_the_pages_stand_under() -> None:
    page = HandbookPage(
        "help", "Help", "See [writing](writing) and [in](signing-in), not [out](https://example.org).\n"
    )
    assert page.links == ("writing", "signing-in")
    assert page.source_with_links(lambda slug: f"/intranet/help/{slug}") == (
        "See [writing](/intranet/help/writing) and [in](/intranet/help/signing-in), not [out](https://example.org).\n"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_statement_says_when_it_was_reviewed_what_was_tested_and_every_known_limit(language: Language) -> None:
    source = PAGES[language, statement.SLUG].source
    assert f"{statement.REVIEWED_ON:%d/%m/%Y}" in source
    assert f"{statement.PREPARED_ON:%d/%m/%Y}" in source
    assert statement.LIMITS
    for text in (*statement.METHODS, *statement.LIMITS):
        assert f"- {text.of(language)}\n" in source
    assert "{" not in source, "every placeholder is filled"
    assert statement.PREPARED_ON <= statement.REVIEWED_ON


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_statement_has_the_parts_of_the_model(language: Language) -> None:
    """Commission Implementing Decision (EU) 2018/1523, annex: standards, reasons, method, feedback, enforcement."""
    source = PAGES[language, statement.SLUG].source
    assert source.count("\n## ") + source.startswith("## ") == 5
    for said in ("2016/2102", "EN 301 549", "WCAG) 2.2", "](feedback)"):
        assert said in source
