"""Those who gain access to a category are written to once, in their language; nobody who has lost it by then."""

from __future__ import annotations

import pytest

from forum.config import Config
from forum.db import Database, RawConnection
from forum.domain import opening_reviews
from forum.domain.access import AdministerGrant
from forum.domain.entities import OpeningId
from forum.worker import JOBS
from tests.cast import Cast, email
from tests.domain.opening import PARTNER, Opener
from tests.mail.post_office import PostOffice
from tests.mail.sending import send_due


@pytest.mark.parametrize(
    ("stage", "said"), [("readers", "You can read there."), ("participants", "start topics of your own")]
)
async def test_the_letter_says_what_may_be_done_there(
    db: Database,
    owner: RawConnection,
    cast: Cast,
    office: tuple[PostOffice, str],
    posting: Config,
    stage: str,
    said: str,
) -> None:
    opener = Opener(db, owner, AdministerGrant(cast.administrator))
    await opener.open(PARTNER, stage, tells=True)
    assert await opener.settle() == 1
    assert await send_due(db, posting) == 1
    (letter,) = office[0].to(email("stranger"))
    assert letter.subject == "“Questions and discussion” is open to you"
    assert said in letter.text
    assert "/categories/questions" in letter.html


async def test_who_has_lost_it_again_by_then_gets_none(
    db: Database, owner: RawConnection, cast: Cast, office: tuple[PostOffice, str], posting: Config
) -> None:
    opener = Opener(db, owner, AdministerGrant(cast.administrator))
    opening = await opener.open(PARTNER, "readers", tells=True)
    await opener.settle()
    await opener.undo(opening)
    await send_due(db, posting)
    assert office[0].letters == []
    assert await owner.fetchval("SELECT outcome FROM mails") == "dropped"


async def test_every_administrator_is_reminded_of_a_review_and_led_to_its_figures(
    db: Database, owner: RawConnection, cast: Cast, office: tuple[PostOffice, str], posting: Config
) -> None:
    opening = await _due(db, owner, cast)
    await owner.execute("UPDATE members SET language = 'en' WHERE id = $1", cast.administrator.member_id)
    await _see_to_openings(db, posting)
    await _see_to_openings(db, posting)
    assert await send_due(db, posting) == 1
    (letter,) = office[0].to(email("administrator"))
    assert letter.subject == "To review: “Questions and discussion” for Adriatic Cities Network"
    assert "widen the access, keep it or close it" in letter.text
    assert f"/admin/openings/{opening}" in letter.html


async def test_no_letter_reminds_of_what_was_decided_or_whom_it_does_not_concern_any_more(
    db: Database, owner: RawConnection, cast: Cast, office: tuple[PostOffice, str], posting: Config
) -> None:
    opening = await _due(db, owner, cast)
    await _see_to_openings(db, posting)
    async with db.write() as tx:
        await opening_reviews.keep(tx, AdministerGrant(cast.administrator), opening, None)
    await send_due(db, posting)
    await owner.execute("UPDATE openings SET review_at = now() - interval '1 minute'")
    await _see_to_openings(db, posting)
    await owner.execute("DELETE FROM group_members WHERE member_id = $1", cast.administrator.member_id)
    await send_due(db, posting)
    assert office[0].letters == []
    assert [row[0] for row in await owner.fetch("SELECT outcome FROM mails")] == ["dropped", "dropped"]


async def _due(db: Database, owner: RawConnection, cast: Cast) -> OpeningId:
    """Open a category to the partner, and let the day come on which it is to be reviewed."""
    opening = await Opener(db, owner, AdministerGrant(cast.administrator)).open(PARTNER, "readers")
    await owner.execute("UPDATE openings SET review_at = now() - interval '1 minute'")
    return opening


async def _see_to_openings(db: Database, config: Config) -> None:
    """Do what a worker does each minute."""
    (job,) = (job for job in JOBS if job.name == "openings")
    await job.run(db, config)
