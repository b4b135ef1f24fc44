"""What members are told by mail: once, gathered, in their language, and nothing they may not read at that moment."""

from __future__ import annotations

import asyncio
import base64
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import dkim
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum import clock
from forum.config import Config
from forum.db import Database, RawConnection, connect
from forum.domain import access, answers, notification_mails, notification_settings, notifications
from forum.domain.actors import Actor
from forum.domain.entities import Frequency, NotificationKind, TopicId
from forum.notifying import Notifying
from forum.postgres import Endpoint
from tests import cast as people
from tests.cast import Cast
from tests.domain import practising, telling, writing
from tests.mail.post_office import Letter, PostOffice
from tests.mail.sending import let_pass, send_due
from tests.web.subscribing import instant, set_fields

MARIA = people.email("maria")


async def _due(owner: RawConnection) -> None:
    await owner.execute("UPDATE notifications SET mail_due_at = now() WHERE mail_due_at IS NOT NULL")


async def _tell(db: Database, owner: RawConnection, config: Config) -> None:
    """Carry out what waits, as if its time had come, until nothing is left to send."""
    await telling.fan_out(db)
    await _due(owner)
    await Notifying(db).gather_some()
    await send_due(db, config)


async def _topic(db: Database, cast: Cast) -> TopicId:
    started = await telling.start(db, cast.maria)
    await telling.fan_out(db)
    return started.topic_id


async def _choose(db: Database, actor: Actor, **chosen: Frequency) -> None:
    async with db.write() as tx:
        choices = {NotificationKind(kind): frequency for kind, frequency in chosen.items()}
        await notification_settings.choose(tx, actor.member_id, choices)
        await notification_mails.reschedule(tx, actor.member_id)


