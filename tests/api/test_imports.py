"""Members and municipalities from a file, by programs."""

from __future__ import annotations

from aiohttp import FormData

from forum.db import RawConnection
from tests.api.arrange import faulty, problem
from tests.site import Answer, Program, Site
from tests.web.importing import GOOD, PLACES, table

_PATH = "/api/v1/members/import"
_PLACES_PATH = "/api/v1/municipalities/import"


async def _send(program: Program, content: bytes, query: str = "", *, path: str = _PATH) -> Answer:
    form = FormData()
    form.add_field("file", content, filename="members.csv", content_type="text/csv")
    return await program.post(path + query, data=form)


async def test_a_dry_run_says_what_the_file_does_and_the_file_does_it_once(site: Site, owner: RawConnection) -> None:
    program = await site.program("administrator")
    before = await owner.fetchval("SELECT count(*) FROM members")
    looked = await _send(program, GOOD.encode(), "?dry_run=1")
    assert looked.status == 200, looked.text
    assert looked.json == {"created": 2, "unchanged": 0, "differing": [], "faults": []}
    assert await owner.fetchval("SELECT count(*) FROM members") == before
    assert (await _send(program, GOOD.encode())).json == looked.json
    assert await owner.fetchval("SELECT count(*) FROM members") == before + 2
    again = await _send(program, GOOD.encode())
    assert again.json == {"created": 0, "unchanged": 2, "differing": [], "faults": []}
    assert await owner.fetchval("SELECT count(*) FROM mails WHERE kind = 'welcome'") == 2


async def test_faults_are_told_by_line_and_column(site: Site) -> None:
    program = await site.program("administrator")
    answer = await _send(program, table("Άννα;anna@larnaca.example;Ατλαντίδα", "Πέτρος;petros@larnaca.example;larnaca"))
    assert answer.json["created"] == 1
    (fault,) = answer.json["faults"]
    assert (fault["line"], fault["column"], fault["code"]) == (2, "organisation", "no_organisation")
    assert fault["detail"]


async def test_what_is_no_file_is_refused(site: Site) -> None:
    program = await site.program("administrator")
    problem(await program.post(_PATH, json={}), 415)
    form = FormData({"other": "x"}, default_to_multipart=True)
    assert faulty(await program.post(_PATH, data=form)) == {"file"}


async def test_only_administrators_import(site: Site, owner: RawConnection) -> None:
    before = await owner.fetchval("SELECT count(*) FROM members")
    problem(await _send(await site.program("moderator"), GOOD.encode()), 403)
    assert await owner.fetchval("SELECT count(*) FROM members") == before


async def test_municipalities_are_added_by_a_file_once_and_only_by_administrators(
    site: Site, owner: RawConnection
) -> None:
    before = await owner.fetchval("SELECT count(*) FROM organisations")
    problem(await _send(await site.program("moderator"), PLACES.encode(), path=_PLACES_PATH), 403)
    program = await site.program("administrator")
    looked = await _send(program, PLACES.encode(), "?dry_run=1", path=_PLACES_PATH)
    assert looked.json == {"created": 2, "unchanged": 0, "differing": [], "faults": []}, looked.text
    assert await owner.fetchval("SELECT count(*) FROM organisations") == before
    content = (PLACES + "Δήμος Α;Municipality of A;Ατλαντίδα;;\r\n").encode()
    done = await _send(program, content, path=_PLACES_PATH)
    assert done.json["created"] == 2
    assert [(fault["line"], fault["column"], fault["code"]) for fault in done.json["faults"]] == [
        (4, "region", "no_region")
    ]
    assert await owner.fetchval("SELECT count(*) FROM organisations") == before + 2
    again = await _send(program, PLACES.encode(), path=_PLACES_PATH)
    assert again.json == {"created": 0, "unchanged": 2, "differing": [], "faults": []}
