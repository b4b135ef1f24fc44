"""Telling: carries out the fan-outs of new posts, and puts what is to be told by mail into letters when it is due.

It runs in the processes that do the jobs, any number of them: each post and each letter is taken by one. A post reaches
its recipients within a second of its commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from forum.db import Database
from forum.domain import fanouts, notification_mails
from forum.domain.fanouts import FannedOut
from forum.errors import ForumError

_log = logging.getLogger("forum.notifying")

LOOK_SECONDS: Final = 0.5
"""How often it is looked whether a post waits or a letter is due."""


class Notifying:
    """Tells what is to be told until told to leave."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._is_leaving = asyncio.Event()

    async def run(self) -> None:
        """Tell until told to leave; what is cancelled in the middle is not done at all."""
        while not self._is_leaving.is_set():
            did_something = False
            try:
                did_something = await self.tell_next() is not None
                did_something |= await self.gather_some() > 0
            except ForumError as error:
                _log.warning("nobody can be told at present: %s", error.code)
            if not did_something:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._is_leaving.wait(), LOOK_SECONDS)

    def leave(self) -> None:
        """Begin nothing further; `run` returns when what is under way is done."""
        self._is_leaving.set()

    async def tell_next(self) -> FannedOut | None:
        """Carry out the next post's fan-out, if one waits; one that fails is put off, and holds up no other."""
        try:
            async with self._db.write() as tx:
                return await fanouts.fan_out(tx)
        except ForumError:
            raise
        except Exception:
            _log.exception("a post's fan-out failed, will be tried again")
        async with self._db.once() as once:
            await fanouts.put_off(once)
        return None

    async def gather_some(self) -> int:
        """Put what is due to be told by mail into letters; return how many letters."""
        async with self._db.write() as tx:
            return await notification_mails.gather(tx)
