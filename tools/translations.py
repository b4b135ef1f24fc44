"""The translators' desk: takes the sentences out of the sources, keeps the catalogues, and proofreads the Greek.

    extract    bring both .po files up to date with the sources, and compile them
    compile    write the .mo files that the forum reads
    check      name every fault, one a line; exit status 1 when there is one
    missing    print what has no Greek yet, as JSON that `fill` takes back
    fill FILE  put the translations of such a file in, and compile

The catalogues carry no dates, line numbers or guesses, so that a diff shows changed sentences and nothing else.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tokenize import TokenError
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import TemplateSyntaxError

ROOT: Final = Path(__file__).resolve().parent.parent
DOMAIN: Final = "koinon"
LANGUAGES: Final = {"el": "Greek", "en": "English"}

KEYWORDS: Final = {
    "_": None,
    "N_": None,
    "gettext": None,
    "mark": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}

# a compiled catalogue is the same bytes whenever it is made
_ANY_DAY: Final = datetime(2026, 11, 23, tzinfo=UTC)

# how gettext itself joins a context and a sentence; `missing` and `fill` use it in their keys
_CONTEXT_END: Final = "\x04"

_HEADER: Final = """\
# {name} sentences of Koinon. Kept by tools/translations.py; only the translations are written by hand.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


class SourceError(Exception):
    """A source from which no sentence can be taken; its text is the line to show."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the sources say; `plural` and `context` are empty for most."""

    singular: str
    plural: str = ""
    context: str = ""

    @property
    def key(self) -> str:
        return f"{self.context}{_CONTEXT_END}{self.singular}" if self.context else self.singular

    @property
    def forms(self) -> tuple[str, ...]:
        return (self.singular, self.plural) if self.plural else (self.singular,)


Translations = Mapping[Sentence, tuple[str, ...]]


def po_path(language: str, root: Path = ROOT) -> Path:
    """Return where the catalogue of a language is written by hand."""
    return root / "forum" / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def mo_path(language: str, root: Path = ROOT) -> Path:
    """Return where the compiled catalogue of a language lies."""
    return po_path(language, root).with_suffix(".mo")


def sentences(root: Path = ROOT) -> frozenset[Sentence]:
    """Return every sentence of the sources; raises SourceError where one cannot be read."""
    with (root / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]  # Babel leaves it untyped
    current = ""

    def remember(filename: str, _method: str, _options: object) -> None:
        nonlocal current
        current = filename

    found: dict[str, Sentence] = {}
    forum = root / "forum"
    try:
        for filename, line, message, _comments, context in extract_from_dir(
            root,
            methods,
            options,
            keywords=KEYWORDS,
            callback=remember,
            directory_filter=lambda path: Path(path) == forum or forum in Path(path).parents,
        ):
            singular, plural = message if isinstance(message, tuple) else (message, "")
            sentence = Sentence(singular, plural, context or "")
            known = found.setdefault(sentence.key, sentence)
            if known.plural and sentence.plural not in ("", known.plural):
                raise SourceError(f"{filename}:{line}: two plurals of {singular!r}")
            if sentence.plural:
                found[sentence.key] = sentence
    except (TemplateSyntaxError, TokenError, SyntaxError, UnicodeDecodeError) as error:
        raise SourceError(f"{current}: {error}") from error
    return frozenset(found.values())


def translations(language: str, root: Path = ROOT) -> dict[Sentence, tuple[str, ...]]:
    """Return what a catalogue says of each sentence; nothing where there is no catalogue yet."""
    return {sentence: tuple(forms) for sentence, forms, _is_fuzzy in _entries(_read(po_path(language, root)))}


def update(language: str, wanted: frozenset[Sentence], known: Translations) -> str:
    """Return the text of a catalogue that has exactly the wanted sentences, with what is known of them."""
    catalogue = Catalog(locale=language)
    for sentence in wanted:
        forms = known.get(sentence, ("",) * len(sentence.forms))
        if language == "en" and not all(forms):
            forms = sentence.forms
        _add(catalogue, sentence, forms)
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=0, no_location=True, omit_header=True, sort_output=True)
    header = _HEADER.format(name=LANGUAGES[language], language=language)
    return header + buffer.getvalue().decode().rstrip("\n") + "\n"


