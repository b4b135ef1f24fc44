"""The directory of municipalities, associations and partners."""

from __future__ import annotations

import re

from tests.site import Site
from tests.web import content, doors


async def test_all_forty_stand_under_their_region_and_district_in_greek_order(site: Site) -> None:
    maria = await site.visitor("maria")
    answer = await maria.get("/municipalities")
    assert answer.status == 200
    regions = re.findall(r'<h2 id="region-([a-z-]+)">', answer.text)
    assert regions == ["north-aegean", "cyprus"]
    cyprus = answer.text[answer.text.index('id="region-cyprus"') : answer.text.index('id="associations"')]
    districts = re.findall(r"<h3[^>]*>([^<]+)</h3>", cyprus)
    assert districts == ["Αμμόχωστος", "Κερύνεια", "Λάρνακα", "Λεμεσός", "Λευκωσία", "Πάφος"]
    larnaca = cyprus[cyprus.index("Λάρνακα</h3>") : cyprus.index("Λεμεσός</h3>")]
    assert re.findall(r'href="/municipalities/[a-z-]+">Δήμος ([^<]+)</a>', larnaca) == [
        "Αθηένου",
        "Αραδίππου",
        "Δρομολαξιάς-Μενεού",
        "Λάρνακας",
        "Λευκάρων",
    ]
    assert len(re.findall(r'href="/municipalities/[a-z-]+">Δήμος ', answer.text)) == 40


async def test_displaced_municipalities_associations_and_partners_are_named_so(site: Site) -> None:
    sophie = await site.visitor("sophie")
    answer = await sophie.get("/municipalities")
    assert answer.text.count(">Displaced<") == 9
    assert "Municipality of Kyrenia" in answer.text
    assert answer.text.index('id="associations"') < answer.text.index("Union of Cyprus Municipalities</a>")
    assert answer.text.index('id="partners"') < answer.text.index("Adriatic Cities Network</a>")


async def test_the_page_of_one_has_its_facts_members_and_topics(site: Site) -> None:
    started = await content.start(site, "nikos", title="Από τη Μυτιλήνη")
    maria = await site.visitor("maria")
    answer = await maria.get("/municipalities/mytilene")
    assert answer.status == 200
    assert "<h1>Δήμος Μυτιλήνης</h1>" in answer.text
    assert "Βόρειο Αιγαίο" in answer.text
    assert "2011" in answer.text
    assert f'href="/members/{site.cast.nikos.member_id}">Νίκος Καραντώνης</a>' in answer.text
    assert f'href="/topics/{started.topic_id}/{started.slug}"' in answer.text
    assert (await maria.get("/municipalities/union-of-cyprus-municipalities")).status == 200


async def test_topics_show_only_to_who_may_read_them(site: Site) -> None:
    await content.start(site, "nikos", title="Από τη Μυτιλήνη")
    stranger = await site.visitor("stranger")
    answer = await stranger.get("/municipalities/mytilene")
    assert answer.status == 200
    assert "Από τη Μυτιλήνη" not in answer.text
    assert "/topics/" not in answer.text


async def test_what_is_no_municipality_is_not_found(site: Site) -> None:
    maria = await site.visitor("maria")
    for slug in ("atlantis", "Mytilene", "%ce%9c%cf%85%cf%84", "..%2f..%2fetc"):
        assert (await maria.get(f"/municipalities/{slug}")).status == 404, slug
    assert (await maria.get("/municipalities/mytilene?cursor=zz")).status == 400


async def test_the_directory_is_for_members(site: Site) -> None:
    for person in (None, "suspended"):
        for path in ("/municipalities", "/municipalities/larnaca", "/municipalities/atlantis"):
            answer = await (await site.visitor(person)).get(path)
            assert (answer.status, answer.location) == (303, f"/login?next={path}")
    await doors.takes_no_other_method(site, "maria", "/municipalities", "POST")
    await doors.takes_no_other_method(site, "maria", "/municipalities/larnaca", "POST", "DELETE")
