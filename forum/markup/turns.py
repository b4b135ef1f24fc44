"""Whose text is rendered next: owners take turns, so that a flood of one delays nobody else by more than a text."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Final, Protocol, TypeVar

from forum.errors import RateLimited

WAITING_LIMIT: Final = 100
"""Texts of one owner that may wait: more than a person sends at once, and little for a worker to catch up with."""

_RETRY_SECONDS: Final = 5


class Owned(Protocol):
    """What waits; an owner of None is everybody without a name, who share one turn and have no limit."""

    @property
    def owner(self) -> Hashable: ...


T = TypeVar("T", bound=Owned)


class Turns(asyncio.Queue[T]):
    """A queue that gives each owner one item a round. `put_nowait` raises RateLimited beyond WAITING_LIMIT."""

    def _init(self, maxsize: int) -> None:
        self._waiting: dict[Hashable, deque[T]] = {}

    def _put(self, item: T) -> None:
        own = self._waiting.get(item.owner, deque())
        if item.owner is not None and len(own) >= WAITING_LIMIT:
            raise RateLimited(_RETRY_SECONDS)
        own.append(item)
        self._waiting[item.owner] = own

    def _get(self) -> T:
        owner = next(iter(self._waiting))
        own = self._waiting.pop(owner)
        item = own.popleft()
        if own:
            self._waiting[owner] = own  # behind all the others
        return item

    def qsize(self) -> int:
        return sum(map(len, self._waiting.values()))

    def empty(self) -> bool:
        return not self._waiting
