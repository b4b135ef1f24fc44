"""Administrators add, change, order, archive and merge categories; members see them nested, and old links lead on."""

from __future__ import annotations

import re

from forum.db import RawConnection
from tests.site import Site
from tests.web import content

_NEW = "/admin/categories/new"
_WATER = {"name_el": "Νερό", "name_en": "Water", "description_el": "Δίκτυα", "description_en": "Networks"}


async def _below(site: Site, **fields: str) -> None:
    administrator = await site.visitor("administrator")
    answer = await administrator.submit("/admin/categories", {**_WATER, "parent": "questions", **fields})
    assert answer.status == 303, answer.text


async def _titles(site: Site, person: str, path: str = "/") -> list[str]:
    text = (await (await site.visitor(person)).get(path)).text
    return re.findall(r'<h3><a href="/categories/([a-z0-9-]+)"', text)


def _digest(page: str) -> str:
    found = re.search(r'name="digest" value="(\w+)"', page)
    assert found
    return found[1]


async def test_a_category_is_added_and_leads_to_its_rights(site: Site) -> None:
    administrator = await site.visitor("administrator")
    answer = await administrator.submit("/admin/categories", _WATER)
    assert answer.location == "/admin/categories/water"
    assert (await administrator.get(answer.location)).status == 200
    assert "water" in await _titles(site, "moderator")
    assert "water" not in await _titles(site, "maria"), "it is open to no region yet"


async def test_a_sub_category_stands_below_the_other_and_in_its_page(site: Site) -> None:
    await _below(site)
    assert (await _titles(site, "maria"))[:2] == ["questions", "water"]
    assert await _titles(site, "maria", "/categories/questions") == ["water"]
    page = (await (await site.visitor("maria")).get("/categories/water")).text
    assert 'href="/categories/questions"' in page
    assert (await (await site.visitor("stranger")).get("/categories/water")).status == 404


async def test_what_was_typed_is_kept_with_what_is_wrong_beside_it(site: Site) -> None:
    administrator = await site.visitor("administrator")
    sent = {**_WATER, "name_en": "", "slug": "Νερό", "description_el": "Για δίκτυα"}
    answer = await administrator.submit("/admin/categories", sent)
    assert answer.status == 422
    assert 'value="Για δίκτυα"' in answer.text
    assert {"name_en", "slug"} == set(re.findall(r'<a href="#(\w+)">', answer.text)) - {"main"}
    taken = await administrator.submit("/admin/categories", {**_WATER, "slug": "guides"})
    assert taken.status == 422


