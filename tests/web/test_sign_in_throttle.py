"""Signing in and confirming oneself under the limits that guessing meets."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from forum.config import Config
from forum.domain import sign_in
from forum.errors import RateLimited
from forum.keys import DB, LIMITS
from tests import cast as people
from tests.cast import PASSWORD
from tests.site import Site


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The settings as they come, with the limits on."""
    return Config(_env_file=None, data_dir=tmp_path, secret_key=SecretStr("k" * 64), rate_limits=1)


async def exhaust(site: Site, email: str, address: str = "127.0.0.1") -> None:
    """Take every slot there is for an account, as many guesses at once would."""
    with contextlib.suppress(RateLimited):
        for _ in range(100):
            async with site.app[DB].write() as tx:
                await sign_in.reserve(tx, site.app[LIMITS], email, address)
        pytest.fail("an account can be guessed at a hundred times at once")


async def test_the_sixth_wrong_password_is_answered_slowly(site: Site) -> None:
    visitor = await site.visitor()
    await visitor.get("/login")
    wrong = {"email": people.email("maria"), "password": "not the password"}
    for _ in range(5):
        assert (await visitor.submit("/login", wrong)).status == 422
    began = time.monotonic()
    assert (await visitor.submit("/login", wrong)).status == 422
    assert time.monotonic() - began > 0.8


async def test_too_many_guesses_are_refused_with_the_form_kept(site: Site) -> None:
    await exhaust(site, people.email("maria"))
    visitor = await site.visitor()
    await visitor.get("/login")
    answer = await visitor.submit("/login", {"email": people.email("maria"), "password": PASSWORD})
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert f'value="{people.email("maria")}"' in answer.text
    assert PASSWORD not in answer.text


async def test_a_stranger_who_guesses_does_not_lock_the_owner_out(site: Site) -> None:
    signed_in = await site.visitor("maria")
    assert (await signed_in.get("/settings")).status == 200
    await exhaust(site, people.email("maria"), "203.0.113.9")
    owner = await site.visitor()
    await owner.get("/login")
    answer = await owner.submit("/login", {"email": people.email("maria"), "password": PASSWORD})
    assert answer.status == 303


async def test_guessing_the_password_from_a_stolen_session_is_slowed_alike(site: Site) -> None:
    visitor = await site.visitor("maria")
    await visitor.get("/settings/tokens")
    await exhaust(site, people.email("maria"))
    answer = await visitor.submit("/settings/tokens", {"name": "mine", "password_current": PASSWORD})
    assert answer.status == 429
