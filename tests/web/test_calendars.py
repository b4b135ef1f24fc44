"""The calendar, read as a calendar program reads it: its dates, its clocks, and what is not in it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event

from forum import clock
from forum.db import REGISTRY, RawConnection
from forum.domain import calendar as dates
from forum.domain import twinnings
from forum.domain.entities import TopicId
from forum.i18n import translator
from forum.keys import DB
from forum.web import ical
from tests.domain import twinning
from tests.site import Site
from tests.web import content
from tests.web.subscribing import address, events, instant, read_calendar, set_fields

SOON = (clock.now() + timedelta(days=40)).replace(minute=0, second=0, microsecond=0)

ZONES = ("Europe/Athens", "Asia/Nicosia", "Europe/Brussels")
MOMENTS = (
    # Before the clocks go forward, in the last hour before, the first after, and in the evening; the same in autumn,
    # where the hour from 00:00 to 01:00 of universal time is shown once more in the next.
    "2027-03-27T16:00:00Z",
    "2027-03-28T00:30:00Z",
    "2027-03-28T01:00:00Z",
    "2027-03-28T15:00:00Z",
    "2027-10-30T15:00:00Z",
    "2027-10-31T00:30:00Z",
    "2027-10-31T01:30:00Z",
    "2027-10-31T02:00:00Z",
    "2027-10-31T16:00:00Z",
)


def entry(at: datetime, zone: str, **other: object) -> dates.Entry:
    facts: dict[str, object] = {
        "uid": "deadline-1",
        "kind": "deadline",
        "title": "Πρόσκληση",
        "starts_at": at,
        "ends_at": None,
        "zone": zone,
        "route": "topics.show",
        "parts": {},
        "group": "Προτάσεις",
        "description": "Κείμενο",
        "updated_at": datetime(2026, 11, 28, 12, tzinfo=UTC),
        "revision": 0,
    }
    return dates.Entry(**{**facts, **other})  # type: ignore[arg-type]


def written(*entries: dates.Entry, language: str = "el") -> str:
    text = ical.write(
        list(entries),
        translator(language),
        name="Κοινόν",
        host="forum.example",
        url_of=lambda _: "https://forum.example/topics/1/x",
        now=datetime(2026, 11, 28, tzinfo=UTC),
    )
    return text.decode()


def only_event(text: str) -> Event:
    (event,) = Calendar.from_ical(text).events
    return event


# Dates and clocks -------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_moment_is_what_it_is_on_both_sides_of_a_change_of_the_clocks(zone: str, moment: str) -> None:
    """For programs that know the zone, and for those that go by what the calendar says of it."""
    at = datetime.fromisoformat(moment)
    text = written(entry(at, zone))
    start = only_event(text).start
    assert isinstance(start, datetime)
    assert start.astimezone(UTC) == at
    (described,) = Calendar.from_ical(text).timezones
    assert str(described["TZID"]) == zone
    by_the_calendar = described.to_tz(lookup_tzid=False)
    line = re.search("^DTSTART(;TZID=[^:]+)?:(.*?)\r$", text.partition("BEGIN:VEVENT")[2], re.MULTILINE)
    assert line
    if line[1]:
        assert line[1] == f";TZID={zone}"
        local = datetime.strptime(line[2], "%Y%m%dT%H%M%S").replace(tzinfo=by_the_calendar)
        assert local.astimezone(UTC) == at
        assert f"{local:%H:%M}" == f"{at.astimezone(ZoneInfo(zone)):%H:%M}", "what the clocks there show"
    else:
        assert line[2].endswith("Z")
        assert at.astimezone(ZoneInfo(zone)).fold, "only what the clocks show a second time"


@pytest.mark.parametrize(("zone", "closes"), [("Europe/Brussels", 17), ("Europe/Athens", 18), ("Asia/Nicosia", 18)])
def test_a_call_that_closes_at_five_in_brussels_does_so_in_summer_and_in_winter(zone: str, closes: int) -> None:
    for day in (datetime(2027, 3, 26), datetime(2027, 3, 28), datetime(2027, 10, 30), datetime(2027, 10, 31)):  # noqa: DTZ001
        at = day.replace(hour=17, tzinfo=ZoneInfo("Europe/Brussels"))
        assert f"DTSTART;TZID={zone}:{day:%Y%m%d}T{closes}0000\r\n" in written(entry(at.astimezone(UTC), zone))


def test_universal_time_needs_no_zone() -> None:
    text = written(entry(datetime(2027, 3, 28, 15, tzinfo=UTC), "UTC"))
    assert "DTSTART:20270328T150000Z\r\n" in text
    assert "VTIMEZONE" not in text


def test_each_zone_is_described_once() -> None:
    at = datetime(2027, 3, 28, 15, tzinfo=UTC)
    text = written(*(entry(at, zone, uid=f"deadline-{zone}-{n}") for zone in ZONES for n in range(2)))
    assert sorted(re.findall("^TZID:(.*)\r$", text, re.MULTILINE)) == sorted(ZONES)


def test_what_has_an_end_says_so() -> None:
    at = datetime(2027, 5, 4, 9, tzinfo=UTC)
    text = written(entry(at, "Europe/Athens", kind="meeting", ends_at=at + timedelta(hours=2)))
    assert "DTEND;TZID=Europe/Athens:20270504T140000\r\n" in text
    assert "DURATION" not in text.replace("VALUE=DURATION", "")
    assert str(only_event(text)["SUMMARY"]).endswith(": Πρόσκληση")


# What an entry says -----------------------------------------------------------------------------


async def test_a_deadline_is_a_moment_with_two_alarms(site: Site, owner: RawConnection) -> None:
    topic = await content.start(site, "nikos", title="LIFE: νερό", body="Πρόσκληση\n\nγια **δήμους**.")
    await set_fields(owner, topic.topic_id, deadline=instant(SOON))
    calendar = read_calendar(await (await site.visitor()).get(f"{await address(site)}/calendar.ics"))
    (event,) = calendar.events
    prefix = translator("el").gettext(ical.SUMMARIES["deadline"], title="LIFE: νερό")
    assert event["SUMMARY"] == prefix
    assert event.start == SOON
    assert event.duration == timedelta(0)
    assert event["TRANSP"] == "TRANSPARENT"
    assert event["UID"] == f"deadline-{topic.topic_id}@127.0.0.1"
    url = f"http://127.0.0.1:8080/topics/{topic.topic_id}/{topic.slug}"
    assert event["URL"] == url
    assert event["DESCRIPTION"] == f"Πρόσκληση για δήμους.\n\n{url}"
    assert event["CLASS"] == "PRIVATE"
    assert event.categories == ["Ερωτήσεις και συζήτηση"]
    assert event["SEQUENCE"] == 0
    assert event.DTSTAMP == event.LAST_MODIFIED
    alarms = [(alarm["ACTION"], alarm["TRIGGER"].to_ical()) for alarm in event.walk("VALARM")]
    assert alarms == [("DISPLAY", b"-P7D"), ("DISPLAY", b"-P1D")]
    assert calendar["X-WR-CALNAME"] == calendar["NAME"] == "Κοινόν"
    assert calendar["REFRESH-INTERVAL"].to_ical() == b"PT1H"
    assert "METHOD" not in calendar


async def test_both_deadlines_of_a_call_are_there_in_the_order_of_time(site: Site, owner: RawConnection) -> None:
    topic = await content.start(site, "nikos", title="Πρόσκληση")
    earlier = SOON - timedelta(days=20)
    await set_fields(
        owner,
        topic.topic_id,
        deadline=instant(SOON, "Europe/Athens"),
        interest_deadline=instant(earlier, "Asia/Nicosia"),
        summary="Με λίγα λόγια",
    )
    found = await events(await site.visitor("maria"), await address(site))
    assert [event.start for event in found.values()] == [earlier, SOON]
    assert [str(event["UID"]).partition("@")[0] for event in found.values()] == [
        f"interest-deadline-{topic.topic_id}",
        f"deadline-{topic.topic_id}",
    ]
    assert all(str(event["DESCRIPTION"]).startswith("Με λίγα λόγια\n") for event in found.values())


async def test_an_edit_raises_the_sequence_and_keeps_the_name(site: Site, owner: RawConnection) -> None:
    topic = await content.start(site, "maria", title="Πρόσκληση")
    await set_fields(owner, topic.topic_id, deadline=instant(SOON))
    base, maria = await address(site), await site.visitor("maria")
    (before,) = (await events(maria, base)).values()
    path = f"/posts/{topic.first_post_id}/edit"
    await maria.get(path)
    said = {"type": "call", "programme": "LIFE", "summary": "Νερό", "contact": "Γραφείο"}
    due = {"deadline": SOON.date().isoformat(), "deadline.time": "12:00", "deadline.zone": "Europe/Athens"}
    assert (await maria.submit(path, {"title": "Πρόσκληση", "body": "Άλλο", **said, **due})).status == 303
    (after,) = (await events(maria, base)).values()
    assert (after["UID"], after["SEQUENCE"]) == (before["UID"], 1)
    assert after.LAST_MODIFIED >= before.LAST_MODIFIED


async def test_it_is_in_its_readers_language(site: Site, owner: RawConnection) -> None:
    topic = await content.start(site, "nikos", title="LIFE")
    await set_fields(owner, topic.topic_id, deadline=instant(SOON))
    found = await events(await site.visitor(), await address(site, "sophie"))
    assert list(found) == ["Deadline: LIFE"]
    assert found["Deadline: LIFE"].categories == ["Questions and discussion"]


async def test_it_reaches_from_a_month_ago_to_two_years_ahead(site: Site, owner: RawConnection) -> None:
    now = clock.now()
    for title, at in (
        ("πάλι", now - timedelta(days=33)),
        ("μόλις", now - timedelta(days=29)),
        ("σύντομα", now + timedelta(days=1)),
        ("κάποτε", now + timedelta(days=729)),
        ("πολύ αργά", now + timedelta(days=733)),
    ):
        topic = await content.start(site, "nikos", title=title)
        await set_fields(owner, topic.topic_id, deadline=instant(at), interest_deadline=instant(at))
    found = await events(await site.visitor(), await address(site, "sophie"))
    assert list(found) == [
        f"{what}: {title}"
        for title in ("μόλις", "σύντομα", "κάποτε")
        for what in ("Deadline", "Expressions of interest until")
    ]


async def test_the_next_event_of_a_twinning_is_there_for_the_two(site: Site, owner: RawConnection) -> None:
    db, guest = site.app[DB], await site.visitor()
    invited = await twinning.invite(db, owner, by=site.cast.maria, to="mytilene")
    await twinning.accept(db, site.cast.nikos, invited.twinning_id)
    course = twinnings.Course(
        state="in_contact", next_event="Επίσκεψη", next_event_at=SOON, next_event_zone="Asia/Nicosia"
    )
    await twinning.change(db, site.cast.nikos, invited.twinning_id, course)
    shown = {person: await events(guest, await address(site, person)) for person in ("maria", "nikos")}
    assert {person: set(found) for person, found in shown.items()} == {
        "maria": {"Αδελφοποίηση: Επίσκεψη"},
        "nikos": {"Αδελφοποίηση: Επίσκεψη"},
    }
    (event,) = shown["maria"].values()
    assert isinstance(event.start, datetime)
    assert event.start.astimezone(UTC) == SOON
    assert event.start.astimezone(ZoneInfo("Asia/Nicosia")).replace(tzinfo=None) == event.start.replace(tzinfo=None)
    assert "Δήμος Μυτιλήνης" in str(event["DESCRIPTION"])
    assert str(event["URL"]).endswith(f"/twinnings/{invited.twinning_id}")
    for person in ("moderator", "administrator", "sophie"):
        assert await events(guest, await address(site, person)) == {}
    (before,) = shown["nikos"].values()
    later = replace(course, next_event_at=SOON + timedelta(days=1))
    await twinning.change(db, site.cast.maria, invited.twinning_id, later)
    (after,) = (await events(guest, await address(site, "nikos"))).values()
    assert after["UID"] != before["UID"], "programs that know the first take the second for another"


async def test_an_empty_calendar_is_one_too(site: Site) -> None:
    calendar = read_calendar(await (await site.visitor()).get(f"{await address(site, 'stranger')}/calendar.ics"))
    assert calendar.events == []
    assert calendar["PRODID"]


@pytest.mark.parametrize(
    "title",
    [
        "Α\r\nATTENDEE:mailto:x@evil.example\r\nEND:VEVENT",
        "Β\x00\x07\x1b\x85 με \udc80 σημεία",
        'Γ; με, σημεία: \\n \\ και "εισαγωγικά" ]]>',
        "\u202eανάποδα\u2069 שלום",
        "Χρηματοδότηση " * 14,
        "\U0001f3db" * 200,
    ],
)
def test_hostile_words_break_no_calendar_and_long_lines_are_folded(title: str) -> None:
    at = datetime(2027, 3, 28, 15, tzinfo=UTC)
    text = written(entry(at, "Europe/Athens", title=title, description=title, group=title))
    for line in text.encode().split(b"\r\n"):
        assert len(line) <= 75
        line.decode()  # no letter is cut in two
        assert b"\n" not in line
    event = only_event(text)
    assert event["UID"] == "deadline-1@forum.example"
    assert "ATTENDEE" not in event
    clean = " ".join(
        re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", "\ufffd", title.replace("\r\n", "\n")).split()
    )
    assert str(event["SUMMARY"]).endswith(clean)
    assert event.categories == [clean]
    assert " ".join(str(event["DESCRIPTION"]).split()).startswith(clean)


# What one may not read --------------------------------------------------------------------------


async def _dated(site: Site, owner: RawConnection, title: str, *, is_internal: bool = False) -> TopicId:
    topic = await content.start(site, "nikos", title=title, is_internal=is_internal)
    await set_fields(owner, topic.topic_id, deadline=instant(SOON), interest_deadline=instant(SOON))
    return topic.topic_id


async def test_hidden_deleted_internal_and_older_topics_are_not_there(site: Site, owner: RawConnection) -> None:
    old, gone, moved = [await _dated(site, owner, title) for title in ("Παλαιό", "Διαγραμμένο", "Μετακινημένο")]
    await _dated(site, owner, "Εσωτερικό", is_internal=True)
    await _dated(site, owner, "Ορατό")
    await owner.execute("UPDATE topics SET created_at = now() - interval '1 year' WHERE id = $1", old)
    guest, base, others = await site.visitor(), await address(site), await address(site, "stranger")
    assert len(await events(guest, base)) == 10
    await owner.execute("UPDATE topics SET deleted_at = now(), deleted_by_id = author_id WHERE id = $1", gone)
    await owner.execute(
        "INSERT INTO categories (slug, position, name_el, name_en) VALUES ('vault', 99, 'Θησαυροφυλάκιο', 'Vault')"
    )
    await owner.execute(
        "UPDATE topics SET category_id = (SELECT id FROM categories WHERE slug = 'vault') WHERE id = $1", moved
    )
    await owner.execute(
        "UPDATE grants SET topics_since = now() - interval '1 day', internal_since = now() + interval '1 day'"
    )
    assert {name.rpartition(": ")[2] for name in await events(guest, base)} == {"Ορατό"}
    assert await events(guest, others) == {}


async def test_the_rights_of_the_moment_decide(site: Site, owner: RawConnection) -> None:
    guest, base = await site.visitor(), await address(site)
    await _dated(site, owner, "Υπόθεση")
    first = await guest.get(f"{base}/calendar.ics")
    assert "Υπόθεση" in first.text
    await owner.execute("UPDATE grants SET valid_until = now()")
    conditional = {"If-None-Match": first.headers["ETag"]}
    second = await guest.get(f"{base}/calendar.ics", headers=conditional)
    assert read_calendar(second).events == []
    await owner.execute("UPDATE grants SET valid_until = 'infinity'")
    assert (await guest.get(f"{base}/calendar.ics", headers=conditional)).status == 304


# What it costs ----------------------------------------------------------------------------------

_MANY = """
INSERT INTO topics (category_id, author_id, title, slug, last_author_id, kind, deadline_at, fields)
SELECT (n % 5) + 1, $1, 'Θέμα ' || n, 'thema-' || n, $1, 'proposal', made.at,
    CASE WHEN made.at IS NULL THEN '{}' ELSE jsonb_build_object(
        'deadline', made.value, 'interest_deadline', made.value
    ) END
