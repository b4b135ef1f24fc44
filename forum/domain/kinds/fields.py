"""The types of field that kinds of topic are made of: what a form or a program sends becomes one canonical value.

A field reads what a form sent as texts by name (`read`), checks what a program sent as JSON (`check`), and writes a
value into the texts of a form again (`write`); each raises Fault with a code that `web/problems.py` has a sentence for.
A field of several inputs names them after itself: `deadline`, `deadline.time`, `indicators.1.name`, `roles.lead`.
Whether a theme or an organisation of some slug exists is asked by `topics.py`, where there is a database to ask.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from forum import i18n, territories
from forum.characters import CONTROL, FORBIDDEN, UNSEEN, is_piled
from forum.errors import Detailed

Value = Any
"""What JSON can say, as the field's type wants it."""

BRUSSELS: Final = "Europe/Brussels"
CLOSING_TIME: Final = "17:00"
"""When calls of the European Union close, by the clocks of Brussels; what a form suggests."""

_NUMBER: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_DECIMAL: Final = re.compile(r"[0-9]{1,3}([.,][0-9]{1,2})?", re.ASCII)
_SLUG: Final = re.compile("[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_HOST: Final = re.compile(r"[^\W_][\w-]*(\.[\w-]+)*\.[^\W\d_]{2,63}(:[0-9]{1,5})?(?=[/?#]|$)")
"""What an address begins with that is written without its scheme."""
CODES: Final = 100
LINKS: Final = 10
LINK_LIMIT: Final = 500
EARLIEST: Final = date(1900, 1, 1)
LATEST: Final = date(2199, 12, 31)


class Fault(Exception):
    """A value that the field does not take."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field with the sentences that ask for it, in English as they stand in the catalogues of translations."""

    type: ClassVar[str]
    """What templates, and whoever writes a value, tell the types apart by."""
    name: str
    label: str
    said: str = ""
    """What it is called beside its value, where that is shorter: the value says its unit by itself."""
    hint: str = ""
    is_required: bool = False
    is_typed: bool = True
    """Whether whoever writes the topic says it; else an act upon the topic does."""

    def read(self, sent: Mapping[str, str]) -> Value | None:
        """Return the value of a form, None where nothing was typed."""
        text = sent.get(self.name, "").strip()
        return self.check(text) if text else None

    def check(self, value: object) -> Value:
        """Return a value of JSON as it is kept; None never comes here."""
        raise NotImplementedError

    def write(self, value: Value) -> dict[str, str]:
        """Return what a form shows of the value, by the names of its inputs."""
        return {self.name: str(value)}

    def words(self, value: Value) -> str:
        """Return what the topic is found by; codes and numbers are none."""
        del value
        return ""

    def schema(self) -> dict[str, Any]:
        """Return the type of the value as a JSON schema."""
        raise NotImplementedError

    def names(self) -> tuple[str, ...]:
        """Return the names of its inputs that are always there, the first of them the one that an error leads to."""
        return (self.name,)


def _text(value: object, limit: int, *, is_line: bool) -> str:
    if not isinstance(value, str):
        raise Fault("bad_value")
    if len(value) > 4 * limit:
        raise Fault(Detailed("too_long", limit=limit, length=len(value)))
    if (CONTROL if is_line else FORBIDDEN).search(value.strip()) or is_piled(value):
        raise Fault("bad_characters")
    plain = value.replace("\r\n", "\n").replace("\r", "\n")
    text = unicodedata.normalize("NFC", " ".join(plain.split()) if is_line else plain.strip())
    if UNSEEN.fullmatch(text):
        raise Fault("required")
    if len(text) > limit:
        raise Fault(Detailed("too_long", limit=limit, length=len(text)))
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Field):
    """One line of text."""

    type: ClassVar[str] = "line"
    limit: int = 200

    def check(self, value: object) -> str:
        return _text(value, self.limit, is_line=True)

    def words(self, value: Value) -> str:
        return str(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.limit}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Field):
    """Several lines of plain text; an empty line begins a paragraph."""

    type: ClassVar[str] = "text"
    limit: int = 5000

    def check(self, value: object) -> str:
        return _text(value, self.limit, is_line=False)

    def words(self, value: Value) -> str:
        return str(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.limit}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Field):
    """One of several codes; `options` pairs each with its label."""

    type: ClassVar[str] = "choice"
    options: tuple[tuple[str, str], ...]

    def check(self, value: object) -> str:
        if value not in dict(self.options):
            raise Fault("unknown")
        return str(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [code for code, _ in self.options]}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenLanguage(Field):
    """The language something is written in, by its ISO 639-1 code."""

    type: ClassVar[str] = "language"
    codes: ClassVar[tuple[str, ...]] = (
        *("el", "en", "tr", "bg", "cs", "da", "de", "es", "et", "fi", "fr", "ga", "hr", "hu", "it", "lt", "lv", "mt"),
        *("nl", "pl", "pt", "ro", "sk", "sl", "sv"),
    )
    """The languages of the Union and Turkish, which is an official language of Cyprus; the forum's own first."""

    def check(self, value: object) -> str:
        if value not in self.codes:
            raise Fault("unknown")
        return str(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.codes)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Several(Field):
    """Any number of codes, each an input to tick; kept once each."""

    @property
    def most(self) -> int:
        """Return how many may be sent: as many as there are, where that is known."""
        return CODES

    def is_offered(self, code: str) -> bool:
        raise NotImplementedError

    def read(self, sent: Mapping[str, str]) -> Value | None:
        before = f"{self.name}."
        ticked = [name.removeprefix(before) for name in sent if name.startswith(before) and sent[name]]
        return self.check(ticked) if ticked else None

    def check(self, value: object) -> list[str]:
        if not isinstance(value, list | tuple) or not all(isinstance(code, str) for code in value):
            raise Fault("bad_value")
        if len(value) > self.most:
            raise Fault(Detailed("too_many", limit=self.most))
        if not value:
            raise Fault("required")
        if not all(self.is_offered(code) for code in value):
            raise Fault("unknown")
        return sorted(set(value), key=self.order)

    def order(self, code: str) -> Any:
        return code

    def write(self, value: Value) -> dict[str, str]:
        return {f"{self.name}.{code}": "on" for code in value}

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}, "minItems": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices(Several):
    """Several of the codes of `options`, which pairs each with its label."""

    type: ClassVar[str] = "choices"
    options: tuple[tuple[str, str], ...]

    @property
    def most(self) -> int:
        return len(self.options)

    def is_offered(self, code: str) -> bool:
        return code in dict(self.options)

    def order(self, code: str) -> int:
        return [known for known, _ in self.options].index(code)

    def schema(self) -> dict[str, Any]:
        codes = [code for code, _ in self.options]
        return {"type": "array", "items": {"type": "string", "enum": codes}, "minItems": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Countries(Several):
    """Member states of the European Union by ISO 3166-1."""

    type: ClassVar[str] = "countries"

    @property
    def most(self) -> int:
        return len(territories.countries())

    def is_offered(self, code: str) -> bool:
        return code in territories.countries()

    def schema(self) -> dict[str, Any]:
        codes = list(territories.countries())
        return {"type": "array", "items": {"type": "string", "enum": codes}, "minItems": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Themes(Several):
    """Themes of the forum's list by their slugs."""

    type: ClassVar[str] = "themes"

    def is_offered(self, code: str) -> bool:
        return _SLUG.fullmatch(code) is not None and len(code) <= 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation(Field):
    """An organisation of the network by its slug; `kind` narrows the choice to municipalities."""

    type: ClassVar[str] = "organisation"
    is_municipality: bool = False

    def check(self, value: object) -> str:
        if not isinstance(value, str) or len(value) > 80 or not _SLUG.fullmatch(value):
            raise Fault("unknown")
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_SLUG.pattern}$", "maxLength": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Field):
    """A whole number within limits; with a `unit` it is not said without it."""

    type: ClassVar[str] = "number"
    least: int = 0
    most: int = 10**6
    unit: Literal["", "months"] = ""

    def check(self, value: object) -> int:
        if isinstance(value, str) and (number := _NUMBER.fullmatch(value.replace("\u00a0", "").replace(" ", ""))):
            value = int(number[0])
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
            raise Fault(Detailed("out_of_range", least=self.least, most=self.most))
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True, kw_only=True)
class Money(Number):
    """Whole euros; thousands may be set apart by a point, a comma or a blank."""

    type: ClassVar[str] = "money"
    most: int = 10**12

    def check(self, value: object) -> int:
        if isinstance(value, str):
            value = re.sub(r"[ .,\u00a0](?=[0-9]{3}(?![0-9]))", "", value.removesuffix("€").removeprefix("€").strip())
        return Number.check(self, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Percent(Field):
    """A share of a hundred, with at most two decimals after a point or a comma."""

    type: ClassVar[str] = "percent"

    def check(self, value: object) -> int | float:
        if isinstance(value, str):
            typed = value.removesuffix("%").strip()
            if not _DECIMAL.fullmatch(typed):
                raise Fault("bad_percent")
            value = float(typed.replace(",", "."))
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
            raise Fault("bad_percent")
        shown = round(float(value), 2)
        return int(shown) if shown.is_integer() else shown

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": 0, "maximum": 100}


def _day(text: object) -> date:
    try:
        day = date.fromisoformat(text) if isinstance(text, str) and len(text) == 10 else None
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day <= LATEST:
        raise Fault("bad_date")
    return day


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Field):
    """A day of the calendar, of no zone, as YYYY-MM-DD."""

    type: ClassVar[str] = "day"

    def check(self, value: object) -> str:
        return _day(value).isoformat()

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant(Field):
    """A moment and the zone it was set in, as {"at": "2027-03-28T15:00:00Z", "zone": "Europe/Brussels"}.

    A form has a day, a time by the clocks of the zone (CLOSING_TIME where it is left out) and the zone. A time that the
    clocks leave out is refused; of one that they show twice the earlier is meant.
    """

    type: ClassVar[str] = "instant"

    def read(self, sent: Mapping[str, str]) -> Value | None:
        day = sent.get(self.name, "").strip()
        if not day:
            return None
        zone = sent.get(f"{self.name}.zone", "").strip() or BRUSSELS
        if "T" in day:
            return self.check(day if _has_offset(day) else {"local": day, "zone": zone})
        time = sent.get(f"{self.name}.time", "").strip() or CLOSING_TIME
        return self.check({"local": f"{_day(day)}T{time}", "zone": zone})

    def check(self, value: object) -> dict[str, str]:
        """Take an ISO 8601 time with its offset too, for one in Brussels, and {"local", "zone"} for that zone's clocks."""
        if isinstance(value, str):
            value = {"at": value, "zone": BRUSSELS}
        if not isinstance(value, dict) or set(value) not in ({"at", "zone"}, {"local", "zone"}, {"at"}):
            raise Fault("bad_time")
        zone = value.get("zone", BRUSSELS)
        if not isinstance(zone, str) or not i18n.is_zone(zone):
            raise Fault("bad_zone")
        return {"at": _written(_instant(value, ZoneInfo(zone))), "zone": zone}

    def write(self, value: Value) -> dict[str, str]:
        local = at(value).astimezone(ZoneInfo(value["zone"]))
        return {
            self.name: local.date().isoformat(),
            f"{self.name}.time": f"{local:%H:%M}",
            f"{self.name}.zone": value["zone"],
        }

    def schema(self) -> dict[str, Any]:
        whole = {
            "type": "object",
            "properties": {
                "at": {"type": "string", "format": "date-time"},
                "zone": {"type": "string", "enum": list(i18n.zones())},
            },
            "required": ["at", "zone"],
            "additionalProperties": False,
        }
        return {"anyOf": [whole, {"type": "string", "format": "date-time"}]}

    def names(self) -> tuple[str, ...]:
        return self.name, f"{self.name}.time", f"{self.name}.zone"


