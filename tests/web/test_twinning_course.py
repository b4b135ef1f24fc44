"""An invitation from municipality to municipality, its private topic, and the stages of what comes of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from forum.db import RawConnection
from forum.keys import DB
from forum.routes import ROUTES
from forum.web.access import Access
from tests.domain import telling
from tests.site import Answer, Site, Visitor

INVITATION = {"to": "mytilene", "message": "Ας συνεργαστούμε για το νερό."}

SIGNED = {
    "state": "signed",
    "from_decision_number": "12/2027",
    "from_decided_on": "2027-01-10",
    "to_decision_number": "7/2027",
    "to_decided_on": "2027-02-11",
    "signed_on": "2027-03-12",
}


async def _invited(site: Site) -> tuple[Visitor, Visitor, str, str]:
    """Have maria of Larnaca invite Mytilene; return both sides, and the paths of the twinning and its topic."""
    maria, nikos = await site.visitor("maria"), await site.visitor("nikos")
    made = await maria.submit("/twinnings", INVITATION)
    assert made.status == 303, made.text
    page = await maria.get("/twinnings")
    found = re.search(r'href="(/twinnings/\d+)"', page.text)
    assert found
    return maria, nikos, found[1], made.location


async def _accepted(site: Site) -> tuple[Visitor, Visitor, str, str]:
    maria, nikos, path, topic = await _invited(site)
    assert (await nikos.submit(f"{path}/answer", {"answer": "accept"})).status == 303
    return maria, nikos, path, topic


async def test_an_invitation_opens_a_topic_of_the_two(site: Site, owner: RawConnection) -> None:
    maria, nikos, path, topic = await _invited(site)
    for colleague in (maria, nikos):
        page = await colleague.get(topic)
        assert page.status == 200
        assert "Ας συνεργαστούμε" in page.text
        assert f'href="{path}">Προς την πρόσκληση' in page.text, "its answer is one click away"
        assert "Σήμανση ως εσωτερικού" not in page.text, "it is nobody else's anyway"
        assert (await colleague.get(path)).status == 200
        assert path in (await colleague.get("/twinnings")).text
    title = await owner.fetchval("SELECT title FROM topics ORDER BY id DESC LIMIT 1")
    assert "Δήμος Λάρνακας" in title
    assert "Δήμος Μυτιλήνης" in title
    reply = await nikos.submit(f"/topics/{topic.split('/')[2]}/posts", {"body": "Τι προτείνετε;"})
    assert reply.status == 303
    entry = await owner.fetchrow("SELECT act, subject, after FROM audit_entries ORDER BY id DESC LIMIT 1")
    assert entry is not None
    assert (entry["act"], entry["subject"]) == ("twinning.invited", "twinning")


async def test_the_topic_says_how_far_it_is_and_leads_to_the_stages(site: Site) -> None:
    maria, nikos, path, topic = await _invited(site)
    assert "Η πρόσκληση σε αδελφοποίηση περιμένει απάντηση" in (await nikos.get(topic)).text
    assert (await nikos.submit(f"{path}/answer", {"answer": "accept"})).status == 303
    for colleague in (maria, nikos):
        page = (await colleague.get(topic)).text
        assert "περιμένει απάντηση" not in page
        assert f'href="{path}">Στάδια και αποφάσεις της αδελφοποίησης' in page
        assert "Σε επαφή" in page
    assert (await nikos.submit(path, SIGNED)).status == 303
    assert "Υπογράφηκε" in (await maria.get(topic)).text


async def test_the_invited_are_told_and_the_others_not(site: Site, owner: RawConnection) -> None:
    _, nikos, _, topic = await _invited(site)
    await telling.fan_out(site.app[DB])
    rows = await owner.fetch("SELECT member_id, kind, mail_kind FROM notifications")
    assert [tuple(row) for row in rows] == [(site.cast.nikos.member_id, "twinning", "notifications")]
    assert topic.split("/")[3] in (await nikos.follow(await nikos.get(f"/topics/{topic.split('/')[2]}"))).text
    assert "Ας συνεργαστούμε" not in (await nikos.get("/notifications")).text


async def test_the_place_of_the_topic_is_no_category_but_leads_to_the_twinnings(
    site: Site, owner: RawConnection
) -> None:
    maria, nikos, _, topic = await _invited(site)
    slug = await owner.fetchval("SELECT slug FROM categories WHERE is_private")
    assert f"/categories/{slug}" in (await maria.get(topic)).text
    assert (await nikos.get(f"/categories/{slug}")).location == "/twinnings"
    for path in (f"/categories/{slug}/new", f"/categories/{slug}/read", f"/categories/{slug}/subscription"):
        assert (await maria.submit(path, {"title": "Άλλο", "body": "θέμα", "level": "mute"})).status == 404
    program = await site.program("maria")
    assert (await program.get(f"/api/v1/categories/{slug}")).status == 404
    assert slug not in (await program.get("/api/v1/categories")).text
    body = {"category": slug, "title": "Άλλο", "body": "θέμα"}
    assert (await program.post("/api/v1/topics", json=body)).status in {404, 422}
    assert await owner.fetchval("SELECT count(*) FROM topics") == 1
    for page in ("/", "/search", "/settings/notifications"):
        assert slug not in re.sub(r"/topics/[^\"]*", "", (await maria.get(page)).text), page


@pytest.mark.parametrize("answer", ["decline", "withdraw"])
async def test_an_invitation_that_comes_to_nothing_closes_the_topic(
    site: Site, owner: RawConnection, answer: str
) -> None:
    maria, nikos, path, topic = await _invited(site)
    acting, other = (nikos, maria) if answer == "decline" else (maria, nikos)
    assert (await other.submit(f"{path}/answer", {"answer": answer})).status == 403
    assert (await acting.submit(f"{path}/answer", {"answer": answer})).status == 303
    assert 'id="post-2"' in (await other.get(topic)).text, "the topic tells of it"
    reply = await other.submit(f"/topics/{topic.split('/')[2]}/posts", {"body": "Κρίμα."})
    assert reply.status == 403
    assert (await acting.submit(f"{path}/answer", {"answer": answer})).status == 403, "it is answered"
    assert (await maria.submit("/twinnings", INVITATION)).status == 303, "they may be invited anew"
    states = await owner.fetch("SELECT state FROM twinning_steps ORDER BY id LIMIT 2")
    assert [row["state"] for row in states] == ["invited", {"decline": "declined", "withdraw": "withdrawn"}[answer]]


async def test_two_are_invited_once_whoever_asks(site: Site, owner: RawConnection) -> None:
    maria, nikos, _, _ = await _invited(site)
    again = await maria.submit("/twinnings", INVITATION)
    assert again.status == 422
    assert 'id="to-error"' in again.text
    assert "Ας συνεργαστούμε" in again.text, "what was typed is kept"
    assert (await nikos.submit("/twinnings", {"to": "larnaca", "message": "Κι εμείς!"})).status == 422
    assert await owner.fetchval("SELECT count(*) FROM categories WHERE is_private") == 1


async def test_a_form_sent_twice_invites_once(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    sent = {**INVITATION, "idempotency_key": "k1"}
    first, second = [await maria.submit("/twinnings", sent) for _ in range(2)]
    assert first.location == second.location
    assert await owner.fetchval("SELECT count(*) FROM twinnings") == 1


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"to": "larnaca"}, "to"),
        ({"to": "atlantis"}, "to"),
        ({"to": "adriatic-cities"}, "to"),
        ({"to": ""}, "to"),
        ({"message": " "}, "message"),
        ({"message": "x" * 50_001}, "message"),
    ],
)
async def test_an_invitation_that_cannot_be_is_shown_again(
    site: Site, owner: RawConnection, changed: dict[str, str], faulty: str
) -> None:
    answer = await (await site.visitor("maria")).submit("/twinnings", {**INVITATION, **changed})
    assert answer.status == 422
    assert f'id="{faulty}-error"' in answer.text
    assert await owner.fetchval("SELECT count(*) FROM categories WHERE is_private") == 0


async def test_a_closed_municipality_is_not_invited(site: Site, owner: RawConnection) -> None:
    await owner.execute("UPDATE organisations SET closed_at = now() WHERE slug = 'mytilene'")
    assert (await (await site.visitor("maria")).submit("/twinnings", INVITATION)).status == 422


async def test_who_belongs_to_no_municipality_invites_none(site: Site) -> None:
    for person in ("sophie", "stranger", "administrator", "moderator"):
        visitor = await site.visitor(person)
        assert (await visitor.get("/twinnings/new")).status == 403
        assert (await visitor.submit("/twinnings", INVITATION)).status == 403


async def test_either_side_moves_the_stage_forward_and_back(site: Site, owner: RawConnection) -> None:
    maria, nikos, path, topic = await _accepted(site)
    moved = await maria.submit(path, {"state": "letter_of_intent", "note": "Εστάλη με το πρωτόκολλο 5."})
    assert moved.status == 303
    assert "Εστάλη με το πρωτόκολλο 5." in (await nikos.get(topic)).text
    assert (await nikos.submit(path, {"state": "in_contact"})).status == 303
    rows = await owner.fetch("SELECT actor_id, state, post_id FROM twinning_steps ORDER BY id")
    assert [(row["actor_id"], row["state"]) for row in rows] == [
        (site.cast.maria.member_id, "invited"),
        (site.cast.nikos.member_id, "in_contact"),
        (site.cast.maria.member_id, "letter_of_intent"),
        (site.cast.nikos.member_id, "in_contact"),
    ]
    assert all(row["post_id"] for row in rows)
    page = await maria.get(path)
    assert page.text.count(f'href="/posts/{rows[-1]["post_id"]}"') == 1


async def test_a_date_alone_is_no_step_and_no_post(site: Site, owner: RawConnection) -> None:
    _, nikos, path, _ = await _accepted(site)
    counts = "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM twinning_steps)"
    before = await owner.fetchrow(counts)
    event = {"state": "in_contact", "next_event": "Επίσκεψη στη Μυτιλήνη", "next_event_at": "2027-05-01T10:30"}
    assert (await nikos.submit(path, event)).status == 303
    assert await owner.fetchrow(counts) == before
    page = await nikos.get(path)
    assert 'value="2027-05-01T10:30"' in page.text
    assert "Επίσκεψη στη Μυτιλήνη" in (await nikos.get("/twinnings")).text


async def test_an_event_in_the_second_of_two_like_hours_stays_when_something_else_changes(
    site: Site, owner: RawConnection
) -> None:
    _, nikos, path, _ = await _accepted(site)
    again = datetime.fromisoformat("2027-10-31T01:30:00Z")
    event = {"next_event": "Επίσκεψη", "next_event_at": "2027-10-31T03:30"}
    assert (await nikos.submit(path, {"state": "in_contact", **event})).status == 303
    kept = "SELECT next_event_at FROM twinnings"
    assert await owner.fetchval(kept) == again - timedelta(hours=1), "typed, it is the first"
    await owner.execute("UPDATE twinnings SET next_event_at = $1", again)
    assert 'value="2027-10-31T03:30"' in (await nikos.get(path)).text
    assert (await nikos.submit(path, {"state": "letter_of_intent", **event})).status == 303
    assert await owner.fetchval(kept) == again


@pytest.mark.parametrize("missing", sorted(set(SIGNED) - {"state"}))
async def test_a_signature_asks_for_both_decisions_and_its_day(site: Site, missing: str) -> None:
    maria, _, path, _ = await _accepted(site)
    answer = await maria.submit(path, {name: value for name, value in SIGNED.items() if name != missing})
    assert answer.status == 422
    assert f'id="{missing}-error"' in answer.text
    assert "12/2027" in answer.text or missing == "from_decision_number"


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"state": "seeking"}, "state"),
        ({"state": "invited"}, "state"),
        ({"signed_on": "12/3/2027"}, "signed_on"),
        ({"next_event": "Επίσκεψη"}, "next_event_at"),
        ({"next_event_at": "2027-05-01T10:30"}, "next_event"),
        ({"next_event": "Επίσκεψη", "next_event_at": "2027-03-28T03:30"}, "next_event_at"),
        ({"from_decision_number": "x" * 101}, "from_decision_number"),
        ({"note": "x" * 2001}, "note"),
    ],
)
async def test_what_cannot_be_is_shown_again(site: Site, changed: dict[str, str], faulty: str) -> None:
    maria, _, path, _ = await _accepted(site)
    answer = await maria.submit(path, {**SIGNED, **changed})
    assert answer.status == 422
    assert f'id="{faulty}-error"' in answer.text


async def test_a_signed_twinning_stands_on_both_pages_and_before_that_on_none(site: Site) -> None:
    maria, nikos, path, _ = await _accepted(site)
    stranger = await site.visitor("stranger")

    async def twins(slug: str) -> bool:
        page = await stranger.get(f"/municipalities/{slug}")
        return 'id="twins"' in page.text

    assert not await twins("larnaca")
    assert not await twins("mytilene")
    assert (await maria.submit(path, SIGNED)).status == 303
    assert await twins("larnaca")
    assert await twins("mytilene")
    for ended in ({"state": "active"}, {"state": "dormant"}):
        assert (await nikos.submit(path, {**SIGNED, **ended})).status == 303
        assert await twins("larnaca")
    assert (await nikos.submit(path, {**SIGNED, "state": "ended"})).status == 303
    assert not await twins("mytilene")


async def test_stages_wait_for_the_answer(site: Site) -> None:
    maria, _, path, _ = await _invited(site)
    assert (await maria.submit(path, {"state": "active"})).status == 403
    assert (await maria.submit(f"{path}/answer", {"answer": "perhaps"})).status == 422


def _told(answer: Answer) -> tuple[int, str]:
    return answer.status, re.sub(r"/(twinnings|topics)/[\w/-]+", "PATH", answer.text)


async def test_nobody_else_finds_anything(site: Site, owner: RawConnection) -> None:
    _, _, path, topic = await _accepted(site)
    topic_id = topic.split("/")[2]
    for person in ("stranger", "moderator", "administrator", "sophie"):
        visitor = await site.visitor(person)
        below = [f"/topics/{topic_id}{rest}" for rest in ("", "/rights/mine", "/posts/new", "/posts/news")]
        for there in (path, topic, *below):
            assert (await visitor.get(there)).status == 404, (person, there)
        for act in (path, f"{path}/answer", f"/topics/{topic_id}/posts", f"/topics/{topic_id}/lock"):
            answer = await visitor.submit(act, {"state": "active", "answer": "accept", "body": "Α", "reason": "Α"})
            assert answer.status == 404, (person, act)
        found = await visitor.get("/search?q=συνεργαστούμε")
        assert topic_id not in re.findall(r'href="/posts/(\d+)"', found.text)
        assert "Ας συνεργαστούμε" not in found.text


async def test_an_administrator_administers_nothing_of_it(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    await _accepted(site)
    found = await owner.fetchrow("SELECT slug, id FROM categories WHERE is_private")
    assert found
    slug, category_id = found
    pages = [route.path for route in ROUTES if route.access is Access.ADMINISTRATOR and route.method == "GET"]
    for page in pages:
        if route_of_category := page.startswith("/admin/categories/{slug}"):
            assert (await administrator.get(page.format(slug=slug))).status == 404, page
        if not route_of_category and "{" not in page:
            text = (await administrator.get(page)).text
            assert slug not in text, page
            assert f'<option value="{category_id}">Αδελφοποιήσεις' not in text, page
    program = await site.program("administrator")
    for path in (f"/api/v1/categories/{slug}", f"/api/v1/categories/{slug}/grants"):
        assert (await program.get(path)).status == 404
    changed = await program.patch(f"/api/v1/categories/{slug}", json={"name_el": "Ανοιχτό", "name_en": "Open"})
    assert changed.status == 404
    opening = {"group": await owner.fetchval("SELECT id FROM groups WHERE slug = 'administrators'"), "stage": "readers"}
    opened = await program.post(f"/api/v1/categories/{slug}/openings", json={**opening, "preview": True})
    assert opened.status == 404
    group_id = await owner.fetchval("SELECT id FROM groups WHERE slug = 'region-cyprus'")
    level = {"category": str(category_id), "group": str(group_id), "level": "watch"}
    assert (await administrator.submit("/admin/levels", level)).status in {404, 422}
    assert await owner.fetchval("SELECT count(*) FROM grants WHERE category_id = $1", category_id) == 2
    log = await administrator.get("/admin/audit?subject=twinning")
    assert log.status == 200
    assert "συνεργαστούμε" not in log.text
    assert "Ας συνεργαστούμε" not in str(await owner.fetch("SELECT before, after FROM audit_entries"))
    assert await owner.fetchval("SELECT count(*) FROM audit_entries WHERE subject = 'twinning'") == 2


async def test_who_looks_as_one_of_the_two_sees_nothing_of_it(site: Site, owner: RawConnection) -> None:
    _, _, path, topic = await _accepted(site)
    administrator = await site.visitor("administrator")
    for column, value in (
        ("looks_as_member_id", site.cast.maria.member_id),
        ("looks_as_group_id", await owner.fetchval("SELECT id FROM groups WHERE slug = 'organisation-larnaca'")),
    ):
        await owner.execute(
            "UPDATE sessions SET looks_as_member_id = NULL, looks_as_group_id = NULL WHERE member_id = $1",
            site.cast.administrator.member_id,
        )
        await owner.execute(
            f"UPDATE sessions SET {column} = $2 WHERE member_id = $1", site.cast.administrator.member_id, value
        )
        home = await administrator.get("/")
        assert home.status == 200
        assert topic.split("/")[3].partition("#")[0] not in home.text
        assert (await administrator.get(topic)).status == 404
        assert (await administrator.get(path)).status == 403, "there is no such page while looking"


async def test_a_successor_goes_on_with_it(site: Site, owner: RawConnection) -> None:
    _, _, path, topic = await _accepted(site)
    administrator = await site.visitor("administrator")
    shown = await administrator.get("/admin/organisations/mytilene/merger/new?organisation=chios")
    assert "Αδελφοποιήσεις" not in shown.text.partition("<main")[2]
    merged = await administrator.submit(
        "/admin/organisations/mytilene/merger", {"organisation": "chios", "digest": shown.hidden("digest")}
    )
    assert merged.status == 303, merged.text
    nikos = await site.visitor("nikos")
    for there in (path, topic):
        assert (await nikos.get(there)).status == 200, "nikos belongs to Chios now"
    assert path in (await nikos.get("/twinnings")).text
    assert (await nikos.submit(path, {"state": "letter_of_intent"})).status == 303


async def test_who_leaves_the_municipality_leaves_the_twinning(site: Site, owner: RawConnection) -> None:
    maria, _, path, topic = await _accepted(site)
    await owner.execute(
        "UPDATE members SET organisation_id = (SELECT id FROM organisations WHERE slug = 'paphos') WHERE id = $1",
        site.cast.maria.member_id,
    )
    for there in (path, topic):
        assert (await maria.get(there)).status == 404
    assert path not in (await maria.get("/twinnings")).text
