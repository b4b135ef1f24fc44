"""Forms: what a browser sends becomes a typed model or an Invalid with codes; what was typed is kept for showing again.

Text is refused where PostgreSQL or a page could not hold it (NUL, lone surrogates, control characters) and where it
piles up marks that no script has. A field that comes twice is a request no form of ours sends (400).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo

from aiohttp import web
from email_validator import EmailNotValidError, validate_email
from multidict import MultiDictProxy
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from forum.characters import CONTROL, FORBIDDEN, UNSEEN, is_piled
from forum.domain.entities import BODY_LIMIT, EMAIL_LIMIT, NAME_LIMIT, SLUG_LIMIT
from forum.errors import BadRequest, Detailed, Invalid
from forum.i18n import Language, is_language

_WHOLE: Final = re.compile("[0-9]{1,10}|[0-9]{1,3}([., \u00a0\u202f][0-9]{3}){1,3}")
_DIGITS: Final = re.compile("[0-9]{1,19}")
_INT8: Final = 2**63 - 1
_SLUG: Final = re.compile("[a-z0-9]+(-[a-z0-9]+)*")

_RAW_LIMIT: Final = 4 * BODY_LIMIT
"""Characters beyond which no field is looked at: composing them leaves more than any field holds."""


def _check(value: str, forbidden: re.Pattern[str]) -> None:
    if len(value) > _RAW_LIMIT:
        raise PydanticCustomError("too_long", "too long to look at")
    if forbidden.search(value) or is_piled(value):
        raise PydanticCustomError("bad_characters", "control characters or piled marks")


def _plain(value: str) -> str:
    _check(value, FORBIDDEN)
    return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))


def _line(value: str) -> str:
    _check(value.strip(), CONTROL)
    return unicodedata.normalize("NFC", " ".join(value.split()))


def _required(value: str) -> str:
    if UNSEEN.fullmatch(value):
        raise PydanticCustomError("required", "must not be empty")
    return value


def _email(value: str) -> str:
    """Return an address in lower case; whether it can be reached is not asked. Source: RFC 5321 and 6531."""
    try:
        return validate_email(value, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise PydanticCustomError("bad_email", "not a mail address") from None


def _spoken(value: str) -> str:
    if not is_language(value):
        raise PydanticCustomError("unknown", "not a language of the forum")
    return value


def _spoken_or_none(value: str) -> str:
    return _spoken(value) if value else value


def _slug(value: str) -> str:
    if value and not _SLUG.fullmatch(value):
        raise PydanticCustomError("bad_slug", "no words for an address")
    return value


def _checkbox(value: object) -> object:
    return value in {"on", "1", "true"} if isinstance(value, str) else value


Line = Annotated[str, AfterValidator(_line)]
"""One line of text: spaces folded, NFC."""
RequiredLine = Annotated[Line, AfterValidator(_required)]
Text = Annotated[str, AfterValidator(_plain)]
"""Several lines of text: line ends as \\n, NFC."""
RequiredText = Annotated[Text, AfterValidator(_required)]
Email = Annotated[RequiredLine, Field(max_length=EMAIL_LIMIT), AfterValidator(_email)]
"""A mail address in the form it is stored in."""
SpokenLanguage = Annotated[Language, AfterValidator(_spoken)]
"""A language the forum speaks."""
OptionalLanguage = Annotated[Language, AfterValidator(_spoken_or_none)]
"""The same, or an empty text where it is another or not known."""
Checkbox = Annotated[bool, BeforeValidator(_checkbox)]
Slug = Annotated[Line, Field(max_length=SLUG_LIMIT), AfterValidator(_slug)]
"""Words for an address, or an empty text where the forum is to find them."""

_CODES: Final = {
    "missing": "required",
    "string_too_short": "required",
    "string_too_long": "too_long",
    "string_type": "bad_value",
    "int_parsing": "out_of_range",
    "int_parsing_size": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "literal_error": "unknown",
    "extra_forbidden": "not_expected",
    "value_error": "bad_value",
}


def local_instant(name: str, text: str, zone: str) -> datetime:
    """Return the instant that a `date` or `datetime-local` field means by the clocks of a zone; a date is its midnight.

    Of a time that the clocks show twice the earlier is meant. Raise Invalid for field `name`: no such text, or a time
    that the clocks leave out when they are put forward.
    """
    try:
        typed = datetime.fromisoformat(text)
        if typed.tzinfo is not None:
            raise ValueError(text)
        instant = typed.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid({name: ("bad_time",)}) from None
    if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != typed:
        raise Invalid({name: ("no_such_time",)})
    return instant


def optional_day(name: str, text: str) -> date | None:
    """Return the day of a `date` field, None where it is empty. Raise Invalid for field `name`."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid({name: ("bad_date",)}) from None


