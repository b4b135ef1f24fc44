"""Marking as read by hand: everything, or one category."""

from __future__ import annotations

from tests.site import Site
from tests.web import content, doors

_NEW = "?unread=1"


async def test_everything_is_read_after_the_button_on_the_home_page(site: Site) -> None:
    await content.start(site, "nikos")
    await content.start(site, "nikos", "good-practices")
    maria = await site.visitor("maria")
    assert (await maria.get("/")).text.count(_NEW) == 2
    answer = await maria.submit("/read")
    assert (answer.status, answer.location) == (303, "/")
    home = await maria.follow(answer)
    assert _NEW not in home.text
    assert 'role="status"' in home.text


async def test_marking_everything_concerns_nobody_else(site: Site) -> None:
    await content.start(site, "nikos")
    maria, sophie = await site.visitor("maria"), await site.visitor("sophie")
    await maria.submit("/read")
    assert _NEW in (await sophie.get("/")).text


async def test_a_reply_after_the_marking_is_new_again(site: Site) -> None:
    started = await content.start(site, "nikos")
    maria = await site.visitor("maria")
    await maria.submit("/read")
    await content.reply(site, "nikos", started.topic_id)
    assert _NEW in (await maria.get("/")).text


async def test_one_category_is_marked_alone(site: Site) -> None:
    await content.start(site, "nikos")
    await content.start(site, "nikos", "good-practices")
    maria = await site.visitor("maria")
    answer = await maria.submit("/categories/questions/read")
    assert (answer.status, answer.location) == (303, "/categories/questions")
    assert _NEW not in (await maria.follow(answer)).text
    assert _NEW in (await maria.get("/categories/good-practices")).text


async def test_a_category_is_closed_to_outsiders(site: Site) -> None:
    await doors.closed_to_outsiders(site, "POST", "/categories/questions/read", "/categories/no-such-place/read")


async def test_a_guest_cannot_mark_everything(site: Site) -> None:
    for person, way in ((None, "/login"), ("suspended", "/login?ended=1")):
        answer = await (await site.visitor(person)).request("POST", "/read")
        assert (answer.status, answer.location) == (303, way)


async def test_the_token_is_asked_for(site: Site) -> None:
    await content.start(site, "nikos")
    await doors.asks_for_the_token(site, "maria", "/read")
    await doors.asks_for_the_token(site, "maria", "/categories/questions/read")
    assert _NEW in (await (await site.visitor("maria")).get("/")).text


async def test_only_a_form_marks(site: Site) -> None:
    await doors.takes_no_other_method(site, "maria", "/read", "GET", "PUT")
    await doors.takes_no_other_method(site, "maria", "/categories/questions/read", "GET", "DELETE")
