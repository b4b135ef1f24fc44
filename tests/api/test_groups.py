"""Free groups by programs: an administrator's makes them once a key and says who is in them."""

from __future__ import annotations

import pytest

from tests.api.arrange import faulty, problem
from tests.site import Site

PATH = "/api/v1/groups"


async def test_a_group_is_made_shown_and_changed(site: Site) -> None:
    program, cast = await site.program("administrator"), site.cast
    sent = {"name": "Νερό", "name_en": "Water", "members": [cast.maria.member_id]}
    answers = [await program.post(PATH, json=sent, headers={"Idempotency-Key": "water"}) for _ in "12"]
    made = answers[0]
    assert made.status == 201, made.text
    assert answers[1].json == made.json
    assert (made.json["slug"], made.json["members"]) == ("water", [cast.maria.member_id])
    assert made.headers["Location"].endswith(f"{PATH}/water")
    assert (await program.get(f"{PATH}/water")).json == made.json
    changed = await program.patch(f"{PATH}/water", json={"name": "Ύδρευση", "members": [cast.nikos.member_id]})
    assert changed.json == {
        **made.json, "name": "Ύδρευση", "name_el": "Ύδρευση", "members": [cast.nikos.member_id],
    }  # fmt: skip
    assert (await program.patch(f"{PATH}/water", json={})).json == changed.json


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"name": " "}, "name"), ({"members": [999999]}, "members.0"), ({"slug": "moderators"}, "slug")],
)
async def test_a_group_that_will_not_do_is_refused_by_its_field(
    site: Site, changed: dict[str, object], field: str
) -> None:
    program = await site.program("administrator")
    assert faulty(await program.post(PATH, json={"name": "Νερό", **changed})) == {field}


async def test_groups_are_the_administrators_and_those_of_places_are_nobodys(site: Site) -> None:
    program, maria = await site.program("administrator"), await site.program("maria")
    problem(await maria.post(PATH, json={"name": "Νερό"}), 403)
    problem(await maria.get(f"{PATH}/region-cyprus"), 403)
    for slug in ("region-cyprus", "moderators", "nothing"):
        problem(await program.get(f"{PATH}/{slug}"), 404)
        problem(await program.patch(f"{PATH}/{slug}", json={"members": []}), 404)