def at(value: Mapping[str, str]) -> datetime:
    """Return the instant of a value."""
    return datetime.fromisoformat(value["at"])


def _has_offset(text: str) -> bool:
    return text.endswith("Z") or re.search(r"[+-][0-9]{2}:?[0-9]{2}$", text) is not None


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _instant(value: Mapping[str, object], zone: ZoneInfo) -> datetime:
    text = value.get("at", value.get("local"))
    try:
        if not isinstance(text, str) or len(text) > 40:
            raise ValueError
        found = datetime.fromisoformat(text)
        if ("at" in value) != (found.tzinfo is not None):
            raise ValueError
        _day(found.date().isoformat())
        instant = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise Fault("bad_time") from None
    if found.tzinfo is None and instant.astimezone(zone).replace(tzinfo=None) != found.replace(microsecond=0):
        raise Fault("no_such_time")
    return instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Links(Field):
    """Addresses of pages elsewhere, one a line."""

    type: ClassVar[str] = "links"

    def read(self, sent: Mapping[str, str]) -> Value | None:
        lines = [line.strip() for line in sent.get(self.name, "").splitlines()]
        found = [line for line in lines if line]
        return self.check(list(map(completed, found))) if found else None

    def check(self, value: object) -> list[str]:
        if not isinstance(value, list | tuple):
            raise Fault("bad_value")
        if len(value) > LINKS:
            raise Fault(Detailed("too_many", limit=LINKS))
        if not value:
            raise Fault("required")
        return list(dict.fromkeys(map(_link, value)))

    def write(self, value: Value) -> dict[str, str]:
        return {self.name: "\n".join(value)}

    def schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "string", "format": "uri", "maxLength": LINK_LIMIT},
            "minItems": 1,
            "maxItems": LINKS,
        }


