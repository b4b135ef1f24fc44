"""Of every kind of thing one is told of: whoever may not read it any more when the letter is written hears nothing."""

from __future__ import annotations

from typing import Final

import pytest

from forum.config import Config
from forum.db import RawConnection
from forum.domain.entities import NotificationKind
from forum.keys import DB
from forum.notifying import Notifying
from tests.contracts import hiding
from tests.contracts.hiding import WORDS, World
from tests.domain import twinning
from tests.mail.post_office import PostOffice
from tests.mail.sending import send_due
from tests.site import Site

_LOST: Final = {
    "the group": "DELETE FROM group_members WHERE group_id = (SELECT id FROM groups WHERE slug = 'insiders'); "
    "DELETE FROM grants USING categories WHERE categories.id = grants.category_id AND categories.is_private",
    "the topics": "UPDATE topics SET deleted_at = now(), deleted_by_id = author_id WHERE title LIKE 'Απόρρητος%'",
}


async def _send(world: World, config: Config) -> None:
    db = world.site.app[DB]
    while await Notifying(db).gather_some():
        pass
    while await send_due(db, config):
        pass


async def _hide(site: Site, owner: RawConnection) -> World:
    """Hide everything and have all that is told of it be due at once."""
    world = await hiding.begin(site, owner, "vault")
    await owner.execute("DELETE FROM notifications")
    await owner.execute(
        "INSERT INTO notification_settings (member_id, kind, frequency) "
        "SELECT members.id, kinds.kind, 'immediately' FROM members, unnest($1::text[]) AS kinds (kind)",
        [kind.value for kind in NotificationKind],
    )
    await hiding.hide(world)
    await owner.execute("UPDATE notifications SET mail_due_at = now() WHERE mail_due_at IS NOT NULL")
    return world


@pytest.mark.parametrize("what", _LOST)
@pytest.mark.parametrize("when", ["before it is gathered", "after it is gathered"])
async def test_no_letter_tells_of_what_may_not_be_read_any_more(
    site: Site, owner: RawConnection, office: tuple[PostOffice, str], posting: Config, what: str, when: str
) -> None:
    world = await _hide(site, owner)
    told = {row["kind"] for row in await owner.fetch("SELECT DISTINCT kind FROM notifications")}
    assert told >= {"interest", "validation", "adoption", "guide_version", "answer", "twinning", "new_topic", "reply"}
    if when.startswith("after"):
        while await Notifying(site.app[DB]).gather_some():
            pass
        assert await owner.fetchval("SELECT count(*) FROM mails") > 3, "the premise: letters wait"
    await owner.execute(_LOST[what])
    await _send(world, posting)
    letters = [f"{letter.header('Subject')} {letter.text} {letter.html}" for letter in office[0].letters]
    assert [letter for letter in letters if any(word in letter for word in WORDS)] == []
    people = [*world.insiders, *[await twinning.actor(owner, slug) for slug in twinning.PEOPLE]]
    for person in people:
        visitor, program = await site.visitor(person), await site.program(person)
        for answer in (await visitor.get("/notifications"), await program.get("/api/v1/notifications")):
            assert answer.status == 200
            assert not any(word in answer.text for word in WORDS), person.name


async def test_whoever_may_read_it_is_written_to(
    site: Site, owner: RawConnection, office: tuple[PostOffice, str], posting: Config
) -> None:
    """The premise of the other: there would have been something to tell."""
    world = await _hide(site, owner)
    await _send(world, posting)
    for person in world.insiders:
        email = await owner.fetchval("SELECT email FROM members WHERE id = $1", person.member_id)
        assert any(WORDS[0] in letter.text for letter in office[0].to(email)), person.name
