"""The Jinja environments, one a language, with the language's sentences, dates and numbers; no forum rules.

Templates are strict: an undefined name is an error, everything is escaped, and `|safe` stands only on HTML that was
sanitised on write. Blocking or asynchronous work never happens in a template. Run as a program, this module compiles
every template and writes what came of it to its output, for another process to `take` (docs/adr/0015-processes.md).
"""

from __future__ import annotations

import marshal
import sys
import unicodedata
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar, Final, Protocol
from zoneinfo import ZoneInfo

import jinja2
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from forum.domain.entities import stored_language
from forum.i18n import Language, Translator, languages, next_day, translator

MARK_OPEN, MARK_CLOSE = "\ue000", "\ue001"
"""Private-use characters that the search puts around a match."""


class _CompiledOnce(jinja2.BytecodeCache):
    """Keeps compiled templates for the process: the languages share them, and so do the applications of the tests."""

    _codes: ClassVar[dict[str, bytes]] = {}

    @classmethod
    def all(cls) -> dict[str, bytes]:
        return cls._codes

    def load_bytecode(self, bucket: Bucket) -> None:
        if (code := self._codes.get(bucket.key + bucket.checksum)) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key + bucket.checksum] = bucket.bytecode_to_string()


def make_environments(functions: Mapping[str, object]) -> dict[Language, jinja2.Environment]:
    """Return an environment a language; `functions` are put into every template's scope."""
    return {language: _make(translator(language), functions) for language in languages()}


def take(compiled: bytes) -> None:
    """Take what another process has compiled.

    Compiled when it is first shown, each page would hold up the loop for a tenth of a second.
    """
    if compiled:
        _CompiledOnce.all().update(marshal.loads(compiled))  # noqa: S302 - our own process said it


def _make(words: Translator, functions: Mapping[str, object]) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("forum"),
        # All is escaped but the plain part of a mail.
        autoescape=jinja2.select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
        cache_size=-1,
        bytecode_cache=_CompiledOnce(),
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        words.gettext, words.ngettext, newstyle=False
    )
    environment.globals.update(functions)
    environment.globals["frame"] = _CurrentFrame()
    environment.globals["language"] = words.language
    environment.globals["languages"] = languages()
    environment.filters["number"] = words.number
    environment.filters["size"] = words.size
    environment.filters["date"] = _zoned(words.date)
    environment.filters["datetime"] = _zoned(words.datetime)
    environment.filters["long_date"] = _long_date(words)
    environment.filters["relative"] = _relative(words)
    environment.filters["translate"] = words.gettext
    environment.filters["translated"] = lambda options: [(code, words.gettext(label)) for code, label in options]
    environment.filters["city"] = words.zone_name
    environment.filters["country"] = words.country
    environment.filters["distance"] = _distance(words)
    environment.filters["is_soon"] = _is_soon
    environment.filters["has_passed"] = _has_passed
    environment.filters["in_zone"] = lambda value, zone: words.datetime(value, ZoneInfo(zone))
    environment.filters["instant"] = datetime.fromisoformat
    environment.filters["iso"] = _iso
    environment.filters["listed"] = words.join
    environment.filters["country"] = words.country
    environment.filters["language_name"] = words.language_name
    environment.filters["in_language"] = _in_language(stored_language(words.language))
    environment.filters["name"] = _name(words.language)
    environment.filters["stored"] = _stored(words.language)
    environment.filters["spoken"] = _spoken(words.language)
    environment.filters["marked"] = _marked
    environment.filters["initials"] = _initials
    return environment


@lru_cache(maxsize=4096)
def _initials(name: str) -> str:
    """Return the first letters of the first two words; Greek capitals carry no accent when they stand alone."""
    letters = unicodedata.normalize("NFD", "".join(word[0] for word in name.split()[:2]))
    return unicodedata.normalize("NFC", letters.replace("\u0301", ""))


