"""Letters about expressions of interest: to the two sides alone, as their rights are when the letter is written."""

from __future__ import annotations

from forum.config import Config
from forum.db import Database, RawConnection
from forum.domain import notification_mails, notification_settings
from forum.domain.entities import Frequency, InterestId, NotificationKind, TopicId
from forum.domain.interests import Decided
from forum.notifying import Notifying
from tests import cast as people
from tests.cast import Cast
from tests.domain import proposing
from tests.mail.post_office import PostOffice
from tests.mail.sending import let_pass, send_due


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


async def test_the_lead_is_written_to_of_who_withdraws_and_why(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    interest_id = await proposing.express(db, cast.nikos, made.topic_id)
    await proposing.decide(db, cast.maria, made.topic_id, interest_id, "accepted")
    await owner.execute("DELETE FROM notifications")
    await proposing.leave(db, cast.nikos, made.topic_id, interest_id, "Δεν έχουμε προσωπικό")
    await _send(db, owner, posting)
    (to_author,) = office[0].to(people.email("sophie"))
    assert "Municipality of Mytilene withdraws from the proposal" in " ".join(to_author.text.split())
    (to_lead,) = office[0].to(people.email("maria"))
    assert "Δεν έχουμε προσωπικό" in to_lead.text


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


async def _expressed(db: Database, cast: Cast, frequency: Frequency) -> tuple[TopicId, InterestId]:
    """Have nikos express interest in a proposal that maria leads, and be written to so often."""
    made = await proposing.propose(db, cast.sophie, lead="larnaca")
    async with db.write() as tx:
        await notification_settings.choose(tx, cast.nikos.member_id, {NotificationKind.INTEREST: frequency})
    return made.topic_id, await proposing.express(db, cast.nikos, made.topic_id)


async def test_answered_again_and_again_it_is_told_in_one_letter_an_hour_and_as_it_stands_at_last(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    topic_id, interest_id = await _expressed(db, cast, "immediately")
    for number in range(18):
        decision: Decided = "reserved" if number % 2 else "accepted"
        await proposing.decide(db, cast.maria, topic_id, interest_id, decision, f"Απάντηση {number}")
        if number == 9:
            await owner.execute("UPDATE notifications SET read_at = now(), mail_due_at = NULL")
        await let_pass(db, owner, posting, 3)
    (first,) = office[0].to(people.email("nikos"))
    assert "Απάντηση 0" in first.text
    await let_pass(db, owner, posting, 4)
    assert len(office[0].to(people.email("nikos"))) == 1, "58 minutes since the first was told"
    await let_pass(db, owner, posting, 6)
    _, last = office[0].to(people.email("nikos"))
    assert "Απάντηση 17" in last.text
    await let_pass(db, owner, posting, 120)
    assert len(office[0].to(people.email("nikos"))) == 2
    await proposing.decide(db, cast.maria, topic_id, interest_id, "declined")
    await let_pass(db, owner, posting, 2)
    assert len(office[0].to(people.email("nikos"))) == 3, "what is told after more than an hour is told as ever"


async def test_what_is_told_without_a_pause_is_told_nevertheless(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    topic_id, interest_id = await _expressed(db, cast, "immediately")
    for number in range(4):
        decision: Decided = "reserved" if number % 2 else "accepted"
        await proposing.decide(db, cast.maria, topic_id, interest_id, decision)
        await let_pass(db, owner, posting, 1)
    assert len(office[0].to(people.email("nikos"))) == 1


async def test_who_wants_no_letters_any_more_gets_none_of_what_waits_for_the_hour(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    topic_id, interest_id = await _expressed(db, cast, "daily")
    await proposing.decide(db, cast.maria, topic_id, interest_id, "accepted")
    await _send(db, owner, posting)
    await proposing.decide(db, cast.maria, topic_id, interest_id, "reserved")
    async with db.write() as tx:
        await notification_settings.choose(tx, cast.nikos.member_id, {NotificationKind.INTEREST: "never"})
        await notification_mails.reschedule(tx, cast.nikos.member_id)
    await proposing.decide(db, cast.maria, topic_id, interest_id, "declined")
    await let_pass(db, owner, posting, 3000)
    assert len(office[0].to(people.email("nikos"))) == 1
