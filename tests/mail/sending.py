"""Sending in a test: what is due now goes out, as a worker does it, and the letters are read."""

from __future__ import annotations

from forum.config import Config
from forum.db import Database
from forum.mailing import FRESH, Mailing

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
