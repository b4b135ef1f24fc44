"""Stopping mail by the link in a letter: looking stops nothing, one click does, and nobody signs in."""

from __future__ import annotations

from typing import Any

import pytest

from forum.db import RawConnection
from forum.domain import unsubscribing
from forum.domain.entities import MailKind, TopicId
from forum.keys import DB, SECRET
from tests import cast as people
from tests.domain import telling
from tests.site import Site
from tests.web import content

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def _path(site: Site, kind: MailKind = MailKind.NOTIFICATIONS, topic_id: int | None = None) -> str:
    member_id = site.cast.maria.member_id
    topic = None if topic_id is None else TopicId(topic_id)
    return "/unsubscribe/" + unsubscribing.make(site.app[SECRET], member_id, people.email("maria"), kind, topic)


async def _frequencies(owner: RawConnection) -> dict[str, str]:
    rows = await owner.fetch("SELECT kind, frequency FROM notification_settings")
    return {row["kind"]: row["frequency"] for row in rows}


async def test_looking_says_what_stops_and_stops_nothing(site: Site, owner: RawConnection) -> None:
    topic = await content.start(site, "maria", title="Ύδρευση")
    guest = await site.visitor()
    page = await guest.get(_path(site, topic_id=topic.topic_id))
    assert page.status == 200
    assert "Ύδρευση" in page.text
    assert 'value="topic"' in page.text
    assert 'value="letters"' in page.text
    assert (await guest.request("HEAD", _path(site))).status == 200
    assert 'value="topic"' not in (await guest.get(_path(site, MailKind.DIGEST))).text
    assert await _frequencies(owner) == {}
    assert await owner.fetchval("SELECT count(*) FROM topic_subscriptions") == 0


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (ONE_CLICK, {}),
        (ONE_CLICK, {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}),
        (b"--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n",
         {"Content-Type": "multipart/form-data; boundary=x"}),
        (b"", {}),
        (b"\xff\xfe", {"Content-Type": "application/x-www-form-urlencoded; charset=punycode"}),
    ],
    ids=["form", "from elsewhere", "multipart", "nothing", "garbage"],
)  # fmt: skip
async def test_one_click_of_a_mail_program_stops_letters_of_the_kind(
    site: Site, owner: RawConnection, data: Any, headers: dict[str, str]
) -> None:
    topic = await content.start(site, "maria")
    await content.reply(site, "nikos", topic.topic_id)
    await telling.fan_out(site.app[DB])
    guest = await site.visitor()
    for _ in range(2):  # twice is once
        answer = await guest.request("POST", _path(site, topic_id=topic.topic_id), data=data, headers=headers)
        assert answer.status == 200
    assert await _frequencies(owner) == dict.fromkeys(
        ("mention", "quote", "reply", "answer", "guide_version", "twinning"), "never"
    )
    assert await owner.fetchval("SELECT mail_due_at FROM notifications") is None
    assert await owner.fetchval("SELECT count(*) FROM topic_subscriptions") == 0
    assert await content.acts(owner) == ["member.unsubscribed"]
    [entry] = await owner.fetch("SELECT before->>'reply', after->>'reply', after ? 'new_topic' FROM audit_entries")
    assert tuple(entry) == ("immediately", "never", False)


async def test_a_digest_is_stopped_by_itself(site: Site, owner: RawConnection) -> None:
    guest = await site.visitor()
    assert (await guest.request("POST", _path(site, MailKind.DIGEST), data=ONE_CLICK)).status == 200
    assert await _frequencies(owner) == dict.fromkeys(("new_topic", "interest", "validation", "adoption"), "never")


async def test_the_pages_other_button_mutes_the_topic_alone(site: Site, owner: RawConnection) -> None:
    topic = await content.start(site, "maria")
    guest = await site.visitor()
    answer = await guest.submit(_path(site, topic_id=topic.topic_id), {"stop": "topic"})
    assert answer.status == 200
    (row,) = await owner.fetch("SELECT member_id, topic_id, level FROM topic_subscriptions")
    assert tuple(row) == (site.cast.maria.member_id, topic.topic_id, "mute")
    [entry] = await owner.fetch("SELECT before->>'level', after->>'level', after->'topic_id' FROM audit_entries")
    assert tuple(entry) == (None, "mute", str(topic.topic_id))
    assert await _frequencies(owner) == {}
    # A letter that is about no single topic has no such button; what asks for it stops the letters.
    assert (await guest.submit(_path(site), {"stop": "topic"})).status == 200
    assert (await _frequencies(owner))["reply"] == "never"


async def test_a_link_that_is_changed_or_of_an_old_address_stops_nothing(site: Site, owner: RawConnection) -> None:
    topic = await content.start(site, "maria")
    good = _path(site, topic_id=topic.topic_id)
    guest = await site.visitor()
    assert (await guest.get(good)).status == 200, "the premise"
    other = good.replace(f".{topic.topic_id}.", f".{topic.topic_id + 1}.")
    wrong = [
        good[:-1],
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good.replace("notifications", "digest"),
        other,
        good.replace(f".{site.cast.maria.member_id}-", f".{site.cast.nikos.member_id}-"),
        good.replace(f".{site.cast.maria.member_id}-", ".999999-"),
        "/unsubscribe/notifications.1",
        "/unsubscribe/%00",
    ]
    for path in wrong:
        for answer in (await guest.get(path), await guest.request("POST", path, data=ONE_CLICK)):
            assert answer.status in {400, 404}, path
    await owner.execute("UPDATE members SET email = 'm@larnaca.example' WHERE id = $1", site.cast.maria.member_id)
    assert (await guest.get(good)).status == 404
    assert (await guest.request("POST", good, data=ONE_CLICK)).status == 404
    assert await _frequencies(owner) == {}


async def test_the_title_is_for_those_who_may_read_it(site: Site, owner: RawConnection) -> None:
    topic = await content.start(site, "maria", title="Απόρρητο")
    await owner.execute("DELETE FROM grants")
    page = await (await site.visitor()).get(_path(site, topic_id=topic.topic_id))
    assert page.status == 200
    assert "Απόρρητο" not in page.text


async def test_a_suspended_member_may_stop_mail_too(site: Site, owner: RawConnection) -> None:
    await owner.execute(
        "UPDATE members SET suspended_until = 'infinity', suspension_reason = 'Έφυγε' WHERE id = $1",
        site.cast.maria.member_id,
    )
    assert (await (await site.visitor()).request("POST", _path(site), data=ONE_CLICK)).status == 200
    assert (await _frequencies(owner))["mention"] == "never"