async def test_the_same_form_sent_twice_adds_one(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    for _ in range(2):
        answer = await administrator.submit("/admin/categories", {**_WATER, "idempotency_key": "1"})
        assert answer.location == "/admin/categories/water"
    assert await owner.fetchval("SELECT count(*) FROM categories WHERE slug LIKE 'water%'") == 1


async def test_another_slug_leads_on_from_the_old_one(site: Site) -> None:
    administrator = await site.visitor("administrator")
    sent = {"name_el": "Συζήτηση", "name_en": "Talk", "slug": "talk"}
    page = "/admin/categories/questions/edit"
    assert (await administrator.submit(page, sent)).location == "/admin/categories/talk"
    maria = await site.visitor("maria")
    assert (await maria.get("/categories/questions")).location == "/categories/talk"
    assert "Συζήτηση" in (await maria.get("/categories/talk")).text
    stranger = await site.visitor("stranger")
    assert (await stranger.get("/categories/questions")).status == 404
    assert (await stranger.get("/categories/talk")).status == 404


async def test_categories_change_places(site: Site) -> None:
    administrator = await site.visitor("administrator")
    answer = await administrator.submit("/admin/categories/proposals/place", {"by": "-1"})
    assert answer.location == "/admin/categories#proposals"
    assert (await _titles(site, "maria"))[:2] == ["proposals", "questions"]
    first = await administrator.submit("/admin/categories/proposals/place", {"by": "-1"})
    assert "Δεν άλλαξε τίποτα." in (await administrator.follow(first)).text
    assert (await _titles(site, "maria"))[:2] == ["proposals", "questions"]


async def test_an_archived_category_is_read_and_not_written_in(site: Site) -> None:
    started = await content.start(site, "maria", title="Παλιό θέμα")
    administrator = await site.visitor("administrator")
    page = "/admin/categories/questions"
    assert (await administrator.submit(f"{page}/archive")).location == page
    maria = await site.visitor("maria")
    shown = await maria.get("/categories/questions")
    assert "Παλιό θέμα" in shown.text
    assert "αρχειοθετημέν" in shown.text
    assert "/categories/questions/new" not in shown.text
    assert (await maria.get("/categories/questions/new")).status == 403
    topic = await maria.get(f"/topics/{started.topic_id}/{started.slug}")
    assert topic.status == 200
    assert "Η κατηγορία είναι αρχειοθετημένη" in topic.text
    refused = await maria.submit(f"/topics/{started.topic_id}/posts", {"body": "Κι εγώ"})
    assert refused.status == 403
    assert (await administrator.submit(f"{page}/archive/delete")).location == page
    assert (await maria.get("/categories/questions/new")).status == 200


async def test_a_sub_category_gets_rights_of_its_own_and_gives_them_up_again(site: Site) -> None:
    await _below(site)
    administrator = await site.visitor("administrator")
    page = "/admin/categories/water"
    assert "Ερωτήσεις και συζήτηση" in (await administrator.get(page)).text
    refused = await administrator.get(f"{page}/openings/new?group=1&stage=readers")
    assert refused.status == 409
    assert (await administrator.submit(f"{page}/inheritance/delete")).location == page
    cyprus = re.search(
        r"openings/new\?group=(\d+)[^>]*>[^<]*<span[^>]*> \(Κύπρος", (await administrator.get(page)).text
    )
    assert cyprus
    look = await administrator.get(f"{page}/openings/new?group={cyprus[1]}&stage=closed")
    sent = {"group": cyprus[1], "stage": "closed", "digest": _digest(look.text)}
    assert (await administrator.submit(f"{page}/openings", sent)).status == 303
    assert (await (await site.visitor("maria")).get("/categories/water")).status == 404
    shown = await administrator.get(f"{page}/inheritance/new")
    assert "Λάρνακα" in shown.text
    stale = await administrator.submit(f"{page}/inheritance", {"digest": "no"})
    assert stale.status == 409
    assert "Κάτι άλλαξε" in stale.text
    sent = {"digest": _digest(stale.text)}
    assert (await administrator.submit(f"{page}/inheritance", sent)).location == page
    assert (await (await site.visitor("maria")).get("/categories/water")).status == 200


async def test_a_category_merges_into_another_as_it_was_shown(site: Site) -> None:
    started = await content.start(site, "maria", title="Μετακομίζει")
    administrator = await site.visitor("administrator")
    page = "/admin/categories/questions/merger/new"
    assert (await administrator.get(page)).status == 200
    shown = await administrator.get(f"{page}?category=guides")
    sent = {"category": "guides", "digest": _digest(shown.text)}
    answer = await administrator.submit("/admin/categories/questions/merger", sent)
    assert answer.location == "/admin/categories/guides"
    maria = await site.visitor("maria")
    assert (await maria.get("/categories/questions")).location == "/categories/guides"
    assert "Μετακομίζει" in (await maria.get("/categories/guides")).text
    assert (await maria.get(f"/topics/{started.topic_id}/{started.slug}")).status == 200


async def test_a_merger_is_refused_where_it_cannot_be(site: Site) -> None:
    await _below(site)
    administrator = await site.visitor("administrator")
    assert (await administrator.get("/admin/categories/questions/merger/new?category=guides")).status == 409
    for other in ("water", "never-was", ""):
        answer = await administrator.get(f"/admin/categories/water/merger/new?category={other}")
        assert answer.status == 422, other


async def test_what_is_written_for_one_category_is_not_published_in_another_and_the_words_are_kept(
    site: Site, owner: RawConnection
) -> None:
    await _below(site)
    administrator, maria = await site.visitor("administrator"), await site.visitor("maria")
    shown = await administrator.get("/admin/categories/water/merger/new?category=guides")
    merger = {"category": "guides", "digest": _digest(shown.text)}
    assert (await administrator.submit("/admin/categories/water/merger", merger)).status == 303
    assert (await maria.get("/categories/water/new")).location == "/categories/guides/new"
    sent = {"title": "Μόνο για την Κύπρο", "body": "Εμπιστευτικό κείμενο"}
    answer = await maria.submit("/categories/water/new", sent)
    assert answer.status == 403
    assert "Εμπιστευτικό κείμενο" in answer.text
    assert await owner.fetchval("SELECT count(*) FROM topics") == 0
    assert "Μόνο για την Κύπρο" in (await maria.get("/drafts")).text


async def test_a_former_address_leads_to_the_rights_and_changes_nothing(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    await administrator.submit("/admin/categories/guides/edit", {**_WATER, "slug": "water"})
    assert (await administrator.get("/admin/categories/guides")).location == "/admin/categories/water"
    assert (await administrator.get("/admin/categories/never-was")).status == 404
    assert (await administrator.submit("/admin/categories/guides/archive", {})).status == 404
    assert (await administrator.submit("/admin/categories/guides/edit", {**_WATER, "slug": "guides"})).status == 404
    assert await owner.fetchval("SELECT count(*) FROM categories WHERE archived_at IS NOT NULL") == 0
