"""Sending in a test: what is due now goes out, as a worker does it, and the letters are read."""

from __future__ import annotations

from datetime import timedelta

from forum.config import Config
from forum.db import Database, RawConnection
from forum.mailing import FRESH, Mailing
from forum.notifying import Notifying

SECRET = b"k" * 64


async def send_due(db: Database, config: Config, *, fresh: float = FRESH) -> int:
    """Send what is due, once, and return how many mails were taken."""
    mailing = Mailing(db, config, SECRET, fresh=fresh)
    mailer = mailing.new_mailer()
    try:
        return await mailing.send_some(mailer)
    finally:
        if hasattr(mailer, "close"):
            await mailer.close()


async def let_pass(db: Database, owner: RawConnection, config: Config, minutes: int) -> None:
    """Have minutes pass for what was told and sent, and what is due by then be sent."""
    gone = timedelta(minutes=minutes)
    await owner.execute("UPDATE notifications SET mail_due_at = mail_due_at - $1::interval", gone)
    await owner.execute("UPDATE mails SET created_at = created_at - $1::interval, settled_at = settled_at - $1", gone)
    await Notifying(db).gather_some()
    await send_due(db, config)
