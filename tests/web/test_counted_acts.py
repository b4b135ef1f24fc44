"""Every act on proposals, good practices, profiles, twinnings and themes takes from the budget of posts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from forum.config import Config
from forum.db import RawConnection
from forum.keys import DB
from forum.web import ratelimit
from tests.domain import practising, proposing, twinning
from tests.site import Answer, Site
from tests.web import proposals
from tests.web.proposals import SAID


@pytest.fixture
def config(config: Config) -> Config:
    """Settings under which the limits are what they are."""
    return config.model_copy(update={"rate_limits": 1.0})


Act = Callable[[], Awaitable[Answer]]
Acts = Callable[[Site, RawConnection], Awaitable[list[Act]]]


async def _form(site: Site, person: str, path: str, **sent: str) -> Answer:
    return await (await site.visitor(person)).submit(path, sent)


async def _call(site: Site, person: str, method: str, path: str, **sent: Any) -> Answer:
    return await (await site.program(person)).request(method, f"/api/v1{path}", json=sent or None)


async def _interests(site: Site, _owner: RawConnection) -> list[Act]:
    made = await proposals.propose(site)
    interest_id = await proposing.express(site.app[DB], site.cast.nikos, made.topic_id)
    path = f"/topics/{made.topic_id}/interests/{interest_id}"
    return [
        lambda: _form(site, "nikos", f"{path}/edit", **SAID),
        lambda: _form(site, "nikos", f"{path}/delete"),
        lambda: _form(site, "nikos", f"/topics/{made.topic_id}/interests", **SAID),
        lambda: _call(site, "nikos", "DELETE", path),
        lambda: _call(site, "nikos", "POST", f"/topics/{made.topic_id}/interests", **SAID),
        lambda: _form(site, "maria", f"{path}/decision", decision="reserved"),
        lambda: _call(site, "maria", "PATCH", path, decision="accepted"),
    ]


async def _states(site: Site, _owner: RawConnection) -> list[Act]:
    made = await proposals.propose(site)
    return [
        lambda: _form(site, "maria", f"/topics/{made.topic_id}/state", state="consortium_complete"),
        lambda: _call(site, "maria", "PUT", f"/topics/{made.topic_id}/state", state="open"),
    ]


async def _practices(site: Site, _owner: RawConnection) -> list[Act]:
    made = await practising.start(site.app[DB], site.cast.maria)
    path, decided = f"/topics/{made.topic_id}", {"opinion": "Σαφής", "revision": "0"}
    return [
        lambda: _form(site, "moderator", f"{path}/validation", verdict="returned", **decided),
        lambda: _form(site, "maria", f"{path}/submission"),
        lambda: _call(site, "moderator", "POST", f"{path}/validations", verdict="returned", opinion="Όχι"),
        lambda: _call(site, "maria", "POST", f"{path}/validations", verdict="submitted"),
    ]


async def _adoptions(site: Site, owner: RawConnection) -> list[Act]:
    made, other = [await practising.start(site.app[DB], site.cast.maria) for _ in range(2)]
    path = f"/topics/{made.topic_id}/adoptions"

    async def first() -> str:
        return f"{path}/{await owner.fetchval('SELECT min(id) FROM adoptions')}"

    async def move() -> Answer:
        return await _form(site, "nikos", await first(), stage="adapting", note="Προχωρά")

    async def move_by_program() -> Answer:
        return await _call(site, "nikos", "PATCH", await first(), stage="in_use")

    return [
        lambda: _form(site, "nikos", path, stage="interested"),
        move,
        move_by_program,
        lambda: _call(site, "nikos", "POST", f"/topics/{other.topic_id}/adoptions", stage="interested"),
    ]


async def _profiles(site: Site, owner: RawConnection) -> list[Act]:
    path, twin = "/municipalities/larnaca", {"town": "Siggiewi", "country": "MT", "state": "active"}

    async def first() -> str:
        return f"{path}/twins/{await owner.fetchval('SELECT min(id) FROM twins')}"

    async def change() -> Answer:
        return await _form(site, "maria", await first(), **twin, note="Νέο")

    async def remove() -> Answer:
        return await _form(site, "maria", f"{await first()}/delete")

    return [
        lambda: _form(site, "maria", f"{path}/profile", contact="Γραφείο"),
        lambda: _call(site, "maria", "PUT", f"{path}/profile", contact="Άλλο γραφείο"),
        lambda: _form(site, "maria", f"{path}/twins", **twin),
        change,
        remove,
    ]


async def _twinnings(site: Site, owner: RawConnection) -> list[Act]:
    made = await twinning.invite(site.app[DB], owner, by=site.cast.maria, to="mytilene")
    path = f"/twinnings/{made.twinning_id}"
    return [
        lambda: _form(site, "nikos", f"{path}/answer", answer="accept"),
        lambda: _call(site, "maria", "PATCH", path, next_event="Γιορτή", next_event_at="2199-01-31T16:00:00Z"),
        lambda: _form(site, "maria", path, state="in_contact"),
    ]


async def _themes(site: Site, _owner: RawConnection) -> list[Act]:
    return [
        lambda: _form(site, "nikos", "/themes/water/subscription"),
        lambda: _form(site, "nikos", "/themes/water/subscription/delete"),
        lambda: _call(site, "nikos", "PUT", "/themes/water/subscription"),
        lambda: _call(site, "nikos", "DELETE", "/themes/water/subscription"),
    ]


ACTS: Final[dict[str, Acts]] = {
    "interests": _interests,
    "states": _states,
    "practices": _practices,
    "adoptions": _adoptions,
    "profiles": _profiles,
    "twinnings": _twinnings,
    "themes": _themes,
}


async def _counted(owner: RawConnection) -> int:
    return int(await owner.fetchval("SELECT coalesce(sum(count), 0) FROM attempts WHERE act = 'posts'"))


@pytest.mark.parametrize("name", ACTS)
async def test_each_act_counts_once_and_beyond_the_budget_is_refused(
    site: Site, owner: RawConnection, name: str
) -> None:
    *acts, last = await ACTS[name](site, owner)
    for place, act in enumerate(acts, 1):
        answer = await act()
        assert answer.status < 400, (place, answer.text)
        assert await _counted(owner) == place, f"act {place} of {name} is not counted once"
    await owner.execute("UPDATE attempts SET count = $1 WHERE act = 'posts'", ratelimit.POSTS.limit)
    assert (await last()).status == 429
    await owner.execute("UPDATE attempts SET expires_at = now() WHERE act = 'posts'")
    assert (await last()).status < 400, "the premise"