def local_morning(name: str, text: str, zone: str) -> datetime | None:
    """Return nine in the morning of the day that a `date` field means by the clocks of a zone, None where it is empty.

    So it is the same day for readers in the other zones of the Union. Raise Invalid for field `name`.
    """
    return local_instant(name, f"{text}T09:00", zone) if text else None


def local_day(name: str, text: str, zone: str) -> tuple[datetime, datetime]:
    """Return the instants at which the day of a `date` field begins and ends by the clocks of a zone.

    Raise Invalid for field `name` when the text is no day.
    """
    try:
        day = date.fromisoformat(text)
        first, after = (
            datetime.combine(midnight, time(), ZoneInfo(zone)).astimezone(UTC)
            for midnight in (day, day + timedelta(days=1))
        )
    except (ValueError, OverflowError):
        raise Invalid({name: ("bad_date",)}) from None
    return first, after


class Form(BaseModel):
    """A form of a page: every field is text as the browser sends it; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @classmethod
    def parse(cls, sent: Mapping[str, object] | MultiDictProxy[str | web.FileField]) -> Self:
        """Return the form, or raise Invalid with the codes of each faulty field."""
        values: dict[str, object] = {}
        for name in cls.model_fields:
            found = sent.getall(name, []) if isinstance(sent, MultiDictProxy) else [sent[name]] if name in sent else []
            if len(found) > 1:
                raise BadRequest("repeated_parameter")
            if found:
                values[name] = found[0]
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise Invalid(field_codes(error)) from None


class NewMember(Form):
    """What the command line takes for a new member, with the limits of the pages."""

    email: Email
    name: Annotated[RequiredLine, Field(max_length=NAME_LIMIT)]


def field_codes(error: ValidationError) -> dict[str, tuple[str, ...]]:
    """Return the codes of what pydantic found, by field (`a.b` for a field within a field)."""
    fields: dict[str, list[str]] = {}
    for fault in error.errors():
        name = ".".join(str(part) for part in fault["loc"]) or "body"
        code = _CODES.get(fault["type"], fault["type"] if fault["type"] in FIELD_CODES else "bad_value")
        fields.setdefault(name, []).append(_detailed(code, fault))
    return {name: tuple(dict.fromkeys(codes)) for name, codes in fields.items()}


def _detailed(code: str, fault: ErrorDetails) -> str:
    """Return the code with the limit, where pydantic names one."""
    most, value = fault.get("ctx", {}).get("max_length"), fault["input"]
    if code == "too_long" and most is not None and isinstance(value, str):
        return Detailed(code, limit=most, length=len(value))
    return code


FIELD_CODES: Final = frozenset(
    {
        "required",
        "too_long",
        "long_tag",
        "short_password",
        "short_staff_password",
        "not_expected",
        "bad_value",
        "bad_characters",
        "unknown",
        "taken",
        "bad_email",
        "common",
        "personal",
        "wrong_password",
        "wrong_code",
        "mismatch",
        "not_allowed",
        "ambiguous",
        "past",
        "too_soon",
        "bad_colour",
        "too_light",
        "too_many",
        "out_of_range",
        "not_csv",
        "empty_table",
        "too_many_lines",
        "too_many_columns",
        "missing_column",
        "unknown_columns",
        "repeated_column",
        "too_many_cells",
        "twice",
        "differs",
        "no_organisation",
        "no_region",
        "twice_named",
        "twice_titled",
        "no_group",
        "no_role",
        "no_language",
        "formula",
        "bad_domain",
        "same_address",
        "public_provider",
        "closed",
        "bad_slug",
        "bad_subdivision",
        "bad_nuts",
        "one_of_two",
        "to_come",
        "nobody",
        "bad_date",
        "bad_day_cell",
        "bad_moment_cell",
        "bad_time",
        "no_such_time",
        "bad_percent",
        "bad_zone",
        "bad_link",
        "incomplete_row",
        "out_of_order",
        "too_late",
        "theme_there",
        "not_begun",
        "one_twin",
        "twins_already",
        "needed_when_signed",
        "bad_website",
        "bad_area",
        "passed",
        "not_own",
        "lead_bound",
        "translated_into",
    }
)
"""Every code a field's fault can have; `problems.py` has a sentence for each."""


