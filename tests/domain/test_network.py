"""The network's own name and colour: one row, read with a session, changed by administrators."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from forum.db import Database, RawConnection
from forum.domain import access, network, sessions
from forum.domain.entities import HOUSE, Network
from forum.errors import Forbidden, Invalid
from tests.cast import Cast

OWN = Network("Δίκτυο Πόλεων", "Network of Cities", "", "Cities that work together", "#7a1f3d")


async def _current(db: Database) -> Network:
    async with db.read() as conn:
        return await network.current(conn)


async def _update(db: Database, cast: Cast, wanted: Network) -> None:
    async with db.write() as tx:
        await network.update(tx, access.to_administer(cast.administrator), wanted)


async def test_a_new_forum_has_the_name_of_the_house(db: Database) -> None:
    assert await _current(db) == HOUSE


async def test_an_administrator_gives_it_names_and_a_colour(db: Database, cast: Cast, owner: RawConnection) -> None:
    await _update(db, cast, OWN)
    assert await _current(db) == OWN
    [entry] = await owner.fetch("SELECT actor_id, act, subject, subject_id, before, after FROM audit_entries")
    assert (entry["actor_id"], entry["act"]) == (cast.administrator.member_id, "network.updated")
    assert (entry["subject"], entry["subject_id"]) == ("network", None)
    assert json.loads(entry["before"])["accent"] is None
    assert json.loads(entry["after"])["accent"] == "#7a1f3d"
    await _update(db, cast, replace(OWN, accent=None))
    assert (await _current(db)).accent is None


async def test_what_is_as_it_was_leaves_no_entry(db: Database, cast: Cast, owner: RawConnection) -> None:
    before = await owner.fetchval("SELECT updated_at FROM network")
    await _update(db, cast, HOUSE)
    assert await owner.fetchval("SELECT updated_at FROM network") == before
    assert await owner.fetchval("SELECT count(*) FROM audit_entries") == 0


@pytest.mark.parametrize(
    ("accent", "code"),
    [("#ffff00", "too_light"), ("#FFFFFF", "bad_colour"), ("red", "bad_colour"), ("", "bad_colour")],
)
async def test_an_accent_that_cannot_be_read_is_refused(db: Database, cast: Cast, accent: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await _update(db, cast, replace(OWN, accent=accent))
    assert refusal.value.fields == {"accent": (code,)}
    assert await _current(db) == HOUSE


async def test_nobody_else_gets_the_grant(cast: Cast) -> None:
    for person in ("moderator", "maria", "sophie", "stranger"):
        with pytest.raises(Forbidden):
            access.to_administer(getattr(cast, person))


async def test_a_session_brings_the_name_along(db: Database, cast: Cast) -> None:
    await _update(db, cast, OWN)
    async with db.write() as tx:
        key = await sessions.open(tx, cast.maria.member_id, address="192.0.2.1", agent="Firefox")
        found = await sessions.actor(tx, key)
    assert found is not None
    assert found.network == OWN
    assert found.actor.scheme == "auto"
