"""The open event streams of this process: who they are of, what each has yet to be sent, and who may hear what.

Every message of the database is looked at once a process: who of the connected members may read its topic is asked in
one query for all of them and for all messages that have come in meanwhile, at the moment of sending. Every few seconds
another one asks which of the sessions and tokens behind the streams are still good; streams of the others end.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from secrets import token_hex
from typing import Final

from forum.db import Conn, Database
from forum.domain import api_tokens, events, notifications, sessions
from forum.domain.entities import MemberId, TopicId
from forum.domain.events import Event, Hearer, Kind
from forum.errors import Busy, ForumError
from forum.listening import Listener
from forum.metrics import Metrics

_log = logging.getLogger("forum.streams")

A_MEMBER: Final = 10
"""Streams of one member: a few windows on a few devices, and a program. The oldest gives way."""

TOTAL: Final = 2_000
"""Streams of a process. Whoever comes then is told to come again, and reads pages as ever."""

WAITING: Final = 100
"""Messages that wait for a client which does not take them; beyond, it is told once to ask anew."""

INBOX: Final = 10_000
"""Messages that wait while the database does not say who may hear them."""

RECHECK_SECONDS: Final = 5.0
"""How long a stream may outlive its session at most."""

HEAR_SECONDS: Final = 2.0
"""How long a stream waits for the process to hear before it is opened all the same."""

_AT_ONCE: Final = 50
"""Streams that are given something in one turn of the loop, so that nobody waits for five hundred."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a client is sent: an event's name, and its data as JSON."""

    kind: str
    data: str = "{}"


RESYNC: Final = Message("resync")
"""Something may have been missed: ask for everything anew."""

CLOSED: Final = Message("closed")
"""The stream ends, and is not to be opened again by itself: there are newer ones of the same member."""

Counts = Callable[[Conn, TopicId, Collection[MemberId]], Awaitable[dict[MemberId, int]]]
"""Says which of these members were notified of something in a topic just now, and how many notices each has unread."""


class Stream:
    """One client's stream: `key` is the digest of its session's key, or its token's number.

    It hears of one topic, of everything (`is_whole`), or only of what concerns its member; `is_gone` says whether its
    client has left.
    """

    def __init__(
        self,
        member_id: MemberId,
        key: bytes | int,
        *,
        topic_id: TopicId | None = None,
        is_whole: bool = False,
        is_gone: Callable[[], bool] = lambda: False,
    ) -> None:
        self.member_id, self.key, self.topic_id, self.is_whole, self.is_gone = (
            member_id,
            key,
            topic_id,
            is_whole,
            is_gone,
        )
        self._waiting: deque[Message] = deque()
        self._changed = asyncio.Event()
        self.is_ended = False

    def put(self, message: Message) -> None:
        """Give it something to send; what a slow client has not taken gives way to one RESYNC."""
        if self.is_ended or (self._waiting and self._waiting[-1] is message is RESYNC):
            return
        if len(self._waiting) >= WAITING:
            self._waiting.clear()
            message = RESYNC
        self._waiting.append(message)
        self._changed.set()

    def end(self, last: Message | None = None) -> None:
        """Send nothing more but the last word."""
        self.is_ended = True
        self._waiting.clear()
        if last is not None:
            self._waiting.append(last)
        self._changed.set()

    async def take(self) -> Message | None:
        """Return what is to be sent next, None at the end; wait for it."""
        while not self._waiting:
            if self.is_ended:
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()


