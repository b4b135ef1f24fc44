"""The pages of proposals that others want to take part in, and of their list, filled with what is hard to lay out."""

from __future__ import annotations

from forum.db import RawConnection
from forum.keys import DB
from tests.browser.content import LONG_WORD, UNWIELDY
from tests.browser.family import Family
from tests.domain import proposing
from tests.site import Site
from tests.web import proposals

_TOO_LONG = "ό" * 2000


async def fill(site: Site, owner: RawConnection) -> tuple[Family, ...]:
    """Make five proposals that Larnaca leads or that suit it: with answers, without, closed, funded, closing soon."""
    db, cast = site.app[DB], site.cast
    made = await proposals.propose(site, partners_min=6, countries_min=3, requirements=UNWIELDY)
    told = {"note": UNWIELDY[:1000], "contact": "nero@mytilene.example"}
    accepted = await proposing.express(db, cast.moderator, made.topic_id, **told)
    await proposing.decide(db, cast.maria, made.topic_id, accepted, "accepted", UNWIELDY[:500])
    waiting = await proposing.express(db, cast.nikos, made.topic_id, **told)
    leaving = f"/topics/{made.topic_id}/interests/{accepted}/withdrawal"
    empty = await proposals.propose(site)
    closed = await proposals.propose(site, title=f"Έκλεισε {LONG_WORD}"[:150])
    await proposing.close(owner, closed.topic_id, seconds=-3600)
    funded = await proposals.propose(site, title="Έξυπνα λιμάνια")
    await proposing.move(
        db, cast.maria, funded.topic_id, "consortium_complete", "submitted", "funded", note=UNWIELDY[:300]
    )
    soon = await proposals.propose(
        site, title=LONG_WORD[:150], lead="mytilene", themes=["water"], programme=LONG_WORD[:100]
    )
    await proposing.close(owner, soon.topic_id, seconds=200_000)
    await proposals.propose(site, title="Κοινό δίκτυο", lead="mytilene", themes=["water", "tourism"])
    path, new = f"/topics/{made.topic_id}", f"/topics/{empty.topic_id}/interests/new"
    change, answer = f"{path}/interests/{waiting}/edit", f"{path}/interests/{waiting}/decision/new"
    listed = "/categories/proposals"
    return (
        Family("proposal of the lead", proposals.page(made)),
        Family("proposal of an organisation that waits", proposals.page(made), "nikos"),
        Family("proposal that nobody has joined", proposals.page(empty)),
        Family("proposal that has closed", proposals.page(closed), "nikos"),
        Family("proposal that is funded", proposals.page(funded)),
        Family("expressing interest", new, "nikos"),
        Family("expressing interest refused", new, "nikos", 422, "Express interest"),
        Family("changing an expression of interest", change, "nikos"),
        Family("withdrawing from a proposal", f"{leaving}/new", "moderator"),
        Family("withdrawing from a proposal refused", f"{leaving}/new", "moderator", 422, "Withdraw"),
        Family("change of an expression of interest refused", change, "nikos", 422, "Save", {"contact": ""}),
        Family("answering an expression of interest", answer),
        Family("answer to an expression of interest refused", answer, "maria", 422, "Accept", {"answer": _TOO_LONG}),
        Family("changing the state", f"{path}/state/new"),
        Family(
            "change of the state refused", f"{path}/state/new", "maria", 422, "Change the state", {"note": _TOO_LONG}
        ),
        Family("a practice of what was not carried out", f"{path}/practice/new", status=403),
        Family("a practice of what was carried out", f"/topics/{funded.topic_id}/practice/new"),
        Family("the table of no proposal", "/topics/999999999/consortium.csv", status=404),
        Family("proposals by deadline", listed),
        Family("proposals with filters open", listed, "nikos", is_unfolded=True),
        Family("proposals by their last activity", f"{listed}?sort=activity"),
        Family("closed proposals", f"{listed}?deadline=closed"),
        Family(
            "proposals that are sifted",
            f"{listed}?theme=water&state=open&programme={LONG_WORD[:100]}",
            is_unfolded=True,
        ),
        Family("no proposals like that", f"{listed}?theme=housing&programme={LONG_WORD[:100]}", is_unfolded=True),
        Family("home with what closes and what fits", "/"),
    )
