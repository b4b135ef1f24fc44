"""What depends on a reader's language: sentences, dates, numbers, lists, the time zones on offer, and the fold.

A language is a folder with a compiled gettext catalogue and a `language.toml`: those under `forum/locale`, and those of
one further folder that the settings may name. They are loaded once a process. Which language a reader gets is decided
elsewhere; this module holds no request and no settings.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, get_timezone_location
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit

Language: TypeAlias = str
"""A code of ISO 639-1; `is_language` says whether the forum speaks it, and is asked wherever one comes in."""

FALLBACK: Final[Language] = "en"
"""What the sentences of the sources are written in, and what stands where another language has nothing."""

DOMAIN: Final = "koinon"

_CODE: Final = re.compile("[a-z]{2}")


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """A language as its folder describes it: its own name, offered as it is whatever the language of the page."""

    code: Language
    name: str
    locale: Locale
    position: int
    file: Traversable


def catalogues(folder: Path | None = None) -> Mapping[Language, _Catalogue]:
    """Return the languages of the package and of a further folder, in the order they are offered in.

    Raise ValueError for a folder that is no language: without a two-letter code, a name, a territory or a catalogue.
    """
    found: dict[Language, _Catalogue] = {}
    for place in (resources.files("forum") / "locale", folder):
        for entry in place.iterdir() if place else ():
            if entry.is_dir():
                found[entry.name] = _described(entry)
    return {each.code: each for each in sorted(found.values(), key=lambda each: (each.position, each.code))}


def _described(folder: Traversable) -> _Catalogue:
    code, file = folder.name, folder / "LC_MESSAGES" / f"{DOMAIN}.mo"
    try:
        facts = tomllib.loads((folder / "language.toml").read_text(encoding="utf-8"))
        locale = Locale(code, str(facts["territory"]))
        name = str(facts["name"])
    except (OSError, KeyError, tomllib.TOMLDecodeError, UnknownLocaleError) as error:
        raise ValueError(f"{code} is no language: {error!r} in its language.toml") from None
    if not _CODE.fullmatch(code) or not file.is_file():
        raise ValueError(f"{code} is no language: it needs a code of two letters and LC_MESSAGES/{DOMAIN}.mo")
    return _Catalogue(code, name, locale, int(facts.get("position", 100)), file)


_spoken: Final[dict[Language, _Catalogue]] = dict(catalogues())

LANGUAGES: Final[tuple[Language, ...]] = tuple(_spoken)
"""The languages of the package; a process may speak more, see `languages`."""


def speak(folder: Path | None) -> None:
    """Speak the languages of the package and of this folder, and no others, in the whole process."""
    found = catalogues(folder)
    if found != _spoken:
        _spoken.clear()
        _spoken.update(found)
        _translator.cache_clear()


def languages() -> Mapping[Language, str]:
    """Return the languages the forum speaks, each with its own name."""
    return {code: each.name for code, each in _spoken.items()}


_FIRST_ZONES: Final = ("Asia/Nicosia", "Europe/Athens", "Europe/Brussels")

_OTHER_CAPITALS: Final = (
    "Europe/Amsterdam",
    "Europe/Berlin",
    "Europe/Bratislava",
    "Europe/Bucharest",
    "Europe/Budapest",
    "Europe/Copenhagen",
    "Europe/Dublin",
    "Europe/Helsinki",
    "Europe/Lisbon",
    "Europe/Ljubljana",
    "Europe/Luxembourg",
    "Europe/Madrid",
    "Europe/Malta",
    "Europe/Paris",
    "Europe/Prague",
    "Europe/Riga",
    "Europe/Rome",
    "Europe/Sofia",
    "Europe/Stockholm",
    "Europe/Tallinn",
    "Europe/Vienna",
    "Europe/Vilnius",
    "Europe/Warsaw",
    "Europe/Zagreb",
)

# letters of European alphabets that carry no separable accent; the same replacements as PostgreSQL's unaccent
_UNACCENTED: Final = str.maketrans(
    {
        "Æ": "AE",
        "æ": "ae",
        "Œ": "OE",
        "œ": "oe",
        "Ø": "O",
        "ø": "o",
        "Ð": "D",
        "ð": "d",
        "Đ": "D",
        "đ": "d",
        "Þ": "TH",
        "þ": "th",
        "ß": "ss",
        "ẞ": "SS",
        "Ħ": "H",
        "ħ": "h",
        "ı": "i",
        "Ĳ": "IJ",
        "ĳ": "ij",
        "ĸ": "q",
        "Ŀ": "L",
        "ŀ": "l",
        "Ł": "L",
        "ł": "l",
        "ŉ": "'n",
        "Ŋ": "N",
        "ŋ": "n",
        "Ŧ": "T",
        "ŧ": "t",
        "ſ": "s",
    }
)

_COMBINING: Final = re.compile("[\u0300-\u0362]")

_COUNTED: Final = 10_000
"""Counts below this are written once: a page of posts holds hundreds of them."""

# a header longer than this, or with more ranges, is nobody's browser
_LONGEST_HEADER: Final = 1000
_RANGE: Final = re.compile(
    r"(?P<tag>[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,4}|\*)(?:\s*;\s*q\s*=\s*(?P<q>[01](?:\.[0-9]{0,3})?))?"
)


def mark(message: str) -> str:
    """Return the message as it is; it is extracted here and translated where it is shown."""
    return message


class Translator:
    """Sentences, dates and numbers in one language; get it from `translator`.

    `gettext` and `ngettext` also serve as Jinja's callables, which fill placeholders themselves: without values
    they leave every placeholder but the formatted `%(n)s` as it is.
    """

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._locale = _spoken[language].locale
        self._numbers: dict[int, str] = {}
        with _spoken[language].file.open("rb") as file:
            self._catalogue = GNUTranslations(file)

    def gettext(self, message: str, /, **values: object) -> str:
        """Return the sentence, with its `%(name)s` placeholders filled when values are given."""
        return _fill(self._catalogue.gettext(message) if message else "", values)

    def ngettext(self, singular: str, plural: str, n: int, /, **values: object) -> str:
        """Return the sentence that fits `n`, which stands formatted wherever it says `%(n)s`."""
        sentence = self._catalogue.ngettext(singular, plural, n)
        formatted = self.number(n)
        return _fill(sentence, {"n": formatted, **values}) if values else sentence.replace("%(n)s", formatted)

    def pgettext(self, context: str, message: str, /, **values: object) -> str:
        """Return the sentence as it reads in a context, where one English word has two translations."""
        return _fill(self._catalogue.pgettext(context, message), values)

    def date(self, value: dt.date, zone: ZoneInfo) -> str:
        """Return the day as 31/12/2026; an instant is shown in the zone."""
        day = _local(value, zone)
        return f"{day.day:02}/{day.month:02}/{day.year:04}"

    def datetime(self, value: dt.datetime, zone: ZoneInfo) -> str:
        """Return the instant as 31/12/2026, 18:00 in the zone."""
        local = _in_zone(value, zone)
        return f"{local.day:02}/{local.month:02}/{local.year:04}, {local.hour:02}:{local.minute:02}"

    def long_date(self, value: dt.date, zone: ZoneInfo) -> str:
        """Return the day in words, as in Monday 23 November 2026."""
        return format_date(_local(value, zone), "EEEE d MMMM y", locale=self._locale)

    def number(self, value: int | float | Decimal) -> str:
        """Return the number with the language's separators and at most three decimals."""
        if type(value) is int and 0 <= value < _COUNTED:
            if (known := self._numbers.get(value)) is None:
                known = self._numbers[value] = format_decimal(value, locale=self._locale)
            return known
        return format_decimal(value, locale=self._locale)

    def size(self, value: int) -> str:
        """Return a number of bytes as 12 kB, 1.2 MB or 2 GB, thousands as in the International System."""
        units = (("gigabyte", 1e9), ("megabyte", 1e6), ("kilobyte", 1e3))
        unit, one = next((found for found in units if value >= 0.9995 * found[1]), units[-1])
        shown = value / one
        rounded = round(shown, 1) if shown < 10 else round(shown)
        return format_unit(max(rounded, 0.1) if value else 0, unit, length="short", locale=self._locale)

    def join(self, items: Iterable[str]) -> str:
        """Return the items as a list within a sentence: “α, β και γ”, “a, b and c”."""
        return format_list(list(items), style="standard", locale=self._locale)

    def country(self, code: str) -> str:
        """Return the name of a country by its ISO 3166-1 code, the code itself where the language has none."""
        return str(self._locale.territories.get(code, code))

    def language_name(self, code: str) -> str:
        """Return the name of a language by its ISO 639-1 code, as it stands in a list of its own."""
        name = str(self._locale.languages.get(code, code))
        return name[:1].upper() + name[1:]

    def relative(self, value: dt.datetime, now: dt.datetime, zone: ZoneInfo) -> str:
        """Return how long ago an instant is: minutes, then today or yesterday with the time, then the date.

        An instant ahead of `now` by more than a minute (a clock that is wrong, or a plan) is shown in full.
        """
        seconds = (now - value).total_seconds()
        if seconds < -60:
            return self.datetime(value, zone)
        if seconds < 60:
            return self.gettext("just now")
        if seconds < 3600:
            return self.ngettext("%(n)s minute ago", "%(n)s minutes ago", int(seconds // 60))
        local = _in_zone(value, zone)
        days = (_in_zone(now, zone).date() - local.date()).days
        if days == 0:
            return self.gettext("today, %(time)s", time=f"{local:%H:%M}")
        if days == 1:
            return self.gettext("yesterday, %(time)s", time=f"{local:%H:%M}")
        return self.date(local, zone)

    def relative_until(self, value: dt.datetime, now: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
        """Return when `relative` will say something else, None when it will not."""
        seconds = (now - value).total_seconds()
        if seconds < -60:
            return value - dt.timedelta(seconds=60)
        if seconds < 3600:
            return value + dt.timedelta(seconds=60 * (max(seconds, 0) // 60 + 1))
        if (_in_zone(now, zone).date() - _in_zone(value, zone).date()).days > 1:
            return None
        return next_day(now, zone)

    def distance(self, value: dt.datetime, now: dt.datetime) -> str:
        """Return how far ahead an instant is, in the largest unit that says enough; that it has passed, else."""
        unit, count = _distance(value, now)
        match unit:
            case "past":
                return self.gettext("Past")
            case "minutes":
                return self.ngettext("In %(n)s minute", "In %(n)s minutes", count)
            case "hours":
                return self.ngettext("In %(n)s hour", "In %(n)s hours", count)
            case "days":
                return self.ngettext("In %(n)s day", "In %(n)s days", count)
            case "weeks":
                return self.ngettext("In %(n)s week", "In %(n)s weeks", count)
            case "months":
                return self.ngettext("In %(n)s month", "In %(n)s months", count)
            case _:
                return self.ngettext("In %(n)s year", "In %(n)s years", count)

    def distance_until(self, value: dt.datetime, now: dt.datetime) -> dt.datetime | None:
        """Return when `distance` will say something else, None when it will not."""
        unit, count = _distance(value, now)
        if unit == "past":
            return None
        if value - now < _UNITS["minutes"]:
            return value
        units = list(_UNITS)
        below = _ENOUGH[units[units.index(unit) - 1]] if unit != units[0] else dt.timedelta()
        return value - max(_UNITS[unit] * count, below) + dt.timedelta(microseconds=1)

    def money(self, euros: int) -> str:
        """Return whole euros with the sign where the language has it."""
        whole = self._locale.currency_formats["standard"].pattern.replace(".00", "")
        return str(format_currency(euros, "EUR", whole, locale=self._locale, currency_digits=False))

    def zone_name(self, name: str) -> str:
        """Return the city a time zone is named after, as it is called in the language."""
        return name if name == "UTC" else get_timezone_location(name, locale=self._locale, return_city=True)


_UNITS: Final = {
    "minutes": dt.timedelta(minutes=1),
    "hours": dt.timedelta(hours=1),
    "days": dt.timedelta(days=1),
    "weeks": dt.timedelta(weeks=1),
    "months": dt.timedelta(days=30),
    "years": dt.timedelta(days=365),
}
_ENOUGH: Final = {
    "minutes": dt.timedelta(hours=1),
    "hours": dt.timedelta(days=2),
    "days": dt.timedelta(days=21),
    "weeks": dt.timedelta(weeks=13),
    "months": dt.timedelta(days=2 * 365),
}
"""Up to where a unit says enough."""


def _distance(value: dt.datetime, now: dt.datetime) -> tuple[str, int]:
    """Return the unit and the number of whole ones until an instant, a begun minute as one; past, when it has come."""
    ahead = value - now
    if ahead <= dt.timedelta():
        return "past", 0
    unit = next((unit for unit, most in _ENOUGH.items() if ahead < most), "years")
    return unit, max(ahead // _UNITS[unit], 1)


def next_day(now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the instant at which the next day begins in a zone."""
    tomorrow = _in_zone(now, zone).date() + dt.timedelta(days=1)
    return dt.datetime.combine(tomorrow, dt.time(), zone).astimezone(dt.UTC)


def translator(language: Language) -> Translator:
    """Return the process's only translator of a language; one that is not spoken (any more) is answered in English."""
    return _translator(language if is_language(language) else FALLBACK)


@cache
def _translator(language: Language) -> Translator:
    return Translator(language)


def is_language(value: str) -> bool:
    """Say whether the forum speaks a language."""
    return value in _spoken


def negotiate(accept_language: str, default: Language) -> Language:
    """Return the language a browser prefers (RFC 9110, 12.5.4); what cannot be read is ignored."""
    best, best_weight = default, 0.0
    for part in accept_language[:_LONGEST_HEADER].split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            continue
        weight = min(float(match["q"] or 1), 1.0)
        wanted = match["tag"].split("-")[0].lower()
        language = default if wanted == "*" else wanted
        if weight > best_weight and is_language(language):
            best, best_weight = language, weight
    return best


def fold(text: str) -> str:
    """Return the key by which names are compared and sorted: accents off, lower case, final sigma as sigma.

    Equals the database's `fold()` for composed (NFC) Greek, and for Latin letters as far as Latin Extended-A.
    Its code-point order is the Greek alphabet's.
    """
    bare = _COMBINING.sub("", unicodedata.normalize("NFD", text)).translate(_UNACCENTED)
    return unicodedata.normalize("NFC", bare).lower().replace("ς", "σ")


@cache
def zones() -> tuple[str, ...]:
    """Return the time zones offered: the network's own first, then the other capitals of the EU, then UTC."""
    return (*_FIRST_ZONES, *_OTHER_CAPITALS, "UTC")


def is_zone(name: str) -> bool:
    """Say whether a time zone is among those offered."""
    return name in zones()


def _fill(sentence: str, values: Mapping[str, object]) -> str:
    return sentence % values if values else sentence


def _in_zone(value: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return value.astimezone(zone)


def _local(value: dt.date, zone: ZoneInfo) -> dt.date:
    return _in_zone(value, zone).date() if isinstance(value, dt.datetime) else value
