"""Writes calendars that other programs subscribe to (RFC 5545, RFC 7986); what they hold is `domain/calendar.py`'s.

A moment stands by the clocks of its zone, which the calendar describes, so that programs which know another date for
the change of the clocks go by the forum's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone

from forum.domain.calendar import Entry, Kind
from forum.i18n import Language, Translator, mark, translator

MEDIA: Final = "text/calendar"

REFRESH: Final = timedelta(hours=1)
"""How often programs are asked to look; some look a few times a day, whatever they are asked."""

ALARMS: Final = (timedelta(days=7), timedelta(days=1))
"""How long before it begins one is reminded."""

SUMMARIES: Final[Mapping[Kind, str]] = {
    "deadline": mark("Deadline: %(title)s"),
    "interest_deadline": mark("Expressions of interest until: %(title)s"),
    "twinning_event": mark("Twinning: %(title)s"),
}

_PRODUCT: Final = "-//Koinon//Calendar//EN"
_END: Final = b"END:VCALENDAR\r\n"
_UTC: Final = "UTC"
_LINE_END: Final = re.compile("\r\n?")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def write(
    entries: Sequence[Entry], words: Translator, *, name: str, host: str, url_of: Callable[[Entry], str], now: datetime
) -> bytes:
    """Return the calendar of a reader in their language; `host` makes the names of entries unique in the world."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", _line(name))
    calendar.add("x-wr-calname", _line(name))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for zone in sorted({entry.zone for entry in entries} - {_UTC}):
        calendar.add_component(_timezone(zone, now.year))
    opening, end, _ = calendar.to_ical().partition(_END)
    return b"".join((opening, *(_event(entry, words.language, host, url_of(entry)) for entry in entries), end))


@lru_cache(maxsize=2048)
def _event(entry: Entry, language: Language, host: str, url: str) -> bytes:
    """Return an entry as it stands in every calendar that has it: writing it takes a millisecond."""
    summary = _line(translator(language).gettext(SUMMARIES[entry.kind], title=entry.title))
    event = Event()
    event.add("uid", f"{entry.uid}@{host}")
    # Without a METHOD it says when the entry was last changed (RFC 5545, 3.8.7.2): the same fetch, the same calendar.
    event.add("dtstamp", entry.updated_at.astimezone(UTC))
    event.add("last-modified", entry.updated_at.astimezone(UTC))
    event.add("sequence", entry.revision)
    event.add("dtstart", _local(entry.starts_at, entry.zone))
    if entry.ends_at:
        event.add("dtend", _local(entry.ends_at, entry.zone))
    else:
        event.add("duration", timedelta(0))
        event.add("transp", "TRANSPARENT")
    event.add("summary", summary)
    event.add("description", f"{_text(entry.description)}\n\n{url}".strip())
    event.add("url", url)
    event.add("categories", [_line(entry.group)])
    event.add("class", "PRIVATE")
    for before in ALARMS:
        event.add_component(_alarm(before, summary))
    return bytes(event.to_ical())


def _alarm(before: timedelta, summary: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", -before)
    return alarm


def _local(instant: datetime, zone: str) -> datetime:
    """Return an instant by the clocks of a zone; by universal time in the hour that its clocks show a second time.

    A local time that comes twice means the first (RFC 5545, 3.3.5).
    """
    local = instant.astimezone(ZoneInfo(zone))
    return instant.astimezone(UTC) if zone == _UTC or local.fold else local


@lru_cache(maxsize=256)
def _timezone(zone: str, year: int) -> Timezone:
    """Return the clocks of a zone in the years that a calendar of this year speaks of."""
    return Timezone.from_tzid(zone, first_date=date(year - 1, 1, 1), last_date=date(year + 4, 1, 1))


def _text(text: str) -> str:
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", _LINE_END.sub("\n", text))


def _line(text: str) -> str:
    return " ".join(_text(text).split())
