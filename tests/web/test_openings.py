"""An administrator opens a category to a group on the pages: sees what it does, does exactly that, takes it back."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlencode

from forum.db import RawConnection
from forum.keys import DB
from tests.domain import writing
from tests.site import Answer, Site, Visitor

INDEX = "/admin/categories"
QUESTIONS = "/admin/categories/questions"
NEW = f"{QUESTIONS}/openings/new"


async def _partner(owner: RawConnection) -> str:
    found = await owner.fetchval("SELECT id::text FROM groups WHERE slug = 'organisation-adriatic-cities'")
    assert isinstance(found, str)
    return found


async def _look(visitor: Visitor, **chosen: str) -> Answer:
    return await visitor.get(f"{NEW}?{urlencode(chosen)}")


async def _open(visitor: Visitor, **chosen: str) -> Answer:
    """Look at what it does, and confirm it."""
    shown = await _look(visitor, **chosen)
    assert shown.status == 200, shown.text
    return await visitor.submit(f"{QUESTIONS}/openings", {**chosen, "digest": shown.hidden("digest")})


async def test_every_category_and_who_holds_what_is_listed(site: Site) -> None:
    administrator = await site.visitor("administrator")
    assert 'href="/admin/categories/guides"' in (await administrator.get(INDEX)).text
    page = await administrator.get("/admin/categories/guides")
    assert "Βόρειο Αιγαίο" in page.text
    assert "Σχολιαστές" in page.text
    assert (await administrator.get("/admin/categories/atlantis")).status == 404


async def test_a_group_is_let_in_stage_by_stage_and_out_again(site: Site, owner: RawConnection) -> None:
    administrator, stranger = await site.visitor("administrator"), await site.visitor("stranger")
    group = await _partner(owner)
    assert (await stranger.get("/categories/questions")).status == 404
    shown = await _look(administrator, group=group, stage="readers")
    assert "Δίκτυο Πόλεων Αδριατικής" in shown.text
    assert (await stranger.get("/categories/questions")).status == 404, "looking changes nothing"
    assert (await _open(administrator, group=group, stage="readers")).status == 303
    page = await stranger.get("/categories/questions")
    assert page.status == 200
    assert "/categories/questions/new" not in page.text
    assert (await _open(administrator, group=group, stage="participants")).status == 303
    assert "/categories/questions/new" in (await stranger.get("/categories/questions")).text
    assert (await _open(administrator, group=group, stage="closed")).status == 303
    assert (await stranger.get("/categories/questions")).status == 404


async def test_the_names_of_who_gains_are_shown_on_demand(site: Site, owner: RawConnection) -> None:
    administrator, group = await site.visitor("administrator"), await _partner(owner)
    assert "Jean Dupont" not in (await _look(administrator, group=group, stage="readers")).text
    assert "Jean Dupont" in (await _look(administrator, group=group, stage="readers", names="adriatic-cities")).text


async def test_what_was_not_shown_is_not_done_but_shown(site: Site, owner: RawConnection) -> None:
    administrator, stranger = await site.visitor("administrator"), await site.visitor("stranger")
    group = await _partner(owner)
    sent = {"group": group, "stage": "participants", "digest": "0" * 64}
    answer = await administrator.submit(f"{QUESTIONS}/openings", sent)
    assert answer.status == 409
    assert 'role="alert"' in answer.text
    assert (await stranger.get("/categories/questions")).status == 404
    again = await administrator.submit(f"{QUESTIONS}/openings", {**sent, "digest": answer.hidden("digest")})
    assert again.status == 303
    assert (await stranger.get("/categories/questions")).status == 200


async def test_of_two_administrators_the_second_sees_what_the_first_did(site: Site, owner: RawConnection) -> None:
    first, second, group = (
        await site.visitor("administrator"),
        await site.visitor("administrator"),
        await _partner(owner),
    )
    shown = await _look(second, group=group, stage="commenters")
    assert (await _open(first, group=group, stage="readers")).status == 303
    late = await second.submit(
        f"{QUESTIONS}/openings", {"group": group, "stage": "commenters", "digest": shown.hidden("digest")}
    )
    assert late.status == 409
    assert "Αναγνώστες" in late.text, "what the group holds by now"


async def test_one_that_waits_is_told_taken_back_and_stands_in_the_way_of_another(
    site: Site, owner: RawConnection
) -> None:
    administrator, stranger = await site.visitor("administrator"), await site.visitor("stranger")
    group = await _partner(owner)
    at = (await owner.fetchval("SELECT now() AT TIME ZONE 'Asia/Nicosia'") + timedelta(days=2)).strftime(
        "%Y-%m-%dT%H:%M"
    )
    assert (await _open(administrator, group=group, stage="readers", effective_at=at)).status == 303
    assert (await stranger.get("/categories/questions")).status == 404
    other = await _look(administrator, group=group, stage="participants")
    assert other.status == 409
    assert "εκκρεμεί" in other.text
    page = await administrator.get(QUESTIONS)
    undo = re.search(r'action="(/admin/openings/\d+/undo)"', page.text)
    assert undo is not None
    assert (await administrator.submit(undo[1])).status == 303
    assert (await _look(administrator, group=group, stage="participants")).status == 200
    assert (await administrator.submit(undo[1])).status == 409


async def test_a_mistake_is_told_beside_its_field_and_what_was_typed_stays(site: Site, owner: RawConnection) -> None:
    administrator, group = await site.visitor("administrator"), await _partner(owner)
    for name, value in (
        ("group", "999999"),
        ("group", "κάτι"),
        ("stage", "owners"),
        ("effective_at", "αύριο"),
        ("effective_at", "2020-01-01T08:00"),
        ("effective_at", "2027-03-28T03:30"),
        ("topics_since", "2027-02-30"),
    ):
        answer = await _look(administrator, **{"group": group, "stage": "readers", "moderates": "", name: value})
        assert answer.status == 422, (name, value)
        assert f'id="{name}-error"' in answer.text, (name, value)
        if name in {"effective_at", "topics_since"}:
            assert f'value="{value}"' in answer.text
    answer = await _look(administrator, group=group, stage="readers", moderates="on")
    assert answer.status == 422
    assert 'id="moderates-error"' in answer.text


async def test_a_group_may_moderate_a_single_category(site: Site, owner: RawConnection) -> None:
    administrator, group = await site.visitor("administrator"), await _partner(owner)
    assert (await _open(administrator, group=group, stage="commenters", moderates="on")).status == 303
    rights = await owner.fetchrow("SELECT can_moderate, can_start FROM grants WHERE group_id = $1", int(group))
    assert rights is not None
    assert tuple(rights) == (True, False)


async def test_only_administrators_come_here(site: Site, owner: RawConnection) -> None:
    group = await _partner(owner)
    for person in ("moderator", "maria"):
        visitor = await site.visitor(person)
        assert (await visitor.get(QUESTIONS)).status == 403
        sent = {"group": group, "stage": "participants", "digest": ""}
        assert (await visitor.submit(f"{QUESTIONS}/openings", sent)).status == 403
    assert not await owner.fetchval("SELECT count(*) FROM openings")


async def test_it_is_told_what_a_member_may_do_here_and_through_which_group(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    maria = await administrator.get(f"{QUESTIONS}?{urlencode({'member': 'μαρια χατζηγιαννη'})}")
    assert "Τι μπορεί να κάνει εδώ το μέλος Μαρία Χατζηγιάννη" in maria.text
    jean = await administrator.get(f"{QUESTIONS}?member={site.cast.stranger.member_id}")
    assert "δεν έχει δικαιώματα εδώ" in jean.text
    assert (await administrator.get(f"{QUESTIONS}?member=nobody")).status == 422


async def test_one_is_told_why_one_may_read_a_topic(site: Site, owner: RawConnection) -> None:
    topic = await writing.start(site.app[DB], site.cast.maria)
    path = f"/topics/{topic.topic_id}/rights/mine"
    nikos = await site.visitor("nikos")
    assert path in (await nikos.get(f"/topics/{topic.topic_id}/{topic.slug}")).text
    page = await nikos.get(path)
    assert "Βόρειο Αιγαίο" in page.text
    assert "Κύπρος" not in page.text.partition("<footer")[0].partition("<main")[2]
    assert (await (await site.visitor("stranger")).get(path)).status == 404


async def test_the_form_begins_with_what_the_group_holds_so_that_nothing_is_taken_by_the_way(
    site: Site, owner: RawConnection
) -> None:
    administrator = await site.visitor("administrator")
    group = await owner.fetchval("SELECT id::text FROM groups WHERE slug = 'moderators'")
    form = (await _look(administrator, group=group)).text
    assert '<option value="commenters" selected>' in form
    assert re.search(r'name="moderates"[^>]* checked', form)
    same = await _look(administrator, group=group, stage="commenters", moderates="on")
    assert "δεν υπάρχει τίποτα να αλλάξει" in same.text
    assert 'class="btn grave"' not in same.text
    assert 'class="btn grave"' in (await _look(administrator, group=group, stage="readers")).text


async def test_what_else_it_holds_for_and_the_letter_are_said_before(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    await administrator.submit("/admin/categories", {"name_el": "Νερό", "name_en": "Water", "parent": "questions"})
    shown = await _look(administrator, group=await _partner(owner), stage="readers", tells="on")
    assert "Ισχύει και για" in shown.text
    assert "Νερό" in shown.text
    assert "σε 1 μέλος" in shown.text


async def test_a_form_without_a_group_or_with_topics_to_come_is_refused(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    without = await _look(administrator, group="", stage="readers")
    assert without.status == 422
    assert "Παρακαλούμε συμπληρώστε αυτό το πεδίο" in without.text
    later = await _look(administrator, group=await _partner(owner), stage="readers", topics_since="2100-01-01")
    assert later.status == 422
    assert "Επιλέξτε ημέρα που θα έχει έρθει ως τότε" in later.text


async def test_the_page_of_rights_says_what_follows_on_a_change_that_waits(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    group = await owner.fetchval("SELECT id::text FROM groups WHERE slug = 'region-cyprus'")
    assert (await _open(administrator, group=group, stage="readers", effective_at="2100-01-01T08:00")).status == 303
    page = (await administrator.get(QUESTIONS)).text
    assert re.search(r"έως 1/1/2100|έως 01/01/2100", page)
    assert "μετά: Αναγνώστες" in page
