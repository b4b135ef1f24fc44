"""Sending: takes the mails that are due, has each written, hands it to the mail server and notes what became of it.

Several senders of a process work beside each other, each over a connection of its own; other processes may send too.
A mail is noted as sent as soon as the server has taken it, before the next one is begun: who dies between those two
sends this one letter again, with the same Message-ID, by which servers and clients know it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from forum.config import Config
from forum.db import Database, Once
from forum.domain import mails
from forum.domain.entities import MailId
from forum.domain.mails import Due
from forum.emails import NEWS, Writer
from forum.errors import ForumError
from forum.mailer import TIMEOUT, Fault, FileMailer, Letter, Mailer, NotTaken, SmtpMailer, compose, signature
from forum.repeating import repeat
from forum.smtp import smtp_place

_log = logging.getLogger("forum.mail")

SENDERS: Final = 4
"""Letters under way at once in a process."""

BATCH: Final = 20
"""Mails taken at once: few enough that what a process has when it dies waits no long time."""

FRESH: Final = 1.0
"""Seconds that a letter may have been written before it is begun to be sent: else it is written anew.

What its recipient may read can have changed meanwhile."""

LOOK_SECONDS: Final = 1.0
"""How often it is looked whether a mail is due."""

_LAST_SECONDS: Final = 3.0
"""How long a letter that is under way is waited for when the process stops."""

LONGEST_PAUSE: Final = 60.0
"""How long sending rests at most while there is no server to speak to."""


class _Unwritten(Exception):
    """A letter that cannot be written; the text is what administrators are told."""


class Mailing:
    """Sends what is due until told to leave."""

    def __init__(
        self, db: Database, config: Config, secret: bytes, *, senders: int = SENDERS, fresh: float = FRESH
    ) -> None:
        self._db, self._config = db, config
        self._writer = Writer(config, secret)
        self._signature = signature(config)
        self._senders, self._fresh = senders, fresh
        self._is_leaving = asyncio.Event()
        self._more = asyncio.Event()
        """Set while there may be more than one sender has taken, and once all are to leave."""
        self._silent_until, self._silent_because, self._pauses = 0.0, "", 0

    async def run(self) -> None:
        """Send until told to leave; cancelled, let go of what is not sent yet."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._senders):
                group.create_task(self._keep(is_first=number == 0), name=f"mail {number + 1}")

    def leave(self) -> None:
        """Take no further mails; `run` returns when those that were taken are done with."""
        self._is_leaving.set()
        self._more.set()

    async def _keep(self, *, is_first: bool) -> None:
        mailer = self.new_mailer()
        try:
            while not self._is_leaving.is_set():
                taken = 0
                try:
                    taken = await self.send_some(mailer)
                except ForumError as error:
                    _log.warning("no mail can be taken at present: %s", error.code)
                if taken == BATCH:
                    continue
                await _close(mailer)
                if is_first:
                    await self._rest()
                else:
                    await self._more.wait()
        finally:
            await _close(mailer)

    def new_mailer(self) -> Mailer:
        """Return a way out of its own for a sender."""
        url = self._config.smtp_url.get_secret_value()
        if not url:
            return FileMailer(self._config.mail_folder)
        return SmtpMailer(smtp_place(url), sender=self._config.mail_sender)

    async def _rest(self) -> None:
        pause = max(LOOK_SECONDS, self._silent_until - time.monotonic())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._is_leaving.wait(), pause)

    async def send_some(self, mailer: Mailer) -> int:
        """Take some mails and send them; return how many were taken."""
        began = time.monotonic()
        taken: list[Due] = []
        if began >= self._silent_until:
            async with self._db.once() as once:
                taken = await mails.take(once, BATCH)
        self._tell_others(len(taken) == BATCH)
        left, problem = [mail.id for mail in taken], None
        letters: dict[MailId, Letter | None] = {}
        written = -self._fresh
        try:
            for number, mail in enumerate(taken):
                # A letter that is begun is done with while it is still ours.
                is_late = time.monotonic() - began > mails.LEASE.total_seconds() - 2 * TIMEOUT
                if is_late or self._is_leaving.is_set():
                    break
                if time.monotonic() - written > self._fresh:
                    written, letters = time.monotonic(), await self._news(taken[number:])
                left.remove(mail.id)
                if not await self._finish(self._send(mailer, mail, letters)):
                    left.append(mail.id)
                    problem = self._silent_because
                    break
        finally:
            if left and time.monotonic() - began < mails.LEASE.total_seconds() - TIMEOUT:
                with contextlib.suppress(ForumError):
                    await asyncio.shield(self._give_back(left, problem))
        return len(taken)

    def _tell_others(self, there_may_be_more: bool) -> None:
        """Wake the other senders, or let them rest: they would ask again and again, and find nothing."""
        if there_may_be_more or self._is_leaving.is_set():
            self._more.set()
        else:
            self._more.clear()

    async def _finish(self, sending: Coroutine[Any, Any, bool]) -> bool:
        """Wait for a letter; where we are told to end meanwhile, it is given the time that a server usually takes.

        What becomes of it is not known otherwise, and it would have to be sent again.
        """
        task = asyncio.create_task(sending)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task}, timeout=_LAST_SECONDS)
            task.cancel()
            raise

    async def _news(self, taken: list[Due]) -> dict[MailId, Letter | None]:
        """Return those letters that are written at once; none when one of them cannot be written."""
        news = [mail for mail in taken if mail.kind in NEWS]
        try:
            async with self._db.read() as conn:
                return await self._writer.write_news(conn, news) if news else {}
        except Exception as error:
            # Each is written by itself then, and what cannot be is known.
            _log.warning("%d letters cannot be written at once: %s", len(news), type(error).__name__)
            return {}

    async def _send(self, mailer: Mailer, mail: Due, letters: dict[MailId, Letter | None]) -> bool:
        """Send one mail and note what became of it; False when there is no server to speak to."""
        try:
            letter = letters[mail.id] if mail.id in letters else await self._written(mail)
        except _Unwritten as error:
            problem = str(error)
            await self._note(lambda once: mails.put_off(once, mail.id, problem))
            return True
        if letter is None:
            await self._note(lambda once: mails.drop(once, mail.id))
            return True
        raw = compose(letter, sender=self._config.mail_sender, signature=self._signature)
        try:
            await mailer.send(raw, letter.to)
        except NotTaken as refusal:
            return await self._refused(mail, letter, refusal)
        self._silent_until, self._silent_because, self._pauses = 0.0, "", 0
        await self._note(lambda once: mails.sent(once, mail.id))
        return True

    async def _written(self, mail: Due) -> Letter | None:
        """Return the letter, None for one that says nothing; raise _Unwritten for one that cannot be written."""
        try:
            async with self._db.write() as tx:
                return await self._writer.write(tx, mail)
        except ForumError:
            raise
        except Exception as error:
            _log.exception("the %s mail %d cannot be written", mail.kind, mail.id)
            raise _Unwritten(f"cannot be written: {type(error).__name__}") from error

    async def _refused(self, mail: Due, letter: Letter, refusal: NotTaken) -> bool:
        said = str(refusal)
        if refusal.fault is Fault.SERVER:
            pause = min(5.0 * 2**self._pauses, LONGEST_PAUSE)
            self._pauses = min(self._pauses + 1, 10)
            self._silent_until, self._silent_because = time.monotonic() + pause, said
            _log.warning("mail cannot be sent, trying again in %.0f s: %s", pause, said)
            return False
        _log.info("the %s mail %d was not taken: %s", mail.kind, mail.id, said)
        if refusal.fault is Fault.LATER:
            await self._note(lambda once: mails.put_off(once, mail.id, said))
        else:
            await self._note(lambda once: mails.fail(once, mail.id, said))
            if refusal.fault is Fault.ADDRESS:
                await self._note(lambda once: mails.refuse_address(once, letter.to, said))
        return True

    async def _note(self, act: Callable[[Once], Awaitable[None]]) -> None:
        async def noted() -> None:
            async with self._db.once(bears_repeating=True) as once:
                await act(once)

        await repeat(noted)

    async def _give_back(self, left: list[MailId], problem: str | None) -> None:
        async with self._db.once(bears_repeating=True) as once:
            await mails.give_back(once, left, problem)


async def _close(mailer: Mailer) -> None:
    if isinstance(mailer, SmtpMailer):
        await mailer.close()
