"""What one may not see changes nothing: every answer is the same, to the letter, before and after it comes to be.

A category with a sub-category, topics, posts, a mention, a quotation, a lock, a pin and a mark is made for a group of
two, and a twinning of two municipalities with its topic. Each person outside asks every route there is, of pages and of
the API, lists, counts, searches, completions and streams included, by the very addresses it will have, before it is
made and once more after: so what is absent and what is not open are the same answer.
"""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import pytest

from forum import clock
from forum.db import RawConnection
from forum.domain.entities import TopicId
from forum.keys import DB
from forum.routes import ROUTES
from forum.web.access import Access, Route
from tests import files
from tests.domain import telling, twinning
from tests.site import Answer, Program, Site, Visitor, without_tokens
from tests.web import attaching, content, subscribing

OUTSIDERS: Final = ("guest", "suspended", "stranger", "nikos", "maria", "moderator", "administrator")
"""A guest; one of no region; one of each region, nikos in another closed group; a moderator of all other categories and
an administrator, both of associations, to whom this one is not granted."""

_WORDS: Final = ("Θησαυροφυλάκιο", "Απόρρητος τίτλος", "ζαφείρι", "μισοτελειωμένο")
_PASSING: Final = frozenset({"date", "x-request-id", "content-length", "etag", "retry-after"})


@dataclass(frozen=True)
class Hidden:
    """The numbers it will have."""

    topic_id: int
    post_id: int
    attachment_id: int
    twinning_id: int
    private_topic_id: int
    private_post_id: int


async def _foresee(owner: RawConnection) -> Hidden:
    async def following(table: str) -> int:
        found = await owner.fetchrow(f"SELECT last_value, is_called FROM {table}_id_seq")
        assert found
        return int(found["last_value"]) + (1 if found["is_called"] else 0)

    topic_id, post_id = await following("topics"), await following("posts")
    # The twinning comes after the two topics and the reply that are hidden with the category.
    return Hidden(
        topic_id,
        post_id,
        await following("attachments"),
        await following("twinnings"),
        topic_id + 2,
        post_id + 3,
    )


@pytest.fixture
async def world(site: Site, owner: RawConnection) -> tuple[Site, RawConnection, Hidden]:
    """Return the site with something that everybody may read, and the groups; what is hidden is still to come."""
    await content.start(site, "sophie", title="Για όλους", body="Κοινό κείμενο")
    for slug, people in (("insiders", ("sophie",)), ("others", ("nikos",))):
        await owner.execute("INSERT INTO groups (slug, kind, name_el, name_en) VALUES ($1, 'free', $1, $1)", slug)
        for person in people:
            await owner.execute(
                "INSERT INTO group_members (group_id, member_id) SELECT id, $2 FROM groups WHERE slug = $1",
                slug,
                getattr(site.cast, person).member_id,
            )
    await _category(owner, "cellar", "Κελάρι", "others")
    await twinning.bring_colleagues(owner)
    return site, owner, await _foresee(owner)


async def _category(owner: RawConnection, slug: str, name: str, group: str, parent: str = "") -> None:
    await owner.execute(
        "INSERT INTO categories (slug, position, name_el, name_en, description_el, parent_id, inherits_grants) "
        "VALUES ($1, 99, $2, $2, $2, (SELECT id FROM categories WHERE slug = $3), $3 <> '')",
        slug,
        name,
        parent,
    )
    if not parent:
        await owner.execute(
            "INSERT INTO grants SELECT categories.id, groups.id, true, true, true, true, true, true, true "
            "FROM categories, groups WHERE categories.slug = $1 AND groups.slug = $2",
            slug,
            group,
        )


async def _hide(site: Site, owner: RawConnection, hidden: Hidden) -> None:
    """Make what nobody outside may notice."""
    await _category(owner, "vault", _WORDS[0], "insiders")
    await _category(owner, "drawer", f"{_WORDS[0]} κάτω", "", parent="vault")
    sophie = await site.visitor("sophie")
    nikos = site.cast.nikos
    body = f"Ένα ζαφείρι για τον @{nikos.name.replace(' ', '.')} και ένα [θέμα](/topics/1)."
    assert await attaching.bring(sophie, files.picture(), "ζαφείρι.png") == hidden.attachment_id
    body += f"\n\n![ζαφείρι](/attachments/{hidden.attachment_id})"
    made = await sophie.submit("/categories/vault/new", {"title": _WORDS[1], "body": body})
    assert made.location.startswith(f"/topics/{hidden.topic_id}/"), made.text
    path = f"/topics/{hidden.topic_id}"
    for act, sent in (
        (f"{path}/posts", {"body": "> Ένα ζαφείρι\n\nΤο είδα.", "reply_to": "1"}),
        (f"{path}/internal", {}),
        (f"{path}/pin", {}),
        (f"{path}/lock", {"reason": "ζαφείρι"}),
        ("/drafts", {"place": f"topic:{hidden.topic_id}", "body": "μισοτελειωμένο"}),
        ("/categories/vault/subscription", {"level": "watch"}),
    ):
        answer = await sophie.submit(act, sent)
        assert answer.status < 400, (act, answer.status)
    below = await sophie.submit("/categories/drawer/new", {"title": f"{_WORDS[1]} δύο", "body": "ζαφείρι"})
    assert below.status == 303
    invited = await twinning.invite(site.app[DB], owner, title=f"{_WORDS[1]} αδελφοποίησης", message="ζαφείρι")
    assert (invited.twinning_id, invited.topic_id) == (hidden.twinning_id, hidden.private_topic_id)
    await telling.fan_out(site.app[DB])
    page = await sophie.get(made.location.partition("#")[0])
    assert all(word in page.text for word in _WORDS), "the premise: it is there for who may see it"
    assert (await sophie.get(f"/attachments/{hidden.attachment_id}")).status == 200