FROM generate_series(1, 10000) AS n
CROSS JOIN LATERAL (SELECT CASE WHEN n % 20 = 0 THEN now() + (n - 5000) * interval '2 hours' END AS at) AS dated
CROSS JOIN LATERAL (
    SELECT dated.at, jsonb_build_object(
        'at', to_char(dated.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'zone', 'Europe/Athens'
    ) AS value
) AS made
"""


async def test_of_ten_thousand_topics_those_with_dates_are_looked_at_and_written_in_no_time(
    site: Site, owner: RawConnection
) -> None:
    await owner.execute(_MANY, site.cast.nikos.member_id)
    await owner.execute(
        "INSERT INTO posts (topic_id, number, author_id, body, html, search) "
        "SELECT id, 1, author_id, 'Κ', '<p>Κείμενο</p>', '' FROM topics"
    )
    await owner.execute("ANALYZE topics; ANALYZE posts")
    answer = await (await site.visitor()).get(f"{await address(site)}/calendar.ics")
    assert len(read_calendar(answer).events) == 2 * await owner.fetchval(
        "SELECT count(*) FROM topics WHERE deadline_at > now() - interval '31 days'"
    )
    await owner.execute("SET plan_cache_mode = force_generic_plan")
    for number, name in enumerate(("calendar.deadlines", "calendar.interest_deadlines")):
        await owner.execute(f"PREPARE asked_{number} AS {REGISTRY[name].sql}")
        plan = await owner.fetch(f"EXPLAIN EXECUTE asked_{number} (NULL, NULL, NULL)")
        text = "\n".join(row[0] for row in plan)
        assert re.search(r"Index Scan (using|on) topics_(interest_)?deadline_idx", text), text
