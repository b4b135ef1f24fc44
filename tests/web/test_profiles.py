"""A municipality tells of itself: its members write its profile and its twins, others read it."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from tests.site import Answer, Site, Visitor

PROFILE = "/municipalities/larnaca/profile"
TWINS = "/municipalities/larnaca/twins"

FACTS = {
    "area": "107,5",
    "website": "https://www.larnaka.example.org/el",
    "contact": "Γραφείο διεθνών σχέσεων",
    "about": "Πόλη στη θάλασσα.\n\nΜε αλυκή.",
    "is_seeking": "on",
    "seeks_from": "10.000",
    "seeks_to": "80000",
}
BOXES = [
    ("settings", "coast"),
    ("settings", "island"),
    ("languages", "el"),
    ("languages", "en"),
    ("themes", "water"),
    ("seeks_countries", "GR"),
    ("seeks_countries", "FR"),
    ("seeks_themes", "tourism"),
]


async def _save(
    site: Site, person: str, facts: dict[str, str], boxes: list[tuple[str, str]] | None = None
) -> tuple[Visitor, Answer]:
    visitor = await site.visitor(person)
    await visitor.get("/help")
    chosen = BOXES if boxes is None else boxes
    sent = [("csrf_token", visitor.token), *facts.items(), *chosen]
    return visitor, await visitor.request("POST", PROFILE, data=sent)


async def test_a_colleague_writes_the_profile_and_everybody_reads_it(site: Site, owner: RawConnection) -> None:
    maria, saved = await _save(site, "maria", FACTS)
    assert (saved.status, saved.location) == (303, "/municipalities/larnaca")
    own = await maria.follow(saved)
    assert PROFILE in own.text
    page = await (await site.visitor("sophie")).get("/municipalities/larnaca")
    for words in ("107.5 km²", "On an island", "Greek, English", "Με αλυκή.", "Γραφείο διεθνών σχέσεων", "France"):
        assert words in page.text, words
    assert "10,000 to 80,000 inhabitants" in page.text
    assert 'href="https://www.larnaka.example.org/el" rel="nofollow ugc noopener"' in page.text
    assert PROFILE not in page.text
    form = await maria.get(PROFILE)
    assert 'value="107.5"' in form.text
    assert 'name="settings" value="coast" checked' in form.text
    entry = await owner.fetchrow("SELECT act, after FROM audit_entries ORDER BY id DESC LIMIT 1")
    assert entry is not None
    assert entry["act"] == "profile.changed"
    assert "αλυκή" not in str(entry["after"])


async def test_what_is_as_it_was_is_not_written_again(site: Site, owner: RawConnection) -> None:
    await _save(site, "maria", FACTS)
    count = "SELECT count(*) FROM audit_entries WHERE act = 'profile.changed'"
    assert await owner.fetchval(count) == 1
    await _save(site, "maria", FACTS)
    assert await owner.fetchval(count) == 1


async def test_others_do_not_write_it_but_an_administrator_may(site: Site, owner: RawConnection) -> None:
    for person in ("nikos", "moderator", "stranger", "sophie"):
        _, refused = await _save(site, person, FACTS)
        assert refused.status == 403, person
    assert await owner.fetchval("SELECT count(*) FROM profiles") == 0
    _, saved = await _save(site, "administrator", FACTS)
    assert saved.status == 303


async def test_a_website_is_completed_as_people_say_it(site: Site) -> None:
    maria, answer = await _save(site, "maria", {**FACTS, "website": "www.larnaka.org.cy"})
    assert answer.status == 303
    assert 'href="https://www.larnaka.org.cy"' in (await maria.follow(answer)).text


async def test_an_association_has_no_profile(site: Site) -> None:
    sophie = await site.visitor("sophie")
    assert (await sophie.get("/municipalities/union-of-cyprus-municipalities/profile")).status == 404


async def test_a_closed_municipality_tells_nothing_new(site: Site, owner: RawConnection) -> None:
    await owner.execute("UPDATE organisations SET closed_at = now() WHERE slug = 'larnaca'")
    _, refused = await _save(site, "maria", FACTS)
    assert refused.status == 403


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"area": "μεγάλη"}, "area"),
        ({"area": "0"}, "area"),
        ({"area": "1e9"}, "area"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"website": "larnaka"}, "website"),
        ({"website": "https://x.example/" + "x" * 300}, "website"),
        ({"contact": "x" * 255}, "contact"),
        ({"about": "x" * 2001}, "about"),
        ({"seeks_from": "πολλοί"}, "seeks_from"),
        ({"seeks_from": "99999999999"}, "seeks_from"),
        ({"seeks_from": "90000"}, "seeks_to"),
        ({"contact": "α\x00"}, "contact"),
    ],
)
async def test_what_cannot_be_said_is_shown_again_as_typed(site: Site, changed: dict[str, str], faulty: str) -> None:
    _, answer = await _save(site, "maria", {**FACTS, **changed})
    assert answer.status == 422
    assert f'id="{faulty}-error"' in answer.text
    assert 'name="themes" value="water" checked' in answer.text
    assert "Με αλυκή." in answer.text or faulty == "about"


@pytest.mark.parametrize(
    ("box", "value"),
    [
        ("settings", "desert"),
        ("languages", "xx"),
        ("themes", "chess"),
        ("seeks_countries", "US"),
        ("seeks_themes", "\ud800"),
    ],
)
async def test_what_is_not_offered_cannot_be_ticked(site: Site, box: str, value: str) -> None:
    _, answer = await _save(site, "maria", FACTS, [(box, value.encode("utf-8", "replace").decode())])
    assert answer.status == 422
    assert f'id="{box}-error"' in answer.text


async def test_a_twin_is_a_town_anywhere_or_a_municipality_here(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    town = {"town": "Tomigaoka", "country": "JP", "since_year": "1998", "state": "active", "note": "Ανταλλαγές μαθητών"}
    assert (await maria.submit(TWINS, town)).status == 303
    assert (await maria.submit(TWINS, {"partner": "mytilene", "state": "dormant"})).status == 303
    page = await (await site.visitor("sophie")).get("/municipalities/larnaca")
    for words in ("Tomigaoka", "Japan", "1998", "Active", "Ανταλλαγές μαθητών", "/municipalities/mytilene", "Dormant"):
        assert words in page.text, words
    assert "Δήμος Λάρνακας" in (await maria.get("/municipalities/mytilene")).text, "a twin has it on its page, too"
    twin_id = await owner.fetchval("SELECT id FROM twins WHERE town = 'Tomigaoka'")
    form = await maria.get(f"{TWINS}/{twin_id}")
    assert 'value="Tomigaoka"' in form.text
    assert (await maria.submit(f"{TWINS}/{twin_id}", {**town, "state": "ended"})).status == 303
    assert await owner.fetchval("SELECT state FROM twins WHERE id = $1", twin_id) == "ended"
    assert (await maria.submit(f"{TWINS}/{twin_id}/delete")).status == 303
    assert await owner.fetchval("SELECT count(*) FROM twins") == 1
    acts = await owner.fetch("SELECT act FROM audit_entries WHERE act LIKE 'twin.%' ORDER BY id")
    assert [row["act"] for row in acts] == ["twin.added", "twin.added", "twin.changed", "twin.removed"]


@pytest.mark.parametrize(
    ("sent", "faulty"),
    [
        ({"state": "active"}, "town"),
        ({"town": "Lyon", "country": "FR", "partner": "mytilene", "state": "active"}, "town"),
        ({"town": "Lyon", "country": "XX", "state": "active"}, "country"),
        ({"town": "Lyon", "country": "FR", "state": "seeking"}, "state"),
        ({"town": "Lyon", "country": "FR", "state": "active", "since_year": "1800"}, "since_year"),
        ({"town": "x" * 161, "country": "FR", "state": "active"}, "town"),
        ({"partner": "larnaca", "state": "active"}, "partner"),
        ({"partner": "adriatic-cities", "state": "active"}, "partner"),
        ({"partner": "atlantis", "state": "active"}, "partner"),
    ],
)
async def test_a_twin_that_is_none_is_not_added(
    site: Site, owner: RawConnection, sent: dict[str, str], faulty: str
) -> None:
    answer = await (await site.visitor("maria")).submit(TWINS, sent)
    assert answer.status == 422
    assert f'id="{faulty}-error"' in answer.text
    assert await owner.fetchval("SELECT count(*) FROM twins") == 0


async def test_a_twin_is_told_of_once(site: Site) -> None:
    maria = await site.visitor("maria")
    twin = {"partner": "mytilene", "state": "active"}
    assert (await maria.submit(TWINS, twin)).status == 303
    assert (await maria.submit(TWINS, twin)).status == 422


async def test_nobody_else_changes_twins_and_no_others_are_there(site: Site, owner: RawConnection) -> None:
    maria, nikos = await site.visitor("maria"), await site.visitor("nikos")
    await maria.submit(TWINS, {"town": "Lyon", "country": "FR", "state": "active"})
    twin_id = await owner.fetchval("SELECT id FROM twins")
    for path in (TWINS, f"{TWINS}/{twin_id}", f"{TWINS}/{twin_id}/delete"):
        assert (await nikos.submit(path, {"town": "Lyon", "country": "FR", "state": "active"})).status == 403
    other = f"/municipalities/mytilene/twins/{twin_id}"
    assert (await nikos.get(other)).status == 404
    assert (await nikos.submit(other, {"town": "Lyon", "country": "FR", "state": "active"})).status == 404
    assert (await nikos.submit(f"{other}/delete")).status == 404
