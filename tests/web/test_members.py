"""The people of the forum, and what they wrote as far as the reader may read it."""

from __future__ import annotations

import re
from urllib.parse import quote

from forum.db import RawConnection
from tests.cast import email
from tests.site import Site
from tests.web import content, doors


def _names(text: str) -> list[str]:
    return re.findall(r'<p><a href="/members/\d+">([^<]+)</a>', text)


async def test_everybody_is_listed_by_name(site: Site) -> None:
    answer = await (await site.visitor("maria")).get("/members")
    assert answer.status == 200
    assert _names(answer.text) == [
        "Jean Dupont",
        "Sophie Maertens",
        "Ανδρέας Κυπριανού",
        "Μαρία Χατζηγιάννη",
        "Νίκος Καραντώνης",
        "Στέλιος Βουρνάζος",
        "Χριστίνα Ιωάννου",
    ]
    assert "Δήμος Λάρνακας" in answer.text


async def test_a_name_is_found_by_a_part_of_it_without_accents(site: Site) -> None:
    maria = await site.visitor("maria")
    assert _names((await maria.get(f"/members?q={quote('καραντωνης')}")).text) == ["Νίκος Καραντώνης"]
    assert _names((await maria.get("/members?q=%25")).text) == []
    nobody = await maria.get(f"/members?q={quote('Ουδείς')}")
    assert nobody.status == 200
    assert 'class="empty"' in nobody.text
    assert 'value="Ουδείς"' in nobody.text


async def test_more_than_a_page_is_led_on_to(site: Site, owner: RawConnection) -> None:
    await owner.execute(
        "INSERT INTO members (name, email, organisation_id, password_hash)"
        " SELECT 'Μέλος ' || lpad(number::text, 3, '0'), 'm' || number || '@x.example',"
        " (SELECT id FROM organisations WHERE slug = 'chios'), 'x' FROM generate_series(1, 60) AS number"
    )
    maria = await site.visitor("maria")
    seen: list[str] = []
    path = f"/members?q={quote('Μέλος')}"
    for _ in range(2):
        answer = await maria.get(path)
        seen += _names(answer.text)
        more = re.search(r'href="([^"]+)" rel="next"', answer.text)
        path = more[1].replace("&amp;", "&") if more else ""
    assert path == ""
    assert seen == [f"Μέλος {number:03}" for number in range(1, 61)]
    chios = await maria.get("/municipalities/chios")
    assert len(_names(chios.text)) == 50
    more = re.search(r'href="([^"]+)" rel="next"', chios.text)
    assert more
    assert len(_names((await maria.get(more[1])).text)) == 10


async def test_too_long_or_hostile_names_are_refused(site: Site) -> None:
    maria = await site.visitor("maria")
    answer = await maria.get(f"/members?q={'a' * 101}")
    assert answer.status == 422
    assert "a" * 101 in answer.text
    for query in ("q=%00", "q=a&q=b", "cursor=zz", "cursor=W10"):
        assert (await maria.get(f"/members?{query}")).status == 400, query


async def test_the_page_of_one_says_who_they_are_and_not_their_address(site: Site) -> None:
    nikos = site.cast.nikos
    answer = await (await site.visitor("maria")).get(f"/members/{nikos.member_id}")
    assert answer.status == 200
    assert "<h1>Νίκος Καραντώνης</h1>" in answer.text
    assert 'href="/municipalities/mytilene"' in answer.text
    assert email("nikos") not in answer.text
    assert 'class="empty"' in answer.text


async def test_ones_own_page_leads_to_the_settings(site: Site) -> None:
    maria = await site.visitor("maria")
    main = (await maria.get(f"/members/{site.cast.maria.member_id}")).text.split("<main")[1]
    assert 'href="/settings"' in main
    main = (await maria.get(f"/members/{site.cast.nikos.member_id}")).text.split("<main")[1]
    assert 'href="/settings"' not in main


async def test_posts_show_only_to_who_may_read_them(site: Site) -> None:
    started = await content.start(site, "nikos", title="Για μέλη", body="Κείμενο **για** μέλη")
    path = f"/members/{site.cast.nikos.member_id}"
    maria, stranger = await site.visitor("maria"), await site.visitor("stranger")
    text = (await maria.get(path)).text
    assert f'<a href="/posts/{started.first_post_id}">Για μέλη</a>' in text
    assert "Κείμενο για μέλη" in text
    hidden = await stranger.get(path)
    assert hidden.status == 200
    assert "Για μέλη" not in hidden.text
    assert "/posts/" not in hidden.text


async def test_deleted_posts_do_not_show(site: Site) -> None:
    started = await content.start(site, "maria")
    made = await content.reply(site, "nikos", started.topic_id, "Σβησμένο")
    path = f"/members/{site.cast.nikos.member_id}"
    assert "Σβησμένο" in (await (await site.visitor("maria")).get(path)).text
    await content.delete_post(site, "nikos", made.id)
    for person in ("maria", "nikos", "moderator"):
        assert "Σβησμένο" not in (await (await site.visitor(person)).get(path)).text


async def test_twenty_posts_stand_on_a_page(site: Site) -> None:
    started = await content.start(site, "nikos")
    for number in range(20):
        await content.reply(site, "nikos", started.topic_id, f"Αριθμός {number}.")
    maria = await site.visitor("maria")
    first = await maria.get(f"/members/{site.cast.nikos.member_id}")
    assert len(re.findall(r'<h3><a href="/posts/', first.text)) == 20
    more = re.search(r'href="([^"]+)" rel="next"', first.text)
    assert more
    assert len(re.findall(r'<h3><a href="/posts/', (await maria.get(more[1])).text)) == 1


async def test_what_is_no_member_is_not_found(site: Site) -> None:
    maria = await site.visitor("maria")
    assert (await maria.get(f"/members/{doors.ABSENT}")).status == 404
    for value in ("abc", "0", "99999999999999999999"):
        assert (await maria.get(f"/members/{value}")).status == 400, value
    assert (await maria.get(f"/members/{site.cast.nikos.member_id}?cursor=zz")).status == 400


async def test_people_are_for_members(site: Site) -> None:
    for person in (None, "suspended"):
        for path in ("/members", f"/members/{site.cast.maria.member_id}", f"/members/{doors.ABSENT}"):
            answer = await (await site.visitor(person)).get(path)
            assert (answer.status, answer.location) == (303, f"/login?next={path}")
    await doors.takes_no_other_method(site, "maria", "/members", "POST")
    await doors.takes_no_other_method(site, "maria", "/members/1", "POST", "DELETE")
