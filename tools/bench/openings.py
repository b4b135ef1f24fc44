"""How long an administrator waits when a category is closed to a region and opened to it again.

Asked over the API, as a program does it: what it would do, then that it is done. Both ways compare the rights of
everyone in the region and count what they may read; what they leave behind, `scene.take_away` takes away.
"""

from __future__ import annotations

import json
import statistics
import time
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

from forum.db import Database, connect
from forum.domain import api_tokens
from forum.domain.entities import MemberId
from forum.server import Ready

ROUNDS: Final = 3
REGION: Final = "cyprus"


@dataclass(frozen=True, slots=True)
class Openings:
    """Milliseconds, medians: to be shown what it does, and to have it done, closing and opening alike."""

    members: int
    posts: int
    shown: float
    done: float


async def administrator(ready: Ready, secret: bytes) -> str:
    """Return a token of a member who is made an administrator."""
    owner, db = await connect(ready.owner_url), Database(ready.url, pool_size=1)
    await db.open()
    try:
        member_id = MemberId(await owner.fetchval("SELECT max(id) FROM members"))
        await owner.execute(_PROMOTE, member_id)
        async with db.write() as tx:
            return (await api_tokens.create(tx, member_id, name="openings", secret=secret, key=None)).token
    finally:
        await db.close()
        await owner.close()


_PROMOTE: Final = """
INSERT INTO group_members (group_id, member_id)
SELECT groups.id, $1 FROM groups WHERE groups.slug = 'administrators'
ON CONFLICT DO NOTHING
"""

RESTORING: Final = (
    "DELETE FROM openings",
    "DELETE FROM grants WHERE valid_until < 'infinity'",
    "UPDATE grants SET valid_from = '-infinity'",
)
"""What leaves grants as they were generated: each for good, and from ever on."""


def measure(port: int, token: str, category: str) -> Openings:
    """Close a category to the region and open it again, ROUNDS times."""
    shown: list[float] = []
    done: list[float] = []
    reached: list[tuple[int, int]] = []
    for _ in range(ROUNDS):
        for stage in ("closed", "participants"):
            wanted = {"region": REGION, "stage": stage, "includes_internal": True}
            seconds, preview = _ask(port, token, category, {**wanted, "preview": True})
            shown.append(1000 * seconds)
            seconds, _ = _ask(port, token, category, {**wanted, "digest": preview["digest"]})
            done.append(1000 * seconds)
            read = [one["count"] for one in preview["members_gaining"] if one["right"] == "read"]
            reached.append((sum(read), preview["posts"]))
    return Openings(*max(reached), statistics.median(shown), statistics.median(done))


def _ask(port: int, token: str, category: str, body: dict[str, object]) -> tuple[float, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/categories/{category}/openings",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - ours
        return time.monotonic() - began, json.loads(answer.read())
