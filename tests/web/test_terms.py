"""The terms of use: shown again to whoever accepted an earlier version, before all else."""

from __future__ import annotations

from forum.db import RawConnection
from tests.site import Site


async def _change_terms(owner: RawConnection) -> None:
    """Have everybody stand at a version before the one that holds."""
    await owner.execute("UPDATE members SET informed_version = 0")


async def test_who_accepted_an_earlier_version_reads_the_new_one_first(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    assert (await visitor.get("/settings")).status == 200, "the premise: nothing is owed"
    await _change_terms(owner)
    for path in ("/", "/settings", "/categories/questions"):
        answer = await visitor.get(path)
        assert (answer.status, answer.location) == (303, "/terms/accept"), path
    for path in ("/terms/accept", "/terms", "/privacy", "/help", "/feedback"):
        assert (await visitor.get(path)).status == 200, path
    await visitor.get("/terms/accept")
    refused = await visitor.submit("/terms/accept", {})
    assert (refused.status, 'id="accepted-error"' in refused.text) == (422, True)
    accepted = await visitor.submit("/terms/accept", {"accepted": "on"})
    assert (accepted.status, accepted.location) == (303, "/")
    assert (await visitor.follow(accepted)).status == 200
    stored = "SELECT version FROM acceptances WHERE member_id = $1"
    assert await owner.fetchval(stored, site.cast.maria.member_id) == 1


async def test_words_that_were_just_sent_are_kept_as_a_draft(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    page = await visitor.get("/categories/questions/new")
    await _change_terms(owner)
    sent = {"title": "Νερό", "body": "Όλο το κείμενο", "writer": page.hidden("writer")}
    answer = await visitor.submit("/categories/questions/new", sent)
    assert answer.location == "/terms/accept"
    assert await owner.fetchval("SELECT body FROM drafts") == "Όλο το κείμενο"


async def test_a_program_goes_on(site: Site, owner: RawConnection) -> None:
    program = await site.program("maria")
    await _change_terms(owner)
    assert (await program.get("/api/v1/me")).status == 200


async def test_one_may_always_sign_out(site: Site, owner: RawConnection) -> None:
    visitor = await site.visitor("maria")
    await _change_terms(owner)
    await visitor.get("/terms/accept")
    assert (await visitor.submit("/logout")).location == "/login"
