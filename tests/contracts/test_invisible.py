"""What one may not see changes nothing: every answer is the same, to the letter, before and after it comes to be.

What is hidden, and in which two ways, `hiding.py` says. Each person outside asks every route there is, of pages and of
the API, lists with their filters and tables, counts, searches, completions, feeds and streams included, by the very
addresses it will have, before it is made and once more after: so what is absent and what is not open are the same
answer.
"""

from __future__ import annotations

import difflib
import re
from contextlib import AsyncExitStack
from typing import Any, Final
from urllib.parse import quote

import pytest

from forum.db import RawConnection
from forum.routes import ROUTES
from forum.web.access import Access, Route
from tests.contracts import hiding
from tests.contracts.access_tables import BODIES
from tests.contracts.hiding import VAULT, WORDS, World
from tests.domain import twinning
from tests.site import Answer, Program, Site, Visitor, without_tokens
from tests.web import proposals, subscribing

OUTSIDERS: Final = ("guest", "suspended", "stranger", "nikos", "maria", "moderator", "administrator")
"""A guest; one of no region; one of each region, nikos in another closed group; a moderator of all other categories and
an administrator, both of associations, to whom this one is not granted."""
MEMBERS: Final = tuple(person for person in OUTSIDERS if person not in {"guest", "suspended"})

_TOLD: Final = (*WORDS, VAULT)
_PASSING: Final = frozenset({"date", "x-request-id", "content-length", "etag", "retry-after"})

_LISTS: Final = {
    "questions": ("kind=question", "kind=discussion&theme=water", "sort=created", "municipality=larnaca"),
    "proposals": (
        *("theme=water", "country=CY", "role=partner", "state=open", "state=closed", "type=partner_search"),
        *("programme=CERV", "deadline=all", "sort=activity", "tag=" + quote("λιμάνι")),
    ),
    "good-practices": ("owner=larnaca", "theme=water", "state=validated", "state=submitted", "tag=" + quote("ζαφείρι")),
    "guides": ("language=el", "theme=water"),
}
"""What lists are sifted and ordered by, so that what is hidden would stand in each."""
_TABLES: Final = (
    "questions",
    "proposals",
    "proposals?theme=water&deadline=all",
    "good-practices?owner=larnaca",
    "guides",
)


@pytest.fixture(params=["vault", "among"])
async def world(site: Site, owner: RawConnection, request: pytest.FixtureRequest) -> World:
    return await hiding.begin(site, owner, request.param)


def _path(world: World, route: Route) -> str:
    hidden, sophie = world.hidden, world.site.cast.sophie
    topic_id = _topic(world, route)
    values: dict[str, object] = {
        "topic_id": topic_id,
        "post_id": hidden.post_id,
        "member_id": sophie.member_id,
        "file": "koinon.css",
        "colour": "0a566a",
        "page": "writing",
        "slug": world.category(),
        "language": "en",
        "token": "x" * 43,
        "kind": "proposal" if route.access is Access.FEED else "good_practice",
        "attachment_id": hidden.attachment_id,
        "twinning_id": hidden.twinning_id,
        "interest_id": hidden.interest_id,
        "adoption_id": hidden.adoption_id,
        "guide_file_id": hidden.guide_file_id,
        "file_id": hidden.guide_file_id,
        "number": 1,
        "id": topic_id,
    }
    for folder, value in (
        ("/posts/{id}", hidden.post_id),
        ("/attachments/{id}", hidden.attachment_id),
        ("/twinnings/{id}", hidden.twinning_id),
        ("/members/{id}", sophie.member_id),
        ("/v1/files/{id}", hidden.guide_file_id),
    ):
        if folder in route.path:
            values["id"] = value
    if "/municipalities" in route.path:
        values["slug"] = "larnaca"
    if "/themes" in route.path:
        values["slug"] = "water"
    if "/topics/{topic_id}/{slug}" in route.path:
        values["slug"] = "aporritos-titlos"
    return re.sub(r"{(\w+)}", lambda match: str(values.get(match[1], 999_999)), route.path)


