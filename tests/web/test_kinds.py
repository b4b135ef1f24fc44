"""Topics with fields: the form of each kind, its faults, its draft, what the page says, edits and what stood before."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import pytest

from forum.db import RawConnection
from forum.domain import kinds
from forum.keys import DB
from tests.domain import practising
from tests.site import Site
from tests.web import content

_NEW = "/categories/proposals/new"
CALL = {
    "kind": "proposal",
    "title": "Κοινός σχεδιασμός για την ξηρασία",
    "type": "call",
    "programme": "Interreg Euro-MED",
    "summary": "Σχέδια για τη λειψυδρία σε νησιά.",
    "themes.water": "on",
    "deadline": "2099-12-15",
    "deadline.time": "17:00",
    "deadline.zone": "Europe/Brussels",
    "grant_max": "1.200.000",
    "cofinancing": "79,5",
    "countries.CY": "on",
    "countries.GR": "on",
    "contact": "Γραφείο Βρυξελλών",
    "links": "https://example.org/call",
    "tags": "Λειψυδρία, #νησιά, νησιά",
}
PRACTICE = {
    "kind": "good_practice",
    "title": "Λαμπτήρες LED σε όλον τον δήμο",
    "teaser": "Η μισή κατανάλωση σε δύο χρόνια.",
    "owner": "mytilene",
    "problem": "Παλαιό δίκτυο.",
    "solution": "Αντικατάσταση.",
    "resources": "400.000 €",
    "indicators.1.name": "Κατανάλωση",
    "indicators.1.before": "1.200",
    "indicators.1.after": "610",
    "indicators.1.unit": "MWh",
    "transfer": "Μελέτη φωτισμού.",
    "contact": "Τεχνική Υπηρεσία",
}
GUIDE = {"kind": "guide", "title": "Υπόδειγμα σύμβασης", "language": "tr", "audience.finance": "on", "body": "Κείμενο"}
FORMS = {"proposals": CALL, "good-practices": PRACTICE, "guides": GUIDE}


async def _start(site: Site, sent: dict[str, str], category: str = "proposals", person: str = "sophie") -> str:
    """Start a topic by its form and return the path of its page."""
    visitor = await site.visitor(person)
    answer = await visitor.submit(f"/categories/{category}/new", sent)
    assert answer.status == 303, answer.text
    return answer.location.partition("#")[0]


async def _topic(owner: RawConnection) -> dict[str, Any]:
    """Return the only topic there is."""
    row = await owner.fetchrow("SELECT kind, fields, tags, language, deadline_at FROM topics")
    assert row is not None
    return {**row, "fields": json.loads(row["fields"])}


@pytest.mark.parametrize("category", FORMS)
async def test_the_form_of_a_kind_asks_for_its_fields_and_starts_the_topic(
    site: Site, owner: RawConnection, category: str
) -> None:
    sent = FORMS[category]
    sophie = await site.visitor("sophie")
    form = await sophie.get(f"/categories/{category}/new")
    kind = kinds.of(sent["kind"])
    assert form.status == 200
    for field in kind:
        for name in field.names():
            assert (f'name="{name}' in form.text) == field.is_typed, name
    await _start(site, sent, category)
    row = await _topic(owner)
    assert row["kind"] == kind.code
    assert {field.name for field in kind if field.is_required} <= set(row["fields"])
    assert row["fields"].get("state", "") == kind.first_state
    assert row["language"] == ("tr" if category == "guides" else None)


async def test_a_deadline_that_has_passed_is_refused_at_its_field(site: Site, owner: RawConnection) -> None:
    gone = {"interest_deadline": "2026-01-31", "interest_deadline.time": "17:00"}
    sophie = await site.visitor("sophie")
    refused = await sophie.submit("/categories/proposals/new", {**CALL, **gone})
    assert refused.status == 422
    assert 'href="#interest_deadline"' in refused.text
    assert "This time has passed already." in refused.text
    await _start(site, CALL)
    edit = f"/posts/{await owner.fetchval('SELECT id FROM posts')}/edit"
    assert (await sophie.submit(edit, {**CALL, **gone})).status == 422
    assert (await sophie.submit(edit, {**CALL, "deadline": "2026-01-31"})).status == 422
    stood = '{"deadline": {"at": "2026-01-31T16:00:09Z", "zone": "Europe/Brussels"}}'
    await owner.execute("UPDATE topics SET fields = fields || $1::jsonb", stood)
    stands = {"deadline": "2026-01-31", "deadline.time": "17:00", "deadline.zone": "Europe/Brussels"}
    assert (await sophie.submit(edit, {**CALL, **stands, "programme": "LIFE"})).status == 303, "what stands stays"


async def test_a_practice_is_submitted_for_validation_and_says_who_sees_it_meanwhile(site: Site) -> None:
    sophie = await site.visitor("sophie")
    form = (await sophie.get("/categories/good-practices/new?kind=good_practice")).text
    assert "Submit for validation" in form
    assert "Publish the topic" not in form
    assert "sees it, as not yet validated" in form
    done = await sophie.follow(await sophie.submit("/categories/good-practices/new", PRACTICE))
    assert "Your practice is submitted for validation." in done.text
    assert "Publish the topic" in (await sophie.get("/categories/proposals/new")).text


async def test_what_was_said_is_kept_in_one_form(site: Site, owner: RawConnection) -> None:
    await _start(site, CALL)
    row = await _topic(owner)
    assert row["fields"] == {
        "type": "call",
        "programme": "Interreg Euro-MED",
        "summary": "Σχέδια για τη λειψυδρία σε νησιά.",
        "themes": ["water"],
        "state": "open",
        "deadline": {"at": "2099-12-15T16:00:00Z", "zone": "Europe/Brussels"},
        "grant_max": 1_200_000,
        "cofinancing": 79.5,
        "countries": ["CY", "GR"],
        "contact": "Γραφείο Βρυξελλών",
        "links": ["https://example.org/call"],
    }
    assert row["tags"] == ["λειψυδρία", "νησιά"]
    assert row["deadline_at"].isoformat() == "2099-12-15T16:00:00+00:00"


async def test_the_page_says_it_in_the_readers_language_and_by_their_clocks(site: Site) -> None:
    path = await _start(site, CALL)
    nikos = await site.visitor("nikos")
    page = (await nikos.get(path)).text
    for said in (
        "Πρόσκληση",
        "Σχέδια για τη λειψυδρία σε νησιά.",
        "Νερό",
        "15/12/2099, 18:00",
        "15/12/2099, 17:00 (Βρυξέλλες)",
        "1.200.000\xa0€",
        "79,5%",
        "Ελλάδα και Κύπρος",
        'href="https://example.org/call"',
        "Ανοικτή",
    ):
        assert said in page, said
    await nikos.submit("/language", {"language": "en", "next": path})
    page = (await nikos.get(path)).text
    assert "€1,200,000" in page
    assert "Water" in page


async def test_what_a_value_says_by_itself_its_label_does_not_repeat(site: Site) -> None:
    path = await _start(site, {**CALL, "duration": "24", "budget": "500000"})
    nikos = await site.visitor("nikos")
    facts = dict(re.findall("<dt>([^<]+)</dt><dd>([^<]+)</dd>", (await nikos.get(path)).text))
    assert facts["Διάρκεια"] == "24 μήνες"
    assert facts["Συνολικός προϋπολογισμός"] == "500.000\xa0€"
    assert facts["Συγχρηματοδότηση"] == "79,5%"
    assert facts["Πληροφορίες"] == "Γραφείο Βρυξελλών"
    page = (await (await site.visitor("sophie")).get(path)).text
    assert "<dt>Duration</dt><dd>24 months</dd>" in page


async def test_what_its_author_wrote_says_in_which_language(site: Site) -> None:
    path = await _start(site, {**CALL, "language": "el"})
    sophie = await site.visitor("sophie")
    page = (await sophie.get(path)).text
    assert '<dt>Programme</dt><dd lang="el">Interreg Euro-MED</dd>' in page
    assert "<dt>Largest grant</dt><dd>" in page
    nikos = await site.visitor("nikos")
    assert '<dd lang="el">' not in (await nikos.get(path)).text
    practice = await practising.start(site.app[DB], site.cast.maria)
    page = (await sophie.get(f"/topics/{practice.topic_id}/{practice.slug}")).text
    assert '<tbody lang="el">' in page
    assert '<p lang="el">Νερό που χάνεται' in page


async def test_every_fault_stands_beside_its_field_and_in_the_summary_and_all_that_was_typed_stays(
    site: Site, owner: RawConnection
) -> None:
    sophie = await site.visitor("sophie")
    wrong = {**CALL, "title": " ", "programme": "", "deadline": "15/12/2099", "grant_max": "πολλά", "type": "gift"}
    answer = await sophie.submit(_NEW, {**wrong, "links": "javascript:alert(1)"})
    assert answer.status == 422
    for name in ("title", "programme", "deadline", "grant_max", "links", "type"):
        assert f'id="{name}-error"' in answer.text, name
        assert f'href="#{name}"' in answer.text, name
    for kept in ("Σχέδια για τη λειψυδρία σε νησιά.", "79,5", "πολλά", "15/12/2099", "Λειψυδρία, #νησιά, νησιά"):
        assert kept in answer.text, kept
    assert re.search(r'name="countries\.CY" checked', answer.text)
    assert not await owner.fetchval("SELECT count(*) FROM topics")


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"duration": "999"}, "Please write a whole number from 1 to 240."),
        ({"budget": "πολλά"}, "Please write a whole number from 0 to 1,000,000,000,000."),
        ({"summary": "α" * 425}, "at most 300 characters, and it has 425."),
        ({"title": "τ" * 425}, "at most 200 characters, and it has 425."),
        ({"tags": "νερό," + "ξ" * 99}, "is too long: a tag has at most 40 characters."),
        (
            {"links": "\n".join(f"https://example.org/{n}" for n in range(11))},
            "These are too many at once: at most 10.",
        ),
    ],
)
async def test_a_limit_that_was_passed_is_named_beside_the_field_and_in_the_summary(
    site: Site, sent: dict[str, str], told: str
) -> None:
    sophie = await site.visitor("sophie")
    answer = await sophie.submit(_NEW, {**CALL, **sent})
    assert answer.status == 422
    assert answer.text.count(told) == 2


async def test_an_address_is_completed_as_people_say_it(site: Site, owner: RawConnection) -> None:
    said = "www.example.org\nexample.org:8080/a?b=c\nΚαλλονή.ελ/αλυκή\nhttp://example.org/"
    await _start(site, {**CALL, "links": said})
    assert json.loads(await owner.fetchval("SELECT fields FROM topics"))["links"] == [
        "https://www.example.org",
        "https://example.org:8080/a?b=c",
        "https://Καλλονή.ελ/αλυκή",
        "http://example.org/",
    ]


@pytest.mark.parametrize("link", ["javascript:alert(1)", "//example.org", "example", "a@example.org", "1.5", "α β.gr"])
async def test_what_is_no_address_is_not_completed(site: Site, link: str) -> None:
    answer = await (await site.visitor("sophie")).submit(_NEW, {**CALL, "links": link})
    assert answer.status == 422
    assert 'id="links-error"' in answer.text


async def test_limits_are_named_before_they_are_passed(site: Site) -> None:
    page = (await (await site.visitor("sophie")).get(_NEW)).text
    assert '<p class="hint" id="duration-hint">A whole number from 1 to 240.</p>' in page
    assert '<p class="hint" id="budget-hint">Whole euros, without cents.</p>' in page


@pytest.mark.parametrize(
    ("name", "value"),
    [("themes.nothing", "on"), ("lead", "atlantis"), ("countries.US", "on")],
)
async def test_what_is_not_there_cannot_be_named(site: Site, name: str, value: str) -> None:
    sophie = await site.visitor("sophie")
    answer = await sophie.submit(_NEW, {**CALL, name: value})
    assert answer.status == 422
    assert f'href="#{name.partition(".")[0]}"' in answer.text


async def test_a_good_practice_belongs_to_a_municipality(site: Site) -> None:
    sophie = await site.visitor("sophie")
    assert (await sophie.submit("/categories/good-practices/new", PRACTICE)).status == 303, "the premise"
    answer = await sophie.submit(
        "/categories/good-practices/new", {**PRACTICE, "owner": "union-of-cyprus-municipalities"}
    )
    assert answer.status == 422


@pytest.mark.parametrize("kind", ["proposal", "circular", "nonsense", "\ud800"])
async def test_a_kind_that_the_category_does_not_take_is_no_form_of_ours(site: Site, kind: str) -> None:
    maria = await site.visitor("maria")
    sent = {**CALL, "kind": kind.encode("utf-8", "replace").decode()}
    assert (await maria.submit("/categories/questions/new", sent)).status == 400
    assert (await maria.get("/categories/questions/new?kind=guide")).status == 400


async def test_without_a_kind_it_is_a_discussion_everywhere(site: Site, owner: RawConnection) -> None:
    await _start(site, {"title": "Απλό", "body": "Κείμενο"}, "guides")
    assert await owner.fetchval("SELECT kind FROM topics") == "discussion"


async def test_who_may_not_start_learns_nothing_of_the_form(site: Site) -> None:
    stranger, nikos = await site.visitor("stranger"), await site.visitor("nikos")
    assert (await stranger.get(f"{_NEW}?kind=proposal")).status == 404
    assert (await stranger.submit(_NEW, CALL)).status == 404
    assert (await nikos.submit(_NEW, CALL)).status == 403, "commenters do not start"
    assert (await (await site.visitor(None)).get(f"{_NEW}?kind=proposal")).status == 303


async def test_an_unfinished_form_is_kept_as_a_draft_of_its_kind(site: Site, owner: RawConnection) -> None:
    sophie = await site.visitor("sophie")
    begun = {"kind": "proposal", "title": "", "summary": "Μισή", "deadline": "15/12", "countries.GR": "on", "tags": "α"}
    answer = await sophie.submit(_NEW, {**begun, "action": "draft"})
    assert answer.status == 303
    assert answer.location == "/categories/proposals/new?kind=proposal"
    row = await owner.fetchrow("SELECT place, fields FROM drafts")
    assert row is not None
    assert row["place"] == "category:proposals:proposal"
    assert json.loads(row["fields"]) == {"summary": "Μισή", "deadline": "15/12", "countries.GR": "on", "tags": "α"}
    form = await sophie.follow(answer)
    assert "Μισή" in form.text
    assert re.search(r'name="countries\.GR" checked', form.text)
    other = await sophie.get(f"{_NEW}?kind=discussion")
    assert "Μισή" not in other.text, "the draft is that of the other form"
    assert "Cooperation proposals" in (await sophie.get("/drafts")).text
    await _start(site, CALL)
    assert not await owner.fetchval("SELECT count(*) FROM drafts")


async def test_what_is_suggested_alone_makes_no_draft(site: Site, owner: RawConnection) -> None:
    sophie = await site.visitor("sophie")
    suggested = {"kind": "good_practice", "owner": "mytilene", "language": "el"}
    await sophie.submit("/categories/good-practices/new", {**suggested, "action": "draft"})
    assert not await owner.fetchval("SELECT count(*) FROM drafts")


async def test_a_preview_shows_the_fields_and_stores_nothing(site: Site, owner: RawConnection) -> None:
    sophie = await site.visitor("sophie")
    answer = await sophie.submit(_NEW, {**CALL, "body": "**Έντονο**", "action": "preview"})
    assert answer.status == 200
    assert "€1,200,000" in answer.text
    assert "<strong>Έντονο</strong>" in answer.text
    assert (await sophie.submit(_NEW, {**CALL, "summary": "", "action": "preview"})).status == 422
    assert not await owner.fetchval("SELECT count(*) FROM topics")


async def test_an_edit_changes_fields_and_what_stood_is_shown(site: Site, owner: RawConnection) -> None:
    path = await _start(site, {**CALL, "language": "el"})
    sophie = await site.visitor("sophie")
    post_id = await owner.fetchval("SELECT id FROM posts")
    form = await sophie.get(f"/posts/{post_id}/edit")
    assert 'value="2099-12-15"' in form.text
    assert 'value="1200000"' in form.text
    changed = {**CALL, "deadline": "2099-12-20", "grant_max": "", "countries.GR": "", "tags": "νερό"}
    answer = await sophie.submit(f"/posts/{post_id}/edit", changed)
    assert answer.status == 303, answer.text
    row = await _topic(owner)
    assert row["fields"]["state"] == "open", "an edit leaves what acts have set"
    assert (row["fields"]["countries"], "grant_max" in row["fields"], row["tags"]) == (["CY"], False, ["νερό"])
    assert row["deadline_at"].isoformat().startswith("2099-12-20")
    nikos = await site.visitor("nikos")
    assert "20/12/2099, 18:00" in (await nikos.get(path)).text
    versions = (await nikos.get(f"/posts/{post_id}/revisions")).text
    assert re.search(r"<del>15/12/2099, 18:00</del>\s*<ins>20/12/2099, 18:00</ins>", versions)
    assert re.search(r"<del>1\.200\.000\s€</del>\s*<span[^>]*>αφαιρέθηκε", versions)


async def test_an_edit_with_faults_keeps_what_was_typed(site: Site, owner: RawConnection) -> None:
    await _start(site, CALL)
    sophie = await site.visitor("sophie")
    post_id = await owner.fetchval("SELECT id FROM posts")
    answer = await sophie.submit(f"/posts/{post_id}/edit", {**CALL, "contact": "", "summary": "Άλλη περίληψη"})
    assert answer.status == 422
    assert "Άλλη περίληψη" in answer.text
    assert 'href="#contact"' in answer.text
    assert not await owner.fetchval("SELECT count(*) FROM post_revisions")


async def test_a_topic_is_found_by_the_words_of_its_fields_before_and_after_an_edit(
    site: Site, owner: RawConnection
) -> None:
    await _start(site, CALL)
    sophie = await site.visitor("sophie")
    assert "Κοινός σχεδιασμός" in (await sophie.get(f"/search?q={quote('λειψυδρία')}")).text
    post_id = await owner.fetchval("SELECT id FROM posts")
    await sophie.submit(f"/posts/{post_id}/edit", {**CALL, "summary": "Δίκτυα ύδρευσης."})
    assert "Κοινός σχεδιασμός" in (await sophie.get(f"/search?q={quote('ύδρευσης')}")).text
    assert "Κοινός σχεδιασμός" not in (await sophie.get(f"/search?q={quote('λειψυδρία')}")).text


async def test_a_proposal_whose_deadline_has_passed_is_closed_by_itself(site: Site, owner: RawConnection) -> None:
    path = await _start(site, CALL)
    nikos = await site.visitor("nikos")
    assert "Έκλεισε" not in (await nikos.get(path)).text, "the premise"
    await owner.execute("UPDATE topics SET deadline_at = now() - interval '1 s'")
    assert "Έκλεισε" in (await nikos.get(path)).text


async def test_a_kept_page_says_that_it_closed_the_moment_it_does(site: Site, owner: RawConnection) -> None:
    path = await _start(site, CALL)
    await owner.execute("UPDATE topics SET deadline_at = clock_timestamp() + interval '1.2 s'")
    nikos = await site.visitor("nikos")
    first = (await nikos.get(path)).text
    assert "Έκλεισε" not in first
    await owner.execute("SELECT pg_sleep(1.3)")
    assert "Έκλεισε" in (await nikos.get(path)).text


async def test_the_tags_of_a_discussion_are_taken_and_changed(site: Site, owner: RawConnection) -> None:
    topic = {"title": "Κάδοι", "body": "Κείμενο", "tags": "Απορρίμματα,ανακύκλωση"}
    await _start(site, topic, "questions", "maria")
    assert await owner.fetchval("SELECT tags FROM topics") == ["απορρίμματα", "ανακύκλωση"]
    maria = await site.visitor("maria")
    post_id = await owner.fetchval("SELECT id FROM posts")
    await maria.submit(f"/posts/{post_id}/edit", {**topic, "tags": "κάδοι"})
    assert await owner.fetchval("SELECT tags FROM topics") == ["κάδοι"]
    for tags in ("α" * 41, ",".join(map(str, range(11)))):
        answer = await maria.submit(f"/posts/{post_id}/edit", {**topic, "tags": tags})
        assert answer.status == 422
        assert 'href="#tags"' in answer.text


async def test_a_category_says_which_kinds_it_takes(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    await administrator.get("/admin/categories/questions/edit")
    names = {"name_el": "Ερωτήσεις", "name_en": "Questions", "slug": "questions"}
    sent = {**names, "kinds.question": "on", "kinds.guide": "on"}
    assert (await administrator.submit("/admin/categories/questions/edit", sent)).status == 303
    found = await owner.fetchval("SELECT kinds FROM categories WHERE slug = 'questions'")
    assert found == ["discussion", "question", "guide", "consultation"], "what cannot be started yet stays"


async def test_a_plain_topic_says_nothing_of_fields(site: Site) -> None:
    started = await content.start(site)
    maria = await site.visitor("maria")
    page = (await maria.get(f"/topics/{started.topic_id}/{started.slug}")).text
    assert 'class="section said"' not in page