def _path(site: Site, route: Route, hidden: Hidden) -> str:
    sophie = site.cast.sophie
    values: dict[str, object] = {
        "topic_id": hidden.topic_id,
        "post_id": hidden.post_id,
        "member_id": sophie.member_id,
        "file": "koinon.css",
        "colour": "0a566a",
        "page": "writing",
        "slug": "vault",
        "token": "x" * 43,
        "kind": "discussion",
        "attachment_id": hidden.attachment_id,
        "twinning_id": hidden.twinning_id,
        "id": hidden.post_id if "/posts/" in route.path else hidden.topic_id,
    }
    if "/attachments/{id}" in route.path:
        values["id"] = hidden.attachment_id
    if "/twinnings/{id}" in route.path:
        values["id"] = hidden.twinning_id
    if "/members/{id}" in route.path:
        values["id"] = sophie.member_id
    if "/municipalities" in route.path:
        values["slug"] = sophie.organisation_slug
    if "/topics/{topic_id}/{slug}" in route.path:
        values["slug"] = "aporritos-titlos"
    return re.sub(r"{(\w+)}", lambda match: str(values.get(match[1], 999_999)), route.path)


def _asked(site: Site, hidden: Hidden, *, is_api: bool, is_administrator: bool) -> list[str]:
    """Return every address that is asked for: each route's, and those that look for what is hidden."""
    paths = [
        _path(site, route, hidden)
        for route in ROUTES
        if route.is_api is is_api and route.method == "GET" and "events" not in route.name
        # The administration names categories to whoever administers; what is in them it does not tell.
        if not (is_administrator and route.access is Access.ADMINISTRATOR)
        and route.access not in {Access.OPERATOR}
        and not route.name.startswith("health")
    ]
    looked_for = [quote(word) for word in ("ζαφείρι", "Απόρρητος", "Θησαυροφυλάκιο")]
    if is_api:
        return [
            *paths,
            *(f"/api/v1/search?q={word}" for word in looked_for),
            f"/api/v1/search?q={looked_for[0]}&category=vault",
            "/api/v1/categories/questions/topics",
            f"/api/v1/topics/{hidden.private_topic_id}",
            f"/api/v1/topics/{hidden.private_topic_id}/posts",
            f"/api/v1/posts/{hidden.private_post_id}",
        ]
    return [
        *paths,
        *(f"/search?q={word}" for word in looked_for),
        f"/search?q={looked_for[0]}&category=vault",
        f"/topics/{hidden.topic_id}?unread=1",
        "/categories/drawer",
        "/categories/drawer/new",
        f"/completions/members?q=so&topic={hidden.topic_id}",
        f"/topics/{hidden.private_topic_id}",
        f"/topics/{hidden.private_topic_id}/aporritos-titlos-adelphopoiisis",
        f"/topics/{hidden.private_topic_id}/rights/mine",
        f"/posts/{hidden.private_post_id}",
        f"/completions/members?q=so&topic={hidden.private_topic_id}",
        "/municipalities/chios",
        "/municipalities/paphos",
        "/members?q=Sophie",
    ]


def _plain(answer: Answer) -> tuple[int, str, str, dict[str, str]]:
    """Return an answer without what differs from one moment to the next."""
    text = re.sub(r"<time.*?</time>", "", without_tokens(answer.text))
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return answer.status, answer.location, text, {name: headers[name] for name in headers if name not in _PASSING}


async def _look(who: Visitor | Program, paths: list[str]) -> dict[str, Any]:
    return {path: _plain(await who.request("GET", path)) for path in paths}


@pytest.mark.parametrize("person", OUTSIDERS)
async def test_no_page_tells_of_what_one_may_not_see(world: tuple[Site, RawConnection, Hidden], person: str) -> None:
    site, owner, hidden = world
    visitor = await site.visitor(None if person == "guest" else person)
    paths = _asked(site, hidden, is_api=False, is_administrator=person == "administrator")
    await _look(visitor, paths)  # what a first look changes, such as marks of what is read, is no news afterwards
    before = await _look(visitor, paths)
    await _hide(site, owner, hidden)
    after = await _look(visitor, paths)
    assert {path for path in paths if before[path] != after[path]} == set()
    told = [path for path, (_, _, text, _) in after.items() if any(word in _unasked(text) for word in _WORDS)]
    assert told == []