def _topic(world: World, route: Route) -> int:
    """Return the hidden topic of the kind that a route is about."""
    hidden = world.hidden
    match route.name.removeprefix("api.").partition(".")[0]:
        case "interests" | "withdrawals" | "decisions" | "topic_states" | "practices" | "consortia":
            return hidden.proposal_id
        case "validations" | "submissions" | "adoptions":
            return hidden.practice_id
        case "guide_files" | "guide_versions" | "files":
            return hidden.guide_id
        case "answers":
            return hidden.question_id
        case _:
            return hidden.topic_id


def _asked(world: World, *, is_api: bool, is_administrator: bool) -> list[str]:
    """Return every address that is asked for: each route's, and those that look for what is hidden."""
    paths = [
        _path(world, route)
        for route in ROUTES
        if route.is_api is is_api and route.method == "GET" and "events" not in route.name
        # The administration names categories to whoever administers; what is in them it does not tell.
        if not (is_administrator and route.access is Access.ADMINISTRATOR)
        and route.access not in {Access.OPERATOR}
        and not route.name.startswith("health")
    ]
    further = _calls(world) if is_api else _pages(world)
    return list(dict.fromkeys([*paths, *further]))


def _calls(world: World) -> list[str]:
    hidden = world.hidden
    looked_for = [quote(word) for word in ("ζαφείρι", "Απόρρητος", "Θησαυροφυλάκιο")]
    lists = [f"{slug}/topics?{query}" for slug, queries in _LISTS.items() for query in ("", *queries)]
    return [
        *(f"/api/v1/search?q={word}" for word in looked_for),
        f"/api/v1/search?q={looked_for[0]}&category={world.category()}",
        f"/api/v1/search?q={looked_for[0]}&kind=proposal",
        f"/api/v1/search?q={looked_for[0]}&language=el",
        f"/api/v1/search?q={looked_for[0]}&municipality=larnaca",
        *(f"/api/v1/categories/{each}" for each in lists if "deadline=" not in each),
        "/api/v1/categories/questions/topics?unanswered=true",
        "/api/v1/categories/proposals/topics?sort=deadline&open=false",
        "/api/v1/categories/drawer/topics",
        *(f"/api/v1/categories/{slug}" for slug in (*_LISTS, "drawer")),
        *(
            f"/api/v1/topics/{topic_id}{ending}"
            for topic_id in hidden.topic_ids
            for ending in ("", "/posts", "/interests", "/adoptions", "/validations", "/files")
        ),
        *(f"/api/v1/posts/{post_id}" for post_id in hidden.post_ids),
        f"/api/v1/topics/{world.carried_out.topic_id}",
        "/api/v1/municipalities/mytilene",
        "/api/v1/municipalities/mytilene/profile",
        f"/api/v1/members/{world.eleni.member_id}",
    ]


def _pages(world: World) -> list[str]:
    hidden = world.hidden
    looked_for = [quote(word) for word in ("ζαφείρι", "Απόρρητος", "Θησαυροφυλάκιο")]
    return [
        *(f"/search?q={word}" for word in looked_for),
        f"/search?q={looked_for[0]}&category={world.category()}",
        f"/topics/{hidden.topic_id}?unread=1",
        "/categories/drawer",
        "/categories/drawer/new",
        *(f"/categories/{slug}?{query}" for slug, queries in _LISTS.items() for query in ("", *queries)),
        *(
            f"/categories/{table.replace('?', '/topics.csv?') if '?' in table else f'{table}/topics.csv'}"
            for table in _TABLES
        ),
        *(
            f"/topics/{topic_id}{ending}"
            for topic_id in hidden.topic_ids
            for ending in ("", "/aporritos-titlos", "/aporritos-titlos?original=1", "/rights/mine", "/consortium.csv")
        ),
        *(f"/posts/{post_id}" for post_id in hidden.post_ids),
        f"/topics/{hidden.private_topic_id}/aporritos-titlos-adelphopoiisis",
        proposals.page(world.carried_out),
        f"/topics/{hidden.waiting_id}/validation/new",
        f"/attachments/{hidden.attachment_id + 1}",
        f"/guides/files/{hidden.guide_file_id}/2",
        f"/topics/{hidden.proposal_id}/interests/{hidden.interest_id + 1}/edit",
        *(f"/completions/members?q=so&topic={topic_id}" for topic_id in (hidden.topic_id, hidden.private_topic_id)),
        *(f"/municipalities/{slug}" for slug in ("chios", "mytilene", "paphos", "union-of-cyprus-municipalities")),
        "/twinnings?theme=water",
        "/twinnings/new?to=paphos",
        f"/members/{world.eleni.member_id}",
        f"/members/{world.thanasis.member_id}",
        "/members?q=Sophie",
    ]


