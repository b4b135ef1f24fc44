"""What is limited is refused once its budget is used up, with the time to wait, and holds nobody else back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Final

import pytest
from aiohttp import FormData

from forum.app import create_app
from forum.config import Config
from forum.db import RawConnection
from forum.domain import setup
from forum.domain.attempts import Budget
from forum.keys import DB
from forum.markup import Renderer
from forum.passwords import Hasher, Parameters
from forum.web import ratelimit
from tests.cast import PASSWORD, Cast, email
from tests.site import Answer, Program, Site, Visitor
from tests.web import attaching, content, subscribing
from tests.web.importing import GOOD, MEMBERS_PATH, PLACES, PLACES_PATH, send
from tests.web.inviting import make_link

SENTENCE: Final = {"el": "σε σύντομο χρόνο", "en": "in a short time"}
NEW: Final = "δεκατρείς ανεμόμυλοι"


@pytest.fixture
def config(config: Config) -> Config:
    """Settings under which the limits are what they are."""
    return config.model_copy(update={"rate_limits": 1.0})


@dataclass(frozen=True, slots=True)
class Act:
    """Something a person does that is counted under a budget; `kept` is what they typed and must find again."""

    budget: Budget
    do: Callable[[Site, Visitor], Awaitable[Answer]]
    kept: str = ""


async def _search(_site: Site, visitor: Visitor) -> Answer:
    return await visitor.get("/search?q=kept-words")


async def _find(_site: Site, visitor: Visitor) -> Answer:
    return await visitor.get("/members?q=a")


async def _take_table(_site: Site, visitor: Visitor) -> Answer:
    return await visitor.get("/categories/questions/topics.csv")


async def _preview(_site: Site, visitor: Visitor) -> Answer:
    return await visitor.submit("/preview", {"body": "x"})


async def _draft(_site: Site, visitor: Visitor) -> Answer:
    return await visitor.submit(
        "/categories/questions/new", {"action": "draft", "title": "kept-words", "body": "kept-words"}
    )


async def _start(_site: Site, visitor: Visitor) -> Answer:
    assert visitor.actor
    sent = {"title": "kept-words", "body": "kept-words", "writer": str(visitor.actor.member_id)}
    return await visitor.submit("/categories/questions/new", sent)


async def _reply(site: Site, visitor: Visitor) -> Answer:
    topic = await content.start(site, "sophie")
    return await visitor.submit(f"/topics/{topic.topic_id}/posts", {"body": "kept-words"})


async def _edit(site: Site, visitor: Visitor) -> Answer:
    topic = await content.start(site, "maria")
    post = await content.reply(site, "maria", topic.topic_id)
    return await visitor.submit(f"/posts/{post.id}/edit", {"body": "kept-words"})


async def _complete(_site: Site, visitor: Visitor) -> Answer:
    return await visitor.get("/completions/members?q=a")


async def _complete_emoji(_site: Site, visitor: Visitor) -> Answer:
    return await visitor.get("/completions/emoji?q=a")


async def _make_token(_site: Site, visitor: Visitor) -> Answer:
    return await visitor.submit("/settings/tokens", {"name": "kept-words", "password_current": PASSWORD})


async def _make_address(_site: Site, visitor: Visitor) -> Answer:
    return await visitor.submit("/settings/feeds")


async def _change_password(_site: Site, visitor: Visitor) -> Answer:
    sent = {"password_current": PASSWORD, "password": NEW, "password_repeat": NEW}
    return await visitor.submit("/settings/password", sent)


async def _send_feedback(_site: Site, visitor: Visitor) -> Answer:
    return await visitor.submit("/feedback", {"body": "kept-words"})


async def _mark_read(_site: Site, visitor: Visitor) -> Answer:
    return await visitor.submit("/read")


async def _attach(_site: Site, visitor: Visitor) -> Answer:
    return await attaching.send(visitor, b"kept-words", "kept-words.txt")


ACTS: Final = {
    "search": Act(ratelimit.SEARCHES, _search, "kept-words"),
    "members found by name": Act(ratelimit.SEARCHES, _find),
    "table": Act(ratelimit.TABLES, _take_table),
    "preview": Act(ratelimit.PREVIEWS, _preview),
    "draft": Act(ratelimit.DRAFTS, _draft, "kept-words"),
    "topic": Act(ratelimit.POSTS, _start, "kept-words"),
    "topic, by the hour": Act(ratelimit.POSTS_HOURLY, _start, "kept-words"),
    "reply": Act(ratelimit.POSTS, _reply, "kept-words"),
    "edit": Act(ratelimit.POSTS, _edit, "kept-words"),
    "mention offered": Act(ratelimit.COMPLETIONS, _complete),
    "emoji offered": Act(ratelimit.COMPLETIONS, _complete_emoji),
    "token": Act(ratelimit.TOKENS, _make_token, "kept-words"),
    "address of feeds": Act(ratelimit.TOKENS, _make_address),
    "password": Act(ratelimit.PASSWORDS, _change_password),
    "feedback": Act(ratelimit.FEEDBACK, _send_feedback, "kept-words"),
    "file": Act(ratelimit.UPLOADS, _attach),
    "form": Act(ratelimit.CHANGES, _mark_read),
    "form with a text": Act(ratelimit.CHANGES, _start, "kept-words"),
}


async def _use_up(owner: RawConnection, budget: Budget) -> int:
    """Let every subject that was counted have done as much as it may; return how many there are."""
    done = await owner.execute("UPDATE attempts SET count = $2 WHERE act = $1", budget.act, budget.limit)
    return int(done.split()[-1])


def _is_refused(answer: Answer, budget: Budget, language: str = "el") -> bool:
    if answer.status != 429:
        return False
    assert 1 <= int(answer.headers["Retry-After"]) <= budget.seconds
    assert SENTENCE[language] in answer.text or "json" in answer.headers["Content-Type"]
    return True


def test_every_budget_has_an_act() -> None:
    tried = {act.budget for act in ACTS.values()} | {
        ratelimit.CALLS,
        ratelimit.SETUPS,
        ratelimit.RESETS,
        ratelimit.ARRIVALS,
        ratelimit.LETTERS,
        ratelimit.UNSUBSCRIPTIONS,
        ratelimit.FEEDS,
        ratelimit.FEED_VISITS,
        ratelimit.IMPORTS,
        ratelimit.IMPORT_LOOKS,
    }
    assert tried == set(ratelimit.BUDGETS)
    assert len({budget.act for budget in ratelimit.BUDGETS}) == len(ratelimit.BUDGETS)


@pytest.mark.parametrize("name", ACTS)
async def test_a_member_who_has_used_up_a_budget_is_refused(site: Site, owner: RawConnection, name: str) -> None:
    act = ACTS[name]
    maria, nikos = await site.visitor("maria"), await site.visitor("nikos")
    await maria.get("/settings")  # the token of the session
    allowed = await act.do(site, maria)
    assert allowed.status < 400, allowed.text
    assert await _use_up(owner, act.budget) == 1
    if act is ACTS["password"]:
        await maria.get("/settings")
        sent = {"password_current": NEW, "password": PASSWORD, "password_repeat": PASSWORD}
        refused = await maria.submit("/settings/password", sent)
    else:
        refused = await act.do(site, maria)
    assert _is_refused(refused, act.budget)
    assert act.kept in refused.text
    if name != "edit":
        await nikos.get("/settings")
        assert (await act.do(site, nikos)).status < 400, "another member is not held back"
    await owner.execute("UPDATE attempts SET expires_at = now() WHERE act = $1", act.budget.act)
    if act is not ACTS["password"]:
        assert (await act.do(site, maria)).status < 400, "after its time everything is as before"


async def test_links_that_stop_mail_are_counted_by_address(site: Site, owner: RawConnection) -> None:
    guest, budget = await site.visitor(), ratelimit.UNSUBSCRIPTIONS
    assert (await guest.request("POST", "/unsubscribe/guessed")).status == 404
    assert await _use_up(owner, budget) == 1
    assert _is_refused(await guest.request("POST", "/unsubscribe/guessed"), budget)


async def test_feeds_are_counted_by_their_address_and_by_who_asks(site: Site, owner: RawConnection) -> None:
    guest, mine, theirs = (
        await site.visitor(),
        await subscribing.address(site),
        await subscribing.address(site, "nikos"),
    )
    paths = [f"{base}/{ending}" for base in (mine, theirs) for ending in ("calendar.ics", "topics.atom")]
    assert {(await guest.get(path)).status for path in paths[:2]} == {200}
    assert await _use_up(owner, ratelimit.FEEDS) == 1
    for path in (*paths[:2], f"{mine}/themes/water.atom"):
        assert _is_refused(await guest.get(path), ratelimit.FEEDS)
    assert (await guest.get(paths[2])).status == 200, "another member's are not held back"
    assert (await guest.get("/feeds/guessed/topics.atom")).status == 404
    assert await _use_up(owner, ratelimit.FEED_VISITS) == 1
    for path in (paths[2], "/feeds/guessed/topics.atom"):
        assert _is_refused(await guest.get(path), ratelimit.FEED_VISITS)


@pytest.mark.parametrize(
    ("path", "table"),
    [(MEMBERS_PATH, GOOD), (PLACES_PATH, PLACES), ("/categories/guides/import/guide", "title;language\nΟδηγός;el\n")],
)
async def test_files_of_many_things_are_counted_when_sent_looked_at_and_done(
    site: Site, owner: RawConnection, path: str, table: str
) -> None:
    visitor, other = await site.visitor("administrator"), await site.visitor("sophie")

    async def bring() -> Answer:
        return await send(visitor, table.encode(), path=path)

    sent = await bring()
    assert sent.status == 303, sent.text
    assert (await visitor.get(sent.location)).status == 200
    assert await _use_up(owner, ratelimit.IMPORTS) == 1
    assert _is_refused(await bring(), ratelimit.IMPORTS)
    assert _is_refused(await visitor.submit(sent.location), ratelimit.IMPORTS)
    assert (await visitor.get(sent.location)).status == 200, "looking is counted by itself"
    guides = await send(other, b"title;language\nA;en\n", path="/categories/guides/import/guide")
    assert guides.status == 303, "another member is not held back"
    assert await owner.fetchval("SELECT count(*) FROM imports WHERE made_count > 0") == 0
    await owner.execute("UPDATE attempts SET expires_at = now() WHERE act = 'imports'")
    assert (await visitor.submit(sent.location)).status == 303
    assert await _use_up(owner, ratelimit.IMPORT_LOOKS) == 1
    for refused in (await visitor.get(sent.location), await visitor.submit(sent.location)):
        assert _is_refused(refused, ratelimit.IMPORT_LOOKS)


async def test_pieces_of_a_file_are_counted_as_looks(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("administrator")
    sent = await send(visitor, GOOD.encode())
    await _use_up(owner, ratelimit.IMPORTS)
    piece = await visitor.submit(sent.location, headers={"Accept": "application/json"})
    assert piece.json == {"left": 0}
    await _use_up(owner, ratelimit.IMPORT_LOOKS)
    assert (await visitor.submit(sent.location, headers={"Accept": "application/json"})).status == 429


@pytest.mark.parametrize(
    ("way", "path", "table"), [("members", MEMBERS_PATH, GOOD), ("municipalities", PLACES_PATH, PLACES)]
)
async def test_files_that_programs_send_are_counted_with_those_of_pages(
    site: Site, owner: RawConnection, way: str, path: str, table: str
) -> None:
    visitor, program = await site.visitor("administrator"), await site.program("administrator")

    async def bring() -> int:
        form = FormData()
        form.add_field("file", table.encode(), filename="x.csv", content_type="text/csv")
        return (await program.post(f"/api/v1/{way}/import?dry_run=1", data=form)).status

    assert await bring() == 200
    assert await _use_up(owner, ratelimit.IMPORTS) == 1
    assert await bring() == 429
    assert _is_refused(await send(visitor, table.encode(), path=path), ratelimit.IMPORTS)


async def test_the_sentence_is_in_the_readers_language(site: Site, owner: RawConnection) -> None:
    await owner.execute("UPDATE members SET language = 'en' WHERE id = $1", site.cast.maria.member_id)
    maria = await site.visitor("maria")
    await maria.get("/settings")
    await _start(site, maria)
    await _use_up(owner, ratelimit.POSTS)
    assert _is_refused(await _start(site, maria), ratelimit.POSTS, "en")


async def test_a_script_is_told_in_a_notice_with_a_good_token(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    await maria.get("/settings")
    await _mark_read(site, maria)
    await _use_up(owner, ratelimit.CHANGES)
    topic = await content.start(site, "nikos")
    refused = await maria.submit(
        f"/topics/{topic.topic_id}/posts", {"body": "x"}, headers={"X-Requested-With": "fetch"}
    )
    assert _is_refused(refused, ratelimit.CHANGES)
    assert SENTENCE["el"] in refused.text
    assert refused.headers["X-CSRF-Token"]
    assert await owner.fetchval("SELECT count(*) FROM posts") == 1


# Programs ----------------------------------------------------------------------------------------


async def _refusal(program: Program, method: str, path: str, **options: Any) -> int:
    answer = await program.request(method, path, **options)
    if answer.status == 429:
        assert answer.json["code"] == "rate_limited"
        assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    return answer.status


async def test_calls_are_counted_by_token(site: Site, owner: RawConnection) -> None:
    maria, other = await site.program("maria"), await site.program("maria")
    assert (await maria.get("/api/v1/me")).status == 200
    assert await _use_up(owner, ratelimit.CALLS) == 1
    assert await _refusal(maria, "GET", "/api/v1/me") == 429
    assert await _refusal(maria, "GET", "/api/v1/nothing/such") == 429
    assert await _refusal(other, "GET", "/api/v1/me") == 200, "another program of the same member is not held back"


async def test_changes_by_programs_and_on_pages_are_counted_together(site: Site, owner: RawConnection) -> None:
    maria, nikos, browser = await site.program("maria"), await site.program("nikos"), await site.visitor("maria")
    body = {"title": "Τ", "body": "Κ", "category": "questions"}
    assert (await maria.post("/api/v1/topics", json=body)).status == 201
    assert await _use_up(owner, ratelimit.CHANGES) == 1
    assert await _refusal(maria, "POST", "/api/v1/topics", json=body) == 429
    assert await _refusal(maria, "GET", "/api/v1/me") == 200, "reading is not held back"
    await browser.get("/settings")
    assert (await browser.submit("/read")).status == 429
    assert await _refusal(nikos, "POST", "/api/v1/topics", json=body) == 201


async def test_tokens_are_counted_however_they_are_made(site: Site, owner: RawConnection) -> None:
    guest, browser = await site.program(), await site.visitor("maria")
    await browser.get("/settings")
    assert (await _make_token(site, browser)).status == 200
    await _use_up(owner, ratelimit.TOKENS)
    sent = {"email": email("maria"), "password": PASSWORD, "name": "x"}
    refused = await guest.post("/api/v1/tokens", json=sent)
    assert (refused.status, refused.json["code"]) == (429, "rate_limited")
    assert await owner.fetchval("SELECT count(*) FROM api_tokens") == 1


# Guests ------------------------------------------------------------------------------------------


async def test_the_set_up_link_is_counted_by_address_good_or_guessed(site: Site, owner: RawConnection) -> None:
    await owner.execute("DELETE FROM group_members; DELETE FROM members")
    async with site.app[DB].write() as tx:
        token = await setup.issue(tx)
    guest = await site.visitor()
    assert (await guest.get("/setup/guessed")).status == 404
    assert (await guest.get(f"/setup/{token}")).status == 200
    assert await _use_up(owner, ratelimit.SETUPS) == 1
    for path in ("guessed", token):
        assert _is_refused(await guest.get(f"/setup/{path}"), ratelimit.SETUPS)
    sent = {"name": "kept-words", "email": "e@union.example", "organisation": "x", "password": "y", "language": "el"}
    refused = await guest.submit(f"/setup/{token}", sent)
    assert _is_refused(refused, ratelimit.SETUPS)
    assert "kept-words" in refused.text


async def test_links_for_forgotten_passwords_are_counted_by_address_whoever_they_are_for(
    site: Site, owner: RawConnection
) -> None:
    guest = await site.visitor()
    assert (await guest.submit("/password", {"email": "kept-words@example.org"})).status == 303
    assert await _use_up(owner, ratelimit.RESETS) == 1
    refused = await guest.submit("/password", {"email": "kept-words@example.org"})
    assert _is_refused(refused, ratelimit.RESETS)
    assert "kept-words" in refused.text


@pytest.mark.parametrize("budget", [ratelimit.ARRIVALS, ratelimit.LETTERS])
@pytest.mark.parametrize("way", ["link", "/join", "/settings/address"])
async def test_letters_to_an_address_are_counted_by_who_asks_and_for_whom(
    site: Site, owner: RawConnection, budget: Budget, way: str
) -> None:
    path = await make_link(site) if way == "link" else way
    asker = await site.visitor("maria" if way == "/settings/address" else None)
    assert (await asker.submit(path, {"email": "kept-words@example.org"})).status == 303
    assert await _use_up(owner, budget) == 1
    refused = await asker.submit(path, {"email": "kept-words@example.org"})
    assert _is_refused(refused, budget)
    assert "kept-words" in refused.text
    assert (await asker.submit(path, {"email": "b@example.org"})).status == (
        303 if budget is ratelimit.LETTERS else 429
    )


async def test_an_address_that_a_guest_makes_up_is_not_believed(site: Site, owner: RawConnection) -> None:
    guest = await site.visitor()
    assert (await _send_feedback(site, guest)).status == 303
    await _use_up(owner, ratelimit.FEEDBACK)
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP", "True-Client-IP"):
        value = "for=203.0.113.9" if header == "Forwarded" else "203.0.113.9"
        refused = await guest.submit("/feedback", {"body": "kept-words"}, headers={header: value})
        assert _is_refused(refused, ratelimit.FEEDBACK), header
    assert await owner.fetchval("SELECT count(*) FROM attempts WHERE act = 'feedback'") == 1


class TestBehindAProxy:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return config.model_copy(update={"trusted_proxies": (ip_network("127.0.0.0/8"),)})

    async def test_guests_are_told_apart_by_the_address_the_proxy_saw(self, site: Site, owner: RawConnection) -> None:
        guest = await site.visitor()

        async def send(forwarded: str) -> Answer:
            return await guest.submit("/feedback", {"body": "x"}, headers={"X-Forwarded-For": forwarded})

        assert (await send("203.0.113.7")).status == 303
        await _use_up(owner, ratelimit.FEEDBACK)
        assert _is_refused(await send("203.0.113.7"), ratelimit.FEEDBACK)
        assert _is_refused(await send("198.51.100.1, 203.0.113.7"), ratelimit.FEEDBACK), "what the client says"
        assert (await send("203.0.113.8")).status == 303
        # Of IPv6 a subscriber holds a whole network.
        assert (await send("2001:db8::1")).status == 303
        await _use_up(owner, ratelimit.FEEDBACK)
        assert _is_refused(await send("2001:db8::2"), ratelimit.FEEDBACK)
        assert (await send("2001:db8:0:1::1")).status == 303


# Everywhere --------------------------------------------------------------------------------------


async def test_another_process_knows_what_was_counted(
    site: Site, config: Config, database_url: str, cast: Cast, aiohttp_server: Any, owner: RawConnection
) -> None:
    other = create_app(
        config,
        database_url,
        hasher=Hasher(parameters=Parameters.TESTING),
        renderer=Renderer(children=1, eager=False),
    )
    server = await aiohttp_server(other)
    maria = await site.program("maria")
    assert (await maria.get("/api/v1/search?q=a")).status == 200
    await owner.execute("UPDATE attempts SET count = count + $1", ratelimit.SEARCHES.limit - 2)
    async with maria._client.session.get(
        server.make_url("/api/v1/search?q=a"), headers={"Authorization": f"Bearer {maria.token}"}
    ) as answer:
        assert answer.status == 200
    assert await _refusal(maria, "GET", "/api/v1/search?q=a") == 429


class TestSwitchedOff:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return config.model_copy(update={"rate_limits": 0})

    async def test_nothing_is_counted(self, site: Site, owner: RawConnection) -> None:
        maria, program = await site.visitor("maria"), await site.program("maria")
        await maria.get("/settings")
        for name, act in ACTS.items():
            if name not in {"password", "token"}:
                assert (await act.do(site, maria)).status < 400
        assert (await program.get("/api/v1/me")).status == 200
        assert await owner.fetchval("SELECT count(*) FROM attempts") == 0


class TestScaled:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return config.model_copy(update={"rate_limits": 0.05})

    async def test_a_budget_is_multiplied(self, site: Site) -> None:
        maria = await site.visitor("maria")
        statuses = [(await _search(site, maria)).status for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
