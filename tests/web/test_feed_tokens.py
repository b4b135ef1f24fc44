"""The secret address of one's calendar and feeds: made, shown once, renewed, given up, and dead when it should be."""

from __future__ import annotations

import re
from html import unescape

import pytest

from forum.db import RawConnection
from forum.domain import members
from forum.keys import DB
from forum.web.middleware import shown_path
from tests.cast import PASSWORD
from tests.site import Answer, Site, Visitor, without_tokens
from tests.web import content
from tests.web.subscribing import address

ENDINGS = (
    "calendar.ics",
    "topics.atom",
    "categories/questions.atom",
    "kinds/discussion.atom",
    "themes/water.atom",
)


async def make(visitor: Visitor) -> Answer:
    page = await visitor.get("/settings/feeds")
    return await visitor.submit("/settings/feeds", {"idempotency_key": page.hidden("idempotency_key")})


def shown(answer: Answer) -> list[str]:
    """Return the paths that a page shows."""
    assert answer.status == 200, answer.text[:300]
    return [
        re.sub("^https?://[^/]+", "", unescape(found))
        for found in re.findall(r'<code class="secret"[^>]*>([^<]+)</code>', answer.text)
    ]


def token_of(paths: list[str]) -> str:
    (token,) = {path.split("/")[2] for path in paths}
    return token


async def opens(site: Site, base: str) -> set[int]:
    """Return how all that an address opens is answered."""
    guest = await site.visitor()
    return {(await guest.get(f"{base}/{ending}")).status for ending in ENDINGS}


async def test_an_address_is_shown_once_and_all_it_shows_opens(site: Site, owner: RawConnection) -> None:
    maria, guest = await site.visitor("maria"), await site.visitor()
    answer = await make(maria)
    assert answer.headers["Cache-Control"] == "no-store"
    paths = shown(answer)
    token = token_of(paths)
    assert len(token) == 43, "256 bits"
    assert len(paths) == len(set(paths)) > 30
    assert {f"/feeds/{token}/{ending}" for ending in ENDINGS} <= set(paths)
    assert {(await guest.get(path)).status for path in paths} == {200}
    page = await maria.get("/settings/feeds")
    assert token not in page.text
    assert "categories/questions.atom" in page.text
    kept = await owner.fetchrow("SELECT feed_tokens::text AS said, token_hash FROM feed_tokens")
    assert kept
    assert token not in kept["said"]
    assert len(kept["token_hash"]) == 32


async def test_only_what_one_may_read_has_a_feed_on_the_page(site: Site) -> None:
    stranger = await site.visitor("stranger")
    answer = await make(stranger)
    assert not [path for path in shown(answer) if "/categories/" in path]
    assert "questions.atom" not in (await stranger.get("/settings/feeds")).text


async def test_the_same_form_sent_twice_shows_the_same_address(site: Site) -> None:
    maria = await site.visitor("maria")
    key = (await maria.get("/settings/feeds")).hidden("idempotency_key")
    answers = [await maria.submit("/settings/feeds", {"idempotency_key": key}) for _ in range(2)]
    assert shown(answers[0]) == shown(answers[1])
    assert token_of(shown(await make(maria))) != token_of(shown(answers[0]))
    again = await maria.submit("/settings/feeds", {"idempotency_key": key})
    assert again.status == 409, "what was replaced never comes back"


async def test_the_old_address_is_dead_as_soon_as_there_is_a_new_one(site: Site) -> None:
    old = await address(site)
    assert await opens(site, old) == {200}
    new = await address(site)
    assert (await opens(site, old), await opens(site, new)) == ({404}, {200})


async def test_an_address_that_is_given_up_is_dead_at_once(site: Site) -> None:
    maria, base = await site.visitor("maria"), await address(site)
    await maria.get("/settings/feeds")
    given_up = await maria.submit("/settings/feeds/delete")
    assert (given_up.status, given_up.location) == (303, "/settings/feeds")
    assert await opens(site, base) == {404}
    assert (await maria.submit("/settings/feeds/delete")).status == 303, "and once more changes nothing"


async def test_nobody_ends_the_address_of_another(site: Site) -> None:
    nikos, base = await site.visitor("nikos"), await address(site)
    await nikos.get("/settings/feeds")
    await nikos.submit("/settings/feeds/delete")
    assert await opens(site, base) == {200}


async def test_it_dies_with_the_membership_and_lives_again_with_it(site: Site, owner: RawConnection) -> None:
    base, member_id = await address(site), site.cast.maria.member_id
    suspend = "UPDATE members SET suspended_until = $2, suspension_reason = $3 WHERE id = $1"
    assert await opens(site, base) == {200}
    await owner.execute(
        "UPDATE members SET suspended_until = 'infinity', suspension_reason = 'x' WHERE id = $1", member_id
    )
    assert await opens(site, base) == {404}
    await owner.execute(suspend, member_id, None, None)
    assert await opens(site, base) == {200}


