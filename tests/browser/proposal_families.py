"""The pages of a proposal that others want to take part in, filled with what is hard to lay out."""

from __future__ import annotations

from forum.keys import DB
from tests.browser.content import UNWIELDY
from tests.browser.family import Family
from tests.domain import proposing
from tests.site import Site
from tests.web import proposals


async def fill(site: Site) -> tuple[Family, ...]:
    """Make two proposals that Larnaca leads: one with an answer and one that waits, one that nobody has joined."""
    db, cast = site.app[DB], site.cast
    made = await proposals.propose(site, partners_min=6, countries_min=3, requirements=UNWIELDY)
    told = {"note": UNWIELDY[:1000], "contact": "nero@mytilene.example"}
    accepted = await proposing.express(db, cast.moderator, made.topic_id, **told)
    await proposing.decide(db, cast.maria, made.topic_id, accepted, "accepted", UNWIELDY[:500])
    waiting = await proposing.express(db, cast.nikos, made.topic_id, **told)
    empty = await proposals.propose(site)
    path, new = f"/topics/{made.topic_id}", f"/topics/{empty.topic_id}/interests/new"
    return (
        Family("proposal of the lead", proposals.page(made)),
        Family("proposal of an organisation that waits", proposals.page(made), "nikos"),
        Family("proposal that nobody has joined", proposals.page(empty)),
        Family("expressing interest", new, "nikos"),
        Family("expressing interest refused", new, "nikos", 422, "Express interest"),
        Family("changing an expression of interest", f"{path}/interests/{waiting}/edit", "nikos"),
        Family("answering an expression of interest", f"{path}/interests/{waiting}/decision/new"),
        Family("changing the state", f"{path}/state/new"),
        Family("a practice of what was not carried out", f"{path}/practice/new", status=403),
        Family("the table of no proposal", "/topics/999999999/consortium.csv", status=404),
    )
