"""The network's own name, tagline, accent colour and rules: the one row of `network`, changed by administrators.

A member's session brings it along (`sessions.actor`); here it is read for guests. What an accent makes of the pages is
`forum/colours.py`'s to say.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from forum import colours
from forum.colours import Unsuitable
from forum.db import Card, Conn, Query, Statement, Tx
from forum.domain import audit
from forum.domain.access import AdministerGrant
from forum.domain.entities import Network
from forum.errors import Invalid

_COLUMNS: Final = "network.name_el, network.name_en, network.tagline_el, network.tagline_en, network.accent"

_CURRENT = Query("network.current", f"SELECT {_COLUMNS} FROM network", returns=Network, card=Card.ONE)

_LOCK = Statement("network.lock", f"SELECT {_COLUMNS} FROM network FOR NO KEY UPDATE", returns=Network, card=Card.ONE)

_UPDATE = Statement(
    "network.update",
    """
    UPDATE network
    SET name_el = $1, name_en = $2, tagline_el = $3, tagline_en = $4, accent = $5, updated_at = now()
    """,
    returns=int,
    card=Card.NONE,
)

_REQUIRES = Query(
    "network.requires_second_factor", "SELECT network.requires_second_factor FROM network", returns=bool, card=Card.ONE
)

_REQUIRE = Statement(
    "network.require_second_factor",
    """
    UPDATE network
    SET requires_second_factor = $1, updated_at = now()
    WHERE requires_second_factor <> $1
    """,
    returns=int,
    card=Card.NONE,
)


async def current(conn: Conn) -> Network:
    return await conn.one(_CURRENT)


async def update(tx: Tx, grant: AdministerGrant, wanted: Network) -> None:
    """Call the network by other names or give it another colour; nothing is written when all is as it was.

    Raise Invalid for an accent in which letters could not be read.
    """
    if fault := accent_fault(wanted.accent):
        raise Invalid({"accent": (fault,)})
    before = await tx.one(_LOCK)
    if before == wanted:
        return
    await tx.run(_UPDATE, wanted.name_el, wanted.name_en, wanted.tagline_el, wanted.tagline_en, wanted.accent)
    await audit.record(
        tx,
        actor_id=grant.actor.member_id,
        act="network.updated",
        subject="network",
        subject_id=None,
        before=asdict(before),
        after=asdict(wanted),
    )


async def requires_second_factor(conn: Conn) -> bool:
    """Say whether moderators and administrators have to have a second factor."""
    return await conn.one(_REQUIRES)


async def require_second_factor(tx: Tx, grant: AdministerGrant, wanted: bool) -> None:
    """Say whether moderators and administrators have to have one; nothing is written when all is as it was.

    Those who have none are led to set it up with their next page (`sessions.SessionActor.owes_second_factor`).
    """
    if await tx.run(_REQUIRE, wanted):
        await audit.record(
            tx,
            actor_id=grant.actor.member_id,
            act="network.updated",
            subject="network",
            subject_id=None,
            before={"requires_second_factor": not wanted},
            after={"requires_second_factor": wanted},
        )


def accent_fault(accent: str | None) -> str:
    """Return the code of why a text cannot be the accent, empty when it can."""
    if accent is None:
        return ""
    try:
        colours.derive(colours.parse(accent))
    except Unsuitable:
        return "too_light"
    except ValueError:
        return "bad_colour"
    return ""
