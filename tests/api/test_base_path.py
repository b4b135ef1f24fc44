"""As a part of a website: under a path behind a proxy, every address that the API gives is one that people can use."""

from __future__ import annotations

import pytest

from forum.config import Config
from tests.api.arrange import problem
from tests.site import Site

_OUTSIDE = "https://www.example.org/intranet"


@pytest.fixture
def config(config: Config) -> Config:
    return config.model_copy(update={"base_url": _OUTSIDE})


async def test_addresses_begin_with_the_path(site: Site) -> None:
    maria = await site.program("maria")
    sent = {"category": "questions", "title": "Τίτλος", "body": "Κείμενο"}
    made = await maria.post("/intranet/api/v1/topics", json=sent)
    assert made.status == 201
    topic_id = made.json["id"]
    assert made.headers["Location"] == f"{_OUTSIDE}/api/v1/topics/{topic_id}"
    assert made.json["url"] == f"{_OUTSIDE}/topics/{topic_id}/titlos"
    post = (await maria.get(f"/intranet/api/v1/topics/{topic_id}/posts")).json["items"][0]
    assert post["url"] == f"{_OUTSIDE}/posts/{post['id']}"
    document = (await maria.get("/intranet/api/v1/openapi.json")).json
    assert document["servers"] == [{"url": _OUTSIDE}]
    assert "/api/v1/topics/{id}" in document["paths"]
    assert f"{_OUTSIDE}" in (await maria.get("/intranet/api/v1/docs")).text


async def test_errors_below_the_path_are_problems_too(site: Site) -> None:
    maria, guest = await site.program("maria"), await site.program()
    assert problem(await maria.get("/intranet/api/v1/nothing"), 404) == "not_found"
    assert problem(await guest.get("/intranet/api/v1/me"), 401) == "unauthenticated"
