"""The page of twinnings: who seeks whom, filters, and suggestions that name what matches."""

from __future__ import annotations

import re

import pytest

from forum.db import RawConnection
from tests.site import Answer, Site

_PROFILES = """
INSERT INTO profiles (organisation_id, settings, languages, themes, is_seeking, seeks_countries, seeks_population_from,
    seeks_themes, updated_by_id)
SELECT organisations.id, $2, $3, $4, $5, $6, $7, $8, (SELECT min(members.id) FROM members)
FROM organisations WHERE organisations.slug = $1
"""


@pytest.fixture
async def network(site: Site, owner: RawConnection) -> Site:
    """Return the site with three municipalities that say what they are like; all but Larnaca seek."""
    await owner.execute("UPDATE organisations SET population = 51000, population_year = 2021 WHERE slug = 'larnaca'")
    await owner.execute("UPDATE organisations SET population = 59000, population_year = 2021 WHERE slug = 'mytilene'")
    people: tuple[tuple[object, ...], ...] = (
        ("larnaca", ["coast"], ["el", "en"], ["water"], False, [], None, []),
        ("mytilene", ["island", "coast"], ["el"], ["tourism"], True, ["CY"], 40000, ["water"]),
        ("chios", ["island"], ["el"], [], True, ["FR"], None, []),
    )
    for values in people:
        await owner.execute(_PROFILES, *values)
    return site


def _names(page: Answer, section: str) -> list[str]:
    text = page.text.partition(f'id="{section}"')[2].partition("</section>")[0]
    return re.findall(r'<h3><a href="/municipalities/([a-z-]+)"', text)


async def test_who_seeks_is_listed_with_what_they_seek(network: Site) -> None:
    page = await (await network.visitor("sophie")).get("/twinnings")
    assert _names(page, "seeking") == ["chios", "mytilene"]
    assert "Cyprus · 40,000 inhabitants or more · Water" in page.text
    assert 'id="suggestions"' not in page.text, "who belongs to no municipality seeks for none"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("setting=coast", ["mytilene"]),
        ("theme=water", ["mytilene"]),
        ("theme=tourism", ["mytilene"]),
        ("language=el", ["chios", "mytilene"]),
        ("language=en", []),
        ("country=GR&setting=island", ["chios", "mytilene"]),
        ("country=CY", []),
        ("size=largest", ["chios", "mytilene"]),
        ("size=small", []),
        ("setting=nonsense&size=nonsense", []),
    ],
)
async def test_the_list_is_narrowed_down(network: Site, query: str, found: list[str]) -> None:
    page = await (await network.visitor("sophie")).get(f"/twinnings?{query}")
    assert page.status == 200
    assert _names(page, "seeking") == found


async def test_a_suggestion_says_which_fields_match(network: Site, owner: RawConnection) -> None:
    await owner.execute("UPDATE members SET language = 'en' WHERE id = $1", network.cast.maria.member_id)
    page = await (await network.visitor("maria")).get("/twinnings")
    assert _names(page, "suggestions") == ["mytilene"], "Chios seeks in France alone"
    for words in (
        "You work on what they seek: Water",
        "Both: On the coast",
        "They seek in your country: Cyprus",
        "Your population is within what they seek",
        "Languages in common: Greek",
    ):
        assert words in page.text, words


async def test_who_has_no_profile_is_led_to_it(site: Site) -> None:
    page = await (await site.visitor("nikos")).get("/twinnings")
    assert _names(page, "suggestions") == []
    assert "/municipalities/mytilene/profile" in page.text


async def test_a_closed_municipality_seeks_no_more(network: Site, owner: RawConnection) -> None:
    await owner.execute("UPDATE organisations SET closed_at = now() WHERE slug = 'chios'")
    page = await (await network.visitor("sophie")).get("/twinnings")
    assert _names(page, "seeking") == ["mytilene"]