def extract(root: Path = ROOT) -> None:
    """Bring both catalogues up to date with the sources, and compile them."""
    wanted = sentences(root)
    for language in LANGUAGES:
        text = update(language, wanted, translations(language, root))
        po_path(language, root).parent.mkdir(parents=True, exist_ok=True)
        po_path(language, root).write_text(text, encoding="utf-8")
    compile_catalogues(root)


def compile_catalogues(root: Path = ROOT) -> None:
    """Write the compiled catalogues; the same sentences give the same bytes."""
    for language in LANGUAGES:
        catalogue = Catalog(locale=language, creation_date=_ANY_DAY, revision_date=_ANY_DAY)
        for sentence, forms in _compilable(_read(po_path(language, root))).items():
            _add(catalogue, sentence, forms)
        with mo_path(language, root).open("wb") as file:
            write_mo(file, catalogue)


def missing(root: Path = ROOT) -> dict[str, str | list[str]]:
    """Return the sentences without Greek, in the shape that `fill` takes, to be written over."""
    return {
        sentence.key: ["", ""] if sentence.plural else ""
        for sentence, forms in sorted(translations("el", root).items(), key=lambda item: item[0].key)
        if not all(forms)
    }


def fill(given: Mapping[str, str | list[str]], root: Path = ROOT) -> list[str]:
    """Put Greek translations in and compile; returns a line for each that no sentence takes."""
    known = translations("el", root)
    by_key = {sentence.key: sentence for sentence in known}
    faults = []
    for key, value in given.items():
        forms = (value,) if isinstance(value, str) else tuple(value)
        sentence = by_key.get(key)
        if sentence is None:
            faults.append(f"not in the catalogue: {key!r}")
        elif len(forms) != len(sentence.forms):
            faults.append(f"{len(sentence.forms)} forms needed, {len(forms)} given: {key!r}")
        else:
            known[sentence] = forms
    po_path("el", root).write_text(update("el", frozenset(known), known), encoding="utf-8")
    compile_catalogues(root)
    return faults


def check(root: Path = ROOT) -> list[str]:
    """Return every fault of the catalogues, one line each."""
    try:
        wanted = sentences(root)
    except SourceError as error:
        return [str(error)]
    return [fault for language in LANGUAGES for fault in _catalogue_faults(language, wanted, root)]


def _catalogue_faults(language: str, wanted: frozenset[Sentence], root: Path) -> Iterator[str]:
    path = po_path(language, root)
    name = path.relative_to(root).as_posix()
    if not path.exists():
        yield f"{name}: missing; run extract"
        return
    catalogue = _read(path)
    known: dict[Sentence, tuple[str, ...]] = {}
    for sentence, forms, is_fuzzy in _entries(catalogue):
        known[sentence] = forms
        if is_fuzzy:
            yield f"{name}: marked as a guess: {sentence.key!r}"
        for fault in sentence_faults(sentence, forms, is_greek=language == "el"):
            yield f"{name}: {fault}: {sentence.key!r}"
    for sentence in sorted(wanted - known.keys(), key=lambda item: item.key):
        yield f"{name}: not extracted yet: {sentence.key!r}"
    for sentence in sorted(known.keys() - wanted, key=lambda item: item.key):
        yield f"{name}: no longer said anywhere: {sentence.key!r}"
    if path.read_text(encoding="utf-8") != update(language, frozenset(known), known):
        yield f"{name}: not as extract writes it"
    if not mo_path(language, root).exists() or _compiled(mo_path(language, root)) != _compilable(catalogue):
        yield f"{name}: not compiled"


def _read(path: Path) -> Catalog:
    if not path.exists():
        return Catalog()
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def _add(catalogue: Catalog, sentence: Sentence, forms: tuple[str, ...]) -> None:
    catalogue.add(
        sentence.forms if sentence.plural else sentence.singular,
        forms if sentence.plural else forms[0],
        context=sentence.context or None,
    )


def _entries(catalogue: Catalog) -> Iterator[tuple[Sentence, tuple[str, ...], bool]]:
    for message in catalogue:
        if message.id:
            singular, plural = (message.id, "") if isinstance(message.id, str) else message.id
            string = message.string or ""
            strings = (string,) if isinstance(string, str) else tuple(string)
            context: str | bytes = message.context or ""
            # Babel reads the context of a compiled sentence as bytes
            decoded = context.decode() if isinstance(context, bytes) else context
            yield Sentence(singular, plural, decoded), strings, message.fuzzy


