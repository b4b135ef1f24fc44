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

from forum.domain.entities import Decision, MailKind, NotificationKind, TopicId, in_language
from forum.domain.notification_mails import ITEMS, Item
from forum.domain.suggestions import Suggestion
from forum.i18n import Translator, mark

_WHAT: Final = {
    NotificationKind.MENTION: mark("mentions you"),
    NotificationKind.QUOTE: mark("quotes you"),
    NotificationKind.REPLY: mark("replies"),
    NotificationKind.NEW_TOPIC: mark("starts the topic"),
    NotificationKind.ANSWER: mark("marks a reply as the answer"),
    NotificationKind.TWINNING: mark("invites your municipality to a twinning"),
    NotificationKind.GUIDE_VERSION: mark("adds version %(number)s of “%(title)s”"),
    NotificationKind.INTEREST: mark("expresses interest"),
    NotificationKind.VALIDATION: mark("has news of its validation"),
    NotificationKind.ADOPTION: mark("takes up the practice"),
}

_DECIDED: Final[dict[Decision, str]] = {
    "accepted": mark("accepts your organisation's expression of interest"),
    "reserved": mark("puts your organisation's expression of interest on the reserve list"),
    "declined": mark("declines your organisation's expression of interest"),
    "withdrawn": mark("withdraws from the proposal"),
}
_ASKED: Final = mark("takes up the practice for you: please write in a line how it goes")
"""Of an adoption of one's own municipality, which nobody needs to be told that it has begun."""

_STARTS: Final = {NotificationKind.NEW_TOPIC, NotificationKind.TWINNING}
"""What tells of the first post: a letter of it is the first of its conversation."""


_CLOSING: Final = mark("Closes this week")
_FITTING: Final = mark("For your organisation")
_UNTIL: Final = mark("Deadline: %(moment)s.")
_INTEREST_UNTIL: Final = mark("Deadline for expressions of interest: %(moment)s.")


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
class Advice:
    """A topic that a digest begins with, and why: under a heading where that is another than before."""

    heading: str
    title: str
    why: str
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


def advise(
    suggestions: Sequence[Suggestion], words: Translator, zone: ZoneInfo, url: Callable[[str], str]
) -> tuple[Advice, ...]:
    """Return what a digest begins with: what closes within the week, then what fits the recipient's municipality."""
    found: list[Advice] = []
    previous = ""
    for one in suggestions:
        heading = _CLOSING if one.sort == "closing" else _FITTING
        if one.deadline_at is not None:
            said = _INTEREST_UNTIL if one.is_of_interest else _UNTIL
            why = words.gettext(said, moment=words.datetime(one.deadline_at, zone))
        else:
            why = ""
        if one.sort != "closing":
            shared = in_language(words.language, one.themes_el, one.themes_en)
            why = f"{why} {words.gettext(mark('Because of your themes: %(themes)s.'), themes=shared)}".strip()
        found.append(
            Advice(
                heading=words.gettext(heading) if heading != previous else "",
                title=one.title_in(words.language),
                why=why,
                url=url(f"/topics/{one.topic_id}/{one.slug}"),
            )
        )
        previous = heading
    return tuple(found)


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
    return title if any(item.kind in _STARTS for item in items) else f"Re: {title}"


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
                what=words.gettext(_DECIDED[item.decision]) if item.decision else _what(item, words),
                when=words.datetime(item.created_at, zone),
                excerpt=item.note or item.excerpt,
                url=url(_place(item)),
            )
        )
    return found


def _place(item: Item) -> str:
    """Return the path of what a notification is about."""
    if item.version is not None:
        return f"/topics/{item.topic_id}#files"
    return f"/posts/{item.post_id}" if item.post_id else f"/topics/{item.topic_id}#partners"


def _what(item: Item, words: Translator) -> str:
    if item.kind is NotificationKind.ADOPTION and item.is_by_colleague:
        return words.gettext(_ASKED)
    if item.version is None:
        return words.gettext(_WHAT[item.kind])
    return words.gettext(_WHAT[item.kind], number=words.number(item.version), title=item.file_title)
