"""What generated people have written and read: the rows of topics, posts, revisions, notices and reading marks.

Pure: from the plan, the people and the stock, and from chance alone. Posts come one by one in the order of time, which
is that of their ids; what a topic comes to is known only with its last post, and told at the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from forum.domain.entities import TITLE_LIMIT
from forum.domain.kinds import DEFAULT
from forum.domain.topics import slug_of
from forum.generating import proposals
from forum.generating.people import Category, People, pick
from forum.generating.plan import LANGUAGES, Choice, Period, Timeline
from forum.generating.proposals import Proposal, Proposals
from forum.generating.stock import Piece, Stock, search_vector

Row = tuple[object, ...]

_GREEK: Final = 0.78
"""Of the topics, how many are Greek."""
_SAME_LANGUAGE: Final = 0.92
_REPLY_PARAGRAPHS: Final = Choice([0.0, 0.38, 0.36, 0.17, 0.09])
_FIRST_PARAGRAPHS: Final = Choice([0.0, 0.1, 0.25, 0.3, 0.2, 0.15])
_CATEGORY_SKEW: Final = 0.8
_ANSWERING: Final = 0.3
_DELETED: Final = 0.004
_EDITED: Final = 0.02
_LOCKED: Final = 0.004
_PINNED: Final = 0.001
_PINNED_LIMIT: Final = 20
_INTERNAL: Final = 0.02
_READ_LIMIT: Final = 160
"""Topics a member has opened at most."""
_READ_SKEW: Final = 3
_FULLY_READ: Final = 0.8
_LOCK_REASON: Final = {"el": "Το ζήτημα διευθετήθηκε.", "en": "The matter is settled."}

POSTS: Final = (
    "id", "topic_id", "number", "author_id", "reply_to_id", "body", "html", "search", "revision_count", "created_at",
    "edited_at", "deleted_at", "deleted_by_id",
)  # fmt: skip
REVISIONS: Final = ("post_id", "number", "editor_id", "title", "body", "created_at", "replaced_at")
TOPICS: Final = (
    "id", "category_id", "author_id", "title", "slug", "language", "is_internal", "locked_at", "locked_by_id",
    "lock_reason", "pinned_at", "reply_count", "post_count", "last_post_number", "last_post_at", "last_author_id",
    "created_at", "kind", "fields", "tags", "deadline_at",
)  # fmt: skip
NOTICES: Final = ("topic_id", "after_number", "actor_id", "act", "reason", "created_at")
AUDIT_ENTRIES: Final = ("actor_id", "act", "subject", "subject_id", "before", "after", "created_at")
READS: Final = ("member_id", "topic_id", "last_number", "read_at")


@dataclass(slots=True)
class Topic:
    """A topic while it is being written in."""

    id: int
    category: Category
    author_id: int
    language: str
    title: tuple[Piece, ...]
    created_at: datetime
    proposal: Proposal | None = None
    count: int = 0
    deleted_count: int = 0
    first_id: int = 0
    last_id: int = 0
    last_number: int = 1
    last_author_id: int = 0
    last_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.last_at = self.created_at

    @property
    def title_text(self) -> str:
        return " ".join(piece.source for piece in self.title)


class Writing:
    """All rows, to be asked for in this order: posts to their end, then what follows from them."""

    def __init__(
        self,
        period: Period,
        timeline: Timeline,
        people: People,
        stock: Stock,
        chance: Random,
        proposals: Proposals = proposals.NONE,
    ) -> None:
        self._period, self._timeline, self._people, self._stock = period, timeline, people, stock
        self._chance, self._proposals = chance, proposals
        self._topics: list[Topic] = []
        self._category = Choice([(rank + 1) ** -_CATEGORY_SKEW for rank in range(len(people.categories))])
        self.revisions: list[Row] = []
        self.notices: list[Row] = []
        self.audit_entries: list[Row] = []

    def posts(self) -> Iterator[Row]:
        """Yield every post in the order of time."""
        chance, topics, width = self._chance, self._topics, self._timeline.topics
        for post_id, moment in enumerate(self._timeline.moments, 1):
            second, index = divmod(moment, width)
            created_at = self._period.instant(second)
            if index == len(topics):
                topic = self._start(created_at)
                topics.append(topic)
            else:
                topic = topics[index]
            topic.count += 1
            number = topic.count
            author_id, reply_to = topic.author_id, None
            if number == 1:
                topic.first_id = post_id
            else:
                author_id = pick(topic.category.repliers, chance)
                if chance.random() < _ANSWERING:
                    reply_to = topic.last_id if chance.random() < 0.7 else topic.first_id
            topic.last_id = post_id
            deleted_at = None
            if number > 1 and chance.random() < _DELETED:
                deleted_at = created_at + timedelta(seconds=chance.randrange(20, 1200))
                topic.deleted_count += 1
                self._record_deletion(post_id, topic, author_id, deleted_at)
            else:
                topic.last_number, topic.last_author_id, topic.last_at = number, author_id, created_at
            pieces = self._paragraphs(topic, number)
            edited_at = None
            if len(pieces) > 1 and deleted_at is None and chance.random() < _EDITED:
                edited_at = created_at + timedelta(seconds=chance.randrange(60, 3600))
                title = topic.title_text if number == 1 else None
                before = "\n\n".join([piece.source for piece in pieces[:-1]])
                self.revisions.append((post_id, 1, author_id, title, before, created_at, edited_at))
            yield (
                post_id,
                topic.id,
                number,
                author_id,
                reply_to,
                "\n\n".join([piece.source for piece in pieces]),
                "\n".join([piece.html for piece in pieces]),
                search_vector(topic.title if number == 1 else (), pieces),
                0 if edited_at is None else 1,
                created_at,
                edited_at,
                deleted_at,
                None if deleted_at is None else author_id,
            )

    def topics(self) -> Iterator[Row]:
        """Yield every topic as it stands at the end, with what moderators did to it."""
        pinned = 0
        for topic in self._topics:
            chance = self._chance
            locked = pinned_at = None
            if pinned < _PINNED_LIMIT and chance.random() < _PINNED:
                pinned += 1
                pinned_at = topic.created_at + timedelta(seconds=1)
                self._act(topic, "pin", 1, pick(self._people.moderators, chance), None, pinned_at)
            if chance.random() < _LOCKED:
                at = min(topic.last_at + timedelta(minutes=chance.randrange(60, 2880)), self._period.end)
                locked = (at, pick(self._people.moderators, chance), _LOCK_REASON[topic.language])
                self._act(topic, "lock", topic.count, locked[1], locked[2], at)
            title = topic.title_text
            yield (
                topic.id,
                topic.category.id,
                topic.author_id,
                title,
                slug_of(title),
                topic.language,
                chance.random() < _INTERNAL,
                *(locked or (None, None, None)),
                pinned_at,
                topic.count - topic.deleted_count - 1,
                topic.count,
                topic.last_number,
                topic.last_at,
                topic.last_author_id,
                topic.created_at,
                *_said(topic.proposal),
            )

    def reads(self) -> Iterator[Row]:
        """Yield how far each member has read the topics they opened: newer ones mostly, and most to the end."""
        chance, topics = self._chance, self._topics
        for member in self._people.members:
            seats = self._people.seats[member.id]
            wanted = int(min(len(topics), _READ_LIMIT) * chance.random() ** _READ_SKEW)
            opened = {len(topics) - 1 - int(len(topics) * chance.random() ** 2) for _ in range(wanted)}
            for index in sorted(opened):
                topic = topics[index]
                if seats & topic.category.reading:
                    number = topic.count if chance.random() < _FULLY_READ else chance.randint(1, topic.count)
                    yield (member.id, topic.id, number, topic.last_at + (self._period.end - topic.last_at) / 2)

    def _start(self, created_at: datetime) -> Topic:
        chance, topic_id = self._chance, len(self._topics) + 1
        language = LANGUAGES[chance.random() > _GREEK]
        is_proposal = len(self._topics) in self._proposals
        place = self._category(chance)
        category = self._people.categories[self._proposals.category if is_proposal else place]
        author_id = pick(category.starters, chance)
        title = self._title(author_id, language)
        proposal = self._proposals.make(language, created_at) if is_proposal else None
        return Topic(topic_id, category, author_id, language, title, created_at, proposal, last_author_id=author_id)

    def _title(self, author_id: int, language: str) -> tuple[Piece, ...]:
        title = self._chance.choice(self._stock.titles[language])
        name = self._stock.names[self._people.members[author_id - 1].organisation_id, language]
        return (name, title) if len(name.source) + 1 + len(title.source) <= TITLE_LIMIT else (title,)

    def _paragraphs(self, topic: Topic, number: int) -> list[Piece]:
        """Return different paragraphs; who answers now and then writes in the other language."""
        chance, language = self._chance, topic.language
        if number > 1 and chance.random() > _SAME_LANGUAGE:
            language = next(other for other in LANGUAGES if other != language)
        stock = self._stock.paragraphs[language]
        wanted = (_FIRST_PARAGRAPHS if number == 1 else _REPLY_PARAGRAPHS)(chance)
        return [stock[index] for index in dict.fromkeys([int(len(stock) * chance.random()) for _ in range(wanted)])]

    def _act(self, topic: Topic, act: str, after_number: int, actor_id: int, reason: str | None, at: datetime) -> None:
        state = {"pin": "is_pinned", "lock": "is_locked"}[act]
        self.notices.append((topic.id, after_number, actor_id, act, reason, at))
        before, after = json.dumps({state: False}), json.dumps({state: True})
        self.audit_entries.append((actor_id, f"topic.{act}", "topic", topic.id, before, after, at))

    def _record_deletion(self, post_id: int, topic: Topic, author_id: int, at: datetime) -> None:
        after = json.dumps({"is_deleted": True, "topic_id": topic.id, "number": topic.count})
        self.audit_entries.append((author_id, "post.delete", "post", post_id, '{"is_deleted": false}', after, at))


def _said(proposal: Proposal | None) -> Row:
    """Return a topic's kind, fields, tags and deadline."""
    if proposal is None:
        return (DEFAULT.code, "{}", [], None)
    return (proposals.KIND, json.dumps(proposal.fields), proposal.tags, proposal.deadline_at)