class Frame(Protocol):
    """What is around the page being written, as far as the filters here need it."""

    @property
    def now(self) -> datetime: ...
    @property
    def zone(self) -> ZoneInfo: ...
    def holds_until(self, instant: datetime) -> None:
        """Learn that something the page says is true until then."""


FRAME: Final[ContextVar[Frame]] = ContextVar("frame")


class _CurrentFrame:
    """The frame of the page being written, for templates: so that macros are the same for all pages and made once."""

    def __getattr__(self, name: str) -> object:
        return getattr(FRAME.get(), name)


def _zoned(write: Callable[[datetime, ZoneInfo], str]) -> Callable[[datetime], str]:
    return lambda value: write(value, FRAME.get().zone)


def _long_date(words: Translator) -> Callable[[datetime], str]:
    def filter_(value: datetime) -> str:
        frame = FRAME.get()
        if value is frame.now:
            frame.holds_until(next_day(value, frame.zone))
        return words.long_date(value, frame.zone)

    return filter_


def _relative(words: Translator) -> Callable[[datetime], str]:
    def filter_(value: datetime) -> str:
        frame = FRAME.get()
        if until := words.relative_until(value, frame.now, frame.zone):
            frame.holds_until(until)
        return words.relative(value, frame.now, frame.zone)

    return filter_


def _distance(words: Translator) -> Callable[[datetime], str]:
    def filter_(value: datetime) -> str:
        """Return how far ahead an instant is, in words."""
        frame = FRAME.get()
        if until := words.distance_until(value, frame.now):
            frame.holds_until(until)
        return words.distance(value, frame.now)

    return filter_


def _has_passed(value: datetime) -> bool:
    """Say whether an instant has come."""
    frame = FRAME.get()
    if value > frame.now:
        frame.holds_until(value)
    return value <= frame.now


def _is_soon(value: datetime, days: int) -> bool:
    """Say whether an instant is still to come within so many days."""
    frame = FRAME.get()
    for change in (value - timedelta(days=days), value):
        if change > frame.now:
            frame.holds_until(change)
    return timedelta() < value - frame.now <= timedelta(days=days)


def _iso(value: datetime) -> str:
    return value.isoformat(timespec="seconds").replace("+00:00", "Z")


def _in_language(language: Language) -> Callable[[object, str], str]:
    def filter_(thing: object, attribute: str) -> str:
        """Return `thing.attribute_el` or `thing.attribute_en`, for titles and attributes."""
        return str(getattr(thing, f"{attribute}_{language}"))

    return filter_


def _spoken(language: Language) -> Callable[[str, str | None], Markup]:
    def filter_(text: str, code: str | None) -> Markup:
        """Mark a text with its language where that is known and not the page's (WCAG 3.1.2)."""
        return escape(text) if code in {None, language} else Markup('<span lang="{}">{}</span>').format(code, text)

    return filter_


def _name(language: Language) -> Callable[[object, str], Markup]:
    plain, stored = _in_language(stored_language(language)), _stored(language)

    def filter_(thing: object, attribute: str) -> Markup:
        """Return the same for running text: marked with its language where that is not the page's (WCAG 3.1.2)."""
        return stored(plain(thing, attribute))

    return filter_


def _stored(language: Language) -> Callable[[str], Markup]:
    kept, spoken = stored_language(language), _spoken(language)

    def filter_(text: str) -> Markup:
        """Mark a name that was picked already in the same way."""
        return spoken(text, kept)

    return filter_


def _marked(snippet: str) -> Markup:
    """Escape a snippet and turn the search's marks into <mark>."""
    text = str(escape(snippet))
    return Markup(text.replace(MARK_OPEN, "<mark>").replace(MARK_CLOSE, "</mark>"))  # noqa: S704 - escaped above


if __name__ == "__main__":
    _any = _make(translator(next(iter(languages()))), {})
    for _template in _any.list_templates(extensions=["html", "txt"]):
        _any.get_template(_template)
    sys.stdout.buffer.write(marshal.dumps(_CompiledOnce.all()))
