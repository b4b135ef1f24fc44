"""The network of twins: what is signed or told, each pair once, and nothing of what only the two know."""

from __future__ import annotations

from datetime import date

import pytest

from forum.db import RawConnection
from forum.domain.twinned import Stage
from forum.domain.twinnings import Course
from forum.keys import DB
from tests.domain import twinning
from tests.site import Site

_TELL = """
INSERT INTO twins (organisation_id, partner_id, town, country, since_year, state)
SELECT organisations.id, (SELECT partners.id FROM organisations AS partners WHERE partners.slug = $2), $3, $4, 1999, $5
FROM organisations WHERE organisations.slug = $1
"""


async def _twin(site: Site, owner: RawConnection, state: Stage) -> None:
    """Have maria's municipality and that of nikos come as far as that."""
    db, cast = site.app[DB], site.cast
    made = await twinning.invite(db, owner, by=cast.maria, to="mytilene")
    await twinning.accept(db, cast.nikos, made.twinning_id)
    day = date(2027, 3, 12)
    course = Course(
        state=state,
        from_decision_number="1",
        from_decided_on=day,
        to_decision_number="2",
        to_decided_on=day,
        signed_on=day,
    )
    await twinning.change(db, cast.nikos, made.twinning_id, course)


@pytest.mark.parametrize("state", ["signed", "active", "dormant"])
async def test_a_signed_twinning_is_a_line_and_a_row(site: Site, owner: RawConnection, state: Stage) -> None:
    await _twin(site, owner, state)
    page = await (await site.visitor("stranger")).get("/twinnings/network")
    assert page.status == 200
    assert page.text.count(f'<path class="n-line n-{state}" d="M2 8H34"/>') == 1, "the key"
    assert page.text.count(f'<path class="n-line n-{state}"') == 2
    assert 'role="img"' in page.text
    assert 'href="/municipalities/larnaca"' in page.text
    assert 'href="/municipalities/mytilene"' in page.text
    assert "2027" in page.text


@pytest.mark.parametrize("state", ["in_contact", "letter_of_intent", "council_decisions", "ended"])
async def test_what_is_not_signed_or_is_over_is_in_nobodys_network(
    site: Site, owner: RawConnection, state: Stage
) -> None:
    await _twin(site, owner, state)
    for person in ("stranger", "maria", "administrator"):
        page = await (await site.visitor(person)).get("/twinnings/network")
        assert '<svg class="network-chart"' not in page.text
        assert 'href="/municipalities/mytilene"' not in page.text


async def test_what_is_told_stands_beside_it_each_pair_once(site: Site, owner: RawConnection) -> None:
    await _twin(site, owner, "active")
    for told in (
        ("larnaca", "mytilene", None, None, "dormant"),
        ("mytilene", "larnaca", None, None, "active"),
        ("chios", "paphos", None, None, "active"),
        ("paphos", "chios", None, None, "dormant"),
        ("chios", None, "Lyon", "FR", "active"),
        ("chios", None, "Metz", "FR", "ended"),
    ):
        await owner.execute(_TELL, *told)
    page = await (await site.visitor("stranger")).get("/twinnings/network")
    assert page.text.count('<tr>\n<th scope="row">') == 3
    assert "Lyon" in page.text
    assert "Metz" not in page.text
    assert page.text.count('<rect class="n-place"') == 4, "a town outside has no tessera"


async def test_a_network_without_twins_says_so(site: Site) -> None:
    page = await (await site.visitor("stranger")).get("/twinnings/network")
    assert "No municipality has a twin on its page yet." in page.text
