"""Stopping mail from a letter: what its link stops, for whoever holds it, without signing in.

The link's token is made of the member, their address and what it is about, with the forum's secret key, so it is kept
nowhere, is good as long as the address is theirs, and says of nobody whether they are a member. Looking at it changes
nothing, since mail scanners look too. Source: RFC 8058.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from forum import links
from forum.db import Card, Conn, Query, Tx
from forum.domain import audit, notification_mails, notification_settings, subscriptions
from forum.domain.entities import Frequency, MailKind, MemberId, NotificationKind, TopicId
from forum.errors import NotFound

_TEXT: Final = re.compile(r"(notifications|digest)(?:\.([1-9][0-9]{0,17}))?\.([A-Za-z0-9_-]{1,100})")


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """What a link may stop: letters of a kind, and the letters about a topic, if the letter was about a single one."""

    member_id: MemberId
    kind: MailKind
    topic_id: TopicId | None
    topic_title: str | None
    """As its member may read it now."""


@dataclass(frozen=True, slots=True)
class _Holder:
    email: str
    topic_id: TopicId | None
    topic_title: str | None


_FIND = Query(
    "unsubscribing.find",
    """
    SELECT members.email, topics.id,
           CASE WHEN topic_rights.can_read AND topics.deleted_at IS NULL THEN topics.title END
    FROM members
    LEFT JOIN topics ON topics.id = $2
    LEFT JOIN topic_rights ON topic_rights.topic_id = topics.id AND topic_rights.member_id = members.id
    WHERE members.id = $1
    """,
    returns=_Holder,
    card=Card.ZERO_OR_ONE,
)


def make(secret: bytes, member_id: MemberId, email: str, kind: MailKind, topic_id: TopicId | None) -> str:
    """Return the token of a link that stops letters of a kind, and those about a topic."""
    scope = kind.value if topic_id is None else f"{kind.value}.{topic_id}"
    return f"{scope}.{links.make_token(secret, _purpose(scope), member_id, email.encode())}"


async def find(conn: Conn, secret: bytes, text: str) -> Unsubscription:
    """Return what a link stops; raise NotFound when it is none, or its member's address is another by now."""
    parts = _TEXT.fullmatch(text)
    member_id = links.row_of(parts[3]) if parts else None
    if parts is None or member_id is None:
        raise NotFound
    topic_id = int(parts[2]) if parts[2] else None
    holder = await conn.maybe(_FIND, member_id, topic_id)
    scope = text.rpartition(".")[0]
    if holder is None or not links.is_token(parts[3], secret, _purpose(scope), member_id, holder.email.encode()):
        raise NotFound
    return Unsubscription(MemberId(member_id), MailKind(parts[1]), holder.topic_id, holder.topic_title)


async def stop_letters(tx: Tx, asked: Unsubscription) -> None:
    """Send no more letters of the kind: what came in them comes by no mail any more, until its member says so."""
    immediately: tuple[Frequency, ...] = ("immediately",)
    often = immediately if asked.kind is MailKind.NOTIFICATIONS else ("daily", "weekly")
    chosen = await notification_settings.choices(tx, asked.member_id)
    stopped: dict[NotificationKind, Frequency] = {
        kind: "never" for kind, frequency in chosen.items() if frequency in often
    }
    if stopped:
        await notification_settings.choose(tx, asked.member_id, stopped)
        before, after = ({kind.value: way[kind] for kind in stopped} for way in (chosen, stopped))
        await _record(tx, asked, before=before, after=after)
    await notification_mails.stop(tx, asked.member_id, asked.kind)


async def mute_topic(tx: Tx, asked: Unsubscription) -> None:
    """Tell the member nothing more of the topic; raise NotFound where the link is about none."""
    if asked.topic_id is None:
        raise NotFound
    before = await subscriptions.mute_topic(tx, asked.member_id, asked.topic_id)
    after = {"topic_id": asked.topic_id, "level": "mute"}
    await _record(tx, asked, before={**after, "level": before}, after=after)


async def _record(tx: Tx, asked: Unsubscription, *, before: audit.Facts, after: audit.Facts) -> None:
    await audit.record(
        tx,
        actor_id=asked.member_id,
        act="member.unsubscribed",
        subject="member",
        subject_id=asked.member_id,
        before=before,
        after=after,
    )


def _purpose(scope: str) -> str:
    return f"unsubscribe {scope}"
