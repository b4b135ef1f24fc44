"""`GET /completions/members` and `/completions/emoji`: what is offered while somebody writes."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from forum.config import Config
from tests.site import Site

PATHS = ("/completions/members", "/completions/emoji")


async def test_members_are_offered_in_the_readers_language(site: Site) -> None:
    maria, sophie = await site.visitor("maria"), await site.visitor("sophie")
    answer = await maria.get(f"/completions/members?q={quote('νικ')}")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    item = {"value": "@Νίκος.Καραντώνης", "name": "Νίκος Καραντώνης", "note": "Δήμος Μυτιλήνης"}
    assert answer.json == {"items": [item]}
    assert (await sophie.get(f"/completions/members?q={quote('καρ')}")).json["items"][0]["note"] != item["note"]


async def test_emoji_are_offered_by_their_names(site: Site) -> None:
    maria, sophie = await site.visitor("maria"), await site.visitor("sophie")
    found = (await maria.get(f"/completions/emoji?q={quote('χαμόγ')}")).json["items"]
    assert found[0] == {"value": "🙂", "name": "χαμόγελο", "note": ":χαμόγελο:"}
    assert len(found) <= 8
    assert (await sophie.get("/completions/emoji?q=smil")).json["items"][0]["note"] == ":smile:"


@pytest.mark.parametrize("path", PATHS)
async def test_nothing_typed_offers_nothing(site: Site, path: str) -> None:
    maria = await site.visitor("maria")
    assert (await maria.get(path)).json == {"items": []}
    assert (await maria.get(f"{path}?q=%20")).json == {"items": []}


@pytest.mark.parametrize("path", PATHS)
async def test_a_guest_and_a_suspended_member_are_sent_to_sign_in(site: Site, path: str) -> None:
    for person in (None, "suspended"):
        answer = await (await site.visitor(person)).get(f"{path}?q=a")
        assert answer.status == 303
        assert answer.location.startswith("/login")


@pytest.mark.parametrize("path", PATHS)
async def test_a_stranger_may_mention_whom_they_see_in_the_directory(site: Site, path: str) -> None:
    assert (await (await site.visitor("stranger")).get(f"{path}?q=s")).json["items"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("query", ["q=%00", "q=a&q=b", "q=%01"])
async def test_a_query_that_is_no_text_is_refused(site: Site, path: str, query: str) -> None:
    assert (await (await site.visitor("maria")).get(f"{path}?{query}")).status == 400


@pytest.mark.parametrize("path", PATHS)
async def test_a_long_query_costs_nothing(site: Site, path: str) -> None:
    assert (await (await site.visitor("maria")).get(f"{path}?q={'a' * 3000}")).json == {"items": []}


@pytest.mark.parametrize("path", PATHS)
async def test_only_get_is_answered(site: Site, path: str) -> None:
    assert (await (await site.visitor("maria")).submit(path)).status == 405


class TestLimits:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        """A two-hundredth of the usual limits: three a minute."""
        return Config(_env_file=None, data_dir=tmp_path, secret_key=SecretStr("k" * 64), rate_limits=1 / 200)

    async def test_offers_are_counted_together(self, site: Site) -> None:
        maria = await site.visitor("maria")
        statuses = [(await maria.get(f"{path}?q=a")).status for path in (*PATHS, *PATHS)]
        assert statuses == [200, 200, 200, 429]
        assert (await (await site.visitor("nikos")).get(f"{PATHS[0]}?q=a")).status == 200
