"""Those who gain access to a category are written to once, in their language; nobody who has lost it by then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from forum.config import Config
from forum.db import Database, RawConnection
from forum.domain.access import AdministerGrant
from tests.cast import Cast, email
from tests.domain.opening import PARTNER, Opener
from tests.mail.post_office import PostOffice, post_office
from tests.mail.sending import send_due


@pytest.fixture
def office() -> Iterator[tuple[PostOffice, str]]:
    with post_office() as opened:
        yield opened


@pytest.fixture
def posting(config: Config, office: tuple[PostOffice, str]) -> Config:
    return config.model_copy(update={"smtp_url": SecretStr(office[1]), "mail_from": "forum@example.org"})


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