def _plain(answer: Answer) -> tuple[int, str, str, dict[str, str]]:
    """Return an answer without what differs from one moment to the next."""
    text = re.sub(r"<time.*?</time>", "", without_tokens(answer.text))
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert answer.status != 429, "the premise: everything is asked, however much it is"
    return answer.status, answer.location, text, {name: headers[name] for name in headers if name not in _PASSING}


async def _look(who: Visitor | Program, paths: list[str]) -> dict[str, Any]:
    return {path: _plain(await who.request("GET", path)) for path in paths}


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[str]]:
    """Return what differs, line by line, by address."""
    return {
        path: [line for line in difflib.ndiff(_lines(before[path]), _lines(after[path])) if line[0] in "+-"]
        for path in before
        if before[path] != after[path]
    }


def _lines(answer: tuple[object, ...]) -> list[str]:
    return "\n".join(map(str, answer)).replace("},{", "},\n{").splitlines()


def _unasked(path: str, text: str) -> str:
    """Return a page without the words that were looked for, which it repeats."""
    repeated = r'value="[^"]*"|<(h1|title|mark)\b.*?</\1>|q=[^"]*|«[^»]*»|“[^”]*”'
    return re.sub(rf'{repeated}|<a class="chip".*?</a>' if "tag=" in path else repeated, "", text, flags=re.DOTALL)


@pytest.mark.parametrize("person", OUTSIDERS)
async def test_no_page_tells_of_what_one_may_not_see(world: World, person: str) -> None:
    visitor = await world.site.visitor(None if person == "guest" else person)
    paths = _asked(world, is_api=False, is_administrator=person == "administrator")
    await _look(visitor, paths)  # what a first look changes, such as marks of what is read, is no news afterwards
    before = await _look(visitor, paths)
    await hiding.hide(world)
    after = await _look(visitor, paths)
    assert _changed(before, after) == {}
    told = [path for path, (_, _, text, _) in after.items() if any(word in _unasked(path, text) for word in _TOLD)]
    assert told == []


@pytest.mark.parametrize("person", OUTSIDERS)
async def test_no_call_tells_of_what_one_may_not_see(world: World, person: str) -> None:
    program = await world.site.program(None if person in {"guest", "suspended"} else person)
    paths = _asked(world, is_api=True, is_administrator=person == "administrator")
    await _look(program, paths)
    before = await _look(program, paths)
    await hiding.hide(world)
    after = await _look(program, paths)
    assert _changed(before, after) == {}
    assert not [path for path, (_, _, text, _) in after.items() if any(word in _unasked(path, text) for word in _TOLD)]


async def test_whoever_may_see_it_finds_it_everywhere(world: World) -> None:
    """The premise of all the rest: these are places that tell of it."""
    hidden = world.hidden
    await hiding.hide(world)
    sophie, thanasis = await world.site.visitor("sophie"), await world.site.visitor(world.thanasis)
    calls, practices = world.category("proposal"), world.category("good_practice")
    told = {
        thanasis: (
            *("/", "/notifications", "/themes/water", "/good-practices/like-mine", "/municipalities/mytilene"),
            *(f"/categories/{calls}?kind=proposal&{query}" for query in _LISTS["proposals"] if "closed" not in query),
            f"/categories/{calls}/topics.csv?kind=proposal",
            *(f"/categories/{practices}?kind=good_practice&{query}" for query in _LISTS["good-practices"][:3]),
            f"/categories/{practices}/topics.csv?kind=good_practice&owner=larnaca",
            *("/municipalities/larnaca", f"/members/{world.eleni.member_id}", "/search?q=" + quote("ζαφείρι")),
            proposals.page(world.carried_out),
        ),
        sophie: ("/", "/drafts", "/settings/files", "/validations", "/municipalities/union-of-cyprus-municipalities"),
    }
    answers = {path: await visitor.get(path) for visitor, paths in told.items() for path in paths}
    silent = [
        path for path, answer in answers.items() if not any(word in _unasked(path, answer.text) for word in WORDS)
    ]
    assert silent == []
    page = (await thanasis.get(f"/topics/{hidden.waiting_id}/aporritos-titlos-praktiki")).text
    assert f"/topics/{hidden.proposal_id}/" in page, "what it grew out of"
    of_chios = await twinning.actor(world.owner, "chios")
    chios = await world.site.visitor(of_chios)
    twinned = f"/twinnings/{hidden.twinning_id}"
    ways = (("/twinnings", twinned), (twinned, f"/topics/{hidden.private_topic_id}"), ("/notifications", WORDS[0]))
    assert all([way in (await chios.get(path)).text for path, way in ways])
    calendar = f"{await subscribing.address(world.site, of_chios)}/calendar.ics"
    assert WORDS[1] in (await chios.get(calendar)).text, "the event of the twinning"