def _compilable(catalogue: Catalog) -> dict[Sentence, tuple[str, ...]]:
    return {sentence: forms for sentence, forms, is_fuzzy in _entries(catalogue) if all(forms) and not is_fuzzy}


def _compiled(path: Path) -> dict[Sentence, tuple[str, ...]]:
    with path.open("rb") as file:
        return {sentence: forms for sentence, forms, _is_fuzzy in _entries(read_mo(file))}


_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")
_TAG: Final = re.compile(r"</?[a-z][^<>]*>")
_ENDINGS: Final = {".": ".", ":": ":", "…": "…", "!": "!", "?": ";"}


def sentence_faults(sentence: Sentence, forms: tuple[str, ...], *, is_greek: bool) -> Iterator[str]:
    """Name what is wrong with a sentence or with its translation."""
    yield from _source_faults(sentence)
    if len(forms) != len(sentence.forms):
        yield "number of plural forms differs"
        return
    for english, translated in zip(sentence.forms, forms, strict=True):
        if not translated.strip():
            yield "no translation"
            continue
        # a singular may say "one" in a word
        optional = {"n"} if sentence.plural and english == sentence.singular else set()
        if _names(english) - optional != _names(translated) - optional:
            yield f"placeholders differ in {translated!r}"
        if _has_stray_percent(translated, is_format=bool(_names(english))):
            yield f"stray % in {translated!r}"
        if sorted(_TAG.findall(english)) != sorted(_TAG.findall(translated)):
            yield f"tags differ in {translated!r}"
        if (english[0].isspace(), english[-1].isspace()) != (translated[0].isspace(), translated[-1].isspace()):
            yield f"space at the ends differs in {translated!r}"
        if is_greek:
            ending = _ENDINGS.get(english.rstrip()[-1:], "")
            if ending and not translated.rstrip().endswith(ending):
                yield f"{translated!r} does not end with {ending!r}"
            for fault in greek_faults(translated, latin=frozenset(_WORD.findall(english))):
                yield f"{fault} in {translated!r}"


def _source_faults(sentence: Sentence) -> Iterator[str]:
    for english in sentence.forms:
        if _has_stray_percent(english, is_format=bool(_names(english))):
            yield "a placeholder is written %(name)s, and a percent sign beside it %%"
        if not english.strip() or unicodedata.normalize("NFC", english) != english:
            yield "not a sentence in composed letters"
        if any("Ͱ" <= letter <= "Ͽ" for letter in english):
            yield "the sources speak English"
    if sentence.plural and "num" in _names(sentence.plural):
        yield "count with %(n)s, which is formatted for the reader; %(num)s is not"


def _has_stray_percent(text: str, *, is_format: bool) -> bool:
    """Only a sentence with placeholders is formatted, so only there a percent sign is doubled."""
    rest = _PLACEHOLDER.sub("", text)
    return "%" in rest.replace("%%", "") if is_format else "%%" in rest or "%(" in rest


