"""The embedded PostgreSQL: finds the programs, makes the cluster, starts, shares, revives and stops the server.

Owns `<data_dir>/postgres/` and nothing beside it; no other file or account of the machine is changed.
It refuses to know the forum: roles, databases and schema are the business of `forum.db`.

`server` reads from top to bottom what happens; under it lie `cluster` (initdb, what runs over the data),
`programs` (which binaries), `locks` (who uses the server), `accounts` (whom it runs as) and `processes`.
"""

from forum.postgres.programs import OLDEST_MAJOR, find_bindirs
from forum.postgres.server import EmbeddedServer, Endpoint, room_of

__all__ = ["OLDEST_MAJOR", "EmbeddedServer", "Endpoint", "find_bindirs", "room_of"]