@dataclass(frozen=True, slots=True)
class FormState:
    """What a form shows: the values typed or stored, and the codes of each field's faults."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def is_faulty(self) -> bool:
        return bool(self.errors)


async def state_of(request: web.Request, invalid: Invalid) -> FormState:
    """Return what was typed with what was wrong with it; passwords are never sent back."""
    return FormState(dict(typed(await request.post())), invalid.fields)


def typed(sent: MultiDictProxy[str | bytearray | bytes | web.FileField]) -> list[tuple[str, str]]:
    """Return the fields of a form that may be sent back: all but passwords."""
    return [(name, value) for name, value in sent.items() if isinstance(value, str) and not name.startswith("password")]


def several(sent: MultiDictProxy[str | bytearray | bytes | web.FileField], name: str) -> tuple[str, ...]:
    """Return what was ticked of a field of several boxes, each once; who reads it compares it with what is offered."""
    return tuple(dict.fromkeys(value for value in sent.getall(name, []) if isinstance(value, str)))


def ticked(chosen: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return what a FormState says of fields of several boxes: `name-value` is on."""
    return {f"{name}-{value}": "on" for name, values in chosen.items() for value in values}


def optional_number(name: str, text: str, *, least: int = 1, most: int = 2**31 - 1) -> int | None:
    """Return a whole number, also one with points, commas or blanks before each three digits; None for an empty text.

    Raise Invalid for field `name`.
    """
    if not text:
        return None
    if not _WHOLE.fullmatch(text) or not least <= (value := int(re.sub("[^0-9]", "", text))) <= most:
        raise Invalid({name: (Detailed("out_of_range", least=least, most=most),)})
    return value


def int_param(request: web.Request, name: str) -> int:
    """Return an id from the path, or raise BadRequest: ids are positive int8."""
    return _integer(request.match_info[name])


def page_param(request: web.Request) -> int:
    """Return `?page=`, 1 when it is not there."""
    text = query_param(request, "page")
    return _integer(text) if text else 1


def optional_int_param(request: web.Request, name: str) -> int | None:
    """Return a number of the query, None when it is not there, or raise BadRequest."""
    text = query_param(request, name)
    return _integer(text) if text else None


def query_param(request: web.Request, name: str, default: str = "") -> str:
    """Return a parameter of the query as one line of text, or raise BadRequest."""
    found = request.query.getall(name, [])
    if len(found) > 1:
        raise BadRequest("repeated_parameter")
    if not found:
        return default
    if CONTROL.search(found[0]) or is_piled(found[0]):
        raise BadRequest("bad_value")
    return unicodedata.normalize("NFC", found[0].strip())


def _integer(text: str) -> int:
    if not _DIGITS.fullmatch(text) or not 1 <= int(text) <= _INT8:
        raise BadRequest("bad_value")
    return int(text)
