"""The process that does the jobs."""

from __future__ import annotations

from typing import Final

from forum import config as settings
from forum.config import Config
from forum.db import Database
from forum.mailing import SENDERS, Mailing
from forum.metrics import Metrics
from forum.processes.child import Child, Orders, ended
from forum.worker import Worker

_POOL: Final = 3 + SENDERS
"""Connections to the database: one for a job, one for the claim on it, one to look at the others, one a sender."""


async def main(child: Child, config: Config, orders: Orders) -> None:
    """Do jobs until told to end: what is under way is finished when told to leave, given back when told to stop."""
    db = Database(orders.database_url or config.database_url.get_secret_value(), pool_size=_POOL)
    await db.open()
    worker = Worker(db, config, metrics=Metrics())
    mailing = Mailing(db, config, settings.secret_key(config))
    try:
        async with ended(worker.run()) as working, ended(mailing.run()) as sending:
            child.ready()
            await child.told(working, sending)
            worker.leave()
            mailing.leave()
            await child.finished(working, sending)
    finally:
        await db.close()