def completed(link: str) -> str:
    """Return an address as people say it, such as www.example.org, with https:// before it; others as they are."""
    return f"https://{link}" if _HOST.match(link) else link


def _link(value: object) -> str:
    if not isinstance(value, str):
        raise Fault("bad_value")
    link = _text(value, LINK_LIMIT, is_line=True)
    try:
        parts = urlsplit(link)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
    except ValueError:
        fits = False
    if not fits or " " in link:
        raise Fault("bad_link")
    return link


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: one line of text a cell."""

    name: str
    label: str
    limit: int = 100
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Field):
    """Rows of several cells, each row a JSON object; a row that is empty in a form does not count."""

    type: ClassVar[str] = "table"
    columns: tuple[Column, ...]
    rows: int = 20

    def read(self, sent: Mapping[str, str]) -> Value | None:
        rows = []
        for number in range(1, self.rows + 1):
            row = {
                column.name: cell
                for column in self.columns
                if (cell := sent.get(f"{self.name}.{number}.{column.name}", "").strip())
            }
            if row:
                rows.append(row)
        return self.check(rows) if rows else None

    def check(self, value: object) -> list[dict[str, str]]:
        if not isinstance(value, list | tuple) or not all(isinstance(row, dict) for row in value):
            raise Fault("bad_value")
        if len(value) > self.rows:
            raise Fault(Detailed("too_many", limit=self.rows))
        if not value:
            raise Fault("required")
        return [self._row(row) for row in value]

    def _row(self, row: Mapping[str, object]) -> dict[str, str]:
        if set(row) - {column.name for column in self.columns}:
            raise Fault("bad_value")
        found = {}
        for column in self.columns:
            cell = row.get(column.name)
            if isinstance(cell, int | float) and not isinstance(cell, bool):
                cell = str(cell)
            if cell not in (None, ""):
                found[column.name] = _text(cell, column.limit, is_line=True)
            elif column.is_required:
                raise Fault("incomplete_row")
        return found

    def write(self, value: Value) -> dict[str, str]:
        return {
            f"{self.name}.{number}.{name}": cell for number, row in enumerate(value, 1) for name, cell in row.items()
        }

    def words(self, value: Value) -> str:
        return "\n".join(" ".join(row.values()) for row in value)

    def schema(self) -> dict[str, Any]:
        row = {
            "type": "object",
            "properties": {
                column.name: {"type": "string", "minLength": 1, "maxLength": column.limit} for column in self.columns
            },
            "required": [column.name for column in self.columns if column.is_required],
            "additionalProperties": False,
        }
        return {"type": "array", "items": row, "minItems": 1, "maxItems": self.rows}

    def names(self) -> tuple[str, ...]:
        return (f"{self.name}.1.{self.columns[0].name}",)