@pytest.mark.parametrize("person", [person for person in OUTSIDERS if person not in {"guest", "suspended"}])
async def test_no_feed_and_no_calendar_tells_of_what_one_may_not_see(
    world: tuple[Site, RawConnection, Hidden], person: str
) -> None:
    site, owner, hidden = world
    guest, base = await site.visitor(), await subscribing.address(site, person)
    paths = [
        _path(site, route, hidden).replace(f"/feeds/{'x' * 43}", base)
        for route in ROUTES
        if route.access is Access.FEED
    ]
    paths += [f"{base}/categories/drawer.atom", f"{base}/themes/water.atom"]
    await _look(guest, paths)
    before = await _look(guest, paths)
    assert [status for status, *_ in before.values()].count(200) > 3, "the premise: the address opens"
    await _hide(site, owner, hidden)
    fields = {"themes": ["water"], "deadline": subscribing.instant(clock.now())}
    await subscribing.set_fields(owner, TopicId(hidden.topic_id), "discussion", **fields)
    after = await _look(guest, paths)
    assert {path for path in paths if before[path] != after[path]} == set()
    insider = await subscribing.address(site, "sophie")
    for ending in (
        "calendar.ics",
        "topics.atom",
        "categories/vault.atom",
        "kinds/discussion.atom",
        "themes/water.atom",
    ):
        answer = await guest.get(f"{insider}/{ending}")
        assert _WORDS[1] in answer.text, "the premise: it is there for who may see it"


@pytest.mark.parametrize("person", OUTSIDERS)
async def test_no_call_tells_of_what_one_may_not_see(world: tuple[Site, RawConnection, Hidden], person: str) -> None:
    site, owner, hidden = world
    program = await site.program(None if person in {"guest", "suspended"} else person)
    paths = _asked(site, hidden, is_api=True, is_administrator=person == "administrator")
    await _look(program, paths)
    before = await _look(program, paths)
    await _hide(site, owner, hidden)
    after = await _look(program, paths)
    assert {path for path in paths if before[path] != after[path]} == set()
    assert not [path for path, (_, _, text, _) in after.items() if any(word in text for word in _WORDS)]


def _unasked(text: str) -> str:
    """Return a page without the words that were looked for, which it repeats."""
    return re.sub(r'value="[^"]*"|<(h1|title|mark)\b.*?</\1>|q=[^"]*|«[^»]*»|“[^”]*”', "", text, flags=re.DOTALL)


@pytest.mark.parametrize("person", OUTSIDERS)
async def test_no_act_tells_of_what_one_may_not_see(world: tuple[Site, RawConnection, Hidden], person: str) -> None:
    site, owner, hidden = world
    outside = None if person == "guest" else person
    visitor = await site.visitor(outside)
    program = await site.program(None if person in {"guest", "suspended"} else person)
    acts = [
        route
        for route in ROUTES
        if route.method != "GET"
        and re.search(r"/(topics|posts|categories|attachments|twinnings)/{", route.path)
        and not (person == "administrator" and route.access is Access.ADMINISTRATOR)
    ]
    assert len(acts) > 20

    async def attempt() -> dict[str, Any]:
        found: dict[str, Any] = {}
        for route in acts:
            path = _path(site, route, hidden)
            sent = {"body": "Κείμενο", "title": "Τίτλος", "reason": "Λόγος", "level": "mute"}
            if route.is_api:
                body = None if route.method == "DELETE" else {"body": "Κείμενο"}
                options = {} if body is None else {"json": body}
                answer = await program.request(route.method, path, **options)
            else:
                answer = await visitor.submit(path, sent)
            found[f"{route.method} {path}"] = _plain(answer)
        return found

    before = await attempt()
    await _hide(site, owner, hidden)
    state = "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM topics WHERE deleted_at IS NULL)"
    counted = await owner.fetchrow(state)
    after = await attempt()
    assert {act for act in before if before[act] != after[act]} == set()
    assert await owner.fetchrow(state) == counted


async def test_no_stream_tells_of_what_one_may_not_see(world: tuple[Site, RawConnection, Hidden]) -> None:
    site, owner, hidden = world
    async with AsyncExitStack() as stack:
        streams = []
        for person in ("stranger", "nikos", "maria", "moderator", "administrator"):
            visitor, program = await site.visitor(person), await site.program(person)
            streams.append(await stack.enter_async_context(visitor.listen("/events")))
            streams.append(await stack.enter_async_context(program.listen()))
        insider = await stack.enter_async_context((await site.program("sophie")).listen())
        await _hide(site, owner, hidden)
        heard = await insider.next()
        assert heard, "the premise: who may see it hears of it"
        assert heard.data["topic_id"] == hidden.topic_id
        assert all([await stream.hears_nothing(0.2) for stream in streams])
