"""Pages of proposals: expressing interest, the lead's answers, the consortium, and that nobody else learns of them."""

from __future__ import annotations

import re

import pytest

from forum.db import RawConnection
from forum.domain.interests import Decided
from forum.keys import DB
from tests.domain import proposing
from tests.site import Site
from tests.web import proposals
from tests.web.proposals import SAID


async def test_an_organisation_offers_to_be_a_partner_unless_another_role_is_sought(site: Site) -> None:
    nikos = await site.visitor("nikos")
    for roles, first in ((None, "partner"), (["lead", "partner"], "partner"), (["lead", "observer"], None)):
        made = await proposals.propose(site, roles=roles)
        page = (await nikos.get(f"/topics/{made.topic_id}/interests/new")).text
        assert re.findall(r'<option value="(\w+)" selected', page) == ([first] if first else []), roles


async def test_interest_is_expressed_answered_and_shown(site: Site, owner: RawConnection) -> None:
    made = await proposals.propose(site, partners_min=2, countries_min=2)
    nikos, maria = await site.visitor("nikos"), await site.visitor("maria")
    shown = await nikos.get(proposals.page(made))
    assert shown.status == 200
    assert f'href="/topics/{made.topic_id}/interests/new"' in shown.text
    assert (await nikos.get(f"/topics/{made.topic_id}/interests/new")).status == 200
    done = await nikos.submit(f"/topics/{made.topic_id}/interests", SAID)
    assert done.status == 303
    after = (await nikos.follow(done)).text
    assert "Έχουμε μετρητές" in after
    assert "interests/new" not in after, "once is enough"
    interest_id = await owner.fetchval("SELECT id FROM interests")
    assert (await nikos.get(f"/topics/{made.topic_id}/interests/new")).location.endswith(f"{interest_id}/edit")
    path = f"/topics/{made.topic_id}/interests/{interest_id}/decision"
    assert path in (await maria.get(proposals.page(made))).text
    asked = await maria.get(f"{path}/new")
    assert "nero@mytilene.example" in asked.text
    assert (await maria.submit(path, {"decision": "accepted", "answer": "Καλώς ήρθατε"})).status == 303
    assert "Καλώς ήρθατε" in (await nikos.get(proposals.page(made))).text, "the page that was kept is not shown again"
    full = (await maria.get(proposals.page(made))).text
    assert f"/topics/{made.topic_id}/state/new?state=consortium_complete" in full
    assert full.count('<span class="on"></span>') == 4, "two of two partners, two of two countries"


async def test_what_is_not_accepted_is_on_nobody_elses_page_and_in_nobody_elses_table(
    site: Site, owner: RawConnection
) -> None:
    made = await proposals.propose(site, partners_min=4)
    db, cast = site.app[DB], site.cast
    nikos, maria = await site.visitor("nikos"), await site.visitor("maria")
    await owner.execute("UPDATE members SET suspended_until = NULL, suspension_reason = NULL")
    outsider = await site.visitor("suspended")
    table = f"/topics/{made.topic_id}/consortium.csv"
    interest_id = await proposing.express(db, cast.nikos, made.topic_id, note="Μυστικό", contact="Κρυφό")
    decisions: tuple[Decided | None, ...] = (None, "reserved", "declined")
    for decision in decisions:
        if decision:
            await proposing.decide(db, cast.maria, made.topic_id, interest_id, decision, "Ιδιωτικά")
        for path in (proposals.page(made), table, f"/topics/{made.topic_id}/interests/{interest_id}/edit"):
            assert not re.search("Μυστικό|Κρυφό|Ιδιωτικά|Μυτιλήνης", (await outsider.get(path)).text), path
        assert "Μυστικό" in (await nikos.get(proposals.page(made))).text
        assert "Μυτιλήνης" in (await maria.get(proposals.page(made))).text
        assert "Κρυφό" in (await maria.get(table)).text
        assert "Κρυφό" not in (await nikos.get(table)).text
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "accepted", "Ιδιωτικά")
    for path in (proposals.page(made), table):
        shown = (await outsider.get(path)).text
        assert "Μυτιλήνης" in shown
        assert not re.search("Μυστικό|Κρυφό|Ιδιωτικά", shown)


