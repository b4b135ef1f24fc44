"""What the tests of feeds and calendars do: make addresses and dates, and read what comes as other programs do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import feedparser
from icalendar import Calendar, Event

from forum.db import RawConnection
from forum.domain import feed_tokens
from forum.domain.actors import Actor
from forum.domain.entities import TopicId
from forum.keys import DB, SECRET
from tests.site import Answer, Site, Visitor
from tests.web import content

ATOM = "application/atom+xml; charset=utf-8"
CALENDAR = "text/calendar; charset=utf-8"


async def address(site: Site, person: str | Actor = "maria") -> str:
    """Make the secret address of a person and return the path that all theirs begin with."""
    actor = content.actor(site, person) if isinstance(person, str) else person
    async with site.app[DB].write() as tx:
        token = await feed_tokens.make(tx, actor, secret=site.app[SECRET], key=None)
    return f"/feeds/{token}"


def read_feed(answer: Answer) -> Any:
    """Read a feed as a feed reader does, which finds nothing wrong with it."""
    assert (answer.status, answer.headers["Content-Type"]) == (200, ATOM), answer.text[:300]
    found = feedparser.parse(answer.text.encode(), sanitize_html=False, resolve_relative_uris=False)
    assert not found.bozo, found.bozo_exception
    assert found.version == "atom10"
    return found


async def feed(site: Site, path: str) -> Any:
    return read_feed(await (await site.visitor()).get(path))


async def titles(site: Site, path: str) -> list[str]:
    """Return the titles of a feed in their order."""
    return [entry.title for entry in (await feed(site, path)).entries]


def read_calendar(answer: Answer) -> Calendar:
    """Read a calendar as a calendar program does."""
    assert (answer.status, answer.headers["Content-Type"]) == (200, CALENDAR), answer.text[:300]
    calendar = Calendar.from_ical(answer.text.encode())
    assert isinstance(calendar, Calendar)
    assert not [error for component in calendar.walk() for error in component.errors]
    return calendar


async def events(asker: Visitor, base: str) -> dict[str, Event]:
    """Return the events of a calendar by what they are called."""
    calendar = read_calendar(await asker.get(f"{base}/calendar.ics"))
    return {str(event["SUMMARY"]): event for event in calendar.events}


async def set_fields(owner: RawConnection, topic_id: TopicId, kind: str = "proposal", /, **fields: object) -> None:
    """Make a topic one of a kind with these fields, and its deadline what they say."""
    deadline = fields.get("deadline")
    at = datetime.fromisoformat(deadline["at"]) if isinstance(deadline, dict) else None
    await owner.execute(
        "UPDATE topics SET kind = $2, fields = $3::text::jsonb, deadline_at = $4 WHERE id = $1",
        topic_id,
        kind,
        json.dumps(fields),
        at,
    )


def instant(at: datetime, zone: str = "Europe/Brussels") -> dict[str, str]:
    """Return an instant as fields hold it."""
    return {"at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "zone": zone}
