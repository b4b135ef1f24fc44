"""The topics of a category in the API: by deadline and sifted, the same as on the page."""

from __future__ import annotations

import re

import pytest

from forum.db import RawConnection
from forum.keys import DB
from tests.api.arrange import faulty
from tests.domain.test_topic_lists import close, propose
from tests.site import Site
from tests.web import content

_PATH = "/api/v1/categories/proposals/topics"


async def _fill(site: Site, owner: RawConnection) -> None:
    db, sophie = site.app[DB], site.cast.sophie
    for day in range(3):
        await propose(db, sophie, 20 - day, themes=["water"], programme="LIFE", tags=["νησιά"])
    await propose(db, sophie, 5, themes=["energy"], countries=["CY"], roles=["lead"], type="offer")
    await close(owner, await propose(db, sophie, themes=["water"]), seconds=60)
    await close(owner, await propose(db, sophie), seconds=5)
    await content.start(site, "sophie", "proposals")


@pytest.mark.parametrize(
    ("call", "page"),
    [
        ("", "sort=activity"),
        ("sort=created", "sort=created"),
        ("sort=deadline", ""),
        ("sort=deadline&open=true", ""),
        ("sort=deadline&open=false", "deadline=closed"),
        ("open=true", "sort=activity&deadline=open"),
        ("theme=water", "sort=activity&theme=water"),
        ("sort=deadline&theme=water", "theme=water"),
        ("sort=deadline&theme=water&open=false", "theme=water&deadline=closed"),
        ("type=offer&role=lead&country=CY", "sort=activity&type=offer&role=lead&country=CY"),
        ("country=GR", "sort=activity&country=GR"),
        ("programme=life", "sort=activity&programme=life"),
        ("tag=%CE%BD%CE%B7%CF%83%CE%B9%CE%AC", "sort=activity&tag=%CE%BD%CE%B7%CF%83%CE%B9%CE%AC"),
        ("state=open", "sort=activity&state=open"),
        ("state=closed", "sort=activity&state=closed"),
        ("sort=deadline&state=closed", "state=closed"),
        ("state=open&open=false", "sort=activity&state=open&deadline=closed"),
        ("kind=discussion", "sort=activity&kind=discussion"),
        ("municipality=larnaca", "sort=activity&municipality=larnaca"),
    ],
)
async def test_a_program_is_told_of_the_topics_that_the_page_shows(
    site: Site, owner: RawConnection, call: str, page: str
) -> None:
    await _fill(site, owner)
    for person in ("maria", "sophie"):
        answer = await (await site.program(person)).get(f"{_PATH}?{call}")
        assert answer.status == 200
        text = (await (await site.visitor(person)).get(f"/categories/proposals?{page}")).text
        shown = [int(number) for number in re.findall(r'class="t-title" href="/topics/(\d+)/', text)]
        assert [item["id"] for item in answer.json["items"]] == shown


@pytest.mark.parametrize(
    "name", ["sort", "kind", "open", "type", "state", "theme", "country", "role", "language", "audience", "owner"]
)
async def test_a_value_that_cannot_be_is_refused(site: Site, name: str) -> None:
    maria = await site.program("maria")
    assert faulty(await maria.get(f"{_PATH}?{name}=%C2%A7")) == {name}


async def test_words_beyond_their_limit_are_refused(site: Site) -> None:
    maria = await site.program("maria")
    assert faulty(await maria.get(f"{_PATH}?tag={'a' * 41}")) == {"tag"}
    assert faulty(await maria.get(f"{_PATH}?programme={'a' * 121}")) == {"programme"}


async def test_pages_by_deadline_follow_each_other(site: Site, owner: RawConnection) -> None:
    await _fill(site, owner)
    maria = await site.program("maria")
    whole = [item["id"] for item in (await maria.get(f"{_PATH}?sort=deadline")).json["items"]]
    walked, cursor = [], ""
    while True:
        page = (await maria.get(f"{_PATH}?sort=deadline&limit=2&cursor={cursor}")).json
        walked += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert walked == whole
    assert len(whole) == 5


async def test_the_document_names_the_filters_with_their_codes(site: Site) -> None:
    program = await site.program()
    document = (await program.get("/api/v1/openapi.json")).json
    listed = document["paths"]["/api/v1/categories/{slug}/topics"]["get"]["parameters"]
    schemas = {each["name"]: each["schema"] for each in listed}
    assert schemas["type"]["enum"] == ["call", "partner_search", "offer"]
    assert {"open", "closed", "validated"} <= set(schemas["state"]["enum"])
    assert schemas["sort"]["enum"] == ["activity", "created", "deadline"]
    assert schemas["open"]["type"] == "boolean"
    assert {"theme", "country", "role", "programme", "owner", "audience", "language", "tag", "kind"} <= set(schemas)


async def test_a_search_can_be_of_one_kind_or_language_of_topic(site: Site) -> None:
    topic = await propose(site.app[DB], site.cast.sophie, title="Ιστιοπλοΐα", language="el")
    other = await content.start(site, "sophie", title="Ιστιοπλοΐα", language="en")
    maria = await site.program("maria")
    for query, expected in (
        ("kind=proposal", {topic}),
        ("kind=discussion", {other.topic_id}),
        ("language=en", {other.topic_id}),
        ("kind=guide", set()),
        ("", {topic, other.topic_id}),
    ):
        hits = (
            await maria.get(f"/api/v1/search?q=%CE%B9%CF%83%CF%84%CE%B9%CE%BF%CF%80%CE%BB%CE%BF%CE%90%CE%B1&{query}")
        ).json
        assert {hit["topic_id"] for hit in hits["items"]} == expected, query
    assert faulty(await maria.get("/api/v1/search?q=a&kind=poem")) == {"kind"}
    assert faulty(await maria.get("/api/v1/search?q=a&language=greek")) == {"language"}