async def test_what_was_typed_is_kept_when_it_comes_too_late_or_is_not_right(site: Site, owner: RawConnection) -> None:
    made = await proposals.propose(site, roles=["associate"])
    nikos = await site.visitor("nikos")
    path = f"/topics/{made.topic_id}/interests"
    for wrong, name in (({"role": "partner"}, "role"), ({"role": "associate", "contact": " "}, "contact")):
        answer = await nikos.submit(path, {**SAID, **wrong})
        assert answer.status == 422
        assert f'href="#{name}"' in answer.text
        assert "Έχουμε μετρητές" in answer.text
    await proposing.close(owner, made.topic_id, seconds=-1)
    late = await nikos.submit(path, {**SAID, "role": "associate"})
    assert late.status == 403
    assert "Έχουμε μετρητές" in late.text
    assert 'role="alert"' in late.text
    assert await owner.fetchval("SELECT count(*) FROM interests") == 0
    shown = (await nikos.get(proposals.page(made))).text
    assert "interests/new" not in shown


async def test_a_colleague_who_was_faster_is_told_of_and_the_words_kept(site: Site) -> None:
    made = await proposals.propose(site)
    nikos = await site.visitor("nikos")
    await nikos.get(f"/topics/{made.topic_id}/interests/new")
    await proposing.express(site.app[DB], site.cast.nikos, made.topic_id)
    answer = await nikos.submit(f"/topics/{made.topic_id}/interests", {**SAID, "note": "Άλλα λόγια"})
    assert answer.status == 409
    assert "Άλλα λόγια" in answer.text


async def test_it_is_changed_and_withdrawn(site: Site, owner: RawConnection) -> None:
    made = await proposals.propose(site)
    interest_id = await proposing.express(site.app[DB], site.cast.nikos, made.topic_id)
    nikos = await site.visitor("nikos")
    path = f"/topics/{made.topic_id}/interests/{interest_id}"
    assert "Έχουμε μετρητές" in (await nikos.get(f"{path}/edit")).text
    assert (await nikos.submit(f"{path}/edit", {**SAID, "contact": ""})).status == 422
    assert (await nikos.submit(f"{path}/edit", {**SAID, "note": "Νέο"})).status == 303
    assert await owner.fetchval("SELECT note FROM interests") == "Νέο"
    assert (await nikos.submit(f"{path}/delete")).status == 303
    assert "interests/new" in (await nikos.get(proposals.page(made))).text
    assert (await nikos.get(f"{path}/edit")).status == 404


async def test_who_takes_part_withdraws_with_a_reason(site: Site) -> None:
    made = await proposals.propose(site, partners_min=2)
    interest_id = await proposing.express(site.app[DB], site.cast.nikos, made.topic_id)
    nikos, maria = await site.visitor("nikos"), await site.visitor("maria")
    path = f"/topics/{made.topic_id}/interests/{interest_id}/withdrawal"
    assert path not in (await nikos.get(proposals.page(made))).text
    await proposing.decide(site.app[DB], site.cast.maria, made.topic_id, interest_id, "accepted")
    assert f"{path}/new" in (await nikos.get(proposals.page(made))).text
    assert (await nikos.get(f"{path}/new")).status == 200
    for reason in ("", " ", "α" * 501):
        refused = await nikos.submit(path, {"reason": reason})
        assert refused.status == 422
        assert 'href="#reason"' in refused.text
        assert reason.strip() in refused.text
    assert (await maria.get(f"{path}/new")).status == 404
    assert (await nikos.submit(path, {"reason": "Δεν έχουμε προσωπικό"})).status == 303
    seen = (await maria.get(proposals.page(made))).text
    assert "Δεν έχουμε προσωπικό" in seen
    assert f"/interests/{interest_id}/decision/new" not in seen
    assert (await maria.get(f"/topics/{made.topic_id}/interests/{interest_id}/decision/new")).status == 409
    own = (await nikos.get(proposals.page(made))).text
    assert "Δεν έχουμε προσωπικό" in own
    assert "interests/new" in own
    assert (await nikos.get(f"/topics/{made.topic_id}/interests/new")).status == 200
    assert (await nikos.get(f"/topics/{made.topic_id}/interests/{interest_id}/edit")).status == 404


