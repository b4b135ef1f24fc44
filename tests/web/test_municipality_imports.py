"""Municipalities from a file: what it would do is seen first; then they are there, each with its group."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from forum.domain.imports import FILES_LIMIT
from tests.site import Answer, Site, Visitor
from tests.web.importing import GOOD, PLACES, PLACES_HEAD, PLACES_PATH, send


async def _send(visitor: Visitor, content: bytes) -> Answer:
    return await send(visitor, content, path=PLACES_PATH, name="Δήμοι.csv")


async def _count(owner: RawConnection) -> int:
    return int(await owner.fetchval("SELECT count(*) FROM organisations"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1253"])
async def test_a_file_is_looked_at_done_and_twice_the_same(site: Site, owner: RawConnection, encoding: str) -> None:
    administrator, before = await site.visitor("administrator"), await _count(owner)
    content = PLACES.encode(encoding)
    sent = await _send(administrator, content)
    assert sent.status == 303, sent.text
    page = await administrator.follow(sent)
    assert "Δήμος Καλοχωρίου" in page.text
    assert await _count(owner) == before, "looking changes nothing"
    assert (await administrator.submit(sent.location)).status == 303
    row = await owner.fetchrow(
        "SELECT organisations.population, regions.slug, groups.kind FROM organisations "
        "JOIN regions ON regions.id = organisations.region_id JOIN groups ON groups.organisation_id = organisations.id "
        "WHERE organisations.slug = 'antissa'"
    )
    assert row is not None
    assert tuple(row) == (1234, "north-aegean", "organisation")
    again = await _send(administrator, content)
    for path in (sent.location, again.location):
        assert (await administrator.submit(path)).status == 303
    assert await _count(owner) == before + 2


async def test_faulty_lines_are_told_and_the_good_ones_go_ahead(site: Site, owner: RawConnection) -> None:
    administrator, before = await site.visitor("administrator"), await _count(owner)
    lines = (
        "Δήμος Α;Municipality of A;Ατλαντίδα;;",
        "Δήμος Β;;Κύπρος;;",
        "Δήμος Γ;Municipality of Larnaca;Κύπρος;;",
        "Δήμος Δ;Municipality of D;cyprus;12;",
        "Δήμος Ε;Municipality of E;Cyprus;πολλοί;2021",
        "Δήμος Ζ;Municipality of Z;Κύπρος;;",
        "Δημος Ζ;Municipality of Zeta;Κύπρος;;",
    )
    sent = await _send(administrator, (PLACES_HEAD + "\r\n".join(lines)).encode())
    page = await administrator.follow(sent)
    for told in ("Ατλαντίδα", "larnaca", "πολλοί"):
        assert told in page.text
    assert (await administrator.submit(sent.location)).status == 303
    assert await _count(owner) == before + 1


async def test_of_those_that_are_there_it_is_told_what_differs(site: Site, owner: RawConnection) -> None:
    administrator, before = await site.visitor("administrator"), await _count(owner)
    sent = await _send(
        administrator, (PLACES_HEAD + "Δήμος Λάρνακας;Municipality of Larnaka;Κύπρος;5;2021\r\n").encode()
    )
    assert "Municipality of Larnaka" in (await administrator.follow(sent)).text
    await administrator.submit(sent.location)
    assert await _count(owner) == before


async def test_a_file_is_its_senders_alone_and_of_one_kind(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    sent = await _send(administrator, PLACES.encode())
    number = sent.location.rpartition("/")[2]
    assert (await administrator.get(f"/admin/members/import/{number}")).status == 404
    await owner.execute("UPDATE imports SET actor_id = $1", site.cast.maria.member_id)
    assert (await administrator.get(sent.location)).status == 404


async def test_what_is_no_such_table_is_refused(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    for content in (b"", b"PK\x03\x04\x00", "Όνομα;Τηλέφωνο\r\nΑ;1\r\n".encode()):
        assert (await _send(administrator, content)).status == 422
    assert await owner.fetchval("SELECT count(*) FROM imports") == 0


async def test_of_the_files_of_a_sender_the_last_few_are_kept(site: Site, owner: RawConnection) -> None:
    administrator, sophie = await site.visitor("administrator"), await site.visitor("sophie")
    others = await send(sophie, b"title;language\nA;en\n", path="/categories/guides/import/guide")
    sent = [(await _send(administrator, PLACES.encode())).location for _ in range(FILES_LIMIT)]
    assert (await administrator.get(sent[0])).status == 200, "the premise: so many are kept"
    sent += [(await send(administrator, GOOD.encode())).location]
    assert [(await administrator.get(path)).status for path in sent] == [404, *[200] * FILES_LIMIT]
    assert (await sophie.get(others.location)).status == 200
    assert await owner.fetchval("SELECT count(*) FROM imports") == FILES_LIMIT + 1
