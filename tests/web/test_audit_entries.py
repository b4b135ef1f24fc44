"""The audit log as administrators see it: a page that finds entries, and a table to take away."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

import pytest
from aiohttp import ClientPayloadError, ServerDisconnectedError, web

from forum.db import RawConnection
from forum.errors import Unavailable
from forum.web import downloads
from tests.site import Answer, Site

_PATH = "/admin/audit"
_FILE = "/admin/audit/entries.csv"


async def _enter(owner: RawConnection, act: str, at: str = "2027-03-01T12:00:00Z", **columns: Any) -> None:
    values = {"actor_id": None, "subject": act.partition(".")[0], "subject_id": None, "before": None, "after": None}
    await owner.execute(
        "INSERT INTO audit_entries (act, created_at, actor_id, subject, subject_id, before, after, request_id)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, 'd3adb33f')",
        act,
        datetime.fromisoformat(at),
        *(values | columns).values(),
    )


def _acts(answer: Answer) -> list[str]:
    """Return what the page says was done, from its top."""
    return re.findall(r'<tr>\n<th scope="row">([^<]*)</th>', answer.text)


def _rows(answer: Answer) -> list[dict[str, str]]:
    assert answer.text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(answer.text[1:], newline=""), delimiter=";"))


async def test_an_administrator_reads_who_did_what_to_what(site: Site, owner: RawConnection) -> None:
    maria = site.cast.maria.member_id
    await _enter(owner, "group.member_added", actor_id=maria, after=f'{{"member_id": {site.cast.sophie.member_id}}}')
    await _enter(owner, "topic.lock", subject_id=7, before='{"is_locked": false}', after='{"is_locked": true}')
    sophie = await site.visitor("administrator")
    page = await sophie.get(_PATH)
    assert page.status == 200
    assert _acts(page) == ["Κλείδωμα θέματος", "Ένταξη μέλους σε ομάδα"]
    assert f'<a href="/members/{maria}">Μαρία Χατζηγιάννη</a>' in page.text
    assert '<a href="/topics/7">Θέμα 7</a>' in page.text
    assert "κλειδωμένο: όχι → ναι" in page.text
    assert f"μέλος: {site.cast.sophie.name}" in page.text
    assert ">01/03/2027, 14:00</time>" in page.text, "by the reader's clocks"


async def test_each_kind_of_subject_leads_to_its_page(site: Site, owner: RawConnection) -> None:
    larnaca = await owner.fetchval("SELECT id FROM organisations WHERE slug = 'larnaca'")
    await _enter(owner, "organisation.changed", subject_id=larnaca)
    await _enter(owner, "mail_domain.added", subject="organisation", subject_id=larnaca)
    await _enter(owner, "network.updated")
    await _enter(owner, "feedback.sent", subject_id=3)
    await _enter(owner, "token.created", subject="api_token", subject_id=4)
    page = await (await site.visitor("administrator")).get(_PATH)
    assert page.text.count('href="/admin/organisations/larnaca/edit"') == 2
    assert 'href="/admin/network"' in page.text
    assert 'href="/moderation/feedback"' in page.text
    assert re.search(r'<span class="plain">[^<]+ 4</span>', page.text), "a token has no page of its own"


async def test_an_act_of_another_version_is_shown_by_its_code(site: Site, owner: RawConnection) -> None:
    await _enter(
        owner,
        "poll.stuffed",
        subject_id=1,
        after='{"list": [1, "=x"], "nothing": null, "<b>": "<i>",'
        ' "at": "2027-03-01T12:00:00.5+00:00", "late": "9999-12-31T23:00:00+00:00",'
        ' "day": "2027-99-01T00:00:00+00:00", "part": {"a": 1}, "none": []}',
    )
    page = await (await site.visitor("administrator")).get(_PATH)
    assert _acts(page) == ["poll.stuffed"]
    assert "<code>list</code>: 1, =x" in page.text
    assert "<code>nothing</code>: –" in page.text
    assert "<code>none</code>: –" in page.text
    assert "<code>part</code>: {&#34;a&#34;: 1}" in page.text
    assert "<code>at</code>: 01/03/2027, 14:00" in page.text
    assert "<code>late</code>: 9999-12-31T23:00:00+00:00" in page.text
    assert "<code>day</code>: 2027-99-01T00:00:00+00:00" in page.text
    assert "<code>&lt;b&gt;</code>: &lt;i&gt;" in page.text


@pytest.mark.parametrize("path", [_PATH, _FILE])
async def test_it_is_for_administrators_alone(site: Site, owner: RawConnection, path: str) -> None:
    guest = await (await site.visitor()).get(path)
    assert guest.status == 303
    assert guest.location.startswith("/login")
    for person in ("maria", "moderator"):
        assert (await (await site.visitor(person)).get(path)).status == 403
    assert (await (await site.visitor("administrator")).request("POST", path)).status == 405
    assert await owner.fetchval("SELECT count(*) FROM audit_entries WHERE act = 'audit.exported'") == 0


async def test_filters_find_and_are_kept(site: Site, owner: RawConnection) -> None:
    maria, nikos = site.cast.maria.member_id, site.cast.nikos.member_id
    await _enter(owner, "topic.lock", "2027-03-01T21:59:59Z", actor_id=maria)
    await _enter(owner, "topic.pin", "2027-03-01T22:00:00Z", actor_id=maria)
    await _enter(owner, "topic.lock", "2027-03-02T21:59:59Z", actor_id=nikos)
    await _enter(owner, "topic.unlock", "2027-03-02T22:00:00Z", actor_id=nikos)
    administrator = await site.visitor("administrator")

    async def found(query: str) -> list[str]:
        return _acts(await administrator.get(f"{_PATH}?{query}"))

    locked, pinned, unlocked = "Κλείδωμα θέματος", "Καρφίτσωμα θέματος", "Ξεκλείδωμα θέματος"
    assert await found("") == [unlocked, locked, pinned, locked]
    assert await found("act=topic.lock") == [locked, locked]
    assert await found(f"member={nikos}") == [unlocked, locked]
    assert await found(f"member={quote_plus('μαρια χατζηγιαννη')}") == [pinned, locked], "accents and capitals aside"
    assert await found("from=2027-03-02") == [unlocked, locked, pinned], "from midnight in Athens on"
    assert await found("to=2027-03-02") == [locked, pinned, locked], "that day included"
    assert await found("from=2027-03-02&to=2027-03-02") == [locked, pinned]
    page = await administrator.get(f"{_PATH}?member={nikos}&act=topic.lock&from=2027-03-02&to=2027-03-03")
    assert f'value="{nikos}"' in page.text
    assert '<option value="topic.lock" selected>' in page.text
    assert 'value="2027-03-02"' in page.text
    assert f'{_FILE}?member={nikos}&amp;act=topic.lock&amp;from=2027-03-02&amp;to=2027-03-03"' in page.text


@pytest.mark.parametrize(
    ("query", "field", "kept"),
    [
        ("member=Nobody+Atall", "member", 'value="Nobody Atall"'),
        ("act=topic.explode", "act", None),
        ("from=yesterday", "from", 'value="yesterday"'),
        ("from=2027-02-30", "from", 'value="2027-02-30"'),
        ("to=9999-12-31", "to", 'value="9999-12-31"'),
        ("to=0001-01-01", "to", 'value="0001-01-01"'),
    ],
)
async def test_a_bad_filter_is_told_beside_its_field_and_kept(
    site: Site, owner: RawConnection, query: str, field: str, kept: str | None
) -> None:
    await _enter(owner, "topic.lock")
    administrator = await site.visitor("administrator")
    page = await administrator.get(f"{_PATH}?{query}")
    assert page.status == 422
    assert f'id="{field}-error"' in page.text
    assert kept is None or kept in page.text
    assert _acts(page) == []
    assert (await administrator.get(f"{_FILE}?{query}")).status == 422
    assert await owner.fetchval("SELECT count(*) FROM audit_entries WHERE act = 'audit.exported'") == 0


async def test_every_fault_is_told_at_once(site: Site) -> None:
    page = await (await site.visitor("administrator")).get(f"{_PATH}?member=x+y&act=z&from=1&to=2")
    assert [name for name in ("member", "act", "from", "to") if f'id="{name}-error"' in page.text] == [
        "member",
        "act",
        "from",
        "to",
    ]


async def test_where_nothing_is_found_that_is_said(site: Site) -> None:
    administrator = await site.visitor("administrator")
    page = await administrator.get(f"{_PATH}?act=topic.lock")
    assert 'class="empty"' in page.text
    assert "Δεν υπάρχει τέτοια εγγραφή." in page.text
    assert "<table" not in page.text


async def test_older_entries_are_on_further_pages_of_the_same_filters(site: Site, owner: RawConnection) -> None:
    await owner.execute(
        "INSERT INTO audit_entries (act, subject, subject_id)"
        " SELECT CASE WHEN n % 2 = 0 THEN 'topic.lock' ELSE 'topic.pin' END, 'topic', n FROM generate_series(1, 140) n"
    )
    administrator = await site.visitor("administrator")
    first = await administrator.get(f"{_PATH}?act=topic.lock")
    assert len(_acts(first)) == 50
    following = re.search(r'href="([^"]+)" rel="next"', first.text)
    assert following
    second = await administrator.get(following[1].replace("&amp;", "&"))
    assert _acts(second) == ["Κλείδωμα θέματος"] * 20
    assert 'rel="next"' not in second.text
    assert f'href="{_PATH}?act=topic.lock"' in second.text, "the way back to the beginning"
    assert (await administrator.get(f"{_PATH}?cursor=x")).status == 400


async def test_the_table_opens_in_a_spreadsheet_and_computes_nothing(site: Site, owner: RawConnection) -> None:
    maria = site.cast.maria.member_id
    await _enter(owner, "topic.lock", actor_id=maria, subject_id=7, before='{"is_locked": false}', after='{"ή": "β;γ"}')
    for name in ("=1+1", "+1", "-1", "@x", "\tx", "\rx"):
        await owner.execute("UPDATE members SET name = $1 WHERE id = $2", name, maria)
        answer = await (await site.visitor("administrator")).get(f"{_FILE}?act=topic.lock")
        assert _rows(answer)[0]["actor"] == f"'{name}"
    await owner.execute("UPDATE members SET name = 'Μαρία; \"η\"' WHERE id = $1", maria)
    answer = await (await site.visitor("administrator")).get(f"{_FILE}?act=topic.lock")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert re.fullmatch(r'attachment; filename="audit-\d{4}-\d\d-\d\d\.csv"', answer.headers["Content-Disposition"])
    head = "id;created_at;actor_id;actor;act;name;subject;subject_id;before;after;request_id"
    assert answer.text.startswith(f"\ufeff{head}\r\n")
    [row] = _rows(answer)
    del row["id"]
    assert row == {
        "created_at": "2027-03-01T12:00:00Z",
        "actor_id": str(maria),
        "actor": 'Μαρία; "η"',
        "act": "topic.lock",
        "name": "Κλείδωμα θέματος",
        "subject": "topic",
        "subject_id": "7",
        "before": '{"is_locked": false}',
        "after": '{"ή": "β;γ"}',
        "request_id": "d3adb33f",
    }


async def test_taking_the_table_away_stands_in_the_log_itself(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    maria = site.cast.maria.member_id
    assert (await administrator.get(f"{_FILE}?member={maria}&to=2027-03-01")).status == 200
    [entry] = await owner.fetch("SELECT actor_id, subject, after::text FROM audit_entries WHERE act = 'audit.exported'")
    assert entry["actor_id"] == site.cast.administrator.member_id
    assert entry["subject"] == "audit_log"
    assert entry["after"] == f'{{"until": "2027-03-01T22:00:00+00:00", "actor_id": {maria}}}'


async def test_asking_for_the_head_alone_takes_nothing_away(site: Site, owner: RawConnection) -> None:
    answer = await (await site.visitor("administrator")).request("HEAD", _FILE)
    assert answer.status == 200
    assert answer.text == ""
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert await owner.fetchval("SELECT count(*) FROM audit_entries WHERE act = 'audit.exported'") == 0


async def test_a_log_of_many_pages_comes_whole(site: Site, owner: RawConnection) -> None:
    await owner.execute(
        "INSERT INTO audit_entries (act, subject, subject_id) SELECT 'topic.lock', 'topic', n"
        " FROM generate_series(1, 2345) AS n"
    )
    answer = await (await site.visitor("administrator")).get(f"{_FILE}?act=topic.lock")
    assert "Content-Length" not in answer.headers
    assert [int(row["subject_id"]) for row in _rows(answer)] == list(range(2345, 0, -1))


async def test_a_table_that_cannot_be_ended_does_not_look_whole(aiohttp_client: Any) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"id\r\n"
        raise Unavailable

    async def handler(request: web.Request) -> web.StreamResponse:
        return await downloads.send(request, parts(), media="text/csv", name="x.csv")

    app = web.Application()
    app.router.add_get("/", handler)
    client = await aiohttp_client(app)
    with pytest.raises((ClientPayloadError, ServerDisconnectedError)):
        await (await client.get("/")).read()


async def test_the_pages_for_administrators_lead_there(site: Site) -> None:
    page = await (await site.visitor("administrator")).get("/admin")
    assert f'href="{_PATH}"' in page.text


async def test_an_entry_speaks_of_things_by_their_names(site: Site) -> None:
    administrator = await site.visitor("administrator")
    await administrator.submit("/admin/categories", {"name_el": "Νερό", "name_en": "Water", "parent": "questions"})
    await administrator.submit(f"/admin/members/{site.cast.nikos.member_id}/role", {"role": "moderator"})
    page = (await administrator.get("/admin/audit")).text
    assert "Κατηγορία: Νερό" in page
    assert "κάτω από: Ερωτήσεις και συζήτηση" in page
    assert f"Μέλος: {site.cast.nikos.name}" in page
    assert re.search(r"ρόλος: Μέλος → \w+", page)
    assert "parent_id" not in page
