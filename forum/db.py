"""The one door to PostgreSQL: a pool, a registry of named queries, and what the server's refusals mean.

`Database.read()` gives a `Conn`, `Database.write()` a `Tx`, which is a transaction. A `Query` reads and runs on
both; a `Statement` writes (or locks) and runs on a `Tx` only, so that a write outside a transaction does not
type-check. Each has a name and says how many rows it answers with; a contract test prepares every one against
the real schema. Nothing here knows the forum's rules; no other module imports asyncpg.
"""

from __future__ import annotations

import asyncio
import enum
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, cast, get_type_hints

import asyncpg

from forum.errors import BadRequest, Busy, CommandError, Conflict, ForumError, Invalid, Unavailable

_log = logging.getLogger("forum.db")

T = TypeVar("T")
Row = TypeVar("Row", bound=Any)

ACQUIRE_SECONDS: Final = 1.0
"""How long a request waits for connections, all in all, before it is told to come back, which is done within two."""

PATIENCE: Final[ContextVar[float | None]] = ContextVar("patience", default=None)
"""What is left of that to the request being answered; unset outside one, where each wait may take as long."""

CLOSE_SECONDS: Final = 1.0
"""How long the pool's connections may take to end what they do, when the process stops."""

REPLICA_SECONDS: Final = 0.25
"""How long the replica may take to say how far it is: the primary is there too."""

REPLICA_PAUSE: Final = 5.0
"""How long a replica that failed is left be."""

SESSION_SETTINGS: Final = {
    "application_name": "koinon",
    "timezone": "UTC",
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "15s",
}


class Card(enum.Enum):
    """How many rows a query answers with."""

    ONE = "one"
    ZERO_OR_ONE = "zero or one"
    MANY = "many"
    NONE = "none"


class _Named(Generic[T]):
    """A named piece of SQL with `$n` parameters whose rows become `returns(*columns)`.

    `returns` is a dataclass whose fields are the columns in order, or a plain type for a single column.
    """

    __slots__ = ("_build", "card", "name", "returns", "sql")

    def __init__(self, name: str, sql: str, *, returns: type[T], card: Card) -> None:
        if name in REGISTRY:
            raise ValueError(f"two queries are called {name}")
        self.name, self.sql, self.returns, self.card = name, sql, returns, card
        self._build: Callable[[asyncpg.Record], T] | None = None
        REGISTRY[name] = self

    @property
    def build(self) -> Callable[[asyncpg.Record], T]:
        """What makes a value of a row; found out at first use, when every type is defined."""
        if self._build is None:
            self._build = _builder(self.returns)
        return self._build


REGISTRY: dict[str, _Named[Any]] = {}
"""Every query of the process by name; filled as the domain's modules are imported."""


class Query(_Named[T]):
    """A read."""


class Statement(_Named[T]):
    """A write, or a read that locks."""


def _builder(kind: type[T]) -> Callable[[asyncpg.Record], T]:
    """Return what makes a value of a row; a field that is an enumeration gets its member, not the bare text."""
    if getattr(kind, "__dataclass_fields__", None) is None:
        return lambda record: cast("T", record[0])
    hints = get_type_hints(kind)
    enumerations = [
        (position, hint)
        for position, hint in enumerate(hints[name] for name in kind.__dataclass_fields__)  # type: ignore[attr-defined]  # a dataclass, as seen above
        if isinstance(hint, enum.EnumType)
    ]
    if not enumerations:
        return lambda record: kind(*record)

    def build(record: asyncpg.Record) -> T:
        values = list(record)
        for position, enumeration in enumerations:
            values[position] = enumeration(values[position])
        return kind(*values)

    return build


class _Runner:
    """What reads and writes share: running named SQL on one connection."""

    __slots__ = ("_connection",)

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def _one(self, query: _Named[T], *values: object) -> T:
        row = await self._maybe(query, *values)
        if row is None:
            raise LookupError(f"{query.name} found no row")
        return row

    async def _maybe(self, query: _Named[T], *values: object) -> T | None:
        try:
            record = await self._connection.fetchrow(query.sql, *values)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
            raise translate(error) from error
        return None if record is None else query.build(record)

    async def _many(self, query: _Named[T], *values: object) -> list[T]:
        try:
            records = await self._connection.fetch(query.sql, *values)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
            raise translate(error) from error
        build = query.build
        return [build(record) for record in records]


