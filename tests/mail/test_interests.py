"""Letters about expressions of interest: to the two sides alone, as their rights are when the letter is written."""

from __future__ import annotations

from forum.config import Config
from forum.db import Database, RawConnection
from forum.notifying import Notifying
from tests import cast as people
from tests.cast import Cast
from tests.domain import proposing
from tests.mail.post_office import PostOffice
from tests.mail.sending import send_due


async def _send(db: Database, owner: RawConnection, config: Config) -> None:
    await owner.execute("UPDATE notifications SET mail_due_at = now() WHERE mail_due_at IS NOT NULL")
    await Notifying(db).gather_some()
    await send_due(db, config)


async def test_each_side_is_written_to_in_its_own_language(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    interest_id = await proposing.express(db, cast.nikos, made.topic_id, note="Έχουμε <b>μετρητές</b>")
    await _send(db, owner, posting)
    (to_author,) = office[0].to(people.email("sophie"))
    assert "Municipality of Mytilene expresses interest" in " ".join(to_author.text.split())
    assert "Έχουμε <b>μετρητές</b>" in to_author.text
    assert "<b>" not in to_author.html
    assert f"https://forum.example.org/topics/{made.topic_id}#partners" in to_author.text
    (to_lead,) = office[0].to(people.email("maria"))
    assert "Δήμος Μυτιλήνης εκδηλώνει ενδιαφέρον" in " ".join(to_lead.text.split())
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "accepted", "Καλώς ήρθατε")
    await _send(db, owner, posting)
    (to_organisation,) = office[0].to(people.email("nikos"))
    assert "Καλώς ήρθατε" in to_organisation.text
    assert len(office[0].to(people.email("maria"))) == 1
    assert office[0].to(people.email("moderator")) == []


async def test_nothing_is_told_to_who_is_no_party_when_the_letter_is_written(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    await proposing.pass_on(owner, cast.maria, cast.suspended)
    await _send(db, owner, posting)
    assert office[0].to(people.email("maria")) == []
    assert len(office[0].to(people.email("sophie"))) == 1
    await owner.execute("DELETE FROM notifications")
    await proposing.withdraw(db, cast.nikos, made.topic_id, interest_id)
    await proposing.express(db, cast.nikos, made.topic_id)
    await proposing.withdraw(db, cast.nikos, made.topic_id, interest_id)
    await _send(db, owner, posting)
    assert len(office[0].to(people.email("sophie"))) == 1, "what was withdrawn is not told"
