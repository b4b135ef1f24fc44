"""The process that does the jobs."""

from __future__ import annotations

from typing import Final

from forum import config as settings
from forum.config import Config
from forum.db import Database
from forum.mailing import SENDERS, Mailing
from forum.metrics import Metrics
from forum.notifying import Notifying
from forum.processes.child import Child, Orders, ended
from forum.worker import Worker

_POOL: Final = 4 + SENDERS
"""Connections to the database: for a job, for the claim on it, to look at the others, to tell members, one a sender."""


async def main(child: Child, config: Config, orders: Orders) -> None:
    """Do jobs until told to end: what is under way is finished when told to leave, given back when told to stop."""
    db = Database(orders.database_url or config.database_url.get_secret_value(), pool_size=_POOL)
    await db.open()
    worker = Worker(db, config, metrics=Metrics())
    mailing = Mailing(db, config, settings.secret_key(config))
    notifying = Notifying(db)
    try:
        async with ended(worker.run()) as working, ended(mailing.run()) as sending, ended(notifying.run()) as telling:
            child.ready()
            await child.told(working, sending, telling)
            worker.leave()
            mailing.leave()
            notifying.leave()
            await child.finished(working, sending, telling)
    finally:
        await db.close()