class Conn(_Runner):
    """A connection that reads."""

    __slots__ = ()

    async def one(self, query: Query[T], *values: object) -> T:
        """Return the row that must be there."""
        return await self._one(query, *values)

    async def maybe(self, query: Query[T], *values: object) -> T | None:
        """Return the row, or None."""
        return await self._maybe(query, *values)

    async def many(self, query: Query[T], *values: object) -> list[T]:
        """Return all rows."""
        return await self._many(query, *values)


class Tx(Conn):
    """A transaction: what is done in it stands whole or not at all."""

    __slots__ = ()

    async def one(self, query: Query[T] | Statement[T], *values: object) -> T:
        return await self._one(query, *values)

    async def maybe(self, query: Query[T] | Statement[T], *values: object) -> T | None:
        return await self._maybe(query, *values)

    async def many(self, query: Query[T] | Statement[T], *values: object) -> list[T]:
        return await self._many(query, *values)

    async def run(self, statement: Statement[Any], *values: object) -> int:
        """Carry out a statement and return how many rows it touched."""
        try:
            status = await self._connection.execute(statement.sql, *values)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
            raise translate(error) from error
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0


RawConnection = asyncpg.Connection
"""A connection for migrations and set-up only, which run SQL that is made of files and names of roles."""

RawError = asyncpg.PostgresError


async def connect(url: str, **settings: str) -> RawConnection:
    """Open a connection outside the pool, or say in one line why there is none."""
    try:
        return await asyncpg.connect(url, timeout=10, server_settings={"application_name": "koinon", **settings})
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CommandError(f"the database does not answer: {one_line(error)}") from None


def one_line(error: BaseException) -> str:
    """Return what an error says on a single line."""
    return " ".join(str(error).split()) or type(error).__name__


