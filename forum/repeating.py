"""Doing again what the database undid through no fault of the one who asked, while nothing of it may stand."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, TypeVar

from forum.errors import ForumError, Lost, ReadOnly, Undone

_log = logging.getLogger("forum.db")

T = TypeVar("T")


@dataclass(slots=True)
class Attempt:
    """One try of what `repeat` was given: whether anything of it may stand in the database."""

    may_stand: bool = False


ATTEMPT: Final[ContextVar[Attempt]] = ContextVar("attempt")

AGAIN: Final[dict[type[ForumError], int]] = {Undone: 3, Lost: 1, ReadOnly: 1}
"""How often what ended so is tried again. A broken connection is replaced and a server that can be written to looked
for by the first; of those who deadlock, one wins each time."""

_PAUSE: Final = 0.05
"""Seconds before the second try at most, twice as many before each further one."""


async def repeat(act: Callable[[], Awaitable[T]]) -> T:
    """Carry out what uses the database, and again where the server undid it: as often as AGAIN says.

    Only while nothing of it may stand: after a commit, or where the connection broke during one, the error is raised.
    The pauses are by chance, so that two who were in each other's way do not meet again. What `act` does elsewhere than
    in the database must bear being done twice.
    """
    left, pause = dict(AGAIN), _PAUSE
    while True:
        attempt = Attempt()
        token = ATTEMPT.set(attempt)
        try:
            return await act()
        except (Undone, Lost, ReadOnly) as error:
            left[type(error)] -= 1
            if attempt.may_stand or left[type(error)] < 0:
                raise
            _log.info("%s, trying again", type(error.__cause__).__name__)
        finally:
            ATTEMPT.reset(token)
        await asyncio.sleep(random.uniform(0, pause))  # noqa: S311 - no secret
        pause *= 2