class Streams:
    """All streams of a process. Nothing is done, and no connection made, until the first is opened.

    `counts` is what `notification.created` is sent by.
    """

    def __init__(
        self,
        db: Database,
        listen_url: str,
        metrics: Metrics,
        *,
        is_named: bool = False,
        total: int = TOTAL,
        counts: Counts = notifications.list_counts,
        recheck_seconds: float = RECHECK_SECONDS,
    ) -> None:
        self._db, self._metrics, self._total, self._counts = db, metrics, total, counts
        self._recheck_seconds = recheck_seconds
        self._listener = Listener(
            listen_url, events.CHANNEL, is_named=is_named, on_message=self._hear, on_again=self._tell_to_ask_anew
        )
        self._open: dict[Stream, None] = {}
        self._of_topic: dict[TopicId, set[Stream]] = {}
        self._of_member: dict[MemberId, dict[Stream, None]] = {}
        self._whole: set[Stream] = set()
        self._inbox: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._is_leaving = False
        # Numbers of messages are no other process's, nor those of this one's predecessor.
        self._first, self._numbers = token_hex(4), itertools.count(1)

    def __len__(self) -> int:
        return len(self._open)

    async def hears(self) -> bool:
        """Begin to hear if that was not done; False where no live events are to be had."""
        if self._is_leaving:
            return not self._listener.is_deaf
        if self._work is None:
            self._work = asyncio.create_task(self._do(), name="event streams")
        if not self._listener.hears.is_set() and not self._listener.is_deaf:
            hearing = asyncio.create_task(self._listener.hears.wait())
            await asyncio.wait({hearing}, timeout=HEAR_SECONDS)
            hearing.cancel()
        return not self._listener.is_deaf

    def open(self, stream: Stream) -> None:
        """Take a stream in; raise Busy when there is no room. While the process leaves, it ends at once."""
        if self._is_leaving:
            stream.end()
            return
        own = self._of_member.setdefault(stream.member_id, {})
        if len(own) >= A_MEMBER:
            oldest = next(iter(own))
            oldest.end(CLOSED)
            self.close(oldest)
        elif len(self._open) >= self._total:
            if not own:
                del self._of_member[stream.member_id]
            raise Busy
        self._open[stream] = None
        self._of_member.setdefault(stream.member_id, {})[stream] = None
        if stream.is_whole:
            self._whole.add(stream)
        elif stream.topic_id is not None:
            self._of_topic.setdefault(stream.topic_id, set()).add(stream)
        self._metrics.streams = len(self._open)

    def close(self, stream: Stream) -> None:
        """Forget a stream; one that is not known is forgotten already."""
        if stream not in self._open:
            return
        del self._open[stream]
        _drop(self._of_member, stream.member_id, stream)
        self._whole.discard(stream)
        if stream.topic_id is not None and (hearers := self._of_topic.get(stream.topic_id)):
            hearers.discard(stream)
            if not hearers:
                del self._of_topic[stream.topic_id]
        self._metrics.streams = len(self._open)

    def number(self) -> str:
        """Return the number of a message, which a client that comes back shows as the last it has seen."""
        return f"{self._first}-{next(self._numbers)}"

    def leave(self) -> None:
        """End every stream: the process is to end, and clients come back to another."""
        self._is_leaving = True
        for stream in list(self._open):
            stream.end()

    async def stop(self) -> None:
        """Leave, and let go of the connection."""
        self.leave()
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait({self._work})
            self._work = None

    # What comes in ------------------------------------------------------------------------------

    def _hear(self, text: str) -> None:
        if not self._open or (event := events.heard(text)) is None:
            return
        if len(self._inbox) >= INBOX:
            self._inbox.clear()
            self._tell_to_ask_anew()
        self._inbox.append(event)
        self._arrived.set()

    def _tell_to_ask_anew(self) -> None:
        for stream in self._open:
            stream.put(RESYNC)

    # What goes out ------------------------------------------------------------------------------

    async def _do(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listener.run(), name="listening")
            group.create_task(self._keep(self._send_what_came), name="sending events")
            group.create_task(self._keep(self._recheck), name="checking streams")

    async def _keep(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do something again and again, also where the database does not answer, or we have made a mistake."""
        while True:
            try:
                await act()
            except ForumError as error:
                _log.info("event streams wait: %s", error.code)
                await asyncio.sleep(1)
            except Exception:
                _log.exception("what belongs to event streams failed")
                await asyncio.sleep(1)

    async def _send_what_came(self) -> None:
        await self._arrived.wait()
        self._arrived.clear()
        batch, self._inbox = self._inbox, deque()
        try:
            await self._send(batch)
        except ForumError:
            self._inbox.extendleft(reversed(batch))
            self._arrived.set()
            raise
        except Exception:
            self._tell_to_ask_anew()
            raise

    async def _send(self, batch: Collection[Event]) -> None:
        """Send each event to those who may hear of it now; nothing is sent where that cannot be asked."""
        wanted = {event: self._wanting(event) for event in batch}
        asked = {Hearer(stream.member_id, event.topic_id) for event, found in wanted.items() for stream in found}
        told = {event.topic_id for event in batch if event.kind is Kind.NOTIFICATION_CREATED}
        hearers: set[Hearer] = set()
        counted: dict[TopicId, dict[MemberId, int]] = {}
        if asked or told:
            async with self._db.read() as conn:
                hearers = set(await events.list_hearers(conn, asked)) if asked else hearers
                for topic_id in told:
                    counted[topic_id] = await self._counts(conn, topic_id, list(self._of_member))
        for event in batch:
            if event.kind is not Kind.NOTIFICATION_CREATED:
                for_others, for_actor = _message(event, is_own=False), _message(event, is_own=True)
                await self._give(
                    (stream, for_actor if stream.member_id == event.actor_id else for_others)
                    for stream in wanted[event]
                    if Hearer(stream.member_id, event.topic_id) in hearers
                )
        for topic_id, counts in counted.items():
            await self._give(
                (stream, Message(Kind.NOTIFICATION_CREATED, json.dumps({"topic_id": topic_id, "unread_count": count})))
                for member_id, count in counts.items()
                for stream in list(self._of_member.get(member_id, ()))
            )

    def _wanting(self, event: Event) -> list[Stream]:
        """Return who wants to hear of an event, whether they may or not."""
        if event.kind is Kind.NOTIFICATION_CREATED:
            return []
        return [*self._of_topic.get(event.topic_id, ()), *self._whole]

    async def _give(self, given: Iterable[tuple[Stream, Message]]) -> None:
        for number, (stream, message) in enumerate(given, 1):
            stream.put(message)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _recheck(self) -> None:
        """End, every few seconds, the streams whose session or token is no longer good or whose clients have left."""
        await asyncio.sleep(self._recheck_seconds)
        for stream in [stream for stream in self._open if stream.is_gone()]:
            stream.end()
        keys = {stream.key for stream in self._open}
        if not keys:
            return
        digests = [key for key in keys if isinstance(key, bytes)]
        token_ids = [key for key in keys if isinstance(key, int)]
        async with self._db.read() as conn:
            good: set[bytes | int] = set(await sessions.still_open(conn, digests)) if digests else set()
            good |= set(await api_tokens.still_good(conn, token_ids)) if token_ids else set()
        for stream in [stream for stream in self._open if stream.key in keys - good]:
            stream.end()


def _drop(index: dict[MemberId, dict[Stream, None]], member_id: MemberId, stream: Stream) -> None:
    own = index.get(member_id, {})
    own.pop(stream, None)
    if not own:
        index.pop(member_id, None)


def _message(event: Event, *, is_own: bool) -> Message:
    said = {"topic_id": event.topic_id, "post_id": event.post_id, "number": event.number, "act": event.act}
    shown = {name: value for name, value in said.items() if value is not None}
    return Message(event.kind, json.dumps({**shown, "is_own": is_own}))
