"""What a letter about notifications says, in its recipient's language and by their clocks, and how it is threaded.

A letter about a single topic is one of a conversation: its subject is the topic's, and it refers to the topic, so that
mail programs show the letters about it together. Sources: RFC 5322 (3.6.4), 2919 (List-Id), 2369 and 8058
(List-Unsubscribe).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from forum.domain.entities import MailKind, NotificationKind, TopicId, in_language
from forum.domain.notification_mails import ITEMS, Item
from forum.i18n import Translator, mark

_WHAT: Final = {
    NotificationKind.MENTION: mark("mentions you"),
    NotificationKind.QUOTE: mark("quotes you"),
    NotificationKind.REPLY: mark("replies"),
    NotificationKind.NEW_TOPIC: mark("starts the topic"),
    NotificationKind.VALIDATION: mark("has news of its validation"),
    NotificationKind.ADOPTION: mark("takes up the practice"),
}
_ASKED: Final = mark("takes up the practice for you: please write in a line how it goes")
"""Of an adoption of one's own municipality, which nobody needs to be told that it has begun."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing that a letter tells: under a heading where the topic is another than before."""

    heading: str
    place: str
    who: str
    what: str
    when: str
    excerpt: str
    url: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a letter says of notifications; `topic_id` where all are about one topic."""

    subject: str
    paragraph: str
    news: tuple[News, ...]
    afterwards: tuple[str, ...]
    reason: str
    topic_id: TopicId | None


def tell(kind: MailKind, items: Sequence[Item], words: Translator, zone: ZoneInfo, url: Callable[[str], str]) -> Told:
    """Return what a letter says of at least one notification."""
    topics = dict.fromkeys(item.topic_id for item in items)
    topic_id = next(iter(topics)) if len(topics) == 1 else None
    is_digest = kind is MailKind.DIGEST
    # Together what is of one topic, each topic where its first stands.
    ordered = [item for topic in topics for item in items if item.topic_id == topic]
    more = words.gettext(mark("There may be more: the forum shows all of it.")) if len(items) == ITEMS else ""
    return Told(
        subject=_subject(items, words, is_digest=is_digest, is_one_topic=topic_id is not None),
        paragraph=words.ngettext(
            "There is %(n)s thing new for you in the forum.",
            "There are %(n)s things new for you in the forum.",
            len(items),
        ),
        news=tuple(_news(ordered, words, zone, url)),
        afterwards=(more,) if more else (),
        reason=words.gettext(mark("This digest comes as often as you chose in your settings."))
        if is_digest
        else words.gettext(mark("This message comes because you were addressed, or watch what it tells of.")),
        topic_id=None if is_digest else topic_id,
    )


def headers(kind: MailKind, topic_id: TopicId | None, *, domain: str, stop_url: str) -> tuple[tuple[str, str], ...]:
    """Return the headers of a list's letter: how it is filed, threaded and stopped."""
    thread = f"<topic.{topic_id}@{domain}>"
    threading = (("In-Reply-To", thread), ("References", thread)) if topic_id is not None else ()
    return (
        *threading,
        ("List-Id", f"<{kind.value}.{domain}>"),
        ("List-Unsubscribe", f"<{stop_url}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )


def _subject(items: Sequence[Item], words: Translator, *, is_digest: bool, is_one_topic: bool) -> str:
    if is_digest:
        return words.ngettext("Digest: %(n)s thing new", "Digest: %(n)s things new", len(items))
    if not is_one_topic:
        return words.ngettext("%(n)s thing new for you", "%(n)s things new for you", len(items))
    title = items[0].topic_title
    return title if any(item.kind is NotificationKind.NEW_TOPIC for item in items) else f"Re: {title}"


def _what(item: Item) -> str:
    is_asked = item.kind is NotificationKind.ADOPTION and item.is_by_colleague
    return _ASKED if is_asked else _WHAT[item.kind]


def _news(items: Sequence[Item], words: Translator, zone: ZoneInfo, url: Callable[[str], str]) -> list[News]:
    found: list[News] = []
    previous: TopicId | None = None
    for item in items:
        language = words.language
        organisation = in_language(language, item.actor_organisation_el, item.actor_organisation_en)
        is_other = item.topic_id != previous
        previous = item.topic_id
        found.append(
            News(
                heading=item.topic_title if is_other else "",
                place=in_language(language, item.category_el, item.category_en) if is_other else "",
                who=f"{item.actor_name}, {organisation}",
                what=words.gettext(_what(item)),
                when=words.datetime(item.created_at, zone),
                excerpt=item.excerpt,
                url=url(f"/posts/{item.post_id}"),
            )
        )
    return found