async def test_the_meter_says_that_it_counts_the_lead(site: Site) -> None:
    made = await proposals.propose(site, partners_min=2, lead=None)
    sophie = await site.visitor("sophie")
    shown = (await sophie.get(proposals.page(made))).text
    assert "the lead included" in shown
    assert '<td data-th="Country" class="none"></td>' in shown, "an association has no country"
    form = (await sophie.get("/categories/proposals/new?kind=proposal")).text
    assert "The lead included." in form


async def test_a_refusal_in_a_topic_leads_back_to_it(site: Site) -> None:
    made = await proposals.propose(site)
    interest_id = await proposing.express(site.app[DB], site.cast.nikos, made.topic_id)
    nikos = await site.visitor("nikos")
    await nikos.get(proposals.page(made))
    await proposing.decide(site.app[DB], site.cast.maria, made.topic_id, interest_id, "accepted")
    refused = await nikos.submit(f"/topics/{made.topic_id}/interests/{interest_id}/delete")
    assert refused.status == 403
    assert f'href="/topics/{made.topic_id}"' in refused.text
    missing = await nikos.get("/topics/999999/interests/new")
    assert missing.status == 404
    assert 'href="/topics/999999"' not in missing.text


@pytest.mark.parametrize("answer", [{}, {"decision": "waiting"}, {"decision": "accepted", "answer": "α" * 501}])
async def test_an_answer_that_is_none_is_told(site: Site, answer: dict[str, str]) -> None:
    made = await proposals.propose(site)
    interest_id = await proposing.express(site.app[DB], site.cast.nikos, made.topic_id)
    maria = await site.visitor("maria")
    refused = await maria.submit(f"/topics/{made.topic_id}/interests/{interest_id}/decision", answer)
    assert refused.status == 422
    assert answer.get("answer", "") in refused.text
    missing = await maria.get(f"/topics/{made.topic_id}/interests/999999/decision/new")
    assert missing.status == 404


async def test_the_state_is_changed_with_a_note_that_stands_in_the_topic(site: Site) -> None:
    made = await proposals.propose(site)
    maria, nikos = await site.visitor("maria"), await site.visitor("nikos")
    path = f"/topics/{made.topic_id}/state"
    assert (
        '<option value="consortium_complete" selected>'
        in (await maria.get(f"{path}/new?state=consortium_complete")).text
    )
    assert (await maria.submit(path, {"state": "nonsense"})).status == 422
    late = await maria.submit(path, {"state": "funded", "note": "Το πήραμε"})
    assert late.status == 409
    assert "Το πήραμε" in late.text
    assert (await maria.submit(path, {"state": "consortium_complete", "note": "Έξι εταίροι"})).status == 303
    shown = (await nikos.get(proposals.page(made))).text
    assert "Έξι εταίροι" in shown
    assert "interests/new" not in shown


async def test_what_is_missing_in_a_consortium_is_told_before_its_state_is_changed(site: Site) -> None:
    made = await proposals.propose(site, partners_min=2, countries_min=2)
    interest_id = await proposing.express(site.app[DB], site.cast.nikos, made.topic_id)
    sophie, path = await site.visitor("sophie"), f"/topics/{made.topic_id}/state"
    form = (await sophie.get(f"{path}/new?state=consortium_complete")).text
    for said in ("1 of 2 partners", "1 of 2 countries", "1 expression of interest has no answer"):
        assert said in form
    await proposing.decide(site.app[DB], site.cast.maria, made.topic_id, interest_id, "accepted")
    assert "The consortium is not complete yet" not in (await sophie.get(f"{path}/new")).text
    await proposing.decide(site.app[DB], site.cast.maria, made.topic_id, interest_id, "declined")
    assert "1 of 2 partners" in (await sophie.get(f"{path}/new")).text
    assert (await sophie.submit(path, {"state": "consortium_complete"})).status == 303, "allowed all the same"


