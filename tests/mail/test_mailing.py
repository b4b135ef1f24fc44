"""Mail leaves once, whatever the server does: taken, put off, refused, stopped, or sent by two at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from pydantic import SecretStr

from forum.config import Config
from forum.db import Database, RawConnection
from forum.domain import mails
from forum.domain.entities import MailKind
from forum.mailer import Mailer
from forum.mailing import Mailing
from tests.cast import Cast
from tests.cast import email as address_of
from tests.mail.post_office import PostOffice, free_port, post_office
from tests.mail.sending import SECRET, send_due

MARIA = address_of("maria")


async def _enter(db: Database, cast: Cast, count: int = 1) -> None:
    async with db.write() as tx:
        for _ in range(count):
            await mails.enter(tx, MailKind.PASSWORD_CHANGED, to=cast.maria.member_id)


async def _make_due(owner: RawConnection) -> None:
    await owner.execute("UPDATE mails SET due_at = now() WHERE due_at IS NOT NULL")


async def test_a_mail_arrives_in_the_members_language_with_both_parts(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    await _enter(db, cast)
    assert await send_due(db, posting) == 1
    (letter,) = office[0].to(MARIA)
    assert letter.subject == "Ο κωδικός πρόσβασής σας άλλαξε"
    assert letter.header("To") == f"Μαρία Χατζηγιάννη <{MARIA}>"
    assert letter.header("From") == "Κοινόν <forum@example.org>"
    assert 'lang="el"' in letter.html
    assert "Μαρία Χατζηγιάννη" in letter.text
    assert "Μαρία Χατζηγιάννη" in letter.html
    assert await owner.fetchval("SELECT outcome FROM mails") == "sent"
    assert await send_due(db, posting) == 0
    await owner.execute("UPDATE members SET language = 'en' WHERE email = $1", MARIA)
    await _enter(db, cast)
    await send_due(db, posting)
    assert office[0].to(MARIA)[1].subject == "Your password has changed"


async def test_what_is_rolled_back_is_not_sent(
    db: Database, cast: Cast, office: tuple[PostOffice, str], posting: Config
) -> None:
    async def enter_and_fail() -> None:
        async with db.write() as tx:
            await mails.enter(tx, MailKind.PASSWORD_CHANGED, to=cast.maria.member_id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await enter_and_fail()
    assert await send_due(db, posting) == 0
    assert office[0].letters == []


async def test_who_is_suspended_between_the_event_and_the_sending_gets_nothing(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    await _enter(db, cast)
    await owner.execute(
        "UPDATE members SET suspended_until = 'infinity', suspension_reason = 'Έφυγε' WHERE id = $1",
        cast.maria.member_id,
    )
    assert await send_due(db, posting) == 1
    assert office[0].letters == []
    assert await owner.fetchval("SELECT outcome FROM mails") == "dropped"


async def test_a_server_that_puts_off_is_asked_again_after_growing_pauses_with_the_same_letter(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    office[0].at_data = lambda letter: "451 4.7.1 Greylisted, come back later"
    await _enter(db, cast)
    pauses = []
    for _ in range(4):
        await _make_due(owner)
        assert await send_due(db, posting) == 1
        pauses.append(await owner.fetchval("SELECT extract(epoch FROM due_at - now())::float8 FROM mails"))
    assert [round(pause / 30) for pause in pauses] == [1, 2, 4, 8]
    assert "Greylisted" in await owner.fetchval("SELECT problem FROM mails")
    assert await send_due(db, posting) == 0, "not before its time"
    office[0].at_data = PostOffice().at_data
    await _make_due(owner)
    await send_due(db, posting)
    assert len(office[0].to(MARIA)) == 1
    assert await owner.fetchval("SELECT outcome FROM mails") == "sent"


async def test_after_four_days_it_has_failed_and_administrators_see_it(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    office[0].at_recipient = lambda address: "450 4.2.1 Busy"
    await _enter(db, cast)
    await owner.execute("UPDATE mails SET attempt_count = 30")
    await send_due(db, posting)
    assert await owner.fetchval("SELECT outcome FROM mails") is None, "the premise: it is still tried"
    assert await owner.fetchval("SELECT due_at - now() FROM mails") > timedelta(hours=3)
    await _make_due(owner)
    await send_due(db, posting)
    assert await owner.fetchval("SELECT outcome FROM mails") == "failed"
    assert await owner.fetchval("SELECT mail_refused_at FROM members WHERE email = $1", MARIA) is None


@pytest.mark.parametrize("said", ["550 5.1.1 No such user", "550 User unknown", "553 5.1.3 Bad address"])
async def test_an_address_that_is_none_is_written_to_no_more(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config, said: str
) -> None:
    office[0].at_recipient = lambda address: said
    await _enter(db, cast, 3)
    mailing = Mailing(db, posting, SECRET)
    mailer = mailing.new_mailer()
    await mailing.send_some(mailer)
    assert await owner.fetchval("SELECT count(*) FROM mails WHERE outcome = 'failed'") == 3
    assert await owner.fetchval("SELECT mail_refused_at IS NOT NULL FROM members WHERE email = $1", MARIA)
    office[0].at_recipient = PostOffice().at_recipient
    await _enter(db, cast)
    await mailing.send_some(mailer)
    await mailer.close()  # type: ignore[attr-defined]  # there is a server, so it has a connection
    assert office[0].letters == []


@pytest.mark.parametrize("said", ["554 5.7.1 Looks like spam", "552 5.2.2 Mailbox full"])
async def test_a_letter_that_is_refused_for_good_says_nothing_of_the_address(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config, said: str
) -> None:
    office[0].at_data = lambda letter: said
    await _enter(db, cast)
    await send_due(db, posting)
    assert await owner.fetchval("SELECT outcome FROM mails") == "failed"
    assert await owner.fetchval("SELECT mail_refused_at FROM members WHERE email = $1", MARIA) is None


async def test_while_the_server_is_away_nothing_is_lost_or_counted(
    db: Database, cast: Cast, owner: RawConnection, config: Config
) -> None:
    port = free_port()
    away = config.model_copy(update={"smtp_url": SecretStr(f"smtp://127.0.0.1:{port}")})
    await _enter(db, cast, 5)
    for _ in range(2):
        assert await send_due(db, away) == 5
        rows = await owner.fetch("SELECT attempt_count, outcome, due_at <= now() AS is_due, problem FROM mails")
        assert {tuple(row)[:3] for row in rows} == {(0, None, True)}
        assert all("refused" in row["problem"].lower() or "connect" in row["problem"].lower() for row in rows), rows
    with post_office(port) as (office, _):
        assert await send_due(db, away) == 5
        assert len(office.to(MARIA)) == 5


async def test_a_server_that_falls_silent_after_the_letter_gets_it_again_under_the_same_number(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    kept: list[str] = []

    def drop(letter: object) -> str:
        kept.append(letter.message_id)  # type: ignore[attr-defined]  # a Letter
        return "421 4.3.2 Going down"

    office[0].at_data = drop
    await _enter(db, cast)
    await send_due(db, posting)
    office[0].at_data = PostOffice().at_data
    await _make_due(owner)
    await send_due(db, posting)
    assert [letter.message_id for letter in office[0].letters] == kept


async def test_two_who_send_at_once_send_each_letter_once(
    db: Database, cast: Cast, office: tuple[PostOffice, str], posting: Config
) -> None:
    await _enter(db, cast, 100)
    mailings = [Mailing(db, posting, SECRET) for _ in range(2)]
    running = [asyncio.create_task(mailing.run()) for mailing in mailings]
    async with asyncio.timeout(60):
        while len(office[0].letters) < 100:  # noqa: ASYNC110 - the server has a loop of its own
            await asyncio.sleep(0.05)
    for mailing in mailings:
        mailing.leave()
    await asyncio.gather(*running)
    assert len({letter.message_id for letter in office[0].letters}) == len(office[0].letters) == 100


async def test_who_finds_nothing_to_send_rests_while_others_send(
    db: Database, cast: Cast, office: tuple[PostOffice, str], posting: Config
) -> None:
    looks = 0

    class Counting(Mailing):
        async def send_some(self, mailer: Mailer) -> int:
            nonlocal looks
            looks += 1
            return await super().send_some(mailer)

    office[0].seconds = 0.05
    await _enter(db, cast, 30)
    sending = Counting(db, posting, SECRET)
    running = asyncio.create_task(sending.run())
    async with asyncio.timeout(60):
        while len(office[0].letters) < 30:  # noqa: ASYNC110 - the server has a loop of its own
            await asyncio.sleep(0.05)
    sending.leave()
    await running
    assert looks < 15, "two who found some, and each of the four a few times nothing"


async def test_what_a_dead_process_had_is_sent_after_its_lease(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    await _enter(db, cast)
    async with db.once() as once:
        assert len(await mails.take(once, 10)) == 1
    assert await send_due(db, posting) == 0
    pause = await owner.fetchval("SELECT due_at - now() FROM mails")
    assert timedelta(seconds=50) < pause <= mails.LEASE
    await _make_due(owner)
    assert await send_due(db, posting) == 1
    assert len(office[0].letters) == 1


async def test_without_a_server_letters_are_files(
    db: Database, cast: Cast, owner: RawConnection, config: Config
) -> None:
    await _enter(db, cast, 2)
    assert await send_due(db, config) == 2
    assert len(list(config.mail_folder.glob("*.eml"))) == 2
    assert await owner.fetchval("SELECT count(*) FROM mails WHERE outcome = 'sent'") == 2


async def test_every_kind_of_mail_has_a_writer_and_a_name() -> None:
    from forum.emails import WRITERS  # noqa: PLC0415
    from forum.handlers.mails import KINDS  # noqa: PLC0415

    assert set(WRITERS) == set(MailKind)
    assert set(KINDS) == {kind.value for kind in MailKind}