async def test_it_goes_with_the_members_row(site: Site, owner: RawConnection) -> None:
    base = await address(site, "stranger")
    await owner.execute("ALTER TABLE audit_entries DISABLE TRIGGER USER; TRUNCATE audit_entries")
    await owner.execute("DELETE FROM members WHERE id = $1", site.cast.stranger.member_id)
    assert await opens(site, base) == {404}


async def test_it_ends_with_the_password_under_which_it_was_made(site: Site) -> None:
    base, maria = await address(site), content.actor(site, "maria")
    async with site.app[DB].write() as tx:
        await members.reset_password(tx, maria.member_id, "x")
    assert await opens(site, base) == {404}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_dead_address_answers_as_one_that_never_was(site: Site, owner: RawConnection, ending: str) -> None:
    """In body and headers, to whoever asks and however they ask."""
    bases = [await address(site, person) for person in ("maria", "nikos", "sophie")]
    never = f"/feeds/{'x' * 43}"
    await address(site, "maria")  # the first is replaced
    await owner.execute("DELETE FROM feed_tokens WHERE member_id = $1", site.cast.nikos.member_id)
    await owner.execute(
        "UPDATE members SET suspended_until = 'infinity', suspension_reason = 'x' WHERE id = $1",
        site.cast.sophie.member_id,
    )
    guest, maria = await site.visitor(), await site.visitor("maria")
    for asker in (guest, maria):
        for method, headers in (("GET", {}), ("HEAD", {}), ("GET", {"If-None-Match": "*"})):
            answers = [
                _plain(await asker.request(method, f"{base}/{ending}", headers=headers), base)
                for base in (never, *bases)
            ]
            assert answers[0][0] == 404
            assert answers.count(answers[0]) == len(answers)


def _plain(answer: Answer, base: str) -> tuple[int, str, dict[str, str]]:
    passing = {"date", "x-request-id", "set-cookie", "content-length"}
    text = without_tokens(answer.text).replace(base, "")
    text = text.replace(answer.headers["X-Request-Id"], "")
    return answer.status, text, {name: value for name, value in answer.headers.items() if name.lower() not in passing}


async def test_the_password_is_asked_for_again(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    await owner.execute("UPDATE sessions SET authenticated_at = now() - interval '1 hour'")
    asked = await make(maria)
    assert asked.status == 401
    assert await owner.fetchval("SELECT count(*) FROM feed_tokens") == 0
    sent = {"idempotency_key": asked.hidden("idempotency_key"), "password_again": "not this one"}
    assert (await maria.submit("/settings/feeds", sent)).status == 422
    assert len(shown(await maria.submit("/settings/feeds", {**sent, "password_again": PASSWORD}))) > 30


async def test_guests_are_sent_to_sign_in_and_forms_need_their_token(site: Site, owner: RawConnection) -> None:
    guest, maria = await site.visitor(), await site.visitor("maria")
    assert (await guest.get("/settings/feeds")).location == "/login?next=/settings/feeds"
    base = await address(site)
    for path in ("/settings/feeds", "/settings/feeds/delete"):
        assert (await maria.request("POST", path)).status == 403
    assert await opens(site, base) == {200}


async def test_use_is_noted_by_the_hour(site: Site, owner: RawConnection) -> None:
    base, noted = await address(site), "SELECT used_at FROM feed_tokens"
    assert await owner.fetchval(noted) is None
    await opens(site, base)
    first = await owner.fetchval(noted)
    await opens(site, base)
    assert first is not None
    assert await owner.fetchval(noted) == first
    maria = await site.visitor("maria")
    assert "ποτέ" not in (await maria.get("/settings/feeds")).text


async def test_both_ends_are_in_the_log_without_the_secret(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    token = token_of(shown(await make(maria)))
    await maria.submit("/settings/feeds/delete")
    rows = await owner.fetch("SELECT act, audit_entries::text AS said FROM audit_entries ORDER BY id")
    assert [row["act"] for row in rows] == ["feed_token.created", "feed_token.deleted"]
    assert not [row for row in rows if token in row["said"]]


def test_no_log_shows_the_secret() -> None:
    for path in ("/feeds/Abc-1/topics.atom", "/intranet/feeds/Abc-1", "/feeds/\nAbc-1/x"):
        assert "Abc-1" not in shown_path(path)


async def test_no_page_leads_to_the_secret(site: Site) -> None:
    maria, base = await site.visitor("maria"), await address(site)
    for path in ("/", "/categories/questions", "/settings/feeds", "/settings"):
        page = await maria.get(path)
        assert page.status == 200
        assert base not in page.text
        assert 'rel="alternate"' not in page.text