class Database:
    """A pool of connections to the primary; opened and closed by the composition root.

    With a `replica_url`, `browse` reads there what the primary need not be asked for.
    """

    def __init__(
        self, url: str, *, pool_size: int = 10, replica_url: str = "", replica_pause: float = REPLICA_PAUSE
    ) -> None:
        self._url = url
        self._pool_size = pool_size
        self._pool: asyncpg.Pool | None = None
        self._turn = asyncio.Lock()
        self._replica = Database(replica_url, pool_size=pool_size) if replica_url else None
        self._replica_pause, self._replica_from = replica_pause, 0.0

    async def open(self, *, first: int = 1) -> None:
        """Make the first connections, or raise Unavailable; a replica is asked when it is needed."""
        try:
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=first,
                max_size=self._pool_size,
                max_inactive_connection_lifetime=300,
                timeout=5,
                command_timeout=10,
                server_settings=SESSION_SETTINGS,
                init=_prepare_connection,
                # Nothing here changes a session's state outside a transaction, so releasing costs no round trip.
                reset=_leave_as_is,
            )
        except (asyncpg.PostgresError, OSError, TimeoutError) as error:
            raise translate(error) from error
        if self._replica is not None:
            await self._replica.open(first=0)

    async def close(self) -> None:
        """Close every connection; what still runs after a second is cut off."""
        if self._replica is not None:
            await self._replica.close()
        if self._pool is None:
            return
        try:
            await asyncio.wait_for(self._pool.close(), CLOSE_SECONDS)
        except TimeoutError:
            self._pool.terminate()
        self._pool = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Conn]:
        """Lend a connection for reading."""
        async with self._connection() as connection:
            yield Conn(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """Open a transaction: committed when the block ends, rolled back on any exception."""
        async with self._connection() as connection:
            transaction = connection.transaction()
            try:
                await transaction.start()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                raise translate(error) from error
            try:
                yield Tx(connection)
            except BaseException:
                if not connection.is_closed():
                    try:
                        await transaction.rollback()
                    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                        connection.terminate()
                raise
            try:
                await transaction.commit()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                raise translate(error) from error

    async def browse(self, act: Callable[[Conn], Awaitable[T]]) -> T:
        """Read with `act`, on the replica where that shows the same as the primary: nobody sees what was before.

        The replica is used only if it has everything that was committed anywhere when it is asked. `act` does nothing
        but read, and is called again, on the primary, where the replica fails.
        """
        if self._replica is not None and time.monotonic() >= self._replica_from:
            async with self.read() as conn:
                position = await conn.one(_POSITION)
            try:
                async with self._replica.read_from(position) as replica:
                    if replica is not None:
                        return await act(replica)
            except (Unavailable, Conflict, asyncpg.PostgresError, TimeoutError) as error:
                self._replica_from = time.monotonic() + self._replica_pause
                _log.warning("the replica fails, the primary is read: %s", one_line(error))
        async with self.read() as conn:
            return await act(conn)

    @asynccontextmanager
    async def read_from(self, position: Position) -> AsyncIterator[Conn | None]:
        """Give a connection for reads to a replica that has come to this position, None where it has not yet."""
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(REPLICA_SECONDS):
                conn = await stack.enter_async_context(self.read())
                has_caught_up = await conn.one(_HAS_CAUGHT_UP, position.lsn, position.timeline)
            yield conn if has_caught_up else None

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        pool = self._pool
        if pool is None:
            raise Unavailable
        connection = await self._acquire(pool)
        try:
            # The pool lends a proxy that behaves as the connection it stands for.
            yield cast("asyncpg.Connection", connection)
        finally:
            await pool.release(connection)

    async def _acquire(self, pool: asyncpg.Pool) -> asyncpg.pool.PoolConnectionProxy:
        """Take a connection from the pool within what is left of the request's patience."""
        patience = PATIENCE.get()
        began = time.monotonic()
        try:
            return await pool.acquire(timeout=ACQUIRE_SECONDS if patience is None else max(patience, 0.01))
        except TimeoutError as error:
            # Hundreds may have waited as long: they go on one after the other, and others between.
            async with self._turn:
                await asyncio.sleep(0)
            raise Busy from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise translate(error) from error
        finally:
            if patience is not None:
                PATIENCE.set(patience - (time.monotonic() - began))


@dataclass(frozen=True, slots=True)
class Position:
    """How far the primary has written: all that it has acknowledged lies before; nothing where it is no primary."""

    lsn: str | None
    timeline: int | None


# What is acknowledged is flushed. A standby that a change of primaries left behind may have come further, but on a way
# of its own: the timeline tells.
_POSITION: Final = Query(
    "db.position",
    """
    SELECT position.lsn::text, ('x' || left(pg_walfile_name(position.lsn), 8))::bit(32)::integer
    FROM (SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() END AS lsn) AS position
    """,
    returns=Position,
    card=Card.ONE,
)

_HAS_CAUGHT_UP: Final = Query(
    "db.has_caught_up",
    """
    SELECT coalesce(pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= $1::text::pg_lsn, false)
        AND (SELECT checkpoint.timeline_id = $2::integer FROM pg_control_checkpoint() AS checkpoint)
    """,
    returns=bool,
    card=Card.ONE,
)


async def _prepare_connection(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


async def _leave_as_is(connection: asyncpg.Connection) -> None:
    """Release a connection as it stands."""


CONSTRAINTS: Final[dict[str, Callable[[], ForumError]]] = {
    "members_email_key": lambda: Invalid({"email": ("taken",)}),
    "members_organisation_id_fkey": lambda: Invalid({"organisation": ("unknown",)}),
    "regions_slug_key": lambda: Invalid({"slug": ("taken",)}),
    "organisations_slug_key": lambda: Invalid({"slug": ("taken",)}),
    "categories_slug_key": lambda: Invalid({"slug": ("taken",)}),
    "groups_slug_key": lambda: Invalid({"slug": ("taken",)}),
    "posts_reply_to_fkey": lambda: Invalid({"reply_to": ("unknown",)}),
}
"""What a violated constraint means to the one who typed; a name that is not here is a defect of ours (500)."""


def translate(error: BaseException) -> Exception:
    """Return what the server's refusal means here; an error that only a defect can cause comes back as it is."""
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        make = CONSTRAINTS.get(error.constraint_name or "")
        return make() if make else cast("Exception", error)
    if isinstance(error, asyncpg.DataError | asyncpg.exceptions.DataError | ValueError):
        # A number beyond int8, a NUL byte, a lone surrogate: nothing that exists is called that.
        return BadRequest("bad_value")
    if isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.SerializationError):
        return Conflict("try_again")
    if isinstance(error, UNAVAILABLE):
        return Unavailable()
    return cast("Exception", error)


UNAVAILABLE: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    OSError,
    TimeoutError,
)
