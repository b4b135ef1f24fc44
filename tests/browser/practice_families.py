"""The pages of good practices in each state, as each side of them sees it, filled with what is hard to lay out."""

from __future__ import annotations

from typing import Final

from forum.db import RawConnection
from forum.domain.topics import Started
from forum.keys import DB
from tests.browser.content import LONG_WORD, UNWIELDY
from tests.browser.family import Family
from tests.domain import practising, telling, twinning
from tests.site import Site
from tests.web.proposals import page

_STATES: Final = ("submitted", "returned", "validated")
_TOO_LONG: Final = {"note": "ό" * 1001}


async def fill(site: Site, owner: RawConnection) -> tuple[Family, ...]:
    """Have three practices of Larnaca's come to the three states, and two municipalities take the last one up."""
    db, cast = site.app[DB], site.cast
    submitted, returned, validated = [await practising.start(db, cast.maria) for _ in _STATES]
    for one in (returned, validated):
        await practising.decide(db, cast.moderator, one.topic_id, "returned", UNWIELDY)
    await practising.edit(db, cast.maria, validated.topic_id, teaser=f"Με {LONG_WORD}")
    await practising.submit(db, cast.maria, validated.topic_id)
    await practising.decide(db, cast.moderator, validated.topic_id, "validated", UNWIELDY)
    await practising.edit(db, cast.maria, validated.topic_id, teaser="Με τις συσκευές της τοπικής βιοτεχνίας.")
    adoption = await practising.adopt(db, cast.nikos, validated.topic_id, note=UNWIELDY[:1000])
    said = {"note": LONG_WORD, "outcome": UNWIELDY[:1000]}
    await practising.move(db, cast.nikos, validated.topic_id, adoption.id, "in_use", **said)
    chios = await twinning.actor(owner, "chios")
    await practising.adopt(db, chios, validated.topic_id, "stopped")
    await owner.execute("UPDATE adoptions SET asked_at = updated_at + interval '1 minute' WHERE id = $1", adoption.id)
    await telling.fan_out(db)
    validation, new = [f"/topics/{submitted.topic_id}/{form}/new" for form in ("validation", "adoptions")]
    taken = f"/topics/{validated.topic_id}/adoptions/{adoption.id}"
    return (
        *_seen(dict(zip(_STATES, (submitted, returned, validated), strict=True))),
        Family("practices to validate", "/validations", "moderator"),
        Family("validation", validation, "moderator"),
        Family("validation refused", validation, "moderator", 422, "Decide"),
        Family("taking a practice up", new, "nikos"),
        Family("taking a practice up refused", new, "nikos", 422, "Take it up", _TOO_LONG),
        Family("adoption", taken, "nikos"),
        Family("adoption refused", taken, "nikos", 422, "Save", _TOO_LONG),
        Family("adoption for others", taken),
        Family("practices of municipalities like mine", "/good-practices/like-mine"),
        Family("municipality with a practice that others use", "/municipalities/larnaca"),
        Family("municipality that takes a practice up", "/municipalities/mytilene"),
        Family("versions of a practice", f"/posts/{validated.first_post_id}/revisions"),
        Family("translation of a practice", f"/topics/{validated.topic_id}/translations/en"),
        Family("practices", "/categories/good-practices", "moderator", is_unfolded=True),
        Family("practices that are sifted", "/categories/good-practices?theme=water&state=validated", is_unfolded=True),
        Family("no practices like that", "/categories/good-practices?theme=housing&state=returned"),
        Family("validators", "/admin/categories/good-practices/validators", "administrator"),
        Family("validators of the category above", "/admin/categories/networks/validators", "administrator"),
        Family("notifications of every kind", "/notifications"),
    )


def _seen(practices: dict[str, Started]) -> list[Family]:
    """Return the page of each practice as its author, a validator and a reader see it."""
    people = {"its author": "maria", "a validator": "moderator", "a reader": "nikos"}
    return [
        Family(f"{state} practice for {who}", page(practice), person, is_unfolded=True)
        for state, practice in practices.items()
        for who, person in people.items()
    ]