async def test_cells_of_the_table_are_guarded(site: Site) -> None:
    made = await proposals.propose(site)
    await proposing.express(site.app[DB], site.cast.nikos, made.topic_id, note="=1+1", contact="@SUM(A1)")
    table = await (await site.visitor("maria")).get(f"/topics/{made.topic_id}/consortium.csv")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "'=1+1" in table.text
    assert "'@SUM(A1)" in table.text
    assert len(table.text.splitlines()) == 3


async def test_a_good_practice_grows_out_of_a_proposal(site: Site, owner: RawConnection) -> None:
    links = ["https://cerv.example/nero"]
    made = await proposals.propose(site, themes=["water"], links=links)
    await proposing.move(site.app[DB], site.cast.maria, made.topic_id, "consortium_complete", "submitted")
    maria, nikos = await site.visitor("maria"), await site.visitor("nikos")
    assert f"/topics/{made.topic_id}/practice/new" in (await maria.get(proposals.page(made))).text
    assert f"/topics/{made.topic_id}/practice/new" not in (await nikos.get(proposals.page(made))).text
    led = await maria.get(f"/topics/{made.topic_id}/practice/new")
    assert led.location == f"/categories/good-practices/new?kind=good_practice&from={made.topic_id}"
    form = await maria.follow(led)
    assert form.hidden("from") == str(made.topic_id)
    for said in ("Δίκτυο πόλεων για το νερό", "CERV", "https://cerv.example/nero", "brussels@union.example"):
        assert said in form.text
    assert '<option value="larnaca" selected>' in form.text
    stolen = (await nikos.get(led.location)).text
    assert "Δίκτυο πόλεων για το νερό" not in stolen
    assert 'name="from"' not in stolen
    sent = {
        "kind": "good_practice",
        "from": str(made.topic_id),
        "title": "Δίκτυο",
        "teaser": "Τ",
        "owner": "larnaca",
        "problem": "Π",
        "solution": "Λ",
        "resources": "Ρ",
        "indicators.1.name": "Νερό",
        "indicators.1.before": "2",
        "indicators.1.after": "1",
        "indicators.1.unit": "m³",
        "transfer": "Μ",
        "contact": "20",
    }
    done = await maria.submit("/categories/good-practices/new", sent)
    assert done.status == 303, done.text
    practice = done.location.partition("#")[0]
    assert proposals.page(made) in (await nikos.get(practice)).text
    assert practice in (await nikos.get(proposals.page(made))).text
    assert await owner.fetchval("SELECT origin_id FROM topics WHERE kind = 'good_practice'") == made.topic_id
    await owner.execute("DELETE FROM grants USING categories WHERE categories.id = category_id AND slug = 'proposals'")
    hidden = await nikos.get(practice)
    assert hidden.status == 200
    assert proposals.page(made) not in hidden.text


async def test_a_number_of_no_proposal_in_the_form_ties_nothing(site: Site) -> None:
    maria = await site.visitor("maria")
    for number in ("0", "x", "999999999", "1" * 30):
        page = await maria.get(f"/categories/good-practices/new?kind=good_practice&from={number}")
        assert page.status == 200
        assert 'name="from"' not in page.text


async def test_a_kept_page_of_a_proposal_is_each_organisations_own(site: Site) -> None:
    made = await proposals.propose(site)
    maria, nikos = await site.visitor("maria"), await site.visitor("nikos")
    await maria.get(proposals.page(made))
    assert "interests/new" in (await nikos.get(proposals.page(made))).text
    assert "interests/new" not in (await maria.get(proposals.page(made))).text, "they lead it"


async def test_a_proposal_closes_by_itself_on_a_page_that_was_kept(site: Site, owner: RawConnection) -> None:
    made = await proposals.propose(site)
    nikos = await site.visitor("nikos")
    await proposing.close(owner, made.topic_id, seconds=1)
    assert "interests/new" in (await nikos.get(proposals.page(made))).text
    await owner.execute("SELECT pg_sleep(1.1)")
    assert "interests/new" not in (await nikos.get(proposals.page(made))).text
