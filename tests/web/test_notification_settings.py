"""What comes by mail and when, and what one chose to hear of."""

from __future__ import annotations

import pytest

from forum.db import RawConnection
from forum.keys import DB
from tests.domain import telling
from tests.site import Site
from tests.web import content

CHOICE = {
    "mention": "immediately",
    "quote": "daily",
    "reply": "never",
    "answer": "immediately",
    "guide_version": "immediately",
    "new_topic": "weekly",
    "twinning": "never",
    "interest": "daily",
    "validation": "daily",
    "adoption": "daily",
    "hour": "17",
    "weekday": "5",
}


async def test_the_page_begins_with_what_is_usual(site: Site) -> None:
    page = await (await site.visitor("maria")).get("/settings/notifications")
    assert page.status == 200
    assert page.text.count('<option value="immediately" selected>') == 6
    assert page.text.count('<option value="daily" selected>') == 4
    assert '<option value="8" selected>08:00</option>' in page.text
    assert '<option value="1" selected>Δευτέρα</option>' in page.text
    assert "(Αθήνα)" in page.text


async def test_choices_are_kept_and_hold_for_what_is_still_to_be_sent(site: Site, owner: RawConnection) -> None:
    topic = await content.start(site, "maria")
    await content.reply(site, "nikos", topic.topic_id)
    await telling.fan_out(site.app[DB])
    assert await owner.fetchval("SELECT mail_kind FROM notifications") == "notifications"
    maria = await site.visitor("maria")
    answer = await maria.submit("/settings/notifications", CHOICE)
    assert (answer.status, answer.location) == (303, "/settings/notifications")
    page = await maria.follow(answer)
    assert 'role="status"' in page.text
    for option in ("never", "weekly", "daily", "immediately", "17", "5"):
        assert f'<option value="{option}" selected>' in page.text
    (row,) = await owner.fetch("SELECT mail_kind, mail_due_at FROM notifications")
    assert tuple(row) == (None, None)
    assert (await maria.submit("/settings/notifications", {**CHOICE, "reply": "daily"})).status == 303
    assert await owner.fetchval("SELECT mail_due_at FROM notifications") is None, "what was stopped stays so"


async def test_another_zone_moves_the_digest_that_is_still_to_come(site: Site, owner: RawConnection) -> None:
    maria = await site.visitor("maria")
    await maria.submit("/settings/notifications", {**CHOICE, "reply": "daily"})
    topic = await content.start(site, "maria")
    await content.reply(site, "nikos", topic.topic_id)
    await telling.fan_out(site.app[DB])
    hour = "SELECT extract(hour FROM mail_due_at AT TIME ZONE '{}')::integer FROM notifications"
    assert await owner.fetchval(hour.format("Europe/Athens")) == 17
    settings = {"name": "Μαρία Χατζηγιάννη", "language": "el", "zone": "Europe/Lisbon", "scheme": "auto"}
    assert (await maria.submit("/settings", settings)).status == 303
    assert await owner.fetchval(hour.format("Europe/Lisbon")) == 17


@pytest.mark.parametrize(
    "wrong", [{"mention": "hourly"}, {"hour": "24"}, {"hour": "x"}, {"weekday": "0"}, {"weekday": "8"}, {"reply": ""}]
)
async def test_a_wrong_choice_is_told_and_the_rest_kept(site: Site, wrong: dict[str, str]) -> None:
    maria = await site.visitor("maria")
    answer = await maria.submit("/settings/notifications", {**CHOICE, **wrong})
    assert answer.status == 422
    assert 'role="alert"' in answer.text
    if "new_topic" not in wrong:
        assert '<option value="weekly" selected>' in answer.text


async def test_what_one_chose_to_hear_of_is_listed_with_the_way_to_change_it(site: Site) -> None:
    topic = await content.start(site, "maria", title="Ύδρευση")
    nikos = await site.visitor("nikos")
    assert "Δεν υπάρχει κανένα." in (await nikos.get("/settings/notifications")).text
    action = f"/topics/{topic.topic_id}/subscription"
    await nikos.submit(action, {"level": "mute"})
    page = await nikos.get("/settings/notifications")
    assert "Ύδρευση" in page.text
    assert f'action="{action}"' in page.text
    answer = await nikos.submit(action, {"level": "usual", "next": "/settings/notifications"})
    assert "Ύδρευση" not in (await nikos.follow(answer)).text
    assert 'action="/categories/questions/subscription"' in page.text