async def test_what_grew_out_of_something_hidden_says_nothing_of_it(world: World) -> None:
    nikos, program = await world.site.visitor("nikos"), await world.site.program("nikos")
    practice = await world.owner.fetchrow("SELECT id, slug FROM topics WHERE kind = 'good_practice'")
    assert practice
    ways = ((nikos, f"/topics/{practice['id']}/{practice['slug']}"), (program, f"/api/v1/topics/{practice['id']}"))
    await nikos.get(ways[0][1])
    before = {path: _plain(await who.request("GET", path)) for who, path in ways}
    await hiding.hide(world)
    grown = "UPDATE topics SET origin_id = $2 WHERE id = $1"
    await world.owner.execute(grown, practice["id"], world.hidden.proposal_id)
    after = {path: _plain(await who.request("GET", path)) for who, path in ways}
    changed = [line for lines in _changed(before, after).values() for line in lines if "data-version" not in line]
    assert changed == []
    thanasis = await world.site.visitor(world.thanasis)
    assert f"/topics/{world.hidden.proposal_id}/" in (await thanasis.get(ways[0][1])).text, "the premise: it is named"


@pytest.mark.parametrize("person", MEMBERS)
async def test_no_feed_and_no_calendar_tells_of_what_one_may_not_see(world: World, person: str) -> None:
    guest, base = await world.site.visitor(), await subscribing.address(world.site, person)
    endings = _feeds(world)
    paths = [f"{base}/{ending}" for ending in endings]
    await _look(guest, paths)
    before = await _look(guest, paths)
    assert [status for status, *_ in before.values()].count(200) > 3, "the premise: the address opens"
    await hiding.hide(world)
    after = await _look(guest, paths)
    assert _changed(before, after) == {}
    insider = await subscribing.address(world.site, "sophie")
    for ending in endings:
        answer = await guest.get(f"{insider}/{ending}")
        assert WORDS[0] in answer.text, f"the premise: {ending} has it for who may see it"


def _feeds(world: World) -> list[str]:
    kinds = ("discussion", "question", "proposal", "good_practice", "guide")
    endings = ["calendar.ics", "topics.atom", "themes/water.atom", "categories/drawer.atom"]
    endings += [f"categories/{slug}.atom" for slug in sorted({world.category(kind) for kind in kinds})]
    endings += [f"kinds/{kind}.atom" for kind in kinds]
    patterns = [route.path for route in ROUTES if route.access is Access.FEED]
    shapes = {re.sub(r"{\w+}", "x", path.removeprefix("/feeds/{token}/")) for path in patterns}
    assert shapes == {re.sub(r"/[a-z_-]+\.", "/x.", ending) for ending in endings}, "every feed there is"
    return endings