async def test_what_happens_within_minutes_becomes_one_letter(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    topic = await _topic(db, cast)
    await telling.reply(db, cast.nikos, topic, "Με **ακουστικά** όργανα.")
    await telling.fan_out(db)
    waits = await owner.fetchval("SELECT mail_due_at - now() FROM notifications")
    assert timedelta(seconds=100) < waits <= notification_settings.GATHERED
    await Notifying(db).gather_some()
    assert await send_due(db, posting) == 0, "not before its time"
    await telling.reply(db, cast.sophie, topic, "Και εμείς.")
    await _tell(db, owner, posting)
    (letter,) = office[0].to(MARIA)
    assert letter.subject == "Re: Δίκτυα"
    assert letter.header("To") == f"Μαρία Χατζηγιάννη <{MARIA}>"
    for text in (letter.text, letter.html):
        assert "Υπάρχουν 2 νέα για εσάς στο φόρουμ." in text
        assert "Νίκος Καραντώνης, Δήμος Μυτιλήνης" in text
        assert "Με ακουστικά όργανα." in text
        assert "Και εμείς." in text
    assert len(re.findall(r"https://forum\.example\.org/posts/\d+", letter.text)) == 2
    await _tell(db, owner, posting)
    assert len(office[0].to(MARIA)) == 1, "and nothing twice"


async def test_a_letter_is_written_in_its_recipients_language_and_counts_in_the_singular(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    started = await telling.start(db, cast.sophie)
    await telling.fan_out(db)
    await telling.reply(db, cast.maria, started.topic_id)
    await _tell(db, owner, posting)
    (letter,) = office[0].to(people.email("sophie"))
    assert "There is 1 thing new for you in the forum." in letter.text
    assert "Municipality of Larnaca replies" in letter.text.replace("\n", " ")
    assert 'lang="en"' in letter.html


async def test_a_letter_is_threaded_by_topic_and_says_how_it_is_stopped(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    topic = await _topic(db, cast)
    for body in ("Πρώτη.", "Δεύτερη."):
        await telling.reply(db, cast.nikos, topic, body)
        await _tell(db, owner, posting)
    first, second = office[0].to(MARIA)
    assert first.message_id != second.message_id
    for letter in (first, second):
        assert letter.header("References") == letter.header("In-Reply-To") == f"<topic.{topic}@example.org>"
        assert letter.header("List-Id") == "<notifications.example.org>"
        assert letter.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
        assert letter.header("Auto-Submitted") == "auto-generated"
        stop = _stop_url(letter)
        assert stop.startswith("https://forum.example.org/unsubscribe/notifications.")
        assert stop in letter.text
        assert stop in letter.html


def _stop_url(letter: Letter) -> str:
    found = re.fullmatch("<(.+)>", letter.header("List-Unsubscribe").strip())
    assert found
    return found[1]


async def test_a_signature_covers_the_headers_that_stop_mail(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config, tmp_path: Path
) -> None:
    file = tmp_path / "dkim.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(file), "2048"], check=True, capture_output=True)
    public = subprocess.run(
        ["openssl", "rsa", "-in", str(file), "-pubout", "-outform", "DER"], check=True, capture_output=True
    ).stdout
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    topic = await _topic(db, cast)
    await telling.reply(db, cast.nikos, topic)
    await _tell(db, owner, posting.model_copy(update={"dkim_key": file}))
    (letter,) = office[0].to(MARIA)
    signature = letter.message["DKIM-Signature"]
    covered = {name.strip().lower() for name in re.search(r"\bh=([^;]+)", signature)[1].split(":")}  # type: ignore[index]
    assert {"list-unsubscribe", "list-unsubscribe-post", "list-id", "references", "in-reply-to", "from"} <= covered
    assert dkim.verify(letter.raw, dnsfunc=lambda name, timeout=5: record)
    stripped = letter.raw.replace(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b"")
    assert stripped != letter.raw
    assert not dkim.verify(stripped, dnsfunc=lambda name, timeout=5: record)


async def test_what_was_seen_in_the_application_meanwhile_is_left_out(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    topic = await _topic(db, cast)
    first = await telling.reply(db, cast.nikos, topic, "Είδα.")
    await telling.fan_out(db)
    await _due(owner)
    await Notifying(db).gather_some()
    async with db.once() as once:
        await notifications.read_topic(once, cast.maria, topic, first.number, [])
    await send_due(db, posting)
    assert office[0].letters == []
    assert await owner.fetchval("SELECT outcome FROM mails") == "dropped"
    await telling.reply(db, cast.nikos, topic, "Δεν είδα.")
    await _tell(db, owner, posting)
    (letter,) = office[0].to(MARIA)
    assert "Δεν είδα." in letter.text
    assert "Είδα." not in letter.text
    await telling.reply(db, cast.nikos, topic)
    await telling.fan_out(db)
    async with db.write() as tx:
        await notifications.read_all(tx, cast.maria)
    await _tell(db, owner, posting)
    assert await owner.fetchval("SELECT count(*) FROM mails") == 2, "what was read before it was due makes no mail"


LOST = {
    "the grant": "DELETE FROM grants",
    "a suspension": "UPDATE members SET suspended_until = 'infinity', suspension_reason = 'Έφυγε' WHERE id = {maria}",
    "another organisation": """
        UPDATE members SET organisation_id = (SELECT id FROM organisations WHERE slug = 'adriatic-cities')
        WHERE id = {maria}
    """,
    "the post": "UPDATE posts SET deleted_at = now(), deleted_by_id = author_id WHERE number > 1",
    "the topic": "UPDATE topics SET deleted_at = now(), deleted_by_id = author_id",
    "a topic muted": """
        INSERT INTO topic_subscriptions (member_id, topic_id, level) SELECT {maria}, id, 'mute' FROM topics
    """,
    "a category muted": """
        INSERT INTO category_subscriptions (member_id, category_id, level)
        SELECT {maria}, category_id, 'mute' FROM topics
    """,
    "mail refused": "UPDATE members SET mail_refused_at = now() WHERE id = {maria}",
    "mail unwanted": """
        INSERT INTO notification_settings (member_id, kind, frequency) VALUES ({maria}, 'reply', 'never')
    """,
}


@pytest.mark.parametrize("what", LOST)
@pytest.mark.parametrize("when", ["before it is gathered", "after it is gathered"])
async def test_who_lost_access_between_event_and_sending_gets_nothing(
    db: Database,
    cast: Cast,
    owner: RawConnection,
    office: tuple[PostOffice, str],
    posting: Config,
    what: str,
    when: str,
) -> None:
    topic = await _topic(db, cast)
    await telling.reply(db, cast.nikos, topic)
    await telling.fan_out(db)
    await _due(owner)
    if when.startswith("after"):
        assert await Notifying(db).gather_some() == 1
    await owner.execute(LOST[what].format(maria=cast.maria.member_id))
    await _tell(db, owner, posting)
    assert office[0].letters == []
    assert await owner.fetchval("SELECT outcome FROM mails") == "dropped"


async def test_who_loses_access_while_the_letter_before_theirs_is_sent_gets_nothing(
    db: Database,
    cast: Cast,
    owner: RawConnection,
    office: tuple[PostOffice, str],
    posting: Config,
) -> None:
    """Letters are written several at once; one that was not begun soon after is written anew."""
    topic = await _topic(db, cast)
    await owner.execute("INSERT INTO topic_subscriptions VALUES ($1, $2, 'watch')", cast.sophie.member_id, topic)
    await telling.reply(db, cast.nikos, topic)
    await telling.fan_out(db)
    await _due(owner)
    assert await Notifying(db).gather_some() == 2
    office[0].seconds = 0.5
    sending = asyncio.create_task(send_due(db, posting, fresh=0.2))
    async with asyncio.timeout(10):
        while not office[0].attempts:  # noqa: ASYNC110 - the server has a loop of its own
            await asyncio.sleep(0.01)
    await owner.execute("DELETE FROM grants")
    assert await sending == 2
    assert len(office[0].letters) == 1, "the one that was under way"


async def test_while_a_letter_waits_for_the_server_what_comes_meanwhile_goes_into_the_next(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    topic = await _topic(db, cast)
    office[0].at_data = lambda letter: "451 4.7.1 Come back later"
    await telling.reply(db, cast.nikos, topic, "Πρώτη.")
    await _tell(db, owner, posting)
    for body in ("Δεύτερη.", "Τρίτη."):
        await telling.reply(db, cast.nikos, topic, body)
        await _tell(db, owner, posting)
    assert await owner.fetchval("SELECT count(*) FROM mails") == 1
    office[0].at_data = PostOffice().at_data
    await owner.execute("UPDATE mails SET due_at = now()")
    await send_due(db, posting)
    await _tell(db, owner, posting)
    first, second = office[0].to(MARIA)
    assert "Πρώτη." in first.text
    assert "Δεύτερη." not in first.text
    assert "Δεύτερη." in second.text
    assert "Τρίτη." in second.text


async def test_each_kind_comes_as_often_as_its_member_chose(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    await telling.choose_category(db, cast.nikos, "watch")
    await _choose(db, cast.nikos, new_topic="weekly", reply="daily", mention="immediately", quote="never")
    started = await telling.start(db, cast.maria)
    await telling.reply(db, cast.sophie, started.topic_id)
    names = telling.known(cast.nikos)
    await telling.reply(db, cast.sophie, started.topic_id, telling.mention(cast.nikos), names)
    answer = await telling.reply(db, cast.nikos, started.topic_id)
    await telling.reply(db, cast.sophie, started.topic_id, f"> **Ν**, post {answer.number}:\n>\n> Έτσι.\n\nΝαι.")
    await telling.fan_out(db)
    rows = await owner.fetch(
        "SELECT kind, mail_kind, mail_due_at FROM notifications WHERE member_id = $1 ORDER BY id", cast.nikos.member_id
    )
    due = {row["kind"]: (row["mail_kind"], row["mail_due_at"]) for row in rows}
    assert {kind: letter for kind, (letter, _) in due.items()} == {
        "new_topic": "digest",
        "reply": "digest",
        "mention": "notifications",
        "quote": None,
    }
    athens = ZoneInfo("Europe/Athens")
    daily, weekly = due["reply"][1].astimezone(athens), due["new_topic"][1].astimezone(athens)
    assert (daily.hour, weekly.hour, weekly.isoweekday()) == (8, 8, 1)
    await _choose(db, cast.nikos, reply="never", mention="daily")
    rows = await owner.fetch(
        "SELECT kind, mail_kind FROM notifications WHERE member_id = $1 AND mail_due_at IS NOT NULL",
        cast.nikos.member_id,
    )
    assert {tuple(row) for row in rows} == {("new_topic", "digest"), ("mention", "digest")}


async def test_a_digest_tells_of_several_topics_in_their_order_and_an_empty_one_is_not_sent(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    await telling.choose_category(db, cast.nikos, "watch")
    topics = [await telling.start(db, cast.maria, f"Κείμενο {number}") for number in range(3)]
    await _tell(db, owner, posting)
    (letter,) = office[0].to(people.email("nikos"))
    assert letter.subject == "Σύνοψη: 3 νέα"
    assert letter.message["References"] is None
    assert letter.header("List-Id") == "<digest.example.org>"
    assert _stop_url(letter).startswith("https://forum.example.org/unsubscribe/digest.")
    places = [letter.text.index(f"/posts/{topic.first_post_id}") for topic in topics]
    assert places == sorted(places)
    assert "αρχίζει το θέμα" in letter.text
    for _ in range(2):
        await Notifying(db).gather_some()
        assert await send_due(db, posting) == 0


async def test_a_digest_begins_with_what_closes_this_week_as_its_member_may_read_it_then(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    await telling.choose_category(db, cast.nikos, "watch")
    call = await writing.start(db, cast.sophie, category="proposals", title="Κλείνει σύντομα")
    await set_fields(owner, call.topic_id, deadline=instant(clock.now() + timedelta(days=3)), state="open")
    await telling.start(db, cast.maria, "Κείμενο")
    await _tell(db, owner, posting)
    (letter,) = office[0].to(people.email("nikos"))
    assert "Σύνοψη" in letter.subject
    for part in (letter.text, letter.html):
        assert part.index("Κλείνουν αυτή την εβδομάδα") < part.index("Κλείνει σύντομα") < part.index("αρχίζει το θέμα")
    await owner.execute("DELETE FROM grants WHERE category_id = (SELECT id FROM categories WHERE slug = 'proposals')")
    await telling.start(db, cast.maria, "Δεύτερο κείμενο")
    await _tell(db, owner, posting)
    _, later = office[0].to(people.email("nikos"))
    assert "Κλείνει σύντομα" not in later.text


async def test_a_weekly_item_waits_for_its_day_while_the_daily_digest_goes(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    await _choose(db, cast.maria, reply="daily", mention="weekly")
    topic = await _topic(db, cast)
    await telling.reply(db, cast.nikos, topic, "Ημερήσιο.")
    await telling.reply(db, cast.nikos, topic, f"Εβδομαδιαίο {telling.mention(cast.maria)}", telling.known(cast.maria))
    await telling.fan_out(db)
    await owner.execute("UPDATE notifications SET mail_due_at = now() WHERE kind = 'reply'")
    await Notifying(db).gather_some()
    await send_due(db, posting)
    (letter,) = office[0].to(MARIA)
    assert "Ημερήσιο." in letter.text
    assert "Εβδομαδιαίο" not in letter.text
    assert await owner.fetchval("SELECT mail_due_at > now() FROM notifications WHERE kind = 'mention'")


async def test_several_who_gather_at_once_make_one_letter_a_member(
    db: Database, cast: Cast, owner: RawConnection
) -> None:
    topic = await _topic(db, cast)
    for _ in range(5):
        await telling.reply(db, cast.nikos, topic)
    await telling.fan_out(db)
    await _due(owner)
    entered = await asyncio.gather(*(Notifying(db).gather_some() for _ in range(4)))
    assert sum(entered) == 1
    assert await owner.fetchval("SELECT count(DISTINCT mail_id) FROM notifications") == 1
    assert await owner.fetchval("SELECT count(*) FROM notifications WHERE mail_id IS NULL") == 0


async def test_a_hostile_title_and_text_stay_text(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    topic = await _topic(db, cast)
    await owner.execute("UPDATE topics SET title = '<b>Α&Β</b> \\r\\nBcc: x@example.org'")
    await telling.reply(db, cast.nikos, topic, "<script>alert(1)</script>")
    await _tell(db, owner, posting)
    (letter,) = office[0].to(MARIA)
    assert letter.message["Bcc"] is None
    assert "<script>" not in letter.html
    assert "&lt;script&gt;" in letter.html
    assert "&lt;b&gt;" in letter.html
    assert "<script>alert(1)</script>" in letter.text


_ZONES = ("Europe/Athens", "Asia/Nicosia", "Europe/Lisbon", "Europe/Brussels", "UTC", "Atlantic/Azores")


def test_a_digest_comes_at_the_members_hour_also_when_clocks_change(postgres: Endpoint, database_name: str) -> None:
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(connect(postgres.url(database_name, "koinon_owner")))

    def due(frequency: str, zone: str, hour: int, weekday: int, after: datetime) -> datetime:
        query = connection.fetchval("SELECT digest_due_at($1, $2, $3, $4, $5)", frequency, zone, hour, weekday, after)
        found: datetime = loop.run_until_complete(query)
        return found

    @settings(max_examples=200, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(("daily", "weekly")),
        st.sampled_from(_ZONES),
        st.integers(0, 23),
        st.integers(1, 7),
        # The days around both changes of 2026, and any other.
        st.one_of(
            st.datetimes(datetime(2026, 3, 27), datetime(2026, 3, 31), timezones=st.just(UTC)),  # noqa: DTZ001
            st.datetimes(datetime(2026, 10, 23), datetime(2026, 10, 27), timezones=st.just(UTC)),  # noqa: DTZ001
            st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        ),
    )
    def check(frequency: str, zone: str, hour: int, weekday: int, after: datetime) -> None:
        found = due(frequency, zone, hour, weekday, after)
        local = found.astimezone(ZoneInfo(zone))
        # What the clocks leave out comes an hour later.
        naive = local.replace(tzinfo=None)
        is_moved = naive - timedelta(hours=1) == naive.replace(hour=hour, minute=0) and not _exists(
            naive.replace(hour=hour), zone
        )
        assert (local.hour, local.minute) == (hour, 0) or is_moved
        assert after < found <= after + timedelta(days=1 if frequency == "daily" else 7, hours=2)
        if frequency == "weekly":
            assert local.isoweekday() == weekday
        following = due(frequency, zone, hour, weekday, found)
        days = (following.astimezone(ZoneInfo(zone)).date() - local.date()).days
        assert days == (1 if frequency == "daily" else 7), "once a day, once a week, also where an hour comes twice"

    try:
        check()
        odd = due("daily", "Europe/Nowhere", 8, 1, datetime(2026, 7, 1, tzinfo=UTC))
        assert odd == datetime(2026, 7, 1, 5, tzinfo=UTC), "a zone that is none counts as that of Athens"
    finally:
        loop.run_until_complete(connection.close())
        loop.close()


def _exists(naive: datetime, zone: str) -> bool:
    aware = naive.replace(tzinfo=ZoneInfo(zone))
    return aware.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == naive


async def test_a_deleted_and_restored_post_is_told_of_as_it_stands(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    topic = await _topic(db, cast)
    reply = await telling.reply(db, cast.nikos, topic, "Πρώτη μορφή.")
    await telling.fan_out(db)
    await writing.edit(db, cast.nikos, reply.id, "Δεύτερη μορφή.")
    await _tell(db, owner, posting)
    (letter,) = office[0].to(MARIA)
    assert "Δεύτερη μορφή." in letter.text
    assert "Πρώτη μορφή." not in letter.text
    assert urlsplit(_stop_url(letter)).path.count("/") == 2


async def test_a_reply_that_answers_the_question_is_told_at_once_and_only_as_long_as_it_is_the_answer(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    question = await writing.start(db, cast.sophie, kind="question")
    replies = [await telling.reply(db, cast.maria, question.topic_id, body) for body in ("Όργανα.", "Γεωραντάρ.")]
    await telling.fan_out(db)
    await owner.execute("DELETE FROM notifications")
    for reply in replies:
        async with db.write() as tx:
            grant = await access.topic_to_mark_answer(tx, cast.sophie, question.topic_id)
            await answers.mark(tx, grant, reply.id)
        await telling.fan_out(db)
    assert await owner.fetchval("SELECT count(*) FROM notifications WHERE member_id = $1", cast.maria.member_id) == 2
    await _tell(db, owner, posting)
    (letter,) = office[0].to(MARIA)
    assert letter.subject == "Re: Δίκτυα ύδρευσης"
    assert "Sophie Maertens, Ένωση Δήμων Κύπρου αποδέχεται μια απάντηση" in letter.text
    assert "Γεωραντάρ." in letter.text
    assert "Όργανα." not in letter.text, "another took its place meanwhile"


async def test_a_practice_handed_in_again_and_again_is_told_in_one_letter_an_hour(
    db: Database, cast: Cast, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    practice = await practising.start(db, cast.maria)
    await _choose(db, cast.moderator, validation="immediately")
    for minutes in (3000, 120):
        await let_pass(db, owner, posting, minutes)
    sent = len(office[0].to(people.email("moderator")))
    for _ in range(5):
        await practising.decide(db, cast.administrator, practice.topic_id, "returned")
        await practising.submit(db, cast.maria, practice.topic_id)
        await let_pass(db, owner, posting, 3)
    assert len(office[0].to(people.email("moderator"))) == sent + 1
    await let_pass(db, owner, posting, 60)
    assert len(office[0].to(people.email("moderator"))) == sent + 2
    await let_pass(db, owner, posting, 120)
    assert len(office[0].to(people.email("moderator"))) == sent + 2
