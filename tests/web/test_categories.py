"""A category's page: its topics in order, page by page, and what may be done there."""

from __future__ import annotations

import re

from forum.db import RawConnection
from tests.site import Site
from tests.web import content, doors

_PAGE = "/categories/questions"


def _titles(text: str) -> list[str]:
    return re.findall(r'<a class="t-title" href="/topics/\d+/[a-z0-9-]+"(?: lang="\w+")?>([^<]+)</a>', text)


async def test_topics_stand_by_their_last_post_and_pinned_ones_first(site: Site) -> None:
    first = await content.start(site, "nikos", title="Πρώτο")
    await content.start(site, "nikos", title="Δεύτερο")
    third = await content.start(site, "nikos", title="Τρίτο")
    await content.reply(site, "sophie", first.topic_id)
    assert _titles((await (await site.visitor("maria")).get(_PAGE)).text) == ["Πρώτο", "Τρίτο", "Δεύτερο"]
    await content.pin(site, third.topic_id)
    assert _titles((await (await site.visitor("maria")).get(_PAGE)).text) == ["Τρίτο", "Πρώτο", "Δεύτερο"]


async def test_the_newest_topics_stand_first_when_asked_for(site: Site) -> None:
    first = await content.start(site, "nikos", title="Πρώτο")
    await content.start(site, "nikos", title="Δεύτερο")
    await content.reply(site, "sophie", first.topic_id)
    maria = await site.visitor("maria")
    assert _titles((await maria.get(f"{_PAGE}?sort=created")).text) == ["Δεύτερο", "Πρώτο"]


async def test_a_row_says_in_words_what_is_the_matter_with_a_topic(site: Site) -> None:
    started = await content.start(site, "sophie", title="Templates", language="en", is_internal=True)
    await content.reply(site, "nikos", started.topic_id)
    await content.lock(site, started.topic_id)
    await content.pin(site, started.topic_id)
    text = (await (await site.visitor("administrator")).get(_PAGE)).text
    row = text[text.index('class="t-title"') :]
    for word in ("Καρφιτσωμένο|Pinned", "Κλειδωμένο|Locked", "Εσωτερικό|Internal", '"(Απαντήσεις|Replies)">1<'):
        assert re.search(word, row), word
    assert "Sophie Maertens" in row
    assert f'href="/topics/{started.topic_id}?unread=1"' in row


async def test_twenty_topics_stand_on_a_page_and_links_lead_on_and_back(site: Site) -> None:
    for number in range(21):
        await content.start(site, "nikos", title=f"Θέμα {number}")
    maria = await site.visitor("maria")
    first = await maria.get(_PAGE)
    assert len(_titles(first.text)) == 20
    older = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert older
    second = await maria.get(older[1].replace("&amp;", "&"))
    assert _titles(second.text) == ["Θέμα 0"]
    assert f'href="{_PAGE}"' in second.text
    assert 'rel="next"' not in second.text


async def test_the_order_is_kept_from_page_to_page(site: Site) -> None:
    for number in range(21):
        await content.start(site, "nikos", title=f"Θέμα {number}")
    maria = await site.visitor("maria")
    first = await maria.get(f"{_PAGE}?sort=created")
    older = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert older
    assert "sort=created" in older[1]
    assert _titles((await maria.get(older[1].replace("&amp;", "&"))).text) == ["Θέμα 0"]


async def test_an_empty_category_says_what_to_do(site: Site) -> None:
    maria = await site.visitor("maria")
    text = (await maria.get(_PAGE)).text
    assert 'class="empty"' in text
    assert text.count(f'href="{_PAGE}/new"') == 2


async def test_who_may_only_read_is_told_why_there_is_no_button(site: Site) -> None:
    maria = await site.visitor("maria")
    text = (await maria.get("/categories/announcements")).text
    assert "/announcements/new" not in text
    assert "Εδώ μπορείτε να διαβάζετε· θέματα σε αυτή την κατηγορία ανοίγουν άλλοι" in text


async def test_who_may_only_reply_is_told_that_they_may(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    for language, sentence in (
        ("el", "Εδώ μπορείτε να διαβάζετε και να απαντάτε· θέματα σε αυτή την κατηγορία ανοίγουν άλλοι"),
        ("en", "You can read and reply here; topics in this category are opened by others"),
    ):
        await owner.execute("UPDATE members SET language = $1 WHERE id = $2", language, site.cast.maria.member_id)
        text = (await maria.get("/categories/proposals")).text
        assert "/proposals/new" not in text
        assert sentence in text
        assert sentence in (await maria.get("/categories/proposals/new")).text, "who types the address, too"


async def test_a_deleted_topic_is_not_listed(site: Site) -> None:
    started = await content.start(site, "nikos", title="Φεύγει")
    await content.start(site, "nikos", title="Μένει")
    await content.delete_topic(site, "nikos", started.topic_id)
    for person in ("maria", "nikos", "moderator"):
        assert _titles((await (await site.visitor(person)).get(_PAGE)).text) == ["Μένει"]


async def test_a_category_is_closed_to_outsiders(site: Site) -> None:
    await doors.closed_to_outsiders(site, "GET", _PAGE, "/categories/no-such-place")


async def test_who_may_see_but_not_read_is_told_so(site: Site, owner: RawConnection) -> None:
    await content.start(site, "nikos", title="Κρυφό θέμα")
    await content.let_stranger_see(owner, "questions")
    answer = await (await site.visitor("stranger")).get(_PAGE)
    assert answer.status == 403
    assert "Κρυφό θέμα" not in answer.text


async def test_values_no_link_of_ours_holds_are_refused(site: Site) -> None:
    maria = await site.visitor("maria")
    for query in ("sort=votes", "cursor=abc", "cursor=W10", "sort=created&cursor=W3RydWUsMSwxXQ", "cursor=a&cursor=b"):
        assert (await maria.get(f"{_PAGE}?{query}")).status == 400, query


async def test_a_category_takes_no_other_method(site: Site) -> None:
    await doors.takes_no_other_method(site, "maria", _PAGE, "POST", "DELETE")
