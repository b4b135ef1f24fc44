"""Health: the process lives; it is ready when the database has all that this code expects, and perhaps more."""

from __future__ import annotations

from forum.db import RawConnection
from tests.site import Site


async def test_it_is_ready_with_every_migration_and_with_those_of_a_later_code(
    site: Site, owner: RawConnection
) -> None:
    guest = await site.visitor()
    assert (await guest.get("/readyz")).status == 200
    await owner.execute("INSERT INTO schema_migrations (name) VALUES ('9999_of_a_later_code.sql')")
    assert (await guest.get("/readyz")).status == 200, "while processes are renewed, the former go on"
    await owner.execute("DELETE FROM schema_migrations WHERE name = (SELECT min(name) FROM schema_migrations)")
    answer = await guest.get("/readyz")
    assert (answer.status, answer.json["missing"]) == (503, "migrations")
    assert (await guest.get("/healthz")).status == 200