@pytest.mark.parametrize("person", OUTSIDERS)
async def test_no_act_tells_of_what_one_may_not_see(world: World, person: str) -> None:
    outside = None if person == "guest" else person
    visitor = await world.site.visitor(outside)
    program = await world.site.program(None if person in {"guest", "suspended"} else person)
    things = "topics|posts|attachments|twinnings|guides/files|v1/files"
    # What is hidden among the rest stands in categories in which people outside write.
    things += "|categories" if world.place == "vault" else ""
    acts = [
        route
        for route in ROUTES
        if route.method != "GET"
        and re.search(rf"/({things})/{{", route.path)
        and not (person == "administrator" and route.access is Access.ADMINISTRATOR)
    ]
    assert len(acts) > 50

    async def attempt() -> dict[str, Any]:
        found: dict[str, Any] = {}
        for route in acts:
            path = _path(world, route)
            if route.is_api:
                body = None if route.method == "DELETE" else BODIES.get(route.name, {"body": "Κείμενο"})
                answer = await program.request(route.method, path, **({} if body is None else {"json": body}))
            else:
                answer = await visitor.submit(path, _SENT)
            found[f"{route.method} {path}"] = _plain(answer)
        return found

    before = await attempt()
    await hiding.hide(world)
    counted = await world.owner.fetchrow(_STATE)
    after = await attempt()
    assert _changed(before, after) == {}
    assert await world.owner.fetchrow(_STATE) == counted


_SENT: Final = {
    **{
        "body": "Κείμενο",
        "title": "Τίτλος",
        "reason": "Λόγος",
        "level": "mute",
        "role": "partner",
        "contact": "ν@ν.gr",
    },
    **{"decision": "accepted", "state": "withdrawn", "verdict": "validated", "opinion": "Σαφής", "stage": "interested"},
    **{"answer": "accept", "internal": "on"},
}
"""What the forms of acts ask for: who might do it would."""
_STATE: Final = """
    SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM topics WHERE deleted_at IS NULL AND is_internal),
           (SELECT count(*) FROM interests WHERE decision = 'waiting' AND withdrawn_at IS NULL),
           (SELECT count(*) FROM adoption_steps), (SELECT count(*) FROM validations),
           (SELECT count(*) FROM guide_versions), (SELECT count(*) FROM attachments),
           (SELECT count(*) FROM topic_translations), (SELECT count(*) FROM twinning_steps),
           (SELECT string_agg(fields ->> 'state', ' ' ORDER BY id) FROM topics)
"""


async def test_no_stream_tells_of_what_one_may_not_see(world: World) -> None:
    async with AsyncExitStack() as stack:
        streams = []
        for person in MEMBERS:
            visitor, program = await world.site.visitor(person), await world.site.program(person)
            streams.append(await stack.enter_async_context(visitor.listen("/events")))
            streams.append(await stack.enter_async_context(program.listen()))
        insider = await stack.enter_async_context((await world.site.program("sophie")).listen())
        await hiding.hide(world)
        heard = await insider.next()
        assert heard, "the premise: who may see it hears of it"
        assert heard.data["topic_id"] == world.hidden.topic_id
        assert all([await stream.hears_nothing(0.2) for stream in streams])


async def test_nobody_outside_is_told(world: World) -> None:
    """Nor those who watch the category or follow the theme, nor the people of the municipalities that take part."""
    told = "SELECT DISTINCT member_id FROM notifications WHERE topic_id = ANY ($1::bigint[])"
    await hiding.hide(world)
    found = {row["member_id"] for row in await world.owner.fetch(told, world.hidden.topic_ids)}
    two = [await twinning.actor(world.owner, slug) for slug in twinning.PEOPLE]
    assert found == {actor.member_id for actor in (*world.insiders, *two)}
    kinds = await world.owner.fetch(
        "SELECT DISTINCT kind FROM notifications WHERE topic_id >= $1", world.hidden.topic_id
    )
    assert {row["kind"] for row in kinds} >= {
        "reply",
        "interest",
        "validation",
        "adoption",
        "guide_version",
        "twinning",
    }


async def test_the_administration_names_the_category_and_nothing_in_it(world: World) -> None:
    administrator = await world.site.visitor("administrator")
    await hiding.hide(world)
    paths = [_path(world, route) for route in ROUTES if route.access is Access.ADMINISTRATOR and route.method == "GET"]
    paths += [f"/admin/categories/{world.category(kind)}" for kind in ("discussion", "proposal")]
    answers = {path: await administrator.get(path) for path in dict.fromkeys(paths)}
    assert [answer.status for answer in answers.values()].count(200) > 30, "the premise: it opens"
    told = [path for path, answer in answers.items() if any(word in _unasked(path, answer.text) for word in WORDS)]
    assert told == []