def _names(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


_WORD: Final = re.compile(r"[^\W\d_]+")
_NOT_PROSE: Final = re.compile(
    r"```.*?```|~~~.*?~~~|`[^`]*`|</?[a-z][^<>]*>|&\w+;|%\(\w+\)s|\]\([^)]*\)|https?://\S+|\S+@\S+|[A-Za-z]+(?:-[A-Za-z]+)+",
    re.DOTALL,
)
_LOOKS_GREEK: Final = frozenset("ABEHIKMNOPTXYZaeikonptuvxy")
_DIPHTHONGS: Final = frozenset({"αι", "ει", "οι", "υι", "ου", "αυ", "ευ", "ηυ"})
_ACUTE: Final = "\u0301"
_DIAERESIS: Final = "\u0308"

# said in one syllable (ια, ιο run together), hence written without an accent
_RUN_TOGETHER: Final = frozenset(
    {"για", "γεια", "μια", "μιαν", "μιας", "πια", "πιο", "δυο", "γιος", "γιο"}
    | {"ποιος", "ποια", "ποιο", "ποιον", "ποιοι", "ποιες", "ποιους", "ποιου", "ποιας", "ποιων"}
)
_ACCENTED_MONOSYLLABLES: Final = frozenset({"ή", "πού", "πώς", "ό"})
_ENCLITICS: Final = frozenset({"μας", "σας", "μου", "σου"})


def greek_faults(text: str, *, latin: frozenset[str] = frozenset()) -> list[str]:
    """Name what is surely misspelt in a Greek text; `latin` are the Latin words it may hold as they are.

    Code, tags, addresses and placeholders are left out. Spelling against a dictionary is not tried.
    """
    faults = [] if unicodedata.normalize("NFC", text) == text else ["letters are not composed"]
    prose = _NOT_PROSE.sub(" 0 ", text)
    if re.search(r"[\u0370-\u03ff\u1f00-\u1fff»)\s]\?", prose):
        faults.append("a Greek question ends with ;")
    if re.search(r'["“”]', prose):
        faults.append("Greek quotation marks are « »")
    words = list(_WORD.finditer(prose))
    for position, match in enumerate(words):
        word = match.group()
        is_elided = prose[match.end() : match.end() + 1] in ("'", "’")
        following = words[position + 1] if position + 1 < len(words) else None
        has_enclitic = (
            following is not None
            and following.group() in _ENCLITICS
            and prose[match.end() : following.start()] in (" ", "\n")
        )
        faults += _word_faults(word, latin, is_elided=is_elided, has_enclitic=has_enclitic)
    return faults


def _word_faults(word: str, latin: frozenset[str], *, is_elided: bool, has_enclitic: bool) -> Iterator[str]:
    is_greek = [unicodedata.name(letter, "").startswith("GREEK") for letter in word]
    if any(is_greek) and not all(is_greek):
        yield f"«{word}» mixes alphabets"
        return
    if not any(is_greek):
        if word not in latin and _LOOKS_GREEK.issuperset(word):
            yield f"«{word}» is in Latin letters"
        return
    if "ς" in word[:-1] or (word[-1] == "σ" and not is_elided):
        yield f"«{word}» has the wrong sigma"
    if is_elided or (word.isupper() and len(word) > 1):
        return
    accents = _syllables(word.lower())
    if len(accents) == 1:
        if accents[0] and word.lower() not in _ACCENTED_MONOSYLLABLES and not word.endswith(("άι", "όι")):
            yield f"«{word}» needs no accent"
    elif accents and not any(accents):
        if word.lower() not in _RUN_TOGETHER:
            yield f"«{word}» has no accent"
    elif any(accents[:-4]) or sum(accents) > 2:
        # not [:-3]: two syllables may run together after the accent (έπιασε)
        yield f"«{word}» is accented too early"
    elif has_enclitic and len(accents) > 2 and accents[-3] and not accents[-1]:
        yield f"«{word}» needs a second accent before its pronoun"


def _syllables(word: str) -> list[bool]:
    """Return for each syllable whether it bears an accent."""
    accents: list[bool] = []
    previous = ""
    for letter in word:
        base, *marks = tuple(unicodedata.normalize("NFD", letter))
        if base not in "αεηιουω":
            previous = ""
            continue
        if previous + base in _DIPHTHONGS and _DIAERESIS not in marks:
            accents[-1] = accents[-1] or _ACUTE in marks
            previous = ""
        else:
            # an accent on its first letter makes it another diphthong, still one syllable: γάιδαρος, ρολόι
            if not (previous in ("ά", "ό") and base in "ιη" and not marks):
                accents.append(_ACUTE in marks)
            previous = base if not marks else letter
    return accents


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    parser = argparse.ArgumentParser(prog="translations.py", description="The forum's sentences in two languages.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("extract", help="bring both catalogues up to date with the sources, and compile them")
    commands.add_parser("compile", help="write the compiled catalogues")
    commands.add_parser("check", help="name every fault, one a line")
    commands.add_parser("missing", help="print what has no Greek yet, as JSON")
    filling = commands.add_parser("fill", help="put the translations of a JSON file in")
    filling.add_argument("file", type=Path, help='{"English": "Greek"} or {"singular": ["Greek one", "Greek many"]}')
    options = parser.parse_args(arguments)
    faults: list[str] = []
    try:
        if options.command == "extract":
            extract()
        elif options.command == "compile":
            compile_catalogues()
        elif options.command == "missing":
            print(json.dumps(missing(), ensure_ascii=False, indent=1))
        elif options.command == "fill":
            faults = fill(json.loads(options.file.read_text(encoding="utf-8")))
        else:
            faults = check()
    except (SourceError, OSError, json.JSONDecodeError) as error:
        faults = [str(error)]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
